"""What every training run is told: the network and how it is trained."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from .architecture import HEADS
from .configuration import Configuration, check_choice, described
from .memory import MEMORY, Task, memory, parameters
from .values import SettingError

NONLINEARITIES = ("leaky_relu", "relu", "elu", "tanh", "swish", "none")
MODELS = ("mlp", "residual", "cnn", "layer_norm", "gru", "transformer")
OPTIMISERS = ("sgd", "momentum", "adam")
DEVICES = ("cpu", "cuda", "mps")

_OWN_NONLINEARITIES = ("gru", "transformer")
_STEPS, _THREADS = 10**9, 1024

_A_STEP, _A_LAYER, _A_WEIGHT, _POINTS_AT_ONCE = 5e-4, 1e-4, 1.5e-9, 8
"""Seconds of a training step, of a layer in it and of a weight; up to so many points take as long as one."""


@dataclass(frozen=True)
class Setting(Configuration):
    """What every training run is told: the network and how it is trained."""

    model: str = described("mlp", f"one of {', '.join(MODELS)}")
    nonlinearity: str = described("leaky_relu", f"one of {', '.join(NONLINEARITIES)}")
    dropout: float = described(0.0, "share of units dropped before each linear map of an mlp", positive=False)
    gain: float = described(1.0, "factor on the Xavier-normal weights")
    optimiser: str = described("sgd", f"one of {', '.join(OPTIMISERS)}; momentum is 0.9")
    lr: float = described(0.005, "learning rate: step size on the loss")
    weight_decay: float = described(0.0, "added to each gradient, in parts of the weight", positive=False)
    width: int = described(500, "units of a hidden layer")
    hidden_layers: int = described(20, "number of hidden layers")
    layer: int = described(10, "hidden layer that is compared with the theory, counted from 0", positive=False)
    steps: int = described(6000, "training steps")
    every: int = described(1, "record the pairs every so many steps")
    threads: int = described(1, "threads of the linear algebra; results are repeatable for the same number")
    device: str = described("cpu", f"where the network is trained, one of {', '.join(DEVICES)}")

    def __post_init__(self) -> None:
        super().__post_init__()
        choices = {"model": MODELS, "nonlinearity": NONLINEARITIES, "optimiser": OPTIMISERS, "device": DEVICES}
        for choice, known in choices.items():
            check_choice(choice, getattr(self, choice), known)
        self._check_network()
        self._check_training()

    def _check_network(self) -> None:
        """Check what the networks of this package take for granted."""
        if self.dropout >= 1 or (self.dropout and self.model != "mlp"):
            raise SettingError(f"dropout is a share below 1 in an mlp, got {self.dropout} in model {self.model!r}")
        if self.layer >= self.hidden_layers:
            raise SettingError(
                f"layer must be below hidden_layers, counted from 0, got layer {self.layer} of {self.hidden_layers}"
            )
        if self.model == "transformer" and self.width % HEADS:
            raise SettingError(f"width of a transformer must be a multiple of its {HEADS} heads, got {self.width}")
        if self.model == "layer_norm" and self.width < 3:
            raise SettingError(
                "width must be at least 3 under layer_norm, which leaves nothing of 1 unit and of 2 their order, got "
                f"{self.width}"
            )
        if self.model in _OWN_NONLINEARITIES and self.nonlinearity != Setting.nonlinearity:
            raise SettingError(
                f"a {self.model} has nonlinearities of its own, got {self.nonlinearity!r}; leave nonlinearity out"
            )

    def _check_training(self) -> None:
        """Check how long training is, and that a machine can hold it."""
        for name, most in (("steps", _STEPS), ("threads", _THREADS)):
            if getattr(self, name) > most:
                raise SettingError(f"{name} must be at most {most:,}, got {getattr(self, name):,}")
        if self.every > self.steps:
            raise SettingError(
                f"every must be at most steps, got every {self.every} of {self.steps} steps; lower every"
            )
        needed = memory(
            self.model, self.optimiser, self.width, self.hidden_layers, self.steps // self.every + 2, self.task
        )
        if sum(needed.values()) > MEMORY:
            most = max(needed, key=lambda part: needed[part])
            raise SettingError(
                f"training takes about {sum(needed.values()) / 2**30:,.3g} GiB, most of it for {most}, and may take "
                f"{MEMORY / 2**30:g} GiB; {_LESS[most]}"
            )

    def identity(self) -> dict[str, Any]:
        """As of every configuration; a run on the processor is the run it was before devices could be told."""
        values = super().identity()
        if self.device == "cpu":
            del values["device"]
        return values

    def rough_seconds(self) -> float:
        """As of every configuration: what each step costs, each layer in it, and each weight for each point."""
        learnt = parameters(self.model, self.width, self.hidden_layers, self.task.inputs, self.task.outputs)
        passes = max(1.0, self.task.batch / _POINTS_AT_ONCE)
        return self.steps * (_A_STEP + _A_LAYER * self.hidden_layers + _A_WEIGHT * learnt * passes)

    @property
    def task(self) -> Task:
        """What the network is trained on, for an estimate of the memory; here the least there can be."""
        return Task(1, 1, points=1, batch=1, tracked=1)

    def toml(self) -> str:
        """The setting as a TOML table that :func:`load_settings` reads back."""
        values = {"experiment": self.experiment, **{k: v for k, v in asdict(self).items() if k != "name"}}
        lines = (f"{key} = {_toml(value)}" for key, value in values.items())
        return "\n".join([f"[{_toml(self.name)}]", *lines, ""])


_LESS = {
    "weights": "lower width, hidden_layers or the sizes of input and output",
    "activations": "lower width, hidden_layers or the number of points",
    "data": "lower the number or the size of the points",
    "records": "lower steps or hidden_layers, or raise every",
}
"""What to do about each part of the memory."""


def _toml(value: str | float | bool) -> str:
    """As JSON, but that TOML has no surrogates and escapes one more character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
