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
from typing import Any, ClassVar, TypeVar, cast

from repdyn.symbolic.arguments import instance, keyed, shown

from .sizes import HEADS, MEMORY, Task, memory
from .values import SettingError, annotation, check_name, checked

NONLINEARITIES = ("leaky_relu", "relu", "elu", "tanh", "swish", "none")
MODELS = ("mlp", "residual", "cnn", "layer_norm", "gru", "transformer")
OPTIMISERS = ("sgd", "momentum", "adam")
LOSSES = ("squared_error", "cross_entropy")

_OWN_NONLINEARITIES = ("gru", "transformer")
_CLOSEST = 1e-8
"""The least squared distance of two points near 1 that single precision shows to a thousandth."""

_STEPS, _THREADS = 10**9, 1024
_PIXELS = {"mnist": 28 * 28, "load_digits": 8 * 8}
_IMAGES = {"mnist": 60_000, "load_digits": 1797}


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
            value = checked(f.name, getattr(self, f.name), annotation(f), positive=f.metadata["positive"])
            object.__setattr__(self, f.name, value)
        check_name(self.name)

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


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise SettingError(f"{name} must be one of {', '.join(known)}, got {shown(value)}")


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
        for name in ("dx2", "dy2"):
            if 0 < getattr(self, name) < _CLOSEST:
                zero = "" if name == "dx2" else "0 or "
                raise SettingError(
                    f"{name} must be {zero}at least {_CLOSEST:g}, as points near 1 are told apart in single "
                    f"precision, got {getattr(self, name)}"
                )

    @property
    def task(self) -> Task:
        return Task(self.input_size, self.output_size, points=2, batch=2, tracked=self.hidden_layers)


@dataclass(frozen=True)
class DigitData(Configuration):
    """Handwritten digits of ten classes: where they are read, and which they are.

    What is computed from them is known by their checksum, wherever they lie. A setting that is written by hand has
    none: :func:`repdyn.experiments.digits.identified` reads them and adds it, once, when a run or a trial is planned.

    >>> DigitData(data_dir="folder").data
    'mnist'
    """

    data: str = described("", "mnist (its files, from data_dir) or load_digits; empty takes mnist if data_dir is given")
    data_dir: str = described("", "folder of the MNIST training files (IDX, may be gzipped)", identity=False)
    checksum: str = described("", "of the images and labels; empty takes those that are there, another is refused")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.data:
            object.__setattr__(self, "data", "mnist" if self.data_dir else "load_digits")
        if self.data not in _PIXELS:
            raise SettingError(f"data must be {' or '.join(_PIXELS)}, got {shown(self.data)}")
        if (self.data == "mnist") != bool(self.data_dir):
            raise SettingError(
                f"data = {self.data!r} and data_dir = {self.data_dir!r} do not go together: "
                "mnist is read from data_dir, load_digits comes with scikit-learn"
            )
        if not re.fullmatch("([0-9a-f]{16})?", self.checksum):
            raise SettingError(
                f"checksum must be 16 hexadecimal digits, as a run writes it, or empty, got {shown(self.checksum)}"
            )

    def identity(self) -> dict[str, Any]:
        """As of every configuration.

        Raises:
            SettingError: if the checksum of the digits is not known yet.
        """
        if not self.checksum:
            raise SettingError("digits are known by their images: take the digest of identified(setting)")
        return super().identity()

    def check_images(self, images: int) -> None:
        """Check what is said of the images against their number.

        Raises:
            SettingError: if there are too few.
        """


@dataclass(frozen=True)
class Digits(Setting, DigitData):
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
    batch: int = described(64, "images in a minibatch; at most as many as there are")

    @property
    def task(self) -> Task:
        # The number of images is known when they are read; a larger batch than that is refused then.
        images = max(_IMAGES[self.data], self.batch)
        return Task(_PIXELS[self.data], 10, images, self.batch, tracked=45 * self.hidden_layers)

    def check_images(self, images: int) -> None:
        if self.batch > checked("images", images, "int", positive=False):
            raise SettingError(f"batch must be at most the number of images, {images}, got {self.batch}")


_EXPERIMENTS: dict[str, type[Setting]] = {kind.experiment: kind for kind in (TwoPoints, Digits)}


def load_settings(path: Path | None = None) -> dict[str, Setting]:
    """The settings that ship with the package, or those of a TOML file, by name.

    Raises:
        TypeError: if it is no path.
        SettingError: if the file is not TOML or a table is not a setting.
        FileNotFoundError: if there is no such file.

    >>> load_settings()["two_layer"].hidden_layers
    1
    """
    if path is not None:
        instance("path", path, Path)
    try:
        text = (path or resources.files("repdyn.experiments") / "settings.toml").read_text("utf-8")
        tables = tomllib.loads(text)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path}; give a TOML file of settings") from None
    except OSError as error:
        raise SettingError(f"{path} cannot be read ({error.strerror}); give a TOML file of settings") from None
    except UnicodeDecodeError as error:
        raise SettingError(f"{path} is not UTF-8, as TOML must be: {error.reason} at byte {error.start}") from None
    except RecursionError:
        raise SettingError(f"{path} is not TOML of settings: it is nested too deep") from None
    except ValueError as error:
        raise SettingError(f"{path} is not TOML: {error}") from None
    if not tables:
        raise SettingError(f"{path} holds no settings; each is a table [NAME] with an experiment")
    return {name: _from_table(name, table) for name, table in tables.items()}


def find_setting(name: str, path: Path | None = None) -> Setting:
    """The setting called ``name``.

    Raises:
        TypeError: if the name is no string, or the path none.
        SettingError: with the names there are, if it is none of them.
    """
    known = load_settings(path)
    if instance("name", name, str) not in known:
        raise SettingError(f"there is no setting {shown(name)}; there are {', '.join(known)}")
    return known[name]


_Some = TypeVar("_Some", bound=Configuration)


def override(setting: _Some, values: Mapping[str, Any]) -> _Some:
    """The same setting with some fields replaced.

    Raises:
        TypeError: if it is no setting, or the values are no mapping from names.
        SettingError: if a field does not exist or a value is out of its range.

    >>> override(TwoPoints(), {"seed": 3}).seed
    3
    """
    known = [f.name for f in fields(instance("setting", setting, Configuration))]
    for name in keyed("values", values, str):
        if name not in known:
            raise SettingError(f"{setting.experiment} has no field {shown(name)}; its fields are {', '.join(known)}")
    if "data_dir" in values and "data" not in values:
        values = {**values, "data": ""}
    return replace(setting, **values)


def _from_table(name: str, table: Any) -> Setting:
    if not isinstance(table, dict):
        raise SettingError(f"{shown(name)} must be a table [NAME] with an experiment, got {shown(table)}")
    values = dict(cast(dict[str, Any], table))
    kind = values.pop("experiment", None)
    try:
        if not isinstance(kind, str) or kind not in _EXPERIMENTS:
            raise SettingError(f"experiment must be one of {', '.join(_EXPERIMENTS)}, got {shown(kind)}")
        if not name or "name" in values:
            raise SettingError("the name of a setting is that of its table, and is not empty; name the table")
        return override(_EXPERIMENTS[kind](name=name), values)
    except SettingError as error:
        raise SettingError(f"setting {shown(name)}: {error}") from None
