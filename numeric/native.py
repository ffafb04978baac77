"""Generated C, compiled and called on this machine: one pass over memory, on all processors."""

from __future__ import annotations

import ctypes
import math
import os
import shutil
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from . import cache as kept
from .compiled import CompiledFunction
from .processors import processors
from .quantities import Number, common_shape

Array = NDArray[np.float64]

_FLAGS = ("-std=gnu11", "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")

_SHARE = 2**15
"""Points that are worth a thread."""

_HEAD = """
#include <math.h>

/* The C library's functions of several numbers at once, accurate to four units in the last place. */
#if defined __x86_64__ && defined __GLIBC__ && defined __GNUC__ && !defined __clang__
#if __GLIBC_PREREQ(2, 35)
#define AT_ONCE(function) __attribute__((simd("notinbranch"), const)) double function(double);
AT_ONCE(exp) AT_ONCE(expm1) AT_ONCE(log) AT_ONCE(log1p) AT_ONCE(sinh) AT_ONCE(cosh) AT_ONCE(tanh) AT_ONCE(asinh)
#endif
#endif

static inline __attribute__((always_inline)) void %(name)s(const double *, double *);

"""

_LOOPS = """
enum { WIDTH = 512, COUNT = %(count)d };

/* Where the first argument moves and the others stay: what depends on these alone is computed once. */
static void along(long count, const double *restrict first, const double *restrict others, %(outputs)s) {
    for (long i = 0; i < count; i++) {
        double arguments[COUNT] = {first[i]}, results[%(results)d];
        for (int k = 1; k < COUNT; k++) arguments[k] = others[k];
        %(name)s(arguments, results);
        %(stores)s
    }
}

static void across(long count, const double (*restrict given)[WIDTH], %(outputs)s) {
    for (long i = 0; i < count; i++) {
        double arguments[COUNT], results[%(results)d];
        for (int k = 0; k < COUNT; k++) arguments[k] = given[k][i];
        %(name)s(arguments, results);
        %(stores)s
    }
}

/* Points from begin to end; an argument of step 0 is the same number at all of them. */
void compute(long begin, long end, const double *const *arguments, const long *steps, double *const *found) {
    double others[COUNT], given[COUNT][WIDTH];
    int moving = 0;
    if (begin == end) return;
    for (int k = 0; k < COUNT; k++) {
        moving |= k && steps[k];
        others[k] = *arguments[k];
    }
    if (!moving && steps[0]) {
        along(end - begin, arguments[0] + begin, others, %(from_begin)s);
        return;
    }
    for (long i = begin; i < end; i += WIDTH) {
        const long count = end - i < WIDTH ? end - i : WIDTH;
        for (int k = 0; k < COUNT; k++)
            for (long j = 0; j < count; j++) given[k][j] = arguments[k][steps[k] * (i + j)];
        across(count, given, %(from_i)s);
    }
}
"""


def native(function: CompiledFunction, values: Sequence[Number]) -> list[Array]:
    """What a function generated in C gives, each result in the shape to which all values broadcast.

    Raises:
        RuntimeError: if there is no C compiler, or it fails.
    """
    compute = _compute(function)
    arrays = [np.asarray(x) for x in values]
    shape = common_shape({name: x.shape for name, x in zip(function.arguments, arrays, strict=True)})
    count = math.prod(shape)
    found = np.empty((len(function.results), *shape))
    moving = {i: np.ascontiguousarray(np.broadcast_to(x, shape)) for i, x in enumerate(arrays) if x.ndim}
    still = (ctypes.c_double * len(arrays))(*(0.0 if x.ndim else x for x in arrays))
    first, width, size = ctypes.addressof(still), ctypes.sizeof(ctypes.c_double), found.itemsize * count
    arguments = _pointers(_place(moving[i]) if i in moving else first + width * i for i in range(len(arrays)))
    results = _pointers(_place(found) + size * i for i in range(len(found)))
    steps = (ctypes.c_long * len(arrays))(*(x.ndim > 0 for x in arrays))

    def share(begin: int, end: int) -> None:
        compute(begin, end, arguments, steps, results)

    threads = min(processors(), count // _SHARE)
    if threads < 2:
        share(0, count)
    else:
        bounds = [count * i // threads for i in range(threads + 1)]
        with ThreadPoolExecutor(threads) as pool:  # a call of C leaves the interpreter to the others
            list(pool.map(share, bounds[:-1], bounds[1:]))
    found.setflags(write=False)
    return list(found)


def _place(array: Array) -> int:
    """Where the numbers of an array begin."""
    return array.__array_interface__["data"][0]


def _pointers(places: Iterable[int]) -> ctypes.Array[ctypes.c_void_p]:
    found = tuple(places)
    return (ctypes.c_void_p * len(found))(*found)


@cache
def _compute(function: CompiledFunction) -> Callable[..., None]:
    """The function of C that computes some of the points."""
    compute = library("native", _source(function)).compute
    pointers = ctypes.c_void_p
    compute.argtypes = [ctypes.c_long, ctypes.c_long, pointers, pointers, pointers]
    compute.restype = None
    return compute


def library(kind: str, source: str) -> ctypes.CDLL:
    """A source in C as a library, compiled the first time that it is asked for on a machine.

    Raises:
        RuntimeError: if there is no C compiler, or it fails.
    """
    compiler = _compiler()
    key = kept.key(kind, source, *_FLAGS, compiler, _machine(compiler))
    record = kept.read(key)
    try:
        return _loaded(b64decode((record or {})["library"]))
    except (KeyError, TypeError, ValueError, OSError):  # there is none, or none that can be loaded here
        built = _built(compiler, source)
    kept.write(key, {"library": b64encode(built).decode()})
    return _loaded(built)


def _source(function: CompiledFunction) -> str:
    results = range(len(function.results))
    fields = {
        "name": function.name,
        "count": len(function.arguments),
        "results": len(results),
        "outputs": ", ".join(f"double *restrict result_{k}" for k in results),
        "stores": " ".join(f"result_{k}[i] = results[{k}];" for k in results),
        "from_begin": ", ".join(f"found[{k}] + begin" for k in results),
        "from_i": ", ".join(f"found[{k}] + i" for k in results),
    }
    return _HEAD % fields + function.source + _LOOPS % fields


def _compiler() -> str:
    name = os.environ.get("CC") or "cc"
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(
            f"backend 'c' needs a C compiler, and there is no {name} here: install gcc or clang, name another one in "
            "$CC, or leave backend = 'numpy'"
        )
    return found


@cache
def _machine(compiler: str) -> str:
    """What the compiler knows of itself, of this processor and of the C library."""
    return _run(compiler, "-march=native", "-dM", "-E", "-x", "c", "-", given="#include <math.h>\n")


def _built(compiler: str, source: str) -> bytes:
    with TemporaryDirectory(prefix="repdyn-") as folder:
        library = Path(folder) / "library"
        _run(compiler, *_FLAGS, "-x", "c", "-", "-o", str(library), "-lm", given=source)
        return library.read_bytes()


def _run(*command: str, given: str) -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        said = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr[-200:])
        raise RuntimeError(f"backend 'c': {command[0]} cannot compile here, it says {said!r}; leave backend = 'numpy'")
    return done.stdout


def _loaded(library: bytes) -> ctypes.CDLL:
    """A library that was built here."""
    with TemporaryDirectory(prefix="repdyn-") as folder:
        path = Path(folder) / "library.so"
        path.write_bytes(library)
        return ctypes.CDLL(str(path))
