"""Settings of the page by name: where each regime of the theory is seen."""

from __future__ import annotations

from dataclasses import dataclass

from repdyn.numeric import Pair, Rates, State


@dataclass(frozen=True)
class Preset:
    """A start, a pair and two rates, with how long to look.

    Attributes:
        name: how a link calls it.
        title: how the page calls it.
        meaning: what is to be seen.
        start: the state at t = 0.
        pair: squared distances of inputs and targets.
        rates: of encoder and decoder.
        steps: training steps that are shown.
        mean_error: squared error of the mean prediction at the start.
        rate_mean: the rate at which it relaxes.
    """

    name: str
    title: str
    meaning: str
    start: State
    pair: Pair
    rates: Rates
    steps: float
    mean_error: float = 0.0
    rate_mean: float = 0.01

    def settings(self) -> dict[str, float]:
        """What the page sets, by the names that its links use."""
        return {
            **{name: float(value) for name, value in vars(self.start).items()},
            "dx2": float(self.pair.dx2),
            "dy2_target": float(self.pair.dy2),
            "rate_h": float(self.rates.h),
            "rate_y": float(self.rates.y),
            "growth_h": 0.0,
            "growth_y": 0.0,
            "mean_error": self.mean_error,
            "rate_mean": self.rate_mean,
            "steps": self.steps,
            "step": round(self.steps / 3),
        }


_UNIT = Pair(1.0, 1.0)

PRESETS = (
    # Start and rates of `repdyn fit tests/data/default.parquet`; the mean's error is what else the first loss has.
    Preset(
        "default",
        "the paper's default",
        "A network of 20 hidden layers, by the rates that were fitted to it.",
        State(8.30748e-4, 2.91065e-9, 3.81516e-5),
        Pair(1.0, 0.5),
        Rates(6.80e-4, 3.65e-2),
        6000.0,
        0.909,
        0.0043,
    ),
    Preset(
        "rich",
        "rich",
        "A small start is forgotten: the representation takes the shape of the targets.",
        State(1e-3, 1e-6, 1e-6 - 1e-3),
        _UNIT,
        Rates(1e-2, 1e-2),
        2000.0,
    ),
    Preset(
        "lazy",
        "lazy",
        "A large start stays: only the decoder learns.",
        State(8.0, 0.04, 0.04 + 0.05),
        _UNIT,
        Rates(1e-2, 1e-2),
        200.0,
    ),
    Preset(
        "agreeing",
        "agreeing",
        "The targets are the same: the two points merge, if the decoder is the larger.",
        State(0.5, 0.5, 0.5),
        Pair(1.0, 0.0),
        Rates(1e-2, 1e-2),
        1000.0,
    ),
    Preset(
        "collapsing",
        "collapsing",
        "A large decoder makes the representation small, though the targets differ.",
        State(0.5, 2.0, 1.0),
        _UNIT,
        Rates(1e-2, 1e-2),
        400.0,
    ),
    Preset(
        "through_zero",
        "through zero",
        "The outputs differ the wrong way round: the hidden difference vanishes, and comes back the other way.",
        State(0.1, 0.5, 1.0),
        Pair(1.0, 0.5),
        Rates(1e-2, 1e-2),
        300.0,
    ),
)
