"""Rates of the collective theory fitted to a recorded training: a handful of numbers for all pairs of a data set."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import instance, shown

from ..arguments import flag, real, whole
from ..determination import akaike, r_squared, varies
from ..geometry import gram_distances
from ..kernels import Kernel, points_alike
from ..quantities import State, check_distances, increasing_times
from ..uncertainty import uncertainty
from .course import Course, Kept
from .end import checked_points
from .flow import GROWTH_OF, POWERS, CollectiveRates, CollectiveState
from .search import GROWTH, NAMES, OF_POWER, Found, Problem, guessed, refined, searched

Array = NDArray[np.float64]

_NONE = 1e-5
"""Growth at most so many times that is 0."""

_COARSE_TIMES, _COARSE_PAIRS, _COARSE_SIZE = 24, 300, (50, 20)
"""Records, pairs and directions with which the search is begun."""

_ALIKE = 1e-6
"""Rates move the pairs alike if together they move them by less than this share of what each does alone."""

_MOST_STEPS = 40
"""Of the search on all data."""

_SCALARS = ("dh2", "dy2", "w")

_TOLERANCE = 1e-6
"""Of the search: by which share the misfit or a logarithm of a rate still changes."""


@dataclass(frozen=True, eq=False)
class CollectiveFit:
    """Rates of a data set, and how well they do.

    Attributes:
        rates: those that were fitted, and 0 for the others.
        parameters: the names of those that were fitted.
        stderr: their standard errors, or None: ``message`` says why. They allow for residuals that stay alike for a
            while and pairs that err together, or for points whose pairs do, whichever is more. A rate at its bound has
            none.
        covariance: that of the logarithms of the rates that have one, in the order of ``stderr``, or None.
        r2: the coefficient of determination of each scalar, over all records and pairs.
        median_r2: the same of each pair over its records, the median of all pairs.
        weights: what each squared difference counts, by default one over the variance of that scalar.
        sse: the weighted sum of squared differences of all scalars, pairs and records but the first.
        samples: how many differences there are.
        kept: what of the data set was integrated.
        success: whether the search ended, and no scalar that counts is further from its prediction than from its mean.
        message: how the search ended, and what is amiss.
        observed: what was measured, fields of shape (T, m).
        predicted: the same by the theory.

    >>> from repdyn.numeric import CollectiveRates, CollectiveState, Kernel, collective_trajectory, fit_collective
    >>> start = CollectiveState([[0.1], [-0.1]], [[0.1]], [0.0])
    >>> kernel, targets, t = Kernel([[1.0], [-1.0]]), [[0.5], [-0.5]], np.linspace(0, 500, 30)
    >>> path = collective_trajectory(t, start, kernel, targets, CollectiveRates(0.02, 0.05))
    >>> fit = fit_collective(t, path.states([[0, 1]]), [[0, 1]], start, kernel, targets, growth=(), bias=False)
    >>> round(fit.rates.h, 4), round(fit.rates.y, 4), fit.success
    (0.02, 0.05, True)
    """

    rates: CollectiveRates
    parameters: tuple[str, ...]
    stderr: Mapping[str, float] | None
    covariance: Array | None
    r2: State
    median_r2: State
    weights: State
    sse: float
    samples: int
    kept: Kept
    success: bool
    message: str
    observed: State
    predicted: State

    @property
    def aic(self) -> float:
        """Akaike's information criterion for weighted residuals of one unknown variance; the lower, the better."""
        return akaike(self.sse, self.samples, len(self.parameters))

    def aic_of(self, predicted: State, parameters: int) -> float:
        """The same criterion of another prediction of the same records: of so many numbers, with the same weights.

        Two rates for each of 45 pairs, as :func:`fit_rates` finds them, are 90.

        Args:
            predicted: fields of the shape of ``observed``, (T, m).
            parameters: how many numbers were fitted in all.

        Raises:
            TypeError: if it is no state.
            ValueError: if its fields have another shape, or the number is no whole one.
        """
        shape = np.shape(self.observed.dh2)
        other, mine = three_scalars("predicted", predicted, shape), three_scalars("observed", self.observed, shape)
        root = np.sqrt(three_scalars("weights", self.weights, ()))[:, None, None]
        missed = float(np.sum((root * (other - mine))[:, 1:] ** 2))
        return akaike(missed, self.samples, whole("parameters", parameters, 0))


