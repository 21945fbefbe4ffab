"""The door between the desk and the engine: a page proposes, a worker process checks and executes, the page reads
the answer.

A browser's kernel never sends an order and never holds a broker. It leaves a proposal in a queue beside the
portfolio: what was asked for, the id of the plan that the person read, and the id as they typed it. The worker plans
again from that request, so a proposal can at worst propose. Two fast clicks are one proposal.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from rebalance_kit.errors import (
    BrokerError,
    BusyError,
    DecisionNeeded,
    InputError,
    KitError,
    PartlyExecuted,
    RuleError,
    StorageError,
    UsageError,
)
from rebalance_kit.execution.lock import FileLock, is_locked
from rebalance_kit.execution.packing import pack, unpack
from rebalance_kit.execution.result import RunResult
from rebalance_kit.storage import open_database, read_database, storage_errors, transaction
from rebalance_kit.words import Text

log = logging.getLogger("rebalance_kit.worker")

FILE_NAME = "proposals.sqlite"
LOCK_NAME = "worker.lock"
MAX_REQUEST = 16_384
POLL_SECONDS = 0.03
LOOK_SECONDS = 1.0

_ERRORS: tuple[type[KitError], ...] = (
    KitError, InputError, RuleError, BusyError, DecisionNeeded, BrokerError, StorageError, PartlyExecuted,
)  # fmt: skip

Answer = RunResult | KitError
Execute = Callable[[Path, Mapping[str, Any]], RunResult]

MIGRATIONS = (
    """
CREATE TABLE proposal (
    proposal_id TEXT PRIMARY KEY,
    made_at TEXT NOT NULL DEFAULT (datetime('now')),
    key TEXT NOT NULL,
    plan_id TEXT NOT NULL,
    typed TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'RUNNING', 'DONE', 'REFUSED')),
    answer TEXT
) STRICT;
CREATE UNIQUE INDEX one_proposal ON proposal (key) WHERE state <> 'REFUSED';
""",
)


# ---- the desk's side ----


def propose(folder: Path, request: Mapping[str, Any], plan_id: str, typed: str) -> str:
    """Leave a proposal; its id. The same proposal again, unless it was refused, has the same id and is one.

    `request` says how to plan again, as JSON (Decimals and dates become strings). UsageError when it is too large,
    StorageError when the folder cannot be written to.
    """
    text = json.dumps(request, sort_keys=True, ensure_ascii=False, default=_as_text)
    if len(text) > MAX_REQUEST:
        raise _too_large(len(text))
    key = hashlib.sha256(json.dumps([plan_id, typed, text]).encode()).hexdigest()
    proposal_id = secrets.token_hex(8)
    with _queue(folder) as database, transaction(database):
        database.execute(
            "INSERT OR IGNORE INTO proposal (proposal_id, key, plan_id, typed, request) VALUES (?, ?, ?, ?, ?)",
            (proposal_id, key, plan_id, typed, text),
        )
        row = database.execute(
            "SELECT proposal_id FROM proposal WHERE key = ? AND state <> 'REFUSED'", (key,)
        ).fetchone()
    return str(row[0])


def poll(folder: Path, proposal_id: str) -> Answer | None:
    """What became of a proposal; None while it has not been answered. KeyError for one that was never made."""
    path = folder / FILE_NAME
    database = read_database(path, MIGRATIONS)
    if database is None:
        raise KeyError(proposal_id)
    try:
        with storage_errors(path):
            row = database.execute("SELECT answer FROM proposal WHERE proposal_id = ?", (proposal_id,)).fetchone()
    finally:
        database.close()
    if row is None:
        raise KeyError(proposal_id)
    return None if row[0] is None else _unpack_answer(json.loads(row[0]))


def wait(folder: Path, proposal_id: str, timeout: float) -> Answer | None:
    """`poll` until there is an answer or `timeout` seconds have passed."""
    deadline = time.monotonic() + timeout
    while (answer := poll(folder, proposal_id)) is None and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return answer


def worker_alive(folder: Path) -> bool:
    """Whether a worker serves the folder now."""
    return is_locked(folder / LOCK_NAME)


def start_worker(
    root: Path, command: Sequence[str] | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """A worker process for a folder, or a folder of them (`command` replaces it in tests). `environment` is its own
    where it must have more than this process.

    Nothing is ever written to its pipe: it closes when this process ends, however it ends, and tells the worker.
    """
    words = command or (sys.executable, "-m", "rebalance_kit", "worker", str(root.resolve()))
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment)  # noqa: S603  # our own interpreter and arguments, no shell


# ---- the worker's side ----


def serve(
    folders: Callable[[], Sequence[Path]],
    execute: Execute,
    stop: Callable[[], bool],
    clock: Callable[[], datetime],
) -> None:
    """Answer the proposals of every folder until `stop` says so. `folders` is asked again from time to time.

    `execute` gets the folder and the request with `plan_id` and `typed` in it; what it raises becomes the answer. A
    folder that another worker serves is left to it, and taken over when that one ends.
    """
    served: dict[Path, _Served] = {}
    looked = -1.0
    try:
        while not stop():
            if time.monotonic() - looked > LOOK_SECONDS:
                _take_over(folders(), served, clock)
                looked = time.monotonic()
            answered = [_serve_one(one, execute) for one in served.values()]
            if True not in answered:
                time.sleep(POLL_SECONDS)
    finally:
        for one in served.values():
            one.close()


class _Served:
    """A folder that is ours: its lock, and its queue once there is one."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self.folder = folder
        self._lock = FileLock(folder / LOCK_NAME, now=clock(), doing="worker")
        self._queue: sqlite3.Connection | None = None

    def queue(self) -> sqlite3.Connection | None:
        """The open queue; None before the first proposal."""
        path = self.folder / FILE_NAME
        if not path.exists():
            return None
        if self._queue is None:
            self._queue = open_database(path, MIGRATIONS)
            _recover(self._queue)
        return self._queue

    def reopen(self) -> None:
        """Close the queue after a fault of the disk: opened again, it recovers what was begun."""
        if self._queue is not None:
            self._queue.close()
            self._queue = None

    def close(self) -> None:
        """Give the folder back."""
        self.reopen()
        self._lock.release()


