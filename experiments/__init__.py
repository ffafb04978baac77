"""Is it so: networks trained with Lightning, their pairs tracked, fitted and drawn.

Names are loaded when they are first used: training and drawing need the extra ``repdyn[experiments]``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .comparison import Comparison, Failure, compare
    from .figures import draw_comparison, draw_phase_diagram
    from .runs.prediction import Prediction, Predictions, predict
    from .runs.run import Run, run
    from .settings import Digits, Setting, SettingError, TwoPoints, find_setting, load_settings, override
    from .tracking.tangent_kernels import TangentRates, tangent_rates
    from .tracking.tracker import PairTracker

_HOMES = {
    "Comparison": "comparison",
    "Digits": "settings",
    "Failure": "comparison",
    "PairTracker": "tracking.tracker",
    "Prediction": "runs.prediction",
    "Predictions": "runs.prediction",
    "Run": "runs.run",
    "Setting": "settings",
    "SettingError": "settings",
    "TangentRates": "tracking.tangent_kernels",
    "TwoPoints": "settings",
    "compare": "comparison",
    "draw_comparison": "figures",
    "draw_phase_diagram": "figures",
    "find_setting": "settings",
    "load_settings": "settings",
    "override": "settings",
    "predict": "runs.prediction",
    "run": "runs.run",
    "tangent_rates": "tracking.tangent_kernels",
}

__all__ = [
    "Comparison",
    "Digits",
    "Failure",
    "PairTracker",
    "Prediction",
    "Predictions",
    "Run",
    "Setting",
    "SettingError",
    "TangentRates",
    "TwoPoints",
    "compare",
    "draw_comparison",
    "draw_phase_diagram",
    "find_setting",
    "load_settings",
    "override",
    "predict",
    "run",
    "tangent_rates",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