def fit_collective(  # noqa: PLR0913  # each says another thing of what was recorded
    t: ArrayLike,
    observed: State,
    pairs: ArrayLike,
    start: CollectiveState,
    kernel: Kernel,
    targets: ArrayLike,
    *,
    growth: Sequence[str] = GROWTH,
    bias: bool = True,
    weights: State | None = None,
    rank: int = 100,
    units: int = 30,
) -> CollectiveFit:
    """Fit the rates of the collective theory to recorded pairs of a data set by least squares.

    All pairs share them: two rates, one of the decoder's bias, and what they grow by. Which pairs were recorded does
    not matter, nor how often.

    Args:
        t: training steps, shape (T,), T >= 3, increasing. The first is that of the start and is not fitted.
        observed: the measured pairs, fields of shape (T, m); :func:`observed_pairs` makes them of Gram matrices.
        pairs: the numbers of the two points of each among the kernel's, shape (m, 2).
        start: the network at the first time, as :func:`measured_start` makes it.
        kernel: K of N points, the encoder's.
        targets: Y*, shape (N, c).
        growth: which of ``h1``, ``h2``, ``y1``, ``y2`` are fitted, and of the powers ``p1`` and ``p2`` with which the
            first two grow; none for constant rates. Other growth is 0, other powers are 1.
        bias: whether the rate of the decoder's bias is fitted; 0 otherwise.
        weights: what a squared difference of each scalar counts, three numbers; by default one over the variance of
            that scalar over all records and pairs, so that none rules by its unit. 0 leaves a scalar out.
        rank: how many directions of the kernel are integrated, the largest.
        units: how many directions of the hidden units are: those of the decoder, then the largest. What the others
            tell of distances is taken to stay. ``kept`` says what is held.

    The search begins at the speed at which what is learnt escapes from its start and at the ratio of rates at which
    the representations end, and with constant rates before they may grow, first on some of the data and in fewer
    directions. Rates are searched for as logarithms, growth from 0 on. Derivatives are differences of trajectories that
    are integrated side by side, with the same steps.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if shapes do not fit, times do not increase, a number is not finite, a distance or weight negative,
            a scalar that counts does not vary, or no rates were found with which the theory can be computed.

    Source: the flow with growing rates of ``repdyn.symbolic.data_sets``.
    """
    times = increasing_times(t)
    given = points_alike(kernel, "targets", targets)
    index = checked_pairs(pairs, len(kernel))
    data = three_scalars("observed", observed, (times.size, len(index)))
    check_distances(observed)
    root = np.sqrt(_weights(data, weights))[:, None, None]
    names = _fitted(growth, flag("bias", bias))
    most = whole("rank", rank, 1), whole("units", units, 1)
    course = Course(times - times[0], index, instance("start", start, CollectiveState), kernel, given, *most)
    some, few = _thinned(times.size, _COARSE_TIMES), _thinned(len(index), _COARSE_PAIRS)
    rough = Course(times[some] - times[0], index[few], start, kernel, given, *map(min, most, _COARSE_SIZE))
    problem = Problem(rough, data[:, some][:, :, few], root)
    found = searched(problem, guessed(problem, kernel, given), names)
    return _report(Problem(course, data, root), found, names, times)


def observed_pairs(grams: ArrayLike, outputs: ArrayLike, targets: ArrayLike, pairs: ArrayLike) -> State:
    """The three scalars of pairs of s recorded points, fields of shape (T, m), from Gram matrices and outputs.

    Args:
        grams: the inner products of their representations at each time, shape (T, s, s).
        outputs: shape (T, s, c).
        targets: shape (s, c).
        pairs: the places of the two points of each among the recorded ones, shape (m, 2).

    Raises:
        TypeError: if an argument is no array of real numbers.
        ValueError: if shapes do not fit, a number is not finite, or a matrix is no Gram matrix.

    >>> observed_pairs([np.eye(2)], [[[0.0], [1.0]]], [[0.0], [1.0]], [[0, 1]]).dh2.tolist()
    [[2.0]]
    """
    products, said, wanted = real("grams", grams), real("outputs", outputs), real("targets", targets)
    if products.ndim != 3 or products.shape[1] != products.shape[2] or not products.size:
        raise ValueError(f"grams must be of shape (T, points, points), got {products.shape}")
    times, count = products.shape[:2]
    if said.ndim != 3 or said.shape[:2] != (times, count):
        raise ValueError(f"outputs must be of shape ({times}, {count}, values) like grams, got {said.shape}")
    if wanted.shape != said.shape[1:]:
        raise ValueError(f"targets must be of shape {said.shape[1:]} like outputs, got {wanted.shape}")
    first, second = checked_pairs(pairs, count).T
    dh2 = np.stack([gram_distances(gram)[first, second] for gram in products])
    dy, target = said[:, second] - said[:, first], wanted[second] - wanted[first]
    return State(dh2, np.square(dy).sum(-1), (dy * (dy - target)).sum(-1))


