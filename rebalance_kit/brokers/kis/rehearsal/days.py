"""Which days and hours KRX and the US exchanges trade here.

Days come from the `holidays` library; the dates that it or other calendars have had wrong stand below. A rehearsal may
open or close further days (a Saturday, say).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from rebalance_kit.brokers.kis.rehearsal.clock import KST

_NEW_YORK = ZoneInfo("America/New_York")
_DAY = timedelta(days=1)
_CLOSED = {"XKRX": frozenset({date(2026, 6, 3), date(2026, 7, 17)}), "XNYS": frozenset[date]()}
_EXAM_DAYS = frozenset({date(2025, 11, 13), date(2026, 11, 19)})
_US_EARLY_CLOSES = frozenset({date(2026, 11, 27), date(2026, 12, 24)})


@lru_cache(maxsize=128)
def _holidays(market: str, year: int) -> frozenset[date]:
    import holidays

    return frozenset(holidays.financial_holidays(market, years=year))


@dataclass(frozen=True, slots=True)
class Hours:
    """Korean times of one session. Orders are taken from `accepts`, traded from `opens` until `closes`, and dropped
    at `ends`."""

    accepts: datetime
    opens: datetime
    closes: datetime
    ends: datetime


@dataclass
class Days:
    """The calendar of a rehearsal: `opened` and `closed` overrule the library, for both markets."""

    opened: set[date] = field(default_factory=set)
    closed: set[date] = field(default_factory=set)

    def krx(self, day: date) -> bool:
        """Does KRX trade?"""
        return self._open("XKRX", day)

    def us(self, day: date) -> bool:
        """Do the US exchanges trade (their local date)?"""
        return self._open("XNYS", day)

    def krx_hours(self, day: date) -> Hours:
        """From the opening auction on; the year's first session and the day of the college exam open at 10:00."""
        first = all(not self.krx(date(day.year, 1, n)) for n in range(1, day.day)) and day.month == 1
        opens, closes = time(9), time(15, 30)
        if first or day in _EXAM_DAYS:
            opens = time(10)
        if day in _EXAM_DAYS:
            closes = time(16, 30)
        begin, end = datetime.combine(day, opens, KST), datetime.combine(day, closes, KST)
        return Hours(begin - timedelta(minutes=30), begin, end, end)

    def us_hours(self, day: date) -> Hours:
        """The session of a US date, in Korean time: orders from the pre-market to the end of the after-market."""
        closes = time(13) if day in _US_EARLY_CLOSES else time(16)
        begin = datetime.combine(day, time(9, 30), _NEW_YORK).astimezone(KST)
        end = datetime.combine(day, closes, _NEW_YORK).astimezone(KST)
        ends = end + timedelta(hours=1) if begin.hour == 23 else end + timedelta(hours=2)
        return Hours(begin - timedelta(hours=5, minutes=30), begin, end, ends)

    def us_day(self, moment: datetime) -> date:
        """The US date whose session an order of this moment belongs to."""
        return moment.astimezone(_NEW_YORK).date()

    def add(self, day: date, sessions: int) -> date:
        """The KRX session so many sessions after (or before) a day."""
        step = _DAY if sessions >= 0 else -_DAY
        for _ in range(abs(sessions)):
            day += step
            while not self.krx(day):
                day += step
        return day

    def _open(self, exchange: str, day: date) -> bool:
        if day in self.closed:
            return False
        if day in self.opened:
            return True
        library = "XKRX" if exchange == "XKRX" else "NYSE"
        return day.weekday() < 5 and day not in _CLOSED[exchange] and day not in _holidays(library, day.year)
