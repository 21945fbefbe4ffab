"""What a planner is told about tax is what the estimate says, before its roundings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalance_kit.money import exact_sum
from rebalance_kit.policy.model import Policy
from rebalance_kit.tax.case import Case
from rebalance_kit.tax.estimate import estimate_case
from rebalance_kit.tax.estimate_korea import korean_year
from rebalance_kit.tax.lots import LotMethod
from rebalance_kit.tax.model import Sale
from rebalance_kit.tax.schedule import Hinge, SharedTax, Sums, TaxSchedule, total
from rebalance_kit.tax.scheduling import never_meet, shared_tax, tax_schedules, told_apart
from tests.make import policy
from tests.make_tax import AMERICAN, EQUITY, ON, OTHER, OVERSEAS, OVERSEAS_IN_WON, PTP, Taxed, taxed

FEE = Decimal("0.0025")
MILLION = 1_000_000
CODES = ("A", "B", "C", "D")
COUNTS = st.lists(st.integers(0, 30), min_size=len(CODES), max_size=len(CODES))


def by_schedule(
    schedules: dict[str, TaxSchedule], shared: SharedTax, sold: Iterable[tuple[str, int]]
) -> tuple[Sums, Fraction]:
    sums = total(schedules[code].sold(Fraction(count)) for code, count in sold if code in schedules)
    return sums, sums.own + shared.added(sums)


def sales(case: Case, counts: Iterable[tuple[str, int]], fee: Decimal = FEE) -> list[Sale]:
    """Sales at today's price, with a commission that is not rounded."""
    made = []
    for code, count in counts:
        if count:
            quote = case.prices.quotes[code]
            made.append(Sale("main", code, Decimal(count), quote.price, quote.currency, quote.price * count * fee))
    return made


def korean(**tax: object) -> Policy:
    classes = {"A": OVERSEAS, "B": OTHER, "C": EQUITY, "D": OVERSEAS_IN_WON}
    return policy("A 25, B 25, C 25, D 25", assets=classes, fee=str(FEE), tax=tax)


def korean_case(prices: tuple[int, int, int], made: Policy) -> Case:
    a, b, d = prices
    return taxed(
        made,
        "A a1 2023-05-02 10 @ 200 USD, A a2 2024-05-02 20 @ 250 USD,"
        " B b1 2024-05-02 15 @ 1000000 base 990000, B b2 2025-02-03 15 @ 1200000 base 1100000,"
        " C c1 2024-05-02 30 @ 50000, D d1 2024-01-03 12 @ 800000, D d2 2025-03-04 18 @ 300000",
        f"A {a} USD, B {b} base 1080000, C 90000, D {d}, USD/KRW 1450",
        rates="2023-05-04 1200, 2024-05-06 1300",
    ).case()


@settings(deadline=None, max_examples=60)
@given(
    counts=COUNTS,
    prices=st.tuples(st.integers(100, 400), st.integers(500_000, 3_000_000), st.integers(100_000, 1_500_000)),
    realised=st.integers(-5, 20),
    income=st.integers(0, 40),
    other=st.sampled_from([None, "0", "30000000", "90000000", "400000000"]),
    method=st.sampled_from([None, "fifo", "moving_average"]),
)
def test_korean_schedules_say_what_the_estimate_says(
    counts: list[int], prices: tuple[int, int, int], realised: int, income: int, other: str | None, method: str | None
) -> None:
    made = korean(
        realised_gain_ytd=realised * MILLION, financial_income_ytd=income * MILLION, other_income=other,
        lot_method=method,
    )  # fmt: skip
    case = korean_case(prices, made)
    schedules, shared = tax_schedules(case, "main", CODES)
    sold = list(zip(CODES, counts, strict=True))
    sums, tax = by_schedule(schedules, shared, sold)
    asked = estimate_case(case, sales(case, sold))
    # Rounded: the shared overseas tax (before and after), the income tax, and ten won (and of that a tenth) withheld.
    assert abs(tax - Fraction(asked.tax)) < 1 + 1 + 1 + 11
    gained = asked.year_to_date_after.realised_gain - asked.year_to_date_before.realised_gain
    assert abs(sums.gain - Fraction(gained)) <= 1


