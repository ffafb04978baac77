"""Finite machines: those that a recurrent network has become, the least that do the same, and what they answer."""
