"""Coefficients of a theory, its effective learning rates among them, fitted to measured trajectories."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic import Theory

from . import agreeing
from .arguments import by_name
from .begin import theory_start
from .coefficients import DEFAULT_THEORY, named, parameter_values
from .descent import Descent, blocks, descended
from .measurement import Measurement, Measurements
from .model import Model
from .processors import processors
from .quantities import Pair, State, can_start, increasing_times
from .rate_fit import Optima, RateFit, reports
from .search import Optimum, best_starts, refine
from .starts import RATES, starts
from .stepwise import stepwise_optimum
from .units import in_range, natural_units, units_of_each

Array = NDArray[np.float64]

_COARSE, _ROUGH = 64, 32
"""Samples on which starting points are compared, the second where many pairs are searched together."""

_STARTS, _STARTS_BY_DIFFERENCES = 12, 4
"""From how many places the search begins, at most."""

_WORTH = 4.0
"""A minimum on some samples is looked at on all of them if its misfit is at most so many times the least."""

_MINIMA = 3
"""How many minima on some samples are looked at on all."""

_EXACT, _EXACT_BY_INTEGRATION = 1e-20, 1e-13
"""Half the misfit below which data are met exactly."""

_COARSELY = Descent(sides=2, damping=1e-3, nothing=1e-5, little=1e-2, patience=200, worth=_WORTH, exact=_EXACT)
_ROUGHLY = replace(_COARSELY, sides=1, nothing=1e-4, patience=40)
_FINELY = Descent(sides=2, damping=1e-6, nothing=1e-10, little=1e-2, patience=200, worth=_WORTH, exact=1e-28)
"""How far down a minimum is followed: on some samples, the second of many pairs, and on all samples."""

_DESCRIBED = 0.1
"""Where a fit leaves more than this share of what the data moved, other minima may be close: it is looked for alone."""

_AWAY, _FARTHEST = np.array([-12.0, -4.0, 4.0, 12.0]), 3.0
"""Where a minimum is looked at from, in standard errors along what is known least, and in logarithms at most."""

_RISE = 0.3
"""The least share of what its curvature says by which the misfit must have risen there."""

_TOGETHER, _MOST_TOGETHER = 2**17, 512
"""Samples of the pairs that are searched together, and how many pairs these are at most."""

_APART = 1e-2
"""Two optima are one if no coefficient differs by more than this share of itself."""


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
    model = _asked(theory, fixed, data.times)
    ((found, enough),) = _together(model, Measurements.of(data, model.fixed))
    return found if found and enough else _alone(model, data, found)


@dataclass(frozen=True)
class FailedFit:
    """A pair that could not be fitted.

    Attributes:
        theory: the name of the theory.
        pair: which of the pairs it is, counted from 0.
        message: why, in the words of :func:`fit_rates`.
        success: False, as of a fit that is none.
    """

    theory: str
    pair: int
    message: str
    success: Literal[False] = False


def fit_many(
    t: ArrayLike,
    observed: State,
    pairs: Pair,
    *,
    theory: Theory | str = DEFAULT_THEORY,
    fixed: Mapping[str, float] | None = None,
    weights: State | None = None,
) -> list[RateFit | FailedFit]:
    """Fit a theory's coefficients to the trajectories of many pairs, each for itself, as :func:`fit_rates` does.

    Args:
        t: training steps, shape (n,), increasing, n >= 3, the same for all pairs.
        observed: the measured states, fields of shape (n, p).
        pairs: squared distances of inputs and of targets, numbers or arrays of shape (p,).
        theory: a theory of the package by name, or one of your own.
        fixed: coefficients that are known and not fitted, by name, the same for all pairs.
        weights: what each squared difference counts, numbers or arrays that broadcast to (n, p).

    Two rates of a closed form are searched for in many pairs together. Where that search does not end in a success, and
    for all other theories, :func:`fit_rates` looks further, pair by pair.

    Returns:
        The fit of each pair or, of one that cannot be fitted, the reason; it does not stop the others.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if shapes do not match, a weight is negative, or as :func:`fit_rates` for what all pairs share.

    >>> from repdyn.numeric import Pair, Rates, State, fit_many, trajectory
    >>> t, pairs = np.arange(2000.0), Pair(1.0, np.array([0.5, 0.7, 0.9]))
    >>> runs = trajectory(t[:, None], State(1e-3, 1e-3, 0.0), pairs, Rates(1e-3, np.array([1e-2, 2e-2, 3e-2])))
    >>> [round(fit.rates.y, 9) for fit in fit_many(t, runs, pairs) if fit.success]
    [0.01, 0.02, 0.03]
    """
    times = increasing_times(t)
    model = _asked(theory, fixed, times)
    data = Measurements.of_many(times, observed, pairs, weights, model.fixed)
    found: list[RateFit | FailedFit] = []
    for k, (fit, enough) in enumerate(_together(model, data)):
        try:
            found.append(fit if fit and enough else _alone(model, data.one(times, k), fit))
        except (ValueError, ArithmeticError) as error:
            found.append(FailedFit(model.theory.name, k, str(error)))
    return found


def _asked(theory: Theory | str, fixed: Mapping[str, float] | None, times: Array) -> Model:
    """What is to be fitted, in the units of the data."""
    found = named(theory)
    model = Model(found, {name: x.tolist() for name, x in by_name("fixed", {} if fixed is None else fixed).items()})
    if found.depends_on_time and times[0] != 0:
        raise ValueError(
            f"theory {found.name!r} depends on time itself: give the trajectory from step 0 on, got {times[0]:g} first"
        )
    return model


def _together(model: Model, data: Measurements) -> list[tuple[RateFit | None, bool]]:
    """The fits of many pairs as a search of all of them at once finds them, and whether that is enough."""
    found: list[tuple[RateFit | None, bool]] = [(None, False)] * data.span.size
    if not fitted_together(model.theory) or model.fixed:
        return found
    units = units_of_each(model.theory, data)
    start = State(*data.observed[..., 0])
    good = can_start(start, Pair(data.known["dx2"], data.known["dy2_target"])) & (data.known["dy2_target"] > 0)
    good &= (data.observed[:2] >= 0).all(axis=(0, 2)) & np.logical_and.reduce([in_range(x) for x in units.values()])
    at = np.nonzero(good)[0]
    most = int(np.clip(_TOGETHER // data.shares.size, 1, _MOST_TOGETHER))

    def searched(some: NDArray[np.intp]) -> None:
        own = {name: x[some] for name, x in units.items()}
        scaled = data[some].in_units(own)
        try:
            which, best = _optima_of_each(model, scaled)
        except (ValueError, ArithmeticError):  # of one of them, which is then known by itself
            return
        some, own = some[which], {name: x[which] for name, x in own.items()}
        described = (2 * best.cost <= _DESCRIBED) & _rises(model, scaled[which], best)
        fits = reports(model, data[some], scaled[which], own, best)
        for k, fit, well in zip(some, fits, described, strict=True):
            found[k] = fit, fit.success and bool(well)

    parts = [at[i : i + most] for i in range(0, at.size, most)]
    if len(parts) > 1:
        with ThreadPoolExecutor(min(processors(), len(parts))) as threads:  # most of a part are NumPy's loops
            list(threads.map(searched, parts))
    else:
        list(map(searched, parts))
    return found


def fitted_together(theory: Theory) -> bool:
    """Whether many pairs are fitted in much less time together: two rates of a closed form in measured states.

    >>> fitted_together(named("two_point")), fitted_together(named("growing_rates"))
    (True, False)
    """
    measured = theory.begin is None or theory.states == tuple(theory.readout.values())
    return theory.solution is not None and measured and {x.name for x in theory.coefficients} == set(RATES)


def _optima_of_each(model: Model, data: Measurements) -> tuple[NDArray[np.intp], Optima]:
    """The pairs of which a minimum was found, the best of each, and what comes near it elsewhere."""
    near = _worth(*descended(model, data.thinned(_ROUGH), starts(model, data, _STARTS), _ROUGHLY))
    points, costs = descended(model, data, near, _FINELY)
    which = np.nonzero(np.isfinite(costs).any(axis=1))[0]
    data, points, costs = data[which], points[which], costs[which]
    order = np.argsort(costs, axis=1)
    points, costs = np.take_along_axis(points, order[..., None], axis=1), np.take_along_axis(costs, order, axis=1)
    apart = np.isfinite(costs) & (np.abs(points - points[:, :1]) >= _APART).any(axis=-1)
    others = [[(points[k, i], float(costs[k, i])) for i in np.nonzero(row)[0]] for k, row in enumerate(apart)]
    best = points[:, 0]
    predicted, jacobian = np.empty(data.observed.shape), np.empty((*data.observed.shape, best.shape[1]))
    for some in blocks(len(best), data.shares.size * (1 + 2 * best.shape[1])):
        predicted[:, some], jacobian[:, some] = model.evaluate_nearby(data[some], best[some])
    off = data.root_weight * (predicted - data.observed)
    return which, Optima(
        x=best,
        predicted=predicted,
        off=off,
        jacobian=data.root_weight[..., None] * jacobian,
        cost=np.sum(off**2, axis=(0, 2)) / 2,
        held=np.zeros(len(RATES), dtype=np.bool_),
        others=others,
        message="No further step lowers the misfit.",
    )


@np.errstate(all="ignore")  # what is no number does not rise
def _rises(model: Model, data: Measurements, best: Optima) -> NDArray[np.bool_]:
    """Whether the misfit rises around each minimum as its curvature says, or is nothing; shape (p,).

    Where it does not, another minimum may be next to it. That is looked for where the misfit rises least.
    """
    rows = np.moveaxis(best.jacobian, 0, 1).reshape(len(best.x), -1, best.x.shape[1])
    curvature, directions = np.linalg.eigh(rows.mT @ rows)
    error = np.sqrt(2 * best.cost / (rows.shape[1] - best.x.shape[1]) / curvature[:, 0])
    away = np.clip(error[:, None] * _AWAY, -_FARTHEST, _FARTHEST)
    points = best.x[:, None] + away[..., None] * directions[:, None, :, 0]
    misfits = np.empty(points.shape[:2])
    for some in blocks(len(points), data.shares.size * len(_AWAY)):
        off = data[some].root_weight[:, :, None] * (
            model.at(data[some], points[some][:, :, None], data[some].elapsed) - data[some].observed[:, :, None]
        )
        misfits[some] = np.einsum("apkn,apkn->pk", off, off) / 2
    risen = misfits - best.cost[:, None]
    expected = away**2 * curvature[:, :1] / 2
    return (best.cost < _EXACT) | (risen >= _RISE * expected).all(axis=1)


def _worth(points: Array, costs: Array) -> Array:
    """The lowest of the points (p, k, m) at which minima are, without those near a better one.

    Shape (p, at most three, m), NaN where there are fewer.
    """
    order = np.argsort(costs, axis=1)[..., None]
    ranked, costs = np.take_along_axis(points, order, axis=1), np.take_along_axis(costs, order[..., 0], axis=1)
    kept, count = np.full((len(points), _MINIMA, points.shape[2]), np.nan), np.zeros(len(points), np.intp)
    for i in range(points.shape[1]):
        near = (np.abs(kept - ranked[:, i, None]).max(axis=2) < _APART).any(axis=1)
        worth = np.isfinite(costs[:, i]) & (costs[:, i] <= _WORTH * costs[:, 0]) & (count < _MINIMA) & ~near
        kept[worth, count[worth]] = ranked[worth, i]
        count[worth] += 1
    return kept


def _alone(asked: Model, data: Measurement, begun: RateFit | None) -> RateFit:
    """The fit of a pair by itself, looked for as widely as it takes, from another one's coefficients too."""
    found, known = asked.theory, asked.fixed
    units = natural_units(found, data, known)
    model = Model(found, {name: value / units[name] for name, value in known.items()})
    scaled = data.in_units(units)
    given = parameter_values(found, scaled.pair, model.coefficients(np.zeros(len(model.names))))
    if found.begin is not None or not model.closed:
        theory_start(found, scaled.start, given)
    if begun is None and (smaller := _neighbour(found, known)):
        weights, own = State(*data.root_weight**2), _of(smaller, known)
        begun = fit_rates(data.times, State(*data.observed), data.pair, theory=smaller, fixed=own, weights=weights)
    first = model.point({name: value / units[name] for name, value in begun.coefficients.items()}) if begun else None
    best, *others = _optima(model, scaled, first)
    shape = data.observed[:, None].shape
    optima = Optima(
        x=best.x[None],
        predicted=model.predict(scaled, best.x)[:, None],
        off=best.fun.reshape(shape),
        jacobian=best.jac.reshape(*shape, -1),
        cost=np.array([best.cost]),
        held=best.held,
        others=[[(other.x, other.cost) for other in others]],
        message=best.message,
    )
    several, own = Measurements.of(data, known), {name: np.array([unit]) for name, unit in units.items()}
    return reports(model, several, Measurements.of(scaled, model.fixed), own, optima)[0]


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
    (near,) = _worth(*descended(model, Measurements.of(coarse, model.fixed), np.array([starts]), _COARSELY))
    optima: list[Optimum] = []
    for x in near[np.isfinite(near).all(axis=1)]:
        begin, held = (x, None) if data.pair.dy2 else agreeing.limits(model, data, x)
        if (optimum := refine(model, data, begin, held, method, 1e-15, 200, model.evaluate_nearby)) is not None:
            exact = data.weighted(model.evaluate(data, optimum.x)[1])
            optima.append(replace(optimum, jac=exact))
    return optima


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
