"""No step accepts a statement that is a little wrong: one sign or one factor changed, anywhere in it."""

from dataclasses import replace

import pytest
import sympy as sp
from repdyn.symbolic import DerivationError, chapters

OWNERS = {step: theory.name for theory in reversed(list(chapters().values())) for step in theory.derivation.steps}
"""Every step of every theory; one that several theories share belongs to the first of them."""

RELATIONS = [
    pytest.param(step, relation, id=f"{owner}-{step.name}-{i}")
    for step, owner in reversed(list(OWNERS.items()))
    for i, relation in enumerate(step.statement)
]


def is_sum(expr):
    return isinstance(expr, sp.Add | sp.MatAdd)


def changed_terms(expr, factor):
    """The expression with one term, of any sum in it, multiplied by the factor: each in turn."""
    for i, part in enumerate(expr.args):
        variants = [factor * part] if is_sum(expr) else []
        for variant in (*variants, *changed_terms(part, factor)):
            yield expr.func(*expr.args[:i], variant, *expr.args[i + 1 :])


def mutants(relation):
    left, right = relation.lhs, relation.rhs
    for factor in (-1, 2):
        yield from ((left, mutant) for mutant in changed_terms(right, factor))
        yield from ((mutant, right) for mutant in changed_terms(left, factor))
        if not is_sum(right):
            yield left, factor * right


@pytest.mark.parametrize(("step", "relation"), RELATIONS)
def test_a_changed_statement_is_not_proved(step, relation) -> None:
    for left, right in mutants(relation):
        mutant = replace(step, statement=(sp.Eq(left, right, evaluate=False),))
        with pytest.raises(DerivationError, match=f"step '{step.name}' is not proved"):
            mutant.check()


def test_a_step_that_theories_share_is_tried_once() -> None:
    every = [step for theory in chapters().values() for step in theory.derivation.steps]
    assert set(OWNERS) == set(every)
    assert len(OWNERS) < len(every)


def test_there_is_a_mutant_of_every_term() -> None:
    a, b, c = sp.symbols("a b c")
    mutants_of_sums = {a * b - a * c - 1, a * c - a * b + 1, 1 - a * b - a * c, 1 + a * b + a * c}
    assert {sp.expand(mutant) for mutant in changed_terms(a * (b - c) + 1, -1)} == mutants_of_sums
    A, B = (sp.MatrixSymbol(name, 2, 2) for name in "AB")
    assert {mutant.doit() for mutant in changed_terms((A + B) * A, 2)} == {(2 * A + B) * A, (A + 2 * B) * A}
