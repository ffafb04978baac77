"""Streaming tasks: recurrent networks that become finite machines, and right on strings of any length."""
