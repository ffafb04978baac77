"""``repdyn report``: what the store of trials says, as one page."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..storage.files import check_file, write_file
from .choice import add_choice, chosen

if TYPE_CHECKING:
    from ..page import Contents

_LARGE = 1_000_000
"""Bytes of SVG above which a figure makes the page slow."""


def add(commands: Any) -> None:
    """Add the command to the parser."""
    report = commands.add_parser("report", help="write what the studies found as one HTML page")
    add_choice(report)
    report.add_argument("--output", type=Path, metavar="FILE", help="the page (default: results/report-<scale>.html)")
    report.add_argument("--figures", type=Path, metavar="DIR", help="also write every figure there, as SVG and PNG")
    report.set_defaults(action=_report)


def _report(options: argparse.Namespace, _: list[str]) -> int:
    from ..page import gather, html, text
    from ..page.words import agreement_in_words
    from ..sweep.store import Store

    output = options.output or Path(f"results/report-{options.scale}.html")
    check_file(output)
    if options.figures:
        check_file(options.figures / "figure.svg")
    store = Store(options.store)
    contents = gather(chosen(options), store)
    if all(fate.status == "missing" for fate in contents.fates):
        raise ValueError(_nothing(options, len(store.records())))
    write_file(output, html(contents, options.scale, datetime.now(UTC), _commands(options)).encode())
    if contents.verdicts:
        print(text(contents, shutil.get_terminal_size((100, 24)).columns), end="\n\n")
    if options.figures:
        print(f"{_save_figures(contents, options.figures)} figures in {options.figures}, as SVG and PNG")
    print(f"{agreement_in_words(contents)}; written to {output}")
    for line in _heavy(contents):
        print(f"repdyn: {line}", file=sys.stderr)
    problems = [f"{c.study.name} ({' '.join(c.problem.split())})" for c in contents.chapters if c.problem]
    if problems:
        raise ValueError(f"could not make the section of {'; '.join(problems)}; the rest is in {output}")
    return 0


def _heavy(contents: Contents) -> Iterator[str]:
    """The figures that make the page slow."""
    for chapter in contents.chapters:
        for drawing in chapter.drawings:
            if len(drawing.svg) > _LARGE:
                name, size = drawing.plate.name, len(drawing.svg) / 1e6
                yield f"figure {name} of {chapter.study.name} is {size:.1f} MB of SVG: rasterise what has many points"


def _nothing(options: argparse.Namespace, kept: int) -> str:
    """Why there is no report."""
    if not kept:
        return f"{options.store} holds no trials: run `repdyn reproduce --scale {options.scale}` first"
    return (
        f"none of the {kept} trials in {options.store} is of these studies at scale {options.scale}, made with this "
        f"version of the code: run `repdyn reproduce --scale {options.scale}` first"
    )


def _commands(options: argparse.Namespace) -> str:
    """What makes the report again, from nothing."""
    words = [*options.study, "--scale", options.scale]
    if options.store != Path("results/store"):
        words += ["--store", str(options.store)]
    if options.data_dir:
        words += ["--data-dir", options.data_dir]
    return f"repdyn reproduce {shlex.join(words)} &&\nrepdyn report {shlex.join(words)}"


def _save_figures(contents: Contents, folder: Path) -> int:
    """Write every plate as ``<study>-<plate>.svg`` and ``.png``; returns how many there are."""
    from ..figures import save_figure

    plates = [(chapter.study.name, d.plate) for chapter in contents.chapters for d in chapter.drawings]
    for study, plate in plates:
        save_figure(plate.figure, folder / f"{study}-{plate.name}")
    return len(plates)