def _report(problem: Problem, found: Found, names: tuple[str, ...], times: Array) -> CollectiveFit:
    """The result of the search on all data."""
    unknowns, lowest = found.unknowns, found.unknowns.lowest()
    search = refined(problem, unknowns, found.x, _MOST_STEPS, _TOLERANCE)
    free = search.x > lowest + np.log1p(_NONE)
    for name, growth in GROWTH_OF.items():  # of what moves a map not all is 0
        free[names.index(name)] |= not any(f for x, f in zip(names, free, strict=True) if x in (name, *growth))
    none = list(itertools.compress(names, ~free))
    untold = np.array([OF_POWER.get(name) in none for name in names])
    free &= ~untold
    x = np.where(free, search.x, np.where(untold, 0.0, lowest))
    rates, fitted = unknowns.rates(x), tuple(itertools.compress(names, free))
    (predicted,) = problem.course.states(rates)
    found_errors, reason = _errors(problem, predicted, problem.slopes(unknowns, x)[free], times)
    values = np.array([getattr(rates, name) for name in fitted])
    covariance = None
    if found_errors is not None:
        logs = unknowns.slopes(x)[free] / values
        covariance = found_errors * logs * logs[:, None]
    said = [search.message, reason]
    if not free.all():
        said.append(f"At the bound, 0 or next to it: {', '.join(none)}.")
    r2 = [r_squared(o.ravel(), float(np.sum((p - o) ** 2))) for p, o in zip(predicted, problem.data, strict=True)]
    weights = problem.root[:, 0, 0] ** 2
    worse = [f"{n} (R2 = {x:.3g})" for n, x, weight in zip(_SCALARS, r2, weights, strict=True) if weight and x < 0]
    if worse:
        said.append(
            f"The theory does not describe these pairs: a constant, the mean, is nearer to {' and '.join(worse)}."
        )
    each = [
        np.median([r_squared(o, float(np.sum((p - o) ** 2))) for p, o in zip(ps.T, os.T, strict=True)])
        for ps, os in zip(predicted, problem.data, strict=True)
    ]
    counted = (problem.root * (predicted - problem.data))[weights > 0, 1:]
    return CollectiveFit(
        rates=rates,
        parameters=names,
        stderr=None
        if covariance is None
        else dict(zip(fitted, (values * np.sqrt(np.diag(covariance))).tolist(), strict=True)),
        covariance=covariance,
        r2=State(*r2),
        median_r2=State(*map(float, each)),
        weights=State(*weights.tolist()),
        sse=float(np.sum(counted**2)),
        samples=counted.size,
        kept=problem.course.kept,
        success=search.ended and not worse,
        message=" ".join(filter(None, said)),
        observed=State(*problem.data),
        predicted=State(*predicted),
    )


def _errors(problem: Problem, predicted: Array, slopes: Array, times: Array) -> tuple[Array | None, str]:
    """The covariance of unknowns, or None and why there are none."""
    used = problem.root[:, 0, 0] > 0
    residuals = (problem.root * (predicted - problem.data))[used, 1:]
    jacobian = slopes[:, used, 1:]
    columns = jacobian.reshape(len(slopes), -1).T
    sizes = np.linalg.norm(columns, axis=0)
    if residuals.size <= len(slopes) or not (sizes > 0).all():
        return None, "No standard errors: the records do not determine the rates; record more of the training."
    apart = np.linalg.svd(columns / sizes, compute_uv=False)[-1]
    if apart < _ALIKE:
        return None, (
            f"No standard errors: rates move the pairs so much alike (to {apart:.1e}) that they cannot be told apart; "
            "fit fewer of them, or record more of the training."
        )
    rows = residuals.swapaxes(1, 2).reshape(-1, times.size - 1)
    found = uncertainty(
        times[1:],
        rows,
        np.moveaxis(jacobian, 0, -1).swapaxes(1, 2).reshape(*rows.shape, -1),
        weight=np.ones_like(rows),
        rounding=np.full(len(rows), np.finfo(np.float64).eps),
        numbers=residuals.size,
    )
    by_points = _by_points(problem.course.pairs, residuals, jacobian)
    larger = np.mean(np.diag(by_points) / np.diag(found.covariance)) > 1
    return by_points if larger else found.covariance, ""


