"""The finite machine that a recurrent network of anybody has become."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from repdyn.numeric import Extraction, all_strings, automaton_of_states, state_scale
from repdyn.numeric.arguments import number, whole
from repdyn.numeric.automata.automaton import MOST_SYMBOLS
from repdyn.symbolic.arguments import instance, shown
from torch import Tensor, nn

from .intervention import Intervention
from .layers import Layer, as_layer
from .look import Forward, as_input_of
from .pairs import Inputs, as_tensor, mapped, tensors
from .representations import check_order, shown_of

_BATCH = 4096
"""Strings that pass through the network at a time."""

Encode = Callable[[NDArray[np.int64]], Inputs]
"""From strings of one length, whole numbers of shape (n, length), to what the network takes."""


def extract_automaton(  # a network, how it is called, which strings, and what counts as one state
    module: nn.Module,
    layer: str | Layer,
    *,
    length: int = 8,
    symbols: int = 2,
    encode: Encode | None = None,
    forward: Forward | None = None,
    share: float = 0.1,
    start: int | None = None,
) -> Extraction:
    """Take the finite machine from a network that reads symbols: strings whose states are near each other are one.

    The network reads all strings up to a length, one length at a time, and is left as it was. What it says of a string
    is the largest of its outputs. No state can be read of the empty string, before the first symbol: it is a state of
    its own, which the reduced machine (:func:`~repdyn.numeric.minimal_automaton`) joins with another if they cannot be
    told apart and what it says is given.

    Args:
        module: any, trained by anybody, whose prediction is of shape (strings, classes) or, of two classes, (strings,)
            or (strings, 1), positive for the second.
        layer: where its state after the last symbol is, as in ``Layer("gru", select=0, pool="last")`` of a recurrent
            layer of PyTorch with ``batch_first=True``.
        length: of the longest strings.
        symbols: how many there are.
        encode: what the network takes; by default symbols one-hot, shape (strings, length, symbols).
        forward: how the module is called, as for a :class:`PairRecorder`.
        share: states are one that are nearer than so many times their spread (:func:`~repdyn.numeric.state_scale`).
            There is no one right value: compare several.
        start: what is to be said of the empty string; nothing, -1, if it is not given.

    Raises:
        TypeError: if an argument is of another kind, or the layer or the network puts out no tensor.
        ValueError: if the layer does not exist, is not called once or has no row for each string, the network puts out
            no class for each, states are not finite, or a number is not one that it may be.

    Source: van Rossem & Saxe (arXiv 2507.09897).

    >>> class Counts(nn.Module):  # a network that is right by itself: the parity of the ones
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.state = nn.Identity()
    ...     def forward(self, x):
    ...         return self.state(x[..., 1].sum(1, keepdim=True) % 2) - 0.5
    >>> found = extract_automaton(Counts(), "state", length=4, start=0)
    >>> len(found.automaton), found.conflicts
    (3, 0)
    >>> from repdyn.numeric import minimal_automaton
    >>> minimal_automaton(found.automaton).transitions.tolist()
    [[0, 1], [1, 0]]
    """
    near = number("share", share)
    if not 0 < near < np.inf:
        raise ValueError(f"share must be a positive number, got {near:g}")
    first = -1 if start is None else whole("start", start, 0)
    if first > MOST_SYMBOLS:
        raise ValueError(f"start must be the number of a class, at most {MOST_SYMBOLS:,}, got {shown(first)}")
    read = all_strings(symbols, whole("length", length, 1))[1:]
    described = as_layer(layer)
    network = Intervention(instance("module", module, nn.Module), (described,), forward)
    states: list[NDArray[np.float64]] = []
    said: list[NDArray[np.int64]] = []
    for strings in read:
        inputs = _encoded(strings, symbols, encode)
        for begin in range(0, len(strings), _BATCH):
            batch = mapped(lambda x, k=begin: as_input_of(module, x[k : k + _BATCH]), inputs)
            if not states:
                check_order(network, described, batch)
            with shown_of(network, described, batch) as (y, h):
                states.append(h.detach().cpu().double().numpy())
                said.append(_classes(y))
    h = np.concatenate(states)
    if not np.isfinite(h).all():
        raise ValueError("hidden states must be finite numbers, got some that are not")
    threshold = near * state_scale(h)
    if not threshold > 0:
        raise ValueError("hidden states must differ, got the same after every string")
    # The empty string is a state of its own: in a direction that no other has it is further away than is near.
    apart = np.zeros((len(h) + 1, h.shape[1] + 1))
    apart[1:, :-1], apart[0, -1] = h, 2 * threshold
    each = [(), *(tuple(map(int, s)) for strings in read for s in strings)]
    return automaton_of_states(each, apart, np.concatenate([[first], *said]), threshold=threshold, symbols=symbols)


def _encoded(strings: NDArray[np.int64], symbols: int, encode: Encode | None) -> Inputs:
    if encode is None:
        return torch.nn.functional.one_hot(torch.from_numpy(strings), symbols).float()
    if not callable(encode):  # pyright: ignore[reportUnnecessaryComparison]  # users may not type-check
        raise TypeError(f"encode must be a function of strings, got {shown(encode)}")
    inputs = mapped(as_tensor("what encode returns"), encode(strings))
    counts = {len(x) if x.ndim else 0 for x in tensors(inputs)}
    if counts != {len(strings)}:
        raise ValueError(
            f"encode must return a row for each of {len(strings)} strings, got "
            f"{' and '.join(map(str, sorted(counts))) or 'no tensor'}"
        )
    return inputs


def _classes(prediction: Tensor) -> NDArray[Any]:
    """The class that is said of each string."""
    y = prediction.detach().cpu()
    if y.ndim == 2 and y.shape[1] > 1:
        return y.argmax(1).numpy()
    if y.numel() != len(y):
        raise ValueError(
            f"the network must put out a class for each string, numbers of shape ({len(y)}, classes), got shape "
            f"{tuple(y.shape)}; give forward=, a function of the module and the inputs that returns them"
        )
    return (y.reshape(len(y)) > 0).long().numpy()
