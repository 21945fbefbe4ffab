"""What a certificate is proved from: the inputs and the plan, and the sums that several checks need.

Written apart from the planner on purpose: it adds up for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rebalance_kit.drift import Drift, measure_drift
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import ZERO, exact_sum
from rebalance_kit.orders import Order, Side, share_unit, shares_of, units_of
from rebalance_kit.planner.plan import Plan
from rebalance_kit.policy.model import Policy
from rebalance_kit.policy.placing import paid_account
from rebalance_kit.prices.instruments import Instruments
from rebalance_kit.prices.model import PriceBook


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is looked at, and the little that several checks ask of it."""

    policy: Policy
    holdings: Holdings
    prices: PriceBook
    plan: Plan
    on: date
    household: Holdings | None = None
    instruments: Instruments | None = None

    @property
    def taxpayer(self) -> Holdings:
        """The holdings of every account of the taxpayer."""
        return self.household or self.holdings

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that the plan trades on: the one that was asked for, else every one that holds something."""
        asked = self.plan.options.account
        return (asked,) if asked is not None else tuple(sorted(self.holdings.accounts or self.policy.accounts))

    @property
    def paid(self) -> str:
        """The account of a deposit or withdrawal."""
        return paid_account(self.policy, self.accounts)

    @property
    def measured(self) -> Drift:
        """The drift of the inputs, whatever the plan says."""
        return measure_drift(self.policy, self.holdings, self.prices, deposit=max(self.flow, ZERO))

    @property
    def flow(self) -> Decimal:
        options = self.plan.options
        return exact_sum((options.contribute or ZERO, (options.withdraw or ZERO).copy_negate()))

    @property
    def total(self) -> Decimal:
        return exact_sum((self.plan.drift.total_value, self.flow))

    def held(self, code: str, account: str) -> Decimal:
        """Shares that an account holds."""
        return self.holdings.quantity(code, account)

    def held_units(self, code: str, account: str) -> Decimal:
        """What of them can be sold: whole shares, or whole units where parts of shares are traded."""
        unit = share_unit(self.policy, account)
        return Decimal(shares_of(units_of(self.held(code, account), unit), unit))

    def in_base(self, amount: Decimal, currency: str) -> Decimal:
        return self.prices.in_base(amount, currency)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of sending a plan: what it leaves of a currency in an account. `before` is what was there."""

    what: str
    account: str
    currency: str
    before: Decimal
    after: Decimal


def cash_steps(evidence: Evidence) -> Iterator[Step]:
    """What every step changes, in the order of sending: a deposit, the sales, the exchanges (first those that bring
    base money in), a withdrawal, the buys."""
    plan, base = evidence.plan, evidence.policy.base_currency
    cash = cash_before(evidence)
    exchanges = sorted(plan.exchanges, key=lambda line: line.bought_currency != base)
    moves = [("deposit", evidence.paid, {base: max(evidence.flow, ZERO)})]
    moves += [_of_order(order) for order in plan.orders if order.side is Side.SELL]
    for line in exchanges:
        both = {line.sold_currency, line.bought_currency, base}
        moves.append(("exchange", line.account, {currency: line.moved(currency, base) for currency in sorted(both)}))
    moves.append(("withdrawal", evidence.paid, {base: min(evidence.flow, ZERO)}))
    moves += [_of_order(order) for order in plan.orders if order.side is Side.BUY]
    for what, account, changes in moves:
        for currency, change in changes.items():
            if change:
                before = cash.get((account, currency), ZERO)
                cash[account, currency] = exact_sum((before, change))
                yield Step(what, account, currency, before, cash[account, currency])


def _of_order(order: Order) -> tuple[str, str, dict[str, Decimal]]:
    amount = order.amount if order.side is Side.SELL else order.amount.copy_negate()
    left = exact_sum((amount, order.commission.copy_negate(), order.slippage.copy_negate()))
    return order.code, order.account, {order.currency: left}


def cash_before(evidence: Evidence) -> dict[tuple[str, str], Decimal]:
    """Cash before any step, by account and currency, the base in each; dividends count where the policy says."""
    counts = evidence.policy.rebalancing.cash.dividends == "count"
    cash = {(account, evidence.policy.base_currency): ZERO for account in evidence.accounts}
    for row in evidence.holdings.cash:
        if row.account in evidence.accounts:
            amount = row.amount if row.kind == "cash" or counts else ZERO
            key = row.account, row.currency
            cash[key] = exact_sum((cash.get(key, ZERO), amount))
    return cash


def cash_rows(evidence: Evidence) -> dict[tuple[str, str], Decimal]:
    """Cash after all steps, by account and currency."""
    cash = cash_before(evidence)
    for step in cash_steps(evidence):
        cash[step.account, step.currency] = step.after
    return dict(sorted(cash.items()))


def cash_floor(evidence: Evidence, account: str, currency: str) -> Decimal:
    """The cash that has to stay: the larger of the policy's and the account's buffer, in the base currency."""
    if currency != evidence.policy.base_currency:
        return ZERO
    rule = evidence.policy.accounts.get(account)
    return max(evidence.policy.rebalancing.cash.buffer, rule.cash_buffer if rule else ZERO)


def total_after(evidence: Evidence) -> Decimal:
    """The value after the orders, as the plan says it."""
    return exact_sum((*(row.value for row in evidence.plan.after), evidence.plan.summary.cash_after))


def cash_in_base(evidence: Evidence) -> Decimal:
    """The cash after the orders: that of the plan's accounts by currency, and the others' as it is."""
    others = (row.value for row in evidence.plan.drift.cash if row.counted and row.account not in evidence.accounts)
    own = (evidence.in_base(amount, currency) for (_, currency), amount in cash_rows(evidence).items() if amount)
    return exact_sum((*others, *own))
