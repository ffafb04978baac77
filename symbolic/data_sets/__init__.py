"""The collective theory: all points of a data set at once, as matrices, from the loss to the end state."""
