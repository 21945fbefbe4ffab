"""Tables inside web pages and XML spreadsheets: what many trading sites and programs save under the name .xls.

Everything in the file becomes the rows of one text table, in its order: texts outside of tables are rows of one cell,
so that the account and the deposit above a table are not lost. A cell over several columns or rows stands in the first
of them. A page that asks for a password is a login page and no table. Nothing in the file is followed or run.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from rebalance_kit.errors import InputError
from rebalance_kit.textfile.document import Document

WIDEST = 200  # columns that a cell may take, and rows
_ASKS_FOR_A_PASSWORD = re.compile(rb"type\s*=\s*[\"']?password", re.IGNORECASE)
_HAS_ROWS = re.compile(rb"<(tr|ss:row|row)\b", re.IGNORECASE)
_ROWS, _CELLS = frozenset({"tr", "row", "ss:row"}), frozenset({"td", "th", "cell", "ss:cell"})
_SILENT = frozenset({"script", "style", "title", "head"})
_BLOCKS = frozenset({"p", "div", "table", "br", "h1", "h2", "h3", "h4", "li", "worksheet"})


def table_in_markup(document: Document) -> Document | None:
    """The tables of a web page or an XML spreadsheet as one text table, None when the file is no such thing."""
    start = document.data[:256].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(b"<") or not _HAS_ROWS.search(document.data) or _ASKS_FOR_A_PASSWORD.search(document.data):
        return None
    reader = _Reader()
    try:
        reader.feed(document.text)
        reader.close()
    except (InputError, AssertionError):  # no text in a known encoding; html.parser asserts at broken declarations
        return None
    reader.end_of_row()
    text = reader.as_csv()
    return Document(document.name, text.encode(), document.error) if text.strip() else None


@dataclass(slots=True)
class _Cell:
    text: str = ""
    columns: int = 1
    rows: int = 1
    at: int | None = None  # the column it says it stands in


@dataclass(slots=True)
class _Line:
    number: int
    cells: list[_Cell] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[_Line] = []
        self._row: _Line | None = None
        self._cell: _Cell | None = None
        self._outside = ""
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _ROWS:
            self.end_of_row()
            self._row = _Line(self.getpos()[0])
        elif tag in _CELLS and self._row is not None:
            said = dict(attrs)
            at = _whole(said.get("ss:index"), 0) - 1
            self._cell = _Cell("", _whole(said.get("colspan"), 1) + _whole(said.get("ss:mergeacross"), 0),
                               _whole(said.get("rowspan"), 1), at if at >= 0 else None)  # fmt: skip
            self._row.cells.append(self._cell)
        elif tag in _BLOCKS:
            self._pause()

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _CELLS:
            self._cell = None
        elif tag in _ROWS or tag == "table":
            self.end_of_row()
        elif tag in _BLOCKS:
            self._pause()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._cell is not None:
            self._cell.text += data
        elif self._row is None:
            self._outside += data

    def end_of_row(self) -> None:
        """Keep the row, or the text outside of rows, that has come to its end."""
        self._say_outside()
        if self._row is not None and self._row.cells:
            self.lines.append(self._row)
        self._row = self._cell = None

    def as_csv(self) -> str:
        """The rows as CSV text; where it can, a row stands on the line that it begins on in the file."""
        out = io.StringIO(newline="")
        writer, line = csv.writer(out, lineterminator="\n"), 1
        below: dict[int, int] = {}  # columns that a cell from above still takes
        for each in self.lines:
            out.write("\n" * max(0, each.number - line))
            line = max(line, each.number) + 1
            writer.writerow(_placed(each.cells, below) or [""])
        return out.getvalue()

    def _pause(self) -> None:
        if self._cell is not None:
            self._cell.text += " "
        elif self._row is None:
            self._say_outside()

    def _say_outside(self) -> None:
        text = " ".join(self._outside.split())
        self._outside = ""
        if text:
            self.lines.append(_Line(self.getpos()[0], [_Cell(text)]))


def _placed(cells: list[_Cell], below: dict[int, int]) -> list[str]:
    """The texts of a row in their columns."""
    texts: dict[int, str] = {}
    column = 0
    taken = {index for index, rows in below.items() if rows > 0}
    for index in taken:
        below[index] -= 1
    for cell in cells:
        column = max(column, cell.at or 0)
        while column in taken:
            column += 1
        texts[column] = " ".join(cell.text.split())
        for index in range(column, column + cell.columns):
            if cell.rows > 1:
                below[index] = cell.rows - 1
        column += cell.columns
    return [texts.get(index, "") for index in range(max(texts, default=-1) + 1)]


def _whole(text: str | None, otherwise: int) -> int:
    return min(int(text), WIDEST) if text and text.isascii() and text.isdigit() else otherwise
