"""A valid call of every public function, and values that are wrong nearly everywhere."""

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
from repdyn.symbolic import Derivation, Program, Step, two_point

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

CALLS: dict[str, Call] = {
    "numeric.State": Call(State, {name: Given(0.1, SIGNED) for name in ("dh2", "dy2", "w")}),
    "numeric.State.measured": Call(
        State.measured, {"dh": Given([3.0, 4.0], ANY - FINE), "dy": Given([1.0]), "dy_target": Given([2.0])}
    ),
    "numeric.Pair": Call(Pair, {name: Given(0.1, ANY) for name in ("dx2", "dy2")}),
    "numeric.Rates": Call(Rates, {name: Given(0.1, ANY) for name in ("h", "y")}),
    "numeric.Points": Call(
        Points, {name: Given([[0.0], [1.0]], {"a table of numbers"}) for name in ("inputs", "targets")}
    ),
    "numeric.inner_products": Call(
        numeric.inner_products, {"dh": Given([3.0, 4.0], ANY - FINE), "dy": Given([1.0]), "dy_target": Given([2.0])}
    ),
    "numeric.trajectory": pair_calls(numeric.trajectory, t=TIME, theory=THEORY, backend=Given("numpy")),
    "numeric.integrate": pair_calls(numeric.integrate, t=TIME, theory=THEORY, rtol=Given(1e-8)),
    "numeric.evolve": Call(
        numeric.evolve,
        {
            "theory": THEORY,
            "t": TIME,
            "start": Given({"dh2": 0.1, "dy2": 0.0, "w": 0.0}),
            "parameters": Given(NUMBERS),
            "rtol": Given(1e-8),
        },
    ),
    "numeric.final_distance": pair_calls(numeric.final_distance, theory=THEORY),
    "numeric.regime_number": pair_calls(numeric.regime_number, theory=THEORY),
    "numeric.half_way_time": pair_calls(numeric.half_way_time, theory=THEORY),
    "numeric.crossing_time": pair_calls(numeric.crossing_time, theory=THEORY),
    "numeric.relaxation_time": pair_calls(numeric.relaxation_time, theory=THEORY),
    "numeric.has_end": Call(numeric.has_end, {"theory": THEORY}),
    "numeric.named": Call(numeric.named, {"theory": THEORY}),
    "numeric.fit_rates": Call(
        numeric.fit_rates,
        {
            "t": TIMES,
            "observed": Given(RUN, {"a state"}),
            "pair": Given(PAIR, {"a pair"}),
            "theory": THEORY,
            "fixed": Given({"rate_h": 1e-2}, {"None", "a dict"}),
            "weights": Given(State(1.0, 1.0, 1.0), {"None", "a state"}),
        },
    ),
    "numeric.fit_many": Call(
        numeric.fit_many,
        {
            "t": TIMES,
            "observed": Given(BESIDE),
            "pairs": Given(PAIR, {"a pair"}),
            "theory": THEORY,
            "fixed": Given({"rate_h": 1e-2}, {"None", "a dict"}),
            "weights": Given(State(1.0, 1.0, 1.0), {"None", "a state"}),
        },
    ),
    "numeric.forecast_trajectory": Call(
        numeric.forecast_trajectory,
        {
            "t": TIMES,
            "observed": Given(RUN, {"a state"}),
            "pair": Given(PAIR, {"a pair"}),
            "until": Given([600.0], {"an empty array"}),
            "theory": THEORY,
            "level": Given(0.9, {"a number", "a fraction"}),
            "theory_error": Given(1.0, FINE),
        },
    ),
    "numeric.loss_curve": Call(
        numeric.loss_curve,
        {
            "t": TIME,
            "state": Given(START, {"a state"}),
            "pair": Given(PAIR, {"a pair"}),
            "mean_error": Given(2.0, FINE),
            "rate_mean": Given(0.1, FINE),
        },
    ),
    "numeric.fit_loss": Call(
        numeric.fit_loss,
        {
            "t": TIMES,
            "loss": Given(np.exp(-T)),
            "state": Given(RUN, {"a state"}),
            "pair": Given(PAIR, {"a pair"}),
        },
    ),
    "numeric.departures": Call(
        numeric.departures, {"t": TIMES, "observed": Given(RUN, {"a state"}), "predicted": Given(RUN, {"a state"})}
    ),
    "numeric.conserved_line": Call(numeric.conserved_line, {"observed": Given(RUN, {"a state"})}),
    "numeric.growth_exponent": Call(numeric.growth_exponent, {"observed": Given(RUN, {"a state"})}),
    "numeric.linearised_flow": Call(
        numeric.linearised_flow,
        {
            "t": Given(100 * T, {"a tuple"}),
            "D_h": Given(np.eye(2)),
            "D_y": Given([[0.5, 1.0]]),
            "dx": Given([1.0, 0.0]),
            "dy_target": Given([1.0]),
            "rates": Given(RATES, {"rates"}),
        },
    ),
    "numeric.mantel_test": Call(
        numeric.mantel_test,
        {
            "first": Given(DISTANCES),
            "second": Given(DISTANCES**2),
            "relabellings": Given(3, skipped={"a huge integer"}),
            "seed": Given(0, {"a huge integer"}),
        },
    ),
    "numeric.squared_distances": Call(
        numeric.squared_distances,
        {"activations": Given(GRID, {"a table of numbers", "an array of three dimensions"})},
    ),
    "numeric.gram_distances": Call(numeric.gram_distances, {"gram": Given(np.eye(4))}),
    "numeric.representation_similarity": Call(
        numeric.representation_similarity, {"first": Given(DISTANCES), "second": Given(DISTANCES**2)}
    ),
    "numeric.task_axes": Call(numeric.task_axes, {"grid": Given(GRID)}),
    "numeric.rich_distances": Call(numeric.rich_distances, {"first": Given(POINTS), "second": Given(POINTS)}),
    "numeric.smoothed_distances": Call(numeric.smoothed_distances, {"shown": Given(POINTS), "data": Given(POINTS)}),
    "numeric.Kernel": Call(
        numeric.Kernel,
        {"factor": Given([[1.0], [2.0]], {"a table of numbers"}), "residual": Given(0.0, FINE)},
    ),
    "numeric.Kernel.from_matrix": Call(numeric.Kernel.from_matrix, {"matrix": Given(np.eye(3)), "rank": RANK}),
    "numeric.linear_kernel": Call(numeric.linear_kernel, {"inputs": ROWS, "bias": Given(0.0, FINE)}),
    "numeric.arc_cosine_kernel": Call(
        numeric.arc_cosine_kernel, {"inputs": ROWS, "depth": DEPTH, "degree": Given(1), "rank": RANK}
    ),
    "numeric.tangent_kernel": Call(
        numeric.tangent_kernel,
        {
            "inputs": ROWS,
            "depth": DEPTH,
            "nonlinearity": Given("erf"),
            "weight_variance": Given(1.0, FINE),
            "bias_variance": Given(0.0, FINE),
            "slope": Given(0.1, {*FINE, "a negative number"}),
            "rank": RANK,
        },
    ),
    "numeric.kernel_of": Call(
        numeric.kernel_of,
        {
            "function": Given(lambda x1, x2: x1 @ x2.T, skipped={"a class", "a function"}),
            "inputs": ROWS,
            "rank": RANK,
        },
    ),
    "numeric.geometric_mean": Call(
        numeric.geometric_mean,
        {"first": Given(np.eye(3)), "second": Given(np.eye(3)), "weight": Given(0.5, FINE)},
    ),
    "numeric.geometric_mean_factor": Call(
        numeric.geometric_mean_factor,
        {"kernel": KERNEL, "targets": LABELS, "weight": Given(0.5, FINE), "ridge": Given(0.1, FINE)},
    ),
    **{
        f"numeric.{function.__name__}": Call(
            function,
            {
                "kernel": KERNEL,
                "targets": LABELS,
                "rates": Given(RATES, {"rates"}),
                "conserved": Given(0.0, {*FINE, "a negative number"}),
                "ridge": Given(0.1, FINE),
                "bias": Given(False, {"a bool"}),
                "shown": Given([0, 2], {"None"}),
            },
        )
        for function in (numeric.final_gram, numeric.final_distances)
    },
    "numeric.place_on_geodesic": Call(
        numeric.place_on_geodesic,
        {
            "hidden": Given(np.diag([1.0, 3.0, 2.0])),
            "kernel": KERNEL,
            "targets": Given(np.diag([1.0, 3.0, 2.0])),
            "ridge": Given(0.1, FINE),
        },
    ),
    "numeric.CollectiveRates": Call(
        numeric.CollectiveRates,
        {name: Given(0.1, FINE) for name in ("h", "y", "b", "h1", "h2", "y1", "y2", "p1", "p2")},
    ),
    "numeric.CollectiveState": Call(
        numeric.CollectiveState,
        {"hidden": Given(np.eye(2)), "decoder": Given(np.eye(2)), "bias": Given([0.0, 1.0])},
    ),
    "numeric.collective_trajectory": Call(
        numeric.collective_trajectory,
        {
            "t": Given(T, {"a tuple"}),
            "start": Given(NETWORK_START),
            "kernel": KERNEL,
            "targets": LABELS,
            "rates": Given(numeric.CollectiveRates(0.1, 0.1)),
            "progress": Given(None, {"None", "a class"}, skipped={"a function", "a class"}),
        },
    ),
    "numeric.measured_start": Call(
        numeric.measured_start,
        {
            "hidden": Given(np.diag([1.0, 3.0, 2.0]), called="points that were measured"),
            "outputs": Given(np.eye(3)),
            "kernel": KERNEL,
            "gram": Given(None, {"None"}, "hidden or gram"),
            "points": Given([0, 1, 2], {"None", "what is gram"}),
            "rcond": Given(1e-3, {"a number", "a fraction"}),
        },
    ),
    "numeric.observed_pairs": Call(
        numeric.observed_pairs,
        {
            "grams": Given([np.eye(3)]),
            "outputs": Given([np.eye(3)]),
            "targets": LABELS,
            "pairs": Given(WHOLE_PAIRS),
        },
    ),
    "numeric.fit_collective": Call(
        numeric.fit_collective,
        {
            "t": Given(T, called="observed"),
            "observed": Given(WHOLE_FIT.observed),
            "pairs": Given(WHOLE_PAIRS),
            "start": Given(MOVING_START),
            "kernel": KERNEL,
            "targets": LABELS,
            "growth": Given(()),
            "bias": Given(False, {"a bool"}),
            "weights": Given(None, {"None", "a state"}),
            "rank": Given(3, {"a huge integer"}),
            "units": Given(3, {"a huge integer"}),
        },
    ),
    "numeric.forecast_distances": Call(
        numeric.forecast_distances,
        {
            "t": Given(T),
            "observed": Given(WHOLE_FIT.observed),
            "pairs": Given(WHOLE_PAIRS),
            "start": Given(MOVING_START),
            "kernel": KERNEL,
            "targets": LABELS,
            "until": Given(10.0),
            "shown": Given([0, 2], {"None"}),
            "growth": Given(()),
            "level": Given(0.9, {"a number", "a fraction"}),
            "theory_error": Given(1.0, FINE),
        },
    ),
    "numeric.CollectiveFit.aic_of": Call(
        WHOLE_FIT.aic_of, {"predicted": Given(WHOLE_FIT.predicted), "parameters": Given(3, skipped={"a huge integer"})}
    ),
    **{
        f"numeric.CollectiveTrajectory.{method.__name__}": Call(
            method, {"k": Given(2), "points": Given([0, 2], {"None"})}
        )
        for method in (WHOLE_PATH.outputs, WHOLE_PATH.gram, WHOLE_PATH.distances)
    },
    "numeric.CollectiveTrajectory.states": Call(WHOLE_PATH.states, {"pairs": Given([[0, 1], [1, 2]])}),
    "numeric.CollectiveTrajectory.__getitem__": Call(WHOLE_PATH.__getitem__, {"k": Given(2)}, True),
    "numeric.RepresentationDistances": Call(
        numeric.RepresentationDistances, {"representation": Given(DISTANCES, {"a table of numbers"})}
    ),
    "numeric.RichDistances": Call(numeric.RichDistances, {"points": Given(POINTS)}),
    **{
        f"numeric.{type(source).__name__}.__call__": Call(
            source, {name: Given(slice(0, 2)) for name in ("rows", "columns")}
        )
        for source in (SOURCE, numeric.RichDistances(POINTS))
    },
    "numeric.distance_array": Call(
        numeric.distance_array,
        {
            "source": Given(SOURCE),
            "block": Given(2, {"a huge integer"}),
            "client": Given(None, {"None"}),
        },
    ),
    "numeric.write_distances": Call(
        numeric.write_distances,
        {
            "path": Given(STORE, skipped={"a path"}),
            "source": Given(SOURCE),
            "block": Given(2, skipped={"a huge integer"}),
        },
    ),
    "numeric.are_nested": Call(numeric.are_nested, {"smaller": Given(FITS[0]), "larger": Given(FITS[1])}),
    "numeric.nested_test": Call(numeric.nested_test, {"smaller": Given(FITS[0]), "larger": Given(FITS[1])}),
    **{
        name: Call(function, {"theory": THEORY, "what": Given("rhs", called="program"), "backend": Given("numpy")})
        for name, function in (("numeric.compile", numeric.compile), ("numeric.compile_theory", numeric.compile_theory))
    },
    "numeric.compile_program": Call(
        numeric.compile_program,
        {"name": Given("twice", {"a word"}), "program": Given(PROGRAM), "backend": Given("numpy")},
    ),
    **{
        f"numeric.CompiledFunction.__call__ ({backend})": Call(
            numeric.compile("two_point", what, backend),
            {name: Given(value, right, skipped=EXTREME) for name, value in values.items()},
            positional=True,
        )
        for backend, what, values, right in (
            ("numpy", "solution", STARTED, {*SIGNED, "NaN"}),
            ("python", "solution", STARTED, {*FINE, "a negative number", "NaN"}),
            ("torch", "rhs", MOVING, {*SIGNED, "NaN", "a tensor with a gradient"} - {"a fraction"}),
            ("jax", "rhs", MOVING, {*SIGNED, "NaN"} - {"a fraction"}),
        )
    },
    "symbolic.two_point": Call(two_point, {}),
    "symbolic.theories": Call(symbolic.theories, {}),
    "symbolic.chapters": Call(symbolic.chapters, {}),
    "symbolic.collective": Call(symbolic.collective, {}),
    "symbolic.MatrixTheory": Call(
        symbolic.MatrixTheory,
        {
            "name": Given("mine", TEXT),
            "quantities": Given(symbolic.collective().quantities),
            "rhs": Given(symbolic.collective().rhs, {"a dict"}),
            "time": Given(x, {"a symbol"}),
            "derivation": Given(BASE.derivation),
        },
    ),
    "symbolic.Program": Call(
        Program, {"arguments": Given((x,)), "definitions": Given({}, {"a dict"}), "results": Given({y: x}, {"a dict"})}
    ),
    "symbolic.Program.expand": Call(PROGRAM.expand, {"expr": Given(x + y, {"a symbol"})}),
    "symbolic.Program.jacobian": Call(PROGRAM.jacobian, {"variables": Given((x,))}),
    "symbolic.Step": Call(
        Step,
        {
            "name": Given("doubled", TEXT),
            "title": Given("y is 2 x", TEXT),
            "reason": Given("It is so.", TEXT),
            "statement": Given((sp.Eq(y, 2 * x),)),
            "residual": Given(lambda relation: sp.S.Zero, {"a function", "a class"}),
        },
    ),
    "symbolic.Derivation": Call(
        Derivation,
        {
            "title": Given("Mine", TEXT),
            "introduction": Given("", TEXT),
            "notation": Given({x: "x"}, {"a dict"}),
            "steps": Given((STEP,)),
        },
    ),
    "symbolic.Derivation.latex": Call(BASE.derivation.latex, {"relation": Given(x, {"a symbol"})}),
    "symbolic.Derivation.__getitem__": Call(
        BASE.derivation.__getitem__, {"name": Given("relaxation", called="step")}, True
    ),
    "symbolic.conserved": Call(
        symbolic.conserved,
        {
            "rhs": Given({x: y, y: -x}, {"a dict"}),
            "invariants": Given({"radius": x**2 + y**2}, {"a dict", "a dict of complex numbers"}),
            "time": Given(sp.Symbol("t"), {"a symbol"}),
        },
    ),
    "symbolic.Theory": Call(
        symbolic.Theory,
        {
            name: Given(
                LATE if name == "approach" else getattr(BASE, name), right, "solution" if name == "time" else ""
            )
            for name, right in {
                "name": TEXT,
                "states": NOTHING,
                "start": NOTHING,
                "parameters": NOTHING,
                "time": NOTHING,
                "rhs": NOTHING,
                "readout": NOTHING,
                "begin": NONE,
                "invariants": {"a dict"},
                "derivation": NOTHING,
                **dict.fromkeys(("chart", "solution", "final", "approach", "moments", "loss"), NONE),
                "special_cases": NOTHING,
                "neighbours": NOTHING,
            }.items()
        },
    ),
    "symbolic.Chart": Call(
        symbolic.Chart,
        {
            name: Given(getattr(BASE.chart, name), {"a symbol"} if name == "time" else NOTHING)
            for name in ("states", "parameters", "time", "rhs", "enter", "leave")
        },
    ),
    "experiments.compare": Call(
        experiments.compare,
        {
            "frame": Given(FRAME, called="table"),
            "theory": THEORY,
            "fixed": Given({"rate_h": 1e-2}, {"None", "a dict"}),
            "balanced": Given(False, {"a bool"}),
        },
    ),
    "experiments.draw_comparison": Call(
        experiments.draw_comparison,
        {"comparison": Given(COMPARED), "title": Given("Mine", {"a word"}, skipped={"None", "a string"})},
    ),
    "experiments.sample_pairs": Call(
        experiments.sample_pairs,
        {
            "dataset": Given((np.eye(20), np.arange(20) % 3)),
            "pairs": Given(9, called="pairs were asked for"),
            "points": Given(12, {"a huge integer"}),
            "classes": Given(3, {"None"}),
            "seed": Given(0, {"a huge integer", "what is points", "what is pairs"}),
        },
    ),
    "experiments.diagnose": Call(experiments.diagnose, {"records": Given(FRAME, called="table")}),
    "experiments.draw_layer": Call(experiments.draw_layer, {"found": Given(DIAGNOSED.layers[0])}),
    "experiments.write_diagnosis": Call(
        write_diagnosis,
        {"diagnosis": Given(DIAGNOSED), "path": Given("diagnosis.html", called="page")},
    ),
    "experiments.draw_machines": Call(
        experiments.draw_machines, {"machines": Given([("parity", numeric.Automaton([[0, 1], [1, 0]], [0, 1]))])}
    ),
    "experiments.draw_phase_diagram": Call(experiments.draw_phase_diagram, {}),
    "experiments.load_settings": Call(experiments.load_settings, {"path": Given(None, {"None"}, skipped={"a path"})}),
    "experiments.find_setting": Call(
        experiments.find_setting,
        {"name": Given("default", called="setting"), "path": Given(None, {"None"}, skipped={"a path"})},
    ),
    "experiments.override": Call(
        experiments.override, {"setting": Given(TINY), "values": Given({"seed": 1}, {"a dict"}, "field")}
    ),
    "experiments.run": Call(experiments.run, {"setting": Given(TINY)}),
    "experiments.predict": Call(experiments.predict, {"setting": Given(TINY)}),
    "experiments.tangent_rates": Call(
        experiments.tangent_rates,
        {
            "module": Given(NETWORK),
            "layer": Given("1", {"a string"}),
            "points": Given(torch.tensor([[-1.0], [1.0]])),
            "lr": Given(0.01, FINE),
            "mean_is_learnt": Given(False, {"a bool"}),
        },
    ),
    "numeric.Automaton": Call(
        numeric.Automaton,
        {"transitions": Given([[0, 1], [1, 0]]), "outputs": Given([0, 1]), "start": Given(0)},
    ),
    **{
        f"numeric.Automaton.{name}": Call(
            getattr(numeric.Automaton([[0, 1], [1, 0]], [0, 1]), name), {"strings": Given([[0, 1]])}
        )
        for name in ("read", "states_after")
    },
    "numeric.random_automaton": Call(
        numeric.random_automaton,
        {
            "states": Given(5, {"a huge integer"}),
            "symbols": Given(2),
            "new": Given(0.5, FINE),
            "outputs": Given(2),
            "seed": Given(0, {"a huge integer"}),
        },
    ),
    "numeric.all_strings": Call(numeric.all_strings, {"symbols": Given(2), "length": Given(2)}),
    "numeric.automaton_of_states": Call(
        numeric.automaton_of_states,
        {
            "strings": Given([(), (0,)]),
            "hidden": Given([[0.0], [1.0]], {"a table of numbers"}),
            "outputs": Given([0, 1]),
            "threshold": Given(0.5, FINE | {"a bool"}),
            "symbols": Given(2),
        },
    ),
    "numeric.state_scale": Call(numeric.state_scale, {"hidden": Given([[0.0], [1.0]], {"a table of numbers"})}),
    **{
        f"numeric.{name}": Call(getattr(numeric, name), {"automaton": Given(numeric.Automaton([[0]], [0]))})
        for name in ("minimal_automaton", "indistinguishable")
    },
    "numeric.equivalent_automata": Call(
        numeric.equivalent_automata,
        {name: Given(numeric.Automaton([[0]], [0])) for name in ("first", "second")},
    ),
    "numeric.merged_pairs": Call(
        numeric.merged_pairs,
        {
            "hidden": Given([[0.0], [1.0]], {"a table of numbers"}),
            "lengths": Given([0, 1]),
            "classes": Given([0, 0]),
            "threshold": Given(0.5, FINE | {"a bool"}),
        },
    ),
    "experiments.extract_automaton": Call(
        experiments.extract_automaton,
        {
            "module": Given(Reader()),
            "layer": Given("state", called="no layer"),
            "length": Given(2),
            "symbols": Given(2),
            "encode": Given(None, {"None"}, skipped={"a class", "a function", "what is module"}),
            "forward": Given(None, {"None"}, skipped={"a class", "a function"}),
            "share": Given(0.1, FINE),
            "start": Given(0, {"None", "what is encode", "what is forward"}),
        },
    ),
    "experiments.measured_kernel": Call(
        experiments.measured_kernel,
        {
            "module": Given(NETWORK),
            "inputs": Given(SPREAD, skipped={"an array"}),  # what has another shape the network itself refuses
            "layer": Given("1", {"a string"}, "no layer"),
            "forward": Given(None, {"None"}, skipped={"a class", "a function"}),
            "columns": Given(2, called="columns of"),
            "rank": Given(2, {"a huge integer"}),
            "seed": Given(0, {"a huge integer"}),
        },
    ),
    "experiments.PairTracker": Call(
        experiments.PairTracker,
        {
            **PAIRED,
            "every": Given(1, {"a huge integer"}),
            "count": Given("batches", {"a huge integer", "what is every", *TEXT}),
            "observe": Given(False, {"a bool"}),
            "log": Given(False, {"a bool"}),
        },
    ),
    "experiments.PairRecorder": Call(
        experiments.PairRecorder,
        {
            "module": Given(NETWORK),
            **PAIRED,
            "dx2": Given([1.0], {"None", "a string", "what is forward"}, "layer"),
        },
    ),
    "experiments.PairRecorder.record": Call(
        lambda step: experiments.PairRecorder(NETWORK, ENDS, ENDS, ["0"]).record(step),
        {"step": Given(3, {"a huge integer"})},
    ),
    "experiments.PointTracker": Call(experiments.PointTracker, {**POINTED, "every": Given(1, {"a huge integer"})}),
    "experiments.PointRecorder": Call(experiments.PointRecorder, {"module": Given(NETWORK), **POINTED}),
    "experiments.PointRecorder.record": Call(
        lambda step: experiments.PointRecorder(NETWORK, SPREAD, SPREAD, ["0"]).record(step),
        {"step": Given(3, {"a huge integer"})},
    ),
    **{
        f"experiments.{kind}.{method}": Call(getattr(SEEN, method), given)
        for kind in ("PointTracker", "PointRecorder")
        for method, given in {
            "gram": {"layer": Given("0", {"None"}), "record": Given(0)},
            "frame": {"layer": Given("0", {"None"})},
        }.items()
    },
    "experiments.Layer": Call(
        experiments.Layer,
        {
            "name": Given("0", TEXT),
            "select": Given(0, {"None", "a huge integer", "what is name", "what is pool", "what is mask", *TEXT}),
            "batch": Given(0, {"a huge integer"}),
            "positions": Given(1, {"None", "a huge integer"}),
            "pool": Given("mean", called="mask"),
            "mask": Given("mask", {"None", *TEXT}),
            "call": Given(0, {"None", "a huge integer"}),
        },
    ),
    **{
        f"experiments.{kind}.{method}": Call(getattr(of, method), given)
        for kind, of in (("PairTracker", TRACKED), ("PairRecorder", RECORDER))
        for method, given in {
            "pair": {"pair": Given(0)},
            "loss": {"pair": Given(0)},
            "state": {"pair": Given(0), "layer": Given("0", {"None"})},
        }.items()
    },
    "experiments.Digits.check_images": Call(experiments.Digits().check_images, {"images": Given(64)}),
    **{
        f"experiments.{kind.__name__}": Call(
            kind,
            {
                name: Given(value, {"a number"} if isinstance(value, float) else TEXT if name == "name" else NOTHING)
                for name, value in vars(kind()).items()
            },
        )
        for kind in (experiments.TwoPoints, experiments.Digits, experiments.Setting)
    },
}
