"""What is freed before each step is there for the next one."""

import os
import subprocess
import sys

CODE = """
import ctypes
from resource import RUSAGE_SELF, getrusage
from repdyn.experiments.training.heap import keep_freed_memory
{first}
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
def step():
    gradients = [libc.malloc(2**20) for _ in range(20)]
    for x in gradients:
        ctypes.memset(x, 1, 2**20)
    for x in gradients:
        libc.free(x)
step(); step()
before = getrusage(RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
print((getrusage(RUSAGE_SELF).ru_minflt - before) / 10)
"""


def pages_a_step(first: str) -> float:
    done = subprocess.run([sys.executable, "-c", CODE.format(first=first)], check=True, capture_output=True, text=True)
    return float(done.stdout)


def test_gradients_that_are_freed_are_not_handed_to_the_system_and_back() -> None:
    kept = pages_a_step("keep_freed_memory()")
    if "CS_GNU_LIBC_VERSION" in os.confstr_names:  # another C library keeps what it will
        assert pages_a_step("") > 20 * kept
        assert kept < 20
