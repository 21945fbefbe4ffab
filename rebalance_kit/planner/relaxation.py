"""One relaxation: lines of one currency, the price of their cash, the bound that follows, and plans near it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from rebalance_kit.planner.dual import Column, Point, Price, Range, first_true, settle_price, walk
from rebalance_kit.planner.halves import Entry, Limits, Window, Work, WorkUsedUp, best_plan
from rebalance_kit.planner.halves_wide import best_plan_wide
from rebalance_kit.planner.line import Line

NEAR_WIDTH = 60  # part-plans of each half that a search around a plan keeps
WIDE_WIDTH = 2_500  # and that one over arrays keeps
NEAR_BEST = 4  # counts of a line that such a search takes for their place near the bound
NEAR_REACH = 3  # and for their place next to the plan's own count
NEAR_ROUNDS = 6
NEAR_WORK = 15_000
WIDE_WORK = 1_000_000
POINT_LIMIT = 20_000  # counts that windows may hold together; past it they are not listed
PASSES = 8


class Ranking:
    """Packs a point's key with its tie-breaks: fewer orders, then more trading in the first code that differs."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.orders = len(lines) + 1
        self.reach = [max(line.highest - line.held, line.held - line.lowest) for line in lines]
        self.place = [1] * len(lines)
        for i in reversed(range(len(lines) - 1)):
            self.place[i] = self.place[i + 1] * (2 * self.reach[i + 1] + 2)
        self.codes = self.place[0] * (2 * self.reach[0] + 2)

    @property
    def size(self) -> int:
        """A packed (objective, squares) is a full key divided by this."""
        return self.orders * self.codes

    def key(self, i: int, line: Line, point: Point) -> int:
        """The full key of a point of line `i`: keys of a plan's points add up to the plan's."""
        return self.packed(i, line, point.key, point.shares)

    def packed(self, i: int, line: Line, key: int, shares: int) -> int:
        """A packed (objective, squares) of line `i` with the tie-breaks of its final count."""
        traded = shares - line.held
        rank = 2 * (self.reach[i] - abs(traded)) + (traded < 0)
        return (key * self.orders + (traded != 0)) * self.codes + rank * self.place[i]


