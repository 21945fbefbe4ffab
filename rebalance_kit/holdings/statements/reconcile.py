"""Whether a statement agrees with itself: its totals with its rows, and each price with the value beside it.

A total agrees when the rows add up to it at the last digit that it prints. A price agrees when price x quantity is the
printed value within what rounding the printed digits can explain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.holdings.merge import Entry
from rebalance_kit.holdings.model import SkippedRow
from rebalance_kit.money import MINOR_DIGITS, Rounding, exact_sum, minor_unit, plain, product, round_fraction
from rebalance_kit.prices.model import FxRate
from rebalance_kit.words import Finding, Text

MOST_DECIMALS = 6  # of a price that a value proves; funds and exchanges print no more


@dataclass(frozen=True, slots=True)
class Total:
    """A total that a file prints for everything in one account, or in all of them (None)."""

    line: int
    account: str | None
    amount: Decimal
    currency: str
    what: Text | None = None


def check_totals(
    totals: Sequence[Total], entries: Sequence[Entry], skipped: Sequence[SkippedRow], rates: Iterable[FxRate]
) -> tuple[frozenset[str | None], tuple[Finding, ...]]:
    """The accounts whose total agrees, and a finding for each total: that it agrees, does not, or cannot be checked."""
    if not totals:
        return frozenset(), ()
    into = {(rate.base, rate.quote): rate.rate for rate in rates}
    worth: defaultdict[str | None, list[tuple[Decimal | None, str]]] = defaultdict(list)
    for account, value, currency in _worths(entries, skipped):
        worth[account].append((value, currency))
    agreed, findings = [], []
    for total in totals:
        parts = (
            worth[total.account] if total.account is not None else [part for rows in worth.values() for part in rows]
        )
        found, complete = _sum_in(parts, total.currency, into)
        if agrees(found, total.amount):
            agreed.append(total.account)
        findings.append(_verdict(total, found, complete=complete))
        if not complete and agrees(found, total.amount):
            findings.append(_unvalued(total))
    return frozenset(agreed), tuple(findings)


def judge_prices(entries: Sequence[Entry], agreed: Collection[str | None]) -> tuple[list[Entry], tuple[Finding, ...]]:
    """The entries with prices that can be relied on, and a finding for each that is not the printed one.

    Without a price the value proves one: the shortest price that times the quantity is the printed value. A price that
    contradicts its value is not used; where the account's own total proves the value, the value's price is.
    """
    kept: list[Entry] = []
    findings: list[Finding] = []
    proofs: set[int] = set()  # where a price is not the printed one
    for entry in entries:
        if entry.kind != "asset" or entry.value is None or entry.quantity == entry.value == 0:
            kept.append(entry)
        elif entry.quantity == 0:  # no shares are worth nothing: the quantity or the value is wrong
            kept.append(replace(entry, price=None, value=None))
            findings.append(_contradiction(entry, None))
        elif entry.price is None:
            proved = proved_price(entry.value, entry.quantity, entry.currency)
            proofs.add(len(kept))
            kept.append(replace(entry, price=proved))
        elif explains(entry.price, entry.quantity, entry.value, entry.currency):
            kept.append(entry)
        else:
            sure = entry.account in agreed or None in agreed
            proved = proved_price(entry.value, entry.quantity, entry.currency) if sure else None
            proofs.add(len(kept))
            kept.append(replace(entry, price=proved))
            findings.append(_contradiction(entry, proved))
    return _agreeing(kept, proofs), tuple(findings)


def _agreeing(entries: list[Entry], proofs: Collection[int]) -> list[Entry]:
    """The entries without proved prices that another row of the same code contradicts: rounding proves too little."""
    prices: defaultdict[str, set[Decimal]] = defaultdict(set)
    for entry in entries if proofs else ():
        if entry.price is not None:
            prices[entry.code].add(entry.price)
    return [
        replace(entry, price=None) if index in proofs and len(prices[entry.code]) > 1 else entry
        for index, entry in enumerate(entries)
    ]


def agrees(found: Decimal, printed: Decimal, slack: Fraction = Fraction(0)) -> bool:
    """Whether an exact sum is the printed amount at its last digit, give or take what `slack` explains."""
    return abs(Fraction(found) - Fraction(printed)) <= Fraction(_last_digit(printed)) / 2 + slack


def compare(
    line: int, what: Text, found: Decimal, printed: Decimal, currency: str, slack: Fraction = Fraction(0)
) -> Finding:
    """The finding that a sum is what the file prints, or is not; `slack` is what rounded exchange rates explain."""
    shown = f"{plain(printed)} {currency}"
    if agrees(found, printed, slack):
        message = Text(
            f"the rows add up to {what.en} in line {line}, {shown}",
            f"행을 더하면 {line}행의 {what.ko} {shown}과(와) 맞습니다",
        )
        return Finding("total_agrees", "info", message)
    gap = plain(exact_sum((printed, found.copy_negate())))
    message = Text(
        f"{what.en} in line {line} is {shown}, but the rows add up to {plain(found)}: {gap} is missing",
        f"{line}행의 {what.ko}은(는) {shown}인데 행을 더하면 {plain(found)}입니다: 차이 {gap}",
    )
    return Finding("total_mismatch", "warning", message)


def rate_slack(amount: Decimal, rate: Decimal) -> Fraction:
    """By how much an amount times a rate can be off because the rate is rounded to the digits it prints."""
    return abs(Fraction(amount)) * Fraction(_last_digit(rate)) / 2


def explains(price: Decimal, quantity: Decimal, value: Decimal, currency: str) -> bool:
    """Whether price x quantity is the value, given that each is rounded to the digits it prints (two at least)."""
    found = product(price, quantity)
    if found == value:
        return True
    gap = abs(Fraction(found) - Fraction(value))
    slack = Fraction(product(quantity, _half_digit(price, MINOR_DIGITS[currency])))
    if quantity != quantity.to_integral_value():
        slack += Fraction(product(price, _half_digit(quantity, 2)))
    return gap < Fraction(minor_unit(currency)) + slack


def proved_price(value: Decimal, quantity: Decimal, currency: str) -> Decimal | None:
    """The price with the fewest decimals that times `quantity` gives `value` at its last digit, None without one."""
    if quantity <= 0 or value <= 0:
        return None
    share = Fraction(value) / Fraction(quantity)
    for digits in range(MINOR_DIGITS[currency], MOST_DECIMALS + 1):
        price = round_fraction(share, Decimal(1).scaleb(-digits), Rounding.HALF_UP)
        if price > 0 and agrees(product(price, quantity), value):
            return price
    return None


def _half_digit(number: Decimal, least: int) -> Decimal:
    return Decimal(5).scaleb(-1 - max(least, _decimals(number)))


def _last_digit(number: Decimal) -> Decimal:
    return Decimal(1).scaleb(-_decimals(number))


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _worths(
    entries: Iterable[Entry], skipped: Iterable[SkippedRow]
) -> Iterable[tuple[str | None, Decimal | None, str]]:
    for entry in entries:
        value = entry.quantity if entry.kind != "asset" or entry.quantity == 0 else entry.value
        if value is None and entry.price is not None:
            value = product(entry.price, entry.quantity)
        if entry.quantity or value:
            yield entry.account, value, entry.currency
    for row in skipped:
        if row.value is not None and row.currency is not None:
            yield row.account, row.value, row.currency


def _sum_in(
    parts: Iterable[tuple[Decimal | None, str]], currency: str, rates: Mapping[tuple[str, str], Decimal]
) -> tuple[Decimal, bool]:
    """The sum of what has a value and a rate, and whether that is everything."""
    amounts, complete = [], True
    for value, own in parts:
        rate = Decimal(1) if own == currency else rates.get((own, currency))
        if value is None or rate is None:
            complete = False
        else:
            amounts.append(product(value, rate))
    return exact_sum(amounts), complete


def _verdict(total: Total, found: Decimal, *, complete: bool) -> Finding:
    whose = total.what or (
        Text(f"the total of account {total.account}", f"{total.account} 계좌의 합계")
        if total.account is not None
        else Text("the file's total", "파일의 합계")
    )
    if complete or agrees(found, total.amount):
        return compare(total.line, whose, found, total.amount, total.currency)
    printed = f"{plain(total.amount)} {total.currency}"
    message = Text(
        f"{whose.en} in line {total.line}, {printed}, cannot be checked: some row has no value",
        f"{total.line}행의 {whose.ko} {printed}은(는) 평가금액이 없는 행이 있어 확인하지 못했습니다",
    )
    return Finding("total_unchecked", "warning", message)


def _unvalued(total: Total) -> Finding:
    message = Text(
        f"the total in line {total.line} agrees only when a row without a value counts as nothing",
        f"{total.line}행의 합계는 평가금액이 없는 행을 0으로 볼 때만 맞습니다",
    )
    return Finding("unvalued_rows", "warning", message)


def _contradiction(entry: Entry, proved: Decimal | None) -> Finding:
    shown = f"{plain(entry.quantity)} x {plain(entry.price or Decimal(0))}"
    value = plain(entry.value or Decimal(0))
    english = f"{shown} is not the value of {entry.code} in line {entry.row.line}, {value}"
    korean = f"{entry.row.line}행 {entry.code}의 {shown} 값이 평가금액 {value}과(와) 다릅니다"
    if proved is None:
        message = Text(f"{english}: the price is not used", f"{korean}: 이 가격은 쓰지 않습니다")
    else:
        message = Text(
            f"{english}: the account's total proves the value, so the price counts as {plain(proved)}",
            f"{korean}: 계좌 합계가 평가금액과 맞으므로 가격을 {plain(proved)}(으)로 봅니다",
        )
    return Finding("value_mismatch", "warning", message, entry.code)
