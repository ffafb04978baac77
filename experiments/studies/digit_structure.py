"""Digits: which of them end up near each other in trained networks, and which should by both theories."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from repdyn.numeric import MantelTest, geometric_mean_factor, mantel_test, place_on_geodesic, squared_distances
from repdyn.numeric.agreement import agreement

from ..figures.digits import draw_structure
from ..settings import DigitPrediction, DigitStructure
from ..sweep.trial import Trial
from ..trials.collective_ends import DEPTH, RIDGE, encoder_kernel
from ..trials.digit_data import CLASSES, named
from ..trials.identity import identified
from .claim import Claim, Verdict
from .holding import Holding
from .spread import interval_name, number, spread
from .study import Plate, Results, Section, Study, Table, size

_PREDICTIONS = {
    "summed": "theory, summed",
    "normalised": "theory, divided by weights",
    "pairwise": "theory, each pair by itself",
    "collective": "collective theory, K # Y*Y*ᵀ",
    "placed": "collective theory, K #ₐ Y*Y*ᵀ",
    "dx2": "squared distance of the images",
    "same": "one class or two",
}
"""What is compared with the networks: the paper's theory, the collective one, then two that need no theory."""

_SMOOTHED = ("summed", "normalised")
_PAPERS = (*_SMOOTHED, "pairwise")
_COLLECTIVE = ("collective", "placed")


