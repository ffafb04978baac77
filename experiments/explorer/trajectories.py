"""Trajectories of the user with the rates that were fitted to them, as the page takes them."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..comparison import Comparison, Failure, compare
from ..tracking.table import UNLABELLED

SAMPLES = 400
"""Of a longer trajectory so many are shown, evenly; the fit has all."""

MOST_PAIRS = 40
"""More would make the page too large."""

Numbers = tuple[float | None, ...]
"""Samples; None where there is none."""


@dataclass(frozen=True)
class Recorded:
    """A measured trajectory and what the page sets for it.

    Attributes:
        label: of pair and layer.
        message: why nothing could be fitted, or empty.
        doubt: why a fit is no success, so that its rates may be others; or empty.
        settings: start, pair, fitted rates and length, by the names of the page's links; none without a fit.
        t: steps since the start, of the samples that are shown.
        dh2: measured there.
        dy2: measured there.
        w: measured there.
        loss: measured there; none if it was not.
        samples: how many there are in all.
    """

    label: str
    message: str
    settings: dict[str, float]
    t: Numbers = ()
    dh2: Numbers = ()
    dy2: Numbers = ()
    w: Numbers = ()
    loss: Numbers = ()
    samples: int = 0
    doubt: str = ""

    def values(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def recorded(frame: pd.DataFrame) -> list[Recorded]:
    """The trajectories of a table, each fitted by the two-point theory.

    Raises:
        ValueError: if there are too many for a page, or none could be fitted.
    """
    count = frame.groupby([x for x in ("pair", "layer") if x in frame], dropna=False).ngroups if _keyed(frame) else 1
    if count > MOST_PAIRS:
        raise ValueError(
            f"the page takes at most {MOST_PAIRS} trajectories, got {count}; choose a layer with --layer, or write "
            "those you want into a file of their own"
        )
    found = [_recorded(c) for c in compare(frame)]
    if not any(x.settings for x in found):
        raise ValueError(f"no trajectory could be fitted: {found[0].message}")
    return found


def _keyed(frame: pd.DataFrame) -> bool:
    return any(x in frame for x in ("pair", "layer"))


def _recorded(compared: Comparison | Failure) -> Recorded:
    names = (("pair", compared.pair), ("layer", compared.layer))
    label = ", ".join(f"{what} {name}" for what, name in names if name != UNLABELLED) or "the trajectory"
    if isinstance(compared, Failure):
        return Recorded(label, compared.reason, {})
    elapsed = compared.steps - compared.steps[0]
    chosen = np.unique(np.linspace(0, len(elapsed) - 1, min(len(elapsed), SAMPLES)).round().astype(int))
    start, pair, fit = compared.observed[0], compared.constants, compared.fit
    of_mean = _of_mean(compared)
    return Recorded(
        label=label,
        message="",
        settings={
            "dh2": float(start.dh2),
            "dy2": float(start.dy2),
            "w": float(start.w),
            "dx2": float(pair.dx2),
            "dy2_target": float(pair.dy2),
            **{name: float(fit.coefficients[name]) for name in ("rate_h", "rate_y")},
            "growth_h": 0.0,
            "growth_y": 0.0,
            **of_mean,
            "steps": float(elapsed[-1]),
            "step": float(elapsed[-1]),
        },
        t=_numbers(elapsed, chosen),
        **{name: _numbers(value, chosen) for name, value in vars(compared.observed).items()},
        loss=() if compared.loss is None else _numbers(compared.loss, chosen),
        samples=len(elapsed),
        doubt="" if fit.success else fit.message,
    )


def _of_mean(compared: Comparison) -> dict[str, float]:
    """What the page needs for the loss, if it was measured and determines the mean's rate."""
    from repdyn.numeric.loss import error_of_mean

    loss, fit = compared.loss, compared.loss_fit
    if loss is None or fit is None or fit.rate is None or not np.isfinite(loss[0]):
        return {}
    return {
        "mean_error": float(error_of_mean(loss[0], compared.observed[0], compared.constants)),
        "rate_mean": fit.rate,
    }


def _numbers(values: object, chosen: NDArray[np.intp]) -> Numbers:
    """Of those samples, to the digits that a picture shows."""
    found = np.asarray(values, dtype=np.float64)[chosen].tolist()
    return tuple(float(f"{x:.7g}") if math.isfinite(x) else None for x in found)
