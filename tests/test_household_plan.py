"""Several accounts under one set of targets, from policy and holdings to orders, checks, runs and the command line."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rebalance_kit.drift import measure_drift
from rebalance_kit.errors import PolicyError, RuleError
from rebalance_kit.money import product
from rebalance_kit.orders import Side
from rebalance_kit.planner.certificate import certify
from rebalance_kit.planner.plan import Plan
from rebalance_kit.policy.loading import policy_from_text
from tests.make import ON, Situation, policy, situation
from tests.make_plan import made_plan

THREE: dict[str, Any] = {"main": {}, "isa": {"type": "isa"}, "irp": {"type": "irp"}}
RISK: dict[str, Any] = {"risk_asset": True}
SAFE: dict[str, Any] = {"risk_asset": False}


def changes(plan: Plan) -> dict[tuple[str, str], int]:
    return {(order.account, order.code): int(order.change) for order in plan.orders}


def check(plan: Plan, name: str) -> bool:
    return next(check.holds for check in plan.certificate.checks if check.name == name)


def rules_of(plan: Plan) -> list[str]:
    return [finding.rule for finding in plan.findings]


# ---- who may hold what ----


def test_a_wrapper_buys_nothing_that_is_listed_abroad() -> None:
    assets: dict[str, dict[str, Any]] = {
        "A": {"tax_class": "overseas_listed"},
        "C": {"exchange": "XNYS", "currency": "KRW"},
        "D": {"exposure": 2},
    }
    wanted = policy("A 20, B 20, C 20, D 20, E 20", accounts=THREE, assets=assets, exchange="XKRX")
    rich = "main: cash KRW 0; isa: E 1 @ 100, A 0 @ 100, B 0 @ 100, C 0 @ 100, D 0 @ 100; cash KRW 4_000"
    rich += "; irp: E 1; cash KRW 4_000"
    plan = made_plan(situation(wanted, rich), force=True)
    bought = {(order.account, order.code) for order in plan.orders if order.side is Side.BUY}
    assert ("isa", "D") in bought
    assert not bought & {("isa", "A"), ("isa", "C"), ("irp", "A"), ("irp", "C"), ("irp", "D")}


def test_one_account_alone_keeps_to_its_type_too() -> None:
    wanted = policy("A 50, B 50", accounts=THREE, assets={"A": {"tax_class": "overseas_listed"}})
    plan = made_plan(situation(wanted, "isa: B 1 @ 100; cash KRW 900; A 0 @ 100"), force=True)
    assert {order.code for order in plan.orders} == {"B"}


def irp(
    assets: dict[str, dict[str, Any]] | None = None, held: str = "B 1 @ 100; cash KRW 9_900; A 0 @ 100"
) -> Situation:
    wanted = policy("A 90, B 10", accounts=THREE, assets=assets or {"A": RISK, "B": SAFE})
    return situation(wanted, f"irp: {held}; main: cash KRW 0")


def test_an_irp_holds_seventy_per_cent_risk_assets_at_most() -> None:
    plan = made_plan(irp(), force=True)
    assert changes(plan)["irp", "A"] == 70
    assert check(plan, "risk_share")
    assert "risk_asset_guessed" not in rules_of(plan)


def test_costs_count_against_the_seventy_per_cent() -> None:
    made = irp()
    costs = made.policy.costs.model_copy(update={"etf_commission_rate": Decimal("0.01")})
    costly = made._replace(policy=made.policy.model_copy(update={"costs": costs}))
    assert changes(made_plan(costly, force=True))["irp", "A"] == 69


def test_who_is_past_the_seventy_per_cent_need_not_sell_but_buys_no_more() -> None:
    plan = made_plan(irp(held="A 8 @ 1_000, B 5 @ 100; cash KRW 1_500"), force=True)
    assert changes(plan).get(("irp", "A"), 0) <= 0
    assert check(plan, "risk_share")


@pytest.mark.parametrize(
    ("asset_class", "bought"), [("국내채권", 90), ("Treasury bonds", 90), ("주식", 70), (None, 70)]
)
def test_without_a_word_the_class_of_an_asset_says_whether_it_is_risk_and_a_finding_tells(
    asset_class: str | None, bought: int
) -> None:
    given: dict[str, Any] = {} if asset_class is None else {"asset_class": asset_class}
    plan = made_plan(irp({"A": given, "B": SAFE}), force=True)
    assert changes(plan)["irp", "A"] == bought
    assert "risk_asset_guessed" in rules_of(plan)


def test_a_plan_of_too_much_risk_is_caught_by_the_certificate() -> None:
    made = irp()
    plan = made_plan(made, force=True)
    orders = tuple(
        replace(o, quantity=80, amount=product(o.reference_price, Decimal(80))) if o.code == "A" else o
        for o in plan.orders
    )
    proof = certify(made.policy, made.holdings, made.prices, replace(plan, orders=orders), on=ON)
    assert "risk_share" in [found.name for found in proof.checks if not found.holds]


# ---- where to hold it ----


def test_an_asset_is_bought_where_holding_it_costs_least() -> None:
    held = "main: cash KRW 1_000; isa: cash KRW 1_000; A 0 @ 10, B 0 @ 10"
    for dear, cheap in (("main", "isa"), ("isa", "main")):
        wanted = policy("A 50, B 50", accounts=THREE, assets={"A": {"drag": {dear: "0.01"}}})
        assert changes(made_plan(situation(wanted, held), force=True)) == {(cheap, "A"): 100, (dear, "B"): 100}


def test_the_drag_of_an_account_is_that_of_all_its_assets_but_those_with_their_own() -> None:
    accounts = {"main": {"drag": "0.01"}, "isa": {"type": "isa"}}
    held = "main: cash KRW 1_000; isa: cash KRW 1_000; A 0 @ 10, B 0 @ 10"
    wanted = policy("A 50, B 50", accounts=accounts, assets={"A": {"drag": {"main": "0"}}})
    assert changes(made_plan(situation(wanted, held), force=True)) == {("main", "A"): 100, ("isa", "B"): 100}


def test_money_stays_in_its_account() -> None:
    wanted = policy("A 50, B 50", accounts=THREE, assets={"A": {"accounts": ["main"]}, "B": {"accounts": ["isa"]}})
    plan = made_plan(situation(wanted, "main: cash KRW 9_000; isa: cash KRW 1_000; A 0 @ 10, B 0 @ 10"), force=True)
    assert changes(plan) == {("main", "A"): 500, ("isa", "B"): 100}
    assert plan.certificate.valid


# ---- assets that stand for each other ----


def apart(**settings: Any) -> Situation:
    """Two funds of one class, held the other way round than the targets say."""
    wanted = policy(
        "stocks: A 50, B 10; bonds: C 40", groups={"stocks": {"interchangeable": True}}, accounts=THREE, **settings
    )
    return situation(wanted, "main: A 10 @ 10, C 20 @ 10; isa: B 50 @ 10, C 20")


def test_an_interchangeable_group_is_judged_instead_of_its_assets() -> None:
    made = apart()
    drift = measure_drift(made.policy, made.holdings, made.prices)
    assert [row.breached for row in drift.assets] == [False, False, False]
    assert drift.max_drift == 0
    plan = made_plan(made, force=True)
    assert (plan.orders, plan.optimality.status) == ((), "optimal")


def test_an_interchangeable_group_breaches_at_the_threshold_of_assets_unless_it_has_its_own() -> None:
    held = "main: A 35 @ 10, B 30 @ 10, C 35 @ 10"
    for threshold, breached in ((None, True), ("0.06", False)):
        group = {"interchangeable": True} | ({} if threshold is None else {"threshold": threshold})
        made = situation(policy("stocks: A 50, B 10; bonds: C 40", groups={"stocks": group}, threshold="0.05"), held)
        drift = measure_drift(made.policy, made.holdings, made.prices)
        assert drift.group("stocks").breached is breached
        assert [row.code for row in drift.breaches] == ["C"]


def test_an_explicit_band_of_a_member_still_holds() -> None:
    wanted = policy("stocks: A 50 [40..60], B 10; bonds: C 40", groups={"stocks": {"interchangeable": True}})
    made = situation(wanted, "A 10 @ 10, B 50 @ 10, C 40 @ 10")
    assert [row.code for row in measure_drift(made.policy, made.holdings, made.prices).breaches] == ["A"]
    assert changes(made_plan(made, force=True)) == {("main", "A"): 30, ("main", "B"): -30}


def test_a_group_of_one_account_is_planned_as_one(tmp_path: Path) -> None:
    wanted = policy("stocks: A 50, B 10; bonds: C 40", groups={"stocks": {"interchangeable": True}})
    plan = made_plan(situation(wanted, "A 10 @ 10, B 40 @ 10, C 50 @ 10"), force=True)
    assert sum(order.change * order.reference_price for order in plan.orders if order.code in "AB") == 100
    assert changes(plan)["main", "C"] == -10
    assert plan.summary.max_drift_after == 0


@pytest.mark.parametrize("method", ["full", "fraction", "halfway", "band_edge", "breached_only"])
def test_every_method_takes_the_group_as_one_asset(method: str) -> None:
    groups = {"stocks": {"interchangeable": True}}
    together = policy("stocks: A 50, B 10; bonds: C 40", groups=groups, fraction="0.5", method=method)
    alone = policy("A 60, C 40", fraction="0.5", method=method)
    plan = made_plan(situation(together, "A 300 @ 1, B 450 @ 1, C 250 @ 1"), force=True)
    other = made_plan(situation(alone, "A 750 @ 1, C 250 @ 1"), force=True)
    after = {row.code: row.value for row in plan.after}
    assert after["A"] + after["B"] == other.after[0].value
    goals = {goal.code: goal.value for goal in plan.goals}
    assert goals["A"] + goals["B"] == other.goals[0].value


# ---- deposits and withdrawals ----


def test_a_deposit_goes_to_the_first_taxable_account_and_moves_no_other() -> None:
    wanted = policy("A 50, B 50", accounts={"isa": {"type": "isa"}, "own": {}, "other": {}})
    made = situation(wanted, "isa: A 10 @ 10; cash KRW 55; own: B 5 @ 10; other: B 5; cash KRW 70")
    plan = made_plan(made, contribute="100")
    assert {order.account for order in plan.orders} == {"own"}
    assert "paid_account" in rules_of(plan)
    assert plan.certificate.valid


def test_a_deposit_is_split_over_what_its_account_may_hold() -> None:
    wanted = policy("A 50, B 25, C 25", accounts=THREE, assets={"A": {"accounts": ["isa"]}})
    plan = made_plan(situation(wanted, "main: cash KRW 0; isa: A 1 @ 10; B 0 @ 10, C 0 @ 10"), contribute="100")
    assert changes(plan) == {("main", "B"): 5, ("main", "C"): 5}


def test_a_withdrawal_is_raised_where_it_is_paid() -> None:
    made = situation(policy("A 50, B 50", accounts=THREE), "main: A 10 @ 10, B 10 @ 10; isa: A 40; irp: B 40")
    plan = made_plan(made, withdraw="50")
    assert {order.account for order in plan.orders} == {"main"}
    assert 50 <= sum(order.amount for order in plan.orders) <= 60


def test_a_withdrawal_that_its_account_cannot_pay_names_it() -> None:
    made = situation(policy("A 100", accounts=THREE), "main: A 1 @ 10; isa: A 90")
    with pytest.raises(RuleError, match="account main"):
        made_plan(made, withdraw="50")


def test_where_no_account_may_hold_anything_nothing_is_planned() -> None:
    wanted = policy(
        "A 100", accounts={"isa": {"type": "isa"}, "irp": {"type": "irp"}}, assets={"A": {"tax_class": "us"}}
    )
    plan = made_plan(situation(wanted, "isa: cash KRW 900; irp: cash KRW 100; A 0 @ 10"), force=True)
    assert (plan.orders, plan.certificate.valid) == ((), True)


# ---- currencies ----


def dollars(**settings: Any) -> Situation:
    abroad = {"B": {"exchange": "XNYS", "currency": "USD"}}
    accounts = {"main": {}, "isa": {"type": "isa"}}
    wanted = policy("A 50, B 50", accounts=accounts, assets=abroad, costs={"fx_spread": "0.01"}, **settings)
    return situation(wanted, "main: A 0 @ 1_000; cash KRW 1_000_000; isa: A 1_000", "A 1_000, B 100 USD, USD/KRW 1_000")


def test_an_account_exchanges_its_own_cash_for_what_it_buys() -> None:
    plan = made_plan(dollars(), force=True)
    assert changes(plan) == {("main", "B"): 9}
    (line,) = plan.exchanges
    assert (line.account, line.bought_currency, line.bought) == ("main", "USD", Decimal(900))
    assert plan.summary.fx_cost == 9_000
    assert plan.certificate.valid


def test_without_exchanges_each_currency_of_each_account_pays_for_itself() -> None:
    plan = made_plan(dollars(cash={"exchange": False}), force=True)
    assert (changes(plan), plan.exchanges) == ({}, ())


# ---- the whole of it ----


def test_the_order_of_the_rows_does_not_matter() -> None:
    held = "main: A 31 @ 17, B 3 @ 29; cash KRW 55; isa: B 11, C 30 @ 13; cash KRW 5; irp: C 9; cash KRW 300"
    made = situation(policy("A 40, B 40, C 20", accounts=THREE, fee="0.001"), held)
    rows = made.holdings
    mixed = made._replace(holdings=replace(rows, positions=rows.positions[::-1], cash=rows.cash[::-1]))
    assert made_plan(mixed, force=True) == made_plan(made, force=True)


def test_an_order_in_the_wrong_account_is_caught() -> None:
    made = situation(policy("A 50, B 50", accounts=THREE), "main: A 10 @ 10; isa: cash KRW 100; B 0 @ 10")
    plan = made_plan(made, force=True)
    moved = tuple(replace(order, account="irp") for order in plan.orders)
    proof = certify(made.policy, made.holdings, made.prices, replace(plan, orders=moved), on=ON)
    assert {"accounts", "cash"} <= {found.name for found in proof.checks if not found.holds}


def test_a_drag_of_an_unknown_account_is_refused() -> None:
    text = "portfolio:\n  allocation: {all: {assets: [{code: 'AAAAAA', target: 1, drag: {gone: 0.01}}]}}\n"
    with pytest.raises(PolicyError, match="gone"):
        policy_from_text(text, "portfolio.yaml")
