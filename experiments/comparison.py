"""Measured trajectories against the theory: fits, end states and where both part ways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from repdyn.numeric import (
    ConservedLine,
    Departure,
    FailedFit,
    GrowthExponent,
    LossFit,
    Pair,
    RateFit,
    State,
    conserved_line,
    departures,
    final_distance,
    fit_loss,
    fit_many,
    growth_exponent,
    has_end,
    loss_curve,
    named,
    regime_number,
)
from repdyn.numeric.arguments import flag
from repdyn.numeric.coefficients import DEFAULT_THEORY
from repdyn.numeric.determination import varies
from repdyn.numeric.joint import fitted_together
from repdyn.symbolic import Theory, theories
from repdyn.symbolic.arguments import instance
from tqdm import tqdm

from .processes import shared_out
from .tracking.samples import SMALLEST, Samples, samples
from .tracking.table import KEYS, SCALARS, UNLABELLED, checked_table, labels

Array = NDArray[np.float64]

_ENDED = 0.9
"""The end was seen if this share of the squared error of the difference was learnt on the way."""

_BEGUN = 0.1
"""If less than this was learnt, dh2 has hardly moved: standard errors of the rates would say too much."""

_AT_ONCE = 64
"""Trajectories that are fitted together, where the theory is one of which that saves time."""

_FEWEST_LOSSES = 3
"""Samples of the loss that a fit of it takes."""


@dataclass(frozen=True)
class Comparison:
    """One measured trajectory and the theory fitted to it.

    Attributes:
        pair: label of the pair of data points.
        layer: name of the layer.
        steps: training steps, shape (n,), of the samples that were used.
        observed: the measured state, fields of shape (n,).
        constants: the pair's squared distances of inputs and targets.
        fit: the fitted rates and the predicted trajectory.
        loss: the measured loss, shape (n,), NaN where there is none; or None.
        loss_fit: the rate of the mean prediction fitted to it, its prediction NaN where there is no loss; or None.
        loss_reason: why there is no such fit, if there is a loss.
        final_predicted: dh2 at infinite time from the initial values and the fitted coefficients, or NaN for a
            theory without an end.
        regime: asinh(A_high/(2 A_low)) at the fitted rates: 0 is rich, large is lazy; NaN for a theory that does
            not have this number.
        departures: where dh2, dy2 and w leave their predictions.
        line: the conserved quantity, tested without a fit where dh2 has not vanished.
        exponent: the measured d log dh2 / d log dy2, or None if dy2 does not grow.
        exponent_predicted: the same, measured on the fitted trajectory.
        gaps: how many samples were left out for a value that is not finite.
        cut: how many more were left out at the end, where values stay not finite.
    """

    pair: str
    layer: str
    steps: Array
    observed: State
    constants: Pair
    fit: RateFit
    loss: Array | None
    loss_fit: LossFit | None
    loss_reason: str | None
    final_predicted: float
    regime: float
    departures: tuple[Departure, Departure, Departure]
    line: ConservedLine
    exponent: GrowthExponent | None
    exponent_predicted: GrowthExponent | None
    gaps: int
    cut: int

    @property
    def final_measured(self) -> float:
        """The last measured dh2, where the network ends if ``ended`` and otherwise how far it was seen."""
        return float(self.observed[-1].dh2)

    @property
    def learnt(self) -> float:
        """The largest share of the squared error of the pair's output difference that was learnt on the way."""
        error = np.atleast_1d(loss_curve(self.steps, self.observed, self.constants, 0.0, 1.0))
        size = max(float(error[0]), float(loss_curve(0.0, State(1.0, 0.0, 0.0), self.constants, 0.0, 1.0)))
        return float(np.clip(1 - np.min(error) / size, 0.0, 1.0)) if size > 0 else 1.0

    @property
    def ended(self) -> bool:
        """Whether the end was seen, that is nine tenths of the difference learnt and nothing cut."""
        return not self.cut and self.learnt >= _ENDED

    @property
    def errors(self) -> Mapping[str, float] | None:
        """The fit's standard errors, or None if it has none or less than a tenth of the difference was learnt."""
        return self.fit.errors if self.learnt >= _BEGUN else None

    @property
    def mean_r2(self) -> float:
        """The mean R^2 of the three scalars, by which pairs are ranked."""
        r2 = self.fit.r2
        return float(r2.dh2 + r2.dy2 + r2.w) / 3

    def row(self) -> dict[str, Any]:
        """The comparison as plain numbers, for a table or JSON."""
        fit, loss = self.fit, self.loss_fit
        errors = self.errors or {}
        independent = (fit.independent_errors or {}) if errors else {}
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
            "independent_errors": dict(independent),
            "correlation_time": fit.correlation_time,
            "rate_mean": loss.rate if loss else None,
            "r2_dh2": fit.r2.dh2,
            "r2_dy2": fit.r2.dy2,
            "r2_w": fit.r2.w,
            "r2_loss": loss.r2 if loss else None,
            "sse": fit.sse,
            "aic": fit.aic,
            "final_predicted": _or_none(self.final_predicted),
            "final_measured": self.final_measured if self.ended else None,
            "last_measured": self.final_measured,
            "learnt": self.learnt,
            "regime": _or_none(self.regime),
            "line_r2": _or_none(self.line.r2),
            "line_slope": self.line.slope,
            "exponent": self.exponent.value if self.exponent else None,
            "exponent_r2": _or_none(self.exponent.r2) if self.exponent else None,
            "exponent_predicted": self.exponent_predicted.value if self.exponent_predicted else None,
            "samples": len(self.steps),
            "gaps": self.gaps,
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


