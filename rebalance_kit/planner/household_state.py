"""A household's plan while it is being looked for: exact sums, and what a few changed counts make of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

from rebalance_kit.planner.exchange import settle
from rebalance_kit.planner.household_problem import Household, Step
from rebalance_kit.planner.problem import OUTSIDE_PRICE

Move = tuple[int, int]  # place, final count


class Score(NamedTuple):
    """What makes one plan better than another: nothing broken, the objective, the squares, the orders."""

    broken: int
    objective: int
    squares: int
    orders: int


class State:
    """Final counts of every place with all sums that they make, in exact integers."""

    def __init__(self, problem: Household, counts: Sequence[int]) -> None:
        self.problem = problem
        self.pooled = {account for account, _ in problem.exchanges}
        self.counts = list(counts)
        self.steps: list[Step] = [place.step(n) for place, n in zip(problem.places, counts, strict=True)]
        self.grains = [
            sum(self.counts[i] * problem.places[i].price + problem.places[i].kept for i in row.places)
            for row in problem.rows
        ]
        self.values = [row.value(grains) for row, grains in zip(problem.rows, self.grains, strict=True)]
        self.units = [0] * len(problem.goals)
        for row, value in zip(problem.rows, self.values, strict=True):
            self.units[row.unit] += value
        self.spent = dict.fromkeys((key for key, _ in problem.budgets), 0)
        self.capped = dict.fromkeys((account for account, _ in problem.limits), 0)
        self.turnover = self.orders = self.own = 0
        self.sums = [0, 0, 0]
        for i, step in enumerate(self.steps):
            self._add(i, step, 1)
        self.score = self._score()

    def _add(self, place: int, step: Step, sign: int) -> None:
        where = self.problem.places[place]
        self.spent[where.budget] += sign * step.spend
        if where.account in self.capped:
            self.capped[where.account] += sign * step.capped
        self.turnover += sign * step.turnover
        self.orders += sign * step.orders
        self.own += sign * step.own
        if where.levy is not None:
            self.sums = [total + sign * more for total, more in zip(self.sums, step.sums, strict=True)]

    def put(self, moves: Iterable[Move]) -> None:
        """Set the counts of some places."""
        for place, count in moves:
            self._put(place, count)
        self.score = self._score()

    def improve(self, moves: Sequence[Move]) -> bool:
        """Set the counts if that makes a better plan; otherwise nothing changes."""
        places = self.problem.places
        if not all(places[i].allows(count) for i, count in moves):
            return False
        before, score = [(i, self.counts[i]) for i, _ in moves], self.score
        self.put(moves)
        if self.score < score:
            return True
        self.put(before)
        return False

    def _put(self, place: int, count: int) -> None:
        where = self.problem.places[place]
        row = self.problem.rows[where.row]
        self._add(place, self.steps[place], -1)
        self.grains[where.row] += (count - self.counts[place]) * where.price
        self.counts[place] = count
        self.steps[place] = where.step(count)
        self._add(place, self.steps[place], 1)
        value = row.value(self.grains[where.row])
        self.units[row.unit] += value - self.values[where.row]
        self.values[where.row] = value

    def _score(self) -> Score:
        problem = self.problem
        gaps = [abs(value - goal) for value, goal in zip(self.units, problem.goals, strict=True)]
        outside = sum(row.outside(value) for row, value in zip(problem.rows, self.values, strict=True))
        squares = sum(gap * gap for gap in gaps)
        tax = sum(hinge.tax(self.sums[hinge.which]) for hinge in problem.hinges)
        broken, changed = self._exchanged()
        other = (self.own + tax + changed + OUTSIDE_PRICE * outside) * problem.weight
        return Score(self._broken() + broken, (squares if problem.squared else sum(gaps)) + other, squares, self.orders)

    def _exchanged(self) -> tuple[int, int]:
        """By how much the accounts that exchange are short in all, and what their exchanges cost, in S-ths."""
        broken = cost = 0
        for account, exchange in self.problem.exchanges:
            left = self._left(account)
            settled = settle(exchange, left)
            if settled is not None:
                cost += floor(settled.cost * self.problem.scale)
                continue
            rates = dict(exchange.rates) | {exchange.base: Fraction(1)}
            short = -sum((amount * rates[currency] for currency, amount in left.items()), Fraction(0))
            broken += ceil(max(short, Fraction(1)) * self.problem.scale)
        return broken, cost

    def _left(self, account: str) -> dict[str, Fraction]:
        """What is left of each currency of an account, in minor units."""
        own = ((key, most) for key, most in self.problem.budgets if key[0] == account)
        return {key[1]: Fraction(most - self.spent[key], self.problem.grains[key[1]]) for key, most in own}

    def exchanges(self) -> list[tuple[str, str, int]]:
        """(account, currency, own minor units bought; negative: sold) that the plan needs."""
        found = []
        for account, exchange in self.problem.exchanges:
            settled = settle(exchange, self._left(account))
            found += [(account, currency, amount) for currency, amount in (settled.amounts if settled else ())]
        return found

    def _broken(self) -> int:
        """By how much the budgets and caps are not kept, in S-ths of a base minor unit or more."""
        problem = self.problem
        alone = ((key, most) for key, most in problem.budgets if key[0] not in self.pooled)
        broken = sum(max(0, self.spent[key] - most) * problem.worth[key[1]] for key, most in alone) + sum(
            max(0, self.capped[account] - most) for account, most in problem.limits
        )
        if problem.max_turnover is not None:
            broken += max(0, self.turnover - problem.max_turnover)
        if problem.max_orders is not None:
            broken += max(0, self.orders - problem.max_orders) * int(problem.total) * problem.scale
        return broken
