"""Four systems like the two-point one, each with one term changed: does any similar system fit as well?"""

from __future__ import annotations

from functools import cache

import sympy as sp

from .derivation import Derivation, Step
from .field import DifferentialField
from .functions import dot
from .pair import MEASURED, SCALARS, dh2, dx2, dy2, dy2_target, rate_h, rate_y, t, w
from .theory import Theory
from .two_points.from_loss import SYSTEM
from .two_points.notation import LATEX
from .two_points.scalars import ALIGNMENT, INVARIANT

PARAMETERS = (dx2, dy2_target, rate_h, rate_y)

_ENCODER_IN_DY2, _ENCODER_IN_W = (
    sp.Add(*(term for term in sp.Add.make_args(sp.expand(SYSTEM[x])) if rate_h in term.free_symbols)) for x in (dy2, w)
)
"""What the encoder adds to the rates of dy2 and w; in w it is the last term as van Rossem & Saxe write it."""

_LOST = (
    "Alignment is lost",
    r"For a pair whose $\Delta y$ is parallel to $\Delta y^*$, $G = (|\Delta y|^2 - w)^2 - |\Delta y|^2 |\Delta "
    r"y^*|^2$ is 0. In the two-point system it stays so; here it leaves 0 at this rate: where that is positive, into "
    "states that no two vectors have.",
)
_KEPT = (
    "Alignment is kept",
    r"$G = (|\Delta y|^2 - w)^2 - |\Delta y|^2 |\Delta y^*|^2$ does not depend on $|\Delta h|^2$ and moves as before; "
    "what is lost is the invariant of the two-point system.",
)


def _ablation(
    name: str,
    title: str,
    what: str,
    change: tuple[sp.Symbol, sp.Expr],
    invariant: sp.Expr,
    alignment: sp.Expr,
) -> Theory:
    """The two-point system with one rate changed, what it conserves and what becomes of alignment.

    ``alignment`` is the rate of G = (dy2 - w)^2 - dy2 dy2* where G = 0, in which the two-point system has 0, or if
    alignment is kept the rate anywhere.
    """
    changed, rate = change
    flow = {**SYSTEM, changed: rate}
    field = DifferentialField(flow)
    kept = dy2_target in alignment.free_symbols

    def aligned(relation: sp.Rel) -> sp.Expr:
        rest = field.derivative(relation.lhs.args[0]) - relation.rhs
        return field.normal(rest if kept else rest.subs(dy2_target, (dy2 - w) ** 2 / dy2))

    heading, reason = _KEPT if kept else _LOST
    return Theory(
        name=name,
        states=SCALARS,
        start=MEASURED,
        parameters=PARAMETERS,
        time=t,
        rhs=flow,
        readout={x: x for x in SCALARS},
        begin={x: x for x in MEASURED},
        invariants={"C": invariant},
        derivation=Derivation(
            title=title,
            introduction=(
                f"An ablation of the two-point system of van Rossem & Saxe (arXiv 2402.09142): {what}. It is no "
                "gradient flow of any network; it is here to ask whether the theory's own terms are needed."
            ),
            notation=LATEX,
            steps=(
                Step(
                    f"{name}_change",
                    "What is changed",
                    "The other two equations are those of the two-point system.",
                    (sp.Eq(dot(changed, t), rate, evaluate=False),),
                    lambda relation: sp.expand(relation.rhs - flow[relation.lhs.args[0]]),
                ),
                Step(
                    f"{name}_invariant",
                    "What is conserved instead",
                    r"$|\Delta h|^2$ and $|\Delta y|^2$ both move by multiples of $w$, so one obeys a linear equation "
                    "in the other, whose constant of integration is conserved.",
                    (sp.Eq(sp.Symbol("C"), invariant, evaluate=False),),
                    lambda relation: field.normal(field.derivative(relation.rhs)),
                ),
                Step(
                    f"{name}_alignment",
                    heading,
                    reason,
                    (sp.Eq(dot(ALIGNMENT, t), alignment, evaluate=False),),
                    aligned,
                ),
            ),
        ),
    )


_P = rate_h * dx2
_OPPOSITION = w * (dy2 - w) * (dy2 + w)


@cache
def doubled_dy2() -> Theory:
    """The two-point system with the rate of dy2 doubled.

    Source: the first ablation of van Rossem & Saxe (arXiv 2402.09142).

    >>> doubled_dy2().derivation.check()
    """
    return _ablation(
        "doubled_dy2",
        "Ablation: the rate of the output distance doubled",
        "the output distance moves twice as fast",
        (dy2, 2 * SYSTEM[dy2]),
        dy2 / dh2**2 - 2 * rate_y / _P * sp.log(dh2),
        -(rate_y * dh2**2 + _P * dy2) * _OPPOSITION / (dh2 * dy2),
    )


@cache
def doubled_dh2() -> Theory:
    """The two-point system with the rate of dh2 doubled.

    Source: the second ablation of van Rossem & Saxe (arXiv 2402.09142).

    >>> doubled_dh2().derivation.check()
    """
    return _ablation(
        "doubled_dh2",
        "Ablation: the rate of the hidden distance doubled",
        "the hidden distance moves twice as fast",
        (dh2, 2 * SYSTEM[dh2]),
        dy2 / sp.sqrt(dh2) - rate_y * dh2 * sp.sqrt(dh2) / (3 * _P),
        -(rate_y * dh2 + _P * w / dh2) * ALIGNMENT,
    )


@cache
def flipped_w() -> Theory:
    """The two-point system with the sign of the last term in the rate of w flipped.

    Source: the third ablation of van Rossem & Saxe (arXiv 2402.09142).

    >>> flipped_w().derivation.check()
    """
    return _ablation(
        "flipped_w",
        "Ablation: a sign in the rate of the misfit flipped",
        "the encoder's term in the rate of $w$ has the other sign",
        (w, sp.expand(SYSTEM[w]) - 2 * _ENCODER_IN_W),
        INVARIANT,
        -2 * _P * _OPPOSITION / dh2,
    )


@cache
def incomplete_dy2() -> Theory:
    """The two-point system without the encoder's part of the rate of dy2.

    Source: the fourth ablation of van Rossem & Saxe (arXiv 2402.09142).

    >>> incomplete_dy2().derivation.check()
    """
    return _ablation(
        "incomplete_dy2",
        "Ablation: the encoder's part of the output's rate left out",
        "the output distance does not feel the encoder",
        (dy2, sp.expand(SYSTEM[dy2]) - _ENCODER_IN_DY2),
        dy2 - rate_y * dh2**2 / (2 * _P),
        _P * _OPPOSITION / dh2,
    )
