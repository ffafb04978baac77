"""A callback's class under the package ``lightning``, which is pytorch_lightning by another name."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from typing import Any

_PACKAGE = "lightning.pytorch"


def adopt(callback: object) -> None:
    """Make a callback one of the other package too, if that is loaded: its trainer takes only those."""
    if _PACKAGE in sys.modules:
        object.__setattr__(callback, "__class__", _of_both(type(callback)))


def reduced(callback: object) -> tuple[Any, ...]:
    """What ``__reduce__`` returns, so that a copy in another process is of the same class."""
    kind = type(callback)
    return _remade, (getattr(kind, "_plain", kind), hasattr(kind, "_plain")), vars(callback)


@cache
def _of_both(kind: type[Any]) -> type[Any]:
    callback = importlib.import_module(_PACKAGE).Callback
    return kind if issubclass(kind, callback) else type(kind.__name__, (kind, callback), {"_plain": kind})


def _remade(kind: type[Any], of_both: bool) -> Any:
    return object.__new__(_of_both(kind) if of_both else kind)
