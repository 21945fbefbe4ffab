"""The instant solver: allowed plans, a bound that holds, hardly ever worse than the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rebalance_kit.execution.packing import pack, unpack
from rebalance_kit.planner.instant import solve_instantly
from rebalance_kit.planner.plan import PlanOptions
from rebalance_kit.planner.problem import Asset, Problem, Terms, state
from rebalance_kit.planner.solve import NoPlan, Solution, solve
from rebalance_kit.portfolio import open_portfolio
from rebalance_kit.samples import write_sample
from tests.drifted import UNITS, drifted, drifted_problem
from tests.make import document_000, document_001
from tests.make_plan import made_plan
from tests.oracle import brute_force, combinations, is_allowed, outcome, shared_costs

MOST_COMBINATIONS = 1500


def objective(problem: Problem, solution: Solution) -> Fraction:
    """In base minor units."""
    return sum(line.choice(solution.counts[line.code]).objective for line in problem.lines) * problem.unit


def in_bp(problem: Problem, amount: Fraction) -> float:
    return float(amount * 10_000 / problem.total)


def from_zero(seed: int, number: int, total: int, *, squared: bool = False) -> Problem:
    """The same goals, all of it in cash."""
    assets, terms = drifted(seed, number, total)
    money = replace(terms, available={"KRW": terms.total}, minimum=Fraction(0), squared=squared)
    return state(tuple(replace(each, held=0) for each in assets), money)


@pytest.mark.parametrize(("number", "total"), [(7, 11_000_000), (30, 300_000_000), (100, 1_000_000_000)])
@pytest.mark.parametrize("squared", [False, True])
def test_within_a_basis_point_of_the_best_plan(number: int, total: int, squared: bool) -> None:
    for seed in range(3):
        assets, terms = drifted(seed, number, total)
        for problem in (
            state(tuple(assets), replace(terms, squared=squared)),
            from_zero(seed, number, total, squared=squared),
        ):
            best, quick = solve(problem), solve_instantly(problem)
            worse = objective(problem, quick) - objective(problem, best)
            assert in_bp(problem, worse) < 1
            assert 0 <= worse <= quick.gap


@st.composite
def tiny(draw: st.DrawFn) -> tuple[list[Asset], Terms]:
    """Two to four assets, everything that a problem of one currency can say."""
    random = Random(draw(st.integers(0, 10**9)))
    some = random.choice
    total = Fraction(random.randint(50, 400))
    rate = some((Fraction(1), Fraction(1), Fraction(13, 10)))
    currency = "KRW" if rate == 1 else "USD"
    assets = []
    for code in "ABCD"[: random.randint(2, 4)]:
        low = some((None, None, Fraction(random.randint(0, 60))))
        assets.append(
            Asset(
                code,
                currency,
                random.randint(0, 6),
                some((Fraction(0), Fraction(0), Fraction(1, 2))),
                Fraction(random.randint(1, 90), some((1, 1, 2))),
                rate,
                Fraction(random.randint(0, 200), some((1, 3))),
                some((Fraction(0), Fraction(15, 1000), Fraction(1, 10))),
                some((Fraction(0), Fraction(1, 100))),
                low,
                some((None, None, Fraction(random.randint(60, 120)))),
                random.random() < 0.9,
                random.random() < 0.9,
            )
        )
    terms = Terms(
        "KRW",
        UNITS if currency == "KRW" else UNITS | {"USD": Fraction(1)},
        {currency: Fraction(random.randint(-60, 150))},
        total,
        minimum=Fraction(some((0, 0, random.randint(1, 100)))),
        squared=random.random() < 0.4,
        cash_price=some((Fraction(0), Fraction(0), Fraction(1, 4))),
        order_price=Fraction(some((0, 0, random.randint(1, 30)))),
    )
    return assets, terms


@given(tiny())
@settings(max_examples=120, deadline=None)
def test_a_plan_is_allowed_and_its_bound_holds(case: tuple[Sequence[Asset], Terms]) -> None:
    assets, terms = case
    assume(combinations(assets, terms) <= MOST_COMBINATIONS)
    best = brute_force(assets, terms)
    problem = state(tuple(assets), terms)
    if best is None:
        with pytest.raises(NoPlan):
            solve_instantly(problem)
        return
    found = solve_instantly(problem)
    plan = [outcome(asset, terms, found.counts[asset.code]) for asset in assets]
    assert all(is_allowed(asset, terms, one.shares) for asset, one in zip(assets, plan, strict=True))
    assert shared_costs(assets, plan, terms) is not None
    worth = sum((one.objective for one in plan), Fraction(0))
    assert worth >= best.objective
    assert worth - found.gap <= best.objective


@given(st.integers(0, 10**6), st.integers(2, 12))
@settings(max_examples=30, deadline=None)
def test_the_order_of_assets_changes_nothing(seed: int, number: int) -> None:
    assets, terms = drifted(seed, number, 20_000_000, cash=300_000)
    mixed = Random(seed).sample(assets, number)
    assert solve_instantly(state(tuple(assets), terms)) == solve_instantly(state(tuple(mixed), terms))


def test_a_hint_never_makes_a_plan_worse_and_the_best_plan_is_kept() -> None:
    for seed in range(10):
        problem = from_zero(seed, 12, 20_000_000)
        alone, best = solve_instantly(problem), solve(problem)
        hinted = solve_instantly(problem, best.counts)
        assert objective(problem, best) == objective(problem, hinted) <= objective(problem, alone)
        nonsense = dict.fromkeys(best.counts, 10**9)
        assert solve_instantly(problem, nonsense).counts == alone.counts


def test_numbers_too_large_for_arrays_are_solved_exactly() -> None:
    assets, terms = drifted(0, 3, 11_000_000)
    huge = [replace(each, price=each.price * 10**12, goal=each.goal * 10**12) for each in assets]
    problem = state(tuple(huge), replace(terms, total=terms.total * 10**12, minimum=Fraction(0)))
    assert solve_instantly(problem) == solve(problem)


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize(
    "caps", [{"max_orders": 2}, {"max_turnover": "0.05"}, {"max_orders": 3, "max_turnover": "0.1"}]
)
def test_caps_are_kept_and_the_bound_holds(caps: dict[str, Any], squared: bool) -> None:
    for seed in range(2):
        assets, terms = drifted(seed, 4, 11_000_000)
        limits: dict[str, Any] = {
            key: value if key == "max_orders" else Fraction(value) * terms.total for key, value in caps.items()
        }
        problem = state(tuple(assets), replace(terms, squared=squared, **limits))
        quick, best = solve_instantly(problem), solve(problem)
        assert problem.fits([line.choice(quick.counts[line.code]) for line in problem.lines])
        worse = objective(problem, quick) - objective(problem, best)
        assert 0 <= worse <= quick.gap + best.gap
        assert in_bp(problem, worse) < 1


def test_cash_that_cannot_be_raised_says_how_much_is_missing() -> None:
    problem = drifted_problem(0, 4, 11_000_000)
    short = replace(problem, budgets=(("KRW", problem.budgets[0][1] - 10**9 * problem.grain("KRW")),))
    with pytest.raises(NoPlan) as quick:
        solve_instantly(short)
    with pytest.raises(NoPlan) as exact:
        solve(short)
    assert (quick.value.currency, quick.value.missing) == (exact.value.currency, exact.value.missing)


def test_an_instant_plan_is_executed_like_any_other(tmp_path: Path) -> None:
    folder = tmp_path / "growth"
    write_sample(folder)
    portfolio = open_portfolio(folder, on="2026-04-01")
    plan = portfolio.plan(force=True, instant=True)
    assert unpack(PlanOptions, pack(PlanOptions, plan.options)) == plan.options  # so that a worker plans the same
    assert portfolio.run(plan, yes=plan.plan_id).result.status == "SUCCESS"


@pytest.mark.parametrize("asked", [{"force": True}, {"contribute": "1000000"}, {"withdraw": "700000"}])
def test_an_instant_plan_is_certified_and_says_its_gap(asked: dict[str, Any]) -> None:
    for made in (document_000(), document_001()):
        best, quick = made_plan(made, **asked), made_plan(made, instant=True, **asked)
        assert quick.certificate.valid
        assert quick.optimality.status == "gap"
        assert quick.optimality.gap_bp < 50
        same = [(o.code, o.quantity) for o in quick.orders] == [(o.code, o.quantity) for o in best.orders]
        assert (quick.plan_id == best.plan_id) == same
