"""How big it is: trajectories, end states, integration and fits, generated from the symbolic theories.

Names are loaded when they are first used: only those that integrate or fit need more of SciPy than its functions.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .compiled import CompiledFunction, compile, compile_program
    from .departure import ConservedLine, Departure, conserved_line, departures
    from .fit import RateFit, fit_rates
    from .integration import integrate
    from .loss import LossFit, fit_loss, loss_curve
    from .quantities import Pair, Rates, State, inner_products
    from .solution import final_distance, regime_number, trajectory

_HOMES = {
    "CompiledFunction": "compiled",
    "ConservedLine": "departure",
    "Departure": "departure",
    "LossFit": "loss",
    "Pair": "quantities",
    "RateFit": "fit",
    "Rates": "quantities",
    "State": "quantities",
    "compile": "compiled",
    "compile_program": "compiled",
    "conserved_line": "departure",
    "departures": "departure",
    "final_distance": "solution",
    "fit_loss": "loss",
    "fit_rates": "fit",
    "inner_products": "quantities",
    "integrate": "integration",
    "loss_curve": "loss",
    "regime_number": "solution",
    "trajectory": "solution",
}

__all__ = [
    "CompiledFunction",
    "ConservedLine",
    "Departure",
    "LossFit",
    "Pair",
    "RateFit",
    "Rates",
    "State",
    "compile",
    "compile_program",
    "conserved_line",
    "departures",
    "final_distance",
    "fit_loss",
    "fit_rates",
    "inner_products",
    "integrate",
    "loss_curve",
    "regime_number",
    "trajectory",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
