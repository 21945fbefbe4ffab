"""What a plan really costs: its lines, the exchanges it needs and the tax of all its sales, in exact arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from rebalance_kit.planner.exchange import Settled, settle
from rebalance_kit.planner.line import Choice
from rebalance_kit.planner.problem import Problem
from rebalance_kit.planner.taxed import Taken
from rebalance_kit.planner.year import shared_tax
from rebalance_kit.tax.schedule import Sums, total

Rank = tuple[Fraction, int, int, tuple[tuple[int, bool], ...]]


class Judged(NamedTuple):
    """A plan that keeps everything: its place among all plans (objective in problem units, squares, orders, then what
    each code trades), the lots of each line, what is exchanged, and its sums of the year."""

    rank: Rank
    counts: tuple[int, ...]
    taken: tuple[Taken, ...]
    settled: Settled
    sums: Sums

    @property
    def objective(self) -> Fraction:
        return self.rank[0]


class Truth:
    """A problem, ready to judge plans."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.lines = [line if line.tax is None else replace(line, tax=None) for line in problem.lines]
        self.times = (self.lines[0].total or 1) if self.lines else 1
        self.known: list[dict[int, Choice]] = [{} for _ in self.lines]

    @property
    def tax_money(self) -> Fraction:
        """What a unit of tax, in base-currency money, counts in S-ths of a minor unit."""
        return next((tax.money for tax in self.problem.taxes if tax is not None), Fraction(0))

    def choice(self, place: int, count: int) -> Choice:
        """The choice of a line without its tax."""
        if count not in self.known[place]:
            self.known[place][count] = self.lines[place].choice(count)
        return self.known[place][count]

    def taken(self, place: int, count: int, order: Sequence[int] | None = None) -> Taken:
        """The lots that a final count sells, in an order of the lots; by default in that of the schedule."""
        tax, held = self.problem.taxes[place], self.lines[place].held
        if tax is None or count >= held:
            return ()
        return tax.taken(range(len(tax.lots)) if order is None else order, held - count)

    def judged(self, counts: Sequence[int], taken: Sequence[Taken]) -> Judged | None:
        """The plan of these counts, None when it breaks a budget or a cap."""
        problem = self.problem
        choices = [self.choice(i, count) for i, count in enumerate(counts)]
        if not problem.within_caps(choices):
            return None
        settled = settle(problem.exchange, self.left(choices))
        if settled is None:
            return None
        sums = self.owed(taken)
        tax = (sums.own + shared_tax(problem.shared, sums)) * self.tax_money
        more = tax + settled.cost * (1 - problem.cash_price) * problem.scale
        objective = sum(choice.objective for choice in choices) + more * self.times
        trades = tuple(
            (-abs(count - line.held), count < line.held) for line, count in zip(self.lines, counts, strict=True)
        )
        squares, orders = sum(choice.squares for choice in choices), sum(choice.orders for choice in choices)
        return Judged((objective, squares, orders, trades), tuple(counts), tuple(taken), settled, sums)

    def left(self, choices: Sequence[Choice]) -> dict[str, Fraction]:
        """Minor units of each currency that a plan leaves before any exchange (negative: it is short of them)."""
        left, grains = dict(self.problem.budgets), dict(self.problem.grains)
        for line, choice in zip(self.lines, choices, strict=True):
            left[line.currency] -= choice.spend
        currencies = [currency for currency, _ in self.problem.exchange.rates] if self.problem.exchange else []
        return {c: Fraction(left.get(c, 0), grains[c]) for c in {*left, *currencies}}

    def owed(self, taken: Sequence[Taken]) -> Sums:
        """What all sales come to."""
        return total(
            tax.owed(lots) for tax, lots in zip(self.problem.taxes, taken, strict=True) if tax is not None and lots
        )
