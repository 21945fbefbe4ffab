"""Rules of the law that are easily forgotten, and what must hold of every estimate, whatever is sold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalance_kit.errors import RuleError
from rebalance_kit.money import exact_sum
from rebalance_kit.policy.choices import AccountType, TaxClass
from rebalance_kit.policy.model import Policy
from rebalance_kit.portfolio import open_portfolio
from rebalance_kit.tax import korea, korea_accounts
from rebalance_kit.tax.estimate import estimate
from rebalance_kit.tax.harvest import harvest
from rebalance_kit.tax.model import TaxEstimate
from rebalance_kit.tax.rules import RuleBook
from rebalance_kit.tax.us import Gains, Taxpayer, gains_tax
from tests.folders import folder, rebalance
from tests.make import policy
from tests.make_tax import AMERICAN, ON, OTHER, OVERSEAS_IN_WON, PTP, Taxed, taxed
from tests.statement_files import SAMPLES

LAW = RuleBook()
READING = LAW.on(ON)
MILLION = 1_000_000


def rules_of(made: TaxEstimate) -> set[str]:
    return {finding.rule for finding in made.uncertain}


def american(text: str, **settings_: Any) -> Policy:
    codes = [item.split()[0] for item in text.split(", ")]
    assets: dict[str, Any] = {code: AMERICAN | settings_.pop(code, {}) for code in codes}
    return policy(
        text, assets=assets, base_currency="USD", exchange="XNYS",
        accounts=settings_.pop("accounts", {"main": {}}),
        tax={"jurisdiction": "US", "other_income": "100000"} | settings_,
    )  # fmt: skip


# Korea


def test_a_loss_of_one_year_does_nothing_for_the_next() -> None:
    """Income Tax Act art. 118-2 ff. know no carry-forward of overseas losses; blogs that grant five years are wrong."""
    years = [(date(2025, 5, 6), Fraction(-10 * MILLION)), (date(2026, 5, 6), Fraction(10 * MILLION))]
    assert korea.overseas_tax_by_year(years, LAW) == {2025: 0, 2026: 1_650_000}


def test_a_fund_that_is_liquidated_at_a_loss_offsets_nothing_and_one_sold_before_does() -> None:
    """Tax office answer 서면-2025-국제세원-4600 (2025-03-07): a forced redemption is no transfer."""
    wanted = policy("A 100", assets={"A": OVERSEAS_IN_WON}, tax={"realised_gain_ytd": "10000000"})
    situation = taxed(wanted, "A a 2025-01-03 10 @ 1000000", "A 700000")
    (sale,) = situation.sales("sell 10 A")
    assert situation.estimate("sell 10 A").tax == -660_000

    def paid_out(made: Taxed) -> TaxEstimate:
        return estimate([replace(sale, redeemed=True)], made.holdings, made.policy, made.prices, on=ON)

    assert paid_out(situation).tax == 0
    assert "redemption_loss" in rules_of(paid_out(situation))
    gained = taxed(wanted, "A a 2025-01-03 10 @ 400000", "A 700000")
    assert paid_out(gained).tax == 660_000  # a gain is taxed all the same


def test_the_published_example_of_the_taxable_base() -> None:
    """swisskey.tistory.com/55 (2024-05-04): bought at 10,155 with a base of 10,453.60, sold at 10,520 with 10,660.48:
    of 365 and 206.88 the smaller is taxed, 15.4 % of it is 31.86 a share; of 10,000 shares, cut to ten won twice."""
    wanted = policy("A 100", assets={"A": OTHER})
    bought, now = "A a 2026-02-13 10000 @ 10155 base 10453.6", "A 10520 base 10660.48"
    (row,) = taxed(wanted, bought, now).estimate("sell 10000 A").sales
    assert row.gain == 3_650_000
    assert row.taxable == 2_068_800
    assert row.tax == 289_630 + 28_960  # 14 % is 289,632, a tenth of what is left of it 28,963


def test_what_a_distribution_left_untaxed_is_taxed_at_the_sale() -> None:
    """instories.co.kr/9353: the retained amount is added to both gains. Of 100 a share, 60 are taxed now, 40 later."""
    paid = korea_accounts.distribution_tax(
        TaxClass.KR_OTHER, AccountType.TAXABLE, Fraction(100_000), READING, taxable=Fraction(60_000)
    )
    assert [paid.withheld, paid.financial_income, paid.retained] == [9_240, 60_000, 40_000]
    wanted = policy("A 100", assets={"A": OTHER})
    situation = taxed(wanted, "A a 2025-01-03 1000 @ 10000 base 10000", "A 10500 base 10200")
    (sale,) = situation.sales("sell 1000 A")
    later = replace(sale, retained=paid.retained)
    made = estimate([later], situation.holdings, situation.policy, situation.prices, on=ON)
    assert made.sales[0].taxable == 200_000 + 40_000
    at_a_loss = taxed(wanted, "A a 2025-01-03 1000 @ 10000 base 10000", "A 9980 base 9990")
    later = replace(later, price=Decimal(9_980))
    made = estimate([later], at_a_loss.holdings, at_a_loss.policy, at_a_loss.prices, on=ON)
    assert made.sales[0].taxable == 20_000  # 40,000 less the 20,000 that the price lost
    assert korea.taxable_other_gain(Fraction(-50), Fraction(10), Fraction(20)) == 0


def test_a_partnerships_withholding_comes_on_top_of_the_tax_on_its_gain() -> None:
    """IRC 1446(f): 10 % of the proceeds; Korea taxes the netted gain as of any overseas share."""
    wanted = policy("A 100", assets={"A": {**PTP, "currency": "KRW"}})
    made = taxed(wanted, "A a 2025-01-03 10 @ 1000000", "A 2000000").estimate("sell 10 A")
    assert made.sales[0].withheld == 2_000_000
    assert made.tax == 2_000_000 + (10 * MILLION - 2_500_000) * 22 // 100


def test_who_exceeds_the_threshold_cannot_open_an_isa() -> None:
    """Restriction of Special Taxation Act art. 91-18: not who had more than 20,000,000 in one of three years."""
    accounts = {"main": {"type": "isa"}}
    rich = policy("A 100", assets={"A": OTHER}, accounts=accounts, tax={"financial_income_ytd": "20000001"})
    bought, now = "A a 2025-01-03 1 @ 10000 base 10000", "A 20000 base 20000"
    assert "isa_closed" in rules_of(taxed(rich, bought, now).estimate("sell 1 A"))
    modest = policy("A 100", assets={"A": OTHER}, accounts=accounts, tax={"financial_income_ytd": "20000000"})
    assert "isa_closed" not in rules_of(taxed(modest, bought, now).estimate("sell 1 A"))


@pytest.mark.parametrize(
    ("opened", "first"), [("2023-03-04", "2026-03-04"), ("2024-02-29", "2027-03-01"), ("2025-12-31", "2028-12-31")]
)
def test_an_isa_is_kept_for_three_years(opened: str, first: str) -> None:
    assert korea_accounts.isa_first_exit(date.fromisoformat(opened), READING) == date.fromisoformat(first)


@pytest.mark.parametrize(
    ("savings", "irp", "counted"), [(6, 3, 9), (9, 0, 6), (0, 9, 9), (4, 3, 7), (6, 12, 9), (18, 0, 6)]
)
def test_what_of_a_pensions_payments_earns_a_credit(savings: int, irp: int, counted: int) -> None:
    """Income Tax Act art. 59-3: 9,000,000 a year, of which 6,000,000 into pension savings; 18,000,000 paid in."""
    base = korea_accounts.pension_credit_base(Decimal(savings * MILLION), Decimal(irp * MILLION), READING)
    assert base == counted * MILLION
    room = korea_accounts.pension_room(Decimal((savings + irp) * MILLION), READING)
    assert room == max(0, 18 - savings - irp) * MILLION


def test_the_account_for_returning_investments_is_off_until_its_bill_is_switched_on() -> None:
    """A bill on 2026-02-27: half of the gain on at most 50,000,000 of sales, less for what is bought abroad again."""
    gain, sale = Fraction(20 * MILLION), Fraction(100 * MILLION)
    with pytest.raises(RuleError, match="kr_bill_ria_2026"):
        korea_accounts.ria_exempt_gain(gain, sale, READING)
    on = RuleBook({"kr_bill_ria_2026": Decimal(1)}).on(ON)
    assert korea_accounts.ria_exempt_gain(gain, sale, on) == 5 * MILLION
    assert korea_accounts.ria_exempt_gain(gain, sale / 2, on) == 10 * MILLION
    assert korea_accounts.ria_exempt_gain(gain, sale, on, net_bought=sale / 4) == Fraction(5 * MILLION, 2)
    assert korea_accounts.ria_exempt_gain(gain, sale, on, net_bought=sale) == 0
    assert korea_accounts.ria_exempt_gain(-gain, sale, on) == 0


# United States


def test_the_irs_example_of_the_net_investment_income_tax() -> None:
    """IRS, Questions and Answers on the Net Investment Income Tax: a single filer with wages of 180,000 and 90,000 of
    investment income is 70,000 above the threshold and owes 3.8 % of that, 2,660; with 15,000 he owes none."""
    earner = Taxpayer(income=Fraction(180_000))
    law = LAW.on(date(2025, 6, 2))
    owed = gains_tax(Gains(long=Fraction(90_000)), earner, law)
    assert owed == 90_000 * Fraction("0.15") + 2_660
    assert gains_tax(Gains(long=Fraction(15_000)), earner, law) == 15_000 * Fraction("0.15")


def test_publication_550_more_sold_than_bought_again() -> None:
    """IRS Pub. 550, "More or less stock bought than sold": 100 shares bought in September for 5,000 and sold on
    4 January for 4,000; 50 bought on 21 December for 2,750 and 25 on 28 December for 1,125. The loss on 75 shares, 750,
    does not count; that on 25, 250, does."""
    situation = taxed(
        american("A 100"),
        "A sep 2025-09-24 100 @ 50, A dec21 2025-12-21 50 @ 55, A dec28 2025-12-28 25 @ 45",
        "A 40",
        on=date(2026, 1, 4),
    )
    (row,) = situation.estimate("sell 100 A").sales
    assert [row.gain, row.disallowed, row.taxable] == [-1000, 750, -250]
    assert row.tax == Decimal("-55.00")  # 22 %, against other income


@pytest.mark.parametrize("kind", ["ira", "roth"])
def test_a_purchase_in_any_ira_loses_the_loss_for_good(kind: str) -> None:
    """Rev. Rul. 2008-5: traditional and Roth alike."""
    wanted = american("A 100", accounts={"main": {}, "old_age": {"type": kind}})
    situation = taxed(wanted, "A old 2024-01-03 10 @ 200, old_age: A new 2026-02-20 4 @ 90", "A 100")
    made = situation.estimate("sell 10 A")
    assert [made.sales[0].disallowed, made.sales[0].taxable] == [400, -600]
    assert any("lost for good" in finding.message.en for finding in made.uncertain)


def test_an_account_of_the_spouse_washes_like_ones_own() -> None:
    """IRC 1091 and Pub. 550: "if you sell stock and your spouse buys substantially identical stock, you also have a
    wash sale". An account of the folder counts, whoever's it is; that others count too is said."""
    wanted = american("A 100", accounts={"main": {}, "spouse": {}})
    situation = taxed(wanted, "A old 2024-01-03 10 @ 200, spouse: A new 2026-02-20 10 @ 90", "A 100")
    made = situation.estimate("sell 10 A")
    assert made.sales[0].disallowed == 1000
    assert "wash_household" in rules_of(made)


