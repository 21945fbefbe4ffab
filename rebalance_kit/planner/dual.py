"""Bounds: what the cash costs, and which counts a good plan can still use.

With a price p/q on the cash of one currency every line can be judged alone: no plan that keeps the budget B is better
than  (sum over lines of min_n [q x key(n) + p x spend(n)] - p x B) / q  (Lagrangian bound; Dyer 1984 and Zemel 1984
for the multiple-choice knapsack). A plan of key z is beaten only by counts whose reduced key exceeds their line's
minimum by no more than the gap, and only by plans that leave no more cash than the gap pays for.

Keys pack (objective, squares) in one integer, so that the bound speaks about ties too; everything is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from rebalance_kit.planner.problem import Line

Price = tuple[int, int]  # p/q: key units for a grain of cash
Range = tuple[int, int]  # counts, both ends included
START_REACH = 3  # counts on either side of a goal, an edge or an end that every search looks at


class Point(NamedTuple):
    """A count of a line: what it spends, and its packed (objective, squares)."""

    spend: int
    key: int
    shares: int


@dataclass(slots=True)
class Column:
    """One line with the points that were looked at so far."""

    line: Line
    weight: int  # key = objective x weight + squares
    points: dict[int, Point] = field(default_factory=dict)

    def look(self, count: int) -> Point:
        """The point of an allowed count."""
        if count not in self.points:
            made = self.line.choice(count)
            self.points[count] = Point(made.spend, made.objective * self.weight + made.squares, count)
        return self.points[count]

    def look_around(self, count: int) -> None:
        """Look at the allowed counts next to `count`."""
        for low, high in self.line.segments:
            for near in range(max(low, count - START_REACH), min(high, count + START_REACH) + 1):
                self.look(near)

    def look_under(self, price: Price) -> None:
        """Look at the counts that are best under a price of cash, on every segment."""
        for segment in self.line.segments:
            self.look_around(lowest_on(segment, lambda count: self.floor_key(count, price)))

    def floor_key(self, count: int, price: Price) -> int:
        """q x key + p x spend without rounding: never above the truth, convex on each segment."""
        smooth = self.line.smooth(count)
        return price[1] * (smooth.objective * self.weight + smooth.squares) + price[0] * smooth.spend

    def lowest_floor(self, price: Price) -> int:
        """The smallest `floor_key` over all allowed counts."""
        return min(
            self.floor_key(lowest_on(segment, lambda count: self.floor_key(count, price)), price)
            for segment in self.line.segments
        )

    def ranges(self, price: Price, limit: int) -> list[Range]:
        """The allowed counts whose `floor_key` is at most `limit`."""
        found = []
        for low, high in self.line.segments:
            best = lowest_on((low, high), lambda count: self.floor_key(count, price))
            if self.floor_key(best, price) <= limit:
                left = first_true((low, best), lambda count: self.floor_key(count, price) <= limit)
                right = first_true((best, high + 1), lambda count: self.floor_key(count, price) > limit)
                found.append((left, right - 1))
        return found

    def most_spent(self, count: int) -> int:
        """At least what the count spends; never falls as the count rises within a segment."""
        return self.line.smooth(count).spend + 2 * self.line.grain


def columns(lines: Sequence[Line]) -> list[Column]:
    """Columns of the lines with their first points: goals, edges of bands, ends of segments and their neighbours."""
    widest = sum(max(line.choice(end).squares for part in line.segments for end in part) for line in lines)
    made = [Column(line, widest + 1) for line in lines]
    for column in made:
        line = column.line
        edges = [line.goal, line.floor] + ([] if line.ceiling is None else [line.ceiling])
        kinks = [(edge // line.per_grain - line.kept) // line.price for edge in edges]
        for count in (*kinks, line.held, *(end for segment in line.segments for end in segment)):
            column.look_around(count)
    return made


def cash_price(made: Sequence[Column], budget: int) -> Price | None:
    """The best price of cash over the points looked at; None when even the cheapest points break the budget.

    Every line starts at its best key and walks left along the lower convex hull of its points; the step with which
    the sum of all walks comes within the budget sets the price.
    """
    spent, steps = 0, []
    for column in made:
        walk = _hull(column.points.values())
        spent += walk[0].spend
        steps += [(after.key - before.key, before.spend - after.spend) for before, after in pairwise(walk)]
    if spent <= budget:
        return 0, 1
    for worse, saved in sorted(steps, key=lambda step: step[0] / step[1]):
        spent -= saved
        if spent <= budget:
            return worse, saved
    return None


def _hull(points: Iterable[Point]) -> list[Point]:
    """The lower left convex hull from the best key (of equals the cheapest) to the smallest spend."""
    hull: list[Point] = []
    for point in sorted(points, key=lambda point: (point.key, point.spend)):
        if hull and point.spend >= hull[-1].spend:
            continue
        while len(hull) > 1 and _bends_up(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return hull


def _bends_up(first: Point, middle: Point, last: Point) -> bool:
    """Is `middle` on or above the straight line from `first` to `last`?"""
    over = (middle.key - first.key) * (first.spend - last.spend)
    return over >= (last.key - first.key) * (first.spend - middle.spend)


def settle_price(made: Sequence[Column], budget: int, rounds: int = 12) -> Price | None:
    """`cash_price`, after looking at the best counts under each price until none is new."""
    price = cash_price(made, budget)
    for _ in range(rounds):
        if price is None:
            return None
        before = sum(len(column.points) for column in made)
        for column in made:
            column.look_under(price)
        if before == sum(len(column.points) for column in made):
            return price
        price = cash_price(made, budget)
    return price


def lowest_on(segment: Range, value: Callable[[int], int]) -> int:
    """The first count at which a convex `value` is lowest on a segment."""
    return first_true(segment, lambda count: value(count) <= value(count + 1))


def first_true(segment: Range, holds: Callable[[int], bool]) -> int:
    """The first count of a segment at which `holds`, which once true stays true; the last count if it never does
    before it."""
    low, high = segment
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
