"""Which sequences that agree merge, by their lengths and the futures that they share."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from repdyn.symbolic import Program

from .arguments import number, positive, real
from .automata.automaton import checked_symbols
from .compiled import CompiledFunction, compile_program
from .quantities import Number, as_number, broadcast


def shared_futures(
    longer: ArrayLike, longest: ArrayLike, *, factor: ArrayLike = 1.0, share: float = 1.0, symbols: int = 2
) -> Number:
    """How many futures two sequences share among all strings up to a length, each weighted by what is left after it.

    A future of k symbols counts ``factor^k``. With ``factor=1`` it is their number, ``2^(longest - longer + 1) - 1``
    of two symbols.

    Args:
        longer: the length of the longer of the two, whole, from 0 to ``longest``; any shape.
        longest: the length up to which there are data; the arrays broadcast.
        factor: what each symbol read multiplies squared distances by at the start, positive.
        share: of all strings that are in the data, in (0, 1]: a future counts where both strings are.
        symbols: how many there are to read.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if a number is not what it must be.

    Source: van Rossem & Saxe (arXiv 2507.09897), N of eq. 9, whose futures all count 1.

    >>> shared_futures([8, 10], 10).tolist()
    [7.0, 1.0]
    >>> round(shared_futures(8, 10, factor=0.005), 4)
    1.0101
    """
    lengths = {name: real(name, value) for name, value in (("longer", longer), ("longest", longest))}
    for name, value in lengths.items():
        if not ((value >= 0) & (value == np.floor(value)) & np.isfinite(value)).all():
            raise ValueError(f"{name} must be whole numbers of at least 0, got {value}")
    read = positive("factor", factor)
    broadcast(**lengths, factor=read)
    more = np.asarray(lengths["longest"] - lengths["longer"])
    if (more < 0).any():
        raise ValueError(f"longer must be at most longest, got {-more.min():g} more")
    part = number("share", share)
    if not 0 < part <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {part:g}")
    found = _compiled("SHARED_FUTURES")(more, read, part, float(checked_symbols(symbols)))[0]
    return as_number(np.asarray(found))


def merges(shorter: ArrayLike, futures: ArrayLike, *, factor: ArrayLike, constant: ArrayLike) -> NDArray[np.bool_]:
    """Whether two sequences that agree on every future merge: ``futures factor^-shorter >= constant``.

    Args:
        shorter: the length of the shorter of the two, positive.
        futures: those that they share, weighted (:func:`shared_futures`), positive.
        factor: what each symbol read multiplies squared distances by at the start, positive.
        constant: of the architecture, unknown: to be fitted, positive. All broadcast.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if one is not positive and finite.

    Source: van Rossem & Saxe (arXiv 2507.09897), eq. 9; under the assumption on the start of ``repdyn derive
    recurrent``.

    >>> merges([1, 4, 8], 1.0, factor=0.1, constant=1e3).tolist()
    [False, True, True]
    """
    given = {"shorter": shorter, "futures": futures, "factor": factor, "constant": constant}
    values = {name: positive(name, value) for name, value in given.items()}
    broadcast(**values)
    compared = values.pop("constant")
    return np.asarray(_compiled("MERGER_NUMBER")(*values.values())[0]) >= compared


def merger_threshold(futures: ArrayLike, *, factor: ArrayLike, constant: ArrayLike) -> Number:
    """The length of the shorter of two sequences that agree from which on they merge.

    Args:
        futures: those that they share, weighted (:func:`shared_futures`), positive.
        factor: what each symbol read multiplies squared distances by at the start, in (0, 1).
        constant: of the architecture, unknown: to be fitted, positive. All broadcast.

    Raises:
        TypeError: if an argument is of another kind.
        ValueError: if one is not positive and finite, or the factor not below 1.

    Source: van Rossem & Saxe (arXiv 2507.09897), eq. 9 solved for the length.

    >>> round(merger_threshold(1.0, factor=0.1, constant=1e3), 6)
    3.0
    """
    given = {"futures": futures, "factor": factor, "constant": constant}
    values = {name: positive(name, value) for name, value in given.items()}
    if (values["factor"] >= 1).any():
        raise ValueError(
            f"factor must be below 1, got {values['factor'].max():g}: distances that grow with length make short "
            "sequences merge"
        )
    broadcast(**values)
    return as_number(np.asarray(_compiled("MERGER_THRESHOLD")(*values.values())[0]))


@cache
def _compiled(name: str) -> CompiledFunction:
    from repdyn.symbolic.sequences import mergers

    program: Program = getattr(mergers, name)
    return compile_program(name.lower(), program)
