"""How big it is: trajectories, end states, integration and fits, generated from the symbolic theories."""

from .compiled import CompiledFunction, compile, compile_program
from .departure import ConservedLine, Departure, conserved_line, departures
from .exponent import GrowthExponent, growth_exponent
from .fit import RateFit, fit_rates
from .integration import integrate
from .loss import LossFit, fit_loss, loss_curve
from .quantities import Pair, Rates, State, inner_products
from .solution import final_distance, regime_number, trajectory

__all__ = [
    "CompiledFunction",
    "ConservedLine",
    "Departure",
    "GrowthExponent",
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
    "growth_exponent",
    "inner_products",
    "integrate",
    "loss_curve",
    "regime_number",
    "trajectory",
]
