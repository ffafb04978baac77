"""Passes through a network in which what its layers put out is followed by gradients, or replaced."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from .layers import Layer
from .look import Forward, as_input_of, check_calls, checked_forward, checked_prediction, modules_of, uncompiled
from .pairs import Inputs, Pairs, mapped, tensors
from .replacement import Replacement, output_with
from .undisturbed import undisturbed


class Intervention:
    """A network whose layers can be followed and replaced while points pass through it; it leaves no trace.

    A layer is here the tensor that it puts out, as it is selected, before it is pooled: all of a sequence, of which a
    recorder may take the last position. Of a layer that is called several times it is that of one call.

    Passes are in evaluation mode. Modes, tensors, attributes, random numbers and hooks are given back; backward hooks
    of others hear nothing; gradients are possible inside ``no_grad`` and ``inference_mode`` too; every pass begins with
    the same random numbers.

    Args:
        module: the network.
        layers: those that may be followed or replaced.
        forward: how it is called, as for a recorder.
        context: what a pass is made in, such as that of a precision.

    Raises:
        ValueError: if there is no such layer.

    >>> network = Intervention(nn.Sequential(nn.Linear(1, 2), nn.Linear(2, 1, bias=False)), (Layer("0"),))
    >>> with network.passed(torch.ones(3, 1), {Layer("0"): torch.zeros_like}) as y:
    ...     y.tolist()
    [[0.0], [0.0], [0.0]]
    """

    def __init__(
        self,
        module: nn.Module,
        layers: tuple[Layer, ...],
        forward: Forward | None = None,
        context: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self.module, self.layers, self.context = module, layers, context
        self.forward = checked_forward(forward)
        self._modules = modules_of(module, layers)

    def batch(self, pairs: Pairs, rows: Tensor) -> Inputs:
        """Some of the points of pairs, on the device of the network."""
        with torch.inference_mode(False):
            return mapped(lambda x: as_input_of(self.module, x[rows.to(x.device)]), pairs.points)

    @contextmanager
    def passed(
        self, inputs: Inputs, replaced: Mapping[Layer, Replacement], *, gradients: bool = False
    ) -> Generator[Tensor]:
        """The prediction of a batch, shape (points, ...), while gradients of it may be taken.

        Args:
            inputs: the batch, nested as the network takes it.
            replaced: what takes the place of what a layer puts out.
            gradients: whether the pass is recorded for them.

        Raises:
            TypeError, ValueError: as a recorder, of what the layers and the network put out.
        """
        count = len(next(tensors(inputs)))
        calls = dict.fromkeys(replaced, 0)

        def hook(layer: Layer) -> Callable[[nn.Module, Any, Any], Any]:
            def put(module: nn.Module, args: Any, output: Any) -> Any:
                calls[layer] += 1
                if layer.call is not None and calls[layer] - 1 != layer.call:
                    return None
                return output_with(layer, output, replaced[layer], count)

            return put

        with ExitStack() as stack:
            stack.enter_context(cast(AbstractContextManager[None], torch.inference_mode(False)))
            stack.enter_context(undisturbed(self.module))
            stack.enter_context(_unheard(self.module))
            stack.enter_context(_differentiable(self.module))
            stack.enter_context(torch.set_grad_enabled(gradients))
            for layer in replaced:
                stack.callback(self._modules[layer.name].register_forward_hook(hook(layer)).remove)
            for m in self.module.modules():  # not by eval(), which a module may have made its own
                m.training = False
            with self.context():
                y = self.forward(self.module, inputs)
            for layer in replaced:
                check_calls(layer, calls[layer])
            yield checked_prediction(y, count)


@contextmanager
def _unheard(module: nn.Module) -> Generator[None]:
    """Backward hooks of modules and parameters, such as those that log gradients, hear nothing of what is inside."""
    holders = (*module.modules(), *module.parameters())
    named = ((x, name) for x in holders for name in ("_backward_hooks", "_backward_pre_hooks"))
    hooks = [held for x, name in named if (held := cast(dict[Any, Any] | None, getattr(x, name, None)))]
    kept = [dict(held) for held in hooks]
    for held in hooks:
        held.clear()
    try:
        yield
    finally:
        for held, before in zip(hooks, kept, strict=True):
            held.update(before)


@contextmanager
def _differentiable(module: nn.Module) -> Generator[None]:
    """Of every operation the implementation that has derivatives, and hooks that are called in a compiled network."""
    with ExitStack() as stack:
        stack.enter_context(cast(AbstractContextManager[None], sdpa_kernel(SDPBackend.MATH)))
        fast = torch.backends.mha.get_fastpath_enabled()
        stack.callback(torch.backends.mha.set_fastpath_enabled, fast)
        torch.backends.mha.set_fastpath_enabled(False)
        if any(isinstance(m, nn.RNNBase) for m in module.modules()):
            for library in cast(tuple[Any, ...], (torch.backends.cudnn, torch.backends.mkldnn)):
                stack.callback(setattr, library, "enabled", library.enabled)
                library.enabled = False
        stack.enter_context(uncompiled())
        yield


def gradients(x: Tensor, inputs: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
    """The gradient of a number in each of some tensors, None where it does not depend on one; more may be taken."""
    return torch.autograd.grad(x, inputs, retain_graph=True, allow_unused=True)


class Untold(Exception):
    """What gradients cannot tell of a network, and why."""


def reason(error: Exception) -> str:
    """Why something could not be measured: the kind of another's error and the first line of what it says."""
    if isinstance(error, Untold):
        return str(error)
    first = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: {first[:200]}" if first else type(error).__name__
