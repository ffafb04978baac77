"""Every theory of the package, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Generic, TypeVar

from .matrix_theory import MatrixTheory
from .theory import Theory

Kind = TypeVar("Kind", bound=Theory | MatrixTheory)

_MAKERS = {
    "two_point": ".two_points.theory",
    "scalar_output": ".scalar_output.constant_rates",
    "growing_rates": ".scalar_output.growing_rates",
    "growing_vectors": ".growing_vectors",
    "cross_entropy": ".scalar_output.cross_entropy",
    "recurrent": ".sequences.recurrent",
    "fixed_expansion": ".sequences.fixed_expansion",
    "collective": ".data_sets.theory",
    "doubled_dy2": ".ablations",
    "doubled_dh2": ".ablations",
    "flipped_w": ".ablations",
    "incomplete_dy2": ".ablations",
}
"""The module that makes each theory, by a function of the theory's name."""


_OF_DATA_SETS = ("collective",)
"""Those of whole data sets, which have no scalars of a pair."""


class _Catalogue(Mapping[str, Kind], Generic[Kind]):
    """A mapping that makes a theory when it is asked for."""

    def __init__(self, makers: Mapping[str, str]) -> None:
        self._makers = makers

    def __getitem__(self, name: str) -> Kind:
        if name not in self._makers:
            raise KeyError(f"there is no theory {name!r}; there are {', '.join(self._makers)}")
        return getattr(import_module(self._makers[name], __package__), name)()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def theories() -> Mapping[str, Theory]:
    """Every theory of a pair of data points by name; each is derived when it is first asked for.

    >>> theories()["two_point"].name
    'two_point'
    """
    return _Catalogue({name: module for name, module in _MAKERS.items() if name not in _OF_DATA_SETS})


def chapters() -> Mapping[str, Theory | MatrixTheory]:
    """Every chapter of the derivation by name: the theories of a pair, and the one of whole data sets.

    >>> sorted(chapters().keys() - theories().keys())
    ['collective']
    """
    return _Catalogue(_MAKERS)
