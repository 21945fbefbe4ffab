"""Brute force: the best whole-share plan by trying every combination of counts, written from definition 9 alone.

Nothing here is shared with the planner but the numbers that go in; everything is a Fraction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import ceil, floor, prod
from typing import NamedTuple

from rebalance_kit.planner.problem import Asset, Terms

Key = tuple[Fraction, Fraction, int, tuple[tuple[int, bool], ...]]


class Outcome(NamedTuple):
    """One final count of one asset: cash spent in its currency, and its parts of the objective and the tie-breaks."""

    shares: int
    spent: Fraction
    objective: Fraction
    squares: Fraction
    orders: int
    turnover: Fraction


class Best(NamedTuple):
    """The best plan and its objective."""

    counts: dict[str, int]
    objective: Fraction


def combinations(assets: Sequence[Asset], terms: Terms) -> int:
    """How many plans there are to try."""
    return prod(len(list(outcomes(asset, assets, terms))) for asset in assets)


def brute_force(assets: Sequence[Asset], terms: Terms) -> Best | None:
    """The best of all plans, None when none keeps the cash and the caps."""
    ordered = sorted(assets, key=lambda asset: asset.code)
    best: tuple[Key, dict[str, int]] | None = None
    for plan in product(*(list(outcomes(asset, ordered, terms)) for asset in ordered)):
        if not keeps_everything(ordered, plan, terms):
            continue
        key = key_of(ordered, plan)
        if best is None or key < best[0]:
            best = key, {asset.code: one.shares for asset, one in zip(ordered, plan, strict=True)}
    return None if best is None else Best(best[1], best[0][0])


def key_of(assets: Sequence[Asset], plan: Sequence[Outcome]) -> Key:
    """Objective, squares, orders, then more trading (and a buy before a sale) in the first code that differs."""
    return (
        sum((one.objective for one in plan), Fraction(0)),
        sum((one.squares for one in plan), Fraction(0)),
        sum(one.orders for one in plan),
        tuple((-abs(one.shares - a.held), one.shares < a.held) for a, one in zip(assets, plan, strict=True)),
    )


def keeps_everything(assets: Sequence[Asset], plan: Sequence[Outcome], terms: Terms) -> bool:
    spent = dict.fromkeys((*terms.available, *(asset.currency for asset in assets)), Fraction(0))
    for asset, one in zip(assets, plan, strict=True):
        spent[asset.currency] += one.spent
    return (
        all(amount <= terms.available.get(currency, 0) for currency, amount in spent.items())
        and (terms.max_orders is None or sum(one.orders for one in plan) <= terms.max_orders)
        and (terms.max_turnover is None or sum(one.turnover for one in plan) <= terms.max_turnover)
    )


def outcomes(asset: Asset, assets: Sequence[Asset], terms: Terms) -> Iterator[Outcome]:
    """Every count that is allowed and that all the money of the currency could pay for."""
    money = terms.available.get(asset.currency, Fraction(0)) + sum(
        other.price * other.held for other in assets if other.currency == asset.currency
    )
    most = max(asset.held, floor(money / asset.price))
    return (outcome(asset, terms, shares) for shares in range(most + 1) if is_allowed(asset, terms, shares))


def is_allowed(asset: Asset, terms: Terms, shares: int) -> bool:
    traded = abs(shares - asset.held)
    if traded == 0:
        return True
    if not (asset.may_buy if shares > asset.held else asset.may_sell):
        return False
    return shares == 0 or traded * asset.price * asset.rate >= terms.minimum


def outcome(asset: Asset, terms: Terms, shares: int) -> Outcome:
    unit, base = terms.units[asset.currency], terms.units[terms.base_currency]
    amount = abs(shares - asset.held) * asset.price
    costs = [ceil(amount * rate / unit) * unit for rate in (asset.commission, asset.slippage)]
    spent = (shares - asset.held) * asset.price + sum(costs)
    value = rounded(rounded((shares + asset.fraction) * asset.price, unit) * asset.rate, base)
    gap = abs(value - asset.goal)
    outside = max(Fraction(0), (asset.floor or 0) - value, 0 if asset.ceiling is None else value - asset.ceiling)
    objective = (
        (gap * gap / terms.total if terms.squared else gap)
        + sum(rounded(cost * asset.rate, base) for cost in costs)
        + 20 * outside
        + (terms.order_price if amount else 0)
        - terms.cash_price * spent * asset.rate
    )
    return Outcome(shares, spent, objective, gap * gap, int(amount > 0), amount * asset.rate)


def rounded(amount: Fraction, unit: Fraction) -> Fraction:
    """Half up to a multiple of the unit."""
    return floor(amount / unit + Fraction(1, 2)) * unit
