"""Rates of a data set are recovered from its pairs, whichever are recorded and in whatever axes."""

import re
from dataclasses import astuple

import numpy as np
import pytest
from repdyn.numeric import (
    CollectiveRates,
    CollectiveState,
    Kernel,
    Pair,
    Rates,
    State,
    collective_trajectory,
    fit_collective,
    fit_rates,
    measured_start,
    observed_pairs,
    trajectory,
)

TIMES = np.linspace(0.0, 60.0, 13)
CONSTANT = CollectiveRates(0.5, 0.3, 0.1)
GROWING = CollectiveRates(0.3, 0.3, 0.1, h1=0.3, h2=0.5)
PAIRS = np.array([(i, j) for i in range(10) for j in range(i)])


def task(seed=0):
    draws = np.random.default_rng(seed)
    x, y = draws.normal(size=(10, 4)), draws.normal(size=(10, 2))
    start = CollectiveState(
        0.05 * x @ draws.normal(size=(4, 3)), 0.05 * draws.normal(size=(2, 3)), 0.1 * draws.normal(size=2)
    )
    return start, Kernel(x), x @ draws.normal(size=(4, 2)) / 2 + 0.3 * y


def recorded(rates, noise=0.0, seed=0, pairs=PAIRS):
    start, kernel, targets = task()
    exact = collective_trajectory(TIMES, start, kernel, targets, rates).states(pairs)
    draws = np.random.default_rng(seed)
    fields = [x + noise * x.std() * draws.normal(size=x.shape) for x in vars(exact).values()]
    for x, y in zip(fields, vars(exact).values(), strict=True):
        x[0] = y[0]
    fields[:2] = (np.abs(x) for x in fields[:2])
    return (TIMES, State(*fields), pairs, start, kernel, targets)


def values(fit):
    return np.array([getattr(fit.rates, name) for name in fit.parameters])


def test_rates_without_noise_are_found_again() -> None:
    fit = fit_collective(*recorded(GROWING), growth=("h1", "h2"))
    assert astuple(fit.rates) == pytest.approx(astuple(GROWING), rel=1e-3)
    assert min(fit.r2.dh2, fit.r2.dy2, fit.r2.w, fit.median_r2.w) > 1 - 1e-6
    assert fit.success
    assert (fit.kept.kernel, fit.kept.hidden) == pytest.approx((1, 1))
    assert (fit.kept.rank, fit.kept.units, fit.samples) == (4, 3, 3 * 12 * 45)


def test_powers_are_found_again() -> None:
    rates = CollectiveRates(0.2, 0.3, 0.1, h1=0.3, h2=0.5, p1=0.7, p2=0.4)
    fit = fit_collective(*recorded(rates), growth=("h1", "h2", "p1", "p2"))
    assert astuple(fit.rates) == pytest.approx(astuple(rates), rel=1e-2)
    assert min(fit.r2.dh2, fit.r2.dy2, fit.r2.w) > 1 - 1e-6
    assert len(fit.parameters) == 7


def test_the_power_of_what_does_not_grow_is_not_told() -> None:
    fit = fit_collective(*recorded(CONSTANT), growth=("h2", "p2"))
    assert (fit.rates.h2, fit.rates.p2) == (0.0, 1.0)
    assert set(fit.stderr) == {"h", "y", "b"}
    assert "At the bound, 0 or next to it: h2." in fit.message


def test_rates_with_noise_are_found_within_their_errors() -> None:
    off = []
    for seed in range(3):
        fit = fit_collective(*recorded(CONSTANT, 0.05, seed), growth=())
        errors = np.array([fit.stderr[name] for name in fit.parameters])
        off.append((values(fit) - [CONSTANT.h, CONSTANT.y, CONSTANT.b]) / errors)
        assert (errors < 0.1 * values(fit)).all()
    assert 0.3 < np.sqrt(np.mean(np.square(off))) < 2


def test_what_does_not_grow_is_found_not_to_and_takes_no_more_numbers() -> None:
    data = recorded(CONSTANT, 0.05)
    constant, growing = (fit_collective(*data, growth=growth) for growth in ((), ("h1", "h2", "y1", "y2")))
    assert (constant.parameters, len(growing.parameters)) == (("h", "y", "b"), 7)
    assert constant.aic < growing.aic
    assert growing.sse <= constant.sse * (1 + 1e-6)
    zero = [name for name in ("h1", "h2", "y1", "y2") if not getattr(growing.rates, name)]
    assert zero
    assert f"At the bound, 0 or next to it: {', '.join(zero)}." in growing.message
    assert growing.stderr is None or not set(zero) & growing.stderr.keys()


