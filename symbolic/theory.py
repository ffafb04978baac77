"""A theory: equations of motion with everything that was derived from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from .arguments import instance, members
from .derivation import Derivation
from .expressions import expressions
from .functions import dot
from .pair import MEASURED, PAIR, SCALARS
from .program import Program

_NO_NUMBERS = (sp.I, sp.nan, sp.zoo, sp.oo, -sp.oo)
"""What no formula of finite real numbers has."""


@dataclass(frozen=True)
class Chart:
    """Coordinates in which the flow has no singularity, in a time of their own.

    Attributes:
        states: the coordinates.
        parameters: what ``rhs`` depends on besides the coordinates.
        time: the chart's time.
        rhs: the derivative of each coordinate with respect to the chart's time.
        enter: from the theory's time, start and parameters to the chart's time, coordinates and parameters.
        leave: from the coordinates and the theory's parameters to the theory's states.

    Raises:
        TypeError: if a field is of another type.
        ValueError: if a rate is missing.
    """

    states: tuple[sp.Symbol, ...]
    parameters: tuple[sp.Symbol, ...]
    time: sp.Symbol
    rhs: Mapping[sp.Symbol, sp.Expr]
    enter: Program
    leave: Program

    def __post_init__(self) -> None:
        for name in ("states", "parameters"):
            members(name, getattr(self, name), sp.Symbol)
        instance("time", self.time, sp.Symbol)
        object.__setattr__(self, "rhs", expressions("rhs", self.rhs, sp.Symbol))
        if set(self.rhs) != set(self.states):
            raise ValueError(
                f"rhs of a chart must have its states as keys, {_listed(self.states)}, got {_listed(self.rhs)}"
            )
        for name in ("enter", "leave"):
            instance(name, getattr(self, name), Program)

    @property
    def jacobian(self) -> sp.Matrix:
        """The matrix of derivatives of ``rhs`` with respect to the coordinates."""
        return sp.Matrix([self.rhs[x] for x in self.states]).jacobian(self.states)


@dataclass(frozen=True, eq=False)
class Theory:
    """A closed system of equations for a pair of data points, with its solution and the proof.

    Everything is checked to fit together when a theory is made, so that a variant of one's own fails with a
    sentence and not in the middle of a fit.

    Attributes:
        name: what it is listed under.
        states: the quantities that move, in the order every function uses.
        start: their initial values, one symbol a state.
        parameters: the constants, in the order every function uses: the pair's ``dx2`` and ``dy2_target``, if
            they occur, and the theory's own coefficients, which a fit finds. A coefficient that SymPy knows to be
            positive or nonnegative stays so.
        time: counted in training steps.
        rhs: the time derivative of each state, of time, states and parameters.
        readout: the measured scalars ``dh2``, ``dy2`` and ``w``, of states and parameters.
        begin: each start from the measured ``dh2_0``, ``dy2_0``, ``w_0`` and the parameters, or None if what is
            measured of a pair does not determine it.
        invariants: quantities that stay constant along every trajectory, by name.
        derivation: every step from the loss to what the theory claims, with its proof.
        chart: coordinates for an integrator, or None if the states themselves are regular.
        solution: the scalars in closed form, as a program of (time, measured start, parameters), or None.
        final: dh2 (and what else is known) for infinite time, of (measured start, parameters), or None. A result
            called ``regime`` is the number that orders all starts, 0 in the rich limit and large in the lazy one.
        approach: where there is no ``final``: what the squared output still lacks, ``lack``, and dh2 and b2, as a
            program of (an impulse, measured start, parameters). lack rises with the impulse; its root is the end.
        moments: when things happen, as a program of (measured start, parameters), or None. Its results are the times
            (infinite if never) ``relaxation``, ``crossing`` and ``half_way``, and ``across``: the share of the
            decoder's gradient across dy*, 0 if half_way is exact and otherwise to be looked for in the solution.
        loss: the loss over training, as a program of its own arguments, or None.
        special_cases: the names of theories that it becomes where some of its coefficients are 0.
        neighbours: the names of theories that are like it. A fit begins, besides elsewhere, at the optimum of the
            first among the special cases and these that has a closed form and no coefficient that this one lacks.

    A chart must say the same as ``rhs``: whoever replaces the one replaces the other, or drops it.

    Raises:
        TypeError: if a field is of another type; a formula is an expression of SymPy or a number, and no string.
        ValueError: if a rate, a start or a scalar is missing, a symbol occurs that is none of the theory's, two have
            one name, a formula is not of finite real numbers, or a program takes something else.
    """

    name: str
    states: tuple[sp.Symbol, ...]
    start: tuple[sp.Symbol, ...]
    parameters: tuple[sp.Symbol, ...]
    time: sp.Symbol
    rhs: Mapping[sp.Symbol, sp.Expr]
    readout: Mapping[sp.Symbol, sp.Expr]
    begin: Mapping[sp.Symbol, sp.Expr] | None
    invariants: Mapping[str, sp.Expr]
    derivation: Derivation
    chart: Chart | None = None
    solution: Program | None = None
    final: Program | None = None
    approach: Program | None = None
    moments: Program | None = None
    loss: Program | None = None
    special_cases: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ("two_point",)

    def __post_init__(self) -> None:
        self._check_types()
        names = [x.name for x in (self.time, *self.states, *self.start, *self.parameters)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"names in theory {self.name!r} must differ, got {', '.join(twice)} twice; rename one")
        if len(self.start) != len(self.states):
            raise ValueError(
                f"theory {self.name!r} must have one start a state, got {len(self.start)} for {len(self.states)} states"
            )
        for field in ("rhs", "readout", *(() if self.begin is None else ("begin",))):
            object.__setattr__(self, field, expressions(field, getattr(self, field), sp.Symbol))
        object.__setattr__(self, "invariants", expressions("invariants", self.invariants, str))
        moving = {self.time, *self.states, *self.parameters}
        self._expect("rhs", self.rhs, self.states, moving)
        self._expect("readout", self.readout, SCALARS, moving - {self.time})
        if self.begin is not None:
            self._expect("begin", self.begin, self.start, {*MEASURED, *self.parameters})
        measured = (*MEASURED, *self.parameters)
        for field, wanted in {"solution": (self.time, *measured), "final": measured, "moments": measured}.items():
            program: Program | None = getattr(self, field)
            if program is not None and program.arguments != wanted:
                raise ValueError(
                    f"{field} of theory {self.name!r} must be a program of {_listed(wanted)}, in this order, got one "
                    f"of {_listed(program.arguments)}; leave it out if it is another theory's"
                )
        self._expect("invariants", dict(self.invariants), tuple(self.invariants), moving)

    def _check_types(self) -> None:
        instance("name", self.name, str)
        for name in ("states", "start", "parameters"):
            members(name, getattr(self, name), sp.Symbol)
        instance("time", self.time, sp.Symbol)
        instance("derivation", self.derivation, Derivation)
        optional = {"chart": Chart, **dict.fromkeys(("solution", "final", "approach", "moments", "loss"), Program)}
        for name, kind in optional.items():
            if getattr(self, name) is not None:
                instance(name, getattr(self, name), kind)
        for name in ("special_cases", "neighbours"):
            members(name, getattr(self, name), str)

    def _expect(
        self,
        field: str,
        found: Mapping[sp.Symbol, sp.Expr] | Mapping[str, sp.Expr],
        wanted: Iterable[sp.Symbol | str],
        known: set[sp.Symbol],
    ) -> None:
        """Check that a mapping has the keys it must have, and no symbol that nothing gives a value."""
        keys = list(wanted)
        if set(found) != set(keys):
            raise ValueError(
                f"{field} of theory {self.name!r} must have the keys {_listed(keys)}, got {_listed(found)}"
                f"{' under other assumptions' if _listed(found) == _listed(keys) else ''}"
            )
        for key, expr in found.items():
            strangers = sorted(map(str, expr.free_symbols - known))
            if strangers:
                raise ValueError(
                    f"{field} of theory {self.name!r} may use {', '.join(sorted(map(str, known)))}; that of {key} has "
                    f"{', '.join(strangers)}: name it among the parameters, with the same assumptions"
                )
            if expr.has(*_NO_NUMBERS):
                raise ValueError(f"{field} of theory {self.name!r} must be finite and real, got {expr} for {key}")

    @property
    def depends_on_time(self) -> bool:
        """Whether a rate changes in training by itself, as with a schedule of the learning rate."""
        return any(self.time in rate.free_symbols for rate in self.rhs.values())

    @property
    def has_regime(self) -> bool:
        """Whether its end comes with the number that orders all starts, from rich to lazy."""
        return self.final is not None and "regime" in map(str, self.final.results)

    @property
    def coefficients(self) -> tuple[sp.Symbol, ...]:
        """The parameters that are the theory's own and not the pair's."""
        return tuple(x for x in self.parameters if x not in PAIR)

    @cached_property
    def jacobian(self) -> sp.Matrix:
        """The matrix of derivatives of ``rhs`` with respect to the states."""
        return sp.Matrix([self.rhs[x] for x in self.states]).jacobian(self.states)

    @property
    def latex(self) -> str:
        r"""The equations of motion in LaTeX, one a line.

        >>> from repdyn.symbolic import two_point
        >>> print(two_point().latex.splitlines()[0])
        \frac{d}{d t} |\Delta h|^2 = - |\Delta x|^2\,\tau_h^{-1}\,w
        """
        flow = (sp.Eq(dot(x, self.time), self.rhs[x], evaluate=False) for x in self.states)
        return "\n".join(map(self.derivation.latex, flow))

    @cached_property
    def programs(self) -> Mapping[str, Program]:
        """The programs by name, ``rhs``, ``jacobian``, ``invariants``, ``readout`` and what else there is."""
        arguments = (self.time, *self.states, *self.parameters)
        found = {
            "rhs": Program(arguments, {}, {sp.Symbol(f"rate_of_{x}"): self.rhs[x] for x in self.states}),
            "jacobian": Program(
                arguments,
                {},
                {
                    sp.Symbol(f"rate_of_{x}_by_{y}"): self.jacobian[i, j]
                    for i, x in enumerate(self.states)
                    for j, y in enumerate(self.states)
                },
            ),
            "invariants": Program(arguments, {}, {sp.Symbol(name): x for name, x in self.invariants.items()}),
            "readout": Program((*self.states, *self.parameters), {}, {x: self.readout[x] for x in SCALARS}),
        }
        if self.begin is not None:
            start = {x: self.begin[x] for x in self.start}
            found["begin"] = Program((*MEASURED, *self.parameters), {}, start)
        rest = {
            "solution": self.solution,
            "final": self.final,
            "approach": self.approach,
            "moments": self.moments,
            "loss": self.loss,
        }
        return found | {name: program for name, program in rest.items() if program is not None}


def _listed(keys: Iterable[sp.Symbol | str]) -> str:
    return ", ".join(map(str, keys)) or "none"
