"""From a pair to a data set: the rich end state of every pair, and the weight of one point for another."""

from __future__ import annotations

import sympy as sp

from .program import Program
from .two_points.modes import END
from .two_points.network import D
from .two_points.notation import P, R, dx2, dy2_target
from .two_points.scalars import A_low

kernel = sp.Symbol("kernel", positive=True)

_scale = END[A_low].subs({P: dx2, R: 1, D: sp.sqrt(dy2_target)})

RICH_SCALE = Program((dx2, dy2_target), {}, {A_low: _scale})
"""Where a rich pair ends, |dx| |dy*|: the two rates, one factor for all pairs of a network, are taken as equal."""

KERNEL = Program((dx2, dy2_target), {}, {kernel: sp.exp(-_scale)})
"""The weight of one point for another: 1 if they agree, nearly 0 if they are far apart in inputs and targets."""
