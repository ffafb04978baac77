"""``repdyn explore``: the theory as a page on which its parameters are moved."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..storage.files import check_file, write_file


def add(commands: Any) -> None:
    """Add the command to the parser."""
    explore = commands.add_parser("explore", help="write a page on which the theory's parameters are moved")
    explore.add_argument(
        "--trajectory",
        type=Path,
        metavar="FILE",
        help="draw what was recorded beside the theory, as `repdyn fit` takes it",
    )
    explore.add_argument("--dx2", type=float, help="of --trajectory: squared distance of the inputs, if not a column")
    explore.add_argument(
        *("--dy2-target", "--dy2"), type=float, help="of --trajectory: that of the targets, if not a column"
    )
    explore.add_argument("--layer", metavar="NAME", help="of --trajectory: only this layer, such as hidden.10")
    explore.add_argument(
        "--output",
        type=Path,
        default=Path("results/explorer.html"),
        metavar="FILE.html",
        help="the page (default: results/explorer.html)",
    )
    explore.set_defaults(action=_explore)


def _explore(options: argparse.Namespace, _: list[str]) -> int:
    if options.output.suffix != ".html":
        raise ValueError(f"--output must be a file that ends in .html, got {options.output.name}")
    for name in ("dx2", "dy2_target", "layer"):
        if options.trajectory is None and getattr(options, name) is not None:
            raise ValueError(f"--{name.replace('_', '-')} is of a --trajectory, and none was given")
    check_file(options.output)

    from ..explorer import explorer_html, recorded  # SymPy and pandas take longer to load than --help may

    trajectories = []
    if options.trajectory is not None:
        from ..results.folder import read_trajectories  # torch, which the page of the theory alone does not need

        frame = read_trajectories(options.trajectory, options.dx2, options.dy2_target, layer=options.layer)
        trajectories = recorded(frame)
    write_file(options.output, explorer_html(trajectories).encode())
    for one in trajectories:
        if one.message:
            print(f"{one.label} could not be fitted: {one.message}")
        if one.doubt:
            print(f"{one.label}: the fit is no success: {one.doubt}")
    print(f"written to {options.output}: open it in a browser")
    return 0
