"""The proof: of all whole-share plans of one currency that keep its budget, the best by definition 9, ties included.

Everything that could be as good as the plan in hand lies in small windows of counts (`relaxation`); all combinations
of them are listed in halves and joined (`halves`). When that is too much, the lines whose window spans several
segments (sell, leave, buy: what a minimum trade tears apart) are split by segment, each part with a bound of its own.
Where nothing is left to split or the work is used up, the answer is the best plan found, with the bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd, log10

from rebalance_kit.planner.dual import Point, columns
from rebalance_kit.planner.halves import Work, WorkUsedUp, best_plan
from rebalance_kit.planner.halves_wide import best_plan_wide
from rebalance_kit.planner.line import Line
from rebalance_kit.planner.relaxation import Ranking, Relaxation

WORK = 6_000_000  # part-plans looked at before a plan stays unproved
SLOW_WORK = 20_000  # what is listed one by one before arrays are worth their start
HOPELESS = 14  # powers of ten of combinations: more are not worth beginning
WIDE_WORK = 1_500_000  # what is listed in arrays at a time
NODE_WORK = 1_000_000  # what a branch costs besides


@dataclass(frozen=True, slots=True)
class Found:
    """The best counts by code. `objective` is theirs, `bound` no more than any plan's. `proven`: the search went
    through everything, so that the two agree and the ties are settled."""

    counts: dict[str, int]
    objective: int
    bound: int
    proven: bool


def best_counts(
    lines: Sequence[Line], budget: int, hint: Mapping[str, int] | None = None, work: int = WORK
) -> Found | None:
    """The best final counts of lines of one currency within a budget (grains); None when no plan keeps the budget.

    `lines` are sorted by code. `hint` is any plan that keeps the budget, as a start.
    """
    if not lines:
        return Found({}, 0, 0, proven=True) if budget >= 0 else None
    whole = _payable(lines, budget)
    made = columns(lines)
    root = Relaxation.of(made, Ranking(lines), whole)
    if root is None:
        return None
    tree = _Tree(root, Work(work), hint)
    bound = tree.settle(root)
    choices = [line.choice(point.shares) for line, point in zip(lines, tree.plan, strict=True)]
    objective = sum(choice.objective for choice in choices)
    counts = {line.code: point.shares for line, point in zip(lines, tree.plan, strict=True)}
    if bound is None:
        return Found(counts, objective, objective, proven=True)
    return Found(counts, objective, min(objective, bound // made[0].weight), proven=False)


def _payable(lines: Sequence[Line], budget: int) -> int:
    """The budget less what no combination of prices can spend; without costs, prices have a common step."""
    if any(line.commission or line.slippage for line in lines):
        return budget
    step = gcd(*(line.price * line.factor for line in lines))
    return budget // step * step


class _Tree:
    """The branches of one search: the best plan so far, and the work that is left."""

    def __init__(self, root: Relaxation, work: Work, hint: Mapping[str, int] | None) -> None:
        self.root, self.work = root, work
        self.plan = root.improved(root.first_plan())
        self._try(root, self.plan)
        if hint is not None:
            self._try(root, [column.look(hint[column.line.code]) for column in root.made])

    def settle(self, node: Relaxation) -> int | None:
        """Find the best plan of a node. None when that is proved; else a bound on the packed keys of its plans."""
        if self._listed(node):
            return None
        if node is self.root:
            self.plan = min(self.plan, node.searched_near(self.plan, wide=True), key=self.root.full_key)
            if (level := node.level_plan()) is not None:
                improved = node.searched_near(node.improved(level), wide=True)
                self.plan = min(self.plan, improved, key=self.root.full_key)
            if self._listed(node):
                return None
        return self._branched(node)

    def _only_rounding(self) -> bool:
        """Is the gap of the best plan no more than what rounding costs up to minor units may add?"""
        gap = sum(point.key for point in self.plan) - self.root.key_bound()
        lines = [column.line for column in self.root.made]
        return gap <= self.root.made[0].weight * sum(
            4 * line.grain * line.per_grain * (line.total or 1) for line in lines
        )

    def _try(self, node: Relaxation, plan: list[Point]) -> None:
        """Keep the best plan around a plan."""
        self.plan = min(self.plan, node.searched_near(plan), key=self.root.full_key)

    def _listed(self, node: Relaxation) -> bool:
        """Go through all that the gap leaves open; False when it is too much."""
        gap = node.gap(self.plan)
        ranges = node.ranges(gap)
        if not all(ranges):
            return True  # no plan of this node is as good as the one in hand
        windows = node.windows(ranges, gap)
        if windows is None:
            return False
        if not all(window.entries for window in windows):
            return True
        size = sum(log10(len(window.entries)) for window in windows)
        for way, most in ((best_plan, SLOW_WORK), (best_plan_wide, WIDE_WORK)):
            if size > HOPELESS:
                return False
            share = Work(min(most, self.work.left // 2))
            try:
                best = way(windows, node.limits(gap), share)
            except WorkUsedUp:
                continue
            if best is not None:
                self.plan = min(self.plan, best, key=self.root.full_key)
            return True
        return False

    def _branched(self, node: Relaxation) -> int | None:
        """Split the line whose window is widest over several segments, and settle each part."""
        ranges = node.ranges(node.gap(self.plan))
        widths = [(sum(high - low for low, high in parts), i) for i, parts in enumerate(ranges) if len(parts) > 1]
        if not widths or self.work.left < NODE_WORK or self._only_rounding():
            return node.key_bound()
        place = max(widths)[1]
        column = node.made[place]
        bounds = []
        for segment in column.line.segments:
            self.work.left -= NODE_WORK
            parts = [*node.made[:place], column.only(segment), *node.made[place + 1 :]]
            child = Relaxation.of(parts, self.root.ranking, self.root.budget)
            if child is not None:
                self._try(child, child.improved(child.first_plan()))
                bounds.append(self.settle(child))
        open_bounds = [bound for bound in bounds if bound is not None]
        return min(open_bounds) if open_bounds else None
