"""The command line: ``repdyn list | run | kernels | fit | derive``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from .settings import Setting, SettingError, find_setting, load_settings, override

if TYPE_CHECKING:
    from repdyn.symbolic.document import Plate, Verdict

_RESULTS = Path("results")
_FIELD_TYPES: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "str": str}


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and whose options are given in full."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, or 2 after one line on what is wrong."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser()
    try:
        options, rest = parser.parse_known_args(words)
        if rest and "setting" not in options:
            parser.error(f"unrecognised arguments: {' '.join(rest)}")
        return options.action(options, rest)
    except BrokenPipeError:  # whoever read our output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ModuleNotFoundError as error:
        print(f"repdyn: {error.name} is not installed; install repdyn[experiments]", file=sys.stderr)
    except (ValueError, OSError, ArithmeticError) as error:
        print(f"repdyn: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("repdyn: interrupted; finished runs are kept", file=sys.stderr)
        return 130
    return 2


def _parser() -> _Parser:
    parser = _Parser(
        prog="repdyn",
        description="Representation learning dynamics: the theory derived, computed and tested on real networks.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="list | run | kernels | fit | derive")

    listing = commands.add_parser("list", help="show the settings")
    listing.add_argument("--settings", type=Path, metavar="FILE", help="a TOML file of settings instead of repdyn's")
    listing.set_defaults(action=_list)

    _add_setting_command(
        commands,
        "run",
        _run,
        "train a setting's network, track its pairs, fit, draw",
        "Train a setting's network, track its pairs, fit the theory, write the results.",
    )
    _add_setting_command(
        commands,
        "kernels",
        _kernels,
        "predict a setting's trajectory from its tangent kernels",
        "Train a two-point setting's network and predict its trajectory without a fit, from tangent kernels measured "
        "at the start and when the mean prediction is learnt; compare with fits.",
    )

    fit = commands.add_parser("fit", help="fit the theory to a trajectory of yours (CSV or Parquet)")
    fit.add_argument(
        "file", type=Path, help="columns step, dh2, dy2, w and optionally pair, layer, loss; or a run's folder"
    )
    fit.add_argument("--dx2", type=float, help="squared distance of the two inputs, if not a column")
    fit.add_argument("--dy2", type=float, help="squared distance of the two targets, if not a column")
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
    fit.add_argument("--figure", type=Path, metavar="STEM", help="draw the first pair into STEM.png and STEM.svg")
    fit.set_defaults(action=_fit)

    derive = commands.add_parser("derive", help="derive the theories and verify every step")
    derive.add_argument("theory", nargs="*", metavar="THEORY", help="names of theories (default: all, in order)")
    derive.add_argument(
        "--format",
        choices=("md", "tex", "html"),
        help="Markdown, LaTeX or one HTML file (default: as the output's name ends, otherwise Markdown)",
    )
    derive.add_argument("--output", type=Path, metavar="FILE", help="write here instead of printing")
    derive.set_defaults(action=_derive)
    return parser


def _add_setting_command(
    commands: Any, name: str, action: Callable[[argparse.Namespace, list[str]], int], summary: str, description: str
) -> None:
    """A command that takes a setting by name and any of its fields."""
    parser = commands.add_parser(
        name,
        add_help=False,
        usage=f"repdyn {name} SETTING [--settings FILE] [--results DIR] [--FIELD VALUE ...]",
        help=summary,
        description=description,
    )
    parser.add_argument("setting", nargs="?", help="name of a setting, see `repdyn list`")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="a TOML file of settings instead of repdyn's")
    parser.add_argument(
        "--results", type=Path, default=_RESULTS, metavar="DIR", help="where to write (default: results)"
    )
    parser.add_argument("-h", "--help", action="store_true", help="show this help, with the fields of the setting")
    parser.set_defaults(action=action, parser=parser)


def _named_number(text: str) -> tuple[str, float]:
    """``NAME=VALUE`` as a pair."""
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE with a number, got {text!r}") from None


def _list(options: argparse.Namespace, _: list[str]) -> int:
    for name, setting in load_settings(options.settings).items():
        defaults = {f.name: f.default for f in fields(type(setting)) if f.default is not MISSING}
        changed = [
            f"{key} = {getattr(setting, key)}"
            for key, value in defaults.items()
            if key not in ("name", "data") and getattr(setting, key) != value
        ]
        print(f"{name:<10} {setting.experiment:<11} {', '.join(changed) or 'the defaults'}")
    return 0


def _run(options: argparse.Namespace, rest: list[str]) -> int:
    setting = _chosen_setting(options, rest)
    if setting is None:
        return 0

    from .records import write_run
    from .report import run_summary  # training is loaded when something is trained
    from .runs import run

    result = run(setting)
    folder = write_run(result, options.results)
    print(run_summary(result, folder))
    return 0


def _kernels(options: argparse.Namespace, rest: list[str]) -> int:
    setting = _chosen_setting(options, rest)
    if setting is None:
        return 0

    from .prediction import predict
    from .records import write_predictions
    from .report import prediction_summary

    found = predict(setting)
    folder = write_predictions(found, options.results)
    print(prediction_summary(found, folder))
    return 0


def _chosen_setting(options: argparse.Namespace, rest: list[str]) -> Setting | None:
    """The setting that is named, its fields replaced by those given; None if help was asked for and shown."""
    if options.setting is None:
        if options.help:
            options.parser.print_help()
            return None
        raise SettingError(f"{options.command} needs the name of a setting; `repdyn list` shows them")
    setting = find_setting(options.setting, options.settings)
    fields_parser = _field_parser(options.command, setting)
    if options.help:
        fields_parser.print_help()
        return None
    return override(setting, vars(fields_parser.parse_args(rest)))


def _field_parser(command: str, setting: Setting) -> _Parser:
    """A parser for the fields of a setting; only those that are given appear in its result."""
    parser = _Parser(
        prog=f"repdyn {command} {setting.name}",
        description=f"{(type(setting).__doc__ or '').splitlines()[0]} Also --settings FILE and --results DIR.",
        argument_default=argparse.SUPPRESS,
    )
    for f in fields(setting):
        if f.name != "name":
            meaning = f"{f.metadata['meaning']} (here {getattr(setting, f.name)!r})".replace("%", "%%")
            flags = dict.fromkeys((f"--{f.name.replace('_', '-')}", f"--{f.name}"))
            parser.add_argument(*flags, dest=f.name, type=_FIELD_TYPES[str(f.type)], metavar="VALUE", help=meaning)
    return parser


def _fit(options: argparse.Namespace, _: list[str]) -> int:
    from .comparison import Comparison, Failure, compare  # pandas and SciPy are loaded for the commands that fit
    from .records import read_trajectories
    from .report import comparison_table, departure_lines, nested_lines

    frame = read_trajectories(options.file, options.dx2, options.dy2, layer=options.layer)
    comparisons = [
        c
        for name in options.theory or ["two_point"]
        for c in compare(frame, theory=name, fixed=dict(options.fixed), balanced=options.balanced)
    ]
    fitted = [c for c in comparisons if isinstance(c, Comparison)]
    if not fitted:
        raise ValueError(next(c.reason for c in comparisons if isinstance(c, Failure)))
    print(comparison_table(comparisons))
    for line in nested_lines(comparisons):
        print(line)
    if len(fitted) == 1:
        print("\n".join(departure_lines(fitted[0])))
    if options.figure:
        from .figures import draw_comparison, save_figure

        ending = options.figure.suffix
        stem = options.figure.with_suffix("") if ending in (".png", ".svg") else options.figure
        save_figure(draw_comparison(fitted[0]), stem)
        print(f"drawn in {stem}.png and {stem}.svg")
    return 0


def _derive(options: argparse.Namespace, _: list[str]) -> int:
    from repdyn.symbolic import theories  # SymPy takes longer to load than --help may
    from repdyn.symbolic.document import FORMATS, Chapter, prove, render, tally

    known = theories()
    for name in options.theory:
        if name not in known:
            raise ValueError(f"there is no theory {name!r}; there are {', '.join(known)}")
    ending = options.output.suffix[1:] if options.output else ""
    if options.output and not options.format and ending not in FORMATS:
        raise ValueError(f"{options.output} must end in .{', .'.join(FORMATS)}, or give --format; got no known ending")
    form = options.format or ending or "md"
    chosen = [known[name] for name in dict.fromkeys(options.theory or known)]
    with _progress(sum(len(theory.derivation.steps) for theory in chosen)) as advance:
        chapters: list[Chapter] = []
        for theory in chosen:
            verdicts: list[Verdict] = []
            for verdict in prove(theory.derivation):
                verdicts.append(verdict)
                advance()
            chapters.append(Chapter(theory, tuple(verdicts)))
    figures = _phases(form, options.output) if any(theory.name == "two_point" for theory in chosen) else {}
    text = render(chapters, form, figures)
    wrong = [error for chapter in chapters for _, error in chapter.verdicts if error is not None]
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text, "utf-8")
        proved, steps = tally(chapters)
        print(f"{proved} of {steps} steps verified; written to {options.output}")
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


def _phases(form: str, output: Path | None) -> dict[str, Plate]:
    """The phase diagram: within HTML, otherwise in a file beside the output, if there is one."""
    if output is None and form != "html":
        return {}
    from repdyn.symbolic.document import Plate

    from .figures import PHASES_ALT, PHASES_CAPTION, draw_phase_diagram, svg, write_figure

    figure = draw_phase_diagram()
    if output is None or form == "html":
        embedded = svg(figure)
    else:
        file = output.with_name(f"{output.stem}-phases.{'pdf' if form == 'tex' else 'png'}")
        write_figure(figure, file)
        embedded = file.name
    return {"two_point": Plate(PHASES_ALT, PHASES_CAPTION, embedded)}
