"""Values that are wrong nearly everywhere, and valid ones to call public functions with."""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import sympy as sp
import torch
from repdyn import experiments, numeric, symbolic
from repdyn.numeric import Pair, Points, Rates, State
from repdyn.symbolic import Program, Step, two_point

WRONG: dict[str, Any] = {
    "None": None,
    "a string": "1",
    "a word": "far",
    "bytes": b"1",
    "a complex number": 1j,
    "a complex number without an imaginary part": 1 + 0j,
    "a complex array": np.array([1j, 2.0, 3.0]),
    "strings": ["1", "2"],
    "an array of text": np.array(["1", "2"]),
    "a Series of text": pd.Series(["1", "2"]),
    "dates": np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[D]"),
    "durations": np.array([1, 2], dtype="timedelta64[s]"),
    "an object": object(),
    "objects": np.array([None, 1.0], dtype=object),
    "a ragged list": [[1.0], [1.0, 2.0]],
    "a dict": {},
    "a dict by number": {1: 2.0},
    "a dict of strings": {"rate_h": "1"},
    "a dict of complex numbers": {"rate_h": 1j},
    "a set": {1.0},
    "a class": State,
    "a function": len,
    "a path": Path("nowhere"),
    "a symbol": sp.Symbol("q"),
    "a table": pd.DataFrame({"a": ["x"]}),
    "a complex tensor": torch.tensor([[1j]]),
    "a tensor with a gradient": torch.ones(2, requires_grad=True),
    "a state": State(0.1, 0.0, 0.0),
    "a pair": Pair(1.0, 0.5),
    "rates": Rates(1e-2, 1e-2),
    "a huge integer": 10**400,
    "a negative number": -1.0,
    "NaN": np.nan,
    "infinity": np.inf,
    "a tuple": (1.0, 2.0, 3.0),
    "a bool": True,
    "a number": 0.75,
    "a fraction": Fraction(3, 4),
    "an array": np.ones(5),
    "a table of numbers": np.ones((2, 3)),
    "an array of three dimensions": np.ones((2, 2, 2)),
    "an empty array": np.empty(0),
}

NONE = {"None"}
FINE = {"a bool", "a number", "a fraction"}
"""One number."""
ANY = {*FINE, "a tuple", "an array", "a table of numbers", "an array of three dimensions", "an empty array"}
"""Numbers of any shape."""
SIGNED = {*ANY, "a negative number"}
TEXT = {"a string", "a word"}


@dataclass(frozen=True)
class Given:
    """A valid value, the wrong ones that are right here, and what else the argument may be called in a refusal."""

    value: Any
    right: frozenset[str] | set[str] = frozenset()
    called: str = ""
    skipped: frozenset[str] | set[str] = frozenset()


@dataclass(frozen=True)
class Call:
    function: Callable[..., Any]
    given: dict[str, Given]
    positional: bool = False

    def __call__(self, **changed: Any) -> Any:
        values = {name: given.value for name, given in self.given.items()} | changed
        return self.function(*values.values()) if self.positional else self.function(**values)


BASE = two_point()
T = np.arange(6.0)
START, PAIR, RATES = WRONG["a state"], WRONG["a pair"], WRONG["rates"]
RUN = numeric.trajectory(100 * T, START, PAIR, RATES)
BESIDE = State(*(np.stack([x, x], axis=1) for x in vars(RUN).values()))
FITS = [numeric.fit_rates(100 * T, RUN, PAIR, theory=name) for name in ("two_point", "scalar_output")]
POINTS = Points(np.array([[0.0], [1.0], [3.0]]), np.array([[0.0], [1.0], [1.0]]))
DISTANCES = np.abs(np.arange(5.0)[:, None] - np.arange(5.0))
STORE = Path(tempfile.mkdtemp())
atexit.register(shutil.rmtree, STORE, ignore_errors=True)
SOURCE = numeric.RepresentationDistances(DISTANCES)
GRID = np.random.default_rng(0).normal(size=(2, 3, 3, 4))
FRAME = pd.DataFrame({"step": 100 * T, **vars(RUN), "dx2": 1.0, "dy2_target": 0.5})
x, y = sp.symbols("x y")
PROGRAM = Program((x,), {}, {y: 2 * x})
STEP = Step("doubled", "y is 2 x", "It is so.", (sp.Eq(y, 2 * x),), lambda relation: sp.S.Zero)
NOTHING = frozenset[str]()
NUMBERS = {"dx2": 1.0, "dy2_target": 0.5, "rate_h": 1e-2, "rate_y": 1e-2}
STARTED = {"t": 10.0, "dh2_0": 0.1, "dy2_0": 0.0, "w_0": 0.0, **NUMBERS}
MOVING = {"t": 10.0, "dh2": 0.1, "dy2": 0.0, "w": 0.0, **NUMBERS}
EXTREME = {"infinity", "a huge integer"}
"""What a back end computes with as its language does."""