def test_a_partnership_is_withheld_from_besides() -> None:
    case = taxed(
        policy("A 100", assets={"A": PTP | {"currency": "KRW"}}), "A a 2024-01-03 10 @ 1000000", "A 900000"
    ).case()
    schedules, shared = tax_schedules(case, "main", ["A"])
    assert by_schedule(schedules, shared, [("A", 4)])[1] == 4 * 90_000
    assert estimate_case(case, sales(case, [("A", 4)], Decimal(0))).tax == 4 * 90_000


def test_nothing_is_scheduled_where_nothing_is_taxed() -> None:
    for kind in ("isa", "pension", "irp"):
        made = policy("A 50, B 50", assets={"A": OTHER, "B": EQUITY}, accounts={"main": {"type": kind}})
        case = taxed(made, "A a 2024-01-03 10 @ 100, B b 2024-01-03 10 @ 100", "A 200, B 200").case()
        assert tax_schedules(case, "main", ["A", "B"])[0] == {}
    exempt = taxed(policy("A 100", assets={"A": EQUITY}), "A a 2024-01-03 10 @ 100", "A 200").case()
    assert tax_schedules(exempt, "main", ["A"])[0] == {}


def test_the_hinge_is_what_is_left_of_the_deduction() -> None:
    def hinge(realised: int, *, saves: bool = True) -> Hinge:
        case = korean_case((200, MILLION, MILLION), korean(realised_gain_ytd=realised))
        (only,) = tax_schedules(case, "main", CODES, saves=saves)[1].gain
        return only

    assert hinge(0) == Hinge(Fraction(22, 100), Fraction(2_500_000))
    assert hinge(4_000_000) == Hinge(Fraction(22, 100), Fraction(-1_500_000))
    assert hinge(4_000_000, saves=False) == Hinge(Fraction(22, 100), Fraction(0))


def test_hinges_that_no_sale_can_reach_are_left_out() -> None:
    shared = tax_schedules(korean_case((200, MILLION, MILLION), korean()), "main", CODES)[1]
    assert (len(shared.gain), len(shared.income)) == (1, 0)
    assert tax_schedules(korean_case((200, MILLION, MILLION), korean()), "main", ["B"])[1].gain == ()
    made = korean(financial_income_ytd=19_990_000, other_income=90 * MILLION)
    rich = taxed(made, "B b 2024-05-02 30 @ 1000000", "B 2000000").case()
    some = tax_schedules(rich, "main", ["B"])[1]
    assert 0 < len(some.income) < len(shared_tax(rich, rich.rules.on(ON)).income)


def test_a_loss_saves_what_a_plan_may_count() -> None:
    case = korean_case((200, MILLION, 100_000), korean(realised_gain_ytd=4_000_000))
    lost = Sums(gain=Fraction(-1_000_000))
    assert tax_schedules(case, "main", CODES)[1].added(lost) == -220_000
    kept = tax_schedules(case, "main", CODES, saves=False)[1]
    assert kept.added(lost) == 0
    assert kept.added(Sums(gain=Fraction(1_000_000))) == 220_000


@settings(deadline=None)
@given(
    before=st.integers(0, 200),
    other=st.sampled_from([0, 10, 30, 60, 100, 200, 600, 2000]),
    more=st.lists(st.integers(0, 1500), min_size=1, max_size=5),
)
def test_income_hinges_are_the_tax_on_financial_income(before: int, other: int, more: list[int]) -> None:
    made = korean(financial_income_ytd=before * MILLION, other_income=other * MILLION)
    case = korean_case((200, MILLION, MILLION), made)
    shared = shared_tax(case, case.rules.on(ON))

    year, reading = korean_year(case), case.rules.on(ON)
    for added in more:
        income = Fraction(added * MILLION)
        extra = year.financial(reading, income) - year.financial(reading) - income * Fraction(154, 1000)
        assert shared.added(Sums(income=income)) == extra


