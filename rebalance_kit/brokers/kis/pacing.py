"""Not too fast: calls keep a distance in time, and keep away for a while after the service has complained.

The service allows a real account some 18 to 20 calls a second and a mock one about one; it throttles orders earlier
than questions. The distances here stay well below (measured by others: a mock account is clean at one call a second).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rebalance_kit.brokers.base import Mode

INTERVALS: Mapping[Mode, float] = {Mode.REAL: 1 / 8, Mode.MOCK: 1 / 0.9}
PENALTY = 1.1  # seconds of silence after EGW00201 or EGW00215


@dataclass
class Pacer:
    """The distance between calls of one profile. `monotonic` and `sleep` are given, so that tests need no time."""

    interval: float
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    _next: float = float("-inf")

    def wait(self) -> None:
        """Wait until a call may leave, and count it."""
        now = self.monotonic()
        if now < self._next:
            self.sleep(self._next - now)
            now = max(self.monotonic(), self._next)
        self._next = now + self.interval

    def forget(self) -> None:
        """Let the next call leave at once."""
        self._next = float("-inf")

    def pause(self, seconds: float = PENALTY) -> None:
        """Let no call leave for a while."""
        self._next = max(self._next, self.monotonic() + seconds)
