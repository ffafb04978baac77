"""Which studies a command is about, how large, and where their trials are kept."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..studies.study import Study

SCALES = ("quick", "standard", "paper")


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say it."""
    parser.add_argument("study", nargs="*", metavar="STUDY", help="names of studies (default: all)")
    parser.add_argument("--scale", choices=SCALES, default="quick", help="how large (default: quick)")
    parser.add_argument(
        "--store", type=Path, default=Path("results/store"), metavar="DIR", help="of trials (default: results/store)"
    )
    parser.add_argument(
        "--data-dir",
        default="",
        metavar="DIR",
        help="of the MNIST files, for studies of digits (default: scikit-learn's)",
    )


def chosen(options: argparse.Namespace, scale: str = "") -> list[Study]:
    """The studies that were asked for, in the order of the report, at their scale or another one.

    Raises:
        ValueError: with the names there are, if one is none of them.
    """
    from ..studies import studies

    # A worker of a cluster has a working directory of its own.
    data_dir = str(Path(options.data_dir).absolute()) if options.data_dir else ""
    known = studies(scale or options.scale, data_dir)
    for name in options.study:
        if name not in known:
            raise ValueError(f"there is no study {name!r}; there are {', '.join(known)}")
    return [study for name, study in known.items() if not options.study or name in options.study]
