"""The tangent kernel of an encoder as it stands, on points of anybody: what the collective theory takes for K."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from repdyn.numeric import Kernel
from repdyn.numeric.arguments import whole
from repdyn.symbolic.arguments import instance, shown
from torch import Tensor, nn

from .intervention import Intervention
from .layers import Layer, as_layer, called
from .look import Forward, as_input_of
from .pairs import Inputs, as_tensor, mapped, tensors
from .representations import check_order, shown_of

Array = NDArray[np.float64]

_BATCH = 256
"""Points that pass through the network at a time."""

_MOST = 2**32
"""Bytes that the columns may take."""

_DIRECTIONS = 64
"""Directions at least, along which not all units need be columns."""

_FEWEST = 3
"""Points between which there is anything to tell."""


def measured_kernel(
    module: nn.Module,
    inputs: Inputs,
    layer: str | Layer,
    *,
    forward: Forward | None = None,
    columns: int = 2000,
    rank: int = 500,
    seed: int = 0,
) -> Kernel:
    """The tangent kernel of the layers up to one, as they stand: how far one point's learning moves another there.

    It is ``sum_u grad h_u(x1)^T grad h_u(x2) / units``, of the gradients of each unit of the layer in the parameters
    that are trained, in evaluation mode; the network is left as it was. It is told from derivatives of units along
    random directions of the parameters, which are the columns of a factor: K is right on average, and an entry is off
    by about ``1 / sqrt(columns)`` of the root of the two diagonal ones. No matrix of points by points is made, and no
    gradient of a single point.

    Args:
        module: any, trained by anybody.
        inputs: the points, shape ``(N, *input)``: a tensor or array, or a dictionary, list or tuple of such.
        layer: the name of the submodule up to which the network is the encoder, or a :class:`Layer`.
        forward: how the module is called, as for a :class:`PairRecorder`.
        columns: how many are drawn, or a few more. They take 8 N bytes each.
        rank: how many are kept at most, those of the largest eigenvalues.
        seed: of the directions.

    Raises:
        TypeError: if an argument is of another kind, or the layer or the network puts out no tensor.
        ValueError: if inputs are not of 3 points at least, the layer does not exist, is not called once, has no row for
            each point, or no gradient in a parameter that is trained, a number is not a whole one that it may be, or
            the columns take more than 4 GiB.

    Source: Jacot et al. (arXiv 1806.07572), for the kernel; Hutchinson (1989), for traces from random signs.

    >>> network = nn.Sequential(nn.Linear(2, 4, bias=False), nn.Linear(4, 1))
    >>> points = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    >>> measured_kernel(network, points, "0", columns=16_000).matrix().round(1) + 0.0
    array([[1., 0., 1.],
           [0., 4., 2.],
           [1., 2., 2.]])
    """
    drawn, most, first = whole("columns", columns, 1), whole("rank", rank, 1), whole("seed", seed, 0)
    described = as_layer(layer)
    network = Intervention(instance("module", module, nn.Module), (described,), forward)
    points = mapped(as_tensor("inputs"), inputs)
    count = _count(points)
    if 8 * count * drawn > _MOST:
        raise ValueError(
            f"{drawn:,} columns of {count:,} points take {8 * count * drawn // 2**30:,} GiB and may take "
            f"{_MOST // 2**30}: draw fewer"
        )
    parameters: list[nn.Parameter] = [p for p in module.parameters() if p.requires_grad]
    rows: list[Array] = []
    for begin in range(0, count, _BATCH):
        batch = mapped(lambda x, k=begin: as_input_of(module, x[k : k + _BATCH]), points)
        if not begin:
            check_order(network, described, batch)
        with shown_of(network, described, batch, gradients=True) as (_, h):
            rows.append(_derivatives(h, parameters, drawn, first, described))
    factor = np.concatenate(rows)
    if not np.isfinite(factor).all():
        raise ValueError(f"gradients at {called(described.name)} must be finite numbers, got some that are not")
    vectors, values = Kernel(factor).modes
    share = float(values[most:].sum() / values.sum())
    return Kernel(vectors[:, :most] * np.sqrt(values[:most]), share)


def _count(points: Inputs) -> int:
    counts = {len(x) if x.ndim else 0 for x in tensors(points)}
    if not counts:
        raise TypeError(f"inputs must be a tensor, or hold some, got {shown(points)}")
    if len(counts) != 1 or min(counts) < _FEWEST:
        raise ValueError(
            f"inputs must be of shape (points, ...), of {_FEWEST} points at least and the same in every tensor, got "
            f"{' and '.join(map(str, sorted(counts)))} rows"
        )
    return counts.pop()


def _derivatives(h: Tensor, parameters: list[nn.Parameter], columns: int, seed: int, layer: Layer) -> Array:
    """Derivatives along random directions of the parameters, of all units or of random sums of them: rows of a factor.

    They are gradients of a product of gradients, which is linear in what it is the derivative by: one pass back for all
    directions and one for each, whatever the network is made of.

    Raises:
        ValueError: if no parameter acts on the layer.
    """
    dual = torch.zeros_like(h, requires_grad=True)
    moved: tuple[Tensor | None, ...] = ()
    if h.requires_grad:
        of_each = torch.autograd.grad(h, parameters, dual, create_graph=True, allow_unused=True)
        moved = cast(tuple[Tensor | None, ...], of_each)  # None of one that does not act
    acting = [x for x in moved if x is not None and x.requires_grad]
    if not acting:
        raise ValueError(f"{called(layer.name)} has no gradient in a parameter that is trained")
    units = h.shape[1]
    directions = max(_DIRECTIONS, -(-columns // units))
    of_each = min(units, -(-columns // directions))
    found: list[Array] = []
    for k in range(directions):
        generator = torch.Generator().manual_seed(
            int(np.random.SeedSequence((seed, k)).generate_state(1, np.uint64)[0])
        )
        along = [_signs(x.shape, x, generator) for x in acting]
        (derivatives,) = torch.autograd.grad(acting, dual, along, retain_graph=True)
        if of_each < units:
            derivatives = derivatives @ _signs((units, of_each), h, generator) / of_each**0.5
        found.append(derivatives.detach().cpu().double().numpy() / np.sqrt(directions * units))
    return np.concatenate(found, axis=1)


def _signs(shape: tuple[int, ...], like: Tensor, generator: torch.Generator) -> Tensor:
    """A random sign for each number: of what has mean 0 and variance 1 it tells a trace most closely."""
    return torch.empty(shape).bernoulli_(0.5, generator=generator).mul_(2).sub_(1).to(like)
