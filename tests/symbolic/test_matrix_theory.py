"""A theory of matrices fits together, and says what does not."""

import re
from dataclasses import replace

import pytest
import sympy as sp
from repdyn.symbolic import MatrixTheory, chapters, collective, theories

theory = collective()
(H, D, b) = theory.rhs
A = sp.MatrixSymbol("A", 2, 2)
OTHER = sp.MatrixSymbol("other", *H.shape)


def test_it_is_a_chapter_and_no_theory_of_a_pair() -> None:
    assert chapters()["collective"] is theory
    assert "collective" not in theories()
    assert [name for name in chapters() if name in theories()] == list(theories())
    assert len(chapters()) == len(theories()) + 1


def test_it_is_proved() -> None:
    theory.derivation.check()


def test_its_equations_are_printed_one_a_line() -> None:
    assert len(theory.latex.splitlines()) == 3
    assert all(line.startswith(r"\frac{d}{d t}") for line in theory.latex.splitlines())


def test_an_unknown_chapter_is_said() -> None:
    with pytest.raises(KeyError, match=re.escape("there is no theory 'data_sets'; there are two_point, scalar_output")):
        chapters()["data_sets"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("rhs", {H: 2 * OTHER}, "rhs[H] of theory 'collective' has other: name it among the quantities"),
        ("rhs", {H: D}, "rhs[H] must have the shape (N, n) of H, got (c, n)"),
        (
            "quantities",
            {},
            "rhs[H] of theory 'collective' has D, E, K, N, c, n, rate_h: name it among the quantities",
        ),
    ],
)
def test_what_does_not_fit_together_is_said(field, value, words) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        replace(theory, **{field: value})


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("rhs", {H: 1}, "rhs[H] must be of type MatrixExpr, got 1"),
        ("rhs", {sp.Symbol("x"): H}, "rhs must be a mapping with keys of type MatrixSymbol, got {x: H}"),
        ("quantities", {H: 1}, "quantities[H] must be of type str, got 1"),
        ("time", "t", "time must be of type Symbol, got 't'"),
    ],
)
def test_what_is_of_another_type_is_said(field, value, words) -> None:
    with pytest.raises(TypeError, match=re.escape(words)):
        replace(theory, **{field: value})


def test_one_of_ones_own_is_made_of_its_equations() -> None:
    x, k = sp.MatrixSymbol("x", 2, 1), sp.Symbol("k")
    mine = MatrixTheory("mine", {x: "a column", A: "a matrix", k: "a rate"}, {x: -k * A * x}, k, theory.derivation)
    assert mine.latex == r"\frac{d}{d k} x = - k A x"
