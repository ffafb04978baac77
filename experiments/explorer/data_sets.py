"""Small data sets whose modes do not mix: XOR, and eight digits that are to be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from repdyn.numeric import Kernel, arc_cosine_kernel, linear_kernel

Array = NDArray[np.float64]

_SAME = 1e-9
"""Eigenvalues that differ by this share of the largest are one, and entries below it 0."""

_DIGITS = 8


@dataclass(frozen=True)
class DataSet:
    """Points with the modes that the kernel of the inputs and the targets have in common.

    Attributes:
        name: how a link calls it.
        title: how the page calls it.
        points: what each point is called.
        thumbnails: a picture of each as the address of an image, or none.
        eigenvalues: of the kernel, falling, those of modes of the targets before others of their size, shape (k,).
        targets: the singular value of the centred targets in each mode, shape (k,).
        vectors: the modes among the points, shape (N, k).
    """

    name: str
    title: str
    points: tuple[str, ...]
    thumbnails: tuple[str, ...]
    eigenvalues: Array
    targets: Array
    vectors: Array


def data_sets() -> tuple[DataSet, ...]:
    """The data sets of the page.

    >>> [(x.name, len(x.points), x.eigenvalues.size) for x in data_sets()]
    [('xor', 4, 3), ('digits', 8, 7)]
    """
    return _xor(), _digits()


def _xor() -> DataSet:
    inputs = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    targets = -inputs.prod(1, keepdims=True) / 2
    names = ("00", "01", "10", "11")
    return DataSet("xor", "XOR", names, (), *shared_modes(arc_cosine_kernel(inputs), targets))


def _digits() -> DataSet:
    """The first eight of scikit-learn's digits, 0 to 7, each its own class."""
    from sklearn.datasets import load_digits  # half a second

    images = load_digits().images[:_DIGITS]
    names = tuple(map(str, range(_DIGITS)))
    kernel = linear_kernel(images.reshape(_DIGITS, -1))
    return DataSet("digits", "eight digits", names, tuple(map(_svg, images)), *shared_modes(kernel, np.eye(_DIGITS)))


def shared_modes(kernel: Kernel, targets: Array) -> tuple[Array, Array, Array]:
    """Eigenvalues of the centred kernel, 1 in the mean, what the centred targets are in each mode, and the modes.

    Raises:
        ValueError: if kernel and targets have other eigenvectors each, so that modes mix.

    >>> kernel, targets = Kernel([[1.0, 0.0], [0.0, 2.0], [-1.0, -2.0]]), np.eye(3)
    >>> [x.round(3).tolist() for x in shared_modes(kernel, targets)[:2]]
    [[1.721, 0.279], [1.0, 1.0]]
    """
    vectors, values = kernel.centred.modes
    about = targets - targets.mean(0)
    gram = about @ about.T
    order: Array = np.arange(len(kernel), dtype=np.float64)
    basis = np.hstack([_turned(vectors[:, same], gram, np.outer(order, order)) for same in _groups(values, values[0])])
    shared = basis.T @ gram @ basis
    if np.abs(shared - np.diag(np.diag(shared))).max() > _SAME * np.abs(gram).max():
        raise ValueError("kernel and targets must have their eigenvectors in common, got modes that mix")
    signs = np.sign(basis[np.abs(basis).argmax(0), np.arange(basis.shape[1])])
    squares = np.where(np.diag(shared) > _SAME * np.abs(gram).max(), np.diag(shared), 0.0)
    return values / values.mean(), np.sqrt(squares), basis * signs


def _groups(values: Array, scale: float) -> Sequence[slice]:
    """Runs of eigenvalues, falling, that are equal on a scale."""
    starts = [0, *(np.nonzero(np.diff(values) < -_SAME * scale)[0] + 1).tolist(), values.size]
    return [slice(begin, end) for begin, end in pairwise(starts)]


def _turned(vectors: Array, *forms: Array) -> Array:
    """A basis of the same space in which the first form is diagonal, the largest first; among equals the next.

    The last form is the order of the points: it settles what is left, so that no two points lie on each other.
    """
    if not forms:
        return vectors
    values, turn = np.linalg.eigh(vectors.T @ forms[0] @ vectors)
    basis = vectors @ turn[:, ::-1]
    groups = _groups(values[::-1], float(np.abs(forms[0]).max()))
    return np.hstack([_turned(basis[:, same], *forms[1:]) for same in groups])


def _svg(image: Array) -> str:
    """A small picture, dark on light, as the address of an image."""
    side, most = len(image), image.max()
    dark = "".join(
        f"<path d='M{x} {y}h1v1h-1z' opacity='{image[y, x] / most:.2f}'/>"
        for y in range(side)
        for x in range(side)
        if image[y, x]
    )
    paper = f"<rect width='{side}' height='{side}' fill='white'/>"
    drawn = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {side} {side}'>{paper}{dark}</svg>"
    return f"data:image/svg+xml,{drawn.replace('<', '%3C').replace('>', '%3E')}"
