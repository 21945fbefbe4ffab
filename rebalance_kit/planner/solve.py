"""Solve a problem: what the lines say by themselves is linear; tax of the year and exchanges go through `regimes`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from rebalance_kit.planner.linear import NoPlan as NoPlan
from rebalance_kit.planner.linear import best_linear
from rebalance_kit.planner.problem import Problem
from rebalance_kit.planner.regimes import best_together
from rebalance_kit.planner.taxed import Taken


@dataclass(frozen=True, slots=True)
class SaleLots:
    """The lots that the sale of one asset takes, in the order of the schedule: (lot, units); the rest has none."""

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


def solve(problem: Problem, hint: Mapping[str, int] | None = None) -> Solution:
    """The best plan, ties included, or the best one found with its gap. `hint` is any plan to start from, such as the
    last one: it never changes a proved answer. Raises NoPlan."""
    if problem.shared is not None or (problem.exchange is not None and len(problem.budgets) > 1):
        together = best_together(problem, hint)
        plan = together.plan
        counts = {line.code: count for line, count in zip(problem.lines, plan.counts, strict=True)}
        amounts = tuple((c, Fraction(amount) * problem.minor_unit(c)) for c, amount in plan.settled.amounts)
        gap = max(Fraction(0), plan.objective - together.bound) * problem.unit
        return Solution(
            counts, together.proven, Fraction(0) if together.proven else gap, amounts, _lots(problem, plan.taken)
        )
    found = best_linear(problem, hint)
    taken = [
        tax.taken(line.tax.order, line.held - found.counts[line.code])
        if tax is not None and line.tax is not None and found.counts[line.code] < line.held
        else ()
        for line, tax in zip(problem.lines, problem.taxes, strict=True)
    ]
    return Solution(
        found.counts, found.proven, (found.objective - found.bound) * problem.unit, lots=_lots(problem, taken)
    )


def _lots(problem: Problem, taken: Iterable[Taken]) -> tuple[SaleLots, ...]:
    return tuple(
        SaleLots(line.code, tuple((tax.lots[place].lot_id, units) for place, units in sorted(lots)))
        for line, tax, lots in zip(problem.lines, problem.taxes, taken, strict=True)
        if tax is not None and lots
    )
