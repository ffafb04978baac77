"""The claims of the follow-up on streaming tasks, and how each is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..claim import Claim, Verdict, tested
from ..spread import spread
from .numbers import LEARNT, fell_at, longest_of

MAIN = "parity"
"""The setting of which most is said and drawn."""

TREE = "tree"
"""What the names of settings begin with in which the training strings are learnt by heart."""

_AT_ONCE, _GREW, _MORE, _FELL = 0.05, 2.0, 2.0, 0.05
"""Lengths fall at once if their epochs differ by less than this share; states grew if there once were so many times as
many as at the end; states are more than are needed if there are so many times as many; a distance fell if it is so much
below what it was."""

_SHARE, _PARTED = 0.5, 0.25
"""Not all agreeing pairs merged if at most this share did; pairs part first if this share of those merged did, ..."""

_THRESHOLDS_APART = 10.0
"""...having once been so many thresholds apart."""

_KIND = "history"
"""The threshold by which machines are judged, the paper's: 0.01 of the spread over the whole training."""


@dataclass(frozen=True)
class Judgement:
    """What was measured of all networks, and what it says of the claims."""

    values: pd.DataFrame
    course: pd.DataFrame
    reading: pd.DataFrame
    mergers: pd.DataFrame
    parted: pd.DataFrame

    def claims(self) -> tuple[Claim, ...]:
        """Each claim in the settings that test it: by networks that learnt their task, unless it is of learning by
        heart."""
        return tested(
            Claim(
                "What is learnt from short strings holds for strings of any length",
                "Right on every string of each length that is read at the end, in every network.",
                self._verdicts(self._any_length),
            ),
            Claim(
                "It comes for all lengths at once",
                "The epochs at which the losses of all longer lengths fall below half of the best guess's for good "
                f"differ by at most {_AT_ONCE:.0%} of the last, in every network.",
                self._verdicts(self._at_once),
            ),
            Claim(
                "States first become many and then merge",
                f"States at their most are at least {_GREW:g} times those at the end, in every network.",
                self._verdicts(self._grew),
            ),
            Claim(
                "The machine, reduced, is the task",
                "It says what the task says after every string of whatever length, in every network.",
                self._verdicts(self._is_task),
            ),
            Claim(
                "More states remain than are needed",
                f"At least {_MORE:g} times as many as after reduction, in every network.",
                self._verdicts(self._redundant),
            ),
            Claim(
                "Only strings merge that no future tells apart",
                "No pair of others is nearer than the threshold, in any network in which pairs merged.",
                self._verdicts(self._only_agreeing),
            ),
            Claim(
                "Short strings do not merge, and of long ones not all",
                f"Of agreeing pairs none with the string of one symbol, and at most {_SHARE:.0%} in all, but some.",
                self._verdicts(self._by_length),
            ),
            Claim(
                "Strings that merge part first",
                f"At least {_PARTED:.0%} of merged pairs were once {_THRESHOLDS_APART:g} thresholds apart, as seen at "
                "the records.",
                self._verdicts(self._part_first),
            ),
            Claim(
                "It is no mere contraction",
                f"The mean squared distance of pairs falls by at most {_FELL:.0%} of what it was, in any network.",
                self._verdicts(self._no_contraction),
            ),
            Claim(
                "From a large start and few strings a network learns them by heart",
                "All it was trained on is right, at the longest strings it does not do better than 0.7, and states are "
                "more than half of all strings, in every network.",
                self._verdicts(self._by_heart, by_heart=True),
            ),
        )

    def answer(self) -> str:
        """How far parity was learnt."""
        own = self._networks(MAIN)
        if not own:
            return "No network learnt parity."
        rows = self.values.set_index(["setting", "seed"]).loc[own]
        longest = int(self.reading["length"].max())
        right = [float(self._rows(self.reading, *key).set_index("length")["accuracy"][longest]) for key in own]
        same = int(rows[f"is_task_{_KIND}"].astype(bool).sum())
        return (
            f"{len(own)} of {int((self.values['setting'] == MAIN).sum())} networks learnt parity; of strings of length "
            f"{longest:,} they get {spread(right, '.0%')} right, and the machine of {same}, reduced from "
            f"{spread(rows[f'states_{_KIND}'], '.0f')} states, is the task's."
        )

    # One network each: what was measured, and whether it agrees.

    def _any_length(self, key: tuple[str, int]) -> tuple[float, bool]:
        least = float(self._rows(self.reading, *key)["accuracy"].min())
        return least, least == 1

    def _at_once(self, key: tuple[str, int]) -> tuple[float, bool | None]:
        course = self._rows(self.course, *key)
        if not self._value(key)["guess"]:  # a machine that always says the same is guessed
            return float("nan"), None
        names = [x for x in course.columns if x.startswith("loss_") and course[x].notna().all()]
        epochs = [fell_at(course, name, float(self._value(key)["guess"]) / 2) for name in names]
        late = max(epochs)
        apart = float("inf") if np.isinf(late) else (late - min(epochs)) / late
        return apart, apart <= _AT_ONCE

    def _grew(self, key: tuple[str, int]) -> tuple[float, bool]:
        states = self._rows(self.course, *key)[f"states_{_KIND}"]
        ratio = float(states.max() / states.iloc[-1])
        return ratio, ratio >= _GREW

    def _is_task(self, key: tuple[str, int]) -> tuple[float, bool]:
        own = self._value(key)
        return float(own[f"minimal_{_KIND}"]), bool(own[f"is_task_{_KIND}"])

    def _redundant(self, key: tuple[str, int]) -> tuple[float, bool]:
        own = self._value(key)
        ratio = float(own[f"states_{_KIND}"]) / float(own[f"minimal_{_KIND}"])
        return ratio, ratio >= _MORE

    def _only_agreeing(self, key: tuple[str, int]) -> tuple[float, bool | None]:
        own = self._rows(self.mergers, *key)
        merged, wrong = int(own["merged"].sum()), int(own["wrong"].sum())
        return (wrong / (merged + wrong), wrong == 0) if merged + wrong else (float("nan"), None)

    def _by_length(self, key: tuple[str, int]) -> tuple[float, bool]:
        own = self._rows(self.mergers, *key)
        share = float(own["merged"].sum() / own["agreeing"].sum())
        shortest = int(own[own["shorter"] == 1]["merged"].sum())
        return share, shortest == 0 and 0 < share <= _SHARE

    def _part_first(self, key: tuple[str, int]) -> tuple[float, bool | None]:
        own = self._rows(self.parted, *key)
        if own.empty:
            return float("nan"), None
        share = float((own["apart"] >= _THRESHOLDS_APART).mean())
        return share, share >= _PARTED

    def _no_contraction(self, key: tuple[str, int]) -> tuple[float, bool]:
        distance = self._rows(self.course, *key)["distance"].to_numpy(np.float64)
        fall = float(np.max(1 - distance / np.maximum.accumulate(distance)))
        return fall, fall <= _FELL

    def _by_heart(self, key: tuple[str, int]) -> tuple[float, bool]:
        course = self._rows(self.course, *key).iloc[-1]
        reading = self._rows(self.reading, *key)
        longest = float(longest_of(reading)["accuracy"].iloc[0])
        strings = self._rows(self.mergers, *key)[["agreeing", "disagreeing"]].to_numpy().sum()  # pairs of them
        count = (1 + np.sqrt(1 + 8 * strings)) / 2
        many = float(course[f"states_{_KIND}"]) > count / 2
        return longest, bool(course["accuracy"] == 1 and longest < 0.7 and many)

    # What is common to all.

    def _verdicts(
        self, of_one: Callable[[tuple[str, int]], tuple[float, bool | None]], *, by_heart: bool = False
    ) -> tuple[Verdict, ...]:
        found: list[Verdict] = []
        for setting in map(str, dict.fromkeys(self.values["setting"])):
            if setting.startswith(TREE) != by_heart:
                continue
            networks = self._networks(setting)
            measured = [of_one(key) for key in networks]
            decided = [agrees for _, agrees in measured if agrees is not None]
            count = int((self.values["setting"] == setting).sum())
            few = "" if len(networks) == count else f"; {count - len(networks)} of {count} did not learn the task"
            agrees = all(decided) if decided and all(decided) == any(decided) else None
            what = _WHAT[of_one.__name__]
            found.append(
                Verdict(
                    setting,
                    f"{what} {spread([x for x, _ in measured], _FORMS.get(of_one.__name__))}",
                    agrees,
                    f"{sum(decided)} of {len(decided)} networks{few}",
                )
            )
        return tuple(found)

    def _networks(self, setting: str) -> list[tuple[str, int]]:
        """The networks of a setting that learnt their task."""
        own = self.values[self.values["setting"] == setting]
        return [(setting, int(seed)) for seed, loss in zip(own["seed"], own["loss"], strict=True) if loss < LEARNT]

    def _value(self, key: tuple[str, int]) -> pd.Series[Any]:
        return self._rows(self.values, *key).iloc[0]

    @staticmethod
    def _rows(table: pd.DataFrame, setting: str, seed: int) -> pd.DataFrame:
        return table[(table["setting"] == setting) & (table["seed"] == seed)]


_WHAT = {
    "_any_length": "least share right",
    "_at_once": "epochs apart, relative,",
    "_grew": "states at most over those at the end",
    "_is_task": "states after reduction",
    "_redundant": "states before over after reduction",
    "_only_agreeing": "share of merged pairs that do not agree",
    "_by_length": "share of agreeing pairs that merged",
    "_part_first": "share that had parted",
    "_no_contraction": "largest fall",
    "_by_heart": "share right of the longest strings",
}
"""What is measured of a network for each claim."""

_FORMS = {
    "_any_length": ".0%",
    "_at_once": ".1%",
    "_by_length": ".1%",
    "_part_first": ".0%",
    "_no_contraction": ".1%",
    "_by_heart": ".0%",
    "_is_task": ".0f",
}
