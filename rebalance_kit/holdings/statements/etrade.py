"""E*TRADE's `PortfolioDownload.csv`: a summary of the account, the filters of the view, then positions with their lots.

The columns are those of the view (All Positions, PositionsSimple, one's own). A lot stands below its position with its
date in the place of the symbol. The view may leave cash out: then the account's net value is more than its rows, which
is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.moments import last_date, moment
from rebalance_kit.holdings.statements.rows import month_first, total_cost
from rebalance_kit.holdings.statements.securities import Kind, is_bond, is_option
from rebalance_kit.holdings.statements.tables import (
    amount,
    amount_if_any,
    heading_row,
    names,
    only_first,
    refuse_extra,
    tables_in,
)
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.cells import CellError, read_number
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.textfile.table import Layout, Table, has_columns, normal
from rebalance_kit.words import Text

LAYOUT = Layout(
    fields={
        "symbol": ("Symbol",),
        "quantity": ("Qty #", "Quantity", "Qty", "Quantity #"),
        "value": ("Value $", "Market Value $", "Mkt Value $"),
        "price": ("Last Price $", "Price $"),
        "average cost": ("Price Paid $", "Cost/Share $"),
        "cost": ("Total Cost", "Total Cost $", "Cost Basis $"),
        "name": ("Description",),
    },
    required=("symbol", "quantity", "value"),
    numbers=frozenset({"quantity", "price", "value", "cost", "average cost"}),
    wanted=Text("E*TRADE's PortfolioDownload", "이트레이드 PortfolioDownload 파일"),
)
_NET = frozenset(map(normal, ("Net Account Value", "Total Assets", "Account Value")))


@dataclass(frozen=True, slots=True)
class Etrade:
    """The positions of one account at E*TRADE."""

    name: str = "etrade"
    wanted: Text = LAYOUT.wanted

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when the columns carry E*TRADE's `Value $` with its summary or its other columns."""
        found = heading_row(document, _is_heading)
        return Confidence.CERTAIN if found else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of the account, with its lots."""
        found = heading_row(document, _is_heading)
        if found is None:
            raise document.no_table(self.wanted)
        statement = Statement(document, policy, on, self.name)
        reader = _Reader(statement)
        for above, table in tables_in(document, found[0], LAYOUT):
            reader.read_summary(above)
            for row in table.rows:
                reader.read_row(table, row)
        return statement.build()


def _is_heading(cells: Sequence[str]) -> bool:
    return has_columns(cells, LAYOUT)


@dataclass(slots=True)
class _Reader:
    """Reads the parts of one file; remembers the position whose lots come next."""

    statement: Statement
    account: str = ""
    code: str | None = None
    count: int = 0
    summary: list[tuple[str, Row, Decimal | None]] = field(default_factory=list)

    def read_summary(self, above: Sequence[Row]) -> None:
        """The account and its net value, from the table of one row above the positions."""
        heading: Row | None = None
        for row in above:
            self._date(row)
            if _NET & names(row.cells) and normal(row.cells[0]) == "account":
                heading = row
            elif heading is not None and only_first(row) is None and len(row.cells) >= 2:
                self._summary(heading, row)
            else:
                heading = None
        if len(self.summary) == 1:
            name, row, net = self.summary[0]
            self.account = self.statement.account(name, name, line=row.line)
            if net is not None:
                what = Text(f"the net value of account {name}", f"{name} 계좌의 순자산")
                self.statement.total(row, self.account, net, "USD", what)

    def _summary(self, heading: Row, row: Row) -> None:
        index = next(i for i, cell in enumerate(heading.cells) if normal(cell) in _NET)
        net = None
        if index < len(row.cells):
            try:
                net = read_number(row.cells[index])
            except CellError:
                net = None
        self.summary.append((row.cells[0], row, net))

    def read_row(self, table: Table, row: Row) -> None:
        """One row below the headings: a position, a lot, cash, the total, or the line that says when it was made."""
        text = only_first(row)
        if text is not None and " " in text:
            self._date(row)
            return
        symbol = table.text(row, "symbol")
        if not self.account:
            self.account = self.statement.account("", line=row.line)
        if symbol.casefold() == "total":
            self._total(table, row)
            return
        refuse_extra(table, row)
        if symbol in ("", "--", "-") or month_first(symbol):
            self._lot(table, row, month_first(symbol))
            return
        self.code, self.count = self._position(table, row, symbol), 0

    def _position(self, table: Table, row: Row, symbol: str) -> str | None:
        name = table.text(row, "name")
        if symbol.casefold() == "cash":
            value = amount(table, row, "value")
            self.statement.cash(row, self.account, "USD", table.number(row, "quantity") if value is None else value)
            return None
        if is_option(symbol, name) or is_bond(symbol, name):
            kind = Kind.OPTION if is_option(symbol, name) else Kind.BOND
            value = amount_if_any(table, row, "value")
            self.statement.skip(row, kind, symbol, account=self.account, value=value, currency="USD")
            return None
        quantity, value = table.number(row, "quantity"), amount(table, row, "value")
        price = amount(table, row, "price")
        cost = total_cost(self.statement, table, row, quantity, "USD")
        return self.statement.hold(
            row, self.account, symbol, quantity, "USD", name=name, price=price, value=value, cost=cost
        )

    def _lot(self, table: Table, row: Row, day: date | None) -> None:
        if self.code is None:  # the lot of a position that was left out
            return
        quantity = table.number(row, "quantity")
        cost = total_cost(self.statement, table, row, quantity, "USD")
        self.count += 1
        lot_id = f"{day.isoformat() if day else 'undated'}-{self.count}"
        self.statement.lot(row, self.account, self.code, lot_id, day, quantity, cost, "USD")

    def _total(self, table: Table, row: Row) -> None:
        """The total stands in the value column, or last where the row is a cell short."""
        value = amount_if_any(table, row, "value")
        last = next((cell for cell in reversed(row.cells) if cell), "")
        if value is None:
            try:
                value = read_number(last, table.style)
            except CellError:
                value = None
        if value is None:
            self.statement.skip(row, Kind.TOTAL, "TOTAL")
        else:
            self.statement.total(row, self.account, value, "USD")

    def _date(self, row: Row) -> None:
        text = " ".join(cell for cell in row.cells if cell)
        if text.casefold().startswith(("generated at", "as of", "downloaded")):
            self.statement.as_of = last_date(text) or self.statement.as_of
            self.statement.taken_at = moment(text) or self.statement.taken_at