def test_what_grows_takes_them() -> None:
    data = recorded(GROWING, 0.02)
    constant, growing = (fit_collective(*data, growth=growth) for growth in ((), ("h1", "h2")))
    assert growing.aic < constant.aic - 100


def test_it_does_not_depend_on_the_order_of_points_or_on_axes() -> None:
    data = recorded(GROWING, 0.02)
    fit = fit_collective(*data, growth=("h1", "h2"))
    _, observed, pairs, start, kernel, targets = data
    draws = np.random.default_rng(1)
    order = draws.permutation(10)
    units, outputs = (np.linalg.qr(draws.normal(size=(n, n)))[0] for n in (3, 2))
    moved = CollectiveState((start.hidden @ units)[order], outputs.T @ start.decoder @ units, outputs.T @ start.bias)
    turned = Kernel(kernel.factor[order]), (targets @ outputs)[order]
    other = fit_collective(TIMES, observed, np.argsort(order)[pairs], moved, *turned, growth=("h1", "h2"))
    assert values(other) == pytest.approx(values(fit), rel=1e-3)
    assert other.sse == pytest.approx(fit.sse, rel=1e-4)


def test_any_pairs_say_the_same_and_a_unit_of_time_is_one_of_rates() -> None:
    whole, few = (fit_collective(*recorded(CONSTANT, pairs=pairs), growth=()) for pairs in (PAIRS, PAIRS[::9]))
    assert values(few) == pytest.approx(values(whole), rel=1e-4)
    _, *data = recorded(CONSTANT)
    slow = fit_collective(10 * TIMES + 7, *data, growth=())
    assert values(slow) == pytest.approx(values(whole) / 10, rel=1e-4)


def test_a_pair_alone_is_what_fit_rates_fits() -> None:
    """About the mean, and aligned, with half the rates."""
    t, pair = np.linspace(0, 400, 40), Pair(1.0, 0.25)
    run = trajectory(t, State(0.01, 0.0, 0.0), pair, Rates(0.04, 0.07))
    draws = np.random.default_rng(0)
    noisy = State(*(x + 0.01 * x.max() * np.r_[0, draws.normal(size=39)] for x in (run.dh2, run.dy2)), run.w)
    noisy = State(np.abs(noisy.dh2), np.abs(noisy.dy2), run.w)
    weights = State(1.0, 1.0, 0.0)
    pairwise = fit_rates(t, noisy, pair, weights=weights)
    start = CollectiveState([[0.05], [-0.05]], [[0.0]], [0.0])
    given = [[0, 1]], start, Kernel([[0.5], [-0.5]]), [[0.25], [-0.25]]
    columns = State(*(x[:, None] for x in vars(noisy).values()))
    fit = fit_collective(t, columns, *given, growth=(), bias=False, weights=weights)
    assert fit.rates.h / 2 == pytest.approx(pairwise.rates.h, rel=1e-4)
    assert fit.rates.y / 2 == pytest.approx(pairwise.rates.y, rel=1e-4)
    assert fit.sse == pytest.approx(pairwise.sse, rel=1e-5)


def test_the_same_criterion_counts_other_predictions_of_the_same_records() -> None:
    fit = fit_collective(*recorded(CONSTANT, 0.05), growth=())
    assert fit.aic_of(fit.predicted, 3) == pytest.approx(fit.aic)
    assert fit.aic_of(fit.predicted, 90) - fit.aic == pytest.approx(2 * 87)
    exact = recorded(CONSTANT)[1]
    assert fit.aic_of(exact, 3) > fit.aic
    assert fit.aic_of(fit.observed, 3) == -np.inf


def test_weights_decide_what_counts() -> None:
    time, observed, *rest = recorded(CONSTANT, 0.05)
    wrong = State(observed.dh2, observed.dy2, 0 * observed.w)
    assert fit_collective(time, wrong, *rest, growth=(), weights=State(1.0, 1.0, 0.0)).success
    fit = fit_collective(time, observed, *rest, growth=())
    larger = State(100 * observed.dh2, observed.dy2, observed.w)
    start, kernel, targets = rest[1:]
    moved = CollectiveState(10 * start.hidden, start.decoder / 10, start.bias)
    other = fit_collective(time, larger, rest[0], moved, kernel, targets, growth=())
    assert other.sse == pytest.approx(fit.sse, rel=1e-4)
    assert (other.rates.h / 100, other.rates.y * 100) == pytest.approx((fit.rates.h, fit.rates.y), rel=1e-3)


