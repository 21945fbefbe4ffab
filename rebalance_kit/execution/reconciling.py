"""What the journal expects an account to hold, what the broker says, and each difference with its cause.

The journal knows what was there when the last run began and what that run filled. The broker's own order list tells of
orders that the journal does not own: what they traded explains a difference to the share; of what is left the kind of
change suggests a cause, which is said as such and never booked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from rebalance_kit.brokers.base import OrderRow, Snapshot
from rebalance_kit.execution.balance import expected
from rebalance_kit.execution.records import RunRecord
from rebalance_kit.frames import frame
from rebalance_kit.money import ZERO, exact_sum, plain, show_money
from rebalance_kit.orders import Side
from rebalance_kit.words import Language, Text

if TYPE_CHECKING:
    import pandas as pd

Cause = Literal["other_orders", "split", "money_in", "money_out", "shares_in", "shares_out"]
_CAUSES: Mapping[Cause, Text] = {
    "other_orders": Text("orders that this program did not place", "이 프로그램이 내지 않은 주문"),
    "split": Text("perhaps a split or a merger: the shares changed by a ratio", "액면분할이나 병합일 수 있습니다"),
    "money_in": Text("perhaps a dividend, interest or a deposit", "배당, 이자, 입금일 수 있습니다"),
    "money_out": Text("perhaps a fee, a tax or a withdrawal", "수수료, 세금, 출금일 수 있습니다"),
    "shares_in": Text("unknown: shares came in", "알 수 없음: 주식이 들어왔습니다"),
    "shares_out": Text("unknown: shares are gone", "알 수 없음: 주식이 줄었습니다"),
}
COLUMNS = ("account", "what", "expected", "found", "difference", "cause")
_RATIOS = frozenset(Fraction(a, b) for a in range(1, 21) for b in range(1, 21) if a != b)


@dataclass(frozen=True, slots=True)
class Difference:
    """One code (shares) or currency (money) of which the broker has something else than the journal expects."""

    account: str
    what: str
    is_money: bool
    expected: Decimal
    found: Decimal
    cause: Cause

    @property
    def difference(self) -> Decimal:
        return exact_sum((self.found, self.expected.copy_negate()))

    def sentence(self, language: Language) -> str:
        """The difference and its cause."""
        if self.is_money:
            shown = [show_money(self.expected, self.what), show_money(self.found, self.what)]
        else:
            shown = [plain(self.expected), plain(self.found)]
        says = Text(
            f"{self.what}: {shown[0]} expected, {shown[1]} found", f"{self.what}: 예상 {shown[0]}, 실제 {shown[1]}"
        )
        return f"{says.of(language)} ({_CAUSES[self.cause].of(language)})"


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One account's comparison. `run_id` is the last run, None where nothing has run; `unresolved` names orders whose
    fate is not known; `edited` files that say something else than the last run left."""

    account: str
    mode: str
    run_id: str | None
    session: date | None
    differences: tuple[Difference, ...]
    unresolved: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    accepted: bool = False
    language: Language = "en"

    @property
    def agrees(self) -> bool:
        return not (self.differences or self.unresolved or self.edited)

    @property
    def exit_code(self) -> int:
        """0 when everything agrees or was accepted, 5 when a person must decide."""
        return 0 if self.agrees or (self.accepted and not self.unresolved) else 5

    def to_dict(self, language: Language | None = None) -> dict[str, object]:
        """The JSON of `reconcile --json`, for one account."""
        shown = language or self.language
        return {
            "account": self.account,
            "mode": self.mode,
            "run_id": self.run_id,
            "session": None if self.session is None else self.session.isoformat(),
            "agrees": self.agrees,
            "accepted": self.accepted,
            "differences": [
                {
                    "what": one.what,
                    "kind": "cash" if one.is_money else "shares",
                    "expected": plain(one.expected),
                    "found": plain(one.found),
                    "difference": plain(one.difference),
                    "cause": one.cause,
                    "message": one.sentence(shown),
                }
                for one in self.differences
            ],
            "unresolved": list(self.unresolved),
            "edited": list(self.edited),
        }

    def table(self) -> pd.DataFrame:
        """One row per difference: what (a code or a currency), expected, found, difference (Decimals), cause."""
        return frame([{name: getattr(one, name) for name in COLUMNS} for one in self.differences], COLUMNS)


@dataclass(frozen=True, slots=True)
class Expected:
    """What an account should hold: shares by code and cash by currency."""

    shares: Mapping[str, Decimal]
    cash: Mapping[str, Decimal]


def expected_after(last: RunRecord, accepted: Mapping[str, Mapping[str, str]] | None) -> Expected:
    """What the last run should have left, or what a person accepted since (`shares` and `cash` as texts)."""
    if accepted is None:
        return Expected(*expected(last))
    shares, cash = ({name: Decimal(text) for name, text in accepted[key].items()} for key in ("shares", "cash"))
    return Expected(shares, cash)


def compare(
    wanted: Expected, snapshot: Snapshot, rows: Iterable[OrderRow], owned: frozenset[str]
) -> tuple[Difference, ...]:
    """Every difference between what should be there and what is. `rows` are the broker's orders since, `owned` the
    numbers that the journal owns."""
    others = [row for row in rows if row.number not in owned and row.filled]
    found = []
    for code in sorted(wanted.shares.keys() | {p.code for p in snapshot.positions}):
        due, there = wanted.shares.get(code, ZERO), snapshot.quantity(code)
        if due != there:
            cause = _shares_cause(code, due, there, others)
            found.append(Difference(snapshot.account, code, False, due, there, cause))
    for currency in sorted(wanted.cash.keys() | {c.currency for c in snapshot.cash if c.kind == "cash"}):
        due, there = wanted.cash.get(currency, ZERO), snapshot.cash_of(currency)
        if due != there:
            cause = _cash_cause(currency, exact_sum((there, due.copy_negate())), others)
            found.append(Difference(snapshot.account, currency, True, due, there, cause))
    return tuple(found)


def _shares_cause(code: str, wanted: Decimal, there: Decimal, others: Iterable[OrderRow]) -> Cause:
    change = exact_sum((there, wanted.copy_negate()))
    traded = exact_sum(_signed(row) for row in others if row.code == code)
    if traded == change:
        return "other_orders"
    if wanted and there and Fraction(there) / Fraction(wanted) in _RATIOS:
        return "split"
    return "shares_in" if change > 0 else "shares_out"


def _cash_cause(currency: str, change: Decimal, others: Iterable[OrderRow]) -> Cause:
    paid = exact_sum(_paid(row) for row in others if row.currency == currency)
    if paid == change:
        return "other_orders"
    return "money_in" if change > 0 else "money_out"


def _signed(row: OrderRow) -> Decimal:
    return Decimal(row.filled) if row.side is Side.BUY else Decimal(row.filled).copy_negate()


def _paid(row: OrderRow) -> Decimal:
    amount = row.filled_amount.copy_negate() if row.side is Side.BUY else row.filled_amount
    return exact_sum((amount, (row.commission or ZERO).copy_negate()))
