"""Sessions, hours and schedules of the Korea Exchange and the New York Stock Exchange."""

from __future__ import annotations

import csv
import gzip
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.errors import UsageError
from rebalance_kit.policy.model import Frequency, Schedule
from rebalance_kit.sessions import (
    Exchange,
    first_session,
    is_scheduled,
    is_session,
    next_scheduled,
    next_session,
    previous_session,
    scheduled_days,
    session_hours,
    sessions_between,
    weekly_check,
)

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def days(text: str, year: int = 2026) -> tuple[date, ...]:
    return tuple(date.fromisoformat(f"{year}-{day}") for day in text.split())


def closures(exchange: Exchange) -> tuple[date, ...]:
    open_days = set(sessions_between(exchange, *YEAR))
    every = (YEAR[0] + timedelta(days=n) for n in range(365))
    return tuple(day for day in every if day.weekday() < 5 and day not in open_days)


def test_the_korean_closures_of_2026() -> None:
    assert closures("XKRX") == days(
        "01-01 02-16 02-17 02-18 03-02 05-01 05-05 05-25 06-03 07-17 08-17 09-24 09-25 10-05 10-09 12-25 12-31"
    )
    assert len(sessions_between("XKRX", *YEAR)) == 244


def test_the_american_closures_of_2026() -> None:
    assert closures("XNYS") == days("01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25")


def test_local_elections_and_constitution_day_2026_are_closed() -> None:
    assert not is_session("XKRX", date(2026, 6, 3))
    assert not is_session("XKRX", date(2026, 7, 17))


def test_every_first_session_of_2026() -> None:
    expected = days("01-02 02-02 03-03 04-01 05-04 06-01 07-01 08-03 09-01 10-01 11-02 12-01")
    assert tuple(first_session("XKRX", 2026, month) for month in range(1, 13)) == expected


def test_the_quarters_of_2026() -> None:
    quarterly = Schedule(frequency=Frequency.QUARTERLY, months=(1, 4, 7, 10))
    assert scheduled_days(quarterly, "XKRX", *YEAR) == days("01-02 04-01 07-01 10-01")
    assert scheduled_days(Schedule(), "XKRX", *YEAR) == days("01-02 04-01 07-01 10-01")
    assert all(is_session("XNYS", day) for day in days("01-02 04-01 07-01 10-01"))


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Schedule(frequency=Frequency.SEMIANNUAL), "01-02 07-01"),
        (Schedule(frequency=Frequency.ANNUAL), "01-02"),
        (Schedule(frequency=Frequency.ANNUAL, months=(6,)), "06-01"),
        (Schedule(frequency=Frequency.MONTHLY, months=(3, 5)), "03-03 05-04"),
        (Schedule(frequency=Frequency.QUARTERLY, months=(2, 5, 8, 11)), "02-02 05-04 08-03 11-02"),
        (Schedule(every_months=5), "04-01 09-01"),  # April 2026 is month 315 after January 2000
        (Schedule(every_months=6, months=(3,)), "03-03 09-01"),
    ],
)
def test_other_frequencies(schedule: Schedule, expected: str) -> None:
    assert scheduled_days(schedule, "XKRX", *YEAR) == days(expected)


def test_monthly_is_every_month_and_daily_every_session() -> None:
    assert len(scheduled_days(Schedule(frequency=Frequency.MONTHLY), "XKRX", *YEAR)) == 12
    daily = scheduled_days(Schedule(frequency=Frequency.DAILY), "XKRX", *YEAR)
    assert daily == sessions_between("XKRX", *YEAR)


def test_a_weekly_check_is_monday_or_the_next_session() -> None:
    weekly = Schedule(frequency=Frequency.WEEKLY)
    assert scheduled_days(weekly, "XKRX", date(2026, 2, 9), date(2026, 3, 15)) == days("02-09 02-19 02-23 03-03 03-09")
    assert weekly_check("XKRX", date(2026, 3, 4)) == date(2026, 3, 3)


def test_a_week_that_is_closed_throughout_hands_its_check_on() -> None:
    weekly = Schedule(frequency=Frequency.WEEKLY)  # Chuseok 2017: closed from 2 to 9 October
    assert scheduled_days(weekly, "XKRX", date(2017, 9, 30), date(2017, 10, 15)) == (date(2017, 10, 10),)
    assert is_scheduled(weekly, "XKRX", date(2017, 10, 10))


