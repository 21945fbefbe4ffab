"""Everything that the rules look at, as one frozen value: what a rule cannot find here it cannot judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import reduce

from rebalance_kit.brokers.base import Identity, Mode, OrderList, Snapshot
from rebalance_kit.costs import Exchange
from rebalance_kit.drift import AssetDrift
from rebalance_kit.goals import Goal, minimum_trade
from rebalance_kit.money import ZERO, exact_sum, product
from rebalance_kit.orders import Order, Side, share_unit
from rebalance_kit.planner.plan import Plan
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.model import PriceBook, Quote
from rebalance_kit.words import Text


@dataclass(frozen=True, slots=True)
class Facts:
    """A plan, what it was made from, and what the broker and the journal say now.

    `mode` is what the run asked for (None: it did not say). `typed` is the plan id as a person typed it, None while
    nothing is to be sent. `session` is the trading date. From the journal: `owned` are the numbers of our orders in
    `orders`, `unresolved` the (code, side) of orders whose fate is unknown, `earlier_run` a run of the same account,
    session and policy that traded, `recent` the (code, side, session) of our fills of the last days, and
    `recent_turnover` what rebalancing traded in the last 30 days, in the base currency. `exchanges` and `parts` say
    whether the broker can exchange currencies and trade parts of shares for this program. `closed` says for each code
    whose exchange is closed now, why; `latest` are a broker's quotes at this moment, `now`, where orders are to leave.
    `whole` is the plan of all accounts where `plan` is one account's part of it: where it leads, and the caps, are
    asked of the whole. `ex_dates` are (code, ex-dividend day); `clock_off` is how far this computer's clock is from
    the broker's, where that is too far.
    """

    plan: Plan
    policy: Policy
    policy_hash: str
    prices: PriceBook
    identity: Identity
    snapshot: Snapshot
    orders: OrderList
    session: date
    mode: Mode | None
    typed: str | None = None
    stopped: bool = False
    again: bool = False
    closed: tuple[tuple[str, Text], ...] = ()
    latest: tuple[Quote, ...] = ()
    now: datetime | None = None
    owned: frozenset[str] = frozenset()
    unresolved: frozenset[tuple[str, Side]] = frozenset()
    earlier_run: str | None = None
    recent: tuple[tuple[str, Side, date], ...] = ()
    recent_turnover: Decimal = ZERO
    exchanges: bool = False
    parts: bool = False
    whole: Plan | None = None
    ex_dates: tuple[tuple[str, date], ...] = ()
    clock_off: timedelta | None = None

    @property
    def account(self) -> str:
        """The account's name in the policy."""
        return self.identity.account

    @property
    def flow(self) -> Decimal:
        """What is paid in (positive) or out with the plan, in the base currency."""
        options = self.plan.options
        return exact_sum((options.contribute or ZERO, (options.withdraw or ZERO).copy_negate()))

    @property
    def total(self) -> Decimal:
        """The total value that the plan's goals divide: with a deposit, after a withdrawal."""
        return exact_sum((self.plan.drift.total_value, self.flow))

    @property
    def largest_total(self) -> Decimal:
        """The value that the caps are shares of (of the account, or of all that are planned together): with a deposit,
        before a withdrawal."""
        plan = self.whole or self.plan
        return exact_sum((plan.drift.total_value, plan.options.contribute or ZERO))

    @property
    def minimum(self) -> Decimal:
        """The minimum trade in the base currency; a share of the total is one of the smaller total, before or after."""
        return minimum_trade(self.policy, min(self.total, self.plan.drift.total_value))

    def goals(self) -> Iterator[tuple[AssetDrift, Goal]]:
        """Every asset that has a goal, with it."""
        goals = {goal.code: goal for goal in self.plan.goals}
        return ((asset, goals[asset.code]) for asset in self.plan.drift.assets if asset.code in goals)

    def orders_for(self, code: str) -> tuple[Order, ...]:
        """The plan's orders for one asset."""
        return tuple(order for order in self.plan.orders if order.code == code)

    @property
    def own_exchanges(self) -> tuple[Exchange, ...]:
        """The plan's exchanges in the account."""
        return tuple(one for one in self.plan.exchanges if one.account == self.account)

    @property
    def unit(self) -> Decimal:
        """The smallest part of a share that the account trades."""
        return share_unit(self.policy, self.account)

    def quantity_after(self, code: str) -> Decimal:
        """Shares after the plan, counted from what the broker holds now."""
        return reduce(_apply, self.orders_for(code), self.snapshot.quantity(code))

    def value(self, code: str, quantity: Decimal) -> Decimal:
        """Shares in the base currency; zero for none, whether or not there is a price."""
        return self.prices.value(code, quantity) if quantity else ZERO

    def base_amount(self, order: Order) -> Decimal:
        """An order's amount in the base currency."""
        return self.prices.in_base(_amount(order), order.currency)

    def cash_floor(self, currency: str) -> Decimal:
        """Cash that must stay in the account: the buffers of the policy and of the account are in base currency."""
        if currency != self.policy.base_currency:
            return ZERO
        own = self.policy.accounts.get(self.account)
        return max(self.policy.rebalancing.cash.buffer, own.cash_buffer if own else ZERO)

    def cash_after(self, currency: str) -> Decimal:
        """Cash of a currency after every order at its stated costs and after the deposit or withdrawal."""
        changes = [self.snapshot.cash_of(currency)]
        if currency == self.policy.base_currency:
            changes.append(self.flow)
        for order in self.plan.orders:
            if order.currency == currency:
                changes.append(_amount(order) if order.side is Side.SELL else _amount(order).copy_negate())
                changes += [cost.copy_negate() for cost in (order.commission, order.slippage)]
        changes += [one.moved(currency, self.policy.base_currency) for one in self.own_exchanges]
        return exact_sum(changes)


def _apply(quantity: Decimal, order: Order) -> Decimal:
    return exact_sum((quantity, order.change))


def _amount(order: Order) -> Decimal:
    """Price x quantity: what an order says its amount is, is not believed."""
    return product(order.reference_price, Decimal(order.quantity))
