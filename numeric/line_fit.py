"""The fit by which van Rossem & Saxe compared their theory with its ablations: guesses on a line, then quasi-Newton."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

from .compiled import compile
from .quantities import Pair, State, samples
from .rich import rich_rate

Array = NDArray[np.float64]

_RANGE = 1e-6, 1e2
"""Guesses of the decoder's rate, per training step."""


@dataclass(frozen=True)
class LineFit:
    """Both rates of a theory, by the recorded procedure.

    Attributes:
        rate_h: of the encoder, in 1/(training step).
        rate_y: of the decoder.
        line: the ratio of the rates on the line of guesses.
        sse: the sum of squared differences of all three scalars.
        guess: that of the best guess.
        iterations: of the quasi-Newton method after it.
        success: what that method says of its end.
        message: and in words.
    """

    rate_h: float
    rate_y: float
    line: float
    sse: float
    guess: float
    iterations: int
    success: bool
    message: str


def line_fit(steps: Array, observed: State, pair: Pair, theory: str, guesses: int) -> LineFit:
    """Both rates of a theory by the recorded procedure.

    The guesses lie on the line on which the two-point theory, started small, ends at the measured last dh2,
    whatever the theory that is fitted; they are equally spaced in their logarithms. Each is an integration by Radau
    at its default tolerances (1e-3 relative). From the best, BFGS searches in the rates themselves, with finite
    differences of the sum of squares, at the default settings of both. The error of the integration makes these
    differences noisy, and where they point uphill BFGS stays at the guess: ``fit_rates`` is what finds the optimum;
    this is here to show what was recorded.

    Args:
        steps: training steps, shape (n,), increasing.
        observed: the measured state at those steps, fields of shape (n,).
        pair: squared distances of inputs and of targets, numbers.
        theory: the name of one with the coefficients rate_h and rate_y and the states dh2, dy2 and w.
        guesses: how many.

    Raises:
        ValueError: if the two targets are the same.

    Source: the fit of van Rossem & Saxe (arXiv 2402.09142), section 4 and its ablations.

    >>> from repdyn.numeric import Pair, Rates, State, trajectory
    >>> from repdyn.numeric.line_fit import line_fit
    >>> run = trajectory(np.arange(300.0), State(0.02, 0.01, 0.0), Pair(1.0, 0.5), Rates(1e-2, 5e-2))
    >>> found = line_fit(np.arange(300.0), run, Pair(1.0, 0.5), "two_point", guesses=20)
    >>> round(found.rate_h, 3), round(found.rate_y, 2), found.sse < found.guess
    (0.01, 0.05, True)
    """
    measured = samples("observed", observed, steps)
    times = steps - steps[0]
    rates = compile(theory, "rhs", "python").bare

    def rhs(t: float, state: Array, encoder: float, decoder: float) -> Array:
        return np.array(rates(t, *state.tolist(), pair.dx2, pair.dy2, encoder, decoder))

    def sse(coefficients: Array) -> float:
        with np.errstate(all="ignore"):
            try:
                span, arguments = (0.0, float(times[-1])), tuple(coefficients.tolist())
                solved = solve_ivp(rhs, span, measured[:, 0], "Radau", times, args=arguments)
            except (ArithmeticError, ValueError):  # a step into what is no number
                return np.inf
            return float(np.sum((solved.y - measured) ** 2)) if solved.success else np.inf

    if not pair.dy2:
        raise ValueError("the line of guesses is for two points whose targets differ, got dy2_target = 0")
    direction = np.array([rich_rate(measured[0, -1], pair.dx2, pair.dy2, 1.0), 1.0])
    tried = [direction * decoder for decoder in np.geomspace(*_RANGE, guesses)]
    errors = [sse(x) for x in tried]
    best = int(np.argmin(errors))
    with np.errstate(all="ignore"):
        optimum = minimize(sse, tried[best])
    return LineFit(
        rate_h=float(optimum.x[0]),
        rate_y=float(optimum.x[1]),
        line=float(direction[0]),
        sse=float(optimum.fun),
        guess=errors[best],
        iterations=int(optimum.nit),
        success=bool(optimum.success),
        message=str(optimum.message),
    )
