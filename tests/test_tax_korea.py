"""Korean tax: the four classes and the accounts, with figures that can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.errors import RuleError
from rebalance_kit.holdings.model import Position
from rebalance_kit.policy.choices import AccountType, TaxClass
from rebalance_kit.policy.model import Policy
from rebalance_kit.tax import korea, korea_accounts
from rebalance_kit.tax.estimate import estimate
from rebalance_kit.tax.rules import RuleBook
from rebalance_kit.tax.settlement import overseas_settlement, tax_year
from tests.make import policy
from tests.make_tax import EQUITY, ON, OTHER, OVERSEAS, OVERSEAS_IN_WON, PTP, Taxed, taxed

LAW = RuleBook()
READING = LAW.on(ON)
MILLION = 1_000_000


def wanted(asset: dict[str, str] = OVERSEAS_IN_WON, **tax: object) -> Policy:
    return policy("A 100", assets={"A": asset}, tax=tax)


def won(*amounts: int) -> list[Fraction]:
    return [Fraction(amount) for amount in amounts]


def rules_of(situation: Taxed, text: str) -> set[str]:
    return {finding.rule for finding in situation.estimate(text).uncertain}


# overseas_listed


@pytest.mark.parametrize(("gain", "tax"), [(25, 4_950_000), (20, 3_850_000), (10, 1_650_000), (2.5, 0), (-3, 0)])
def test_the_tax_on_a_years_overseas_gain(gain: float, tax: int) -> None:
    """bullsinvest.co.kr p=294852: (25,000,000 - 2,500,000) x 22 % = 4,950,000; by average 3,850,000."""
    assert korea.overseas_tax(Fraction(gain) * MILLION, READING) == tax


@pytest.mark.parametrize(("method", "tax"), [("fifo", 4_950_000), ("moving_average", 3_850_000)])
def test_ten_of_thirty_shares_by_both_methods_that_korea_allows(method: str, tax: int) -> None:
    situation = taxed(
        wanted(lot_method=method),
        "A 1 2023-01-03 10 @ 500000, A 2 2023-02-01 10 @ 1000000, A 3 2023-03-02 10 @ 1500000",
        "A 3000000",
    )
    made = situation.estimate("sell 10 A")
    assert made.tax == tax
    assert made.complete
    assert made.year_to_date_before.tax == 0
    assert made.year_to_date_after.tax == tax


def test_a_dollar_loss_can_be_a_won_gain() -> None:
    """hybumworld.com 2026-02-09: 200 to 190 dollars while the dollar went from 1,200 to 1,450 won: +355,000."""
    situation = taxed(
        wanted(OVERSEAS),
        "A a 2023-01-05 10 @ 200 USD",
        "A 190 USD, USD/KRW 1450",
        rates="2023-01-10 1200",
    )
    row = situation.estimate("sell 10 A").sales[0]
    assert row.gain == 355_000
    assert row.tax == 0
    assert [(use.lot_id, int(use.quantity), int(use.gain)) for use in row.lots] == [("a", 10, 355_000)]


def test_fees_of_the_sale_reduce_the_gain() -> None:
    situation = taxed(wanted(), "A a 2025-01-03 10 @ 1000000", "A 2000000")
    sale = situation.sales("sell 10 A")[0]
    made = estimate(
        [replace(sale, fees=Decimal(50_000))], situation.holdings, situation.policy, situation.prices, on=ON
    )
    assert made.sales[0].gain == 9_950_000


def test_without_the_rate_of_the_purchase_todays_is_used_and_said() -> None:
    situation = taxed(wanted(OVERSEAS), "A a 2023-01-05 10 @ 200 USD", "A 190 USD, USD/KRW 1450")
    assert situation.estimate("sell 10 A").sales[0].gain == -145_000
    assert "purchase_rate_unknown" in rules_of(situation, "sell 10 A")


def test_gains_and_losses_of_a_year_are_netted_before_one_deduction() -> None:
    both = policy(
        "A 50, B 50", assets={"A": OVERSEAS_IN_WON, "B": OVERSEAS_IN_WON}, tax={"realised_gain_ytd": "1000000"}
    )
    situation = taxed(both, "A a 2025-01-03 10 @ 100000, B b 2025-01-03 10 @ 900000", "A 1000000, B 500000")
    made = situation.estimate("sell 10 A, sell 10 B")
    assert made.tax == (1_000_000 + 9_000_000 - 4_000_000 - 2_500_000) * 22 // 100
    assert made.year_to_date_before.realised_gain == 1_000_000
    assert made.year_to_date_after.realised_gain == 6_000_000


def test_a_loss_saves_tax_on_what_was_realised_before() -> None:
    situation = taxed(wanted(realised_gain_ytd="10000000"), "A a 2025-01-03 10 @ 1000000", "A 700000")
    made = situation.estimate("sell 10 A")
    assert made.tax == -660_000
    assert made.year_to_date_before.tax == 1_650_000


def test_the_shared_tax_is_shared_by_gains_and_adds_up() -> None:
    three = policy("A 40, B 30, C 30", assets=dict.fromkeys("ABC", OVERSEAS_IN_WON))
    situation = taxed(
        three,
        "A a 2025-01-03 1 @ 0.5, B b 2025-01-03 1 @ 0.5, C c 2025-01-03 1 @ 5000000",
        "A 1000000.5, B 2000000.5, C 5000000",
    )
    made = situation.estimate("sell 1 A, sell 1 B, sell 1 C")
    assert made.tax == 110_000
    assert [row.tax for row in made.sales] == [36_667, 73_333, 0]


def test_four_quarters_owe_what_one_sale_owes_and_two_years_do_not() -> None:
    """Source document 000 advises to split by quarter: the deduction is a year's."""
    quarters = [(date(2026, month, 2), Fraction(5 * MILLION)) for month in (1, 4, 7, 10)]
    at_once = [(date(2026, 7, 1), Fraction(20 * MILLION))]
    assert korea.overseas_tax_by_year(quarters, LAW) == korea.overseas_tax_by_year(at_once, LAW) == {2026: 3_850_000}
    two_years = [(date(2026, 12, 28), Fraction(10 * MILLION)), (date(2027, 1, 4), Fraction(10 * MILLION))]
    assert korea.overseas_tax_by_year(two_years, LAW) == {2026: 1_650_000, 2027: 1_650_000}


