"""The journal: only forward, one live attempt, one owner, a chain that remembers, and disks that fail."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest

from rebalance_kit.brokers.base import Mode, OrderRow
from rebalance_kit.errors import BusyError, StorageError
from rebalance_kit.execution import chain, history
from rebalance_kit.execution.chain import journal_path
from rebalance_kit.execution.journal import Journal, state_of
from rebalance_kit.execution.records import Attempt, State
from rebalance_kit.execution.result import RunStatus, Upto
from rebalance_kit.execution.work import Work, WorkOrder
from rebalance_kit.orders import Side
from rebalance_kit.planner.plan import PlanOptions
from rebalance_kit.storage import open_database, refuse_unsafe_folder, write_atomically
from rebalance_kit.words import Finding, Text, same
from tests.make import ON, document_000
from tests.make_run import HandClock, paper_desk

CLOCK = HandClock()
SELL = WorkOrder("A", "Asset A", Side.SELL, 10, Decimal(990), Decimal(1000), "KRW", Decimal(0))
WORK = Work(
    plan_id="plan-1",
    account="main",
    broker="paper",
    mode=Mode.PAPER,
    policy_hash="policy-1",
    session=ON,
    trigger="scheduled",
    base_currency="KRW",
    language="ko",
    upto=Upto.BUY,
    sells=(SELL,),
    buys=(replace(SELL, side=Side.BUY, code="B"),),
    deposit=Decimal(0),
    withdrawal=Decimal(500),
    floors=(("KRW", Decimal(0)),),
    total_before=Decimal(100_000),
    shares_before=(("A", Decimal(10)),),
    cash_before=(("KRW", Decimal(0)),),
    patience=0,
    source_sha256="-",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return journal_path(tmp_path, Mode.PAPER)


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(path, "main", CLOCK) as opened:
        opened.begin_run("run-1", WORK)
        yield opened


def sending(journal: Journal, baseline: tuple[str, ...] = ()) -> Attempt:
    intent = journal.run("run-1").intents[0]
    return journal.begin_attempt("run-1", intent, 10, ON, baseline)


def unknown(journal: Journal) -> Attempt:
    attempt = sending(journal)
    journal.answered("run-1", attempt.attempt_id, State.UNKNOWN, same("time-out"), "n-1")
    return journal.attempt("run-1", attempt.attempt_id)


def listed(filled: int = 10, *, live: bool = False, number: str = "n-1") -> OrderRow:
    amount = Decimal(filled * 1000)
    return OrderRow(number, CLOCK(), "A", Side.SELL, 10, Decimal(990), "KRW", filled, amount, Decimal(2), live)


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as database:
        database.execute(statement)


# ---- what a run writes ----


def test_a_run_is_found_as_it_was_written(journal: Journal) -> None:
    run = journal.run("run-1")
    assert run.work == WORK
    assert [(intent.side, intent.code, intent.quantity) for intent in run.intents] == [(Side.SELL, "A", 10)]
    assert [(t.transfer_id, t.amount, t.state) for t in run.transfers] == [("run-1-out", Decimal(-500), "PENDING")]
    assert journal.open_run() == run
    assert journal.executed("plan-1") == run
    with pytest.raises(KeyError):
        journal.run("run-2")


def test_the_baseline_is_durable_before_anything_leaves(journal: Journal, path: Path) -> None:
    attempt = sending(journal, ("n-7", "n-3"))
    with sqlite3.connect(path) as other:
        row = other.execute("SELECT state, baseline FROM attempt").fetchone()
    assert row == ("SENDING", '["n-3", "n-7"]')
    assert attempt.baseline == {"n-3", "n-7"}


def test_an_attempt_that_was_filled(journal: Journal) -> None:
    attempt = unknown(journal)
    assert (attempt.state, attempt.hint, attempt.number) == (State.UNKNOWN, "n-1", None)
    journal.listed("run-1", attempt, listed(4, live=True))
    half = journal.attempt("run-1", attempt.attempt_id)
    assert (half.state, half.filled, half.amount) == (State.PARTIAL, 4, Decimal(4000))
    journal.listed("run-1", half, listed())
    whole = journal.attempt("run-1", attempt.attempt_id)
    assert (whole.state, whole.filled, whole.commission, whole.number) == (State.FILLED, 10, Decimal(2), "n-1")
    assert journal.owned(ON) == {"n-1"}
    assert journal.owned(ON + timedelta(days=1)) == frozenset()


def test_what_the_list_repeats_is_not_written_again(journal: Journal) -> None:
    attempt = unknown(journal)
    journal.listed("run-1", attempt, listed(4, live=True))
    before = chain.read_head(journal._database)
    journal.listed("run-1", journal.attempt("run-1", attempt.attempt_id), listed(4, live=True))
    assert chain.read_head(journal._database) == before


@pytest.mark.parametrize(
    ("row", "state"),
    [
        (listed(10), State.FILLED),
        (listed(10, live=True), State.FILLED),
        (listed(4), State.CANCELLED),
        (listed(0), State.CANCELLED),
        (listed(4, live=True), State.PARTIAL),
        (listed(0, live=True), State.ACKED),
    ],
)
def test_the_brokers_row_says_the_state(row: OrderRow, state: State) -> None:
    assert state_of(row) is state


# ---- what the database refuses ----

FORWARD = {
    "SENDING": {"UNKNOWN", "NOT_SENT", "REJECTED"},
    "UNKNOWN": {"ACKED", "ABSENT"},
    "ACKED": {"PARTIAL", "FILLED", "CANCELLED"},
    "PARTIAL": {"FILLED", "CANCELLED"},
}
PATHS = {
    "SENDING": (),
    "UNKNOWN": ("UNKNOWN",),
    "ACKED": ("UNKNOWN", "ACKED"),
    "PARTIAL": ("UNKNOWN", "ACKED", "PARTIAL"),
    "FILLED": ("UNKNOWN", "ACKED", "FILLED"),
    "CANCELLED": ("UNKNOWN", "ACKED", "CANCELLED"),
    "NOT_SENT": ("NOT_SENT",),
    "REJECTED": ("REJECTED",),
    "ABSENT": ("UNKNOWN", "ABSENT"),
}
FILLED_IN = {"PARTIAL": 4, "FILLED": 10}


def move(database: sqlite3.Connection, state: str) -> None:
    """Set a state with everything else as it should be, so that only the step itself can be wrong."""
    at_broker = state in ("ACKED", "PARTIAL", "FILLED", "CANCELLED")
    database.execute(
        "UPDATE attempt SET state = ?, number = CASE WHEN ? THEN coalesce(number, 'n-1') ELSE number END,"
        " filled = max(filled, ?), unknown_at = coalesce(unknown_at, 'now')",
        (state, at_broker, FILLED_IN.get(state, 0)),
    )


@pytest.mark.parametrize(("before", "after"), [(a, b) for a, b in product(PATHS, PATHS) if a != b])
def test_a_state_moves_forward_only(journal: Journal, before: str, after: str) -> None:
    sending(journal)
    for step in PATHS[before]:
        move(journal._database, step)
    if after in FORWARD.get(before, set()):
        move(journal._database, after)
    else:
        with pytest.raises(sqlite3.IntegrityError):
            move(journal._database, after)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempt SET filled = 3",  # fills never fall
        "UPDATE attempt SET number = 'n-2'",
        "UPDATE attempt SET baseline = '[\"n-9\"]'",
        "UPDATE attempt SET sent_at = 'later'",
        "UPDATE attempt SET quantity = 9",
        "UPDATE attempt SET state = 'FILLED'",  # of 4 of 10 shares
        "UPDATE intent SET quantity = 11",
        "UPDATE run SET work = '{}'",
        "UPDATE run SET plan_id = 'plan-2'",
        "UPDATE run SET phase = 'ENDED', status = 'SUCCESS', ended_at = 'now'",  # while an order is live
        "UPDATE event SET body = '{}'",
        "DELETE FROM event",
        "DELETE FROM attempt",
        "DELETE FROM intent",
        "DELETE FROM run",
        "INSERT INTO event VALUES (99, 'now', NULL, 'x', '{}', 'x', 'x')",
        "INSERT OR REPLACE INTO event SELECT * FROM event WHERE seq = 1",
        "INSERT INTO attempt (attempt_id, intent_id, n, account, session, quantity, state, sent_at, baseline)"
        " SELECT 'second', intent_id, 2, account, session, quantity, 'SENDING', sent_at, '[]' FROM attempt",
    ],
)
def test_what_was_written_is_not_rewritten(journal: Journal, statement: str) -> None:
    journal.listed("run-1", unknown(journal), listed(4, live=True))
    with pytest.raises(sqlite3.IntegrityError):
        journal._database.execute(statement)


def test_one_attempt_at_a_time_may_be_at_the_broker(journal: Journal) -> None:
    first = unknown(journal)
    with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE|intent_id"):
        sending(journal)
    journal.absent("run-1", first.attempt_id)
    assert sending(journal).n == 2


def test_a_brokers_order_has_one_owner(journal: Journal) -> None:
    journal.listed("run-1", unknown(journal), listed())
    journal.begin_buys("run-1", WORK.buys)
    (buy,) = [intent for intent in journal.run("run-1").intents if intent.side is Side.BUY]
    attempt = journal.begin_attempt("run-1", buy, 10, ON, ())
    journal.answered("run-1", attempt.attempt_id, State.UNKNOWN, same(""))
    with pytest.raises(sqlite3.IntegrityError, match="number"):
        journal.listed("run-1", journal.attempt("run-1", attempt.attempt_id), listed(number="n-1"))


def test_no_sell_leaves_in_the_buy_phase_and_no_buy_before_it(journal: Journal) -> None:
    journal.begin_buys("run-1", WORK.buys)
    with pytest.raises(sqlite3.IntegrityError, match="phase"):
        sending(journal)


def test_an_attempt_is_never_larger_than_its_intent(journal: Journal) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        journal.begin_attempt("run-1", journal.run("run-1").intents[0], 11, ON, ())


def test_one_unfinished_run_and_one_execution_of_a_plan(journal: Journal) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        journal.begin_run("run-2", replace(WORK, plan_id="plan-2"))
    journal.end_run(journal.run("run-1"), RunStatus.FAILED, Upto.SELL, Decimal(1), ())
    assert journal.open_run() is None
    assert journal.begin_run("run-2", WORK).repeat == 1  # a second execution is counted, never silent
    assert [run.run_id for run in journal.runs()] == ["run-2", "run-1"]


def test_a_run_with_an_unknown_order_stays_open(journal: Journal) -> None:
    unknown(journal)
    finding = Finding("test", "warning", Text("en", "ko"), "A")
    journal.end_run(journal.run("run-1"), RunStatus.UNKNOWN, Upto.SELL, Decimal(1), (finding,))
    run = journal.open_run()
    assert run is not None
    assert (run.status, run.ended_at, run.findings) == (RunStatus.UNKNOWN, None, (finding,))


# ---- one writer ----


def test_a_writer_that_was_replaced_cannot_write(path: Path) -> None:
    with Journal(path, "main", CLOCK) as frozen:
        frozen.begin_run("run-1", WORK)
        with Journal(path, "main", CLOCK) as successor:
            with pytest.raises(BusyError, match="another process"):
                frozen.note("run-1", "late", {})
            successor.note("run-1", "alive", {})


# ---- the chain and its anchor ----


def test_the_journal_is_private_and_every_event_is_in_the_chain(journal: Journal, path: Path) -> None:
    sending(journal)
    assert path.stat().st_mode & 0o077 == 0
    anchor = chain.anchor_path(path)
    assert anchor.stat().st_mode & 0o077 == 0
    assert chain.read_anchor(anchor) == chain.read_head(journal._database)
    assert chain.check_chain(journal._database, path) == 2


@pytest.mark.parametrize("emptied", [True, False])
def test_an_emptied_or_deleted_journal_is_noticed(path: Path, emptied: bool) -> None:
    with Journal(path, "main", CLOCK) as journal:
        journal.begin_run("run-1", WORK)
    path.unlink()
    if emptied:
        path.touch()
    with pytest.raises(StorageError, match="emptied or restored"):
        history.runs(path.parent)
    with pytest.raises(StorageError, match="emptied or restored") as told:
        Journal(path, "main", CLOCK)
    assert told.value.exit_code == 7


def test_a_journal_restored_from_a_backup_is_noticed(path: Path) -> None:
    with Journal(path, "main", CLOCK) as journal:
        journal.begin_run("run-1", WORK)
    backup = path.read_bytes()
    with Journal(path, "main", CLOCK) as journal:
        journal.note("run-1", "later", {})
    path.write_bytes(backup)
    with pytest.raises(StorageError, match="emptied or restored"):
        Journal(path, "main", CLOCK)
    with pytest.raises(StorageError, match="emptied or restored"):
        history.runs(path.parent)


def test_a_crash_between_commit_and_anchor_is_no_loss(path: Path) -> None:
    with Journal(path, "main", CLOCK) as journal:
        journal.begin_run("run-1", WORK)
        old = chain.anchor_path(path).read_bytes()
        journal.note("run-1", "later", {})
    chain.anchor_path(path).write_bytes(old)
    with Journal(path, "main", CLOCK) as journal:
        assert journal.events == 2


def test_a_missing_or_broken_anchor_is_noticed(path: Path) -> None:
    with Journal(path, "main", CLOCK) as journal:
        journal.begin_run("run-1", WORK)
    anchor = chain.anchor_path(path)
    anchor.write_text("{", encoding="utf-8")
    with pytest.raises(StorageError, match="cannot be read"):
        Journal(path, "main", CLOCK)
    anchor.unlink()
    with pytest.raises(StorageError, match="missing"):
        Journal(path, "main", CLOCK)


def test_a_rewritten_event_is_noticed(path: Path) -> None:
    with Journal(path, "main", CLOCK) as journal:
        journal.begin_run("run-1", WORK)
        journal.note("run-1", "amount", {"won": 1})
    change(path, "DROP TRIGGER event_stays")
    change(path, "UPDATE event SET body = '{\"won\":2}' WHERE seq = 2")
    with pytest.raises(StorageError, match="event 2 was changed"):
        Journal(path, "main", CLOCK)


# ---- disks that fail ----


def test_a_damaged_file_is_a_storage_error(path: Path) -> None:
    path.write_bytes(b"not a database at all, but long enough to look like a file" * 40)
    with pytest.raises(StorageError, match="damaged") as told:
        Journal(path, "main", CLOCK)
    assert told.value.exit_code == 7


def limit_pages(monkeypatch: pytest.MonkeyPatch, pages: int) -> None:
    """A disk on which the journal can never have more pages."""

    def opened(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
        database = open_database(path, migrations)
        database.execute(f"PRAGMA max_page_count={pages}")
        return database

    monkeypatch.setattr("rebalance_kit.execution.journal.open_database", opened)


def test_a_full_disk_stops_before_anything_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = paper_desk(tmp_path, document_000(), options=PlanOptions(force=True))
    with Journal(journal_path(tmp_path, Mode.PAPER), "main", CLOCK) as journal:
        pages = journal._database.execute("PRAGMA page_count").fetchone()[0]
        journal._database.execute(f"PRAGMA max_page_count={pages}")
        with suppress(StorageError):
            for _ in range(50):
                journal.note("run-0", "filler", {"text": "x" * 900})
    limit_pages(monkeypatch, pages)
    with pytest.raises(StorageError, match="disk is full") as told:
        desk.run()
    assert told.value.exit_code == 7
    assert not (tmp_path / "paper.sqlite").exists()
    monkeypatch.undo()
    assert desk.run().status is RunStatus.SUCCESS


@pytest.mark.parametrize("room", [0, 1])
def test_a_disk_that_fills_up_during_a_run_loses_no_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    desk = paper_desk(tmp_path, document_000(), options=PlanOptions(force=True))
    with Journal(journal_path(tmp_path, Mode.PAPER), "main", CLOCK) as journal:
        pages = journal._database.execute("PRAGMA page_count").fetchone()[0]
    limit_pages(monkeypatch, pages + room)
    with pytest.raises(StorageError, match="disk is full"):
        desk.run()
    monkeypatch.undo()
    assert desk.run().status is RunStatus.SUCCESS  # the second start finds what was sent, and sends only the rest
    assert len(desk.broker().order_list(ON).rows) == len(desk.plan.orders)


def test_a_file_that_another_program_holds_is_a_storage_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Journal(path, "main", CLOCK) as journal:
        journal._database.execute("PRAGMA busy_timeout=50")
        with sqlite3.connect(path, isolation_level=None) as viewer:
            viewer.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageError, match="another program"):
                journal.begin_run("run-1", WORK)
            viewer.execute("ROLLBACK")
        assert journal.open_run() is None


def test_a_newer_journal_is_left_alone(path: Path) -> None:
    with Journal(path, "main", CLOCK):
        pass
    change(path, "PRAGMA user_version=99")
    for reading in (lambda: Journal(path, "main", CLOCK), lambda: history.runs(path.parent)):
        with pytest.raises(StorageError, match="schema version 99"):
            reading()


def test_a_folder_without_write_permission_can_still_be_read(path: Path) -> None:
    with Journal(path, "main", CLOCK) as journal:
        journal.begin_run("run-1", WORK)
    path.parent.chmod(0o500)
    try:
        assert [run.run_id for run in history.runs(path.parent)] == ["run-1"]
    finally:
        path.parent.chmod(0o700)


@pytest.mark.parametrize(
    ("mount", "refused"),
    [
        ("server:/x {folder} nfs4 rw 0 0", True),
        ("//server/x {folder} cifs rw 0 0", True),
        ("C: {folder} 9p rw,aname=drvfs 0 0", True),
        ("none {folder} 9p rw,trans=fd 0 0", False),
        ("/dev/sda1 {folder} ext4 rw 0 0", False),
        ("server:/x {folder}-other nfs4 rw 0 0", False),
    ],
)
def test_network_drives_are_refused(tmp_path: Path, mount: str, refused: bool) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/root / ext4 rw 0 0\n{mount.format(folder=tmp_path)}\n", encoding="utf-8")
    if refused:
        with pytest.raises(StorageError, match="locks do not hold"):
            refuse_unsafe_folder(tmp_path, mounts)
    else:
        refuse_unsafe_folder(tmp_path, mounts)


def test_folders_that_a_cloud_service_copies_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "Dropbox (Personal)" / "portfolio"
    folder.mkdir(parents=True)
    with pytest.raises(StorageError, match="Dropbox"):
        open_database(folder / "journal.sqlite", ())


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="disk is full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_commit_is_on_the_disk_before_it_returns(journal: Journal) -> None:
    assert journal._database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert journal._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


# ---- reading ----


def test_nothing_ran_where_nothing_is(tmp_path: Path) -> None:
    assert history.runs(tmp_path) == ()
    assert history.last_rebalance(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_reading_writes_nothing_while_a_run_is_open(journal: Journal, path: Path) -> None:
    unknown(journal)
    pending = history.pending(path.parent, "main")
    assert pending is not None
    assert pending.result().status is RunStatus.UNKNOWN
    assert pending.result().executions[0].state == "UNKNOWN"
    body = journal._database.execute("SELECT body FROM event WHERE seq = 1").fetchone()[0]
    assert json.loads(body)["work"]["plan_id"] == "plan-1"  # exported, the events alone tell the whole story
    assert date.fromisoformat(json.loads(body)["work"]["session"]) == ON
