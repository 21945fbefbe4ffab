"""One row of a holdings table as an entry: an asset or cash, in one account, with its currency and exact amounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.errors import InputError, PriceError
from rebalance_kit.holdings.columns import cash_kind
from rebalance_kit.holdings.merge import Entry
from rebalance_kit.holdings.model import UNNAMED_ACCOUNT, CashKind
from rebalance_kit.money import ONE, Rounding, minor_unit, plain, product, round_fraction, round_money
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.codes import Codes, read_currency
from rebalance_kit.prices.reading import read_price, refuse_symbol
from rebalance_kit.textfile.cells import CellError, literal, quoted, says_nothing
from rebalance_kit.textfile.document import Row
from rebalance_kit.textfile.table import Table
from rebalance_kit.words import Finding, Text


@dataclass(slots=True)
class RowReader:
    """Reads the rows of one table, against a policy if there is one; what a person should know is in `findings`."""

    table: Table
    policy: Policy | None
    on: date
    home: str = "USD"  # the currency of what names none, where no policy says it
    findings: list[Finding] = field(default_factory=list)
    codes: Codes = field(init=False)
    _assets: dict[tuple[str, str], tuple[str, str]] = field(init=False, default_factory=dict)  # cells -> code, currency

    def __post_init__(self) -> None:
        self.codes = Codes.of(self.policy, self.home)

    def read(self, row: Row) -> Entry:
        """The entry of a row. Raises HoldingsError or PriceError with file, line and column."""
        self.table.grid.check_width(row)
        account = read_account(self.table, row, self.policy)
        kind = cash_kind(literal(self.table.text(row, "code")))
        return self._cash(row, kind, account) if kind else self._asset(row, account)

    def _asset(self, row: Row, account: str) -> Entry:
        table = self.table
        code, currency = self._code_and_currency(row)
        quantity = read_quantity(table, row, code, currency, self.codes)
        cost = self._cost(row, quantity, currency)
        value = self._amount(row, "value", currency)
        price = self._price(row, quantity, code, currency, value)
        name = table.text(row, "name") or None
        return Entry(row, "asset", account, code, quantity, currency, name, price, cost, self._date(row), value)

    def _code_and_currency(self, row: Row) -> tuple[str, str]:
        """Those of the row; the same two cells mean the same in every row, so they are read once."""
        cells = self.table.text(row, "code"), self.table.text(row, "currency")
        if cells not in self._assets:
            self._assets[cells] = read_code_and_currency(self.table, row, self.codes)
        return self._assets[cells]

    def _cash(self, row: Row, kind: CashKind, account: str) -> Entry:
        table = self.table
        currency = _stated_currency(table, row) or self.codes.home
        field = "value" if says_nothing(table.text(row, "quantity")) and table.text(row, "value") else "quantity"
        amount = table.number(row, field)
        refuse_symbol(table, row, field, currency)
        price = table.optional_number(row, "price", PriceError)
        if price not in (None, ONE):
            raise table.problem(
                "cash_price",
                Text(f"cash has the price {plain(price)}", f"현금의 가격이 {plain(price)}입니다"),
                Text("price 1 or empty, and the amount as the quantity", "가격은 1이거나 비우고 금액은 수량에"),
                Text("write the amount in the quantity column", "금액을 수량 열에 적어 주세요"),
                row,
                "price",
            )  # fmt: skip
        if kind == "dividends" and amount < 0:
            raise _negative(table, row, field, Text("dividends that wait", "대기 중인 배당금"))
        return Entry(row, kind, account, "", self._in_minor_units(amount, currency), currency, as_of=self._date(row))

    def _in_minor_units(self, amount: Decimal, currency: str) -> Decimal:
        whole = amount if self.policy is None else round_money(amount, currency, Rounding.FLOOR)
        if whole != amount:
            unit = minor_unit(currency)
            message = Text(
                f"cash of {plain(amount)} {currency} counts as {plain(whole)}: less than {unit} cannot be spent",
                f"현금 {plain(amount)} {currency} 가운데 {plain(whole)}만 셉니다: {unit} 미만은 쓸 수 없습니다",
            )
            self.findings.append(Finding("cash_rounded", "info", message))
        return whole

    def _cost(self, row: Row, quantity: Decimal, currency: str) -> Decimal | None:
        """The total cost: its own column, else the cost of a share times the shares, rounded half up."""
        cost = self._amount(row, "cost", currency)
        if cost is not None:
            return cost
        share = self._amount(row, "average cost", currency)
        return None if share is None else round_money(product(share, quantity), currency, Rounding.HALF_UP)

    def _price(self, row: Row, quantity: Decimal, code: str, currency: str, value: Decimal | None) -> Decimal | None:
        """The price, checked against the value the row prints; without one, value / quantity if that is exact."""
        price = None
        if not says_nothing(self.table.text(row, "price")):
            price = read_price(self.table, row, "price", currency)
        if value is None:
            return price
        if price is None:
            return _exact_price(value, quantity, currency)
        if abs(product(price, quantity) - value) >= minor_unit(currency):
            shown = f"{plain(quantity)} x {plain(price)}"
            message = Text(
                f"{shown} is not the value of {code} in line {row.line}, {plain(value)}",
                f"{row.line}행 {code}의 {shown} 값이 평가금액 {plain(value)}과(와) 다릅니다",
            )
            self.findings.append(Finding("value_mismatch", "warning", message, code))
        return price

    def _amount(self, row: Row, field: str, currency: str) -> Decimal | None:
        amount = self.table.optional_number(row, field) if field in self.table.columns else None
        if amount is None:
            return None
        refuse_symbol(self.table, row, field, currency)
        if amount < 0:
            raise _negative(self.table, row, field, Text("an amount of a holding", "보유 자산의 금액"))
        return amount

    def _date(self, row: Row) -> date | None:
        day = self.table.optional_date(row, "date")
        if day is not None and day > self.on:
            raise self.table.problem(
                "date_after_on",
                Text(
                    f"{day} is after the day of the question, {self.on}", f"{day}은(는) 기준일 {self.on}보다 뒤입니다"
                ),
                Text("a date that is not in the future", "기준일보다 뒤가 아닌 날짜"),
                Text(f"give --on {day} or a later day", f"--on에 {day} 또는 그 뒤의 날짜를 주세요"),
                row,
                "date",
            )
        return day


def read_account(table: Table, row: Row, policy: Policy | None) -> str:
    """The account of a row: the one it names, else the policy's only one. Raises when that leaves it open.

    Without a policy an account is what the row calls it, and `main` where it calls it nothing.
    """
    text = literal(table.text(row, "account"))
    if policy is None:
        return text or UNNAMED_ACCOUNT
    if text in policy.accounts:
        return text
    names = tuple(policy.accounts)
    if not text and len(names) == 1:
        return names[0]
    listed = ", ".join(names)
    wrong = Text(f"{quoted(text)} is not an account of the policy", f"{quoted(text)}은(는) 정책에 없는 계좌입니다")
    if not text:
        wrong = Text("the row names no account", "행에 계좌가 없습니다")
    raise table.problem(
        "unknown_account" if text else "no_account",
        wrong,
        Text(f"one of {listed}", f"{listed} 가운데 하나"),
        Text(
            "name one of them, or add the account to portfolio.yaml",
            "그 가운데 하나를 적거나 portfolio.yaml에 계좌를 추가해 주세요",
        ),
        row,
        "account",
    )


def read_code_and_currency(table: Table, row: Row, codes: Codes) -> tuple[str, str]:
    """The code of a row and its currency: stated, the policy's, or the base currency."""
    stated = _stated_currency(table, row)
    field = "code"
    try:
        code = codes.read(table.text(row, "code"), stated)
        field = "currency" if stated else "code"
        return code, codes.currency(code, stated)
    except CellError as problem:
        raise table.located(problem, row, field) from problem