def test_ten_million_in_december_or_half_in_january() -> None:
    split = korea.split_over_two_years(Fraction(10 * MILLION), Fraction(0), READING)
    assert [split.tax_in_one_year, split.tax_over_two_years, split.saved] == won(1_650_000, 1_100_000, 550_000)
    assert [split.this_year, split.next_year] == won(2_500_000, 7_500_000)


@given(st.integers(-20, 40), st.integers(0, 40), st.integers(0, 40))
def test_no_other_split_owes_less(realised: int, gain: int, now: int) -> None:
    split = korea.split_over_two_years(Fraction(gain * MILLION), Fraction(realised * MILLION), READING)
    part = min(now, gain) * MILLION
    before = korea.overseas_tax(Fraction(realised * MILLION), READING)
    other = korea.overseas_tax(Fraction(realised * MILLION + part), READING) - before
    other += korea.overseas_tax(Fraction(gain * MILLION - part), READING)
    assert split.tax_over_two_years <= other


@given(st.lists(st.integers(-(10**8), 10**8), max_size=8), st.randoms())
def test_netting_does_not_depend_on_the_order(gains: list[int], shuffled: Random) -> None:
    dated = [(date(2026, 5, 4), Fraction(gain)) for gain in gains]
    other = list(dated)
    shuffled.shuffle(other)
    assert korea.overseas_tax_by_year(dated, LAW) == korea.overseas_tax_by_year(other, LAW)


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**8))
def test_more_gain_never_owes_less(gain: int, more: int) -> None:
    assert korea.overseas_tax(Fraction(gain), READING) <= korea.overseas_tax(Fraction(gain + more), READING)
    low, high = max(0, gain), max(0, gain) + more
    taxes = [korea.financial_income_tax(Fraction(x), Fraction(30 * MILLION), READING) for x in (low, high)]
    assert taxes[0] <= taxes[1]


# the year in which a sale counts


