"""Several real processes at one account: one execution, whoever sleeps, and nothing is sent twice.

Long campaigns are run by hand: `python -m tests.benchmarks.concurrency`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import rebalance_kit as rk
from rebalance_kit.brokers.base import Mode
from rebalance_kit.errors import BusyError
from rebalance_kit.execution import history
from rebalance_kit.execution.lock import FileLock, account_lock
from rebalance_kit.execution.worker import start_worker, worker_alive
from tests.broken_engines import BROKEN_AMONG_PROCESSES
from tests.folders import as_process, rebalance
from tests.racing import POINTS, race

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

ROUNDS = 10


@pytest.mark.parametrize("number", range(ROUNDS))
def test_three_processes_of_which_one_freezes_execute_a_plan_once(number: int) -> None:
    done = race(number, *POINTS[number])
    assert done.broken == ()
    assert (done.frozen, done.runs) == (1, 1)
    assert set(done.codes) <= {0, 5}  # finished, or a person is told that an order is not decided yet


@pytest.mark.parametrize("name", sorted(BROKEN_AMONG_PROCESSES))
def test_a_broken_engine_is_caught_by_a_race(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BROKEN_AMONG_PROCESSES[name](monkeypatch)
    for seed in range(12):
        done = race(seed, "place.before", frozen=1.6)
        if done.broken or 1 in done.codes:  # 1: the database refused what must never happen
            return
    pytest.fail(f"an engine that {name.replace('_', ' ')} was not noticed")


DUE = "2026-04-01"
TEN = datetime(2026, 4, 1, 1, 2, tzinfo=UTC)
# A dashboard as its page runs it: the session without widgets, and the courier to the worker.
DESK = """
import json, sys, time
from pathlib import Path
from rebalance_kit.dashboard.courier import WorkerCourier
from rebalance_kit.dashboard.session import Session, Step
from rebalance_kit.errors import KitError
from rebalance_kit.portfolio import open_portfolio

folder = Path(sys.argv[1])
desk = Session(folder, WorkerCourier(), opener=lambda path, account: open_portfolio(path, on=sys.argv[2]))
desk.open(desk.choices()[0])
desk.preview()
assert desk.confirm(True)
print(desk.plan.plan_id, flush=True)
sys.stdin.readline()
assert desk.submit()
assert not desk.submit()
try:
    while desk.step is not Step.DONE:
        desk.poll()
        time.sleep(0.02)
    print(json.dumps({"code": 0, "run": desk.receipt.run_id}), flush=True)
except KitError as error:
    print(json.dumps({"code": error.exit_code, "says": str(error)}), flush=True)
"""


def _said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _eventually(true: Callable[[], bool]) -> bool:
    for _ in range(600):
        if true():
            return True
        time.sleep(0.05)
    return False


def test_two_dashboards_and_a_command_that_submit_one_plan_at_once_execute_it_once(tmp_path: Path) -> None:
    folder = tmp_path / "growth"
    assert rebalance("demo", folder).code == 0
    environment = {**os.environ, "REBALANCE_DESK_ROOT": str(folder)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    desks = [
        subprocess.Popen([sys.executable, "-c", DESK, str(folder), DUE], env=environment, **pipes)  # type: ignore[call-overload]  # three of its keywords in a dict
        for _ in range(2)
    ]
    served = start_worker(folder)
    try:
        (plan_id,) = {_said(desk) for desk in desks}  # both read the same plan
        assert _eventually(lambda: worker_alive(folder))
        words = as_process("run", folder, "--on", DUE, "--yes", plan_id, "--json")
        command = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for desk in desks:
            desk.stdin.write("now\n")
            desk.stdin.flush()
        answers = [json.loads(_said(desk)) for desk in desks]
        typed = json.loads(command.communicate(timeout=120)[0])
    finally:
        served.communicate()
        for desk in desks:
            desk.communicate(timeout=60)
    (run,) = history.runs(folder)
    opened = rk.open_portfolio(folder, on=DUE)
    assert sum(len(intent.attempts) for intent in run.intents) == len(run.result().executions)
    for answer in answers:  # who came while the other was at work was told so; nobody executed it again
        assert answer.get("run") == run.run_id or answer["code"] == 4, answer
    assert typed.get("run_id") == run.run_id or command.returncode == 4, typed
    assert (opened.executed(plan_id) or pytest.fail("lost")).result.run_id == run.run_id


def test_who_comes_second_is_told_since_when_which_process_and_which_run(tmp_path: Path) -> None:
    folder = tmp_path / "growth"
    assert rebalance("demo", folder).code == 0
    plan_id = rebalance("plan", folder, "--on", DUE, "--json").document["plan_id"]
    with FileLock(account_lock(folder, "main", Mode.PAPER), now=TEN, doing="run X"):
        ran = rebalance("run", folder, "--on", DUE, "--yes", plan_id, "--language", "en", "--json")
        assert ran.code == BusyError.exit_code == 4
        says = ran.document["error"]["message"]
        assert f"process {os.getpid()}, run X" in says
        assert "2026-04-01T01:02" in says
    assert not history.runs(folder)
