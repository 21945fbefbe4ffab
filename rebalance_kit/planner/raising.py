"""Can the cash be raised? A quick answer to what a plan must be able to do at least, without looking for the plan.

Whatever else a plan does, leaving everything and selling out are always allowed: a plan exists where some sales raise
what every currency lacks, within the caps. Without a cap on turnover the largest sales decide; with one, sales are
tried one after the other, and what is not found within a limit counts as impossible.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from rebalance_kit.planner.line import Line
from rebalance_kit.planner.problem import Problem

NODES = 2_000  # part-plans that are looked at


def can_raise(problem: Problem) -> bool | None:
    """Whether some plan keeps every budget and cap; None where that is not decided without looking for one."""
    short = {currency: -budget for currency, budget in problem.budgets if budget < 0}
    if not short:
        return True
    if problem.exchange is not None:
        return None
    orders = 0
    for currency, missing in short.items():
        raises = sorted((_raised(line) for line in problem.lines if line.currency == currency), reverse=True)
        count = _enough(raises, missing)
        if count is None:
            return False
        orders += count
    if problem.max_orders is not None and orders > problem.max_orders:
        return False
    return True if problem.max_turnover is None else _within_turnover(problem, short)


def _raised(line: Line) -> int:
    """What selling as much as may be sold raises, in grains."""
    return -min(line.choice(end).spend for segment in line.segments for end in segment)


def _enough(raises: Sequence[int], missing: int) -> int | None:
    """How many of them, largest first, cover what is missing; None when all do not."""
    total = 0
    for count, amount in enumerate(raises, 1):
        total += amount
        if total >= missing:
            return count
    return None


def _within_turnover(problem: Problem, short: dict[str, int]) -> bool | None:
    """Whether sales within the caps raise what is short; where several currencies are, only a bound can tell."""
    cap = problem.max_turnover or 0
    lines = [line for line in problem.lines if _raised(line) > 0]
    least = sum(
        (
            missing * min(_turned(line) for line in lines if line.currency == currency)
            for currency, missing in short.items()
        ),
        Fraction(0),
    )
    if least > cap:
        return False
    if len(short) > 1:
        return None
    ((currency, missing),) = short.items()
    own = sorted((line for line in lines if line.currency == currency), key=lambda line: (-line.price, line.code))
    most = len(own) if problem.max_orders is None else problem.max_orders
    return _Sales(own).raises(0, missing, cap, most)


def _turned(line: Line) -> Fraction:
    """Turnover for a grain raised, before rounding."""
    return Fraction(line.price * line.per_grain, line.price - line.commission - line.slippage)


class _Sales:
    """Sales of lines of one currency, the dearest shares first, so that the cheapest fill what is left."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.left = NODES

    def raises(self, place: int, missing: int, turnover: int, orders: int) -> bool:
        """Whether the lines from `place` on raise what is missing within the turnover and so many orders. Past the
        limit of nodes nothing more is found."""
        rest = self.lines[place:]
        if missing <= 0:
            return True
        self.left -= 1
        if not rest or not orders or self.left < 0 or missing * min(map(_turned, rest)) > turnover:
            return False
        if sum(sorted(map(_raised, rest), reverse=True)[:orders]) < missing:
            return False
        line = rest[0]
        enough = least_sale(line, missing)
        if enough is not None and line.choice(enough).turnover <= turnover:
            return True
        for low, high in line.segments:
            for count in range(low, min(high, line.held - 1) + 1):
                sale = line.choice(count)
                if sale.turnover <= turnover and -sale.spend < missing:
                    if self.raises(place + 1, missing + sale.spend, turnover - sale.turnover, orders - 1):
                        return True
                    if self.left < 0:
                        return False
        return self.raises(place + 1, missing, turnover, orders)


def least_sale(line: Line, missing: int) -> int | None:
    """The final count of the smallest sale of a line that raises what is missing; None where no sale does."""
    found = []
    for low, high in line.segments:
        first, last = low, min(high, line.held - 1)
        if last < first or -line.choice(first).spend < missing:
            continue
        while first < last:  # the largest count that still raises enough
            middle = (first + last + 1) // 2
            if -line.choice(middle).spend >= missing:
                first = middle
            else:
                last = middle - 1
        found.append(first)
    return max(found, default=None)
