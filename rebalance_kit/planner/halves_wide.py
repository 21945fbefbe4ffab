"""`halves.best_plan` over arrays, for many part-plans: some thirty times as fast once numpy is there, same answer.

Spends are whole numbers; losses and keys are floating point, relative to the gap and with a margin: a part-plan is only
dropped when it is clearly worse. Plans that floating point cannot tell apart at the end are compared by their exact
keys, ties included, so that the plan is that of the slow way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rebalance_kit.planner.dual import Point
from rebalance_kit.planner.halves import Limits, Window, Work, WorkUsedUp

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]

MARGIN = 1e-12  # of the largest figure: what floating point may be wrong by
WIDEST = 2**62  # what a whole number of numpy holds
EQUALS = 4_000  # pairs that floating point cannot tell apart and that are compared exactly


@dataclass(slots=True)
class _States:
    """Part-plans over some windows; `steps` leads back to their entries: (parent, entry) for every window."""

    spend: Whole
    cost: Floats
    lost: Floats
    steps: list[tuple[Whole, Whole]]


def best_plan_wide(
    windows: Sequence[Window], limits: Limits, work: Work, width: int | None = None
) -> list[Point] | None:
    """As `halves.best_plan`. Raises WorkUsedUp, also for figures too large for the arrays."""
    return _Wide(windows, limits, work, width).best()


class _Wide:
    def __init__(self, windows: Sequence[Window], limits: Limits, work: Work, width: int | None) -> None:
        import numpy as np

        self.np, self.limits, self.work, self.width = np, limits, work, width
        ordered = sorted(windows, key=lambda window: (len(window.entries), window.place))
        self.halves = ordered[1::2], ordered[::2]
        self.gap = max(1, limits.gap)
        self.start = sum(window.least for window in windows)
        if sum(window.most for window in windows) - self.start >= WIDEST:
            raise WorkUsedUp
        spread = [max(e.point.key for e in w.entries) - min(e.point.key for e in w.entries) for w in windows]
        self.margin = MARGIN * (1 + sum(spread) / self.gap)

    def best(self) -> list[Point] | None:
        room = self.limits.budget - self.start
        if room < 0:
            return None
        room = min(room, WIDEST)
        left, right = (self._listed(*halves, room) for halves in (self.halves, self.halves[::-1]))
        if not len(left.spend) or not len(right.spend):
            return None
        return self._joined(left, right, room)

    def _listed(self, half: Sequence[Window], other: Sequence[Window], room: int) -> _States:
        """The part-plans over the windows of a half; spends above the least."""
        np = self.np
        states = _States(np.zeros(1, dtype=np.int64), np.zeros(1), np.zeros(1), [])
        more = sum(window.most - window.least for window in (*half, *other))
        least = max(self.limits.least - self.start, -WIDEST)
        for window in half:
            more -= window.most - window.least
            self.work.use(len(states.spend) * len(window.entries))
            base = min(entry.point.key for entry in window.entries)
            spend = np.array([entry.spend - window.least for entry in window.entries], dtype=np.int64)
            cost = np.array([(entry.point.key - base) / self.gap for entry in window.entries])
            lost = np.array([entry.lost / self.gap for entry in window.entries])
            total = states.spend[:, None] + spend[None, :]
            good = states.lost[:, None] + lost[None, :] <= 1 + MARGIN * len(self.halves[0])
            good &= (total <= room) & (total >= least - more)
            parent, entry = np.nonzero(good)
            found = _States(
                total[parent, entry],
                states.cost[parent] + cost[entry],
                states.lost[parent] + lost[entry],
                [*states.steps, (parent, entry)],
            )
            states = self._fewer(found)
        return states

    def _fewer(self, states: _States) -> _States:
        """By rising spend, without what costs clearly more than something that spends no more; the fittest of them."""
        np = self.np
        if not len(states.spend):
            return states
        order = np.lexsort((states.cost, states.spend))
        cheapest = np.minimum.accumulate(states.cost[order])
        keep = np.ones(len(order), dtype=bool)
        keep[1:] = states.cost[order][1:] <= cheapest[:-1] + self.margin
        order = order[keep]
        if self.width is not None and len(order) > self.width:
            fittest = np.lexsort((states.cost[order], states.lost[order]))[: self.width]
            order = order[np.sort(fittest)]
        parent, entry = states.steps[-1]
        steps = [*states.steps[:-1], (parent[order], entry[order])]
        return _States(states.spend[order], states.cost[order], states.lost[order], steps)

    def _joined(self, left: _States, right: _States, room: int) -> list[Point] | None:
        np = self.np
        last = np.searchsorted(right.spend, room - left.spend, side="right") - 1
        fits = last >= 0
        if not fits.any():
            return None
        cheapest = np.minimum.accumulate(right.cost)
        sums = np.where(fits, left.cost + cheapest[np.maximum(last, 0)], np.inf)
        most = float(sums.min()) + self.margin
        found: list[tuple[int, list[Point]]] = []
        for i in np.flatnonzero(sums <= most):
            for j in np.flatnonzero(right.cost[: int(last[i]) + 1] + left.cost[i] <= most):
                if len(found) >= EQUALS:
                    raise WorkUsedUp
                found.append(self._plan(left, int(i), right, int(j)))
        return min(found, key=lambda pair: pair[0])[1]

    def _plan(self, left: _States, i: int, right: _States, j: int) -> tuple[int, list[Point]]:
        chosen: dict[int, Any] = {}
        for windows, states, at in ((self.halves[0], left, i), (self.halves[1], right, j)):
            for window, (parent, entry) in zip(reversed(windows), reversed(states.steps), strict=True):
                chosen[window.place] = window.entries[int(entry[at])]
                at = int(parent[at])  # noqa: PLW2901  # a walk back through the steps
        entries = [chosen[place] for place in sorted(chosen)]
        return sum(entry.key for entry in entries), [entry.point for entry in entries]
