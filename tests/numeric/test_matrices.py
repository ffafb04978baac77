"""Functions of matrices: what they compute, and what they refuse."""

import numpy as np
import pytest
import sympy as sp
from repdyn.numeric.compiled import compile_matrices

n, m = sp.symbols("n m", integer=True, positive=True)
A, x, y = sp.MatrixSymbol("A", m, n), sp.MatrixSymbol("x", n, 1), sp.MatrixSymbol("y", m, 1)
k = sp.Symbol("k")


def test_sums_products_and_transposes_for_any_size() -> None:
    function = compile_matrices("f", (A, x, y, k), {"r": -k * A.T * (A * x - y) / 2 + x, "q": (A * x).T * y})
    for rows, columns in ((2, 3), (4, 1)):
        generator = np.random.default_rng(0)
        a, b, c = (generator.normal(size=shape) for shape in ((rows, columns), (columns, 1), (rows, 1)))
        r, q = function(a, b, c, 0.3)
        np.testing.assert_allclose(r, -0.15 * a.T @ (a @ b - c) + b, rtol=1e-13)
        np.testing.assert_allclose(q, (a @ b).T @ c, rtol=1e-13)


@pytest.mark.parametrize(
    ("expr", "words"),
    [
        (sp.MatrixSymbol("B", m, n) * x, "the result r of 'f' has B, which is no argument"),
        (k * sp.Symbol("j") * A * x, "the result r of 'f' has j, which is no argument"),
        ((A * A.T).inverse() * y, "functions of matrices cannot express Inverse, only sums, products, transposes"),
    ],
)
def test_what_cannot_be_expressed_is_said(expr, words) -> None:
    with pytest.raises(ValueError, match=words):
        compile_matrices("f", (A, x, y, k), {"r": expr})
