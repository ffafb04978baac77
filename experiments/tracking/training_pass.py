"""The passes of training, where they show what a separate pass does."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from .layers import Layer
from .look import alike
from .pairs import Pairs, tensors
from .watch import PREDICTION, LayerWatch

_AGAIN = 100
"""Records from training passes after which a separate pass is made beside one."""


class TrainingPass:
    """Watches passes over batches that hold every tracked point, in any order.

    Args:
        module: that is trained.
        points: shape (points, ...).
        layers: their names.
        reference: the prediction and the representations by layer in a separate pass, as the network is now.

    Attributes:
        undecided: whether the next pass is compared with a separate one.
        count: passes that were of use.
        step: of the pass that is watched; None if none is.
        sure: how many records there were when a pass was last seen to show what a separate one does.
    """

    def __init__(
        self,
        module: nn.Module,
        points: Tensor,
        layers: Sequence[str],
        reference: tuple[Tensor, Mapping[str, Tensor]],
    ) -> None:
        self.undecided, self.count, self.sure = True, 0, 0
        self.step: int | None = None
        self._points, self._reference = points, reference
        self._rows: Tensor | None = None
        self._reach = 0  # so many points of a batch have rows
        self._in_order = False  # and all of them as they are tracked
        self._watch = LayerWatch(module, layers)

    @property
    def calls(self) -> dict[str, int]:
        """How often each layer was called in the last pass."""
        return self._watch.calls

    @property
    def is_to_be_compared(self) -> bool:
        """Whether it is time to compare a pass with a separate one again."""
        return not self.undecided and self.count % _AGAIN == 0

    def compare(self, reference: tuple[Tensor, Mapping[str, Tensor]]) -> None:
        """Have the next pass compared with this separate one."""
        self.undecided, self._reference = True, reference

    def find(self, batch: Any) -> tuple[Tensor, int] | None:
        """The rows of a batch that hold the tracked points and the number of its points, or None."""
        points = self._points
        for x in tensors(batch):
            if x.shape[1:] == points.shape[1:] and x.dtype == points.dtype:
                if self._rows is not None and self._reach <= len(x):
                    there = x[: self._reach] if self._in_order else x[self._rows]
                    if points.equal(there):
                        return self._rows, len(x)
                rows = [_row(x, point) for point in points]
                if None not in rows:
                    return torch.tensor(rows, device=x.device), len(x)
        return None

    def begin(self, step: int, found: tuple[Tensor, int]) -> None:
        """Watch the pass over a batch in which the points were found."""
        (rows, points), self.step = found, step
        if rows is not self._rows:
            self._rows, self._reach = rows, int(rows.max()) + 1
            self._in_order = rows.tolist() == list(range(len(rows)))
        self._watch.start(points, None if self._in_order and points == self._reach else rows)

    def pause(self) -> None:
        """What passes show from now on in this batch is another network."""
        self._watch.stop()

    def end(self) -> dict[str, Tensor] | None:
        """What the pass showed by layer, and of the prediction; None unless it called each layer once, row by row."""
        self.step = None
        return self._watch.stop()

    def agrees(self, captured: dict[str, Tensor] | None) -> bool:
        """Whether a pass shows what the separate one shows, up to the rounding of another batch size."""
        if captured is None:
            return False
        prediction, hidden = self._reference
        shown = {PREDICTION: prediction.reshape(len(prediction), -1), **hidden}
        seen = {name: captured[name].reshape(len(x), -1) for name, x in shown.items()}
        return all(bool(x.isfinite().all()) and alike(x, seen[name]) for name, x in shown.items())

    def trust(self, records: int) -> None:
        """A pass was seen to show what a separate one does, when there were so many records."""
        self.undecided, self.sure = False, records
        self.count += 1

    def close(self) -> None:
        """Take back the hooks."""
        self._watch.close()


def may_show(module: nn.Module, pairs: Pairs, layers: Sequence[Layer], optimisers: Sequence[Any]) -> bool:
    """Whether passes of training may show what a separate pass does: plain layers, a tensor, one pass a step."""
    plain = all(layer == Layer(layer.name) for layer in layers)
    several = any(isinstance(x, torch.optim.LBFGS) for x in optimisers)  # passes in a step
    compiled = getattr(module, "_compiler_ctx", None) is not None or any(
        hasattr(m, "_orig_mod") or getattr(m, "_compiled_call_impl", None) is not None for m in module.modules()
    )
    return plain and isinstance(pairs.points, Tensor) and bool(optimisers) and not (several or compiled)


def _row(x: Tensor, point: Tensor) -> int | None:
    """The first row of ``x`` that equals ``point``, found by its largest coordinate."""
    flat, wanted = x.flatten(1), point.flatten()
    coordinate = int(wanted.abs().argmax())
    candidates = torch.nonzero(flat[:, coordinate] == wanted[coordinate]).flatten()
    for row in cast(list[int], candidates.tolist()):
        if flat[row].equal(wanted):
            return row
    return None
