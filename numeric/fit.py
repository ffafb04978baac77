"""Coefficients of a theory, its effective learning rates among them, fitted to a measured trajectory."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic import Theory, two_point
from scipy import stats
from scipy.optimize import OptimizeResult, least_squares
from sympy import Symbol

from .begin import theory_start
from .coefficients import named, parameter_values
from .compiled import CompiledFunction, compile_program
from .integration import integrate
from .loss import r_squared
from .quantities import Pair, Rates, State, check_distances, check_start, increasing_times
from .solution import trajectory

Array = NDArray[np.float64]

_COARSE = 64
"""Samples on which starting points are compared."""

_LOG_LIMIT = 100.0
"""Logarithms of rates are kept where their exponentials are numbers."""

_RATIOS = 1e-80, 1e80
"""Ratios of rates that are tried."""

_UNDETERMINED = 1e-10
"""The data do not determine a fit if changing one coefficient by its size moves no scalar by more than this share."""

_DIFFERENCE = 1e-5
"""The step of a finite difference, in units of a coefficient's size."""

_AT_BOUND = 1e-6
"""A coefficient below this share of the size that shows is at its bound."""

_RTOL = 1e-9
"""Of an integration while fitting: well below the square of the step, so that differences are no noise."""


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
        samples: how many differences were fitted: three for every sample but the first.
        success: whether the optimiser converged to coefficients that the data determine.
        message: what the optimiser said, and why there are no standard errors if there are none.
        predicted: the fitted trajectory at the given times.

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
    samples: int
    success: bool
    message: str
    predicted: State

    @property
    def rates(self) -> Rates:
        """The effective learning rates, of a theory that has ``rate_h`` and ``rate_y``."""
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


@dataclass(frozen=True)
class NestedTest:
    """Whether a larger theory fits better than a smaller one by more than its further coefficients explain.

    Attributes:
        statistic: Fisher's F: how much the misfit falls per further coefficient, over what is left of it per degree
            of freedom.
        p_value: the probability of one as large if the smaller theory were true. It assumes independent residuals,
            which those along a trajectory are not: only a large p value says much.
        aic: Akaike's criterion of the smaller theory less that of the larger.
        ratio: the misfit of the smaller theory over that of the larger.
    """

    statistic: float
    p_value: float
    aic: float
    ratio: float


