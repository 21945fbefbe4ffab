"""A lower bound for all plans of a household, exact for any multipliers (Lagrange).

With a price on every budget and cap and a slope for every unit the problem falls apart into its places, and in a place
everything is linear between the ends of its segments:

    |X - G| >= p (X - G)  for |p| <= 1        (X - G)^2 >= 2 t (X - G) - t^2  for any t

so that the sum of the places' smallest values is a bound, whatever the multipliers. Good ones are the dual values of
the linear relaxation; they come in floating point, are rounded to integers, and then only integers are added. The
segments are those of whole shares, so the minimum trade and the price of an order count in full.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, floor

from rebalance_kit.planner.household_problem import Budget, Household, Place
from rebalance_kit.planner.problem import OUTSIDE_PRICE

DEPTH = 1 << 30  # multipliers are whole DEPTH-ths


@dataclass(frozen=True, slots=True)
class Multipliers:
    """By unit: the slope of its deviation (-1 to 1), or where squares count the distance at which it is touched, in
    parts of the total. By asset: the price of being below its floor and above its ceiling. By budget, account and for
    the turnover: the price of a unit of money. By hinge of the tax year: the part of it that counts (0 to 1)."""

    units: tuple[float, ...]
    floors: tuple[float, ...]
    ceilings: tuple[float, ...]
    budgets: Mapping[Budget, float] = field(default_factory=dict)
    caps: Mapping[str, float] = field(default_factory=dict)
    turnover: float = 0.0
    hinges: tuple[float, ...] = ()


def lower_bound(problem: Household, given: Multipliers) -> int:
    """The bound in units of the objective, rounded down."""
    weight = problem.weight
    slopes, constant = _units(problem, given)
    lines, sides = _edges(problem, given)
    cash = _cash(problem, given)
    caps = {account: _whole(price) for account, price in given.caps.items()}
    churn = _whole(given.turnover) if problem.max_turnover is not None else 0
    found = constant + sides * weight
    found -= weight * sum(cash.get(key, 0) * most for key, most in problem.budgets)
    found -= weight * sum(caps.get(account, 0) * most for account, most in problem.limits)
    found -= weight * churn * (problem.max_turnover or 0)
    year, more = _year(problem, given)
    found += weight * more
    for place in problem.places:
        row = problem.rows[place.row]
        prices = (
            slopes[row.unit] + lines[place.row] * weight,
            weight * cash.get(place.budget, 0),
            weight * caps.get(place.account, 0),
            weight * churn,
        )
        found += _least(place, prices, [weight * rate for rate in year], weight)
    return found // DEPTH


def _least(place: Place, prices: tuple[int, int, int, int], year: list[int], weight: int) -> int:
    """The smallest value of a place: at one of the counts between which it is linear."""
    by_value, by_spend, by_cap, by_turnover = prices
    found = None
    for count in place.ends():
        step = place.smooth(count)
        worth = step.own * weight * DEPTH + by_value * step.value
        worth += by_spend * step.spend + by_cap * step.capped + by_turnover * step.turnover
        if place.levy is not None:
            worth += sum(rate * amount for rate, amount in zip(year, step.sums, strict=True))
        found = worth if found is None else min(found, worth)
    return found or 0


def _cash(problem: Household, given: Multipliers) -> dict[Budget, int]:
    """The price of a grain in each budget. Where an account exchanges, the price l of another currency lies so near
    that of base money, b, that no exchange is worth it by itself: b (1 - s) - s <= l <= b (1 + s) + s."""
    prices = {key: _whole(price) for key, price in given.budgets.items()}
    for account, exchange in problem.exchanges:
        base = prices.setdefault((account, exchange.base), 0)
        for currency, _ in exchange.rates:
            low = ceil(base * (1 - exchange.spread) - exchange.spread * DEPTH)
            high = floor(base * (1 + exchange.spread) + exchange.spread * DEPTH)
            prices[account, currency] = max(0, low, min(high, prices.get((account, currency), 0)))
    return {key: price * problem.worth[key[1]] for key, price in prices.items()}


def _year(problem: Household, given: Multipliers) -> tuple[list[int], int]:
    """The price of an S-th of each sum of the tax year, and the constants: rate x max(0, s - a) >= p rate (s - a)."""
    rates, constant = [0, 0, 0], 0
    for hinge, part in zip(problem.hinges, given.hinges, strict=True):
        price = int(min(DEPTH, _whole(part)) * hinge.rate)
        rates[hinge.which] += price
        constant -= price * hinge.above + (hinge.start + 1) * DEPTH
    return rates, constant


def _units(problem: Household, given: Multipliers) -> tuple[list[int], int]:
    """The price of an S-th of value in each unit, and the constants."""
    blurs = [0] * len(problem.goals)
    for row in problem.rows:
        blurs[row.unit] += row.blur
    slopes, constant = [], 0
    for goal, blur, said in zip(problem.goals, blurs, given.units, strict=True):
        if problem.squared:
            touched = round(said * problem.weight)
            slopes.append(2 * touched * DEPTH)
            constant -= (2 * touched * goal + touched * touched + 2 * abs(touched) * blur) * DEPTH
        else:
            slope = max(-DEPTH, min(DEPTH, round(said * DEPTH)))
            slopes.append(slope)
            constant -= slope * goal + blur * DEPTH
    return slopes, constant


def _edges(problem: Household, given: Multipliers) -> tuple[list[int], int]:
    """The price of an S-th of value for the explicit bands of each asset, and the constants."""
    lines, constant = [], 0
    for row, bottom, top in zip(problem.rows, given.floors, given.ceilings, strict=True):
        below = min(OUTSIDE_PRICE * DEPTH, _whole(bottom))
        above = 0 if row.ceiling is None else min(OUTSIDE_PRICE * DEPTH - below, _whole(top))
        lines.append(above - below)
        constant += below * row.floor - above * (row.ceiling or 0) - (below + above) * row.blur
    return lines, constant


def _whole(price: float) -> int:
    """A price in DEPTH-ths; never negative."""
    return max(0, round(price * DEPTH))
