"""New money, or money out, by the three named rules side by side: exact amounts and whole shares (definition 11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from rebalance_kit.cashflow import RuleSplit, cash_goals, cash_rules
from rebalance_kit.costs import Exchange
from rebalance_kit.drift import Drift
from rebalance_kit.frames import frame, html_table
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import exact_sum, plain, show_money, show_percent
from rebalance_kit.orders import Order, Shares, Side, said_shares
from rebalance_kit.planner.make import fx_cost, order_spend, wanted_orders
from rebalance_kit.planner.plan import PlanOptions
from rebalance_kit.planner.stating import Case, case_of, flow_policy, require_prices
from rebalance_kit.planner.taxing import taxes_of
from rebalance_kit.policy.model import CashRule, Policy
from rebalance_kit.prices.instruments import Instruments
from rebalance_kit.prices.model import FxRate, PriceBook
from rebalance_kit.words import Language, Text

if TYPE_CHECKING:
    import pandas as pd

TABLE_COLUMNS = ("rule", "code", "amount", "shares", "shares_amount")
RULE_NAMES = {
    CashRule.PROPORTIONAL: Text("Proportional", "부족액 비례"),
    CashRule.WATER_FILLING: Text("Water filling", "가장 부족한 순서로 채우기"),
    CashRule.LEAST_SQUARES: Text("Least squares", "큰 차이부터 줄이기"),
}
_RULE, _ASSET = Text("Rule", "규칙"), Text("Asset", "종목")
_LEFT, _WORST = Text("Left over", "남는 현금"), Text("Worst relative gap", "최대 상대 부족")
_CAPTION = Text("{amount} by three rules", "{amount}을 세 가지 규칙으로")
_SMALLEST = Text("The smallest deposit that needs no sale: {amount}", "팔지 않고 목표를 맞추는 최소 입금액: {amount}")


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One rule: its exact split, the whole shares that come nearest to it, and the cash that those leave (positive) or
    take from what was idle, in the base currency, costs included."""

    split: RuleSplit
    orders: tuple[Order, ...]
    left_over: Decimal
    exchanges: tuple[Exchange, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """The rule as JSON; quantities and amounts of a sale are negative."""
        return {
            "name": self.split.rule.value,
            "allocations": [{"code": code, "amount": plain(amount)} for code, amount in self.split.amounts],
            "whole_shares": [
                {
                    "account": order.account,
                    "code": order.code,
                    "quantity": said_shares(_signed_quantity(order)),
                    "amount": plain(_signed(order)),
                }
                for order in self.orders
            ],
            "exchanges": [line.to_dict() for line in self.exchanges],
            "left_over": plain(self.left_over),
            "worst_relative_gap": plain(self.split.worst_relative_gap),
        }


@dataclass(frozen=True, slots=True)
class CashComparison:
    """The rules side by side for one deposit (or, negative, withdrawal)."""

    amount: Decimal
    base_currency: str
    rules: tuple[RuleOutcome, ...]
    smallest_no_sell_deposit: Decimal | None
    names: Mapping[str, str]
    language: Language = "en"
    fx: tuple[FxRate, ...] = ()

    def rule(self, name: CashRule | str) -> RuleOutcome:
        """The outcome of one rule. ValueError for a name that is none."""
        return next(outcome for outcome in self.rules if outcome.split.rule is CashRule(name))

    def to_dict(self, _language: Language | None = None) -> dict[str, object]:
        """The JSON of `cash --json`. It has no sentences, so that a language changes nothing."""
        smallest = self.smallest_no_sell_deposit
        return {
            "amount": plain(self.amount),
            "rules": [outcome.to_dict() for outcome in self.rules],
            "smallest_no_sell_deposit": None if smallest is None else plain(smallest),
            "fx": [rate.to_dict() for rate in self.fx],
        }

    def table(self) -> pd.DataFrame:
        """One row per rule and asset: `amount` and `shares_amount` (base and own currency, Decimals; negative: out)
        and `shares` (whole; negative: sold)."""
        rows = [row for outcome in self.rules for row in _rows(outcome)]
        return frame(rows, TABLE_COLUMNS)

    def __repr__(self) -> str:
        return f"<CashComparison {show_money(self.amount, self.base_currency, signed=True)}>"

    def _repr_html_(self) -> str:
        shown, base = self.language, self.base_currency
        codes = [code for code, _ in self.rules[0].split.amounts]
        headings = [_ASSET.of(shown), *(RULE_NAMES[outcome.split.rule].of(shown) for outcome in self.rules)]
        rows = [[self.names[code], *(_cell(outcome, code, base) for outcome in self.rules)] for code in codes]
        rows.append([_LEFT.of(shown), *(show_money(outcome.left_over, base) for outcome in self.rules)])
        gaps = (show_percent(outcome.split.worst_relative_gap, 2) for outcome in self.rules)
        rows.append([_WORST.of(shown), *gaps])
        smallest = self.smallest_no_sell_deposit
        notes = [rate.note for rate in self.fx]
        notes += [] if smallest is None else [_SMALLEST.of(shown).format(amount=show_money(smallest, base))]
        return html_table(_CAPTION.of(shown).format(amount=show_money(self.amount, base)), headings, rows, notes)


def compare_cash(
    policy: Policy,
    holdings: Holdings,
    prices: PriceBook,
    drift: Drift,
    amount: Decimal,
    account: str | None,
    on: date,
    *,
    household: Holdings | None = None,
    instruments: Instruments | None = None,
) -> CashComparison:
    """The three rules for `amount` of the base currency, not yet in the account (negative: a withdrawal).

    `household` and `instruments` are those of `make_plan`.
    Raises UsageError for an amount that cannot be split, RuleError when a price is missing or the cash cannot be
    raised.
    """
    options = PlanOptions(
        contribute=amount if amount > 0 else None,
        withdraw=amount.copy_negate() if amount < 0 else None,
        account=account,
    )
    case = case_of(policy, holdings, prices, drift, options)
    require_prices(case)
    taxes = taxes_of(policy, household or holdings, prices, on, instruments, accounts=case.planned)
    case = replace(case, taxes=taxes)
    exact = cash_rules(flow_policy(policy, holdings, options), drift, amount)
    return CashComparison(
        amount=amount,
        base_currency=policy.base_currency,
        rules=tuple(rule_outcome(case, split, on) for split in exact.rules),
        smallest_no_sell_deposit=exact.smallest_no_sell_deposit,
        names={row.code: row.name for row in drift.assets},
        language=policy.language,
        fx=drift.fx,
    )


def rule_outcome(case: Case, split: RuleSplit, on: date) -> RuleOutcome:
    """One rule's split of what is paid in or out, in whole shares. RuleError when the cash cannot be raised."""
    seen = flow_policy(case.policy, case.holdings, case.options)
    orders, exchanges = wanted_orders(case, cash_goals(seen, case.drift, case.flow, split.rule), on)
    left = exact_sum((_left_over(case, orders), fx_cost(exchanges).copy_negate()))
    return RuleOutcome(split, orders, left, exchanges)


def _left_over(case: Case, orders: Sequence[Order]) -> Decimal:
    """What is paid in (or, negative, out) less what the orders take, each in the base currency."""
    spent = (case.prices.in_base(order_spend(order), order.currency).copy_negate() for order in orders)
    return exact_sum((case.flow, *spent))


def _signed_quantity(order: Order) -> Shares:
    return order.quantity if order.side is Side.BUY else -order.quantity


def _signed(order: Order) -> Decimal:
    return order.amount if order.side is Side.BUY else order.amount.copy_negate()


def _rows(outcome: RuleOutcome) -> list[Mapping[str, object]]:
    return [
        dict(zip(TABLE_COLUMNS, (outcome.split.rule.value, code, amount, *_traded(outcome, code)), strict=True))
        for code, amount in outcome.split.amounts
    ]


def _traded(outcome: RuleOutcome, code: str) -> tuple[Shares, Decimal]:
    """Shares and amount of a code in all accounts together."""
    orders = [order for order in outcome.orders if order.code == code]
    shares = [_signed_quantity(order) for order in orders]
    together = exact_sum(Decimal(one) for one in shares)
    whole = all(isinstance(one, int) for one in shares)
    return (int(together) if whole else together), exact_sum(map(_signed, orders))


def _cell(outcome: RuleOutcome, code: str, currency: str) -> str:
    shares, _ = _traded(outcome, code)
    return f"{show_money(outcome.split.amount(code), currency)} ({shares:+,})"
