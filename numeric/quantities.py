"""The values that every function takes and returns: a state, a pair of data points, two rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import instance

from .arguments import real

_LEAST = float(np.finfo(np.float64).tiny)

Number = float | NDArray[np.float64]

_ALIGNED = 1e-6
"""dy is parallel to dy* in all samples if Cauchy-Schwarz holds with equality to this share."""

CAUCHY_SCHWARZ_TOLERANCE = 1e-6
"""How far, relative to the terms compared, measured values may exceed the bound by rounding."""


def _checked(owner: str, name: str, value: ArrayLike, rule: str) -> Number:
    """``value`` as a float or a float array that obeys ``rule`` and that nobody can write to."""
    given = real(f"{owner}.{name}", value)
    array = given if _is_fixed(given) else np.array(given)
    for condition in dict.fromkeys(("finite", rule)):
        holds = _RULES[condition](array)
        if not holds.all():
            first = array[~holds].flat[0] if array.ndim else array[()]
            raise ValueError(f"{owner}.{name} must be {condition}, got {first}{_HINTS[owner, name, condition]}")
    array.setflags(write=False)
    return array if array.ndim else float(array)


def _is_fixed(array: NDArray[np.float64]) -> bool:
    """Whether nobody can write to an array, nor to one that it is a part of.

    The flag itself may not be read of what ``np.broadcast_arrays`` returns, which warns.
    """
    memory = array if array.base is None else array.base
    return isinstance(memory, np.ndarray) and all(x.__array_interface__["data"][1] for x in (array, memory))  # pyright: ignore[reportUnnecessaryIsInstance]  # it may be bytes


_RULES: dict[str, Callable[[NDArray[np.float64]], NDArray[np.bool_]]] = {
    "finite": np.isfinite,
    "non-negative": lambda array: array >= 0,
    "positive": lambda array: array > 0,
}


def _somewhere(condition: bool | np.bool_ | NDArray[np.bool_]) -> bool:
    """Whether a condition on a number, or on one of an array, holds."""
    return bool(condition.any()) if isinstance(condition, np.ndarray) else bool(condition)


def inner_products(
    dh: ArrayLike, dy: ArrayLike, dy_target: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """``dh2``, ``dy2`` and ``w`` of difference vectors ``(..., n)``, ``(..., m)``, ``(..., m)``, finite or not.

    Raises:
        TypeError: if one is no array of real numbers.
        ValueError: if one is a single number, the outputs and their targets are not of the same number, the axes
            before the last do not broadcast, or a vector is so short that its square is no number.

    >>> inner_products([3.0, 4.0], [1.0], [2.0])
    (np.float64(25.0), np.float64(1.0), np.float64(-1.0))
    """
    vectors = {"dh": real("dh", dh), "dy": real("dy", dy), "dy_target": real("dy_target", dy_target)}
    for name, vector in vectors.items():
        if not vector.ndim:
            raise ValueError(f"{name} must be a vector, of shape (..., n), got the number {vector}")
    h, y, target = vectors.values()
    if y.shape[-1:] != target.shape[-1:]:
        raise ValueError(f"dy and dy_target must have the same number of outputs, got shapes {y.shape}, {target.shape}")
    common_shape({f"{name}[..., 0]": vector.shape[:-1] for name, vector in vectors.items()})
    dh2, dy2 = (h * h).sum(-1), (y * y).sum(-1)
    for name, vector, square in (("dh", h, dh2), ("dy", y, dy2)):
        small = square < _LEAST
        if small.any() and (lost := np.abs(vector[small]).max(-1, initial=0.0)).any():
            raise ValueError(
                f"{name} must be 0 or long enough for its square to be a number of all digits, got one with an entry "
                f"of {lost.max():.3g} and a square below {_LEAST:.3g}; give it in another unit"
            )
    return dh2, dy2, (y * (y - target)).sum(-1)


@dataclass(frozen=True, eq=False)
class _Values:
    """Immutable named numbers or arrays that broadcast against each other."""

    _rules: ClassVar[dict[str, str]]

    def __post_init__(self) -> None:
        owner = type(self).__name__
        for name, rule in self._rules.items():
            object.__setattr__(self, name, _checked(owner, name, getattr(self, name), rule))
        broadcast(**{f"{owner}.{name}": getattr(self, name) for name in self._rules})

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(np.array_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))

    def __reduce__(self) -> tuple[type[_Values], tuple[Number, ...]]:
        """Copied and restored as it is made, with arrays of its own that are read-only."""
        return type(self), tuple(getattr(self, name) for name in self._rules)

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # arrays have no hash; None is how Python says so


@dataclass(frozen=True, eq=False)
class State(_Values):
    """Where a pair stands: squared hidden distance, squared output distance, misfit.

    Attributes:
        dh2: ``|h2 - h1|^2``.
        dy2: ``|y2 - y1|^2``.
        w: ``dy2 - (y2 - y1) . (y2* - y1*)``; 0 when the difference is learnt.

    Fields are numbers or arrays that broadcast against each other. Squared
    distances are in the units of the representation and of the outputs.

    Raises:
        TypeError: if a field is no real number or array of them.
        ValueError: if a field is not finite or shapes do not broadcast.

    Source: van Rossem & Saxe (arXiv 2402.09142), section 3.

    >>> State(dh2=0.1, dy2=0.0, w=0.0)
    State(dh2=0.1, dy2=0.0, w=0.0)
    """

    dh2: Number
    dy2: Number
    w: Number
    _rules = {"dh2": "finite", "dy2": "finite", "w": "finite"}

    @classmethod
    def measured(cls, dh: ArrayLike, dy: ArrayLike, dy_target: ArrayLike) -> State:
        """The state of measured difference vectors, shapes ``(..., n)``, ``(..., m)`` and ``(..., m)``.

        Raises:
            TypeError: as :func:`inner_products`.
            ValueError: as :func:`inner_products`, or if a number is not finite.

        >>> State.measured(dh=[3.0, 4.0], dy=[1.0], dy_target=[2.0])
        State(dh2=25.0, dy2=1.0, w=-1.0)
        """
        return cls(*inner_products(dh, dy, dy_target))

    def __getitem__(self, index: Any) -> State:
        """The state at some of its points, as an index selects them from the broadcast fields.

        >>> State([0.1, 0.2], [0.0, 0.3], 0.0)[-1]
        State(dh2=0.2, dy2=0.3, w=0.0)
        """
        return State(*(x[index] for x in np.broadcast_arrays(self.dh2, self.dy2, self.w)))


@dataclass(frozen=True, eq=False)
class Pair(_Values):
    """What does not change about two data points.

    Attributes:
        dx2: ``|x2 - x1|^2``, the squared distance of the inputs, positive.
        dy2: ``|y2* - y1*|^2``, the squared distance of the TARGETS, non-negative (0: the pair agrees).

    Raises:
        TypeError: if a field is no real number or array of them.
        ValueError: if a field is not finite, out of its range, or shapes do not broadcast.

    >>> Pair(dx2=1.0, dy2=0.5)
    Pair(dx2=1.0, dy2=0.5)
    """

    dx2: Number
    dy2: Number
    _rules = {"dx2": "positive", "dy2": "non-negative"}


@dataclass(frozen=True, eq=False)
class Rates(_Values):
    """Effective learning rates of encoder and decoder, in units of 1/(training step).

    Attributes:
        h: ``1/tau_h``, positive.
        y: ``1/tau_y``, positive.

    A two-layer linear network trained by gradient descent with step size lr on
    half the squared error, averaged over the two points, has ``h = y = lr/2``.

    Raises:
        TypeError: if a field is no real number or array of them.
        ValueError: if a field is not finite, not positive, or shapes do not broadcast.

    >>> Rates(h=0.01, y=0.02).h
    0.01
    """

    h: Number
    y: Number
    _rules = {"h": "positive", "y": "positive"}


_NAN = "; leave out samples that are gaps, and what follows a divergence"
_HINTS: dict[tuple[str, str, str], str] = {
    ("State", "dh2", "finite"): _NAN,
    ("State", "dy2", "finite"): _NAN,
    ("State", "w", "finite"): _NAN,
    ("Pair", "dx2", "finite"): "",
    ("Pair", "dx2", "positive"): "; choose two points with different inputs",
    ("Pair", "dy2", "finite"): "",
    ("Pair", "dy2", "non-negative"): "; it is the squared distance of the two targets",
    ("Rates", "h", "finite"): "",
    ("Rates", "h", "positive"): "; a rate is 1/tau, in units of 1/(training step)",
    ("Rates", "y", "finite"): "",
    ("Rates", "y", "positive"): "; a rate is 1/tau, in units of 1/(training step)",
}


def broadcast(**values: Number) -> tuple[int, ...]:
    """The common shape of named values.

    Raises:
        ValueError: naming every shape, if there is none.
    """
    return common_shape({name: np.shape(value) for name, value in values.items()})


def common_shape(shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """The shape to which named shapes broadcast.

    Raises:
        ValueError: naming every shape, if there is none.
    """
    different = {shape for shape in shapes.values() if shape}
    if len(different) < 2:
        return different.pop() if different else ()
    try:
        return np.broadcast_shapes(*different)
    except ValueError:
        got = ", ".join(f"{name} {shape}" for name, shape in shapes.items() if shape)
        raise ValueError(f"shapes must broadcast as NumPy does, got {got}; add axes of length 1") from None


def as_number(array: NDArray[np.float64]) -> Number:
    """An array as it is, one of no dimensions as a number."""
    return array if array.ndim else float(array)


def checked_times(t: ArrayLike) -> NDArray[np.float64]:
    """Times as an array.

    Raises:
        TypeError: if they are no real numbers.
        ValueError: if one is negative or not finite.
    """
    times = real("t", t)
    if not (times.min(initial=0.0) >= 0 and times.max(initial=0.0) < np.inf):
        wrong = ~(np.isfinite(times) & (times >= 0))
        first = times[wrong].flat[0] if times.ndim else times[()]
        hint = "; for t = inf use final_distance" if first == np.inf else ""
        raise ValueError(f"t must be finite and not negative, in training steps, got {first}{hint}")
    return times


def increasing_times(t: ArrayLike) -> NDArray[np.float64]:
    """Times of samples, shape (n,).

    Raises:
        ValueError: if they are fewer than 3, not finite, negative, or do not increase.
    """
    times = checked_times(t)
    if times.ndim != 1 or times.size < 3:
        raise ValueError(f"t must be of shape (n,) with n >= 3, got {times.shape}")
    wrong = np.nonzero(times[1:] <= times[:-1])[0]
    if wrong.size:
        before, after = times[wrong[0]], times[wrong[0] + 1]
        raise ValueError(
            "t must increase from each sample to the next; sort the samples and drop repeated ones: "
            f"{after:.17g} follows {before:.17g}"
        )
    return times


def samples(name: str, state: State, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """The three scalars of a trajectory as rows, a column for each of the times.

    Raises:
        TypeError: if it is no state.
        ValueError: if a field is neither a number nor of the shape of the times.
    """
    fields = list(vars(instance(name, state, State)).values())
    shapes = [np.shape(x) for x in fields]
    if any(shape not in ((), times.shape) for shape in shapes):
        raise ValueError(f"{name} must have fields of shape {times.shape} like t, got {shapes}")
    return np.stack([np.broadcast_to(x, times.shape) for x in fields])


def series(name: str, state: State) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """dh2 and dy2 of a trajectory, both of shape (n,).

    Raises:
        TypeError: if it is no state.
        ValueError: if its fields are neither numbers nor of one shape (n,).
    """
    instance(name, state, State)
    dh2, dy2 = np.broadcast_arrays(np.atleast_1d(state.dh2), np.atleast_1d(state.dy2))
    if dh2.ndim > 1:
        raise ValueError(f"{name} must have fields of shape (n,), one trajectory, got {dh2.shape}")
    return dh2, dy2


def check_distances(state: State) -> None:
    """Check that squared distances are not negative.

    Raises:
        ValueError: naming the one that is.
    """
    for name, value in (("dh2", state.dh2), ("dy2", state.dy2)):
        if _somewhere(value < 0):
            raise ValueError(f"{name} is a squared distance and must not be negative, got {np.min(value)}")


def is_aligned(state: State, pair: Pair) -> bool:
    """Whether dy is parallel or opposite to dy*, which is not 0, in all states, as of a single output.

    >>> is_aligned(State(1.0, [0.0, 4.0], [0.0, 2.0]), Pair(1.0, 1.0)), is_aligned(State(1.0, 4.0, 4.0), Pair(1.0, 1.0))
    (True, False)
    """
    dy2, w = (np.atleast_1d(x) for x in np.broadcast_arrays(state.dy2, state.w))
    return bool(are_aligned(dy2, w, np.asarray(pair.dy2)).all())


def are_aligned(dy2: NDArray[np.float64], w: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The same of each of several pairs, from scalars of shape (..., n) and targets of shape (...)."""
    bound = np.sqrt(dy2 * target[..., None])
    return (bound - np.abs(dy2 - w) <= _ALIGNED * (bound + np.abs(w))).all(axis=-1) & (target > 0)


