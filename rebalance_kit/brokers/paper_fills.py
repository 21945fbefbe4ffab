"""What an order at the paper broker fills at, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from rebalance_kit.brokers.base import BrokerOrder
from rebalance_kit.costs import cost_rates
from rebalance_kit.money import ONE, Rounding, exact_sum, product, round_money, round_to
from rebalance_kit.orders import Side, instrument_of, tick_size
from rebalance_kit.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Terms:
    """How one code trades here: commission and slippage as rates, and the tick at a price."""

    commission_rate: Decimal
    slippage: Decimal
    tick: Callable[[Decimal], Decimal]


def paper_terms(policy: Policy, on: date, slippage: Decimal | None = None) -> dict[str, Terms]:
    """The terms of every asset of the policy: its own cost rates and the ticks of its exchange on a day.

    `slippage` replaces the policy's rates, to see what other fills would do.
    """
    terms = {}
    for asset in policy.assets:
        rates = cost_rates(policy, asset.code)
        tick = partial(tick_size, instrument=instrument_of(asset, policy.exchange_of(asset)), on=on)
        terms[asset.code] = Terms(rates.commission, rates.slippage if slippage is None else slippage, tick)
    return terms


def fill_price(side: Side, reference: Decimal, limit: Decimal | None, terms: Terms) -> Decimal | None:
    """The price of a fill; None when the limit is not reached."""
    buying = side is Side.BUY
    if limit is not None and (limit < reference if buying else limit > reference):
        return None
    moved = product(reference, ONE + terms.slippage if buying else ONE - terms.slippage)
    on_tick = round_to(moved, terms.tick(moved), Rounding.FLOOR if buying else Rounding.CEILING)
    if buying:
        price = max(reference, on_tick)
        return price if limit is None else min(price, limit)
    price = min(reference, on_tick)
    return price if limit is None else max(price, limit)


def fill_amount(order: BrokerOrder, reference: Decimal, terms: Terms) -> Decimal | None:
    """What an order trades for; None if it is not filled. Slippage and commission together never exceed what a plan
    states for the reference price: the commission on the slipped price can be a unit more, so the price then moves back
    by a tick."""
    price = fill_price(order.side, reference, order.limit_price, terms)
    if price is None:
        return None
    if order.side is Side.SELL:
        return _amount(price, order)
    bare = _amount(reference, order)
    slippage = round_money(product(bare, terms.slippage), order.currency, Rounding.UP)
    stated = exact_sum((bare, commission_on(bare, terms, order.currency), slippage))
    while price > reference:
        amount = _amount(price, order)
        if exact_sum((amount, commission_on(amount, terms, order.currency))) <= stated:
            return amount
        price = max(reference, exact_sum((price, terms.tick(price).copy_negate())))
    return bare


def worst_cost(order: BrokerOrder, reference: Decimal, terms: Terms) -> Decimal:
    """What a buy may take: at its limit, or for a market order at the price it would fill at now."""
    price = order.limit_price or fill_price(order.side, reference, None, terms) or reference
    amount = round_money(product(price, Decimal(order.quantity)), order.currency, Rounding.UP)
    return exact_sum((amount, commission_on(amount, terms, order.currency)))


def commission_on(amount: Decimal, terms: Terms, currency: str) -> Decimal:
    """The commission, rounded up for each order."""
    return round_money(product(amount, terms.commission_rate), currency, Rounding.UP)


def _amount(price: Decimal, order: BrokerOrder) -> Decimal:
    """Price x quantity in whole minor units: what is paid is rounded up, what is received down."""
    rounding = Rounding.UP if order.side is Side.BUY else Rounding.DOWN
    return round_money(product(price, Decimal(order.quantity)), order.currency, rounding)
