"""Settings: what a run is made from, as frozen values that can be listed, overridden, hashed and written."""

from .catalogue import find_setting, load_settings, override
from .configuration import Configuration, described
from .context import Context
from .digits import Collective, CollectiveFits, DigitData, DigitPrediction, Digits, DigitStructure, HeldOutDigits
from .fits import Fits, LineFits
from .modular import ModularSubtraction
from .network import MODELS, NONLINEARITIES, OPTIMISERS, Setting
from .sequences import Sequences
from .string_pairs import StringPairs
from .two_points import LOSSES, TwoPoints
from .values import SettingError
from .xor import Xor

__all__ = [
    "LOSSES",
    "MODELS",
    "NONLINEARITIES",
    "OPTIMISERS",
    "Collective",
    "CollectiveFits",
    "Configuration",
    "Context",
    "DigitData",
    "DigitPrediction",
    "DigitStructure",
    "Digits",
    "Fits",
    "HeldOutDigits",
    "LineFits",
    "ModularSubtraction",
    "Sequences",
    "Setting",
    "SettingError",
    "StringPairs",
    "TwoPoints",
    "Xor",
    "described",
    "find_setting",
    "load_settings",
    "override",
]
