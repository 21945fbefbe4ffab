"""The whole-share problem, stated once, in integers (definition 9).

For every asset choose a final count n of whole shares, so that

    sum  |value - goal| + commission + slippage + 20 x (money outside an explicit min or max)
         + order_price x [traded] + cash_price x idle cash                             (`deviation: absolute`)

is smallest (`squared`: the first term is (value - goal)^2 / total); of equal plans the one with the smaller sum of
(value - goal)^2, then fewer orders, then the one that trades more of the first code in which they differ. Allowed is
a count that leaves the asset alone, sells it out, or trades at least the minimum; cash of each currency must not fall
below what has to stay; orders and turnover may have caps. A held part of a share stays where it is.

Everything separates by asset but the cash and the caps, so that a plan is one `Choice` per `Line`. All figures are
integers in exact scales: own money in grains (so fine that prices and unrounded costs are whole), base-currency money
in S-ths of its minor unit. `Line.choice` is the truth, with the roundings of `PriceBook.value` and of the costs;
`Line.smooth` is the same without any rounding, convex on each segment and never above the truth: what bounds ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, lcm
from typing import NamedTuple

from rebalance_kit.tax.schedule import SharedTax, TaxSchedule

OUTSIDE_PRICE = 20  # what a unit of money outside an explicit min or max costs


class Choice(NamedTuple):
    """One final count of one line: what it spends (grains of its currency, costs included; negative: raises), and its
    additive parts of the objective, of the tie-breaks and of the caps."""

    shares: int
    spend: int
    objective: int
    squares: int
    orders: int
    turnover: int


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset as exact numbers: `price` of a share in `currency`, `rate` into the base currency, `goal`, `floor` and
    `ceiling` in the base currency. Counts are in units of `unit` shares (a thousandth where parts of shares are traded):
    `held` is in whole units, `fraction` the held part of a unit. `tax` is what selling is taxed at."""

    code: str
    currency: str
    held: int
    fraction: Fraction
    price: Fraction
    rate: Fraction
    goal: Fraction
    commission: Fraction
    slippage: Fraction
    floor: Fraction | None = None
    ceiling: Fraction | None = None
    may_buy: bool = True
    may_sell: bool = True
    tax: TaxSchedule | None = None
    unit: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the assets share. Money in the base currency, but `available` (cash that may be spent; negative: cash that
    must be raised) in its own; `units` are the minor units of the currencies. `shared` is what the sales of the year are
    taxed together, `tax_weight` what a unit of tax counts. `spread` is the cost of an exchange between the base currency
    and another one, as a share of the amount; None: no exchange."""

    base_currency: str
    units: dict[str, Fraction]
    available: dict[str, Fraction]
    total: Fraction
    minimum: Fraction = Fraction(0)
    squared: bool = False
    cash_price: Fraction = Fraction(0)
    order_price: Fraction = Fraction(0)
    max_orders: int | None = None
    max_turnover: Fraction | None = None
    shared: SharedTax | None = None
    tax_weight: Fraction = Fraction(0)
    spread: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One asset in integers; built by `state`."""

    code: str
    currency: str
    held: int
    segments: tuple[tuple[int, int], ...]  # the allowed counts, as ranges with both ends included
    price: int  # grains
    kept: int  # grains: the value of the part of a share that stays
    grain: int  # grains in a minor unit of the currency
    rate: tuple[int, int]  # base minor units for one own minor unit
    goal: int  # S-ths of a base minor unit, as are the five below
    floor: int
    ceiling: int | None
    order_price: int
    scale: int
    blur: int  # how far rounding can move a value
    slack: int  # how far it can lower costs and idle cash together
    per_grain: int  # smooth value of a grain
    idle_price: int  # price of a grain of idle cash
    commission: int  # grains of a share, unrounded
    slippage: int
    total: int | None  # set when the deviation is squared

    def choice(self, count: int) -> Choice:
        """The truth about one final count."""
        traded = abs(count - self.held)
        costs = (_up(traded * self.commission, self.grain), _up(traded * self.slippage, self.grain))
        spend = (count - self.held) * self.price + sum(costs) * self.grain
        above, below = self.rate
        own = _half_up(count * self.price + self.kept, self.grain)
        value = _half_up(own * above, below) * self.scale
        paid = sum(_half_up(cost * above, below) for cost in costs) * self.scale
        return self._choice(count, spend, value, paid, blur=0)

    def smooth(self, count: int) -> Choice:
        """The same without rounding; convex on each segment, and in no part above the truth."""
        traded = abs(count - self.held)
        costs = traded * (self.commission + self.slippage)
        spend = (count - self.held) * self.price + costs
        value = (count * self.price + self.kept) * self.per_grain
        return self._choice(count, spend, value, costs * self.per_grain - self.slack, self.blur)

    def _choice(self, count: int, spend: int, value: int, paid: int, blur: int) -> Choice:
        gap = max(0, abs(value - self.goal) - blur)
        outside = max(0, self.floor - value - blur, 0 if self.ceiling is None else value - self.ceiling - blur)
        other = paid + OUTSIDE_PRICE * outside - self.idle_price * spend
        if count != self.held:
            other += self.order_price
        objective = gap + other if self.total is None else gap * gap + other * self.total
        turnover = abs(count - self.held) * self.price * self.per_grain
        return Choice(count, spend, objective, gap * gap, int(count != self.held), turnover)

    @property
    def lowest(self) -> int:
        return self.segments[0][0]

    @property
    def highest(self) -> int:
        return self.segments[-1][1]


