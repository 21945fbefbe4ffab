"""The search for the best plan where lines share more than one thing: several currencies, or cash and a tax.

What the gap between the best plan and a bound leaves open is listed in two halves and joined, as in `halves`, but a
part-plan has several figures (spent in each currency, sums of the year, what it costs). A part-plan is dropped when it
lost more than the gap, when the rest cannot make it good, or when another spends no more in any currency and costs less
even if every sum in which it is worse were taxed at the highest marginal rate. All of it in floating point and with a
margin, so that nothing good is dropped: whoever survives is judged in exact arithmetic, and the best by the truth wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, log10
from typing import NamedTuple

from rebalance_kit.planner.frame import Frame
from rebalance_kit.planner.joint_figures import MARGIN, Figures, Option, Part, Steps, TooMuch, chosen, crossed
from rebalance_kit.planner.truth import Judged, Truth
from rebalance_kit.planner.year import Limit, Regime
from rebalance_kit.tax.schedule import Sums

OPTION_LIMIT = 6_000  # counts of all lines together
STATE_LIMIT = 20_000  # part-plans of a half
WORK = 500_000  # part-plans that are looked at in all
HOPELESS = 16  # powers of ten of combinations: more are not worth beginning
PAIR_LIMIT = 10_000_000  # pairs of part-plans that are looked at
JUDGE_LIMIT = 1_000  # plans that are judged exactly
RIVALS = 1_000_000  # comparisons of a list of part-plans with those that lost least
WAYS_LIMIT = 400  # choices of lots of one count

Halves = tuple[Sequence[int], Sequence[int]]


class _Pair(NamedTuple):
    cost: float
    left: int
    right: int


def search(truth: Truth, at: Frame, best: Judged, pieces: Sequence[Regime], limits: Sequence[Limit] = ()) -> Judged:
    """The best plan that the bound leaves open (of those that keep the limits), or `best`. Raises TooMuch."""
    gap = ceil(best.objective * at.weight + best.rank[1] - at.bound)
    if gap < 0:
        return best
    options = _Options(truth, at, gap).all()
    if not all(options):
        return best
    return _Search(truth, Figures(truth, at, best, gap, pieces, limits), options).run()


class _Options:
    """The counts of every line that a plan within the gap can have, with the lots that they sell."""

    def __init__(self, truth: Truth, at: Frame, gap: int) -> None:
        self.truth, self.frame, self.gap = truth, at, gap
        self.money = truth.tax_money * truth.times * at.weight

    def all(self) -> list[list[Option]]:
        counts = self.frame.counts(self.gap, OPTION_LIMIT)
        if counts is None:
            raise TooMuch
        found = [[one for count in row for one in self._ways(place, count)] for place, row in enumerate(counts)]
        if sum(map(len, found)) > OPTION_LIMIT or sum(log10(max(1, len(row))) for row in found) > HOPELESS:
            raise TooMuch
        return found

    def _ways(self, place: int, count: int) -> list[Option]:
        """The options of a count: one, or every choice of lots that does not lose more than the gap."""
        truth, line = self.truth, self.frame.columns[place].line
        tax, choice, lost = truth.problem.taxes[place], truth.choice(place, count), self.frame.lost(place, count)
        key = Fraction(choice.objective * self.frame.weight + choice.squares)
        if tax is None or line.tax is None or count >= line.held:
            return [Option(count, (), lost, key, choice.spend, Sums())]
        ways = tax.ways(line.held - count, WAYS_LIMIT) if tax.any_order else [truth.taken(place, count)]
        if ways is None:
            raise TooMuch
        rates = self.frame.stand.rates
        least = tax.taxed(tax.taken(line.tax.order, line.held - count), rates)
        found = []
        for taken in ways:
            more = (tax.taxed(taken, rates) - least) * self.money
            sums = tax.owed(taken)
            if lost + more <= self.gap:
                found.append(Option(count, taken, lost + int(more), key + sums.own * self.money, choice.spend, sums))
        return found


class _Search:
    def __init__(self, truth: Truth, figures: Figures, options: Sequence[Sequence[Option]]) -> None:
        self.truth, self.figures, self.options, self.np = truth, figures, options, figures.np
        self.best, self.work = figures.best, WORK
        self.parts = [figures.columns(place, row) for place, row in enumerate(options)]
        rows = [figures.rows(part) for part in self.parts]
        self.least = [row.min(axis=0) for row in rows]
        sizes = sum((self.np.abs(row).max(axis=0) for row in rows), self.np.zeros(len(figures.most)))
        self.margin = MARGIN * (1 + self.np.abs(figures.most) + sizes)

    def run(self) -> Judged:
        order = sorted(range(len(self.options)), key=lambda i: (len(self.options[i]), i))
        halves = order[1::2], order[::2]
        left, right = self._listed(halves), self._listed((halves[1], halves[0]))
        if len(left.lost) and len(right.lost):
            self._judged(left, right, halves, self._pairs(left, right))
        return self.best

    def _listed(self, halves: Halves) -> Part:
        """The part-plans over the lines of the first half."""
        half, other = halves
        state = self.figures.nothing()
        rest = sum((self.least[place] for place in (*half, *other)), self.np.zeros(len(self.margin)))
        for place in half:
            more, rest = self.parts[place], rest - self.least[place]
            self.work -= len(state.lost) * len(more.lost)
            if self.work < 0:
                raise TooMuch
            state = crossed(self.np, state, more)
            good = (self.figures.rows(state) + rest <= self.figures.most + self.margin).all(axis=1)
            state = self._undominated(chosen(state, good & (state.lost <= 1 + MARGIN)))
            if len(state.lost) > STATE_LIMIT:
                raise TooMuch
        return state

    def _undominated(self, state: Part) -> Part:
        """Drop what one of the part-plans that lost least is better than, whatever the other half is."""
        np, problem = self.np, self.truth.problem
        if len(state.lost) < 3 or problem.max_orders is not None or problem.max_turnover is not None:
            return state
        state = chosen(state, np.lexsort((state.cost, state.lost)))
        keep = np.ones(len(state.lost), dtype=bool)
        clearly = state.cost - 10 * MARGIN * (1 + np.abs(state.cost))
        for rival in range(min(RIVALS // len(state.lost), len(state.lost))):
            if keep[rival]:
                spends_no_more = (state.spent[rival] <= state.spent).all(axis=1)
                worse = self.figures.at_most_worse(state.sums[rival] - state.sums)
                keep &= ~(spends_no_more & (state.cost[rival] + worse < clearly))
        return chosen(state, keep)

    def _pairs(self, left: Part, right: Part) -> list[_Pair]:
        """All pairs that may be as good as the best plan, the best first."""
        np, figures = self.np, self.figures
        order = np.argsort(right.lost, kind="stable")
        ordered = chosen(right, order)
        reach = np.searchsorted(ordered.lost, 1 + MARGIN - left.lost, side="right")
        if int(reach.sum()) > PAIR_LIMIT:
            raise TooMuch
        found: list[_Pair] = []
        for i in np.flatnonzero(reach):
            many = int(reach[i])
            shared = figures.shared(left.spent[i] + ordered.spent[:many], left.sums[i] + ordered.sums[:many])
            cost = left.cost[i] + ordered.cost[:many] + shared
            found += [_Pair(float(cost[j]), int(i), int(order[j])) for j in np.flatnonzero(cost <= MARGIN)]
            if len(found) > 50 * JUDGE_LIMIT:
                raise TooMuch
        return sorted(found)

    def _judged(self, left: Part, right: Part, halves: Halves, pairs: Sequence[_Pair]) -> None:
        start, ceiling = self.best, MARGIN
        weight, gap = self.figures.frame.weight, self.figures.gap
        for number, pair in enumerate(pairs):
            if pair.cost > ceiling:
                return
            if number >= JUDGE_LIMIT:
                raise TooMuch
            plan = self._plan(left.steps[pair.left], right.steps[pair.right], halves)
            if plan is not None and plan.rank < self.best.rank:
                drop = (plan.objective - start.objective) * weight + plan.rank[1] - start.rank[1]
                self.best, ceiling = plan, float(drop / gap) + MARGIN

    def _plan(self, left: Steps, right: Steps, halves: Halves) -> Judged | None:
        taken = dict(zip((*halves[0], *halves[1]), (*left.tolist(), *right.tolist()), strict=True))
        options = [row[taken[place]] for place, row in enumerate(self.options)]
        return self.truth.judged([option.final for option in options], [option.taken for option in options])
