"""Plans that know tax, exchange money or trade parts of shares: against brute force, and worked by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rebalance_kit.planner.exchange import Exchange, settle
from rebalance_kit.planner.problem import Asset, Terms, state
from rebalance_kit.planner.solve import NoPlan, Solution, solve
from rebalance_kit.planner.taxed import unit_tax
from rebalance_kit.planner.truth import Truth
from rebalance_kit.planner.year import regimes, shared_tax
from rebalance_kit.tax.schedule import AmericanYear, Hinge, Piece, SharedTax, Sums, TaxSchedule
from tests.benchmarks import bench_taxed_plans
from tests.oracle import brute_force, combinations
from tests.taxed_cases import KINDS, UNITS, Case, taxed_case
from tests.taxed_milp import least_cost

MOST_COMBINATIONS = 600
EXAMPLES = {
    "plain": 350,
    "own": 220,
    "korea": 300,
    "income": 250,
    "american": 250,
    "exchange": 250,
    "exchange3": 100,
    "brackets": 40,
}
YEAR = AmericanYear(Fraction(0), Fraction(0), Fraction(37, 100), Fraction(15, 100), Fraction(37, 100), Fraction(3000))


def solved(assets: tuple[Asset, ...], terms: Terms) -> Solution | None:
    try:
        return solve(state(assets, terms))
    except NoPlan:
        return None


def share(code: str, price: int, held: int, goal: int, tax: TaxSchedule | None = None, currency: str = "KRW") -> Asset:
    none = Fraction(0)
    rate = Fraction(1400 if currency == "USD" else 1)
    return Asset(code, currency, held, none, Fraction(price), rate, Fraction(goal), none, none, tax=tax)


def lots(code: str, *pieces: Piece, any_order: bool = False) -> TaxSchedule:
    return TaxSchedule("main", code, pieces, any_order)


def money(cash: int, total: int, **more: object) -> Terms:
    plain = Terms("KRW", UNITS, {"KRW": Fraction(cash)}, Fraction(total), tax_weight=Fraction(1))
    return replace(plain, **more)  # type: ignore[arg-type]  # the keys are those of Terms


def best(assets: tuple[Asset, ...], terms: Terms) -> Solution:
    found = solved(assets, terms)
    assert found is not None
    assert found.proven
    assert found.gap == 0
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_plan_is_that_of_brute_force(kind: str) -> None:
    @settings(max_examples=EXAMPLES.get(kind, 200), deadline=None, database=None)
    @given(seed=st.integers(0, 10**6))
    def agree(seed: int) -> None:
        assets, terms = taxed_case(seed, kind)
        assume(combinations(assets, terms) <= MOST_COMBINATIONS)
        found, wanted = solved(assets, terms), brute_force(assets, terms)
        assert (found is None) == (wanted is None)
        if found is not None and wanted is not None:
            assert found.proven
            assert found.counts == wanted.counts

    agree()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), kind=st.sampled_from(KINDS), mix=st.randoms(use_true_random=False))
def test_the_order_of_assets_changes_nothing(seed: int, kind: str, mix: Random) -> None:
    assets, terms = taxed_case(seed, kind)
    mixed = list(assets)
    mix.shuffle(mixed)
    assert solved(assets, terms) == solved(tuple(mixed), terms)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), kind=st.sampled_from(KINDS))
def test_a_hint_changes_no_proved_answer(seed: int, kind: str) -> None:
    assets, terms = taxed_case(seed, kind)
    found = solved(assets, terms)
    if found is not None:
        problem = state(assets, terms)
        for hint in (found.counts, {asset.code: asset.held for asset in assets}):
            again = solve(problem, hint=hint)
            assert (again.counts, again.proven, again.exchanges) == (found.counts, found.proven, found.exchanges)


def test_tax_that_is_withheld_is_weighed_against_the_deviation() -> None:
    """A sale of 100 would come 100 nearer to the goal and cost 15.4; at ten times the weight it is left."""
    taxed = lots("A", Piece("old", Fraction(10), own=Fraction(154, 100)))
    asset = share("A", 10, 10, 0, taxed)
    assert best((asset,), money(0, 100)).counts == {"A": 0}
    assert best((asset,), money(0, 100, tax_weight=Fraction(10))).counts == {"A": 10}


def test_what_is_left_of_the_deduction_is_used_up_exactly() -> None:
    """Each share gains 30 of its 100 and is 100 too many. Above the deduction a share costs 0.22 x 30 = 6.6 of tax;
    with a weight of 20 that is too much, so that just as many are sold as the deduction of 150 allows."""
    taxed = lots("A", Piece("old", Fraction(10), gain=Fraction(30)))
    year = SharedTax(gain=(Hinge(Fraction(22, 100), Fraction(150)),))
    heavy = money(0, 1000, shared=year, tax_weight=Fraction(20))
    found = best((share("A", 100, 10, 0, taxed),), heavy)
    assert found.counts == {"A": 5}
    assert found.lots[0].lots == (("old", Fraction(5)),)
    assert best((share("A", 100, 10, 0, taxed),), money(0, 1000, shared=year)).counts == {"A": 0}


def test_a_loss_makes_room_for_a_gain() -> None:
    gain, loss = (lots(code, Piece("old", Fraction(5), gain=Fraction(size))) for code, size in (("A", 40), ("B", -40)))
    year = SharedTax(gain=(Hinge(Fraction(22, 100), Fraction(0)),))
    pair = share("A", 100, 5, 0, gain), share("B", 100, 5, 500, loss)
    heavy = money(0, 1000, shared=year, tax_weight=Fraction(12))
    alone = best((pair[0], replace(pair[1], may_sell=False)), heavy)
    assert alone.counts == {"A": 5, "B": 5}  # 8.8 of tax a share, twelvefold, for 100 less off
    together = best((pair[0], replace(pair[1], goal=Fraction(300))), heavy).counts
    assert together["A"] == together["B"] < 5


def test_lots_are_chosen_where_any_may_be_sold() -> None:
    taxed = lots(
        "A",
        Piece("gain", Fraction(3), long=Fraction(60)),
        Piece("loss", Fraction(3), short=Fraction(-40)),
        any_order=True,
    )
    found = best((share("A", 100, 6, 300, taxed),), money(0, 600, shared=SharedTax(american=YEAR)))
    assert found.counts == {"A": 3}
    assert found.lots[0].lots == (("loss", Fraction(3)),)


def test_lots_in_order_are_sold_in_order() -> None:
    taxed = lots("A", Piece("first", Fraction(2), gain=Fraction(60)), Piece("second", Fraction(2), gain=Fraction(-60)))
    found = best((share("A", 100, 4, 100, taxed),), money(0, 400))
    assert found.lots[0].lots == (("first", Fraction(2)), ("second", Fraction(1)))


def test_dollars_are_bought_for_what_is_missing_and_no_more() -> None:
    foreign = share("V", 10, 0, 140_000, currency="USD")
    rich = money(200_000, 200_000, available={"KRW": Fraction(200_000), "USD": Fraction(30)}, spread=Fraction(1, 1000))
    found = best((foreign,), rich)
    assert found.counts == {"V": 10}
    assert found.exchanges == (("USD", Fraction(70)),)
    enough = replace(rich, available={"KRW": Fraction(0), "USD": Fraction(100)})
    assert best((foreign,), enough).exchanges == ()
    assert best((foreign,), replace(rich, spread=None)).counts == {"V": 3}


def test_dollars_are_sold_for_won_that_are_missing() -> None:
    """1,000 won cost 71 cents and the spread on them; the last cent is a part of one."""
    home = share("K", 1000, 0, 1000)
    rich = money(0, 100_000, available={"KRW": Fraction(0), "USD": Fraction(10)}, spread=Fraction(1, 100),
                 rates={"USD": Fraction(1400)})  # fmt: skip
    found = best((home,), rich)
    assert found.counts == {"K": 1}
    assert found.exchanges == (("USD", Fraction(-73, 100)),)  # 72 cents would bring 1008 - 11


def test_an_exchange_pays_every_rounding() -> None:
    exchange = Exchange(Fraction(1, 1000), "KRW", (("USD", Fraction("13.8525")),))
    needed = settle(exchange, {"KRW": Fraction(14), "USD": Fraction(-1)})
    assert needed is None  # 13.85 rounds up to 14, and the spread to another won
    needed = settle(exchange, {"KRW": Fraction(15), "USD": Fraction(-1)})
    assert needed is not None
    assert needed.amounts == (("USD", 1),)
    assert needed.cost == Fraction("0.0138525")


def test_parts_of_shares_come_as_near_as_a_thousandth() -> None:
    third = Fraction(1_000_000, 3)
    parts = tuple(replace(share(code, 70_000, 0, 0), goal=third, unit=Fraction(1, 1000)) for code in "ABC")
    found = best(parts, money(1_000_000, 1_000_000))
    assert found.counts == {"A": 4762, "B": 4762, "C": 4761}  # 333,340 is nearer than 333,270, while the cash lasts


def test_what_is_sold_beyond_the_lots_is_taxed_at_nothing() -> None:
    tax = unit_tax(lots("A", Piece("known", Fraction(2), own=Fraction(5))), Fraction(1))
    curve = replace(tax, money=Fraction(1)).curve()
    assert [curve.at(sold) for sold in range(5)] == [0, 5, 10, 10, 10]
    assert curve.cuts() == [2]


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10**6), short=st.integers(-90, 90), long=st.integers(-90, 90))
def test_some_region_says_the_tax_of_every_year(seed: int, short: int, long: int) -> None:
    """The pieces agree with the tax where their limits hold, and the regions cover everything."""
    mix = Random(seed)
    year = replace(YEAR, short_before=Fraction(mix.randint(-50, 50)), long_before=Fraction(mix.randint(-50, 50)),
                   loss_limit=Fraction(mix.choice([0, 20, 3000])))  # fmt: skip
    for shared in (SharedTax(american=year), SharedTax(american=year, saves=False)):
        sums = Sums(short=Fraction(short), long=Fraction(long))
        holding = [p for p in regimes(shared) if all(limit.room(sums) >= 0 for limit in p.limits)]
        assert holding
        assert {piece.tax(sums) for piece in holding} == {shared_tax(shared, sums)}


def test_losses_that_may_not_save_are_worth_nothing_alone() -> None:
    taxed = lots("A", Piece("loss", Fraction(5), short=Fraction(-50)))
    asset = replace(share("A", 100, 5, 500, taxed), commission=Fraction(0))
    saves = best((asset,), money(0, 1000, shared=SharedTax(american=YEAR), tax_weight=Fraction(10)))
    assert saves.counts == {"A": 0}  # 18.5 saved a share, tenfold
    assert best(
        (asset,), money(0, 1000, shared=SharedTax(american=YEAR, saves=False), tax_weight=Fraction(10))
    ).counts == {"A": 5}


@pytest.mark.parametrize(("kind", "seed"), [("korea", 3), ("korea", 6), ("american", 0), ("american", 7)])
def test_thirty_assets_with_lots_cost_what_highs_finds(kind: str, seed: int) -> None:
    assets, terms = bench_taxed_plans.without_costs(bench_taxed_plans.portfolio(seed, 30, kind))
    found = best(tuple(assets), terms)
    before = float(terms.tax_weight * bench_taxed_plans.tax_before(terms))
    assert objective(assets, terms, found) == pytest.approx(least_cost(list(assets), terms) - before, abs=0.02)


def objective(assets: list[Asset], terms: Terms, found: Solution) -> float:
    """What a solution costs in money, by its counts and its lots."""
    problem = state(tuple(assets), terms)
    sold = {sale.code: dict(sale.lots) for sale in found.lots}
    taken = []
    for line, tax in zip(problem.lines, problem.taxes, strict=True):
        lots_sold = sold.get(line.code, {})
        places = enumerate(tax.lots) if tax is not None else ()
        taken.append(tuple((i, lots_sold[lot.lot_id]) for i, lot in places if lot.lot_id in lots_sold))
    judged = Truth(problem).judged([found.counts[line.code] for line in problem.lines], taken)
    assert judged is not None
    return float(judged.objective * problem.unit * terms.units[terms.base_currency])


def test_the_measurements_run() -> None:
    assert bench_taxed_plans.main(numbers=(5,), seeds=1) > 0


def test_a_case_is_the_same_every_time() -> None:
    def twice(seed: int) -> tuple[Case, Case]:
        return taxed_case(seed, "korea"), taxed_case(seed, "korea")

    first, second = twice(3)
    assert first == second
