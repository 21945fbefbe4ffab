"""Solve a problem: currency by currency, then the caps if they bind, with HiGHS where our own search stays open.

Currencies share nothing but the caps. A plan that is best without the caps and keeps them is best with them. Our own
search needs no third party and is faster than HiGHS on the sizes that people hold; HiGHS (and numpy with it) is only
imported when a gap worth closing is left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from rebalance_kit.planner.capped import best_within_caps
from rebalance_kit.planner.line import Choice
from rebalance_kit.planner.problem import Problem
from rebalance_kit.planner.search import Found, best_counts

WORTH_CLOSING = Fraction(1, 100)  # bp of the portfolio: a smaller gap is only reported


class NoPlan(Exception):
    """No whole-share plan keeps the budget of a currency (None: the caps leave none). `missing` is how much of it the
    sale of everything leaves short, in minor units."""

    def __init__(self, currency: str | None, missing: Fraction = Fraction(0)) -> None:
        self.currency, self.missing = currency, missing
        super().__init__(currency, missing)


@dataclass(frozen=True, slots=True)
class SaleLots:
    """The lots that the sale of one asset takes, in the order of sale: (lot, units); what is left has no known lot."""

    code: str
    lots: tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True, slots=True)
class Solution:
    """Final counts by code. `gap` is in base-currency minor units: zero and `proven`, or how far the plan is from the
    bound at most. `exchanges` are (currency, own-currency money bought with base money, or sold for it when negative);
    `lots` what each sale with a tax schedule takes."""

    counts: dict[str, int]
    proven: bool
    gap: Fraction
    exchanges: tuple[tuple[str, Fraction], ...] = ()
    lots: tuple[SaleLots, ...] = ()

    def at(self, _account: str) -> dict[str, int]:
        """The counts in one account: there is only one."""
        return self.counts


def solve(problem: Problem) -> Solution:
    """The best plan, ties included, or the best one found with its gap. Every currency that has a budget must keep it,
    traded or not. Raises NoPlan."""
    found = [_one_currency(problem, currency) for currency, _ in problem.budgets]
    counts = {code: count for part in found for code, count in part.counts.items()}
    choices = _choices(problem, counts)
    if not problem.within_caps(choices):
        return _capped(problem)
    gap = sum(part.objective - part.bound for part in found)
    return Solution(counts, all(part.proven for part in found), gap * problem.unit)


def _one_currency(problem: Problem, currency: str) -> Found:
    lines = [line for line in problem.lines if line.currency == currency]
    budget = problem.budget(currency)
    found = best_counts(lines, budget)
    if found is None:
        cheapest = sum(min(line.choice(end).spend for part in line.segments for end in part) for line in lines)
        raise NoPlan(currency, Fraction(cheapest - budget, problem.grain(currency)))
    if found.proven or not _worth_closing(problem, found.objective - found.bound):
        return found
    part = replace(problem, lines=tuple(lines), max_orders=None, max_turnover=None)
    hint = _proposed(part)
    if hint is None or sum(choice.objective for choice in hint) >= found.objective:
        return found
    counts = {line.code: choice.shares for line, choice in zip(lines, hint, strict=True)}
    return best_counts(lines, budget, hint=counts) or found


def _capped(problem: Problem) -> Solution:
    found = best_within_caps(problem)
    objective = sum(choice.objective for choice in found.plan or ())
    if not found.proven and (found.plan is None or _worth_closing(problem, objective - found.bound)):
        hint = _proposed(problem)
        found = found if hint is None else best_within_caps(problem, [hint])
    if found.plan is None:
        raise NoPlan(None)
    objective = sum(choice.objective for choice in found.plan)
    counts = {line.code: choice.shares for line, choice in zip(problem.lines, found.plan, strict=True)}
    return Solution(counts, found.proven, (objective - found.bound) * problem.unit)


def _proposed(problem: Problem) -> tuple[Choice, ...] | None:
    """HiGHS's proposal, judged in exact arithmetic: None unless it keeps every budget and cap."""
    from rebalance_kit.planner.highs import propose

    counts = propose(problem)
    if counts is None or not all(_allowed(problem, counts)):
        return None
    choices = _choices(problem, counts)
    return choices if problem.fits(choices) else None


def _allowed(problem: Problem, counts: dict[str, int]) -> list[bool]:
    return [any(low <= counts[line.code] <= high for low, high in line.segments) for line in problem.lines]


def _choices(problem: Problem, counts: dict[str, int]) -> tuple[Choice, ...]:
    return tuple(line.choice(counts[line.code]) for line in problem.lines)


def _worth_closing(problem: Problem, gap: int) -> bool:
    return gap * problem.unit * 10_000 > WORTH_CLOSING * problem.total
