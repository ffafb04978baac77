"""Forward hooks that show what named layers put out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from torch import Tensor, nn

PREDICTION = ""
"""The name of the module itself, as in ``named_modules``: its output is the prediction."""


class LayerWatch:
    """Keeps the outputs of a module and of some of its layers while it is active; adds hooks and removes them.

    Args:
        module: the module whose output is the prediction.
        layers: names of submodules as in ``module.named_modules()``.

    Raises:
        ValueError: if a layer does not exist, with the names there are.
        TypeError: (in a forward pass) if a layer puts out anything but a tensor.

    >>> import torch
    >>> network = nn.Sequential(nn.Linear(1, 2), nn.Linear(2, 1))
    >>> watch = LayerWatch(network, ["0"])
    >>> watch.start(rows=torch.tensor([0, 2]))
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
                    f"layer {name!r} must put out a tensor, got {type(output).__name__}; "
                    "name a layer inside it, or wrap it in one that returns the tensor"
                )
            self.calls[name] = self.calls.get(name, 0) + 1
            # A copy: what follows may work in place.
            self._outputs[name] = output.detach().clone() if self._rows is None else output.detach()[self._rows]

        return hook

    def start(self, rows: Tensor | None = None) -> None:
        """Forget what was seen and watch from now on, all rows of a batch or those given."""
        self.calls, self._outputs, self._rows, self.active = {}, {}, rows, True

    def stop(self) -> dict[str, Tensor] | None:
        """Stop watching; the outputs by name, or None unless each layer was called exactly once."""
        self.active = False
        return self._outputs if all(self.calls.get(name) == 1 for name in self._names) else None

    def close(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()