def read_quantity(table: Table, row: Row, code: str, currency: str, codes: Codes) -> Decimal:
    """The shares in a row: none borrowed, and whole ones on KRX."""
    quantity = table.number(row, "quantity")
    if quantity < 0:
        owned = Text("shares that are owned; short positions are not read", "보유한 주식 수(공매도는 다루지 않습니다)")
        raise _negative(table, row, "quantity", owned)
    if quantity != quantity.to_integral_value() and codes.is_krx(code, currency):
        raise table.problem(
            "fractional_shares",
            Text(
                f"{plain(quantity)} is not a whole number of shares",
                f"{plain(quantity)}은(는) 온전한 주식 수가 아닙니다",
            ),
            Text("whole shares, as KRX trades them", "한국거래소의 1주 단위 수량"),
            Text("correct the quantity", "수량을 고쳐 주세요"),
            row,
            "quantity",
        )
    return quantity


def _stated_currency(table: Table, row: Row) -> str | None:
    try:
        return read_currency(table.text(row, "currency"))
    except CellError as problem:
        raise table.located(problem, row, "currency") from problem


def _negative(table: Table, row: Row, field: str, expected: Text) -> InputError:
    cell = quoted(table.text(row, field))
    return table.problem(
        "negative_amount",
        Text(f"{cell} is negative", f"{cell}은(는) 음수입니다"),
        expected,
        Text("correct the amount or remove the row", "값을 고치거나 행을 지워 주세요"),
        row,
        field,
    )


def _exact_price(value: Decimal, quantity: Decimal, currency: str) -> Decimal | None:
    """value / quantity where that is a whole number of minor units, else None: a price is never made up."""
    if quantity == 0:
        return None
    share = Fraction(value) / Fraction(quantity)
    price = round_fraction(share, minor_unit(currency), Rounding.DOWN)
    return price if Fraction(price) == share and price > 0 else None
