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
from rebalance_kit.tax.schedule import AmericanYear, SharedTax, Sums

Key = tuple[Fraction, Fraction, int, tuple[tuple[int, bool], ...]]
Owed = tuple[Fraction, ...]  # own tax, and the sums of gain, income, short, long and collectible


class Outcome(NamedTuple):
    """One final count of one asset: cash spent in its currency, and its parts of the objective and the tie-breaks."""

    shares: int
    spent: Fraction
    objective: Fraction
    squares: Fraction
    orders: int
    turnover: Fraction
    owed: tuple[Owed, ...] = ((Fraction(0),) * 6,)  # one for every way to choose lots


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
        more = shared_costs(ordered, plan, terms)
        if more is None:
            continue
        key = key_of(ordered, plan, more)
        if best is None or key < best[0]:
            best = key, {asset.code: one.shares for asset, one in zip(ordered, plan, strict=True)}
    return None if best is None else Best(best[1], best[0][0])


def shared_costs(assets: Sequence[Asset], plan: Sequence[Outcome], terms: Terms) -> Fraction | None:
    """What the plan costs besides its outcomes: exchanges, and the tax of the best choice of lots. None when it breaks
    the cash or a cap."""
    if terms.max_orders is not None and sum(one.orders for one in plan) > terms.max_orders:
        return None
    if terms.max_turnover is not None and sum(one.turnover for one in plan) > terms.max_turnover:
        return None
    exchanged = exchange_cost(assets, plan, terms)
    if exchanged is None:
        return None
    choices = product(*(one.owed for one in plan))
    tax = min(tax_of(terms.shared, [sum(parts, Fraction(0)) for parts in zip(*owed, strict=True)]) for owed in choices)
    return (1 - terms.cash_price) * exchanged + terms.tax_weight * tax


def tax_of(shared: SharedTax | None, owed: Sequence[Fraction]) -> Fraction:
    """Own tax and the tax of the sums."""
    own, gain, income, short, long, special = owed
    if shared is None:
        return own
    hinges = [(gain, hinge) for hinge in shared.gain] + [(income, hinge) for hinge in shared.income]
    own += sum((hinge.rate * max(Fraction(0), amount - hinge.above) for amount, hinge in hinges), Fraction(0))
    if shared.american is None:
        return own
    if shared.american.reading is None:
        return own + netted(shared.american, short, long)
    return own + shared.added(Sums(short=short, long=long, collectible=special))


def netted(year: AmericanYear, short: Fraction, long: Fraction) -> Fraction:
    """Schedule D: short and long nets, then one against the other, then the deduction."""
    short, long = short + year.short_before, long + year.long_before
    if short * long < 0:
        both = short + long
        short, long = (both, Fraction(0)) if (short > 0) == (both > 0) else (Fraction(0), both)
    loss = max(Fraction(0), -short) + max(Fraction(0), -long)
    gains = year.short_rate * max(Fraction(0), short) + year.long_rate * max(Fraction(0), long)
    return gains - year.ordinary_rate * min(loss, year.loss_limit)


def exchange_cost(assets: Sequence[Asset], plan: Sequence[Outcome], terms: Terms) -> Fraction | None:
    """The cost (base currency, unrounded) of the smallest exchanges that keep all cash; None when none do."""
    currencies = {*terms.available, *(asset.currency for asset in assets)}
    left = {currency: terms.available.get(currency, Fraction(0)) for currency in currencies}
    for asset, one in zip(assets, plan, strict=True):
        left[asset.currency] -= one.spent
    base, cost = terms.base_currency, Fraction(0)
    if all(amount >= 0 for amount in left.values()):
        return cost
    if terms.spread is None:
        return None
    rates = dict(terms.rates) | {asset.currency: asset.rate for asset in assets}
    rest = left.setdefault(base, Fraction(0))
    for currency in sorted(currencies - {base}):
        if left[currency] < 0:
            unit = terms.units[currency]
            amount = ceil(-left[currency] / unit) * unit * rates[currency]
            rest -= up(amount, terms.units[base]) + up(amount * terms.spread, terms.units[base])
            cost += amount * terms.spread
    for currency in sorted(currencies - {base}):
        unit, money = terms.units[currency], Fraction(0)
        if rest >= 0 or left[currency] <= 0:
            continue
        sold = min(floor(-rest / rates[currency] / unit), floor(left[currency] / unit))
        while True:
            amount = sold * unit * rates[currency]
            money = down(amount, terms.units[base]) - up(amount * terms.spread, terms.units[base])
            if rest + money >= 0 or (sold + 1) * unit > left[currency]:
                break
            sold += 1
        rest += money
        cost += amount * terms.spread
    return cost if rest >= 0 else None