NETWORK = torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))


class Reader(torch.nn.Module):
    """The share of each symbol in a string."""

    def __init__(self) -> None:
        super().__init__()
        self.state = torch.nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.state(x.mean(1))


ENDS = torch.tensor([[[-1.0], [0.0]]])
TRACKED = experiments.PairTracker(ENDS, ENDS, ["0"])
RECORDER = experiments.PairRecorder(NETWORK, ENDS, ENDS, ["0"])
for shows in (TRACKED, RECORDER):
    shows._steps, shows._values = [0], [np.ones((1, 4))]
PAIRED = {
    "inputs": Given(ENDS),
    "targets": Given(ENDS),
    "layers": Given(["0"], {"strings"}),
    "labels": Given(["first"], {"None", "what is forward"}, "label"),
    "forward": Given(None, {"None", "a class", "a function", "what is module"}),
    "dx2": Given([1.0], {"None", "what is forward", "what is count", "what is file", *TEXT}),
    "file": Given("records.arrows", {"None", "what is forward"}),
}
SPREAD = torch.tensor([[-1.0], [0.0], [2.0]])
SEEN = experiments.PointRecorder(NETWORK, SPREAD, SPREAD, ["0"])
SEEN.record(0)
POINTED = {
    "inputs": Given(SPREAD),
    "targets": Given(SPREAD),
    "layers": Given(["0"], {"strings"}),
    "forward": Given(None, {"None", "a class", "a function", "what is module"}),
}
TINY = experiments.TwoPoints(width=4, hidden_layers=1, layer=0, steps=3, lr=0.05)
LATE = symbolic.theories()["growing_rates"].approach
(COMPARED,) = experiments.compare(FRAME)
DIAGNOSED = experiments.diagnose(FRAME)


def write_diagnosis(diagnosis: Any, path: Any) -> None:
    """Into a folder that goes."""
    with TemporaryDirectory() as folder, chdir(folder):
        experiments.write_diagnosis(diagnosis, path)


def pair_calls(function: Callable[..., Any], rates: Any = RATES, **more: Given) -> Call:
    return Call(
        function,
        {
            "start": Given(START, {"a state"}),
            "pair": Given(PAIR, {"a pair"}),
            "rates": Given(rates, {"rates"}, "coefficient"),
            **more,
        },
    )


TIME = Given(10.0, ANY)
TIMES = Given(100 * T)
THEORY = Given("two_point")
ROWS = Given([[0.0, 1.0], [1.0, 1.0], [2.0, 0.5]], {"a table of numbers", "an array of three dimensions"})
KERNEL, LABELS = Given(numeric.Kernel(np.eye(3))), Given(np.eye(3))
RANK = Given(2, {"None", "a huge integer"})
NETWORK_START = numeric.CollectiveState(np.eye(3), np.eye(3), np.zeros(3))
WHOLE_PATH = numeric.collective_trajectory(
    T, NETWORK_START, KERNEL.value, LABELS.value, numeric.CollectiveRates(0.1, 0.1)
)
WHOLE_PAIRS = [[0, 1], [1, 2]]
MOVING_START = numeric.CollectiveState(np.diag([1.0, 2.0, 3.0]), np.eye(3) / 2, np.zeros(3))
WHOLE_FIT = numeric.fit_collective(
    T,
    numeric.collective_trajectory(
        T, MOVING_START, KERNEL.value, LABELS.value, numeric.CollectiveRates(0.1, 0.1)
    ).states(WHOLE_PAIRS),
    WHOLE_PAIRS,
    MOVING_START,
    KERNEL.value,
    LABELS.value,
    growth=(),
    bias=False,
)
DEPTH = Given(1, skipped={"a huge integer"})
