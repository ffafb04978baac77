"""Whatever any public function is given instead of what it takes: a refusal that names the argument, or a right result.

One argument of each of ``CALLS`` after the other is replaced by each of the ``WRONG`` values, and by what the others
are given; where such a value is a right one after all, ``Given`` says so.
"""

import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
import pytorch_lightning as pl
import sympy as sp
from public_calls import CALLS
from public_calls.values import BASE, DISTANCES, ENDS, FRAME, GRID, PAIR, RATES, RUN, START, TRACKED, WRONG, Call, T
from repdyn import experiments, numeric, symbolic
from repdyn.numeric import Points, State

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
    numeric: "CollectiveFit CollectiveTrajectory CompiledFunction ConservedLine Departure DistanceForecast Extraction "
    "FailedFit Forecast GeodesicPlace GrowthExponent LinearisedFlow LossFit MantelTest Mergers NestedTest Parting "
    "RateFit Refusal Share Similarity SmoothedDistances TaskAxes",
    symbolic: "",
    experiments: "Comparison Diagnosis Failure LayerDiagnosis Prediction Predictions Run SampledPairs TangentRates",
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
