"""The theory as JavaScript: every formula of the page, generated from the symbolic programs."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from repdyn.numeric import CompiledFunction, compile_program, compile_theory
from repdyn.symbolic import Program, theories
from repdyn.symbolic.data_sets.depth import ON_GEODESIC
from repdyn.symbolic.data_sets.growth import RATES_OF_PAIR
from repdyn.symbolic.data_sets.modes import MODE_PAIR
from repdyn.symbolic.two_points.phase import ANGLE, PLACE, START

GROWING = "growing_vectors"
"""The theory with rates that grow; it has no closed form, and the page integrates it in its chart."""


def formulas() -> Iterator[CompiledFunction]:
    """The functions that the page computes with, in JavaScript."""
    for what in ("solution", "final", "moments", "loss"):
        yield compile_theory("two_point", what, backend="javascript")
    for name, program in _programs().items():
        yield compile_program(name, program, backend="javascript")


def _programs() -> dict[str, Program]:
    chart = theories()[GROWING].chart
    assert chart is not None
    arguments = (chart.time, *chart.states, *chart.parameters)
    flow = Program(arguments, {}, {sp.Symbol(f"rate_of_{x}"): chart.rhs[x] for x in chart.states})
    return {
        "growing_enter": chart.enter,
        "growing_flow": flow,
        "growing_leave": chart.leave,
        "phase_place": PLACE,
        "phase_start": START,
        "angle": ANGLE,
        "rates_of_pair": RATES_OF_PAIR,
        "mode_pair": MODE_PAIR,
        "on_geodesic": ON_GEODESIC,
    }


def script() -> str:
    """One value, ``theory``, with a function for each formula; each source keeps what it calls to itself.

    >>> script().splitlines()[0]
    'const theory = {'
    """
    return "\n".join(["const theory = {", *map(_member, formulas()), "};", ""])


def _member(function: CompiledFunction) -> str:
    head = f"function {function.name}("
    source = function.source.replace(f"export {head}", head)
    return f"{function.name}: (() => {{\n{source}return {function.name};\n}})(),"