def test_the_average_cost_is_for_funds_and_not_for_gold() -> None:
    """Treas. Reg. 1.1012-1(e): shares of regulated investment companies. A grantor trust of gold is none."""
    bought = "A a 2023-01-03 10 @ 100, A b 2023-02-01 10 @ 150"
    fund = taxed(american("A 100", lot_method="moving_average"), bought, "A 160").estimate("sell 10 A")
    gold = taxed(
        american("A 100", A={"asset_class": "collectible"}, lot_method="moving_average"), bought, "A 160"
    ).estimate("sell 10 A")
    assert fund.sales[0].gain == 350
    assert gold.sales[0].gain == 600
    assert "lot_method_not_allowed" in rules_of(gold) - rules_of(fund)


def test_a_replacement_that_is_the_same_thing_is_no_replacement() -> None:
    def harvested(asset: dict[str, object]) -> tuple[str | None, set[str]]:
        situation = taxed(american("A 50, B 50", A=asset), "A a 2024-01-03 10 @ 200", "A 100, B 100")
        made = harvest(situation.policy, situation.holdings, situation.prices, on=ON)
        return made.candidates[0].replacement, {finding.rule for finding in made.findings}

    replacement, rules = harvested({"replacement": "B"})
    assert replacement == "B"
    assert "replacement_to_check" in rules
    replacement, rules = harvested({"replacement": "B", "identical_to": ["B"]})
    assert replacement is None
    assert "replacement_identical" in rules


