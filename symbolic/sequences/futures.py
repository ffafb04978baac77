"""The outputs of all futures as one stacked output: what becomes of the loss and of gradient flow."""

from __future__ import annotations

from typing import cast

import sympy as sp
from sympy.printing.latex import LatexPrinter

from ..derivation import Step
from ..free_algebra import Rules, matrix_residual
from ..matrix_calculus import directional_residual
from ..two_points.notation import (
    dy,
    dy_target,
    m,
    n,
    y_1,
    y_1_target,
    y_2,
    y_2_target,
)
from .notation import F, dy_i, dy_i_target, futures, v_i, y_1i, y_1i_target, y_2i, y_2i_target


class mean(sp.Function):
    """The mean over the futures of a quantity of one future, as it stands in a statement."""

    nargs = 1

    def _latex(self, printer: LatexPrinter) -> str:
        return rf"\frac{{1}}{{N}} \sum_i \left({printer.doprint(self.args[0])}\right)"


rate = sp.Symbol("rate", positive=True)
"""The learning rate of any variable that each future has one of."""

partial_v, partial_v_i = sp.MatrixSymbol("partial_v", m, n), sp.MatrixSymbol("partial_v_i", *v_i.shape)
dot_v = sp.MatrixSymbol("dot_v", m, n)

LATEX: dict[sp.Basic, str] = {
    rate: r"\eta",
    partial_v: r"\frac{\partial L}{\partial v}",
    partial_v_i: r"\frac{\partial L}{\partial v_i}",
    dot_v: r"\dot v",
}

STACKED = {
    one: sp.sqrt(futures) * F * all_of_them
    for one, all_of_them in (
        (y_1i, y_1),
        (y_2i, y_2),
        (y_1i_target, y_1_target),
        (y_2i_target, y_2_target),
        (dy_i, dy),
        (dy_i_target, dy_target),
    )
}
"""What belongs to one future, as part of what all futures have stacked and divided by sqrt(N)."""

_EVERY_ROW: Rules = {(F.T, F): sp.S.One}
"""Summed over the futures, F^T F is the identity: every row belongs to one future."""


def averaged(expr: sp.Expr, rules: Rules) -> sp.Expr:
    """An expression with each mean over the futures worked out, by the products of stacked vectors in ``rules``."""

    def work_out(one: sp.MatrixExpr) -> sp.Expr:
        return matrix_residual(one.xreplace(STACKED) / futures, {**_EVERY_ROW, **rules})

    return expr.replace(mean, work_out)


def _stacking_residual(relation: sp.Rel) -> sp.Expr:
    return sp.expand(averaged(relation.lhs, {}) - matrix_residual(cast(sp.MatrixExpr, relation.rhs), {}))


def _chain_residual(relation: sp.Rel) -> sp.Expr:
    if relation.lhs == partial_v_i:  # the loss moves by tr(partial_v^T dv), and v by F^T dv_i/sqrt(N)
        change = partial_v.T * (F.T * v_i / sp.sqrt(futures))
        return directional_residual(change, v_i, cast(sp.MatrixExpr, relation.rhs))
    each = -rate * F * partial_v / sp.sqrt(futures)
    return matrix_residual(F.T * each / sp.sqrt(futures) - relation.rhs, _EVERY_ROW)


STEPS = (
    Step(
        "stacking",
        "The futures, stacked",
        r"The loss is the mean over the two states and the $N$ futures of half the squared error. Stack the outputs of "
        r"all futures, each divided by $\sqrt{N}$: future $i$ has the rows $F_i$ of that vector, and $\sum_i F_i^T "
        r"F_i$ is the identity. Then the loss is that of a single output.",
        (
            sp.Eq(
                mean(
                    (y_1i - y_1i_target).T * (y_1i - y_1i_target) / 4
                    + (y_2i - y_2i_target).T * (y_2i - y_2i_target) / 4
                ),
                (y_1 - y_1_target).T * (y_1 - y_1_target) / 4 + (y_2 - y_2_target).T * (y_2 - y_2_target) / 4,
                evaluate=False,
            ),
        ),
        _stacking_residual,
    ),
    Step(
        "chain_rule",
        "Gradient flow of what is stacked",
        r"Let each future have a variable $v_i$ with learning rate $\eta$, and stack those in the same way: $v = "
        r"\sum_i F_i^T v_i/\sqrt{N}$. By the chain rule the stacked variable flows down the same loss with the rate "
        r"$\eta/N$: one factor $1/\sqrt{N}$ comes from the gradient, the other from the stacking.",
        (
            sp.Eq(partial_v_i, F * partial_v / sp.sqrt(futures), evaluate=False),
            sp.Eq(dot_v, -(rate / futures) * partial_v, evaluate=False),
        ),
        _chain_residual,
    ),
)
"""What both theories of two sequences begin with."""
