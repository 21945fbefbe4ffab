"""The front door of the command line: run a command, turn whatever happens into one sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from rebalance_kit.cli import faults, output
from rebalance_kit.cli.app import COMMANDS, app
from rebalance_kit.cli.story import STORY
from rebalance_kit.errors import KitError


def main(argv: Sequence[str] | None = None) -> int:
    """Run `rebalance` with `argv` (default: the process's own) and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words or bool(os.environ.get("REBALANCE_DEBUG"))
    words = [word for word in words if word != "--debug"]
    for stream in (sys.stdout, sys.stderr):
        output.forgiving(stream)
    try:
        if words in ([], ["--help"], ["-h"], ["help"]):
            sys.stdout.write(STORY)
            return 0
        code = app(words, prog_name="rebalance", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_left()
    except KeyboardInterrupt:
        output.say("interrupted")
        return 130
    except Exception as error:
        if debug:
            raise
        return _tell(error, words)
    return code if isinstance(code, int) else 0


def _tell(error: Exception, words: list[str]) -> int:
    language = faults.spoken_language(words, os.environ.get("LC_ALL") or os.environ.get("LANG") or "")
    try:
        return output.report(_ours(error, words), language, as_json="--json" in words)
    except OSError:
        return 1


def _ours(error: Exception, words: list[str]) -> KitError:
    if isinstance(error, KitError):
        return error
    if isinstance(error, typer.TyperException):
        return faults.usage_fault(error, words, COMMANDS)
    if isinstance(error, OSError):
        return faults.disk_fault(error)
    return faults.unexpected_fault(error)


def _reader_left() -> int:
    """`rebalance history ... | head` is no failure; Python must not complain at exit either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
