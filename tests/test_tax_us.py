"""US tax: short and long, netting, brackets, and estimates with wash sales."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.errors import RuleError
from rebalance_kit.holdings.model import Position
from rebalance_kit.policy.model import Policy
from rebalance_kit.tax.case import tax_positions
from rebalance_kit.tax.estimate import estimate
from rebalance_kit.tax.model import Purchase
from rebalance_kit.tax.rules import RuleBook
from rebalance_kit.tax.us import (
    Gains,
    Netted,
    Taxpayer,
    days_to_long_term,
    first_long_term_day,
    gains_tax,
    is_long_term,
    loss_room,
    net,
)
from tests.make import policy
from tests.make_tax import AMERICAN, EQUITY, ON, Taxed, taxed

IN_2025 = RuleBook().on(date(2025, 6, 2))
STATED = Taxpayer(income=Fraction(100_000))


def wanted(text: str = "A 100", accounts: dict[str, object] | None = None, **tax: object) -> Policy:
    codes = [item.split()[0] for item in text.split(", ")]
    return policy(
        text,
        assets=dict.fromkeys(codes, AMERICAN),
        base_currency="USD",
        exchange="XNYS",
        accounts=accounts or {"main": {}},
        tax={"jurisdiction": "US", **tax},
    )


def american(bought: str, now: str, made: Policy | None = None) -> Taxed:
    return taxed(made or wanted(other_income="100000"), bought, now)


# holding period


@pytest.mark.parametrize(
    ("bought", "first"),
    [
        ("2024-09-19", "2025-09-20"),  # J. K. Lasser: bought 19 September, long-term on or after 20 September
        ("2025-01-01", "2026-01-02"),  # fool.com: 1 January 2006 is one year or less, 2 January more
        ("2024-02-28", "2025-03-01"),
        ("2024-02-29", "2025-03-01"),
        ("2023-02-28", "2024-03-01"),  # naspp.com: "it still has to be held until March 1"
        ("2023-03-01", "2024-03-02"),
        ("2024-12-31", "2026-01-01"),
    ],
)
def test_long_term_begins_after_the_anniversary(bought: str, first: str) -> None:
    day, start = date.fromisoformat(bought), date.fromisoformat(first)
    assert first_long_term_day(day) == start
    assert is_long_term(day, start)
    assert not is_long_term(day, date.fromordinal(start.toordinal() - 1))


def test_365_days_are_short_and_366_long() -> None:
    """fava_investor's term: right."""
    bought = date(2024, 3, 4)
    assert not is_long_term(bought, date(2025, 3, 4))
    assert is_long_term(bought, date(2025, 3, 5))
    assert days_to_long_term(bought, date(2025, 3, 1)) == 4
    assert days_to_long_term(bought, date(2026, 3, 1)) == 0


def test_an_unknown_day_counts_as_short() -> None:
    assert not is_long_term(None, date(2026, 1, 2))


# netting


def netted(short: int, long: int, carry_short: int = 0, carry_long: int = 0, *, status: str = "single") -> list[int]:
    """[taxed short, taxed long, deduction, carried short, carried long]."""
    who = Taxpayer(status, Fraction(100_000), Fraction(carry_short), Fraction(carry_long))
    left = net(Gains(Fraction(short), Fraction(long)), who, IN_2025)
    return [int(x) for x in (left.short, left.long, left.deduction, left.carry_short, left.carry_long)]


@pytest.mark.parametrize(
    ("short", "long", "expected"),
    [
        (5000, 7000, [5000, 7000, 0, 0, 0]),
        (-2000, 7000, [0, 5000, 0, 0, 0]),
        (5000, -2000, [3000, 0, 0, 0, 0]),
        (-9000, 4000, [0, 0, 3000, 2000, 0]),
        (4000, -9000, [0, 0, 3000, 0, 2000]),
        (-2000, -7000, [0, 0, 3000, 0, 6000]),  # short-term losses are deducted first
        (-5000, -7000, [0, 0, 3000, 2000, 7000]),
        (-1000, 0, [0, 0, 1000, 0, 0]),
        (0, 0, [0, 0, 0, 0, 0]),
    ],
)
def test_the_netting_matrix(short: int, long: int, expected: list[int]) -> None:
    """Schedule D, lines 7, 15, 16 and 21, and its Capital Loss Carryover Worksheet."""
    assert netted(short, long) == expected


