"""A savings plan: the same deposit month after month, by each of the named cash rules (definition 11).

Every month is the single deposit of `rebalance cash`: the rule splits what there is to invest (the deposit and what the
months before left over), whole shares come as near as they can, and the rest is carried on. What a month took from idle
cash to round a share up is carried as a negative amount and paid back first; a month with nothing to invest rests.
Prices stay as they are today: no forecast is made, so that the figures show what the deposits alone do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil

from rebalance_kit import arguments
from rebalance_kit.cashflow import smallest_no_sell_deposit, split_cash
from rebalance_kit.drift import Drift, measure_drift
from rebalance_kit.goals import minimum_trade
from rebalance_kit.holdings.model import Cash, Holdings, Position
from rebalance_kit.money import ZERO, exact_sum
from rebalance_kit.orders import Order, Side
from rebalance_kit.planner.compare import RuleOutcome, rule_outcome
from rebalance_kit.planner.judged import unit_names
from rebalance_kit.planner.make import order_spend
from rebalance_kit.planner.plan import PlanOptions
from rebalance_kit.planner.savings_model import SavingsMonth, SavingsPlan, SavingsRule, Standing
from rebalance_kit.planner.stating import Case, case_of, require_prices
from rebalance_kit.policy.model import CashRule, Policy
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.words import Text

MOST_MONTHS = 360


@dataclass(frozen=True, slots=True)
class _Start:
    """What every month of every rule is planned from."""

    policy: Policy
    holdings: Holdings
    prices: PriceBook
    account: str | None  # that was asked for
    paid: str  # into which the deposits are paid
    amount: Decimal
    on: date

    def case(self, holdings: Holdings, to_invest: Decimal) -> Case:
        """A month as a single deposit of all that there is to invest."""
        drift = measure_drift(self.policy, holdings, self.prices, deposit=to_invest)
        options = PlanOptions(contribute=to_invest, account=self.account)
        return case_of(self.policy, holdings, self.prices, drift, options)


def savings_plan(
    policy: Policy,
    holdings: Holdings,
    prices: PriceBook,
    amount: Decimal,
    months: int,
    *,
    account: str | None,
    on: date,
    rules: Iterable[CashRule] = tuple(CashRule),
) -> SavingsPlan:
    """`amount` of the base currency paid in each month for `months` months, by each of `rules`.

    Raises UsageError for an amount that cannot be split or a number of months that is none, RuleError when a price is
    missing or nothing may be bought.
    """
    if not 1 <= months <= MOST_MONTHS:
        expected = Text(f"a whole number from 1 to {MOST_MONTHS}", f"1부터 {MOST_MONTHS}까지의 정수")
        raise arguments.bad_argument("months", str(months), expected)
    if amount <= 0:
        raise arguments.bad_argument(
            "amount", str(amount), Text("a monthly deposit above zero", "매달 넣을 0보다 큰 금액")
        )
    drift = measure_drift(policy, holdings, prices, deposit=amount)
    options = PlanOptions(contribute=amount, account=account)
    case = case_of(policy, holdings, prices, drift, options)
    require_prices(case)
    start = _Start(policy, holdings, prices, account, case.paid or case.account, amount, on)
    smallest = smallest_no_sell_deposit(policy, drift)
    return SavingsPlan(
        amount=amount,
        months=months,
        base_currency=policy.base_currency,
        rules=tuple(_by_rule(start, months, rule) for rule in rules),
        max_drift_before=drift.max_drift,
        smallest_no_sell_deposit=smallest,
        months_to_restore=months_to_restore(smallest, amount),
        names={row.code: row.name for row in drift.assets},
        language=policy.language,
        fx=drift.fx,
        fractional=drift.fractional,
    )


def months_to_restore(smallest_deposit: Decimal | None, amount: Decimal) -> int | None:
    """After how many deposits of `amount` every target can be met without a sale, exact amounts: a rule never lifts an
    asset above its target, so that only the sum of the deposits matters. None: no deposit does it."""
    return None if smallest_deposit is None else ceil(Fraction(smallest_deposit) / Fraction(amount))


def _by_rule(start: _Start, months: int, rule: CashRule) -> SavingsRule:
    holdings, carried = start.holdings, ZERO
    rows: list[SavingsMonth] = []
    restored: int | None = None
    for number in range(1, months + 1):
        row, holdings = _month(start, holdings, carried, number, rule)
        carried = row.carried
        rows.append(row)
        if restored is None and _is_restored(start, holdings, carried):
            restored = number
    drift = _standing(start, holdings, carried)
    after = tuple(Standing(a.code, a.quantity, a.value, a.current_weight, a.drift) for a in drift.assets)
    return SavingsRule(rule, tuple(rows), after, restored)


def _month(
    start: _Start, holdings: Holdings, carried: Decimal, number: int, rule: CashRule
) -> tuple[SavingsMonth, Holdings]:
    to_invest = exact_sum((start.amount, carried))
    outcome: RuleOutcome | None = None
    rest = to_invest
    if to_invest > 0:
        case = start.case(holdings, to_invest)
        outcome = rule_outcome(case, split_cash(start.policy, case.drift, to_invest, rule), start.on)
        holdings, rest = _traded(start, holdings, outcome, to_invest)
    drift = _standing(start, holdings, rest)
    return SavingsMonth(number, start.amount, to_invest, outcome, rest, drift.total_value, drift.max_drift), holdings


def _traded(start: _Start, holdings: Holdings, outcome: RuleOutcome, to_invest: Decimal) -> tuple[Holdings, Decimal]:
    """What is held after the orders, and what of `to_invest` is left. Cash elsewhere and of other currencies is spent
    where it is held; that of the deposits stays apart, since only what is to be invested was moved."""
    left, held = to_invest, holdings
    base = start.policy.base_currency
    for line in outcome.exchanges:
        left = exact_sum((left, line.moved(base, base)))
        foreign = line.bought_currency if line.sold_currency == base else line.sold_currency
        held = _cash_moved(held, line.account, foreign, line.moved(foreign, base))
    for order in outcome.orders:
        spent = order_spend(order).copy_negate()
        if (order.account, order.currency) == (start.paid, start.policy.base_currency):
            left = exact_sum((left, spent))
        else:
            held = _cash_moved(held, order.account, order.currency, spent)
        held = _held_after(held, order)
    return held, left


def _held_after(holdings: Holdings, order: Order) -> Holdings:
    shares = Decimal(order.quantity)
    change = shares if order.side is Side.BUY else shares.copy_negate()
    rest = [p for p in holdings.positions if (p.account, p.code) != (order.account, order.code)]
    held = [p for p in holdings.positions if (p.account, p.code) == (order.account, order.code)]
    old = held[0] if held else Position(order.account, order.code, ZERO, order.currency, order.name)
    moved = replace(old, quantity=exact_sum((old.quantity, change)), cost=None)
    return replace(holdings, positions=(*rest, moved))


def _standing(start: _Start, holdings: Holdings, carried: Decimal) -> Drift:
    """Where the portfolio stands with what is carried in its cash."""
    held = _cash_moved(holdings, start.paid, start.policy.base_currency, carried)
    return measure_drift(start.policy, held, start.prices, deposit=start.amount)


def _cash_moved(holdings: Holdings, account: str, currency: str, amount: Decimal) -> Holdings:
    if not amount:
        return holdings
    rows = [row for row in holdings.cash if (row.account, row.currency, row.kind) != (account, currency, "cash")]
    row = Cash(account, currency, exact_sum((holdings.cash_of(account, currency), amount)))
    return replace(holdings, cash=(*rows, row))


def _is_restored(start: _Start, holdings: Holdings, carried: Decimal) -> bool:
    """Is every asset of the policy (or group whose assets stand for each other) nearer to its target than the larger of
    one share and the minimum trade? The targets are of what the rule moves: the assets and what is carried."""
    drift = measure_drift(start.policy, holdings, start.prices, deposit=start.amount)
    rows = [row for row in drift.assets if start.policy.asset(row.code) is not None]
    whole = sum((Fraction(row.target_weight) for row in rows), Fraction(0))
    total = sum((Fraction(row.value) for row in rows), Fraction(carried))
    names = unit_names(start.policy)
    least = minimum_trade(start.policy, drift.total_value)
    gaps: dict[str, Fraction] = {}
    reach: dict[str, Decimal] = {}
    for row in rows:
        unit = names.get(row.code, f"={row.code}")
        goal = Fraction(row.target_weight) / whole * total if whole else Fraction(0)
        gaps[unit] = gaps.get(unit, Fraction(0)) + Fraction(row.value) - goal
        reach[unit] = max(reach.get(unit, least), row.share_value or ZERO)
    return bool(whole) and all(abs(gap) < reach[unit] for unit, gap in gaps.items())