@pytest.mark.parametrize(
    ("traded", "settled"),
    [
        ("2026-03-04", "2026-03-06"),
        ("2024-05-24", "2024-05-30"),
        ("2024-05-28", "2024-05-30"),
        ("2017-09-01", "2017-09-08"),
    ],
)
def test_settlement_follows_the_rule_of_its_time(traded: str, settled: str) -> None:
    assert overseas_settlement(date.fromisoformat(traded), LAW) == date.fromisoformat(settled)


@pytest.mark.parametrize(("traded", "year"), [("2025-12-29", 2025), ("2025-12-30", 2026), ("2025-12-31", 2026)])
def test_29_december_was_the_last_safe_day_of_2025(traded: str, year: int) -> None:
    """wakenhole.github.io/2025/oversea_invenstment_tax."""
    assert tax_year(date.fromisoformat(traded), LAW) == year


def test_the_brokers_own_calendar_comes_first() -> None:
    last = date(2025, 12, 26)
    assert tax_year(date(2025, 12, 29), LAW, last) == 2026
    assert tax_year(date(2025, 12, 26), LAW, last) == 2025


def test_a_sale_that_settles_next_year_uses_next_years_deduction() -> None:
    day = date(2025, 12, 30)
    situation = taxed(wanted(realised_gain_ytd="9000000"), "A a 2025-01-03 1 @ 1000000", "A 3500000", on=day)
    made = situation.estimate("sell 1 A")
    assert made.tax == 0
    assert {"tax_year_uncertain", "next_tax_year"} <= {finding.rule for finding in made.uncertain}
    assert situation.estimate("sell 1 A", last_day=date(2025, 12, 31)).tax == 550_000


# kr_other


@pytest.mark.parametrize(
    ("price", "base", "taxable"),
    [
        (12_000, 11_500, 1_500),  # the gain of the taxable base is smaller
        (12_000, 13_000, 2_000),  # the price gain is smaller
        (12_000, 9_000, 0),  # the base fell
        (9_000, 11_000, 0),  # the price fell
    ],
)
def test_kr_other_is_taxed_on_the_smaller_gain(price: int, base: int, taxable: int) -> None:
    situation = taxed(wanted(OTHER), "A a 2025-01-03 100 @ 10000 base 10000", f"A {price} base {base}")
    row = situation.estimate("sell 100 A").sales[0]
    assert row.taxable == taxable * 100
    assert row.tax == Decimal("0.154") * taxable * 100


def test_kr_other_is_booked_by_moving_average_of_price_and_base() -> None:
    situation = taxed(
        wanted(OTHER, lot_method="fifo"),
        "A a 2024-01-03 10 @ 10000 base 10000, A b 2025-01-03 30 @ 12000 base 11000",
        "A 15000 base 13000",
    )
    row = situation.estimate("sell 8 A").sales[0]
    assert row.gain == 8 * (15_000 - 11_500)
    assert row.taxable == 8 * (13_000 - 10_750)


def test_without_the_taxable_base_the_price_gain_is_an_upper_estimate() -> None:
    situation = taxed(wanted(OTHER), "A a 2025-01-03 100 @ 10000 base 10000", "A 12000")
    assert situation.estimate("sell 100 A").tax == 30_800
    assert "tax_base_unknown" in rules_of(situation, "sell 100 A")


def test_losses_of_kr_other_offset_nothing() -> None:
    two = policy("A 50, B 50", assets={"A": OTHER, "B": OTHER})
    situation = taxed(two, "A a 2025-01-03 10 @ 10000, B b 2025-01-03 10 @ 50000", "A 20000, B 10000")
    made = situation.estimate("sell 10 A, sell 10 B")
    assert [row.tax for row in made.sales] == [15_400, 0]


@pytest.mark.parametrize(("taxable", "tax"), [(100_000, 15_400), (70, 0), (1_234_567, 190_110), (99_999, 15_380)])
def test_withheld_tax_is_cut_to_ten_won_twice(taxable: int, tax: int) -> None:
    """14 % of 1,234,567 is 172,839.38, cut to 172,830; a tenth of it is 17,283, cut to 17,280."""
    assert korea.withheld_tax(Fraction(taxable), READING) == tax


