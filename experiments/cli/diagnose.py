"""``repdyn diagnose``: what the theory says of a network of the user."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..storage.files import check_file
from .faults import is_answer


def add(commands: Any) -> None:
    """Add the command to the parser."""
    diagnose = commands.add_parser(
        "diagnose", help="what the theory says of a network of yours, layer by layer, in words and figures"
    )
    diagnose.add_argument(
        "target",
        nargs="?",
        metavar="SCRIPT.py:FUNCTION",
        help="a function that returns a module (of Lightning, or any) and its data set",
    )
    diagnose.add_argument(
        "--trajectory",
        type=Path,
        metavar="FILE",
        help="instead of training: what was recorded, as `repdyn fit` takes it",
    )
    diagnose.add_argument("--dx2", type=float, help="of --trajectory: squared distance of the inputs, if not a column")
    diagnose.add_argument(
        *("--dy2-target", "--dy2"), type=float, help="of --trajectory: that of the targets, if not a column"
    )
    diagnose.add_argument("--pairs", type=int, default=200, help="pairs of points that are recorded (200)")
    diagnose.add_argument("--points", type=int, default=64, help="of how many points of the data set they are (64)")
    diagnose.add_argument("--epochs", type=int, default=10, help="how long to train (10)")
    diagnose.add_argument("--every", type=int, help="training steps from record to record (such that there are 200)")
    diagnose.add_argument("--lr", type=float, default=0.01, help="step size, for a module not of Lightning (0.01)")
    diagnose.add_argument("--batch", type=int, default=64, help="points of a batch, for data without a loader (64)")
    diagnose.add_argument("--seed", type=int, default=0, help="of pairs and batches (0)")
    diagnose.add_argument("--page", type=Path, metavar="FILE.html", help="write the diagnosis with figures as one page")
    diagnose.add_argument("--table", type=Path, metavar="FILE", help="write a row a layer as CSV or Parquet")
    diagnose.set_defaults(action=_diagnose)


def _check(options: argparse.Namespace) -> None:
    """Check what can be checked before anything is trained."""
    from ..results.written_table import check_table_file

    if (options.target is None) == (options.trajectory is None):
        raise ValueError("diagnose needs either SCRIPT.py:FUNCTION or --trajectory FILE")
    for name in ("pairs", "points", "epochs", "batch", "every"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise ValueError(f"--{name} must be positive, got {value}")
    if not options.lr > 0:
        raise ValueError(f"--lr must be positive, got {options.lr}")
    if options.page is not None and options.page.suffix != ".html":
        raise ValueError(f"--page must be a file that ends in .html, got {options.page.name}")
    if options.page is not None:
        check_file(options.page)
    if options.table is not None:
        check_table_file(options.table)


def _diagnose(options: argparse.Namespace, _: list[str]) -> int:
    _check(options)

    from ..diagnosis.diagnosis import diagnose  # pandas and torch are loaded for the commands that need them
    from ..results.folder import read_trajectories
    from ..results.written_table import write_table

    if options.trajectory is not None:
        found = diagnose(read_trajectories(options.trajectory, options.dx2, options.dy2_target))
    else:
        from ..diagnosis.subject import Plan, load_subject, recorded_training

        names = ("pairs", "points", "epochs", "every", "lr", "batch", "seed")
        plan = Plan(**{name: getattr(options, name) for name in names})
        subject = load_subject(options.target)
        try:
            records = recorded_training(subject, plan)
        except Exception as error:
            if is_answer(error):
                raise
            raise ValueError(  # the network and its data are somebody's, and so is what goes wrong with them
                f"{options.target} cannot be trained and recorded ({type(error).__name__}: {error})"
            ) from error
        found = diagnose(records)
    print(found)
    if options.table is not None:
        write_table(options.table, found.frame())
        print(f"\na row a layer in {options.table}")
    if options.page is not None:
        from ..page.diagnosis import write_diagnosis

        write_diagnosis(found, options.page)
        print(f"\nfigures in {options.page}")
    return 0
