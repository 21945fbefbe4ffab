"""The whole-share problem, stated once, in integers (definition 9).

For every asset choose a final count n of whole shares, so that

    sum  |value - goal| + commission + slippage + 20 x (money outside an explicit min or max)
         + order_price x [traded] + cash_price x idle cash
         + tax_weight x tax (exact, before its rounding) + the spread on exchanges     (`deviation: absolute`)

is smallest (`squared`: the first term is (value - goal)^2 / total); of equal plans the one with the smaller sum of
(value - goal)^2, then fewer orders, then the one that trades more of the first code in which they differ. Allowed is
a count that leaves the asset alone, sells it out, or trades at least the minimum; cash of each currency must not fall
below what has to stay; orders and turnover may have caps. A held part of a share stays where it is.

Everything separates by asset but the cash, the caps and the tax of the year (`regimes`), so that a plan is one `Choice`
per `Line`. All figures are integers in exact scales: own money in grains (so fine that prices and unrounded costs are
whole), base-currency money in S-ths of its minor unit. `Line.choice` is the truth, with the roundings of
`PriceBook.value` and of the costs; `Line.smooth` is the same without any rounding, convex on each segment and never
above the truth: what bounds ask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, lcm
from typing import NamedTuple

from rebalance_kit.planner.exchange import Exchange, exchange_prices
from rebalance_kit.planner.line import OUTSIDE_PRICE as OUTSIDE_PRICE
from rebalance_kit.planner.line import Choice, Line
from rebalance_kit.planner.taxed import UnitTax, split, unit_tax
from rebalance_kit.planner.year import linear_rates
from rebalance_kit.tax.schedule import SharedTax, TaxSchedule

FINEST = 10**12  # the finest grid that is taken for exact tax
ENOUGH = 10**9  # the grid otherwise


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset as exact numbers: `price` of a share in `currency`, `rate` into the base currency, `goal`, `floor` and
    `ceiling` in the base currency. Counts are in units of `unit` shares (a thousandth where parts of shares trade):
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
    must be raised) in its own; `units` are the minor units of the currencies.

    `shared` is what the sales of the year are taxed together, `tax_weight` what a unit of any tax counts. `spread` is
    the cost of an exchange between the base currency and another one, as a share of the amount (None: no exchange);
    `rates` are those of currencies without an asset.
    """

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
    rates: Mapping[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """Lines sorted by code and what binds them: `budgets` (currency, grains that may be spent) and the caps. Every line
    has a budget of its currency; `grains` are (currency, grains in a minor unit).

    `unit` is one unit of the objective in base minor units, `total` the portfolio in base minor units. `taxes` are the
    schedules of the lines. What the lines do not say, but `regimes` do, is `shared` and `exchange`: the tax of all
    sales together, and cash of one currency paid with that of another.
    """

    lines: tuple[Line, ...]
    budgets: tuple[tuple[str, int], ...]
    grains: tuple[tuple[str, int], ...]
    max_orders: int | None
    max_turnover: int | None
    unit: Fraction
    total: Fraction
    scale: int
    base_currency: str
    taxes: tuple[UnitTax | None, ...]
    shared: SharedTax | None = None
    exchange: Exchange | None = None
    cash_price: Fraction = Fraction(0)
    minor_units: tuple[tuple[str, Fraction], ...] = ()
    exact_tax: bool = True  # the grid holds every slope of tax without rounding

    def minor_unit(self, currency: str) -> Fraction:
        return dict(self.minor_units)[currency]

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
    ordered = [_in_units(asset) for asset in sorted(assets, key=lambda asset: asset.code)]
    base = terms.units[terms.base_currency]
    exchange = _exchange(ordered, terms)
    grains = _grains(ordered, terms, exchange)
    taxes = [None if asset.tax is None else unit_tax(asset.tax, asset.unit) for asset in ordered]
    scale = _scale(ordered, terms, grains, exchange)
    finer, exact = _tax_scale(taxes, terms, scale / base)
    scale *= finer
    money = terms.tax_weight * scale / base
    charged = [None if tax is None else replace(tax, money=money) for tax in taxes]
    raised = _raised(ordered, terms, exchange)
    measures = {
        (currency, rate): _measure(currency, rate, terms, grains[currency], scale)
        for currency, rate in {(asset.currency, asset.rate) for asset in ordered}
    }
    lines = tuple(
        _line(asset, tax, raised[asset.currency], terms, grains[asset.currency], scale, measure)
        for asset, tax in zip(ordered, charged, strict=True)
        for measure in (measures[asset.currency, asset.rate],)
    )
    available = dict.fromkeys(raised, Fraction(0)) | terms.available
    budgets = {
        currency: int(amount / terms.units[currency] * grains[currency]) for currency, amount in available.items()
    }
    total = terms.total / base
    cap = None if terms.max_turnover is None else int(terms.max_turnover / base * scale)
    return Problem(
        lines,
        tuple(sorted(budgets.items())),
        tuple(sorted(grains.items())),
        terms.max_orders,
        cap,
        Fraction(1, scale * (max(1, int(total * scale)) if terms.squared else 1)),
        total,
        scale,
        terms.base_currency,
        tuple(charged),
        terms.shared if terms.tax_weight else None,
        exchange,
        terms.cash_price,
        tuple(sorted(terms.units.items())),
        exact,
    )


def _in_units(asset: Asset) -> Asset:
    return asset if asset.unit == 1 else replace(asset, price=asset.price * asset.unit)


class _Measure(NamedTuple):
    """What the assets of one currency and rate share, so that it is worked out once: see `Line`."""

    own: Fraction  # grains for a unit of own money
    money: Fraction  # S-ths for a unit of base money
    rate: tuple[int, int]
    blur: int
    slack: int
    order_price: int
    per_grain: int
    idle_price: int
    total: int | None


def _measure(currency: str, asset_rate: Fraction, terms: Terms, grain: int, scale: int) -> _Measure:
    unit, base = terms.units[currency], terms.units[terms.base_currency]
    rate = asset_rate * unit / base
    slack = 2 * rate * terms.cash_price + (rate.denominator > 1)
    return _Measure(
        own=grain / unit,
        money=scale / base,
        rate=(rate.numerator, rate.denominator),
        blur=ceil((1 + rate) / 2 * scale),
        slack=ceil(slack * scale),
        order_price=int(terms.order_price / base * scale),
        per_grain=int(rate / grain * scale),
        idle_price=int(terms.cash_price * rate / grain * scale),
        total=max(1, int(terms.total / base * scale)) if terms.squared else None,
    )


def _line(
    asset: Asset, tax: UnitTax | None, raised: Fraction, terms: Terms, grain: int, scale: int, measure: _Measure
) -> Line:
    price = _times(asset.price, measure.own)
    rounds = measure.rate[1] > 1 or price % grain > 0 or asset.fraction > 0
    curve = None if tax is None else tax.curve()
    segments = _segments(asset, raised, terms)
    return Line(
        code=asset.code,
        currency=asset.currency,
        held=asset.held,
        segments=segments if curve is None else split(segments, asset.held, curve.cuts()),
        price=price,
        kept=_times(asset.fraction, price),
        grain=grain,
        rate=measure.rate,
        goal=_times(asset.goal, measure.money),
        floor=0 if asset.floor is None else _times(asset.floor, measure.money),
        ceiling=None if asset.ceiling is None else _times(asset.ceiling, measure.money),
        order_price=measure.order_price,
        scale=scale,
        blur=measure.blur if rounds else 0,
        slack=measure.slack,
        per_grain=measure.per_grain,
        idle_price=measure.idle_price,
        commission=_times(asset.commission, price),
        slippage=_times(asset.slippage, price),
        total=measure.total,
        tax=curve,
    )


def _times(number: Fraction, factor: Fraction | int) -> int:
    """The product of two that is whole, without the cost of making a fraction of it."""
    return number.numerator * factor.numerator // (number.denominator * factor.denominator)


def _exchange(assets: list[Asset], terms: Terms) -> Exchange | None:
    """The rates between base and other currencies in minor units, when exchanging is allowed."""
    if terms.spread is None or terms.spread >= 1:
        return None
    rates = dict(terms.rates) | {asset.currency: asset.rate for asset in assets}
    base = terms.base_currency
    in_minor = {c: rate * terms.units[c] / terms.units[base] for c, rate in rates.items() if c != base}
    return Exchange(terms.spread, base, tuple(sorted(in_minor.items())))


def _raised(assets: list[Asset], terms: Terms, exchange: Exchange | None) -> dict[str, Fraction]:
    """What could be spent in each currency if all that may be sold were sold, costs aside; of all currencies together
    where they may be exchanged."""
    currencies = {asset.currency for asset in assets} | ({terms.base_currency} if exchange else set())
    raised = {currency: terms.available.get(currency, Fraction(0)) for currency in currencies}
    for asset in assets:
        if asset.may_sell:
            raised[asset.currency] += asset.price * asset.held
    if exchange is None:
        return raised
    base = terms.units[terms.base_currency]
    rates = {terms.base_currency: Fraction(1)} | {c: rate * base / terms.units[c] for c, rate in exchange.rates}
    everything = {currency: raised.get(currency, terms.available.get(currency, Fraction(0))) for currency in rates}
    pool = sum((max(Fraction(0), amount) * rates[currency] for currency, amount in everything.items()), Fraction(0))
    return {currency: pool / rate for currency, rate in rates.items()}


def _segments(asset: Asset, raised: Fraction, terms: Terms) -> tuple[tuple[int, int], ...]:
    """Counts that are allowed: sold out, sold by the minimum or more, left alone, bought by the minimum or more."""
    least = max(1, ceil(terms.minimum / (asset.price * asset.rate))) if terms.minimum else 1
    found = [(asset.held, asset.held)]
    if asset.may_sell and asset.held > 0:
        found.insert(0, (0, max(0, asset.held - least)))
    most = raised // asset.price - (asset.held if asset.may_sell else 0)
    if asset.may_buy and most >= least:
        found.append((asset.held + least, asset.held + most))
    return tuple(found)


def _grains(assets: list[Asset], terms: Terms, exchange: Exchange | None) -> dict[str, int]:
    """So many grains in a minor unit of each currency that prices, kept parts, unrounded costs and what a grain of
    another currency costs or raises in the base currency are whole."""
    grains = {}
    for currency, unit in terms.units.items():
        exact = [terms.available.get(currency, Fraction(0)) / unit]
        for asset in assets:
            if asset.currency == currency:
                price = asset.price / unit
                exact.append(price)
                exact += [price * part for part in (asset.fraction, asset.commission, asset.slippage) if part]
        grains[currency] = lcm(*(number.denominator for number in exact))
    if exchange is not None:
        sides = (1 + exchange.spread, 1 - exchange.spread)
        exact = [side * rate / grains[currency] for currency, rate in exchange.rates for side in sides]
        grains[exchange.base] = lcm(grains[exchange.base], *(number.denominator for number in exact))
    return grains


def _scale(assets: list[Asset], terms: Terms, grains: dict[str, int], exchange: Exchange | None) -> int:
    """S: so many parts of a base minor unit that every term of the objective is whole, but tax."""
    base = terms.units[terms.base_currency]
    exact = [terms.total / base, terms.order_price / base]
    for currency, asset_rate in {(asset.currency, asset.rate) for asset in assets}:
        rate = asset_rate * terms.units[currency] / base / grains[currency]
        exact += [rate, rate * terms.cash_price]
    for asset in assets:
        exact += [amount / base for amount in (asset.goal, asset.floor, asset.ceiling) if amount is not None]
    if exchange is not None:
        exact += [rate / grains[currency] for currency, rate in exchange.rates]
        for currency, _ in exchange.rates:
            for ways in ({currency: 1}, {currency: -1}, {currency: 1, "": -1}):
                priced = exchange_prices(exchange, ways, grains)
                exact += [price * (1 - terms.cash_price) for _, price in priced.values()]
    return lcm(*(number.denominator for number in exact))


def _tax_scale(taxes: Sequence[UnitTax | None], terms: Terms, in_money: Fraction) -> tuple[int, bool]:
    """How much finer S has to be for tax: exact where that is not absurdly fine, else a thousand million times, so that
    rounding a slope down loses less than a millionth of a minor unit on a thousand shares."""
    needed = 1
    for tax in taxes:
        if tax is not None:
            exact = replace(tax, money=terms.tax_weight * in_money)
            for rates in linear_rates(terms.shared):
                needed = lcm(needed, *(slope.denominator for slope in exact.slopes(rates)))
                if needed > FINEST:
                    return ENOUGH, False
    return needed, True