def up(amount: Fraction, unit: Fraction) -> Fraction:
    return ceil(amount / unit) * unit


def down(amount: Fraction, unit: Fraction) -> Fraction:
    return floor(amount / unit) * unit


def key_of(assets: Sequence[Asset], plan: Sequence[Outcome], more: Fraction = Fraction(0)) -> Key:
    """Objective, squares, orders, then more trading (and a buy before a sale) in the first code that differs."""
    return (
        sum((one.objective for one in plan), more),
        sum((one.squares for one in plan), Fraction(0)),
        sum(one.orders for one in plan),
        tuple((-abs(one.shares - a.held), one.shares < a.held) for a, one in zip(assets, plan, strict=True)),
    )


def outcomes(asset: Asset, assets: Sequence[Asset], terms: Terms) -> Iterator[Outcome]:
    """Every count that is allowed and that all the money of the currency could pay for."""
    rates = dict(terms.rates) | {terms.base_currency: Fraction(1)} | {other.currency: other.rate for other in assets}
    mine = asset.currency
    worth = Fraction(0) + sum(
        amount * rates[currency] / rates[mine]
        for currency, amount in terms.available.items()
        if currency == mine or (terms.spread is not None and currency in rates)
    )
    worth += sum(
        other.price * other.unit * other.held * rates[other.currency] / rates[mine]
        for other in assets
        if other.currency == mine or terms.spread is not None
    )
    most = max(asset.held, floor(worth / (asset.price * asset.unit)))
    return (outcome(asset, terms, shares) for shares in range(most + 1) if is_allowed(asset, terms, shares))


def is_allowed(asset: Asset, terms: Terms, shares: int) -> bool:
    traded = abs(shares - asset.held)
    if traded == 0:
        return True
    if not (asset.may_buy if shares > asset.held else asset.may_sell):
        return False
    return shares == 0 or traded * asset.price * asset.unit * asset.rate >= terms.minimum


def outcome(asset: Asset, terms: Terms, shares: int) -> Outcome:
    unit, base = terms.units[asset.currency], terms.units[terms.base_currency]
    price = asset.price * asset.unit
    amount = abs(shares - asset.held) * price
    costs = [ceil(amount * rate / unit) * unit for rate in (asset.commission, asset.slippage)]
    spent = (shares - asset.held) * price + sum(costs)
    value = rounded(rounded((shares + asset.fraction) * price, unit) * asset.rate, base)
    gap = abs(value - asset.goal)
    outside = max(Fraction(0), (asset.floor or 0) - value, 0 if asset.ceiling is None else value - asset.ceiling)
    objective = (
        (gap * gap / terms.total if terms.squared else gap)
        + sum(rounded(cost * asset.rate, base) for cost in costs)
        + 20 * outside
        + (terms.order_price if amount else 0)
        - terms.cash_price * spent * asset.rate
    )
    owed = tuple(ways_to_sell(asset, asset.held - shares))
    return Outcome(shares, spent, objective, gap * gap, int(amount > 0), amount * asset.rate, owed)


def ways_to_sell(asset: Asset, units: int) -> Iterator[Owed]:
    """What a sale owes, for every choice of lots in whole units (or all of a lot) that is allowed."""
    left = max(0, units) * asset.unit
    pieces = asset.tax.pieces if asset.tax is not None and units > 0 else ()
    known = min(left, sum((piece.shares for piece in pieces), Fraction(0)))
    ends = [[Fraction(0), piece.shares] for piece in pieces]
    if asset.tax is not None and asset.tax.any_order:
        ends = [sorted({*(i * asset.unit for i in range(ceil(p.shares / asset.unit))), p.shares}) for p in pieces]
    elif pieces:
        starts = [sum((piece.shares for piece in pieces[:i]), Fraction(0)) for i in range(len(pieces))]
        ends = [[max(Fraction(0), min(p.shares, left - start))] for p, start in zip(pieces, starts, strict=True)]
    for taken in product(*ends):
        if sum(taken, Fraction(0)) == known:
            rows = [(p.own, p.gain, p.income, p.short, p.long, p.collectible) for p in pieces]
            yield tuple(sum((n * row[i] for n, row in zip(taken, rows, strict=True)), Fraction(0)) for i in range(6))


def rounded(amount: Fraction, unit: Fraction) -> Fraction:
    """Half up to a multiple of the unit."""
    return floor(amount / unit + Fraction(1, 2)) * unit
