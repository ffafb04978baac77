"""The time of records: training steps of one optimiser, or batches."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from repdyn.symbolic.arguments import shown
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

if TYPE_CHECKING:
    import pytorch_lightning as pl

COUNTS = ("steps", "batches")
"""What time is counted in."""


def check_every(every: int) -> None:
    """Check how much time is between two records.

    Raises:
        ValueError: if it is not positive.
    """
    if isinstance(every, bool) or not isinstance(every, int) or every < 1:  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
        raise ValueError(f"every must be a positive number of steps, got {shown(every)}")


def check_step(step: int, recorded: Callable[[int], bool]) -> None:
    """Check the step that somebody records.

    Args:
        step: training steps so far.
        recorded: whether there is a record of a step, or of a later one.

    Raises:
        ValueError: if it is none, or is recorded.
    """
    if isinstance(step, bool) or not isinstance(step, int) or step < 0 or recorded(step):  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
        raise ValueError(
            f"step must be the number of training steps so far, more than at the last record, got {shown(step)}"
        )


class Clock:
    """Counts what a record is after, and tells when the next one is due.

    Args:
        count: ``steps`` of the one optimiser, at most one a batch; the number or the class of one of several
            optimisers; or ``batches``.
        every: how much time is between two records.

    Attributes:
        time: batches, or steps of the optimiser that is named, so far; 0 where the trainer counts.
        first: the time at which training began.

    Raises:
        ValueError: if nothing is counted so, or ``every`` is not positive.

    >>> clock = Clock("batches", every=10)
    >>> clock.passes(5), clock.passes(10), clock.passes(15)
    (False, True, False)
    """

    def __init__(self, count: str | int, every: int) -> None:
        check_every(every)
        if type(count) not in (str, int) or count == "" or (isinstance(count, int) and count < 0):
            raise ValueError(
                f"count must be {', '.join(COUNTS)}, or the number or the class of an optimiser, got {shown(count)}"
            )
        self.count, self.every = count, every
        self.time = self.first = 0
        self._name = ""  # of the optimiser that is counted, where the user names one
        self._begun = self._passed = 0
        self._taken = 0  # steps of the optimiser in this batch
        self._hooks: list[RemovableHandle] = []

    @property
    def counted(self) -> str | None:
        """What is counted, where it has to be said."""
        if self.count == "steps":
            return None
        if self.count == "batches":
            return "batches"
        return f"steps of {self.count}" if isinstance(self.count, str) else f"steps of optimiser {self.count}"

    def now(self, trainer: pl.Trainer) -> int:
        """The time that it is."""
        return trainer.global_step if self.count == "steps" else self.time

    def start(self, trainer: pl.Trainer, module: pl.LightningModule, stepped: Callable[[], None]) -> None:
        """Have all optimisers tell their steps, after each of which a function is called.

        Raises:
            ValueError: if steps are counted and there is not one optimiser, or the one that is named is not there.
        """
        counted = None if self.count == "batches" else self._optimiser(trainer.optimizers, module)
        for optimiser in trainer.optimizers:
            hook = partial(self._stepped, optimiser is counted, stepped)
            self._hooks.append(optimiser.register_step_post_hook(hook))
        self.first = self.now(trainer)

    def stop(self) -> None:
        """Take back what tells of steps."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = []

    def recorded(self, time: int) -> None:
        """The last record was at that time."""
        self._passed = time // self.every

    def passes(self, time: int) -> bool:
        """Whether a multiple of ``every`` has passed since this was asked last."""
        before, self._passed = self._passed, time // self.every
        return self._passed > before

    def begin_batch(self, time: int) -> None:
        """A batch begins."""
        self._begun, self._taken = time, 0

    def end_batch(self) -> None:
        """A batch is over."""
        self.time += self.count == "batches"

    def check_batch(self, trainer: pl.Trainer) -> None:
        """Check that a batch was a training step, or a part of one, where steps of one optimiser are counted.

        Raises:
            ValueError: if it was more, or its step was not counted.
        """
        if self.count != "steps":
            return
        counted = trainer.global_step - self._begun
        if max(counted, self._taken) > 1:
            raise ValueError(
                f"a batch must make at most one optimiser step, got {max(counted, self._taken)} in the one after step "
                f"{self._begun}: rates would be of something else than a batch; step once a batch, or "
                "count=0 for the first optimiser's steps, or count='batches'"
            )
        if self._taken > counted:
            raise ValueError(
                f"trainer.global_step did not count the optimiser step of the batch after step {self._begun}; "
                "step what self.optimizers() returns, or count='batches'"
            )

    def standstill(self, time: int) -> str:
        """What is said after an epoch in which it did not go on; nothing if it did."""
        if self.count == "batches" or time != self.first:
            return ""
        what = f"trainer.global_step is still {time}" if self.count == "steps" else f"{self._name} made no step"
        return (
            f"{what} after an epoch: no optimiser step was counted, and there is no time to record against; step "
            "what self.optimizers() returns, or count='batches'"
        )

    def _stepped(self, counts: bool, stepped: Callable[[], None], *_: Any) -> None:
        stepped()
        if counts:
            self._taken += 1
            self.time += self.count != "steps"

    def _optimiser(self, optimisers: Sequence[Optimizer], module: pl.LightningModule) -> Optimizer:
        """The one whose steps are counted."""
        names = [type(x).__name__ for x in optimisers]
        there = ", ".join(f"{i} ({name})" for i, name in enumerate(names)) or "none"
        if self.count == "steps":
            own = {id(p) for p in module.parameters()}
            found = [x for x in optimisers if any(id(p) in own for g in x.param_groups for p in g["params"])]
            if len(found) != 1:
                raise ValueError(
                    f"PairTracker counts the training steps of one optimiser, got {len(found)} of the network's "
                    "parameters; return one from configure_optimizers, whose parameter groups may have learning rates "
                    f"of their own, or say which in count=, a number or a class ({there}), or count='batches'"
                )
            return found[0]
        number = (
            self.count
            if isinstance(self.count, int)
            else names.index(self.count)
            if names.count(self.count) == 1
            else -1
        )
        if not 0 <= number < len(optimisers):
            raise ValueError(
                f"count must be the number of an optimiser or the class of just one, got {self.count!r}; there are "
                f"{there}"
            )
        self._name = f"optimiser {number} ({names[number]})"
        return optimisers[number]
