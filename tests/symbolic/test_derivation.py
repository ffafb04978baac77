"""A derivation holds, and says precisely what does not."""

from dataclasses import replace

import pytest
import sympy as sp
from repdyn.symbolic import Derivation, DerivationError, Step, chapters

x, y = sp.symbols("x y")


def difference(relation):
    return sp.expand(relation.lhs - relation.rhs)


square = Step("square", "A square", "Multiply out.", (sp.Eq((x + y) ** 2, x**2 + 2 * x * y + y**2),), difference)
wrong = replace(square, name="wrong", statement=(*square.statement, sp.Eq(x, 2 * x, evaluate=False)))


@pytest.mark.parametrize("name", chapters())
def test_every_step_states_something_and_says_why(name) -> None:
    steps = chapters()[name].derivation.steps
    assert len({step.name for step in steps}) == len(steps)
    assert all(step.statement and step.title and step.reason for step in steps)


def test_a_wrong_step_names_itself_the_relation_and_what_it_leaves() -> None:
    words = r"step 'wrong' is not proved: Eq\(x, 2\*x\) must leave 0 and leaves -x; correct the statement or the rule"
    with pytest.raises(DerivationError, match=words):
        wrong.check()


def test_a_derivation_stops_at_the_first_step_that_does_not_hold() -> None:
    with pytest.raises(DerivationError, match="step 'wrong'"):
        Derivation("", "", {}, (square, wrong, replace(wrong, name="later"))).check()


def test_a_failed_proof_is_a_failed_assertion() -> None:
    assert issubclass(DerivationError, AssertionError)


def test_a_step_is_found_by_its_name() -> None:
    assert Derivation("", "", {}, (square, wrong))["wrong"] is wrong


def test_an_unknown_step_is_answered_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="the derivation has no step 'cube'; its steps are square, wrong"):
        Derivation("", "", {}, (square, wrong))["cube"]
