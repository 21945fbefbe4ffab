"""The certificate: a plan is valid, and a change anywhere in it is seen."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import rebalance_kit.planner as planner_room
from rebalance_kit.drift import AssetDrift
from rebalance_kit.orders import Order, Side
from rebalance_kit.planner.certificate import CHECKS, SAID, certify
from rebalance_kit.planner.identity import plan_id
from rebalance_kit.planner.plan import Certificate, Plan
from rebalance_kit.policy.model import CashRule, Method
from tests.make import ON, Situation, document_000, policy, situation
from tests.make_plan import made_plan

ONE = Decimal(1)


def proved(made: Situation, plan: Plan) -> Certificate:
    return certify(made.policy, made.holdings, made.prices, plan, on=ON)


def broken(made: Situation, plan: Plan) -> set[str]:
    return {check.name for check in proved(made, plan).checks if not check.holds}


def with_order(plan: Plan, place: int = 0, **changes: Any) -> Plan:
    orders = list(plan.orders)
    orders[place] = replace(orders[place], **changes)
    return replace(plan, orders=tuple(orders))


@pytest.mark.parametrize(
    "asked",
    [{}, {"force": True}, {"contribute": "1000000"}, {"withdraw": "1000000"}, {"fraction": "0.5", "force": True}],
)
def test_a_plan_that_was_made_is_valid(asked: dict[str, Any]) -> None:
    plan = made_plan(document_000(), **asked)
    assert plan.certificate.valid
    assert proved(document_000(), plan) == plan.certificate
    assert [check.name for check in plan.certificate.checks] == list(CHECKS) == list(SAID)


def test_every_check_shows_its_figures_in_both_languages() -> None:
    for check in made_plan(document_000(), force=True).certificate.checks:
        assert "(" in check.detail.en
        assert check.detail.en != check.detail.ko
    told = {check.name: check.detail for check in made_plan(document_000(), force=True).certificate.checks}
    assert told["cash"].ko == "모든 주문 뒤에도 남길 현금이 있습니다 (KRW 113199 >= 0)"
    assert told["value_conserved"].en == "value is only lost to costs (10998399 = 11000000 - 1601)"


ORDER_CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "another account": ({"account": "isa"}, "accounts"),
    "an unknown code": ({"code": "000000"}, "known_assets"),
    "another name": ({"name": "KODEX 200"}, "known_assets"),
    "the other side": ({"side": Side.BUY}, "after"),
    "one share more": ({"quantity": 9}, "amounts"),
    "part of a share": ({"quantity": 7.5}, "whole_units"),
    "no share": ({"quantity": 0}, "whole_units"),
    "a truth value": ({"quantity": True}, "whole_units"),
    "more than is held": ({"quantity": 31}, "no_oversell"),
    "a limit past the tolerance": ({"limit_price": Decimal(49_745)}, "limits"),
    "a limit off the tick": ({"limit_price": Decimal(49_751)}, "limits"),
    "no limit": ({"limit_price": None}, "limits"),
    "another price": ({"reference_price": Decimal(50_005)}, "known_assets"),
    "another currency": ({"currency": "USD"}, "known_assets"),
    "another rate": ({"rate": Decimal(2)}, "known_assets"),
    "another amount": ({"amount": Decimal(400_001)}, "amounts"),
    "another commission": ({"commission": Decimal(59)}, "amounts"),
    "another slippage": ({"slippage": Decimal(0)}, "amounts"),
}


@pytest.mark.parametrize(("changes", "caught_by"), ORDER_CHANGES.values(), ids=ORDER_CHANGES)
def test_a_changed_order_is_seen(changes: dict[str, Any], caught_by: str) -> None:
    plan = made_plan(document_000(), force=True)
    assert plan.orders[0].code == "091230"  # 8 of 30 sold at 50,000
    assert caught_by in broken(document_000(), with_order(plan, **changes))


SUMMARY_FIELDS = (
    *("turnover", "commission", "slippage", "cash_before", "cash_after"),
    *("max_drift_before", "max_drift_after"),
)


@pytest.mark.parametrize("field", SUMMARY_FIELDS)
def test_a_changed_total_is_seen(field: str) -> None:
    plan = made_plan(document_000(), force=True)
    wrong = replace(plan.summary, **{field: getattr(plan.summary, field) + ONE})
    assert "totals" in broken(document_000(), replace(plan, summary=wrong))


@pytest.mark.parametrize("field", ["quantity", "value", "weight", "drift"])
def test_a_changed_row_after_the_plan_is_seen(field: str) -> None:
    plan = made_plan(document_000(), force=True)
    row = replace(plan.after[2], **{field: getattr(plan.after[2], field) + ONE})
    assert "after" in broken(document_000(), replace(plan, after=(*plan.after[:2], row, *plan.after[3:])))


def test_a_missing_row_after_the_plan_is_seen() -> None:
    plan = made_plan(document_000(), force=True)
    assert "after" in broken(document_000(), replace(plan, after=plan.after[1:]))


@pytest.mark.parametrize("field", ["quantity", "price", "value", "current_weight", "target_weight", "drift"])
def test_a_changed_drift_is_seen(field: str) -> None:
    plan = made_plan(document_000(), force=True)
    rows: list[AssetDrift] = list(plan.drift.assets)
    rows[1] = replace(rows[1], **{field: getattr(rows[1], field) + ONE})
    assert "drift" in broken(document_000(), replace(plan, drift=replace(plan.drift, assets=tuple(rows))))


def test_a_changed_total_value_is_seen() -> None:
    plan = made_plan(document_000(), force=True)
    assert "drift" in broken(document_000(), replace(plan, drift=replace(plan.drift, total_value=Decimal(12_000_000))))


def test_changed_goals_are_seen() -> None:
    plan = made_plan(document_000(), force=True)
    first = plan.goals[0]
    changes = [
        (replace(first, value=first.value + 1, amount=first.amount + 1), *plan.goals[1:]),
        (replace(first, amount=first.amount + 1), *plan.goals[1:]),
        (replace(first, below_minimum=True), *plan.goals[1:]),
        plan.goals[1:],
        plan.goals[::-1],
        (),
    ]
    for goals in changes:
        assert "goals" in broken(document_000(), replace(plan, goals=goals))


PLAN_CHANGES: dict[str, tuple[Callable[[Plan], Plan], str]] = {
    "another id": (lambda plan: replace(plan, plan_id="0" * 12), "plan_id"),
    "another method": (lambda plan: replace(plan, method=Method.HALFWAY), "goals"),
    "a cash rule without a flow": (lambda plan: replace(plan, cash_rule=CashRule.WATER_FILLING), "goals"),
    "other options": (lambda plan: replace(plan, options=replace(plan.options, no_sell=True)), "permitted"),
    "a deposit that was not": (lambda plan: replace(plan, options=replace(plan.options, contribute=ONE)), "goals"),
    "a withdrawal that was not": (lambda plan: replace(plan, options=replace(plan.options, withdraw=ONE)), "permitted"),
    "not due": (lambda plan: replace(plan, decision=replace(plan.decision, rebalance=False, trigger="none")), "due"),
    "a trigger that is none": (lambda plan: replace(plan, decision=replace(plan.decision, trigger="none")), "due"),
    "a preview of others": (lambda plan: replace(plan, ideal=plan.orders), "due"),
    "an order dropped": (lambda plan: replace(plan, orders=plan.orders[1:]), "plan_id"),
    "an order twice": (lambda plan: replace(plan, orders=(*plan.orders, plan.orders[-1])), "one_side"),
    "buys before sales": (lambda plan: replace(plan, orders=plan.orders[::-1]), "one_side"),
    "a code on both sides": (lambda plan: replace(plan, orders=(*plan.orders, _bought(plan.orders[0]))), "one_side"),
}


def _bought(order: Order) -> Order:
    return replace(order, side=Side.BUY)


@pytest.mark.parametrize(("change", "caught_by"), PLAN_CHANGES.values(), ids=PLAN_CHANGES)
def test_a_changed_plan_is_seen(change: Callable[[Plan], Plan], caught_by: str) -> None:
    assert caught_by in broken(document_000(), change(made_plan(document_000(), force=True)))


def rebuilt(made: Situation, plan: Plan, *orders: Order) -> Plan:
    """The plan with other orders and the id that belongs to them: what a forger would do."""
    named = plan_id(made.policy, made.holdings, made.prices, plan.options, orders, "main", ON)
    return replace(plan, orders=orders, plan_id=named)


def test_spending_more_than_there_is_is_seen() -> None:
    made = situation("A 50, B 50", "A 10 @ 100, cash KRW 100", "A 100, B 100")
    plan = made_plan(made, force=True)
    buy = plan.orders[-1]
    greedy = replace(buy, quantity=20, amount=Decimal(2_000))
    assert "cash" in broken(made, rebuilt(made, plan, *plan.orders[:-1], greedy))
    assert "cash" not in broken(made, plan)


def test_an_order_below_the_minimum_is_seen() -> None:
    made = situation(policy("A 50, B 50", min_trade="300"), "A 10 @ 100, cash KRW 200", "A 100, B 100")
    plan = made_plan(made, force=True)
    small = replace(plan.orders[-1], quantity=2, amount=Decimal(200))
    assert "minimum_trade" in broken(made, rebuilt(made, plan, *plan.orders[:-1], small))


def test_selling_out_below_the_minimum_is_allowed() -> None:
    made = situation(policy("A 100, B 0", min_trade="300"), "A 10 @ 100, B 1 @ 100")
    plan = made_plan(made, force=True)
    assert [(order.code, order.quantity) for order in plan.orders] == [("B", 1)]
    assert plan.certificate.valid


@pytest.mark.parametrize(("key", "held"), [("never_buy", "A 10, B 0"), ("never_sell", "A 0, B 10")])
def test_a_forbidden_order_is_seen(key: str, held: str) -> None:
    free = situation("A 50, B 50", held, "A 100, B 100")
    order = made_plan(free, force=True).orders[-1 if key == "never_buy" else 0]
    listed = policy("A 50, B 50", assets={order.code: {key: True}})
    assert "permitted" in broken(free._replace(policy=listed), made_plan(free, force=True))


def test_an_order_within_the_deadband_is_seen() -> None:
    plan = made_plan(document_000(), force=True)
    assert "permitted" in broken(document_000(deadband="0.0363"), plan)
    assert "permitted" not in broken(document_000(deadband="0"), plan)


def test_broken_caps_are_seen() -> None:
    plan = made_plan(document_000(), force=True)
    assert "caps" in broken(document_000(constraints={"max_orders": 4}), plan)
    assert "caps" in broken(document_000(constraints={"max_turnover": "0.1"}), plan)


def test_other_inputs_are_seen() -> None:
    plan = made_plan(document_000(), force=True)
    assert "amounts" in broken(document_000(fee="0.0002"), plan)
    assert "minimum_trade" in broken(document_000(min_trade="100001"), plan)
    assert "cash" in broken(document_000(buffer="200000"), plan)
    assert "plan_id" in broken(document_000(name="another"), plan)


def test_nothing_of_the_solver_is_imported() -> None:
    folder = Path(planner_room.__file__).parent
    solver = {"solve", "search", "capped", "relaxation", "dual", "halves", "highs", "problem", "stating", "make"}
    for name in ("certificate", "order_proofs", "sum_proofs", "evidence", "identity"):
        tree = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {f"rebalance_kit.planner.{part}" for part in solver} & imported
