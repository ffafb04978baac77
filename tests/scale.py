"""The most memory that a computation takes and how long it computes, against the number of points; tests assert memory
alone.

A case is a function, named ``module:function``, of the number of points: it makes the data and returns the computation,
a function without arguments. Each runs in a process of its own, whose memory is told with all that it loads::

    PYTHONPATH=tests .venv/bin/python -m scale scale:smoothed 10000 20000 40000 60000 --mnist DIR
"""

import argparse
import gzip
import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from repdyn.numeric import (
    Points,
    Rates,
    RepresentationDistances,
    final_distances,
    smoothed_distances,
    tangent_kernel,
    write_distances,
)

TESTS = Path(__file__).parent
GIB = 2**30
SHOWN = 100


@dataclass(frozen=True)
class Measured:
    """The most memory in bytes, and seconds of processors."""

    peak: int
    seconds: float


def measure(case: str, points: int, mnist: str = "") -> Measured:
    """A case with so many points, in a process of its own with one thread of linear algebra."""
    paths = [str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1", "MNIST": mnist}
    command = [sys.executable, "-c", f"import scale; scale.tell({case!r}, {points})"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **environment})
    return Measured(**json.loads(done.stdout))


def tell(case: str, points: int) -> None:
    """Measure a case in this process and print it."""
    module, _, name = case.partition(":")
    computation = getattr(importlib.import_module(module), name)(points)
    begin = time.process_time()
    computation()
    print(json.dumps(asdict(Measured(_peak(), time.process_time() - begin))))


def _peak() -> int:
    """The most memory of this process, in bytes. What getrusage tells on Linux is at least what the process that
    started it had; the system's own account of the address space is of it alone."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def digits(points: int) -> Points:
    """So many digits of MNIST from the folder ``$MNIST``, or drawn ones of that size: ten classes of 784 pixels."""
    if folder := os.environ.get("MNIST"):
        pixels, labels = (_bytes(Path(folder) / f"train-{name}-ubyte.gz") for name in ("images-idx3", "labels-idx1"))
        x, label = pixels[16 : 16 + 784 * points].reshape(points, 784), labels[8 : 8 + points]
    else:
        generator = np.random.default_rng(0)
        label = generator.integers(0, 10, points)
        means = generator.integers(64, 192, (10, 784), dtype=np.uint8)
        x = means[label] + generator.integers(0, 64, (points, 784), dtype=np.uint8)
    return Points(x.astype(np.float64), np.eye(10)[label])


def _bytes(path: Path) -> np.ndarray:
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8)


def smoothed(points: int) -> Callable[[], object]:
    """Smoothed structure of 100 digits among all."""
    data = digits(points)
    return lambda: smoothed_distances(data[:SHOWN], data)


def collective(points: int) -> Callable[[], object]:
    """Where 100 digits among all end by the collective theory, with the tangent kernel of two hidden layers."""
    data = digits(points)

    def end() -> None:
        kernel = tangent_kernel(data.inputs / 255, 2, "relu", rank=300)
        final_distances(kernel, data.targets, Rates(1.0, 1.0), ridge=0.01, shown=np.arange(SHOWN))

    return end


def written(points: int) -> Callable[[], object]:
    """The distances of points in a store on the disk."""
    source = RepresentationDistances(np.random.default_rng(0).normal(size=(points, 4)))

    def write() -> None:
        with TemporaryDirectory() as folder:
            write_distances(Path(folder) / "store", source)

    return write


def held(mebibytes: int) -> Callable[[], object]:
    """An array of so many mebibytes, to try the measure with."""
    return lambda: np.ones(mebibytes * 2**17)


def main() -> None:
    """Print a line for each number of points, and how time grows from the fewest to the most."""
    parser = argparse.ArgumentParser(description="Memory and time of a computation against the number of points.")
    parser.add_argument("case", help="module:function of the number of points, such as scale:smoothed")
    parser.add_argument("points", type=int, nargs="+")
    parser.add_argument("--mnist", default="", help="folder of MNIST's files; without it, drawn digits")
    options = parser.parse_args()
    found = []
    for points in options.points:
        found.append(measure(options.case, points, options.mnist))
        print(f"{points:>8,} points  {found[-1].peak / GIB:6.2f} GiB  {found[-1].seconds:8.1f} s", flush=True)
    if len(found) > 1:
        growth = np.log(found[-1].seconds / found[0].seconds) / np.log(options.points[-1] / options.points[0])
        print(f"time grows as N^{growth:.2f}")


if __name__ == "__main__":
    main()
