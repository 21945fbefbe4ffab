"""Several accounts under one set of targets: the solver against every plan there is, and what its bound promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest

from rebalance_kit.planner.household_bound import Multipliers, lower_bound
from rebalance_kit.planner.household_figures import state_household
from rebalance_kit.planner.household_problem import Holding, Household, Shared, Whole
from rebalance_kit.planner.household_relax import relax
from rebalance_kit.planner.household_solve import HouseholdSolution, NoHouseholdPlan, solve_household
from rebalance_kit.planner.household_state import State
from rebalance_kit.planner.problem import Asset
from tests.benchmarks import households
from tests.household_oracle import TRIED, best_score, size, tiny_household, wealthy


def small_cases(seeds: range, *, exact_costs: bool = False, taxed: bool = False) -> Iterator[tuple[int, Household]]:
    for seed in seeds:
        problem = tiny_household(seed, exact_costs=exact_costs, taxed=taxed)
        if problem is not None and size(problem) <= TRIED:
            yield seed, problem


def state_of(problem: Household, solution: HouseholdSolution) -> State:
    return State(problem, [solution.counts[place.account, place.code] for place in problem.places])


@pytest.mark.parametrize("start", range(0, 600, 100))
@pytest.mark.parametrize("taxed", [False, True])
def test_a_plan_keeps_everything_and_lies_within_its_gap_of_the_best_of_all(start: int, taxed: bool) -> None:
    for seed, problem in small_cases(range(start, start + 100), taxed=taxed):
        best = best_score(problem)
        if best is None:
            with pytest.raises(NoHouseholdPlan):
                solve_household(problem)
            continue
        solution = solve_household(problem)
        state = state_of(problem, solution)
        assert all(place.allows(n) for place, n in zip(problem.places, state.counts, strict=True)), seed
        excess = (state.score.objective - best.objective) * problem.unit
        assert state.score.broken == 0, seed
        assert 0 <= excess <= solution.gap, seed
        assert excess == 0 or not solution.proven, seed


def test_the_mixed_integer_programme_finds_the_best_of_all() -> None:
    equal = 0
    for seed, problem in small_cases(range(120), exact_costs=True):
        best = best_score(problem)
        if best is not None:
            proved = solve_household(problem, prove=True, within_bp=Fraction(0))
            assert state_of(problem, proved).score.objective == best.objective, seed
            equal += 1
    assert equal >= 60


def test_the_bound_holds_for_any_multipliers() -> None:
    for seed, problem in small_cases(range(200, 300), taxed=True):
        best, pick = best_score(problem), Random(seed)
        if best is None:
            continue
        wild = Multipliers(
            units=tuple(pick.uniform(-2, 2) for _ in problem.goals),
            floors=tuple(pick.uniform(-1, 30) for _ in problem.rows),
            ceilings=tuple(pick.uniform(-1, 30) for _ in problem.rows),
            budgets={key: pick.uniform(-1, 2) for key, _ in problem.budgets},
            caps={account: pick.uniform(-1, 2) for account, _ in problem.limits},
            turnover=pick.uniform(-1, 1),
            hinges=tuple(pick.uniform(-1, 2) for _ in problem.hinges),
        )
        assert lower_bound(problem, wild) <= best.objective, seed


# ---- larger ones ----


@pytest.mark.parametrize(("squared", "within"), [(False, Fraction(1)), (True, Fraction(1, 10))])
def test_ten_classes_of_three_funds_in_three_accounts_come_within_a_basis_point(
    squared: bool, within: Fraction
) -> None:
    for seed in range(3):
        problem = state_household(*wealthy(seed, squared=squared))
        solution = solve_household(problem)
        assert solution.gap * 10_000 / problem.total <= within
        assert state_of(problem, solution).score.broken == 0


def test_the_order_of_the_inputs_does_not_matter() -> None:
    parts, wholes, shared = wealthy(5, classes=6)
    first = solve_household(state_household(parts, wholes, shared))
    for seed in range(3):
        pick = Random(seed)
        mixed = pick.sample(parts, len(parts)), pick.sample(wholes, len(wholes))
        goals = dict(pick.sample(sorted(shared.goals.items()), len(shared.goals)))
        cash = dict(pick.sample(sorted(shared.available.items()), len(shared.available)))
        again = solve_household(state_household(*mixed, replace(shared, goals=goals, available=cash)))
        assert again == first


def test_the_same_plan_every_time() -> None:
    problem = state_household(*wealthy(7, classes=5))
    assert solve_household(problem) == solve_household(problem)


def test_the_relaxation_is_never_above_the_plan() -> None:
    for seed in range(4):
        problem = state_household(*wealthy(seed, classes=4))
        relaxed, solution = relax(problem), solve_household(problem)
        assert relaxed is not None
        assert lower_bound(problem, relaxed.multipliers) <= state_of(problem, solution).score.objective


def test_money_does_not_move_between_accounts() -> None:
    fund = Asset("A", "KRW", 0, Fraction(0), Fraction(1_000), Fraction(1), Fraction(0), Fraction(0), Fraction(0))
    parts = [Holding("rich", replace(fund, may_buy=False)), Holding("poor", fund)]
    cash = {("rich", "KRW"): Fraction(9_500), ("poor", "KRW"): Fraction(1_500)}
    shared = Shared("KRW", {"KRW": Fraction(1)}, cash, {"A": Fraction(11_000)}, Fraction(11_000))
    assert solve_household(state_household(parts, [Whole("A", "A")], shared)).at("poor") == {"A": 1}


def test_an_account_that_cannot_raise_its_cash_is_named() -> None:
    fund = Asset("A", "KRW", 2, Fraction(0), Fraction(1_000), Fraction(1), Fraction(0), Fraction(0), Fraction(0))
    cash = {("x", "KRW"): Fraction(-5_000), ("y", "KRW"): Fraction(90_000)}
    shared = Shared("KRW", {"KRW": Fraction(1)}, cash, {"A": Fraction(4_000)}, Fraction(89_000))
    with pytest.raises(NoHouseholdPlan) as refused:
        solve_household(state_household([Holding("x", fund), Holding("y", fund)], [Whole("A", "A")], shared))
    assert (refused.value.account, refused.value.currency) == ("x", "KRW")
    assert refused.value.missing == 3_000


def test_the_benchmark_still_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert households.main(["--quick"]) == 0
    assert "10 x 3 L1" in capsys.readouterr().out
