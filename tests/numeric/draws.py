"""Random trajectories of every theory, most of pairs that turn round, collapse or pass through zero."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from repdyn.numeric import Pair, State, fit, integrate, joint, trajectory
from repdyn.symbolic import theories

SINGLE_OUTPUT = {"scalar_output", "growing_rates", "cross_entropy"}
"""Theories of pairs whose dy is parallel or opposite to dy*."""

FITTED = [name for name, theory in theories().items() if theory.begin is not None]
"""Theories that a measured trajectory can be fitted with."""


class Draw(NamedTuple):
    """A trajectory and what made it."""

    t: np.ndarray
    path: State
    pair: Pair
    true: dict[str, float]

    @property
    def rows(self) -> np.ndarray:
        return np.stack([self.path.dh2, self.path.dy2, self.path.w])

    @property
    def size(self) -> float:
        """The sum of squares of trajectories as large as this one is anywhere."""
        return float(np.sum(np.abs(self.rows).max(axis=1) ** 2)) * self.t.size

    def noisy(self, share: float, seed: int | np.random.BitGenerator) -> "Draw":
        """The same with noise of a share of each scalar's size, within what vectors can have."""
        noise = np.random.default_rng(seed).normal(size=self.rows.shape) * (self.t > 0)
        dh2, dy2, w = self.rows + share * np.abs(self.rows).max(axis=1, keepdims=True) * noise
        dh2, dy2 = np.abs(dh2), np.abs(dy2)
        bound = (1 - 1e-12) * np.sqrt(dy2 * self.pair.dy2)
        return self._replace(path=State(dh2, dy2, dy2 - np.clip(dy2 - w, -bound, bound)))


def pinned(name: str, seed: int, noise: float = 0.0) -> Draw:
    """The trajectory that is drawn with a seed whatever ``--seed`` is, for what is true of it and not of all."""
    drawn = draw(name, np.random.PCG64(seed))
    return drawn.noisy(noise, np.random.PCG64(seed)) if noise else drawn


def draw(name: str, seed: int | np.random.BitGenerator) -> Draw:
    """A trajectory of a theory; none that passes a singularity, after which it is none of its coefficients."""
    rng, theory = np.random.default_rng(seed), theories()[name]
    solve = integrate if theory.solution is None else trajectory

    def spread(low: float, high: float) -> float:
        return float(10 ** rng.uniform(low, high))

    while True:
        pair, rate_h, rate_y = Pair(spread(-1, 1), spread(-2, 1)), spread(-5, 0), spread(-5, 0)
        encoder = rate_h if name == "recurrent" else pair.dx2 * rate_h
        rich_scale = np.sqrt(encoder / rate_y * pair.dy2)
        dh2 = rich_scale * spread(-3, 0.7)
        dy2 = pair.dy2 * spread(-3, 0.5) * min(1, (dh2 / rich_scale) ** 2) ** rng.uniform()
        cosine = rng.choice([-1.0, 1.0], p=[0.7, 0.3])
        if name not in SINGLE_OUTPUT and rng.uniform() < 0.85:
            cosine = rng.uniform(-1, 0 if rng.uniform() < 0.6 else 1)
        may_be_0 = {
            "gram": dh2 * spread(-2, 0.5),
            "growth_h": rate_h * spread(-1, 1),
            "growth_y": rate_y * spread(-1, 1),
        }
        true = {"rate_h": rate_h, "rate_y": rate_y, "rate_h1": rate_h / 2, "rate_h2": rate_h, "futures": 3.0}
        true |= {key: value * (rng.uniform() < 0.8) for key, value in may_be_0.items()}
        true = {x.name: true[x.name] for x in theory.coefficients}
        pace = np.sqrt(encoder * rate_y * pair.dy2) + rate_y * dh2 + encoder * dy2 / dh2
        t = np.linspace(0, spread(0, 1.5) / pace, int(rng.integers(30, 200)))
        try:
            path = solve(t, State(dh2, dy2, dy2 - cosine * np.sqrt(dy2 * pair.dy2)), pair, true, theory=theory)
        except ArithmeticError:
            continue
        return Draw(t, path, pair, true)


def without_steps(monkeypatch) -> None:
    """Have no search go down from where it begins."""
    for module, name in ((joint, "_ROUGHLY"), (joint, "_FINELY"), (fit, "_COARSELY")):
        monkeypatch.setattr(module, name, replace(getattr(module, name), most=0))