def _by_points(pairs: NDArray[np.intp], residuals: Array, jacobian: Array) -> Array:
    """The covariance of unknowns where what a point's pairs miss is correlated in any way, and over time.

    Least squares is off by ``(J^T J)^-1 J^T r``; parts of ``J^T r`` of pairs that share a point are taken together
    (Aronow, Samii & Assenova, Polit. Anal. 23 (2015) 564). Each pair is of two, which counts it twice: of pairs that
    err by themselves it is too large by that.
    """
    scores = np.einsum("ksnm,snm->mk", jacobian, residuals)
    points = np.zeros((int(pairs.max()) + 1, len(jacobian)))
    for side in pairs.T:
        np.add.at(points, side, scores)
    columns = jacobian.reshape(len(jacobian), -1)
    inverse = np.linalg.inv(columns @ columns.T)
    return inverse @ (points.T @ points) @ inverse


def three_scalars(name: str, state: State, shape: tuple[int, ...]) -> Array:
    """The three scalars, shape (3, *shape).

    Raises:
        TypeError: if it is no state.
        ValueError: if a field has another shape.
    """
    found = [np.asarray(x, dtype=np.float64) for x in vars(instance(name, state, State)).values()]
    if any(x.shape != shape for x in found):
        raise ValueError(f"{name} must have fields of shape {shape}, got {[x.shape for x in found]}")
    return np.stack(found)


def _weights(data: Array, weights: State | None) -> Array:
    """What each scalar counts, shape (3,)."""
    if weights is not None:
        given = three_scalars("weights", weights, ())
        if (given < 0).any() or not given.any():
            raise ValueError(f"weights must not be negative, nor all 0, got {given.tolist()}")
        return given
    for name, values in zip(_SCALARS, data, strict=True):
        if not varies(values.ravel()):
            raise ValueError(f"observed.{name} must vary, or weights be given of which its is 0, got a constant")
    return 1 / data.var(axis=(1, 2))


def _fitted(growth: Any, bias: bool) -> tuple[str, ...]:
    """The names of what is fitted, in the order of :class:`CollectiveRates`.

    Raises:
        ValueError: if growth is anything but names, or a power is named without what it is of.
    """
    known = (*GROWTH, *POWERS)
    names: list[Any] = list(cast(Any, growth)) if isinstance(growth, tuple | list) else [growth]
    if isinstance(growth, str) or not all(isinstance(x, str) and x in known for x in names):
        raise ValueError(f"growth must be a list of names among {', '.join(known)}, or empty, got {shown(growth)}")
    alone = [power for power, of in OF_POWER.items() if power in names and of not in names]
    if alone:
        raise ValueError(f"{alone[0]} is the power of {OF_POWER[alone[0]]}, which is not fitted; name both or neither")
    chosen = {"h", "y", *names, *(["b"] if bias else [])}
    return tuple(name for name in NAMES if name in chosen)


def checked_pairs(pairs: ArrayLike, count: int) -> NDArray[np.intp]:
    """Pairs of two different ones among so many points, shape (m, 2).

    Raises:
        ValueError: if they are anything else.
    """
    index = checked_points("pairs", pairs, count, 2)
    if index.shape[1] != 2 or not len(index) or (index[:, 0] == index[:, 1]).any():
        raise ValueError(f"pairs must be of two different points each, shape (m, 2), got {shown(pairs)}")
    return index


def _thinned(count: int, most: int) -> NDArray[np.intp]:
    """Places evenly spread, the first among them."""
    return np.unique(np.linspace(0, count - 1, most).astype(np.intp))
