"""A disk that loses what was not synced when the power goes: a file system in memory, as SQLite sees it.

What was written since the last sync survives sector by sector, as dice will: not at all, whole, or torn in the middle.
Connections of a dead process keep writing into files that nobody will read again.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import apsw

SECTOR = 512


class _File:
    """Bytes as they are now and as they were synced, and which sectors differ."""

    def __init__(self, content: bytes = b"") -> None:
        self.now = bytearray(content)
        self.synced = bytes(content)
        self.dirty: set[int] = set()

    def write(self, data: bytes, at: int) -> None:
        if len(self.now) < at:
            self.now.extend(bytes(at - len(self.now)))
        self.now[at : at + len(data)] = data
        self.dirty.update(range(at // SECTOR, (at + len(data) - 1) // SECTOR + 1))

    def truncate(self, size: int) -> None:
        del self.now[size:]
        self.dirty.update(range(size // SECTOR, len(self.synced) // SECTOR + 1))

    def sync(self) -> None:
        self.synced, self.dirty = bytes(self.now), set()

    def after_a_cut(self, dice: random.Random) -> _File:
        """What is found when the power comes back."""
        length = dice.choice((len(self.synced), len(self.now)))
        left = bytearray(self.synced[:length].ljust(length, b"\0"))
        for sector in sorted(self.dirty):
            start, end = sector * SECTOR, min((sector + 1) * SECTOR, length, len(self.now))
            torn = dice.choice((start, start, end, end, dice.randrange(start, max(start + 1, end))))
            left[start:torn] = self.now[start:torn]
        return _File(bytes(left[:length]))


class PowerDisk(apsw.VFS):
    """The disk, as a VFS of SQLite. `syncs` counts what reached it."""

    def __init__(self, name: str) -> None:
        self.files: dict[str, _File] = {}
        self.syncs = 0
        self._dark = False
        super().__init__(name, "")

    def cut(self, dice: random.Random) -> None:
        """The power goes and comes back. Whoever has a file open keeps a dead copy."""
        self._dark = True
        self.files = {name: file.after_a_cut(dice) for name, file in sorted(self.files.items())}

    def xOpen(self, name: Any, flags: Any) -> Any:  # the names are SQLite's
        self._dark = False
        known = name.filename() if hasattr(name, "filename") else str(name)
        return _Handle(self, self.files.setdefault(known, _File()))

    def xAccess(self, name: str, _flags: int) -> bool:
        return bool(name in self.files and (self.files[name].now or not name.endswith(("-wal", "-journal"))))

    def xDelete(self, name: str, _sync: bool) -> None:
        if not self._dark:  # a dead process deletes nothing
            self.files.pop(name, None)

    def xFullPathname(self, name: str) -> str:
        return name


class _Handle:
    """An open file. Locks hold nobody up: one process uses the disk."""

    def __init__(self, disk: PowerDisk, file: _File) -> None:
        self._disk, self._file = disk, file

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._file.now[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        self._file.write(bytes(data), offset)

    def xTruncate(self, size: int) -> None:
        self._file.truncate(size)

    def xSync(self, _flags: int) -> None:
        self._disk.syncs += 1
        self._file.sync()

    def xFileSize(self) -> int:
        return len(self._file.now)

    def xSectorSize(self) -> int:
        return SECTOR

    def xDeviceCharacteristics(self) -> int:
        return 0  # writes are not atomic, not ordered, and a file may grow before its content is there

    def xLock(self, _level: int) -> None: ...
    def xUnlock(self, _level: int) -> None: ...
    def xClose(self) -> None: ...

    def xCheckReservedLock(self) -> bool:
        return False

    def xFileControl(self, _op: int, _pointer: int) -> bool:
        return False


class _Connection:
    """As much of `sqlite3.Connection` as the program uses, over the disk."""

    def __init__(self, name: str, vfs: str, synchronous: str | None) -> None:
        self._own = apsw.Connection(name, vfs=vfs)
        self.isolation_level: str | None = None
        self._synchronous = synchronous
        self.execute("PRAGMA locking_mode=EXCLUSIVE")  # WAL without shared memory, which this disk has none of

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        if self._synchronous is not None and statement == "PRAGMA synchronous=FULL":
            statement = f"PRAGMA synchronous={self._synchronous}"
        return _translated(lambda: self._own.cursor().execute(statement, tuple(values)))

    def executemany(self, statement: str, rows: Any) -> Any:
        return _translated(lambda: self._own.cursor().executemany(statement, [tuple(row) for row in rows]))

    def close(self) -> None:
        self._own.close()


def _translated(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except apsw.ConstraintError as error:
        raise sqlite3.IntegrityError(str(error)) from error
    except apsw.Error as error:
        raise sqlite3.OperationalError(str(error)) from error


@contextmanager
def powered(disk: PowerDisk, vfs: str, synchronous: str | None = None) -> Iterator[None]:
    """Let everything that opens a database use the disk; `synchronous` weakens how it is synced."""
    real = sqlite3.connect

    def connect(name: Any, **_: Any) -> Any:
        text = str(name)
        path = unquote(urlsplit(text).path) if text.startswith("file:") else text
        return _Connection(path, vfs, synchronous)

    patched: Any = sqlite3
    patched.connect = connect
    try:
        yield
    finally:
        patched.connect = real
        disk.unregister()
