"""What prices.csv and the price column of a statement have in common: their headings and how a price is read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from rebalance_kit.errors import InputError, PriceError
from rebalance_kit.money import plain
from rebalance_kit.textfile.cells import quoted, symbol_disagrees
from rebalance_kit.textfile.document import Row
from rebalance_kit.textfile.table import Table
from rebalance_kit.words import Finding, Text

DATE_NAMES = (
    "date",
    "as_of",
    "일자",
    "날짜",
    "기준일",
    "기준일자",
    "거래일",
    "거래일자",
    "조회일자",
    "평가일",
    "price date",
)
CODE_NAMES = ("code", "종목코드", "단축코드", "종목번호", "코드", "symbol", "ticker", "ticker symbol", "티커")
PRICE_NAMES = ("price", "종가", "현재가", "가격", "close", "last price", "closing price", "share price", "market price",
               "현재단가", "현재가격", "평가단가", "기준가", "기준가격")  # fmt: skip
NAV_NAMES = ("nav", "순자산가치", "순자산가치(nav)", "순자산가치(원)", "net asset value", "inav")
TAX_BASE_NAMES = ("tax_base", "과표기준가", "과표기준가격", "과세표준기준가격")
CURRENCY_NAMES = ("currency", "통화", "통화코드", "통화구분", "화폐", "ccy")


def read_price(table: Table, row: Row, field: str, currency: str) -> Decimal:
    """The price in a cell, exact. Zero passes: a halted or unlisted asset is printed so, and the price book keeps it
    from being used. PriceError when it is negative, no number, or carries the symbol of another currency."""
    price = table.number(row, field, PriceError)
    if price < 0:
        raise not_positive(table, row, field, price)
    refuse_symbol(table, row, field, currency, PriceError)
    return price


def refuse_symbol(table: Table, row: Row, field: str, currency: str, error: type[InputError] | None = None) -> None:
    """Raise when the cell carries a currency symbol that `currency` does not use."""
    cell = table.text(row, field)
    if not cell.isdigit() and (symbol := symbol_disagrees(cell, currency)):
        raise table.problem(
            "currency_mismatch",
            Text(f"{quoted(cell)} carries the symbol {symbol}", f"{quoted(cell)}에 {symbol} 기호가 있습니다"),
            Text(f"an amount in {currency}", f"{currency} 금액"),
            Text("name the row's currency in a currency column", "통화 열에 이 행의 통화를 적어 주세요"),
            row,
            field,
            error,
        )


def not_positive(table: Table, row: Row, field: str, price: Decimal) -> InputError:
    """The refusal of a price or rate that nothing can have."""
    shown = plain(price)
    return table.problem(
        "bad_price",
        Text(f"the price is {shown}", f"가격이 {shown}입니다"),
        Text("a price above zero", "0보다 큰 가격"),
        Text("correct the price or remove the row", "가격을 고치거나 행을 지워 주세요"),
        row,
        field,
        PriceError,
    )


def two_prices(table: Table, row: Row, field: str, code: str, day: date, first: tuple[Decimal, int]) -> InputError:
    """The refusal of a second, different price of one code on one day; `first` is the other price and its line."""
    cell = table.text(row, field)
    before, line = plain(first[0]), first[1]
    return table.problem(
        "two_prices",
        Text(f"{code} has the price {quoted(cell)} on {day}, but {before} in line {line}",
             f"{day} {code}의 가격이 {quoted(cell)}인데 {line}행에는 {before}입니다"),
        Text("one price for a code and day", "종목과 날짜마다 가격 하나"),
        Text("keep the right one", "맞는 가격만 남겨 주세요"),
        row,
        field,
        PriceError,
    )  # fmt: skip


def undated_prices(name: str, count: int, on: date) -> Finding:
    """Says that prices without a date count as of the day of the question (definition 27)."""
    return Finding(
        "undated_price",
        "info",
        Text(
            f"prices without a date in {name} count as of {on}: {count}",
            f"{name}에서 날짜가 없어 {on} 기준으로 보는 가격: {count}개",
        ),
    )
