"""The claims of the follow-up on size of the start and amount of data, and how each is judged."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..claim import Claim, Verdict, tested
from ..recorded import recorded
from ..spread import number
from .border import Border, Interval

RIGHT, MERGED = "right", "merged"
"""Columns of the cells: all long strings are right; there are fewer states than half of the strings."""

_BETWEEN, _FEW = (0.6, 0.97), 0.1
"""An accuracy is partial if it lies between these; the border is sharp if that is so in at most this share of cells."""


def claims(parts: Mapping[str, pd.DataFrame], borders: Mapping[tuple[str, str], Border | None]) -> tuple[Claim, ...]:
    """Each claim for each loss.

    Args:
        parts: the cells by loss.
        borders: by loss and by what is so on one side.
    """
    return tested(
        Claim(
            "The larger the start, the more data are needed to be right on strings of any length",
            "Of the logistic regression of right on all strings of length 100, the coefficient of log gain is negative "
            "and that of log share is positive, and so are their 95 % intervals over draws of the cells.",
            tuple(_border(loss, borders[loss, RIGHT], _recorded_border()) for loss in parts),
        ),
        Claim(
            "The larger the start, the more data are needed for strings to merge",
            "The same of there being fewer states than half of all strings.",
            tuple(_border(loss, borders[loss, MERGED]) for loss in parts),
        ),
        Claim(
            "The border is sharp",
            f"At most {_FEW:.0%} of the networks get a share between {_BETWEEN[0]:g} and {_BETWEEN[1]:g} of the "
            "strings of length 100 right.",
            tuple(_sharp(loss, cells) for loss, cells in parts.items()),
        ),
        Claim(
            "Every network learns the strings that it is trained on",
            "The mean loss of an epoch falls below the bound in every cell. If in some it has not when training ends, "
            "nothing is decided, unless training diverged there.",
            tuple(_fitted(loss, cells) for loss, cells in parts.items()),
        ),
    )


def _border(loss: str, found: Border | None, known: str = "") -> Verdict:
    if found is None:
        return Verdict(loss, "all cells are on one side", None, "no border to fit", known)
    measured = (
        f"coefficient of log gain {_with(found.first, found.first_interval)}, of log share "
        f"{_with(found.second, found.second_interval)}, standardised; log share of the border rises by "
        f"{_with(found.slope, found.slope_interval)} with log gain"
    )
    if found.first_interval[1] < 0 < found.second_interval[0]:
        return Verdict(loss, measured, True, "both intervals are on their side", known)
    if found.first_interval[0] > 0 or found.second_interval[1] < 0:
        return Verdict(loss, measured, False, "an interval is on the other side", known)
    return Verdict(loss, measured, None, "an interval has both signs", known)


def _recorded_border() -> str:
    known = recorded()["scale_and_data"]
    told = ", ".join(f"{share:g} at gain {gain:g}" for gain, share in zip(known["gain"], known["share"], strict=True))
    return f"right from a share of {told}, of strings up to length 10"


def _sharp(loss: str, cells: pd.DataFrame) -> Verdict:
    partial = int(cells["accuracy"].between(*_BETWEEN, inclusive="neither").sum())
    return Verdict(loss, f"{partial} of {len(cells)} networks", partial <= _FEW * len(cells))


def _fitted(loss: str, cells: pd.DataFrame) -> Verdict:
    count, diverged = int(cells["fitted"].sum()), int(cells["accuracy"].isna().sum())
    agrees = True if count == len(cells) else False if diverged else None
    return Verdict(loss, f"{count} of {len(cells)} networks", agrees, f"{diverged} diverged" if diverged else "")


def _with(value: float, interval: Interval) -> str:
    middle, low, high = (number(round(x, 3)) for x in (value, *interval))
    return f"{middle} ({low} to {high})"
