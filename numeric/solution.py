"""The exact trajectory and its end, generated from the symbolic solution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic.arguments import shown

from .begin import theory_start
from .coefficients import DEFAULT_THEORY, Coefficients, check_shapes, named, parameter_values
from .compiled import CompiledFunction, compile
from .quantities import Number, Pair, Rates, State, as_number, check_start, checked_times, common_shape

if TYPE_CHECKING:
    from repdyn.symbolic import Theory

Array = NDArray[np.float64]


def trajectory(
    t: ArrayLike,
    start: State,
    pair: Pair,
    rates: Coefficients,
    *,
    theory: Theory | str = DEFAULT_THEORY,
    backend: str = "numpy",
) -> State:
    """The state of a pair after ``t`` training steps, in closed form.

    Args:
        t: training steps, any shape, finite and not negative.
        start: the state at ``t = 0``, with ``dh2 > 0``.
        pair: squared distances of inputs and of targets.
        rates: effective learning rates in 1/(training step), or a mapping from names to the coefficients of the
            theory; those that may be 0 are 0 unless given.
        theory: a theory with a closed form, by name or one of your own; :func:`integrate` takes any.
        backend: ``numpy``, or ``c``: the same program as C, which the machine's compiler (``cc``, or ``$CC``) makes
            into a library that is kept like all generated code; several times faster, on all processors or as many
            as ``$OMP_NUM_THREADS`` says.

    Everything broadcasts. dh2 and dy2 are accurate to 1e-12, relative, beyond what
    the last place of the inputs leaves open; so is w against ``dy2 + |dy . dy*|``.
    (A start from which dh neither passes through zero nor stays away from it, to
    rounding, is on the boundary of two outcomes: its end is not determined.)

    The function that ``compile`` makes of it for torch or JAX has the derivatives of the state by every argument,
    also where the targets or the outputs agree, at ``A_high = 0`` and at both bounds of Cauchy-Schwarz: a derivative
    by one argument holds the others fixed, beyond that bound if need be.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if a time is negative or not finite, the initial dh2 is 0, ``|dy2 - w|`` is beyond
            Cauchy-Schwarz, shapes do not broadcast, the theory has no closed form, or there is no such back end.
        RuntimeError: if there is no C compiler, or it fails.

    Source: the mode form of the solution, derived and proved in
    ``repdyn.symbolic.two_point()``; the system is that of van Rossem & Saxe (arXiv 2402.09142).

    >>> end = trajectory(1e6, State(1e-3, 0.0, 0.0), Pair(1.0, 0.5), Rates(1e-2, 1e-2))
    >>> round(end.dh2, 6), round(end.dy2, 6)
    (0.707607, 0.5)
    >>> wide = {"rate_h": 1e-2, "rate_y": 1e-2, "gram": 1e-4}
    >>> round(trajectory(1e6, State(1e-3, 0.0, 0.0), Pair(1.0, 0.5), wide, theory="scalar_output").dh2, 6)
    0.659408
    """
    if not isinstance(backend, str) or backend not in ("numpy", "c"):  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
        raise ValueError(f"backend must be 'numpy' or 'c', got {shown(backend)}; compile makes functions for others")
    times = checked_times(t)
    function, values = prepared("solution", theory, start, pair, rates, times)
    if backend == "numpy":
        return State(*_in_blocks(function, [times, *values]))
    from .native import native  # seldom needed

    return State(*native(compile(theory, "solution", "c"), [times, *values]))


_BLOCK = 2**13
"""Points that are computed at once: so many, with all that is in between, stay in the processor's cache."""


