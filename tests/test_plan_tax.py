"""Tax inside plans: what a plan says is what the tax engine says, and a plan that says otherwise is caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rebalance_kit.execution.result import RunResult
from rebalance_kit.holdings.model import Cash, Position
from rebalance_kit.money import ZERO, exact_sum
from rebalance_kit.orders import Order, Side
from rebalance_kit.planner.certificate import certify
from rebalance_kit.planner.plan import Plan
from rebalance_kit.policy.model import Policy
from rebalance_kit.tax.estimate import estimate
from rebalance_kit.tax.model import Sale
from tests.make import ON, Situation, policy
from tests.make_plan import made_plan
from tests.make_run import Desk
from tests.make_tax import AMERICAN, EQUITY, OTHER, OVERSEAS_IN_WON, PTP, Taxed, taxed
from tests.shapes import PLAN, faults

MILLION = 1_000_000
FREE = {"max_order_share": 1, "max_turnover": 1}


def with_cash(made: Taxed, amount: int = 0) -> Situation:
    cash = (Cash("main", made.policy.base_currency, Decimal(amount)),)
    return Situation(made.policy, replace(made.holdings, cash=cash), made.prices)


def korean(kind: dict[str, str] = OVERSEAS_IN_WON, *, account: str = "taxable", **settings: Any) -> Situation:
    """A is twice its target after its price doubled: 100 shares at 100,000, bought at 40,000 and 60,000."""
    tax = settings.pop("tax", {})
    wanted = policy(
        "A 50, B 50", assets={"A": kind, "B": EQUITY}, tax=tax, accounts={"main": {"type": account}}, **settings
    )
    bought = "A a1 2024-05-02 50 @ 40000, A a2 2025-02-03 50 @ 60000, B b1 2025-02-03 50 @ 100000"
    return with_cash(taxed(wanted, bought, "A 100000, B 100000"))


def american(**settings: Any) -> Situation:
    tax = {"jurisdiction": "US"} | settings.pop("tax", {})
    wanted = policy(
        "A 50, B 50", assets={"A": AMERICAN, "B": AMERICAN}, base_currency="USD", exchange="XNYS", tax=tax, **settings
    )
    bought = "A a1 2024-05-02 50 @ 40, A a2 2025-12-01 50 @ 90, B b1 2025-02-03 50 @ 100"
    return with_cash(taxed(wanted, bought, "A 100, B 100"))


def sale_of(plan: Plan) -> Order:
    (sale,) = (order for order in plan.orders if order.side is Side.SELL)
    return sale


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


# the certificate


def without_tax(plan: Plan) -> Plan:
    orders = tuple(replace(order, tax=None, lots=()) for order in plan.orders)
    return replace(plan, orders=orders, summary=replace(plan.summary, tax=None), tax=None)


def with_sale(plan: Plan, **changes: Any) -> Plan:
    orders = tuple(replace(order, **changes) if order.side is Side.SELL else order for order in plan.orders)
    return replace(plan, orders=orders)


def with_year(plan: Plan, name: str, **changes: Any) -> Plan:
    assert plan.tax is not None
    return replace(plan, tax=replace(plan.tax, **{name: replace(getattr(plan.tax, name), **changes)}))


def with_withheld(plan: Plan) -> Plan:
    assert plan.tax is not None
    return replace(plan, tax=replace(plan.tax, withheld=ZERO))


ONE = Decimal(1)
WRONG: dict[str, tuple[Callable[[Plan], Plan], str]] = {
    "no tax at all": (without_tax, "taxes"),
    "another tax": (lambda plan: with_sale(plan, tax=ONE), "taxes"),
    "an order without tax": (lambda plan: with_sale(plan, tax=None), "taxes"),
    "another total": (lambda plan: replace(plan, summary=replace(plan.summary, tax=ONE)), "taxes"),
    "another year before": (lambda plan: with_year(plan, "year_to_date_before", realised_gain=ONE), "taxes"),
    "another year after": (lambda plan: with_year(plan, "year_to_date_after", tax=ONE), "taxes"),
    "nothing withheld": (with_withheld, "taxes"),
    "another lot": (lambda plan: with_sale(plan, lots=(("b1", Decimal(25)),)), "lots"),
    "a lot oversold": (lambda plan: with_sale(plan, lots=(("average", Decimal(101)),)), "lots"),
    "too few lots": (lambda plan: with_sale(plan, lots=(("average", Decimal(24)),)), "lots"),
    "no lots": (lambda plan: with_sale(plan, lots=()), "lots"),
    "less than nothing": (
        lambda plan: with_sale(plan, lots=(("average", Decimal(26)), ("average", Decimal(-1)))),
        "lots",
    ),
}


@pytest.mark.parametrize(("change", "caught_by"), WRONG.values(), ids=WRONG)
def test_a_wrong_tax_is_caught(change: Callable[[Plan], Plan], caught_by: str) -> None:
    made = korean(OTHER)
    plan = made_plan(made, force=True)
    assert plan.certificate.valid
    proof = certify(made.policy, made.holdings, made.prices, change(plan), on=ON)
    assert caught_by in {check.name for check in proof.checks if not check.holds}


def test_lots_that_are_named_wrongly_are_caught() -> None:
    made = american(tax={"lot_method": "specific"})
    plan = made_plan(made, force=True)
    for lots in ((("a1", Decimal(25)),), (("a2", Decimal(51)),), (("a2", Decimal(20)),), (("c", Decimal(25)),)):
        wrong = with_sale(plan, lots=lots)
        proof = certify(made.policy, made.holdings, made.prices, wrong, on=ON)
        assert {"taxes", "lots"} & {check.name for check in proof.checks if not check.holds}


def test_the_plan_id_knows_lots_and_tax() -> None:
    first_in, named = (made_plan(american(tax={"lot_method": name}), force=True) for name in ("fifo", "hifo"))
    assert first_in.plan_id != named.plan_id


# runs


@pytest.mark.parametrize("kind", [EQUITY, OTHER, OVERSEAS_IN_WON, PTP | {"currency": "KRW"}])
def test_a_plans_tax_is_that_of_its_fills(tmp_path: Path, kind: dict[str, str]) -> None:
    made = korean(kind, tax={"realised_gain_ytd": 2 * MILLION}, fee="0.0015", constraints=FREE)
    plan = made_plan(made, force=True)
    result = Desk(tmp_path, made, plan).run()
    assert result.status == "SUCCESS"
    assert tax_of_fills(made.policy, made, result) == plan.summary.tax


def test_an_american_plans_tax_is_that_of_its_fills(tmp_path: Path) -> None:
    made = american(tax={"other_income": 150_000}, fee="0.001", constraints=FREE)
    plan = made_plan(made, force=True)
    result = Desk(tmp_path, made, plan).run()
    assert tax_of_fills(made.policy, made, result) == plan.summary.tax


def tax_of_fills(rules: Policy, made: Situation, result: RunResult) -> Decimal:
    sales = [
        Sale("main", done.code, Decimal(done.filled), done.average_price or ZERO, done.currency, done.commission)
        for done in result.executions
        if done.side == Side.SELL
    ]
    return estimate(sales, made.holdings, rules, made.prices, on=ON).tax


def test_taxes_add_up() -> None:
    plan = made_plan(korean(OTHER), force=True)
    assert plan.summary.tax == exact_sum(order.tax or ZERO for order in plan.orders)
    table = plan.table()
    assert next(iter(table["lots"])) == "average 25"


# what tax does to a plan


def loser(*, harvest: bool, realised: int) -> Situation:
    """L is at its target and stands at half of what it cost; gains were realised before."""
    wanted = policy(
        "L 50, B 50",
        assets={"L": OVERSEAS_IN_WON, "B": EQUITY},
        deviation="squared",
        tax={"realised_gain_ytd": realised},
        constraints={"tax_loss_harvesting": harvest},
    )
    return with_cash(taxed(wanted, "L a 2024-05-02 100 @ 200000, B b 2024-05-02 100 @ 100000", "L 100000, B 100000"))


def test_a_loss_is_harvested_only_where_the_policy_says_so() -> None:
    assert made_plan(loser(harvest=False, realised=10 * MILLION), force=True).orders == ()
    plan = made_plan(loser(harvest=True, realised=10 * MILLION), force=True)
    sale = next(order for order in plan.orders if order.side is Side.SELL)
    assert sale.tax is not None
    assert sale.tax == -22_000 * sale.quantity
    assert plan.summary.tax == sale.tax
    assert plan.certificate.valid
    assert made_plan(loser(harvest=True, realised=0), force=True).orders == ()  # there is nothing to offset


def test_losses_offset_the_gains_of_the_same_plan() -> None:
    wanted = policy(
        "G 30, L 30, B 40", assets={"G": OVERSEAS_IN_WON, "L": OVERSEAS_IN_WON, "B": EQUITY},
        tax={"realised_gain_ytd": 2_500_000},
    )  # fmt: skip
    made = with_cash(
        taxed(
            wanted,
            "G g 2024-05-02 400 @ 20000, L l 2024-05-02 400 @ 160000, B b 2024-05-02 200 @ 100000",
            "G 100000, L 100000, B 100000",
        )
    )
    plan = made_plan(made, force=True)
    gained = {order.code: order for order in plan.orders if order.side is Side.SELL}
    assert gained.keys() == {"G", "L"}
    assert plan.summary.tax == Decimal("0.22") * (80_000 * gained["G"].quantity - 60_000 * gained["L"].quantity)


@pytest.mark.parametrize(("realised", "sold"), [(0, 25), (2_500_000, 20)])
def test_a_gain_that_is_free_is_taken_and_one_that_is_taxed_is_weighed(
    tmp_path: Path, realised: int, sold: int
) -> None:
    """n shares sold: 2 x ((25 - n) x 100,000)^2 / 15,000,000 of distance and 13,200 n of tax is least at n = 20."""
    made = korean(deviation="squared", tax={"realised_gain_ytd": realised}, constraints=FREE)
    plan = made_plan(made, force=True)
    assert sale_of(plan).quantity == sold
    assert plan.optimality.status == "optimal"
    assert Desk(tmp_path, made, plan).run().status == "SUCCESS"  # missing its goal is meant
