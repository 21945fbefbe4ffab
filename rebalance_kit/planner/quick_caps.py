"""The instant solver under caps on orders and turnover.

A cap on turnover stops every asset the same amount of money short of its goal, as far as the cap asks; a cap on orders
gives an order a price until few enough are worth it, and those are then sized once more by themselves. The bound is
Lagrangian again: what plans cost at least when an order and a unit of turnover have a price, less what the caps are
worth at those prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import sqrt
from typing import NamedTuple

import numpy as np

from rebalance_kit.planner.arrays import Rows
from rebalance_kit.planner.line import Choice, Line
from rebalance_kit.planner.problem import Problem
from rebalance_kit.planner.quick import quick

STEPS = 12  # of the search for a price or an amount
TURNOVER_PRICES = (0.25, 0.5, 0.75, 0.9, 0.97, 1.0)  # at which bounds are taken where the deviation is absolute


class Part(NamedTuple):
    """The lines of one currency, as arrays."""

    lines: Sequence[Line]
    rows: Rows


class Prices(NamedTuple):
    """Of an order in base minor units, and of a unit of turnover."""

    order: float
    turnover: float


class Within(NamedTuple):
    """The best plan that was found within the caps (None: none was) and a bound in base minor units."""

    counts: dict[str, int] | None
    bound: Fraction


def best_within_caps(problem: Problem, parts: Sequence[Part]) -> Within:
    """A good plan that keeps budgets and caps."""
    search = _Search(problem)
    search.keep({line.code: line.held for line in problem.lines})
    short = search.stopped_short(parts)
    search.bounded(parts, short)
    if problem.max_orders is not None:
        search.few_orders(parts, short)
        if search.best is not None:
            search.stopped_short(_only_traded(parts, search.best))
    return Within(search.best, Fraction(float(search.bound)))


class _Search:
    """The best plan within the caps so far, its key, and the best bound."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.cap = None if problem.max_turnover is None else float(Fraction(problem.max_turnover, problem.scale))
        self.best: dict[str, int] | None = None
        self.key: tuple[int, int, int] = (0, 0, 0)
        self.bound = -np.inf

    def stopped_short(self, parts: Sequence[Part]) -> float:
        """The least amount of money by which all trades stop short of their goals for the cap on turnover to hold."""
        if self._stops(parts, 0.0):
            return 0.0
        low, high = 0.0, max(_farthest(part.rows) for part in parts)
        for _ in range(STEPS):
            middle = (low + high) / 2
            low, high = (low, middle) if self._stops(parts, middle) else (middle, high)
        return high

    def _stops(self, parts: Sequence[Part], short: float) -> bool:
        plan = self.keep(_solved([Part(lines, _nearer(rows, short)) for lines, rows in parts], Prices(0.0, 0.0))[0])
        return self.cap is None or sum(choice.turnover for choice in plan) <= (self.problem.max_turnover or 0)

    def bounded(self, parts: Sequence[Part], short: float) -> None:
        """Bounds at prices of turnover that fit the plan which stops so much short."""
        prices: tuple[float, ...] = TURNOVER_PRICES if self.cap is not None else ()
        if parts[0].rows.squared:
            prices = (2 * short / float(parts[0].rows.total[0]),)
        for price in (0.0, *prices):
            self._note_bound(_solved(parts, Prices(0.0, price))[1], Prices(0.0, price))

    def few_orders(self, parts: Sequence[Part], short: float) -> None:
        """Prices of an order, ever closer to the lowest that keeps the cap on orders; in ratios, as orders are worth
        from next to nothing to a whole position."""
        low, high = 1.0, 2.0 + 30 * max(_farthest(part.rows) for part in parts)
        near = [Part(lines, _nearer(rows, short)) for lines, rows in parts]
        for _ in range(STEPS):
            middle = sqrt(low * high)
            counts, bound = _solved(near, Prices(middle, 0.0))
            if short:
                bound = _solved(parts, Prices(middle, 0.0))[1]
            self._note_bound(bound, Prices(middle, 0.0))
            kept = sum(choice.orders for choice in self.keep(counts)) <= (self.problem.max_orders or 0)
            low, high = (low, middle) if kept else (middle, high)

    def _note_bound(self, bound: float, prices: Prices) -> None:
        worth = prices.order * (self.problem.max_orders or 0) + prices.turnover * (self.cap or 0.0)
        self.bound = max(self.bound, bound - worth)

    def keep(self, counts: dict[str, int]) -> list[Choice]:
        """Remember the counts if they keep everything and are the best so far; what they are."""
        plan = [line.choice(counts[line.code]) for line in self.problem.lines]
        key = (sum(c.objective for c in plan), sum(c.squares for c in plan), sum(c.orders for c in plan))
        if self.problem.fits(plan) and (self.best is None or key < self.key):
            self.best, self.key = counts, key
        return plan


def _solved(parts: Sequence[Part], prices: Prices) -> tuple[dict[str, int], float]:
    """The counts under the prices, and the bound on what plans cost under them."""
    counts: dict[str, int] = {}
    bound = 0.0
    for lines, rows in parts:
        own = rows.order_price + prices.order
        found = quick(replace(rows, order_price=own, turnover_price=prices.turnover))
        counts |= {line.code: int(count) for line, count in zip(lines, found.counts[0], strict=True)}
        bound += float(found.bound[0])
    return counts, bound


def _nearer(rows: Rows, short: float) -> Rows:
    """The same with goals that stop short, as far as there is a way to go."""
    held = rows.worth(rows.held)
    way = rows.goal - held
    return replace(rows, goal=held + np.sign(way) * np.maximum(0.0, np.abs(way) - short)) if short else rows


def _farthest(rows: Rows) -> float:
    return float(np.abs(rows.goal - rows.worth(rows.held)).max())


def _only_traded(parts: Sequence[Part], counts: dict[str, int]) -> list[Part]:
    """The same with every asset at rest that the counts leave alone."""
    found = []
    for lines, rows in parts:
        rests = np.array([[counts[line.code] == line.held for line in lines]])
        resting = replace(
            rows,
            sold_from=np.where(rests, rows.held, rows.sold_from),
            sold_to=np.where(rests, rows.held, rows.sold_to),
            bought_from=np.where(rests, rows.held, rows.bought_from),
            bought_to=np.where(rests, rows.held, rows.bought_to),
        )
        found.append(Part(lines, resting))
    return found
