"""What pairs of strings come to, in numbers: of networks, and of the theory."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from repdyn.numeric import Pair, State, final_distance, merger_threshold, parting, shared_futures
from scipy.optimize import minimize_scalar
from scipy.stats import mannwhitneyu, spearmanr

Array = NDArray[np.float64]

BEGUN = 0.01
"""Mergers begin at the least shorter length of which such a share of agreeing pairs merged."""

APART = 10.0
"""A pair that merges parts first if it is once so many thresholds apart."""

_FEW = 5
"""Merged pairs of two lengths of which no share is told if there are fewer."""

_RATIOS = (-15.0, 15.0)
"""Natural logarithms of the ratio of rates between which the best is looked for."""

_DRAWS = 100
"""Starts that are drawn of the theory for every two lengths."""


def factor_of(nonlinearity: str, gain: float) -> float:
    """What each symbol multiplies squared distances by at a small start: weights of variance gain^2/units.

    >>> factor_of("relu", 0.1).__round__(6), factor_of("tanh", 0.1).__round__(6)
    (0.005, 0.01)
    """
    return gain**2 / (2 if nonlinearity == "relu" else 1)


def merged_shares(counts: pd.DataFrame, by: str) -> pd.Series[float]:
    """The share of agreeing pairs that merged, by ``shorter`` or ``longer`` length."""
    sums = counts.groupby(by)[["merged", "agreeing"]].sum()
    sums = sums[sums["agreeing"] > 0]
    return sums["merged"] / sums["agreeing"]


def shares_by_common(pairs: pd.DataFrame) -> pd.Series[float]:
    """The share of followed agreeing pairs that merged, by the last symbols that both strings share."""
    agreeing = pairs[pairs["agrees"]]
    return agreeing.assign(share=np.isfinite(agreeing["merged_at"])).groupby("common")["share"].mean()


def begun_at(counts: pd.DataFrame) -> float:
    """The least shorter length of which pairs merged; infinity if none did."""
    shares = merged_shares(counts, "shorter")
    begun = shares.index[shares >= BEGUN]
    return float(begun[0]) if len(begun) else float("inf")


def predicted_begin(begun: float, factor: float, other: float, length: int) -> float:
    """Where mergers begin at another factor, by the condition and where they do at one; infinity beyond all data.

    The border is taken to lie half a symbol before the least length of mergers, and futures those of two strings of
    that length.
    """
    border = begun - 0.5
    constant = _futures(border, length, factor) * factor**-border
    lengths = np.arange(1.0, length + 1)
    borders = [float(merger_threshold(_futures(m, length, other), factor=other, constant=constant)) for m in lengths]
    there = lengths[lengths >= borders]
    return float(there[0]) if there.size else float("inf")


def _futures(shorter: float, length: int, factor: float) -> float:
    return float(shared_futures(np.floor(shorter), length, factor=factor))


def futures_correlation(counts: pd.DataFrame) -> float:
    """How the share that merged goes with the longer length at the same shorter one: Spearman's, a mean over those."""
    found: list[float] = []
    for _, rows in counts[counts["agreeing"] > 0].groupby("shorter"):
        share = rows["merged"] / rows["agreeing"]
        if len(rows) > 2 and share.nunique() > 1:
            found.append(rank_correlation(rows["longer"].to_numpy(np.float64), share.to_numpy(np.float64)))
    return float(np.mean(found)) if found else float("nan")


def rank_correlation(x: Array, y: Array) -> float:
    """Spearman's; NaN where one is the same everywhere.

    >>> rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0])).__round__(6)
    1.0
    """
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 3 or np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0:
        return float("nan")
    return float(spearmanr(x[known], y[known]).statistic)


def slope(x: Array, y: Array) -> float:
    """That of a straight line through points; NaN where there are fewer than two, or one of the two is the same in all.

    >>> round(slope(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0])), 6)
    2.0
    """
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 2 or np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0:
        return float("nan")
    return float(np.polyfit(x[known], y[known], 1)[0])


