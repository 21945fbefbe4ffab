"""The proof: of all whole-share plans that keep one budget, the best, by splitting the assets into two halves.

Everything that could be better than the plan in hand lies in small windows of counts (`dual`). Each half of the lines
is listed as part-plans (what they spend, their key), dropping a part-plan when another spends no more and is no worse,
and the two lists are joined with two pointers (Horowitz and Sahni 1974; dominance lists after Nemhauser and Ullmann
1969). Keys pack objective, squares, number of orders and the order of codes into one integer, so that the smallest key
is the plan of definition 9 with all its tie-breaks. When a list grows past its limit the answer is the best plan
found, with the bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rebalance_kit.planner.dual import Column, Point, Price, columns, settle_price
from rebalance_kit.planner.problem import Line
from rebalance_kit.planner.window import Window, windows

BEAM_WIDTH = 200  # part-plans that the first, unproved search keeps
BEAM_POINTS = 6  # counts of a line that it tries
STATE_LIMIT = 100_000  # part-plans of a half; past it the plan stays unproved


class Step(NamedTuple):
    """A point chosen for the line at `place`, and the step before it."""

    place: int
    point: Point
    before: Step | None


class State(NamedTuple):
    """A part-plan: spend and key so far, what it lost against the bound, and its last step."""

    spend: int
    key: int
    lost: int
    step: Step | None


EMPTY = State(0, 0, 0, None)


@dataclass(frozen=True, slots=True)
class Found:
    """The best counts by code. `objective` is theirs and `bound` no more than any plan's; equal and `proven` when the
    search went through everything (ties included)."""

    counts: dict[str, int]
    objective: int
    bound: int
    proven: bool


class Ranking:
    """Packs a point's key with its tie-breaks: fewer orders, then more trading in the first code that differs."""

    def __init__(self, made: Sequence[Column]) -> None:
        self.orders = len(made) + 1
        self.reach = [max(c.line.highest - c.line.held, c.line.held - c.line.lowest) for c in made]
        self.place = [1] * len(made)
        for i in range(len(made) - 2, -1, -1):
            self.place[i] = self.place[i + 1] * (2 * self.reach[i + 1] + 2)
        self.codes = self.place[0] * (2 * self.reach[0] + 2) if made else 1
        self.below = self.orders * self.codes  # a key is the packed (objective, squares) times this, plus tie-breaks

    def key(self, i: int, line: Line, point: Point) -> int:
        traded = point.shares - line.held
        rank = 2 * (self.reach[i] - abs(traded)) + (traded < 0)
        return (point.key * self.orders + (traded != 0)) * self.codes + rank * self.place[i]


def best_counts(lines: Sequence[Line], budget: int, hint: dict[str, int] | None = None) -> Found | None:
    """The best final counts of lines of one currency within a budget (grains); None when no plan keeps the budget.

    `hint` may be any plan that keeps the budget; the answer does not depend on it unless it stays unproved.
    """
    made = columns(lines)
    for column in made:
        if hint is not None:
            column.look(hint[column.line.code])
    price = settle_price(made, budget)
    if price is None:
        return None
    search = _Search(made, price, budget)
    plan = search.improved(search.first_plan())
    if hint is not None:
        plan = min(plan, [column.look(hint[column.line.code]) for column in made], key=search.total_key)
    return search.proved(search.beam(plan))