def nested_test(smaller: RateFit, larger: RateFit) -> NestedTest:
    """Compare two fits to the same trajectory of which one theory is a special case of the other.

    Raises:
        ValueError: if the larger fit has not all fitted coefficients of the smaller one and more, or other samples.

    >>> t, pair = np.arange(0.0, 2000.0, 10.0), Pair(1.0, 0.5)
    >>> coefficients = {"rate_h": 1e-3, "growth_h": 5e-3, "rate_y": 2e-2}
    >>> run = integrate(t, State(1e-2, 0.0, 0.0), pair, coefficients, theory="growing_rates")
    >>> small, large = (fit_rates(t, run, pair, theory=name) for name in ("scalar_output", "growing_rates"))
    >>> nested_test(small, large).ratio > 1e6
    True
    """
    if not set(smaller.fitted) < set(larger.fitted) or smaller.samples != larger.samples:
        raise ValueError(
            "a nested test needs a smaller and a larger fit of the same samples, with the coefficients of the one "
            f"among those of the other, got {', '.join(smaller.fitted)} ({smaller.samples} samples) and "
            f"{', '.join(larger.fitted)} ({larger.samples} samples)"
        )
    more = len(larger.fitted) - len(smaller.fitted)
    freedom = larger.samples - len(larger.fitted)
    if larger.sse == 0:
        return NestedTest(np.inf, 0.0, np.inf, np.inf)
    statistic = (smaller.sse - larger.sse) / more / (larger.sse / freedom)
    return NestedTest(
        statistic=statistic,
        p_value=float(stats.f.sf(statistic, more, freedom)),
        aic=smaller.aic - larger.aic,
        ratio=smaller.sse / larger.sse,
    )


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
            are not single numbers, the first state cannot start a trajectory, or a fixed coefficient is none of the
            theory's.

    Source: the fit of van Rossem & Saxe (arXiv 2402.09142), section 4, with the closed form
    in place of a numerical integration.

    >>> import numpy as np
    >>> t, pair = np.arange(2000.0), Pair(1.0, 0.5)
    >>> run = trajectory(t, State(1e-3, 1e-3, 0.0), pair, Rates(1e-3, 2e-2))
    >>> fit = fit_rates(t, run, pair)
    >>> round(fit.rates.h, 9), round(fit.rates.y, 9)
    (0.001, 0.02)
    """
    data = _Data(t, observed, pair, weights)
    coarse = data.thinned(_COARSE)
    found = named(theory)
    model = _Model(found, fixed or {})
    if found is two_point() and not fixed:
        starts = _best_rates(coarse, 2)
        finish: Literal["trf", "lm"] = "lm"  # the quicker near the optimum; a trust region finds its way from afar
    else:
        theory_start(found, data.start, parameter_values(found, pair, model.coefficients(np.zeros(len(model.names)))))
        starts = _starts(model, coarse, fit_rates(t, observed, pair, weights=weights).coefficients, 3)
        finish = "trf"
    # Finite differences find no optimum finer than their own error.
    rough, fine = (1e-12, 1e-15) if found.solution is not None else (1e-6, 1e-11)
    candidates = [_refine(model, coarse, x, "trf", rough) for x in starts]
    return _report(model, data, _refine(model, data, min(candidates, key=_cost).x, finish, fine))


def _cost(result: OptimizeResult) -> float:
    return result.cost


class _Data:
    """One measured trajectory."""

    def __init__(self, t: ArrayLike, observed: State, pair: Pair, weights: State | None) -> None:
        self.times = increasing_times(t)
        self.observed = self._columns("observed", observed)
        self.pair = pair
        if np.ndim(pair.dx2) or np.ndim(pair.dy2):
            raise ValueError(
                f"fit_rates fits one pair: dx2 and dy2 must be single numbers, got shapes {np.shape(pair.dx2)} and "
                f"{np.shape(pair.dy2)}; call it once a pair"
            )
        check_distances(observed)
        self.start = State(*self.observed[:, 0])
        check_start(self.start, pair)
        weight = np.ones((3, 1)) if weights is None else self._columns("weights", weights)
        if (weight < 0).any():
            raise ValueError(f"weights must not be negative, got {weight.min()}")
        self.root_weight = np.broadcast_to(np.sqrt(weight), self.observed.shape)

    @property
    def elapsed(self) -> Array:
        """Steps since the start, shape (n,)."""
        return self.times - self.times[0]

    def _columns(self, name: str, state: State) -> Array:
        """The three scalars as rows of shape (n,)."""
        fields = (state.dh2, state.dy2, state.w)
        shapes = [np.shape(x) for x in fields]
        if any(shape not in ((), self.times.shape) for shape in shapes):
            raise ValueError(f"{name} must have fields of shape {self.times.shape} like t, got {shapes}")
        return np.stack([np.broadcast_to(x, self.times.shape) for x in fields])

    def thinned(self, most: int) -> _Data:
        """The same on at most about ``most`` samples, evenly spaced in number."""
        chosen = np.unique(np.linspace(0, self.times.size - 1, most).astype(int))
        return _Data(
            self.times[chosen],
            State(*self.observed[:, chosen]),
            self.pair,
            State(*(self.root_weight[:, chosen] ** 2)),
        )

    def residuals(self, predicted: Array) -> Array:
        """The weighted differences, shape (3 n,)."""
        return (self.root_weight * (predicted - self.observed)).ravel()

    def misfit(self, path: State) -> Array:
        """The weighted sum of squares of paths whose last axis is time."""
        scalars = np.stack(np.broadcast_arrays(path.dh2, path.dy2, path.w), axis=-2)
        return np.sum((self.root_weight * (scalars - self.observed)) ** 2, axis=(-2, -1))


def _best_rates(data: _Data, count: int) -> list[Array]:
    """The best of a grid: ratios of rates around that of the conserved quantity, all time scales of the data."""
    dh2, dy2, _ = data.observed
    slope = _ratio(data)
    speeds: Array = np.geomspace(1e-3, 1e5, 33) / data.times[-1]
    ratio, speed = np.meshgrid(slope * np.geomspace(1e-4, 1e4, 13), speeds, indexing="ij")
    # The fastest of the rates at which the pair can move, per unit of rate_y at this ratio.
    pace = np.sqrt(ratio * data.pair.dy2) + dh2[0] + ratio * dy2[0] / dh2[0]
    decoder = speed / pace
    encoder = decoder * ratio / data.pair.dx2
    sse = data.misfit(trajectory(data.elapsed, data.start, data.pair, Rates(encoder[..., None], decoder[..., None])))
    order = np.argsort(sse, axis=None)[:count]
    return [np.log([encoder.flat[i], decoder.flat[i]]) for i in order]


def _ratio(data: _Data) -> float:
    """dx2 rate_h / rate_y: the slope of dh2 against dy2/dh2, or the rich scale if that is no line."""
    dh2, dy2, _ = data.observed
    x = dy2 / np.where(dh2 > 0, dh2, np.inf)
    spread = np.sum((x - x[0]) ** 2)
    slope = np.sum((x - x[0]) * (dh2 - dh2[0])) / spread if spread > 0 else 0.0
    if slope > 0:
        return float(np.clip(slope, *_RATIOS))
    size2 = max(float(data.pair.dy2), float(dy2.max()))
    return float(np.clip(dh2.max() ** 2 / size2, *_RATIOS)) if size2 > 0 else 1.0


class _Model:
    """A theory's prediction as a function of the coefficients that are fitted.

    Each is fitted as its logarithm (``units`` 0) if it is positive, otherwise in units of a size that shows in the
    trajectory, from 0 up if it cannot be negative.
    """

    def __init__(self, theory: Theory, fixed: Mapping[str, float]) -> None:
        strangers = sorted(fixed.keys() - {x.name for x in theory.coefficients})
        if strangers:
            known = ", ".join(x.name for x in theory.coefficients)
            raise ValueError(f"theory {theory.name!r} has the coefficients {known}, not {', '.join(strangers)}")
        self.theory = theory
        self.fixed = dict(fixed)
        self.symbols = tuple(x for x in theory.coefficients if x.name not in fixed)
        self.names = tuple(x.name for x in self.symbols)
        self.units = np.array([0.0 if x.is_positive else 1.0 for x in self.symbols])
        self.lowest = np.array([0.0 if x.is_nonnegative and not x.is_positive else -np.inf for x in self.symbols])

    def coefficients(self, x: Array) -> dict[str, float]:
        """The values of all coefficients at a point of the search."""
        logs = np.exp(np.clip(x, -_LOG_LIMIT, _LOG_LIMIT))
        return {
            **self.fixed,
            **dict(zip(self.names, np.where(self.units == 0, logs, x * self.units).tolist(), strict=True)),
        }

    def scales(self, x: Array) -> Array:
        """What each coefficient changes by as its unknown changes by 1."""
        values = self.coefficients(x)
        return np.where(self.units == 0, [values[name] for name in self.names], self.units)

    def predict(self, data: _Data, x: Array) -> Array:
        """The three scalars, shape (3, n); infinite where the theory's solution breaks down."""
        solve = integrate if self.theory.solution is None else trajectory
        options = {"rtol": _RTOL} if self.theory.solution is None else {}
        try:
            path = solve(data.elapsed, data.start, data.pair, self.coefficients(x), theory=self.theory, **options)
        except ArithmeticError:
            return np.full(data.observed.shape, np.inf)
        return np.stack(np.broadcast_arrays(path.dh2, path.dy2, path.w))

    def evaluate(self, data: _Data, x: Array) -> tuple[Array, Array]:
        """The three scalars, shape (3, n), and their derivatives by the unknowns, (3, n, m)."""
        if self.theory.solution is not None:
            return self._differentiated(data, x)
        values = self.predict(data, x)
        moved = [self.predict(data, x + step) for step in _DIFFERENCE * np.eye(x.size)]
        return values, np.stack([(after - values) / _DIFFERENCE for after in moved], axis=-1)

    def _differentiated(self, data: _Data, x: Array) -> tuple[Array, Array]:
        parameters = parameter_values(self.theory, data.pair, self.coefficients(x))
        start = data.start
        found = _sensitivity(self.theory, self.symbols)(data.elapsed, start.dh2, start.dy2, start.w, *parameters)
        columns = np.stack([np.broadcast_to(value, data.times.shape) for value in found])
        derivatives = columns[3:].reshape(3, x.size, -1).transpose(0, 2, 1) * self.scales(x)
        return columns[:3], derivatives


