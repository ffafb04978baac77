"""Measured trajectories against the theory: fits, end states and where both part ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from repdyn.numeric import (
    ConservedLine,
    Departure,
    GrowthExponent,
    LossFit,
    Pair,
    RateFit,
    State,
    conserved_line,
    departures,
    final_distance,
    fit_loss,
    fit_rates,
    growth_exponent,
    has_end,
    named,
    regime_number,
)
from repdyn.symbolic import Theory
from tqdm import tqdm

Array = NDArray[np.float64]

KEYS = ["pair", "layer"]
SCALARS = ["dh2", "dy2", "w"]
CONSTANTS = ["dx2", "dy2_target"]


@dataclass(frozen=True)
class Comparison:
    """One measured trajectory and the theory fitted to it.

    Attributes:
        pair: label of the pair of data points.
        layer: name of the layer.
        steps: training steps, shape (n,).
        observed: the measured state, fields of shape (n,).
        constants: the pair's squared distances of inputs and targets.
        fit: the fitted rates and the predicted trajectory.
        loss: the measured loss, shape (n,), or None.
        loss_fit: the rate of the mean prediction fitted to it, or None.
        final_predicted: dh2 at infinite time from the initial values and the fitted coefficients, or NaN for a
            theory without an end.
        regime: asinh(A_high/(2 A_low)) at the fitted rates: 0 is rich, large is lazy; NaN for other theories
            than the two-point one.
        departures: where dh2, dy2 and w leave their predictions.
        line: the conserved quantity, tested without a fit where dh2 is positive.
        exponent: the measured d log dh2 / d log dy2, or None if dy2 does not grow.
        exponent_predicted: the same, measured on the fitted trajectory.
        cut: how many samples were left out, from the first that is not finite on.
    """

    pair: str
    layer: str
    steps: Array
    observed: State
    constants: Pair
    fit: RateFit
    loss: Array | None
    loss_fit: LossFit | None
    final_predicted: float
    regime: float
    departures: tuple[Departure, Departure, Departure]
    line: ConservedLine
    exponent: GrowthExponent | None
    exponent_predicted: GrowthExponent | None
    cut: int

    @property
    def final_measured(self) -> float:
        """The last measured dh2."""
        return float(self.observed[-1].dh2)

    @property
    def mean_r2(self) -> float:
        """The mean R^2 of the three scalars, by which pairs are ranked."""
        r2 = self.fit.r2
        return float(r2.dh2 + r2.dy2 + r2.w) / 3

    def row(self) -> dict[str, Any]:
        """The comparison as plain numbers, for a table or JSON."""
        fit, loss = self.fit, self.loss_fit
        errors = fit.errors or {}
        return {
            "pair": self.pair,
            "layer": self.layer,
            "theory": fit.theory,
            "rate_h": fit.coefficients.get("rate_h"),
            "rate_y": fit.coefficients.get("rate_y"),
            "stderr_h": errors.get("rate_h"),
            "stderr_y": errors.get("rate_y"),
            "coefficients": dict(fit.coefficients),
            "errors": dict(errors),
            "rate_mean": loss.rate if loss else None,
            "r2_dh2": fit.r2.dh2,
            "r2_dy2": fit.r2.dy2,
            "r2_w": fit.r2.w,
            "r2_loss": loss.r2 if loss else None,
            "sse": fit.sse,
            "aic": fit.aic,
            "final_predicted": _or_none(self.final_predicted),
            "final_measured": self.final_measured,
            "regime": _or_none(self.regime),
            "line_r2": self.line.r2,
            "line_slope": self.line.slope,
            "exponent": self.exponent.value if self.exponent else None,
            "exponent_r2": self.exponent.r2 if self.exponent else None,
            "exponent_predicted": self.exponent_predicted.value if self.exponent_predicted else None,
            "cut": self.cut,
            "departures": [asdict(d) for d in self.departures],
            "success": fit.success,
            "message": fit.message,
        }


@dataclass(frozen=True)
class Failure:
    """A trajectory that could not be compared, and why."""

    pair: str
    layer: str
    theory: str
    reason: str

    def row(self) -> dict[str, Any]:
        """The failure as plain values, for a table or JSON."""
        return {"pair": self.pair, "layer": self.layer, "theory": self.theory, "success": False, "message": self.reason}


def compare(
    frame: pd.DataFrame,
    *,
    theory: Theory | str = "two_point",
    fixed: Mapping[str, float] | None = None,
    balanced: bool = False,
) -> list[Comparison | Failure]:
    """Fit every pair and layer of a table of trajectories.

    Args:
        frame: columns step, dh2, dy2, w, dx2, dy2_target and, optionally, pair, layer and loss; a row a step.
        theory: what to fit: a theory of the package by name, or one of your own.
        fixed: coefficients that are known and not fitted, by name.
        balanced: weight each scalar by the inverse of its variance, so that a large one does not decide the
            fit alone; the paper's plain sum of squares otherwise.

    A trajectory is cut before its first value that is not finite. One that cannot be fitted is a
    :class:`Failure` with the reason, not an exception.

    Raises:
        ValueError: if there is no theory of that name.

    >>> from repdyn.numeric import Rates, trajectory
    >>> run = trajectory(np.arange(500.0), State(0.01, 0.0, 0.0), Pair(1.0, 0.5), Rates(2e-3, 2e-2))
    >>> frame = pd.DataFrame({"step": range(500), **vars(run), "dx2": 1.0, "dy2_target": 0.5})
    >>> (found,) = compare(frame)
    >>> round(found.fit.rates.h, 6), round(found.final_predicted, 6)
    (0.002, 0.228663)
    """
    asked = _Asked(named(theory), fixed, balanced)
    labelled = frame.assign(**{key: "-" for key in KEYS if key not in frame})
    groups = tqdm(labelled.groupby(KEYS, sort=False, dropna=False), desc="fitting", disable=None, leave=False)
    return [_compare_one(str(pair), str(layer), group, asked) for (pair, layer), group in groups]


class _Asked(NamedTuple):
    """What is to be fitted, and how."""

    theory: Theory
    fixed: Mapping[str, float] | None
    balanced: bool


def _compare_one(pair: str, layer: str, group: pd.DataFrame, asked: _Asked) -> Comparison | Failure:
    finite = np.isfinite(group[SCALARS].to_numpy(dtype=np.float64)).all(axis=1)
    kept = group.iloc[: int(np.argmin(finite)) if not finite.all() else len(group)]
    try:
        return _fitted(pair, layer, kept, asked, cut=len(group) - len(kept))
    except (ValueError, ArithmeticError) as error:
        return Failure(pair, layer, asked.theory.name, str(error))


def _fitted(pair: str, layer: str, rows: pd.DataFrame, asked: _Asked, cut: int) -> Comparison:
    if rows.empty:
        raise ValueError("the first dh2, dy2 or w is not finite: there is no trajectory to fit")
    columns = {name: rows[name].to_numpy(dtype=np.float64) for name in (*SCALARS, *CONSTANTS, "step")}
    for name in CONSTANTS:
        if rows[name].nunique(dropna=False) > 1:
            some = ", ".join(f"{value:g}" for value in sorted(set(columns[name]))[:3])
            raise ValueError(f"{name} must be the same in all rows of a pair, got {some}")
    observed = State(*(columns[name] for name in SCALARS))
    constants = Pair(columns["dx2"][0], columns["dy2_target"][0])
    variances = [float(columns[name].var()) for name in SCALARS]
    weights = State(*(1 / v if v > 0 else 0.0 for v in variances)) if asked.balanced else None
    fit = fit_rates(columns["step"], observed, constants, theory=asked.theory, fixed=asked.fixed, weights=weights)
    loss = rows["loss"].to_numpy(dtype=np.float64) if "loss" in rows else None
    start = observed[0]
    return Comparison(
        pair=pair,
        layer=layer,
        steps=columns["step"],
        observed=observed,
        constants=constants,
        fit=fit,
        loss=loss,
        loss_fit=None if loss is None else _fit_loss(columns["step"], loss, fit.predicted, constants),
        final_predicted=_final(start, constants, fit, asked.theory),
        regime=float(regime_number(start, constants, fit.rates)) if fit.theory == "two_point" else np.nan,
        departures=departures(columns["step"], observed, fit.predicted),
        line=conserved_line(observed[np.asarray(observed.dh2) > 0]),
        exponent=growth_exponent(observed),
        exponent_predicted=growth_exponent(fit.predicted),
        cut=cut,
    )


def _or_none(number: float) -> float | None:
    return None if np.isnan(number) else number


def _final(start: State, constants: Pair, fit: RateFit, theory: Theory) -> float:
    """dh2 at the end of a theory that has one, or NaN."""
    return float(final_distance(start, constants, fit.coefficients, theory=theory)) if has_end(theory) else np.nan


def _fit_loss(steps: Array, loss: Array, predicted: State, constants: Pair) -> LossFit | None:
    """The fit of a loss of which every sample is finite; one that is recorded more rarely is not fitted."""
    return fit_loss(steps, loss, predicted, constants) if np.isfinite(loss).all() else None
