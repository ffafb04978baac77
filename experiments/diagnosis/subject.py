"""A network and a data set that a script of the user makes, trained while pairs of its points are recorded."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

import pytorch_lightning as pl
import torch
from repdyn.symbolic.arguments import shown
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from tqdm import tqdm

from ..tracking.layers import Layer
from ..tracking.look import Forward, as_input_of, plain_forward
from ..tracking.pairs import mapped
from ..tracking.recorder import PairRecorder
from ..tracking.records import PairRecords
from ..tracking.tracker import PairTracker
from ..tracking.undisturbed import undisturbed
from ..training.lightning import half_squared_error
from .candidates import candidates
from .sampling import Items, SampledPairs, input_and_target, sample_pairs


@dataclass(frozen=True)
class Subject:
    """What is to be diagnosed.

    Attributes:
        module: a LightningModule, which says how it is trained, or any other module: gradient descent on half the
            squared error.
        data: the data set, or its ``DataLoader``.
        layers: those to record; by default up to eight that can be, found by trying.
        forward: how the module is called, as :class:`PairRecorder` takes it.
        dx2: where the distances of inputs are measured, as :class:`PairRecorder` takes it.
    """

    module: nn.Module
    data: Any
    layers: Sequence[str | Layer] | None = None
    forward: Forward | None = None
    dx2: Any | None = None


@dataclass(frozen=True)
class Plan:
    """How long it is trained and what is recorded.

    Attributes:
        pairs, points: how many pairs of how many points of the data set.
        epochs: of training.
        every: training steps from record to record; by default such that there are 200 records.
        lr: step size of gradient descent, for a module that does not say how it is trained.
        batch: points of a batch, for data without a loader.
        seed: of the pairs and the batches.
    """

    pairs: int
    points: int
    epochs: int
    every: int | None
    lr: float
    batch: int
    seed: int


RECORDS = 200
"""Records of a training whose user does not say how often."""


def load_subject(target: str) -> Subject:
    """What the function in ``SCRIPT.py:FUNCTION`` returns: a module and its data, or a dictionary of :class:`Subject`.

    Raises:
        FileNotFoundError: if there is no such script.
        ValueError: if the target is written otherwise, there is no such function, it fails, or returns anything else.
    """
    script, _, name = target.rpartition(":")
    path = Path(script)
    if path.suffix != ".py" or not name.isidentifier():
        raise ValueError(f"what to diagnose must be SCRIPT.py:FUNCTION, got {target!r}")
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    made = _made(path, name)
    if isinstance(made, Mapping):
        given = dict(cast(Mapping[str, Any], made))
        known = [f.name for f in fields(Subject)]
        wrong = [key for key in given if key not in known]
        lacking = [key for key in known[:2] if key not in given]
        if wrong or lacking:
            what = f"has {shown(wrong[0])}" if wrong else f"lacks {lacking[0]}"
            raise ValueError(
                f"the dictionary that {name} returns must hold module, data and any of layers, forward and "
                f"dx2; it {what}"
            )
    elif isinstance(made, tuple) and len(cast(tuple[Any, ...], made)) == 2:
        given = dict(zip(("module", "data"), cast(tuple[Any, ...], made), strict=True))
    else:
        raise ValueError(f"{name} must return a module and its data, or a dictionary of them, got {shown(made)}")
    if not isinstance(given["module"], nn.Module):
        raise ValueError(f"{name} must return a module of torch first, got {shown(given['module'])}")
    return Subject(**given)


def _made(path: Path, name: str) -> Any:
    """What a function in a script of somebody's returns."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = script
    sys.path.insert(0, str(path.parent.resolve()))
    step = "cannot be loaded"
    try:
        spec.loader.exec_module(script)
        function = cast(Callable[[], Any] | None, getattr(script, name, None))
        if function is not None:
            step = f"has a function {name} that fails"
            return function()
    except Exception as error:  # theirs, whatever it is
        raise ValueError(f"{path} {step} ({type(error).__name__}: {error})") from error
    finally:
        sys.path.remove(str(path.parent.resolve()))
    raise ValueError(f"{path} has no function {name}")