def test_another_rounding_can_be_stated() -> None:
    exact = RuleBook({"kr_withholding_unit": Decimal(1)}).on(ON)
    assert korea.withheld_tax(Fraction(1_234_567), exact) == 172_839 + 17_283


# financial income


def test_financial_income_up_to_the_threshold_is_taxed_apart() -> None:
    assert korea.financial_income_tax(Fraction(20 * MILLION), Fraction(100 * MILLION), READING) == 3_080_000


def test_above_the_threshold_the_brackets_count() -> None:
    """50M beside 100M of other income: 2.8M + (B(130M) - B(100M)), B rising by 35 %; then 10 % local tax."""
    tax = korea.financial_income_tax(Fraction(50 * MILLION), Fraction(100 * MILLION), READING)
    assert tax == (2_800_000 + 30 * MILLION * Fraction("0.35")) * Fraction("1.1")


def test_without_other_income_fourteen_percent_is_the_least() -> None:
    tax = korea.financial_income_tax(Fraction(50 * MILLION), Fraction(0), READING)
    assert tax == 50 * MILLION * Fraction("0.14") * Fraction("1.1")


@pytest.mark.parametrize(
    ("income", "tax"),
    [(14, 840_000), (50, 6_240_000), (88, 15_360_000), (150, 37_060_000), (1_000, 384_060_000), (1_100, 429_060_000)],
)
def test_the_brackets_add_up_to_the_usual_table(income: int, tax: int) -> None:
    """B(88M) = 88M x 24 % - 5,760,000, B(150M) = 150M x 35 % - 15,440,000, and so on."""
    assert korea.progressive_tax(Fraction(income * MILLION), READING.brackets("kr_income")) == tax


def test_a_sale_that_crosses_the_threshold_costs_more_than_what_is_withheld() -> None:
    rich = wanted(OTHER, financial_income_ytd="19000000", other_income="100000000")
    situation = taxed(rich, "A a 2025-01-03 100 @ 100000 base 100000", "A 150000 base 150000")
    row = situation.estimate("sell 100 A").sales[0]
    assert row.withheld == 770_000
    extra = 4_000_000 * (Fraction("0.35") - Fraction("0.14")) * Fraction("1.1")
    assert row.tax == 770_000 + int(extra)
    assert "other_income_unknown" not in rules_of(situation, "sell 100 A")


def test_an_unstated_income_above_the_threshold_is_said() -> None:
    situation = taxed(wanted(OTHER, financial_income_ytd="21000000"), "A a 2025-01-03 1 @ 1 base 1", "A 2 base 2")
    assert "other_income_unknown" in rules_of(situation, "sell 1 A")


# kr_equity, partnerships, accounts


def test_kr_equity_is_exempt_and_needs_no_cost() -> None:
    position = Position("main", "A", Decimal(10), "KRW")
    situation = taxed(wanted(EQUITY), "", "A 50000", held_too=(position,))
    made = situation.estimate("sell 10 A")
    assert made.tax == 0
    assert made.complete
    assert made.uncertain == ()


def test_a_partnership_loses_ten_percent_of_the_proceeds_even_at_a_loss() -> None:
    situation = taxed(wanted(PTP), "A a 2025-01-03 10 @ 30 USD", "A 20 USD, USD/KRW 1400", rates="2025-01-07 1400")
    row = situation.estimate("sell 10 A").sales[0]
    assert row.gain == -140_000
    assert row.tax == row.withheld == 28_000


@pytest.mark.parametrize("kind", ["isa", "pension", "irp"])
def test_nothing_is_taxed_when_selling_inside_a_tax_account(kind: str) -> None:
    inside = policy("A 100", assets={"A": OTHER}, accounts={"main": {"type": kind}})
    situation = taxed(inside, "A a 2025-01-03 100 @ 10000 base 10000", "A 20000 base 20000")
    made = situation.estimate("sell 100 A")
    assert made.tax == 0
    assert made.sales[0].gain == 1_000_000
    assert "taxed_at_exit" in {finding.rule for finding in made.uncertain}


