"""The clock of the local KIS: Korean time that runs with the computer's, faster, or stands still until it is moved."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from threading import RLock

KST = timezone(timedelta(hours=9), "KST")


def korean(moment: datetime | str) -> datetime:
    """A time in Korea; one without a zone, such as `2026-03-04 10:00`, is Korean."""
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return found.astimezone(KST) if found.tzinfo else found.replace(tzinfo=KST)


class Clock:
    """Aware Korean times from `start` on; `speed` seconds pass in a real one (0: the clock stands still)."""

    def __init__(self, start: datetime | str, speed: float = 1.0) -> None:
        self._lock = RLock()
        self._base = korean(start)
        self._since = time.monotonic()
        self._speed = speed

    def now(self) -> datetime:
        """The time here."""
        with self._lock:
            return self._base + timedelta(seconds=(time.monotonic() - self._since) * self._speed)

    __call__ = now

    @property
    def speed(self) -> float:
        return self._speed

    def set(self, moment: datetime | str, speed: float | None = None) -> None:
        """Put the clock to a time, and to a speed."""
        with self._lock:
            self._base = korean(moment)
            self._since = time.monotonic()
            self._speed = self._speed if speed is None else speed

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        with self._lock:
            self.set(self.now() + timedelta(seconds=seconds))

    def sleep(self, seconds: float) -> None:
        """Wait, as a program with this clock waits: a standing clock is moved instead."""
        if self._speed > 0:
            time.sleep(seconds / self._speed)
        else:
            self.advance(seconds)
