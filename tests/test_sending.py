"""Which row of the broker's list is our order: a new number, the same order, the right time, and nobody else's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from rebalance_kit.brokers.base import OrderRow
from rebalance_kit.errors import DecisionNeeded
from rebalance_kit.execution.records import Attempt, State
from rebalance_kit.execution.sending import find_order
from rebalance_kit.execution.work import WorkOrder
from rebalance_kit.orders import Side
from rebalance_kit.words import same
from tests.make import ON
from tests.make_run import HandClock

NOW = HandClock()()
ATTEMPT = Attempt(
    attempt_id="run-1-S-A-1",
    intent_id=1,
    n=1,
    code="A",
    side=Side.SELL,
    currency="KRW",
    limit_price=Decimal(990),
    session=ON,
    quantity=10,
    state=State.UNKNOWN,
    sent_at=NOW,
    unknown_at=NOW,
    baseline=frozenset({"n-1"}),
    hint=None,
    number=None,
    filled=0,
    amount=Decimal(0),
    commission=Decimal(0),
    reason=same(""),
)
ROW = OrderRow("n-2", NOW, "A", Side.SELL, 10, Decimal("990.0"), "KRW", 0, Decimal(0), None, True)


def test_the_new_row_with_the_same_order_is_ours() -> None:
    others = (replace(ROW, number="n-3", code="B"), replace(ROW, number="n-4", quantity=9))
    assert find_order(ATTEMPT, (*others, ROW), frozenset()) == ROW
    assert find_order(ATTEMPT, (), frozenset()) is None


@pytest.mark.parametrize(
    "other",
    [
        replace(ROW, number="n-1"),  # it was there before: the baseline
        replace(ROW, number="n-9"),  # another attempt owns it
        replace(ROW, code="B"),
        replace(ROW, side=Side.BUY),
        replace(ROW, quantity=11),
        replace(ROW, limit_price=Decimal(991)),
        replace(ROW, limit_price=None),
        replace(ROW, channel="other"),  # placed by phone
        replace(ROW, placed_at=NOW - timedelta(seconds=6)),
    ],
)
def test_what_differs_is_not_ours(other: OrderRow) -> None:
    assert find_order(ATTEMPT, (other,), frozenset({"n-9"})) is None


def test_clocks_may_differ_by_seconds() -> None:
    early = replace(ROW, placed_at=NOW - timedelta(seconds=5))
    assert find_order(ATTEMPT, (early,), frozenset()) == early


def test_of_two_the_reply_decides_and_without_it_a_person() -> None:
    twins = (ROW, replace(ROW, number="n-3"))
    assert find_order(replace(ATTEMPT, hint="n-3"), twins, frozenset()) == twins[1]
    for hint in (None, "n-7"):
        with pytest.raises(DecisionNeeded, match="n-2, n-3") as told:
            find_order(replace(ATTEMPT, hint=hint), twins, frozenset())
        assert told.value.exit_code == 5


def test_the_number_in_a_reply_is_a_hint_only() -> None:
    assert find_order(replace(ATTEMPT, hint="n-5"), (ROW,), frozenset()) == ROW
    stranger = replace(ROW, number="n-5", code="B")
    assert find_order(replace(ATTEMPT, hint="n-5"), (stranger,), frozenset()) is None


def _most_by_hand(order: WorkOrder, cash: Decimal, price: Decimal, wanted: int) -> int:
    return max((n for n in range(wanted + 1) if n == 0 or order.worst_cost(n, price) <= cash), default=0)


@pytest.mark.parametrize("rate", ["0", "0.00015", "0.0025", "0.1"])
@pytest.mark.parametrize("price", ["10050", "3", "16885", "0.01"])
def test_the_affordable_shares_are_the_most_that_cash_covers(rate: str, price: str) -> None:
    order = WorkOrder("A", "A", Side.BUY, 40, Decimal(price), Decimal(price), "KRW", Decimal(rate))
    for cash in map(Decimal, (-1, 0, 1, 2, 3, 10, 99, 10_049, 10_050, 10_052, 100_500, 100_516, 402_061, 10**7)):
        assert order.affordable(cash, Decimal(price), 40) == _most_by_hand(order, cash, Decimal(price), 40), cash
