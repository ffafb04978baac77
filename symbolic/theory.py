"""A theory: equations of motion with everything that was derived from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from .derivation import Derivation
from .program import Program


@dataclass(frozen=True)
class Chart:
    """Coordinates in which the flow is a polynomial and has no singularity, in a time of their own.

    Attributes:
        states: the coordinates.
        parameters: what ``rhs`` depends on besides the coordinates.
        rhs: the derivative of each coordinate with respect to the chart's time.
        enter: from the theory's arguments to the chart's time, coordinates and parameters at the start.
        leave: from the coordinates and the theory's parameters to the theory's states.
    """

    states: tuple[sp.Symbol, ...]
    parameters: tuple[sp.Symbol, ...]
    time: sp.Symbol
    rhs: Mapping[sp.Symbol, sp.Expr]
    enter: Program
    leave: Program

    @property
    def jacobian(self) -> sp.Matrix:
        """The matrix of derivatives of ``rhs`` with respect to the coordinates."""
        return sp.Matrix([self.rhs[x] for x in self.states]).jacobian(self.states)


@dataclass(frozen=True)
class Theory:
    """A closed system of equations for a pair of data points, with its solution and the proof.

    Attributes:
        name: what it is listed under.
        states: the quantities that move, in the order every function uses.
        start: their initial values, one symbol a state.
        parameters: the constants, in the order every function uses.
        time: counted in training steps.
        rhs: the time derivative of each state.
        invariants: quantities that stay constant along every trajectory, by name.
        chart: regular coordinates, for an integrator.
        solution: the whole trajectory in closed form, as a program of (time, start, parameters).
        final: the hidden distance for infinite time and the regime number, as a program of (start, parameters).
        loss: the loss over training, as a program of time, states, the target and the mean prediction's error.
        derivation: every step from the loss to the solution, with its proof.
    """

    name: str
    states: tuple[sp.Symbol, ...]
    start: tuple[sp.Symbol, ...]
    parameters: tuple[sp.Symbol, ...]
    time: sp.Symbol
    rhs: Mapping[sp.Symbol, sp.Expr]
    invariants: Mapping[str, sp.Expr]
    chart: Chart
    solution: Program
    final: Program
    loss: Program
    derivation: Derivation
