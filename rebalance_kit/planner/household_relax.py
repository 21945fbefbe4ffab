"""HiGHS on a household: the relaxation with its dual values, and the mixed-integer programme within a limit of nodes.

The dual values are the multipliers of `household_bound`. Floating point: whatever comes out is judged again in exact
arithmetic. One thread, a fixed seed, limits in nodes and none in time: the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rebalance_kit.planner.household_bound import Multipliers
from rebalance_kit.planner.household_lp import SIZE, Programme
from rebalance_kit.planner.household_problem import Household

EASE = 1e-5  # of what is traded: what decides between plans that are as good, and changes no other by much
ROUNDS = 8  # of tangents that are added where the solution lies
TOLERANCE = 1e-4  # money of the model: what rounding in floating point may make of a bound, by far
CLOSE = SIZE * 2e-7  # a tangent that is nearer than this is near enough


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A solution of the relaxation: shares by place, as parts of shares, and the multipliers of the bound."""

    shares: tuple[float, ...]
    multipliers: Multipliers


@dataclass(frozen=True, slots=True)
class Proposed:
    """What HiGHS found in whole shares, and its own bound in bp of the total (minus infinity for none): floating point,
    less a tolerance."""

    counts: tuple[int, ...] | None
    bound_bp: float


def relax(problem: Household, near: Sequence[float] | None = None) -> Relaxed | None:
    """The best plan in parts of shares, with the multipliers that prove how good it is; None when HiGHS finds none.

    `near` are the shares of a plan: an order is then worth its price spread over that plan's shares, so that few orders
    are kept (slope scaling); such multipliers prove less.
    """
    import highspy

    programme = Programme(problem, near=near)
    solver = _solver({})
    solver.passModel(programme.built())
    solver.run()
    for _ in range(ROUNDS if problem.squared else 0):
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal or not _touch_more(programme, solver):
            break
        solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    multipliers = _multipliers(programme, list(solver.getSolution().row_dual))
    _trade_least(programme, solver)
    return Relaxed(tuple(programme.shares(list(solver.getSolution().col_value))), multipliers)


def _trade_least(programme: Programme, solver: Any) -> None:
    """Of solutions that are as good, one that trades little: solved again with a small cost on every trade."""
    for place, both in zip(programme.problem.places, programme.trades, strict=True):
        share = place.price * place.per_grain * programme.money
        for column in both:
            if column is not None:
                solver.changeColCost(column, programme.costs[column] + EASE * share)
    solver.run()


def propose(problem: Household, *, within_bp: Fraction, max_nodes: int) -> Proposed:
    """HiGHS's plan in whole shares, to an absolute gap of `within_bp` of the total value, and its bound.

    An absolute gap: a relative one chases the last per cent of an objective that is a few bp itself.
    """
    import highspy

    programme = Programme(problem, whole=True)
    gap = float(within_bp) * SIZE / 10_000
    solver = _solver({"mip_rel_gap": 0.0, "mip_abs_gap": gap, "mip_max_nodes": max_nodes})
    solver.passModel(programme.built())
    solver.run()
    info = solver.getInfo()
    bound = (info.mip_dual_bound - TOLERANCE) * 10_000 / SIZE
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Proposed(None, bound)
    shares = programme.shares(list(solver.getSolution().col_value))
    return Proposed(tuple(round(count) for count in shares), bound)


def _solver(more: dict[str, object]) -> Any:
    import highspy

    start: Callable[[], Any] = highspy.Highs
    solver = start()
    for option, value in {"output_flag": False, "threads": 1, "random_seed": 0, **more}.items():
        solver.setOptionValue(option, value)
    return solver


def _touch_more(programme: Programme, solver: Any) -> bool:
    """Add a tangent for every unit whose square lies above the tangents so far; was there one?"""
    values = list(solver.getSolution().col_value)
    found = False
    for unit, (distance, rows) in enumerate(programme.units):
        at = _distance(programme, values, unit)
        if at * at / SIZE - values[distance] > CLOSE:
            rows.append((programme.touch(unit, distance, at), at / SIZE))
            least, most, places, terms = programme.rows[-1]
            solver.addRow(least, most, len(places), places, terms)
            found = True
    return found


def _distance(programme: Programme, values: list[float], unit: int) -> float:
    terms, start = programme.value(programme.members[unit], 1.0)
    goal = programme.problem.goals[unit] * programme.money
    return start - goal + sum(value * values[i] for i, value in terms.items())


def _multipliers(programme: Programme, duals: list[float]) -> Multipliers:
    problem = programme.problem
    if problem.squared:
        units = tuple(
            sum(duals[row] * at for row, at in rows) / (sum(duals[row] for row, _ in rows) or 1.0)
            for _, rows in programme.units
        )
    else:
        units = tuple(sum(duals[row] * sign for row, sign in rows) for _, rows in programme.units)
    return Multipliers(
        units=units,
        floors=tuple(0.0 if floor is None else duals[floor] for floor, _ in programme.edges),
        ceilings=tuple(0.0 if ceiling is None else duals[ceiling] for _, ceiling in programme.edges),
        budgets={key: -duals[row] for key, row in programme.cash.items()},
        caps={account: -duals[row] for account, row in programme.caps.items()},
        turnover=0.0 if programme.churn is None else -duals[programme.churn],
        hinges=tuple(duals[row] for row in programme.hinges),
    )
