"""Compiled functions of every language, called with columns of numbers."""

import ctypes
import json
import subprocess

import numpy as np
from repdyn.numeric import CompiledFunction
from tools import find

CALLED = ("numpy", "python", "torch", "jax", "c", "javascript")
"""The back ends that compute."""


def evaluate(function: CompiledFunction, columns, folder) -> list[np.ndarray]:
    """The results as columns of 64-bit numbers; ``folder`` is for what is built on the way."""
    columns = np.asarray(columns, dtype=np.float64)
    results = globals()[f"_{function.backend}"](function, columns, folder)
    return [np.broadcast_to(np.asarray(x, dtype=np.float64), columns.shape[1:]) for x in results]


def _numpy(function, columns, _):
    with np.errstate(all="raise", under="ignore"):
        return function(*columns)


def _python(function, columns, _):
    return np.transpose([function(*point) for point in columns.T.tolist()])


def _torch(function, columns, _):
    import torch

    return [x.numpy() for x in function(*torch.from_numpy(columns.copy()))]


def _jax(function, columns, _):
    import jax

    with jax.enable_x64(True):
        return [np.asarray(x) for x in jax.jit(function)(*columns)]


def _c(function, columns, folder):
    compiler = find("cc")
    source, library = folder / f"{function.name}.c", folder / f"{function.name}.so"
    source.write_text(function.source, "utf-8")
    strict = ("-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic")
    subprocess.run([compiler, *strict, "-shared", "-fPIC", source, "-o", library, "-lm"], check=True)
    call = ctypes.CDLL(str(library))[function.name]
    call.restype = None
    points = np.ascontiguousarray(columns.T)
    found = np.empty((len(points), len(function.results)))
    for point, results in zip(points, found, strict=True):
        call(*(ctypes.c_void_p(x.ctypes.data) for x in (point, results)))
    return found.T


_NODE = """
import {{ {name} }} from "./{name}.mjs";
const points = {points};
const results = points.map((point) => Object.values({name}(...point)).map(String));
console.log(JSON.stringify(results));
"""


def _javascript(function, columns, folder):
    node = find("node")
    (folder / f"{function.name}.mjs").write_text(function.source, "utf-8")
    script = _NODE.format(name=function.name, points=json.dumps(columns.T.tolist()))
    done = subprocess.run(
        [node, "--input-type=module", "-"], input=script, capture_output=True, text=True, check=True, cwd=folder
    )
    return np.array(json.loads(done.stdout), dtype=np.float64).T
