"""What fit_rates refuses, in words."""

import re

import numpy as np
import pytest
from repdyn.numeric import Pair, Rates, State, fit_rates, trajectory

T = np.arange(5.0)
PAIR = Pair(1.0, 0.5)
PATH = trajectory(T, State(0.1, 0.2, 0.1), PAIR, Rates(0.01, 0.02))


def changed(**fields):
    return State(**{**vars(PATH), **fields})


REFUSED = {
    "a single time": (1.0, PATH, PAIR, None, "t must be of shape (n,) with n >= 3, got ()"),
    "two times": ([0, 1], PATH, PAIR, None, "t must be of shape (n,) with n >= 3, got (2,)"),
    "a repeated time": (
        [0, 1, 1, 2, 3],
        PATH,
        PAIR,
        None,
        "t must increase from each sample to the next; sort the samples and drop repeated ones",
    ),
    "a time that is not finite": ([0, 1, 2, 3, np.inf], PATH, PAIR, None, "t must be finite and not negative"),
    "a negative time": (T - 1, PATH, PAIR, None, "t must be finite and not negative, in training steps, got -1.0"),
    "another number of samples": (
        T[:4],
        PATH,
        PAIR,
        None,
        "observed must have fields of shape (4,) like t, got [(5,), (5,)",
    ),
    "two pairs": (
        T,
        PATH,
        Pair([1.0, 2.0], 0.5),
        None,
        "fit_rates fits one pair: dx2 and dy2 must be single numbers, got shapes (2,) and (); fit_many takes many",
    ),
    "a negative distance": (
        T,
        changed(dh2=PATH.dh2 - 0.1005),
        PAIR,
        None,
        "dh2 is a squared distance and must not be negative, got -0.0",
    ),
    "a negative output distance": (T, changed(dy2=-PATH.dy2), PAIR, None, "dy2 is a squared distance and must not be"),
    "two points in one place": (
        T,
        changed(dh2=PATH.dh2 * (T > 0)),
        PAIR,
        None,
        "the initial dh2 must be positive, got 0.0",
    ),
    "an impossible start": (
        T,
        changed(w=PATH.w + 9),
        PAIR,
        None,
        "|dy2 - w| must be at most |dy| |dy*| (Cauchy-Schwarz)",
    ),
    "a negative weight": (T, PATH, PAIR, State(1, -2, 1), "weights must not be negative, got -2.0"),
    "other weights": (
        T,
        PATH,
        PAIR,
        State([1, 2], 1, 1),
        "weights must have fields of shape (5,) like t, got [(2,), (), ()]",
    ),
}


@pytest.mark.parametrize(("t", "observed", "pair", "weights", "words"), REFUSED.values(), ids=REFUSED)
def test_it_refuses(t, observed, pair, weights, words) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        fit_rates(t, observed, pair, weights=weights)
