"""A look at a network that leaves no trace: what a forward pass draws and changes is given back."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy


@contextmanager
def undisturbed(module: nn.Module) -> Generator[None]:
    """After what happens inside, modes, tensors and attributes of the module and random numbers are as before.

    Of attributes these are numbers, texts, lists, dictionaries and sets, such as counters and caches; what was not
    there is gone.

    The random numbers are those of torch (of the processor and of the devices the module is on), NumPy and Python, and
    of generators that the module or one of its submodules holds as an attribute.

    >>> network = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout())
    >>> torch.manual_seed(0), torch.rand(1)
    (<torch._C.Generator object at ...>, tensor([0.4963]))
    >>> with undisturbed(network):
    ...     h = network(torch.rand(8, 2))
    >>> int(network[0].num_batches_tracked), torch.rand(1)
    (0, tensor([0.7682]))
    """
    modules = list(module.modules())
    undo = [*_modes(modules), *_attributes(modules), *_tensors(modules), *_random_numbers(modules)]
    try:
        yield
    finally:
        for step in undo:
            step()


def reseed(module: nn.Module, seed: int) -> None:
    """Let everything from which random numbers are drawn in a forward pass begin elsewhere."""
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002  # the numbers that all code shares
    random.seed(seed)
    for value in (value for m in module.modules() for value in _own(m).values()):
        match value:
            case torch.Generator():
                value.manual_seed(seed)
            case np.random.Generator():
                value.bit_generator.state = type(value.bit_generator)(seed).state
            case np.random.RandomState() | random.Random():
                value.seed(seed)
            case _:
                pass


Undo = Callable[[], Any]


_OF_TORCH = frozenset(vars(nn.Module()))
"""The attributes that torch keeps itself."""

_PLAIN = (bool, int, float, complex, str, bytes, tuple, type(None))


def _own(module: nn.Module) -> dict[str, Any]:
    """The attributes of a module that torch does not keep."""
    return {name: x for name, x in vars(module).items() if name not in _OF_TORCH}


def _held(module: nn.Module) -> dict[str, Tensor]:
    """The parameters and buffers of a module itself; some are looked up by hundreds, which names of torch make slow."""
    registered = vars(module)
    found = {**registered["_parameters"], **registered["_buffers"]}
    return {name: x for name, x in found.items() if x is not None}


def _modes(modules: list[nn.Module]) -> list[Undo]:
    # Not by train(), which a module may have made its own.
    return [partial(setattr, m, "training", m.training) for m in modules]


def _attributes(modules: list[nn.Module]) -> list[Undo]:
    return [partial(_restore, m, dict(vars(m)), _contents(m)) for m in modules]


def _contents(module: nn.Module) -> dict[str, Any]:
    """The contents of the containers that a module holds as attributes."""
    return {name: x.copy() for name, x in _own(module).items() if type(x) in (list, dict, set)}


def _restore(module: nn.Module, before: dict[str, Any], contents: dict[str, Any]) -> None:
    attributes = vars(module)
    for name in [x for x in attributes if x not in before]:
        del attributes[name]
    for name, value in before.items():
        if name not in _OF_TORCH and isinstance(value, _PLAIN) and attributes.get(name, module) is not value:
            attributes[name] = value
    for name, content in contents.items():
        value = before[name]
        attributes[name] = value
        if isinstance(value, list):
            value[:] = content
        else:
            value.clear()
            value.update(content)


def _tensors(modules: list[nn.Module]) -> list[Undo]:
    """What puts every tensor of a module back, with its values; those that did not change are not touched."""
    return [
        partial(_put_back, m, name, x, x.detach().clone())
        for m in modules
        for name, x in (*_held(m).items(), *_own(m).items())
        if isinstance(x, Tensor) and not is_lazy(x)
    ]


def _put_back(module: nn.Module, name: str, tensor: Tensor, values: Tensor) -> None:
    if getattr(module, name, None) is not tensor:
        setattr(module, name, tensor)
    if not torch.equal(tensor.detach(), values):
        with torch.no_grad():
            tensor.copy_(values)


def _random_numbers(modules: list[nn.Module]) -> list[Undo]:
    undo: list[Undo] = [
        partial(torch.set_rng_state, torch.get_rng_state()),
        partial(np.random.set_state, np.random.get_state()),  # noqa: NPY002  # the numbers that all code shares
        partial(random.setstate, random.getstate()),
    ]
    for device in {x.device for m in modules for x in _held(m).values()}:
        if device.type != "cpu":
            of_device = torch.get_device_module(device)
            undo.append(partial(of_device.set_rng_state, of_device.get_rng_state()))
    for value in (value for m in modules for value in _own(m).values()):
        match value:
            case torch.Generator():
                undo.append(partial(value.set_state, value.get_state()))
            case np.random.Generator():
                undo.append(partial(setattr, value.bit_generator, "state", value.bit_generator.state))
            case np.random.RandomState():
                undo.append(partial(value.set_state, value.get_state()))
            case random.Random():
                undo.append(partial(value.setstate, value.getstate()))
            case _:
                pass
    return undo
