"""Trials: planned, run here or on a cluster, and kept, each whole or not at all."""
