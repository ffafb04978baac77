"""Rates that grow with the maps they move, for whole data sets."""

from __future__ import annotations

import sympy as sp

from .flow import MATRIX_FLOW
from .notation import P0, P1, P2, R0, R1, R2, D, E, H, K, N, b

GROWING_FLOW = {
    H: -(P0 * K * E * D + (P1 / N) * K * E * D * H.T * H + (P2 / N) * H * H.T * E * D) / N,
    D: -(R0 * E.T * H + R1 * D * D.T * E.T * H + R2 * E.T * H * D.T * D) / N,
    b: MATRIX_FLOW[b],
}
"""The kernel of a deep encoder aligns with its own representation (P2), its directions that are large grow faster (P1);
so do the decoder's in the space of the outputs (R1) and in that of the representations (R2)."""