def test_married_filing_separately_deducts_half() -> None:
    assert netted(-9000, 0, status="married_separate") == [0, 0, 1500, 7500, 0]


def test_carried_losses_come_first_and_keep_their_term() -> None:
    assert netted(1000, 5000, carry_short=3000, carry_long=1000) == [0, 2000, 0, 0, 0]
    assert netted(0, 0, carry_short=5000, carry_long=4000) == [0, 0, 3000, 2000, 4000]


@pytest.mark.parametrize(
    ("gains", "carried", "expected"),
    [
        ((0, 10_000, 4_000), 0, 4_000),
        ((-3_000, 10_000, 4_000), 0, 1_000),  # a net short-term loss reduces collectibles first
        ((0, 2_000, 4_000), 0, 2_000),  # other long-term losses have eaten into it
        ((0, 10_000, 4_000), 1_500, 2_500),
        ((0, 10_000, -4_000), 0, 0),
    ],
)
def test_what_is_left_of_collectibles(gains: tuple[int, int, int], carried: int, expected: int) -> None:
    short, long, special = map(Fraction, gains)
    left = net(Gains(short, long, special), Taxpayer(carry_long=Fraction(carried)), IN_2025)
    assert left.collectible == expected
    assert left.long + left.collectible == max(Fraction(0), long - carried + min(Fraction(0), short))


money = st.integers(-(10**6), 10**6).map(Fraction)
losses = st.integers(0, 10**5).map(Fraction)


@given(money, money, losses, losses)
def test_netting_neither_makes_nor_loses_a_dollar(short: Fraction, long: Fraction, cs: Fraction, cl: Fraction) -> None:
    left: Netted = net(Gains(short, long), Taxpayer(carry_short=cs, carry_long=cl), IN_2025)
    taxed_now = left.short + left.long + left.collectible
    assert taxed_now - left.deduction - left.carry_short - left.carry_long == short + long - cs - cl
    assert min(left.short, left.long, left.deduction, left.carry_short, left.carry_long) >= 0
    assert left.deduction <= 3000


# the tax


def tax(short: int = 0, long: int = 0, collectible: int = 0, *, who: Taxpayer = STATED) -> Fraction:
    return gains_tax(Gains(Fraction(short), Fraction(long), Fraction(collectible)), who, IN_2025)


def test_short_term_gains_climb_the_ordinary_brackets() -> None:
    """2025, single: 22 % up to 103,350, then 24 %."""
    assert tax(short=10_000) == 3_350 * Fraction("0.22") + 6_650 * Fraction("0.24")


def test_long_term_gains_stand_on_top_of_ordinary_income() -> None:
    assert tax(long=10_000) == 1_500
    low = Taxpayer(income=Fraction(40_000))
    assert tax(long=20_000, who=low) == (20_000 - 8_350) * Fraction("0.15")
    assert tax(long=10_000, who=Taxpayer(income=Fraction(10_000))) == 0


def test_a_loss_reduces_other_income_up_to_the_limit() -> None:
    assert tax(short=-10_000) == -3_000 * Fraction("0.22")


def test_the_net_investment_income_tax_takes_the_smaller_amount() -> None:
    rich = Taxpayer(income=Fraction(195_000))
    assert tax(long=20_000, who=rich) == 3_000 + Fraction("0.038") * 15_000
    richer = Taxpayer(income=Fraction(300_000))
    assert tax(long=20_000, who=richer) == 3_000 + Fraction("0.038") * 20_000


def test_collectibles_pay_at_most_28_percent() -> None:
    assert tax(long=10_000, collectible=10_000) == tax(short=10_000)  # 22 and 24 % are below 28 %
    rich = Taxpayer(income=Fraction(600_000))
    assert tax(long=10_000, collectible=10_000, who=rich) == 10_000 * (Fraction("0.28") + Fraction("0.038"))


def test_without_a_stated_income_the_assumed_rates_count() -> None:
    nobody = Taxpayer()
    assert tax(short=1_000, long=1_000, who=nobody) == 240 + 150
    assert tax(short=-5_000, who=nobody) == -720


