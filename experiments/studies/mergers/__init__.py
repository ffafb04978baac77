"""Pairs of strings in networks that learn parity: which merge, when, and which part first."""
