"""The claims of the follow-up on pairs of strings, and how each is judged."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from repdyn.numeric.parting import PARTED

from ..claim import Claim, Verdict, tested
from ..spread import number, spread
from . import measures
from .measures import AT_ONCE, COME_NEAR, LINEAR, POWER, R2, RANKED, SLOPE, SYMBOLS, TOLD, Found
from .networks import MAIN, Key, Networks
from .numbers import APART, BEGUN

Measure = Callable[[Networks, Key], Found]
"""Of one network."""


def claims_of(networks: Networks) -> tuple[Claim, ...]:
    """Each claim in the settings that test it: by networks that learnt parity, unless it is of the start alone."""

    def judged(measure: Measure, what: str, *, of_start: bool = False) -> tuple[Verdict, ...]:
        return _verdicts(networks, measure, what, of_start=of_start)

    return tested(
        Claim(
            "Where mergers begin follows the condition: the smaller the weights, the shorter the strings that merge",
            f"The least shorter length of which {BEGUN:.0%} of agreeing pairs merged is within {SYMBOLS:g} of what "
            f"the condition says by that of {MAIN}, whose constant it takes; or none merge and none should.",
            judged(measures.begins, "mergers begin at length"),
        ),
        Claim(
            "The more futures two strings share, the rather they merge",
            "At the same shorter length, the share of agreeing pairs that merged falls with the longer one: rank "
            f"correlation at most {-RANKED:g}, a mean over shorter lengths.",
            judged(measures.by_futures, "rank correlation"),
        ),
        Claim(
            "Pairs merge when the loss falls",
            "The median epoch from which on merged pairs stay nearer than the threshold differs from that of the fall "
            f"by at most {AT_ONCE:.0%} of it.",
            judged(measures.at_the_fall, "epoch of mergers over that of the fall"),
        ),
        Claim(
            "Strings of unequal length part first the rather",
            f"The share of merged pairs that were once {APART:g} thresholds apart goes with the difference of their "
            f"lengths: rank correlation at least {RANKED:g} over every two lengths.",
            judged(measures.by_difference, "rank correlation"),
        ),
        Claim(
            "Who parts first is what the nine scalars say",
            "The same share goes with the median of how far the theory's pairs of the same lengths part: rank "
            f"correlation at least {RANKED:g}.",
            judged(measures.by_theory, "rank correlation"),
        ),
        Claim(
            "Of strings of equal length none part first",
            "Two states that can be moved equally fast only come nearer in the theory: of merged pairs of equal length "
            f"at most {AT_ONCE:.0%} were once {PARTED - 1:.0%} further apart than at the start.",
            judged(measures.equal_stay, "share that was further apart"),
            of_paper=False,
        ),
        Claim(
            "States become fewer by pairs that agree; others stay apart",
            f"Of other pairs of any strings at most {COME_NEAR:.0%} come near again, and of agreeing ones more; in a "
            "network in which pairs merged.",
            judged(measures.stay_apart, "share of other pairs that come near again"),
        ),
        Claim(
            "Outputs are linear between two states that merge",
            "What a first-order expansion leaves is at every record, as a median over merging pairs, less than "
            f"{LINEAR:g} of the first order.",
            judged(measures.linear, "largest median ratio"),
        ),
        Claim(
            "At the start each symbol read multiplies squared distances of states by one factor",
            "Of strings that differ in their first symbol alone, the slope of the mean logarithm by symbols read is "
            f"that of the factor, gain²/2 for ReLU and gain² for tanh, within {SLOPE:.0%}.",
            judged(measures.forgets_states, "slope over predicted", of_start=True),
        ),
        Claim(
            "And those of outputs, relative to states",
            "The same of the squared distance of outputs over that of the states before the future is read.",
            judged(measures.forgets_outputs, "slope over predicted", of_start=True),
        ),
        Claim(
            "So the squared distance of any two strings at the start goes with the shorter length",
            "Of agreeing pairs of every two lengths, the slope of its logarithm by the shorter length is that of the "
            f"factor within {SLOPE:.0%}.",
            judged(measures.by_shorter, "slope over predicted", of_start=True),
        ),
        Claim(
            "Rather it goes with the last symbols that two strings share",
            f"The slope by their number is that of the factor within {SLOPE:.0%}.",
            judged(measures.by_common, "slope over predicted", of_start=True),
            of_paper=False,
        ),
        Claim(
            "Where pairs end is told by their start",
            "Final squared distances of pairs of every two lengths against those of the theory, whose one ratio of "
            f"rates is fitted to them, rates of states by length: R² about equality at least {R2:g}.",
            judged(measures.ends, "R²"),
        ),
        Claim(
            "And so is which of the agreeing pairs merge",
            "The theory's final distance is lower of a pair that merged than of one that did not with a chance of at "
            f"least {TOLD:.0%}.",
            judged(measures.told, "chance"),
        ),
        Claim(
            "Which pairs merge is told by the last symbols that two strings share",
            f"A pair that merged shares more of them than one that did not with a chance of at least {TOLD:.0%}.",
            judged(measures.told_by_common, "chance"),
            of_paper=False,
        ),
        Claim(
            "The rate of a state is proportional to the length of its string",
            "The tangent kernel of states of the untrained network goes with a power of the length between "
            f"{POWER[0]:g} and {POWER[1]:g}.",
            judged(measures.rates, "power", of_start=True),
        ),
    )


def _verdicts(networks: Networks, measure: Measure, what: str, *, of_start: bool) -> tuple[Verdict, ...]:
    found: list[Verdict] = []
    for setting in networks.trained:
        if measure is measures.begins and setting == MAIN:
            continue  # which sets the constant
        keys = networks.keys(setting) if of_start else networks.learnt(setting)
        measured = [measure(networks, key) for key in keys]
        if keys and np.isnan([x for x, _ in measured]).all():
            continue  # nothing to tell: no pairs merged, or nothing is expected
        decided = [agrees for _, agrees in measured if agrees is not None]
        few = len(networks.keys(setting)) - len(keys)
        told = (
            f"{what} {_told_lengths(networks, setting, measured) if measure is measures.begins else _spread(measured)}"
        )
        found.append(
            Verdict(
                setting,
                told,
                all(decided) if decided and all(decided) == any(decided) else None,
                f"{sum(decided)} of {len(decided)} networks" + (f"; {few} did not learn parity" if few else ""),
            )
        )
    return tuple(found)


def _spread(measured: list[Found]) -> str:
    return spread([x for x, _ in measured])


def _told_lengths(networks: Networks, setting: str, measured: list[Found]) -> str:
    """Where mergers begin, and where they should; there may be none."""
    none = sum(np.isinf(x) for x, _ in measured)
    without = f" (none in {none})" if none else ""
    expected = networks.expected_begin(setting)
    return f"{_spread(measured)}{without}; expected {'none' if np.isinf(expected) else number(expected)}"