@dataclass(frozen=True, slots=True)
class Problem:
    """Lines sorted by code and what binds them: `budgets` (currency, grains that may be spent) and the caps. Every line
    has a budget of its currency; `grains` are (currency, grains in a minor unit).

    `unit` is one unit of the objective in base minor units, `total` the portfolio in base minor units.
    """

    lines: tuple[Line, ...]
    budgets: tuple[tuple[str, int], ...]
    grains: tuple[tuple[str, int], ...]
    max_orders: int | None
    max_turnover: int | None
    unit: Fraction
    total: Fraction

    def budget(self, currency: str) -> int:
        return dict(self.budgets).get(currency, 0)

    def grain(self, currency: str) -> int:
        return dict(self.grains)[currency]

    def fits(self, choices: Sequence[Choice]) -> bool:
        """Do the choices (one per line) keep every budget and cap?"""
        spent = dict.fromkeys((line.currency for line in self.lines), 0)
        for line, choice in zip(self.lines, choices, strict=True):
            spent[line.currency] += choice.spend
        return all(spend <= self.budget(currency) for currency, spend in spent.items()) and self.within_caps(choices)

    def within_caps(self, choices: Sequence[Choice]) -> bool:
        orders, turnover = (sum(choice.orders for choice in choices), sum(choice.turnover for choice in choices))
        return (self.max_orders is None or orders <= self.max_orders) and (
            self.max_turnover is None or turnover <= self.max_turnover
        )


def state(assets: tuple[Asset, ...], terms: Terms) -> Problem:
    """The problem in integers; the order of `assets` does not matter."""
    ordered = sorted(assets, key=lambda asset: asset.code)
    base = terms.units[terms.base_currency]
    grains = {currency: _grain(ordered, terms, currency) for currency in terms.units}
    scale = _scale(ordered, terms, grains)
    raised = _raised(ordered, terms)
    lines = tuple(_line(asset, raised[asset.currency], terms, grains[asset.currency], scale) for asset in ordered)
    available = {asset.currency: Fraction(0) for asset in ordered} | terms.available
    budgets = {
        currency: int(amount / terms.units[currency] * grains[currency]) for currency, amount in available.items()
    }
    total = terms.total / base
    cap = None if terms.max_turnover is None else int(terms.max_turnover / base * scale)
    unit = Fraction(1, scale * (max(1, int(total * scale)) if terms.squared else 1))
    both = tuple(sorted(budgets.items())), tuple(sorted(grains.items()))
    return Problem(lines, *both, terms.max_orders, cap, unit, total)


