"""Coefficients of a theory, its effective learning rates among them, fitted to a measured trajectory."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic import Theory

from . import agreeing
from .arguments import by_name
from .begin import theory_start
from .coefficients import DEFAULT_THEORY, named, parameter_values
from .descent import descended
from .determination import akaike, determination, r_squared
from .measurement import Measurement
from .model import Model
from .quantities import Pair, Rates, State, is_aligned
from .search import Optimum, at_bound, best_starts, refine
from .stepwise import stepwise_optimum
from .uncertainty import Uncertainty, uncertainty
from .units import Units, natural_units

Array = NDArray[np.float64]

_COARSE = 64
"""Samples on which starting points are compared."""

_UNDETERMINED = 1e-10
"""The data do not determine a fit if changing one coefficient by its size moves no scalar by more than this share."""

_UNDETERMINED_BY_DIFFERENCES = 1e-5
"""The same where derivatives are finite differences, whose noise is smaller than this."""

_ALIKE = 1e-7
"""Coefficients move the trajectory alike if together they move it by less than this share of what each does alone."""

_STILL, _NOTHING = 1e-6, 1e-2
"""A step counts for nothing if it is at most this share of a coefficient, or of its standard error."""

_STARTS, _STARTS_BY_DIFFERENCES = 12, 4
"""From how many places the search begins, at most."""

_WORTH = 4.0
"""A minimum on some samples is looked at on all of them if its misfit is at most so many times the least."""

_MINIMA = 3
"""How many minima on some samples are looked at on all."""

_EXACT, _EXACT_BY_INTEGRATION = 1e-20, 1e-13
"""Half the misfit below which data are met exactly."""

_LONG = 0.1
"""Of residuals that stay alike for this share of a trajectory, its few stretches tell too little."""

_CLOSE = 9.0
"""How many times more likely, as a logarithm of the square, an optimum must be than one elsewhere to be the one."""

_APART = 1e-2
"""Two optima are one if no coefficient differs by more than this share of itself."""


@dataclass(frozen=True)
class RateFit:
    """Fitted coefficients of a theory, its effective learning rates among them, and how well they do.

    Attributes:
        theory: the name of the theory.
        coefficients: all its coefficients by name, fitted or fixed; rates in 1/(training step).
        fitted: the names of those that were fitted.
        errors: their standard errors, or None: ``message`` says why. They allow for residuals that stay alike for a
            while, as along a trajectory, and differ in size from scalar to scalar. Of a pair whose targets agree those
            of the coefficients that it determines: the others are put where they begin to make a difference.
        independent_errors: what the errors would be were each residual drawn for itself, all from one distribution.
        correlation_time: the training steps in which the correlation of residuals falls by e; 0 if they are
            independent, and where there are no errors.
        r2: the coefficient of determination of each scalar.
        sse: the weighted sum of squared differences of all three scalars.
        special_cases: the names of theories that this one contains.
        samples: how many independent numbers were fitted: for every sample but the first three, or two if dy is
            parallel to dy* in all, as with a single output: w follows from dy2 then.
        determined: whether the data determine the coefficients and nothing better is near or, as far as was searched,
            elsewhere: a further step of least squares would move none by more than a millionth of itself or a
            hundredth of its standard error, and no other minimum found is close to as likely. An exact fit is one.
        success: whether they do, and no scalar that varies and counts is further from its prediction than from its
            mean (a negative R^2, of the weighted squares): there the theory describes nothing.
        message: how the search ended, other minima that are close, why there are no errors if there are none, and
            what the theory does not describe.
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
    independent_errors: Mapping[str, float] | None
    correlation_time: float
    r2: State
    sse: float
    special_cases: tuple[str, ...]
    samples: int
    determined: bool
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
        return akaike(self.sse, self.samples, len(self.fitted))


