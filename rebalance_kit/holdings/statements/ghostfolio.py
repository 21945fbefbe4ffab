"""Ghostfolio's export: accounts with their balances, and the activities that positions are added up from.

Bought less sold is held; an activity after the day of the question has not happened. The cost falls with each sale by
the average cost, as Ghostfolio counts it, so lots are kept only of what was never sold. A manual asset (a house, a fee)
has no exchange's code and is left out and named. The export holds no prices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rebalance_kit.errors import InputError
from rebalance_kit.holdings.model import UNNAMED_ACCOUNT, HoldingsFile
from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.jsons import json_of, lines_of, looks_like_json
from rebalance_kit.holdings.statements.moments import last_date
from rebalance_kit.holdings.statements.securities import Kind
from rebalance_kit.money import MINOR_DIGITS, Rounding, exact_sum, minor_unit, product, round_fraction
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.cells import MAX_DIGITS, quoted
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.words import Text

WANTED = Text("Ghostfolio's export (JSON)", "고스트폴리오 내보내기(JSON)")
_NOT_HELD = frozenset({"DIVIDEND", "FEE", "INTEREST", "LIABILITY"})


@dataclass(frozen=True, slots=True)
class Ghostfolio:
    """The export of Ghostfolio."""

    name: str = "ghostfolio"
    wanted: Text = WANTED

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when the JSON has activities with a data source."""
        if not looks_like_json(document) or '"activities"' not in document.text:
            return Confidence.NO
        try:
            whole = json_of(document)
        except InputError:
            return Confidence.FITS
        is_export = isinstance(whole, dict) and isinstance(whole.get("activities"), list)
        return Confidence.CERTAIN if is_export else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings on the day of the question."""
        whole = json_of(document)
        if not isinstance(whole, dict) or not isinstance(whole.get("activities"), list):
            raise document.no_table(self.wanted)
        return _Reader(Statement(document, policy, on, self.name), whole).read()


@dataclass(frozen=True, slots=True)
class _Activity:
    """One purchase or sale."""

    row: Row
    day: date
    account: str
    symbol: str
    currency: str
    sells: bool
    quantity: Decimal
    price: Decimal
    lot_id: str


@dataclass(slots=True)
class _Held:
    """What is held of one asset in one account; a sale takes its share of the cost with it."""

    row: Row
    quantity: Decimal = Decimal(0)
    cost: Fraction = Fraction(0)
    sold: bool = False
    buys: list[_Activity] = field(default_factory=list)

    def add(self, activity: _Activity) -> None:
        """A purchase or a sale, in order of their dates."""
        if not activity.sells:
            self.cost += Fraction(product(activity.quantity, activity.price))
            self.buys.append(activity)
            self.quantity = exact_sum((self.quantity, activity.quantity))
            return
        left = exact_sum((self.quantity, activity.quantity.copy_negate()))
        self.cost = (
            self.cost * Fraction(left) / Fraction(self.quantity) if self.quantity > 0 and left > 0 else Fraction(0)
        )
        self.quantity, self.sold = left, True


@dataclass(slots=True)
class _Reader:
    statement: Statement
    whole: Mapping[str, Any]
    accounts: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    later: int = 0

    def read(self) -> HoldingsFile:
        """Balances, then positions added up."""
        self.profiles = {str(profile.get("symbol")): profile for profile in _objects(self.whole.get("assetProfiles"))}
        self._balances()
        held: dict[tuple[str, str, str], _Held] = {}
        for activity in sorted(self._activities(), key=lambda each: each.day):
            key = activity.account, activity.symbol, activity.currency
            held.setdefault(key, _Held(activity.row)).add(activity)
        for (account, symbol, currency), each in held.items():
            if each.quantity:
                self._hold(account, symbol, currency, each)
        if self.later:
            self.statement.note(
                "later_activities",
                f"activities after {self.statement.on} that were not counted: {self.later}",
                f"{self.statement.on} 이후라서 세지 않은 거래: {self.later}건",
            )
        return self.statement.build()

    def _hold(self, account: str, symbol: str, currency: str, held: _Held) -> None:
        name = self.profiles.get(symbol, {}).get("name")
        cost = round_fraction(held.cost, minor_unit(currency), Rounding.HALF_UP)
        code = self.statement.hold(
            held.row, account, symbol, held.quantity, currency, name=str(name) if name else None, cost=cost
        )
        if code is None or held.sold:
            return
        for buy in held.buys:
            paid = product(buy.quantity, buy.price)
            self.statement.lot(buy.row, account, code, buy.lot_id, buy.day, buy.quantity, paid, currency)

    def _balances(self) -> None:
        """The accounts, and of each the last balance that is not after the day of the question."""
        accounts = _objects(self.whole.get("accounts"))
        lines = lines_of(self.statement.document, "accounts", len(accounts))
        used: set[str] = set()
        for number, (account, line) in enumerate(zip(accounts, lines, strict=True)):
            name = str(account.get("name") or f"account {number + 1}")
            name = f"{name} ({number + 1})" if name in used else name
            used.add(name)
            self.accounts[str(account.get("id"))] = self.statement.account(name, name, line=line)
            row = Row(line, ())
            dated = [(day, balance) for balance in _objects(account.get("balances"))
                     if (day := last_date(str(balance.get("date", ""))[:10])) and day <= self.statement.on]  # fmt: skip
            latest: Any = max(dated, key=lambda item: item[0])[1].get("value") if dated else account.get("balance")
            currency = _currency(account.get("currency"))
            if latest is None or currency is None:
                continue
            money = self._number(row, latest, f"accounts[{number}].balances")
            if money:
                self.statement.cash(row, name, currency, money)

    def _activities(self) -> Iterator[_Activity]:
        """The purchases and sales up to the day of the question; what is none of them is left out."""
        activities = self.whole["activities"]
        lines = lines_of(self.statement.document, "activities", len(activities))
        for number, (activity, line) in enumerate(zip(activities, lines, strict=True)):
            row, where = Row(line, ()), f"activities[{number}]"
            if not isinstance(activity, dict):
                raise self._wrong(row, where, quoted(str(activity)), _OBJECT)
            kind, symbol = str(activity.get("type", "")), str(activity.get("symbol", ""))
            day = last_date(str(activity.get("date", ""))[:10])
            if kind in _NOT_HELD:
                continue
            if day is None:
                raise self._wrong(row, f"{where}.date", quoted(str(activity.get("date"))), _ISO_DATE)
            quantity = self._number(row, activity.get("quantity"), f"{where}.quantity")
            price = self._number(row, activity.get("unitPrice"), f"{where}.unitPrice")
            currency = _currency(self.profiles.get(symbol, {}).get("currency")) or _currency(activity.get("currency"))
            if day > self.statement.on:
                self.later += 1
            elif kind not in ("BUY", "SELL") or activity.get("dataSource") == "MANUAL" or currency is None:
                self._leave_out(row, symbol, kind, currency)
            elif quantity:
                account = self._account_of(activity, line)
                lot_id = str(activity.get("id") or f"{day}-{number + 1}")
                yield _Activity(row, day, account, symbol, currency, kind == "SELL", quantity, price, lot_id)

    def _account_of(self, activity: Mapping[str, Any], line: int) -> str:
        known = self.accounts.get(str(activity.get("accountId")))
        return known if known is not None else self.statement.account(UNNAMED_ACCOUNT, line=line)

    def _leave_out(self, row: Row, symbol: str, kind: str, currency: str | None) -> None:
        if symbol in self.left_out:
            return
        self.left_out.add(symbol)
        what = str(self.profiles.get(symbol, {}).get("name") or symbol)
        reason = Text(f"of type {kind}", f"유형이 {kind}")
        if kind in ("BUY", "SELL", "ITEM"):
            reason = _MANUAL if currency else _CURRENCY
        self.statement.skip(row, Kind.OTHER, what, reason=reason)

    def _number(self, row: Row, value: object, where: str) -> Decimal:
        """An exact number of the JSON. Raises HoldingsError for anything else, also one that no holding can have."""
        number = Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(number, Decimal) or not number.is_finite() or not _small(number):
            raise self._wrong(row, where, quoted(str(value)), _NUMBER)
        return number

    def _wrong(self, row: Row, where: str, shown: str, expected: Text) -> InputError:
        return self.statement.document.problem(
            "bad_value",
            wrong=Text(f"{where} is {shown}", f"{where} 값이 {shown}입니다"),
            expected=expected,
            fix=Text("export the file again", "파일을 다시 내보내 주세요"),
            line=row.line,
        )


_OBJECT = Text("an object", "객체")
_ISO_DATE = Text("a date such as 2026-03-04", "2026-03-04 같은 날짜")
_NUMBER = Text("a number that a holding can have", "보유 자산에 있을 수 있는 수")
_CURRENCY = Text("in a currency that is not read (pence are no pounds)", "읽지 않는 통화(펜스는 파운드가 아님)")
_MANUAL = Text("a manual asset without an exchange's code", "거래소 코드가 없는 수동 자산")


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _small(number: Decimal) -> bool:
    _, digits, exponent = number.as_tuple()
    return (
        isinstance(exponent, int) and len(digits) <= MAX_DIGITS and -MAX_DIGITS <= exponent <= MAX_DIGITS - len(digits)
    )


def _currency(value: object) -> str | None:
    """A currency as the export writes it; pence (GBp) are no pounds, so case counts."""
    return value if isinstance(value, str) and value in MINOR_DIGITS else None
