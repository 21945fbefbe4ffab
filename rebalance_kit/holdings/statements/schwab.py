"""Schwab's positions export, of one account or of all: a title with the time, then a table for each account.

`Cash & Cash Investments` is the account's cash (negative: a margin loan), a money fund with a symbol is a position.
Options and fixed income are left out and named; they count in `Account Total`, against which each table is checked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rebalance_kit.holdings.columns import is_total
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.moments import last_date, moment
from rebalance_kit.holdings.statements.rows import total_cost
from rebalance_kit.holdings.statements.securities import Kind, is_bond, is_cusip, is_option
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
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.textfile.table import Layout, Table, has_columns, normal
from rebalance_kit.words import Text

LAYOUT = Layout(
    fields={
        "symbol": ("Symbol",),
        "quantity": ("Qty (Quantity)", "Quantity", "Qty"),
        "value": ("Mkt Val (Market Value)", "Market Value", "Mkt Val"),
        "name": ("Description",),
        "price": ("Price",),
        "cost": ("Cost Basis",),
        "average cost": ("Cost/Share",),
        "type": ("Asset Type", "Security Type"),
    },
    required=("symbol", "quantity", "value"),
    numbers=frozenset({"quantity", "price", "value", "cost", "average cost"}),
    wanted=Text("Schwab's positions export", "슈왑 보유 종목 파일"),
)
_TITLE = re.compile(r"positions for (?P<what>.*?)(?: as of (?P<when>.*))?", re.IGNORECASE)
_OWN_WORDS = frozenset(map(normal, ("Mkt Val (Market Value)", "Qty (Quantity)", "% Of Account", "Security Type")))
_KINDS = (
    r"equit(y|ies)|stocks?|etfs?( & closed end funds)?|mutual funds?|fixed income|options?|cash and money market|other"
)
_GROUP = re.compile(_KINDS, re.IGNORECASE)
_SUBTOTAL = re.compile(rf"({_KINDS}) total", re.IGNORECASE)
_CASH = re.compile(r"cash (&|and) cash (investments|equivalents)|cash and money market|cash", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Schwab:
    """The positions of one or all accounts at Schwab."""

    name: str = "schwab"
    wanted: Text = LAYOUT.wanted

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN with Schwab's title or its own words for the columns."""
        found = heading_row(document, _is_heading)
        if found is None:
            return Confidence.NO
        delimiter, heading = found
        titled = any(_TITLE.fullmatch(row.cells[0]) for row in document.head(delimiter))
        sure = titled or (normal("Description") in names(heading.cells) and names(heading.cells) & _OWN_WORDS)
        return Confidence.CERTAIN if sure else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of every table in the file."""
        found = heading_row(document, _is_heading)
        if found is None:
            raise document.no_table(self.wanted)
        statement = Statement(document, policy, on, self.name)
        account = ""
        for above, table in tables_in(document, found[0], LAYOUT):
            for row in above:
                account = _title(statement, row) or account
            account = _read_table(statement, table, account)
        return statement.build()


def _is_heading(cells: Sequence[str]) -> bool:
    return has_columns(cells, LAYOUT)


def _title(statement: Statement, row: Row) -> str | None:
    """The account that a line above a table names; the file's own title also says when it was made."""
    text = only_first(row)
    if text is None:
        return None
    title = _TITLE.fullmatch(text)
    if title is None:
        return text
    statement.as_of = last_date(title["when"] or "") or statement.as_of
    statement.taken_at = moment(title["when"] or "") or statement.taken_at
    what = re.sub(r"^account ", "", title["what"], flags=re.IGNORECASE).strip()
    return None if what.casefold().replace("-", " ") == "all accounts" else what


def _read_table(statement: Statement, table: Table, label: str) -> str:
    """Reads one account's table; gives back the label of the next one, which stands below the total."""
    account = statement.account(label, label, line=table.grid.heading.line)
    ended = False
    following = ""
    for row in table.rows:
        text = only_first(row)
        symbol = table.text(row, "symbol")
        if text is not None and (ended or not symbol):
            following = _title(statement, row) or following
        elif (text is not None and _GROUP.fullmatch(symbol)) or _SUBTOTAL.fullmatch(symbol):
            continue  # a view grouped by kinds of assets: the title of a group, and its total
        elif is_total(symbol) or symbol.casefold() == "positions total":
            ended = True
            _read_total(statement, table, row, account)
        else:
            _read_row(statement, table, row, account)
    return following


def _read_total(statement: Statement, table: Table, row: Row, account: str) -> None:
    value = amount_if_any(table, row, "value")
    if value is None:
        statement.skip(row, Kind.TOTAL, table.text(row, "symbol"))
    else:
        statement.total(row, account, value, "USD")


def _read_row(statement: Statement, table: Table, row: Row, account: str) -> None:
    refuse_extra(table, row)
    symbol, name, kind = (table.text(row, field) for field in ("symbol", "name", "type"))
    left_out = _left_out(symbol, name, kind)
    if left_out:
        value = amount_if_any(table, row, "value")
        statement.skip(row, left_out, symbol, account=account, value=value, currency="USD")
        return
    value = amount(table, row, "value")
    if _CASH.fullmatch(symbol):
        money = (
            value if value is not None else table.number(row, "quantity" if table.text(row, "quantity") else "value")
        )
        statement.cash(row, account, "USD", money)
        return
    quantity = table.number(row, "quantity")
    price = amount(table, row, "price")
    cost = total_cost(statement, table, row, quantity, "USD")
    statement.hold(row, account, symbol, quantity, "USD", name=name, price=price, value=value, cost=cost)


def _left_out(symbol: str, name: str, kind: str) -> Kind | None:
    said = kind.casefold()
    if "option" in said or is_option(symbol, name):
        return Kind.OPTION
    if "fixed income" in said or "bond" in said.split() or is_cusip(symbol) or is_bond(symbol, name):
        return Kind.BOND
    if symbol.casefold().startswith("futures"):
        return Kind.OTHER
    return None
