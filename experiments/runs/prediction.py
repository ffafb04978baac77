"""Trajectories predicted from the network as it stands, without a fit, beside those that are fitted to it."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from ..training import mpl_backend  # noqa: F401 # pyright: ignore[reportUnusedImport] # before Lightning loads matplotlib

# isort: split
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from repdyn.numeric import Pair, State, compile, fit_rates, named
from repdyn.numeric.coefficients import parameter_values
from repdyn.numeric.determination import r_squared
from repdyn.numeric.path import follow
from repdyn.symbolic.arguments import instance
from torch import Tensor

from ..settings import Setting, SettingError, TwoPoints
from ..settings.architecture import hidden_layer
from ..tracking.table import SCALARS
from ..tracking.tangent_kernels import TangentRates, tangent_rates
from ..training.lightning import fit, repeatable
from ..trials import two_points

Array = NDArray[np.float64]

START, AFTER_MEAN = "at the start", "after the mean phase"

_LEARNT = 0.01
"""The mean prediction is learnt when this share of its error is left."""

_FITTED_SAMPLES = 600
"""Of the recorded samples about as many are fitted: a fit without a closed form integrates hundreds of times."""


_DESCENT = {
    "optimiser": "sgd",
    "weight_decay": 0.0,
    "dropout": 0.0,
    "batch": 2,
    "loss": "squared_error",
    "until": 0.0,
}
"""What a setting must say for its training to be plain gradient descent."""


@dataclass(frozen=True)
class Prediction:
    """Coefficients of a theory from one source, and the trajectory they give from its step on.

    Attributes:
        source: where the coefficients come from.
        theory: the theory's name.
        step: the training step at whose measured state the trajectory begins.
        coefficients: every coefficient of the theory by name, rates in 1/(training step).
        steps: the recorded steps from there on, shape (n,).
        path: the trajectory at those steps, fields of shape (n,).
        r2: the coefficient of determination of each scalar at those steps.
        sse: the sum of squared differences of all three.
    """

    source: str
    theory: str
    step: int
    coefficients: Mapping[str, float]
    steps: Array
    path: State
    r2: State
    sse: float

    def row(self) -> dict[str, Any]:
        """The prediction as plain numbers, without the trajectory."""
        r2 = {f"r2_{name}": value for name, value in vars(self.r2).items()}
        kept = ("source", "theory", "step")
        return {**{name: getattr(self, name) for name in kept}, **self.coefficients, **r2, "sse": self.sse}


@dataclass(frozen=True)
class Predictions:
    """A trained network against what its tangent rates predict and what is fitted.

    Attributes:
        setting: what was trained.
        steps: the recorded training steps, shape (n,).
        observed: the measured state, fields of shape (n,).
        rates: the measured tangent rates, by source.
        found: a prediction from each source, in the order of the table.
        missing: sources that give none, and why.
        thinning: fits take one recorded sample in so many.
        seconds: how long training took.
    """

    setting: TwoPoints
    steps: Array
    observed: State
    rates: Mapping[str, TangentRates]
    found: tuple[Prediction, ...]
    missing: Mapping[str, str]
    thinning: int
    seconds: float

    def record(self) -> dict[str, Any]:
        """Everything but the trajectories, as plain values."""
        return {
            "predictions": [p.row() for p in self.found],
            "missing": dict(self.missing),
            "tangent_rates": {source: asdict(rates) for source, rates in self.rates.items()},
            "thinning_of_fits": self.thinning,
        }


def check_predictable(setting: Setting) -> TwoPoints:
    """Check that the trajectory of a setting can be predicted from tangent rates, and return it.

    Raises:
        TypeError: if it is no setting.
        SettingError: if the setting is none of the two_points experiment, has more than one output, is trained on
            another device than the processor, on which the rates are measured, or otherwise than by gradient descent on
            the squared error, which is what tangent rates are those of.
    """
    instance("setting", setting, Setting)
    if not isinstance(setting, TwoPoints):
        raise SettingError(
            f"tangent rates predict settings of the experiment {TwoPoints.experiment}, got {setting.name!r} of the "
            f"experiment {setting.experiment}; `repdyn list` shows which is which"
        )
    if setting.output_size != 1:
        raise SettingError(f"tangent rates are for a single output, got output_size {setting.output_size}; set it to 1")
    if setting.device != "cpu":
        raise SettingError(f"tangent rates are measured on the processor, got device {setting.device!r}; leave it out")
    other = [f"{name} {getattr(setting, name)!r}" for name, of in _DESCENT.items() if getattr(setting, name) != of]
    if other:
        raise SettingError(
            "tangent rates are those of gradient descent on the squared error of both points, to the end, got "
            f"{', '.join(other)}; leave that out"
        )
    return setting


def predict(setting: Setting) -> Predictions:
    """Train the network of a setting and predict its trajectory from tangent rates measured on the way.

    The rates are measured at the start and when the mean prediction is learnt (a hundredth of its first error is
    left), each bare and with the mean held; ``scalar_output`` goes on from the state of that step with them, and
    nothing is fitted. Beside them ``scalar_output`` and ``growing_rates`` are fitted, to about 600 of the samples.
    The network is trained as :func:`repdyn.experiments.run` does, to the same bits.

    Raises:
        TypeError, SettingError: as :func:`check_predictable`.
        ArithmeticError: if training diverges.
        ValueError: if both points have the same hidden representation when it is measured.

    >>> tiny = TwoPoints(width=8, hidden_layers=1, layer=0, nonlinearity="none", steps=300, lr=0.05)
    >>> first = predict(tiny).found[0]
    >>> first.source, round(first.coefficients["rate_h"], 6), round(first.coefficients["rate_y"], 6)
    ('at the start', 0.025, 0.025)
    """
    setting = check_predictable(setting)
    layer = hidden_layer(setting.layer)
    with repeatable(setting.threads):
        module, batches, tracker = two_points.prepare(setting)
        watch = _RatesWatch(layer, batches.x, batches.y, setting.lr)
        began = time.perf_counter()
        diverged_at = fit(module, batches, [watch, tracker])  # the watch first: it looks before the tracker listens
        seconds = time.perf_counter() - began
    if diverged_at is not None:
        raise ArithmeticError(
            f"training diverged at step {diverged_at}: there is no trajectory to predict; lower lr or gain"
        )
    data = _Data(tracker.steps.astype(np.float64), tracker.state(layer=layer), tracker.pair())
    found: list[Prediction] = []
    missing = {} if AFTER_MEAN in watch.rates else {AFTER_MEAN: watch.why_not}
    for source, rates in watch.rates.items():
        try:
            found.append(data.predicted(source, watch.steps[source], rates))
        except ValueError as error:  # with the mean held, a rate of a network far from the theory can be negative
            missing[source] = str(error)
    thinning = max(1, len(data.steps) // _FITTED_SAMPLES)
    for source, theory in (("fitted, constant rates", "scalar_output"), ("fitted, growing rates", "growing_rates")):
        fitted = fit_rates(data.steps[::thinning], data.observed[::thinning], data.pair, theory=theory)
        found.append(data.followed(source, theory, 0, data.observed[0], fitted.coefficients))
    return Predictions(setting, data.steps, data.observed, watch.rates, tuple(found), missing, thinning, seconds)


@dataclass(frozen=True)
class _Data:
    """What was measured of the pair."""

    steps: Array
    observed: State
    pair: Pair

    def predicted(self, source: str, step: int, rates: TangentRates) -> Prediction:
        """The trajectory from the state in which the rates were measured, at these rates."""
        coefficients = {
            "rate_h": rates.encoder / float(self.pair.dx2),
            "rate_y": rates.decoder,
            "gram": max(rates.gram, 0.0),  # where dh and the slope are parallel it can be -0, to rounding
        }
        theory = named("scalar_output")
        values = parameter_values(theory, self.pair, coefficients)
        start = State(*compile(theory, "readout")(rates.dh2, rates.b2, rates.f, *values))
        return self.followed(source, theory.name, step, start, coefficients)

    def followed(
        self, source: str, theory: str, step: int, start: State, coefficients: Mapping[str, float]
    ) -> Prediction:
        """The trajectory of a theory from a state at a step on, against the recorded one."""
        later = self.steps >= step
        steps, observed = self.steps[later], self.observed[later]
        path = follow(steps - step, start, self.pair, coefficients, theory)
        misfits = [float(np.sum((getattr(path, name) - getattr(observed, name)) ** 2)) for name in SCALARS]
        r2 = State(*(r_squared(np.asarray(getattr(observed, n)), m) for n, m in zip(SCALARS, misfits, strict=True)))
        return Prediction(source, theory, step, dict(coefficients), steps, path, r2, sum(misfits))


class _RatesWatch(pl.Callback):
    """Measures the tangent rates before the first step, and once more when the mean prediction is learnt."""

    def __init__(self, layer: str, points: Tensor, targets: Tensor, lr: float) -> None:
        self.rates: dict[str, TangentRates] = {}
        self.steps: dict[str, int] = {}
        self.why_not = "training ends before the mean prediction is learnt; give it more steps"
        self._layer, self._points, self._targets, self._lr = layer, points, targets, lr
        self._first = (0.0, 0.0)
        self._done = False

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if self._done:
            return
        step = trainer.global_step
        with torch.no_grad():
            error = (pl_module(self._points) - self._targets).flatten().double()
        mean, difference = abs(float(error.mean())), abs(float(error[1] - error[0]))
        if step == 0:
            self._first = (mean, difference)
            self._measure(START, step, pl_module)
        elif mean <= _LEARNT * self._first[0]:
            self._measure(AFTER_MEAN, step, pl_module)
            self._done = True
        elif difference <= self._first[1] / 2:
            self.why_not = (
                f"half of the difference is learnt at step {step}, before the mean prediction is: "
                f"{mean / self._first[0]:.1%} of its error is left"
            )
            self._done = True

    def _measure(self, when: str, step: int, module: pl.LightningModule) -> None:
        for source, held in ((when, False), (f"{when}, mean held", True)):
            self.steps[source] = step
            self.rates[source] = tangent_rates(module, self._layer, self._points, self._lr, mean_is_learnt=held)
