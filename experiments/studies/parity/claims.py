"""The claims of the follow-up on streaming tasks, and how each is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from ..claim import Claim, Verdict, tested
from ..recorded import recorded
from ..spread import spread
from .network import (
    AT_ONCE,
    BY_HEART,
    FELL,
    GREW,
    KIND,
    KINDS,
    MORE,
    PARTED,
    SHARE,
    THRESHOLDS_APART,
    Measured,
    Network,
)
from .numbers import LEARNT

MAIN = "parity"
"""The setting of which most is said and drawn."""

TREE = "tree"
"""What the names of settings begin with in which the training strings are learnt by heart."""

JUMP = "step"
"""What the names of settings begin with in which the last state jumps before it is read."""


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
                self._verdicts("least share right", Network.any_length, ".0%", "any_length"),
            ),
            Claim(
                "It comes for all lengths at once",
                "The epochs at which the losses of all longer lengths fall below half of the best guess's for good "
                f"differ by at most {AT_ONCE:.0%} of the last, in every network.",
                self._verdicts("epochs apart, relative,", Network.at_once, ".1%"),
            ),
            Claim(
                "States first become many and then merge",
                f"States at their most are at least {GREW:g} times those at the end, in every network.",
                self._by_threshold("states at most over those at the end", Network.grew),
            ),
            Claim(
                "The machine becomes finite when longer strings become right",
                "The epochs from which on every string leads to a state that leads on, and from which on all longer "
                f"strings read are right, differ by at most {AT_ONCE:.0%} of the later, in every network.",
                self._by_threshold("epochs apart, relative,", Network.finite, ".1%"),
            ),
            Claim(
                "The machine, reduced, is the task",
                "It says what the task says after every string of whatever length, in every network.",
                self._by_threshold("states after reduction", Network.is_task, ".0f", "is_task"),
            ),
            Claim(
                "More states remain than are needed",
                f"At least {MORE:g} times as many as after reduction, in every network.",
                self._verdicts("states before over after reduction", Network.redundant),
            ),
            Claim(
                "Only strings merge that no future tells apart",
                "No pair of others is nearer than the threshold, in any network in which pairs merged.",
                self._verdicts("share of merged pairs that do not agree", Network.only_agreeing, None, "only_agreeing"),
            ),
            Claim(
                "Short strings do not merge, and of long ones not all",
                f"Of agreeing pairs none with the string of one symbol, and at most {SHARE:.0%} in all, but some.",
                self._verdicts("share of agreeing pairs that merged", Network.by_length, ".1%", "by_length"),
            ),
            Claim(
                "Strings that merge part first",
                f"At least {PARTED:.0%} of merged pairs were once {THRESHOLDS_APART:g} thresholds apart, as seen at "
                "the records.",
                self._verdicts("share that had parted", Network.part_first, ".0%"),
            ),
            Claim(
                "It is no mere contraction",
                f"The mean squared distance of pairs falls by at most {FELL:.0%} of what it was, in any network.",
                self._verdicts("largest fall", Network.no_contraction, ".1%"),
            ),
            Claim(
                "From a large start and few strings a network learns them by heart",
                f"All it was trained on is right, at the longest strings it does not do better than {BY_HEART:g}, and "
                "states are more than half of all strings, in every network.",
                self._verdicts("share right of the longest strings", Network.by_heart, ".0%", of=TREE),
            ),
            Claim(
                "Where what is read jumps with the state, training is less calm",
                "The loss on the strings that are trained on spreads more over the last quarter of training (standard "
                f"deviation) than in the median network of {MAIN}, in every network.",
                self._verdicts("standard deviation of the loss", self._less_calm, of=JUMP),
            ),
        )

    def answer(self, setting: str, what: str) -> str:
        """How far the task of a setting, said in words, was learnt."""
        own = self._learnt(setting)
        if not own:
            return f"No network learnt {what}."
        longest = int(self.reading["length"].max())
        right = [float(x.reading.set_index("length")["accuracy"][longest]) for x in own]
        same = sum(bool(x.value[f"is_task_{KIND}"]) for x in own)
        return (
            f"{len(own)} of {int((self.values['setting'] == setting).sum())} networks learnt {what}; of strings of "
            f"length {longest:,} they get {spread(right, '.0%')} right, and the machine of {same}, reduced from "
            f"{spread([x.value[f'states_{KIND}'] for x in own], '.0f')} states, is the task's."
        )

    def _less_calm(self, network: Network) -> Measured:
        known = [x.unrest() for x in self._learnt(MAIN)]
        own = network.unrest()
        return own, own > float(np.median(known)) if known else None

    def _by_threshold(
        self, what: str, of_one: Callable[..., Measured], form: str | None = None, known: str = ""
    ) -> tuple[Verdict, ...]:
        """A verdict for each setting and threshold."""
        each = {name: self._verdicts(what, partial(of_one, kind=kind), form, known) for kind, name in KINDS.items()}
        return tuple(
            replace(verdict, setting=f"{verdict.setting}, threshold {name}")
            for of_setting in zip(*each.values(), strict=True)
            for name, verdict in zip(each, of_setting, strict=True)
        )

    def _verdicts(
        self,
        what: str,
        of_one: Callable[[Network], Measured],
        form: str | None = None,
        known: str = "",
        *,
        of: str = "",
    ) -> tuple[Verdict, ...]:
        """A verdict for each setting whose name begins so, or, if nothing is said, that does not learn by heart.

        What is known of a claim is recorded of the main setting.
        """
        found: list[Verdict] = []
        for setting in map(str, dict.fromkeys(self.values["setting"])):
            if not setting.startswith(of) or (not of and setting.startswith(TREE)):
                continue
            networks = self._learnt(setting)
            measured = [of_one(x) for x in networks]
            decided = [agrees for _, agrees in measured if agrees is not None]
            count = int((self.values["setting"] == setting).sum())
            few = "" if len(networks) == count else f"; {count - len(networks)} of {count} did not learn the task"
            agrees = all(decided) if decided else None
            never = sum(np.isinf(x) for x, _ in measured)
            said = f"{what} {spread([x for x, _ in measured], form)}" + (f", in {never} never" if never else "")
            by = f"{sum(decided)} of {len(decided)} networks{few}"
            found.append(Verdict(setting, said, agrees, by, recorded()[MAIN].get(known, "") if setting == MAIN else ""))
        return tuple(found)

    def _learnt(self, setting: str) -> list[Network]:
        """The networks of a setting that learnt their task."""
        own = self.values[self.values["setting"] == setting]
        seeds = own[own["loss"] < LEARNT]["seed"]
        return [self._network(setting, int(seed)) for seed in seeds]

    def _network(self, setting: str, seed: int) -> Network:
        tables = (self.values, self.course, self.reading, self.mergers, self.parted)
        value, *others = (x[(x["setting"] == setting) & (x["seed"] == seed)] for x in tables)
        return Network(value.iloc[0], *others)
