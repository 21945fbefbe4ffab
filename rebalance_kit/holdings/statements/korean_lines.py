"""One row of a Korean statement as it reads, and what it is: a holding, a total, or a note."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.korean_cells import currency_in, number_in, number_or_none
from rebalance_kit.holdings.statements.korean_facts import deposit_view, is_label, plain_label
from rebalance_kit.holdings.statements.korean_kinds import is_total_text
from rebalance_kit.holdings.statements.korean_table import Sheet
from rebalance_kit.holdings.statements.tables import only_first
from rebalance_kit.textfile.cells import literal
from rebalance_kit.textfile.document import Row
from rebalance_kit.words import Finding, Text

MOST_LINES = 8  # that one finding counts out
_AMOUNTS = ("quantity", "price", "value", "cost", "average cost")


class Role(Enum):
    """What a row of a table is."""

    HOLDING = "holding"
    TOTAL = "total"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Line:
    """The cells of a holding or of cash that are needed to tell which; numbers are None where nothing is printed."""

    row: Row
    name: str
    code: str
    kind: str
    currency: str | None
    quantity: Decimal | None
    price: Decimal | None
    value: Decimal | None


def role_of(sheet: Sheet, row: Row) -> Role:
    """What a row is. A note has no number of a holding, or is a label with its number, or the headings once more."""
    table = sheet.table
    if _is_labelled_number(row):
        return Role.NOTE
    code = literal(table.text(row, "code"))
    if not code:
        first = next((cell for cell in row.cells if cell), "")
        if is_total_text(first) or is_total_text(table.text(row, "name")):
            return Role.TOTAL
        if is_label(first):
            return Role.NOTE
    elif is_total_text(code):
        return Role.TOTAL
    if row.cells == table.grid.heading.cells:
        return Role.NOTE
    if any(table.text(row, name) for name in _AMOUNTS) or (code and only_first(row) is None):
        return Role.HOLDING
    return Role.NOTE


def _is_labelled_number(row: Row) -> bool:
    """A row of nothing but a label of the account (예수금, 총평가금액) and its number."""
    said = [cell for cell in row.cells if cell]
    if len(said) != 2 or number_or_none(said[1]) is None:
        return False
    return is_label(said[0]) or deposit_view(plain_label(said[0])) is not None


def line_of(sheet: Sheet, row: Row) -> Line:
    """A holding as it reads. Raises the document's error for a cell that is no number."""
    table = sheet.table
    return Line(
        row,
        table.text(row, "name"),
        literal(table.text(row, "code")),
        sheet.kind(row),
        currency_in(table, row),
        number_in(table, row, "quantity"),
        number_in(table, row, "price"),
        number_in(table, row, "value"),
    )


@dataclass(slots=True)
class Repeated:
    """Findings that rows repeat, told once with the lines of all of them."""

    said: dict[tuple[str, str, Text, str], list[int]] = field(default_factory=dict)

    def say(self, rule: str, code: str, what: Text, line: int, severity: str = "info") -> None:
        """`what` has the place {lines} for the lines."""
        self.said.setdefault((rule, code, what, severity), []).append(line)

    def tell(self, statement: Statement) -> None:
        """Hand the findings to the statement, in order of their first lines."""
        for (rule, code, what, severity), lines in self.said.items():
            text = Text(what.en.replace("{lines}", _listed(lines, "line ", "lines ")),
                        what.ko.replace("{lines}", _listed(lines, "", "") + "행"))  # fmt: skip
            statement.findings.append(Finding(rule, "warning" if severity == "warning" else "info", text, code))


def _listed(lines: Iterable[int], one: str, several: str) -> str:
    numbers = list(dict.fromkeys(lines))
    more = " …" if len(numbers) > MOST_LINES else ""
    return (one if len(numbers) == 1 else several) + ", ".join(map(str, numbers[:MOST_LINES])) + more
