"""Is it so: networks trained with Lightning, their pairs tracked, fitted and drawn."""
