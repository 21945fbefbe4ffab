"""prices.csv: long (`date, code, price, currency`) or wide (a date, then a column for each code).

An exchange rate is a row, or a column, with the code `USD/KRW`; its price is the won for one dollar. A fund's net asset
value stands in a column `nav` of a long file, in a column `069500 NAV` of a wide one. A long file may say in `source`
who told a price, in `fetched_at` when (with its time zone), and in `tax_base` the taxable base of a share (과표기준가).
Prices are as they were traded on their day.
Without a date a price counts as of the day of the question, with a finding. Rows after that day are not looked at
beyond being counted: tomorrow's close is not known today.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from rebalance_kit.errors import PriceError
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.codes import Codes, read_currency, read_pair
from rebalance_kit.prices.model import FxRate, Quote
from rebalance_kit.prices.reading import (
    CODE_NAMES,
    CURRENCY_NAMES,
    DATE_NAMES,
    NAV_NAMES,
    PRICE_NAMES,
    TAX_BASE_NAMES,
    not_positive,
    read_price,
    two_prices,
    undated_prices,
)
from rebalance_kit.textfile.cells import CellError, literal, read_moment, says_nothing, shown
from rebalance_kit.textfile.document import Document, Row, open_document
from rebalance_kit.textfile.table import Grid, Layout, Table, has_columns, normal, read_grid
from rebalance_kit.words import Finding, Text

_DATES, _CODES, _PRICES = ({normal(name) for name in names} for names in (DATE_NAMES, CODE_NAMES, PRICE_NAMES))
_LONG = Layout(
    fields={
        "code": CODE_NAMES,
        "price": PRICE_NAMES,
        "date": DATE_NAMES,
        "currency": CURRENCY_NAMES,
        "nav": NAV_NAMES,
        "tax_base": TAX_BASE_NAMES,
        "source": ("source", "출처"),
        "fetched_at": ("fetched_at", "조회시각"),
    },
    required=("code", "price"),
    numbers=frozenset({"price", "nav", "tax_base"}),
    wanted=Text(
        "the headings date, code, price (or 일자, 종목코드, 종가), or date and one column for each code",
        "date, code, price(또는 일자, 종목코드, 종가) 제목 행, 또는 날짜와 종목코드별 열",
    ),
)
LONG_FIELDS = frozenset(_LONG.fields)
_NAV_COLUMN = re.compile(r"(.+?)[ _.]?nav", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PriceFile:
    """What a price file says up to a day: quotes, exchange rates and findings. `sha256` is the hash of its bytes."""

    quotes: tuple[Quote, ...] = ()
    rates: tuple[FxRate, ...] = ()
    findings: tuple[Finding, ...] = ()
    sha256: str = ""


def read_prices(path: Path, policy: Policy, on: date) -> PriceFile:
    """The prices of a file up to `on`. Raises PriceError with file, line and column."""
    return read_price_document(open_document(path, PriceError), policy, on)


def read_price_document(document: Document, policy: Policy, on: date) -> PriceFile:
    """The same, of bytes that were already read."""
    table = price_table(document)
    collector = _Collector(table, policy, on)
    if "code" in table.columns:
        collector.read_long()
    else:
        collector.read_wide()
    return collector.result()


def price_table(document: Document) -> Table:
    """The table of a price file; a long one has the column `code`, a wide one a column for each code."""
    grid = read_grid(document, _is_heading, _LONG.wanted)
    return Table.of(grid, _LONG if has_columns(grid.heading.cells, _LONG) else _wide_layout(grid))


def _is_heading(cells: Sequence[str]) -> bool:
    if has_columns(cells, _LONG):
        return True
    names = [normal(cell) for cell in cells if cell]
    wide = len(names) >= 2 and names[0] in _DATES
    return wide and _CODES.isdisjoint(names) and _PRICES.isdisjoint(names)


def _wide_layout(grid: Grid) -> Layout:
    """Every heading but the first is a code, and its own field."""
    codes = {name: (name,) for name in grid.heading.cells[1:] if name}
    return Layout(
        fields={"date": DATE_NAMES, **codes}, required=("date",), numbers=frozenset(codes), wanted=_LONG.wanted
    )


class _Collector:
    """Gathers the quotes and rates of one table; every code, currency and date is read once and remembered."""

    def __init__(self, table: Table, policy: Policy, on: date) -> None:
        self._table = table
        self._codes = Codes.of(policy)
        self._on = on
        self._assets: dict[tuple[str, str], tuple[str, str]] = {}  # (code cell, currency cell) -> (code, currency)
        self._days: dict[str, date] = {}
        self._seen: dict[tuple[str, date], tuple[Decimal, int]] = {}
        self._quotes: dict[tuple[str, date], Quote] = {}
        self._rates: list[FxRate] = []
        self._undated = self._later = 0

    def read_long(self) -> None:
        """One price in each row."""
        table = self._table
        extras = [field for field in ("nav", "source", "fetched_at") if field in table.columns]
        for row, day in self._rows():
            cells = table.text(row, "code"), table.text(row, "currency")
            if cells not in self._assets:
                self._assets[cells] = self._asset(row, "code", *cells)
            self._add(row, "price", *self._assets[cells], day, self._told_by(row) if extras else None)
            if "nav" in extras:
                self._add_nav(row, "nav", *self._assets[cells], day)
            if "tax_base" in table.columns:
                self._add_tax_base(row, *self._assets[cells], day)

    def read_wide(self) -> None:
        """One price in each cell; an empty cell is a day without a price."""
        table = self._table
        heading = table.grid.heading
        priced = [name for name in table.columns if name != "date"]
        of = {name: nav[1] for name in priced if (nav := _NAV_COLUMN.fullmatch(name)) and nav[1] in priced}
        assets = {name: self._asset(heading, name, name, "") for name in priced if name not in of}
        for row, day in self._rows():
            for name, (code, currency) in assets.items():
                if not says_nothing(table.text(row, name)):
                    self._add(row, name, code, currency, day)
            for name, asset in of.items():
                self._add_nav(row, name, *assets[asset], day)

    def result(self) -> PriceFile:
        """Everything gathered, with what a person should know about it."""
        document = self._table.document
        findings = list(document.findings)
        if self._undated:
            findings.append(undated_prices(document.name, self._undated, self._on))
        if self._later:
            message = Text(
                f"rows of {document.name} after {self._on} that were not used: {self._later}",
                f"{document.name}에서 {self._on} 이후여서 쓰지 않은 행: {self._later}개",
            )
            findings.append(Finding("later_prices", "info", message))
        return PriceFile(tuple(self._quotes.values()), tuple(self._rates), tuple(findings), document.sha256)

    def _rows(self) -> Iterator[tuple[Row, date | None]]:
        table = self._table
        for row in table.rows:
            table.grid.check_width(row)
            cell = table.text(row, "date")
            day = self._days.get(cell) or table.optional_date(row, "date")
            if day is None:
                self._undated += 1
            elif day > self._on:
                self._later += 1
                continue
            else:
                self._days[cell] = day
            yield row, day

    def _asset(self, row: Row, field: str, code_cell: str, currency_cell: str) -> tuple[str, str]:
        column = "currency"
        try:
            stated = read_currency(currency_cell)
            code = literal(code_cell)
            pair = self._pair(code)
            if pair:
                return code, self._rate_currency(code, pair, stated)
            column = field
            code = self._codes.read(code_cell, stated)
            column = "currency" if stated else field
            return code, self._codes.currency(code, stated)
        except CellError as problem:
            raise self._table.located(problem, row, column) from problem

    def _rate_currency(self, code: str, pair: tuple[str, str], stated: str | None) -> str:
        if stated in (None, pair[1]):
            return pair[1]
        raise CellError(
            "currency_mismatch",
            wrong=Text(f"the rate {code} is given in {stated}", f"환율 {code}의 통화가 {stated}입니다"),
            expected=Text(f"{pair[1]} for one {pair[0]}", f"1 {pair[0]}의 {pair[1]} 값"),
            fix=Text(f"write {pair[1]} or leave the currency empty", f"통화를 {pair[1]}(으)로 적거나 비워 주세요"),
        )

    def _pair(self, code: str) -> tuple[str, str] | None:
        return None if code in self._codes.known else read_pair(code)

    def _told_by(self, row: Row) -> tuple[str, datetime | None]:
        """Who told the price of a row, and when."""
        name, cell = self._table.text(row, "source"), self._table.text(row, "fetched_at")
        document = self._table.document.name
        source = f"{document} ({shown(name)})" if name else document
        if says_nothing(cell):
            return source, None
        try:
            return source, read_moment(cell)
        except CellError as problem:
            raise self._table.located(problem, row, "fetched_at") from problem

    def _add(
        self,
        row: Row,
        field: str,
        code: str,
        currency: str,
        day: date | None,
        told_by: tuple[str, datetime | None] | None = None,
    ) -> None:
        table = self._table
        price = read_price(table, row, field, currency)
        as_of = day or self._on
        known = self._seen.get((code, as_of))
        if known:
            if known[0] != price:
                raise two_prices(table, row, field, code, as_of, known)
            return
        self._seen[code, as_of] = (price, row.line)
        source, at = told_by or (table.document.name, None)
        pair = self._pair(code)
        if pair is None:
            self._quotes[code, as_of] = Quote(code, price, currency, as_of, source, dated=day is not None, at=at)
            return
        if price == 0:
            raise not_positive(table, row, field, price)
        self._rates.append(FxRate(pair[0], pair[1], price, as_of, source, at))

    def _add_nav(self, row: Row, field: str, code: str, currency: str, day: date | None) -> None:
        """The net asset value beside a price of the same day; without that price there is nothing to compare."""
        quote = self._quotes.get((code, day or self._on))
        if quote is None or says_nothing(self._table.text(row, field)):
            return
        nav = read_price(self._table, row, field, currency)
        self._quotes[code, quote.as_of] = replace(quote, nav=nav or None)

    def _add_tax_base(self, row: Row, code: str, currency: str, day: date | None) -> None:
        quote = self._quotes.get((code, day or self._on))
        if quote is None or says_nothing(self._table.text(row, "tax_base")):
            return
        base = read_price(self._table, row, "tax_base", currency)
        self._quotes[code, quote.as_of] = replace(quote, tax_base=base or None)
