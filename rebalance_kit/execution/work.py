"""What a run has to do, complete enough to finish after a crash without the plan: it is in the journal before the
first order leaves.

It is made from `CheckedOrders` alone, so nothing unchecked can be journalled as work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from rebalance_kit.brokers.base import Mode
from rebalance_kit.checks import CheckedOrders
from rebalance_kit.costs import Exchange, cost_rates
from rebalance_kit.execution.result import Upto
from rebalance_kit.money import ONE, ZERO, Rounding, exact_sum, product, round_money
from rebalance_kit.orders import Order, Shares, Side, share_unit, shares_of, units_of
from rebalance_kit.planner.plan import Plan
from rebalance_kit.policy.model import Policy
from rebalance_kit.words import Language

Oca = Literal["none", "cancel", "reduce"]


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One checked order. `commission_rate` is charged on the amount and rounded up for each order.
    `lots` are what the plan sells, (lot id, shares)."""

    code: str
    name: str
    side: Side
    quantity: Shares
    limit_price: Decimal | None
    reference_price: Decimal
    currency: str
    commission_rate: Decimal
    unit: Decimal = ONE
    lots: tuple[tuple[str, Decimal], ...] = ()

    def worst_cost(self, quantity: Shares, price: Decimal) -> Decimal:
        """What buying `quantity` at `price` takes at most, with commission, in minor units rounded up."""
        amount = round_money(product(price, Decimal(quantity)), self.currency, Rounding.UP)
        fee = round_money(product(amount, self.commission_rate), self.currency, Rounding.UP)
        return exact_sum((amount, fee))

    def affordable(self, cash: Decimal, price: Decimal, wanted: Shares) -> Shares:
        """The most shares, at most `wanted`, whose worst cost `cash` covers."""
        per_unit = Fraction(price) * Fraction(self.unit) * (1 + Fraction(self.commission_rate))
        units = max(0, min(units_of(Decimal(wanted), self.unit), int(Fraction(cash) / per_unit)))
        # The roundings up of amount and commission can cost the last ones.
        while units and self.worst_cost(shares_of(units, self.unit), price) > cash:
            units -= 1
        return shares_of(units, self.unit)


@dataclass(frozen=True, slots=True)
class Work:
    """The orders of a run, what is paid in and out with it, and what the account held when it began.

    `floors` is cash that stays, by currency. `deposit` and `withdrawal` are positive amounts of the base currency.
    `source_sha256` is the hash of the holdings file that the account was opened from. `patience` is in seconds.
    `exchanges` are the plan's; `fx_spread` is what exchanging costs, as a share. `charged_before` is what the broker
    had charged already when the run began, as `Snapshot.charged`. `accounts` are all in which the plan has work, where
    this run is one account's part of it. `reprice_after` are the seconds between two re-price steps (0: none is made).
    `groups` are the orders of which one may stand for another, as (code, side): see `execution.alternatives`.
    """

    plan_id: str
    account: str
    broker: str
    mode: Mode
    policy_hash: str
    session: date
    trigger: str
    base_currency: str
    language: Language
    upto: Upto
    sells: tuple[WorkOrder, ...]
    buys: tuple[WorkOrder, ...]
    deposit: Decimal
    withdrawal: Decimal
    floors: tuple[tuple[str, Decimal], ...]
    total_before: Decimal
    shares_before: tuple[tuple[str, Decimal], ...]
    cash_before: tuple[tuple[str, Decimal], ...]
    patience: int
    source_sha256: str
    exchanges: tuple[Exchange, ...] = ()
    fx_spread: Decimal = ZERO
    charged_before: tuple[tuple[str, Decimal | None], ...] = ()
    accounts: tuple[str, ...] = ()
    reprice_after: int = 0
    reprice_steps: int = 0
    oca: Oca = "none"
    groups: tuple[tuple[tuple[str, Side], ...], ...] = ()

    @property
    def orders(self) -> tuple[WorkOrder, ...]:
        return self.sells + self.buys

    def order(self, code: str, side: Side) -> WorkOrder:
        """The order for a code and side. KeyError when there is none."""
        return {(order.code, order.side): order for order in self.orders}[code, side]

    def floor(self, currency: str) -> Decimal:
        """Cash that stays in the account."""
        return dict(self.floors).get(currency, ZERO)


def make_work(checked: CheckedOrders, *, upto: Upto, source_sha256: str) -> Work:
    """The work of a checked plan. The largest buys come first: cash that falls short cuts the smallest."""
    facts = checked.facts
    options, policy, snapshot = facts.plan.options, facts.policy, facts.snapshot
    buys = sorted(checked.buys, key=lambda order: (-facts.base_amount(order), order.code))
    currencies = sorted(
        {order.currency for order in facts.plan.orders}
        | {currency for one in checked.exchanges for currency in (one.sold_currency, one.bought_currency)}
        | {policy.base_currency}
    )
    return Work(
        plan_id=checked.plan_id,
        account=checked.account,
        broker=facts.identity.broker,
        mode=facts.identity.mode,
        policy_hash=facts.policy_hash,
        session=facts.session,
        trigger=facts.plan.decision.trigger,
        base_currency=policy.base_currency,
        language=policy.language,
        upto=upto,
        sells=tuple(_work_order(order, policy) for order in checked.sells),
        buys=tuple(_work_order(order, policy) for order in buys),
        deposit=options.contribute or ZERO,
        withdrawal=options.withdraw or ZERO,
        floors=tuple((currency, facts.cash_floor(currency)) for currency in currencies),
        total_before=facts.plan.drift.total_value,
        shares_before=tuple((p.code, p.quantity) for p in snapshot.positions),
        cash_before=tuple(sorted({c.currency: snapshot.cash_of(c.currency) for c in snapshot.cash}.items())),
        patience=policy.rebalancing.orders.patience_seconds or 0,
        source_sha256=source_sha256,
        exchanges=checked.exchanges,
        fx_spread=policy.costs.fx_spread,
        charged_before=snapshot.charged or (),
        accounts=() if facts.whole is None else accounts_of(facts.whole),
        reprice_after=policy.rebalancing.orders.reprice_after_seconds or 0,
        reprice_steps=policy.rebalancing.orders.reprice_steps,
        oca=policy.rebalancing.orders.oca,
        groups=groups_of(policy, [(order.code, order.side) for order in (*checked.sells, *buys)]),
    )


def groups_of(policy: Policy, traded: Iterable[tuple[str, Side]]) -> tuple[tuple[tuple[str, Side], ...], ...]:
    """The orders of which one may stand for another, side by side; none unless the policy asks for it."""
    if policy.rebalancing.orders.oca == "none":
        return ()
    rows, found = tuple(traded), []
    for members in policy.interchangeable_groups().values():
        known = {asset.code for asset in members}
        for side in Side:
            group = tuple(one for one in rows if one[0] in known and one[1] is side)
            found += [group] if len(group) > 1 else []
    return tuple(found)


def accounts_of(plan: Plan) -> tuple[str, ...]:
    """The accounts in which a plan has something to do, besides that of a deposit or withdrawal alone."""
    return tuple(sorted({order.account for order in plan.orders} | {line.account for line in plan.exchanges}))


def _work_order(order: Order, policy: Policy) -> WorkOrder:
    return WorkOrder(
        code=order.code,
        name=order.name,
        side=order.side,
        quantity=order.quantity,
        limit_price=order.limit_price,
        reference_price=order.reference_price,
        currency=order.currency,
        commission_rate=cost_rates(policy, order.code).commission,
        unit=share_unit(policy, order.account),
        lots=order.lots,
    )
