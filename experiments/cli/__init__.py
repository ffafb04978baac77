"""The command line: ``repdyn list | run | kernels | fit | derive | reproduce | report``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from . import derive, fit, report, reproduce, train
from .parser import Parser
from .terminal import write_plainly

_COMMANDS = "list | run | kernels | fit | derive | reproduce | report"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, or 2 after one line on what is wrong."""
    write_plainly()
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
        extra = "cluster" if error.name == "distributed" else "experiments"
        print(f"repdyn: {error.name} is not installed; install repdyn[{extra}]", file=sys.stderr)
    except (ValueError, OSError, ArithmeticError) as error:
        print(f"repdyn: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("repdyn: interrupted; what was finished is kept", file=sys.stderr)
        return 130
    return 2


def _parser() -> Parser:
    parser = Parser(
        prog="repdyn",
        description="Representation learning dynamics: the theory derived, computed and tested on real networks.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar=_COMMANDS)
    for module in (train, fit, derive, reproduce, report):
        module.add(commands)
    return parser