def as_table(comparisons: Iterable[Comparison | Failure]) -> pd.DataFrame:
    """Comparisons as a table: a row each, of plain numbers and text, in the columns of :meth:`Comparison.row`.

    What these have by name is spread over columns: ``fitted_rate_h``, ``stderr_rate_h``, ``independent_rate_h``,
    ``worst_dh2`` and the like.
    """
    return pd.DataFrame([_flat(c.row()) for c in comparisons])


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    for column, prefix in (("coefficients", "fitted_"), ("errors", "stderr_"), ("independent_errors", "independent_")):
        row |= {prefix + name: value for name, value in row.pop(column, {}).items()}
    for departure in row.pop("departures", []):
        row |= {f"{key}_{departure['scalar']}": departure[key] for key in ("worst", "worst_at", "first_at", "delay")}
    return row


def compare(
    frame: pd.DataFrame,
    *,
    theory: Theory | str = DEFAULT_THEORY,
    fixed: Mapping[str, float] | None = None,
    balanced: bool = False,
) -> list[Comparison | Failure]:
    """Fit every pair and layer of a table of trajectories.

    Args:
        frame: columns step, dh2, dy2, w, dx2, dy2_target and, optionally, pair, layer and loss; a row a step, or
            several that complete each other.
        theory: what to fit: a theory of the package by name, or one of your own.
        fixed: coefficients that are known and not fitted, by name.
        balanced: weight each scalar by the inverse of its variance, so that a large one does not decide the
            fit alone; the paper's plain sum of squares otherwise.

    A row with a value that is not finite is a gap, left out and counted; a trajectory is cut where its values stay not
    finite to the end. If the first row is a gap, the trajectory begins at the next (a theory that depends on time
    itself begins at step 0 and refuses that). One that cannot be fitted is a :class:`Failure` with the reason, not an
    exception.

    Many are shared out among processes, one a core, where that saves time, with the same results to the last bit and in
    the same order; a theory of one's own is fitted in this one.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if there is no theory of that name, a column is missing, or one holds anything but numbers.

    >>> from repdyn.numeric import Rates, trajectory
    >>> run = trajectory(np.arange(500.0), State(0.01, 0.0, 0.0), Pair(1.0, 0.5), Rates(2e-3, 2e-2))
    >>> frame = pd.DataFrame({"step": range(500), **vars(run), "dx2": 1.0, "dy2_target": 0.5})
    >>> (found,) = compare(frame)
    >>> round(found.fit.rates.h, 6), round(found.final_predicted, 6)
    (0.002, 0.228663)
    """
    found_theory = named(theory)
    own = theories().get(found_theory.name) is not found_theory
    asked = _Asked(found_theory if own else found_theory.name, fixed, flag("balanced", balanced))
    table = checked_table(instance("frame", frame, pd.DataFrame))
    keys = [_labelled(table, key) for key in KEYS]
    trajectories = table.drop(columns=KEYS, errors="ignore").groupby(keys, sort=False)
    groups = [(str(pair), str(layer), rows) for (pair, layer), rows in trajectories]
    size = _AT_ONCE if fitted_together(found_theory) else 1
    parts = [groups[i : i + size] for i in range(0, len(groups), size)]
    found: list[Comparison | Failure] = []
    with (
        closing(shared_out(partial(_compare_some, asked), parts, portable=not own)) as compared,
        tqdm(desc="fitting", total=len(groups), disable=None, leave=False) as bar,
    ):
        for some in compared:
            found += some
            bar.update(len(some))
    stray = int(np.logical_or.reduce([key.isna() for key in keys]).sum())
    if stray:
        reason = f"{stray} of {len(table)} rows name no pair or no layer, so that they belong to no trajectory"
        found.append(Failure(UNLABELLED, UNLABELLED, found_theory.name, reason))
    return found


def _labelled(table: pd.DataFrame, key: str) -> pd.Series:
    """The labels of all rows, each different value read once."""
    if key not in table:
        return pd.Series(UNLABELLED, index=table.index, dtype=object)
    codes, different = pd.factorize(table[key], use_na_sentinel=False)
    found = labels(pd.DataFrame({key: different}), key)
    return pd.Series(np.array(found, dtype=object)[codes], index=table.index)


