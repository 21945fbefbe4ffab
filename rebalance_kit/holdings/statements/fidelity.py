"""Fidelity's positions download (`Portfolio_Positions_*.csv`): every account in one table, a disclaimer below it.

The columns follow the view on the screen, so only those that say what is held are needed. A core position, marked
with asterisks (`SPAXX**`, `FCASH**`), is cash. Pending activity, options and bonds are left out and named. The file
prints no totals; the percentages of each account tell whether its rows are all there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.holdings.columns import is_total
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.moments import last_date, moment
from rebalance_kit.holdings.statements.rows import total_cost
from rebalance_kit.holdings.statements.securities import Kind, is_bond, is_option
from rebalance_kit.holdings.statements.tables import amount, amount_if_any, heading_row, names, refuse_extra, tables_in
from rebalance_kit.money import ONE, Rounding, exact_sum, plain, round_fraction
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.textfile.table import Layout, Table, has_columns, normal
from rebalance_kit.words import Text

LAYOUT = Layout(
    fields={
        "symbol": ("Symbol",),
        "quantity": ("Quantity",),
        "price": ("Last Price",),
        "value": ("Current Value",),
        "account": ("Account Number", "Account Name/Number"),
        "account name": ("Account Name",),
        "name": ("Description",),
        "cost": ("Cost Basis Total", "Cost Basis", "Total Cost Basis"),
        "average cost": ("Average Cost Basis", "Cost Basis Per Share", "Average Cost"),
        "percent": ("Percent Of Account", "% of account"),
    },
    required=("symbol", "quantity", "price", "value"),
    numbers=frozenset({"quantity", "price", "value", "cost", "average cost"}),
    wanted=Text("Fidelity's positions download", "피델리티 보유 종목 파일"),
)
_MARKS = ("Account Name/Number", "Account Name", "Last Price Change", "Percent Of Account", "Cost Basis Total",
          "Today's Gain/Loss Dollar", "Total Gain/Loss Dollar")  # fmt: skip
_CORE = re.compile(r"(?P<code>[A-Z0-9]+)\*{1,3}")
_HELD_AS_CASH = re.compile(r"HELD IN (MONEY MARKET|FCASH|CASH)|CASH|FDIC[- ]INSURED DEPOSIT.*", re.IGNORECASE)
_CURRENCIES = frozenset({"CAD", "EUR", "GBP", "JPY", "HKD", "AUD", "CHF", "NZD", "SGD", "NOK", "SEK", "DKK", "MXN"})
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?)%")


@dataclass(frozen=True, slots=True)
class Fidelity:
    """The positions of one or all accounts at Fidelity."""

    name: str = "fidelity"
    wanted: Text = LAYOUT.wanted

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when the headings are Fidelity's own words for them."""
        return Confidence.CERTAIN if heading_row(document, _is_heading) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of every account in the file."""
        found = heading_row(document, _is_heading)
        if found is None:
            raise document.no_table(self.wanted)
        statement = Statement(document, policy, on, self.name)
        tables = list(tables_in(document, found[0], LAYOUT))
        notes = [row for above, _ in tables for row in above]
        notes += [row for _, table in tables for row in table.rows if _is_note(table, row)]
        for row in notes:
            text = " ".join(row.cells)
            statement.as_of = last_date(text) or statement.as_of
            statement.taken_at = moment(text) or statement.taken_at
        percents: dict[str, list[tuple[Fraction, Decimal]]] = {}
        for _, table in tables:
            for row in table.rows:
                if not _is_note(table, row):
                    _read_row(statement, table, row, percents)
        _check_percents(statement, percents)
        return statement.build()


def _is_heading(cells: Sequence[str]) -> bool:
    return has_columns(cells, LAYOUT) and any(normal(mark) in names(cells) for mark in _MARKS)


def _is_note(table: Table, row: Row) -> bool:
    """A disclaimer or the date: a line without a symbol, a quantity and a value."""
    return not any(table.text(row, field) for field in ("symbol", "quantity", "value", "price")) or (
        row.cells[0].casefold().startswith(("the data and information", "brokerage services", "date downloaded"))
    )


def _read_row(
    statement: Statement, table: Table, row: Row, percents: dict[str, list[tuple[Fraction, Decimal]]]
) -> None:
    symbol, name = table.text(row, "symbol"), table.text(row, "name")
    if _is_total(table, row):
        value = amount_if_any(table, row, "value")
        if value is None:
            statement.skip(row, Kind.TOTAL, symbol)
        else:
            key = table.text(row, "account")
            statement.total(row, key if key and not is_total(key) else None, value, "USD")
        return
    refuse_extra(table, row)
    account = statement.account(table.text(row, "account"), table.text(row, "account name"), line=row.line)
    kind = _left_out(symbol, name)
    if kind:
        value = amount_if_any(table, row, "value")
        statement.skip(row, kind, symbol or name, account=account, value=value, currency="USD")
    elif _is_cash(symbol, name):
        value = _read_cash(statement, table, row, account)
    else:
        value = _read_position(statement, table, row, account)
    share = _PERCENT.fullmatch(table.text(row, "percent"))
    if value is not None:
        percents.setdefault(account, []).append((Fraction(share[1]) if share else Fraction(0), value))


def _is_total(table: Table, row: Row) -> bool:
    said = (table.text(row, field) for field in ("account", "symbol", "name"))
    return any("total" in text.casefold() and _says_total(text.strip("* ")) for text in said)


def _says_total(text: str) -> bool:
    return is_total(text) or text.casefold() == "total value"


def _left_out(symbol: str, name: str) -> Kind | None:
    if symbol.casefold().startswith("pending activity") or name.casefold().startswith("pending activity"):
        return Kind.PENDING
    if symbol.casefold() == "brokeragelink":  # the window's own account is listed with its own number
        return Kind.OTHER
    if is_option(symbol, name):
        return Kind.OPTION
    return Kind.BOND if is_bond(symbol, name) else None


def _is_cash(symbol: str, name: str) -> bool:
    if _CORE.fullmatch(symbol):
        return True
    return bool(_HELD_AS_CASH.fullmatch(name)) or symbol.casefold() in ("cash", "core", "usd", "fcash")


def _read_cash(statement: Statement, table: Table, row: Row, account: str) -> Decimal:
    """The core position: its value, or its quantity where the view shows no value; a price is 1 or left out."""
    value, quantity, price = (amount(table, row, field) for field in ("value", "quantity", "price"))
    core = _CORE.fullmatch(table.text(row, "symbol"))
    if core and core["code"] in _CURRENCIES and quantity is not None:
        statement.cash(row, account, core["code"], quantity)
        return value if value is not None else quantity
    money = quantity if value is None else value
    if money is None:
        money = table.number(row, "value")
    if (quantity is not None and quantity != money) or price not in (None, ONE):
        statement.note(
            "cash_quantity",
            f"the cash in line {row.line} counts as its value, {plain(money)}, not as a quantity times a price",
            f"{row.line}행의 현금은 수량이 아니라 평가금액 {plain(money)}(으)로 봅니다",
            warn=True,
        )
    statement.cash(row, account, "USD", money)
    return money


def _read_position(statement: Statement, table: Table, row: Row, account: str) -> Decimal | None:
    quantity = table.number(row, "quantity")
    value = amount(table, row, "value")
    price = amount(table, row, "price")
    cost = total_cost(statement, table, row, quantity, "USD")
    symbol, name = table.text(row, "symbol"), table.text(row, "name")
    statement.hold(row, account, symbol, quantity, "USD", name=name, price=price, value=value, cost=cost)
    return value


def _check_percents(statement: Statement, percents: Mapping[str, Sequence[tuple[Fraction, Decimal]]]) -> None:
    """A finding for each account whose rows do not make up the whole that their percentages imply.

    A percentage of two decimals puts the whole between value / (p + 0.005 %) and value / (p - 0.005 %).
    """
    half = Fraction(5, 1000)
    for account, rows in percents.items():
        whole = Fraction(exact_sum(value for _, value in rows))
        for percent, value in rows:
            worth = Fraction(value) * 100
            if percent <= half or worth <= 0:
                continue
            least, most = (worth - half) / (percent + half), (worth + half) / (percent - half)
            if not least <= whole <= most:
                implied = f"{round_fraction(worth / percent, ONE, Rounding.HALF_UP):,}"
                added = f"{exact_sum(value for _, value in rows):,}"
                statement.note(
                    "account_incomplete",
                    f"the percentages of account {account} imply about {implied} USD in all, but its rows add up to"
                    f" {added}: rows are missing",
                    f"{account} 계좌의 비중대로면 전체가 약 {implied} USD인데 행의 합은 {added}입니다: 행이 빠졌습니다",
                    warn=True,
                )
                break
