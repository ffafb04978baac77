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
from typing import Any, ClassVar

NONLINEARITIES = ("leaky_relu", "relu", "elu", "tanh", "swish", "none")


class SettingError(ValueError):
    """A setting that does not exist or a value it cannot take."""


def _described(default: Any, meaning: str, *, positive: bool = True, identity: bool = True) -> Any:
    """A field with the sentence that the command line shows; ``identity`` fields decide the results folder."""
    return field(default=default, metadata={"meaning": meaning, "positive": positive, "identity": identity})


@dataclass(frozen=True)
class Setting:
    """What every experiment is told."""

    experiment: ClassVar[str]

    name: str = _described("", "name of the setting", identity=False)
    nonlinearity: str = _described("leaky_relu", f"one of {', '.join(NONLINEARITIES)}")
    gain: float = _described(1.0, "factor on the Xavier-normal weights")
    lr: float = _described(0.005, "learning rate: step size on the loss")
    width: int = _described(500, "units of a hidden layer")
    hidden_layers: int = _described(20, "number of hidden layers")
    layer: int = _described(10, "hidden layer that is compared with the theory, counted from 0", positive=False)
    steps: int = _described(6000, "training steps")
    every: int = _described(1, "record the pairs every so many steps")
    seed: int = _described(0, "seed of weights and batches", positive=False)
    threads: int = _described(1, "threads of the linear algebra; results are repeatable for the same number")

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if f.type == "float" and isinstance(value, int) and not isinstance(value, bool):
                object.__setattr__(self, f.name, float(value))
            elif type(value).__name__ != f.type:
                raise SettingError(f"{f.name} must be of type {f.type}, got {value!r}")
            if f.type in ("int", "float"):
                lowest = "positive" if f.metadata["positive"] else "not negative"
                # The comparison is written so that NaN fails it.
                if not (value > 0 if f.metadata["positive"] else value >= 0) or value == float("inf"):
                    raise SettingError(f"{f.name} must be {lowest} and finite, got {value}")
        if not re.fullmatch(r"[\w.-]*", self.name):
            raise SettingError(f"the name of a setting is made of letters, digits, '.', '_' and '-', got {self.name!r}")
        if self.nonlinearity not in NONLINEARITIES:
            raise SettingError(f"nonlinearity must be one of {', '.join(NONLINEARITIES)}, got {self.nonlinearity!r}")
        if self.layer >= self.hidden_layers:
            raise SettingError(
                f"layer must be below hidden_layers, counted from 0, got layer {self.layer} of {self.hidden_layers}"
            )

    def identity(self) -> dict[str, Any]:
        """The fields that decide the outcome, with the experiment's name."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.metadata["identity"]}
        return {"experiment": self.experiment, **values}

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that two settings share only if they are the same run."""
        return hashlib.sha256(json.dumps(self.identity(), sort_keys=True).encode()).hexdigest()[:8]

    def toml(self) -> str:
        """The setting as a TOML table that :func:`load_settings` reads back."""
        values = {"experiment": self.experiment, **{k: v for k, v in asdict(self).items() if k != "name"}}
        lines = (f"{key} = {json.dumps(value)}" for key, value in values.items())
        return "\n".join([f"[{json.dumps(self.name)}]", *lines, ""])


@dataclass(frozen=True)
class TwoPoints(Setting):
    """Two points, one network, full-batch gradient descent: the experiment of the paper's figures 2 and 3.

    The inputs are -1 and -1 + |dx|, the targets 0.6 and 0.6 + |dy*|; in more
    dimensions each coordinate is that divided by the square root of their number.

    >>> TwoPoints(gain=1.2).gain
    1.2
    """

    experiment: ClassVar[str] = "two_points"

    dx2: float = _described(1.0, "squared distance of the two inputs")
    dy2: float = _described(0.5, "squared distance of the two targets", positive=False)
    input_size: int = _described(1, "dimension of the input")
    output_size: int = _described(1, "dimension of the output")


@dataclass(frozen=True)
class Digits(Setting):
    """Handwritten digits of ten classes, minibatch gradient descent, pairs of different classes tracked.

    The pairs are all 45 pairs of the first training digit of each class.

    >>> Digits().batch
    64
    """

    experiment: ClassVar[str] = "digits"

    gain: float = _described(0.5, "factor on the Xavier-normal weights")
    lr: float = _described(0.01, "learning rate: step size on the loss")
    width: int = _described(200, "units of a hidden layer")
    hidden_layers: int = _described(4, "number of hidden layers")
    layer: int = _described(2, "hidden layer that is compared with the theory, counted from 0", positive=False)
    every: int = _described(10, "record the pairs every so many steps")
    batch: int = _described(64, "images in a minibatch")
    data: str = _described("", "data set: mnist or load_digits; empty takes mnist if data_dir is given")
    data_dir: str = _described("", "folder of the MNIST training files (IDX, may be gzipped)", identity=False)

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


def override(setting: Setting, values: Mapping[str, Any]) -> Setting:
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
