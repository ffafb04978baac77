"""A derivation: statements with reasons, each proved when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy as sp

from .arguments import instance, keyed, members, shown
from .expressions import expressions
from .field import DifferentialField


class DerivationError(AssertionError):
    """A step whose statement does not follow: its residual is not zero."""


@dataclass(frozen=True)
class Step:
    """One step: what is claimed, why, and what is left when the claim is worked out.

    ``residual`` maps each relation of the statement to an expression that is
    exactly 0 when the relation holds. It works from the relation it is given, so
    a changed statement is judged as it stands.

    Raises:
        TypeError: if a field is of another type.
    """

    name: str
    title: str
    reason: str
    statement: tuple[sp.Rel, ...]
    residual: Callable[[sp.Rel], sp.Expr]

    def __post_init__(self) -> None:
        for name in ("name", "title", "reason"):
            instance(name, getattr(self, name), str)
        members("statement", self.statement, sp.Rel)
        if not callable(self.residual):
            raise TypeError(f"residual must be a function of a relation, got {shown(self.residual)}")

    def check(self) -> None:
        """Prove the statement by exact algebra.

        Raises:
            DerivationError: naming the step, the relation and what it leaves.
        """
        for relation in self.statement:
            rest = self.residual(relation)
            if rest != 0:
                raise DerivationError(
                    f"step {self.name!r} is not proved: {relation} must leave 0 and leaves {rest}; "
                    "correct the statement or the rule it is derived from"
                )


@dataclass(frozen=True)
class Derivation:
    """Steps in the order they are needed, with the symbols' printed form.

    Raises:
        TypeError: if a field is of another type.
    """

    title: str
    introduction: str
    notation: Mapping[sp.Basic, str]
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        for name in ("title", "introduction"):
            instance(name, getattr(self, name), str)
        keyed("notation", self.notation, sp.Basic)
        members("steps", self.steps, Step)

    def latex(self, relation: sp.Basic) -> str:
        """A relation or expression in LaTeX, in the derivation's notation.

        Raises:
            TypeError: if it is neither.
        """
        text = sp.latex(instance("relation", relation, sp.Basic), symbol_names=dict(self.notation), mul_symbol=r"\,")
        # SymPy prints numbers in matrix products in brackets and sums of negative products with two signs.
        text = re.sub(r"\\sqrt\{(\|[^|{}]*\|)\^2\}", r"\1", text)  # of a squared length
        # Those of an argument and of the base of a power stay.
        return re.sub(r"(?<![}'])\\left\((\\frac\{\d+\}\{\d+\})\\right\)(?!\^)", r"\1", text).replace("+ -", "-")

    def check(self) -> None:
        """Prove every step.

        Raises:
            DerivationError: at the first step that does not hold.

        >>> from repdyn.symbolic import two_point
        >>> two_point().derivation.check()
        """
        for step in self.steps:
            step.check()

    def __getitem__(self, name: str) -> Step:
        """The step called ``name``.

        Raises:
            TypeError: if it is no string.
            KeyError: if there is none.
        """
        instance("name", name, str)
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(f"the derivation has no step {name!r}; its steps are {', '.join(s.name for s in self.steps)}")


def sides_agree(normal: Callable[[sp.Expr], sp.Expr]) -> Callable[[sp.Rel], sp.Expr]:
    """A residual for equations between expressions: the difference of both sides in normal form."""
    return lambda relation: normal(relation.lhs - relation.rhs)


def first_nonzero(*rests: sp.Expr) -> sp.Expr:
    """What is left of several residuals that must all vanish."""
    return next((rest for rest in rests if rest != 0), sp.S.Zero)


def conserved(rhs: Mapping[sp.Symbol, sp.Expr], invariants: Mapping[str, sp.Expr], time: sp.Symbol) -> tuple[Step, ...]:
    """A step for each invariant of a system: its derivative along the flow is 0.

    Args:
        rhs: the time derivative of each state.
        invariants: what is claimed to stay constant, by name; it may depend on time.
        time: the symbol of time.

    Raises:
        TypeError: if one is of another type.

    >>> import sympy as sp
    >>> x, y, t = sp.symbols("x y t")
    >>> (step,) = conserved({x: y, y: -x}, {"radius": x**2 + y**2}, t)
    >>> step.check()
    """
    claims = expressions("invariants", invariants, str)
    flow = DifferentialField({**expressions("rhs", rhs, sp.Symbol), instance("time", time, sp.Symbol): sp.S.One})
    return tuple(
        Step(
            f"conserved_{name}",
            f"{name} is conserved",
            "Its derivative along every trajectory is 0.",
            (sp.Eq(sp.Symbol(name), value, evaluate=False),),
            lambda relation: sp.simplify(flow.derivative(relation.rhs)),
        )
        for name, value in claims.items()
    )
