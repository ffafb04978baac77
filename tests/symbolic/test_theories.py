"""Every theory of the catalogue: it is proved, its parts fit together, and nothing of it contradicts its name."""

import re

import pytest
import sympy as sp
from repdyn.symbolic import Derivation, Theory, theories, two_point

NAMES = list(theories())
ALL = pytest.mark.parametrize("name", NAMES)


@ALL
def test_it_is_listed_under_its_name(name) -> None:
    assert theories()[name].name == name
    assert theories()[name] is theories()[name]


@ALL
def test_every_step_is_proved(name) -> None:
    theories()[name].derivation.check()


@ALL
def test_its_jacobian_has_the_derivatives_of_each_rate_in_a_row(name) -> None:
    theory = theories()[name]
    for i, rated in enumerate(theory.states):
        for j, moved in enumerate(theory.states):
            assert theory.jacobian[i, j] == theory.rhs[rated].diff(moved)


@ALL
def test_its_equations_are_printed_one_a_line(name) -> None:
    theory = theories()[name]
    lines = theory.latex.splitlines()
    assert len(lines) == len(theory.states)
    assert all(line.startswith(r"\frac{d}{d t}") for line in lines)


@ALL
def test_its_programs_take_what_they_say(name) -> None:
    theory = theories()[name]
    moving = (theory.time, *theory.states, *theory.parameters)
    assert theory.programs["rhs"].arguments == theory.programs["jacobian"].arguments == moving
    for program in theory.programs.values():
        known = {*program.arguments, *program.definitions}
        for expr in (*program.definitions.values(), *program.results.values()):
            assert expr.free_symbols <= known


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(KeyError, match="there is no theory 'two_points'; there are two_point, scalar_output"):
        theories()["two_points"]


x, y, x_0, y_0, k = sp.symbols("x y x_0 y_0 k", positive=True)
dh2, dy2, w = two_point().states
dh2_0, dy2_0, w_0 = two_point().start
FIELDS = {
    "name": "mine",
    "states": (x, y),
    "start": (x_0, y_0),
    "parameters": (k,),
    "time": two_point().time,
    "rhs": {x: -k * x, y: k * x},
    "readout": {dh2: x, dy2: y, w: y},
    "begin": {x_0: dh2_0, y_0: dy2_0},
    "invariants": {"sum": x + y},
    "derivation": Derivation("Mine", "", {}, ()),
}


def test_a_theory_of_ones_own_is_made_of_its_equations() -> None:
    mine = Theory(**FIELDS)
    assert mine.coefficients == (k,)
    assert set(mine.programs) == {"rhs", "jacobian", "invariants", "readout", "begin"}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("rhs", {x: -k * x}, "rhs of theory 'mine' must have the keys x, y, got x"),
        ("parameters", (k, sp.Symbol("t")), "names in theory 'mine' must differ, got t twice; rename one"),
        ("start", (x_0,), "theory 'mine' must have one start a state, got 1 for 2 states"),
        ("rhs", {}, "rhs of theory 'mine' must have the keys x, y, got none"),
        ("readout", {dh2: x, dy2: y}, "readout of theory 'mine' must have the keys dh2, dy2, w, got dh2, dy2"),
        ("begin", {x_0: dh2_0}, "begin of theory 'mine' must have the keys x_0, y_0, got x_0"),
        (
            "rhs",
            {x: -k * x, y: sp.Symbol("q") * x},
            "rhs of theory 'mine' may use k, t, x, y; that of y has q: name it among the parameters, with the same",
        ),
        ("begin", {x_0: dh2_0, y_0: x}, "begin of theory 'mine' may use dh2_0, dy2_0, k, w_0; that of y_0 has x"),
        ("invariants", {"sum": x + dh2}, "invariants of theory 'mine' may use k, t, x, y; that of sum has dh2"),
    ],
)
def test_what_does_not_fit_together_is_said(field, value, words) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        Theory(**{**FIELDS, field: value})
