"""Scalar output without the ansatz: constant rates, growing rates, and losses other than the squared error."""