def _in_blocks(function: CompiledFunction, values: Sequence[Number]) -> list[Array]:
    """What a function whose results depend on all of its arguments gives, along the longest axis block by block."""
    arrays = [np.asarray(x) for x in values]
    shape = common_shape({name: x.shape for name, x in zip(function.arguments, arrays, strict=True)})
    count = math.prod(shape)
    if count <= _BLOCK:
        return list(function(*values))
    found = np.empty((len(function.results), *shape))
    axis = shape.index(max(shape)) - len(shape)
    width = max(1, _BLOCK * shape[axis] // count)
    after = (slice(None),) * (-1 - axis)
    for begin in range(0, shape[axis], width):
        block = (..., slice(begin, begin + width), *after)
        parts = function(*(x[block] if x.ndim >= -axis and x.shape[axis] > 1 else x for x in arrays))
        for whole, part in zip(found, parts, strict=True):
            whole[block] = part
    found.setflags(write=False)
    return list(found)


def final_distance(start: State, pair: Pair, rates: Coefficients, *, theory: Theory | str = DEFAULT_THEORY) -> Number:
    """The squared hidden distance at the end of training.

    ``dh2 = A_high/2 + sqrt(A_high^2/4 + A_low^2)`` with ``A_high = dh2 - rho dy2/dh2``
    (at the start), ``A_low^2 = rho |dy*|^2`` and ``rho = |dx|^2 tau_y/tau_h`` in the two-point theory. Without
    the ansatz another term is under the root; with growing rates it is the root of an equation in one unknown.

    A balanced start that points exactly the wrong way is on the boundary of two outcomes: this is the one of the
    starts beside it, while its own trajectory may end elsewhere.

    Of a pair that agrees, at ``A_high = 0``, it has no derivatives: it is a root of ``Pair.dy2`` there (infinite)
    and has a kink in the others (NaN).

    Args:
        start: the state at ``t = 0``, with ``dh2 > 0``.
        pair: squared distances of inputs and of targets.
        rates: as for :func:`trajectory`.
        theory: a theory whose end is known (:func:`has_end`), by name or one of your own.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: as :func:`trajectory`, or if the theory's end is not known.

    Source: van Rossem & Saxe (arXiv 2402.09142), section 4.

    >>> round(final_distance(State(1e-9, 0.0, 0.0), Pair(1.0, 0.25), Rates(1e-2, 1e-2)), 6)
    0.5
    """
    if _plain("final", theory) is None:
        theory = named(theory)
        if theory.final is None and theory.approach is not None:
            return _approached(theory, start, pair, rates)
    return as_number(evaluated("final", theory, start, pair, rates)[0])


def has_end(theory: Theory | str) -> bool:
    """Whether the end of training is known in a theory, so that it has a final distance.

    Raises:
        ValueError: if there is no such theory.

    >>> has_end("growing_rates"), has_end("cross_entropy")
    (True, False)
    """
    found = named(theory)
    return found.final is not None or found.approach is not None


def regime_number(start: State, pair: Pair, rates: Coefficients, *, theory: Theory | str = DEFAULT_THEORY) -> Number:
    """The dimensionless number that orders all starts: ``asinh(A_high/(2 A_low))``.

    0 is rich (the end forgets the start), large positive lazy (the representation stays), large negative
    collapsing. Where the targets agree it is infinite, with the sign of A_high, and 0 if that is 0.
    The final distance is ``A_low exp(regime_number)``. Where it is infinite it has no derivatives (0 is returned).

    Args:
        start: the state at ``t = 0``, with ``dh2 > 0``.
        pair: squared distances of inputs and of targets.
        rates: as for :func:`trajectory`.
        theory: a theory that has this number (``Theory.has_regime``), by name or one of your own.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: as :func:`trajectory`, or if the theory has no such number.

    Source: the end state of van Rossem & Saxe (arXiv 2402.09142), section 4, in this package's form.

    >>> round(regime_number(State(1e-9, 0.0, 0.0), Pair(1.0, 0.25), Rates(1e-2, 1e-2)), 6)
    0.0
    """
    if _plain("final", theory) is None:
        theory = named(theory)
        if not theory.has_regime:
            raise ValueError(f"theory {theory.name!r} has no regime number: its final state has no result of that name")
    found = evaluated("final", theory, start, pair, rates)
    return as_number(found[compile(theory, "final").results.index("regime")])


def evaluated(
    what: str, theory: Theory | str, start: State, pair: Pair, rates: Coefficients, *before: Number
) -> tuple[Array, ...]:
    """What a program of (time, measured start, parameters) or (measured start, parameters) gives."""
    function, values = prepared(what, theory, start, pair, rates, *before)
    return function(*before, *values)


def prepared(
    what: str, theory: Theory | str, start: State, pair: Pair, rates: Coefficients, *before: Number
) -> tuple[CompiledFunction, list[Number]]:
    """A program as a function, and the measured start and the parameters that it takes, all checked."""
    check_start(start, pair)
    check_shapes(start, pair, rates, **dict(zip("t", before, strict=False)))
    measured = [start.dh2, start.dy2, start.w]
    if isinstance(rates, Rates) and (function := _plain(what, theory)) is not None:
        return function, [*measured, pair.dx2, pair.dy2, rates.h, rates.y]
    theory = named(theory)
    values = parameter_values(theory, pair, rates)
    _expect(what, theory)
    theory_start(theory, start, values)
    return compile(theory, what), [*measured, *values]


_PLAIN = ("dx2", "dy2_target", "rate_h", "rate_y")


def _plain(what: str, theory: Theory | str) -> CompiledFunction | None:
    """The function of a theory given by its name, if it begins at what is measured and has two rates and nothing else.

    It is called without the theory, which takes SymPy: what was generated says all that must be known. Otherwise None.
    """
    if not isinstance(theory, str):
        return None
    try:
        function, begin = compile(theory, what), compile(theory, "begin")
    except ValueError:  # there is none, which the theory says better
        return None
    wanted = (*begin.results, *_PLAIN)
    return function if function.arguments[-len(wanted) :] == wanted == begin.arguments else None


def _expect(what: str, theory: Theory) -> None:
    if what not in theory.programs:
        missing = {
            "solution": "closed form; use integrate",
            "final": "end that is known; use integrate over a long time",
            "moments": "moments in closed form; integrate, and look for them",
        }[what]
        raise ValueError(f"theory {theory.name!r} has no {missing}")


def _approached(theory: Theory, start: State, pair: Pair, rates: Coefficients) -> Number:
    """dh2 at the end, where the impulse is found at which the squared output lacks nothing."""
    check_start(start, pair)
    check_shapes(start, pair, rates)
    values = parameter_values(theory, pair, rates)
    theory_start(theory, start, values)
    arguments = np.broadcast_arrays(start.dh2, start.dy2, start.w, *values)
    after = compile(theory, "approach")
    ends = [_end(after, problem) for problem in zip(*(x.ravel().tolist() for x in arguments), strict=True)]
    return as_number(np.array(ends).reshape(arguments[0].shape))


def _end(after: CompiledFunction, problem: tuple[float, ...]) -> float:
    """dh2 where ``lack`` is 0, for one problem. lack rises with the impulse from where one of the lengths vanishes."""

    from scipy.optimize import bisect  # slow to load, and seldom needed

    def lack(impulse: float) -> float:
        missing, dh2, b2 = after(impulse, *problem)
        return float(missing) if min(dh2, b2) >= 0 else -np.inf

    with np.errstate(over="ignore"):
        begun = lack(0.0)
        if begun == 0:
            return problem[0]
        direction = -np.sign(begun)
        reached = next(x for x in direction * 4.0 ** np.arange(-60, 500) if np.sign(lack(x)) == direction)
        root = bisect(lack, 0.0, reached, xtol=1e-300, rtol=4 * np.finfo(np.float64).eps, maxiter=1200)
        return max(float(after(root, *problem)[1]), 0.0)
