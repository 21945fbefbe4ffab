"""The bound of a stand with a price on the cash of each currency, and the counts that it leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from rebalance_kit.planner.dual import Column, columns
from rebalance_kit.planner.exchange import exchange_prices
from rebalance_kit.planner.linear import NoPlan
from rebalance_kit.planner.relaxation import Ranking, Relaxation
from rebalance_kit.planner.stands import Stand, linear
from rebalance_kit.planner.truth import Truth


@dataclass(frozen=True, slots=True)
class Frame:
    """One column and one price of its cash for every line. Keys are objective x weight + squares; no plan has a key
    below `bound`. `cash` is the price of a grain of each currency before any exchange."""

    stand: Stand
    columns: tuple[Column, ...]
    prices: tuple[int, ...]
    lowest: tuple[int, ...]
    bound: Fraction
    cash: Mapping[str, int]

    @property
    def weight(self) -> int:
        return self.columns[0].weight

    def counts(self, gap: int, most: int) -> list[list[int]] | None:
        """The counts of every line that a plan within the gap of the bound can have; None when they are too many."""
        found, number = [], 0
        for column, price, lowest in zip(self.columns, self.prices, self.lowest, strict=True):
            ranges = column.ranges((price, 1), lowest + gap)
            number += sum(high - low + 1 for low, high in ranges)
            if number > most:
                return None
            close = (column.look(count) for low, high in ranges for count in range(low, high + 1))
            found.append([p.shares for p in close if column.reduced(p, (price, 1)) - lowest <= gap])
        return found

    def lost(self, place: int, count: int) -> int:
        """What a count of a line loses against the bound."""
        column, price = self.columns[place], self.prices[place]
        return column.reduced(column.look(count), (price, 1)) - self.lowest[place]


def frame(truth: Truth, stand: Stand) -> Frame:
    """The bound of a stand at the best whole prices of cash. Raises NoPlan when a budget cannot be kept."""
    made = linear(truth, stand)
    lines, problem = made.problem.lines, made.problem
    all_columns = columns(lines)
    places = {
        currency: [i for i, line in enumerate(lines) if line.currency == currency] for currency, _ in problem.budgets
    }
    parts, prices = {}, {}
    for currency, budget in problem.budgets:
        own = [all_columns[i] for i in places[currency]]
        if own:
            found = Relaxation.of(own, Ranking([column.line for column in own]), budget)
            if found is None:
                raise NoPlan(currency)
            parts[currency], prices[currency] = found, found.price[0] // found.price[1]
        else:
            prices[currency] = 0
    prices = _in_reach(truth, stand, all_columns[0].weight, prices)
    bound, lowest = made.fixed * all_columns[0].weight, [0] * len(lines)
    for currency, budget in problem.budgets:
        bound -= prices[currency] * budget
        if currency in parts:
            part = parts[currency]
            priced = Relaxation(part.made, part.ranking, (prices[currency], 1), budget)
            bound += sum(priced.lowest)
            for place, low in zip(places[currency], priced.lowest, strict=True):
                lowest[place] = low
    line_prices = tuple(prices[line.currency] for line in lines)
    return Frame(
        stand, tuple(all_columns), line_prices, tuple(lowest), bound, _cash(truth, stand, prices, all_columns[0].weight)
    )


def _in_reach(truth: Truth, stand: Stand, weight: int, prices: dict[str, int]) -> dict[str, int]:
    """The prices of currencies that are not exchanged, held between what selling and what buying them is worth."""
    exchange, problem = truth.problem.exchange, truth.problem
    if exchange is None:
        return prices
    grains, base = dict(problem.grains), prices[exchange.base]
    unit = (1 - problem.cash_price) * problem.scale * truth.times * weight
    for currency, direction in stand.directions:
        if direction == 0:
            rate = dict(exchange.rates)[currency] / grains[currency]
            cost = exchange.spread * rate * unit
            dearest = (1 + exchange.spread) * rate * grains[exchange.base] * base + cost
            cheapest = (1 - exchange.spread) * rate * grains[exchange.base] * base - cost
            prices[currency] = max(min(prices[currency], floor(dearest)), ceil(cheapest), 0)
    return prices


def _cash(truth: Truth, stand: Stand, prices: Mapping[str, int], weight: int) -> dict[str, int]:
    """The price of a grain of each currency of the problem as it stands before the exchanges, rounded down."""
    problem = truth.problem
    cash = {currency: prices.get(currency, 0) for currency, _ in problem.budgets}
    joined = {currency: direction for currency, direction in stand.directions if direction}
    if problem.exchange is not None and joined:
        base = prices[problem.exchange.base]
        unit = (1 - problem.cash_price) * problem.scale * truth.times * weight
        for currency, (factor, price) in exchange_prices(problem.exchange, joined, dict(problem.grains)).items():
            cash[currency] = floor(factor * base + price * unit)
    return cash
