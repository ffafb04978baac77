"""Fits of many pairs at once, which share what a search takes; where that is not enough is said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from repdyn.symbolic import Theory

from .begin import theory_start
from .coefficients import named, parameter_values
from .descent import APART, EXACT, WORTH, Descent, blocks, descended, lowest
from .ensemble import is_integrated_together
from .measurement import Measurements
from .model import Model
from .processors import processors
from .quantities import Pair, State, can_start
from .rate_fit import Optima, RateFit, reports
from .search import at_bound
from .starts import RATES, starts
from .units import in_range, units_of_each

Array = NDArray[np.float64]

_ROUGH, _STARTS = 32, 12
"""Samples on which places are compared where a search begins, and how many these are at most."""

_ROUGHLY = Descent(sides=1, damping=1e-3, nothing=1e-4, little=1e-2, patience=40, worth=WORTH, exact=EXACT)
_FINELY = Descent(sides=2, damping=1e-6, nothing=1e-10, little=1e-2, patience=200, worth=WORTH, exact=1e-28)
"""How far down a minimum is followed: on some samples, and on all."""

_BY_INTEGRATION = replace(_ROUGHLY, most=40), replace(_FINELY, nothing=1e-8, most=60)
"""The same of integrations, of which each step takes long, however few there are."""

_FINE = 256
"""Samples on which a minimum of integrations is followed first."""

_DESCRIBED = 0.1
"""Where a fit leaves more than this share of what the data moved, other minima may be close: it is looked for alone."""

_RTOL = 1e-5
"""Of an integration that only tells how large a coefficient must be to show."""

_AWAY, _FARTHEST = np.array([-12.0, -4.0, 4.0, 12.0]), 3.0
"""Where a minimum is looked at from, in standard errors along what is known least, and in logarithms at most."""

_RISE = 0.3
"""The least share of what its curvature says by which the misfit must have risen there."""

_TOGETHER, _MOST_TOGETHER = 2**17, 512
"""Samples of the pairs that are searched together, and how many pairs these are at most."""


def fitted_at_once(model: Model, data: Measurements) -> list[tuple[RateFit | None, bool]]:
    """The fits of many pairs as a search of all of them at once finds them, and whether that is enough."""
    found: list[tuple[RateFit | None, bool]] = [(None, False)] * data.span.size
    if not fitted_together(model.theory) or model.fixed:
        return found
    units = units_of_each(model.theory, data)
    start = State(*data.observed[..., 0])
    good = can_start(start, Pair(data.known["dx2"], data.known["dy2_target"])) & (data.known["dy2_target"] > 0)
    good &= (data.observed[:2] >= 0).all(axis=(0, 2)) & np.logical_and.reduce([in_range(x) for x in units.values()])
    if model.theory.begin is not None and not model.closed:
        good[good] = [_begins(model.theory, data[k : k + 1]) for k in np.nonzero(good)[0]]
    at = np.nonzero(good)[0]
    most = int(np.clip(_TOGETHER // data.shares.size, 1, _MOST_TOGETHER))

    def searched(some: NDArray[np.intp]) -> None:
        part = Model(model.theory, {})  # with units of its own
        own = {name: x[some] for name, x in units.items()}
        scaled = data[some].in_units(own)
        try:
            which, best = _optima_of_each(part, scaled)
        except (ValueError, ArithmeticError):  # of one of them, which is then known by itself
            return
        if not which.size:
            return
        some, own = some[which], {name: x[which] for name, x in own.items()}
        described = (2 * best.cost <= _DESCRIBED) & _rises(part, scaled[which], best)
        fits = reports(part, data[some], scaled[which], own, best)
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
    """Whether many pairs are fitted in much less time together.

    They are for two rates of a closed form in measured states, and for a theory that is integrated, of which such a one
    is a special case and all other coefficients may be 0.

    >>> [fitted_together(named(name)) for name in ("two_point", "scalar_output", "growing_rates")]
    [True, False, True]
    """
    if theory.solution is not None:
        return _has_two_rates(theory)
    others = (x for x in theory.coefficients if x.name not in RATES)
    may_be_0 = all(x.is_nonnegative and not x.is_positive for x in others)
    return may_be_0 and is_integrated_together(theory) and _with_two_rates(theory) is not None


def _has_two_rates(theory: Theory) -> bool:
    """Whether a theory has a closed form in measured states, and two rates to be fitted."""
    measured = theory.begin is None or theory.states == tuple(theory.readout.values())
    return theory.solution is not None and measured and {x.name for x in theory.coefficients} == set(RATES)


def _with_two_rates(theory: Theory) -> Theory | None:
    """The special case of a theory, or one near it, that has two rates in closed form."""
    own = {x.name for x in theory.coefficients}
    near = map(named, (*theory.special_cases, *theory.neighbours))
    return next((other for other in near if _has_two_rates(other)), None) if set(RATES) <= own else None


def _begins(theory: Theory, data: Measurements) -> bool:
    """Whether a theory can start where one of the pairs does."""
    start, pair = State(*data.observed[:, 0, 0]), Pair(*(float(data.known[x][0]) for x in ("dx2", "dy2_target")))
    values = {x.name: float(x.is_positive or 0) for x in theory.coefficients}
    try:
        theory_start(theory, start, parameter_values(theory, pair, values))
    except ValueError:  # which whoever fits it alone is told
        return False
    return True


def _places(model: Model, data: Measurements) -> Array:
    """Where the search begins, shape (p, k, m); NaN where there are fewer. Sets the units of what may be 0."""
    if model.closed:
        return starts(model, data, _STARTS)
    smaller = _with_two_rates(model.theory)
    assert smaller is not None
    inner = Model(smaller, {})
    (near,) = lowest(*descended(inner, data, starts(inner, data, _STARTS), _ROUGHLY))[None, :, 0]
    begin = np.zeros((len(near), len(model.names)))
    for name, x in zip(inner.names, near.T, strict=True):
        begin[:, model.names.index(name)] = x
    free = np.nonzero(model.units)[0]
    sizes = _sizes(model, data, begin, free)
    model.units[free] = np.exp(np.mean(np.log(sizes), axis=0))
    places = np.repeat(begin[:, None], 2 + free.size, axis=1)
    for i, unknown in enumerate(free):
        places[:, [1 + i, -1], unknown] = (sizes / model.units[free])[:, i, None]
    return places


@np.errstate(all="ignore")  # a coefficient may be too large for the theory
def _sizes(model: Model, data: Measurements, begin: Array, free: NDArray[np.intp]) -> Array:
    """The power of ten at which each of some coefficients moves each trajectory by about a tenth of its size.

    Shape (p, coefficients), 1 where none does.
    """
    powers = 10.0 ** np.arange(-4, 4)
    tried = np.repeat(begin[:, None], 1 + free.size * powers.size, axis=1)
    for i, unknown in enumerate(free):
        tried[:, 1 + i * powers.size : 1 + (i + 1) * powers.size, unknown] = powers
    rows = data[np.repeat(np.arange(len(begin)), tried.shape[1])]  # each in steps of its own
    found = model.at(rows, tried.reshape(-1, 1, 1, begin.shape[1]), rows.elapsed, _RTOL)
    found = found.reshape(3, *tried.shape[:2], -1)
    still = found[:, :, :1]
    moved, whole = (np.linalg.norm(x, axis=(0, 3)) for x in (found[:, :, 1:] - still, still))
    shows = ~(moved < 0.1 * whole).reshape(-1, free.size, powers.size)
    return np.where(shows.any(axis=2), powers[shows.argmax(axis=2)], 1.0)


def _optima_of_each(model: Model, data: Measurements) -> tuple[NDArray[np.intp], Optima]:
    """The pairs of which a minimum was found, the best of each, and what comes near it elsewhere."""
    rough = data.thinned(_ROUGH)
    roughly, finely = (_ROUGHLY, _FINELY) if model.closed else _BY_INTEGRATION
    near = lowest(*descended(model, rough, _places(model, data if model.closed else rough), roughly))
    if not model.closed and data.shares.size > _FINE:
        near = lowest(*descended(model, data.thinned(_FINE), near, finely))
    points, costs = descended(model, data, near, finely)
    which = np.nonzero(np.isfinite(costs).any(axis=1))[0]
    data, points, costs = data[which], points[which], costs[which]
    order = np.argsort(costs, axis=1)
    points, costs = np.take_along_axis(points, order[..., None], axis=1), np.take_along_axis(costs, order, axis=1)
    apart = np.isfinite(costs) & (np.abs(points - points[:, :1]) >= APART).any(axis=-1)
    others = [[(points[k, i], float(costs[k, i])) for i in np.nonzero(row)[0]] for k, row in enumerate(apart)]
    best, count = points[:, 0], len(model.names)
    predicted, jacobian = np.empty(data.observed.shape), np.empty((*data.observed.shape, count))
    for some in blocks(model, len(best), data.shares.size * (1 + 2 * count)):
        predicted[:, some], jacobian[:, some] = model.evaluate_nearby(data[some], best[some])
    off = data.root_weight * (predicted - data.observed)
    return which, Optima(
        x=best,
        predicted=predicted,
        off=off,
        jacobian=data.root_weight[..., None] * jacobian,
        cost=np.sum(off**2, axis=(0, 2)) / 2,
        held=np.zeros(count, dtype=np.bool_),
        others=others,
        message="No further step lowers the misfit.",
    )


@np.errstate(all="ignore")  # what is no number does not rise
def _rises(model: Model, data: Measurements, best: Optima) -> NDArray[np.bool_]:
    """Whether the misfit rises around each minimum as its curvature says, or is nothing; shape (p,).

    Where it does not, another minimum may be next to it. That is looked for where the misfit rises least.
    """
    rows = np.moveaxis(best.jacobian, 0, 1).reshape(len(best.x), -1, best.x.shape[1])
    normal = rows.mT @ rows
    stiff = np.where(at_bound(model, best.x), np.trace(normal, axis1=1, axis2=2)[:, None], 0.0)
    curvature, directions = np.linalg.eigh(normal + stiff[:, None] * np.eye(best.x.shape[1]))
    error = np.sqrt(2 * best.cost / (rows.shape[1] - best.x.shape[1]) / curvature[:, 0])
    away = np.clip(error[:, None] * _AWAY, -_FARTHEST, _FARTHEST)
    points = np.maximum(best.x[:, None] + away[..., None] * directions[:, None, :, 0], model.lowest)
    misfits = np.empty(points.shape[:2])
    for some in blocks(model, len(points), data.shares.size * len(_AWAY)):
        off = data[some].root_weight[:, :, None] * (
            model.at(data[some], points[some][:, :, None], data[some].elapsed) - data[some].observed[:, :, None]
        )
        misfits[some] = np.einsum("apkn,apkn->pk", off, off) / 2
    risen = misfits - best.cost[:, None]
    expected = away**2 * curvature[:, :1] / 2
    return (best.cost < EXACT) | (risen >= _RISE * expected).all(axis=1)