@cache
def _sensitivity(theory: Theory, symbols: tuple[Symbol, ...]) -> CompiledFunction:
    assert theory.solution is not None
    return compile_program("sensitivity", theory.solution.jacobian(symbols))


def _starts(model: _Model, data: _Data, base: Mapping[str, float], count: int) -> list[Array]:
    """The best of a grid around the rates of the two-point theory; sets the units of what may be 0 on the way.

    A positive coefficient that the two-point theory does not have is tried on the time scale of the data.
    """
    logs = {name: np.log(value) for name, value in base.items()}
    wide = np.log([1e-2, 1e-1, 1.0, 1e1, 1e2])
    near = np.log([0.4, 1.0])
    choices: list[Array] = []
    origin = np.array([logs.get(name, -np.log(data.elapsed[-1])) if not u else 0.0 for name, u in _by_unit(model)])
    for i, (name, unit) in enumerate(_by_unit(model)):
        if unit:
            model.units[i] = _size(model, data, origin, i)
            choices.append(np.array([0.0, 1.0] if model.lowest[i] == 0 else [-1.0, 0.0, 1.0]))
        else:
            choices.append(origin[i] + (near if name in logs else wide))
    points = [np.array(x) for x in itertools.product(*choices)]
    misfits = [float(np.sum(data.residuals(model.predict(data, x)) ** 2)) for x in points]
    return [points[i] for i in np.argsort(misfits)[:count]]


