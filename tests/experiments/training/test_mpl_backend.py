"""What ``MPLBACKEND`` says stops neither tracking nor drawing, and is left to the user's own figures."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TRACKED = """
import os
from pathlib import Path
from repdyn.experiments.tracking.tracker import PairTracker
from repdyn.experiments.figures import draw_phase_diagram, save_figure

save_figure(draw_phase_diagram(), Path("drawn"))
print(os.environ["MPLBACKEND"])
"""
OWN = """
import os
from repdyn.experiments.training import mpl_backend as backend
import matplotlib.pyplot as plt

plt.figure()
print(os.environ["MPLBACKEND"], plt.get_backend())
"""


def run(code: str, backend: str, folder: Path) -> list[str]:
    """The words that code prints, in a Python of its own under that backend."""
    command, environment = [sys.executable, "-W", "error", "-c", code], {**os.environ, "MPLBACKEND": backend}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_pairs_are_tracked_and_figures_drawn_under_the_backend_of_a_notebook(tmp_path: Path) -> None:
    backend = "module://matplotlib_inline.backend_inline"
    assert run(TRACKED, backend, tmp_path) == [backend]
    assert (tmp_path / "drawn.png").read_bytes()[:4] == b"\x89PNG"
    assert (tmp_path / "drawn.svg").stat().st_size > 1000


@pytest.mark.parametrize("named", ["svg", "module://matplotlib.backends.backend_pdf"])
def test_figures_of_the_user_have_the_users_backend(tmp_path: Path, named: str) -> None:
    assert run(OWN, named, tmp_path) == [named, named]


def test_figures_of_the_user_have_another_backend_where_there_is_none_of_that_name(tmp_path: Path) -> None:
    variable, used = run(OWN, "none_such", tmp_path)
    assert variable == "none_such" != used