@dataclass(frozen=True)
class DigitStructures(Study):
    """Networks trained to the end, and the distances they give to the first digits."""

    name: ClassVar[str] = "digit_structure"
    title: ClassVar[str] = "Structure of digits"

    networks: int = size(10, "seeds")
    lr: float = size(0.005, "learning rate, of Adam")
    steps: int = size(46850, "training steps")
    shown: int = size(100, "digits displayed")
    points: int = size(10000, "digits that are smoothed over")
    relabellings: int = size(1999, "orders of the points drawn to know what a correlation is by chance")
    data_dir: str = size("", "folder of the MNIST files; without it scikit-learn's digits")

    def trials(self) -> list[Trial]:
        """The prediction and the networks.

        Raises:
            FileNotFoundError: if data_dir has no MNIST files.
            ValueError: if one is damaged.
        """
        prediction = identified(DigitPrediction(shown=self.shown, points=self.points, data_dir=self.data_dir))
        network = identified(
            DigitStructure(name=prediction.data, lr=self.lr, steps=self.steps, shown=self.shown, data_dir=self.data_dir)
        )
        networks = [Trial(replace(network, seed=seed)) for seed in range(self.networks)]
        return [Trial(replace(prediction, name=prediction.data)), *networks]

    def section(self, results: Results) -> Section:
        predicted = results.table("digit_prediction", "predictions")
        measured = results.table("digit_structure", "distances")
        if predicted.empty or measured.empty:
            return Section(self.title, ("The prediction or every network is missing: there is nothing to compare.",))
        networks = measured.pivot_table(index=["first", "second"], columns="seed", values="dh2").reset_index(drop=True)
        pairs = predicted.drop(columns=["setting", "seed"]).sort_values(["first", "second"], ignore_index=True)
        pairs = pairs.assign(same=(pairs["first_class"] != pairs["second_class"]).astype(float))
        pairs = pairs.assign(dh2=networks.mean(axis=1))
        place, placed = placed_distances(pairs, results.table("digit_prediction", "digits"))
        pairs = pairs.assign(placed=placed)
        means = _class_means(pairs)
        tests = {name: self._tests(pairs, means, name) for name in _PREDICTIONS}
        return Section(
            self.title,
            (*self._paragraphs(results, networks), _collective_text(place)),
            (*_claims(pairs, tests), _beside(pairs, tests)),
            (self._plate(pairs, means, networks),),
            (self._table(pairs, networks, tests),),
            _answer(tests),
            tuple(
                Holding(f"{_title(name)} ({of})", theory, test.r * abs(test.r))
                for theory, names in (("two_point", _SMOOTHED), ("collective", _COLLECTIVE))
                for name in names
                for of, test in zip(("all pairs", "classes"), tests[name], strict=True)
                if test is not None
            ),
        )

    def _tests(self, pairs: pd.DataFrame, means: pd.DataFrame, name: str) -> tuple[MantelTest, MantelTest | None]:
        """Over the displayed digits, and over classes: does it know which classes are near each other?"""
        digits = mantel_test(
            _matrix(pairs, "first", "second", "dh2"),
            _matrix(pairs, "first", "second", name),
            relabellings=self.relabellings,
        )
        if name == "same":
            return digits, None
        columns = ("first_class", "second_class")
        classes = mantel_test(
            _matrix(means, *columns, "dh2"), _matrix(means, *columns, name), relabellings=self.relabellings
        )
        return digits, classes

    def _plate(self, pairs: pd.DataFrame, means: pd.DataFrame, networks: pd.DataFrame) -> Plate:
        return Plate(
            "matrices",
            draw_structure(pairs, means),
            "Four matrices of distances of the displayed digits, measured, summed and normalised by the paper's "
            "theory, and by the collective theory, and scatter plots of measured against predicted distances.",
            f"The first {self.shown} digits, sorted by class. Top: squared hidden distance (mean of "
            f"{networks.shape[1]} networks), both predictions of the paper and that of the collective theory, K # "
            "Y*Y*ᵀ. Bottom: measured against predicted, for each two digits and for each two classes (means).",
        )

    def _paragraphs(self, results: Results, networks: pd.DataFrame) -> tuple[str, ...]:
        found = next(iter(results.finished("digit_prediction").values())).values
        known = results.values("digit_structure")["known"]
        settings = DigitStructure()
        source = named(next(t.configuration for t in results.outcomes if isinstance(t.configuration, DigitPrediction)))
        largest, smallest = max(found["class_sizes"]), min(found["class_sizes"])
        return (
            f"{networks.shape[1]} networks ({settings.hidden_layers} hidden layers of {settings.width} units, gain "
            f"{settings.gain}) learn {source} by Adam (learning rate {self.lr:g}, {self.steps:,} batches of "
            f"{settings.batch}) and know {known.min():.1%} to {known.max():.1%} of the training images at the end. "
            f"Of the first {found['shown']} digits, sorted by class, the squared distances at hidden layer "
            f"{settings.layer} are averaged over networks.",
            f"The theory's rich end state of a pair is A = |Δx| |Δy*| times the root of the ratio of the two rates, "
            f"which is one factor for all pairs. The paper smooths it over near neighbours among {found['points']:,} "
            "digits: S = K A K with K = exp(-A). An exponential needs a number without unit, so the factor matters "
            "in principle; the paper leaves it out and takes raw pixels. Then K is 1 for two digits of a class and, "
            f"of the whole weight of a displayed digit's neighbours, at most {found['across']:.1g} is not of its "
            "class: S is the sum of A over both classes, whatever the factor, and its normalised version the mean. "
            "Both say nothing about two digits but their classes: 45 numbers, and 0 within a class.",
            f"The sum carries the sizes of the classes ({smallest} to {largest} digits), which no network of this "
            "kind knows of; between classes A is the distance of the images times the root of 2, so that the theory "
            "claims that classes whose images are far apart are represented far apart.",
            "Correlations are Pearson's r. Entries of a matrix of distances are not independent: p-values are those "
            f"of Mantel's test, {self.relabellings:,} relabellings of the digits (seed 0), or of the ten classes for "
            "the question which classes are near each other once it is known which digits are of one class.",
        )

    def _table(
        self,
        pairs: pd.DataFrame,
        networks: pd.DataFrame,
        tests: dict[str, tuple[MantelTest, MantelTest | None]],
    ) -> Table:
        apart = (pairs["first_class"] != pairs["second_class"]).to_numpy()
        rows: list[dict[str, str]] = []
        for name, title in _PREDICTIONS.items():
            digits, classes = tests[name]
            each = [_r(pairs.assign(dh2=networks[seed]), name) for seed in networks]
            row = {
                "against": title,
                "r, all pairs": f"{digits.r:.3f} (p = {digits.p_value:.2g})",
                "single networks": spread(each, ".3f"),
            }
            if classes is not None:
                each = [_r(pairs.assign(dh2=networks[seed])[apart], name) for seed in networks]
                row["r, different classes"] = f"{_r(pairs[apart], name):.3f}"
                row["single networks, different classes"] = spread(each, ".3f")
                row["r, means of classes"] = f"{classes.r:.3f} (p = {classes.p_value:.2g})"
            rows.append(row)
        halves = _reliability(networks[apart])
        caption = (
            "Correlation with the distances of the networks: of their mean, and of each network by itself "
            f"({interval_name(networks.shape[1])}). "
            f"Two networks agree with each other, different classes only, with r = {halves}: what the data alone "
            "decide, known without error, would have about the root of that with a single network."
        )
        return Table(caption, pd.DataFrame(rows).fillna("-"))


