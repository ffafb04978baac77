"""``repdyn derive``: the theories derived, and every step proved."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..storage.files import check_file, write_file

if TYPE_CHECKING:
    from repdyn.symbolic.document import CheckedStep, Illustration


def add(commands: Any) -> None:
    """Add the command to the parser."""
    derive = commands.add_parser("derive", help="derive the theories and verify every step")
    derive.add_argument("theory", nargs="*", metavar="THEORY", help="names of theories (default: all, in order)")
    derive.add_argument(
        "--format",
        choices=("md", "tex", "html"),
        help="Markdown, LaTeX or one HTML file (default: as the output's name ends, otherwise Markdown)",
    )
    derive.add_argument("--output", type=Path, metavar="FILE", help="write here instead of printing")
    derive.set_defaults(action=_derive)


def _derive(options: argparse.Namespace, _: list[str]) -> int:
    from repdyn.numeric.coefficients import DEFAULT_THEORY
    from repdyn.symbolic import chapters  # SymPy takes longer to load than --help may
    from repdyn.symbolic.document import FORMATS, CheckedTheory, prove, render, tally

    known = chapters()
    for name in options.theory:
        if name not in known:
            raise ValueError(f"there is no theory {name!r}; there are {', '.join(known)}")
    ending = options.output.suffix[1:] if options.output else ""
    if options.output and not options.format and ending not in FORMATS:
        raise ValueError(f"{options.output} must end in .{', .'.join(FORMATS)}, or give --format; got no known ending")
    form = options.format or ending or "md"
    if options.output:
        check_file(options.output)
    chosen = [known[name] for name in dict.fromkeys(options.theory or known)]
    with _progress(sum(len(theory.derivation.steps) for theory in chosen)) as advance:
        written: list[CheckedTheory] = []
        for theory in chosen:
            steps: list[CheckedStep] = []
            for checked in prove(theory.derivation):
                steps.append(checked)
                advance()
            written.append(CheckedTheory(theory, tuple(steps)))
    figures = _phases(form, options.output) if any(theory.name == DEFAULT_THEORY for theory in chosen) else {}
    text = render(written, form, figures)
    wrong = [error for chapter in written for _, error in chapter.steps if error is not None]
    if options.output:
        write_file(options.output, text.encode())
        proved, total = tally(written)
        print(f"{proved} of {total} steps verified; written to {options.output}")
    else:
        print(text, end="")
    if wrong:
        raise ArithmeticError(wrong[0])
    return 0


@contextmanager
def _progress(total: int) -> Generator[Callable[[], object]]:
    """A bar on a terminal's error stream while steps are proved; the proof itself needs no more than SymPy."""
    try:
        from tqdm import tqdm
    except ModuleNotFoundError:
        yield lambda: None
        return
    with tqdm(total=total, desc="proving", unit=" steps", disable=None, leave=False) as bar:
        yield bar.update


def _phases(form: str, output: Path | None) -> dict[str, Illustration]:
    """The phase diagram: within HTML, otherwise in a file beside the output, if there is one."""
    if output is None and form != "html":
        return {}
    from repdyn.numeric.coefficients import DEFAULT_THEORY
    from repdyn.symbolic.document import Illustration

    from ..figures import PHASES_ALT, PHASES_CAPTION, draw_phase_diagram, svg, write_figure

    figure = draw_phase_diagram()
    if output is None or form == "html":
        embedded = svg(figure)
    else:
        file = output.with_name(f"{output.stem}-phases.{'pdf' if form == 'tex' else 'png'}")
        write_figure(figure, file)
        embedded = file.name
    return {DEFAULT_THEORY: Illustration(PHASES_ALT, PHASES_CAPTION, embedded)}
