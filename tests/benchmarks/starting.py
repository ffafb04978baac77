"""What a newcomer waits for: the command line, the first trajectory, the proofs."""

from tempfile import TemporaryDirectory

from .goal import Goal
from .timing import Spread, of_python, run_python

_HELP = "from repdyn.experiments.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
_FIRST = (
    "from repdyn.numeric import Pair, Rates, State, trajectory\n"
    "trajectory(100.0, State(1e-3, 1e-3, 0.0), Pair(1.0, 0.5), Rates(7e-4, 3.5e-2))"
)
_DERIVE = "from repdyn.experiments.cli import main\nassert main(['derive', '--output', {page!r}]) == 0"


def _first_trajectory() -> Spread:
    run_python(_FIRST)  # which keeps what it generates
    return of_python(_FIRST, 15, beyond="import numpy")


def _derivation() -> Spread:
    """With every check, nothing kept from before, and the page written.

    It is one process that waits for nothing: the time of the processor is its own on a machine that has no other.
    """
    found = []
    for _ in range(3):
        with TemporaryDirectory() as folder:
            found.append(run_python(_DERIVE.format(page=f"{folder}/page.html"), REPDYN_CACHE=f"{folder}/cache"))
    return Spread.of(found)


GOALS = (
    Goal(
        "derive",
        "`repdyn derive`: all theories derived, all steps proved, the page written, nothing kept (processor time)",
        "",
        "seconds",
        10,
        _derivation,
    ),
    Goal(
        "first_trajectory",
        "`import repdyn.numeric` and the first trajectory, of generated code that was kept (processor time)",
        "beyond `import numpy`",
        "seconds",
        0.3,
        _first_trajectory,
    ),
    Goal("help", "`repdyn --help` (processor time)", "", "seconds", 0.3, lambda: of_python(_HELP, 15)),
)
