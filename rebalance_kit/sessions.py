"""Exchange sessions: which days trade, at what hours, and which sessions a schedule means.

Days come from `holidays.financial_holidays` (checked against every daily price of 2002-2025 that the tests can reach)
under a dated correction table of our own; hours are the exchanges' published ones. A scheduled day is the first session
of its period; a weekly day is Monday or, if closed, the next session (definition 4).

Elections and substitute holidays are announced late: a year ahead is a forecast. Years 2000 to 2100 are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, Protocol

from rebalance_kit.errors import UsageError
from rebalance_kit.words import Text, same

Exchange = Literal["XKRX", "XNYS"]
FIRST_YEAR, LAST_YEAR = 2000, 2100
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Correction:
    """A day on which the exchange was or will be `open` or closed, whatever the library says."""

    exchange: Exchange
    day: date
    open: bool
    source: str


# Other calendars (exchange_calendars 4.13, pandas_market_calendars 5.5) count these two as sessions. They stand here so
# that no version of the library can open them again.
CORRECTIONS: tuple[Correction, ...] = (
    Correction("XKRX", date(2026, 6, 3), False, "local elections; Public Official Election Act art. 34; KRX closes"),
    Correction("XKRX", date(2026, 7, 17), False, "Constitution Day, a public holiday again from 2026; KRX closes"),
)

# College entrance exam (수능): everything starts and ends an hour later. KRX notices, each in that year's October or
# November; the first date of 2017 stayed late although the exam was put off (Pohang earthquake).
KRX_EXAM_DAYS = frozenset({
    date(2016, 11, 17), date(2017, 11, 16), date(2017, 11, 23), date(2018, 11, 15), date(2019, 11, 14),
    date(2020, 12, 3), date(2021, 11, 18), date(2022, 11, 17), date(2023, 11, 16), date(2024, 11, 14),
    date(2025, 11, 13), date(2026, 11, 19),
})  # fmt: skip
_KRX_LONGER_FROM = date(2016, 8, 1)  # KRX moved its close from 15:00 to 15:30

# The months of a frequency whose policy names none.
_DEFAULT_MONTHS = {
    "monthly": tuple(range(1, 13)),
    "quarterly": (1, 4, 7, 10),
    "semiannual": (1, 7),
    "annual": (1,),
}


class ScheduleLike(Protocol):
    """What a schedule must tell: the policy's `Schedule` does.

    `months` selects months (empty: the frequency's own). With `every_months` N the frequency is not read: the months
    are every Nth counted from the first of `months` (or January) of the year 2000.
    """

    @property
    def frequency(self) -> str: ...
    @property
    def every_months(self) -> int | None: ...
    @property
    def months(self) -> tuple[int, ...]: ...


@dataclass(frozen=True, slots=True)
class SessionHours:
    """Opening and close of the regular session, with the exchange's own time zone."""

    opens: datetime
    closes: datetime


def is_session(exchange: Exchange, day: date) -> bool:
    """Does the exchange trade on `day`? UsageError for a year that no calendar covers."""
    for correction in CORRECTIONS:
        if (correction.exchange, correction.day) == (exchange, day):
            return correction.open
    return day.weekday() < 5 and day not in _closures(exchange, day.year)


def next_session(exchange: Exchange, day: date) -> date:
    """The first session on or after `day`."""
    while not is_session(exchange, day):
        day += _DAY
    return day


def previous_session(exchange: Exchange, day: date) -> date:
    """The last session on or before `day`."""
    while not is_session(exchange, day):
        day -= _DAY
    return day


def first_session(exchange: Exchange, year: int, month: int) -> date:
    """The first session of a month."""
    return next_session(exchange, date(year, month, 1))


def sessions_between(exchange: Exchange, start: date, end: date) -> tuple[date, ...]:
    """Every session from `start` to `end`, both included."""
    return tuple(day for day in _days(start, end) if is_session(exchange, day))


def weekly_check(exchange: Exchange, day: date) -> date:
    """The check day of the week of `day`: Monday or, if closed, the next session."""
    return next_session(exchange, day - timedelta(days=day.weekday()))


def scheduled_days(schedule: ScheduleLike, exchange: Exchange, start: date, end: date) -> tuple[date, ...]:
    """Every scheduled session from `start` to `end`, both included."""
    found = {day for day in _candidates(schedule, exchange, start, end) if start <= day <= end}
    return tuple(sorted(found))


def is_scheduled(schedule: ScheduleLike, exchange: Exchange, day: date) -> bool:
    """Is `day` a scheduled session?"""
    return bool(scheduled_days(schedule, exchange, day, day))


def next_scheduled(schedule: ScheduleLike, exchange: Exchange, after: date) -> date:
    """The first scheduled session after `after`."""
    start = after + _DAY
    end = after + timedelta(days=45)
    while not (found := scheduled_days(schedule, exchange, start, end)):
        start, end = end + _DAY, end + timedelta(days=45)
    return found[0]


def session_hours(exchange: Exchange, day: date) -> SessionHours:
    """The regular hours of a session. UsageError when the exchange is closed on `day`."""
    from zoneinfo import ZoneInfo

    if not is_session(exchange, day):
        raise _closed(exchange, day)
    opens, closes = _krx_hours(day) if exchange == "XKRX" else _nyse_hours(day)
    zone = ZoneInfo("Asia/Seoul" if exchange == "XKRX" else "America/New_York")
    return SessionHours(datetime.combine(day, opens, zone), datetime.combine(day, closes, zone))


def _krx_hours(day: date) -> tuple[time, time]:
    """09:00-15:30; the first session of the year opens at 10:00; the exam day is 10:00-16:30."""
    close_hour = time(15, 30) if day >= _KRX_LONGER_FROM else time(15, 0)
    if day in KRX_EXAM_DAYS:
        return time(10, 0), time(16, 30)
    late = day == first_session("XKRX", day.year, 1)
    return time(10, 0) if late else time(9, 0), close_hour


def _nyse_hours(day: date) -> tuple[time, time]:
    """09:30-16:00; half days close at 13:00 (nyse.com, Holidays and Trading Hours)."""
    return time(9, 30), time(13, 0) if day in _closures("XNYS", day.year, "half_day") else time(16, 0)


def _candidates(schedule: ScheduleLike, exchange: Exchange, start: date, end: date) -> Iterator[date]:
    """The scheduled sessions of every period that touches `start`..`end`; some may lie outside."""
    if schedule.every_months is None and schedule.frequency in ("daily", "weekly"):
        days = _days(start, end) if schedule.frequency == "daily" else _mondays(start, end)
        for day in days:
            session = next_session(exchange, day)
            if not schedule.months or session.month in schedule.months:
                yield session
    else:
        for year, month in _months(start, end):
            if _month_is_meant(schedule, year, month):
                yield first_session(exchange, year, month)


def _month_is_meant(schedule: ScheduleLike, year: int, month: int) -> bool:
    if schedule.every_months is not None:
        anchor = schedule.months[0] if schedule.months else 1
        return (year * 12 + month - (2000 * 12 + anchor)) % schedule.every_months == 0
    return month in (schedule.months or _DEFAULT_MONTHS[schedule.frequency])


def _days(start: date, end: date) -> Iterator[date]:
    for offset in range((end - start).days + 1):
        yield start + timedelta(days=offset)


def _mondays(start: date, end: date) -> Iterator[date]:
    """The Mondays whose check can fall into `start`..`end`: a whole closed week hands its check to the next."""
    day = start - timedelta(days=start.weekday() + 14)
    while day <= end:
        yield day
        day += timedelta(days=7)


def _months(start: date, end: date) -> Iterator[tuple[int, int]]:
    for index in range(start.year * 12 + start.month - 1, end.year * 12 + end.month):
        yield index // 12, index % 12 + 1


@lru_cache(maxsize=256)  # a pure function of its arguments: the cache never changes an answer
def _closures(exchange: Exchange, year: int, category: str = "public") -> frozenset[date]:
    """The weekday closures of a year, or its half days."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise _out_of_range(year)
    from holidays import financial_holidays

    return frozenset(financial_holidays(exchange, years=year, expand=False, categories=(category,)))


def _out_of_range(year: int) -> UsageError:
    return UsageError(
        "date_out_of_range",
        where=Text("date", "날짜"),
        wrong=Text(f"the year {year} is outside the exchange calendars", f"{year}년은 거래소 달력에 없습니다"),
        expected=Text(f"a year from {FIRST_YEAR} to {LAST_YEAR}", f"{FIRST_YEAR}년부터 {LAST_YEAR}년까지"),
        fix=Text("check the date", "날짜를 확인해 주세요"),
    )


def _closed(exchange: Exchange, day: date) -> UsageError:
    following = next_session(exchange, day)
    return UsageError(
        "closed",
        where=same(f"{exchange} {day}"),
        wrong=Text("the exchange is closed on that day", "거래소가 쉬는 날입니다"),
        expected=Text("a session", "거래일"),
        fix=Text(f"use the next session, {following}", f"다음 거래일인 {following}을 쓰세요"),
    )
