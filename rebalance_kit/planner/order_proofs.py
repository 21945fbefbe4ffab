"""What has to hold for each order of a plan: shares, prices, lists, the minimum, costs and limits.

Each function yields a fault for everything that does not hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from rebalance_kit.costs import commission, slippage
from rebalance_kit.goals import minimum_trade, within_deadband
from rebalance_kit.money import ONE, exact_sum, plain, product
from rebalance_kit.orders import WHOLE_UNIT, Order, Side, instrument_of, share_unit, shares_of, tick_size, units_of
from rebalance_kit.planner.evidence import Evidence
from rebalance_kit.policy.model import LimitStyle
from rebalance_kit.policy.placing import may_hold


def whole_units(evidence: Evidence) -> Iterator[str]:
    """Whole shares, or thousandths where the account trades parts of shares."""
    for order in evidence.plan.orders:
        unit = share_unit(evidence.policy, order.account)
        kind = int if unit == WHOLE_UNIT else Decimal
        if type(order.quantity) is not kind or order.quantity <= 0 or order.quantity != _in_units(order, unit):
            yield f"{order.code}: {order.quantity} shares"


def _in_units(order: Order, unit: Decimal) -> Decimal:
    return Decimal(shares_of(units_of(Decimal(order.quantity), unit), unit))


def known_assets(evidence: Evidence) -> Iterator[str]:
    for order in evidence.plan.orders:
        asset, quote = evidence.policy.asset(order.code), evidence.prices.quote(order.code)
        if asset is None or quote is None or evidence.policy.currency_of(asset) != order.currency:
            yield f"{order.code} in {order.currency}"
        elif quote.price != order.reference_price or evidence.prices.rate(order.currency) != order.rate:
            yield f"{order.code} at {plain(order.reference_price)} x {plain(order.rate)}"
        elif order.name != evidence.plan.drift.asset(order.code).name:
            yield f"{order.code} as {order.name}"


def accounts(evidence: Evidence) -> Iterator[str]:
    for order in evidence.plan.orders:
        if order.account not in evidence.accounts:
            yield f"{order.code}: {order.account}"
    for line in evidence.plan.exchanges:
        if line.account not in evidence.accounts:
            yield f"{line.sold_currency}: {line.account}"


def one_side(evidence: Evidence) -> Iterator[str]:
    codes = [(order.account, order.code) for order in evidence.plan.orders]
    yield from sorted({code for account, code in codes if codes.count((account, code)) > 1})
    sides = [order.side for order in evidence.plan.orders]
    if sides != sorted(sides, key=lambda side: side is Side.BUY):
        yield "a buy stands before a sale"


def no_oversell(evidence: Evidence) -> Iterator[str]:
    for order in evidence.plan.orders:
        if order.side is Side.SELL and Decimal(order.quantity) > evidence.held(order.code, order.account):
            yield f"{order.code}: {order.quantity} > {plain(evidence.held(order.code, order.account))}"


def permitted(evidence: Evidence) -> Iterator[str]:
    options = evidence.plan.options
    buying_only = options.contribute is not None or options.no_sell
    deadband = evidence.policy.rebalancing.deadband
    for order in evidence.plan.orders:
        asset = evidence.policy.asset(order.code)
        buy = order.side is Side.BUY
        if asset is None:
            yield f"{order.code} is not in the policy"
        elif (asset.never_buy and buy) or (asset.never_sell and not buy):
            yield f"{order.code}: {order.side}"
        elif (options.withdraw is not None and buy) or (buying_only and not buy):
            yield f"{order.code}: {order.side} in this plan"
        elif not evidence.flow and within_deadband(
            evidence.plan.drift, evidence.plan.drift.asset(order.code), deadband
        ):
            yield f"{order.code} within the deadband"
        elif buy and not may_hold(evidence.policy, asset, order.account):
            yield f"{order.code} in {order.account}"


def at_least_the_minimum(evidence: Evidence) -> Iterator[str]:
    least = minimum_trade(evidence.policy, evidence.total)
    for order in evidence.plan.orders:
        sold_out = order.side is Side.SELL and order.quantity == evidence.held_units(order.code, order.account)
        worth = product(order.amount, order.rate)
        if worth < least and not sold_out:
            yield f"{order.code}: {plain(worth)} < {plain(least)}"


def amounts(evidence: Evidence) -> Iterator[str]:
    for order in evidence.plan.orders:
        amount = product(order.reference_price, Decimal(order.quantity))
        due = (
            commission(evidence.policy, order.code, amount, order.currency),
            slippage(evidence.policy, order.code, amount, order.currency),
        )
        if (order.amount, order.commission, order.slippage) != (amount, *due):
            yield f"{order.code}: {plain(order.amount)} + {plain(order.commission)} + {plain(order.slippage)}"


def limits(evidence: Evidence) -> Iterator[str]:
    settings = evidence.policy.rebalancing.orders
    away = settings.tolerance if settings.style is LimitStyle.PROTECTIVE else settings.tolerance.copy_negate()
    for order in evidence.plan.orders:
        if (order.limit_price is None) != (settings.style is LimitStyle.MARKET):
            yield f"{order.code}: {order.limit_price}"
        if order.limit_price is None:
            continue
        asset = evidence.policy.asset(order.code)
        if asset is None:
            yield f"{order.code} is not in the policy"
            continue
        factor = exact_sum((ONE, away if order.side is Side.BUY else away.copy_negate()))
        edge = product(order.reference_price, factor)
        tick = tick_size(order.limit_price, instrument_of(asset, evidence.policy.exchange_of(asset)), evidence.on)
        beyond = order.limit_price > edge if order.side is Side.BUY else order.limit_price < edge
        if (beyond and order.limit_price != tick) or order.limit_price % tick:
            yield f"{order.code}: {plain(order.limit_price)}, edge {plain(edge)}, tick {plain(tick)}"
