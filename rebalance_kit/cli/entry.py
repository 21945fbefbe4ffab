"""The front door of the command line: run a command, turn whatever happens into one sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import typer

from rebalance_kit.cli import (
    actions,
    faults,
    harvest,
    importing,
    output,
    policy,
    prices,
    questions,
    record,
    recovery,
    research,
    submitting,
)
from rebalance_kit.cli.rehearse import rehearse
from rebalance_kit.cli.sbom import sbom
from rebalance_kit.cli.story import STORY
from rebalance_kit.cli.worker import worker
from rebalance_kit.errors import KitError, PolicyError

_CASH = {"ignore_unknown_options": True}  # -500000 is an amount, not an option

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command()(actions.demo)
app.command()(questions.drift)
app.command()(questions.plan)
app.command(context_settings=_CASH)(questions.cash)
app.command()(harvest.harvest)
app.command("import")(importing.import_files)
app.command()(prices.prices)
app.command()(actions.run)
app.command()(submitting.submit)
app.command()(actions.history)
app.command()(record.stop)
app.command()(recovery.fills)
app.command()(recovery.resume)
app.command()(recovery.reconcile)
app.command()(actions.dashboard)
app.command()(rehearse)
app.command(hidden=True)(worker)
app.command(hidden=True)(sbom)
app.add_typer(policy.commands, name="policy")
app.add_typer(record.journal, name="journal")
app.add_typer(research.research, name="research")

COMMANDS = (
    "demo", "drift", "plan", "cash", "harvest", "import", "prices", "run", "submit", "history", "stop", "fills",
    "resume", "reconcile", "dashboard", "rehearse", "policy", "journal", "research",
)  # fmt: skip
_INNER = {"policy": policy.COMMANDS, "journal": record.JOURNAL_COMMANDS, "research": research.RESEARCH_COMMANDS}


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
    except Exception as error:
        if debug:
            raise
        return _tell(error, words)
    return code if isinstance(code, int) else 0


def _tell(failure: Exception, words: list[str]) -> int:
    language = faults.spoken_language(words, os.environ.get("LC_ALL") or os.environ.get("LANG") or "")
    error = _ours(failure, words)
    more = error.more if isinstance(error, PolicyError) and words[:2] == ["policy", "check"] else ()
    try:
        code = output.report(error, language, as_json="--json" in words, more=more)
        sys.stdout.flush()
    except OSError:  # the output itself is what failed
        _let_go_of_stdout()
        return error.exit_code
    return code


def _ours(error: Exception, words: list[str]) -> KitError:
    if isinstance(error, KitError):
        return error
    if isinstance(error, typer.TyperException):
        return faults.usage_fault(error, words, _INNER.get(words[0], COMMANDS))
    if isinstance(error, OSError):
        return faults.disk_fault(error)
    return faults.unexpected_fault(error)


def _reader_left() -> int:
    """`rebalance history ... | head` is no failure."""
    _let_go_of_stdout()
    return 0


def _let_go_of_stdout() -> None:
    """What could not be written stays in the buffer: Python must not try again, and complain, when it ends."""
    with suppress(OSError, ValueError):  # captured in a test, or closed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
