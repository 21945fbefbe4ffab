"""Interactive Brokers' activity statement as CSV: sections whose rows say Header, Data or Total in the second cell.

Read are `Open Positions` (summaries and lots), `Cash Report` (what was left at the end, per currency), `Base Currency
Exchange Rate`, and the account. `DataDiscriminator` marks the positions in every language; the words for the other
columns are known in English, German, French, Spanish and Italian, those of the cash report in English.
Source: the layout of the statements themselves; there is no published one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.statements.accounts import account_kind
from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.ibkr_refusals import (
    foreign_language,
    no_currency,
    no_positions,
    position_twice,
)
from rebalance_kit.holdings.statements.ibkr_totals import IbkrTotals
from rebalance_kit.holdings.statements.ibkr_words import (
    ACCOUNT_FIELDS,
    ACCOUNT_NUMBER,
    ACCOUNT_SECTIONS,
    OPENED,
    POSITIONS,
    left_out,
    looks_open,
)
from rebalance_kit.holdings.statements.moments import last_date, moment
from rebalance_kit.holdings.statements.securities import Kind
from rebalance_kit.holdings.statements.tables import amount, amount_if_any, refuse_extra
from rebalance_kit.money import exact_sum
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.codes import read_currency
from rebalance_kit.textfile.cells import CellError, read_number
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.textfile.table import DELIMITERS, Grid, Table, has_columns
from rebalance_kit.words import Text


@dataclass(frozen=True, slots=True)
class IbkrActivity:
    """The activity statement of Interactive Brokers."""

    name: str = "ibkr"
    wanted: Text = POSITIONS.wanted

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when the first rows are sections with Header and Data."""
        return Confidence.CERTAIN if _delimiter(document) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings at the end of the statement's period. Raises HoldingsError for shorts and without positions."""
        delimiter = _delimiter(document)
        if delimiter is None:
            raise document.no_table(self.wanted)
        statement = Statement(document, policy, on, self.name)
        reader = _Reader(statement, delimiter)
        for section, kind, heading, row in _sections(document, delimiter):
            reader.read(section, kind, heading, row)
        return reader.finish()


def _delimiter(document: Document) -> str | None:
    if document.kind:
        return None
    for delimiter in DELIMITERS:
        rows = document.head(delimiter)[:3]
        if any(len(row.cells) >= 3 and row.cells[1] == "Header" for row in rows) and all(
            len(row.cells) >= 2 and row.cells[1] in ("Header", "Data", "Total", "SubTotal", "Notes") for row in rows
        ):
            return delimiter
    return None


def _sections(document: Document, delimiter: str) -> Iterator[tuple[str, str, Row | None, Row]]:
    """Every row with its section, its kind (Header, Data, Total) and the heading above it."""
    headings: dict[str, Row] = {}
    for row in document.rows(delimiter):
        if len(row.cells) < 2:
            continue
        section, kind = row.cells[0].casefold(), row.cells[1]
        if kind == "Header":
            headings[section] = row
        yield section, kind, headings.get(section), row


@dataclass(slots=True)
class _Held:
    """A summary row or, where a statement has none, the lots of one asset."""

    row: Row
    account: str
    symbol: str
    currency: str
    kind: Kind | None
    quantity: Decimal
    cost: Decimal | None
    price: Decimal | None
    value: Decimal | None
    lots: list[tuple[Row, str, Decimal, Decimal | None]] = field(default_factory=list)
    summary: bool = True


