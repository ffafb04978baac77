"""A theory of matrices: how they move, with everything that was derived from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from .arguments import instance, keyed, shown
from .derivation import Derivation
from .functions import dot


@dataclass(frozen=True, eq=False)
class MatrixTheory:
    """Equations of motion of matrices of any size, and the proof.

    A :class:`~repdyn.symbolic.Theory` is of three scalars of a pair of points, which a fit finds rates for. This is
    what there is to say of a whole data set: it has a chapter of the derivation and functions generated from it.

    Attributes:
        name: what it is listed under.
        quantities: what each symbol is, sizes included, in words and in order.
        rhs: the time derivative of each matrix that moves.
        time: counted in training steps.
        derivation: every step from the loss to what the theory claims, with its proof.

    Raises:
        TypeError: if a field is of another type.
        ValueError: if a symbol occurs that is none of the quantities.
    """

    name: str
    quantities: Mapping[sp.Basic, str]
    rhs: Mapping[sp.MatrixSymbol, sp.MatrixExpr]
    time: sp.Symbol
    derivation: Derivation

    def __post_init__(self) -> None:
        instance("name", self.name, str)
        instance("time", self.time, sp.Symbol)
        instance("derivation", self.derivation, Derivation)
        for x, words in keyed("quantities", self.quantities, sp.Basic).items():
            instance(f"quantities[{x}]", words, str)
        for x, rate in keyed("rhs", self.rhs, sp.MatrixSymbol).items():
            if getattr(instance(f"rhs[{x}]", rate, sp.MatrixExpr), "shape", None) != x.shape:
                raise ValueError(f"rhs[{x}] must have the shape {x.shape} of {x}, got {shown(rate.shape)}")
            strangers = rate.atoms(sp.Symbol, sp.MatrixSymbol) - set(self.quantities)
            if strangers:
                named = ", ".join(sorted(map(str, strangers)))
                raise ValueError(f"rhs[{x}] of theory {self.name!r} has {named}: name it among the quantities")

    @property
    def latex(self) -> str:
        r"""The equations of motion in LaTeX, one a line.

        >>> from repdyn.symbolic import collective
        >>> print(collective().latex.splitlines()[0])
        \frac{d}{d t} H = - \frac{\tau_h^{-1}}{N} K E D
        """
        flow = (sp.Eq(dot(x, self.time), rate, evaluate=False) for x, rate in self.rhs.items())
        return "\n".join(map(self.derivation.latex, flow))
