"""Real processes, really killed: whatever step the power goes at, the second start sends nothing twice.

Each child is a fork that runs the plan and sends itself SIGKILL at a named step, inside the broker's call too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from rebalance_kit.brokers.base import BrokerOrder, Mode, Reply
from rebalance_kit.brokers.paper import PaperBroker
from rebalance_kit.costs import Exchange
from rebalance_kit.errors import BusyError, KitError
from rebalance_kit.execution import history
from rebalance_kit.execution.chain import journal_path
from rebalance_kit.execution.engine import execute
from rebalance_kit.execution.journal import Journal
from rebalance_kit.execution.result import RunStatus
from rebalance_kit.planner.plan import PlanOptions
from tests.make import ON, document_000, document_001, policy, situation
from tests.make_plan import made_plan
from tests.make_run import Desk, paper_desk

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

Make = Callable[[Path], Desk]
State = tuple[dict[str, int], tuple[Decimal, Decimal], int]


def in_dollars(folder: Path) -> Desk:
    """A deposit in won that buys dollars first, as the planner plans it."""
    free = {"max_order_share": 1, "max_turnover": 1}
    wanted = policy(
        "A 20, VOO 80",
        assets={"VOO": {"currency": "USD", "exchange": "XNYS"}},
        fee="0.001",
        costs={"fx_spread": "0.002"},
        constraints=free,
    )
    made = situation(wanted, "main: A 20, VOO 2; cash KRW 30000", "A 10000, VOO 500.25 USD, USD/KRW 1400")
    return Desk(folder, made, made_plan(made, contribute="5000000"))


MADE: dict[str, Make] = {
    "rebalance": lambda folder: paper_desk(folder, document_000(), options=PlanOptions(force=True)),
    "deposit": lambda folder: paper_desk(
        folder, document_001(), options=PlanOptions(contribute=Decimal(1_000_000)), trigger="cash_flow"
    ),
    "exchange": in_dollars,
    "withdrawal": lambda folder: paper_desk(
        folder, document_001(), options=PlanOptions(withdraw=Decimal(500_000)), trigger="cash_flow"
    ),
}


class Watched(PaperBroker):
    """A paper broker that says when an order is about to arrive, and when it has and nobody knows yet."""

    watch: Callable[[str], None]

    def place(self, order: BrokerOrder) -> Reply:
        self.watch("place.before")
        reply = super().place(order)
        self.watch("place.after")
        return reply

    def exchange(self, exchange_id: str, line: Exchange) -> Reply:
        self.watch("exchange.before")
        reply = super().exchange(exchange_id, line)
        self.watch("exchange.after")
        return reply


def start(desk: Desk) -> None:
    """One start of the plan, telling every step to `desk.on_step`."""
    watched = Watched.__new__(Watched)
    watched.__dict__.update(desk.broker().__dict__)
    watched.watch = desk._step
    context = replace(desk.context(), broker=watched)
    execute(desk.plan, context, mode=Mode.PAPER, yes=desk.plan.plan_id)


def in_child(work: Callable[[], None]) -> int:
    """Run something in a forked process and return its id."""
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        with contextlib.redirect_stdout(sys.stderr):
            work()
        code = 0
    except KitError as error:
        code = error.exit_code
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """The exit code of a child; negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(desk: Desk, step: int) -> int:
    """Run the plan in a child that is killed at its n-th step."""

    def kill(_: str) -> None:
        if len(desk.steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    desk.on_step = kill
    try:
        return ended(in_child(lambda: start(desk)))
    finally:
        desk.on_step = lambda _: None


def state(desk: Desk) -> State:
    return desk.held(), (desk.cash(), desk.cash("USD")), len(desk.broker().order_list(ON).rows)


def whole(folder: Path, make: Make) -> tuple[list[str], State]:
    """The steps of a run that nobody disturbs, and where it leads."""
    desk = make(folder)
    start(desk)
    return desk.steps, state(desk)


def folders(root: Path) -> Iterator[Path]:
    number = 0
    while True:
        number += 1
        folder = root / f"run{number}"
        folder.mkdir()
        yield folder


def assert_finished(desk: Desk, expected: State) -> None:
    """The second start leads where the undisturbed run does, and a third sends nothing."""
    result = desk.run()
    assert result.status is RunStatus.SUCCESS
    assert state(desk) == expected
    assert desk.run().repeated
    assert state(desk) == expected
    (run,) = history.runs(desk.folder)
    assert run.ended_at is not None
    with Journal(journal_path(desk.folder, Mode.PAPER), "main", desk.clock) as journal:
        assert journal.events > 0  # opening it has recomputed the whole chain


@pytest.mark.parametrize("kind", sorted(MADE))
def test_a_kill_at_every_step_sends_nothing_twice(tmp_path: Path, kind: str) -> None:
    places = folders(tmp_path)
    steps, expected = whole(next(places), MADE[kind])
    assert {"place.before", "place.after", "attempt.committed", "run.committed", "snapshot.written"} <= set(steps)
    if kind == "rebalance":  # the five orders pass the same steps: every step of the first sell and of a buy is enough
        chosen = [*range(1, 10), *range(len(steps) - 17, len(steps) + 1)]
    elif kind == "exchange":
        assert {"exchanges.committed", "exchange.before", "exchange.after", "exchange.done"} <= set(steps)
        first = steps.index("exchanges.committed")
        chosen = [*range(1, 4), *range(first, first + 12), len(steps) - 1]
    else:
        chosen = list(range(1, len(steps) + 1, 3))
    for step in chosen:
        desk = MADE[kind](next(places))
        assert killed_at(desk, step) == -signal.SIGKILL, steps[step - 1]
        assert_finished(desk, expected)


def test_a_run_may_be_killed_again_and_again(tmp_path: Path) -> None:
    places = folders(tmp_path)
    _, expected = whole(next(places), MADE["rebalance"])
    desk = MADE["rebalance"](next(places))
    kills = 0
    while killed_at(desk, 6 + kills % 3) == -signal.SIGKILL and kills < 12:
        kills += 1
    assert kills >= 4
    assert_finished(desk, expected)


@pytest.mark.parametrize("milliseconds", [5, 20, 45, 80, 120])
def test_a_kill_at_any_moment(tmp_path: Path, milliseconds: int) -> None:
    places = folders(tmp_path)
    _, expected = whole(next(places), MADE["rebalance"])
    desk = MADE["rebalance"](next(places))
    child = in_child(lambda: start(desk))
    time.sleep(milliseconds / 1000)
    os.kill(child, signal.SIGKILL)
    ended(child)
    assert_finished(desk, expected)


def test_processes_that_race_execute_once(tmp_path: Path) -> None:
    places = folders(tmp_path)
    _, expected = whole(next(places), MADE["rebalance"])
    for _ in range(4):
        desk = MADE["rebalance"](next(places))
        children = [in_child(lambda desk=desk: start(desk)) for _ in range(3)]  # type: ignore[misc]  # bound now
        codes = sorted(ended(child) for child in children)
        assert codes[0] == 0
        assert set(codes) <= {0, BusyError.exit_code}  # who came too late was told, or got the first one's answer
        assert state(desk) == expected
        assert len(history.runs(desk.folder)) == 1


def test_nobody_steals_from_a_frozen_process(tmp_path: Path) -> None:
    places = folders(tmp_path)
    _, expected = whole(next(places), MADE["rebalance"])
    desk = MADE["rebalance"](next(places))

    def freeze(step: str) -> None:
        if step == "place.after" and desk.steps.count(step) == 1:
            os.kill(os.getpid(), signal.SIGSTOP)

    desk.on_step = freeze
    child = in_child(lambda: start(desk))
    os.waitpid(child, os.WUNTRACED)
    desk.on_step = lambda _: None
    with pytest.raises(BusyError, match=f"process {child}"):
        desk.run()
    os.kill(child, signal.SIGCONT)
    assert ended(child) == 0
    assert state(desk) == expected
    assert desk.run().repeated


def test_the_plan_of_another_day_settles_the_dead_run_and_sends_nothing_of_it(tmp_path: Path) -> None:
    places = folders(tmp_path)
    steps, _ = whole(next(places), MADE["rebalance"])
    desk = MADE["rebalance"](next(places))
    killed_at(desk, steps.index("place.after") + 1)  # the first sell is at the broker, and nobody knows
    after = desk.broker().snapshot().as_holdings("test")
    made = desk.made._replace(holdings=after)
    other = paper_desk(desk.folder, made, options=PlanOptions(force=True))
    result = other.run(again=True)
    assert result.status is RunStatus.SUCCESS
    newest, dead = history.runs(desk.folder)
    assert (dead.status, dead.work.plan_id) == (RunStatus.PARTIAL, desk.plan.plan_id)
    assert [row.state for row in dead.result().executions] == ["FILLED", "NOT_SENT"]
    owned = {attempt.number for run in (newest, dead) for attempt in run.attempts}
    assert owned == {row.number for row in desk.broker().order_list(ON).rows}


@pytest.mark.parametrize(("step", "arrived"), [("run.committed", False), ("deposit.done", True)])
def test_the_deposit_of_a_dead_run_is_what_the_account_says(tmp_path: Path, step: str, arrived: bool) -> None:
    places = folders(tmp_path)
    steps, _ = whole(next(places), MADE["deposit"])
    desk = MADE["deposit"](next(places))
    killed_at(desk, steps.index(step) + 1)
    there = desk.broker().snapshot()
    made = desk.made._replace(holdings=there.as_holdings("test"))
    other = paper_desk(desk.folder, made, options=PlanOptions(withdraw=Decimal(300_000)), trigger="cash_flow")
    assert other.run().status is RunStatus.SUCCESS
    assert desk.broker().snapshot().cash_of("KRW") == (1_000_000 if arrived else 0)
    _, dead = history.runs(desk.folder)
    assert (dead.status, dead.transfers[0].state) == (RunStatus.FAILED, "DONE" if arrived else "REFUSED")