def test_an_overseas_asset_in_an_isa_is_said_to_be_impossible() -> None:
    inside = policy("A 100", assets={"A": OVERSEAS_IN_WON}, accounts={"main": {"type": "isa"}})
    assert "not_allowed_in_account" in rules_of(taxed(inside, "A a 2025-01-03 1 @ 1", "A 2"), "sell 1 A")


@pytest.mark.parametrize(
    ("incomes", "equity", "low", "tax"),
    [
        ((5 * MILLION, -1 * MILLION), 0, False, 198_000),
        ((5 * MILLION, -1 * MILLION), 0, True, 0),
        ((5 * MILLION,), 9 * MILLION, False, 297_000),  # gains of kr_equity never count
        ((5 * MILLION,), -1 * MILLION, False, 198_000),  # its losses do
        ((1 * MILLION, -3 * MILLION), 0, False, 0),
    ],
)
def test_an_isa_nets_everything_at_its_end(incomes: tuple[int, ...], equity: int, low: bool, tax: int) -> None:
    """4,000,000 net, 2,000,000 exempt: 9.9 % of 2,000,000 is 198,000."""
    income = korea_accounts.isa_net_income(map(Fraction, incomes), Fraction(equity), READING)
    assert korea_accounts.isa_exit_tax(income, READING, low_income=low) == tax


def test_unused_room_of_an_isa_is_kept_up_to_the_cap() -> None:
    rooms = [korea_accounts.isa_room(Decimal(15 * MILLION), year, READING) for year in (1, 2, 5, 9)]
    assert rooms == [5 * MILLION, 25 * MILLION, 85 * MILLION, 85 * MILLION]


def test_a_pension_is_taxed_by_age_and_by_amount() -> None:
    ages = [korea_accounts.pension_exit_tax(Fraction(10 * MILLION), age, READING) for age in (60, 70, 80)]
    assert ages == [550_000, 440_000, 330_000]
    assert korea_accounts.pension_exit_tax(Fraction(16 * MILLION), 60, READING) == 2_640_000
    assert korea_accounts.pension_exit_tax(Fraction(MILLION), 60, READING, early=True) == 165_000


@pytest.mark.parametrize(
    ("tax_class", "account", "taxable", "withheld", "income"),
    [
        (TaxClass.KR_OTHER, AccountType.TAXABLE, 60_000, 9_240, 60_000),
        (TaxClass.KR_OTHER, AccountType.TAXABLE, None, 15_400, 100_000),
        (TaxClass.KR_EQUITY, AccountType.TAXABLE, 20_000, 3_080, 20_000),
        (TaxClass.KR_EQUITY, AccountType.TAXABLE, -5, 0, 0),
        (TaxClass.OVERSEAS_LISTED, AccountType.TAXABLE, None, 15_000, 100_000),
        (TaxClass.KR_OTHER, AccountType.ISA, None, 0, 0),
    ],
)
def test_distributions(
    tax_class: TaxClass, account: AccountType, taxable: int | None, withheld: int, income: int
) -> None:
    part = None if taxable is None else Fraction(taxable)
    made = korea_accounts.distribution_tax(tax_class, account, Fraction(100_000), READING, taxable=part)
    assert made.withheld == withheld
    assert made.financial_income == income


# what is not known, and what is refused


def test_an_unstated_class_is_guessed_upwards_and_said() -> None:
    at_home = taxed(policy("069500 100"), "069500 a 2025-01-03 10 @ 10000", "069500 12000")
    assert at_home.estimate("sell 10 069500").sales[0].tax_class is TaxClass.KR_OTHER
    assert "tax_class_unknown" in rules_of(at_home, "sell 10 069500")


def test_hifo_is_not_a_korean_method() -> None:
    situation = taxed(wanted(lot_method="hifo"), "A a 2024-01-03 1 @ 100, A b 2025-01-03 1 @ 900", "A 1000")
    assert situation.estimate("sell 1 A").sales[0].gain == 900
    assert "lot_method_not_allowed" in rules_of(situation, "sell 1 A")


def test_a_position_without_lots_is_one_lot_at_its_average_cost() -> None:
    position = Position("main", "A", Decimal(10), "KRW", cost=Decimal(1_000_000))
    made = taxed(wanted(), "", "A 150000", held_too=(position,)).estimate("sell 4 A")
    assert made.sales[0].gain == 200_000
    assert [use.lot_id for use in made.sales[0].lots] == ["average"]
    assert "average_lot" in {finding.rule for finding in made.uncertain}


