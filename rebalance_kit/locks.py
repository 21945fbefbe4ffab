"""One writer at a time: a lock of the operating system on a small file, held for the whole run.

The kernel frees it when its holder is dead, not when it is frozen, so nobody steals from a sleeping computer. The
file says who holds it. It is never deleted: a lock on a deleted file is a lock on nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Self

from rebalance_kit.errors import BusyError
from rebalance_kit.storage import PRIVATE, storage_errors
from rebalance_kit.words import Text, same

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # the other branch of the same module
    import msvcrt

_FAR = 1 << 30  # Windows locks bytes and keeps others from reading them: lock one far behind the text


class FileLock:
    """An exclusive lock. `holder` is what a process that finds it taken is told.

    Raises BusyError, naming since when, which process and which run, when somebody holds it.
    """

    def __init__(self, path: Path, *, now: datetime, doing: str) -> None:
        self.path = path
        self._descriptor: int | None = None
        with storage_errors(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE)
        if not _try_lock(descriptor):
            holder = _read(descriptor)
            os.close(descriptor)
            raise _busy(path, holder)
        self._descriptor = descriptor
        self._write({"since": now.isoformat(timespec="seconds"), "pid": os.getpid(), "doing": doing})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Give it back. Closing the file frees the lock."""
        if self._descriptor is not None:
            self._write({})
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self, holder: dict[str, object]) -> None:
        if self._descriptor is None:
            return
        with storage_errors(self.path):
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, json.dumps(holder).encode())


def wait_for_lock(
    path: Path, *, now: Callable[[], datetime], doing: str, tries: int, pause: Callable[[], None]
) -> FileLock:
    """The lock, asked for again after each `pause` while another process holds it. BusyError after `tries`."""
    for _ in range(tries - 1):
        try:
            return FileLock(path, now=now(), doing=doing)
        except BusyError:
            pause()
    return FileLock(path, now=now(), doing=doing)


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock now."""
    if not path.exists():
        return False
    with storage_errors(path):
        descriptor = os.open(path, os.O_RDWR)
    try:
        return not _try_lock(descriptor, shared=True)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, *, shared: bool = False) -> bool:
    try:
        if fcntl is not None:
            # Shared: two processes that only look do not see each other.
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        else:
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True


def _read(descriptor: int) -> dict[str, object]:
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        found = json.loads(os.read(descriptor, 4096) or b"{}")
    except ValueError:  # the holder is writing it at this moment
        return {}
    return found if isinstance(found, dict) else {}


def _busy(path: Path, holder: dict[str, object]) -> BusyError:
    since, pid, doing = (holder.get(key, "?") for key in ("since", "pid", "doing"))
    return BusyError(
        "busy",
        where=same(path.name),
        wrong=Text(
            f"busy since {since}: process {pid}, {doing}", f"{since}부터 사용 중입니다(프로세스 {pid}, {doing})"
        ),
        expected=Text("one run at a time for each account", "계좌마다 한 번에 하나의 실행"),
        fix=Text("wait until it has ended", "끝날 때까지 기다려 주세요"),
    )