def test_fewer_directions_leave_the_first_distances_as_they_are() -> None:
    data = recorded(CONSTANT)
    fit = fit_collective(*data, growth=(), rank=2, units=2)
    assert (fit.kept.rank, fit.kept.units) == (2, 2)
    assert 0 < fit.kept.kernel < 1
    np.testing.assert_allclose(fit.predicted.dh2[0], data[1].dh2[0], rtol=1e-9)
    np.testing.assert_allclose(fit.predicted.dy2[0], data[1].dy2[0], rtol=1e-9)


def test_gram_matrices_are_taken_for_distances() -> None:
    start, kernel, targets = task()
    path = collective_trajectory(TIMES, start, kernel, targets, CONSTANT)
    shown = [2, 7, 4, 9]
    grams = [path.gram(k, shown) for k in range(len(path))]
    outputs = [path.outputs(k, shown) for k in range(len(path))]
    found = observed_pairs(grams, outputs, targets[shown], [[0, 1], [3, 2]])
    expected = path.states([[2, 7], [9, 4]])
    for one, other in zip(vars(found).values(), vars(expected).values(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


DATA = recorded(CONSTANT)


def call(*, given=DATA, t=None, observed=None, pairs=None, **more):
    return fit_collective(
        given[0] if t is None else t,
        given[1] if observed is None else observed,
        given[2] if pairs is None else pairs,
        *given[3:],
        **more,
    )


def test_what_the_records_do_not_determine_has_no_errors() -> None:
    """Of a pair about its mean nothing is left to the bias."""
    t = np.linspace(0, 100, 12)
    given = CollectiveState([[0.05], [-0.05]], [[0.0]], [0.0]), Kernel([[0.5], [-0.5]]), [[0.25], [-0.25]]
    run = collective_trajectory(t, *given, CollectiveRates(0.1, 0.1)).states([[0, 1]])
    fit = fit_collective(t, run, [[0, 1]], *given, growth=())
    assert fit.stderr is None
    assert "No standard errors: the records do not determine the rates" in fit.message


def test_rates_that_were_never_computed_are_no_fit(monkeypatch) -> None:
    monkeypatch.setattr("repdyn.numeric.collective.course.MOST_VELOCITIES", 3)
    with pytest.raises(ValueError, match="cannot be computed from this start at any rates that were tried: check the"):
        call(growth=())


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"t": TIMES[::-1]}, "t must increase from each sample to the next"),
        ({"t": TIMES[:-1]}, "observed must have fields of shape (12, 45), got [(13, 45), (13, 45), (13, 45)]"),
        ({"pairs": PAIRS[:3]}, "observed must have fields of shape (13, 3), got [(13, 45), "),
        ({"pairs": PAIRS + 1}, "pairs must be numbers of points, whole and from 0 to 9, of shape (m, 2), got"),
        ({"pairs": [[1, 1]] * 45}, "pairs must be of two different points each, shape (m, 2), got [[1, 1]"),
        ({"pairs": [[0, 1, 2]]}, "pairs must be of two different points each, shape (m, 2), got [[0, 1, 2]]"),
        ({"observed": DATA[1].dh2}, "observed must be of type State"),
        ({"observed": State(-DATA[1].dh2, DATA[1].dy2, DATA[1].w)}, "dh2 is a squared distance and must not be neg"),
        (
            {"observed": State(DATA[1].dh2, 0 * DATA[1].dh2, DATA[1].w)},
            "observed.dy2 must vary, or weights be given of",
        ),
        (
            {"growth": ("h1", "p3")},
            "growth must be a list of names among h1, h2, y1, y2, p1, p2, or empty, got ('h1', 'p3')",
        ),
        ({"growth": 3}, "growth must be a list of names among h1, h2, y1, y2, p1, p2, or empty, got 3"),
        ({"growth": ("p1",)}, "p1 is the power of h1, which is not fitted; name both or neither"),
        ({"bias": 1}, "bias must be True or False, got 1"),
        ({"weights": State(-1.0, 1.0, 1.0)}, "weights must not be negative, nor all 0, got [-1.0, 1.0, 1.0]"),
        ({"weights": State(0.0, 0.0, 0.0)}, "weights must not be negative, nor all 0, got [0.0, 0.0, 0.0]"),
        ({"weights": State([1.0], 1.0, 1.0)}, "weights must have fields of shape (), got [(1,), (), ()]"),
        ({"rank": 0}, "rank must be a whole number of at least 1, got 0"),
        ({"units": 0.5}, "units must be a whole number of at least 1, got 0.5"),
    ],
)
def test_it_is_refused_in_words(more, words) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(words)):
        call(**more)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((np.eye(2), [[[0.0], [1.0]]], [[0.0], [1.0]]), "grams must be of shape (T, points, points), got (2, 2)"),
        (
            ([np.eye(2)], [[0.0], [1.0]], [[0.0], [1.0]]),
            "outputs must be of shape (1, 2, values) like grams, got (2, 1)",
        ),
        (([np.eye(2)], [[[0.0], [1.0]]], [0.0, 1.0]), "targets must be of shape (2, 1) like outputs, got (2,)"),
        (([[[1.0, 2.0], [2.0, 1.0]]], [[[0.0], [1.0]]], [[0.0], [1.0]]), "gram must be a matrix of inner products"),
    ],
)
def test_gram_matrices_are_refused_in_words(given, words) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        observed_pairs(*given, [[0, 1]])