def test_lots_that_do_not_cover_the_position_are_completed_and_said() -> None:
    situation = taxed(wanted(), "A a 2025-01-03 6 @ 100", "A 200")
    position = Position("main", "A", Decimal(10), "KRW", cost=Decimal(1_400))
    situation = replace(situation, holdings=replace(situation.holdings, positions=(position,)))
    made = situation.estimate("sell 10 A")
    assert made.sales[0].gain == 600
    assert "average_lot" in {finding.rule for finding in made.uncertain}


def test_an_unknown_cost_leaves_the_tax_unknown() -> None:
    position = Position("main", "A", Decimal(10), "KRW")
    made = taxed(wanted(), "", "A 150000", held_too=(position,)).estimate("sell 4 A")
    assert made.sales[0].tax is None
    assert made.sales[0].gain is None
    assert not made.complete
    assert made.tax == 0
    assert "cost_unknown" in {finding.rule for finding in made.uncertain}


def test_document_000s_rates_are_shown_and_change_nothing() -> None:
    doc = policy("A 100", assets={"A": OTHER}, costs={"etf_tax_rate": "0", "overseas_etf_tax_rate": "0.22"})
    situation = taxed(doc, "A a 2025-01-03 100 @ 10000", "A 12000")
    assert situation.estimate("sell 100 A").tax == 30_800
    assert "cost_rate_not_used" in rules_of(situation, "sell 100 A")


def test_an_override_changes_the_rule_of_the_class() -> None:
    situation = taxed(
        wanted(overrides={"kr_overseas_deduction": "0", "kr_overseas_rate": "0.1"}), "A a 2025-01-03 1 @ 1", "A 1001"
    )
    made = situation.estimate("sell 1 A")
    assert made.tax == 100
    assert "your own figure" in str(made.to_dict()["rules"])


def test_won_is_the_currency_of_korean_tax() -> None:
    dollars = policy("A 100", base_currency="USD")
    with pytest.raises(RuleError, match="the base currency is USD, and KR is taxed in KRW"):
        taxed(dollars, "A a 2025-01-03 1 @ 1 USD", "A 2 USD").estimate("sell 1 A")


def test_more_than_is_held_is_refused() -> None:
    with pytest.raises(RuleError, match="3 shares are to be sold"):
        taxed(wanted(), "A a 2025-01-03 2 @ 1", "A 2").estimate("sell 3 A")


def test_two_sales_of_one_position_follow_each_other() -> None:
    situation = taxed(wanted(), "A a 2024-01-03 1 @ 100, A b 2025-01-03 1 @ 300", "A 1000")
    made = situation.estimate("sell 1 A, sell 1 A")
    assert [row.gain for row in made.sales] == [900, 700]


def test_the_same_holding_under_four_treatments_owes_four_taxes() -> None:
    taxes = []
    for asset, kind in ((EQUITY, "taxable"), (OTHER, "taxable"), (OVERSEAS_IN_WON, "taxable"), (OTHER, "isa")):
        made = policy("A 100", assets={"A": asset}, accounts={"main": {"type": kind}})
        taxes.append(taxed(made, "A a 2025-01-03 100 @ 100000", "A 200000").estimate("sell 100 A").tax)
    assert taxes == [0, 1_540_000, 1_650_000, 0]


def test_the_estimate_says_what_it_is_and_which_rules_it_used() -> None:
    made = taxed(wanted(), "A a 2025-01-03 1 @ 1", "A 9000000").estimate("sell 1 A")
    document = made.to_dict("ko")
    assert "추정치" in str(document["statement"])
    assert [rule.id for rule in made.rules] == ["kr_financial_threshold", "kr_overseas_deduction", "kr_overseas_rate",
                                                "kr_withholding_local_share", "kr_withholding_national"]  # fmt: skip
    table = made.table()
    assert list(table["tax"]) == [Decimal(1_430_000)]
    assert "estimate, not advice" in made._repr_html_()
