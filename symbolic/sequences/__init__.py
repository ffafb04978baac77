"""Two sequences with futures in common: the recurrent theory of van Rossem & Saxe (arXiv 2507.09897)."""