class Relaxation:
    """The columns under one price of cash. `bound` is q x the key that no plan within the budget beats."""

    def __init__(self, made: list[Column], ranking: Ranking, price: Price, budget: int) -> None:
        self.made, self.ranking, self.price, self.budget = made, ranking, price, budget
        self.lowest = [column.lowest(price) for column in made]
        self.bound = sum(self.lowest) - price[0] * budget

    @staticmethod
    def of(made: list[Column], ranking: Ranking, budget: int) -> Relaxation | None:
        """The relaxation at the best price found; None when no plan keeps the budget."""
        price = settle_price(made, budget)
        return None if price is None else Relaxation(made, ranking, price, budget)

    def key_bound(self) -> int:
        """No plan has a smaller packed (objective, squares)."""
        return -(-self.bound // self.price[1])

    def full_key(self, plan: Sequence[Point]) -> int:
        return sum(self.ranking.key(i, self.made[i].line, point) for i, point in enumerate(plan))

    def lost(self, i: int, point: Point) -> int:
        return self.price[1] * point.key + self.price[0] * point.spend - self.lowest[i]

    def first_plan(self) -> list[Point]:
        """The plan within the budget that the points looked at so far choose by themselves."""
        found = walk(self.made, self.budget)
        if found is None:
            raise AssertionError("a relaxation is only made of lines that can keep the budget")
        return found.plan

    def level_plan(self) -> list[Point] | None:
        """Every goal lowered by the same amount of money, as much as the budget asks: what is missing is shared. None
        when that does not keep the budget."""
        most = max(column.line.goal for column in self.made)
        level = first_true((0, max(0, most)), lambda down: self._spent_at(down) <= self.budget)
        plan = [column.look(column.nearest(level)) for column in self.made]
        return plan if sum(point.spend for point in plan) <= self.budget else None

    def _spent_at(self, down: int) -> int:
        return sum(column.look(column.nearest(down)).spend for column in self.made)

    def improved(self, plan: list[Point]) -> list[Point]:
        """Spend what is left: the best single change at a time, while one improves the plan."""
        while True:
            left = self.budget - sum(point.spend for point in plan)
            best: tuple[int, int, Point] | None = None
            for i, column in enumerate(self.made):
                column.look_at_spend(plan[i].spend + left)
                for point in column.points.values():
                    worse = (point.key - plan[i].key, i, point)
                    if worse[0] < 0 and point.spend - plan[i].spend <= left and (best is None or worse < best):
                        best = worse
            if best is None:
                return plan
            plan = [*plan[: best[1]], best[2], *plan[best[1] + 1 :]]

    def searched_near(self, plan: list[Point], *, wide: bool = False) -> list[Point]:
        """The best plan around a plan, again and again while it gets better; `wide` looks at many more over arrays."""
        way, width = (best_plan_wide, WIDE_WIDTH) if wide else (best_plan, NEAR_WIDTH)
        work = Work(WIDE_WORK if wide else NEAR_WORK)
        for _ in range(NEAR_ROUNDS):
            gap = self.gap(plan)
            around = [self._window(i, self._near(i, point), gap) for i, point in enumerate(plan)]
            better = None
            with suppress(WorkUsedUp):
                better = way(around, self.limits(gap), work, width)
            if better is None or self.full_key(better) >= self.full_key(plan):
                return plan
            plan = better
        return plan

    def _near(self, i: int, point: Point) -> list[Point]:
        column = self.made[i]
        column.look_around(point.shares)
        nearest = sorted((self.lost(i, other), other.shares, other) for other in column.points.values())
        chosen = {other.shares: other for _, _, other in nearest[:NEAR_BEST]} | {point.shares: point}
        for shares in range(point.shares - NEAR_REACH, point.shares + NEAR_REACH + 1):
            if shares in column.points:
                chosen[shares] = column.points[shares]
        return list(chosen.values())

    def gap(self, plan: Sequence[Point]) -> int:
        """How far a plan is from the bound, in q-ths of key units."""
        return self.price[1] * sum(point.key for point in plan) - self.bound

    def limits(self, gap: int) -> Limits:
        """What a plan within the gap keeps: it leaves no more cash than the gap pays for."""
        if self.price[0]:
            return Limits(gap, self.budget - gap // self.price[0], self.budget)
        return Limits(gap, sum(min(p.spend for p in column.points.values()) for column in self.made), self.budget)

    def ranges(self, gap: int) -> list[list[Range]]:
        """The counts that a plan within the gap can use: all others lose more, or leave too much cash."""
        found = [column.ranges(self.price, low + gap) for column, low in zip(self.made, self.lowest, strict=True)]
        if self.price[0]:
            _tighten(self.made, found, self.limits(gap).least)
        return found

    def windows(self, ranges: Sequence[Sequence[Range]], gap: int) -> list[Window] | None:
        """The points within ranges and gap; None when they are too many to look at."""
        if sum(high - low + 1 for parts in ranges for low, high in parts) > POINT_LIMIT:
            return None
        looked = [
            [column.look(shares) for low, high in parts for shares in range(low, high + 1)]
            for column, parts in zip(self.made, ranges, strict=True)
        ]
        return [self._window(i, points, gap) for i, points in enumerate(looked)]

    def _window(self, i: int, points: list[Point], gap: int) -> Window:
        line = self.made[i].line
        entries = ((point.spend, self.ranking.key(i, line, point), self.lost(i, point), point) for point in points)
        return Window(i, [Entry(*entry) for entry in entries if entry[2] <= gap])


def _tighten(made: Sequence[Column], ranges: list[list[Range]], least_spent: int) -> None:
    """Drop counts with which even the most spending of all others stays below `least_spent`."""
    for _ in range(PASSES):
        if not all(ranges):
            return
        most = [max(c.most_spent(high) for _, high in parts) for c, parts in zip(made, ranges, strict=True)]
        changed = False
        for i, column in enumerate(made):
            needed = least_spent - (sum(most) - most[i])
            kept = [
                (_first_spending(column, (low, high), needed), high)
                for low, high in ranges[i]
                if column.most_spent(high) >= needed
            ]
            changed |= kept != ranges[i]
            ranges[i] = kept
        if not changed:
            return


def _first_spending(column: Column, counts: Range, needed: int) -> int:
    return first_true(counts, lambda shares: column.most_spent(shares) >= needed)
