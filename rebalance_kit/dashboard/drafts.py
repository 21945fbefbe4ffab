"""What a person has typed and not yet submitted, kept beside the portfolio so that a reload loses nothing.

A draft holds wishes only: weights, locks, an amount of money. It never holds a preview or a ticked confirmation; those
belong to one page and one moment. Losing a draft costs a minute, so it is written without waiting for the disk, and a
folder that cannot be written to is no failure.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Direction = Literal["in", "out"]

FILE = "desk.sqlite"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Draft:
    """`codes` and `policy` (basis points) say which policy the draft was made on: on another one it does not apply."""

    codes: tuple[str, ...]
    policy: tuple[int, ...]
    weights: tuple[int, ...]
    locked: tuple[bool, ...]
    direction: Direction = "in"
    amount: str = ""
    force: bool = False


class Drafts:
    """The draft of one portfolio folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def save(self, draft: Draft) -> bool:
        """Keep the draft; False when the folder cannot be written to."""
        try:
            with self._database() as database:
                database.execute(
                    "INSERT INTO draft VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET content = excluded.content",
                    (json.dumps(asdict(draft)),),
                )
        except (sqlite3.Error, OSError):
            return False
        return True

    def load(self) -> Draft | None:
        """The draft, or None when there is none that can be read."""
        if not self.path.exists():
            return None
        try:
            with self._database() as database:
                row = database.execute("SELECT content FROM draft WHERE id = 1").fetchone()
            return _draft(json.loads(row[0])) if row else None
        except (sqlite3.Error, OSError, ValueError, TypeError):
            return None

    def clear(self) -> None:
        """Forget the draft."""
        if self.path.exists():
            try:
                with self._database() as database:
                    database.execute("DELETE FROM draft")
            except (sqlite3.Error, OSError):
                return

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=1)) as database, database:
            database.execute("PRAGMA synchronous = OFF")
            if database.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                database.execute("DROP TABLE IF EXISTS draft")
                database.execute("CREATE TABLE draft (id INTEGER PRIMARY KEY CHECK (id = 1), content TEXT) STRICT")
                database.execute(f"PRAGMA user_version = {_VERSION}")
            yield database


def _draft(content: dict[str, object]) -> Draft:
    draft = Draft(**{key: tuple(value) if isinstance(value, list) else value for key, value in content.items()})  # type: ignore[arg-type]  # checked on the next lines
    lengths = {len(draft.codes), len(draft.policy), len(draft.weights), len(draft.locked)}
    if len(lengths) != 1 or draft.direction not in ("in", "out") or not isinstance(draft.amount, str):
        raise ValueError("not a draft of this version")
    return draft
