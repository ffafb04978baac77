"""One network that learnt its task: what was measured of it for each claim, and whether that agrees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .numbers import fell_at, longest_of

AT_ONCE, GREW, MORE, FELL = 0.05, 2.0, 2.0, 0.05
"""Epochs are the same if they differ by less than this share; states grew if there once were so many times as many as
at the end; states are more than are needed if there are so many times as many; a distance fell if it is so much below
what it was."""

SHARE, PARTED = 0.5, 0.25
"""Not all agreeing pairs merged if at most this share did; pairs part first if this share of those merged did, ..."""

THRESHOLDS_APART = 10.0
"""...having once been so many thresholds apart."""

BY_HEART = 0.7
"""A network that knows its strings by heart does no better than this with long ones."""

KINDS = {"history": "0.01 of all training", "now": "0.01", "coarse": "0.1"}
"""The thresholds of the records, in words."""

KIND = "history"
"""The one by which is judged what is not judged by each, the paper's."""

Measured = tuple[float, bool | None]
"""A number, and whether it agrees with a claim; None if the network does not decide it."""


@dataclass(frozen=True)
class Network:
    """The rows of one network, of the tables of its trial."""

    value: pd.Series[Any]
    course: pd.DataFrame
    reading: pd.DataFrame
    mergers: pd.DataFrame
    parted: pd.DataFrame

    def any_length(self) -> Measured:
        """The least share right of the strings of any length."""
        least = float(self.reading["accuracy"].min())
        return least, least == 1

    def at_once(self) -> Measured:
        """By how much the epochs differ at which the losses of longer lengths fall."""
        if not self.value["guess"]:  # a machine that always says the same is guessed
            return float("nan"), None
        names = [x for x in self.course.columns if x.startswith("loss_") and self.course[x].notna().all()]
        return _together([fell_at(self.course, name, float(self.value["guess"]) / 2) for name in names])

    def grew(self, kind: str = KIND) -> Measured:
        """How many times as many states there once were."""
        states = self.course[f"states_{kind}"]
        ratio = float(states.max() / states.iloc[-1])
        return ratio, ratio >= GREW

    def finite(self, kind: str = KIND) -> Measured:
        """By how much the epochs differ at which every string leads on and at which longer strings are right."""
        unfinished = (~self.course[f"whole_{kind}"].astype(bool)).astype(float)
        names = [x for x in self.course.columns if x.startswith("accuracy_") and self.course[x].notna().all()]
        wrong = 1 - self.course[names].min(axis=1)
        course = self.course.assign(unfinished=unfinished, wrong=wrong)
        return _together([fell_at(course, "unfinished", 0.5), fell_at(course, "wrong", 1e-9)])

    def is_task(self, kind: str = KIND) -> Measured:
        """How many states the reduced machine has."""
        return float(self.value[f"minimal_{kind}"]), bool(self.value[f"is_task_{kind}"])

    def redundant(self) -> Measured:
        """How many times as many states there are as after reduction."""
        ratio = float(self.value[f"states_{KIND}"]) / float(self.value[f"minimal_{KIND}"])
        return ratio, ratio >= MORE

    def only_agreeing(self) -> Measured:
        """The share of the pairs that merged which some future tells apart."""
        merged, wrong = int(self.mergers["merged"].sum()), int(self.mergers["wrong"].sum())
        return (wrong / (merged + wrong), wrong == 0) if merged + wrong else (float("nan"), None)

    def by_length(self) -> Measured:
        """The share of agreeing pairs that merged."""
        share = float(self.mergers["merged"].sum() / self.mergers["agreeing"].sum())
        shortest = int(self.mergers[self.mergers["shorter"] == 1]["merged"].sum())
        return share, shortest == 0 and 0 < share <= SHARE

    def part_first(self) -> Measured:
        """The share of merged pairs that once were far apart."""
        if self.parted.empty:
            return float("nan"), None
        share = float((self.parted["apart"] >= THRESHOLDS_APART).mean())
        return share, share >= PARTED

    def no_contraction(self) -> Measured:
        """By how much the mean distance of pairs fell below what it was."""
        distance = self.course["distance"].to_numpy(np.float64)
        fall = float(np.max(1 - distance / np.maximum.accumulate(distance)))
        return fall, fall <= FELL

    def by_heart(self) -> Measured:
        """How many of the longest strings a network gets right that knows its own and has not merged them."""
        last = self.course.iloc[-1]
        longest = float(longest_of(self.reading)["accuracy"].iloc[0])
        pairs = self.mergers[["agreeing", "disagreeing"]].to_numpy().sum()
        strings = (1 + np.sqrt(1 + 8 * pairs)) / 2
        many = float(last[f"states_{KIND}"]) > strings / 2
        return longest, bool(last["accuracy"] == 1 and longest < BY_HEART and many)

    def unrest(self) -> float:
        """The standard deviation of the loss over the last quarter of the records."""
        loss = self.course["loss"].to_numpy(np.float64)
        return float(loss[-(-3 * len(loss) // 4) :].std())


def _together(epochs: list[float]) -> Measured:
    late = max(epochs)
    apart = float("inf") if np.isinf(late) else (late - min(epochs)) / late if late else 0.0
    return apart, apart <= AT_ONCE
