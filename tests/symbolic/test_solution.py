"""The assembled solution solves the printed system: its derivative in time, at 50 digits."""

import mpmath as mp
import printed_theory
import pytest
from exact_numbers import CLOSE, DIGITS, function, random_arguments
from repdyn.symbolic import two_point

theory = two_point()
solution = function(theory.solution, *theory.solution.results.values())
SEEDS = range(8)


def conserved(arguments):
    return printed_theory.conserved(*arguments[1:])


def test_both_signs_of_the_conserved_quantity_are_among_the_points() -> None:
    assert {mp.sign(conserved(random_arguments(seed))) for seed in SEEDS} == {-1, 1}


@pytest.mark.parametrize("seed", SEEDS)
def test_it_solves_the_system(seed) -> None:
    with mp.workdps(DIGITS):
        t, *fixed = random_arguments(seed)
        rates = printed_theory.system(*solution(t, *fixed), *fixed[3:])
        for index, rate in enumerate(rates):
            derivative = mp.diff(lambda time, i=index: solution(time, *fixed)[i], t)
            assert abs(derivative - rate) < CLOSE * (1 + abs(rate))


@pytest.mark.parametrize("seed", SEEDS)
def test_it_starts_at_the_start(seed) -> None:
    with mp.workdps(DIGITS):
        _, *fixed = random_arguments(seed)
        for value, start in zip(solution(mp.mpf(0), *fixed), fixed[:3], strict=True):
            assert abs(value - start) < CLOSE


@pytest.mark.parametrize("seed", SEEDS)
def test_it_ends_at_the_printed_distance(seed) -> None:
    """The end of the trajectory and the program for the end, both against the closed formula."""
    with mp.workdps(DIGITS):
        _, dh2, dy2, w, *parameters = random_arguments(seed)
        expected = printed_theory.final_distance(dh2, dy2, *parameters)
        late, dy2_end, w_end = solution(mp.mpf(10) ** 4, dh2, dy2, w, *parameters)
        assert abs(late - expected) < CLOSE
        assert abs(dy2_end - parameters[1]) < CLOSE
        assert abs(w_end) < CLOSE
        end, *_ = function(theory.final, *theory.final.results.values())(dh2, dy2, w, *parameters)
        assert abs(end - expected) < CLOSE
