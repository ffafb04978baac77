"""Coefficients of a theory, its effective learning rates among them, fitted to a measured trajectory."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic import Theory, two_point
from scipy.optimize import OptimizeResult

from .begin import theory_start
from .coefficients import named, parameter_values
from .loss import r_squared
from .measurement import Measurement
from .model import Model
from .quantities import Pair, Rates, State
from .search import best_rates, best_starts, refine

Array = NDArray[np.float64]

_COARSE = 64
"""Samples on which starting points are compared."""

_UNDETERMINED = 1e-10
"""The data do not determine a fit if changing one coefficient by its size moves no scalar by more than this share."""

_UNDETERMINED_BY_DIFFERENCES = 1e-5
"""The same where derivatives are finite differences, whose noise is smaller than this."""

_ALIKE = 1e-7
"""Coefficients move the trajectory alike if together they move it by less than this share of what each does alone."""

_ALIGNED = 1e-6
"""dy is parallel to dy* in all samples if Cauchy-Schwarz holds with equality to this share."""

_AT_BOUND = 1e-6
"""A coefficient below this share of the size that shows is at its bound."""


@dataclass(frozen=True)
class RateFit:
    """Fitted coefficients of a theory, its effective learning rates among them, and how well they do.

    Attributes:
        theory: the name of the theory.
        coefficients: all its coefficients by name, fitted or fixed; rates in 1/(training step).
        fitted: the names of those that were fitted.
        errors: their standard errors, or None: ``message`` says why. They assume independent residuals of equal
            (weighted) variance; residuals along a trajectory are correlated, so read them as lower bounds.
        r2: the coefficient of determination of each scalar.
        sse: the weighted sum of squared differences of all three scalars.
        special_cases: the names of theories that this one contains.
        samples: how many independent numbers were fitted: for every sample but the first three, or two if dy is
            parallel to dy* in all, as with a single output: w follows from dy2 then.
        success: whether the optimiser converged to coefficients that the data determine.
        message: what the optimiser said, and why there are no standard errors if there are none.
        predicted: the fitted trajectory at the given times.

    >>> from repdyn.numeric import Pair, Rates, State, fit_rates, trajectory
    >>> t = np.arange(2000.0)
    >>> run = trajectory(t, State(1e-3, 1e-3, 0.0), Pair(1.0, 0.5), Rates(1e-3, 2e-2))
    >>> fit = fit_rates(t, run, Pair(1.0, 0.5))
    >>> fit.theory, fit.fitted, fit.success
    ('two_point', ('rate_h', 'rate_y'), True)
    """

    theory: str
    coefficients: Mapping[str, float]
    fitted: tuple[str, ...]
    errors: Mapping[str, float] | None
    r2: State
    sse: float
    special_cases: tuple[str, ...]
    samples: int
    success: bool
    message: str
    predicted: State

    @property
    def rates(self) -> Rates:
        """The effective learning rates, of a theory that has ``rate_h`` and ``rate_y``; others raise a ValueError."""
        if not {"rate_h", "rate_y"} <= self.coefficients.keys():
            raise ValueError(f"theory {self.theory!r} has no rate_h and rate_y; see the fit's coefficients")
        return Rates(self.coefficients["rate_h"], self.coefficients["rate_y"])

    @property
    def stderr(self) -> Rates | None:
        """The standard errors of both rates, or None if there are none or not both were fitted."""
        if self.errors is None or not {"rate_h", "rate_y"} <= self.errors.keys():
            return None
        return Rates(self.errors["rate_h"], self.errors["rate_y"])

    @property
    def aic(self) -> float:
        """Akaike's information criterion for residuals of one unknown variance; the lower, the better."""
        return float(self.samples * np.log(self.sse / self.samples)) + 2 * len(self.fitted) if self.sse else -np.inf


