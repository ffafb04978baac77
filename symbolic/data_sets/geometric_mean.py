"""The geometric mean of two matrices: what it is, why there is one, and how it is computed."""

from __future__ import annotations

from typing import cast

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE

from ..derivation import Step
from ..free_algebra import Rules, matrix_residual
from .notation import K, K_pinv, N, Y, c


class Mean(sp.MatrixExpr):
    """``Mean(A, B, p)``: the geometric mean A^(1/2) (A^(-1/2) B A^(-1/2))^p A^(1/2), as it stands in a statement.

    The weight p is 1/2 if it is left out.
    """

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return cast(sp.MatrixExpr, self.args[0]).shape

    def _latex(self, printer: LatexPrinter) -> str:
        left, right, *weight = self.args
        sign = rf"\#_{{{printer.doprint(weight[0])}}}" if weight else r"\#"
        return rf"{printer.doprint(left)} {sign} {printer.parenthesize(right, PRECEDENCE['Mul'] + 1)}"


T, Z, Z_2 = (sp.MatrixSymbol(name, N, N) for name in ("T", "Z", "Z_2"))
M = sp.MatrixSymbol("M", c, c)

LATEX: dict[sp.Basic, str] = {T: r"K^{1/2}", Z_2: r"Z'"}

_ROOT: Rules = {(Z, T, K_pinv, T, Z): Z * Z}
"""T is the root of K, and Z a matrix on the range of K, where T K^+ T is the identity."""

_INVERSE_ROOT: Rules = {(Y, M, Y.T, K_pinv, Y, M): Y}
"""M is the inverse of the root of Y^T K^+ Y, on the range of that."""


def scalar_factor(expr: sp.Expr) -> sp.Expr:
    """The scalar that a product of matrices is multiplied by."""
    factors = expr.args if isinstance(expr, sp.MatMul) else ()
    return sp.Mul(*(x for x in factors if not isinstance(x, sp.MatrixExpr)))


def squared(x: sp.MatrixExpr) -> sp.MatrixExpr:
    """X K^+ X: B, if X is the geometric mean of K and B."""
    return x * K_pinv * x


def _small_residual(relation: sp.Rel) -> sp.Expr:
    _, target = relation.lhs.args
    factor = scalar_factor(relation.rhs)
    if not factor.is_positive:
        return factor  # Y M Y^T is not negative, nor is the mean
    return matrix_residual(squared(cast(sp.MatrixExpr, relation.rhs)) - target, _INVERSE_ROOT)


STEPS = (
    Step(
        "riccati_root",
        "A square root solves it",
        r"Every symmetric $X$ on the range of $K$ is $K^{1/2} Z K^{1/2}$ with one symmetric $Z$ there, and $X \geq 0$ "
        r"if and only if $Z \geq 0$. So $X K^+ X = B$ says $Z^2 = (K^+)^{1/2} B (K^+)^{1/2}$: a square root.",
        (sp.Eq((T * Z * T) * K_pinv * (T * Z * T), T * Z * Z * T, evaluate=False),),
        lambda relation: matrix_residual(relation.lhs - relation.rhs, _ROOT),
    ),
    Step(
        "one_root",
        "There is one",
        r"Let $Z \geq 0$ and $Z' \geq 0$ have the same square: the right side below is 0. Multiply by $Z - Z'$ and "
        r"take the trace: $\operatorname{tr}((Z - Z')(Z + Z')(Z - Z')) = 0$. The matrix is a sum of two that are not "
        r"negative, so $Z (Z - Z') = Z' (Z - Z') = 0$, hence $(Z - Z')^2 = 0$ and $Z = Z'$. The one positive solution "
        r"of $X K^+ X = B$ is called the geometric mean $K \# B$, Lawson & Lim (2001).",
        (sp.Eq((Z - Z_2) * (Z + Z_2) + (Z + Z_2) * (Z - Z_2), 2 * Z * Z - 2 * Z_2 * Z_2, evaluate=False),),
        lambda relation: matrix_residual(relation.lhs - relation.rhs, {}),
    ),
    Step(
        "small_form",
        "As it is computed",
        "For $B = Y^* Y^{*T}$ with $Y^*$ in the range of $K$, only a matrix of outputs times outputs needs a root: "
        "$M$ is the inverse of the root of $Y^{*T} K^+ Y^*$ (on its range). $Y^* M Y^{*T}$ is symmetric, not "
        "negative, and solves the equation.",
        (sp.Eq(Mean(K, Y * Y.T), Y * M * Y.T, evaluate=False),),
        _small_residual,
    ),
)
