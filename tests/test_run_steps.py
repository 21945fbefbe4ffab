"""Each status, where a run stopped, and the one line in the log that each of its ten steps leaves."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rebalance_kit.brokers.base import Answer, BrokerOrder, Mode, OrderList, Reply, Snapshot
from rebalance_kit.checks import PlanBlocked
from rebalance_kit.execution.engine import execute
from rebalance_kit.execution.result import RunResult, RunStatus, Upto
from rebalance_kit.execution.steps import Step
from rebalance_kit.planner.plan import PlanOptions
from rebalance_kit.words import same
from tests.make import ON, document_000
from tests.make_run import Desk, paper_desk

LOGGER = "rebalance_kit.execution"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Source document 000, forced: two sells, three buys."""
    return paper_desk(tmp_path, document_000(), options=PlanOptions(force=True))


class Answering:
    """The paper account behind a service that answers every order, or some, in one way."""

    instant = True

    def __init__(self, desk: Desk, answer: Answer, *, refused: int = 99) -> None:
        self.paper, self.answer, self.refused = desk.broker(), answer, refused
        self.identity, self.session = self.paper.identity, ON
        self.quiet_period: timedelta | None = None

    def snapshot(self) -> Snapshot:
        return self.paper.snapshot()

    def order_list(self, _: object) -> OrderList:
        return self.paper.order_list(ON)

    def place(self, order: BrokerOrder) -> Reply:
        self.refused -= 1
        return Reply(self.answer, same("no")) if self.refused >= 0 else self.paper.place(order)

    def cancel(self, number: str) -> Reply:
        return self.paper.cancel(number)


def steps(log: pytest.LogCaptureFixture) -> dict[int, str]:
    """The level of the last line of each step."""
    rows = [record for record in log.records if record.name == LOGGER and "/10 " in record.message]
    return {int(row.message.split("step ")[1].split("/")[0]): row.levelname for row in rows}


def run_with(desk: Desk, answer: Answer, refused: int = 99) -> RunResult:
    return desk.run(broker=Answering(desk, answer, refused=refused))


def test_there_are_ten_steps_in_the_documents_order() -> None:
    assert [step.value[1] for step in Step] == [
        "holdings", "targets", "need", "sell plan", "sell checks", "sells", "cash", "buy plan", "buy checks", "buys"
    ]  # fmt: skip


def test_success_leaves_ten_lines_with_the_runs_id(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    result = desk.run()
    assert (result.status, result.stopped_after) == (RunStatus.SUCCESS, Upto.BUY)
    assert list(steps(caplog)) == list(range(1, 11))
    assert set(steps(caplog).values()) == {"INFO"}
    assert all(record.message.startswith(f"{result.run_id} ") for record in caplog.records if "/10 " in record.message)


def test_partial_warns_of_the_step_that_fell_short(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    result = run_with(desk, Answer.REJECTED, refused=1)
    assert result.status is RunStatus.PARTIAL
    levels = steps(caplog)
    assert levels[6] == "WARNING"  # one of two sells
    assert levels[9] == "WARNING"  # buys cut to the cash that is there
    assert (levels[7], levels[8]) == ("INFO", "INFO")


def test_failed_is_an_error(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    result = run_with(desk, Answer.REJECTED)
    assert (result.status, result.exit_code) == (RunStatus.FAILED, 1)
    assert (steps(caplog)[6], steps(caplog)[10]) == ("ERROR", "ERROR")


def test_unknown_is_an_error_and_stays_open(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    result = run_with(desk, Answer.UNKNOWN)
    assert (result.status, result.exit_code, result.ended_at) == (RunStatus.UNKNOWN, 5, None)
    assert steps(caplog)[6] == "ERROR"


def test_a_plan_that_is_blocked_is_an_error_of_the_checks(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    with pytest.raises(PlanBlocked):
        execute(desk.plan, desk.context(), mode=Mode.REAL, yes=desk.plan.plan_id)
    assert steps(caplog) == {5: "ERROR"}


@pytest.mark.parametrize(
    ("upto", "status", "traded"),
    [
        (Upto.DRIFT, RunStatus.DRY_RUN, ""),
        (Upto.PLAN, RunStatus.DRY_RUN, ""),
        (Upto.CHECK, RunStatus.DRY_RUN, ""),
        (Upto.SELL, RunStatus.SUCCESS, "SELL"),
        (Upto.BUY, RunStatus.SUCCESS, "BUY SELL"),
    ],
)
def test_a_run_stops_after_the_step_it_is_asked_to(desk: Desk, upto: Upto, status: RunStatus, traded: str) -> None:
    result = desk.run(upto=upto)
    assert (result.status, result.stopped_after) == (status, upto)
    assert " ".join(sorted({row.side for row in result.executions})) == traded
    assert (desk.folder / "journal.sqlite").exists() is bool(traded)


@pytest.mark.parametrize("upto", list(Upto))
def test_without_orders_nothing_is_needed_however_far_one_asks(tmp_path: Path, upto: Upto) -> None:
    desk = paper_desk(tmp_path, document_000(), "")
    done = desk.run(upto=upto)
    assert done.status is (RunStatus.DRY_RUN if upto in (Upto.DRIFT, Upto.PLAN) else RunStatus.NOT_NEEDED)
    assert done.exit_code == 0
    assert replace(done, status=RunStatus.NOT_NEEDED).executions == ()


@pytest.mark.parametrize("upto", [Upto.SELL, Upto.BUY])
def test_a_dry_run_sends_nothing_however_far_one_asks(desk: Desk, upto: Upto) -> None:
    assert desk.run(yes=False, upto=upto).status is RunStatus.DRY_RUN
    assert list(desk.folder.iterdir()) == []
