"""Every theory of the package, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from .theory import Theory

_MAKERS = {
    "two_point": ".two_points.theory",
    "scalar_output": ".scalar_output.constant_rates",
    "growing_rates": ".scalar_output.growing_rates",
    "growing_vectors": ".growing_vectors",
    "cross_entropy": ".scalar_output.cross_entropy",
    "recurrent": ".sequences.recurrent",
    "fixed_expansion": ".sequences.fixed_expansion",
    "doubled_dy2": ".ablations",
    "doubled_dh2": ".ablations",
    "flipped_w": ".ablations",
    "incomplete_dy2": ".ablations",
}
"""The module that makes each theory, by a function of the theory's name."""


class _Theories(Mapping[str, Theory]):
    """A mapping that makes a theory when it is asked for."""

    def __getitem__(self, name: str) -> Theory:
        if name not in _MAKERS:
            raise KeyError(f"there is no theory {name!r}; there are {', '.join(_MAKERS)}")
        return getattr(import_module(_MAKERS[name], __package__), name)()

    def __iter__(self) -> Iterator[str]:
        return iter(_MAKERS)

    def __len__(self) -> int:
        return len(_MAKERS)


def theories() -> Mapping[str, Theory]:
    """Every theory of the package by name; each is derived when it is first asked for.

    >>> theories()["two_point"].name
    'two_point'
    """
    return _Theories()