@dataclass(slots=True)
class _Reader:
    """Goes through the rows of a statement in file order."""

    statement: Statement
    delimiter: str
    account: str = ""
    seen: bool = False  # a section of positions
    tables: dict[int, Table] = field(default_factory=dict)
    held: dict[tuple[str, str, str], _Held] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    cash: dict[tuple[str, str], tuple[Row, Decimal]] = field(default_factory=dict)
    rates: dict[str, Decimal] = field(default_factory=dict)
    totals: IbkrTotals = field(default_factory=IbkrTotals)

    def read(self, section: str, kind: str, heading: Row | None, row: Row) -> None:
        """One row of one section."""
        cells = row.cells
        if heading is not None and len(heading.cells) > 2 and heading.cells[2] == "DataDiscriminator":
            self._positions(section, kind, heading, row)
        elif kind != "Data" or len(cells) < 4:
            return
        elif section == "statement":
            self._statement(cells[2], cells[3])
        elif section in ACCOUNT_SECTIONS:
            self._account(row, cells[2].casefold(), cells[3])
        elif section == "cash report":
            self._cash(row)
        elif section == "base currency exchange rate":
            self._rate(heading, row)
        elif section == "net asset value" and heading is not None:
            self.totals.net_asset_value(heading, row)
        elif section == "financial instrument information" and heading is not None:
            self._name(heading, row)

    def _statement(self, name: str, value: str) -> None:
        if name == "Period":
            self.statement.as_of = last_date(value) or self.statement.as_of
        elif name == "WhenGenerated":
            self.statement.taken_at = moment(value) or self.statement.taken_at

    def _account(self, row: Row, name: str, value: str) -> None:
        meaning = ACCOUNT_FIELDS.get(name)
        if meaning == "account":
            number = ACCOUNT_NUMBER.match(value)
            self.account = number[0] if number else value
            self.lines[self.account] = row.line
        elif meaning == "base":
            self.statement.base_currency = self._currency(row, value)
        elif meaning == "kind":
            self.kinds.setdefault(self.account, []).append(value)

    def _positions(self, section: str, kind: str, heading: Row, row: Row) -> None:
        if heading.line not in self.tables:
            if not has_columns(heading.cells, POSITIONS):
                if row is heading and "Header" in heading.cells and looks_open(section):
                    raise foreign_language(self.statement.document, heading.line)
                return
            self.tables[heading.line] = Table.of(Grid(self.statement.document, self.delimiter, heading, ()), POSITIONS)
        table = self.tables[heading.line]
        if row is heading:
            self.seen = self.seen or looks_open(section)
            return
        what = table.text(row, "what").casefold()
        if kind == "Data" and what in ("summary", "lot"):
            self.seen = True
            self._held(table, row, what)
        elif kind in ("Total", "SubTotal") or what == "total":
            if self.seen:
                self.totals.positions_total(table, row)
        elif looks_open(section):
            self.statement.skip(row, Kind.OTHER, table.text(row, "symbol") or table.text(row, "what"))

    def _held(self, table: Table, row: Row, what: str) -> None:
        refuse_extra(table, row)
        symbol, currency = table.text(row, "symbol"), self._currency(row, table.text(row, "currency"))
        account = table.text(row, "account") or self.account
        self.lines.setdefault(account, row.line)
        quantity, cost = table.number(row, "quantity"), amount_if_any(table, row, "cost", currency)
        key = account, symbol, currency
        if what == "lot":
            known = self.held.get(key)
            if known is None:
                known = self._new(table, row, key, Decimal(0), None, None)
                known.summary = False
            known.lots.append((row, table.text(row, "open"), quantity, cost))
            return
        if key in self.held and self.held[key].summary:
            raise position_twice(self.statement.document, row.line, symbol, self.held[key].row.line)
        value = amount(table, row, "value", currency)
        self._new(table, row, key, quantity, cost, value)
        self.totals.position(table.text(row, "category"), currency, value)

    def _new(
        self,
        table: Table,
        row: Row,
        key: tuple[str, str, str],
        quantity: Decimal,
        cost: Decimal | None,
        value: Decimal | None,
    ) -> _Held:
        account, symbol, currency = key
        kind = left_out(table.text(row, "category"))
        price = amount(table, row, "price", currency)
        lots = self.held[key].lots if key in self.held else []
        self.held[key] = _Held(row, account, symbol, currency, kind, quantity, cost, price, value, lots)
        return self.held[key]

    def _cash(self, row: Row) -> None:
        label, currency, cell = row.cells[2].casefold(), row.cells[3], row.cells[4] if len(row.cells) > 4 else ""
        if label != "ending cash":
            return
        try:
            self.cash[self.account, currency] = row, read_number(cell)
        except CellError as problem:
            raise self.statement.located(problem, row, "Total") from problem

    def _rate(self, heading: Row | None, row: Row) -> None:
        """`Currency, Rate`: units of the base currency for one of the currency."""
        if heading is None or len(heading.cells) < 4 or len(row.cells) < 4:
            return
        names = [cell.casefold() for cell in heading.cells]
        rate = next((i for i, name in enumerate(names) if name in ("rate", "exchange rate", "exchangerate")), 3)
        if rate >= len(row.cells):
            return
        try:
            currency, units = read_currency(row.cells[2]), read_number(row.cells[rate])
        except CellError:  # a rate into a currency that nothing here settles in
            return
        if currency and units > 0:
            self.rates[currency] = units

    def _name(self, heading: Row, row: Row) -> None:
        names = [cell.casefold() for cell in heading.cells]
        if "symbol" in names and "description" in names:
            symbol, name = names.index("symbol"), names.index("description")
            if len(row.cells) > max(symbol, name):
                for each in row.cells[symbol].split(","):
                    self.names.setdefault(each.strip(), row.cells[name])

    def finish(self) -> HoldingsFile:
        """The file of everything that was read."""
        statement = self.statement
        if not self.seen:
            raise no_positions(statement.document)
        for account in dict.fromkeys([*self.lines, *(key[0] for key in self.held), *(key[0] for key in self.cash)]):
            kind = account_kind(" ".join(self.kinds.get(account, [])))
            statement.account(account, line=self.lines.get(account, 0), kind=kind)
        for held in self.held.values():
            self._hold(held)
        base = statement.base_currency
        if base:
            for currency, units in self.rates.items():
                if currency != base:
                    statement.rate(currency, base, units)
        balances = self._balances()
        for (account, currency), (row, money) in balances.items():
            if money:
                statement.cash(row, statement.account(account), currency, money)
        if not self.cash:
            statement.note(
                "cash_not_read",
                "the statement has no Cash Report in English, so no cash was read: set its language to English",
                "영어로 된 Cash Report가 없어 현금을 읽지 못했습니다: 명세서 언어를 영어로 바꿔 주세요",
                warn=True,
            )
        statement.findings += self.totals.check(base, self.rates, self.cash, balances)
        return statement.build()

    def _hold(self, held: _Held) -> None:
        statement = self.statement
        account = statement.account(held.account)
        name = self.names.get(held.symbol)
        if not held.summary:
            held.quantity = exact_sum(quantity for _, _, quantity, _ in held.lots)
            costs = [cost for _, _, _, cost in held.lots if cost is not None]
            held.cost = exact_sum(costs) if len(costs) == len(held.lots) else None
        if held.kind:
            statement.skip(held.row, held.kind, held.symbol, account=account, value=held.value, currency=held.currency)
            return
        code = statement.hold(held.row, account, held.symbol, held.quantity, held.currency, name=name,
                              price=held.price, value=held.value, cost=held.cost)  # fmt: skip
        if code is None:
            return
        used: dict[str, int] = {}
        for number, (row, opened, quantity, cost) in enumerate(held.lots, 1):
            when = OPENED.match(opened)
            lot_id = when[0].replace(", ", " ") if when else f"{number}"
            used[lot_id] = used.get(lot_id, 0) + 1
            lot_id += f" #{used[lot_id]}" if used[lot_id] > 1 else ""
            day = last_date(when[0]) if when else None
            statement.lot(row, account, code, lot_id, day, quantity, cost, held.currency)

    def _balances(self) -> dict[tuple[str, str], tuple[Row, Decimal]]:
        """Ending cash per currency; where the report has only the summary, that in the base currency."""
        found: dict[tuple[str, str], tuple[Row, Decimal]] = {}
        for (account, label), (row, money) in self.cash.items():
            if label.casefold() != "base currency summary":
                found[account, self._currency(row, label)] = row, money
        if not found:
            for (account, _), (row, money) in self.cash.items():
                if self.statement.base_currency is None:
                    raise no_currency(self.statement.document, row.line)
                found[account, self.statement.base_currency] = row, money
        return found

    def _currency(self, row: Row, text: str) -> str:
        try:
            currency = read_currency(text)
        except CellError as problem:
            raise self.statement.located(problem, row, "Currency") from problem
        if currency is None:
            raise no_currency(self.statement.document, row.line)
        return currency
