"""The collective theory in numbers: where the representations of a whole data set end, and how they come there."""
