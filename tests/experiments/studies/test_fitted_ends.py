"""Ends of all points of a task by both theories, with numbers fitted to them."""

import numpy as np
import pandas as pd
import pytest
import scipy.linalg as la
from repdyn.experiments.studies.end_states import end_distances
from repdyn.experiments.studies.fitted_ends import (
    COMPARED,
    FITTED,
    Learnt,
    beside_claim,
    errors_text,
    fitted_ends,
    held,
)
from repdyn.experiments.tasks.xor import data
from repdyn.experiments.trials.collective_ends import encoder_kernel
from repdyn.numeric import squared_distances
from repdyn.numeric.agreement import agreement

GENERATOR = np.random.default_rng(0)
FIRST, SECOND = np.triu_indices(12, 1)


def task(outputs: int = 2, points: int = 12) -> Learnt:
    """Points of which not everything is learnt."""
    inputs, targets = GENERATOR.normal(size=(points, 3)), GENERATOR.normal(size=(points, outputs))
    return Learnt(inputs, targets, targets + 0.3 * GENERATOR.normal(size=targets.shape), "relu")


def pairs_of(of: Learnt, start: np.ndarray, end: np.ndarray) -> pd.DataFrame:
    """The pairs of points that start with outputs 0."""
    first, second = np.triu_indices(len(of.inputs), 1)
    squares = {"dx2": of.inputs, "dy2_target": of.targets}
    known = {name: squared_distances(x)[first, second] for name, x in squares.items()}
    return pd.DataFrame({**known, "dh2_start": start, "dy2_start": 0.0, "w_start": 0.0, "dh2_end": end})


def predicted(pairs: pd.DataFrame, of: Learnt) -> dict[str, np.ndarray]:
    return {str(name): rows["predicted"].to_numpy() for name, rows in fitted_ends(pairs, of).groupby("theory")}


def mean_of_matrices(kernel: np.ndarray, values: np.ndarray, ridge: float = 1e-9) -> np.ndarray:
    """Squared distances by ``A^1/2 (A^-1/2 B A^-1/2)^1/2 A^1/2``, of matrices about the mean and a little more."""
    count = len(kernel)
    about = np.eye(count) - 1 / count
    a = about @ kernel @ about + ridge * np.eye(count)
    b = about @ values @ values.T @ about + ridge**2 * np.eye(count)
    root = la.sqrtm(a).real
    inverse = la.inv(root)
    gram = root @ la.sqrtm(inverse @ b @ inverse).real @ root
    return np.add.outer(np.diag(gram), np.diag(gram)) - 2 * gram


@pytest.mark.parametrize("outputs", [1, 2])
def test_the_end_is_the_mean_of_kernel_and_targets(outputs: int) -> None:
    of = task(outputs)
    expected = mean_of_matrices(encoder_kernel(of.inputs, "relu").matrix(), of.targets)[FIRST, SECOND]
    found = predicted(pairs_of(of, np.ones(66), expected), of)["targets"]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * expected.max())


def test_a_rich_network_that_learns_exclusive_or_has_two_places() -> None:
    inputs, targets = data()
    of = Learnt(inputs, targets, targets, "relu")
    by_hand = mean_of_matrices(encoder_kernel(inputs, "relu").matrix(), targets)[np.triu_indices(4, 1)]
    np.testing.assert_allclose(by_hand / by_hand.max(), [1, 1, 0, 0, 1, 1], atol=1e-3)
    found = predicted(pairs_of(of, np.full(6, 1e-9), np.array([2.0, 2, 1, 1, 2, 2])), of)
    for name in ("targets", "outputs", "pairs_ratio"):
        np.testing.assert_allclose(found[name], [2, 2, 0, 0, 2, 2], atol=1e-4)


def test_with_one_output_only_the_outputs_count() -> None:
    of = task(1)
    end = GENERATOR.uniform(1, 2, 66)
    one, other = (
        predicted(pairs_of(of, end, end), Learnt(x, of.targets, of.outputs, "relu"))["outputs"]
        for x in (of.inputs, GENERATOR.normal(size=(12, 5)))
    )
    np.testing.assert_allclose(one, other, rtol=1e-9)
    np.testing.assert_allclose(agreement(one, squared_distances(of.outputs)[FIRST, SECOND]).pearson, 1.0)


