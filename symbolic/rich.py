"""The rich regime: where a pair ends that forgets its start, and the ratio of rates that leads to such an end."""

from __future__ import annotations

import sympy as sp

from .pair import dx2, dy2_target, rate_h, rate_y
from .program import Program
from .two_points.end_state import END
from .two_points.network import D
from .two_points.notation import P, R
from .two_points.scalars import A_low

dx_length = sp.Symbol("dx_length", positive=True)

RICH_SCALE = Program((dx_length, D), {}, {A_low: END[A_low].subs({P: dx_length**2, R: 1})})
"""Where a rich pair ends, |dx| |dy*|: the two rates, one factor for all pairs of a network, are taken as equal."""

_SQUARE = END[A_low].subs({P: dx2 * rate_h, R: rate_y, D: sp.sqrt(dy2_target)}) ** 2
"""Proportional to rate_h."""

RICH_RATE = Program((A_low, dx2, dy2_target, rate_y), {}, {rate_h: A_low**2 * rate_h / _SQUARE})
"""The encoder's rate at which a rich pair ends at A_low, by that of the decoder."""
