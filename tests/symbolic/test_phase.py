"""A start and its place in the phase diagram are two ways to say the same."""

import sympy as sp
from repdyn.symbolic.functions import elementary
from repdyn.symbolic.pair import dh2, dy2, dy2_target, w
from repdyn.symbolic.two_points.phase import ANGLE, PLACE, START, cosine, rho, slope
from repdyn.symbolic.two_points.scalars import A_high, A_low

PLACED = {x: elementary(value) for x, value in PLACE.results.items()}


def test_a_start_is_recovered_from_its_place() -> None:
    found = {x: START.expand(value).xreplace({A_high: PLACED[A_high]}) for x, value in START.results.items()}
    assert sp.simplify(found[dy2] - dy2) == 0
    turned = START.results[w].xreplace({cosine: PLACED[cosine]})
    assert sp.simplify(turned - w) == 0
    assert START.results[w] == ANGLE.results[w]


def test_a_state_is_on_its_line() -> None:
    assert sp.simplify(PLACED[A_high] + PLACED[rho] * PLACED[slope] - dh2) == 0


def test_the_rich_scale_is_that_of_the_line_and_the_targets() -> None:
    assert sp.simplify(PLACED[A_low] ** 2 - PLACED[rho] * dy2_target) == 0
