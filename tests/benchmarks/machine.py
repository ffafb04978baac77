"""What a figure was measured on."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from shutil import which

PACKAGES = ("repdyn", "numpy", "scipy", "sympy", "torch", "pytorch-lightning")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def facts() -> dict[str, object]:
    """Processor, cores, threads and versions; nothing that tells whose machine it is."""
    return {
        "processor": _processor(),
        "cores": cores(),
        "vectors": _vectors(),
        "system": platform.system(),
        "python": platform.python_version(),
        "compiler": _compiler(),
        "versions": {name: version(name) for name in PACKAGES},
        "threads": {name: os.environ.get(name, "as many as cores") for name in THREADS},
    }


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    found = Path("/proc/cpuinfo")
    lines = found.read_text("utf-8").splitlines() if found.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _vectors() -> str:
    """The widest instructions that NumPy computes exponentials with."""
    from numpy._core._multiarray_umath import __cpu_features__ as has

    return next((name for name in ("AVX512_SKX", "AVX2", "ASIMD") if has.get(name)), "none")


def _compiler() -> str:
    compiler = which(os.environ.get("CC") or "cc")
    if compiler is None:
        return "none"
    return subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
