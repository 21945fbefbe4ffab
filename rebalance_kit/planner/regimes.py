"""Problems whose plans share more than cash: the tax of the year, and money that may be exchanged.

Stand by stand (`stands`) the problem is linear and solved exactly. Korea's hinges and the cost of an exchange are
convex, so that the optimum of every stand is a lower bound for all plans; where the plan found owes just what its stand
says, it is the best of all, ties included. The American netting is not convex: a stand bounds the plans of its own
region, and a plan is best when no region's bound is below it. Where the plans of two stands point at each other the
optimum lies on the edge between them (a deduction used up exactly, say): a stand between the two gives the sharpest
bound (`sharpening`), and `joint` searches what it leaves open.

Lagrangian relaxation and duality gaps: Geoffrion 1974; Fisher 1981.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from rebalance_kit.planner.dual import Column
from rebalance_kit.planner.frame import Frame, frame
from rebalance_kit.planner.joint import search
from rebalance_kit.planner.joint_figures import TooMuch
from rebalance_kit.planner.linear import NoPlan, best_linear
from rebalance_kit.planner.problem import Problem
from rebalance_kit.planner.sharpening import limited, sharpest, tangent
from rebalance_kit.planner.stands import Directions, Linear, Stand, linear
from rebalance_kit.planner.taxed import Taken, dot
from rebalance_kit.planner.truth import Judged, Truth
from rebalance_kit.planner.year import Limit, Regime, is_convex, lies_below, regimes, shared_tax
from rebalance_kit.planner.year_floor import floored, reach
from rebalance_kit.tax.schedule import Sums

LIMIT_ROUNDS = 2  # times that each limit of a region gets a price
MOST_STANDS = 8  # linear problems that are solved on the way to a plan that agrees with its stand


class Together(NamedTuple):
    """The best plan found, a bound on the objective of every plan (problem units), and whether nothing is open."""

    plan: Judged
    bound: Fraction
    proven: bool


def best_together(problem: Problem, hint: Mapping[str, int] | None = None) -> Together:
    """The best plan of a problem with a shared tax or exchanges. Raises NoPlan."""
    together = _Together(problem)
    if hint is not None and all(line.code in hint and line.allows(hint[line.code]) for line in problem.lines):
        together.keep(together.at([hint[line.code] for line in problem.lines]))
    return together.convex() if is_convex(problem.shared) else together.by_regions()


class _Stood(NamedTuple):
    """The best counts under a stand and the plan that they are, if it can be paid; a bound for all plans that the stand
    never overcharges; what the stand says of this one; and whether it is proved to be the best under the stand."""

    plan: Judged | None
    counts: list[int]
    bound: Fraction
    under: Fraction
    proven: bool


class _Together:
    def __init__(self, problem: Problem) -> None:
        self.problem, self.truth = problem, Truth(problem)
        self.pieces = regimes(problem.shared)
        if problem.shared is not None:
            self.pieces = floored(self.pieces, problem.shared, reach(problem.taxes))
        self.best: Judged | None = None
        self.slack, self.given_up = self._slack(), Fraction(0)
        self.chooses = any(tax is not None and tax.any_order for tax in problem.taxes)

    def _slack(self) -> Fraction:
        """How much rounding slopes down to the grid can hide: nothing where the grid is exact."""
        if self.problem.exact_tax:
            return Fraction(0)
        parts = (
            line.held * tax.depth
            for line, tax in zip(self.problem.lines, self.problem.taxes, strict=True)
            if tax is not None
        )
        return Fraction(sum(parts) * self.truth.times)

    def keep(self, plan: Judged | None) -> None:
        """Remember a plan that is better than the best so far."""
        if plan is not None and (self.best is None or plan.rank < self.best.rank):
            self.best = plan

    def at(self, counts: Sequence[int], rates: Sums | None = None) -> Judged | None:
        """The plan of some counts, with the lots that `rates` ask, or any other rates of the year if those owe less."""
        asked: list[Sums | None] = [rates]
        if self.chooses:
            asked += [piece.rates for piece in self.pieces if piece.rates not in asked]
        plans = [self.truth.judged(counts, self.taken(counts, each)) for each in asked]
        return min((plan for plan in plans if plan is not None), key=lambda plan: plan.rank, default=None)

    def taken(self, counts: Sequence[int], rates: Sums | None) -> list[Taken]:
        """The lots that some counts sell: those that cost least under the rates."""
        found = []
        for place, (count, tax) in enumerate(zip(counts, self.problem.taxes, strict=True)):
            sells = tax is not None and count < self.problem.lines[place].held
            order = tax.curve(rates).order if tax is not None and sells and rates is not None else None
            found.append(self.truth.taken(place, count, order))
        return found

    def solved(self, stand: Stand) -> _Stood:
        """The best plan under a stand, judged."""
        made = linear(self.truth, stand)
        found = best_linear(made.problem)
        counts = [found.counts[line.code] for line in self.problem.lines]
        plan = self.at(counts, stand.rates)
        self.keep(plan)
        if plan is None and self.next_stand(stand, None, counts) == stand:
            self.with_less(made, stand)
        return _Stood(plan, counts, found.bound + made.fixed, found.objective + made.fixed, found.proven)

    def with_less(self, made: Linear, stand: Stand) -> None:
        """Rounding an exchange up took the last of the cash: a plan of a little less."""
        for units in (2, 6):
            less = {c: amount - units * made.problem.grain(c) for c, amount in made.problem.budgets}
            try:
                found = best_linear(replace(made.problem, budgets=tuple(sorted(less.items()))))
            except NoPlan:
                continue
            plan = self.at([found.counts[line.code] for line in self.problem.lines], stand.rates)
            self.keep(plan)
            if plan is not None:
                return

    def convex(self) -> Together:
        """Stands one after the other until a plan agrees with its own; on an edge, search between the last two."""
        stand, seen = self.first_stand(), list[Stand]()
        lowest: Fraction | None = None
        while stand not in seen and len(seen) < MOST_STANDS:
            seen.append(stand)
            plan, counts, bound, under, proven = self.solved(stand)
            if plan is not None and plan.objective <= under + self.slack:
                return Together(plan, min(bound, plan.objective), proven)
            lowest = bound if lowest is None else max(lowest, bound)
            stand = self.next_stand(stand, plan, counts)
        best, at = self.any_plan(), self.between(seen[-1:] if stand == seen[-1] else seen)
        if at.stand not in seen:
            with suppress(NoPlan):
                self.solved(at.stand)
            best = self.any_plan()
        try:
            plan = search(self.truth, at, best, self.pieces)
        except TooMuch:
            bound = min(best.objective, max(at.bound / at.weight, lowest or best.objective))
            return Together(best, bound, best.objective <= bound + self.slack)
        return Together(plan, plan.objective, proven=True)

    def any_plan(self) -> Judged:
        """The best plan met; if none was, the one that leaves everything or sells what it may. Raises NoPlan."""
        if self.best is None:
            self.keep(self.at([line.held for line in self.problem.lines]))
            self.keep(self.at([line.lowest for line in self.problem.lines]))
            ends = [[end for part in line.segments for end in part] for line in self.truth.lines]
            least = [min(row, key=lambda end: self.truth.choice(i, end).spend) for i, row in enumerate(ends)]
            self.keep(self.at(least))
        if self.best is None:
            raise NoPlan(None)
        return self.best

    def between(self, seen: Sequence[Stand]) -> Frame:
        """The sharpest bound at the stands seen, apart in their currencies, and between the last two."""
        last = seen[-1]
        frames = [frame(self.truth, stand) for stand in seen]
        if len(seen) > 1 and any(direction for _, direction in last.directions):
            apart = last._replace(directions=tuple((currency, 0) for currency, _ in last.directions))
            with suppress(NoPlan):
                frames.append(frame(self.truth, apart))
        best = max(frames, key=lambda found: found.bound)
        other = next((stand for stand in reversed(seen) if stand.rates != last.rates), None)
        if other is not None:
            first, end = (one._replace(directions=best.stand.directions) for one in (other, last))
            left, right = (tangent(self.truth, lambda part: first.mixed(end, part), Fraction(at)) for at in (0, 1))
            made = sharpest(left, right, self.truth, lambda part: first.mixed(end, part))
            best = max(best, made, key=lambda found: found.bound)
        return best

    def by_regions(self) -> Together:
        """Stands one after the other until a plan agrees with its own, then every region that is still open."""
        first = self.first_stand()
        stands = {piece.rates: Stand(piece.rates, piece.fixed, first.directions) for piece in reversed(self.pieces)}
        bounds: dict[Stand, Fraction] = {}
        stand = first
        while stand not in bounds and len(bounds) < MOST_STANDS:
            stood = self.solved(stand)
            bounds[stand] = stood.bound
            if stood.plan is None:
                break
            if stood.plan.objective <= stood.under + self.slack:
                # What the search of this stand left open stays open: no other region needs to be sharper.
                self.given_up = stood.under - stood.bound
                break
            stand = self.stand_of(stood.plan.sums, first.directions)
        open_bounds = []
        for piece in self.reachable():
            stand = stands[piece.rates]._replace(fixed=piece.fixed)
            bound = self.known(bounds, piece)
            if stand not in bounds and (bound is None or bound < self.aim):
                bounds[stand] = self.solved(stand).bound
                bound = self.known(bounds, piece)
            open_bounds.append((bound, piece, stand))
        left = []
        for bound, piece, stand in open_bounds:
            if bound is None or bound < self.aim:
                rest = self.left_open(piece, stand)
                left += [] if rest is None else [rest if bound is None else max(rest, bound)]
        best = self.any_plan()
        lowest = min([best.objective, *left, *([self.aim] if self.given_up else [])])
        return Together(best, lowest, best.objective <= lowest + self.slack)

    @property
    def aim(self) -> Fraction:
        """A region whose bound is as high as this is closed."""
        return self.any_plan().objective - self.slack - self.given_up

    def known(self, bounds: Mapping[Stand, Fraction], piece: Regime) -> Fraction | None:
        """The best bound of the stands seen for the plans of a region."""
        return max(
            (bound for stand, bound in bounds.items() if lies_below(stand.rates, stand.fixed, piece)), default=None
        )

    def left_open(self, piece: Regime, stand: Stand) -> Fraction | None:
        """Search a region; None when that is done, else the bound of its plans."""
        at = frame(self.truth, stand)
        for limit in piece.limits * LIMIT_ROUNDS:
            if at.bound / at.weight > self.aim:
                return None
            at = limited(self.truth, at, limit, self.aim)
        if at.bound / at.weight > self.aim:
            return None
        with suppress(NoPlan):
            self.solved(at.stand)
        try:
            self.keep(search(self.truth, at, self.any_plan(), self.pieces, piece.limits))
        except TooMuch:
            return at.bound / at.weight
        return None

    def reachable(self) -> list[Regime]:
        """The regions that the sums of some sales can lie in, judged limit by limit."""
        return [piece for piece in self.pieces if all(self.most(limit) >= limit.least for limit in piece.limits)]

    def most(self, limit: Limit) -> Fraction:
        """The most that the limited sum of the year can be."""
        total = Fraction(0)
        for tax in self.problem.taxes:
            if tax is not None:
                total += sum((max(Fraction(0), dot(limit.of, lot.sums)) * lot.units for lot in tax.lots), Fraction(0))
        return total

    def first_stand(self) -> Stand:
        """What the plan nearest to all goals owes and needs, whether or not it can be paid."""
        counts = [Column(line, 1).nearest(0) for line in self.problem.lines]
        taken = [self.truth.taken(place, count) for place, count in enumerate(counts)]
        left, exchange = self.left(counts), self.problem.exchange
        foreign = [] if exchange is None else [currency for currency, _ in exchange.rates]
        directions = tuple((currency, 1 if left[currency] <= 0 else -1) for currency in foreign)
        return self.stand_of(self.truth.owed(taken), directions)

    def stand_of(self, sums: Sums, directions: Directions) -> Stand:
        """The stand whose tax is that of the sums, as nearly as the pieces say."""
        truth = shared_tax(self.problem.shared, sums)
        piece = min(self.pieces, key=lambda piece: abs(piece.tax(sums) - truth))
        return Stand(piece.rates, piece.fixed, directions)

    def next_stand(self, stand: Stand, plan: Judged | None, counts: Sequence[int]) -> Stand:
        """The stand that a plan points at; one that cannot be paid, by what it leaves of each currency."""
        if plan is None:
            left = self.left(counts)
            return stand._replace(directions=tuple((c, -1 if left[c] > 0 else 1) for c, _ in stand.directions))
        moved = {currency: 1 if amount > 0 else -1 for currency, amount in plan.settled.amounts}
        turned = {currency: moved.get(currency, direction) for currency, direction in stand.directions}
        if not moved:
            turned = {currency: -direction for currency, direction in stand.directions}
        return self.stand_of(plan.sums, tuple(sorted(turned.items())))

    def left(self, counts: Sequence[int]) -> dict[str, Fraction]:
        return self.truth.left([self.truth.choice(place, count) for place, count in enumerate(counts)])
