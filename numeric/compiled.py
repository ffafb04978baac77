"""Functions generated from symbolic programs, in several languages."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from dataclasses import asdict, astuple, dataclass
from functools import cache, cached_property
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from repdyn.symbolic.arguments import instance, shown

from . import cache as kept
from .arguments import number, real
from .coefficients import named
from .languages import BACKENDS, declares, write

if TYPE_CHECKING:
    import sympy as sp
    from repdyn.symbolic import Program, Theory

_EXTRAS = {"numpy": "repdyn", "python": "repdyn", "torch": "repdyn[experiments]", "jax": "repdyn[jax]"}
"""What to install for a back end that is called from Python."""

_USES = {
    "c": "write its source to a file and compile that with a C99 compiler (link with -lm)",
    "javascript": "write its source to a file {name}.mjs and import {{ {name} }} from that",
    "latex": "put its source into a displayed formula",
}
"""What to do with the source of the others."""


@dataclass(frozen=True)
class CompiledFunction:
    """A function generated from a program, as a value: it can be read, compared and pickled.

    Attributes:
        name: its name.
        arguments: names of the positional arguments, in order; they broadcast.
        results: names of what it returns, in order; each has the shape of the arguments that it depends on.
        backend: the language: ``numpy``, ``python``, ``torch``, ``jax``, ``c``, ``javascript`` or ``latex``.
        source: its source, complete in itself, with the order of arguments and results written down.

    Called, it computes with the arrays of its back end, which is loaded by the first call. ``bare`` is the same
    without a check of what it is given, for loops.

    Raises:
        TypeError: when called, if the number of arguments is wrong, one is no real number or array of them, or the
            language is not one of Python.
        ValueError: when called, if arguments do not broadcast.
        ModuleNotFoundError: when called, if the library is not installed.

    >>> f = compile("two_point", "solution")
    >>> f.arguments
    ('t', 'dh2_0', 'dy2_0', 'w_0', 'dx2', 'dy2_target', 'rate_h', 'rate_y')
    >>> dh2, dy2, w = f(0.0, 0.1, 0.2, 0.1, 1.0, 0.5, 0.01, 0.01)
    >>> round(float(dh2), 12)
    0.1
    """

    name: str
    arguments: tuple[str, ...]
    results: tuple[str, ...]
    backend: str
    source: str

    @cached_property
    def bare(self) -> Callable[..., tuple[Any, ...]]:
        """The function itself, which checks nothing.

        Raises:
            TypeError: if the language is not one of Python.
            ModuleNotFoundError: if the library is not installed.
        """
        if self.backend in _USES:
            use = _USES[self.backend].format(name=self.name)
            raise TypeError(f"{self.name} is a source in {self.backend} and cannot be called from Python: {use}")
        namespace: dict[str, Any] = {}
        try:
            exec(builtins.compile(self.source, f"<repdyn {self.name}>", "exec"), namespace)
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"{self.name} is made for {self.backend}, which cannot be loaded ({error}): "
                f"pip install '{_EXTRAS[self.backend]}', or choose another of the backends {', '.join(BACKENDS)}"
            ) from error
        return namespace[self.name]

    def __call__(self, *values: Any) -> tuple[Any, ...]:
        function = self.bare
        if len(values) != len(self.arguments):
            raise TypeError(f"{self.name} takes {len(self.arguments)} values {self.arguments}, got {len(values)}")
        if self.backend == "python":
            return function(*self._single(values))
        try:
            return function(*values)
        except (TypeError, AttributeError, RuntimeError, ValueError) as error:
            given = zip(self.arguments, values, strict=True)
            if self.backend == "numpy" and isinstance(error, TypeError):
                return function(*(real(name, x) for name, x in given))  # of fractions, or it says which is none
            kinds = ", ".join(f"{name} {_kind(x)}" for name, x in given)
            refusal = TypeError if isinstance(error, TypeError | AttributeError) else ValueError
            raise refusal(
                f"{self.name} made for {self.backend} takes real numbers or arrays that broadcast, got {kinds}"
            ) from error

    def _single(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """The values, which must be one real number each."""
        for x in values:
            if type(x) is not float:
                given = zip(self.arguments, values, strict=True)
                return tuple(x if isinstance(x, Real) else number(name, x) for name, x in given)
        return values

    def __reduce__(self) -> tuple[type[CompiledFunction], tuple[Any, ...]]:
        return CompiledFunction, astuple(self)


def _kind(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return type(value).__name__ + (f" {tuple(cast(tuple[int, ...], shape))}" if isinstance(shape, tuple) else "")


def compile_program(name: str, program: Program, backend: str = "numpy") -> CompiledFunction:
    """Generate a function from a symbolic program, definition by definition, nothing rearranged.

    Args:
        name: what the function is called.
        program: arguments, definitions and results.
        backend: as for :func:`compile_theory`.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if there is no such back end, or the program has what its language cannot express.

    >>> import sympy as sp
    >>> from repdyn.symbolic import Program
    >>> x, y = sp.symbols("x y")
    >>> print(compile_program("twice", Program((x,), {}, {y: 2 * x}), "javascript").source.rstrip())
    /**
     * Generated by repdyn.
     *
     * @param {number} x
     * @returns {{y: number}} the results, in this order
     */
    export function twice(x) {
      return {
        y: 2*x,
      };
    }
    """
    _check(backend)
    from repdyn.symbolic.program import Program

    instance("name", name, str)
    instance("program", program, Program)
    return _remembered(_key(name, program, backend, {}), name, backend, lambda: _generate(name, program, backend, {}))


def compile_matrices(
    name: str, arguments: tuple[sp.Symbol | sp.MatrixSymbol, ...], results: Mapping[str, sp.MatrixExpr]
) -> CompiledFunction:
    """Generate a function of matrices of any size for NumPy, from sums, products and transposes of them.

    >>> import sympy as sp
    >>> n, k = sp.Symbol("n"), sp.Symbol("k")
    >>> A, x = sp.MatrixSymbol("A", n, n), sp.MatrixSymbol("x", n, 1)
    >>> print(compile_matrices("flow", (A, x, k), {"rate": -k * A.T * x / 2}).source.splitlines()[-2].strip())
    (-k/2) * (A.mT @ x),
    """
    from .languages import matrices
    from .languages.expressions import identity

    def generate() -> CompiledFunction:
        source = matrices.write(name, arguments, results)
        return CompiledFunction(name, tuple(map(str, arguments)), tuple(results), "numpy", source)

    key = kept.key(_generators(), "matrices", name, *results, identity((arguments, tuple(results.values()))))
    return _remembered(key, name, "numpy", generate)


def compile_theory(theory: Theory | str, what: str = "solution", backend: str = "numpy") -> CompiledFunction:
    """A function made from a theory of the package, by name, or from one of your own.

    Args:
        theory: a theory or the name of one.
        what: which of ``theory.programs``: ``solution``, ``rhs``, ``jacobian``, ``invariants``, ``readout``, ...
        backend: ``numpy``, ``python`` (one number at a time), ``torch`` (of which autograd takes derivatives) or
            ``jax`` (``jax.grad``, ``jax.vmap``, ``jax.jit``); or the source as ``c`` (C99), ``javascript`` (an ES
            module) or ``latex`` (in the notation of the theory's derivation).

    What was generated is kept between processes (``$REPDYN_CACHE``, else the user's cache folder).

    Raises:
        TypeError: if ``what`` is no string.
        ValueError: if there is no such theory or back end, or the theory has no such program.

    >>> f = compile_theory("two_point", "rhs")
    >>> f.results
    ('rate_of_dh2', 'rate_of_dy2', 'rate_of_w')
    """
    _check(backend)
    instance("what", what, str)
    return _compiled(theory if isinstance(theory, str) else named(theory), what, backend)


compile = compile_theory
"""The same function, by its short name, which hides Python's own where it is imported without its module."""


@cache
def _compiled(theory: Theory | str, what: str, backend: str) -> CompiledFunction:
    if isinstance(theory, str):
        key = kept.key(_derivations(), theory, what, backend)
        name = f"{theory}_{what}"
        return _remembered(key, name, backend, lambda: _generate(*_program(named(theory), what, backend)))
    found = _program(named(theory), what, backend)
    return _remembered(_key(*found), found[0], backend, lambda: _generate(*found))


def _check(backend: str) -> None:
    if not isinstance(backend, str) or backend not in BACKENDS:  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
        raise ValueError(f"there is no backend {shown(backend)}; there are {', '.join(BACKENDS)}")


Notation = Mapping["sp.Basic", str]


def _program(theory: Theory, what: str, backend: str) -> tuple[str, Program, str, Notation]:
    """What is generated: the function's name, the program, the back end and the notation of formulas."""
    programs = theory.programs
    if what not in programs:
        raise ValueError(f"theory {theory.name!r} has no program {what!r}; it has {', '.join(programs)}")
    notation: Notation = {}
    if backend == "latex":
        from .languages import formulas

        notation = formulas.notation(theory)
    return f"{theory.name}_{what}", programs[what], backend, notation


def _generate(name: str, program: Program, backend: str, notation: Notation) -> CompiledFunction:
    source = write(name, program, backend, notation)
    return CompiledFunction(name, tuple(map(str, program.arguments)), tuple(map(str, program.results)), backend, source)


def _key(name: str, program: Program, backend: str, notation: Notation) -> str:
    """What the source is determined by."""
    from .languages.expressions import identity

    whole = (program.arguments, tuple(program.definitions.items()), tuple(program.results.items()))
    return kept.key(_generators(), name, backend, identity(whole), identity(tuple(notation.items())))


def _remembered(key: str, name: str, backend: str, generate: Callable[[], CompiledFunction]) -> CompiledFunction:
    function = _restored(kept.read(key), name, backend)
    if function is None:
        function = generate()
        kept.write(key, asdict(function))
    return function


def _restored(record: kept.Record | None, name: str, backend: str) -> CompiledFunction | None:
    """The function of a record, or None if that is no record of a function of this name and back end."""
    match record:
        case {"arguments": [*arguments], "results": [*results], "source": str(source)}:
            function = CompiledFunction(name, tuple(arguments), tuple(results), backend, source)
            whole = {**asdict(function), "arguments": arguments, "results": results} == record
            texts = all(isinstance(x, str) for x in (*arguments, *results))
            return function if whole and texts and declares(source, name, arguments, backend) else None
        case _:
            return None


_HERE = Path(__file__).parent


@cache
def _generators() -> str:
    """What makes code of a program."""
    return kept.fingerprint(_HERE)


@cache
def _derivations() -> str:
    """What makes code of the name of a theory."""
    import repdyn.symbolic

    return kept.fingerprint(_HERE, Path(repdyn.symbolic.__file__).parent)
