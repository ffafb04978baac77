"""Whatever any public function is given instead of what it takes: a refusal that names the argument, or a right result.

``CALLS`` holds a valid call of each. One argument after the other is replaced by each of the ``WRONG`` values, and by
what the others are given; where such a value is a right one after all, ``Given`` says so.
"""

import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import pytorch_lightning as pl
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
FITS = [numeric.fit_rates(100 * T, RUN, PAIR, theory=name) for name in ("two_point", "scalar_output")]
POINTS = Points(np.array([[0.0], [1.0], [3.0]]), np.array([[0.0], [1.0], [1.0]]))
DISTANCES = np.abs(np.arange(5.0)[:, None] - np.arange(5.0))
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
ENDS = torch.tensor([[[-1.0], [0.0]]])
TRACKED = experiments.PairTracker(ENDS, ENDS, ["0"])
TRACKED._steps, TRACKED._records = [0], [np.ones((1, 4))]
TINY = experiments.TwoPoints(width=4, hidden_layers=1, layer=0, steps=3, lr=0.05)
LATE = symbolic.theories()["growing_rates"].approach
(COMPARED,) = experiments.compare(FRAME)


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
    "numeric.trajectory": pair_calls(numeric.trajectory, t=TIME, theory=THEORY),
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
    "numeric.regime_number": pair_calls(numeric.regime_number),
    "numeric.half_way_time": pair_calls(numeric.half_way_time),
    "numeric.crossing_time": pair_calls(numeric.crossing_time),
    "numeric.relaxation_time": pair_calls(numeric.relaxation_time),
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
    "numeric.task_axes": Call(numeric.task_axes, {"grid": Given(GRID)}),
    "numeric.rich_distances": Call(numeric.rich_distances, {"first": Given(POINTS), "second": Given(POINTS)}),
    "numeric.smoothed_distances": Call(numeric.smoothed_distances, {"shown": Given(POINTS), "data": Given(POINTS)}),
    "numeric.are_nested": Call(numeric.are_nested, {"smaller": Given(FITS[0]), "larger": Given(FITS[1])}),
    "numeric.nested_test": Call(numeric.nested_test, {"smaller": Given(FITS[0]), "larger": Given(FITS[1])}),
    "numeric.compile": Call(
        numeric.compile, {"theory": THEORY, "what": Given("rhs", called="program"), "backend": Given("numpy")}
    ),
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
    "experiments.PairTracker": Call(
        experiments.PairTracker,
        {
            "inputs": Given(ENDS),
            "targets": Given(ENDS),
            "layers": Given(["0"], {"strings"}),
            "every": Given(1, {"a huge integer"}),
            "labels": Given(["first"], {"None"}, "label"),
        },
    ),
    "experiments.PairTracker.pair": Call(TRACKED.pair, {"pair": Given(0)}),
    "experiments.PairTracker.loss": Call(TRACKED.loss, {"pair": Given(0)}),
    "experiments.PairTracker.state": Call(TRACKED.state, {"pair": Given(0), "layer": Given("0", {"None"})}),
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

LIBRARY = (
    "has no attribute|unsupported operand|could not convert|not subscriptable|not iterable|ambiguous|not callable|"
    "unhashable|broadcast together|expected|not supported between|unexpected keyword"
)
"""What Python and its libraries say of themselves."""


def outcome(call: Call, name: str, value: Any) -> str:
    """Whether a value is taken or refused as it must be, or else what came instead."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            call(**{name: value})
    except (TypeError, ValueError, LookupError) as error:
        said = str(error)
        names = "|".join(re.escape(x) for x in (name, call.given[name].called) if x)
        fair = type(error) is not IndexError and not re.search(rf"{LIBRARY}|\n", said)
        return "refused" if fair and re.search(rf"(?<!\w)({names})(?!\w)", said) else repr(error)
    except Exception as error:
        return repr(error)
    return "taken"


def unlike(one: Any, other: Any) -> bool:
    """Whether values are of two kinds; any number is a number."""
    return type(one) is not type(other) and not all(isinstance(x, int | float) for x in (one, other))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_wrong_value_is_refused_by_the_name_of_its_argument(call: Call) -> None:
    call()
    unexpected: list[str] = []
    for name, given in call.given.items():
        others = {f"what is {x}": of.value for x, of in call.given.items() if unlike(of.value, given.value)}
        for kind, value in (WRONG | others).items():
            found = "skipped" if kind in given.skipped else outcome(call, name, value)
            if found not in ("skipped", "taken" if kind in given.right else "refused"):
                unexpected.append(f"{name} = {kind}: {found}")
    assert not unexpected, "\n".join(unexpected)


RECORDS = {
    numeric: "CompiledFunction ConservedLine Departure GrowthExponent LinearisedFlow LossFit MantelTest NestedTest "
    "RateFit SmoothedDistances TaskAxes",
    symbolic: "",
    experiments: "Comparison Failure Prediction Predictions Run TangentRates",
}
"""What functions return; nobody but they makes one."""


def public() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function, constructor and method that takes an argument; what Lightning calls is Lightning's."""
    for package, records in RECORDS.items():
        for name in package.__all__:
            value, label = getattr(package, name), f"{package.__name__.removeprefix('repdyn.')}.{name}"
            if isinstance(value, type) and issubclass(value, Exception):
                continue
            if name not in records.split():
                yield label, value
            methods = inspect.getmembers(value, inspect.isroutine) if isinstance(value, type) else []
            for method, function in methods:
                own = str(getattr(function, "__module__", "")).startswith("repdyn") and not hasattr(pl.Callback, method)
                named = not method.startswith("_") or method == "__call__"
                if own and named and inspect.signature(function).parameters.keys() - {"self"}:
                    yield f"{label}.{method}", function


