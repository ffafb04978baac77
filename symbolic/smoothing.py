"""From a pair to a data set: the weight of one point for another."""

from __future__ import annotations

import sympy as sp

from .program import Program
from .two_points.scalars import A_low

kernel = sp.Symbol("kernel", positive=True)

KERNEL = Program((A_low,), {}, {kernel: sp.exp(-A_low)})
"""The weight of one point for another: 1 if they agree, nearly 0 if they are far apart in inputs and targets."""
