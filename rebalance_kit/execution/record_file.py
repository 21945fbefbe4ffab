"""The journal for other programs: its chain re-proved, and its events and runs as JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rebalance_kit.brokers.base import Mode
from rebalance_kit.execution import chain, history
from rebalance_kit.execution.records import read_runs
from rebalance_kit.words import Language, Text


@dataclass(frozen=True, slots=True)
class Verified:
    """A journal whose chain holds: how many events and runs it has, how many runs are unfinished, and the hash of the
    last event (None where nothing has run)."""

    path: Path
    events: int
    runs: int
    unfinished: int
    head: str | None
    language: Language = "en"

    def to_dict(self, _language: Language | None = None) -> dict[str, object]:
        """The JSON of `journal verify --json`."""
        return {
            "journal": str(self.path),
            "holds": True,
            "events": self.events,
            "runs": self.runs,
            "unfinished": self.unfinished,
            "head": self.head,
        }

    def sentence(self, language: Language) -> str:
        """The same for a person."""
        return _SAYS.of(language).format(
            path=self.path, events=self.events, runs=self.runs, unfinished=self.unfinished, head=self.head or "-"
        )


_SAYS = Text(
    "{path}: the chain of {events} events holds; {runs} runs, {unfinished} unfinished.\nlast hash {head}",
    "{path}: 기록 {events}건의 해시 사슬이 온전합니다. 실행 {runs}건, 미완료 {unfinished}건.\n마지막 해시 {head}",
)


def verify(folder: Path, mode: Mode = Mode.PAPER, language: Language = "en") -> Verified:
    """Recompute every hash of the journal and compare it with its anchor.

    Raises StorageError when an event was changed, or the journal was emptied, cut or restored from a backup.
    """
    path = chain.journal_path(folder, mode)
    with history.reading(folder, mode) as database:
        if database is None:
            return Verified(path, 0, 0, 0, None, language)
        events = chain.check_chain(database, path)
        head = chain.read_head(database)
        found = read_runs(database)
        unfinished = sum(run.ended_at is None for run in found)
        return Verified(path, events, len(found), unfinished, head.hash if head else None, language)


def export_lines(folder: Path, mode: Mode = Mode.PAPER, language: Language = "en") -> Iterator[str]:
    """The journal as JSON Lines, oldest first: every event with its hash, then every run as `history` tells it.

    Raises StorageError as `verify`, before the first line.
    """
    verify(folder, mode)
    with history.reading(folder, mode) as database:
        if database is None:
            return
        rows = database.execute("SELECT seq, at, run_id, kind, body, previous, hash FROM event ORDER BY seq").fetchall()
        for seq, at, run_id, kind, body, previous, own in rows:
            yield _line({"event": seq, "at": at, "run_id": run_id, "kind": kind, "body": json.loads(body),
                         "previous": previous, "hash": own})  # fmt: skip
        for run in reversed(read_runs(database)):
            yield _line({"run": run.result().to_dict(language)})


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True)
