"""Effective learning rates fitted to a measured trajectory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic import two_point
from scipy.optimize import OptimizeResult, least_squares

from .compiled import CompiledFunction, compile_program
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
"""The data do not determine both rates if doubling one moves no scalar by more than this share of its size."""


@dataclass(frozen=True)
class RateFit:
    """Fitted effective learning rates and how well they do.

    Attributes:
        rates: the fitted rates, in 1/(training step).
        stderr: their standard errors, or None: ``message`` says why. They assume independent residuals of equal
            (weighted) variance; residuals along a trajectory are correlated, so read them as lower bounds.
        r2: the coefficient of determination of each scalar.
        sse: the weighted sum of squared differences of all three scalars.
        success: whether the optimiser converged to rates that the data determine.
        message: what the optimiser said, and why there are no standard errors if there are none.
        predicted: the fitted trajectory at the given times.
    """

    rates: Rates
    stderr: Rates | None
    r2: State
    sse: float
    success: bool
    message: str
    predicted: State


@cache
def _sensitivity() -> CompiledFunction:
    theory = two_point()
    return compile_program("sensitivity", theory.solution.jacobian(theory.parameters[-2:]))


def fit_rates(t: ArrayLike, observed: State, pair: Pair, *, weights: State | None = None) -> RateFit:
    """Fit both effective learning rates to a measured trajectory by least squares.

    Args:
        t: training steps, shape (n,), increasing, n >= 3; any subset of the steps of a run. The first
            is taken as the start of the trajectory and is not fitted.
        observed: the measured state at those times, fields of shape (n,).
        pair: squared distances of inputs and of targets.
        weights: what each squared difference counts, numbers or arrays that broadcast to (n,);
            by default 1, the paper's plain sum.

    The exact trajectory is fitted in the logarithms of the rates with its exact
    Jacobian, from the best few of a grid of starts around the ratio of rates that
    the conserved quantity gives.

    Raises:
        ValueError: if shapes do not match, times do not increase, a distance or weight is negative,
            the pair's fields are not single numbers, or the first state cannot start a trajectory.

    Source: the fit of van Rossem & Saxe (arXiv 2402.09142), section 4, with the closed form
    in place of a numerical integration.

    >>> import numpy as np
    >>> t, pair = np.arange(2000.0), Pair(1.0, 0.5)
    >>> run = trajectory(t, State(1e-3, 1e-3, 0.0), pair, Rates(1e-3, 2e-2))
    >>> fit = fit_rates(t, run, pair)
    >>> round(fit.rates.h, 9), round(fit.rates.y, 9)
    (0.001, 0.02)
    """
    problem = _Problem(t, observed, pair, weights)
    coarse = problem.thinned(_COARSE)
    # A trust region finds its way from afar; near the optimum Levenberg-Marquardt is the quicker.
    candidates = [coarse.refine(x, "trf", 1e-12) for x in coarse.best_starts(2)]
    found = problem.refine(min(candidates, key=lambda result: result.cost).x, "lm", 1e-15)
    return problem.report(found)


class _Problem:
    """Residuals of one trajectory as a function of the logarithms of the two rates."""

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

    def _columns(self, name: str, state: State) -> Array:
        """The three scalars as rows of shape (n,)."""
        fields = (state.dh2, state.dy2, state.w)
        shapes = [np.shape(x) for x in fields]
        if any(shape not in ((), self.times.shape) for shape in shapes):
            raise ValueError(f"{name} must have fields of shape {self.times.shape} like t, got {shapes}")
        return np.stack([np.broadcast_to(x, self.times.shape) for x in fields])

    def thinned(self, most: int) -> _Problem:
        """The same problem on at most about ``most`` samples, evenly spaced in number."""
        chosen = np.unique(np.linspace(0, self.times.size - 1, most).astype(int))
        return _Problem(
            self.times[chosen],
            State(*self.observed[:, chosen]),
            self.pair,
            State(*(self.root_weight[:, chosen] ** 2)),
        )

    def best_starts(self, count: int) -> list[Array]:
        """The best of a grid: ratios of rates around that of the conserved quantity, all time scales of the data."""
        dh2, dy2, _ = self.observed
        slope = self._ratio(dh2, dy2)
        speeds: Array = np.geomspace(1e-3, 1e5, 33) / self.times[-1]
        ratio, speed = np.meshgrid(slope * np.geomspace(1e-4, 1e4, 13), speeds, indexing="ij")
        # The fastest of the rates at which the pair can move, per unit of rate_y at this ratio.
        pace = np.sqrt(ratio * self.pair.dy2) + dh2[0] + ratio * dy2[0] / dh2[0]
        decoder = speed / pace
        encoder = decoder * ratio / self.pair.dx2
        rates = Rates(encoder[..., None], decoder[..., None])
        path = trajectory(self.times - self.times[0], self.start, self.pair, rates)
        misfit = sum(
            (r * (np.asarray(x) - o)) ** 2
            for r, x, o in zip(self.root_weight, (path.dh2, path.dy2, path.w), self.observed, strict=True)
        )
        sse = np.sum(misfit, axis=-1)
        order = np.argsort(sse, axis=None)[:count]
        return [np.log([encoder.flat[i], decoder.flat[i]]) for i in order]

    def _ratio(self, dh2: Array, dy2: Array) -> float:
        """dx2 rate_h / rate_y: the slope of dh2 against dy2/dh2, or the rich scale if that is no line."""
        x = dy2 / np.where(dh2 > 0, dh2, np.inf)
        spread = np.sum((x - x[0]) ** 2)
        slope = np.sum((x - x[0]) * (dh2 - dh2[0])) / spread if spread > 0 else 0.0
        if slope > 0:
            return float(np.clip(slope, *_RATIOS))
        size2 = max(float(self.pair.dy2), float(dy2.max()))
        return float(np.clip(dh2.max() ** 2 / size2, *_RATIOS)) if size2 > 0 else 1.0

    def _evaluate(self, logs: Array) -> tuple[Array, Array]:
        """The three scalars, shape (3, n), and their derivatives by the logarithms of both rates, (3, n, 2)."""
        rate_h, rate_y = np.exp(np.clip(logs, -_LOG_LIMIT, _LOG_LIMIT))
        start, pair = self.start, self.pair
        values = _sensitivity()(
            self.times - self.times[0], start.dh2, start.dy2, start.w, pair.dx2, pair.dy2, rate_h, rate_y
        )
        columns = np.stack([np.broadcast_to(x, self.times.shape) for x in values])
        derivatives = np.stack([columns[3::2] * rate_h, columns[4::2] * rate_y], axis=-1)
        return columns[:3], derivatives

    def refine(self, logs: Array, method: Literal["trf", "lm"], tolerance: float) -> OptimizeResult:
        """Least squares from one starting point."""
        last: dict[bytes, tuple[Array, Array]] = {}

        def evaluate(x: Array) -> tuple[Array, Array]:
            """Value and Jacobian together: the optimiser asks for both at the same point."""
            if x.tobytes() not in last:
                last.clear()
                last[x.tobytes()] = self._evaluate(x)
            return last[x.tobytes()]

        def residuals(x: Array) -> Array:
            return (self.root_weight * (evaluate(x)[0] - self.observed)).ravel()

        def jacobian(x: Array) -> Array:
            return (self.root_weight[..., None] * evaluate(x)[1]).reshape(-1, 2)

        return least_squares(
            residuals, logs, jacobian, method=method, ftol=tolerance, xtol=tolerance, gtol=tolerance, max_nfev=200
        )

    def report(self, found: OptimizeResult) -> RateFit:
        """The result of the fit at its optimum."""
        predicted, _ = self._evaluate(found.x)
        sse = 2 * float(found.cost)
        r2 = (r_squared(o, float(np.sum((p - o) ** 2))) for p, o in zip(predicted, self.observed, strict=True))
        rates = Rates(*np.exp(np.clip(found.x, -_LOG_LIMIT, _LOG_LIMIT)))
        stderr, reason = self._stderr(found, rates)
        return RateFit(
            rates=rates,
            stderr=stderr,
            r2=State(*r2),
            sse=sse,
            success=bool(found.success) and stderr is not None,
            message=f"{found.message} {reason}".strip(),
            predicted=State(*predicted),
        )

    def _stderr(self, found: OptimizeResult, rates: Rates) -> tuple[Rates | None, str]:
        jacobian: Array = found.jac
        sizes = np.abs(self.root_weight * self.observed).max(axis=1)
        moved = jacobian.reshape(3, -1, 2) / np.where(sizes > 0, sizes, 1.0)[:, None, None]
        least = float(np.linalg.svd(moved.reshape(-1, 2), compute_uv=False)[-1] / np.sqrt(self.times.size))
        if not least > _UNDETERMINED or not np.ptp(self.observed, axis=1).any():
            return None, (
                "No standard errors: the trajectory does not determine both rates (a change of one by its own size "
                f"moves the three scalars by {least:.1e} of theirs); record one in which dh2 and dy2 both change."
            )
        freedom = 3 * (self.times.size - 1) - 2
        variance = 2 * found.cost / freedom
        spread = np.sqrt(np.diag(np.linalg.inv(jacobian.T @ jacobian)) * variance)
        if not (spread > 0).all():
            return None, "No standard errors: the fit is exact."
        return Rates(*(spread * (rates.h, rates.y))), ""
