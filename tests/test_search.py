"""The search for the best plan against brute force, and what it promises where it cannot prove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rebalance_kit.planner.problem import Asset, Terms, state
from rebalance_kit.planner.search import best_counts
from rebalance_kit.planner.solve import NoPlan, Solution, solve
from tests.benchmarks import planner
from tests.drifted import UNITS, drifted, drifted_problem
from tests.oracle import Best, brute_force, combinations, is_allowed, outcome

MOST_COMBINATIONS = 1500


def asset(code: str, price: int | str, goal: int | str | Fraction, held: int = 0, **more: object) -> Asset:
    plain = Asset(
        code, "KRW", held, Fraction(0), Fraction(price), Fraction(1), Fraction(goal), Fraction(0), Fraction(0)
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # the keys are those of Asset


def terms(cash: int | str, total: int | str = 1000, **more: object) -> Terms:
    plain = Terms("KRW", UNITS, {"KRW": Fraction(cash), "USD": Fraction(0)}, Fraction(total))
    return replace(plain, **more)  # type: ignore[arg-type]  # the keys are those of Terms


def solved(assets: Sequence[Asset], shared: Terms) -> Solution | None:
    try:
        return solve(state(tuple(assets), shared))
    except NoPlan:
        return None


def best(assets: Sequence[Asset], shared: Terms) -> dict[str, int]:
    found = solved(assets, shared)
    assert found is not None
    assert found.proven
    return found.counts


def test_floor_and_greedy_is_not_the_optimum() -> None:
    """Prices 60 and 10, half each of 100: rounding down and filling up buys 0 and 5, the optimum is 1 and 4."""
    two = [asset("A", 60, 50), asset("B", 10, 50)]
    assert best(two, terms(100, 100, squared=True)) == {"A": 1, "B": 4}
    assert best(two, terms(100, 100)) == {"A": 1, "B": 4}


def test_three_thirds_of_a_million_give_the_first_code_the_odd_unit() -> None:
    third = Fraction(1_000_000, 3)
    three = [asset(code, 1, third) for code in "ABC"]
    assert best(three, terms(1_000_000, 1_000_000)) == {"A": 333_333, "B": 333_333, "C": 333_333}  # nearest
    spend_all = terms(1_000_000, 1_000_000, cash_price=Fraction(1))
    assert best(three, spend_all) == {"A": 333_334, "B": 333_333, "C": 333_333}


def test_the_order_of_names_changes_nothing() -> None:
    """A 100, B 37, C 250 with 20/30/50 % of 10,000: 20, 81 and 20 however they are listed."""
    three = [asset("A", 100, 2000), asset("B", 37, 3000), asset("C", 250, 5000)]
    for order in (three, three[::-1], [three[1], three[2], three[0]]):
        assert best(order, terms(10_000, 10_000)) == {"A": 20, "B": 81, "C": 20}


def test_a_minimum_trade_is_inclusive() -> None:
    one = [asset("A", 10, 100, held=5)]
    assert best(one, terms(100, minimum=Fraction(50))) == {"A": 10}
    assert best([asset("A", 10, 90, held=5)], terms(100, minimum=Fraction(50))) == {"A": 10}  # as near as it may
    assert best([asset("A", 10, 70, held=5)], terms(100, minimum=Fraction(50))) == {"A": 5}


def test_selling_out_is_allowed_below_the_minimum() -> None:
    assert best([asset("A", 10, 0, held=3)], terms(0, minimum=Fraction(50))) == {"A": 0}
    assert best([asset("A", 10, 10, held=3)], terms(0, minimum=Fraction(50))) == {"A": 0}  # 10 off either way: squares
    assert best([asset("A", 10, 20, held=3)], terms(0, minimum=Fraction(50))) == {"A": 3}


def test_a_buy_below_the_minimum_is_forbidden_rather_than_shrunk() -> None:
    assert best([asset("A", 10, 100)], terms(40, minimum=Fraction(50))) == {"A": 0}


def test_costs_come_out_of_the_same_cash() -> None:
    dear = asset("A", 100, 1000, commission=Fraction(1, 100))
    assert best([dear], terms(1000)) == {"A": 9}
    assert best([dear], terms(1010)) == {"A": 10}


def test_cash_that_must_stay_is_raised_first() -> None:
    assert best([asset("A", 100, 1000, held=10)], terms(-250)) == {"A": 7}


def test_money_outside_a_band_costs_twenty() -> None:
    banded = asset("A", 10, 100, held=10, floor=Fraction(150))
    assert best([banded], terms(1000)) == {"A": 15}
    capped = asset("A", 10, 100, held=10, ceiling=Fraction(60))
    assert best([capped], terms(0)) == {"A": 6}


def test_a_price_on_orders_saves_orders() -> None:
    two = [asset("A", 10, 100, held=9), asset("B", 10, 200)]
    assert best(two, terms(1000)) == {"A": 10, "B": 20}
    assert best(two, terms(1000, order_price=Fraction(15))) == {"A": 9, "B": 20}


def test_a_price_on_idle_cash_spends_it() -> None:
    one = [asset("A", 10, 14)]
    assert best(one, terms(20)) == {"A": 1}
    assert best(one, terms(20, cash_price=Fraction(1, 2))) == {"A": 2}  # 6 + 0 instead of 4 + 5


def test_currencies_do_not_pay_for_each_other() -> None:
    foreign = asset("V", 10, 14_000, currency="USD", rate=Fraction(1400))
    rich_in_won = terms(1_000_000, 1_000_000)
    assert best([foreign], rich_in_won) == {"V": 0}
    assert best([foreign], replace(rich_in_won, available={"KRW": Fraction(10**6)})) == {"V": 0}
    assert best([foreign], replace(rich_in_won, available={"KRW": Fraction(0), "USD": Fraction(10)})) == {"V": 1}


def test_ties_take_the_fairest_then_the_fewest_orders_then_the_first_code() -> None:
    fair = [asset("A", 10, 100), asset("B", 10, 100)]
    assert best(fair, terms(100)) == {"A": 5, "B": 5}  # every split misses by 100: the smallest squares
    even = [asset("A", 10, 5), asset("B", 10, 5)]
    assert best(even, terms(100)) == {"A": 0, "B": 0}  # 5 off either way: no order
    alike = [asset("B", 10, 10), asset("A", 10, 10)]
    assert best(alike, terms(10)) == {"A": 1, "B": 0}


def test_the_part_of_a_share_that_is_held_stays() -> None:
    assert best([asset("A", 100, 0, held=3, fraction=Fraction(1, 2))], terms(0)) == {"A": 0}
    assert best([asset("A", 100, 250, held=3, fraction=Fraction(1, 2))], terms(0)) == {"A": 2}


def test_caps_are_kept() -> None:
    three = [asset("A", 10, 100), asset("B", 10, 200), asset("C", 10, 300)]
    assert best(three, terms(1000, max_orders=2)) == {"A": 0, "B": 20, "C": 30}
    turned = best(three, terms(1000, max_turnover=Fraction(250)))
    assert sum(turned.values()) == 25


def test_no_plan_says_which_currency_cannot_be_raised() -> None:
    with pytest.raises(NoPlan) as caught:
        solve(state((asset("A", 10, 0, held=3),), terms(-31)))
    assert caught.value.currency == "KRW"


@st.composite
def cases(draw: st.DrawFn, *, caps: bool = False) -> tuple[tuple[Asset, ...], Terms]:
    currencies = draw(st.sampled_from([("KRW",), ("KRW",), ("KRW", "USD")]))
    fee = Fraction(draw(st.sampled_from(["0", "0", "15/100000", "1/100"])))
    slip = Fraction(draw(st.sampled_from(["0", "1/1000", "3/100"])))
    buys, sells = draw(st.sampled_from([(True, True), (True, True), (True, False), (False, True)]))
    assets = []
    for code in draw(st.permutations("ABCD"))[: draw(st.integers(1, 4))]:
        currency = draw(st.sampled_from(currencies))
        price = Fraction(draw(st.integers(4, 60))) if currency == "KRW" else Fraction(draw(st.integers(300, 4000)), 100)
        low = draw(st.none() | st.integers(0, 60))
        held = draw(st.integers(0, 5))
        assets.append(
            Asset(
                code,
                currency,
                held,
                Fraction(draw(st.sampled_from([0, 0, 0, 1])) if held else 0, 4),
                price,
                Fraction(1) if currency == "KRW" else Fraction(draw(st.sampled_from([13805, 14000])), 10_000),
                Fraction(draw(st.integers(0, 200)), draw(st.sampled_from([1, 1, 3]))),
                fee,
                slip,
                None if low is None else Fraction(low),
                None if low is None else Fraction(low + draw(st.integers(0, 80))),
                buys and draw(st.integers(0, 9)) < 9,
                sells and draw(st.integers(0, 9)) < 9,
            )
        )
    shared = Terms(
        "KRW",
        UNITS,
        {currency: Fraction(draw(st.integers(-20, 150))) for currency in currencies},
        Fraction(draw(st.integers(100, 400))),
        Fraction(draw(st.sampled_from([0, 0, 10, 25]))),
        draw(st.sampled_from([False, False, True])),
        Fraction(draw(st.sampled_from([0, 0, 1])), 10),
        Fraction(draw(st.sampled_from([0, 0, 3]))),
        draw(st.sampled_from([None, 0, 1, 2])) if caps else None,
        Fraction(draw(st.integers(0, 200))) if caps and draw(st.booleans()) else None,
    )
    return tuple(assets), shared


@settings(max_examples=300, deadline=None)
@given(case=cases())
def test_the_plan_is_that_of_brute_force_ties_included(case: tuple[tuple[Asset, ...], Terms]) -> None:
    assets, shared = case
    assume(combinations(assets, shared) <= MOST_COMBINATIONS)
    agrees(solved(assets, shared), brute_force(assets, shared))


@settings(max_examples=100, deadline=None)
@given(case=cases(caps=True))
def test_with_caps_too(case: tuple[tuple[Asset, ...], Terms]) -> None:
    assets, shared = case
    assume(combinations(assets, shared) <= MOST_COMBINATIONS)
    agrees(solved(assets, shared), brute_force(assets, shared))


def agrees(found: Solution | None, wanted: Best | None) -> None:
    assert (found is None) == (wanted is None)
    if found is not None and wanted is not None:
        assert found.proven
        assert found.counts == wanted.counts


@settings(max_examples=50, deadline=None)
@given(case=cases(), mix=st.randoms(use_true_random=False))
def test_input_order_does_not_matter(case: tuple[tuple[Asset, ...], Terms], mix: Random) -> None:
    assets, shared = case
    mixed = list(assets)
    mix.shuffle(mixed)
    assert solved(assets, shared) == solved(mixed, shared)


@pytest.mark.parametrize(("number", "total"), [(7, 11_000_000), (30, 30_000_000), (30, 300_000_000)])
def test_portfolios_of_the_usual_size_are_proved(number: int, total: int) -> None:
    for seed in range(3):
        assets, shared = drifted(seed, number, total)
        found = solved(assets, shared)
        assert found is not None
        assert found.proven


def test_no_single_change_of_a_proved_plan_is_better() -> None:
    assets, shared = drifted(1, 12, 30_000_000)
    counts = best(assets, shared)
    left = -sum(outcome(a, shared, counts[a.code]).spent for a in assets)
    for one in assets:
        now = outcome(one, shared, counts[one.code])
        for step in (-2, -1, 1, 2):
            if not is_allowed(one, shared, counts[one.code] + step):
                continue
            other = outcome(one, shared, counts[one.code] + step)
            assert other.objective >= now.objective or other.spent - now.spent > left


@pytest.mark.parametrize("seed", [3, 8])
def test_a_plan_that_stays_unproved_keeps_the_budget_and_an_honest_bound(seed: int) -> None:
    """With next to no work allowed the search stops early; with more it finds a plan between the two figures."""
    assets, shared = drifted(seed, 12, 300_000_000, cash=-9_000_000)  # goals out of reach: the hard kind
    problem = state(tuple(assets), shared)
    hasty = best_counts(problem.lines, problem.budget("KRW"), work=0)
    patient = best_counts(problem.lines, problem.budget("KRW"), work=50_000)
    assert hasty is not None
    assert patient is not None
    assert hasty.bound <= patient.objective <= hasty.objective
    spent = sum(line.choice(hasty.counts[line.code]).spend for line in problem.lines)
    assert spent <= problem.budget("KRW")


def test_the_measurements_run() -> None:
    assert planner.races(numbers=(3,), totals=(1_000_000,), seeds=1) > 0


def test_highs_agrees_where_it_is_asked() -> None:
    from rebalance_kit.planner.highs import propose

    problem = drifted_problem(5, 7, 11_000_000)
    proposal = propose(problem)
    found = best_counts(problem.lines, problem.budget("KRW"))
    assert proposal is not None
    assert found is not None
    assert sum(line.choice(proposal[line.code]).objective for line in problem.lines) >= found.objective


@settings(max_examples=100, deadline=None)
@given(case=cases())
def test_the_bound_never_exceeds_the_truth(case: tuple[tuple[Asset, ...], Terms]) -> None:
    """What the bounds rest on: without rounding nothing is dearer, and the objective is convex on each segment."""
    assets, shared = case
    for line in state(assets, shared).lines:
        for low, high in line.segments:
            for shares in range(low, min(high, low + 20) + 1):
                truth, smooth = line.choice(shares), line.smooth(shares)
                assert smooth.objective <= truth.objective
                assert smooth.squares <= truth.squares
                assert smooth.spend <= truth.spend
            for shares in range(low + 1, min(high, low + 20)):
                around = line.smooth(shares - 1).objective + line.smooth(shares + 1).objective
                assert around >= 2 * line.smooth(shares).objective
