"""Windows: the counts of each line that a plan better than the one in hand could still use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rebalance_kit.planner.dual import Column, Point, Price, Range, first_true

POINT_LIMIT = 20_000  # counts over all lines; past it nothing is proved
PASSES = 8


class Window(NamedTuple):
    """The points of the line at `place` that are still in question."""

    place: int
    points: list[Point]


def windows(made: Sequence[Column], price: Price, lowest: Sequence[int], gap: int, budget: int) -> list[Window] | None:
    """Every point whose reduced key exceeds its line's lowest by at most `gap`, less those that would leave more cash
    than the gap pays for. None when there are too many to list. Complete: a plan with a key no greater than the plan
    in hand, whose gap this is, uses only these points.
    """
    ranges = [column.ranges(price, low + gap) for column, low in zip(made, lowest, strict=True)]
    if price[0]:
        _tighten(made, ranges, budget - gap // price[0])
    if sum(high - low + 1 for parts in ranges for low, high in parts) > POINT_LIMIT:
        return None
    found = []
    for place, (column, parts) in enumerate(zip(made, ranges, strict=True)):
        points = [column.look(count) for low, high in parts for count in range(low, high + 1)]
        within = [p for p in points if price[1] * p.key + price[0] * p.spend - lowest[place] <= gap]
        found.append(Window(place, within))
    return found


def _tighten(made: Sequence[Column], ranges: list[list[Range]], least_spent: int) -> None:
    """Drop counts with which even the most spending of all others stays below `least_spent`."""
    most = [max(c.most_spent(high) for _, high in parts) for c, parts in zip(made, ranges, strict=True)]
    for _ in range(PASSES):
        whole, changed = sum(most), False
        for i, column in enumerate(made):
            needed = least_spent - (whole - most[i])
            kept = []
            for low, high in ranges[i]:
                if column.most_spent(high) >= needed:
                    first = _first_spending(column, (low, high), needed)
                    kept.append((first, high))
            changed |= kept != ranges[i]
            ranges[i] = kept
        if not changed:
            return


def _first_spending(column: Column, counts: Range, needed: int) -> int:
    return first_true(counts, lambda count: column.most_spent(count) >= needed)
