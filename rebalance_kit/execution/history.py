"""Reading the journal without writing to it: what ran, when the last rebalance was, what is unfinished.

`rebalance drift` asks for the last rebalance, so what that does not need is imported by the functions that do.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rebalance_kit.brokers.base import Mode
from rebalance_kit.execution import chain
from rebalance_kit.execution.schema import MIGRATIONS
from rebalance_kit.storage import read_database, storage_errors
from rebalance_kit.words import Language

if TYPE_CHECKING:
    from rebalance_kit.execution.records import RunRecord
    from rebalance_kit.execution.result import History


def runs(folder: Path, account: str | None = None, mode: Mode = Mode.PAPER) -> tuple[RunRecord, ...]:
    """Every run of an account (None: of all accounts), newest first.

    Raises StorageError when the journal cannot be read, or was emptied or restored.
    """
    with reading(folder, mode) as database:
        if database is None:
            return ()
        from rebalance_kit.execution.records import read_runs

        return read_runs(database, "? IS NULL OR account = ?", (account, account))


def last_rebalance(folder: Path, account: str | None = None, mode: Mode = Mode.PAPER) -> date | None:
    """The session of the last run that traded to rebalance; a deposit or withdrawal is not one. Raises as `runs`."""
    with reading(folder, mode) as database:
        if database is None:
            return None
        (last,) = database.execute(
            "SELECT max(run.session) FROM run JOIN intent USING (run_id) JOIN attempt USING (intent_id)"
            " WHERE filled > 0 AND trigger <> 'cash_flow' AND (? IS NULL OR run.account = ?)",
            (account, account),
        ).fetchone()
        return None if last is None else date.fromisoformat(last)


def pending(folder: Path, account: str, mode: Mode = Mode.PAPER) -> RunRecord | None:
    """The unfinished run of an account, if there is one."""
    return next((run for run in runs(folder, account, mode) if run.ended_at is None), None)


def reconciled(folder: Path, run_id: str, mode: Mode = Mode.PAPER) -> Mapping[str, Any] | None:
    """What was accepted last as the holdings after a run: `shares` by code and `cash` by currency, as texts."""
    with reading(folder, mode) as database:
        if database is None:
            return None
        row = database.execute(
            "SELECT body FROM event WHERE run_id = ? AND kind = 'reconciled' ORDER BY seq DESC LIMIT 1", (run_id,)
        ).fetchone()
        return None if row is None else json.loads(row[0])


def history(folder: Path, account: str | None = None, mode: Mode | None = None, language: Language = "en") -> History:
    """The runs as answers, newest first: of one kind of account, or of all (paper and brokers have journals apart)."""
    from rebalance_kit.execution.result import History

    modes = tuple(Mode) if mode is None else (mode,)
    found = [run for one in modes for run in runs(folder, account, one)]
    if len(modes) > 1:
        found.sort(key=lambda run: run.started_at, reverse=True)  # stable: a journal's own order stays
    return History(tuple(run.result() for run in found), language)


@contextmanager
def reading(folder: Path, mode: Mode) -> Iterator[sqlite3.Connection | None]:
    """The journal as it is at one moment, after its anchor was checked; None where nothing has run."""
    path = chain.journal_path(folder, mode)
    database = read_database(path, MIGRATIONS)
    if database is None:
        anchor = chain.read_anchor(chain.anchor_path(path))
        if anchor is not None and anchor.seq:
            raise chain.lost(path, anchor)
        yield None
        return
    try:
        with storage_errors(path):
            database.execute("BEGIN")
            chain.check_anchor(database, path)
            yield database
    finally:
        database.close()
