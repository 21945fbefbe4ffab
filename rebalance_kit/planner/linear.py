"""Linear problems: currency by currency, then the caps if they bind, with HiGHS where our own search stays open.

Currencies share nothing but the caps. A plan that is best without the caps and keeps them is best with them. Our own
search needs no third party and is faster than HiGHS on the sizes that people hold; HiGHS (and numpy with it) is only
imported when a gap worth closing is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from rebalance_kit.planner.capped import best_within_caps
from rebalance_kit.planner.line import Choice, Line
from rebalance_kit.planner.problem import Problem
from rebalance_kit.planner.search import Found, best_counts

WORTH_CLOSING = Fraction(1, 100)  # bp of the portfolio: a smaller gap is only reported


class NoPlan(Exception):
    """No whole-share plan keeps the budget of a currency (None: the caps leave none). `missing` is how much of it the
    sale of everything leaves short, in minor units."""

    def __init__(self, currency: str | None, missing: Fraction = Fraction(0)) -> None:
        self.currency, self.missing = currency, missing
        self.account: str | None = None  # the one of several whose cash it is
        super().__init__(currency, missing)


def best_linear(problem: Problem, hint: Mapping[str, int] | None = None) -> Found:
    """The best plan of a problem whose lines say everything, ties included, or the best one found with a bound. Every
    currency that has a budget must keep it, traded or not. `hint` is any plan to start from. Raises NoPlan."""
    parts = [_one_currency(problem, currency, hint) for currency, _ in problem.budgets]
    counts = {code: count for part in parts for code, count in part.counts.items()}
    if not problem.within_caps(_choices(problem, counts)):
        return _capped(problem)
    objective, bound = sum(part.objective for part in parts), sum(part.bound for part in parts)
    return Found(counts, objective, bound, all(part.proven for part in parts))


def _one_currency(problem: Problem, currency: str, start: Mapping[str, int] | None) -> Found:
    lines = [line for line in problem.lines if line.currency == currency]
    budget = problem.budget(currency)
    found = best_counts(lines, budget, hint=_keeping(lines, budget, start))
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


def _keeping(lines: Sequence[Line], budget: int, hint: Mapping[str, int] | None) -> Mapping[str, int] | None:
    """The hint if it has an allowed count for every line and keeps the budget."""
    if hint is None or not all(line.code in hint and line.allows(hint[line.code]) for line in lines):
        return None
    return hint if sum(line.choice(hint[line.code]).spend for line in lines) <= budget else None


def _capped(problem: Problem) -> Found:
    found = best_within_caps(problem)
    objective = sum(choice.objective for choice in found.plan or ())
    if not found.proven and (found.plan is None or _worth_closing(problem, objective - found.bound)):
        hint = _proposed(problem)
        found = found if hint is None else best_within_caps(problem, [hint])
    if found.plan is None:
        raise NoPlan(None)
    objective = sum(choice.objective for choice in found.plan)
    counts = {line.code: choice.shares for line, choice in zip(problem.lines, found.plan, strict=True)}
    return Found(counts, objective, found.bound, found.proven)


def _proposed(problem: Problem) -> tuple[Choice, ...] | None:
    """HiGHS's proposal, judged in exact arithmetic: None unless it keeps every budget and cap."""
    from rebalance_kit.planner.highs import propose

    if any(line.factor != 1 for line in problem.lines):
        return None
    counts = propose(problem)
    if counts is None or not all(line.allows(counts[line.code]) for line in problem.lines):
        return None
    choices = _choices(problem, counts)
    return choices if problem.fits(choices) else None


def _choices(problem: Problem, counts: dict[str, int]) -> tuple[Choice, ...]:
    return tuple(line.choice(counts[line.code]) for line in problem.lines)


def _worth_closing(problem: Problem, gap: int) -> bool:
    return gap * problem.unit * 10_000 > WORTH_CLOSING * problem.total
