"""Vanguard's download for spreadsheets (`OfxDownload.csv`): the positions of every account, then their transactions.

The settlement fund (VMFXX) is a position like any other. There is no date, no cost and no total; a row without a symbol
is a bond or a fund of a plan, left out and named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rebalance_kit.holdings.columns import is_total
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.securities import Kind, is_bond, is_option
from rebalance_kit.holdings.statements.tables import (
    UNKNOWN,
    amount,
    amount_if_any,
    heading_row,
    names,
    only_first,
    refuse_extra,
    tables_in,
)
from rebalance_kit.money import ONE
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.textfile.table import Layout, Table, has_columns, normal
from rebalance_kit.words import Text

LAYOUT = Layout(
    fields={
        "name": ("Investment Name", "Fund Name"),
        "symbol": ("Symbol", "Ticker"),
        "quantity": ("Shares",),
        "price": ("Share Price", "Price"),
        "value": ("Total Value", "Current Value"),
        "account": ("Account Number", "Fund Account Number"),
    },
    required=("name", "quantity", "price", "value"),
    numbers=frozenset({"quantity", "price", "value"}),
    wanted=Text("Vanguard's OfxDownload", "뱅가드 OfxDownload 파일"),
)
_TRADES = frozenset(map(normal, ("Trade Date", "Settlement Date", "Transaction Type", "Process Date")))


@dataclass(frozen=True, slots=True)
class Vanguard:
    """The positions of one or more accounts at Vanguard."""

    name: str = "vanguard"
    wanted: Text = LAYOUT.wanted

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when the headings of the positions are Vanguard's."""
        return Confidence.CERTAIN if heading_row(document, _is_heading) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of every account in the file; the transactions below them are not read."""
        found = heading_row(document, _is_heading)
        if found is None:
            raise document.no_table(self.wanted)
        statement = Statement(document, policy, on, self.name)
        trades = 0
        for _, table in tables_in(document, found[0], LAYOUT):
            below = False
            for row in table.rows:
                below = below or bool(names(row.cells) & _TRADES)
                if below:
                    trades += 1
                elif only_first(row) is None:
                    _read_row(statement, table, row)
        if trades > 1:
            statement.note(
                "transactions_below",
                f"transactions below the positions of {document.name} that were not read: {trades - 1}",
                f"{document.name}에서 보유 종목 아래의 읽지 않은 거래 내역: {trades - 1}행",
            )
        return statement.build()


def _is_heading(cells: Sequence[str]) -> bool:
    return has_columns(cells, LAYOUT) and not names(cells) & _TRADES


def _read_row(statement: Statement, table: Table, row: Row) -> None:
    refuse_extra(table, row)
    number, name = table.text(row, "account"), table.text(row, "name")
    symbol = table.text(row, "symbol")
    symbol = "" if symbol.casefold() in UNKNOWN else symbol
    value = amount_if_any(table, row, "value")
    if is_total(number) or is_total(name) or is_total(symbol):
        statement.skip(row, Kind.TOTAL, name or symbol or number)
        return
    account = statement.account(number, line=row.line)
    if is_option(symbol, name) or is_bond(symbol, name):
        kind = Kind.OPTION if is_option(symbol, name) else Kind.BOND
        statement.skip(row, kind, symbol or name, account=account, value=value, currency="USD")
        return
    quantity = table.number(row, "quantity")
    price, value = amount(table, row, "price"), amount(table, row, "value")
    if _is_cash(symbol, name) and price in (None, ONE):
        statement.cash(row, account, "USD", quantity if value is None else value)
        return
    statement.hold(row, account, symbol, quantity, "USD", name=name, price=price, value=value)


def _is_cash(symbol: str, name: str) -> bool:
    said = name.casefold()
    return symbol.casefold() == "cash" or (not symbol and ("settlement fund" in said or said in ("cash", "sweep")))
