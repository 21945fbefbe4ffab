"""One-cancels-all groups: what a fill leaves of the orders that stand for it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.brokers.base import Mode
from rebalance_kit.brokers.paper_fills import paper_terms
from rebalance_kit.brokers.ticket import TicketBroker, TicketFill
from rebalance_kit.execution import work
from rebalance_kit.execution.alternatives import left_of
from rebalance_kit.execution.engine import execute, resume
from rebalance_kit.execution.result import RunResult, RunStatus
from rebalance_kit.execution.work import Oca, groups_of
from rebalance_kit.orders import Side
from rebalance_kit.planner.plan import PlanOptions
from rebalance_kit.policy.model import Policy
from tests.make import ON, Situation, policy, situation
from tests.make_run import Desk, paper_desk

ONE, PRICE = Decimal(1), Decimal(50)
TRADED = [("A", Side.BUY), ("C", Side.BUY), ("B", Side.BUY), ("D", Side.SELL)]


@pytest.mark.parametrize(("kind", "left"), [("none", 100), ("cancel", 0), ("reduce", 60)])
def test_after_40_of_100(kind: Oca, left: int) -> None:
    assert left_of(kind, 100, PRICE, [40 * PRICE], ONE) == left
    assert left_of(kind, 100, PRICE, [], ONE) == 100


def test_what_is_left_is_counted_in_money_and_rounded_down() -> None:
    assert left_of("reduce", 10, Decimal(30), [Decimal(100)], ONE) == 6  # 200 of 300 won: 6.67 shares
    assert left_of("reduce", Decimal("1.000"), Decimal(30), [Decimal(10)], Decimal("0.001")) == Decimal("0.666")


@given(st.integers(1, 1000), st.integers(1, 10**6), st.lists(st.integers(0, 10**8), max_size=5))
def test_a_group_never_exceeds_what_was_wanted(wanted: int, price: int, fills: list[int]) -> None:
    filled = [Decimal(fill) for fill in fills]
    left = left_of("reduce", wanted, Decimal(price), filled, ONE)
    assert 0 <= left <= wanted
    assert left == 0 or left * price + sum(fills) <= wanted * price
    assert left_of("cancel", wanted, Decimal(price), filled, ONE) in (0, wanted)


def made(oca: str, *, alike: bool = True) -> Situation:
    """10 shares each of A and B are to be bought, which may stand for each other."""
    wanted = policy(
        "stocks: A 25, B 25; bonds: C 50",
        groups={"stocks": {"interchangeable": alike}},
        constraints={"max_order_share": "1", "max_turnover": "1"},
        orders={"oca": oca},
    )
    return situation(wanted, "main: A 15 @ 10000, B 15 @ 10000, C 50 @ 10000; cash KRW 210000")


def test_a_group_are_orders_of_one_side_whose_assets_stand_for_each_other() -> None:
    assert groups_of(made("cancel").policy, TRADED) == ((("A", Side.BUY), ("B", Side.BUY)),)
    assert groups_of(made("none").policy, TRADED) == ()
    assert groups_of(made("reduce").policy, [("A", Side.BUY), ("B", Side.SELL)]) == ()


GROUP = (("A", Side.BUY), ("B", Side.BUY))


@pytest.fixture
def grouped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A and B stand for each other, although the plan has a goal for each: one made by a planner buys one of them."""

    def groups(rules: Policy, _: object) -> tuple[tuple[tuple[str, Side], ...], ...]:
        return () if rules.rebalancing.orders.oca == "none" else (GROUP,)

    monkeypatch.setattr(work, "groups_of", groups)


def desk_of(folder: Path, oca: str) -> Desk:
    return paper_desk(folder, made(oca, alike=False), "BUY A 10, BUY B 10", options=PlanOptions(force=True))


def by_hand(desk: Desk) -> TicketBroker:
    return TicketBroker(
        desk.folder,
        "main",
        names={},
        seed=desk.made.holdings,
        prices=desk.made.prices,
        terms=paper_terms(desk.made.policy, ON),
        session=ON,
        clock=desk.clock,
    )


def filled(desk: Desk, shares: int) -> RunResult:
    """A run of which A alone was sent, and `shares` of it were filled: how it goes on."""
    broker = by_hand(desk)
    execute(desk.plan, desk.context(broker=broker), mode=Mode.REAL, yes=desk.plan.plan_id)
    assert [row.code for row in broker.open_orders()] == ["A"]
    fill = TicketFill("A", Side.BUY, Decimal(shares), Decimal(shares * 10_000), Decimal(0), "test")
    broker.enter([fill], close=True)
    going_on = resume(desk.context(broker=broker))
    assert going_on is not None
    return going_on


@pytest.mark.usefixtures("grouped")
@pytest.mark.parametrize(
    ("oca", "shares", "later"), [("reduce", 4, 6), ("reduce", 0, 10), ("cancel", 0, 10), ("cancel", 4, 0)]
)
def test_the_next_order_is_for_what_the_first_left(tmp_path: Path, oca: str, shares: int, later: int) -> None:
    desk = desk_of(tmp_path, oca)
    going_on = filled(desk, shares)
    assert [int(row.quantity) for row in by_hand(desk).open_orders()] == ([later] if later else [])
    said = [finding.message.en for finding in going_on.findings if finding.rule == "oca"]
    assert said == ([] if later == 10 else [f"buy 10 B (B): {later} left, as others of its group stand for it"])


@pytest.mark.usefixtures("grouped")
@pytest.mark.parametrize("oca", ["cancel", "reduce"])
def test_an_order_that_another_stands_for_is_no_failure(tmp_path: Path, oca: str) -> None:
    desk = desk_of(tmp_path, oca)
    assert filled(desk, 10).status is RunStatus.SUCCESS


def test_without_the_setting_both_are_sent(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, "none")
    broker = by_hand(desk)
    execute(desk.plan, desk.context(broker=broker), mode=Mode.REAL, yes=desk.plan.plan_id)
    assert [row.code for row in broker.open_orders()] == ["A", "B"]
