"""What a formula may be given as: one of SymPy's expressions, or a plain number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import sympy as sp

from .arguments import keyed, shown

Key = TypeVar("Key", sp.Symbol, str)


def expressions(name: str, value: Any, keys: type[Key]) -> Mapping[Key, sp.Expr]:
    """A mapping from keys of a kind to formulas.

    Raises:
        TypeError: if it is no such mapping; a formula as a string is none.
    """
    return {key: _expression(f"{name}[{key}]", x) for key, x in keyed(name, value, keys).items()}


def _expression(name: str, value: Any) -> sp.Expr:
    try:
        found = sp.sympify(value, strict=True)
    except sp.SympifyError:
        found = None
    if not isinstance(found, sp.Expr) or found.is_Matrix:
        raise TypeError(f"{name} must be a SymPy expression or a number, got {shown(value)}; sympify reads text")
    return found