def _by_unit(model: _Model) -> list[tuple[str, float]]:
    return list(zip(model.names, model.units.tolist(), strict=True))


def _size(model: _Model, data: _Data, origin: Array, i: int) -> float:
    """The power of ten at which a coefficient moves the trajectory by about a tenth of its size."""
    still = model.predict(data, origin)
    largest = float(np.linalg.norm(still))
    step = np.zeros(origin.size)

    def shows(exponent: int) -> bool:
        step[i] = 10.0**exponent
        return not np.linalg.norm(model.predict(data, origin + step) - still) < 0.1 * largest

    exponents = range(-12, 13)
    return 10.0 ** bisect.bisect_left(exponents, True, key=shows) * 10.0 ** exponents[0]


def _refine(model: _Model, data: _Data, x: Array, method: Literal["trf", "lm"], tolerance: float) -> OptimizeResult:
    """Least squares from one starting point."""
    last: dict[bytes, tuple[Array, Array]] = {}

    def evaluate(x: Array) -> tuple[Array, Array]:
        """Value and Jacobian together: the optimiser asks for both at the same point."""
        if x.tobytes() not in last:
            last.clear()
            last[x.tobytes()] = model.evaluate(data, x)
        return last[x.tobytes()]

    def residuals(x: Array) -> Array:
        return data.residuals(evaluate(x)[0])

    def jacobian(x: Array) -> Array:
        return (data.root_weight[..., None] * evaluate(x)[1]).reshape(-1, x.size)

    return least_squares(
        residuals,
        x,
        jacobian,
        bounds=(model.lowest, np.inf) if np.isfinite(model.lowest).any() else (-np.inf, np.inf),
        method=method,
        ftol=tolerance,
        xtol=tolerance,
        gtol=tolerance,
        max_nfev=200,
    )


def _report(model: _Model, data: _Data, found: OptimizeResult) -> RateFit:
    """The result of the fit at its optimum; what is at its bound is put there."""
    bound = found.x - model.lowest < _AT_BOUND
    optimum = np.where(bound, model.lowest, found.x)
    predicted = model.predict(data, optimum)
    r2 = (r_squared(o, float(np.sum((p - o) ** 2))) for p, o in zip(predicted, data.observed, strict=True))
    samples = 3 * (data.times.size - 1)
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
        samples=samples,
        success=bool(found.success) and errors is not None,
        message=f"{found.message} {reason}".strip(),
        predicted=State(*predicted),
    )


def _errors(model: _Model, data: _Data, found: OptimizeResult, freedom: int) -> tuple[Mapping[str, float] | None, str]:
    jacobian: Array = found.jac
    count = len(model.names)
    sizes = np.abs(data.root_weight * data.observed).max(axis=1)
    moved = jacobian.reshape(3, -1, count) / np.where(sizes > 0, sizes, 1.0)[:, None, None]
    least = float(np.linalg.svd(moved.reshape(-1, count), compute_uv=False)[-1] / np.sqrt(data.times.size))
    if not least > _UNDETERMINED or not np.ptp(data.observed, axis=1).any():
        return None, (
            f"No standard errors: the trajectory does not determine {', '.join(model.names)} (a change by their own "
            f"size moves the three scalars by {least:.1e} of theirs); record one in which dh2 and dy2 both change."
        )
    variance = 2 * found.cost / freedom
    spread = np.sqrt(np.diag(np.linalg.inv(jacobian.T @ jacobian)) * variance)
    if not (spread > 0).all():
        return None, "No standard errors: the fit is exact."
    return dict(zip(model.names, (spread * model.scales(found.x)).tolist(), strict=True)), ""