def _line(asset: Asset, raised: Fraction, terms: Terms, grain: int, scale: int) -> Line:
    unit, base = terms.units[asset.currency], terms.units[terms.base_currency]
    rate = asset.rate * unit / base
    price = asset.price / unit * grain
    rounds = rate.denominator > 1 or price % grain > 0 or asset.fraction > 0
    slack = 2 * rate * terms.cash_price + (rate.denominator > 1)
    total = max(1, int(terms.total / base * scale))
    return Line(
        code=asset.code,
        currency=asset.currency,
        held=asset.held,
        segments=_segments(asset, raised, terms),
        price=int(price),
        kept=int(price * asset.fraction),
        grain=grain,
        rate=(rate.numerator, rate.denominator),
        goal=int(asset.goal / base * scale),
        floor=0 if asset.floor is None else int(asset.floor / base * scale),
        ceiling=None if asset.ceiling is None else int(asset.ceiling / base * scale),
        order_price=int(terms.order_price / base * scale),
        scale=scale,
        blur=ceil((1 + rate) / 2 * scale) if rounds else 0,
        slack=ceil(slack * scale),
        per_grain=int(rate / grain * scale),
        idle_price=int(terms.cash_price * rate / grain * scale),
        commission=int(price * asset.commission),
        slippage=int(price * asset.slippage),
        total=total if terms.squared else None,
    )


def _raised(assets: list[Asset], terms: Terms) -> dict[str, Fraction]:
    """What could be spent in each currency if all that may be sold were sold, costs aside."""
    raised = {asset.currency: terms.available.get(asset.currency, Fraction(0)) for asset in assets}
    for asset in assets:
        if asset.may_sell:
            raised[asset.currency] += asset.price * asset.held
    return raised


def _segments(asset: Asset, raised: Fraction, terms: Terms) -> tuple[tuple[int, int], ...]:
    """Counts that are allowed: sold out, sold by the minimum or more, left alone, bought by the minimum or more."""
    least = max(1, ceil(terms.minimum / (asset.price * asset.rate)))
    found = [(asset.held, asset.held)]
    if asset.may_sell and asset.held > 0:
        found.insert(0, (0, max(0, asset.held - least)))
    most = raised // asset.price - (asset.held if asset.may_sell else 0)
    if asset.may_buy and most >= least:
        found.append((asset.held + least, asset.held + most))
    return tuple(found)


def _grain(assets: list[Asset], terms: Terms, currency: str) -> int:
    """So many grains in a minor unit that prices, kept parts and unrounded costs are whole."""
    unit = terms.units[currency]
    exact = [terms.available.get(currency, Fraction(0)) / unit]
    for asset in assets:
        if asset.currency == currency:
            price = asset.price / unit
            exact += [price, price * asset.fraction, price * asset.commission, price * asset.slippage]
    return lcm(*(number.denominator for number in exact))


def _scale(assets: list[Asset], terms: Terms, grains: dict[str, int]) -> int:
    """S: so many parts of a base minor unit that every term of the objective is whole."""
    base = terms.units[terms.base_currency]
    exact = [terms.total / base, terms.order_price / base]
    for asset in assets:
        rate = asset.rate * terms.units[asset.currency] / base / grains[asset.currency]
        exact += [asset.goal / base, rate, rate * terms.cash_price]
        exact += [edge / base for edge in (asset.floor, asset.ceiling) if edge is not None]
    return lcm(*(number.denominator for number in exact))


def _up(number: int, divisor: int) -> int:
    return -(-number // divisor)


def _half_up(number: int, divisor: int) -> int:
    return (2 * number + divisor) // (2 * divisor)
