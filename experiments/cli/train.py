"""``repdyn list``, ``run`` and ``kernels``: settings, and networks trained from them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from ..settings import Setting, SettingError, find_setting, load_settings, override
from ..settings.values import types_of
from .parser import Parser

_RESULTS = Path("results")


def add(commands: Any) -> None:
    """Add the commands to the parser."""
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

    from ..results.folder import check_results, write_run
    from ..results.summary import run_summary  # training is loaded when something is trained
    from ..runs.run import run
    from ..trials.identity import identified

    setting = identified(setting)
    check_results(setting, options.results)
    result = run(setting)
    folder = write_run(result, options.results)
    print(run_summary(result, folder))
    return 0


def _kernels(options: argparse.Namespace, rest: list[str]) -> int:
    setting = _chosen_setting(options, rest)
    if setting is None:
        return 0

    from ..results.folder import check_results, write_predictions
    from ..results.summary import prediction_summary
    from ..runs.prediction import check_predictable, predict

    known = check_predictable(setting)
    check_results(known, options.results, kernels=True)
    found = predict(known)
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


def _field_parser(command: str, setting: Setting) -> Parser:
    """A parser for the fields of a setting; only those that are given appear in its result."""
    parser = Parser(
        prog=f"repdyn {command} {setting.name}",
        description=f"{(type(setting).__doc__ or '').splitlines()[0]} Also --settings FILE and --results DIR.",
        argument_default=argparse.SUPPRESS,
    )
    types = types_of(type(setting))
    for f in fields(setting):
        if f.name != "name":
            meaning = f"{f.metadata['meaning']} (here {getattr(setting, f.name)!r})".replace("%", "%%")
            flags = dict.fromkeys((f"--{f.name.replace('_', '-')}", f"--{f.name}"))
            parser.add_argument(*flags, dest=f.name, type=types[f.name], metavar="VALUE", help=meaning)
    return parser