class _Search:
    def __init__(self, made: list[Column], price: Price, budget: int) -> None:
        self.made, self.price, self.budget = made, price, budget
        self.ranking = Ranking(made)
        self.lowest = [column.lowest_floor(price) for column in made]
        self.bound = sum(self.lowest) - price[0] * budget  # q x key of the bound

    def lost(self, i: int, point: Point) -> int:
        return self.price[1] * point.key + self.price[0] * point.spend - self.lowest[i]

    def total_key(self, plan: Sequence[Point]) -> int:
        return sum(self.ranking.key(i, self.made[i].line, point) for i, point in enumerate(plan))

    def gap(self, plan: Sequence[Point]) -> int:
        return self.price[1] * sum(point.key for point in plan) - self.bound

    def first_plan(self) -> list[Point]:
        """The points that the price of cash chooses; among equals the cheapest, so that the budget holds."""
        return [
            min((self.lost(i, point), point.spend, point.shares, point) for point in column.points.values())[-1]
            for i, column in enumerate(self.made)
        ]

    def improved(self, plan: list[Point]) -> list[Point]:
        """Spend what is left: the best single change at a time, while one improves the plan."""
        while True:
            left = self.budget - sum(point.spend for point in plan)
            best, place, better = 0, -1, plan[:1]
            for i, column in enumerate(self.made):
                for point in column.points.values():
                    gain = plan[i].key - point.key
                    if gain > best and point.spend - plan[i].spend <= left:
                        best, place, better = gain, i, [point]
            if place < 0:
                return plan
            plan = [*plan[:place], *better, *plan[place + 1 :]]

    def beam(self, plan: list[Point]) -> list[Point]:
        """A better plan near the bound, by keeping only the most promising part-plans."""
        gap = self.gap(plan)
        tried = []
        for i, column in enumerate(self.made):
            near = sorted((self.lost(i, point), point.shares, point) for point in column.points.values())
            chosen = [point for lost, _, point in near[:BEAM_POINTS] if lost <= gap]
            tried.append(Window(i, chosen if plan[i] in chosen else [*chosen, plan[i]]))
        ends = self._listed(tried, [], gap, width=BEAM_WIDTH)
        return min([plan, *(self._unpacked(end) for end in ends or [])], key=self.total_key)

    def proved(self, plan: list[Point]) -> Found:
        """Search every window that the gap leaves open; the answer is proved unless a limit is hit."""
        gap = self.gap(plan)
        open_windows = windows(self.made, self.price, self.lowest, gap, self.budget)
        if open_windows is None:
            return self._found(plan, proven=False)
        order = sorted(open_windows, key=lambda window: (len(window.points), window.place))
        left = self._listed(order[1::2], order[::2], gap)
        right = None if left is None else self._listed(order[::2], order[1::2], gap)
        if left is None or right is None:
            return self._found(plan, proven=False)
        return self._found(self._unpacked(*_join(left, right, self.budget)), proven=True)

    def _listed(
        self, half: Sequence[Window], other: Sequence[Window], gap: int, width: int | None = None
    ) -> list[State] | None:
        """The part-plans over the windows of a half that nothing dominates and that the others can complete; None past
        the limit. `width` keeps a beam of those that lost least."""
        states = [EMPTY]
        open_after = [*half, *other]
        for window in half:
            open_after = open_after[1:]
            most = self.budget - sum(min(point.spend for point in w.points) for w in open_after)
            least = self._least_spent(gap) - sum(max(point.spend for point in w.points) for w in open_after)
            states = _undominated(self._grown(states, window, gap, least, most))
            if width is not None and len(states) > width:
                states = sorted(states, key=lambda state: (state.lost, state.key))[:width]
            if len(states) > STATE_LIMIT:
                return None
        return states

    def _grown(self, states: list[State], window: Window, gap: int, least: int, most: int) -> list[State]:
        line = self.made[window.place].line
        choices = [
            (point.spend, self.ranking.key(window.place, line, point), self.lost(window.place, point), point)
            for point in window.points
        ]
        return [
            State(state.spend + spend, state.key + key, state.lost + lost, Step(window.place, point, state.step))
            for state in states
            for spend, key, lost, point in choices
            if state.lost + lost <= gap and least <= state.spend + spend <= most
        ]

    def _least_spent(self, gap: int) -> int:
        """A plan as good as the one in hand leaves no more cash than its gap pays for."""
        if self.price[0]:
            return self.budget - gap // self.price[0]
        return sum(min(point.spend for point in column.points.values()) for column in self.made)

    def _unpacked(self, *parts: State) -> list[Point]:
        plan: dict[int, Point] = {}
        for part in parts:
            step = part.step
            while step is not None:
                plan[step.place] = step.point
                step = step.before
        return [plan[i] for i in range(len(self.made))]

    def _found(self, plan: Sequence[Point], *, proven: bool) -> Found:
        objective = sum(
            column.line.choice(point.shares).objective for column, point in zip(self.made, plan, strict=True)
        )
        bound = -(-self.bound // self.price[1]) // (self.made[0].weight if self.made else 1)
        counts = {column.line.code: point.shares for column, point in zip(self.made, plan, strict=True)}
        return Found(counts, objective, objective if proven else min(bound, objective), proven)


def _undominated(states: list[State]) -> list[State]:
    """Sorted by spend; a part-plan stays only if it is better than every one that spends no more."""
    states.sort(key=lambda state: (state.spend, state.key))
    kept: list[State] = []
    for state in states:
        if not kept or state.key < kept[-1].key:
            kept.append(state)
    return kept


def _join(left: list[State], right: list[State], budget: int) -> tuple[State, State]:
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
    if best is None:
        raise AssertionError("the plan in hand is missing from its own windows")
    return best
