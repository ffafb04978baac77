"""``repdyn fit``: theories fitted to a trajectory of the user."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..storage.files import check_file


def add(commands: Any) -> None:
    """Add the command to the parser."""
    fit = commands.add_parser("fit", help="fit the theory to a trajectory of yours (CSV or Parquet)")
    fit.add_argument(
        "file", type=Path, help="columns step, dh2, dy2, w and optionally pair, layer, loss; or a run's folder"
    )
    fit.add_argument("--dx2", type=float, help="squared distance of the two inputs, if not a column")
    fit.add_argument(
        *("--dy2-target", "--dy2"), type=float, help="squared distance of the two targets, if not a column dy2_target"
    )
    fit.add_argument(
        "--theory",
        action="append",
        metavar="NAME",
        help="a theory to fit, such as growing_rates (default: two_point); given several times, they are compared",
    )
    fit.add_argument(
        "--fixed",
        action="append",
        default=[],
        type=_named_number,
        metavar="NAME=VALUE",
        help="a coefficient of the theory that is known and not fitted; may be given several times",
    )
    fit.add_argument("--layer", metavar="NAME", help="only this layer, such as hidden.10")
    fit.add_argument("--balanced", action="store_true", help="weight each scalar by its inverse variance")
    fit.add_argument(
        "--table",
        type=Path,
        metavar="FILE",
        help="write a row for each fit, with all that is known of it (CSV or Parquet)",
    )
    fit.add_argument("--figure", type=Path, metavar="STEM", help="draw the first pair into STEM.png and STEM.svg")
    fit.set_defaults(action=_fit)


def _named_number(text: str) -> tuple[str, float]:
    """``NAME=VALUE`` as a pair."""
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE with a number, got {text!r}") from None


def _stem(figure: Path) -> Path:
    """The name of a figure without ``.png`` or ``.svg``."""
    return figure.with_suffix("") if figure.suffix in (".png", ".svg") else figure


def _fit(options: argparse.Namespace, _: list[str]) -> int:
    from repdyn.numeric.coefficients import DEFAULT_THEORY

    from ..comparison import Comparison, as_table, compare  # pandas and SciPy are loaded for the commands that fit
    from ..results.folder import read_trajectories
    from ..results.many import many_lines
    from ..results.summary import ROWS, comparison_table, departure_lines, nested_lines, seen_lines
    from ..results.written_table import check_table_file, write_table
    from ..tracking.table import KEYS, UNLABELLED

    fixed = dict(options.fixed)
    if len(fixed) < len(options.fixed):
        raise ValueError(f"each coefficient can be --fixed once, got {', '.join(name for name, _ in options.fixed)}")
    stem = _stem(options.figure) if options.figure else None
    for ending in (".png", ".svg") if stem else ():
        check_file(Path(f"{stem}{ending}"))
    if options.table:
        check_table_file(options.table)
    frame = read_trajectories(options.file, options.dx2, options.dy2_target, layer=options.layer)
    comparisons = [
        c
        for name in dict.fromkeys(options.theory or [DEFAULT_THEORY])
        for c in compare(frame, theory=name, fixed=fixed, balanced=options.balanced)
    ]
    fitted = [c for c in comparisons if isinstance(c, Comparison)]
    if not fitted:
        first = comparisons[0].row()
        where = " ".join(first[key] for key in KEYS if first[key] != UNLABELLED)
        raise ValueError(f"{where}: {first['message']}" if where else first["message"])
    if len(comparisons) <= ROWS:
        print(comparison_table(comparisons))
        lines = nested_lines(comparisons)
    else:
        lines = [*many_lines(comparisons), *seen_lines(comparisons)]
        if not options.table:
            lines.append(f"{len(comparisons)} fits; every one of them: repdyn fit ... --table FILE.csv")
    for line in lines:
        print(line)
    if options.table:
        write_table(options.table, as_table(comparisons))
        print(f"{len(comparisons)} fits written to {options.table}")
    if len(fitted) == 1:
        print("\n".join(departure_lines(fitted[0])))
    if stem:
        from ..figures import draw_comparison, save_figure

        save_figure(draw_comparison(fitted[0]), stem)
        print(f"drawn in {stem}.png and {stem}.svg")
    return 0
