"""Reading the journal without writing to it: what ran, when the last rebalance was, what is unfinished."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from rebalance_kit.brokers.base import Mode
from rebalance_kit.execution import chain
from rebalance_kit.execution.journal import journal_path
from rebalance_kit.execution.records import RunRecord, read_runs
from rebalance_kit.execution.result import History
from rebalance_kit.execution.schema import MIGRATIONS
from rebalance_kit.storage import read_database, storage_errors
from rebalance_kit.words import Language


def runs(folder: Path, account: str | None = None, mode: Mode = Mode.PAPER) -> tuple[RunRecord, ...]:
    """Every run of an account (None: of all accounts), newest first.

    Raises StorageError when the journal cannot be read, or was emptied or restored.
    """
    path = journal_path(folder, mode)
    database = read_database(path, len(MIGRATIONS))
    if database is None:
        anchor = chain.read_anchor(chain.anchor_path(path))
        if anchor is not None and anchor.seq:
            raise chain.lost(path, anchor)
        return ()
    try:
        with storage_errors(path):
            database.execute("BEGIN")  # one moment for all that is read
            chain.check_anchor(database, path)
            return read_runs(database, "? IS NULL OR account = ?", (account, account))
    finally:
        database.close()


def last_rebalance(folder: Path, account: str | None = None, mode: Mode = Mode.PAPER) -> date | None:
    """The session of the last run that traded to rebalance; a deposit or withdrawal is not one."""
    done = (run.work.session for run in runs(folder, account, mode) if run.traded and run.work.trigger != "cash_flow")
    return max(done, default=None)


def pending(folder: Path, account: str, mode: Mode = Mode.PAPER) -> RunRecord | None:
    """The unfinished run of an account, if there is one."""
    return next((run for run in runs(folder, account, mode) if run.ended_at is None), None)


def history(folder: Path, account: str | None = None, mode: Mode = Mode.PAPER, language: Language = "en") -> History:
    """The runs as answers, newest first."""
    return History(tuple(run.result() for run in runs(folder, account, mode)), language)
