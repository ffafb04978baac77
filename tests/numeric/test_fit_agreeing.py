"""Pairs whose targets agree: rates where the trajectory determines them, otherwise why it does not."""

import numpy as np
import pytest
from repdyn.numeric import Pair, Rates, State, fit_rates, trajectory

PAIR = Pair(1.5, 0.0)
T = np.linspace(0, 400, 201)


def scalars(state: State) -> list[np.ndarray]:
    return [np.asarray(x) for x in vars(state).values()]


def drawn(seed: int) -> tuple[np.ndarray, State, Pair, Rates]:
    """A pair that agrees, of A_high from minus to nearly its first dh2, seen until much of it is over."""
    rng = np.random.default_rng(seed)
    pair, rates = Pair(10 ** rng.uniform(-1, 1), 0.0), Rates(*10 ** rng.uniform(-4, -1, 2))
    dh2 = 10 ** rng.uniform(-1, 1)
    dy2 = dh2 * dh2 * rng.uniform(0.3, 2) * rates.y / (pair.dx2 * rates.h)
    t = np.linspace(0, rng.uniform(1, 8) / (rates.y * dh2), 150)
    return t, trajectory(t, State(dh2, dy2, dy2), pair, rates), pair, rates


def balanced(path: State) -> State:
    return State(*(1 / x.var() for x in scalars(path)))


@pytest.mark.parametrize("seed", range(30))
def test_rates_of_pairs_that_agree_are_recovered(seed) -> None:
    t, path, pair, true = drawn(seed)
    fit = fit_rates(t, path, pair, weights=balanced(path))
    assert fit.success, fit.message
    assert (fit.rates.h, fit.rates.y) == pytest.approx((true.h, true.y), rel=1e-8)


def test_with_noise_within_their_errors() -> None:
    scores = []
    for seed in range(30):
        t, path, pair, true = drawn(seed)
        noise = 0.01 * np.random.default_rng(seed).normal(size=(3, t.size)) * (t > 0)
        noisy = State(*(x + x[0] * off for x, off in zip(scalars(path), noise, strict=True)))
        fit = fit_rates(t, State(abs(noisy.dh2), abs(noisy.dy2), noisy.w), pair, weights=balanced(path))
        if fit.success:
            scores.append([(fit.coefficients[f"rate_{x}"] - getattr(true, x)) / fit.errors[f"rate_{x}"] for x in "hy"])
    assert len(scores) > 20
    assert 0.6 < np.sqrt(np.mean(np.square(scores))) < 1.5


RISING = State(1 + T / 100, 0.1 + T / 1000, 0.1 + T / 1000)
LAZY = trajectory(T, State(1.0, 0.1, 0.1), PAIR, Rates(1e-16, 0.02))
MERGED = trajectory(T, State(1.0, 50.0, 50.0), PAIR, Rates(1e-3, 1e-16))


@pytest.mark.parametrize(
    ("path", "words", "free"),
    [
        (RISING, "here dh2 rises from 1 to 5 and dy2 rises from 0.1 to 0.5, by what the network learns of other", ()),
        (LAZY, "and here dy2 vanished before dh2 moved: only rate_y is determined (rate_h = ", ("rate_y",)),
        (MERGED, "and here dh2 vanished before its decoder made a difference: only rate_h is determined", ("rate_h",)),
    ],
    ids=["rising", "lazy", "merged"],
)
def test_what_is_not_determined_is_a_limit_and_says_why(path, words, free) -> None:
    fit = fit_rates(T, path, PAIR)
    assert not fit.success
    assert not fit.determined
    assert (
        "These points agree in their targets, so that dh2 and dy2 of this pair by itself can only fall" in fit.message
    )
    assert words in fit.message
    assert "a limit, beyond which any other does as well)." in fit.message
    assert tuple(fit.errors or ()) == free
    assert all(error < fit.coefficients[name] for name, error in (fit.errors or {}).items())
    assert all(1e-20 < value < 1e20 for value in fit.coefficients.values())


def test_beyond_a_limit_the_trajectory_is_the_same() -> None:
    fit = fit_rates(T, LAZY, PAIR)
    assert fit.rates.y == pytest.approx(0.02, rel=1e-6)
    lower = trajectory(T, LAZY[0], PAIR, Rates(fit.rates.h / 1e6, fit.rates.y))
    for one, other in zip(scalars(fit.predicted), scalars(lower), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)
    assert trajectory(T, LAZY[0], PAIR, Rates(1e10 * fit.rates.h, 0.02)).dh2[-1] < 0.99


def test_two_rates_that_only_dy2_shows_can_be_exchanged() -> None:
    """dy2 = dh2 times the decoder's square, which are two of a kind where the targets agree."""
    t, path, pair, true = drawn(3)
    weights = State(0.0, 1 / np.var(path.dy2), 1 / np.var(path.w))
    noise = 1e-3 * np.random.default_rng(0).normal(size=t.size) * (t > 0) * path.dy2[0]
    fit = fit_rates(t, State(path.dh2, abs(path.dy2 + noise), path.w), pair, weights=weights)
    assert not fit.determined
    assert "Another minimum fits almost as well" in fit.message
    assert fit_rates(t, path, pair, weights=balanced(path)).rates.h == pytest.approx(true.h, rel=1e-8)