def fit_rates(
    t: ArrayLike,
    observed: State,
    pair: Pair,
    *,
    theory: Theory | str = "two_point",
    fixed: Mapping[str, float] | None = None,
    weights: State | None = None,
) -> RateFit:
    """Fit a theory's coefficients to a measured trajectory by least squares.

    Args:
        t: training steps, shape (n,), increasing, n >= 3; any subset of the steps of a run. The first
            is taken as the start of the trajectory and is not fitted.
        observed: the measured state at those times, fields of shape (n,).
        pair: squared distances of inputs and of targets.
        theory: a theory of the package by name, or one of your own.
        fixed: coefficients that are known and not fitted, by name.
        weights: what each squared difference counts, numbers or arrays that broadcast to (n,);
            by default 1, the paper's plain sum.

    The two rates of the two-point theory are found from the best few of a grid of starts around the ratio of rates
    that the conserved quantity gives. Other theories start there. Positive coefficients are fitted in their
    logarithms; derivatives are exact where there is a closed form, finite differences elsewhere.

    Raises:
        ValueError: if shapes do not match, times do not increase, a distance or weight is negative, the pair's fields
            are not single numbers, the first state cannot start a trajectory, a fixed coefficient is none of the
            theory's, or all are fixed.

    Source: the fit of van Rossem & Saxe (arXiv 2402.09142), section 4, with the closed form
    in place of a numerical integration.

    >>> from repdyn.numeric import Pair, Rates, State, fit_rates, trajectory
    >>> t, pair = np.arange(2000.0), Pair(1.0, 0.5)
    >>> run = trajectory(t, State(1e-3, 1e-3, 0.0), pair, Rates(1e-3, 2e-2))
    >>> fit = fit_rates(t, run, pair)
    >>> round(fit.rates.h, 9), round(fit.rates.y, 9)
    (0.001, 0.02)
    """
    data = Measurement(t, observed, pair, weights)
    coarse = data.thinned(_COARSE)
    found = named(theory)
    model = Model(found, fixed or {})
    if found.depends_on_time and data.times[0] != 0:
        raise ValueError(
            f"theory {found.name!r} depends on time itself: give the trajectory from step 0 on, got {data.times[0]:g} "
            f"first"
        )
    if found is two_point() and not fixed:
        starts = best_rates(coarse, 2)
        finish: Literal["trf", "lm"] = "lm"  # the quicker near the optimum; a trust region finds its way from afar
    else:
        theory_start(found, data.start, parameter_values(found, pair, model.coefficients(np.zeros(len(model.names)))))
        starts = best_starts(model, coarse, fit_rates(t, observed, pair, weights=weights).coefficients, 3)
        finish = "trf"
    # Finite differences find no optimum finer than their own error.
    rough, fine = (1e-12, 1e-15) if found.solution is not None else (1e-6, 1e-11)
    candidates = [refine(model, coarse, x, "trf", rough) for x in starts]
    return _report(model, data, refine(model, data, min(candidates, key=_cost).x, finish, fine))


def _cost(result: OptimizeResult) -> float:
    return result.cost


def _report(model: Model, data: Measurement, found: OptimizeResult) -> RateFit:
    """The result of the fit at its optimum; what is at its bound is put there."""
    bound = found.x - model.lowest < _AT_BOUND
    optimum = np.where(bound, model.lowest, found.x)
    predicted = model.predict(data, optimum)
    r2 = (r_squared(o, float(np.sum((p - o) ** 2))) for p, o in zip(predicted, data.observed, strict=True))
    samples = (2 if _is_aligned(data) else 3) * (data.times.size - 1)
    errors, reason = _errors(model, data, found, samples - len(model.names))
    if bound.any():
        reason = f"{reason} At the bound 0: {', '.join(itertools.compress(model.names, bound))}.".strip()
    return RateFit(
        theory=model.theory.name,
        coefficients=model.coefficients(optimum),
        fitted=model.names,
        errors=errors,
        r2=State(*r2),
        sse=2 * float(found.cost),
        special_cases=model.theory.special_cases,
        samples=samples,
        success=bool(found.success) and errors is not None,
        message=f"{found.message} {reason}".strip(),
        predicted=State(*predicted),
    )


def _is_aligned(data: Measurement) -> bool:
    """Whether dy is parallel or opposite to dy* in all samples."""
    _, dy2, w = data.observed
    bound = np.sqrt(dy2 * data.pair.dy2)
    return bool((bound - np.abs(dy2 - w) <= _ALIGNED * (bound + np.abs(w))).all()) and float(data.pair.dy2) > 0


def _errors(
    model: Model, data: Measurement, found: OptimizeResult, freedom: int
) -> tuple[Mapping[str, float] | None, str]:
    jacobian: Array = found.jac
    count = len(model.names)
    sizes = np.abs(data.root_weight * data.observed).max(axis=1)
    moved = jacobian.reshape(3, -1, count) / np.where(sizes > 0, sizes, 1.0)[:, None, None]
    least = float(np.linalg.svd(moved.reshape(-1, count), compute_uv=False)[-1] / np.sqrt(data.times.size))
    noise = _UNDETERMINED if model.theory.solution is not None else _UNDETERMINED_BY_DIFFERENCES
    if freedom <= 0 or not least > noise or not np.ptp(data.observed, axis=1).any():
        return None, (
            f"No standard errors: the trajectory does not determine {', '.join(model.names)} (a change by their own "
            f"size moves the three scalars by {least:.1e} of theirs, of {freedom + count} numbers); record one in "
            f"which dh2 "
            "and dy2 both change, or fix what is known."
        )
    if not found.cost:
        return None, "No standard errors: the fit is exact."
    lengths = np.linalg.norm(jacobian, axis=0)
    _, apart, axes = np.linalg.svd(jacobian / lengths, full_matrices=False)
    if apart[-1] < _ALIKE:
        return None, (
            f"No standard errors: {', '.join(model.names)} move the trajectory so much alike (to {apart[-1]:.1e}) that "
            "rounding hides the difference; fix what is known."
        )
    spread = np.linalg.norm(axes.T / apart, axis=1) / lengths * np.sqrt(2 * found.cost / freedom)
    return dict(zip(model.names, (spread * model.scales(found.x)).tolist(), strict=True)), ""