@given(money, money, st.integers(0, 10**5).map(Fraction), st.sampled_from([Taxpayer(), STATED]))
def test_more_gain_never_owes_less(short: Fraction, long: Fraction, more: Fraction, who: Taxpayer) -> None:
    before = gains_tax(Gains(short, long), who, IN_2025)
    assert before <= gains_tax(Gains(short + more, long), who, IN_2025)
    assert before <= gains_tax(Gains(short, long + more), who, IN_2025)


def test_how_much_loss_is_still_of_use_this_year() -> None:
    assert loss_room(Gains(Fraction(2_000), Fraction(5_000)), STATED, IN_2025) == 10_000
    assert loss_room(Gains(Fraction(-2_000)), STATED, IN_2025) == 1_000
    assert loss_room(Gains(Fraction(-9_000)), STATED, IN_2025) == 0


# estimates


def test_lots_are_taxed_by_their_own_term() -> None:
    situation = american("A old 2024-01-03 10 @ 100, A new 2025-12-01 10 @ 100", "A 200")
    made = situation.estimate("sell 20 A")
    assert made.tax == Decimal(150) + Decimal(220)
    assert [use.long_term for use in made.sales[0].lots] == [True, False]


@pytest.mark.parametrize(("method", "gain"), [("fifo", 650), ("lifo", 450), ("hifo", 300), ("moving_average", 550)])
def test_the_policys_method_chooses_the_lots(method: str, gain: int) -> None:
    bought = "A a 2023-01-03 10 @ 100, A b 2023-02-01 10 @ 150, A c 2023-03-01 10 @ 120"
    situation = american(bought, "A 160", wanted(lot_method=method))
    assert situation.estimate("sell 15 A").sales[0].gain == gain


def test_named_lots_are_used() -> None:
    situation = american("A a 2023-01-03 10 @ 100, A b 2023-02-01 10 @ 150", "A 160")
    sale = replace(situation.sales("sell 4 A")[0], lots=(("b", Decimal(4)),))
    made = estimate([sale], situation.holdings, situation.policy, situation.prices, on=ON)
    assert made.sales[0].gain == 40


def test_a_recent_purchase_washes_a_loss_share_by_share() -> None:
    situation = american("A old 2024-01-03 10 @ 200, A new 2026-02-20 4 @ 110", "A 100")
    row = situation.estimate("sell 10 A").sales[0]
    assert row.gain == -1_000
    assert row.disallowed == 400
    assert row.taxable == -600
    assert row.tax == -Decimal(600) * Decimal("0.22")


def test_a_planned_purchase_washes_a_loss() -> None:
    situation = american("A old 2024-01-03 10 @ 200", "A 100")
    again = Purchase("main", "A", Decimal(10), ON)
    made = situation.estimate("sell 10 A", purchases=(again,))
    assert made.tax == 0
    assert "wash_sale" in {finding.rule for finding in made.uncertain}


def test_something_identical_washes_a_loss_and_something_else_does_not() -> None:
    same = policy(
        "A 50, B 50",
        assets={"A": {**AMERICAN, "identical_to": ["B"]}, "B": AMERICAN},
        base_currency="USD",
        tax={"jurisdiction": "US", "other_income": "100000"},
    )
    bought, now = "A old 2024-01-03 10 @ 200, B new 2026-02-20 10 @ 50", "A 100, B 50"
    assert taxed(same, bought, now).estimate("sell 10 A").tax == 0
    apart = wanted("A 50, B 50", other_income="100000")
    assert taxed(apart, bought, now).estimate("sell 10 A").tax == -220


def test_a_purchase_in_an_ira_washes_a_loss_and_selling_there_is_not_taxed() -> None:
    accounts: dict[str, object] = {"main": {}, "ira": {"type": "ira"}}
    situation = american("A old 2024-01-03 10 @ 200, ira: A new 2026-02-20 10 @ 90", "A 100", wanted(accounts=accounts))
    made = situation.estimate("sell 10 A")
    assert made.sales[0].disallowed == 1_000
    assert any("lost for good" in finding.message.en for finding in made.uncertain)
    inside = situation.estimate("sell 10 A in ira")
    assert inside.tax == 0
    assert "taxed_at_exit" in {finding.rule for finding in inside.uncertain}


