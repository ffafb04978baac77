"""The command line: ``repdyn list | run | kernels | fit | derive | reproduce | report``."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from . import derive, fit, report, reproduce, train
from .parser import Parser
from .terminal import write_plainly

_COMMANDS = "list | run | kernels | fit | derive | reproduce | report"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 2 after one line on what is wrong, 130 or 143 when told to end."""
    write_plainly()
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser()
    atexit.register(gc.freeze)  # at its end Python would look through all that torch and SymPy made, for seconds
    try:
        with _ended_by_sigterm():
            options, rest = parser.parse_known_args(words)
            if rest and "setting" not in options:
                parser.error(f"unrecognised arguments: {' '.join(rest)}")
            status = options.action(options, rest)
            sys.stdout.flush()
            return status
    except BrokenPipeError:  # whoever read our output has read enough
        _print_no_more()
        return 0
    except ModuleNotFoundError as error:
        extra = "cluster" if error.name == "distributed" else "experiments"
        print(f"repdyn: {error.name} is not installed; install repdyn[{extra}]", file=sys.stderr)
    except (ValueError, OSError, ArithmeticError) as error:
        print(f"repdyn: {' '.join(str(error).split())}", file=sys.stderr)
    except KeyboardInterrupt:
        print("repdyn: interrupted; what was finished is kept", file=sys.stderr)
        return 130
    except _Terminated:
        print("repdyn: terminated; what was finished is kept", file=sys.stderr)
        return 143
    try:
        sys.stdout.flush()
    except OSError:  # the disk that it goes to is full: it was said
        _print_no_more()
    return 2


class _Terminated(BaseException):
    """SIGTERM came. Unlike :class:`SystemExit` it is no answer of Lightning's."""


@contextmanager
def _ended_by_sigterm() -> Generator[None]:
    """Make SIGTERM end what is inside as an interruption does; elsewhere than in the main thread it stays as it is."""

    def end(*_: object) -> None:
        raise _Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _print_no_more() -> None:
    """Let nothing that is still to be printed fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> Parser:
    parser = Parser(
        prog="repdyn",
        description="Representation learning dynamics: the theory derived, computed and tested on real networks.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar=_COMMANDS)
    for module in (train, fit, derive, reproduce, report):
        module.add(commands)
    return parser
