"""Whose time it is: ours, checked against the service's; at a local double of the service, the double's.

A double plays another day: what asks it must live on that day too, or every order would be on the wrong date.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

KST = timezone(timedelta(hours=9), "KST")  # no daylight saving
TOLERANCE = timedelta(seconds=5)
_SECOND = timedelta(seconds=1)  # the header has whole seconds


class ServiceClock:
    """Aware times. `follow`: take over the times that the service's replies state."""

    def __init__(self, local: Callable[[], datetime], monotonic: Callable[[], float], *, follow: bool) -> None:
        self._local = local
        self._monotonic = monotonic
        self._follow = follow
        self._heard: tuple[datetime, float] | None = None
        self._skew: timedelta | None = None

    def now(self) -> datetime:
        """The time, in UTC."""
        return self.there() if self._follow else self.here()

    def here(self) -> datetime:
        """The time of this computer, in UTC, whatever the service says."""
        return self._local().astimezone(UTC)

    def there(self) -> datetime:
        """The time of the service as its last reply stated it; until one has, that of this computer."""
        if self._heard is None:
            return self.here()
        moment, at = self._heard
        return moment + timedelta(seconds=self._monotonic() - at)

    def hear(self, header: str | None) -> None:
        """Learn from a reply's Date; one that cannot be read teaches nothing."""
        try:
            stated = parsedate_to_datetime(header or "").astimezone(UTC)
        except (TypeError, ValueError):
            return
        self._heard = (stated, self._monotonic())
        self._skew = stated - self._local().astimezone(UTC)

    @property
    def wrong_by(self) -> timedelta | None:
        """How far this computer's clock is from the service's, where that is too far to trade by; else None."""
        if self._follow or self._skew is None or abs(self._skew) <= TOLERANCE + _SECOND:
            return None
        return self._skew