def test_a_network_that_is_the_theory_is_predicted_without_error() -> None:
    of = task()
    start = GENERATOR.uniform(1, 2, 66)
    learnt = predicted(pairs_of(of, start, start), of)["outputs"]
    found = predicted(pairs_of(of, start, 3 * learnt), of)
    for name in ("outputs", "collective"):
        np.testing.assert_allclose(found[name], 3 * learnt, rtol=1e-9)
    left = 0.4 * start + 7 * learnt
    found = predicted(pairs_of(of, start, left), of)
    np.testing.assert_allclose(found["collective"], left, rtol=1e-9)
    assert agreement(found["outputs"], left).error > 0.05


@pytest.mark.parametrize("ratio", [1e-3, 1.0, 30.0])
@pytest.mark.parametrize(("factor", "name"), [(1.0, "pairs_ratio"), (4.0, "pairs_scaled")])
def test_pairs_that_are_alone_are_predicted_without_error(ratio: float, factor: float, name: str) -> None:
    of = task()
    pairs = pairs_of(of, GENERATOR.uniform(0.1, 2, 66), np.zeros(66))
    end = factor * end_distances(pairs, {"rate_h": ratio, "rate_y": 1.0})
    np.testing.assert_allclose(predicted(pairs.assign(dh2_end=end), of)[name], end, rtol=1e-5)


def test_more_numbers_are_never_further_from_the_distances() -> None:
    of = task(1)
    pairs = pairs_of(of, GENERATOR.uniform(0.1, 2, 66), GENERATOR.uniform(0.5, 3, 66))
    error = {name: agreement(x, pairs["dh2_end"]).error for name, x in predicted(pairs, of).items()}
    assert set(error) == set(FITTED)
    assert error["collective"] <= error["outputs"] + 1e-12
    assert error["pairs_scaled"] <= error["pairs_ratio"] + 1e-9


def test_where_nothing_is_learnt_the_start_is_left() -> None:
    of = task()
    start = GENERATOR.uniform(1, 2, 66)
    found = predicted(pairs_of(of, start, start / 2), Learnt(of.inputs, of.targets, np.ones((12, 2)), "relu"))
    np.testing.assert_allclose(found["collective"], start / 2)
    assert not found["outputs"].any()


def test_a_network_that_tells_no_point_from_another_is_predicted_as_such() -> None:
    of = task()
    found = predicted(pairs_of(of, np.ones(66), np.zeros(66)), of)
    assert not any(found[name].any() for name in ("targets", "outputs", "collective", "pairs_scaled"))


def scores(*errors: tuple[float, float], r2: float = 0.5) -> pd.DataFrame:
    """Of networks with these errors, by the collective theory and pair by pair."""
    return pd.DataFrame(
        [
            {"setting": "rich", "seed": seed, "theory": name, "error": error, "r2": r2}
            for seed, (ours, pairs) in enumerate(errors)
            for name, error in {**dict.fromkeys(FITTED, 0.5), COMPARED[0]: ours, COMPARED[1]: pairs}.items()
        ]
    )


@pytest.mark.parametrize(
    ("of", "agrees", "nearer"),
    [
        (scores((0.1, 0.2), (0.18, 0.21)), True, "nearer in 2 of 2 networks"),
        (scores((0.2, 0.1), (0.2, 0.1)), False, "nearer in 0 of 2 networks"),
        (scores((0.1, 0.2), (0.2, 0.1)), None, "nearer in 1 of 2 networks"),
        (scores((0.19, 0.2), (0.2, 0.19)), None, "nearer in 0 of 2 networks"),
        (scores((0.1, 0.9), r2=-0.1), None, "neither has an R² above 0 in every network; nearer in 1 of 1 networks"),
    ],
)
def test_the_nearer_theory_is_told(of: pd.DataFrame, agrees: bool | None, nearer: str) -> None:
    (verdict,) = beside_claim(of).verdicts
    assert (verdict.setting, verdict.agrees) == ("rich", agrees)
    assert verdict.by.startswith(nearer)
    assert "with one number each 0.5 (0.5 to 0.5) (collective, K # YYᵀ)" in verdict.by or len(of) == len(FITTED)


def test_what_is_said_of_both_theories_names_them() -> None:
    of = scores((0.1, 0.2))
    assert errors_text(of) == (
        "With two numbers fitted the relative error of the distances is 0.1 (rich) by the collective theory, "
        "0.2 (rich) by the theory of pairs."
    )
    assert list(held(of)["theory"]) == ["collective"]
    nothing = of.iloc[:0]
    assert errors_text(nothing) == ""
    assert beside_claim(nothing).verdicts == ()
