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
from .choice import SCALES, add_choice, chosen

if TYPE_CHECKING:
    from ..page import Contents

_LARGE = 1_000_000
"""Bytes of SVG above which a figure makes the page slow."""


def add(commands: Any) -> None:
    """Add the command to the parser."""
    report = commands.add_parser("report", help="write what the studies found as one HTML page")
    add_choice(report)
    report.add_argument("--beside", choices=SCALES, metavar="SCALE", help="set the verdicts of this scale beside")
    report.add_argument(
        "--output", type=Path, metavar="FILE", help="the page (default: results/report-<scale>[-<beside>].html)"
    )
    report.add_argument("--figures", type=Path, metavar="DIR", help="also write every figure there, as SVG and PNG")
    report.set_defaults(action=_report)


def _report(options: argparse.Namespace, _: list[str]) -> int:
    from ..page import gather, html, text
    from ..page.words import agreement_in_words
    from ..sweep.store import Store

    if options.beside == options.scale:
        others = ", ".join(scale for scale in SCALES if scale != options.scale)
        raise ValueError(
            f"--beside must be another scale than the page's, got {options.beside} for both: choose one of {others}"
        )
    scales = [options.scale, *([options.beside] if options.beside else [])]
    output = options.output or Path(f"results/report-{'-'.join(scales)}.html")
    check_file(output)
    if options.figures:
        check_file(options.figures / "figure.svg")
    store = Store(options.store)
    found = [gather(chosen(options, scale), store, scale) for scale in scales]
    for one in found:
        if all(fate.status == "missing" for fate in one.fates):
            raise ValueError(_nothing(options.store, one.scale, len(store.records())))
    contents, beside = found[0], found[1] if options.beside else None
    write_file(output, html(contents, datetime.now(UTC), _commands(options, scales), beside).encode())
    if contents.claims:
        print(text(contents, shutil.get_terminal_size((100, 24)).columns, beside), end="\n\n")
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


def _nothing(store: Path, scale: str, kept: int) -> str:
    """Why there is no report."""
    if not kept:
        return f"{store} holds no trials: run `repdyn reproduce --scale {scale}` first"
    return (
        f"none of the {kept} trials in {store} is of these studies at scale {scale}, made with this version of the "
        f"code: run `repdyn reproduce --scale {scale}` first"
    )


def _commands(options: argparse.Namespace, scales: list[str]) -> str:
    """What makes the report again, from nothing."""
    where: list[str] = []
    if options.store != Path("results/store"):
        where += ["--store", str(options.store)]
    if options.data_dir:
        where += ["--data-dir", options.data_dir]
    first = ["--scale", options.scale]
    beside = ["--beside", options.beside] if options.beside else []
    lines = [f"repdyn reproduce {shlex.join([*options.study, '--scale', scale, *where])}" for scale in scales]
    lines.append(f"repdyn report {shlex.join([*options.study, *first, *beside, *where])}")
    return " &&\n".join(lines)


def _save_figures(contents: Contents, folder: Path) -> int:
    """Write every plate as ``<study>-<plate>.svg`` and ``.png``, and the overview; returns how many there are."""
    from ..figures import save_figure

    plates = [(chapter.study.name, d.plate) for chapter in contents.chapters for d in chapter.drawings]
    for study, plate in plates:
        save_figure(plate.figure, folder / f"{study}-{plate.name}")
    if contents.overview:
        save_figure(contents.overview.plate.figure, folder / contents.overview.plate.name)
    return len(plates) + bool(contents.overview)
