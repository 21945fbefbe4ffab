"""The chain of events and its anchor: a journal that was emptied, cut or restored from a backup is noticed.

Each event's hash covers the hash before it. The newest hash is copied to a second file after every commit. SQLite
opens an emptied file as a new database without a word, so the anchor is what remembers that there was more.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rebalance_kit.brokers.base import Mode
from rebalance_kit.errors import StorageError
from rebalance_kit.storage import storage_errors, write_atomically
from rebalance_kit.words import Text


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: the number of events and the hash of the last (the journal's id when there is none)."""

    journal_id: str
    seq: int
    hash: str


def journal_path(folder: Path, mode: Mode) -> Path:
    """The journal of a portfolio folder; paper and live never share one."""
    return folder / ("journal.sqlite" if mode is Mode.PAPER else f"journal-{mode.value}.sqlite")


def anchor_path(journal: Path) -> Path:
    """The anchor of a journal file."""
    return journal.with_suffix(".anchor")


def canonical(body: Mapping[str, Any]) -> str:
    """A body as the text that is hashed."""
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def append(database: sqlite3.Connection, at: datetime, run_id: str | None, kind: str, body: Mapping[str, Any]) -> None:
    """Add an event, inside the transaction that does what it tells."""
    head = read_head(database)
    if head is None:
        raise sqlite3.DatabaseError("the journal has no identity")
    row = (head.seq + 1, at.isoformat(), run_id, kind, canonical(body), head.hash)
    database.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, _hash(row)))


def read_head(database: sqlite3.Connection) -> Head | None:
    """The end of the chain in the database; None for a database without an identity."""
    identity = database.execute("SELECT journal_id FROM identity").fetchone()
    if identity is None:
        return None
    last = database.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(identity[0], *last) if last else Head(identity[0], 0, identity[0])


def write_anchor(path: Path, head: Head) -> None:
    """Copy the end of the chain to the second file."""
    content = {"journal": head.journal_id, "seq": head.seq, "hash": head.hash}
    write_atomically(path, (json.dumps(content) + "\n").encode())


def read_anchor(path: Path) -> Head | None:
    """The anchor; None if there is none. StorageError if it cannot be read."""
    if not path.exists():
        return None
    with storage_errors(path):
        text = path.read_text(encoding="utf-8")
    try:
        content = json.loads(text)
        return Head(str(content["journal"]), int(content["seq"]), str(content["hash"]))
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, Text("the anchor cannot be read", "기준 파일을 읽을 수 없습니다")) from error


def check_anchor(database: sqlite3.Connection, journal: Path) -> None:
    """StorageError unless the chain in the database continues what the anchor remembers.

    The database may be ahead of the anchor (a crash between the two), never behind it.
    """
    anchor, head = read_anchor(anchor_path(journal)), read_head(database)
    if anchor is None:
        if head is not None and head.seq:
            raise _damaged(journal, Text("the file beside it (.anchor) is missing", "곁의 .anchor 파일이 없습니다"))
        return
    found = None
    if head is not None and head.journal_id == anchor.journal_id:
        found = anchor.hash if anchor.seq == 0 else _hash_at(database, anchor.seq)
    if found != anchor.hash:
        raise lost(journal, anchor)


def check_chain(database: sqlite3.Connection, journal: Path) -> int:
    """Recompute every hash; the number of events. StorageError at the first that does not hold."""
    head = read_head(database)
    previous = head.journal_id if head else ""
    count = 0
    rows = database.execute("SELECT seq, at, run_id, kind, body, previous, hash FROM event ORDER BY seq")
    for seq, at, run_id, kind, body, before, written in rows:
        count += 1
        if seq != count or before != previous or written != _hash((seq, at, run_id, kind, body, before)):
            raise _damaged(journal, Text(f"event {seq} was changed", f"{seq}번째 기록이 바뀌었습니다"))
        previous = written
    return count


def lost(journal: Path, anchor: Head) -> StorageError:
    """The journal has fewer events than the anchor remembers."""
    return _damaged(
        journal,
        Text(f"the journal was emptied or restored: its {anchor.seq} events are not there",
             f"기록이 비워졌거나 옛것으로 되돌려졌습니다. 기록 {anchor.seq}건이 없습니다"),
    )  # fmt: skip


def _hash_at(database: sqlite3.Connection, seq: int) -> str | None:
    row = database.execute("SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone()
    return row[0] if row else None


def _hash(row: tuple[Any, ...]) -> str:
    return hashlib.sha256(json.dumps(row, ensure_ascii=False).encode()).hexdigest()


def _damaged(path: Path, wrong: Text) -> StorageError:
    return StorageError(
        "journal_changed",
        where=str(path),
        wrong=wrong,
        expected=Text("the journal as the last run left it", "마지막 실행이 남긴 그대로의 기록"),
        fix=Text("bring back the newest copy of it and of the .anchor file, or move both away to begin a new journal",
                 "가장 최근의 기록과 .anchor 파일을 되돌리거나, 둘 다 옮겨 새 기록을 시작해 주세요"),
    )  # fmt: skip
