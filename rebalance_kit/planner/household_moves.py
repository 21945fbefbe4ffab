"""From a plan in parts of shares to a good one in whole shares: rounding, then moves of one and of two places.

Moves are scanned in floating point, all at once, and the promising ones are tried in exact arithmetic; a plan only ever
changes for a better one, so that nothing here can be wrong about what a plan is worth.

    one place       some shares more or less, to the held count, sold out, to what closes the unit's gap
    one unit        two of its places (a swap between accounts, or two prices that together close a gap)
    one budget      two places of different units: what one raises pays for the other

Ties are broken by the order of the places (account, code), which no input order changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rebalance_kit.planner.household_problem import Household, Place
from rebalance_kit.planner.household_state import Move, State
from rebalance_kit.planner.problem import OUTSIDE_PRICE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

STEPS = (-13, -5, -3, -2, -1, 1, 2, 3, 5, 13)
ROUNDS = 60
FOURS = 2  # scans for moves of up to four places, which are the slow ones; one among so MANY places
MANY = 150
TRIED = 3  # moves of one scan and unit that are tried exactly
BROKEN = 1e3  # what a unit of money outside a budget weighs while a plan is being repaired
FAR = 1e300
REACH = 1e-4  # of the total: what a pair of moves may cost when another pair is to pay for it


def rounded(problem: Household, shares: Sequence[float]) -> State:
    """The nearest allowed counts, in favour of cash: what is bought is rounded down, what is sold up."""
    counts = []
    for place, share in zip(problem.places, shares, strict=True):
        near = round(share)
        count = near if abs(share - near) < 1e-6 else int(np.floor(share))
        counts.append(nearest(place, count))
    return State(problem, counts)


def nearest(place: Place, count: int) -> int:
    """The nearest allowed count; of two equally near the smaller."""
    ends = [min(max(count, low), high) for low, high in place.segments]
    return min(ends, key=lambda end: (abs(end - count), end))


def improve(state: State) -> State:
    """The same plan after all moves that make it better."""
    scan, left = Scan(state), FOURS if len(state.counts) < MANY else 1
    for _ in range(ROUNDS):
        changed = scan.singles()
        changed = scan.pairs_of_units() or changed
        if changed:
            continue
        left -= 1
        if left < 0 or not (scan.pairs_of_budgets() or (state.score.broken and _repaired(scan))):
            break
    return state


def _repaired(scan: Scan) -> bool:
    """Single moves that break less of a cap than before, in exact arithmetic: the scans only look at the cash."""
    state, changed = scan.state, False
    for i, place in enumerate(state.problem.places):
        ends = [end for segment in place.segments for end in segment]
        for count in (place.held, *ends, *(nearest(place, state.counts[i] + step) for step in STEPS)):
            changed = (count != state.counts[i] and state.improve([(i, count)])) or changed
    if changed:
        scan.read()
    return changed


class Swap(NamedTuple):
    """Moves of two places of one unit, as arrays: to which counts, what each spends, and what both change, budgets
    aside."""

    first: Ints
    one: Ints
    second: Ints
    other: Ints
    spends: tuple[Floats, Floats]
    worth: Floats


class Scan:
    """The plan as arrays of floats, in base minor units: values, costs and slacks of every place."""

    def __init__(self, state: State) -> None:
        self.state, problem = state, state.problem
        places = problem.places
        scale = float(problem.scale)
        self.value = np.array([p.price * p.per_grain / scale for p in places])
        self.fee = np.array([(p.commission + p.slippage) * p.per_grain / scale for p in places])
        self.fixed = np.array([p.order_price / scale for p in places])
        self.drag = np.array([p.drag / scale for p in places])
        self.idle = np.array([p.idle_price / p.per_grain for p in places])
        self.levied = any(p.levy is not None for p in places)
        owed = [p.levy.average if p.levy is not None else (0.0,) * 4 for p in places]
        self.owed = np.array(owed) / scale  # a unit sold: own tax, and what it adds to the sums of the year
        self.held = np.array([p.held for p in places], dtype=np.int64)
        self.sell_most = np.array([p.segments[0][1] if p.segments[0][1] < p.held else -1 for p in places])
        self.sell_least = np.array([p.segments[0][0] for p in places])
        last = [p.segments[-1] if p.segments[-1][0] > p.held else (-1, -1) for p in places]
        self.buy_low, self.buy_high = np.array([low for low, _ in last]), np.array([high for _, high in last])
        self.row = np.array([p.row for p in places])
        self.unit = np.array([problem.rows[p.row].unit for p in places])
        keys = [key for key, _ in problem.budgets]
        pool = {account: keys.index((account, exchange.base)) for account, exchange in problem.exchanges}
        self.pool = np.array([pool.get(account, i) for i, (account, _) in enumerate(keys)])
        self.budget = self.pool[[keys.index(p.budget) for p in places]]
        self.most = np.array([most * problem.worth[key[1]] / scale for key, most in problem.budgets])
        self.worth = [problem.worth[key[1]] / scale for key in keys]
        self.goals = np.array([goal / scale for goal in problem.goals])
        self.floor = np.array([row.floor / scale for row in problem.rows])
        self.ceiling = np.array([FAR if row.ceiling is None else row.ceiling / scale for row in problem.rows])
        self.banded = bool((self.floor > 0).any() or (self.ceiling < FAR).any())
        self.total = float(problem.total)
        self.reach = self.total * REACH
        self.first, self.second = self._pairs()
        self.read()

    def _pairs(self) -> tuple[Ints, Ints]:
        """Every ordered pair of places of one unit."""
        firsts, seconds = [], []
        for unit in range(len(self.goals)):
            (members,) = np.nonzero(self.unit == unit)
            a, b = np.meshgrid(members, members, indexing="ij")
            kept = a != b
            firsts.append(a[kept])
            seconds.append(b[kept])
        return np.concatenate(firsts), np.concatenate(seconds)

    def read(self) -> None:
        """Take up where the exact plan is."""
        state, scale = self.state, float(self.state.problem.scale)
        self.counts = np.array(state.counts, dtype=np.int64)
        self.gap = np.array([(v - g) / scale for v, g in zip(state.units, state.problem.goals, strict=True)])
        self.rows = np.array([value / scale for value in state.values])
        spent = [state.spent[key] * worth for (key, _), worth in zip(state.problem.budgets, self.worth, strict=True)]
        self.slack = np.zeros(len(spent))
        np.add.at(self.slack, self.pool, self.most - np.array(spent))  # who exchanges has one budget
        if self.levied:
            self.tax = self.owed[:, 0].copy()
            for hinge in state.problem.hinges:
                if state.sums[hinge.which] > hinge.above:
                    self.tax += float(hinge.rate) * self.owed[:, 1 + hinge.which]
        self.now_own, self.now_spend = self._own(np.arange(len(self.counts)), self.counts)

    def _own(self, places: Ints, counts: Ints) -> tuple[Floats, Floats]:
        """The own terms of some places at some counts, and what they spend."""
        change = counts - self.held[places]
        traded = np.abs(change)
        costs = traded * self.fee[places]
        spend = change * self.value[places] + costs
        own = costs + self.fixed[places] * (change != 0) + self.drag[places] * counts - self.idle[places] * spend
        if self.levied:
            own = own + np.maximum(0, -change) * self.tax[places]
        return own, spend

    def _allowed(self, places: Ints, counts: Ints) -> Ints:
        """The nearest allowed counts."""
        held = self.held[places]
        low, high, out = self.buy_low[places], self.buy_high[places], self.sell_most[places]
        least = self.sell_least[places]
        up = np.where(counts - held < (low - held + 1) // 2, held, np.clip(counts, low, high))
        up = np.where(low < 0, held, up)
        down = np.where(held - counts < (held - out + 1) // 2, held, np.clip(counts, least, out))
        down = np.where(out < 0, held, down)
        result: Ints = np.where(counts > held, up, np.where(counts < held, down, held))
        return result

    def _deviation(self, gap: Floats) -> Floats:
        result: Floats = gap * gap / self.total if self.state.problem.squared else np.abs(gap)
        return result

    def _table(self) -> tuple[Ints, Ints]:
        """Places and final counts worth trying for one place alone."""
        everyone = np.arange(len(self.counts))
        wish = self.counts - self.gap[self.unit] / self.value
        columns = [self.counts + step for step in STEPS]
        columns += [
            self.held,
            np.zeros_like(self.held),
            np.floor(wish).astype(np.int64),
            np.ceil(wish).astype(np.int64),
        ]
        columns += [self.sell_most, self.buy_low]
        counts = np.stack(columns, axis=1)
        places = np.repeat(everyone[:, None], counts.shape[1], axis=1)
        return places, self._allowed(places, counts)

    def _bands(self, places: Ints, change: Floats) -> Floats:
        """How the money outside explicit bands changes, weighed."""
        rows = self.row[places]
        before, low, high = self.rows[rows], self.floor[rows], self.ceiling[rows]
        after = before + change
        gone = np.maximum(0, np.maximum(low - after, after - high)) - np.maximum(
            0, np.maximum(low - before, before - high)
        )
        result: Floats = OUTSIDE_PRICE * gone
        return result

    def _broken(self, budgets: Ints, spend: Floats) -> Floats:
        slack = self.slack[budgets]
        result: Floats = np.maximum(0, spend - slack) - np.maximum(0, -slack)
        return result

    def _alone(self, places: Ints, counts: Ints) -> tuple[Floats, Floats, Floats]:
        """Of single moves: the change of value, of own terms and bands, and of what is spent."""
        own, spend = self._own(places, counts)
        value = (counts - self.counts[places]) * self.value[places]
        own = own - self.now_own[places]
        if self.banded:
            own = own + self._bands(places, value)
        return value, own, spend - self.now_spend[places]

    def singles(self) -> bool:
        """Try the best moves of single places; was one taken?"""
        places, counts = self._table()
        value, own, spend = self._alone(places, counts)
        gap = self.gap[self.unit[places]]
        worth = own + self._deviation(gap + value) - self._deviation(gap)
        worth = worth + BROKEN * self._broken(self.budget[places], spend)
        return self._take(worth, self.unit[places], [(places, counts)])

    def pairs_of_units(self) -> bool:
        """Try the best moves of two places of one unit; was one taken?"""
        for swap in self._swaps():
            same = self.budget[swap.first] == self.budget[swap.second]
            apart = self._broken(self.budget[swap.first], swap.spends[0])
            apart = apart + self._broken(self.budget[swap.second], swap.spends[1])
            together = self._broken(self.budget[swap.first], swap.spends[0] + swap.spends[1])
            worth = swap.worth + BROKEN * np.where(same, together, apart)
            if self._take(worth, self.unit[swap.first], [(swap.first, swap.one), (swap.second, swap.other)]):
                return True
        return False

    def _swaps(self) -> Iterator[Swap]:
        """Every pair of places of a unit: the first to a count worth trying, the second to what then closes the gap."""
        if not len(self.first):
            return
        _, counts = self._table()
        first = np.repeat(self.first[:, None], counts.shape[1], axis=1)
        second = np.repeat(self.second[:, None], counts.shape[1], axis=1)
        one = counts[self.first]
        value, own, spend = self._alone(first, one)
        gap = self.gap[self.unit[first]]
        wish = self.counts[second] - (gap + value) / self.value[second]
        for rounding in (np.floor, np.ceil):
            other = self._allowed(second, rounding(wish).astype(np.int64))
            value_2, own_2, spend_2 = self._alone(second, other)
            worth = own + own_2 + self._deviation(gap + value + value_2) - self._deviation(gap)
            yield Swap(first, one, second, other, (spend, spend_2), worth)

    def pairs_of_budgets(self) -> bool:
        """Try the best moves of two different units that share a budget, each of one place or of two; was one taken?"""
        places, counts = self._table()
        value, own, spend = self._alone(places, counts)
        gap = self.gap[self.unit[places]]
        worth = own + self._deviation(gap + value) - self._deviation(gap)
        parts = [np.stack([x.ravel() for x in (places, counts, places, counts)])]
        spends, worths = [spend.ravel()], [worth.ravel()]
        for swap in self._swaps():
            same = (self.budget[swap.first] == self.budget[swap.second]) & (swap.worth < self.reach)
            parts.append(np.stack([x[same] for x in (swap.first, swap.one, swap.second, swap.other)]))
            spends.append((swap.spends[0] + swap.spends[1])[same])
            worths.append(swap.worth[same])
        moves, spent, gains = np.concatenate(parts, axis=1), np.concatenate(spends), np.concatenate(worths)
        found = False
        moved = (moves[1] != self.counts[moves[0]]) | (moves[3] != self.counts[moves[2]])
        for budget in range(len(self.most)):
            chosen = moved & (self.budget[moves[0]] == budget)
            own_moves = moves[:, chosen]
            best = _best_pair(spent[chosen], gains[chosen], self.unit[own_moves[0]], self.slack[budget])
            if best is None:
                continue
            tried = {int(p): int(n) for k in best for p, n in (own_moves[:2, k], own_moves[2:, k])}
            found = self.state.improve(list(tried.items())) or found
        if found:
            self.read()
        return found

    def _take(self, worth: Floats, units: Ints, parts: list[tuple[Ints, Ints]]) -> bool:
        """Try the best moves of every unit in exact arithmetic."""
        flat, group = worth.ravel(), units.ravel()
        columns = [(places.ravel(), counts.ravel()) for places, counts in parts]
        (good,) = np.nonzero(flat < -1e-9)
        order = good[np.lexsort((good, flat[good]))]
        tried: dict[int, int] = {}
        taken = False
        for index in order.tolist():
            unit = int(group[index])
            if tried.get(unit, 0) >= TRIED:
                continue
            moves: list[Move] = [(int(places[index]), int(counts[index])) for places, counts in columns]
            if self.state.improve(moves):
                taken, tried[unit] = True, TRIED
            else:
                tried[unit] = tried.get(unit, 0) + 1
            if len(tried) == len(self.goals) and min(tried.values()) >= TRIED:
                break
        if taken:
            self.read()
        return taken


def _best_pair(spend: Floats, worth: Floats, units: Ints, slack: float) -> tuple[int, int] | None:
    """The two moves of different units with the smallest worth together that spend no more than `slack`."""
    order = np.lexsort((worth, spend))
    gains, kinds = worth[order].tolist(), units[order].tolist()
    # Cheapest first: the best move so far, and the best of another unit than that one's.
    leaders: list[tuple[int, int]] = []
    best, other = -1, -1
    for i, gain in enumerate(gains):
        if best < 0 or gain < gains[best]:
            if best >= 0 and kinds[best] != kinds[i]:
                other = best
            best = i
        elif kinds[i] != kinds[best] and (other < 0 or gain < gains[other]):
            other = i
        leaders.append((best, other))
    found, least = None, -1e-9
    reach = np.searchsorted(spend[order], slack - spend[order], side="right").tolist()
    for i, upto in enumerate(reach):
        if not upto:
            continue
        partner = next((j for j in leaders[upto - 1] if j >= 0 and kinds[j] != kinds[i]), None)
        if partner is not None and gains[i] + gains[partner] < least:
            found, least = (int(order[i]), int(order[partner])), gains[i] + gains[partner]
    return found