def test_gold_is_a_collectible_when_its_class_says_so() -> None:
    gold = policy(
        "GLD 100",
        assets={"GLD": {**AMERICAN, "asset_class": "collectible"}},
        base_currency="USD",
        tax={"jurisdiction": "US", "other_income": "600000"},
    )
    made = taxed(gold, "GLD a 2023-01-03 10 @ 100", "GLD 200").estimate("sell 10 GLD")
    assert made.tax == Decimal("318")


def test_the_year_so_far_and_the_carry_overs_come_from_the_policy() -> None:
    stated = wanted(
        other_income="100000",
        realised_gain_ytd="3000",
        realised_long_term_ytd="1000",
        loss_carryover_long="1000",
    )
    made = american("A a 2025-12-01 10 @ 300", "A 200", stated).estimate("sell 10 A")
    assert made.year_to_date_before.tax == Decimal(440)
    assert made.year_to_date_after.realised_gain == 2_000
    assert made.tax == -220


def test_the_shares_of_the_tax_add_up_to_it() -> None:
    two = wanted("A 50, B 50", other_income="100000")
    made = taxed(two, "A a 2024-01-03 3 @ 10, B b 2025-12-01 3 @ 10", "A 20.01, B 20.02").estimate("sell 3 A, sell 3 B")
    assert sum((row.tax for row in made.sales if row.tax is not None), Decimal(0)) == made.tax
    assert made.tax == made.year_to_date_after.tax - made.year_to_date_before.tax


def test_an_unstated_income_is_said() -> None:
    made = american("A a 2024-01-03 1 @ 10", "A 20", wanted()).estimate("sell 1 A")
    assert made.tax == Decimal("1.5")
    assert "other_income_unknown" in {finding.rule for finding in made.uncertain}


def test_brackets_are_one_line_of_the_report() -> None:
    made = american("A a 2024-01-03 1 @ 10", "A 20").estimate("sell 1 A")
    document: Any = made.to_dict("en")
    lines = document["rules"]
    (ordinary,) = [line for line in lines if line.startswith("us_ordinary_single")]
    assert "50400: 0.22" in ordinary
    assert "Rev. Proc. 2025-32" in ordinary


def test_a_year_without_brackets_is_refused() -> None:
    situation = taxed(wanted(other_income="1"), "A a 2024-01-03 1 @ 10", "A 20", on=date(2027, 2, 1))
    with pytest.raises(RuleError, match="no record covers 2027-02-01"):
        situation.estimate("sell 1 A")


def test_a_later_year_than_the_rules_is_said() -> None:
    situation = taxed(wanted(), "A a 2024-01-03 1 @ 10", "A 20", on=date(2027, 2, 1))
    assert "rules_older" in {finding.rule for finding in situation.estimate("sell 1 A").uncertain}


def test_dollars_are_the_currency_of_us_tax() -> None:
    won = policy("A 100", tax={"jurisdiction": "US"})
    with pytest.raises(RuleError, match="the base currency is KRW, and US is taxed in USD"):
        taxed(won, "A a 2025-01-03 1 @ 1", "A 2").estimate("sell 1 A")


def test_a_fund_that_is_not_american_is_called_a_pfic() -> None:
    foreign = policy(
        "A 100", assets={"A": {**EQUITY, "currency": "USD"}}, base_currency="USD", tax={"jurisdiction": "US"}
    )
    position = Position("main", "A", Decimal(10), "USD", cost=Decimal(1))
    made = taxed(foreign, "", "A 2 USD", held_too=(position,))
    assert "pfic" in {finding.rule for finding in tax_positions(made.case())[0].findings}


def test_specific_without_names_takes_the_highest_cost_and_says_so() -> None:
    bought = "A a 2023-01-03 10 @ 100, A b 2023-02-01 10 @ 150"
    made = american(bought, "A 160", wanted(lot_method="specific")).estimate("sell 10 A")
    assert made.sales[0].gain == 100
    assert "lots_to_name" in {finding.rule for finding in made.uncertain}
