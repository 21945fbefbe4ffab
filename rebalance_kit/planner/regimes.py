"""Problems whose plans share more than cash: the tax of the year, and money that may be exchanged.

Stand by stand (`stands`) the problem is linear and solved exactly. Korea's hinges and the cost of an exchange are
convex, so that the optimum of every stand is a lower bound for all plans; where the plan found owes just what its stand
says, it is the best of all, ties included. The American netting is not convex: a stand bounds the plans of its own
region, and a plan is best when no region's bound is below it. Where the plans of two stands point at each other the
optimum lies on the edge between them (a deduction used up exactly, say): a stand between the two gives the sharpest
bound, and `joint` searches what it leaves open.

Lagrangian relaxation and duality gaps: Geoffrion 1974; Fisher 1981.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from rebalance_kit.planner.dual import Column
from rebalance_kit.planner.linear import NoPlan, best_linear
from rebalance_kit.planner.problem import Problem
from rebalance_kit.planner.stands import Directions, Stand, linear
from rebalance_kit.planner.taxed import Sums, dot
from rebalance_kit.planner.truth import Judged, Truth
from rebalance_kit.planner.year import Regime, is_convex, regimes, shared_tax

MOST_STANDS = 8  # linear problems that are solved on the way to a plan that agrees with its stand
HALVINGS = 10  # steps of the search for the sharpest stand between two


class Together(NamedTuple):
    """The best plan found, a bound on the objective of every plan (problem units), and whether nothing is open."""

    plan: Judged
    bound: Fraction
    proven: bool


def best_together(problem: Problem, hint: Mapping[str, int] | None = None) -> Together:
    """The best plan of a problem with a shared tax or exchanges. Raises NoPlan."""
    together = _Together(problem)
    if hint is not None:
        together.try_hint(hint)
    if is_convex(problem.shared):
        return together.convex()
    return together.by_regions()


class _Together:
    def __init__(self, problem: Problem) -> None:
        self.problem, self.truth = problem, Truth(problem)
        self.pieces = regimes(problem.shared)
        self.best: Judged | None = None
        self.slack = self._slack()

    def _slack(self) -> Fraction:
        """How much rounding slopes down to the grid can hide: nothing where the grid is exact."""
        lost = Fraction(0)
        for line, tax in zip(self.problem.lines, self.problem.taxes, strict=True):
            if tax is not None and any(
                slope.denominator > 1 for piece in self.pieces for slope in tax.slopes(piece.rates)
            ):
                lost += line.held * tax.depth
        return lost * self.truth.times

    def keep(self, plan: Judged | None) -> None:
        """Remember a plan that is better than the best so far."""
        if plan is not None and (self.best is None or plan.rank < self.best.rank):
            self.best = plan

    def try_hint(self, hint: Mapping[str, int]) -> None:
        """A plan from elsewhere, if it is allowed."""
        if all(line.code in hint and line.allows(hint[line.code]) for line in self.problem.lines):
            self.keep(self.at([hint[line.code] for line in self.problem.lines]))

    def at(self, counts: list[int], rates: Sums | None = None) -> Judged | None:
        """The plan of some counts, lots taken as `rates` ask."""
        taken = []
        for place, count in enumerate(counts):
            tax = self.problem.taxes[place]
            order = None if tax is None or rates is None else tax.curve(rates).order
            taken.append(self.truth.taken(place, count, order))
        return self.truth.judged(counts, taken)

    def solved(self, stand: Stand) -> tuple[Judged | None, Fraction, bool]:
        """The best plan under a stand, judged; the bound that follows; and whether the two agree and are proved."""
        made = linear(self.truth, stand)
        found = best_linear(made.problem)
        plan = self.at([found.counts[line.code] for line in self.problem.lines], stand.rates)
        self.keep(plan)
        bound = found.bound + made.fixed
        agrees = plan is not None and found.proven and plan.objective <= bound + self.slack
        return plan, bound, agrees

    def convex(self) -> Together:
        """Stands one after the other until a plan agrees with its own; on an edge, search between the last two."""
        stand, seen = self.first_stand(), list[Stand]()
        lowest: Fraction | None = None
        while stand not in seen and len(seen) < MOST_STANDS:
            seen.append(stand)
            plan, bound, agrees = self.solved(stand)
            if plan is not None and agrees:
                return Together(plan, plan.objective, proven=True)
            lowest = bound if lowest is None else max(lowest, bound)
            stand = self.next_stand(stand, plan)
        return self.closed(lowest)

    def first_stand(self) -> Stand:
        """What the plan nearest to all goals owes and needs, whether or not it can be paid."""
        counts = [Column(line, 1).nearest(0) for line in self.problem.lines]
        taken = [self.truth.taken(place, count) for place, count in enumerate(counts)]
        _, sums = self.truth.owed(taken)
        left = self.truth.left([self.truth.choice(place, count) for place, count in enumerate(counts)])
        return self.stand_of(sums, tuple((currency, 1 if left[currency] <= 0 else -1) for currency in self.foreign()))

    def foreign(self) -> list[str]:
        exchange = self.problem.exchange
        return [] if exchange is None else [currency for currency, _ in exchange.rates]

    def stand_of(self, sums: Sums, directions: Directions) -> Stand:
        """The stand whose tax is that of the sums."""
        truth = shared_tax(self.problem.shared, sums)
        piece = next(piece for piece in self.pieces if piece.tax(sums) == truth)
        return Stand(piece.rates, piece.fixed, directions)

    def next_stand(self, stand: Stand, plan: Judged | None) -> Stand:
        """The stand that a plan points at."""
        if plan is None:
            return stand
        bought = dict(plan.settled.amounts)
        directions = tuple(
            (currency, direction if not bought.get(currency) else (1 if bought[currency] > 0 else -1))
            for currency, direction in stand.directions
        )
        if directions == stand.directions and dict(stand.directions) and not plan.settled.amounts:
            directions = tuple((currency, -direction) for currency, direction in directions)
        return self.stand_of(plan.sums, directions)

    def closed(self, lowest: Fraction | None) -> Together:
        """The best plan met, with its bound."""
        if self.best is None:
            raise NoPlan(None)
        bound = self.best.objective if lowest is None else min(lowest, self.best.objective)
        return Together(self.best, bound, self.best.objective <= bound + self.slack)

    def by_regions(self) -> Together:
        """Every region that sales can reach, the likely one first."""
        first = self.first_stand()
        order = sorted(self.reachable(), key=lambda piece: piece.rates != first.rates)
        bounds = []
        for piece in order:
            _, bound, _ = self.solved(Stand(piece.rates, piece.fixed, first.directions))
            bounds.append(bound)
        return self.closed(min(bounds))

    def reachable(self) -> list[Regime]:
        """The regions that the sums of some sales can lie in, judged limit by limit."""
        return [piece for piece in self.pieces if all(self.most(limit.of) >= limit.least for limit in piece.limits)]

    def most(self, of: Sums) -> Fraction:
        """The most that a weighted sum of the year can be."""
        total = Fraction(0)
        for tax in self.problem.taxes:
            if tax is not None:
                total += sum((max(Fraction(0), dot(of, lot.sums)) * lot.units for lot in tax.lots), Fraction(0))
        return total