# United States


def american(**tax: object) -> Policy:
    classes = dict.fromkeys(CODES, AMERICAN) | {"D": AMERICAN | {"asset_class": "collectible"}}
    return policy(
        "A 25, B 25, C 25, D 25", assets=classes, base_currency="USD", exchange="XNYS", fee=str(FEE),
        tax={"jurisdiction": "US", **tax},
    )  # fmt: skip


def american_case(prices: list[int], made: Policy) -> Taxed:
    lots = ", ".join(
        f"{code} {code}1 2023-05-02 10 @ 200, {code} {code}2 2025-06-02 12 @ 150, {code} {code}3 2025-12-01 8 @ 260"
        for code in CODES
    )
    return taxed(made, lots, ", ".join(f"{code} {price}" for code, price in zip(CODES, prices, strict=True)))


@settings(deadline=None, max_examples=60)
@given(
    counts=COUNTS,
    prices=st.lists(st.integers(20, 30_000), min_size=4, max_size=4),
    short=st.integers(-20, 20),
    long=st.integers(-20, 20),
    carried=st.tuples(st.integers(0, 8), st.integers(0, 8)),
    income=st.sampled_from([None, "0", "30000", "100000", "190000", "600000"]),
    method=st.sampled_from([None, *(method for method in LotMethod if method is not LotMethod.SPECIFIC)]),
)
def test_american_schedules_say_what_the_estimate_says(
    counts: list[int], prices: list[int], short: int, long: int, carried: tuple[int, int], income: str | None,
    method: str | None,
) -> None:  # fmt: skip
    made = american(
        realised_gain_ytd=(short + long) * 1000, realised_long_term_ytd=long * 1000, other_income=income,
        loss_carryover_short=carried[0] * 1000, loss_carryover_long=carried[1] * 1000, lot_method=method,
    )  # fmt: skip
    case = american_case(prices, made).case()
    sold = list(zip(CODES, counts, strict=True))
    _, tax = by_schedule(*tax_schedules(case, "main", CODES), sold)
    assert abs(tax - Fraction(estimate_case(case, sales(case, sold)).tax)) <= Fraction(1, 100)


@given(prices=st.lists(st.integers(20, 3000), min_size=4, max_size=4), counts=COUNTS)
@settings(deadline=None, max_examples=30)
def test_named_lots_are_taxed_as_named(prices: list[int], counts: list[int]) -> None:
    case = american_case(prices, american(other_income="100000", lot_method="specific")).case()
    schedules, shared = tax_schedules(case, "main", CODES)
    assert all(schedule.any_order for schedule in schedules.values())
    chosen, parts = [], []
    for sale in sales(case, zip(CODES, counts, strict=True)):
        # the youngest lots first, whatever the method says
        wanted, lots = Fraction(sale.quantity), []
        for piece in sorted(schedules[sale.code].pieces, key=lambda piece: piece.lot_id, reverse=True):
            part = min(piece.shares, wanted)
            wanted -= part
            lots += [(piece.lot_id, part)] if part else []
        named = tuple((name, Decimal(int(part))) for name, part in lots)
        chosen.append(Sale(sale.account, sale.code, sale.quantity, sale.price, sale.currency, sale.fees, named))
        parts.append(schedules[sale.code].named(lots))
    sums = total(parts)
    assert abs(shared.added(sums) - Fraction(estimate_case(case, chosen).tax)) <= Fraction(1, 100)


def test_the_rates_of_a_year_without_an_income_are_the_assumed_ones() -> None:
    shared = tax_schedules(american_case([200] * 4, american()).case(), "main", CODES)[1]
    year = shared.american
    assert year is not None
    assert year.exact
    rates = (year.short_rate, year.long_rate, year.ordinary_rate, year.collectible_rate)
    reading = american_case([200] * 4, american()).case().rules.on(ON)
    assumed, long = reading.fraction("us_assumed_short_rate"), reading.fraction("us_assumed_long_rate")
    assert rates == (assumed, long, assumed, min(assumed, reading.fraction("us_collectible_rate")))
    assert year.loss_limit == 3000