class _Asked(NamedTuple):
    """What is to be fitted, and how; a theory of the package by its name, which every process knows."""

    theory: Theory | str
    fixed: Mapping[str, float] | None
    balanced: bool


_Group = tuple[str, str, pd.DataFrame]
"""A pair, a layer and the rows of their trajectory."""


def _compare_some(asked: _Asked, groups: Sequence[_Group]) -> list[Comparison | Failure]:
    """The comparisons of some trajectories, those of the same steps fitted together."""
    theory = named(asked.theory)
    found: dict[int, Comparison | Failure] = {}
    measured: dict[int, Samples] = {}
    alike: dict[bytes, list[int]] = {}
    for k, (pair, layer, rows) in enumerate(groups):
        try:
            measured[k] = samples(rows)
        except ValueError as error:
            found[k] = Failure(pair, layer, theory.name, str(error))
        else:
            alike.setdefault(measured[k].steps.tobytes(), []).append(k)
    for same in alike.values():
        for k, fit in zip(same, _fits([measured[k] for k in same], asked), strict=True):
            pair, layer, rows = groups[k]
            try:
                found[k] = _compared(pair, layer, measured[k], theory, fit)
            except (ValueError, ArithmeticError) as error:
                lost = measured[k].gaps + measured[k].cut
                left_out = f" (left out as not finite: {lost} of {len(rows)} samples)" if lost else ""
                found[k] = Failure(pair, layer, theory.name, f"{error}{left_out}")
    return [found[k] for k in range(len(groups))]


def _fits(measured: Sequence[Samples], asked: _Asked) -> Sequence[RateFit | FailedFit]:
    """The fits of trajectories of the same steps."""
    observed = [one.observed for one in measured]
    weights = [balance(one) for one in observed]
    try:
        return fit_many(
            measured[0].steps,
            _beside(observed),
            Pair(*(np.array([getattr(one.constants, name) for one in measured]) for name in ("dx2", "dy2"))),
            theory=asked.theory,
            fixed=asked.fixed,
            weights=_beside(weights) if asked.balanced else None,
        )
    except ValueError as error:
        return [FailedFit(named(asked.theory).name, k, str(error)) for k in range(len(measured))]


def _beside(states: Sequence[State]) -> State:
    """States of several pairs as one, with a column for each pair."""
    return State(*(np.stack([getattr(state, name) for state in states], axis=-1) for name in SCALARS))


def _compared(pair: str, layer: str, measured: Samples, theory: Theory, fit: RateFit | FailedFit) -> Comparison:
    if isinstance(fit, FailedFit):
        raise ValueError(fit.message)
    steps, observed, constants = measured.steps, measured.observed, measured.constants
    loss_fit, loss_reason = _fit_loss(measured, fit.predicted)
    start = observed[0]
    return Comparison(
        pair=pair,
        layer=layer,
        steps=steps,
        observed=observed,
        constants=constants,
        fit=fit,
        loss=measured.loss,
        loss_fit=loss_fit,
        loss_reason=loss_reason,
        final_predicted=_final(start, constants, fit, theory),
        regime=_regime(start, constants, fit, theory),
        departures=departures(steps, observed, fit.predicted),
        line=conserved_line(observed[np.asarray(observed.dh2) > SMALLEST]),
        exponent=growth_exponent(observed),
        exponent_predicted=growth_exponent(fit.predicted),
        gaps=measured.gaps,
        cut=measured.cut,
    )


def balance(observed: State) -> State:
    """The inverse variance of each scalar; one that is constant weighs nothing."""
    columns = (np.asarray(getattr(observed, name)) for name in SCALARS)
    return State(*(1 / float(column.var()) if varies(column) else 0.0 for column in columns))


def _or_none(number: float) -> float | None:
    return None if np.isnan(number) else number


def _final(start: State, constants: Pair, fit: RateFit, theory: Theory) -> float:
    """dh2 at the end of a theory that has one, or NaN."""
    return float(final_distance(start, constants, fit.coefficients, theory=theory)) if has_end(theory) else np.nan


def _regime(start: State, constants: Pair, fit: RateFit, theory: Theory) -> float:
    """The number that orders all starts, of a theory that has it, or NaN."""
    has = theory.has_regime
    return float(regime_number(start, constants, fit.coefficients, theory=theory)) if has else np.nan


def _fit_loss(measured: Samples, predicted: State) -> tuple[LossFit | None, str | None]:
    """The fit of the loss where there is one, or None and why."""
    if measured.loss is None:
        return None, None
    known = np.isfinite(measured.loss)
    if known.sum() < _FEWEST_LOSSES:
        return None, f"it is finite in {known.sum()} of {known.size} samples, and a fit takes {_FEWEST_LOSSES}"
    try:
        found = fit_loss(measured.steps[known], measured.loss[known], predicted[known], measured.constants)
    except ValueError as error:
        return None, str(error)
    curve = np.full(known.shape, np.nan)
    curve[known] = found.predicted
    return replace(found, predicted=curve), None
