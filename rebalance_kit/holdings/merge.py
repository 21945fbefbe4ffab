"""Entries of one file put together: the same asset twice in an account is one position, nothing is lost silently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from rebalance_kit.errors import InputError, PriceError
from rebalance_kit.holdings.model import Cash, CashKind, Position
from rebalance_kit.money import exact_sum, plain, product
from rebalance_kit.prices.model import Quote
from rebalance_kit.textfile.cells import quoted
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.words import Finding, Text

Groups = Mapping[tuple[str, str], Sequence["Entry"]]


@dataclass(frozen=True, slots=True)
class Entry:
    """What one row says. For cash `code` is empty and `quantity` the amount; `as_of` is None without a date.

    `value` is what the row prints as the worth of the position, in `currency`.
    """

    row: Row
    kind: Literal["asset"] | CashKind
    account: str
    code: str
    quantity: Decimal
    currency: str
    name: str | None = None
    price: Decimal | None = None
    cost: Decimal | None = None
    as_of: date | None = None
    value: Decimal | None = None


def merged_positions(
    document: Document, entries: Iterable[Entry], findings: list[Finding]
) -> tuple[tuple[Position, ...], dict[tuple[str, str], Decimal]]:
    """The positions of the entries and what each is worth by the file; a zero row is none, which is a finding.

    Raises the document's error when one code stands in two currencies in an account: that is not one asset.
    """
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if entry.kind == "asset":
            groups.setdefault((entry.account, entry.code), []).append(entry)
    positions, values = [], {}
    for (account, code), rows in groups.items():
        if len(rows) == 1 and rows[0].quantity:  # nearly always
            positions.append(_single(rows[0]))
            worth_alone = _worth(rows[0])
            if worth_alone is not None:
                values[account, code] = worth_alone
            continue
        held = [entry for entry in rows if entry.quantity]
        findings += _zero_rows(code, rows) if not held else _merged(account, code, held)
        if held:
            _refuse_two_currencies(document, held)
            positions.append(_position(held))
            worth = [_worth(entry) for entry in held]
            known = [value for value in worth if value is not None]
            if len(known) == len(worth):
                values[account, code] = exact_sum(known)
    return tuple(positions), values


def merged_cash(entries: Iterable[Entry], findings: list[Finding]) -> tuple[Cash, ...]:
    """The cash of the entries for each account, currency and kind; what is owed is a finding."""
    groups: dict[tuple[str, str, CashKind], list[Entry]] = {}
    for entry in entries:
        if entry.kind != "asset":
            groups.setdefault((entry.account, entry.currency, entry.kind), []).append(entry)
    cash = []
    for (account, currency, kind), rows in groups.items():
        findings += _merged(account, f"{kind} {currency}", rows)
        amount = exact_sum(entry.quantity for entry in rows)
        if amount < 0:
            findings.append(_owed(account, currency, amount))
        cash.append(Cash(account, currency, amount, kind))
    return tuple(cash)


def quotes_of(
    document: Document, entries: Iterable[Entry], on: date, column: str | None = None, *, as_of: date | None = None
) -> tuple[Quote, ...]:
    """One quote for each code and day: the row's own, else `as_of`, the day of the whole file, else `on`.

    Raises PriceError when a file prints two prices for one day.
    """
    quotes: dict[tuple[str, date], Quote] = {}
    lines: dict[tuple[str, date], tuple[Decimal, int]] = {}
    for entry in entries:
        if entry.kind != "asset" or entry.price is None:
            continue
        day = entry.as_of or as_of
        key = entry.code, day or on
        if key in lines and lines[key][0] != entry.price:
            raise _two_prices(document, entry, key[1], lines[key], column)
        lines.setdefault(key, (entry.price, entry.row.line))
        dated = day is not None
        if key not in quotes or dated:
            quotes[key] = Quote(entry.code, entry.price, entry.currency, key[1], document.name, entry.name, dated=dated)
    return tuple(quotes.values())


def _single(entry: Entry) -> Position:
    return Position(entry.account, entry.code, entry.quantity, entry.currency, entry.name, entry.cost)


def _position(rows: Sequence[Entry]) -> Position:
    first = rows[0]
    costs = [entry.cost for entry in rows if entry.cost is not None]
    cost = exact_sum(costs) if len(costs) == len(rows) else None
    name = next((entry.name for entry in rows if entry.name), None)
    return Position(first.account, first.code, exact_sum(r.quantity for r in rows), first.currency, name, cost)


def _worth(entry: Entry) -> Decimal | None:
    if entry.value is not None or entry.price is None:
        return entry.value
    return product(entry.price, entry.quantity)


def _merged(account: str, what: str, rows: Sequence[Entry]) -> Iterable[Finding]:
    if len(rows) > 1:
        lines = ", ".join(str(entry.row.line) for entry in rows)
        total = plain(exact_sum(entry.quantity for entry in rows))
        message = Text(
            f"{what} stands in lines {lines} of account {account} and was added up to {total}",
            f"{account} 계좌의 {lines}행에 있는 {what}을(를) 합쳐 {total}(으)로 보았습니다",
        )
        yield Finding("merged_rows", "info", message, rows[0].code or None)


def _zero_rows(code: str, rows: Sequence[Entry]) -> Iterable[Finding]:
    lines = ", ".join(str(entry.row.line) for entry in rows)
    message = Text(
        f"{code} has quantity 0 (line {lines}): no position, its price is kept",
        f"{code}의 수량이 0이어서({lines}행) 보유로 보지 않고 가격만 씁니다",
    )
    yield Finding("zero_quantity", "info", message, code)


def _owed(account: str, currency: str, amount: Decimal) -> Finding:
    message = Text(
        f"account {account} owes {plain(-amount)} {currency}",
        f"{account} 계좌의 현금이 {plain(-amount)} {currency}만큼 모자랍니다",
    )
    return Finding("negative_cash", "warning", message)


def _refuse_two_currencies(document: Document, rows: Sequence[Entry]) -> None:
    first = rows[0]
    other = next((entry for entry in rows if entry.currency != first.currency), None)
    if other is not None:
        raise document.problem(
            "two_currencies",
            wrong=Text(f"{other.code} is in {other.currency}, but in {first.currency} in line {first.row.line}",
                       f"{other.code}의 통화가 {other.currency}인데 {first.row.line}행에서는 {first.currency}입니다"),
            expected=Text("one currency for a code in an account", "한 계좌의 같은 코드는 한 가지 통화"),
            fix=Text("give the two assets different codes", "두 종목의 코드를 다르게 적어 주세요"),
            line=other.row.line,
        )  # fmt: skip


def _two_prices(
    document: Document, entry: Entry, day: date, first: tuple[Decimal, int], column: str | None
) -> InputError:
    price, before, line = quoted(plain(entry.price or Decimal(0))), plain(first[0]), first[1]
    return document.problem(
        "two_prices",
        wrong=Text(f"{entry.code} has the price {price} on {day}, but {before} in line {line}",
                   f"{day} {entry.code}의 가격이 {price}인데 {line}행에는 {before}입니다"),
        expected=Text("one price for a code and day", "종목과 날짜마다 가격 하나"),
        fix=Text("keep the right one", "맞는 가격만 남겨 주세요"),
        line=entry.row.line,
        column=column,
        error=PriceError,
    )  # fmt: skip
