"""listing.csv: what an exchange, or the user, says about codes.

    code,name[,exchange,currency,asset_class,tax_class,tick_rule,exposure,distributions,identical_to]

An exchange's own list of codes and names is such a file already. `distributions` are days, `identical_to` codes, each
divided by semicolons. A code is text: one that has lost its zeros is refused with the likely code.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import get_args

from rebalance_kit.errors import InputError, PriceError
from rebalance_kit.policy.listing import CODE_HEADINGS, NAME_HEADINGS
from rebalance_kit.policy.model import Exchange, Policy, TaxClass
from rebalance_kit.prices.codes import read_currency
from rebalance_kit.prices.instruments import Listed, TickRule
from rebalance_kit.prices.reading import CURRENCY_NAMES
from rebalance_kit.textfile.cells import CellError, literal, quoted, read_date, says_nothing
from rebalance_kit.textfile.document import Document, Row, open_document
from rebalance_kit.textfile.table import Layout, Table, read_table
from rebalance_kit.words import Text

FILE_NAME = "listing.csv"

LISTING = Layout(
    fields={
        "code": CODE_HEADINGS,
        "name": NAME_HEADINGS,
        "exchange": ("exchange", "거래소", "시장구분", "market"),
        "currency": CURRENCY_NAMES,
        "asset_class": ("asset_class", "자산군", "자산구분"),
        "tax_class": ("tax_class", "과세구분"),
        "tick_rule": ("tick_rule", "호가단위"),
        "exposure": ("exposure", "배수", "추적배수"),
        "distributions": ("distributions", "분배금기준일", "distribution dates"),
        "identical_to": ("identical_to", "동일종목"),
    },
    required=("code", "name"),
    numbers=frozenset({"exposure"}),
    wanted=Text("a column `code` and a column `name`", "`code`(종목코드) 열과 `name`(종목명) 열"),
)
_EXCHANGES: dict[str, Exchange] = {
    **dict.fromkeys(("xkrx", "krx", "kospi", "kosdaq", "konex", "유가증권", "코스피", "코스닥", "코넥스"), "XKRX"),
    **dict.fromkeys(("xnys", "xnas", "nyse", "nasdaq", "nyse arca", "arca", "amex", "nyse american", "bats"), "XNYS"),
}
_TICK_RULES: tuple[TickRule, ...] = get_args(TickRule)
_DIVIDED = re.compile(r"\s*;\s*")


def read_listing_file(path: Path, policy: Policy) -> dict[str, Listed]:
    """The rows of a listing by code. PriceError with file, line and column, also when a code has two names."""
    return read_listing_document(open_document(path, PriceError), policy)


def read_listing_document(document: Document, policy: Policy) -> dict[str, Listed]:
    """The same, of bytes that were already read."""
    table = read_table(document, LISTING)
    reader = _Reader(table, policy)
    listing: dict[str, Listed] = {}
    lines: dict[str, int] = {}
    for row in table.rows:
        listed = reader.read(row)
        first = listing.setdefault(listed.code, listed)
        if first != listed:
            raise reader.two(row, lines[listed.code])
        lines.setdefault(listed.code, row.line)
    return listing


class _Reader:
    def __init__(self, table: Table, policy: Policy) -> None:
        self._table = table
        self._policy = policy

    def read(self, row: Row) -> Listed:
        """One row. The cells beyond code and name may be missing."""
        table = self._table
        try:
            currency = read_currency(table.text(row, "currency"))
        except CellError as problem:
            raise table.located(problem, row, "currency") from problem
        exchange = self._exchange(row)
        name = table.text(row, "name")
        if not name:
            raise self._wrong(row, "name", Text("the asset's name", "종목 이름"))
        return Listed(
            code=self._code(row, exchange, currency),
            name=name,
            exchange=exchange,
            currency=currency or {"XKRX": "KRW", "XNYS": "USD", None: None}[exchange],
            asset_class=table.text(row, "asset_class") or None,
            tax_class=self._tax_class(row),
            tick_rule=self._tick_rule(row),
            exposure=table.optional_number(row, "exposure"),
            distributions=self._days(row),
            identical_to=tuple(self._divided(row, "identical_to")),
        )

    def _code(self, row: Row, exchange: Exchange | None, currency: str | None) -> str:
        code = literal(self._table.text(row, "code"))
        home = self._policy.exchange == "XKRX" and currency in (None, "KRW")
        if code.isascii() and code.isdigit() and len(code) < 6 and (exchange == "XKRX" or (exchange is None and home)):
            raise self._wrong(row, "code", Text(f"a code as text, probably {code:0>6}",
                                                f"글자로 된 종목코드, 아마도 {code:0>6}"))  # fmt: skip
        if not code:
            raise self._wrong(row, "code", Text("the asset's code", "종목코드"))
        return code

    def _exchange(self, row: Row) -> Exchange | None:
        cell = self._table.text(row, "exchange")
        if says_nothing(cell):
            return None
        if cell.casefold() not in _EXCHANGES:
            raise self._wrong(row, "exchange", Text("XKRX, XNYS or a usual name of theirs", "XKRX, XNYS 또는 그 이름"))
        return _EXCHANGES[cell.casefold()]

    def _tax_class(self, row: Row) -> TaxClass | None:
        cell = self._table.text(row, "tax_class")
        if says_nothing(cell):
            return None
        if cell not in [known.value for known in TaxClass]:
            names = ", ".join(TaxClass)
            raise self._wrong(row, "tax_class", Text(f"one of {names}", f"{names} 가운데 하나"))
        return TaxClass(cell)

    def _tick_rule(self, row: Row) -> TickRule | None:
        cell = self._table.text(row, "tick_rule")
        if says_nothing(cell):
            return None
        for known in _TICK_RULES:
            if cell == known:
                return known
        names = ", ".join(_TICK_RULES)
        raise self._wrong(row, "tick_rule", Text(f"one of {names}", f"{names} 가운데 하나"))

    def _days(self, row: Row) -> tuple[date, ...]:
        try:
            return tuple(sorted(read_date(cell) for cell in self._divided(row, "distributions")))
        except CellError as problem:
            raise self._table.located(problem, row, "distributions") from problem

    def _divided(self, row: Row, field: str) -> list[str]:
        cell = self._table.text(row, field)
        return [] if says_nothing(cell) else [part for part in _DIVIDED.split(cell) if part]

    def _wrong(self, row: Row, field: str, expected: Text) -> InputError:
        cell = quoted(self._table.text(row, field))
        wrong = Text(f"{cell} is no {field}", f"{cell}은(는) {field} 값이 될 수 없습니다")
        fix = Text("correct the cell", "칸을 고쳐 주세요")
        return self._table.problem("bad_listing", wrong, expected, fix, row, field)

    def two(self, row: Row, line: int) -> InputError:
        """The refusal of a code that an earlier line describes differently."""
        cell = quoted(self._table.text(row, "code"))
        return self._table.problem(
            "listing_two_names",
            Text(f"{cell} is described differently in line {line}", f"{cell}의 설명이 {line}행과 다릅니다"),
            Text("one description of a code", "코드마다 하나의 설명"),
            Text("remove one of the rows", "두 행 중 하나를 지워 주세요"),
            row,
            "code",
        )
