"""JSON documents read exactly: a number with a point is a Decimal, and nothing that is not JSON passes."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Text


def looks_like_json(document: Document) -> bool:
    """Whether a document starts as a JSON object or list does."""
    return document.data[:64].removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))


def json_of(document: Document) -> Any:
    """The value of a JSON document. Raises the document's error, with its line, when it is broken."""
    try:
        return json.loads(document.text.removeprefix("\ufeff"), parse_float=Decimal, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _broken(document, error.msg, error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise _broken(document, str(error), None) from error


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")


def _broken(document: Document, reason: str, line: int | None) -> Exception:
    return document.problem(
        "broken_json",
        wrong=Text(f"the JSON is broken ({reason})", f"JSON이 깨져 있습니다({reason})"),
        expected=Text("a complete JSON document", "온전한 JSON 문서"),
        fix=Text("export or download the file again", "파일을 다시 내보내거나 내려받아 주세요"),
        line=line,
    )


def lines_of(document: Document, key: str, count: int) -> tuple[int, ...]:
    """The lines on which the `count` members of the list called `key` begin; line 1 for each where they are not found.

    The standard decoder forgets positions, so the members are decoded once more, one by one.
    """
    text, decoder = document.text, json.JSONDecoder()
    found = re.search(rf'"{key}"\s*:\s*\[', text)
    lines: list[int] = []
    position, line, counted = (found.end() if found else len(text)), 1, 0
    while len(lines) < count and position < len(text):
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
        line, counted = line + text.count("\n", counted, position), position
        try:
            _, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        lines.append(line)
    return tuple(lines) if len(lines) == count else (1,) * count
