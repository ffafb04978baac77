"""How big it is: trajectories, end states, integration and fits, generated from the symbolic theories."""

from .compiled import CompiledFunction, compile, compile_program
from .departure import ConservedLine, Departure, conserved_line, departures
from .fit import RateFit, fit_rates
from .integration import integrate
from .loss import LossFit, fit_loss, loss_curve
from .moments import crossing_time, half_way_time, relaxation_time
from .quantities import Pair, Rates, State, inner_products
from .solution import final_distance, regime_number, trajectory

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
    "crossing_time",
    "departures",
    "final_distance",
    "fit_loss",
    "fit_rates",
    "half_way_time",
    "inner_products",
    "integrate",
    "loss_curve",
    "regime_number",
    "relaxation_time",
    "trajectory",
]