def test_no_public_function_is_left_out() -> None:
    for label, function in public():
        calls = [call for known, call in CALLS.items() if known.partition(" ")[0] == label]
        assert calls, f"{label} must have a valid call among CALLS"
        parameters = inspect.signature(function).parameters.keys() - {"self", "values" if calls[0].positional else ""}
        assert parameters <= calls[0].given.keys(), f"{label} must be given all of its arguments among CALLS"


FIELDS = {name: given.value for name, given in CALLS["symbolic.Theory"].given.items()}
dh2, dy2, w = BASE.states
ONE, TWO = (Points(np.zeros((2, n)), np.zeros((2, 1))) for n in (1, 2))
REAL = "must be a real number or an array of them, got"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: numeric.trajectory(1j, START, PAIR, RATES), f"t {REAL} 1j"),
        (lambda: numeric.trajectory([0.0, 1 + 0j], START, PAIR, RATES), f"t {REAL} [0.0, (1+0j)]"),
        (lambda: State(0.1, 1j, 0.0), f"State.dy2 {REAL} 1j"),
        (lambda: State.measured([1j], [1.0], [1.0]), f"dh {REAL} [1j]"),
        (lambda: numeric.task_axes(GRID * 1j), f"grid {REAL} array([[[["),
        (lambda: numeric.mantel_test(DISTANCES, DISTANCES * 1j), f"second {REAL} array([["),
        (
            lambda: numeric.integrate(1.0, START, PAIR, {"rate_h": 1j, "rate_y": 0.1}),
            f"rates['rate_h'] {REAL} 1j",
        ),
        (lambda: numeric.fit_rates(T, RUN, PAIR, fixed={"rate_h": "1"}), f"fixed['rate_h'] {REAL} '1'"),
        (
            lambda: experiments.PairTracker(ENDS * 1j, ENDS, ["0"]),
            "inputs must be a tensor of real numbers, got torch.complex64",
        ),
        (
            lambda: numeric.compile("two_point", "rhs")(0.0, 1j, *[0.1] * 6),
            f"dh2 {REAL} 1j",
        ),
        (
            lambda: numeric.compile("two_point", "rhs", "torch")(0.0, 1j, *[0.1] * 6),
            "two_point_rhs made for torch takes real numbers or arrays that broadcast, got t float, dh2 complex, dy2 ",
        ),
        (
            lambda: numeric.compile("two_point", "rhs", "python")(0.0, np.complex64(1j), *[0.1] * 6),
            f"dh2 {REAL} np.complex64(1j)",
        ),
        (
            lambda: numeric.compile("two_point", "rhs")(0.0, [0.1, 0.2], [0.1, 0.2, 0.3], *[0.1] * 5),
            "two_point_rhs made for numpy takes real numbers or arrays that broadcast, got t float, dh2 list, dy2 list",
        ),
        (lambda: numeric.trajectory(1.0, (0.1, 0.0, 0.0), PAIR, RATES), "start must be of type State, got (0.1, 0.0, "),
        (
            lambda: numeric.trajectory(1.0, PAIR, START, RATES),
            "start must be of type State, got Pair(dx2=1.0, dy2=0.5)",
        ),
        (lambda: numeric.trajectory(START, 1.0, PAIR, RATES), f"t {REAL} State(dh2=0.1, dy2=0.0, w=0.0)"),
        (lambda: numeric.final_distance(START, PAIR, None), "rates must be of type Rates, got None"),
        (lambda: numeric.growth_exponent(RUN.dh2), "observed must be of type State, got array([0.1"),
        (
            lambda: numeric.departures(T, RUN[:4], RUN),
            "observed must have fields of shape (6,) like t, got [(4,), (4,), (4,)]",
        ),
        (
            lambda: numeric.growth_exponent(State(np.ones((2, 3)), 1.0, 0.0)),
            "observed must have fields of shape (n,), one trajectory, got (2, 3)",
        ),
        (lambda: numeric.integrate(1.0, START, PAIR, RATES, rtol="1"), f"rtol {REAL} '1'"),
        (
            lambda: numeric.inner_products(np.ones((2, 3)), np.ones((4, 3)), np.ones(3)),
            "shapes must broadcast as NumPy does, got dh[..., 0] (2,), dy[..., 0] (4,)",
        ),
        (
            lambda: numeric.inner_products(1.0, [1.0], [1.0]),
            "dh must be a vector, of shape (..., n), got the number 1.0",
        ),
        (
            lambda: numeric.rich_distances(ONE, TWO),
            "first and second must have inputs of the same number of values, got 1 and 2",
        ),
        (
            lambda: numeric.smoothed_distances(TWO, ONE),
            "shown and data must have inputs of the same number of values, got 2 and 1",
        ),
        (
            lambda: numeric.rich_distances(np.zeros((2, 1)), ONE),
            "first must be of type Points, got array([[0.], [0.]])",
        ),
        (
            lambda: symbolic.Theory(**FIELDS | {"rhs": dict.fromkeys(BASE.states, "1")}),
            "rhs[dh2] must be a SymPy expression or a number, got '1'; sympify reads text",
        ),
        (
            lambda: symbolic.Theory(**FIELDS | {"rhs": {str(k): e for k, e in BASE.rhs.items()}}),
            "rhs must be a mapping with keys of type Symbol, got {'dh2': ",
        ),
        (
            lambda: symbolic.Theory(**FIELDS | {"rhs": {**BASE.rhs, dh2: 1j}}),
            "rhs of theory 'two_point' must be finite and real, got 1.0*I for dh2",
        ),
        (
            lambda: symbolic.Theory(**FIELDS | {"rhs": {**BASE.rhs, dh2: sp.Symbol("q")}}),
            "that of dh2 has q: name it among the parameters",
        ),
        (
            lambda: symbolic.Theory(**FIELDS | {"rhs": {dh2: dh2, dy2: dy2}}),
            "rhs of theory 'two_point' must have the keys dh2, dy2, w, got dh2, dy2",
        ),
        (
            lambda: symbolic.Theory(**FIELDS | {"rhs": {sp.Symbol(str(k)): e for k, e in BASE.rhs.items()}}),
            "rhs of theory 'two_point' must have the keys dh2, dy2, w, got dh2, dy2, w under other assumptions",
        ),
        (
            lambda: symbolic.Theory(**FIELDS | {"states": [dh2, dy2, w]}),
            "states must be a tuple of members of type Symbol, got [dh2, dy2, w]",
        ),
        (
            lambda: symbolic.Theory(**FIELDS | {"parameters": ("dx2",)}),
            "parameters must be a tuple of members of type Symbol, got ('dx2',)",
        ),
        (
            lambda: symbolic.Theory(**FIELDS | {"parameters": BASE.parameters[::-1]}),
            "solution of theory 'two_point' must be a program of t, dh2_0, dy2_0, w_0, rate_y, rate_h, dy2_target, dx2"
            ", in this order, got one of t, dh2_0, dy2_0, w_0, dx2, ",
        ),
        (lambda: experiments.find_setting("default", "mine.toml"), "path must be of type Path, got 'mine.toml'"),
        (lambda: experiments.compare(FRAME, balanced="yes"), "balanced must be True or False, got 'yes'"),
        (lambda: TRACKED.pair(1), "pair must be the number of a pair, from 0 to 0, got 1"),
    ],
)
def test_it_is_said_in_words(call: Callable[[], Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(words)):
        call()


@pytest.mark.parametrize(
    "t", [10, np.int32(10), np.float32(10), Fraction(10), True, pd.Series([0, 5]), pd.Series([0.5, 1], dtype=object)]
)
def test_every_kind_of_real_number_is_one(t: Any) -> None:
    exact = np.asarray(t, dtype=np.float64)
    assert numeric.trajectory(t, START, PAIR, RATES) == numeric.trajectory(exact, START, PAIR, RATES)
    assert State(t, t, t) == State(exact, exact, exact)


def test_a_formula_may_be_a_plain_number() -> None:
    mine = symbolic.Theory(**FIELDS | {"rhs": {**BASE.rhs, dh2: 0}, "chart": None, "invariants": {}, "solution": None})
    assert numeric.integrate(10.0, START, PAIR, RATES, theory=mine).dh2 == START.dh2