HIDDEN, OUTPUTS = np.random.default_rng(0).normal(size=(8, 3)), np.random.default_rng(1).normal(size=(8, 2))


def test_a_start_gives_back_outputs_that_the_representations_can() -> None:
    said = HIDDEN @ [[1.0, 0.0], [2.0, 1.0], [0.0, -1.0]] + [3.0, 4.0]
    start = measured_start(HIDDEN, said)
    np.testing.assert_allclose(start.outputs, said, atol=1e-12)
    np.testing.assert_allclose(start.decoder, [[1.0, 2.0, 0.0], [0.0, 1.0, -1.0]], atol=1e-12)
    np.testing.assert_allclose(start.bias, [3.0, 4.0], atol=1e-12)


def test_of_what_they_cannot_the_mean_is_left_over() -> None:
    start = measured_start(HIDDEN, OUTPUTS)
    left = OUTPUTS - start.outputs
    np.testing.assert_allclose(left.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose((HIDDEN - HIDDEN.mean(0)).T @ left, 0, atol=1e-12)


def test_the_decoder_is_the_smallest() -> None:
    twice = np.hstack([HIDDEN, HIDDEN])
    one, two = measured_start(HIDDEN, OUTPUTS), measured_start(twice, OUTPUTS)
    np.testing.assert_allclose(two.decoder, np.hstack([one.decoder, one.decoder]) / 2, atol=1e-12)


def test_a_gram_matrix_tells_the_same() -> None:
    one, two = measured_start(HIDDEN, OUTPUTS), measured_start(gram=HIDDEN @ HIDDEN.T, outputs=OUTPUTS)
    np.testing.assert_allclose(two.hidden @ two.hidden.T, HIDDEN @ HIDDEN.T, atol=1e-12)
    np.testing.assert_allclose(two.outputs, one.outputs, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(two.decoder), np.linalg.norm(one.decoder))


def test_points_that_were_not_measured_follow_by_regression() -> None:
    draws = np.random.default_rng(2)
    kernel = Kernel(draws.normal(size=(8, 5)))
    s = np.array([6, 0, 3])
    found = measured_start(HIDDEN[s], OUTPUTS[s], kernel, points=s).hidden
    matrix = kernel.matrix()
    expected = matrix[:, s] @ np.linalg.pinv(matrix[np.ix_(s, s)]) @ HIDDEN[s]
    np.testing.assert_allclose(found, expected, atol=1e-10)
    np.testing.assert_allclose(found[s], HIDDEN[s], atol=1e-10)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "hidden or gram must be given, one of them, got neither"),
        ({"hidden": HIDDEN, "gram": np.eye(8)}, "hidden or gram must be given, one of them, got both"),
        ({"hidden": HIDDEN[0]}, "hidden must be finite numbers of shape (points, units), got shape (3,)"),
        ({"gram": -np.eye(8)}, "gram must be positive semidefinite, got the eigenvalue -1"),
        (
            {"hidden": HIDDEN, "outputs": OUTPUTS[:5]},
            "outputs must be finite numbers of shape (points, values), of the 8",
        ),
        ({"hidden": HIDDEN, "rcond": 1.0}, "rcond must be from 0 to below 1, got 1.0"),
        ({"hidden": HIDDEN, "points": [0, 1]}, "kernel must be of type Kernel where points are given"),
        ({"hidden": HIDDEN, "kernel": Kernel(np.eye(9))}, "hidden must be of the kernel's 9 points, got 8"),
        (
            {"hidden": HIDDEN, "kernel": Kernel(np.eye(9)), "points": [0, 1]},
            "points must be the numbers of the 8 points that were measured, each once, got 2",
        ),
        (
            {"hidden": HIDDEN, "kernel": Kernel(np.eye(9)), "points": [0, 0, 1, 2, 3, 4, 5, 6]},
            "points must be the numbers of the 8 points that were measured, each once, got 8",
        ),
    ],
)
def test_a_start_is_refused_in_words(given, words) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(words)):
        measured_start(**{"outputs": OUTPUTS, **given})
