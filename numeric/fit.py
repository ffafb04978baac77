"""Coefficients of a theory, its effective learning rates among them, fitted to measured trajectories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic import Theory

from . import agreeing
from .arguments import by_name
from .begin import theory_start
from .coefficients import DEFAULT_THEORY, named, parameter_values
from .descent import APART, EXACT, MINIMA, WORTH, Descent, descended, lowest
from .joint import fitted_at_once
from .measurement import Measurement, Measurements
from .model import Model
from .quantities import Pair, State, increasing_times
from .rate_fit import Optima, RateFit, reports
from .search import Optimum, best_starts, refine
from .stepwise import stepwise_optimum
from .units import natural_units

Array = NDArray[np.float64]

_COARSE = 64
"""Samples on which starting points are compared."""

_STARTS, _STARTS_BY_DIFFERENCES = 12, 4
"""From how many places the search begins, at most."""

_EXACT_BY_INTEGRATION = 1e-13
"""Half the misfit below which data are met exactly by an integration."""

_COARSELY = Descent(sides=2, damping=1e-3, nothing=1e-5, little=1e-2, patience=200, worth=WORTH, exact=EXACT)
"""How far down a minimum is followed on some samples."""


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
    ((found, enough),) = fitted_at_once(model, Measurements.of(data, model.fixed))
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

    Two rates of a closed form are searched for in many pairs together, and so are the coefficients of a theory of which
    such a one is a special case, if it can be integrated in C. Where that search does not end in a success, and for all
    other theories, :func:`fit_rates` looks further, pair by pair.

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
    for k, (fit, enough) in enumerate(fitted_at_once(model, data)):
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
    (near,) = lowest(*descended(model, Measurements.of(coarse, model.fixed), np.array([starts]), _COARSELY))
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
        if (not optima or near.cost < WORTH * rough_optima[0].cost) and len(optima) < MINIMA:
            optimum = refine(model, data, near.x, None, "trf", 1e-11, 200, model.evaluate_finely)
            optima += [] if optimum is None else [optimum]
    return optima


def _distinct(optima: list[Optimum]) -> list[Optimum]:
    """Sorted by their misfit, without those that are at the place of a better one."""
    optima.sort(key=lambda optimum: optimum.cost)

    def same(one: Optimum, other: Optimum) -> bool:
        return not (np.abs(one.x - other.x) >= np.where(one.held & other.held, np.inf, APART)).any()

    return [y for i, y in enumerate(optima) if not any(same(x, y) for x in optima[:i])]
