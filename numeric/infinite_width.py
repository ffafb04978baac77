"""Kernels of infinitely wide networks: what a nonlinearity makes of the inputs before anything is learnt."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import shown

from .arguments import number, whole
from .compiled import CompiledFunction, compile_program
from .kernels import Kernel, checked_inputs, kernel_of

Array = NDArray[np.float64]


class _Moments(NamedTuple):
    """Second moments of what two sets of points are to one unit.

    Attributes:
        first: of each of the first with itself, shape (m, 1).
        both: of each of the first with each of the second, shape (m, n).
        second: of each of the second with itself, shape (1, n).
    """

    first: Array
    both: Array
    second: Array


Layer = Callable[[Array, Array, Array], tuple[Array, Array]]
"""The moments behind a nonlinearity, and those of its slope, from the three before it."""


def arc_cosine_kernel(inputs: ArrayLike, depth: int = 1, degree: int = 1, rank: int | None = None) -> Kernel:
    """The kernel of features ``max(0, v^T x)^degree`` with random normal v, infinitely many, layer upon layer.

    That of degree 1 is the kernel of the network Gaussian process of rectified units with weights of variance 2/n and
    no biases, times the number of inputs.

    Args:
        inputs: shape (N, d); further axes are values too.
        depth: of how many layers, at least 1.
        degree: 0 (steps), 1 (rectified units) or 2 (their squares).
        rank: as for :func:`kernel_of`.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if a number is not finite or out of its range.

    Source: Cho & Saul (NeurIPS 2009).

    >>> arc_cosine_kernel([[1.0, 0.0], [0.0, 1.0]]).matrix().round(4).tolist()
    [[1.0, 0.3183], [0.3183, 1.0]]
    """
    layers = whole("depth", depth, 1)
    if whole("degree", degree, 0) > 2:
        raise ValueError(f"degree must be 0, 1 or 2, got {degree}")

    def function(first: Array, second: Array) -> Array:
        moments = _Moments(_squares(first)[:, None], first @ second.T, _squares(second)[None])
        for _ in range(layers):
            moments = _Moments(
                _arc_cosine(degree, moments.first, moments.first, moments.first),
                _arc_cosine(degree, *moments),
                _arc_cosine(degree, moments.second, moments.second, moments.second),
            )
        return moments.both

    return kernel_of(function, checked_inputs(inputs), rank)


def tangent_kernel(
    inputs: ArrayLike,
    depth: int,
    nonlinearity: str = "relu",
    *,
    weight_variance: float = 2.0,
    bias_variance: float = 0.0,
    slope: float = 0.01,
    rank: int | None = None,
) -> Kernel:
    """The tangent kernel of an infinitely wide network at its start, of some hidden layers and a linear one behind.

    Args:
        inputs: shape (N, d); further axes are values too.
        depth: the number of hidden layers; of 0 it is the kernel of a linear map.
        nonlinearity: ``linear``, ``relu``, ``leaky_relu`` or ``erf``, behind each hidden layer.
        weight_variance: times the number of units that a weight comes from; a Xavier-normal weight between layers of
            one width times a gain has gain^2.
        bias_variance: that of a bias.
        slope: that of ``leaky_relu`` for negative arguments.
        rank: as for :func:`kernel_of`.

    Each weight is a standard normal number times the root of its variance, and what it adds to the kernel is in that
    parametrisation: of a network whose layers have one width all weights count alike.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if a number is not finite or out of its range, or the nonlinearity has no closed form.

    Source: Jacot, Gabriel & Hongler (arXiv 1806.07572), Lee et al. (arXiv 1902.06720); the moments of ``erf`` are those
    of Williams (NeurIPS 1996).

    >>> tangent_kernel([[1.0, 1.0], [1.0, -1.0]], depth=1).matrix().round(4).tolist()
    [[4.0, 0.6366], [0.6366, 4.0]]
    """
    x, layers, layer = checked_inputs(inputs), whole("depth", depth, 0), _layer(nonlinearity, slope)
    variances = {"weight_variance": weight_variance, "bias_variance": bias_variance}
    weights, biases = (number(name, value) for name, value in variances.items())
    if not (np.isfinite([weights, biases]).all() and weights > 0 and biases >= 0):
        raise ValueError(
            f"weight_variance must be positive and bias_variance not negative, both finite, got {weights} and {biases}"
        )

    def function(first: Array, second: Array) -> Array:
        squares = (_squares(z) / x.shape[1] for z in (first, second))
        own, others = (weights * z + biases for z in squares)
        moments = _Moments(own[:, None], weights * (first @ second.T) / x.shape[1] + biases, others[None])
        tangent = moments.both
        for _ in range(layers):
            behind, slopes = layer(*moments)
            ends = (layer(z, z, z)[0] for z in (moments.first, moments.second))
            one, other = (weights * z + biases for z in ends)
            moments = _Moments(one, weights * behind + biases, other)
            tangent = moments.both + weights * slopes * tangent
        return tangent

    return kernel_of(function, x, rank)


def _squares(x: Array) -> Array:
    return np.square(x).sum(1)


def _layer(nonlinearity: str, slope: float) -> Layer:
    """The moments behind a nonlinearity.

    Raises:
        TypeError: if the slope is no number.
        ValueError: if there is no closed form, or the slope is not finite.
    """
    leak = number("slope", slope)
    if not np.isfinite(leak):
        raise ValueError(f"slope must be finite, got {leak}")
    known: dict[str, Layer] = {
        "linear": _rectified(1.0),
        "relu": _rectified(0.0),
        "leaky_relu": _rectified(leak),
        "erf": _error_function,
    }
    if not isinstance(nonlinearity, str) or nonlinearity not in known:  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
        hint = "; erf(sqrt(pi) x/2) is near tanh(x)" if shown(nonlinearity) == "'tanh'" else ""
        raise ValueError(
            f"nonlinearity must be one whose kernel has a closed form, {', '.join(known)}, got "
            f"{shown(nonlinearity)}{hint}; kernel_of takes a kernel of your own"
        )
    return known[nonlinearity]


def _angle(first: Array, both: Array, second: Array) -> tuple[Array, Array]:
    """The area that two vectors of these products span, and the angle between them."""
    area = np.sqrt(np.maximum(first * second - both**2, 0.0))
    return area, np.arctan2(area, both)


def _rectified(leak: float) -> Layer:
    """``max(x, 0) + leak min(x, 0)``."""

    def layer(first: Array, both: Array, second: Array) -> tuple[Array, Array]:
        moments, slopes = _programs()["leaky"](both, *_angle(first, both, second), leak)
        return moments, slopes

    return layer


def _error_function(first: Array, both: Array, second: Array) -> tuple[Array, Array]:
    (rest,) = _programs()["rest"](first, both, second)
    moments, slopes = _programs()["error_function"](rest, np.arctan2(2 * both, rest))
    return moments, slopes


def _arc_cosine(degree: int, first: Array, both: Array, second: Array) -> Array:
    area, angle = _angle(first, both, second)
    arguments = ((angle,), (both, area, angle), (first, both, second, area, angle))[degree]
    return _programs()[("steps", "rectified", "squared")[degree]](*arguments)[0]


@cache
def _programs() -> dict[str, CompiledFunction]:
    """The moments behind nonlinearities, generated."""
    from repdyn.symbolic import infinite_width as formulas

    programs = {
        "steps": formulas.STEPS,
        "rectified": formulas.RECTIFIED,
        "squared": formulas.SQUARED,
        "leaky": formulas.LEAKY,
        "error_function": formulas.ERROR_FUNCTION,
        "rest": formulas.REST_OF_ERROR_FUNCTION,
    }
    return {name: compile_program(f"moments_{name}", program) for name, program in programs.items()}
