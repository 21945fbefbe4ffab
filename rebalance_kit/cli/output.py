"""What leaves the command line: one JSON document or a view on stdout, messages on stderr."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rebalance_kit.errors import KitError
from rebalance_kit.words import Language

if TYPE_CHECKING:  # rich is loaded when something is shown to a person
    from rich.console import RenderableType


def write_json(document: Mapping[str, object]) -> None:
    """One document; letters that the output cannot carry are escaped, so that it always parses."""
    ascii_only = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "") != "utf8"
    sys.stdout.write(json.dumps(document, ensure_ascii=ascii_only, indent=2, allow_nan=False) + "\n")


def write(text: str) -> None:
    """A line for a person who asked for it."""
    sys.stdout.write(text + "\n")


def show(*views: RenderableType) -> None:
    """Views below each other, for a person."""
    from rebalance_kit.report import terminal

    for view in views:
        terminal.show(view, sys.stdout)


def say(message: str) -> None:
    """Progress or a hint: never on stdout."""
    sys.stderr.write(message + "\n")
    sys.stderr.flush()


def report(error: KitError, language: Language, *, as_json: bool, more: Sequence[KitError] = ()) -> int:
    """Tell an error once, where the caller looks for it, and `more` of the same kind below it; its exit code."""
    if as_json:
        others = {"more": [other.to_dict(language) for other in more]} if more else {}
        write_json({"error": error.to_dict(language), **others})
        return error.exit_code
    for each in (error, *more):
        say(each.message(language))
    return error.exit_code


def forgiving(stream: object) -> None:
    """A terminal that lacks a letter (₩ on an old Windows code page) shows a substitute instead of failing."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
