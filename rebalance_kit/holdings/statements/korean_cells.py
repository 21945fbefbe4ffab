"""Cells of Korean statements: ▲ and ▼ before numbers, units behind them, words for currencies, codes in four spellings.

A code is written 005930, A005930 (with the letter of its market), 005930.KS or as its ISIN KR7005930003, and a
spreadsheet leaves 5930 of it. Every change is a finding; zeros are put back only where the name confirms the code.
"""

from __future__ import annotations

import re
from decimal import Decimal

from rebalance_kit.holdings.names import Match, NameBook
from rebalance_kit.prices.codes import read_currency
from rebalance_kit.textfile.cells import CellError, half_width, literal, read_number
from rebalance_kit.textfile.document import Row
from rebalance_kit.textfile.table import Table

ARROWS = "▲▼△▽▴▾▵▿↑↓"
_DOWN = "▼▽▾▿↓"
_UNITS = re.compile(r"(?i)^(krw|usd|jpy|hkd|cny|eur)\s*(?=[-+0-9(])|\s*(krw|usd|jpy|hkd|cny|eur|구좌|좌|개)$")
_WITH_MARKET = re.compile(r"A([0-9][0-9A-Z]{5})|([0-9][0-9A-Z]{5})\.(?:KS|KQ|KRX)|KR[74]([0-9][0-9A-Z]{5})[0-9]{3}")
_STRIPPED = re.compile(r"[0-9]{1,5}(\.0+)?")
_COUNTRIES = {"미국": "USD", "USA": "USD", "US": "USD", "일본": "JPY", "홍콩": "HKD", "중국": "CNY", "한국": "KRW",
              "대한민국": "KRW", "국내": "KRW", "영국": "GBP", "독일": "EUR", "프랑스": "EUR",
              "베트남": "VND"}  # fmt: skip
_CURRENCY_IN_TEXT = (("USD", r"usd|달러"), ("JPY", r"jpy|엔화"), ("HKD", r"hkd|홍콩달러"), ("CNY", r"cny|위안"),
                     ("EUR", r"eur|유로"))  # fmt: skip
NOTHING = frozenset({"", "-", "--", "n/a", "na", "해당없음", "없음", ".", "―", "─", "–", "—"})


def number_in(table: Table, row: Row, field: str) -> Decimal | None:
    """The number of a cell, None when it says nothing. Raises the document's error for anything else.

    Before a price ▲ and ▼ tell how it moved, before a profit whether it is one.
    """
    text = table.text(row, field)
    if text.isascii() and text.isdigit() and len(text) < 20:
        return Decimal(text)
    text = half_width(text).strip()
    if not text or text.casefold() in NOTHING:
        return None
    try:
        bare = text if text[-1].isdigit() and text[0].isdigit() else _UNITS.sub("", text.lstrip(ARROWS).strip())
        number = read_number(bare, table.style)
        return -abs(number) if field == "profit" and text[0] in _DOWN else number
    except CellError as problem:
        raise table.located(problem, row, field) from problem


def number_or_none(text: str) -> Decimal | None:
    """The number of a loose cell, None when it is no number."""
    bare = _UNITS.sub("", half_width(text).lstrip(ARROWS).strip())
    try:
        return read_number(bare)
    except CellError:
        return None


def currency_in(table: Table, row: Row) -> str | None:
    """The currency that a row states, in its own column or by the country it trades in."""
    try:
        stated = read_currency(table.text(row, "currency"))
    except CellError as problem:
        raise table.located(problem, row, "currency") from problem
    return stated or _COUNTRIES.get(literal(table.text(row, "country")).upper())


def currency_named(text: str) -> str | None:
    """The foreign currency that a text names, such as `외화예수금(USD)`."""
    return next((code for code, words in _CURRENCY_IN_TEXT if re.search(words, text.casefold())), None)


def has_mark(text: str) -> bool:
    """Whether a code is written as an ISIN or with the suffix of its market."""
    return len(text) > 7 and _WITH_MARKET.fullmatch(literal(text)) is not None


def krx_code(text: str, name: str, book: NameBook) -> str:
    """A code without the marks of its market.

    What a spreadsheet left of a code is completed where the row's name is that of the completed code.
    """
    if len(text) == 6 and text[0] != "K":
        return text
    found = _WITH_MARKET.fullmatch(text)
    if found:
        return next(group for group in found.groups() if group)
    if _STRIPPED.fullmatch(text) and name:
        match = book.find(name)
        code = text.partition(".")[0].zfill(6)
        return code if isinstance(match, Match) and match.code == code else text
    return text