def recorded_training(subject: Subject, plan: Plan, say: Callable[[str], None] = print) -> PairRecords:
    """Train the network while pairs of its data are recorded.

    Raises:
        TypeError, ValueError: as :func:`sample_pairs` and :class:`PairRecorder`, or if no layer can be recorded;
            whatever the network raises.
    """
    given: Any = subject.data
    dataset = cast(Any, given).dataset if isinstance(given, DataLoader) else given
    classes = _classes(subject, dataset)
    pairs = sample_pairs(dataset, plan.pairs, points=plan.points, classes=classes, seed=plan.seed)
    layers = _layers(subject, pairs, say)
    loader = cast(Any, given)
    if not isinstance(given, DataLoader):
        order = torch.Generator().manual_seed(plan.seed)
        loader = DataLoader(_dataset(given), batch_size=plan.batch, shuffle=True, generator=order)
    every = plan.every or max(len(loader) * plan.epochs // RECORDS, 1)
    if isinstance(subject.module, pl.LightningModule):
        return _by_lightning(subject, subject.module, pairs, layers, loader, every, plan)
    return _by_descent(subject, pairs, layers, loader, every, plan)


def _classes(subject: Subject, dataset: Any) -> int | None:
    """How many classes the network tells apart, if its prediction is a row of more than one number for each point."""
    x, _ = Items(dataset)[0]
    first = mapped(lambda part: as_input_of(subject.module, torch.stack([part, part])), x)
    with undisturbed(subject.module), torch.no_grad():
        y = (subject.forward or plain_forward)(subject.module, first)
    return y.shape[1] if isinstance(y, torch.Tensor) and y.ndim == 2 and y.shape[1] > 1 else None


def _layers(subject: Subject, pairs: SampledPairs, say: Callable[[str], None]) -> Sequence[str | Layer]:
    if subject.layers is not None:
        return subject.layers
    found = candidates(subject.module, pairs.inputs, pairs.targets, forward=subject.forward, dx2=subject.dx2)
    for name, reason in found.refused.items():
        say(f"not recorded: {name} ({reason})")
    if not found.layers:
        raise ValueError("no layer of the module can be recorded as it is; name some, described by Layer")
    return found.layers


def _dataset(data: Any) -> Any:
    """The data set, that of two arrays included."""
    if isinstance(data, tuple | list) and len(cast(Sequence[Any], data)) == 2:
        inputs, targets = cast(Sequence[Any], data)
        return TensorDataset(torch.as_tensor(inputs), torch.as_tensor(targets))
    return cast(Any, data)


def _by_lightning(
    subject: Subject,
    module: pl.LightningModule,
    pairs: SampledPairs,
    layers: Sequence[str | Layer],
    loader: Any,
    every: int,
    plan: Plan,
) -> PairTracker:
    tracker = PairTracker(
        pairs.inputs,
        pairs.targets,
        layers,
        every=every,
        labels=pairs.labels,
        forward=subject.forward,
        dx2=subject.dx2,
        observe=True,
        count="steps" if module.automatic_optimization else "batches",
    )
    trainer = pl.Trainer(
        max_epochs=plan.epochs,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=sys.stderr.isatty(),
        callbacks=[tracker],
    )
    trainer.fit(module, loader)
    return tracker


def _by_descent(
    subject: Subject, pairs: SampledPairs, layers: Sequence[str | Layer], loader: Any, every: int, plan: Plan
) -> PairRecorder:
    """Plain gradient descent on half the squared error: what the theory is of."""
    module, forward = subject.module, subject.forward or plain_forward
    recorder = PairRecorder(
        module, pairs.inputs, pairs.targets, layers, forward=forward, labels=pairs.labels, dx2=subject.dx2
    )
    classes = pairs.targets.shape[-1]
    optimiser = torch.optim.SGD(module.parameters(), lr=plan.lr)
    module.train()
    steps = (batch for _ in range(plan.epochs) for batch in loader)
    total = len(loader) * plan.epochs
    for step, batch in enumerate(tqdm(steps, total=total, desc="training", disable=None, leave=False)):
        if step % every == 0:
            recorder.record(step)
        if step == 0:
            recorder.observe()
        x, y = input_and_target(batch)
        target = y if y.is_floating_point() else nn.functional.one_hot(y, classes).to(pairs.targets.dtype)
        prediction = forward(module, x)
        optimiser.zero_grad()
        half_squared_error(prediction, target.reshape(prediction.shape)).backward()
        optimiser.step()
    recorder.record(total)
    recorder.observe()
    return recorder
