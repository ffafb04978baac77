"""Forward hooks that show what named layers put out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from repdyn.symbolic.arguments import instance
from torch import Tensor, nn

PREDICTION = ""
"""The name of the module itself, as in ``named_modules``: its output is the prediction."""


def _called(name: str) -> str:
    return "the network" if name == PREDICTION else f"layer {name!r}"


def real_tensor(name: str, value: Any) -> Tensor:
    """The value, which must be a tensor of real numbers.

    Raises:
        TypeError: if it is anything else.
    """
    if instance(name, value, Tensor).is_complex():
        raise TypeError(f"{name} must be a tensor of real numbers, got {value.dtype}")
    return value


def check_rows(name: str, shape: tuple[int, ...], points: int) -> None:
    """Check that what a layer puts out has a row for each point.

    Raises:
        ValueError: if its first dimension is another.
    """
    if shape[:1] != (points,):
        raise ValueError(
            f"{_called(name)} must put out a row for each point, got shape {tuple(shape)} from a pass of {points} "
            "points; put the batch first (batch_first=True) and keep it apart from time and from sums over points"
        )


class LayerWatch:
    """Keeps the outputs of a module and of some of its layers while it is active; adds hooks and removes them.

    Args:
        module: the module whose output is the prediction.
        layers: names of submodules as in ``module.named_modules()``.

    Raises:
        ValueError: if a layer does not exist, with the names there are.
        TypeError: (in a forward pass) if a layer puts out anything but a tensor.

    Attributes:
        active: whether it is watching.
        calls: how often each was called in the pass that is watched.
        misshapen: the shapes of outputs whose first dimension is not the number of points.

    >>> import torch
    >>> network = nn.Sequential(nn.Linear(1, 2), nn.Linear(2, 1))
    >>> watch = LayerWatch(network, ["0"])
    >>> watch.start(3, rows=torch.tensor([0, 2]))
    >>> prediction = network(torch.zeros(3, 1))
    >>> {name: tuple(x.shape) for name, x in watch.stop().items()}
    {'0': (2, 2), '': (2, 1)}
    >>> watch.close()
    """

    def __init__(self, module: nn.Module, layers: Sequence[str]) -> None:
        known = dict(cast(Iterator[tuple[str, nn.Module]], module.named_modules()))
        for name in layers:
            if name not in known or name == PREDICTION:
                raise ValueError(f"there is no layer {name!r}; there are {', '.join(filter(None, known))}")
        self.active = False
        self.calls: dict[str, int] = {}
        self.misshapen: dict[str, tuple[int, ...]] = {}
        self._points = 0
        self._outputs: dict[str, Tensor] = {}
        self._rows: Tensor | None = None
        self._names = (PREDICTION, *layers)
        self._handles = [known[name].register_forward_hook(self._hook(name)) for name in self._names]

    def _hook(self, name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, args: Any, output: Any) -> None:
            if not self.active:
                return
            if not isinstance(output, Tensor):
                raise TypeError(
                    f"{_called(name)} must put out a tensor, got {type(output).__name__}; "
                    "name a layer inside it, or wrap it in one that returns the tensor"
                )
            self.calls[name] = self.calls.get(name, 0) + 1
            if output.shape[:1] != (self._points,):
                self.misshapen[name] = tuple(output.shape)
                return
            # A copy: what follows may work in place.
            self._outputs[name] = output.detach().clone() if self._rows is None else output.detach()[self._rows]

        return hook

    def start(self, points: int, rows: Tensor | None = None) -> None:
        """Forget what was seen and watch a pass of so many points from now on, all of them or the rows given."""
        self.calls, self.misshapen, self._outputs = {}, {}, {}
        self._points, self._rows, self.active = points, rows, True

    def stop(self) -> dict[str, Tensor] | None:
        """Stop watching; the outputs by name, or None unless each layer was called once, with a row a point."""
        self.active = False
        once = all(self.calls.get(name) == 1 for name in self._names)
        return self._outputs if once and not self.misshapen else None

    def check_points(self) -> None:
        """Check that the first dimension of all that was put out counts the points.

        Raises:
            ValueError: naming a layer of which it does not.
        """
        for name, shape in self.misshapen.items():
            check_rows(name, shape, self._points)

    def close(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()