def _take_over(folders: Sequence[Path], served: dict[Path, _Served], clock: Callable[[], datetime]) -> None:
    for folder in folders:
        if folder not in served:
            try:
                served[folder] = _Served(folder, clock)
            except (BusyError, StorageError) as error:
                log.debug("%s", error)


def _recover(database: sqlite3.Connection) -> None:
    """What a worker that died had begun is begun again: the engine executes a plan once. Only where a second
    execution was asked for by name can nobody know, and a person looks."""
    with transaction(database):
        rows = database.execute("SELECT proposal_id, request FROM proposal WHERE state = 'RUNNING'").fetchall()
        for proposal_id, request in rows:
            if json.loads(request).get("again"):
                _write_answer(database, proposal_id, _worker_died())
            else:
                database.execute("UPDATE proposal SET state = 'PENDING' WHERE proposal_id = ?", (proposal_id,))


def _serve_one(one: _Served, execute: Execute) -> bool:
    """Answer the oldest proposal of a folder; False when there is none."""
    try:
        with storage_errors(one.folder / FILE_NAME):
            database = one.queue()
            if database is None:
                return False
            row = database.execute(
                "SELECT proposal_id, plan_id, typed, request FROM proposal WHERE state = 'PENDING' ORDER BY rowid"
            ).fetchone()
            if row is None:
                return False
            proposal_id, plan_id, typed, request = row
            database.execute("UPDATE proposal SET state = 'RUNNING' WHERE proposal_id = ?", (proposal_id,))
            answer = _execute(execute, one.folder, {**json.loads(request), "plan_id": plan_id, "typed": typed})
            with transaction(database):
                _write_answer(database, proposal_id, answer)
    except StorageError as error:
        log.warning("%s", error)
        one.reopen()
        return False
    return True


def _execute(execute: Execute, folder: Path, request: Mapping[str, Any]) -> Answer:
    try:
        return execute(folder, request)
    except KitError as error:
        return error
    except Exception:
        log.exception("a proposal failed")  # the trace stays in the worker's log: a page never shows one
        return _failed()


def _write_answer(database: sqlite3.Connection, proposal_id: str, answer: Answer) -> None:
    state = "DONE" if isinstance(answer, RunResult) else "REFUSED"
    text = json.dumps(_pack_answer(answer), ensure_ascii=False)
    database.execute("UPDATE proposal SET state = ?, answer = ? WHERE proposal_id = ?", (state, text, proposal_id))


@contextmanager
def _queue(folder: Path) -> Iterator[sqlite3.Connection]:
    path = folder / FILE_NAME
    database = open_database(path, MIGRATIONS)
    try:
        with storage_errors(path):
            yield database
    finally:
        database.close()


def _pack_answer(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, RunResult):
        return {"result": pack(RunResult, answer)}
    parts = {name: pack(Text, getattr(answer, name)) for name in ("where", "wrong", "expected", "fix")}
    return {"error": {"code": answer.code, "exit_code": answer.exit_code, **parts}}


def _unpack_answer(packed: Mapping[str, Any]) -> Answer:
    if "result" in packed:
        return unpack(RunResult, packed["result"])
    error = packed["error"]
    parts = {name: unpack(Text, error[name]) for name in ("where", "wrong", "expected", "fix")}
    kind = next(kind for kind in _ERRORS if kind.exit_code == error["exit_code"])
    return kind(error["code"], **parts)


def _as_text(value: object) -> str:
    if isinstance(value, Decimal | date):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be proposed")


def _too_large(size: int) -> UsageError:
    return UsageError(
        "proposal_too_large",
        where=Text("proposal", "제안"),
        wrong=Text(f"{size} characters", f"{size}자입니다"),
        expected=Text(f"at most {MAX_REQUEST}", f"{MAX_REQUEST}자 이하"),
        fix=Text("ask for less", "요청을 줄여 주세요"),
    )


def _worker_died() -> DecisionNeeded:
    return DecisionNeeded(
        "worker_ended",
        where=Text("worker", "작업 프로세스"),
        wrong=Text("it ended before it could answer", "답하기 전에 끝났습니다"),
        expected=Text("an answer", "응답"),
        fix=Text("look at the history before asking again", "다시 요청하기 전에 실행 내역을 확인해 주세요"),
    )


def _failed() -> KitError:
    return KitError(
        "internal",
        where=Text("worker", "작업 프로세스"),
        wrong=Text("the run failed in a way that nobody foresaw", "예상하지 못한 오류로 실행이 실패했습니다"),
        expected=Text("an answer", "응답"),
        fix=Text("look at the history and at the worker's log", "실행 내역과 작업 프로세스의 기록을 확인해 주세요"),
    )
