"""Tax rules as dated records: which number was law on which day, who says so, and what a person overrides."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from rebalance_kit.errors import PolicyError, RuleError
from rebalance_kit.policy.model import Policy
from rebalance_kit.tax.records import RULES_DATED, Confidence
from rebalance_kit.tax.rules import ALL_RULES, RuleBook, rule_book, rule_names
from tests.make import policy

LAW = RuleBook()
TODAY = date(2026, 3, 4)


def with_overrides(**overrides: str) -> Policy:
    return policy("A 100", tax={"overrides": overrides})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kr_overseas_rate", "0.22"),
        ("kr_overseas_deduction", "2500000"),
        ("kr_withholding_national", "0.14"),
        ("kr_financial_threshold", "20000000"),
        ("kr_isa_exempt", "2000000"),
        ("kr_isa_rate", "0.099"),
        ("kr_ptp_withholding", "0.10"),
        ("kr_etf_transaction_tax", "0"),
        ("us_wash_days", "30"),
        ("us_loss_limit_single", "3000"),
        ("us_loss_limit_married_separate", "1500"),
        ("us_niit_rate", "0.038"),
        ("us_collectible_rate", "0.28"),
    ],
)
def test_the_numbers_of_2026(name: str, value: str) -> None:
    assert LAW.rule(name, TODAY).value == Decimal(value)


def test_document_000s_cost_table_is_there_as_dated_defaults() -> None:
    names = ("cost_kr_commission", "cost_us_commission_low", "cost_us_commission", "cost_kr_fx_spread",
             "cost_us_fx_spread_low", "cost_us_fx_spread", "cost_kr_dividend_tax", "cost_us_dividend_tax")  # fmt: skip
    values = [LAW.rule(name, TODAY).value for name in names]
    assert values == [Decimal(x) for x in ("0.00015", "0.001", "0.0025", "0", "0.001", "0.005", "0.154", "0.15")]


@pytest.mark.parametrize(
    ("day", "sessions"),
    [("2017-09-04", 3), ("2017-09-05", 2), ("2024-05-27", 2), ("2024-05-28", 1), ("2026-03-04", 1)],
)
def test_a_rule_changes_on_its_day(day: str, sessions: int) -> None:
    assert LAW.rule("us_settlement_days", date.fromisoformat(day)).value == sessions


def test_a_day_that_no_record_covers_is_refused_in_one_sentence() -> None:
    with pytest.raises(RuleError) as refused:
        LAW.on(date(2027, 1, 4)).value("us_long_single_2_from")
    assert str(refused.value) == (
        "tax rule us_long_single_2_from: no record covers 2027-01-04; expected a day within 2025-01-01 to 2025-12-31,"
        " 2026-01-01 to 2026-12-31; state it as tax.overrides.us_long_single_2_from in portfolio.yaml."
    )
    assert "2027-01-04에 해당하는 기록이 없습니다" in refused.value.message("ko")


def test_the_policy_overrides_any_number_on_any_day() -> None:
    book = rule_book(with_overrides(kr_overseas_deduction="3000000"))
    rule = book.rule("kr_overseas_deduction", date(2031, 1, 1))
    assert (rule.value, rule.confidence, rule.source) == (Decimal(3000000), Confidence.STATED, "tax.overrides")


def test_an_override_of_no_rule_names_the_nearest_one() -> None:
    with pytest.raises(PolicyError, match=r"^tax\.overrides\.kr_oversea_rate: .*expected kr_overseas_rate"):
        rule_book(with_overrides(kr_oversea_rate="0.2"))


def test_every_number_can_be_overridden() -> None:
    book = RuleBook(dict.fromkeys(rule_names(), Decimal("0.5")))
    assert {book.rule(name, TODAY).value for name in rule_names()} == {Decimal("0.5")}


def test_a_bill_is_off_until_it_is_switched_on() -> None:
    assert LAW.rule("kr_isa_exempt", TODAY).value == 2_000_000
    switched = rule_book(with_overrides(kr_bill_isa_2026="1"))
    assert switched.rule("kr_isa_exempt", TODAY).value == 5_000_000
    assert switched.rule("kr_isa_total_cap", TODAY).value == 200_000_000
    assert switched.rule("kr_isa_exempt", date(2025, 12, 31)).value == 2_000_000


def test_a_number_that_only_a_bill_knows_says_how_to_switch_it_on() -> None:
    with pytest.raises(RuleError, match=r"set tax\.overrides\.kr_bill_ria_2026 to 1 to count the bill"):
        LAW.rule("kr_ria_sale_cap", TODAY)
    assert RuleBook({"kr_bill_ria_2026": Decimal(1)}).rule("kr_ria_sale_cap", TODAY).value == 50_000_000


def test_a_reading_remembers_what_was_read_and_nothing_else() -> None:
    reading = LAW.on(TODAY)
    reading.value("kr_overseas_rate")
    reading.fraction("kr_overseas_deduction")
    reading.value("kr_overseas_rate")
    assert [rule.id for rule in reading.used] == ["kr_overseas_deduction", "kr_overseas_rate"]


def test_brackets_rise_and_begin_at_zero() -> None:
    reading = LAW.on(TODAY)
    tables = ["kr_income", *(name.removesuffix("_1_from") for name in rule_names() if name.endswith("_1_from"))]
    for table in tables:
        rows = reading.brackets(table)
        assert rows[0][0] == 0
        assert list(rows) == sorted(rows)
        assert len({rate for _, rate in rows}) == len(rows)


def test_a_rule_says_what_it_is_in_both_languages() -> None:
    line = LAW.rule("kr_withholding_unit", TODAY).describe()
    assert line.en.startswith("kr_withholding_unit = 10: ")
    assert "confidence low" in line.en
    assert "2025-01-01 to now" in line.en
    assert "신뢰도 낮음" in line.ko
    stated = rule_book(with_overrides(kr_overseas_rate="0.2")).rule("kr_overseas_rate", TODAY).describe()
    assert stated.en == "kr_overseas_rate = 0.2: tax on overseas gains, local tax included (your own figure)"


def test_every_record_names_its_source_and_both_languages() -> None:
    for rule in ALL_RULES:
        assert rule.source
        assert rule.title.en != rule.title.ko
        assert rule.until is None or rule.start <= rule.until


def test_no_two_laws_cover_the_same_day() -> None:
    law = [rule for rule in ALL_RULES if rule.bill is None]
    for one in law:
        assert [other for other in law if other.id == one.id and other is not one and other.covers(one.start)] == []


def test_the_tables_say_how_far_their_sources_were_read() -> None:
    assert date(2026, 1, 1) <= RULES_DATED <= date(2026, 12, 31)