def test_a_stated_income_gives_the_rates_of_its_brackets() -> None:
    year = tax_schedules(american_case([200] * 4, american(other_income="150000")).case(), "main", CODES)[1].american
    assert year is not None
    assert (year.short_rate, year.long_rate, year.ordinary_rate) == tuple(map(Fraction, ("0.24", "0.15", "0.24")))
    assert year.slopes(Sums(short=Fraction(600_000)))[0] == Fraction("0.37") + Fraction("0.038")


def test_a_loss_that_would_be_washed_is_no_loss() -> None:
    bought = (ON - timedelta(days=10)).isoformat()
    case = taxed(american(), f"A old 2024-01-03 10 @ 200, A new {bought} 4 @ 90", "A 100").case()
    schedules, shared = tax_schedules(case, "main", ["A"])
    no_fee = Fraction(100) * (1 - Fraction(FEE))
    assert schedules["A"].sold(Fraction(4)) == Sums()
    assert schedules["A"].sold(Fraction(10)).long == 6 * (no_fee - 200)
    tax = by_schedule(schedules, shared, [("A", 10)])[1]
    assert abs(tax - Fraction(estimate_case(case, sales(case, [("A", 10)])).tax)) <= Fraction(1, 100)


def test_without_savings_the_american_tax_is_at_least_that_of_no_sale() -> None:
    case = american_case([100] * 4, american(realised_gain_ytd="50000")).case()
    lost = Sums(short=Fraction(-10_000))
    assert tax_schedules(case, "main", CODES)[1].added(lost) < 0
    assert tax_schedules(case, "main", CODES, saves=False)[1].added(lost) == 0


@pytest.mark.parametrize("shares", [0, 3, 10, 17, 40])
def test_lots_of_a_schedule_are_taken_in_order(shares: int) -> None:
    case = american_case([300] * 4, american()).case()
    schedule = tax_schedules(case, "main", ["A"])[0]["A"]
    taken = schedule.lots(Fraction(shares))
    assert exact_sum(Decimal(int(part)) for _, part in taken) == min(shares, 30)
    assert [name for name, _ in taken] == ["A1", "A2", "A3"][: len(taken)]


def test_where_losses_may_not_save_a_planner_is_told_of_nothing_to_offset() -> None:
    case = american_case([100] * 4, american(realised_gain_ytd="50000", loss_carryover_long="1000")).case()
    year = tax_schedules(case, "main", CODES, saves=False)[1].american
    assert year is not None
    assert [year.short_before, year.long_before, year.ordinary_rate] == [0, -1000, 0]
    assert not year.exact


@given(counts=COUNTS, prices=st.lists(st.integers(300, 3000), min_size=4, max_size=4), short=st.integers(0, 20))
@settings(deadline=None, max_examples=30)
def test_where_everything_gains_each_share_owes_at_its_own_rate(
    counts: list[int], prices: list[int], short: int
) -> None:
    case = american_case(prices, american(realised_gain_ytd=short * 1000)).case()
    schedules, shared = tax_schedules(case, "main", CODES)
    assert never_meet(schedules.values(), shared)
    apart, rest = told_apart(schedules, shared, alone=True)
    assert rest.american is None
    sold = list(zip(CODES, counts, strict=True))
    assert by_schedule(apart, rest, sold)[1] == by_schedule(schedules, shared, sold)[1]


@pytest.mark.parametrize("tax", [{"other_income": "100000"}, {"loss_carryover_long": "1"}, {"realised_gain_ytd": "-1"}])
def test_gains_that_may_meet_a_loss_or_a_bracket_stay_shared(tax: dict[str, str]) -> None:
    schedules, shared = tax_schedules(american_case([300] * 4, american(**tax)).case(), "main", CODES)
    assert not never_meet(schedules.values(), shared)
    losing, theirs = tax_schedules(american_case([300, 300, 300, 100], american()).case(), "main", CODES)
    assert not never_meet(losing.values(), theirs)
