"""What a plan says of tax: what the tax engine says, with its lots, its doubts and its alternatives."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console

from rebalance_kit.dashboard.order_views import preview
from rebalance_kit.holdings.model import Position
from rebalance_kit.orders import Side
from rebalance_kit.report.terminal_plan import plan_view
from rebalance_kit.words import Language
from tests.make_plan import made_plan
from tests.make_plan_tax import american, korean, sale_of, with_cash
from tests.make_tax import EQUITY, OTHER, PTP, taxed
from tests.shapes import PLAN, faults

MILLION = 1_000_000


# what a plan says


def test_a_plan_shows_tax_and_lots() -> None:
    plan = made_plan(korean(), force=True)
    sale = sale_of(plan)
    assert sale.quantity == 25
    assert sale.tax == 0  # 1,500,000 is within the deduction
    assert sale.lots == (("a1", Decimal(25)),)
    assert plan.summary.tax == 0
    assert plan.tax is not None
    assert plan.tax.year_to_date_after.realised_gain == 25 * 60_000


def test_tax_beyond_the_deduction_is_that_of_the_engine() -> None:
    plan = made_plan(korean(tax={"realised_gain_ytd": 2 * MILLION}), force=True)
    assert sale_of(plan).tax == plan.summary.tax == Decimal("0.22") * (2 * MILLION + 25 * 60_000 - 2_500_000)
    assert plan.tax is not None
    assert plan.tax.year_to_date_before.tax == 0
    assert plan.tax.year_to_date_after.tax == plan.summary.tax


def test_every_class_has_its_own_tax() -> None:
    taxes = {}
    for name, made in {
        "exempt": korean(EQUITY),
        "other": korean(OTHER),
        "overseas": korean(tax={"realised_gain_ytd": 2_500_000}),
        "partnership": korean(PTP | {"currency": "KRW"}, tax={"realised_gain_ytd": 2_500_000}),
        "isa": korean(OTHER, account="isa"),
    }.items():
        plan = made_plan(made, force=True)
        assert plan.certificate.valid
        assert sale_of(plan).quantity == 25
        taxes[name] = plan.summary.tax
    assert taxes == {
        "exempt": 0,
        "other": Decimal("0.154") * 25 * 50_000,
        "overseas": Decimal("0.22") * 25 * 60_000,
        "partnership": Decimal("0.22") * 25 * 60_000 + Decimal("0.1") * 25 * 100_000,
        "isa": 0,
    }


def test_american_lots_are_short_or_long() -> None:
    plan = made_plan(american(), force=True)
    sale = sale_of(plan)
    assert sale.lots == (("a1", Decimal(25)),)
    assert sale.tax == Decimal("0.15") * 25 * 60
    last_in = made_plan(american(tax={"lot_method": "lifo"}), force=True)
    assert sale_of(last_in).lots == (("a2", Decimal(25)),)


def test_where_lots_may_be_named_those_that_owe_least_are() -> None:
    plan = made_plan(american(tax={"lot_method": "specific"}), force=True)
    assert sale_of(plan).lots == (("a2", Decimal(25)),)  # 10 dollars short-term a share are less tax than 60 long-term
    assert plan.certificate.valid
    gains = american(tax={"lot_method": "specific", "loss_carryover_long": 100_000})
    assert made_plan(gains, force=True).summary.tax == 0


def test_the_tax_is_an_estimate_and_says_so() -> None:
    plan = made_plan(korean(OTHER), force=True)
    rules = [finding.rule for finding in plan.findings]
    assert "tax_estimate" in rules
    assert "tax_withheld" in rules
    assert "tax_base_unknown" in rules
    assert "tax_not_estimated" not in rules
    document = plan.to_dict()
    assert not faults(document, PLAN)
    assert "2026-03-01" in str(document["tax"])


def test_a_sale_of_unknown_cost_has_no_tax() -> None:
    made = korean()
    unknown = replace(made.holdings, lots=(), positions=(Position("main", "A", Decimal(100), "KRW"),))
    plan = made_plan(made._replace(holdings=unknown), force=True)
    assert sale_of(plan).tax is None
    assert plan.summary.tax is None
    assert "tax_not_estimated" in [finding.rule for finding in plan.findings]
    assert plan.certificate.valid


def test_where_the_currency_is_not_that_of_the_tax_tax_weighs_nothing() -> None:
    plan = made_plan(korean(tax={"jurisdiction": "US"}), force=True)
    assert plan.tax is None
    assert plan.summary.tax is None
    assert {order.tax for order in plan.orders} == {None}
    (said,) = (finding for finding in plan.findings if finding.rule == "tax_not_estimated")
    assert "USD" in said.message.en
    assert plan.certificate.valid


def test_nothing_sold_is_nothing_said() -> None:
    plan = made_plan(korean(), contribute="1000000")
    assert plan.summary.tax == 0
    assert not [finding for finding in plan.findings if finding.rule.startswith("tax")]
    assert plan.tax_lines() == ()


def test_a_preview_shows_its_tax_too() -> None:
    plan = made_plan(korean(OTHER, strategy="manual"))
    assert not plan.orders
    (sale,) = (order for order in plan.ideal if order.side is Side.SELL)
    assert sale.tax == Decimal("0.154") * 25 * 50_000
    assert plan.summary.tax == 0
    assert plan.certificate.valid


def test_the_other_accounts_of_the_taxpayer_count() -> None:
    made = american()
    bought = taxed(made.policy, "ira: B b2 2026-02-20 10 @ 120, B b1 2025-02-03 90 @ 120, A a1 2024-05-02 10 @ 100",
                   "A 100, B 100")  # fmt: skip
    own = with_cash(bought)
    alone = own._replace(holdings=own.holdings.only("main"))
    plan = made_plan(alone, force=True)
    whole = made_plan(alone, force=True, household=own.holdings)
    assert plan.summary.tax is not None
    assert whole.summary.tax is not None
    assert plan.summary.tax < whole.summary.tax  # ten shares' loss is washed by the other account
    assert "wash_sale" in [finding.rule for finding in whole.findings]
    assert whole.certificate.valid


# what a person reads


@pytest.mark.parametrize(("language", "words"), [("en", "Ignoring tax"), ("ko", "세금을 고려하지 않")])
def test_the_terminal_and_the_desk_show_tax_and_what_ignoring_it_would_cost(language: Language, words: str) -> None:
    plan = made_plan(korean(tax={"realised_gain_ytd": 2 * MILLION}), force=True)
    console = Console(width=100, record=True, file=StringIO())
    console.print(plan_view(plan, language))
    for shown in (console.export_text(), preview(plan, language)):
        assert "₩220,000" in shown
        assert words in shown
    assert 'title="a1 25"' in preview(plan, language)


def test_lots_are_named_where_there_are_several() -> None:
    made = american(tax={"lot_method": "lifo"}, deviation="absolute")
    fewer = replace(made.holdings, lots=tuple(
        replace(lot, quantity=Decimal(90 if lot.lot_id == "a1" else 10), cost=Decimal(900))
        for lot in made.holdings.lots if lot.code == "A"
    ) + tuple(lot for lot in made.holdings.lots if lot.code == "B"))  # fmt: skip
    plan = made_plan(made._replace(holdings=fewer), force=True)
    console = Console(width=120, record=True, file=StringIO())
    console.print(plan_view(plan, "en"))
    assert "[lots a2 10, a1 15]" in console.export_text()
    assert plan.to_dict()["orders"][0]["lots"] == [  # type: ignore[index]  # JSON
        {"lot_id": "a2", "quantity": 10},
        {"lot_id": "a1", "quantity": 15},
    ]


# what ignoring tax would cost


def test_ignoring_tax_may_change_nothing() -> None:
    plan = made_plan(korean(OTHER), force=True)
    assert plan.tax is not None
    ignoring = plan.tax.ignoring_tax
    assert ignoring is not None
    assert ignoring.same
    assert ignoring.tax == plan.summary.tax
    assert ignoring.nearer == 0


def test_a_heavy_weight_on_tax_keeps_a_taxed_asset() -> None:
    plan = made_plan(korean(OTHER, tax_weight=100), force=True)
    assert plan.tax is not None
    ignoring = plan.tax.ignoring_tax
    assert ignoring is not None
    assert not ignoring.same
    assert plan.summary.tax == 0
    assert ignoring.tax == Decimal("0.154") * 25 * 50_000
    assert ignoring.nearer == 5 * MILLION
    assert any("Ignoring tax" in line.en for line in plan.tax_lines())
    assert "Ignoring tax" in plan._repr_html_()


def test_without_weight_tax_is_shown_and_changes_nothing() -> None:
    weightless = made_plan(korean(OTHER, tax_weight=0, deviation="squared"), force=True)
    weighed = made_plan(korean(OTHER, deviation="squared"), force=True)
    assert sale_of(weightless).quantity == 25
    assert sale_of(weighed).quantity < 25
    assert sale_of(weightless).tax == Decimal("0.154") * 25 * 50_000
