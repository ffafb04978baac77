"""The fit by which van Rossem & Saxe compared their theory with its ablations: guesses on a line, then quasi-Newton."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from repdyn.numeric import compile
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

from ..settings.architecture import hidden_layer
from ..sweep.outcome import Outcome
from ..tracking.samples import checked_table, samples

if TYPE_CHECKING:
    from ..settings import LineFits

Array = NDArray[np.float64]

_RANGE = 1e-6, 1e2
"""Guesses of the decoder's rate, per training step."""


def run_trial(setting: LineFits, run: Outcome) -> Outcome:
    """Fit every theory to every pair at the layer.

    The table ``fits`` has a row for each pair, theory and number of guesses. Its columns: pair, layer, theory, guesses,
    rate_h, rate_y, sse; ``line``, the ratio of the rates on the line; ``guess``, the SSE of the best guess there;
    ``iterations`` of the quasi-Newton method after it; success and message.
    """
    frame = run.tables["trajectory"]
    rows = frame[frame["layer"] == hidden_layer(setting.layer)]
    fits = [
        {"pair": str(pair), "layer": setting.layer, "theory": theory, "guesses": n, **line_fit(group, theory, n)}
        for pair, group in rows.groupby("pair", sort=False)
        for theory in setting.theories
        for n in setting.guesses
    ]
    return Outcome(tables={"fits": pd.DataFrame(fits)})


def line_fit(frame: pd.DataFrame, theory: str, guesses: int) -> dict[str, float | int | bool | str]:
    """Both rates of a theory by the recorded procedure.

    The guesses lie on the line on which the two-point theory, started small, ends at the measured last dh2,
    whatever the theory that is fitted; they are equally spaced in their logarithms. Each is an integration by Radau
    at its default tolerances (1e-3 relative). From the best, BFGS searches in the rates themselves, with finite
    differences of the sum of squares, at the default settings of both. The error of the integration makes these
    differences noisy, and where they point uphill BFGS stays at the guess: ``fit_rates`` is what finds the optimum;
    this is here to show what was recorded.

    Args:
        frame: columns step, dh2, dy2, w, dx2, dy2_target of one pair at one layer; gaps are left out.
        theory: the name of one with the coefficients rate_h and rate_y and the states dh2, dy2 and w.
        guesses: how many.

    Raises:
        ValueError: if fewer than three samples are finite, or the two targets are the same.

    Source: the fit of van Rossem & Saxe (arXiv 2402.09142), section 4 and its ablations.

    >>> from repdyn.numeric import Pair, Rates, State, trajectory
    >>> run = trajectory(np.arange(300.0), State(0.02, 0.01, 0.0), Pair(1.0, 0.5), Rates(1e-2, 5e-2))
    >>> frame = pd.DataFrame({"step": range(300), **vars(run), "dx2": 1.0, "dy2_target": 0.5})
    >>> found = line_fit(frame, "two_point", guesses=20)
    >>> round(found["rate_h"], 3), round(found["rate_y"], 2), found["sse"] < found["guess"]
    (0.01, 0.05, True)
    """
    found = samples(checked_table(frame))
    observed, pair = found.observed, found.constants
    measured = np.stack([observed.dh2, observed.dy2, observed.w])
    times = found.steps - found.steps[0]
    rates = compile(theory, "rhs", "python")

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
    direction = np.array([measured[0, -1] ** 2 / (pair.dx2 * pair.dy2), 1.0])
    tried = [direction * decoder for decoder in np.geomspace(*_RANGE, guesses)]
    errors = [sse(x) for x in tried]
    best = int(np.argmin(errors))
    with np.errstate(all="ignore"):
        optimum = minimize(sse, tried[best])
    return {
        "rate_h": float(optimum.x[0]),
        "rate_y": float(optimum.x[1]),
        "line": float(direction[0]),
        "sse": float(optimum.fun),
        "guess": errors[best],
        "iterations": int(optimum.nit),
        "success": bool(optimum.success),
        "message": str(optimum.message),
    }
