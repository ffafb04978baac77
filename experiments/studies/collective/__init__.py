"""Whole data sets: the collective theory of how a network represents many points."""
