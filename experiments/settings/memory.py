"""How large a network is, and what memory its training takes: known before anything is allocated."""

from __future__ import annotations

from dataclasses import dataclass

from .architecture import CHANNELS, KERNEL, TOKENS

MEMORY = 16 * 2**30
"""The most that training may take, in bytes."""

_NUMBER, _MODULES = 4, 10_000
"""Bytes of a number in single precision, and of what a hidden layer takes beside its numbers."""

_RECORD = 2 * 9 * 8
"""Bytes of a recorded row: nine columns, in the records and in the table made of them."""

_GRADIENTS = {"sgd": 2, "momentum": 3, "adam": 4}
"""Numbers kept for each parameter: itself, its gradient, and what the optimiser remembers."""

_KEPT = {"mlp": 3, "residual": 4, "layer_norm": 4, "cnn": 3 * CHANNELS, "gru": 12, "transformer": 24 * TOKENS}
"""Numbers kept for each unit of a hidden layer and point until its gradient is known, about."""


@dataclass(frozen=True)
class Task:
    """What a network is trained on.

    Attributes:
        inputs: numbers of an input.
        outputs: numbers of an output.
        points: inputs that are held in memory.
        batch: inputs of a training step.
        tracked: pairs that are recorded, times the layers at which they are.
    """

    inputs: int
    outputs: int
    points: int
    batch: int
    tracked: int


def parameters(model: str, width: int, hidden_layers: int, inputs: int, outputs: int) -> int:
    """How many numbers a network learns.

    >>> parameters("mlp", width=3, hidden_layers=1, inputs=2, outputs=1)  # 3 times (2 and a bias), then 3 and a bias
    13
    """
    inner, read = width * (width + 1), width
    first = (inputs + 1) * width
    match model:
        case "layer_norm":
            first, inner = first + 2 * width, inner + 2 * width
        case "cnn":
            inner, read = CHANNELS * (CHANNELS * KERNEL + 1), width * (CHANNELS if hidden_layers > 1 else 1)
            first -= CHANNELS * (CHANNELS - 1) * KERNEL if hidden_layers > 1 else 0  # from one channel
        case "gru":
            first, inner = 3 * width * (inputs + width + 2), 0
        case "transformer":  # attention, two linear maps through twice the width, two normalisations
            inner = 8 * width**2 + 11 * width
            first += TOKENS * width + inner
        case _:
            pass
    return first + (hidden_layers - 1) * inner + (read + 1) * outputs


def memory(model: str, optimiser: str, width: int, hidden_layers: int, records: int, task: Task) -> dict[str, int]:
    """About how many bytes training takes, by what they are for.

    Args:
        model: of :data:`repdyn.experiments.settings.MODELS`.
        optimiser: of :data:`repdyn.experiments.settings.OPTIMISERS`.
        width: units of a hidden layer.
        hidden_layers: how many there are.
        records: how often the pairs are recorded.
        task: what the network is trained on.

    >>> memory("mlp", "sgd", 500, 20, 6001, Task(1, 1, points=2, batch=2, tracked=20))["weights"] // 2**20
    36
    """
    learnt = parameters(model, width, hidden_layers, task.inputs, task.outputs)
    return {
        "weights": _NUMBER * _GRADIENTS[optimiser] * learnt + _MODULES * hidden_layers,
        "activations": _NUMBER * _KEPT[model] * width * (hidden_layers * task.batch + task.points),
        "data": 4 * _NUMBER * (task.inputs + task.outputs) * task.points,
        "records": _RECORD * records * task.tracked,
    }
