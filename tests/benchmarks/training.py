"""Training with every layer tracked at every step, against a loop in plain PyTorch."""

from collections.abc import Iterator
from dataclasses import replace
from time import thread_time

from repdyn.experiments.settings import load_settings
from repdyn.experiments.training.lightning import Batch, Batches, fit, repeatable
from repdyn.experiments.training.plain_loop import train
from repdyn.experiments.trials.two_points import prepare

from .goal import Goal
from .timing import Spread


class Turns(Batches):
    """Batches with a turn of the plain loop, over another network, before every so many of them.

    Attributes:
        plain: the time of each turn of the plain loop.
        between: that of the batches after it, with whatever is done with them.
    """

    def __init__(self, name: str, steps: int, turns: int) -> None:
        setting = replace(load_settings()[name], steps=steps)
        self.module, batches, self.tracker = prepare(replace(setting, steps=steps * turns))
        super().__init__(batches.x, batches.y, batch=batches.batch, steps=batches.steps, seed=batches.seed)
        self.beside, self.turn, _ = prepare(setting)
        self.lr = setting.lr
        self.plain: list[float] = []
        self.between: list[float] = []

    def __iter__(self) -> Iterator[Batch]:
        begun = 0.0
        for step, batch in enumerate(super().__iter__()):
            if step % self.turn.steps == 0:
                now = thread_time()
                if step:
                    self.between.append(now - begun)
                train(self.beside.network, self.turn, self.lr)
                begun = thread_time()
                self.plain.append(begun - now)
            yield batch


def raced(name: str, steps: int, turns: int = 30, *, tracked: bool = True) -> Spread:
    """The time of training, with every layer tracked or none, in units of that of the plain loop, turn by turn.

    What a run takes before its first step and after its last is none of it.
    """
    with repeatable(1):
        turning = Turns(name, steps, turns + 2)
        fit(turning.module, turning, [turning.tracker] if tracked else [])
    return Spread.of([a / b for a, b in zip(turning.between[1:], turning.plain[1:], strict=False)])


GOALS = (
    Goal(
        "training",
        "a step of training the setting `default`, 20 layers tracked (processor time)",
        "a step of a loop in plain PyTorch",
        "times the time",
        1.05,
        lambda: raced("default", 10),
    ),
    Goal(
        "small_training",
        "the same for the setting `two_layer`, its 1 layer tracked (processor time)",
        "a step of a loop in plain PyTorch",
        "times the time",
        1.43,
        lambda: raced("two_layer", 100),
    ),
    Goal(
        "lightning",
        "the same with nothing tracked: what Lightning takes around a step (processor time)",
        "a step of a loop in plain PyTorch",
        "times the time",
        1.43,
        lambda: raced("two_layer", 100, tracked=False),
    ),
)
