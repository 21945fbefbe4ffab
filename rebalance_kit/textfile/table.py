"""A table found in a text: the heading row, the columns that the reader knows, and typed access to the cells.

The delimiter is proved, not guessed: it is the one that makes a row of wanted headings appear. Rows above the heading
row are the preamble. A reader states its columns as a `Layout`; the first name of each field is the exact one and wins
over its synonyms.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import islice

from rebalance_kit.errors import InputError
from rebalance_kit.textfile.cells import (
    CellError,
    NumberStyle,
    prove_style,
    read_date,
    read_number,
    says_nothing,
    shown,
)
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.words import Text

DELIMITERS = (",", ";", "\t")
HEADING_WITHIN = 25  # rows of preamble that may stand above the headings

_UNITS = re.compile(r"\((원|krw|usd|eur|주|\$|₩)\)$")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns a reader knows: for each field its exact name and its synonyms, most telling first.

    `numbers` hold amounts; two columns for one of them are refused, while of two names the more telling one is taken.
    `lesser` are names that count only where no other column of the field is there: then the most telling is taken.
    """

    fields: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    numbers: frozenset[str]
    wanted: Text
    lesser: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def names(self, column: str) -> tuple[str, ...]:
        """Every name of a field, the most telling first."""
        return (*self.fields[column], *self.lesser.get(column, ()))


