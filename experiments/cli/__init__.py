"""The command line: ``repdyn list | run | kernels | fit | diagnose | explore | derive | reproduce | report``."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from . import derive, diagnose, explore, fit, report, reproduce, train
from .faults import fault, is_answer
from .parser import Parser
from .terminal import write_plainly

_COMMANDS = "list | run | kernels | fit | diagnose | explore | derive | reproduce | report"
_TRACEBACK = "--traceback"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status.

    It is 0; 2 after one line on what is wrong, 70 after one line on a fault of this package, 130 or 143 when told to
    end.
    """
    write_plainly()
    words = list(sys.argv[1:] if arguments is None else arguments)
    shown = _TRACEBACK in words
    words = [word for word in words if word != _TRACEBACK]
    status = 2
    parser = _parser()
    atexit.register(gc.freeze)  # at its end Python would look through all that torch and SymPy made, for seconds
    try:
        with _ended_by_sigterm():
            options, rest = parser.parse_known_args(words)
            options.traceback = shown
            if rest and "setting" not in options:
                parser.error(f"unrecognised arguments: {' '.join(rest)}")
            done: int = options.action(options, rest)
            sys.stdout.flush()
            return done
    except BrokenPipeError:  # whoever read our output has read enough
        _print_no_more()
        return 0
    except ModuleNotFoundError as error:
        extra = "cluster" if error.name == "distributed" else "experiments"
        print(f"repdyn: {error.name} is not installed; install repdyn[{extra}]", file=sys.stderr)
    except Exception as error:  # whatever it is, it gets one line
        if shown:
            traceback.print_exc()
        answer = is_answer(error)
        print(f"repdyn: {' '.join(str(error).split()) if answer else fault(error)}", file=sys.stderr)
        status = 2 if answer else 70
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
    return status


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
    parser.add_argument(_TRACEBACK, action="store_true", help="of an error show where it came from; with any command")
    commands = parser.add_subparsers(dest="command", required=True, metavar=_COMMANDS)
    for module in (train, fit, diagnose, explore, derive, reproduce, report):
        module.add(commands)
    return parser
