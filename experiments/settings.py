"""Settings: what a run is made from, as frozen values that can be listed, overridden, hashed and written."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar, TypeVar

NONLINEARITIES = ("leaky_relu", "relu", "elu", "tanh", "swish", "none")
MODELS = ("mlp", "residual", "cnn", "layer_norm", "gru", "transformer")
OPTIMISERS = ("sgd", "momentum", "adam")
LOSSES = ("squared_error", "cross_entropy")


class SettingError(ValueError):
    """A setting that does not exist or a value it cannot take."""


def described(default: Any, meaning: str, *, positive: bool = True, identity: bool = True) -> Any:
    """A field with the sentence that the command line shows; ``identity`` fields decide the results folder."""
    return field(default=default, metadata={"meaning": meaning, "positive": positive, "identity": identity})


@dataclass(frozen=True)
class Configuration:
    """Named values that decide what is computed, checked when they are made."""

    experiment: ClassVar[str]

    name: str = described("", "name of the setting", identity=False)
    seed: int = described(0, "seed of weights and batches", positive=False)

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if f.type == "float" and isinstance(value, int) and not isinstance(value, bool):
                object.__setattr__(self, f.name, float(value))
            elif type(value).__name__ != str(f.type).split("[", maxsplit=1)[0]:
                raise SettingError(f"{f.name} must be of type {f.type}, got {value!r}")
            if f.type in ("int", "float"):
                lowest = "positive" if f.metadata["positive"] else "not negative"
                # The comparison is written so that NaN fails it.
                if not (value > 0 if f.metadata["positive"] else value >= 0) or value == float("inf"):
                    raise SettingError(f"{f.name} must be {lowest} and finite, got {value}")
        if not re.fullmatch(r"[\w.-]*", self.name):
            raise SettingError(f"the name of a setting is made of letters, digits, '.', '_' and '-', got {self.name!r}")

    def identity(self) -> dict[str, Any]:
        """The fields that decide the outcome, with the experiment's name."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.metadata["identity"]}
        return {"experiment": self.experiment, **values}

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that two settings share only if they are the same run."""
        return hashlib.sha256(json.dumps(self.identity(), sort_keys=True).encode()).hexdigest()[:8]


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

    def __post_init__(self) -> None:
        super().__post_init__()
        for choice, known in (("model", MODELS), ("nonlinearity", NONLINEARITIES), ("optimiser", OPTIMISERS)):
            _check_choice(choice, getattr(self, choice), known)
        if self.dropout >= 1 or (self.dropout and self.model != "mlp"):
            raise SettingError(f"dropout is a share below 1 in an mlp, got {self.dropout} in model {self.model!r}")
        if self.layer >= self.hidden_layers:
            raise SettingError(
                f"layer must be below hidden_layers, counted from 0, got layer {self.layer} of {self.hidden_layers}"
            )

    def toml(self) -> str:
        """The setting as a TOML table that :func:`load_settings` reads back."""
        values = {"experiment": self.experiment, **{k: v for k, v in asdict(self).items() if k != "name"}}
        lines = (f"{key} = {json.dumps(value)}" for key, value in values.items())
        return "\n".join([f"[{json.dumps(self.name)}]", *lines, ""])


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise SettingError(f"{name} must be one of {', '.join(known)}, got {value!r}")


@dataclass(frozen=True)
class TwoPoints(Setting):
    """Two points, one network, full-batch gradient descent: the experiment of the paper's figures 2 and 3.

    The inputs are -1 and -1 + |dx|, the targets 0.6 and 0.6 + |dy*|; in more
    dimensions each coordinate is that divided by the square root of their number.
    Under cross-entropy the network has one logit and the targets are the classes 0 and 1.

    >>> TwoPoints(gain=1.2).gain
    1.2
    """

    experiment: ClassVar[str] = "two_points"

    dx2: float = described(1.0, "squared distance of the two inputs")
    dy2: float = described(0.5, "squared distance of the two targets", positive=False)
    input_size: int = described(1, "dimension of the input")
    output_size: int = described(1, "dimension of the output")
    loss: str = described("squared_error", f"one of {', '.join(LOSSES)}")
    batch: int = described(2, "points in a minibatch; 2 is the whole set")
    until: float = described(0.0, "stop when the loss of a step is below this; 0 trains all steps", positive=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_choice("loss", self.loss, LOSSES)
        if self.batch > 2:
            raise SettingError(f"batch must be 1 or 2, as there are two points, got {self.batch}")
        if self.loss == "cross_entropy" and (self.dy2, self.output_size) != (1.0, 1):
            raise SettingError(
                "cross-entropy has one logit and the classes 0 and 1: it needs dy2 = 1 and output_size = 1, "
                f"got {self.dy2} and {self.output_size}"
            )


@dataclass(frozen=True)
class Digits(Setting):
    """Handwritten digits of ten classes, minibatch gradient descent, pairs of different classes tracked.

    The pairs are all 45 pairs of the first training digit of each class.

    >>> Digits().batch
    64
    """

    experiment: ClassVar[str] = "digits"

    gain: float = described(0.5, "factor on the Xavier-normal weights")
    lr: float = described(0.01, "learning rate: step size on the loss")
    width: int = described(200, "units of a hidden layer")
    hidden_layers: int = described(4, "number of hidden layers")
    layer: int = described(2, "hidden layer that is compared with the theory, counted from 0", positive=False)
    every: int = described(10, "record the pairs every so many steps")
    batch: int = described(64, "images in a minibatch")
    data: str = described("", "data set: mnist or load_digits; empty takes mnist if data_dir is given")
    data_dir: str = described("", "folder of the MNIST training files (IDX, may be gzipped)", identity=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.data:
            object.__setattr__(self, "data", "mnist" if self.data_dir else "load_digits")
        if self.data not in ("mnist", "load_digits"):
            raise SettingError(f"data must be mnist or load_digits, got {self.data!r}")
        if (self.data == "mnist") != bool(self.data_dir):
            raise SettingError(
                f"data = {self.data!r} and data_dir = {self.data_dir!r} do not go together: "
                "mnist is read from data_dir, load_digits comes with scikit-learn"
            )


_EXPERIMENTS: dict[str, type[Setting]] = {kind.experiment: kind for kind in (TwoPoints, Digits)}


def load_settings(path: Path | None = None) -> dict[str, Setting]:
    """The settings that ship with the package, or those of a TOML file, by name.

    Raises:
        SettingError: if the file is not TOML or a table is not a setting.
        FileNotFoundError: if there is no such file.

    >>> load_settings()["two_layer"].hidden_layers
    1
    """
    try:
        text = (path or resources.files("repdyn.experiments") / "settings.toml").read_text("utf-8")
        tables = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise SettingError(f"{path} is not UTF-8, as TOML must be: {error.reason} at byte {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{path} is not TOML: {error}") from None
    return {name: _from_table(name, table) for name, table in tables.items()}


def find_setting(name: str, path: Path | None = None) -> Setting:
    """The setting called ``name``.

    Raises:
        SettingError: with the names there are, if it is none of them.
    """
    known = load_settings(path)
    if name not in known:
        raise SettingError(f"there is no setting {name!r}; there are {', '.join(known)}")
    return known[name]


_Some = TypeVar("_Some", bound=Configuration)


def override(setting: _Some, values: Mapping[str, Any]) -> _Some:
    """The same setting with some fields replaced.

    Raises:
        SettingError: if a field does not exist or a value is out of its range.

    >>> override(TwoPoints(), {"seed": 3}).seed
    3
    """
    known = [f.name for f in fields(setting)]
    for name in values:
        if name not in known:
            raise SettingError(f"{setting.experiment} has no field {name!r}; its fields are {', '.join(known)}")
    if "data_dir" in values and "data" not in values:
        values = {**values, "data": ""}
    return replace(setting, **values)


def _from_table(name: str, table: Any) -> Setting:
    if not isinstance(table, dict):
        raise SettingError(f"{name} must be a table [{name}] with an experiment, got {table!r}")
    values: dict[str, Any] = {**table}
    kind = values.pop("experiment", None)
    if not isinstance(kind, str) or kind not in _EXPERIMENTS:
        raise SettingError(f"{name}: experiment must be one of {', '.join(_EXPERIMENTS)}, got {kind!r}")
    return override(_EXPERIMENTS[kind](name=name), values)
