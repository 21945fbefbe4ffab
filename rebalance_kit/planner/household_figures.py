"""A household's exact numbers as integers: the scales in which all is whole, and its places and assets in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import ceil, lcm

from rebalance_kit.planner.exchange import Exchange
from rebalance_kit.planner.household_problem import Budget, Holding, Household, Place, Row, Shared, Whole
from rebalance_kit.planner.household_tax import FINE, hinges, levy_of
from rebalance_kit.planner.problem import Asset


def state_household(holdings: Iterable[Holding], wholes: Iterable[Whole], shared: Shared) -> Household:
    """The household in integers; the order of its parts does not matter."""
    held = sorted(holdings, key=lambda one: (one.account, one.asset.code))
    rows = sorted(wholes, key=lambda one: one.code)
    names = sorted(shared.goals)
    base = shared.units[shared.base_currency]
    grains = {currency: _grain(held, shared, currency) for currency in shared.units}
    scale = _scale(held, rows, shared, grains)
    raised = _raised(held, shared)
    if shared.tax_weight and any(one.asset.tax for one in held):
        scale = lcm(scale, FINE)
    number = {whole.code: i for i, whole in enumerate(rows)}
    places = [_place(one, number[one.asset.code], raised, shared, grains, scale) for one in held]
    limits = tuple((cap.account, int(cap.most / base * scale)) for cap in sorted(shared.caps))
    total = max(1, int(shared.total / base * scale))
    budgets = {(p.account, p.budget[1]): Fraction(0) for p in places} | dict(shared.available)
    return Household(
        places=tuple(places),
        rows=tuple(_row(whole, names, held, places, shared, scale) for whole in rows),
        goals=tuple(int(shared.goals[name] / base * scale) for name in names),
        budgets=tuple(
            sorted((key, int(amount / shared.units[key[1]] * grains[key[1]])) for key, amount in budgets.items())
        ),
        grains=grains,
        worth=_worth(held, shared, grains, scale),
        limits=limits,
        max_orders=shared.max_orders,
        max_turnover=None if shared.max_turnover is None else int(shared.max_turnover / base * scale),
        squared=shared.squared,
        weight=total if shared.squared else 1,
        unit=Fraction(1, scale * (total if shared.squared else 1)),
        total=shared.total / base,
        scale=scale,
        hinges=hinges(shared.tax, shared.tax_weight, Fraction(scale) / base),
        exchanges=tuple(_exchange(account, shared, budgets) for account in sorted(shared.spreads)),
    )


def _exchange(account: str, shared: Shared, budgets: Iterable[Budget]) -> tuple[str, Exchange]:
    base = shared.units[shared.base_currency]
    others = sorted(c for name, c in budgets if name == account and c != shared.base_currency)
    rates = tuple((c, shared.rates[c] * shared.units[c] / base) for c in others)
    return account, Exchange(shared.spreads[account], shared.base_currency, rates)


def _place(
    one: Holding, row: int, raised: Mapping[Budget, Fraction], shared: Shared, grains: Mapping[str, int], scale: int
) -> Place:
    asset = one.asset
    unit, base = shared.units[asset.currency], shared.units[shared.base_currency]
    grain, rate = grains[asset.currency], asset.rate * unit / base
    price = asset.price * asset.unit / unit * grain
    slack = 2 * rate * shared.cash_price + (rate.denominator > 1)
    return Place(
        account=one.account,
        code=asset.code,
        budget=(one.account, asset.currency),
        row=row,
        held=asset.held,
        segments=_segments(asset, raised[one.account, asset.currency], shared.minimum),
        price=int(price),
        kept=int(price * asset.fraction),
        grain=grain,
        rate=(rate.numerator, rate.denominator),
        per_grain=int(rate / grain * scale),
        commission=int(price * asset.commission),
        slippage=int(price * asset.slippage),
        order_price=int(shared.order_price / base * scale),
        idle_price=int(shared.cash_price * rate / grain * scale),
        drag=int(asset.price * asset.unit * asset.rate / base * one.drag * scale),
        cap=_cap_weights(one, shared),
        scale=scale,
        slack=ceil(slack * scale),
        levy=levy_of(asset.tax, asset.unit, shared.tax, shared.tax_weight, Fraction(scale) / base),
    )


def _worth(held: Sequence[Holding], shared: Shared, grains: Mapping[str, int], scale: int) -> dict[str, int]:
    """S-ths in a grain, by currency; one where nothing trades in it, which is enough to see that a budget is broken."""
    base = shared.units[shared.base_currency]
    rates = dict(shared.rates) | {one.asset.currency: one.asset.rate for one in held}
    rates[shared.base_currency] = Fraction(1)
    return {
        currency: int(rates[currency] * shared.units[currency] / base / grains[currency] * scale)
        if currency in rates
        else 1
        for currency in shared.units
    }


def _cap_weights(one: Holding, shared: Shared) -> tuple[int, int]:
    cap = next((cap for cap in shared.caps if cap.account == one.account), None)
    return (0, 0) if cap is None else (10 * one.risk, 0 if cap.passed else 7)


def _row(
    whole: Whole, names: Sequence[str], held: Sequence[Holding], places: Sequence[Place], shared: Shared, scale: int
) -> Row:
    own = tuple(i for i, one in enumerate(held) if one.asset.code == whole.code)
    first, base = places[own[0]], shared.units[shared.base_currency]
    asset = held[own[0]].asset
    unit = shared.units[asset.currency]
    rounds = first.rate[1] > 1 or any(places[i].price % first.grain or places[i].kept for i in own)
    rate = asset.rate * unit / base
    return Row(
        code=whole.code,
        unit=names.index(whole.unit),
        places=own,
        grain=first.grain,
        rate=first.rate,
        scale=scale,
        floor=0 if whole.floor is None else int(whole.floor / base * scale),
        ceiling=None if whole.ceiling is None else int(whole.ceiling / base * scale),
        blur=ceil((1 + rate) / 2 * scale) if rounds else 0,
    )


def _raised(held: Sequence[Holding], shared: Shared) -> dict[Budget, Fraction]:
    """What could be spent in each account and currency if all that may be sold were sold, costs aside."""
    raised = {
        (one.account, one.asset.currency): shared.available.get((one.account, one.asset.currency), Fraction(0))
        for one in held
    }
    for one in held:
        if one.asset.may_sell:
            raised[one.account, one.asset.currency] += one.asset.price * one.asset.unit * one.asset.held
    for account in shared.spreads:  # who exchanges may spend all of it in any currency
        own = raised | {key: amount for key, amount in shared.available.items() if key not in raised}
        pool = sum((amount * shared.rates[c] for (name, c), amount in own.items() if name == account), Fraction(0))
        raised |= {key: pool / shared.rates[key[1]] for key in raised if key[0] == account}
    return raised


def _segments(asset: Asset, raised: Fraction, minimum: Fraction) -> tuple[tuple[int, int], ...]:
    """Counts that are allowed: sold out, sold by the minimum or more, left alone, bought by the minimum or more."""
    price = asset.price * asset.unit
    least = max(1, ceil(minimum / (price * asset.rate)))
    found = [(asset.held, asset.held)]
    if asset.may_sell and asset.held > 0:
        found.insert(0, (0, max(0, asset.held - least)))
    most = raised // price - (asset.held if asset.may_sell else 0)
    if asset.may_buy and most >= least:
        found.append((asset.held + least, asset.held + most))
    return tuple(found)


def _grain(held: Sequence[Holding], shared: Shared, currency: str) -> int:
    """So many grains in a minor unit that prices, kept parts and unrounded costs are whole."""
    unit = shared.units[currency]
    exact = [amount / unit for (_, own), amount in shared.available.items() if own == currency]
    for one in held:
        asset = one.asset
        if asset.currency == currency:
            price = asset.price * asset.unit / unit
            exact += [price, price * asset.fraction, price * asset.commission, price * asset.slippage]
    return lcm(*(number.denominator for number in exact))


def _scale(held: Sequence[Holding], rows: Sequence[Whole], shared: Shared, grains: Mapping[str, int]) -> int:
    """S: so many parts of a base minor unit that every term of the objective is whole."""
    base = shared.units[shared.base_currency]
    exact = [
        Fraction(1, grains[shared.base_currency]),
        shared.total / base,
        shared.order_price / base,
        *(goal / base for goal in shared.goals.values()),
    ]
    for one in held:
        asset = one.asset
        rate = asset.rate * shared.units[asset.currency] / base / grains[asset.currency]
        exact += [rate, rate * shared.cash_price, asset.price * asset.unit * asset.rate / base * one.drag]
    exact += [rate * shared.units[c] / base / grains[c] for c, rate in shared.rates.items() if c in grains]
    for whole in rows:
        exact += [edge / base for edge in (whole.floor, whole.ceiling) if edge is not None]
    for cap in shared.caps:
        exact.append(cap.most / base)
    return lcm(*(number.denominator for number in exact))