def parted_cells(pairs: pd.DataFrame) -> pd.DataFrame:
    """For every two lengths the share of merged pairs that were far apart before: shorter, longer, share, pairs."""
    merged = pairs[pairs["agrees"] & np.isfinite(pairs["merged_at"])]
    cells = merged.assign(share=merged["apart"] >= APART).groupby(["shorter", "longer"])["share"]
    found = cells.agg(["mean", "size"]).reset_index().rename(columns={"mean": "share", "size": "pairs"})
    return found[found["pairs"] >= _FEW].reset_index(drop=True)


@cache
def theory_cells(length: int) -> pd.DataFrame:
    """What the theory says of every two lengths: parted, the share of starts that part, and stretch, a median.

    The learning rate is but a unit of time.
    """
    shorter, longer = np.triu_indices(length)
    found = parting(shorter + 1.0, longer + 1.0, draws=_DRAWS)
    values = {"parted": found.parted.value, "stretch": np.median(found.most, axis=-1)}
    return pd.DataFrame({"shorter": shorter + 1, "longer": longer + 1, **values})


def with_theory(cells: pd.DataFrame, length: int) -> pd.DataFrame:
    """The cells that both network and theory have."""
    return cells.merge(theory_cells(length), on=["shorter", "longer"])


def theory_ends(pairs: pd.DataFrame, *, by_length: bool) -> Array:
    """The final squared distance of every pair from its start, with one number fitted: the ratio of both rates.

    Args:
        pairs: with dh2_start, dy2_start, agrees, futures, shorter, longer and dh2_end, to which the ratio is fitted.
        by_length: whether the rate of a state is proportional to its length, or the same for all.
    """
    dh2, dy2 = (pairs[name].to_numpy(np.float64) for name in ("dh2_start", "dy2_start"))
    start = State(dh2, dy2, dy2)  # the misfit of pairs that agree; it has no part in the end
    pair = Pair(1.0, np.where(pairs["agrees"], 0.0, 2.0))  # one-hot targets
    lengths = pairs[["shorter", "longer"]].to_numpy(np.float64).T if by_length else np.ones((2, len(pairs)))
    measured = pairs["dh2_end"].to_numpy(np.float64)

    def ends(logarithm: float) -> Array:
        rates = {"rate_h1": lengths[0], "rate_h2": lengths[1], "rate_y": np.exp(-logarithm)}
        numbers = {**rates, "futures": pairs["futures"].to_numpy(np.float64)}
        return np.asarray(final_distance(start, pair, numbers, theory="recurrent"))

    grid = np.linspace(*_RATIOS, 31)
    best = grid[int(np.argmin([np.square(ends(x) - measured).sum() for x in grid]))]
    found = minimize_scalar(lambda x: np.square(ends(x) - measured).sum(), bounds=(best - 1, best + 1))
    return ends(float(found.x))


def explained(predicted: Array, measured: Array) -> float:
    """R^2 about the line on which both are equal."""
    return float(1 - np.square(predicted - measured).sum() / np.square(measured - measured.mean()).sum())


def mergers_told(ends: Array, pairs: pd.DataFrame) -> float:
    """The chance that an end is nearer of a pair that merged than of another pair that agrees."""
    agrees, merged = pairs["agrees"].to_numpy(np.bool_), np.isfinite(pairs["merged_at"].to_numpy(np.float64))
    return told_apart(ends[agrees], merged[agrees])


def told_apart(score: Array, which: NDArray[np.bool_]) -> float:
    """The chance that a score is lower of one of these than of one of the others (the area under the curve).

    >>> told_apart(np.array([0.0, 0.0, 1.0, 2.0]), np.array([True, True, False, False]))
    1.0
    """
    few = int(which.sum())
    if not 0 < few < which.size:
        return float("nan")
    return float(mannwhitneyu(score[~which], score[which]).statistic) / (few * (which.size - few))
