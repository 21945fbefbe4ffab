"""Solve a household: relaxation, rounding and moves at once, with a gap that is proved; HiGHS's own proof on request.

relax         the best plan in parts of shares and the multipliers of the bound      (HiGHS, linear)
bound         the same multipliers in integers: a lower bound of all plans           (exact)
moves         whole shares, made better by exact steps
propose       mixed-integer, when asked for or where the gap stays wide              (HiGHS, within a limit of nodes)
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isfinite

from rebalance_kit.planner.household_bound import lower_bound
from rebalance_kit.planner.household_problem import Budget, Household
from rebalance_kit.planner.household_state import State
from rebalance_kit.planner.linear import NoPlan
from rebalance_kit.planner.problem import OUTSIDE_PRICE

WIDE = Fraction(2)  # bp: a wider gap (few wrappers, targets out of reach) asks for the mixed-integer programme
PROVED = Fraction(1, 2)  # bp: what a proof on request closes the gap to
FALLBACK_NODES = 2_000  # shared by the places: small problems are searched to the end, large ones at their root
PROOF_NODES = 2_000
SCALINGS = 1


class NoHouseholdPlan(NoPlan):
    """No plan keeps the cash of one account and currency; `missing` as in NoPlan."""

    def __init__(self, budget: Budget | None, missing: Fraction = Fraction(0)) -> None:
        super().__init__(None if budget is None else budget[1], missing)
        self.account = None if budget is None else budget[0]


@dataclass(frozen=True, slots=True)
class HouseholdSolution:
    """Final counts by account and code. `gap` is in base-currency minor units: how far the plan is from the bound at
    most; zero is `proven`. `by_solver`: the bound is HiGHS's own, in floating point. `exchanges` are (account,
    currency, own minor units bought; negative: sold)."""

    counts: dict[tuple[str, str], int]
    proven: bool
    gap: Fraction
    by_solver: bool = False
    exchanges: tuple[tuple[str, str, int], ...] = ()

    def at(self, account: str) -> dict[str, int]:
        """The counts of one account, by code."""
        return {code: count for (name, code), count in self.counts.items() if name == account}


def solve_household(problem: Household, *, prove: bool = False, within_bp: Fraction = PROVED) -> HouseholdSolution:
    """A good plan with its proved gap; with `prove` HiGHS closes it to `within_bp`. Raises NoHouseholdPlan."""
    _require_cash(problem)
    if not problem.places:
        return HouseholdSolution({}, proven=True, gap=Fraction(0))
    state, bound = _found(problem)
    by_solver = False
    if bound is None or state.score.broken or _gap(problem, state, bound, prove) > (within_bp if prove else WIDE):
        state, other = _proposed(
            problem, state, within_bp, PROOF_NODES if prove else 1 + FALLBACK_NODES // len(problem.places)
        )
        if other is not None and (bound is None or other > bound):
            bound, by_solver = other, True
    if state.score.broken or bound is None:
        raise NoHouseholdPlan(None)
    gap = max(Fraction(0), problem.bp(state.score.objective) - bound)
    counts = {(place.account, place.code): n for place, n in zip(problem.places, state.counts, strict=True)}
    return HouseholdSolution(
        counts, gap == 0 and not by_solver, gap * problem.total / 10_000, by_solver, tuple(state.exchanges())
    )


def _gap(problem: Household, state: State, bound: Fraction, prove: bool) -> Fraction:
    """The gap in bp; unless it is to be proved, without the price of the orders, which the relaxation forgets."""
    places = zip(problem.places, state.steps, strict=True)
    orders = 0 if prove else sum(place.order_price for place, step in places if step.orders)
    return problem.bp(state.score.objective - orders * problem.weight) - bound


def _found(problem: Household) -> tuple[State, Fraction | None]:
    """The best plan that relaxation, rounding and moves find, and the bound in bp. Where orders have a price the
    relaxation is asked again near what it said, which leaves fewer of them."""
    from rebalance_kit.planner.household_moves import improve, rounded
    from rebalance_kit.planner.household_relax import relax

    relaxed = relax(problem)
    if relaxed is None:
        return improve(State(problem, [place.held for place in problem.places])), None
    bound = problem.bp(lower_bound(problem, relaxed.multipliers))
    found = [improve(rounded(problem, relaxed.shares))]
    near = relaxed.shares
    for _ in range(SCALINGS if any(place.order_price for place in problem.places) else 0):
        again = relax(problem, near)
        if again is None:
            break
        found.append(improve(rounded(problem, again.shares)))
        near = again.shares
    return min(found, key=lambda one: one.score), bound


def _proposed(problem: Household, state: State, within_bp: Fraction, nodes: int) -> tuple[State, Fraction | None]:
    """The better of our plan and HiGHS's, and HiGHS's bound in bp (None: it has none that holds)."""
    from rebalance_kit.planner.household_moves import improve, nearest
    from rebalance_kit.planner.household_relax import propose

    found = propose(problem, within_bp=within_bp, max_nodes=nodes)
    if found.counts is not None:
        allowed = [nearest(place, count) for place, count in zip(problem.places, found.counts, strict=True)]
        state = min((state, improve(State(problem, allowed))), key=lambda one: one.score)
    rounding = _rounding(problem)
    if rounding is None or not isfinite(found.bound_bp):
        return state, None
    return state, Fraction(found.bound_bp) - problem.bp(rounding)


def _rounding(problem: Household) -> int | None:
    """How far the truth can lie below the unrounded objective that HiGHS sees; None where it is not worked out."""
    blurred = sum(row.blur * (1 + OUTSIDE_PRICE) for row in problem.rows)
    levied = [(place, place.levy) for place in problem.places if place.levy is not None]
    bent = any(not levy.is_linear or levy.ends[-1] < place.held for place, levy in levied)
    if bent or (problem.squared and blurred):
        return None
    owed = 4 * len(levied) + sum(hinge.start + 1 for hinge in problem.hinges)
    return (sum(place.slack for place in problem.places) + blurred + owed) * problem.weight


def _require_cash(problem: Household) -> None:
    """Every budget can be kept, at least by selling all that may be sold."""
    bases = {account: exchange.base for account, exchange in problem.exchanges}
    left: dict[Budget, int] = {}  # S-ths, at best; who exchanges has one budget
    for key, most in problem.budgets:
        own = [place for place in problem.places if place.budget == key]
        cheapest = sum(min(place.step(end).spend for part in place.segments for end in part) for place in own)
        where = key[0], bases.get(key[0], key[1])
        left[where] = left.get(where, 0) + (most - cheapest) * problem.worth[key[1]]
    for key, rest in left.items():
        if rest < 0:
            raise NoHouseholdPlan(key, Fraction(-rest, problem.worth[key[1]] * problem.grains[key[1]]))
