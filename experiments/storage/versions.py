"""The versions that results depend on."""

from __future__ import annotations

from functools import cache
from importlib import metadata

_PACKAGES = ("repdyn", "torch", "pytorch-lightning", "numpy", "scipy", "sympy")


@cache
def installed_versions() -> dict[str, str]:
    """The versions of this package and of those that results depend on, by name."""
    return {name: metadata.version(name) for name in _PACKAGES}
