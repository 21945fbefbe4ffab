"""Accounts that trade parts of shares: planned in thousandths, and traded so on the paper account."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalance_kit.brokers.base import Answer, BrokerOrder, Capabilities, Mode
from rebalance_kit.brokers.paper import PaperBroker
from rebalance_kit.checks import PlanBlocked
from rebalance_kit.dashboard import order_views
from rebalance_kit.execution.chain import journal_path
from rebalance_kit.execution.engine import execute
from rebalance_kit.execution.result import RunStatus
from rebalance_kit.execution.work import WorkOrder
from rebalance_kit.orders import Side, said_shares, shares_of, show_shares, units_of
from tests.make import Situation, policy, situation
from tests.make_plan import made_plan
from tests.make_run import Desk
from tests.shapes import PLAN, faults

D = Decimal
PARTS = {"main": {"fractional": True}}
FREE = {"max_order_share": 1}
HELD = "A 1.5, B 0.0004; cash USD 1000"
PRICES = "A 321.5, B 77.31, C 5012.25"


def parts(held: str = HELD, prices: str = PRICES, wanted: str = "A 50, B 30, C 20", **settings: Any) -> Situation:
    rules = policy(wanted, base_currency="USD", exchange="XNYS", accounts=PARTS, constraints=FREE, **settings)
    return situation(rules, f"main: {held}", prices)


def desk_of(folder: Path, made: Situation, **asked: Any) -> Desk:
    return Desk(folder, made, made_plan(made, **asked))


def held(desk: Desk) -> dict[str, Decimal]:
    return {position.code: position.quantity for position in desk.broker().snapshot().positions}


def test_quantities_as_units_text_and_json() -> None:
    assert (units_of(D("1.2345"), D("0.001")), units_of(D("1.2345"), D(1))) == (1234, 1)
    assert (shares_of(1234, D("0.001")), type(shares_of(3, D(1)))) == (D("1.234"), int)
    assert [said_shares(3), said_shares(D("3.000")), said_shares(D("0.250"))] == [3, "3", "0.25"]
    assert [show_shares(1234), show_shares(D("1234.500")), show_shares(D("2000"))] == ["1,234", "1,234.5", "2,000"]


def test_a_plan_in_thousandths_lands_on_its_goals() -> None:
    made = parts()
    plan = made_plan(made, force=True)
    assert (plan.optimality.status, plan.certificate.valid) == ("optimal", True)
    for order in plan.orders:
        assert type(order.quantity) is Decimal
        assert order.quantity % D("0.001") == 0
    goals = {goal.code: goal.value for goal in plan.goals}
    for row in plan.after:
        price = made.prices.price(row.code)
        assert abs(row.value - goals[row.code]) <= price / 1000 + D("0.01")  # cash may want the last thousandth


def test_what_is_less_than_a_unit_stays() -> None:
    plan = made_plan(parts("A 1.5, B 0.0004; cash USD 0"), force=True)
    after = {row.code: row.quantity for row in plan.after}
    assert after["B"] % D("0.001") == D("0.0004")
    sold_out = made_plan(parts("A 1.2345; cash USD 0", assets={"A": {"never_buy": True}}), withdraw="396")
    (order,) = sold_out.orders
    assert (order.side, order.quantity) == (Side.SELL, D("1.232"))


def test_the_json_has_strings_there_and_integers_elsewhere() -> None:
    document = made_plan(parts(), force=True).to_dict()
    assert all(type(order["quantity"]) is str for order in document["orders"])  # type: ignore[attr-defined]
    assert all(type(row["quantity"]) is str for row in document["after"])  # type: ignore[attr-defined]
    whole = made_plan(situation("A 50, B 50", "A 10 @ 100, B 1 @ 100"), force=True).to_dict()
    assert faults(whole, PLAN) == []


def test_the_minimum_trade_counts_money_not_shares() -> None:
    least = made_plan(parts("A 0; cash USD 1000", min_trade="200"), force=True)
    assert all(order.amount >= 200 for order in least.orders)
    assert {order.code for order in least.orders} == {"A", "B", "C"}
    assert least.certificate.valid


def test_the_run_trades_parts_of_shares(tmp_path: Path) -> None:
    made = parts(wanted="A 45, B 30, C 20, cash 5", fee="0.001")
    desk = desk_of(tmp_path, made, force=True)
    result = desk.run()
    assert result.status is RunStatus.SUCCESS
    assert {finding.rule for finding in result.findings} == {"turnover"}  # cash is invested: acknowledged
    assert held(desk) == {row.code: row.quantity for row in desk.plan.after if row.quantity}
    assert abs(desk.cash("USD") - desk.plan.summary.cash_after) < D("0.06")  # each amount is rounded to the cent
    row = result.to_dict("en")["executions"]
    assert isinstance(row, list)
    assert all(type(one["ordered"]) is str and one["ordered"] == one["filled"] for one in row)
    assert desk.run().repeated
    quantity = show_shares(desk.plan.orders[0].quantity)
    assert quantity in order_views.preview(desk.plan, "en")
    assert quantity in order_views.receipt(result, "en")


def test_the_journal_keeps_integers_in_units(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, parts(), force=True)
    desk.run()
    with sqlite3.connect(journal_path(tmp_path, Mode.PAPER)) as database:
        rows = database.execute("SELECT code, quantity, unit FROM intent").fetchall()
        filled = database.execute("SELECT filled, quantity FROM attempt").fetchall()
    assert {code: D(units) * D(unit) for code, units, unit in rows} == {o.code: o.quantity for o in desk.plan.orders}
    assert {unit for _, _, unit in rows} == {"0.001"}
    assert all(type(done) is int and done == wanted for done, wanted in filled)


def test_cash_that_falls_short_cuts_by_thousandths() -> None:
    order = WorkOrder("A", "A", Side.BUY, D("2.500"), D(100), D(100), "USD", D("0.01"), D("0.001"))
    assert order.affordable(D("101.05"), D(100), D("2.5")) == D("1.000")  # 100 and a dollar, and no tenth of a cent
    assert order.affordable(D("0.05"), D(100), D("2.5")) == 0
    assert order.affordable(D(1000), D(100), D("2.5")) == D("2.500")


def test_the_paper_account_refuses_what_is_finer_than_its_unit(tmp_path: Path) -> None:
    broker = desk_of(tmp_path, parts(), force=True).broker()

    def placed(quantity: Decimal, side: Side = Side.SELL) -> Answer:
        return broker.place(BrokerOrder("x", "A", side, quantity, None, "USD")).answer

    assert placed(D("0.0005")) is Answer.REJECTED
    assert placed(D("1.501")) is Answer.REJECTED  # more than is held
    assert placed(D("1.500")) is Answer.ACCEPTED


def test_a_whole_share_account_takes_no_parts(tmp_path: Path) -> None:
    broker = Desk(tmp_path, situation("A 100", "A 3 @ 100"), made_plan(situation("A 100", "A 3 @ 100"))).broker()
    assert not broker.capabilities.fractional
    assert broker.place(BrokerOrder("x", "A", Side.SELL, D("0.5"), None, "KRW")).answer is Answer.REJECTED


class _Whole(PaperBroker):
    """A broker that trades whole shares only."""


def test_a_broker_of_whole_shares_is_refused_by_a_check(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, parts(), force=True)
    whole = _Whole.__new__(_Whole)
    whole.__dict__.update(desk.broker().__dict__ | {"capabilities": Capabilities()})
    with pytest.raises(PlanBlocked, match="parts of shares") as told:
        execute(desk.plan, desk.context(broker=whole), mode=Mode.PAPER, yes=desk.plan.plan_id)
    assert told.value.code == "universe"


def test_a_quantity_finer_than_the_unit_breaks_the_certificate_and_the_checks(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, parts(), force=True)
    first = desk.plan.orders[0]
    fine = replace(first, quantity=first.quantity + D("0.0001"))
    desk.plan = replace(desk.plan, orders=(fine, *desk.plan.orders[1:]))
    with pytest.raises(PlanBlocked, match="R18"):
        desk.run()


def test_a_buy_at_its_limit_is_cut_by_thousandths(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, parts(), force=True)
    result = desk.run()
    assert {finding.rule for finding in result.findings} == {"turnover", "order_cut"}
    cut = {row.code: row.quantity - held(desk).get(row.code, D(0)) for row in desk.plan.after}
    shares = [quantity for quantity in cut.values() if quantity]
    assert len(shares) == 1  # the smallest buy, by what the limits of all may take
    assert 0 < shares[0] < D("0.1")


@settings(max_examples=10, deadline=None)
@given(
    shares=st.lists(st.integers(0, 3000), min_size=3, max_size=3),
    cents=st.lists(st.integers(100, 90_000), min_size=3, max_size=3),
    paid=st.integers(100, 100_000),
    fee=st.sampled_from(["0", "0.0025"]),
)
def test_a_deposit_is_invested_to_the_last_unit(
    tmp_path_factory: pytest.TempPathFactory, shares: list[int], cents: list[int], paid: int, fee: str
) -> None:
    rows = ", ".join(f"{code} {D(n) / 1000}" for code, n in zip("ABC", shares, strict=True))
    prices = ", ".join(f"{code} {D(n) / 100}" for code, n in zip("ABC", cents, strict=True))
    made = parts(f"{rows}; cash USD 0", prices, fee=fee)
    desk = desk_of(tmp_path_factory.mktemp("run"), made, contribute=str(D(paid) / 100))
    assert desk.plan.certificate.valid
    before = held(desk)
    desk.run()
    assert desk.cash("USD") >= 0
    assert all(quantity >= before.get(code, 0) for code, quantity in held(desk).items())
