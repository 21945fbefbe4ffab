"""What tax does to plans and runs, and wrong figures that the certificate catches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rebalance_kit.execution.result import RunResult
from rebalance_kit.money import ZERO, exact_sum
from rebalance_kit.orders import Side
from rebalance_kit.planner.certificate import certify
from rebalance_kit.planner.plan import Plan
from rebalance_kit.policy.model import Policy
from rebalance_kit.tax.estimate import estimate
from rebalance_kit.tax.model import Sale
from tests.make import ON, Situation, policy
from tests.make_plan import made_plan
from tests.make_plan_tax import FREE, american, korean, sale_of, with_cash
from tests.make_run import Desk
from tests.make_tax import EQUITY, OTHER, OVERSEAS_IN_WON, PTP, taxed

MILLION = 1_000_000


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
