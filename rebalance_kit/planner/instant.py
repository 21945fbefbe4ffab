"""The instant solver, for sliders and for many accounts: the same problem, a good plan at once, with a bound.

It does not prove: a plan of `solve` is never worse. What it says of its gap holds: the objective is the exact one of
the plan's counts, the bound no more than any plan's. Its numbers are those of a row of `batch`. What arrays do not
know (tax of sales, cash exchanged between currencies, numbers too large to be exact in floats), and caps that leave it
too far from its bound, is solved exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import gcd
from typing import NamedTuple

import numpy as np

from rebalance_kit.planner.arrays import THOUSANDTHS, Fee, Floats, Rows, fits_exactly
from rebalance_kit.planner.line import Line
from rebalance_kit.planner.problem import Problem
from rebalance_kit.planner.quick import quick
from rebalance_kit.planner.quick_caps import Part, best_within_caps
from rebalance_kit.planner.solve import NoPlan, Solution, solve

WIDE = 1  # bp of the portfolio: a plan under caps that may be so much worse is solved exactly after all
HIGHEST_CASH_PRICE = 1  # from here on idle cash would be worth more than any goal


def solve_instantly(problem: Problem, hint: Mapping[str, int] | None = None) -> Solution:
    """A good plan with its gap. `hint` are the counts of an earlier plan to begin from as well. Raises NoPlan."""
    parts = _parts(problem)
    if parts is None:
        return solve(problem, hint)
    found = _without_caps(parts, hint)
    if not problem.within_caps([line.choice(found.counts[line.code]) for line in problem.lines]):
        capped = best_within_caps(problem, parts)
        found = _Found(capped.counts or found.counts, max(capped.bound, found.bound))
        if capped.counts is None or _gap(problem, found) * 10_000 > WIDE * problem.total:
            return solve(problem, capped.counts or hint)
    return Solution(found.counts, proven=False, gap=_gap(problem, found))


class _Found(NamedTuple):
    counts: dict[str, int]
    bound: Fraction  # base minor units


def _gap(problem: Problem, found: _Found) -> Fraction:
    objective = sum(line.choice(found.counts[line.code]).objective for line in problem.lines) * problem.unit
    return max(Fraction(0), objective - found.bound)


def _without_caps(parts: Sequence[Part], hint: Mapping[str, int] | None) -> _Found:
    counts: dict[str, int] = {}
    bound = Fraction(0)
    for lines, rows in parts:
        found = quick(rows, _hinted(lines, hint))
        if not found.possible[0]:
            raise NoPlan(lines[0].currency, Fraction(float(found.missing[0]) / rows.ticks))
        counts |= {line.code: int(count) for line, count in zip(lines, found.counts[0], strict=True)}
        bound += Fraction(float(found.bound[0]))
    return _Found(counts, bound)


def _parts(problem: Problem) -> list[Part] | None:
    """The problem as arrays, by currency; None where arrays cannot hold it. NoPlan for a currency without an asset of
    which there is too little."""
    if not _is_known(problem):
        return None
    parts = []
    for currency, budget in problem.budgets:
        lines = [line for line in problem.lines if line.currency == currency]
        if lines:
            parts.append(Part(lines, rows_of(problem, lines, budget)))
        elif budget < 0:
            raise NoPlan(currency, Fraction(-budget, problem.grain(currency)))
    return parts if all(fits_exactly(part.rows)[0] for part in parts) else None


def _is_known(problem: Problem) -> bool:
    """Do arrays state all of the problem?"""
    plain = all(line.tax is None and line.factor == 1 for line in problem.lines)
    apart = problem.exchange is None or len(problem.budgets) == 1
    return plain and apart and problem.shared is None and problem.cash_price < HIGHEST_CASH_PRICE


def _hinted(lines: Sequence[Line], hint: Mapping[str, int] | None) -> Floats | None:
    """The hint as a row; a count that is not allowed is replaced by what is held."""
    if hint is None:
        return None
    counts = [hint.get(line.code, line.held) for line in lines]
    allowed = [
        count if any(low <= count <= high for low, high in line.segments) else line.held
        for count, line in zip(counts, lines, strict=True)
    ]
    return np.array([allowed], dtype=np.float64)


def rows_of(problem: Problem, lines: Sequence[Line], budget: int) -> Rows:
    """The lines of one currency as arrays of one row."""
    first = lines[0]
    coarse = gcd(first.grain, *(line.price for line in lines), *(line.kept for line in lines))
    rate = Fraction(*first.rate)
    sold, bought = ([_range(line, side) for line in lines] for side in (-1, 1))
    return Rows(
        held=_row(lines, lambda line: line.held),
        price=_row(lines, lambda line: line.price // coarse),
        kept=_row(lines, lambda line: line.kept // coarse),
        sold_from=np.array([[float(low) for low, _ in sold]]),
        sold_to=np.array([[float(high) for _, high in sold]]),
        bought_from=np.array([[float(low) for low, _ in bought]]),
        bought_to=np.array([[float(high) for _, high in bought]]),
        goal=_row(lines, lambda line: _cut(line.goal, line.scale)),
        floor=_row(lines, lambda line: _cut(line.floor, line.scale)),
        ceiling=_row(lines, lambda line: np.inf if line.ceiling is None else _cut(line.ceiling, line.scale)),
        commission=_fee([(line.commission, line.grain) for line in lines]),
        slippage=_fee([(line.slippage, line.grain) for line in lines]),
        cost=_row(lines, lambda line: (line.commission + line.slippage) / line.price),
        budget=np.array([float(budget // coarse)]),
        total=np.array([max(1.0, float(problem.total))]),
        ticks=float(first.grain // coarse),
        rate=float(rate),
        squared=first.total is not None,
        cash_price=float(problem.cash_price),
        order_price=first.order_price / first.scale,
    )


def _row(lines: Sequence[Line], figure: Callable[[Line], float]) -> Floats:
    return np.array([[float(figure(line)) for line in lines]])


def _cut(number: int, scale: int) -> float:
    return number * THOUSANDTHS // scale / THOUSANDTHS


def _range(line: Line, side: int) -> tuple[int, int]:
    """The counts on one side of what is held; nothing but that where there is none."""
    ends = [end for segment in line.segments for end in segment if (end - line.held) * side > 0]
    return (min(ends), max(ends)) if ends else (line.held, line.held)


def _fee(fractions: Sequence[tuple[int, int]]) -> Fee:
    lowest = [(above // gcd(above, below), below // gcd(above, below)) for above, below in fractions]
    return Fee(*(np.array([[float(pair[place]) for pair in lowest]]) for place in (0, 1)))
