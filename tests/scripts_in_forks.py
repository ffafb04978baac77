"""Runs scripts, each in a fork of one process that has loaded the libraries they share; loading them takes longest.

``python scripts_in_forks.py`` reads lines of a script, a folder and ``as given`` or ``shown``, and runs the one in the
other, as ``python SCRIPT`` does there, with the warnings of its command line or all of them shown; it answers with the
exit status when the script has ended. What it says is in the folder's ``said.txt``.
"""

import os
import runpy
import sys
import traceback
import warnings
from pathlib import Path

import matplotlib.figure
import pandas
import pytorch_lightning
import scipy.optimize
import sklearn.datasets
import sympy
import torch

LOADED = (matplotlib.figure, pandas, pytorch_lightning, scipy.optimize, sklearn.datasets, sympy, torch)


def run(script: str) -> int:
    """The exit status of a script that is run as the main program."""
    sys.argv, sys.path[0] = [script], str(Path(script).parent)
    try:
        runpy.run_path(script, run_name="__main__")
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def forked(script: str, folder: str, warned: str) -> int:
    """The exit status of a script that is run in a process and a folder of its own."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        os.chdir(folder)
        said = os.open("said.txt", os.O_WRONLY | os.O_CREAT)
        for stream in (1, 2):
            os.dup2(said, stream)
        if warned == "shown":
            warnings.simplefilter("default")
        status = run(script)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


if __name__ == "__main__":
    for line in sys.stdin:
        print(forked(*line.rstrip("\n").split("\t")), flush=True)