def fit_rates(
    t: ArrayLike,
    observed: State,
    pair: Pair,
    *,
    theory: Theory | str = DEFAULT_THEORY,
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

    The search begins at the lowest minima of a grid over all shapes and speeds that a trajectory may have, around the
    ratio of rates that the conserved quantity gives, and at the optimum of a theory in closed form that is a special
    case. It is done in units in which the data are of the order of 1, so that it does not depend on theirs. Positive
    coefficients are fitted in their logarithms; derivatives are exact where there is a closed form, finite differences
    elsewhere.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if shapes do not match, times do not increase, a distance or weight is negative, the pair's fields
            are not single numbers, the first state cannot start a trajectory, a fixed coefficient is none of the
            theory's, all are fixed, the theory breaks down at all coefficients that were tried, or a coefficient of
            the size that the data ask for is no number in double precision.

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
    found = named(theory)
    known = Model(
        found, {name: x.tolist() for name, x in by_name("fixed", {} if fixed is None else fixed).items()}
    ).fixed
    if found.depends_on_time and data.times[0] != 0:
        raise ValueError(
            f"theory {found.name!r} depends on time itself: give the trajectory from step 0 on, got {data.times[0]:g} "
            "first"
        )
    units = natural_units(found, data, known)
    model = Model(found, {name: value / units[name] for name, value in known.items()})
    scaled = data.in_units(units)
    given = parameter_values(found, scaled.pair, model.coefficients(np.zeros(len(model.names))))
    if found.begin is not None or not model.closed:
        theory_start(found, scaled.start, given)
    smaller = _neighbour(found, known)
    begun = (
        fit_rates(t, observed, pair, theory=smaller, fixed=_of(smaller, known), weights=weights) if smaller else None
    )
    first = model.point({name: value / units[name] for name, value in begun.coefficients.items()}) if begun else None
    optima = _optima(model, scaled, first)
    return _report(model, data, scaled, units, optima)


def _neighbour(theory: Theory, fixed: Mapping[str, float]) -> Theory | None:
    """A theory in closed form from which to begin, of coefficients that this one has, with something left to fit."""
    own = {x.name for x in theory.coefficients}
    for other in map(named, (*theory.special_cases, *theory.neighbours)):
        names = {x.name for x in other.coefficients}
        if other.name != theory.name and other.solution is not None and names <= own and names - fixed.keys():
            return other
    return None


def _of(theory: Theory, fixed: Mapping[str, float]) -> dict[str, float]:
    """The known coefficients that a theory has."""
    return {x.name: fixed[x.name] for x in theory.coefficients if x.name in fixed}


def _optima(model: Model, data: Measurement, first: Array | None) -> list[Optimum]:
    """The best minimum of the misfit that was found, and what comes near it elsewhere."""
    coarse = data.thinned(_COARSE)
    starts = best_starts(model, coarse, _STARTS if model.closed else _STARTS_BY_DIFFERENCES)
    if first is not None:
        starts = [first, *starts]
    if (not model.closed or model.clock is None) and model.theory.begin is not None:  # grids are coarse
        starts = [*(stepwise_optimum(model, coarse, x) for x in starts[:2]), *starts]
    optima = (_in_closed_form if model.closed else _by_integration)(model, data, coarse, starts)
    if not optima:
        raise ValueError(
            f"theory {model.theory.name!r} reaches a singularity from this start at all coefficients that were tried: "
            "it cannot describe this trajectory"
        )
    return _distinct(optima)


def _in_closed_form(model: Model, data: Measurement, coarse: Measurement, starts: list[Array]) -> list[Optimum]:
    """Optima from some starts: on some samples, and those of them that are worth it on all."""
    if not starts:
        return []
    method = "trf" if np.isfinite(model.lowest).any() else "lm"
    near = _worth(*descended(model, coarse, np.array(starts), _WORTH, _EXACT))
    optima: list[Optimum] = []
    for x in near:
        begin, held = (x, None) if data.pair.dy2 else agreeing.limits(model, data, x)
        if (optimum := refine(model, data, begin, held, method, 1e-15, 200, model.evaluate_nearby)) is not None:
            exact = data.weighted(model.evaluate(data, optimum.x)[1])
            optima.append(replace(optimum, jac=exact))
    return optima


def _worth(points: Array, costs: Array) -> Array:
    """The lowest of the points at which minima are, shape (k, m), without those near a better one."""
    kept: list[Array] = []
    order = np.argsort(costs)
    for i in order:
        worth = np.isfinite(costs[i]) and costs[i] <= _WORTH * costs[order[0]]
        if worth and len(kept) < _MINIMA and all(np.abs(points[i] - x).max() >= _APART for x in kept):
            kept.append(points[i])
    return np.array(kept)


def _by_integration(model: Model, data: Measurement, coarse: Measurement, starts: list[Array]) -> list[Optimum]:
    """The same where each trajectory is an integration, and finite differences find no optimum finer than they are."""
    rough_optima: list[Optimum] = []
    for x in starts:
        if (optimum := refine(model, coarse, x, None, "trf", 1e-6, 60, model.evaluate)) is not None:
            rough_optima.append(optimum)
            if optimum.cost < _EXACT_BY_INTEGRATION:
                break
    optima: list[Optimum] = []
    for near in _distinct(rough_optima):
        if (not optima or near.cost < _WORTH * rough_optima[0].cost) and len(optima) < _MINIMA:
            optimum = refine(model, data, near.x, None, "trf", 1e-11, 200, model.evaluate_finely)
            optima += [] if optimum is None else [optimum]
    return optima


def _distinct(optima: list[Optimum]) -> list[Optimum]:
    """Sorted by their misfit, without those that are at the place of a better one."""
    optima.sort(key=lambda optimum: optimum.cost)

    def same(one: Optimum, other: Optimum) -> bool:
        return not (np.abs(one.x - other.x) >= np.where(one.held & other.held, np.inf, _APART)).any()

    return [y for i, y in enumerate(optima) if not any(same(x, y) for x in optima[:i])]


def _report(model: Model, data: Measurement, scaled: Measurement, units: Units, optima: list[Optimum]) -> RateFit:
    """The result of the fit at its optimum."""
    best = optima[0]
    bound = at_bound(model, best.x)
    predicted = model.predict(scaled, best.x) * np.array([[units[name]] for name in ("dh2", "dy2", "w")])
    samples = (2 if is_aligned(State(*data.observed), data.pair) else 3) * (data.times.size - 1)
    coefficients = _in_data_units(model, units, best.x)
    held = best.held
    free = tuple(itertools.compress(model.names, ~held))
    found, reason = _uncertainty(model, scaled, best, samples)
    said = [best.message, reason]
    determined = found is not None and not held.any()
    if held.any():
        said[1:] = [agreeing.reason(model, data.observed, held, coefficients)]
    if found is not None:
        if not _is_settled(model, best, found.independent):
            determined = False
            said.append("Something better is near: the search did not end.")
        for other in optima[1:]:
            if found.samples * np.log(other.cost / best.cost) < _CLOSE:
                determined = False
                values = (f"{name} = {value:.4g}" for name, value in _in_data_units(model, units, other.x).items())
                said.append(
                    f"Another minimum fits almost as well (its misfit is {other.cost / best.cost:.4g} times this one): "
                    f"{', '.join(values)}; fix what is known, or record more of the trajectory."
                )
        if found.correlation_time > _LONG * scaled.elapsed[-1]:
            steps, span = found.correlation_time * units["time"], data.elapsed[-1]
            said.append(f"Residuals stay alike for {steps:.3g} of {span:g} steps: standard errors are too small then.")
    if bound.any():
        said.append(f"At the bound 0: {', '.join(itertools.compress(model.names, bound))}.")
    if worse := _worse_than_their_means(data, predicted):
        said.append(f"The theory does not describe this trajectory: a constant, the mean, is nearer to {worse}.")
    scales = model.scales(best.x) * np.array([units[name] for name in model.names])
    last_places = np.spacing([coefficients[name] for name in free])
    errors, independent = (
        (None, None)
        if found is None
        else (
            dict(zip(free, np.maximum(x * scales[~held], last_places).tolist(), strict=True))
            for x in (found.errors, found.independent)
        )
    )
    r2 = (r_squared(o, float(np.sum((p - o) ** 2))) for p, o in zip(predicted, data.observed, strict=True))
    return RateFit(
        theory=model.theory.name,
        coefficients=coefficients,
        fitted=model.names,
        errors=errors,
        independent_errors=independent,
        correlation_time=found.correlation_time * units["time"] if found else 0.0,
        r2=State(*r2),
        sse=float(data.misfit(predicted)),
        special_cases=model.theory.special_cases,
        samples=samples,
        determined=determined,
        success=determined and not worse,
        message=" ".join(filter(None, said)),
        predicted=State(*predicted),
    )


def _in_data_units(model: Model, units: Units, x: Array) -> dict[str, float]:
    """The coefficients at a point of the search, in the units of the data."""
    return {name: float(value) * units[name] for name, value in model.coefficients(x).items()}


def _worse_than_their_means(data: Measurement, predicted: Array) -> str:
    """Which scalars that vary and count are further from their prediction than from their mean, in words."""
    worse: list[str] = []
    rows = zip(("dh2", "dy2", "w"), data.observed, predicted, data.root_weight, strict=True)
    for name, measured, expected, root in rows:
        counting = measured[root > 0]
        if counting.size and np.ptp(counting) > _STILL * np.abs(counting).max():
            mean = np.average(measured, weights=root**2)
            missed, spread = (float(np.sum((root * (measured - x)) ** 2)) for x in (expected, mean))
            if missed > spread:
                worse.append(f"{name} (R2 = {determination(missed, spread):.3g})")
    return " and ".join(worse)


def _is_settled(model: Model, found: Optimum, errors: Array) -> bool:
    """Whether a further step of least squares moves nothing that is not at its bound by anything that counts."""
    own = ~found.held
    free = ~at_bound(model, found.x)
    step = np.linalg.lstsq(found.jac[:, own & free], -found.fun)[0]
    return bool((np.abs(step) <= np.maximum(_STILL, _NOTHING * errors[free[own]])).all())


def _uncertainty(model: Model, data: Measurement, found: Optimum, samples: int) -> tuple[Uncertainty | None, str]:
    """How far the unknowns of the search may be off, or None and why that cannot be said."""
    names = tuple(itertools.compress(model.names, ~found.held))
    count = len(names)
    if not count:
        return None, ""
    jacobian = found.jac[:, ~found.held].reshape(3, -1, count)
    sizes = np.abs(data.root_weight * data.observed).max(axis=1)
    moved = jacobian / np.where(sizes > 0, sizes, 1.0)[:, None, None]
    least = float(np.linalg.svd(moved.reshape(-1, count), compute_uv=False)[-1] / np.sqrt(data.times.size))
    noise = _UNDETERMINED if model.closed else _UNDETERMINED_BY_DIFFERENCES
    if samples <= count or not least > noise or not np.ptp(data.observed, axis=1).any():
        return None, (
            f"No standard errors: the trajectory does not determine {', '.join(names)} (a change by their own "
            f"size moves the three scalars by {least:.1e} of theirs, of {samples} numbers); record one in which dh2 "
            "and dy2 both change, or fix what is known."
        )
    columns = jacobian.reshape(-1, count)
    apart = np.linalg.svd(columns / np.linalg.norm(columns, axis=0), compute_uv=False)
    if apart[-1] < _ALIKE:
        return None, (
            f"No standard errors: {', '.join(names)} move the trajectory so much alike (to {apart[-1]:.1e}) that "
            "rounding hides the difference; fix what is known."
        )
    residuals = found.fun.reshape(3, -1)
    return uncertainty(
        data.times[1:],
        residuals[:, 1:],
        jacobian[:, 1:],
        weight=data.root_weight[:, 1:],
        rounding=np.finfo(np.float64).eps * np.sqrt(np.mean((data.root_weight * data.observed) ** 2, axis=1)),
        numbers=samples,
    ), ""
