"""Size of the start and amount of data: where networks that read strings are right on strings of any length."""
