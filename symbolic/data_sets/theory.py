"""The collective theory, put together."""

from __future__ import annotations

from functools import cache

import sympy as sp

from ..derivation import Derivation
from ..matrix_theory import MatrixTheory
from ..pair import rate_h, rate_y, t
from ..scalar_output import notation as growing
from ..two_points import end_state as end_of_pair
from ..two_points import from_loss, network, scalars
from ..two_points import modes as modes_of_pair
from ..two_points import notation as pair
from . import as_pair, conserved, depth, end_state, factored, flow, geometric_mean, growth, means, modes, notation
from .flow import MATRIX_FLOW
from .notation import D, E, H, K, N, Y, b, c, n, ones, rate_b

_QUANTITIES: dict[sp.Basic, str] = {
    N: "number of points",
    n: "number of hidden units",
    c: "number of outputs",
    H: "state: hidden representations, a row for each point",
    D: "state: decoder",
    b: "state: its bias",
    E: "errors: N times the derivative of the loss by the outputs",
    Y: "targets, a row for each point",
    K: "kernel of the encoder, a row and a column for each point",
    ones: "a column of ones",
    rate_h: "coefficient: rate of the encoder, in 1/(training step)",
    rate_y: "coefficient: rate of the decoder",
    rate_b: "coefficient: rate of the bias",
    t: "time, in training steps",
}


@cache
def collective() -> MatrixTheory:
    """The effective theory of a whole data set: all points at once, derived and proved.

    The two-point theory treats each pair as if it were alone. Here the encoder is linear in its weights, of any
    features, and all points move together. rate_h = 1/tau_h, rate_y = 1/tau_y and rate_b = 1/tau_b are in units of
    1/(training step); gradient descent with step size eta has 1/tau = eta. A pair's rates are these over N = 2.

    Source: this package's. The balanced case is that of Saxe et al. (arXiv 1312.6120) and, in matrices, of Braun et
    al. (2022) and Dominé et al. (arXiv 2409.14623).

    >>> theory = collective()
    >>> list(theory.rhs)
    [H, D, b]
    >>> theory.derivation["conserved_data_set"].check()
    """
    return MatrixTheory(
        name="collective",
        quantities=_QUANTITIES,
        rhs=MATRIX_FLOW,
        time=t,
        derivation=Derivation(
            title="All points of a data set at once",
            introduction=(
                "The two-point theory takes each pair by itself. Keep its idea, two maps and an effective rate for "
                "each, and drop the isolation: $N$ points, the rows of $H$ their hidden representations, a decoder "
                "$D$ with a bias $b$, and an encoder that is linear in its weights, whose kernel $K$ says how much "
                "one point moves when another is learnt. Rates here are those of gradient flow on the mean over all "
                "points; the rates of a pair are these divided by $N = 2$. Deep linear networks learn mode by mode "
                "(Saxe et al., arXiv 1312.6120; arXiv 1810.10531), align before they grow (Atanasov et al., arXiv "
                "2111.00034), and have solutions in closed form for balanced layers and whitened inputs, Braun et "
                "al. (2022), and for a $C$ that is a multiple of the identity (Dominé et al., arXiv 2409.14623)."
            ),
            notation={
                **growing.LATEX,
                **pair.LATEX,
                **from_loss.LATEX,
                **scalars.LATEX,
                **network.LATEX,
                **end_of_pair.LATEX,
                **notation.LATEX,
                **flow.LATEX,
                **factored.LATEX,
                **conserved.LATEX,
                **as_pair.LATEX,
                **geometric_mean.LATEX,
                **end_state.LATEX,
                **depth.LATEX,
                **growth.LATEX,
                **modes.LATEX,
            },
            steps=(
                *(*flow.STEPS, *factored.STEPS, *means.STEPS, *conserved.STEPS, *as_pair.STEPS),
                *(*network.STEPS, *modes_of_pair.STEPS, *end_of_pair.STEPS),
                *(*geometric_mean.STEPS, *end_state.STEPS, *depth.STEPS),
                *(*modes.STEPS[:2], *growth.STEPS, *modes.STEPS[2:]),
            ),
        ),
    )
