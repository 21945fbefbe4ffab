"""mapping.yaml: which column of a table is what, in a person's own words, for files whose headings nobody else knows.

    columns:
      code: "품번"            # or name, when a listing finds the codes
      quantity: "잔량"
      price: "시세"
    currency: KRW             # of amounts that name none
    account: main             # of rows that name none

A heading is written as the file has it. What is not mapped is looked for under its usual names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from rebalance_kit.arguments import nearest
from rebalance_kit.errors import InputError
from rebalance_kit.money import MINOR_DIGITS
from rebalance_kit.policy.problems import at_line, show
from rebalance_kit.policy.text_file import read_text
from rebalance_kit.policy.yaml_tree import YamlTree, parse_yaml
from rebalance_kit.textfile.cells import CellError, read_number
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.textfile.table import DELIMITERS
from rebalance_kit.words import Text

FILE_NAME = "mapping.yaml"
COLUMNS = ("code", "name", "quantity", "price", "value", "cost", "average cost", "currency", "account", "date")

# What a heading sounds like, the most telling first; each heading is guessed for one column only.
_SOUNDS: Mapping[str, str] = {
    "currency": r"통화|화폐|curr|ccy",
    "account": r"계좌|account|depot",
    "date": r"일자|기준일|날짜|date|datum",
    "code": r"코드|품번|종목번호|단축|symbol|ticker|isin|code|wkn",
    "name": r"종목|상품|품목|자산|이름|명$|name|security|description|fund|instrument",
    "quantity": r"수량|잔량|좌수|주수|보유|잔고|qty|quant|shares|units|stück|anzahl|nominal|holding",
    "average cost": r"(매입|매수|구입|평균|취득|장부).*(단가|가격|가|평균)$|평단|(av|unit|purchase).*(cost|price)",
    "cost": r"(매입|매수|구입|취득|투자|장부).*(금액|원금|가액|원가|액)$|원금|cost|basis|invested|einstand",
    "price": r"현재가|시세|종가|기준가|단가|가격|price|kurs|last|quote|nav",
    "value": r"평가|금액|value|worth|amount|wert",
}
_NOT_MEANT = re.compile(r"손익|수익|비중|가능|주문|등락|대비|gain|loss|%|change|profit|return|weight", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """The heading of each mapped column; what amounts and rows count as that name no currency and no account."""

    columns: Mapping[str, str] = field(default_factory=dict)
    currency: str | None = None
    account: str | None = None


def read_mapping(path: Path) -> ColumnMapping:
    """A mapping. InputError with file and line for one that cannot be read, names unknown keys or lacks a column."""
    source = path.name
    tree = parse_yaml(read_text(path), source)
    if not isinstance(tree.data, dict):
        raise _bad(source, 1, Text("it has no sections", "섹션이 없습니다"), _SECTIONS)
    _refuse_unknown(tree, source, tuple(tree.data), ("columns", "currency", "account"), ())
    section = tree.data.get("columns")
    if not isinstance(section, dict):
        line = tree.lines.get(("columns",), 1)
        raise _bad(source, line, Text("there is no section columns", "columns 섹션이 없습니다"), _SECTIONS)
    _refuse_unknown(tree, source, tuple(section), COLUMNS, ("columns",))
    columns = {key: _text(tree, source, ("columns", key)) for key in section}
    columns = {key: heading for key, heading in columns.items() if heading}
    if "quantity" not in columns and not columns:
        raise _bad(source, tree.lines[("columns",)], Text("no column has a heading", "제목을 적은 열이 없습니다"),
                   Text("at least quantity, and code or name", "적어도 quantity와 code(또는 name)"))  # fmt: skip
    currency = _text(tree, source, ("currency",)) if "currency" in tree.data else ""
    if currency and currency not in MINOR_DIGITS:
        raise _bad(source, tree.lines[("currency",)],
                   Text(f"{show(currency)} is not a known currency", f"{show(currency)}은(는) 알 수 없는 통화입니다"),
                   Text(f"one of {', '.join(MINOR_DIGITS)}", f"{', '.join(MINOR_DIGITS)} 가운데 하나"))  # fmt: skip
    account = _text(tree, source, ("account",)) if "account" in tree.data else ""
    return ColumnMapping(columns, currency or None, account or None)


def draft_mapping(document: Document) -> str | None:
    """A mapping for a table that nobody knows, as far as its headings tell; None when it has none.

    Columns that no heading sounds like are left empty for the person to fill in.
    """
    heading = _likely_heading(document)
    if heading is None:
        return None
    cells = [cell for cell in heading.cells if cell]
    guessed = dict(_guesses(cells))
    lines = [
        f"# Which column of {document.name} is what. Check every line, then import the file again.",
        f"# {document.name}의 어느 열이 무엇인지 확인하고 다시 가져와 주세요.",
        f"# headings (line {heading.line}): {', '.join(cells)}",
        "columns:",
    ]
    lines += [f"  {key}:{_value(guessed.get(key))}" for key in COLUMNS]
    lines += ["# currency: KRW    # of amounts that name none", "# account: main    # of rows that name none"]
    return "\n".join(lines) + "\n"


def _value(heading: str | None) -> str:
    return "" if heading is None else " " + json.dumps(heading, ensure_ascii=False)


def _guesses(cells: Sequence[str]) -> Iterator[tuple[str, str]]:
    left = [cell for cell in cells if not _NOT_MEANT.search(cell)]
    for key, sound in _SOUNDS.items():
        found = next((cell for cell in left if re.search(sound, cell, re.IGNORECASE)), None)
        if found is not None:
            left.remove(found)
            yield key, found


def _likely_heading(document: Document) -> Row | None:
    """The row near the top with most texts above numbers; None when no row looks like headings."""
    best: tuple[int, Row] | None = None
    if document.kind:
        return None
    for delimiter in DELIMITERS:
        rows = document.head(delimiter)
        for row, below in pairwise(rows):
            texts = sum(bool(cell) and not _is_number(cell) for cell in row.cells)
            numbers = sum(_is_number(cell) for cell in below.cells)
            if texts >= 2 and numbers >= 1 and (best is None or texts + numbers > best[0]):
                best = texts + numbers, row
    return best[1] if best else None


def _is_number(cell: str) -> bool:
    try:
        read_number(cell)
    except CellError:
        return False
    return True


def _text(tree: YamlTree, source: str, path: tuple[str, ...]) -> str:
    value = tree.data
    for step in path:
        value = value[step] if isinstance(value, dict) else ""
    if not isinstance(value, str):
        raise _bad(source, tree.lines[path], Text(f"{path[-1]} is not a text", f"{path[-1]}의 값이 텍스트가 아닙니다"),
                   Text("a heading as the file has it", "파일에 적힌 그대로의 제목"))  # fmt: skip
    return "" if value in ("~", "null", "?") else value.strip()


def _refuse_unknown(
    tree: YamlTree, source: str, keys: Sequence[str], known: Sequence[str], above: tuple[str, ...]
) -> None:
    for key in keys:
        if key not in known:
            near = nearest(key, tuple(known))
            hint = Text(f", did you mean {near}", f", {near}을(를) 뜻했나요") if near else Text("", "")
            raise _bad(source, tree.lines[(*above, key)],
                       Text(f"{show(key)} is not known{hint.en}", f"{show(key)}은(는) 알 수 없는 이름입니다{hint.ko}"),
                       Text(f"one of {', '.join(known)}", f"{', '.join(known)} 가운데 하나"))  # fmt: skip


def _bad(source: str, line: int, wrong: Text, expected: Text) -> InputError:
    fix = Text(f"correct {source}, or remove it to have a new draft written",
               f"{source}을(를) 고치거나, 지우고 새 초안을 받아 주세요")  # fmt: skip
    return InputError("bad_mapping", where=at_line(source, line), wrong=wrong, expected=expected, fix=fix)


_SECTIONS = Text("a section `columns:` with a heading for each column", "열마다 제목을 적은 `columns:` 섹션")
