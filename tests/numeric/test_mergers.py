"""Which pairs merge and which part first: the condition by brute force, the parting by another integrator."""

import numpy as np
import pytest
from repdyn.numeric import (
    Pair,
    State,
    all_strings,
    evolve,
    final_distance,
    merger_threshold,
    merges,
    parting,
    shared_futures,
)
from repdyn.numeric.parting import _starts

LENGTHS = ([1.0, 1.0, 5.5], [10.0, 2.0, 5.5])
"""What figure 10 of the paper and the table of shares are of."""


@pytest.mark.parametrize("symbols", [2, 3])
@pytest.mark.parametrize("factor", [0.005, 1 / 3, 0.5, 1.0, 2.0])
def test_futures_are_those_of_all_strings(factor, symbols) -> None:
    """Counted one by one, each by what is left after it; 1/symbols is where the closed form is 0/0."""
    for longer in range(5):
        counted = sum(factor ** len(s) for block in all_strings(symbols, 4 - longer) for s in block)
        found = shared_futures(longer, 4, factor=factor, share=0.3, symbols=symbols)
        assert found == pytest.approx(0.09 * counted, rel=1e-12)


def test_a_pair_merges_where_its_final_distance_is_nothing() -> None:
    """The condition against the end of the theory, from the start that it assumes."""
    draws = np.random.default_rng(0)
    factor, c_h, c_y, rate_h, rate_y = draws.uniform(0.05, 0.9, (5, 400))
    shorter, future = draws.integers(1, 8, (2, 400))
    count = draws.integers(1, 9, 400)
    dh2 = c_h * factor**shorter
    dy2 = c_y * factor**future * dh2
    rates = {"rate_h1": rate_h / 3, "rate_h2": 2 * rate_h / 3, "rate_y": rate_y, "futures": count}
    ends = final_distance(State(dh2, dy2, dy2), Pair(1.0, 0.0), rates, theory="recurrent")
    constant = c_h * rate_y / (c_y * rate_h)
    found = merges(shorter, count * factor**future, factor=factor, constant=constant)
    np.testing.assert_array_equal(found, ends == 0)
    assert 50 < found.sum() < 350


def test_the_threshold_is_where_mergers_begin() -> None:
    futures, factor = np.array([[1.0], [7.0]]), np.array([0.1, 0.9])
    length = merger_threshold(futures, factor=factor, constant=500.0)
    assert merges(1.001 * length, futures, factor=factor, constant=500.0).all()
    assert not merges(0.999 * length, futures, factor=factor, constant=500.0).any()


def test_parting_is_what_evolve_finds() -> None:
    """The same starts one by one, by another integrator."""
    found = parting(1.0, 10.0, draws=3, time=4000.0, seed=5)
    constants = {"rate_h1": 0.02, "rate_h2": 0.2, "rate_b": 0.005, "rate_y": 0.02, "futures": 1.0}
    constants |= {"y1_y1": 1.0, "y2_y2": 1.0, "y1_y2": 1.0}
    names = ("h1", "h2", "b_u", "b_y1", "b_y2", "b_b", "u_u", "y1_u", "y2_u")
    for k, start in enumerate(_starts(0.05, 3, np.random.default_rng(5)).T):
        path = evolve("fixed_expansion", np.linspace(0, 4000, 1001), dict(zip(names, start, strict=True)), constants)
        apart = np.abs(path["h2"] - path["h1"])
        assert found.most[k] == pytest.approx(apart.max() / apart[0], rel=1e-3)
        assert found.left[k] == pytest.approx(apart[-1] / apart.max(), rel=1e-3, abs=1e-5)


def test_unequal_lengths_part_before_they_merge_and_equal_ones_do_not() -> None:
    found = parting(*LENGTHS, seed=1)
    parted, merged = found.parted, found.merged
    assert parted.value[2] == 0
    assert parted.value[0] > parted.value[1] > 0.5
    assert np.median(found.most[0]) > np.median(found.most[1]) > 1.5
    assert (merged.value > 0.75).all()
    for share in (parted, merged):
        assert ((share.low <= share.value) & (share.value <= share.high)).all()
        assert (share.high - share.low < 0.15).all()


def test_which_sequence_is_first_makes_no_difference() -> None:
    """Exchanging the two is exchanging h1 and h2, which are drawn alike; by draws only the shares agree."""
    one, other = (parting(*x, draws=400, time=5000.0).parted for x in ((1.0, 4.0), (4.0, 1.0)))
    assert one.low < other.value < one.high


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: shared_futures(-1, 3), "longer must be whole numbers of at least 0, got -1"),
        (lambda: shared_futures(1, 2.5), "longest must be whole numbers of at least 0, got 2.5"),
        (lambda: shared_futures(5, 3), "longer must be at most longest, got 2 more"),
        (lambda: shared_futures(1, 3, share=0.0), "share must be above 0 and at most 1, got 0"),
        (lambda: merges(0.0, 1.0, factor=0.5, constant=1.0), "shorter must be positive and finite, got 0"),
        (lambda: merger_threshold(1.0, factor=1.0, constant=1.0), "factor must be below 1, got 1: distances that grow"),
        (lambda: parting(1.0, [2.0, np.inf]), "second must be positive and finite, got inf"),
        (lambda: parting(1.0, 2.0, rate=-0.1), "rate must be positive and finite, got -0.1"),
        (lambda: parting(1.0, 2.0, draws=0), "draws must be a whole number of at least 1, got 0"),
    ],
)
def test_what_is_wrong_is_refused(call, words) -> None:
    with pytest.raises(ValueError, match=words):
        call()
