"""How big it is: trajectories, end states, integration and fits, generated from the symbolic theories."""

from .coefficients import named
from .compiled import CompiledFunction, compile, compile_program
from .departure import ConservedLine, Departure, conserved_line, departures
from .fit import NestedTest, RateFit, fit_rates, nested_test
from .integration import evolve, integrate
from .linearised import LinearisedFlow, linearised_flow
from .loss import LossFit, fit_loss, loss_curve
from .quantities import Pair, Rates, State, inner_products
from .solution import final_distance, has_end, regime_number, trajectory

__all__ = [
    "CompiledFunction",
    "ConservedLine",
    "Departure",
    "LinearisedFlow",
    "LossFit",
    "NestedTest",
    "Pair",
    "RateFit",
    "Rates",
    "State",
    "compile",
    "compile_program",
    "conserved_line",
    "departures",
    "evolve",
    "final_distance",
    "fit_loss",
    "fit_rates",
    "has_end",
    "inner_products",
    "integrate",
    "linearised_flow",
    "loss_curve",
    "named",
    "nested_test",
    "regime_number",
    "trajectory",
]
