"""What a certificate is proved from: the inputs and the plan, and the sums that several checks need.

Written apart from the planner on purpose: it adds up for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rebalance_kit.drift import Drift, measure_drift
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import ZERO, exact_sum
from rebalance_kit.orders import Order, Side
from rebalance_kit.planner.plan import Plan
from rebalance_kit.policy.model import Policy
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
    def account(self) -> str:
        """The account of the orders, else the one that was asked for, else the only one held."""
        named = [order.account for order in self.plan.orders] or [self.plan.options.account or ""]
        return named[0] or next(iter(self.holdings.accounts or tuple(self.policy.accounts)))

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

    def held(self, code: str) -> Decimal:
        return self.holdings.quantity(code, self.account)

    def in_base(self, amount: Decimal, currency: str) -> Decimal:
        return self.prices.in_base(amount, currency)


def spent(orders: Sequence[Order], currency: str) -> Decimal:
    """What orders of one currency take out of its cash, costs included."""
    return exact_sum(
        part
        for order in orders
        if order.currency == currency
        for part in (
            order.amount if order.side is Side.BUY else order.amount.copy_negate(),
            order.commission,
            order.slippage,
        )
    )


def cash_rows(evidence: Evidence) -> dict[str, Decimal]:
    """Cash of the account after all orders, by currency."""
    counts = evidence.policy.rebalancing.cash.dividends == "count"
    base = evidence.policy.base_currency
    rows = [row for row in evidence.holdings.cash if row.account == evidence.account]
    named = {row.currency for row in rows} | {order.currency for order in evidence.plan.orders} | {base}
    cash = {}
    for currency in sorted(named):
        before = (row.amount for row in rows if row.currency == currency and (row.kind == "cash" or counts))
        flow = evidence.flow if currency == base else ZERO
        cash[currency] = exact_sum((*before, flow, spent(evidence.plan.orders, currency).copy_negate()))
    return cash


def cash_floor(evidence: Evidence, currency: str) -> Decimal:
    """The cash that has to stay: the larger of the policy's and the account's buffer, in the base currency."""
    if currency != evidence.policy.base_currency:
        return ZERO
    rule = evidence.policy.accounts.get(evidence.account)
    return max(evidence.policy.rebalancing.cash.buffer, rule.cash_buffer if rule else ZERO)


def total_after(evidence: Evidence) -> Decimal:
    """The value after the orders, as the plan says it."""
    return exact_sum((*(row.value for row in evidence.plan.after), evidence.plan.summary.cash_after))


def cash_in_base(evidence: Evidence) -> Decimal:
    """The cash after the orders: this account's by currency, and the other accounts' as they are."""
    others = (
        balance.value for balance in evidence.plan.drift.cash if balance.counted and balance.account != evidence.account
    )
    own = (evidence.in_base(amount, currency) for currency, amount in cash_rows(evidence).items() if amount)
    return exact_sum((*others, *own))
