"""Worked cases of the definitions and of the reference pages, as whole plans: numbers that a person can follow."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from rebalance_kit.orders import Side
from rebalance_kit.planner.plan import Plan
from rebalance_kit.policy.choices import CashRule
from tests.make import Situation, document_001, policy, situation
from tests.make_plan import made_plan

DOCUMENT_001_SHARES = "KODEX200 80 @ 35000, VOO 8 @ 600000, TLT 20 @ 80000, GLD 4 @ 200000"


def traded(plan: Plan) -> dict[str, int]:
    assert plan.optimality.status == "optimal"
    assert plan.certificate.valid
    return {order.code: int(order.change) for order in plan.orders}


def from_zero(allocation: str, prices: str, budget: int, **settings: Any) -> dict[str, int]:
    made = situation(policy(allocation, **settings), f"cash KRW {budget}", prices)
    return traded(made_plan(made, force=True))


@pytest.mark.parametrize("deviation", ["absolute", "squared"])
def test_prices_60_and_10_with_half_each_of_100(deviation: str) -> None:
    """Rounding down and filling up buys 0 and 5; the optimum is 1 and 4."""
    assert from_zero("A 50, B 50", "A 60, B 10", 100, deviation=deviation) == {"A": 1, "B": 4}


def test_three_prices_in_any_order() -> None:
    """20/30/50 % of 10,000 at 100, 37 and 250: an allocation that mixes up its names spends 16,297."""
    parts, prices = ("A 20", "B 30", "C 50"), ("A 100", "B 37", "C 250")
    for order in permutations(range(3)):
        assets, quotes = ", ".join(parts[i] for i in order), ", ".join(prices[i] for i in reversed(order))
        assert from_zero(assets, quotes, 10_000) == {"A": 20, "B": 81, "C": 20}


def test_a_million_in_three_equal_parts() -> None:
    """1,000,000 / 3 cannot be split: the odd won goes to the first code, in money and in shares of one won."""
    shares = {"A": Decimal("0.333334"), "B": Decimal("0.333333"), "C": Decimal("0.333333")}
    rules = policy("A 40, B 30, C 30").with_targets(shares)
    made = situation(rules, "cash KRW 0", "A 1, B 1, C 1")
    assert traded(made_plan(made, contribute="1000000")) == {"A": 333_334, "B": 333_333, "C": 333_333}


def test_a_deposit_into_document_001_in_whole_shares() -> None:
    """300,000 / 466,667 / 233,333 at 35,000, 80,000 and 200,000: 9, 6 and 1, and 5,000 are left."""
    made = situation(document_001().policy, DOCUMENT_001_SHARES)
    plan = made_plan(made, contribute="1000000")
    assert traded(plan) == {"KODEX200": 9, "TLT": 6, "GLD": 1}
    assert plan.summary.cash_after == 5_000


WITHDRAWALS = [
    (CashRule.PROPORTIONAL, {"KODEX200": -76_923, "VOO": -923_077}),
    (CashRule.WATER_FILLING, {"VOO": -1_000_000}),
    (CashRule.LEAST_SQUARES, {"VOO": -1_000_000}),
]


@pytest.mark.parametrize(("rule", "amounts"), WITHDRAWALS)
def test_a_withdrawal_from_document_001(rule: CashRule, amounts: dict[str, int]) -> None:
    """Excess 100,000 and 1,200,000: in proportion two orders, by either level one order fewer."""
    held = "KODEX200 2800000 @ 1, VOO 4800000 @ 1, TLT 1600000 @ 1, GLD 800000 @ 1"
    made = situation("KODEX200 30, VOO 40, TLT 20, GLD 10", held)
    plan = made_plan(made, withdraw="1000000", cash_rule=rule)
    assert traded(plan) == amounts


EDGES: dict[str, tuple[str, dict[str, int], int]] = {
    "one edge": ("A 680 @ 1, B 220 @ 1, C 100 @ 1", {"A": -30, "B": 30}, 60),
    "edges that do not sum to one": ("A 700 @ 1, B 180 @ 1, C 120 @ 1", {"A": -50, "B": 70, "C": -20}, 140),
}


@pytest.mark.parametrize(("held", "orders", "turnover"), EDGES.values(), ids=EDGES)
def test_to_the_edges_of_bands_of_five_points(held: str, orders: dict[str, int], turnover: int) -> None:
    """68/22/10 against 60/30/10 goes to 65/25/10: 3 % each way, against 8 % in full."""
    made = situation(policy("A 60, B 30, C 10", threshold="0.05", method="band_edge"), held)
    plan = made_plan(made, force=True)
    assert traded(plan) == orders
    assert plan.summary.turnover == turnover
    assert turnover < made_plan(made, force=True, method="full").summary.turnover


def test_a_minimum_of_exactly_an_order_places_it_and_one_won_more_does_not() -> None:
    def made(minimum: str) -> Situation:
        return situation(policy("A 60, B 40", min_trade=minimum), "A 8 @ 1000, B 2 @ 1000")

    assert traded(made_plan(made("2000"), force=True)) == {"A": -2, "B": 2}
    assert traded(made_plan(made("2001"), force=True)) in ({}, {"A": -3, "B": 3})


def test_the_deadband_rests_at_its_edge() -> None:
    held = "A 65 @ 1, B 35 @ 1"
    assert traded(made_plan(situation(policy("A 60, B 40", deadband="0.05"), held), force=True)) == {}
    assert traded(made_plan(situation(policy("A 60, B 40", deadband="0.0499"), held), force=True)) == {"A": -5, "B": 5}


# ---- fewest trades ----


def test_of_equal_plans_the_one_with_fewer_orders_is_taken() -> None:
    """125 lies as far from two shares of 50 as from three: A is left alone, B is bought."""
    made = situation("A 25, B 25, cash 50", "A 2 @ 50, cash KRW 400", "A 50, B 125")
    assert traded(made_plan(made, force=True)) == {"B": 1}


def test_a_price_on_orders_trades_distance_for_orders() -> None:
    def orders(price: int) -> dict[str, int]:
        rules = policy("A 50, B 25, C 25", order_price=str(price))
        return traded(made_plan(situation(rules, "A 60 @ 10, B 22 @ 10, C 18 @ 10"), force=True))

    assert orders(0) == {"A": -10, "B": 3, "C": 7}
    assert orders(29) == {"A": -10, "B": 3, "C": 7}  # the order for B is worth 30
    assert orders(31) == {"A": -10, "C": 7}
    assert orders(200) == {}


@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_a_cap_on_orders_takes_the_best_that_few_orders_reach(most: int) -> None:
    """Overweight by 40 and 20, underweight by 30 and 30, and nothing is bought before it is paid for."""
    rules = policy("A 25, B 25, C 25, D 25", constraints={"max_orders": most})
    plan = made_plan(situation(rules, "A 290 @ 1, B 270 @ 1, C 220 @ 1, D 220 @ 1"), force=True)
    assert len(plan.orders) <= most
    nearer = sum(abs(order.change) for order in plan.orders)
    assert nearer == {1: 40, 2: 70, 3: 90, 4: 120}[most]
    assert plan.certificate.valid
    assert {order.side for order in plan.orders} <= {Side.BUY, Side.SELL}
