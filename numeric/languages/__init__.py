"""The languages that a program can be written in: how each prints an expression and lays out a function."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sympy as sp
    from repdyn.symbolic import Program

_HOMES = {
    "numpy": "arrays",
    "torch": "arrays",
    "jax": "arrays",
    "python": "scalars",
    "c": "scalars",
    "javascript": "scalars",
    "latex": "formulas",
}
"""The module that writes each language; they need SymPy and are loaded when something is written."""

_DIFFERENTIATED = ("torch", "jax")
"""Those that take derivatives of what is written."""

BACKENDS = tuple(_HOMES)
"""The languages by name."""


def write(name: str, program: Program, backend: str, notation: Mapping[sp.Basic, str]) -> str:
    """The source of a program as a function of that name; only formulas use the notation.

    Raises:
        ValueError: if the program is no program, or has what the language cannot express.
    """
    form = program.differentiable() if backend in _DIFFERENTIATED else program.evaluated()
    return import_module(f".{_HOMES[backend]}", __name__).write(name, form, backend, notation)
