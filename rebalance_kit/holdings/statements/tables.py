"""Tables inside statements: found by their headings anywhere near the top, read without insisting on trailing cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

from rebalance_kit.errors import InputError
from rebalance_kit.prices.reading import refuse_symbol
from rebalance_kit.textfile.cells import says_nothing
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.textfile.table import DELIMITERS, Grid, Layout, Table, has_columns, normal

UNKNOWN = frozenset(
    {"", "-", "--", "---", "n/a", "na", "incomplete", "not available", "unknown", "null", "none", "..."}
)


def heading_row(document: Document, fits: Callable[[Sequence[str]], bool]) -> tuple[str, Row] | None:
    """The first row near the top that `fits` accepts and the delimiter that splits it; None when there is none.

    Does not raise for a foreign kind of file, only when the text cannot be decoded.
    """
    if document.kind:
        return None
    for delimiter in DELIMITERS:
        for row in document.head(delimiter):
            if len(row.cells) > 1 and fits(row.cells):
                return delimiter, row
    return None


def names(cells: Iterable[str]) -> frozenset[str]:
    """The headings of a row as they are compared."""
    return frozenset(normal(cell) for cell in cells if cell)


def has(cells: Iterable[str], *headings: str) -> bool:
    """Whether a row has all of these headings."""
    found = names(cells)
    return all(normal(heading) in found for heading in headings)


def tables_in(document: Document, delimiter: str, layout: Layout) -> Iterator[tuple[tuple[Row, ...], Table]]:
    """Every table of a layout in a document, with the rows that stand between it and the table before.

    A table ends where the next heading row of the layout begins; what ends it earlier is for the reader to say.
    """
    above: list[Row] = []
    heading: Row | None = None
    rows: list[Row] = []
    telling = {form for name in layout.fields[layout.required[0]] for form in (name, name.lower(), name.upper())}
    for row in document.rows(delimiter):
        if not telling.isdisjoint(row.cells) and has_columns(row.cells, layout):
            if heading is not None:
                yield tuple(above), _table(document, delimiter, heading, rows, layout)
                above = []
            heading, rows = row, []
        elif heading is None:
            above.append(row)
        else:
            rows.append(row)
    if heading is not None:
        yield tuple(above), _table(document, delimiter, heading, rows, layout)


def _table(document: Document, delimiter: str, heading: Row, rows: list[Row], layout: Layout) -> Table:
    return Table.of(Grid(document, delimiter, heading, tuple(rows)), layout)


def refuse_extra(table: Table, row: Row) -> None:
    """Raise when something stands beyond the headings: a comma in a name has moved the cells, and money with them.

    Cells that are missing at the end are left out, as brokers do.
    """
    width = len(table.grid.heading.cells)
    if any(row.cells[width:]):
        table.grid.check_width(row)


def amount(table: Table, row: Row, field: str, currency: str = "USD") -> Decimal | None:
    """The amount of a cell, None when it says nothing or that the broker does not know.

    Raises for anything else, also for the symbol of another currency than that of the row.
    """
    text = table.text(row, field)
    if says_nothing(text) or text.casefold() in UNKNOWN:
        return None
    number = table.number(row, field)
    refuse_symbol(table, row, field, currency)
    return number


def amount_if_any(table: Table, row: Row, field: str, currency: str = "USD") -> Decimal | None:
    """The amount of a cell of a row that is left out, None when it holds none."""
    try:
        return amount(table, row, field, currency)
    except InputError:
        return None


def only_first(row: Row) -> str | None:
    """The text of a row that says one thing only (a title, a footer), None for a row of several cells."""
    said = [cell for cell in row.cells if cell]
    return said[0] if len(said) == 1 else None