@dataclass(frozen=True, slots=True)
class Grid:
    """The heading row of a document and the rows below it, all cells text."""

    document: Document
    delimiter: str
    heading: Row
    rows: tuple[Row, ...]
    preamble: tuple[Row, ...] = ()

    def check_width(self, row: Row) -> None:
        """Raise when a row has fewer cells than the headings, or something beyond them."""
        width = len(self.heading.cells)
        if len(row.cells) == width or (len(row.cells) > width and not any(row.cells[width:])):
            return
        more = len(row.cells) > width
        raise self.document.problem(
            "long_row" if more else "short_row",
            wrong=Text(f"the row has {len(row.cells)} cells", f"칸이 {len(row.cells)}개입니다"),
            expected=Text(f"{width} cells, as in the heading row", f"제목 행과 같은 {width}개"),
            fix=Text("quote a cell that contains the delimiter", "구분 기호가 든 칸은 따옴표로 묶어 주세요")
            if more
            else Text("complete the row or remove it", "빠진 칸을 채우거나 행을 지워 주세요"),
            line=row.line,
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A grid whose columns are known by field name. Cells of a field that the file does not have are empty."""

    grid: Grid
    columns: Mapping[str, int]
    style: NumberStyle

    @classmethod
    def of(cls, grid: Grid, layout: Layout) -> Table:
        """The table of a grid whose heading row is known to fit a layout. Raises when two columns mean one thing."""
        columns = _columns(grid, layout)
        indexes = [index for field, index in columns.items() if field in layout.numbers]
        numbers = (row.cells[i] for row in grid.rows for i in indexes if i < len(row.cells))
        return cls(grid, columns, prove_style(numbers, grid.delimiter))

    @property
    def document(self) -> Document:
        return self.grid.document

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.grid.rows

    def unused(self) -> tuple[str, ...]:
        """The headings that no field claims, in file order."""
        used = set(self.columns.values())
        return tuple(name for i, name in enumerate(self.grid.heading.cells) if name and i not in used)

    def text(self, row: Row, field: str) -> str:
        """The cell of a field; empty when there is no such column or the row is too short for it."""
        index = self.columns.get(field)
        return row.cells[index] if index is not None and index < len(row.cells) else ""

    def number(self, row: Row, field: str, error: type[InputError] | None = None) -> Decimal:
        """The number of a cell. Raises the document's error (or `error`) with line and column."""
        return self._number(self.text(row, field), row, field, error)

    def optional_number(self, row: Row, field: str, error: type[InputError] | None = None) -> Decimal | None:
        """The number of a cell, None when it is left out."""
        cell = self.text(row, field)
        return None if says_nothing(cell) else self._number(cell, row, field, error)

    def _number(self, cell: str, row: Row, field: str, error: type[InputError] | None) -> Decimal:
        try:
            return read_number(cell, self.style)
        except CellError as problem:
            raise self.located(problem, row, field, error) from problem

    def optional_date(self, row: Row, field: str) -> date | None:
        """The date of a cell, None when it is left out."""
        text = self.text(row, field)
        if says_nothing(text):
            return None
        try:
            return read_date(text)
        except CellError as problem:
            raise self.located(problem, row, field) from problem

    def located(self, problem: CellError, row: Row, field: str, error: type[InputError] | None = None) -> InputError:
        """What is wrong with a cell, with its place."""
        return self.problem(problem.code, problem.wrong, problem.expected, problem.fix, row, field, error)

    def problem(
        self,
        code: str,
        wrong: Text,
        expected: Text,
        fix: Text,
        row: Row,
        field: str,
        error: type[InputError] | None = None,
    ) -> InputError:
        """The exception for one cell."""
        index = self.columns.get(field)
        column = shown(self.grid.heading.cells[index] if index is not None else field)
        return self.document.problem(
            code, wrong=wrong, expected=expected, fix=fix, line=row.line, column=column, error=error
        )


def read_table(document: Document, layout: Layout) -> Table:
    """The table of a document. Raises when the headings are not found or name one thing twice."""
    grid = read_grid(document, lambda cells: has_columns(cells, layout), layout.wanted)
    return Table.of(grid, layout)


def read_grid(document: Document, is_heading: Callable[[Sequence[str]], bool], wanted: Text) -> Grid:
    """The rows below the first row that `is_heading` accepts, split by the one delimiter that makes it appear.

    Of a workbook it is the one sheet that has such a row. Raises when no delimiter does, naming the headings found, or
    when two do.
    """
    document = _sheet_with(document, is_heading)
    if document.kind:
        raise document.no_table(wanted)
    proved = [delimiter for delimiter in DELIMITERS if find_heading(document, delimiter, is_heading) is not None]
    if len(proved) != 1:
        raise _two_delimiters(document) if proved else document.no_table(wanted, first_headings(document))
    rows = tuple(document.rows(proved[0]))
    start = next(i for i, row in enumerate(rows) if is_heading(row.cells))
    return Grid(document, proved[0], rows[start], rows[start + 1 :], rows[:start])


def _sheet_with(document: Document, is_heading: Callable[[Sequence[str]], bool]) -> Document:
    if not document.is_workbook:
        return document
    from rebalance_kit.textfile.workbook import the_sheet  # loaded for a workbook alone

    return the_sheet(document, lambda sheet: find_heading(sheet, ",", is_heading) is not None)


def find_heading(document: Document, delimiter: str, is_heading: Callable[[Sequence[str]], bool]) -> Row | None:
    """The first heading row of a document when split by `delimiter`, or None."""
    try:
        return next((row for row in islice(document.rows(delimiter), HEADING_WITHIN) if is_heading(row.cells)), None)
    except InputError:  # quotes that do not close are a fault of this delimiter, not yet of the file
        return None


def has_columns(cells: Iterable[str], layout: Layout) -> bool:
    """Whether the cells name every required field of a layout."""
    names = {normal(cell) for cell in cells if cell}
    if len(names) < len(layout.required):
        return False
    return all(any(normal(name) in names for name in layout.names(column)) for column in layout.required)


@lru_cache(maxsize=4096)
def normal(heading: str) -> str:
    """A heading as it is compared: one case, full width as half, without blanks, joints and a unit in parentheses."""
    text = unicodedata.normalize("NFKC", heading).casefold()
    text = re.sub(r"[\s_\-]", "", text)
    return _UNITS.sub("", text) or text


def _columns(grid: Grid, layout: Layout) -> dict[str, int]:
    headings = [normal(cell) for cell in grid.heading.cells]
    columns = {}
    for name, names in layout.fields.items():
        found = _places(headings, names)
        if not found and name in layout.lesser:
            found = _places(headings, layout.lesser[name])
            found = [place for place in found if place[0] == found[0][0]]
        if not found:
            continue
        rank, index = found[0]
        twice = [i for other, i in found[1:] if other == rank or (name in layout.numbers and rank > 0)]
        if twice:
            raise _two_columns(grid, name, index, twice[0])
        columns[name] = index
    return columns


def _places(headings: Sequence[str], names: Sequence[str]) -> list[tuple[int, int]]:
    """Where the names stand among normal headings: rank of the name, column; the most telling first."""
    return [(rank, i) for rank, name in enumerate(names) for i, h in enumerate(headings) if h == normal(name)]


def _two_columns(grid: Grid, field: str, first: int, second: int) -> InputError:
    names = (shown(grid.heading.cells[first]), shown(grid.heading.cells[second]))
    return grid.document.problem(
        "two_columns",
        wrong=Text(
            f"columns {first + 1} '{names[0]}' and {second + 1} '{names[1]}' both mean {field}",
            f"{first + 1}번째 '{names[0]}' 열과 {second + 1}번째 '{names[1]}' 열이 모두 {field}을(를) 뜻합니다",
        ),
        expected=Text("one column for each thing", "뜻마다 열 하나"),
        fix=Text(
            f"remove one, or name the right one '{field}'",
            f"하나를 지우거나 맞는 열의 제목을 '{field}'(으)로 바꿔 주세요",
        ),
        line=grid.heading.line,
    )


def first_headings(document: Document) -> str | None:
    """The widest of the first rows of a document as a message shows it, split by the delimiter that gives most cells.

    Raises what is wrong with its quotes when no delimiter can split it.
    """
    rows: list[tuple[str, ...]] = []
    broken: InputError | None = None
    for delimiter in DELIMITERS:
        try:
            rows += [row.cells for row in islice(document.rows(delimiter), HEADING_WITHIN)]
        except InputError as problem:
            broken = broken or problem
    if broken and not rows:
        raise broken
    widest = max(rows, key=lambda cells: sum(map(bool, cells)), default=())
    return ", ".join(shown(cell, 30) or "''" for cell in widest[:20]) or None


def _two_delimiters(document: Document) -> InputError:
    return document.problem(
        "ambiguous_delimiter",
        wrong=Text("the headings appear with two different delimiters", "구분 기호 두 가지로 모두 제목 행이 읽힙니다"),
        expected=Text("cells divided by a comma, a semicolon or a tab", "쉼표, 세미콜론, 탭 가운데 하나로 나눈 칸"),
        fix=Text("keep one delimiter", "구분 기호를 하나만 써 주세요"),
    )
