"""The words of a run that takes a second."""

SMALL = ["run", "two_layer", "--width", "16", "--steps", "60", "--lr", "0.05"]
