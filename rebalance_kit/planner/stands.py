"""A stand: a linear view of what the lines do not say (the year's tax, exchanging cash), and the problem it makes.

Under a stand a share sold is taxed at marginal rates, and the cash of a currency is bought or sold for base money at
one price, whichever way it goes: then everything separates by line again. The optimum of that problem is a lower bound
for all plans that the stand never overcharges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from rebalance_kit.planner.line import Line
from rebalance_kit.planner.problem import Problem
from rebalance_kit.planner.taxed import Range, Sums, UnitTax, split
from rebalance_kit.planner.truth import Truth
from rebalance_kit.planner.year import added

Directions = tuple[tuple[str, int], ...]  # per currency: 1 is bought with base money, -1 sold for it, 0 neither


class Stand(NamedTuple):
    """`rates` on the sums of the year, `fixed` money of tax besides, and the directions of exchange."""

    rates: Sums
    fixed: Fraction
    directions: Directions = ()

    def mixed(self, other: Stand, part: Fraction) -> Stand:
        """(1 - part) of this one's tax and part of the other's: below the truth wherever both are."""
        rates = added(added(self.rates, self.rates, -part), other.rates, part)
        return Stand(rates, self.fixed + part * (other.fixed - self.fixed), self.directions)


class Linear(NamedTuple):
    """The problem under a stand, and what its objective leaves out (problem units)."""

    problem: Problem
    fixed: Fraction


def linear(truth: Truth, stand: Stand) -> Linear:
    """Taxes at the stand's rates, and the budgets of exchanged currencies joined with that of the base currency."""
    problem, factors, prices = truth.problem, dict[str, int](), dict[str, int]()
    budgets, grains = dict(problem.budgets), dict(problem.grains)
    fixed = stand.fixed * truth.tax_money
    for currency, direction in stand.directions:
        exchange = problem.exchange
        if direction and exchange is not None:
            rate = dict(exchange.rates)[currency] / grains[currency]
            factors[currency] = int((1 + direction * exchange.spread) * rate * grains[exchange.base])
            price = direction * exchange.spread * (1 - problem.cash_price) * rate * problem.scale
            prices[currency] = int(price)
            own = budgets.pop(currency, 0)
            budgets[exchange.base] = budgets.get(exchange.base, 0) + factors[currency] * own
            fixed -= price * own
    lines = tuple(
        _stood(line, tax, stand.rates, problem.base_currency, factors, prices)
        for line, tax in zip(problem.lines, problem.taxes, strict=True)
    )
    made = replace(problem, lines=lines, budgets=tuple(sorted(budgets.items())), shared=None, exchange=None)
    return Linear(made, fixed * truth.times)


def _stood(
    line: Line, tax: UnitTax | None, rates: Sums, base: str, factors: Mapping[str, int], prices: Mapping[str, int]
) -> Line:
    if tax is None and line.currency not in factors:
        return line
    curve = None if tax is None else tax.curve(rates)
    segments = line.segments if curve is None else split(whole(line), line.held, curve.cuts())
    if line.currency not in factors:
        return replace(line, tax=curve, segments=segments)
    factor, price = factors[line.currency], prices[line.currency]
    return replace(line, tax=curve, segments=segments, currency=base, factor=factor, exchange_price=price)


def whole(line: Line) -> Sequence[Range]:
    """The segments of a line without the cuts that its tax made."""
    sold = [part for part in line.segments if part[1] < line.held]
    rest = [part for part in line.segments if part[1] >= line.held]
    return [(sold[0][0], sold[-1][1]), *rest] if sold else rest
