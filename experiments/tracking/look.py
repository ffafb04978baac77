"""One look at any module: the prediction and the representations of every point, with no trace left."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from repdyn.numeric.distances import squared_lengths
from repdyn.symbolic.arguments import shown
from torch import Tensor, nn

from .differences import SquaredDifferences
from .layers import Layer, called, representations, selected, taken, unknown
from .pairs import Inputs, Pairs, mapped, tensors
from .undisturbed import reseed, undisturbed

Array = NDArray[np.float64]

Forward = Callable[[Any, Inputs], Any]
"""How a module is called: given the module and a batch of inputs it returns the prediction, shape (points, ...)."""

Read = Callable[[Layer, Any, int, Inputs], Tensor]
"""What is read of the output of a layer, in a pass of so many points and with these inputs."""


def plain_forward(module: Any, inputs: Inputs) -> Any:
    """The module called with a tensor, with the parts of a tuple or list, or with a dictionary as keyword arguments."""
    if isinstance(inputs, Mapping):
        return module(**cast(Mapping[str, Any], inputs))
    return module(*cast(Sequence[Any], inputs)) if isinstance(inputs, tuple | list) else module(inputs)


def checked_forward(forward: Forward | None) -> Forward:
    """The function, or that which calls the module plainly.

    Raises:
        TypeError: if it is no function.
    """
    if forward is not None and not callable(forward):  # pyright: ignore[reportUnnecessaryComparison]  # users may not type-check
        raise TypeError(f"forward must be a function of the module and the inputs, got {shown(forward)}")
    return plain_forward if forward is None else forward


class Look:
    """One look at a module: the prediction and the representations of every point.

    Args:
        module: the network.
        pairs: whose points are passed through it.
        layers: whose outputs are taken.
        forward: how it is called.
        context: what a pass is made in, such as that of a precision.
    """

    def __init__(
        self,
        module: nn.Module,
        pairs: Pairs,
        layers: tuple[Layer, ...],
        forward: Forward | None,
        context: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self.module, self.pairs, self.layers, self.context = module, pairs, layers, context
        self.forward = checked_forward(forward)
        self.input_layer = pairs.measured_at if pairs.dx2 is None else None
        self._checked = False
        self._squares = SquaredDifferences(pairs.where)
        self._modules = modules_of(module, self._watched)

    @property
    def _watched(self) -> tuple[Layer, ...]:
        return self.layers if self.input_layer is None else (*self.layers, self.input_layer)

    def __call__(self) -> tuple[Tensor, dict[str, Tensor]]:
        """The prediction, shape (points, ...), and the representations by layer, shape (points, units).

        The first time one point more is passed, so that no other dimension can be taken for that of the points, and
        once more in another order, which the rows must follow.

        Raises:
            TypeError, ValueError: as :class:`PairRecorder`.
        """
        if self._checked:
            prediction, seen = self._pass(mapped(self._there, self.pairs.points))
        else:
            inputs = mapped(lambda x: self._there(torch.cat([x, x[:1]])), self.pairs.points)
            first = self._pass(inputs)
            self._check_order(inputs, first)
            prediction, seen = first[0][:-1], {layer: x[:-1] for layer, x in first[1].items()}
            self.pairs.check_output(tuple(prediction.shape[1:]))
            self._checked = True
        if self.input_layer is not None:
            self.pairs.dx2 = _distances(self.pairs, seen[self.input_layer], self.input_layer)
            self.input_layer = None
        return prediction, {layer.name: seen[layer] for layer in self.layers}

    def distances(self) -> tuple[Tensor, Tensor]:
        """The prediction, shape (points, ...), and the squared differences of the pairs, shape (layers, pairs).

        They are taken as soon as a layer puts out its representations, which are not kept, but for the first time.

        Raises:
            TypeError, ValueError: as a look, or if a difference is so short that its square is no number.
        """
        if not self._checked:
            prediction, hidden = self()
            return prediction, self.distances_of(hidden)
        prediction, seen = self._pass(mapped(self._there, self.pairs.points), read=self._differences)
        return prediction, torch.stack([seen[layer] for layer in self.layers])

    def distances_of(self, hidden: Mapping[str, Tensor]) -> Tensor:
        """The squared differences of the pairs in representations by layer, shape (layers, pairs).

        Raises:
            ValueError: if a difference is so short that its square is no number.
        """
        return self.distances_of_each([hidden])[0]

    def distances_of_each(self, passes: Sequence[Mapping[str, Tensor]]) -> Tensor:
        """Those of representations in several passes, shape (passes, layers, pairs).

        Raises:
            ValueError: if a difference is so short that its square is no number.
        """
        found = self._squares.of_each([hidden[layer.name] for hidden in passes for layer in self.layers])
        return found.view(len(passes), len(self.layers), -1)

    def _differences(self, layer: Layer, output: Any, points: int, inputs: Inputs) -> Tensor:
        return self._squares(representations(layer, selected(layer, output).detach(), points, inputs))

    def _pass(
        self, inputs: Inputs, *, read: Read = taken, seed: int | None = None
    ) -> tuple[Tensor, dict[Layer, Tensor]]:
        """The prediction of a batch, and what is read of each layer."""
        count = len(next(tensors(inputs)))
        with (
            self._outputs(inputs, read) as outputs,
            undisturbed(self.module),
            torch.no_grad(),
            self.context(),
            uncompiled(),
        ):
            if seed is not None:
                reseed(self.module, seed)
            for m in self.module.modules():  # not by eval(), which a module may have made its own
                m.training = False
            prediction = self.forward(self.module, inputs)
        seen = {layer: outputs[layer].one() for layer in self._watched}
        return checked_prediction(prediction, count), seen

    def _check_order(self, inputs: Inputs, first: tuple[Tensor, dict[Layer, Tensor]]) -> None:
        """Check that rows go with the points, unless the network draws numbers of its own."""
        shown = _by_name(first)
        turned = _by_name(self._pass(mapped(lambda x: x.roll(-1, 0), inputs)))
        wrong = [name for name, x in shown.items() if not alike(x, turned[name].roll(1, 0))]
        if not wrong:
            return
        again = _by_name(self._pass(inputs, seed=1))
        if all(alike(x, again[name]) for name, x in shown.items()):
            raise ValueError(
                f"the rows of {called(wrong[0])} do not go with the points: in a pass in another order they were "
                "others; say where the points are (batch=, positions=), or pass points that do not change each other"
            )

    def _there(self, x: Tensor) -> Tensor:
        return as_input_of(self.module, x)

    @contextmanager
    def _outputs(self, inputs: Inputs, read: Read) -> Generator[dict[Layer, _Calls]]:
        """What is read of what each layer puts out, while this lasts."""
        found = {layer: _Calls(layer, inputs, read) for layer in self._watched}
        handles = [self._modules[layer.name].register_forward_hook(calls.take) for layer, calls in found.items()]
        try:
            yield found
        finally:
            for handle in handles:
                handle.remove()


def modules_of(module: nn.Module, layers: Iterable[Layer]) -> dict[str, nn.Module]:
    """Submodules by name, without what ``torch.compile`` puts before it; a compiled network itself is what it compiles.

    Raises:
        ValueError: if one of the layers is none of them.
    """
    found = cast(Iterator[tuple[str, nn.Module]], module.named_modules())
    modules = {name.replace("_orig_mod.", "").replace("_orig_mod", ""): m for name, m in found}
    for layer in layers:
        if layer.name not in modules:
            raise ValueError(unknown(layer.name, modules))
    return modules


def as_input_of(module: nn.Module, x: Tensor) -> Tensor:
    """A tensor on the module's device; in double precision only if the module has any, as arrays are by default.

    >>> as_input_of(nn.Linear(1, 1), torch.ones(1, dtype=torch.float64)).dtype
    torch.float32
    """
    held = [*module.parameters(), *module.buffers()]
    if not held:
        return x
    numbers = [p.dtype for p in held if p.is_floating_point()]
    exact = x.dtype != torch.float64 or not numbers or torch.float64 in numbers
    return x.to(held[0].device, x.dtype if exact else numbers[0])


def checked_prediction(prediction: Any, points: int) -> Tensor:
    """What the network puts out.

    Raises:
        TypeError: if it is no tensor.
        ValueError: if it has not a row for each point.
    """
    if not isinstance(prediction, Tensor):
        raise TypeError(
            f"the network must put out a tensor, got {type(prediction).__name__}; give forward=, a function of "
            "the module and the inputs that returns the prediction"
        )
    if prediction.shape[:1] != (points,):
        raise ValueError(
            f"the network must put out a row for each point, got shape {tuple(prediction.shape)} from a pass of "
            f"{points} points; give forward=, a function of the module and the inputs that returns one"
        )
    return prediction


def check_calls(layer: Layer, calls: int) -> None:
    """Check that a layer was called as often as its description says.

    Raises:
        ValueError: if it was not.
    """
    if layer.call is None and calls != 1:
        raise ValueError(
            f"{called(layer.name)} must be called once in a forward pass, got {calls} calls; "
            + (f"say which, as in Layer({layer.name!r}, call=0)" if calls else "name a layer that it passes through")
        )
    if layer.call is not None and layer.call >= calls:
        raise ValueError(f"{called(layer.name)} is called {calls} times in a forward pass, got call={layer.call}")


def uncompiled() -> AbstractContextManager[Any]:
    """Compiled code, which does not call the hooks, is not used inside; nothing is compiled that torch did not load."""
    return torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()


class _Calls:
    """The calls of a layer in a pass, and what is read of the one that counts."""

    def __init__(self, layer: Layer, inputs: Inputs, read: Read) -> None:
        self.layer, self.inputs, self.read = layer, inputs, read
        self.count = 0
        self.seen: Tensor | None = None

    def take(self, module: nn.Module, args: Any, output: Any) -> None:
        """The forward hook."""
        if self.count == (self.layer.call or 0):
            self.seen = self.read(self.layer, output, len(next(tensors(self.inputs))), self.inputs)
        self.count += 1

    def one(self) -> Tensor:
        """What was read of the one call that counts."""
        check_calls(self.layer, self.count)
        assert self.seen is not None
        return self.seen


def _by_name(seen: tuple[Tensor, dict[Layer, Tensor]]) -> dict[str, Tensor]:
    """The representations by layer, and the prediction, which is the network's."""
    return {**{layer.name: x for layer, x in seen[1].items()}, "": seen[0]}


def alike(x: Tensor, other: Tensor) -> bool:
    """Whether two passes show the same, up to the rounding of another batch."""
    if x.shape != other.shape:
        return False
    finite = x[x.isfinite()]
    scale = float(finite.abs().max()) if finite.numel() else 0.0
    return torch.allclose(x.double(), other.double(), rtol=1e-3, atol=1e-4 * scale, equal_nan=True)


def _distances(pairs: Pairs, h: Tensor, layer: Layer) -> Array:
    """The squared distances of the two points of each pair at a layer."""
    both = h.cpu().double().numpy()[pairs.where.numpy()]
    found = squared_lengths(both[:, 1] - both[:, 0])
    if not (found > 0).all():
        same = int((found > 0).argmin())
        raise ValueError(f"the two inputs of a pair must differ; those of pair {same} do not at {called(layer.name)}")
    return found
