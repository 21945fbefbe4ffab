"""The queue between desk and engine: two clicks are one proposal, one worker answers, refusals come back whole."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rebalance_kit.errors import BusyError, DecisionNeeded, KitError, RuleError, UsageError
from rebalance_kit.execution import worker
from rebalance_kit.execution.lock import FileLock
from rebalance_kit.execution.result import RunResult, RunStatus, Upto
from rebalance_kit.planner.plan import PlanOptions
from rebalance_kit.words import Finding, Text
from tests.make import ON, document_000
from tests.make_run import HandClock, paper_desk

CLOCK = HandClock()
RESULT = RunResult(
    plan_id="plan-1",
    account="main",
    mode="paper",
    session=ON,
    base_currency="KRW",
    status=RunStatus.SUCCESS,
    stopped_after=Upto.BUY,
    total_before=Decimal("11000000"),
    run_id="run-1",
    findings=(Finding("order_cut", "info", Text("cut", "줄임"), "A"),),
    language="ko",
)
Execute = Callable[[Path, Mapping[str, Any]], RunResult]


@contextmanager
def working(folder: Path, execute: Execute) -> Iterator[None]:
    """A worker for one folder, in a thread."""
    done = threading.Event()
    thread = threading.Thread(target=worker.serve, args=(lambda: [folder], execute, done.is_set, CLOCK))
    thread.start()
    try:
        for _ in range(200):
            if worker.worker_alive(folder):
                break
            time.sleep(0.01)
        yield
    finally:
        done.set()
        thread.join(timeout=10)


def test_a_proposal_is_answered(tmp_path: Path) -> None:
    asked: list[Mapping[str, Any]] = []

    def execute(folder: Path, request: Mapping[str, Any]) -> RunResult:
        assert folder == tmp_path
        asked.append(request)
        return RESULT

    with working(tmp_path, execute):
        made = worker.propose(tmp_path, {"contribute": Decimal("1000000"), "on": date(2026, 3, 4)}, "plan-1", "plan-1")
        answer = worker.wait(tmp_path, made, timeout=10)
    assert answer == RESULT  # nothing is lost on the way, in either language
    assert asked == [{"contribute": "1000000", "on": "2026-03-04", "plan_id": "plan-1", "typed": "plan-1"}]
    assert worker.poll(tmp_path, made) == RESULT


def test_two_fast_clicks_are_one_proposal(tmp_path: Path) -> None:
    runs: list[str] = []

    def slow(folder: Path, request: Mapping[str, Any]) -> RunResult:
        runs.append(request["plan_id"])
        time.sleep(0.1)
        return RESULT

    with working(tmp_path, slow):
        first, second = (worker.propose(tmp_path, {"force": True}, "plan-1", "plan-1") for _ in range(2))
        assert first == second
        assert worker.wait(tmp_path, first, timeout=10) == RESULT
        assert worker.propose(tmp_path, {"force": True}, "plan-1", "plan-1") == first  # the page was reloaded
        other = worker.propose(tmp_path, {"force": True}, "plan-2", "plan-2")
        assert other != first
        assert worker.wait(tmp_path, other, timeout=10) == RESULT
    assert runs == ["plan-1", "plan-2"]


def test_clicks_in_two_processes_are_one_proposal(tmp_path: Path) -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.append(worker.propose(tmp_path, {}, "plan-1", "plan-1"))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len(set(made)) == 1


@pytest.mark.parametrize("kind", [RuleError, DecisionNeeded, UsageError, BusyError])
def test_a_refusal_comes_back_whole_and_may_be_proposed_again(tmp_path: Path, kind: type[KitError]) -> None:
    wrong, expected, fix = Text("wrong", "틀림"), Text("right", "맞음"), Text("do", "하세요")

    def refuse(folder: Path, request: Mapping[str, Any]) -> RunResult:
        raise kind("checks", where=Text("plan", "계획"), wrong=wrong, expected=expected, fix=fix)

    with working(tmp_path, refuse):
        first = worker.propose(tmp_path, {}, "plan-1", "plan-1")
        answer = worker.wait(tmp_path, first, timeout=10)
        assert isinstance(answer, KitError)
        assert (answer.code, answer.message("ko")) == ("checks", "계획: 틀림; 기대한 값: 맞음; 하세요.")
        assert answer.exit_code == kind.exit_code
        assert worker.propose(tmp_path, {}, "plan-1", "plan-1") != first


def test_what_nobody_foresaw_is_an_answer_without_a_trace(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def broken(folder: Path, request: Mapping[str, Any]) -> RunResult:
        raise ZeroDivisionError("inside")

    with working(tmp_path, broken):
        answer = worker.wait(tmp_path, worker.propose(tmp_path, {}, "plan-1", "plan-1"), timeout=10)
    assert isinstance(answer, KitError)
    assert (answer.code, answer.exit_code) == ("internal", 1)
    assert "ZeroDivisionError" not in answer.message("en")
    assert "ZeroDivisionError" in caplog.text


def test_without_a_worker_nothing_is_answered_and_the_desk_can_tell(tmp_path: Path) -> None:
    assert not worker.worker_alive(tmp_path)
    made = worker.propose(tmp_path, {}, "plan-1", "plan-1")
    assert worker.wait(tmp_path, made, timeout=0.1) is None
    with working(tmp_path, lambda folder, request: RESULT):
        assert worker.worker_alive(tmp_path)
        assert worker.wait(tmp_path, made, timeout=10) == RESULT
    assert not worker.worker_alive(tmp_path)


def test_one_worker_serves_a_folder_and_another_takes_over(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / worker.LOCK_NAME, now=CLOCK(), doing="worker")
    made = worker.propose(tmp_path, {}, "plan-1", "plan-1")
    with working(tmp_path, lambda folder, request: RESULT):
        assert worker.wait(tmp_path, made, timeout=0.2) is None
        lock.release()
        assert worker.wait(tmp_path, made, timeout=10) == RESULT


@pytest.mark.parametrize(("request_", "outcome"), [({}, RunResult), ({"again": True}, DecisionNeeded)])
def test_a_worker_that_died_is_followed_by_one_that_asks_again(
    tmp_path: Path, request_: dict[str, bool], outcome: type[object]
) -> None:
    made = worker.propose(tmp_path, request_, "plan-1", "plan-1")
    with worker._queue(tmp_path) as database:
        database.execute("UPDATE proposal SET state = 'RUNNING'")
    with working(tmp_path, lambda folder, request: RESULT):
        assert isinstance(worker.wait(tmp_path, made, timeout=10), outcome)


def test_the_queue_is_private_and_bounded(tmp_path: Path) -> None:
    worker.propose(tmp_path, {}, "plan-1", "plan-1")
    assert (tmp_path / worker.FILE_NAME).stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError, match="at most 16384"):
        worker.propose(tmp_path, {"text": "x" * 20_000}, "plan-1", "plan-1")
    with pytest.raises(TypeError):
        worker.propose(tmp_path, {"code": object()}, "plan-1", "plan-1")
    with pytest.raises(KeyError):
        worker.poll(tmp_path, "nobody")
    with pytest.raises(KeyError):
        worker.poll(tmp_path / "nowhere", "nobody")


def test_a_plan_goes_through_the_worker_once(tmp_path: Path) -> None:
    desk = paper_desk(tmp_path, document_000(), options=PlanOptions(force=True))

    def execute(folder: Path, request: Mapping[str, Any]) -> RunResult:
        assert request["force"]
        return desk.run(yes=request["typed"])

    with working(tmp_path, execute):
        first = worker.propose(tmp_path, {"force": True}, desk.plan.plan_id, desk.plan.plan_id)
        answer = worker.wait(tmp_path, first, timeout=20)
        assert isinstance(answer, RunResult)
        assert answer.status is RunStatus.SUCCESS
        wrong = worker.propose(tmp_path, {"force": True}, desk.plan.plan_id, "something else")
        refused = worker.wait(tmp_path, wrong, timeout=20)
        assert isinstance(refused, KitError)
        assert refused.exit_code == 3
    assert len(desk.broker().order_list(ON).rows) == 5


def test_the_lock_file_stays_and_says_nothing_when_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "main.lock"
    with FileLock(path, now=CLOCK(), doing="run 1"):
        assert str(os.getpid()) in path.read_text(encoding="utf-8")
        with pytest.raises(BusyError, match="run 1"):
            FileLock(path, now=CLOCK(), doing="run 2")
    assert path.read_text(encoding="utf-8") == "{}"
    FileLock(path, now=CLOCK(), doing="run 3").release()
