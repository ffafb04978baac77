"""The loss over training, and the rate of the mean prediction fitted to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import instance
from scipy.optimize import minimize_scalar

from .arguments import number, real
from .compiled import compile
from .determination import r_squared
from .quantities import Number, Pair, State, as_number, checked_times, increasing_times

Array = NDArray[np.float64]

_SKETCH = 256
"""Samples on which rates are compared before the best is refined on all."""


def loss_curve(t: ArrayLike, state: State, pair: Pair, mean_error: float, rate_mean: float) -> Number:
    """The loss of two points while their mean prediction relaxes at a rate of its own.

    Args:
        t: training steps, any shape.
        state: the state of the pair at those times.
        pair: squared distances of inputs and of targets.
        mean_error: ``|ybar - ybar*|^2`` at ``t = 0``, the squared error of the mean prediction.
        rate_mean: ``1/tau_ybar``, in 1/(training step).

    The loss is half the squared error, summed over outputs and averaged over the two points.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if a time or a number is out of its range, or shapes do not broadcast.

    Source: van Rossem & Saxe (arXiv 2402.09142), section 3.

    >>> loss_curve(0.0, State(0.1, 0.0, 0.0), Pair(1.0, 0.5), mean_error=2.0, rate_mean=0.01)
    1.0625
    """
    times, error, rate = checked_times(t), number("mean_error", mean_error), number("rate_mean", rate_mean)
    instance("state", state, State)
    instance("pair", pair, Pair)
    if not (0 <= error < np.inf and 0 < rate < np.inf):
        raise ValueError(
            "mean_error must be finite and not negative and rate_mean finite and positive, "
            f"got {mean_error} and {rate_mean}"
        )
    (loss,) = compile("two_point", "loss")(times, state.dy2, state.w, pair.dy2, error, rate)
    return loss if np.ndim(loss) else float(loss)


@dataclass(frozen=True)
class LossFit:
    """The loss with the rate of the mean prediction fitted to it.

    Attributes:
        rate: ``1/tau_ybar``, in 1/(training step), or None if the loss does not determine it: the mean
            prediction starts at its target, or relaxes too slowly or too fast for the samples.
        r2: the coefficient of determination of the loss.
        sse: the sum of squared differences of the loss.
        predicted: the fitted loss at the given times, shape (n,).
    """

    rate: float | None
    r2: float
    sse: float
    predicted: Array


def error_of_mean(loss: ArrayLike, state: State, pair: Pair) -> Number:
    """The squared error of the mean prediction: what the loss has beyond that of the difference.

    Args:
        loss: half the squared error, averaged over both points.
        state: of the pair, fields of the same shape.
        pair: squared distances of inputs and of targets.

    >>> pair, state = Pair(1.0, 4.0), State(1.0, 0.0, 0.0)
    >>> error_of_mean(loss_curve(0.0, state, pair, 1.5, 1.0), state, pair)
    1.5
    """
    difference = np.asarray(loss_curve(0.0, state, pair, 0.0, 1.0))
    return as_number(2 * np.maximum(np.asarray(loss) - difference, 0.0))


def misfit_share(state: State, pair: Pair) -> Number:
    """``|dy - dy*|^2 / |dy*|^2``: how much of the difference of the targets is not learnt; infinite if there is none.

    >>> misfit_share(State(1.0, [0.0, 4.0], 0.0), Pair(1.0, 4.0)).tolist()
    [1.0, 0.0]
    """
    of_state, whole = (np.asarray(loss_curve(0.0, x, pair, 0.0, 1.0)) for x in (state, State(1.0, 0.0, 0.0)))
    with np.errstate(divide="ignore", invalid="ignore"):
        return as_number(of_state / whole)


def fit_loss(t: ArrayLike, loss: ArrayLike, state: State, pair: Pair) -> LossFit:
    """Fit the rate of the mean prediction to a measured loss, given the (fitted) state of the pair.

    Args:
        t: training steps, shape (n,), increasing; the first is taken as the start.
        loss: measured loss, shape (n,): half the squared error of both points, averaged over them.
        state: the state at those times, as fitted or measured.
        pair: squared distances of inputs and of targets.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if times do not increase, shapes differ, or a loss is negative or not finite.

    >>> import numpy as np
    >>> t, still = np.arange(500.0), State(0.1, 0.5, 0.0)
    >>> loss = loss_curve(t, still, Pair(1.0, 0.5), mean_error=2.0, rate_mean=0.01)
    >>> round(fit_loss(t, loss, still, Pair(1.0, 0.5)).rate, 6)
    0.01
    """
    times, measured = real("t", t), real("loss", loss)
    if times.shape != measured.shape or measured.ndim != 1 or measured.size < 3:
        raise ValueError(f"t and loss must be of one shape (n,) with n >= 3, got {times.shape} and {measured.shape}")
    times = increasing_times(times)
    if not (np.isfinite(measured) & (measured >= 0)).all():
        first = measured[~(np.isfinite(measured) & (measured >= 0))][0]
        raise ValueError(
            f"loss must be finite and not negative, got {first:g}; leave out gaps, and what follows a divergence"
        )
    elapsed = times - times[0]
    pair_loss = np.broadcast_to(np.asarray(loss_curve(elapsed, state, pair, 0.0, 1.0)), times.shape)
    mean_error = float(np.broadcast_to(error_of_mean(measured, state, pair), times.shape)[0])
    relaxed, (dy2, w, _) = compile("two_point", "loss"), np.broadcast_arrays(state.dy2, state.w, times)

    def curve(log_rates: Number, at: Any = slice(None)) -> Array:
        return relaxed(elapsed[at], dy2[at], w[at], pair.dy2, mean_error, np.exp(log_rates))[0]

    size = max(float(measured.max()), float(pair_loss.max())) or 1.0  # in units of their own nothing overflows

    def sse(log_rates: Number, at: Any = slice(None)) -> Array:
        return np.sum((curve(log_rates, at) / size - measured[at] / size) ** 2, axis=-1)

    # From a change of a millionth over the whole run to a relaxation within the closest two samples.
    closest = float(np.min(np.diff(elapsed)))
    grid: Array = np.linspace(math.log(1e-6 / float(elapsed[-1])), math.log(30 / closest), 81)
    some = np.linspace(0, times.size - 1, min(times.size, _SKETCH)).astype(int)
    best = int(np.argmin(sse(grid[:, None], some)))
    bracket = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = minimize_scalar(lambda x: float(sse(x)), bounds=bracket, method="bounded", options={"xatol": 1e-10})
    determined = mean_error > 0 and 0 < best < grid.size - 1
    return LossFit(
        rate=float(np.exp(found.x)) if determined else None,
        r2=r_squared(measured / size, found.fun),
        sse=float(found.fun) * size * size,
        predicted=curve(found.x),
    )
