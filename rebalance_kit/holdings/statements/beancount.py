"""A beancount ledger's holdings as `bean-query -f csv` writes them: an account, and what is in it.

Three shapes are read: amounts in cells (`10 VTI {200.00 USD, 2024-01-05}`, several of them too), the columns of
`bean-report holdings` (Units, Currency, Book Value, Market Value), and numberified columns (`balance (VTI)`). A
commodity that is a currency is cash. Only assets are read; the account is the ledger's without a last part that names
the commodity itself or Cash.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from rebalance_kit.errors import InputError
from rebalance_kit.holdings.columns import is_total
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.moments import last_date
from rebalance_kit.holdings.statements.securities import Kind
from rebalance_kit.money import MINOR_DIGITS, exact_sum, product
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.cells import CellError, quoted, read_number, shown
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.textfile.table import DELIMITERS, Grid, normal
from rebalance_kit.words import Text

WANTED = Text("a beancount query (CSV)", "beancount 조회(CSV)")
_ACCOUNT = re.compile(r"[^\W\d_]\w*(:[A-Z0-9\u0080-\U0010ffff][\w-]*)+")
_NUMBER = r"[-+]?[0-9][0-9,]*(?:\.[0-9]+)?"
_COMMODITY = r"[A-Z][A-Z0-9'._-]*"
_AMOUNT = re.compile(rf"(?P<number>{_NUMBER})\s+(?P<unit>{_COMMODITY})\s*(?P<cost>\{{[^{{}}]*\}})?")
_COST = re.compile(rf"(?P<number>{_NUMBER})\s+(?P<unit>[A-Z]{{3}})\b")
_NUMBERIFIED = re.compile(rf"(?P<what>.+) \((?P<unit>{_COMMODITY})\)")
_UNITS = ("units", "position", "sumposition", "balance", "inventory", "unitssumposition", "sumunitsposition", "holding",
          "quantity", "number", "sumnumber", "amount")  # fmt: skip
_VALUES = ("value", "marketvalue", "valuesumposition", "sumvalueposition", "market")
_COSTS = ("cost", "bookvalue", "costsumposition", "sumcostposition", "book", "totalcost")
_COMMODITIES = ("currency", "commodity", "unitscurrency", "symbol")


class _Amount(NamedTuple):
    """A number of a commodity, with the cost of one and its date where the ledger keeps them."""

    number: Decimal
    unit: str
    each: Decimal | None = None
    currency: str | None = None
    day: date | None = None


@dataclass(slots=True)
class _Held:
    """What the rows say of one commodity in one account."""

    row: Row
    amounts: list[_Amount] = field(default_factory=list)
    value: list[tuple[Decimal, str]] = field(default_factory=list)
    cost: list[tuple[Decimal, str]] = field(default_factory=list)
    price: tuple[Decimal, str] | None = None
    mixed: bool = False  # some row tells the value of this and of something else together


@dataclass(frozen=True, slots=True)
class Beancount:
    """Holdings of a beancount ledger."""

    name: str = "beancount"
    wanted: Text = WANTED

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when a column called account holds accounts such as Assets:Broker:VTI."""
        return Confidence.CERTAIN if _find(document) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of every account of assets."""
        found = _find(document)
        if found is None:
            raise document.no_table(self.wanted)
        delimiter, heading = found
        rows = tuple(row for row in document.rows(delimiter) if row.line > heading.line)
        reader = _Reader(Statement(document, policy, on, self.name), Grid(document, delimiter, heading, rows))
        return reader.read()


def _find(document: Document) -> tuple[str, Row] | None:
    if document.kind:
        return None
    for delimiter in DELIMITERS:
        head = document.head(delimiter)
        for number, row in enumerate(head[:5]):
            names = [normal(cell) for cell in row.cells]
            if "account" in names and len(names) > 1:
                column = names.index("account")
                below = [r.cells[column] for r in head[number + 1 :] if column < len(r.cells) and r.cells[column]]
                if below and all(_ACCOUNT.fullmatch(cell) or is_total(cell) for cell in below):
                    return delimiter, row
    return None


@dataclass(slots=True)
class _Reader:
    statement: Statement
    grid: Grid
    held: dict[tuple[str, str], _Held] = field(default_factory=dict)

    def read(self) -> HoldingsFile:
        """Every row, put together by account and commodity."""
        names = ["" if _NUMBERIFIED.fullmatch(cell) else normal(cell) for cell in self.grid.heading.cells]
        account = names.index("account")
        for whole in self.grid.rows:
            self.grid.check_width(whole)
            row = Row(whole.line, whole.cells[: len(names)])
            path = row.cells[account]
            if not path or is_total(path):
                self.statement.skip(row, Kind.TOTAL, path)
                continue
            if not path.startswith("Assets"):
                self.statement.skip(row, Kind.OTHER, path, reason=_NOT_ASSETS)
                continue
            self._row(row, path, names)
        if not self.held:
            raise self._nothing()
        home = self._home()
        for (path, unit), held in self.held.items():
            self._hold(path, unit, held, home)
        return self.statement.build()

    def _row(self, row: Row, path: str, names: Sequence[str]) -> None:
        units = self._units(row, names)
        account = {unit: _account_name(path, unit) for unit in (amount.unit for amount in units)}
        for amount in units:
            held = self.held.setdefault((account[amount.unit], amount.unit), _Held(row))
            held.amounts.append(amount)
        if len(account) == 1 and not MINOR_DIGITS.keys() & account.keys():
            unit = next(iter(account))  # a value of several things together tells nothing about each
            held = self.held[account[unit], unit]
            held.value += self._money(row, names, _VALUES)
            held.cost += self._money(row, names, _COSTS)
            prices = self._money(row, names, ("price", "marketprice"))
            held.price = prices[0] if len(prices) == 1 else held.price
        elif len(account) > 1:
            for unit in account:
                self.held[account[unit], unit].mixed = True

    def _units(self, row: Row, names: Sequence[str]) -> list[_Amount]:
        """The amounts of a row: in one cell, in a number and a commodity column, or in a column per commodity."""
        commodity = next((row.cells[i] for i, name in enumerate(names) if name in _COMMODITIES), "")
        for i, name in enumerate(names):
            if name in _UNITS and row.cells[i]:
                cell = row.cells[i]
                if commodity and re.fullmatch(_NUMBER, cell):
                    return [_Amount(self._read(row, i, cell), commodity)]
                return list(self._amounts(row, i))
        numberified = []
        for i, cell in enumerate(row.cells):
            found = _NUMBERIFIED.fullmatch(self.grid.heading.cells[i])
            if found and cell and normal(found["what"]) in _UNITS and (number := self._read(row, i, cell)):
                numberified.append(_Amount(number, found["unit"]))
        return numberified

    def _amounts(self, row: Row, index: int) -> Iterator[_Amount]:
        """`10 VTI {200.00 USD, 2024-01-05}, 5.00 USD`. Raises when a part of the cell is no amount."""
        cell = row.cells[index]
        rest = _AMOUNT.sub("", cell)
        if re.sub(r"[\s,();]", "", rest):
            raise self._no_amount(row, index, cell)
        for found in _AMOUNT.finditer(cell):
            number = self._read(row, index, found["number"])
            cost = _COST.search(found["cost"] or "")
            if cost is None:
                yield _Amount(number, found["unit"])
                continue
            each = self._read(row, index, cost["number"])
            yield _Amount(number, found["unit"], each, cost["unit"], last_date(found["cost"]))

    def _money(self, row: Row, names: Sequence[str], wanted: Iterable[str]) -> list[tuple[Decimal, str]]:
        """The amounts of money in the columns of one meaning."""
        wanted = tuple(wanted)
        beside = next((row.cells[i] for i, name in enumerate(names) if name in ("costcurrency", "valuecurrency")), "")
        for i, name in enumerate(names):
            if name in wanted and row.cells[i]:
                if beside in MINOR_DIGITS and re.fullmatch(_NUMBER, row.cells[i]):
                    return [(self._read(row, i, row.cells[i]), beside)]
                return [(amount.number, amount.unit) for amount in self._amounts(row, i) if amount.unit in MINOR_DIGITS]
        found = []
        for i, cell in enumerate(row.cells):
            match = _NUMBERIFIED.fullmatch(self.grid.heading.cells[i])
            if match and cell and normal(match["what"]) in wanted and match["unit"] in MINOR_DIGITS:
                found.append((self._read(row, i, cell), match["unit"]))
        return found

    def _hold(self, account: str, unit: str, held: _Held, home: str | None) -> None:
        statement = self.statement
        name = statement.account(account, line=held.row.line)
        quantity = exact_sum(amount.number for amount in held.amounts)
        if unit in MINOR_DIGITS:
            if quantity:
                statement.cash(held.row, name, unit, quantity)
            return
        currency = self._currency(unit, held) or home
        if currency is None:
            raise self._no_currency(held.row, unit)
        lots = [amount for amount in held.amounts if amount.each is not None]
        paid = [product(lot.number, lot.each) for lot in lots if lot.each is not None]
        cost = None if held.mixed else _only(held.cost, currency)
        if cost is None and paid and len(lots) == len(held.amounts):
            cost = exact_sum(paid)
        price = held.price[0] if held.price and held.price[1] == currency else None
        value = None if held.mixed else _only(held.value, currency)
        code = statement.hold(held.row, name, unit, quantity, currency, price=price, value=value, cost=cost)
        if code is None or any(lot.day is None or lot.number <= 0 for lot in lots):
            return
        for number, (lot, total) in enumerate(zip(lots, paid, strict=True), 1):
            lot_id = f"{lot.day}-{number}"
            statement.lot(held.row, name, code, lot_id, lot.day, lot.number, total, currency)

    def _currency(self, unit: str, held: _Held) -> str | None:
        """The currency of a commodity: the policy's, else the one of its value, its price or its cost."""
        asset = self.statement.codes.known.get(unit)
        if asset is not None and self.statement.policy is not None:
            return self.statement.policy.currency_of(asset)
        said = [currency for _, currency in held.value] + [held.price[1] if held.price else ""]
        said += [currency for _, currency in held.cost] + [amount.currency or "" for amount in held.amounts]
        return next((currency for currency in said if currency in MINOR_DIGITS), None)

    def _home(self) -> str | None:
        """The policy's base currency, else the only currency of the ledger's amounts."""
        if self.statement.policy is not None:
            return self.statement.policy.base_currency
        found = {unit for _, unit in self.held if unit in MINOR_DIGITS}
        for held in self.held.values():
            found |= {currency for _, currency in (*held.value, *held.cost)}
            found |= {amount.currency for amount in held.amounts if amount.currency}
        return found.pop() if len(found) == 1 else None

    def _read(self, row: Row, index: int, text: str) -> Decimal:
        try:
            return read_number(text)
        except CellError as problem:
            raise self.statement.located(problem, row, shown(self.grid.heading.cells[index])) from problem

    def _no_amount(self, row: Row, index: int, cell: str) -> InputError:
        return self.statement.document.problem(
            "not_an_amount",
            wrong=Text(f"{quoted(cell)} is no amount of a ledger", f"{quoted(cell)}은(는) 장부의 금액이 아닙니다"),
            expected=Text("amounts such as 10 VTI {200.00 USD}", "10 VTI {200.00 USD} 같은 금액"),
            fix=Text("select account and sum(position)", "account와 sum(position)을 골라 조회해 주세요"),
            line=row.line,
            column=shown(self.grid.heading.cells[index]),
        )

    def _no_currency(self, row: Row, unit: str) -> InputError:
        return self.statement.document.problem(
            "no_currency",
            wrong=Text(f"nothing tells the currency of {unit}", f"{unit}의 통화를 알 수 없습니다"),
            expected=Text("a cost or a value in money", "금액으로 된 원가나 평가액"),
            fix=Text("add value(sum(position)) to the query", "조회에 value(sum(position))을 넣어 주세요"),
            line=row.line,
        )

    def _nothing(self) -> InputError:
        return self.statement.document.problem(
            "no_positions",
            wrong=Text("no account of assets holds anything", "자산 계정에 보유한 것이 없습니다"),
            expected=Text("a query of the accounts under Assets", "Assets 아래 계정의 조회"),
            fix=Text("run: SELECT account, sum(position), value(sum(position)) WHERE account ~ '^Assets'",
                     "SELECT account, sum(position), value(sum(position)) WHERE account ~ '^Assets'를 실행해 주세요"),
        )  # fmt: skip


_NOT_ASSETS = Text("an account that holds no assets", "자산이 아닌 계정")


def _account_name(path: str, unit: str) -> str:
    """The account without a last part that is the commodity or Cash: Assets:US:Broker:VTI is Assets:US:Broker."""
    parent, _, leaf = path.rpartition(":")
    return parent if leaf in (unit, "Cash") and ":" in parent else path


def _only(amounts: Sequence[tuple[Decimal, str]], currency: str) -> Decimal | None:
    """The sum of amounts that are all in one currency."""
    if not amounts or any(each != currency for _, each in amounts):
        return None
    return exact_sum(number for number, _ in amounts)