# every estimate


PRICES = st.integers(1, 400)
HELD = st.lists(st.tuples(st.integers(1, 30), PRICES, PRICES, st.integers(0, 2)), min_size=1, max_size=4)
CLASSES: list[dict[str, str]] = [OVERSEAS_IN_WON, OTHER, {"tax_class": "kr_equity", "exchange": "XKRX"}]


def weights(count: int) -> str:
    shares = [100 // count] * count
    shares[0] += 100 - sum(shares)
    return ", ".join(f"{code} {share}" for code, share in zip("ABCD", shares, strict=False))


def korean_case(rows: list[tuple[int, int, int, int]], ytd: int = 0, income: int = 0) -> Taxed:
    wanted = policy(
        weights(len(rows)),
        assets={code: CLASSES[row[3]] for code, row in zip("ABCD", rows, strict=False)},
        tax={"realised_gain_ytd": str(ytd), "financial_income_ytd": str(income), "other_income": "60000000"},
    )
    return case_of(wanted, rows, 10_000)


def american_case(rows: list[tuple[int, int, int, int]], ytd: int = 0) -> Taxed:
    return case_of(american(weights(len(rows)), realised_gain_ytd=str(ytd)), rows, 10)


def case_of(wanted: Policy, rows: list[tuple[int, int, int, int]], unit: int) -> Taxed:
    named = list(zip("ABCD", rows, strict=False))
    bought = ", ".join(
        f"{code} {code}{i} {day} {quantity} @ {cost * unit + i}"
        for code, (quantity, cost, _, _) in named
        for i, day in enumerate(("2024-01-03", "2025-10-06"))
    )
    return taxed(wanted, bought, ", ".join(f"{code} {price * unit}" for code, (_, _, price, _) in named))


def all_sold(rows: list[tuple[int, int, int, int]], turned: bool = False) -> str:
    items = [f"sell {2 * quantity} {code}" for code, (quantity, _, _, _) in zip("ABCD", rows, strict=False)]
    return ", ".join(reversed(items) if turned else items)


@settings(max_examples=40, deadline=None)
@given(HELD, st.integers(-20, 20), st.integers(0, 30))
def test_the_parts_of_an_estimate_are_the_whole(rows: list[tuple[int, int, int, int]], ytd: int, income: int) -> None:
    """The tax of the sales is their sum and what the year's tax grows by; the lots' gains are the sale's."""
    for case in (korean_case(rows, ytd * MILLION, income * MILLION), american_case(rows, ytd * 1000)):
        made = case.estimate(all_sold(rows))
        assert made.tax == exact_sum(row.tax for row in made.sales if row.tax is not None)
        assert made.tax == made.year_to_date_after.tax - made.year_to_date_before.tax
        for row in made.sales:
            assert row.gain is not None
            quantity = exact_sum(lot.quantity for lot in row.lots)
            assert quantity == row.sale.quantity
            assert abs(exact_sum(lot.gain for lot in row.lots) - row.gain) <= len(row.lots)  # each is rounded alone


@settings(max_examples=40, deadline=None)
@given(HELD, st.integers(-20, 20))
def test_the_order_of_the_sales_changes_no_tax(rows: list[tuple[int, int, int, int]], ytd: int) -> None:
    for case in (korean_case(rows, ytd * MILLION), american_case(rows, ytd * 1000)):
        one, other = case.estimate(all_sold(rows)), case.estimate(all_sold(rows, turned=True))
        assert one.tax == other.tax
        assert one.year_to_date_after == other.year_to_date_after


@settings(max_examples=40, deadline=None)
@given(HELD, st.integers(0, 3), st.integers(1, 50))
def test_a_higher_price_never_owes_less(rows: list[tuple[int, int, int, int]], place: int, more: int) -> None:
    """Up to the ten won that withholding cuts off each sale, and a won or cent of rounding."""
    place %= len(rows)
    dearer = [(q, c, p + more * (i == place), k) for i, (q, c, p, k) in enumerate(rows)]
    assert korean_case(rows).estimate(all_sold(rows)).tax <= korean_case(dearer).estimate(all_sold(rows)).tax + 20
    low, high = american_case(rows).estimate(all_sold(rows)), american_case(dearer).estimate(all_sold(rows))
    assert low.tax <= high.tax + Decimal("0.01")


# lots from statements


POLICY = """\
portfolio:
  name: dollars
  base_currency: USD
  exchange: XNYS
  allocation: {all: {assets: [{code: VTI, target: 0.5}, {code: BND, target: 0.5}]}}
  tax: {jurisdiction: US, other_income: 100000}
"""
STATEMENT = """\
account,code,quantity,price,currency,cost
main,VTI,30,100,USD,4500
main,BND,10,70,USD,900
main,CASH,1000,,USD,
"""
LOTS = """\
account,code,lot_id,date,quantity,cost,currency
main,VTI,1,2024-01-03,10,2000.00,USD
main,VTI,2,2025-10-06,10,1500.00,USD
"""


@pytest.fixture
def dollars(tmp_path: Path) -> Path:
    files = {"portfolio.yaml": POLICY, "holdings.csv": STATEMENT, "lots.csv": LOTS, "prices.csv": None}
    return folder(tmp_path / "dollars", dict(files))


def test_shares_without_a_day_are_one_more_lot_at_the_average_of_the_rest(dollars: Path) -> None:
    """10 of the 30 shares, and all of the bonds, have no lot: 4,500 - 3,500 is left for them, and no day."""
    opened = open_portfolio(dollars, on="2026-03-04")
    made = opened.harvest()
    rows = {(row.code, row.lot_id): row for row in made.candidates}
    assert set(rows) == {("VTI", "1"), ("VTI", "2"), ("VTI", "average"), ("BND", "average")}
    assert rows["VTI", "average"].gain == 0
    assert rows["BND", "average"].gain == -200
    assert rows["VTI", "1"].tax_saved == 220
    assert [f.rule for f in made.findings].count("average_lot") == 2


def test_the_command_names_them_in_both_languages(dollars: Path) -> None:
    for language, words in (("en", "one lot at its average cost"), ("ko", "평균 단가의 한 로트")):
        ran = rebalance("harvest", dollars, "--on", "2026-03-04", "--language", language)
        assert ran.code == 0
        assert words in " ".join(ran.out.split())


def test_the_lots_of_a_brokers_statement_are_taxed_as_they_are(tmp_path: Path) -> None:
    """E*TRADE's export: 900 shares bought on a day, 65 without one, whose cost is what is left of the position's."""
    text = POLICY.replace("{code: VTI, target: 0.5}, {code: BND, target: 0.5}", "{code: AAA, target: 1}")
    there = folder(tmp_path / "etrade", {"portfolio.yaml": text, "holdings.csv": None, "prices.csv": None})
    written = rebalance("import", SAMPLES / "etrade_all_positions.csv", "--portfolio", there, "--write")
    assert written.code == 0
    document = rebalance("harvest", there, "--on", "2026-08-24", "--json").document
    rows = {row["lot_id"]: row for row in document["candidates"] if row["code"] == "AAA"}
    assert {name: row["quantity"] for name, row in rows.items()} == {"2024-01-15-1": 900, "average": 65}
    opened = open_portfolio(there, on="2026-08-24")
    worth = opened.prices.price("AAA") * 900
    assert Decimal(rows["2024-01-15-1"]["gain"]) == worth - Decimal("1620.00")
    # The position's own cost is the broker's rounded price paid x shares: five cents less than its two lots.
    assert Decimal(rows["average"]["gain"]) == opened.prices.price("AAA") * 65 - Decimal("59.10")
