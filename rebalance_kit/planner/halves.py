"""Joining part-plans: the best way to take one point from each window within a budget.

The windows are split in two halves. Each half is listed as part-plans (what they spend, their key), dropping a
part-plan when another spends no more and has a smaller key, and the two lists are joined with two pointers (Horowitz
and Sahni 1974; dominance lists after Nemhauser and Ullmann 1969). What cannot be part of a plan as good as the one in
hand is never listed: it lost more than the gap, or it spends too much or too little for the rest to make good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rebalance_kit.planner.dual import Point


class Entry(NamedTuple):
    """A point of a line with its full key (ties included) and what it loses against the bound."""

    spend: int
    key: int
    lost: int
    point: Point


class Window(NamedTuple):
    """The entries of the line at `place` that are still in question; never empty."""

    place: int
    entries: list[Entry]

    @property
    def least(self) -> int:
        return min(entry.spend for entry in self.entries)

    @property
    def most(self) -> int:
        return max(entry.spend for entry in self.entries)


class Step(NamedTuple):
    """A point chosen for the line at `place`, and the step before it."""

    place: int
    point: Point
    before: Step | None


class State(NamedTuple):
    """A part-plan: spend, key and loss so far, and its last step."""

    spend: int
    key: int
    lost: int
    step: Step | None


class WorkUsedUp(Exception):
    """The search would look at more part-plans than it may."""


@dataclass(slots=True)
class Work:
    """How many part-plans may still be looked at: the only limit of the search, and no clock."""

    left: int

    def use(self, number: int) -> None:
        """Look at so many part-plans. Raises WorkUsedUp when they are too many."""
        if number > self.left:
            raise WorkUsedUp
        self.left -= number


class Limits(NamedTuple):
    """A whole plan loses at most `gap` and spends between `least` and `budget`."""

    gap: int
    least: int
    budget: int


def best_plan(windows: Sequence[Window], limits: Limits, work: Work, width: int | None = None) -> list[Point] | None:
    """One point per window, in order of place, of smallest key within the limits; None if there is none. `width` keeps
    only the part-plans that lost least, as many of each half: fast, and no proof. Raises WorkUsedUp.
    """
    order = sorted(windows, key=lambda window: (len(window.entries), window.place))
    left = _listed(order[1::2], order[::2], limits, work, width)
    right = _listed(order[::2], order[1::2], limits, work, width)
    pair = _joined(left, right, limits.budget)
    return None if pair is None else _points(pair)


def _listed(
    half: Sequence[Window], other: Sequence[Window], limits: Limits, work: Work, width: int | None
) -> list[State]:
    """The part-plans over the windows of a half that nothing dominates, by rising spend and falling key."""
    states = [State(0, 0, 0, None)]
    least_after = sum(window.least for window in (*half, *other))
    most_after = sum(window.most for window in (*half, *other))
    for window in half:
        least_after -= window.least
        most_after -= window.most
        work.use(len(states) * len(window.entries))
        span = (limits.least - most_after, limits.budget - least_after)
        states = _undominated(_grown(states, window, limits.gap, span))
        if width is not None and len(states) > width:
            fittest = sorted(states, key=lambda state: (state.lost, state.key))[:width]
            states = sorted(fittest, key=lambda state: state.spend)
    return states


def _grown(states: list[State], window: Window, gap: int, span: tuple[int, int]) -> list[State]:
    least, most = span
    place = window.place
    return [
        State(spent + spend, key + more, lost + loses, Step(place, point, step))
        for spent, key, lost, step in states
        for spend, more, loses, point in window.entries
        if lost + loses <= gap and least <= spent + spend <= most
    ]


def _undominated(states: list[State]) -> list[State]:
    """Sorted by spend; a part-plan stays only if its key is smaller than that of all that spend no more."""
    states.sort(key=lambda state: (state.spend, state.key))
    kept: list[State] = []
    for state in states:
        if not kept or state.key < kept[-1].key:
            kept.append(state)
    return kept


def _joined(left: list[State], right: list[State], budget: int) -> tuple[State, State] | None:
    """The pair of smallest key within the budget; both lists rise in spend and fall in key."""
    best: tuple[State, State] | None = None
    j = len(right) - 1
    for state in left:
        while j >= 0 and state.spend + right[j].spend > budget:
            j -= 1
        if j < 0:
            break
        if best is None or state.key + right[j].key < best[0].key + best[1].key:
            best = (state, right[j])
    return best


def _points(parts: tuple[State, State]) -> list[Point]:
    chosen: dict[int, Point] = {}
    for part in parts:
        step = part.step
        while step is not None:
            chosen[step.place] = step.point
            step = step.before
    return [chosen[place] for place in sorted(chosen)]
