"""What a fit found: coefficients of a theory, how far they may be off, and how well they describe the data."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from . import agreeing
from .determination import akaike, determination, r_squared_of_each
from .measurement import Measurements
from .model import Model
from .quantities import Rates, State, are_aligned
from .search import at_bound
from .uncertainty import Uncertainty, alike, uncertainty

Array = NDArray[np.float64]

_UNDETERMINED = 1e-10
"""The data do not determine a fit if changing one coefficient by its size moves no scalar by more than this share."""

_UNDETERMINED_BY_DIFFERENCES = 1e-5
"""The same where derivatives are finite differences, whose noise is smaller than this."""

_ALIKE = 1e-7
"""Coefficients move the trajectory alike if together they move it by less than this share of what each does alone."""

_STILL, _NOTHING = 1e-6, 1e-2
"""A step counts for nothing if it is at most this share of a coefficient, or of its standard error."""

_LONG = 0.1
"""Of residuals that stay alike for this share of a trajectory, its few stretches tell too little."""

_CLOSE = 9.0
"""How many times more likely, as a logarithm of the square, an optimum must be than one elsewhere to be the one."""

SCALARS = ("dh2", "dy2", "w")


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


@dataclass(frozen=True)
class Optima:
    """Where the searches of several pairs ended, in the units of each.

    Attributes:
        x: the points, shape (p, m).
        predicted: the three scalars there, shape (3, p, n).
        off: the weighted differences, shape (3, p, n).
        jacobian: their derivatives by the unknowns, shape (3, p, n, m).
        cost: half the sum of their squares, shape (p,).
        held: which unknowns were not moved, shape (m,).
        others: the minima of each pair elsewhere, and half the misfit there.
        message: how the search ended.
    """

    x: Array
    predicted: Array
    off: Array
    jacobian: Array
    cost: Array
    held: NDArray[np.bool_]
    others: Sequence[Sequence[tuple[Array, float]]]
    message: str


def reports(
    model: Model, data: Measurements, scaled: Measurements, units: Mapping[str, Array], best: Optima
) -> list[RateFit]:
    """The results of fits of several pairs at their optima.

    Args:
        model: of the theory.
        data: what was measured.
        scaled: the same in the units of the search.
        units: of each pair, by name, shapes (p,).
        best: where the search ended.
    """
    held, free = best.held, tuple(itertools.compress(model.names, ~best.held))
    bound = at_bound(model, best.x)
    predicted = best.predicted * np.stack([units[name] for name in SCALARS])[..., None]
    dy2, w = data.observed[1:]
    samples = np.where(are_aligned(dy2, w, data.known["dy2_target"]), 2, 3) * (data.shares.size - 1)
    coefficients = _in_data_units(model, data, units, best.x)
    found, seen, reasons = _uncertainties(model, scaled, best, samples)
    settled = np.zeros(len(best.x), dtype=np.bool_)
    settled[found] = _are_settled(model, best, found, seen.independent) if seen else False
    scales = model.scales(best.x) * np.stack([units[name] for name in model.names], axis=-1)
    last_places = np.spacing(np.stack([coefficients[name] for name in free], axis=-1)) if free else None
    sse = np.sum((data.root_weight * (predicted - data.observed)) ** 2, axis=(0, 2))
    r2 = r_squared_of_each(data.observed, np.sum((predicted - data.observed) ** 2, axis=2))
    worse = _worse_than_their_means(data, predicted)
    place = np.cumsum(found) - 1
    fits: list[RateFit] = []
    for k, reason in enumerate(reasons):
        own = {name: float(values[k]) for name, values in coefficients.items()}
        said = [best.message, reason]
        determined = bool(found[k]) and not held.any()
        errors = independent = None
        correlation_time = 0.0
        if held.any():
            said[1:] = [agreeing.reason(model, data.observed[:, k], held, own)]
        if seen is not None and last_places is not None and found[k]:
            at = place[k]
            errors, independent = (
                dict(zip(free, np.maximum(x[at] * scales[k, ~held], last_places[k]).tolist(), strict=True))
                for x in (seen.errors, seen.independent)
            )
            correlation_time = float(seen.correlation_time[at] * units["time"][k])
            if not settled[k]:
                determined = False
                said.append("Something better is near: the search did not end.")
            for x, cost in best.others[k]:
                if seen.samples[at] * np.log(cost / best.cost[k]) < _CLOSE:
                    determined = False
                    there = _in_data_units(
                        model, data[k : k + 1], {name: u[k : k + 1] for name, u in units.items()}, x[None]
                    )
                    values = ", ".join(f"{name} = {value[0]:.4g}" for name, value in there.items())
                    said.append(
                        f"Another minimum fits almost as well (its misfit is {cost / best.cost[k]:.4g} times this "
                        f"one): {values}; fix what is known, or record more of the trajectory."
                    )
            if seen.correlation_time[at] > _LONG * scaled.span[k]:
                said.append(
                    f"Residuals stay alike for {correlation_time:.3g} of {data.span[k]:g} steps: standard errors are "
                    "too small then."
                )
        if bound[k].any():
            said.append(f"At the bound 0: {', '.join(itertools.compress(model.names, bound[k]))}.")
        if worse[k]:
            said.append(f"The theory does not describe this trajectory: a constant, the mean, is nearer to {worse[k]}.")
        fits.append(
            RateFit(
                theory=model.theory.name,
                coefficients=own,
                fitted=model.names,
                errors=errors,
                independent_errors=independent,
                correlation_time=correlation_time,
                r2=State(*r2[:, k].tolist()),
                sse=float(sse[k]),
                special_cases=model.theory.special_cases,
                samples=int(samples[k]),
                determined=determined,
                success=determined and not worse[k],
                message=" ".join(filter(None, said)),
                predicted=State(*predicted[:, k]),
            )
        )
    return fits


def _in_data_units(model: Model, data: Measurements, units: Mapping[str, Array], x: Array) -> dict[str, Array]:
    """The coefficients at points of the search, shape (p, m), in the units of the data."""
    found = {name: np.atleast_1d(value * units[name]) for name, value in model.coefficients(x).items()}
    return {name: data.known.get(name, value) for name, value in found.items()}


def _worse_than_their_means(data: Measurements, predicted: Array) -> list[str]:
    """Which scalars of each pair that vary and count are further from their prediction than from their mean."""
    weight = data.root_weight**2
    total = weight.sum(axis=2, keepdims=True)
    counting = weight > 0
    highest = np.max(data.observed, axis=2, where=counting, initial=-np.inf)
    lowest = np.min(data.observed, axis=2, where=counting, initial=np.inf)
    moved = highest - lowest > _STILL * np.maximum(np.abs(highest), np.abs(lowest))
    mean = (weight * data.observed).sum(axis=2, keepdims=True) / np.where(total > 0, total, 1.0)
    missed, spread = (np.sum(weight * (data.observed - x) ** 2, axis=2) for x in (predicted, mean))
    worse = moved & (missed > spread)
    said = [""] * worse.shape[1]
    for k in np.nonzero(worse.any(axis=0))[0]:
        of = itertools.compress(enumerate(SCALARS), worse[:, k])
        said[k] = " and ".join(f"{name} (R2 = {determination(missed[i, k], spread[i, k]):.3g})" for i, name in of)
    return said


def _are_settled(model: Model, best: Optima, which: NDArray[np.bool_], errors: Array) -> NDArray[np.bool_]:
    """Whether a further step of least squares moves nothing that is not at its bound by anything that counts.

    Args:
        model: of the theory.
        best: where the searches ended.
        which: of which pairs there are errors.
        errors: what they are, shape (pairs that have them, m).
    """
    own = ~best.held
    settled = np.empty(np.count_nonzero(which), dtype=np.bool_)
    for pattern, some in alike(at_bound(model, best.x[which])):
        free, at = own & ~np.array(pattern), np.nonzero(which)[0][some]
        orthogonal, triangle = np.linalg.qr(_flat(best.jacobian[:, at][..., free]))
        steps = -np.linalg.solve(triangle, orthogonal.mT @ _flat(best.off[:, at, :, None]))[..., 0]
        settled[some] = np.all(np.abs(steps) <= np.maximum(_STILL, _NOTHING * errors[some][:, free[own]]), axis=1)
    return settled


def _flat(x: Array) -> Array:
    """The three scalars of each pair below each other, shape (p, 3 n, m), from (3, p, n, m)."""
    return np.moveaxis(x, 0, 1).reshape(x.shape[1], -1, x.shape[3])


def _uncertainties(
    model: Model, data: Measurements, best: Optima, samples: NDArray[np.intp]
) -> tuple[NDArray[np.bool_], Uncertainty | None, list[str]]:
    """Of which pairs it can be said how far the unknowns may be off, shape (p,), how far, and why not of the others."""
    names = tuple(itertools.compress(model.names, ~best.held))
    pairs, count = len(best.x), len(names)
    if not count:
        return np.zeros(pairs, dtype=np.bool_), None, [""] * pairs
    jacobian = best.jacobian[..., ~best.held]
    sizes = np.abs(data.root_weight * data.observed).max(axis=2)
    moved = np.linalg.qr(_flat(jacobian / np.where(sizes > 0, sizes, 1.0)[..., None, None]), mode="r")
    least, alone = (
        x / np.sqrt(data.shares.size)
        for x in (np.linalg.svd(moved, compute_uv=False)[:, -1], np.linalg.norm(moved, axis=1).min(axis=-1))
    )
    noise = _UNDETERMINED if model.closed else _UNDETERMINED_BY_DIFFERENCES
    enough = (samples > count) & np.ptp(data.observed, axis=2).any(axis=0)
    columns = np.linalg.qr(_flat(jacobian), mode="r")
    norms = np.linalg.norm(columns, axis=1, keepdims=True)
    apart = np.linalg.svd(columns / np.where(norms > 0, norms, 1.0), compute_uv=False)[:, -1]
    alike = enough & (alone > noise) & (apart < _ALIKE)
    found = enough & (least > noise) & ~alike
    reasons = [
        ""
        if found[k]
        else f"No standard errors: {', '.join(names)} move the trajectory so much alike (to {apart[k]:.1e}) that "
        "rounding hides the difference; fix what is known."
        if alike[k]
        else f"No standard errors: the trajectory does not determine {', '.join(names)} (a change by their own "
        f"size moves the three scalars by {least[k]:.1e} of theirs, of {samples[k]} numbers); record one in which dh2 "
        "and dy2 both change, or fix what is known."
        for k in range(pairs)
    ]
    if not found.any():
        return found, None, reasons
    rows, weight = (np.moveaxis(x[:, found], 0, 1) for x in (best.off, data.root_weight))
    seen = uncertainty(
        data.shares[1:],
        rows[..., 1:],
        np.moveaxis(jacobian[:, found], 0, 1)[:, :, 1:],
        weight=weight[..., 1:],
        rounding=np.finfo(np.float64).eps
        * np.sqrt(np.mean((data.root_weight * data.observed)[:, found] ** 2, axis=2)).T,
        numbers=samples[found],
    )
    return found, replace(seen, correlation_time=seen.correlation_time * data.span[found]), reasons
