"""What a plan's spending means in several currencies of one account: the smallest exchanges that make it good.

A shortage of another currency is bought with base money: x own minor units (rounded up) cost  rate x x  and the spread
on it, each rounded up to the base's minor unit. A shortage of base money then sells the other currencies that have
something left, in order of their codes, each no more than is needed. Where nothing is short, nothing is exchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple


class Exchange(NamedTuple):
    """`spread` as a share of the amount exchanged, `rates` in base minor units for one own minor unit."""

    spread: Fraction
    base: str
    rates: tuple[tuple[str, Fraction], ...]


class Settled(NamedTuple):
    """Own minor units bought (negative: sold) by currency, and their cost in base minor units before rounding."""

    amounts: tuple[tuple[str, int], ...]
    cost: Fraction


def settle(exchange: Exchange | None, left: Mapping[str, Fraction]) -> Settled | None:
    """The exchanges that a plan needs, which leaves so many minor units of each currency (negative: is short of them);
    None when it cannot be paid."""
    if exchange is None or all(amount >= 0 for amount in left.values()):
        return Settled((), Fraction(0)) if all(amount >= 0 for amount in left.values()) else None
    rest, found, cost = left[exchange.base], [], Fraction(0)
    for currency, rate in exchange.rates:
        if left[currency] < 0:
            bought = ceil(-left[currency])
            rest -= ceil(rate * bought) + ceil(exchange.spread * rate * bought)
            found.append((currency, bought))
    for currency, rate in exchange.rates:
        if rest < 0 < left[currency]:
            sold = _sold(exchange.spread, rate, -rest, floor(left[currency]))
            rest += _raised(exchange.spread, rate, sold)
            found.append((currency, -sold))
    rates = dict(exchange.rates)
    cost = sum((exchange.spread * rates[currency] * abs(amount) for currency, amount in found), cost)
    return Settled(tuple(sorted((c, a) for c, a in found if a)), cost) if rest >= 0 else None


def _sold(spread: Fraction, rate: Fraction, needed: Fraction, most: int) -> int:
    """The fewest own minor units that raise what is needed, or all there are."""
    sold = ceil(needed / (rate * (1 - spread))) if spread < 1 else most
    while sold < most and _raised(spread, rate, sold) < needed:
        sold += 1
    return min(sold, most)


def _raised(spread: Fraction, rate: Fraction, sold: int) -> int:
    return floor(rate * sold) - ceil(spread * rate * sold)


def exchange_prices(
    exchange: Exchange, directions: Mapping[str, int], grains: Mapping[str, int]
) -> dict[str, tuple[Fraction, Fraction]]:
    """What a grain spent of each currency takes of the base currency's budget (grains), and what it costs besides (base
    minor units), when every exchange goes in a stated direction (1: bought, -1: sold), however much it is.

    With y_c sold and n_c short, r the rate and s the spread, the budget is
        spent - available + (1 + s) sum r n_c <= (1 - s) sum r y_c,   the cost  s sum r (n_c + y_c).
    Where a currency is sold, the sales raise just what base money lacks, whose units so cost s / (1 - s) each; where
    none is, base money has no price here. Both say too little of a plan that goes another way, never too much.
    """
    share, base = exchange.spread, grains[exchange.base]
    lacking = share / (1 - share) if -1 in directions.values() else Fraction(0)
    prices = {exchange.base: (Fraction(1), lacking / base)}
    rates = dict(exchange.rates)
    for currency, direction in directions.items():
        if currency not in rates:
            continue
        rate = rates[currency] / grains[currency]
        bought = (share + lacking * (1 + share)) * rate
        prices[currency] = ((1 + direction * share) * rate * base, bought if direction > 0 else Fraction(0))
    return prices
