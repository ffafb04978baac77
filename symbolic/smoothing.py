"""From a pair to a data set: the rich end state of every pair, and the weight of one point for another."""

from __future__ import annotations

import sympy as sp

from .program import Program
from .two_points.modes import END
from .two_points.network import D
from .two_points.notation import P, R
from .two_points.scalars import A_low

kernel = sp.Symbol("kernel", positive=True)

dx_length = sp.Symbol("dx_length", positive=True)

RICH_SCALE = Program((dx_length, D), {}, {A_low: END[A_low].subs({P: dx_length**2, R: 1})})
"""Where a rich pair ends, |dx| |dy*|: the two rates, one factor for all pairs of a network, are taken as equal."""

KERNEL = Program((A_low,), {}, {kernel: sp.exp(-A_low)})
"""The weight of one point for another: 1 if they agree, nearly 0 if they are far apart in inputs and targets."""