def _claims(pairs: pd.DataFrame, tests: dict[str, tuple[MantelTest, MantelTest | None]]) -> tuple[Claim, ...]:
    of_all: list[Verdict] = []
    of_classes: list[Verdict] = []
    indicator = tests["same"][0].r
    images = tests["dx2"][1]
    across = pairs[pairs["first_class"] != pairs["second_class"]]
    assert images is not None
    for name in _SMOOTHED:
        digits, classes = tests[name]
        assert classes is not None
        title = _title(name)
        of_all.append(
            Verdict(
                title,
                f"r = {digits.r:.3f}, p = {digits.p_value:.2g}; by chance r is below {digits.chance:.2f} in 95 %",
                _beyond_chance(digits),
                f"knowing only whether two digits are of one class gives r = {indicator:.3f}",
            )
        )
        of_classes.append(
            Verdict(
                title,
                f"r = {classes.r:.3f}, p = {classes.p_value:.2g}; by chance r is below {classes.chance:.2f} in 95 %; "
                f"digit by digit r = {_r(across, name):.3f}",
                _beyond_chance(classes),
                f"mean squared distances of the images, without a theory, give r = {images.r:.3f}",
            )
        )
    rule = "with the smoothed theory: above what 95 % of relabellings give; a positive r below that is undecided"
    return (
        Claim(
            "The hidden distances of all pairs of digits follow the smoothed theory",
            f"Pearson's r of the squared hidden distances {rule}. The paper's r is not recorded.",
            tuple(of_all),
        ),
        Claim(
            "The hidden distances of classes follow the smoothed theory, same-class pairs left out",
            f"Pearson's r of the class means of the squared hidden distances {rule}. The paper's r is not recorded.",
            tuple(of_classes),
        ),
    )


def _beside(pairs: pd.DataFrame, tests: dict[str, tuple[MantelTest, MantelTest | None]]) -> Claim:
    """Whether the collective theory is nearer than whatever of the paper is nearest."""
    across = pairs[pairs["first_class"] != pairs["second_class"]]
    r = {name: (tests[name][0].r, _r(across, name)) for name in (*_PAPERS, *_COLLECTIVE)}
    best = [max(_PAPERS, key=lambda name, kind=kind: r[name][kind]) for kind in range(2)]
    others = ", ".join(f"{r[name][kind]:.3f} ({_PREDICTIONS[name]})" for kind, name in enumerate(best))
    return Claim(
        "The collective theory says more of the hidden distances than the paper's, of all pairs and of two classes",
        "Pearson's r of the squared hidden distances of all pairs of digits, and of the pairs of two classes digit by "
        "digit: both larger than the largest of the paper's theory, each pair by itself and smoothed.",
        tuple(
            Verdict(
                _title(name),
                f"r = {r[name][0]:.3f} over all pairs, {r[name][1]:.3f} over pairs of two classes",
                all(r[name][kind] > r[best[kind]][kind] for kind in range(2)),
                f"the paper's: {others}; of the means of classes r = {_of_classes(tests[name]).r:.3f}",
            )
            for name in _COLLECTIVE
        ),
        of_paper=False,
    )


