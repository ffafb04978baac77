"""The two-point theory of van Rossem & Saxe (arXiv 2402.09142), from the loss to the exact trajectory."""
