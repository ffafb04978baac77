"""How big it is: trajectories, end states, integration and fits, generated from the symbolic theories.

Names are loaded when they are first used: only those that integrate or fit need more of SciPy than its functions.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .axes import TaskAxes, task_axes
    from .coefficients import named
    from .compiled import CompiledFunction, compile, compile_program
    from .departure import ConservedLine, Departure, conserved_line, departures
    from .exponent import GrowthExponent, growth_exponent
    from .fit import RateFit, fit_rates
    from .integration import evolve, integrate
    from .linearised import LinearisedFlow, linearised_flow
    from .loss import LossFit, fit_loss, loss_curve
    from .mantel import MantelTest, mantel_test
    from .moments import crossing_time, half_way_time, relaxation_time
    from .nested import NestedTest, are_nested, nested_test
    from .quantities import Pair, Rates, State, inner_products
    from .solution import final_distance, has_end, regime_number, trajectory
    from .structure import Points, SmoothedDistances, rich_distances, smoothed_distances

_HOMES = {
    "CompiledFunction": "compiled",
    "ConservedLine": "departure",
    "Departure": "departure",
    "GrowthExponent": "exponent",
    "LinearisedFlow": "linearised",
    "LossFit": "loss",
    "MantelTest": "mantel",
    "NestedTest": "nested",
    "Pair": "quantities",
    "Points": "structure",
    "RateFit": "fit",
    "Rates": "quantities",
    "SmoothedDistances": "structure",
    "State": "quantities",
    "TaskAxes": "axes",
    "are_nested": "nested",
    "compile": "compiled",
    "compile_program": "compiled",
    "conserved_line": "departure",
    "crossing_time": "moments",
    "departures": "departure",
    "evolve": "integration",
    "final_distance": "solution",
    "fit_loss": "loss",
    "fit_rates": "fit",
    "growth_exponent": "exponent",
    "half_way_time": "moments",
    "has_end": "solution",
    "inner_products": "quantities",
    "integrate": "integration",
    "linearised_flow": "linearised",
    "loss_curve": "loss",
    "mantel_test": "mantel",
    "named": "coefficients",
    "nested_test": "nested",
    "regime_number": "solution",
    "relaxation_time": "moments",
    "rich_distances": "structure",
    "smoothed_distances": "structure",
    "task_axes": "axes",
    "trajectory": "solution",
}

__all__ = [
    "CompiledFunction",
    "ConservedLine",
    "Departure",
    "GrowthExponent",
    "LinearisedFlow",
    "LossFit",
    "MantelTest",
    "NestedTest",
    "Pair",
    "Points",
    "RateFit",
    "Rates",
    "SmoothedDistances",
    "State",
    "TaskAxes",
    "are_nested",
    "compile",
    "compile_program",
    "conserved_line",
    "crossing_time",
    "departures",
    "evolve",
    "final_distance",
    "fit_loss",
    "fit_rates",
    "growth_exponent",
    "half_way_time",
    "has_end",
    "inner_products",
    "integrate",
    "linearised_flow",
    "loss_curve",
    "mantel_test",
    "named",
    "nested_test",
    "regime_number",
    "relaxation_time",
    "rich_distances",
    "smoothed_distances",
    "task_axes",
    "trajectory",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
