"""Orders that rest follow the market: never beyond the tolerance, never without the cash, and only as often as the
policy says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from rebalance_kit.brokers.base import Answer, BrokerOrder, OrderList, Reply, Snapshot
from rebalance_kit.errors import BrokerError
from rebalance_kit.execution.repricing import nearer, runaway
from rebalance_kit.execution.result import RunResult
from rebalance_kit.execution.stop import set_stopped
from rebalance_kit.orders import Side
from rebalance_kit.planner.plan import PlanOptions
from rebalance_kit.policy.settings_rules import settings_problems
from rebalance_kit.prices.model import FxRate, Quote
from rebalance_kit.words import same
from tests.make import ON, policy, situation
from tests.make_run import Desk, paper_desk

BUY, SELL = "BUY B 10", "SELL A 5, BUY B 5"
FREE = {"max_order_share": "1", "max_turnover": "1"}
FORCED = PlanOptions(force=True)


class Resting:
    """The paper account behind a market in which orders rest and prices move: it writes down what it is told."""

    instant = False

    def __init__(self, desk: Desk, *quotes: str) -> None:
        self.paper, self.desk = desk.broker(), desk
        self.identity, self.session, self.quiet_period = self.paper.identity, ON, self.paper.quiet_period
        self.later = [Decimal(quote) for quote in quotes]
        self.revised: list[Decimal] = []
        self.cut = False
        self.spendable: Decimal | None = None

    def snapshot(self) -> Snapshot:
        snapshot = self.paper.snapshot()
        return snapshot if self.spendable is None else replace(snapshot, spendable=(("KRW", self.spendable),))

    def order_list(self, session: date) -> OrderList:
        return self.paper.order_list(session)

    def place(self, order: BrokerOrder) -> Reply:
        return self.paper.place(order)

    def cancel(self, number: str) -> Reply:
        return self.paper.cancel(number)

    def quotes(self, codes: Iterable[str]) -> tuple[Quote, ...]:
        resting = any(row.live for row in self.paper.order_list(ON).rows)
        price = (self.later.pop(0) if len(self.later) > 1 else self.later[0]) if resting else Decimal(10_000)
        return tuple(Quote(code, price, "KRW", ON, "test", at=self.desk.clock()) for code in codes)

    def rates(self) -> tuple[FxRate, ...]:
        return ()

    def revise(self, number: str, limit_price: Decimal) -> Reply:
        self.revised.append(limit_price)
        if self.cut:
            raise BrokerError("cut", where=same("test"), wrong=same("cut"), expected=same("-"), fix=same("-"))
        return Reply(Answer.ACCEPTED, same("ok"), number)


def desk_of(folder: Path, wanted: str = BUY, **orders: object) -> Desk:
    """Orders that rest: passive ones, a hundredth away from the quote of 10,000 won."""
    rules = {"style": "passive", "tolerance": "0.01", "patience_seconds": 30, "reprice_after_seconds": 10} | orders
    held = "main: A 40 @ 10000, B 30 @ 10000; cash KRW 110000" if wanted == BUY else "main: A 50 @ 10000, B 40 @ 10000"
    made = situation(policy("A 50, B 50", constraints=FREE, orders=rules), held)
    desk = paper_desk(folder, made, wanted, options=FORCED)
    quotes = {code: replace(quote, at=desk.clock()) for code, quote in made.prices.quotes.items()}
    return replace(desk, made=made._replace(prices=replace(made.prices, quotes=quotes)))


def run(desk: Desk, broker: Resting) -> RunResult:
    return desk.run(broker=broker)


def test_an_order_that_rests_follows_the_quote_up_to_the_tolerance(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, reprice_steps=2)
    broker = Resting(desk, "10100", "10200")
    result = run(desk, broker)
    assert broker.revised == [Decimal(9_995), Decimal(10_095)]  # 9,999 and 10,098 on the tick of 5 won
    assert [row.state for row in result.executions] == ["CANCELLED"]
    assert next(text.en for text in desk.told if "re-pricing" in text.en) == "re-pricing B to 9995 KRW"


def test_a_sell_follows_downwards_and_never_up(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, SELL, reprice_steps=2)
    broker = Resting(desk, "10100", "9900")
    run(desk, broker)
    assert broker.revised == [Decimal(10_000)]  # 9,999 rounded up to the tick; the first quote would have raised it


def test_steps_are_counted_in_the_journal_and_stop_at_the_policys_number(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, reprice_after_seconds=5)
    broker = Resting(desk, "10050", "10100", "10150", "10200")
    run(desk, broker)
    assert len(broker.revised) == 1


def test_without_the_setting_nothing_is_re_priced(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, reprice_after_seconds=None)
    broker = Resting(desk, "10100")
    run(desk, broker)
    assert broker.revised == []


def test_a_buy_is_not_raised_beyond_the_cash_that_is_there(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    broker = Resting(desk, "10100")

    def spent(step: str) -> None:
        broker.spendable = Decimal(949) if step == "attempt.listed" else broker.spendable

    desk.on_step = spent  # 10 shares from 9,900 to 9,995 take 950 more
    run(desk, broker)
    assert broker.revised == []
    assert any("not enough cash" in text.en for text in desk.told)


def test_a_price_that_ran_away_is_not_followed(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    broker = Resting(desk, "10301")
    run(desk, broker)
    assert broker.revised == []
    assert any("run away" in text.en for text in desk.told)


def test_a_reply_that_never_comes_is_no_reason_to_stop(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    broker = Resting(desk, "10100")
    broker.cut = True
    assert [row.state for row in run(desk, broker).executions] == ["CANCELLED"]
    assert len(broker.revised) == 1


def test_the_kill_switch_keeps_limits_where_they_are(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    broker = Resting(desk, "10100")
    desk.on_step = lambda step: set_stopped(tmp_path, True) if step == "attempt.listed" else None
    run(desk, broker)
    assert broker.revised == []


def test_a_limit_moves_only_towards_a_fill() -> None:
    assert nearer(Side.BUY, Decimal(101), Decimal(100))
    assert not nearer(Side.BUY, Decimal(100), Decimal(100))
    assert nearer(Side.SELL, Decimal(99), Decimal(100))
    assert not nearer(Side.SELL, Decimal(101), Decimal(100))


@pytest.mark.parametrize(
    ("limit", "quote", "away"), [("102", "101", False), ("105", "101", True), ("104", "104", True)]
)
def test_a_fat_finger_is_measured_from_the_quote_and_from_the_plan(limit: str, quote: str, away: bool) -> None:
    assert runaway(Decimal(limit), Decimal(quote), Decimal(100)) is away


def test_a_step_that_would_come_after_the_patience_is_a_mistake() -> None:
    rules = {"patience_seconds": 30, "reprice_after_seconds": 30}
    assert [found.code for found in settings_problems(policy("A 100", orders=rules))] == ["reprice_too_late"]