def can_start(start: State, pair: Pair) -> NDArray[np.bool_]:
    """Of which pairs :func:`check_start` has nothing to say, in the shape to which everything broadcasts."""
    product, limit, _ = _schwarz(start, pair)
    return (np.asarray(start.dh2) > 0) & (np.asarray(start.dy2) >= 0) & (product <= limit)


@np.errstate(invalid="ignore")  # of a distance below 0
def _schwarz(start: State, pair: Pair) -> tuple[Number, Number, Number]:
    """``|dy . dy*|``, what it may be at most with rounding, and by Cauchy-Schwarz."""
    product = abs(start.dy2 - start.w)
    bound = np.sqrt(start.dy2) * np.sqrt(pair.dy2)
    return product, bound + CAUCHY_SCHWARZ_TOLERANCE * (bound + abs(start.dy2) + abs(start.w)), bound


def check_start(start: State, pair: Pair) -> None:
    """Check that a trajectory can start here.

    Raises:
        TypeError: if it is no state, or the pair none.
        ValueError: if a distance is negative, dh2 is 0, or dy2 - w = dy . dy* is beyond Cauchy-Schwarz.
    """
    instance("start", start, State)
    instance("pair", pair, Pair)
    check_distances(start)
    if _somewhere(start.dh2 <= 0):
        raise ValueError(
            f"the initial dh2 must be positive, got {np.min(start.dh2)}; two points with the same hidden "
            "representation cannot be told apart by the decoder"
        )
    product, limit, bound = _schwarz(start, pair)
    if _somewhere(product > limit):
        product, limit, bound = np.broadcast_arrays(product, limit, bound)
        worst = np.unravel_index(np.argmax(product - limit), product.shape)
        raise ValueError(
            f"|dy2 - w| must be at most |dy| |dy*| (Cauchy-Schwarz), got {product[worst]:.6g} > {bound[worst]:.6g} "
            "at the start; check that w is dy2 - dy . dy* and that Pair.dy2 is the squared distance of the targets"
        )
