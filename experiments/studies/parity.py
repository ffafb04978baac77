"""Streaming tasks: recurrent networks that become finite machines, and right on strings of any length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from repdyn.numeric import Automaton, minimal_automaton

from ..figures.automata import draw_course, draw_machines
from ..figures.collective import rows_of
from ..settings import Sequences, override
from ..sweep.outcome import DIVERGED
from ..sweep.trial import Trial
from ..trials.sequences import THRESHOLDS
from .claim import Claim, Verdict, tested
from .spread import interval_name, spread
from .study import Plate, Results, Section, Study, Table, size

MAIN = "parity"
"""The setting of which most is said and drawn."""

TREE = "tree"
"""What the names of settings begin with in which the training strings are learnt by heart."""

_LEARNT = 0.01
"""The loss below which a task is learnt."""

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
class StreamingTasks(Study):
    """Recurrent networks that learn what finite machines say of all strings up to a length."""

    name: ClassVar[str] = "parity"
    title: ClassVar[str] = "Streaming tasks: networks that become finite machines"

    settings: tuple[Mapping[str, Any], ...] = size((), "fields of Sequences, with a name")
    seeds: int = size(1, "networks of parity")
    others: int = size(1, "networks of each other setting")
    length: int = size(10, "longest strings that are trained on")

    def trials(self) -> list[Trial]:
        """Networks of parity and of the other settings."""
        first = Sequences(name=MAIN, length=self.length)
        of_each = [(first, self.seeds), *((override(first, values), self.others) for values in self.settings)]
        return [Trial(replace(setting, seed=seed)) for setting, count in of_each for seed in range(count)]

    def section(self, results: Results) -> Section:
        values, course = results.values("sequences"), results.table("sequences", "course")
        if values.empty:
            return Section(self.title, (_QUESTION, "No network is trained: nothing to compare yet."))
        reading, mergers, parted = (results.table("sequences", name) for name in ("reading", "mergers", "parted"))
        judged = Judgement(values, course, reading, mergers, parted)
        return Section(
            self.title,
            (_QUESTION, _METHOD, _machine_text(), f"Intervals: {interval_name(self.seeds)}.", *_diverged(results)),
            judged.claims(),
            tuple(self._plates(results, values, course)),
            (_states_table(values, reading),),
            judged.answer(),
        )

    def _plates(self, results: Results, values: pd.DataFrame, course: pd.DataFrame) -> list[Plate]:
        """The first network of parity over training, and its machine at four times."""
        own = _of(course, MAIN)
        if own.empty:
            return []
        seed = int(own["seed"].min())
        own = own[own["seed"] == seed]
        lengths = [int(name.removeprefix("loss_")) for name in own.columns if name.startswith("loss_")]
        strings = int(2 ** (self.length + 1) - 1)
        plates = [
            Plate(
                "course",
                draw_course(own, [n for n in lengths if own[f"loss_{n}"].notna().all()], strings, list(THRESHOLDS)),
                "Loss over training on strings that were trained on and on longer ones; the number of states; the mean "
                "distance of pairs of strings.",
                f"The network of seed {seed}. Left: the loss, on strings up to length {self.length} and on longer ones "
                "that it never read. Middle: states after all strings up to that length, by three thresholds. Right: "
                "pairs of strings.",
            )
        ]
        machines = results.table("sequences", "machines")
        machines = _of(machines, MAIN)
        machines = machines[machines["seed"] == seed] if len(machines) else machines
        half = float(_of(values, MAIN)["guess"].iloc[0]) / 2
        shown = _moments(machines, _fell_at(own, "loss", half))
        if shown:
            plates.append(
                Plate(
                    "machines",
                    draw_machines(shown),
                    "Finite machines of one network at several times of its training, as graphs of states.",
                    f"What the network of seed {seed} is at several times, by the threshold of the whole training, "
                    "where there are at most 40 states; last the least machine that says the same as the one before.",
                )
            )
        return plates


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
        epochs = [_fell_at(course, name, float(self._value(key)["guess"]) / 2) for name in names]
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
        longest = float(_longest(reading)["accuracy"].iloc[0])
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
        return [(setting, int(seed)) for seed, loss in zip(own["seed"], own["loss"], strict=True) if loss < _LEARNT]

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

_QUESTION = (
    "A recurrent network reads a string of 0 and 1 and says, after its last symbol, what a finite machine says: "
    "whether the number of ones is odd, or what a machine drawn at random says. How does it come to be right on "
    "strings far longer than any it was trained on? Van Rossem & Saxe (arXiv 2507.09897) say: hidden states of strings "
    "that agree on all futures merge, until few are left, a finite machine."
)
_METHOD = (
    "One recurrent layer of 100 units from small weights, gradient descent on the squared error after the last symbol "
    "of all strings up to a length, minibatches of one length, shortest first. Pairs are judged by the least machine "
    "of the task: two strings agree if they lead to one of its states. A network whose last loss on its training "
    f"strings is not below {_LEARNT:g} did not learn the task and decides nothing."
)


def _machine_text() -> str:
    return (
        "Strings whose hidden states are nearer than a threshold are one state of a machine: 0.01 times the spread of "
        "all states over the whole training (by which is judged here), of the network as it is, and 0.1 times that. "
        "Where strings of a state lead to several others, most of them decide. No one threshold is right: with small "
        "ones a network can be right on every length while many states have not merged."
    )


def _diverged(results: Results) -> tuple[str, ...]:
    names = [
        f"{trial.configuration.name} (seed {trial.configuration.seed})"
        for trial, outcome in results.outcomes.items()
        if outcome is not None and outcome.status == DIVERGED
    ]
    return (f"Training diverged: {', '.join(names)}.",) if names else ()


def _fell_at(course: pd.DataFrame, loss: str, below: float) -> float:
    """The epoch of the first record from which on a loss is below a bound; infinity if there is none.

    >>> _fell_at(pd.DataFrame({"epoch": [0, 10, 20], "loss": [0.5, 0.1, 0.0]}), "loss", 0.125)
    10.0
    """
    above = np.nonzero(course[loss].to_numpy(np.float64) >= below)[0]
    first = int(above[-1]) + 1 if above.size else 0
    return float(course["epoch"].iloc[first]) if first < len(course) else float("inf")


def _of(table: pd.DataFrame, setting: str) -> pd.DataFrame:
    return rows_of(table, "setting", setting) if len(table) else table


def _longest(reading: pd.DataFrame) -> pd.DataFrame:
    """The rows of the longest strings."""
    return rows_of(reading, "length", reading["length"].max())


def _moments(machines: pd.DataFrame, fell: float) -> list[tuple[str, Automaton]]:
    """The machine at the start, the last small one before the loss falls, the first after it, the last, the least."""
    if machines.empty:
        return []
    epochs = np.unique(machines["epoch"].to_numpy(np.int64))
    before, after = epochs[epochs < fell], epochs[epochs >= fell]
    chosen = dict.fromkeys(map(int, (*before[:1], *before[-1:], *after[:1], *after[-1:])))
    found = {epoch: _machine(machines[machines["epoch"] == epoch]) for epoch in chosen}
    least = minimal_automaton(next(reversed(found.values())))
    shown = [("at the start" if not epoch else f"epoch {epoch:,}", machine) for epoch, machine in found.items()]
    return [*shown, ("reduced", least)]


def _machine(rows: pd.DataFrame) -> Automaton:
    return Automaton(rows[["zero", "one"]].to_numpy(np.int64), rows["output"].to_numpy(np.int64))


def _states_table(values: pd.DataFrame, reading: pd.DataFrame) -> Table:
    rows: list[dict[str, str]] = []
    for setting, own in values.groupby("setting", sort=False):
        row = {"setting": str(setting), "strings": spread(own["strings"]), "task": spread(own["task"], ".0f")}
        for kind, name in (("history", "0.01, all training"), ("now", "0.01"), ("coarse", "0.1")):
            row[f"states ({name})"] = spread(own[f"states_{kind}"], ".0f")
            row[f"reduced ({name})"] = spread(own[f"minimal_{kind}"], ".0f")
        read = _of(reading, str(setting))
        longest = _longest(read)
        row["network right"] = spread(longest["accuracy"], ".0%")
        row["machine right"] = spread(longest["accuracy_machine"], ".0%")
        rows.append({**row, "loss": spread(own["loss"], ".2g")})
    caption = (
        "States at the end by three thresholds, before and after reduction, beside those of the task's least machine; "
        f"and how many strings of length {int(reading['length'].max()):,} network and machine (of the first threshold) "
        "get right."
    )
    return Table(caption, pd.DataFrame(rows))
