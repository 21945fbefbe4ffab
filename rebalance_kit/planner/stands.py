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

from rebalance_kit.planner.exchange import exchange_prices
from rebalance_kit.planner.line import Line
from rebalance_kit.planner.problem import Problem
from rebalance_kit.planner.taxed import Range, UnitTax, split
from rebalance_kit.planner.truth import Truth
from rebalance_kit.planner.year import added
from rebalance_kit.tax.schedule import Sums

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
    problem = truth.problem
    budgets, fixed = dict(problem.budgets), stand.fixed * truth.tax_money
    factors, prices = dict[str, int](), dict[str, int]()
    joined = [(currency, direction) for currency, direction in stand.directions if direction]
    if problem.exchange is not None and joined:
        base, grains = problem.exchange.base, dict(problem.grains)
        exact = exchange_prices(problem.exchange, dict(joined), grains)
        money = (1 - problem.cash_price) * problem.scale
        factors = {currency: int(factor) for currency, (factor, _) in exact.items()}
        prices = {currency: int(price * money) for currency, (_, price) in exact.items()}
        own = {currency: budgets.pop(currency, 0) for currency in exact}
        budgets[base] = sum(factors[currency] * amount for currency, amount in own.items())
        fixed -= sum(prices[currency] * amount for currency, amount in own.items())
    lines = tuple(
        _stood(line, tax, stand.rates, problem.base_currency, factors, prices)
        for line, tax in zip(problem.lines, problem.taxes, strict=True)
    )
    made = replace(problem, lines=lines, budgets=tuple(sorted(budgets.items())), shared=None, exchange=None)
    return Linear(made, fixed * truth.times)


def _stood(
    line: Line, tax: UnitTax | None, rates: Sums, base: str, factors: Mapping[str, int], prices: Mapping[str, int]
) -> Line:
    alike = line.currency == base and (factors.get(base), prices.get(base)) == (1, 0)
    if tax is None and (line.currency not in factors or alike):
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
