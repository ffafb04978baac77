"""How big it is: trajectories, end states, integration and fits, generated from the symbolic theories."""

from .compiled import CompiledFunction, compile_program
from .fit import RateFit, fit_rates
from .integration import integrate
from .loss import LossFit, fit_loss, loss_curve
from .quantities import Pair, Rates, State
from .solution import final_distance, trajectory

__all__ = [
    "CompiledFunction",
    "LossFit",
    "Pair",
    "RateFit",
    "Rates",
    "State",
    "compile_program",
    "final_distance",
    "fit_loss",
    "fit_rates",
    "integrate",
    "loss_curve",
    "trajectory",
]