def test_the_next_scheduled_day_lies_strictly_after() -> None:
    assert next_scheduled(Schedule(), "XKRX", date(2026, 3, 4)) == date(2026, 4, 1)
    assert next_scheduled(Schedule(), "XKRX", date(2026, 4, 1)) == date(2026, 7, 1)
    assert next_scheduled(Schedule(every_months=60), "XKRX", date(2026, 1, 5)) == date(2030, 1, 2)
    assert next_scheduled(Schedule(frequency=Frequency.DAILY), "XKRX", date(2026, 7, 16)) == date(2026, 7, 20)


def test_next_and_previous_include_the_day_itself() -> None:
    assert next_session("XKRX", date(2026, 7, 17)) == date(2026, 7, 20)
    assert previous_session("XKRX", date(2026, 7, 17)) == date(2026, 7, 16)
    assert next_session("XKRX", date(2026, 7, 20)) == previous_session("XKRX", date(2026, 7, 20)) == date(2026, 7, 20)


@pytest.mark.parametrize(
    ("exchange", "day", "opens", "closes"),
    [
        ("XKRX", date(2026, 1, 2), time(10, 0), time(15, 30)),  # the first session of the year
        ("XKRX", date(2026, 1, 5), time(9, 0), time(15, 30)),
        ("XKRX", date(2026, 11, 19), time(10, 0), time(16, 30)),  # the exam day
        ("XKRX", date(2015, 3, 4), time(9, 0), time(15, 0)),
        ("XNYS", date(2026, 3, 4), time(9, 30), time(16, 0)),
        ("XNYS", date(2026, 11, 27), time(9, 30), time(13, 0)),
        ("XNYS", date(2026, 12, 24), time(9, 30), time(13, 0)),
    ],
)
def test_hours(exchange: Exchange, day: date, opens: time, closes: time) -> None:
    hours = session_hours(exchange, day)
    assert (hours.opens.time(), hours.closes.time()) == (opens, closes)


def test_new_york_hours_follow_its_daylight_saving() -> None:
    winter, summer = (session_hours("XNYS", day).opens for day in (date(2026, 3, 6), date(2026, 3, 9)))
    assert (winter.utcoffset(), summer.utcoffset()) == (timedelta(hours=-5), timedelta(hours=-4))


def test_2026_has_two_american_half_days() -> None:
    short = [day for day in sessions_between("XNYS", *YEAR) if session_hours("XNYS", day).closes.hour == 13]
    assert tuple(short) == days("11-27 12-24")


def test_hours_of_a_closed_day_name_the_next_session() -> None:
    with pytest.raises(UsageError, match="2026-06-04"):
        session_hours("XKRX", date(2026, 6, 3))


@pytest.mark.parametrize("day", [date(1999, 12, 31), date(9999, 12, 31), date(1, 1, 1)])
def test_a_year_without_a_calendar_is_refused(day: date) -> None:
    with pytest.raises(UsageError, match="from 2000 to 2100"):
        is_session("XKRX", day)


@given(st.dates(date(2002, 1, 1), date(2090, 1, 1)), st.sampled_from(list(Frequency)))
def test_the_next_scheduled_day_is_a_session_and_the_first_one(after: date, frequency: Frequency) -> None:
    schedule = Schedule(frequency=frequency)
    following = next_scheduled(schedule, "XKRX", after)
    assert following > after
    assert is_session("XKRX", following)
    assert scheduled_days(schedule, "XKRX", after + timedelta(days=1), following) == (following,)


REAL: list[tuple[Exchange, str]] = [
    ("XKRX", "korea/kr_etf_raw_daily_2020_2025.csv.gz"),
    ("XKRX", "korea/kr_etf_divadj_daily_2002_2023.csv.gz"),
    ("XNYS", "us_etf/daily_2004_2025.csv.gz"),
]


@pytest.mark.parametrize(("exchange", "file"), REAL)
def test_the_days_with_real_prices_are_exactly_the_sessions(exchange: Exchange, file: str) -> None:
    path = Path(__file__).resolve().parents[2] / "shared" / "data" / file
    if not path.exists():
        pytest.skip(f"real prices are not on this machine: {file}")
    with gzip.open(path, "rt", encoding="utf-8") as rows:
        priced = sorted({date.fromisoformat(row["date"]) for row in csv.DictReader(rows)})
    assert tuple(priced) == sessions_between(exchange, priced[0], priced[-1])