def placed_distances(pairs: pd.DataFrame, digits: pd.DataFrame) -> tuple[float, NDArray[np.float64]]:
    """Where between the kernel of the displayed digits and their targets the networks stand, and the distances there.

    Args:
        pairs: a row for each two digits, by ``first`` and then by ``second``: their squared distance dh2.
        digits: the class and the inputs x0, x1, ... of each.

    Returns:
        The place, which is fitted to the inner products, and a squared distance for each pair.
    """
    kernel = encoder_kernel(digits.filter(regex=r"^x\d+$").to_numpy(np.float64))
    targets = np.eye(CLASSES)[digits["class"].to_numpy()]
    hidden = _points(_matrix(pairs, "first", "second", "dh2"))
    place = place_on_geodesic(hidden, kernel, targets, ridge=RIDGE).weight
    factor = geometric_mean_factor(kernel.centred, targets - targets.mean(0), place, RIDGE)
    first, second = np.triu_indices(len(digits), k=1)
    return place, squared_distances(factor)[first, second]


def _points(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points with these squared distances, by classical scaling; what is of no points is left out."""
    about = distances - distances.mean(0)
    values, vectors = np.linalg.eigh((about.mean(1, keepdims=True) - about) / 2)
    return vectors * np.sqrt(np.maximum(values, 0.0))


def _collective_text(place: float) -> str:
    return (
        "The collective theory takes all digits together: their inner products end as K # Y*Y*ᵀ, K the tangent kernel "
        f"of {DEPTH} infinitely wide hidden layer, over as many digits as are smoothed over, with nothing fitted but a "
        "scale, which r does not see; two digits of a class differ in it too. With one number fitted, the place a of "
        f"the layer between inputs and targets, it is K #ₐ Y*Y*ᵀ over the displayed digits alone, a = {number(place)}. "
        f"Modes with {RIDGE:g} of the largest eigenvalue of K are half learnt. The theory is of gradient descent, and "
        "these networks are trained by Adam. The study collective asks it of gradient descent, at every layer, from "
        "the outputs in place of the targets, and with what is left of the start."
    )


def _of_classes(tests: tuple[MantelTest, MantelTest | None]) -> MantelTest:
    """The test over the means of classes, which all predictions have but that of the classes themselves."""
    assert tests[1] is not None
    return tests[1]


def _title(name: str) -> str:
    return _PREDICTIONS[name].removeprefix("theory, ").removeprefix("collective theory, ")


def _answer(tests: dict[str, tuple[MantelTest, MantelTest | None]]) -> str:
    """What the smoothed theory adds to knowing the classes."""
    digits, classes = tests["normalised"]
    images = tests["dx2"][1]
    assert classes is not None
    assert images is not None
    together = tests["collective"]
    return (
        f"The smoothed theory (divided by weights) has r = {digits.r:.2f} with the distances of all pairs, where "
        f"knowing the classes alone gives {tests['same'][0].r:.2f}; with those of classes r = {classes.r:.2f}, where "
        f"the images alone give {images.r:.2f}. The collective theory has {together[0].r:.2f} and "
        f"{_of_classes(together).r:.2f}."
    )


def _beyond_chance(test: MantelTest) -> bool | None:
    """Whether the matrices go together: not if r is not positive; undecided if relabelling gives as much."""
    return True if test.p_value < 0.05 else None if test.r > 0 else False


def _class_means(pairs: pd.DataFrame) -> pd.DataFrame:
    """The means over the pairs of digits of two different classes, a row for each two classes."""
    apart = pairs[pairs["first_class"] != pairs["second_class"]].drop(columns=["first", "second"])
    return apart.groupby(["first_class", "second_class"]).mean().reset_index()


def _matrix(pairs: pd.DataFrame, first: str, second: str, values: str) -> NDArray[np.float64]:
    """A symmetric matrix, with 0 on the diagonal, from a row for each unordered two of what there is."""
    present, index = np.unique(np.concatenate([pairs[first], pairs[second]]), return_inverse=True)
    i, j = index.reshape(2, -1)
    matrix = np.zeros((len(present), len(present)))
    matrix[i, j] = matrix[j, i] = pairs[values]
    return matrix


def _r(pairs: pd.DataFrame, name: str) -> float:
    return agreement(pairs[name], pairs["dh2"]).pearson


def _reliability(networks: pd.DataFrame) -> str:
    """How far the distances of one network are those of another."""
    found = networks.corr().to_numpy()
    return (
        spread(found[np.triu_indices(len(found), k=1)].tolist(), ".3f") if len(found) > 1 else "unknown (one network)"
    )
