"""Bounds: what the cash costs, and which counts a good plan can still use.

With a price p/q on the cash of one currency every line can be judged alone: no plan that keeps the budget B is better
than  (sum over lines of min_n [q x key(n) + p x spend(n)] - p x B) / q  (Lagrangian bound; Dyer 1984 and Zemel 1984
for the multiple-choice knapsack). A plan of key z is beaten only by counts whose reduced key exceeds their line's
minimum by no more than the gap, and only by plans that leave no more cash than the gap pays for.

Keys pack (objective, squares) in one integer, so that the bound speaks about ties too; everything is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

from rebalance_kit.planner.line import Line

Price = tuple[int, int]  # p/q: key units for a grain of cash
Range = tuple[int, int]  # counts, both ends included
CLOSE_LIMIT = 200  # counts that are compared one by one for a line's lowest reduced key
START_REACH = 2  # counts on either side of a goal, an edge or an end that every search looks at


class Point(NamedTuple):
    """A shares of a line: what it spends, and its packed (objective, squares)."""

    spend: int
    key: int
    shares: int


@dataclass(slots=True)
class Column:
    """One line with the points that were looked at so far."""

    line: Line
    weight: int  # key = objective x weight + squares
    points: dict[int, Point] = field(default_factory=dict)
    order_fee: int = 0  # key units for an order and for a unit of turnover: the prices of caps
    turnover_fee: int = 0

    def look(self, shares: int) -> Point:
        """The point of an allowed shares."""
        if shares not in self.points:
            spend, objective, squares, orders, turnover = self.line.figures(shares)
            key = objective * self.weight + squares
            if self.order_fee or self.turnover_fee:
                key += orders * self.order_fee + turnover * self.turnover_fee
            self.points[shares] = Point(spend, key, shares)
        return self.points[shares]

    def look_around(self, shares: int) -> None:
        """Look at the allowed counts next to `shares`."""
        for low, high in self.line.segments:
            for near in range(max(low, shares - START_REACH), min(high, shares + START_REACH) + 1):
                self.look(near)

    def look_at_kinks(self) -> None:
        """Look at the goal, the edges of the band, the ends of the segments and what is held, and around them."""
        line = self.line
        edges = [line.goal, line.floor] + ([] if line.ceiling is None else [line.ceiling])
        kinks = [(edge // line.per_grain - line.kept) // line.price for edge in edges]
        for shares in (*kinks, line.held, *(end for segment in line.segments for end in segment)):
            self.look_around(shares)

    def nearest(self, down: int) -> int:
        """The allowed shares closest to the goal less `down` (S-ths), but not below an explicit floor."""
        line = self.line
        wanted = max(line.goal - down, min(line.floor, line.goal))
        exact = max(0, wanted // line.per_grain - line.kept) // line.price
        near = [min(max(shares, low), high) for low, high in line.segments for shares in (exact, exact + 1)]
        return min((abs((shares * line.price + line.kept) * line.per_grain - wanted), shares) for shares in near)[1]

    def only(self, segment: Range) -> Column:
        """The same column with one segment left."""
        low, high = segment
        inside = {shares: point for shares, point in self.points.items() if low <= shares <= high}
        column = Column(replace(self.line, segments=(segment,)), self.weight, inside, self.order_fee, self.turnover_fee)
        column.look_around(low)
        column.look_around(high)
        return column

    def look_at_spend(self, spend: int) -> None:
        """Look at the counts that spend about `spend` grains."""
        self.look_around(self.line.held + spend // (self.line.price * self.line.factor))

    def look_under(self, price: Price) -> None:
        """Look at the counts that are best under a price of cash, on every segment."""
        for segment in self.line.segments:
            self.look_around(self.lowest_on(segment, price))

    def floor_key(self, shares: int, price: Price) -> int:
        """q x key + p x spend without rounding: never above the truth, convex on each segment."""
        spend, objective, squares, orders, turnover = self.line.smooth_figures(shares)
        key = objective * self.weight + squares
        if self.order_fee or self.turnover_fee:
            key += orders * self.order_fee + turnover * self.turnover_fee
        return price[1] * key + price[0] * spend

    def reduced(self, point: Point, price: Price) -> int:
        """q x key + p x spend, the truth."""
        return price[1] * point.key + price[0] * point.spend

    def lowest(self, price: Price) -> int:
        """The smallest reduced key of all allowed counts, or (where too many are close to it) a little less."""
        best = min(self.reduced(point, price) for point in self.points.values())
        close = self.ranges(price, best)
        if sum(high - low + 1 for low, high in close) <= CLOSE_LIMIT:
            points = (self.look(shares) for low, high in close for shares in range(low, high + 1))
            return min(self.reduced(point, price) for point in points)
        return min(self.floor_key(self.lowest_on(segment, price), price) for segment in self.line.segments)

    def lowest_on(self, segment: Range, price: Price) -> int:
        """The first count of a segment at which `floor_key` is lowest, searched from the best point looked at."""
        low, high = segment
        above, below = price
        near, least = low, None
        for spend, key, shares in self.points.values():
            if low <= shares <= high:
                reduced = below * key + above * spend
                if least is None or reduced < least:
                    near, least = shares, reduced
        here = self.floor_key(near, price)
        if near < high and self.floor_key(near + 1, price) < here:
            return last_while(near, high, lambda at: self.floor_key(at, price) < self.floor_key(at - 1, price))
        return last_while(near, low, lambda at: self.floor_key(at, price) <= self.floor_key(at + 1, price))

    def ranges(self, price: Price, limit: int) -> list[Range]:
        """The allowed counts whose `floor_key` is at most `limit`."""
        found = []
        for low, high in self.line.segments:
            best = self.lowest_on((low, high), price)
            if self.floor_key(best, price) <= limit:
                left, right = (
                    last_while(best, end, lambda at: self.floor_key(at, price) <= limit) for end in (low, high)
                )
                found.append((left, right))
        return found

    def most_spent(self, shares: int) -> int:
        """At least what the shares spends; never falls as the shares rises within a segment."""
        return self.line.smooth(shares).spend + 2 * self.line.grain * self.line.factor


def columns(lines: Sequence[Line]) -> list[Column]:
    """Columns of the lines with their first points."""
    widest = sum(max(line.choice(end).squares for part in line.segments for end in part) for line in lines)
    made = [Column(line, widest + 1) for line in lines]
    for column in made:
        column.look_at_kinks()
    return made


class Walk(NamedTuple):
    """The price of cash over some points, and the plan within the budget that the price chooses."""

    price: Price
    plan: list[Point]


def walk(made: Sequence[Column], budget: int) -> Walk | None:
    """The best price of cash over the points looked at; None when even the cheapest points break the budget.

    Every line starts at its best key and walks along the lower convex hull of its points to smaller spends, the step
    with the least loss for a grain first; the step with which all lines together come within the budget sets the price.
    """
    hulls = [_hull(column.points.values()) for column in made]
    plan = [hull[0] for hull in hulls]
    left = budget - sum(point.spend for point in plan)
    price = (0, 1)
    steps = [
        (after.key - before.key, before.spend - after.spend, i, after)
        for i, hull in enumerate(hulls)
        for before, after in pairwise(hull)
    ]
    for worse, saved, i, after in sorted(steps, key=_steepness) if left < 0 else ():
        plan[i] = after
        left += saved
        price = (worse, saved)
        if left >= 0:
            break
    return Walk(price, plan) if left >= 0 else None


def _steepness(step: tuple[int, int, int, Point]) -> float:
    """The loss for a grain. Rounding to a float never swaps two steps, and equal ones keep their order."""
    return step[0] / step[1]


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
    """The price of a `walk`, after looking at the best counts under each price until none is new."""
    found = walk(made, budget)
    for _ in range(rounds):
        if found is None:
            return None
        before = sum(len(column.points) for column in made)
        for column in made:
            column.look_under(found.price)
        if before == sum(len(column.points) for column in made):
            break
        found = walk(made, budget)
    return None if found is None else found.price


def last_while(start: int, end: int, holds: Callable[[int], bool]) -> int:
    """The last count on the way from `start` to `end` (up or down) up to which `holds`, which once false stays false;
    `start` when it fails at once. In doubling steps: what is near is found quickly."""
    step = 1 if end > start else -1
    reached = start
    while reached != end:
        further = min(reached + step, end) if end > start else max(reached + step, end)
        if holds(further):
            reached, step = further, step * 2
        elif abs(further - reached) == 1:
            return reached
        else:
            end, step = further + (1 if end < start else -1), 1 if end > start else -1
    return reached


def first_true(segment: Range, holds: Callable[[int], bool]) -> int:
    """The first shares of a segment at which `holds`, which once true stays true; the last shares if it never does
    before it."""
    low, high = segment
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
