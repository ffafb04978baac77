"""What is true: theories of representation learning, derived, proved and solved in SymPy.

Names are loaded when they are first used: who has a cache of generated code never needs SymPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .catalogue import theories
    from .derivation import Derivation, DerivationError, Step, conserved
    from .program import Program
    from .theory import Chart, Theory
    from .two_points.theory import two_point

_HOMES = {
    "Chart": "theory",
    "Derivation": "derivation",
    "DerivationError": "derivation",
    "Program": "program",
    "Step": "derivation",
    "Theory": "theory",
    "conserved": "derivation",
    "theories": "catalogue",
    "two_point": "two_points.theory",
}

__all__ = ["Chart", "Derivation", "DerivationError", "Program", "Step", "Theory", "conserved", "theories", "two_point"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
