"""What a savings plan says: month by month and rule by rule, with its JSON, table and notebook display."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from rebalance_kit.frames import frame, html_table
from rebalance_kit.money import exact_sum, plain, show_money, show_percent
from rebalance_kit.orders import Order
from rebalance_kit.planner.compare import RULE_NAMES, RuleOutcome
from rebalance_kit.policy.model import CashRule
from rebalance_kit.prices.model import FxRate
from rebalance_kit.words import Language, Text

if TYPE_CHECKING:
    import pandas as pd

TABLE_COLUMNS = ("rule", "month", "to_invest", "code", "amount", "shares", "shares_amount", "carried", "max_drift")
HELD_CONSTANT = Text(
    "Prices and exchange rates are held as they are today: this is no forecast.",
    "가격과 환율은 오늘 값으로 고정합니다. 예측이 아닙니다.",
)
RESTORED = Text(
    "In exact amounts every target is met without a sale after {months} months ({amount} in all).",
    "정확한 금액으로는 {months}개월 뒤(총 {amount}) 팔지 않고 모든 목표를 맞춥니다.",
)
ALREADY = Text("Every target is met already.", "이미 모든 목표가 맞습니다.")
NEVER = Text("No deposit alone restores every target.", "입금만으로는 모든 목표를 맞출 수 없습니다.")
RULE_RESTORED = Text(
    "{rule}: in whole shares nothing is left to trade from month {month} on.",
    "{rule}: 정수 주식으로는 {month}개월째부터 더 맞출 것이 없습니다.",
)
RULE_OPEN = Text(
    "{rule}: in whole shares something is still off target after {month} months.",
    "{rule}: 정수 주식으로는 {month}개월 뒤에도 목표에서 벗어난 종목이 있습니다.",
)
MONTH = Text("Month", "개월")
LARGEST_DRIFT = Text("Largest drift", "최대 편차")
CARRIED = Text("Carried on", "이월 현금")
_CAPTION = Text("{amount} a month for {months} months", "매달 {amount}, {months}개월")


@dataclass(frozen=True, slots=True)
class SavingsMonth:
    """One month of one rule, in the base currency. `to_invest` is the deposit and what was carried from the months
    before; `carried` what is carried on (negative: taken from idle cash, to be paid back). `outcome` is None in a month
    that rests. `total_value` and `max_drift` are those at its end, cash included."""

    number: int
    deposit: Decimal
    to_invest: Decimal
    outcome: RuleOutcome | None
    carried: Decimal
    total_value: Decimal
    max_drift: Decimal

    @property
    def orders(self) -> tuple[Order, ...]:
        return self.outcome.orders if self.outcome else ()

    def to_dict(self) -> dict[str, object]:
        """The month as JSON: the keys of a rule of `cash --json`, and its own."""
        of_rule: dict[str, object] = {"allocations": [], "whole_shares": [], "worst_relative_gap": None}
        if self.outcome is not None:
            said = self.outcome.to_dict()
            of_rule = {key: said[key] for key in of_rule}
        return {
            "month": self.number,
            "deposit": plain(self.deposit),
            "to_invest": plain(self.to_invest),
            **of_rule,
            "left_over": plain(self.carried),
            "total_value": plain(self.total_value),
            "max_drift": plain(self.max_drift),
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """One asset at the end of the plan; its weight and drift are of the total value, cash included."""

    code: str
    quantity: Decimal
    value: Decimal
    weight: Decimal
    drift: Decimal

    def to_dict(self, *, fractional: bool = False) -> dict[str, object]:
        """The asset as JSON; a quantity is an integer where accounts hold whole shares and it is one."""
        whole = not fractional and self.quantity == int(self.quantity)
        return {
            "code": self.code,
            "quantity": int(self.quantity) if whole else plain(self.quantity),
            "value": plain(self.value),
            "weight": plain(self.weight),
            "drift": plain(self.drift),
        }


@dataclass(frozen=True, slots=True)
class SavingsRule:
    """One rule over all months. `restored_after` is the first month at whose end every asset is nearer to its target
    than the larger of one share and the minimum trade; None when none is."""

    rule: CashRule
    months: tuple[SavingsMonth, ...]
    after: tuple[Standing, ...]
    restored_after: int | None

    @property
    def carried(self) -> Decimal:
        """What is not invested at the end."""
        return self.months[-1].carried

    @property
    def deposited(self) -> Decimal:
        """The sum of the deposits."""
        return exact_sum(month.deposit for month in self.months)

    @property
    def invested(self) -> Decimal:
        """What went into shares of the base currency and their costs: deposits less what is carried."""
        return exact_sum((self.deposited, self.carried.copy_negate()))

    def to_dict(self, *, fractional: bool = False) -> dict[str, object]:
        """The rule as JSON."""
        return {
            "name": self.rule.value,
            "restored_after": self.restored_after,
            "deposited": plain(self.deposited),
            "invested": plain(self.invested),
            "left_over": plain(self.carried),
            "months": [month.to_dict() for month in self.months],
            "after": [row.to_dict(fractional=fractional) for row in self.after],
        }


@dataclass(frozen=True, slots=True, repr=False)
class SavingsPlan:
    """The rules side by side for the same deposit in every month, at today's prices.

    `months_to_restore` is after how many deposits every target can be met without a sale, in exact amounts; None when
    no deposit does it (then `smallest_no_sell_deposit` is None too).
    """

    amount: Decimal
    months: int
    base_currency: str
    rules: tuple[SavingsRule, ...]
    max_drift_before: Decimal
    smallest_no_sell_deposit: Decimal | None
    months_to_restore: int | None
    names: Mapping[str, str]
    language: Language = "en"
    fx: tuple[FxRate, ...] = ()
    fractional: bool = False

    def rule(self, name: CashRule | str) -> SavingsRule:
        """The months of one rule. ValueError for a name that is none, StopIteration for one that was not asked for."""
        return next(row for row in self.rules if row.rule is CashRule(name))

    def to_dict(self, language: Language | None = None) -> dict[str, object]:
        """The JSON of `cash --months --json`."""
        shown = language or self.language
        smallest = self.smallest_no_sell_deposit
        return {
            "amount": plain(self.amount),
            "months": self.months,
            "base_currency": self.base_currency,
            "max_drift_before": plain(self.max_drift_before),
            "smallest_no_sell_deposit": None if smallest is None else plain(smallest),
            "months_to_restore": self.months_to_restore,
            "rules": [row.to_dict(fractional=self.fractional) for row in self.rules],
            "statement": HELD_CONSTANT.of(shown),
            "fx": [rate.to_dict() for rate in self.fx],
        }

    def sentences(self, language: Language) -> tuple[str, ...]:
        """What the figures come to, in words."""
        return (
            HELD_CONSTANT.of(language),
            self._restored(language),
            *(self._rule_restored(row, language) for row in self.rules),
        )

    def table(self) -> pd.DataFrame:
        """One row per rule, month and asset: `to_invest`, `amount` (exact) and `carried` in the base currency,
        `shares` bought and `shares_amount` in the asset's own (Decimals), `max_drift` at the end of the month."""
        rows = [cells for row in self.rules for month in row.months for cells in _rows(row.rule, month)]
        return frame(rows, TABLE_COLUMNS)

    def __repr__(self) -> str:
        return f"<SavingsPlan {show_money(self.amount, self.base_currency)} x {self.months}>"

    def _repr_html_(self) -> str:
        shown = self.language
        headings = [MONTH.of(shown)]
        for row in self.rules:
            name = RULE_NAMES[row.rule].of(shown)
            headings += [f"{name}: {LARGEST_DRIFT.of(shown)}", f"{name}: {CARRIED.of(shown)}"]
        body = [["0", *(cell for _ in self.rules for cell in (show_percent(self.max_drift_before, 2), "-"))]]
        body += [self._cells(number) for number in range(self.months)]
        amount = show_money(self.amount, self.base_currency)
        notes = [*(rate.note for rate in self.fx), *self.sentences(shown)]
        return html_table(_CAPTION.of(shown).format(amount=amount, months=self.months), headings, body, notes)

    def _cells(self, place: int) -> list[str]:
        months = [row.months[place] for row in self.rules]
        money = [(show_percent(m.max_drift, 2), show_money(m.carried, self.base_currency)) for m in months]
        return [str(place + 1), *(cell for pair in money for cell in pair)]

    def _restored(self, language: Language) -> str:
        if self.months_to_restore is None:
            return NEVER.of(language)
        if self.months_to_restore == 0:
            return ALREADY.of(language)
        amount = show_money(self.amount * self.months_to_restore, self.base_currency)
        return RESTORED.of(language).format(months=self.months_to_restore, amount=amount)

    def _rule_restored(self, row: SavingsRule, language: Language) -> str:
        said = RULE_OPEN if row.restored_after is None else RULE_RESTORED
        month = self.months if row.restored_after is None else row.restored_after
        return said.of(language).format(rule=RULE_NAMES[row.rule].of(language), month=month)


def _rows(rule: CashRule, month: SavingsMonth) -> list[Mapping[str, object]]:
    amounts = month.outcome.split.amounts if month.outcome else ()
    rows: list[Mapping[str, object]] = []
    for code, amount in amounts:
        orders = [order for order in month.orders if order.code == code]
        shares = (exact_sum(Decimal(order.quantity) for order in orders), exact_sum(order.amount for order in orders))
        cells = (rule.value, month.number, month.to_invest, code, amount, *shares, month.carried, month.max_drift)
        rows.append(dict(zip(TABLE_COLUMNS, cells, strict=True)))
    return rows
