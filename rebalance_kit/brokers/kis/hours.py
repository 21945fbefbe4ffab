"""When orders can be accepted: the exchanges' calendars and hours, and the service's own word for the day.

KRX is open for this program from half a minute after the opening to a quarter of an hour before the close: in the
auctions at both ends nobody must quote a fund. Both the calendar and, where the account has it, the service's own list
of days must say open; that list is asked for once a day and kept.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rebalance_kit.brokers.kis.client import Client
from rebalance_kit.brokers.kis.table import Call
from rebalance_kit.sessions import Exchange, is_session, previous_session, session_hours
from rebalance_kit.storage import storage_errors, write_atomically
from rebalance_kit.words import Text

AFTER_OPENING = timedelta(seconds=30)
BEFORE_CLOSE: dict[Exchange, timedelta] = {"XKRX": timedelta(minutes=15), "XNYS": timedelta(minutes=1)}
SETTLED_AFTER = timedelta(minutes=30)  # after the close, until no order can come out of a queue any more
_NAMES: dict[Exchange, Text] = {
    "XKRX": Text("the Korea Exchange", "한국거래소"),
    "XNYS": Text("the exchanges in New York", "뉴욕 거래소"),
}


def local_date(exchange: Exchange, now: datetime) -> date:
    """The date where the exchange is."""
    return now.astimezone(_zone(exchange)).date()


def last_trading_day(exchange: Exchange, now: datetime) -> date:
    """The day that the newest price is of: today once the exchange has opened, else the session before."""
    today = local_date(exchange, now)
    if is_session(exchange, today) and now >= session_hours(exchange, today).opens:
        return today
    return previous_session(exchange, today - timedelta(days=1))


def in_session(exchange: Exchange, now: datetime) -> bool:
    """Whether the exchange is open, or its book not settled yet."""
    today = local_date(exchange, now)
    return is_session(exchange, today) and session_hours(exchange, today).opens <= now and not book_closed(
        exchange, today, now
    )  # fmt: skip


def book_closed(exchange: Exchange, session: date, now: datetime) -> bool:
    """Whether no order of a session can be accepted any more."""
    if not is_session(exchange, session):
        return local_date(exchange, now) > session
    return now >= session_hours(exchange, session).closes + SETTLED_AFTER


class Hours:
    """The hours of both exchanges, with the service's own day check where there is one."""

    def __init__(self, client: Client, folder: Path) -> None:
        self._client = client
        self._path = folder / "open-days.json"
        self._days: dict[str, bool] | None = None

    def closed(self, exchange: Exchange) -> Text | None:
        """Why no order would be accepted now; None while the exchange trades."""
        now, name = self._client.clock.now(), _NAMES[exchange]
        today = local_date(exchange, now)
        if not is_session(exchange, today):
            return Text(f"{name.en} is closed on {today}", f"{name.ko}는 {today}에 쉽니다")
        hours = session_hours(exchange, today)
        first, last = hours.opens + AFTER_OPENING, hours.closes - BEFORE_CLOSE[exchange]
        if not first <= now < last:
            times = f"{first:%H:%M:%S}-{last:%H:%M}"
            return Text(f"orders for {name.en} are sent from {times} (local time)",
                        f"{name.ko} 주문은 현지 시각 {times}에 보냅니다")  # fmt: skip
        if exchange == "XKRX" and self.open_day(today) is False:
            return Text(f"the broker says that {name.en} is closed on {today}",
                        f"증권사가 {today}은 {name.ko} 휴장일이라고 합니다")  # fmt: skip
        return None

    def open_day(self, day: date) -> bool | None:
        """What the service itself says of a day of the Korea Exchange; None where the account cannot ask.

        Asked for at most once for each day, whatever comes of it.
        """
        if not self._client.offers(Call.HOLIDAYS):
            return None
        days = self._known()
        if day.isoformat() not in days:
            query = {"BASS_DT": f"{day:%Y%m%d}", "CTX_AREA_FK": "", "CTX_AREA_NK": ""}
            body = self._client.ask(Call.HOLIDAYS, query)
            days |= {_iso(row.text("bass_dt")): row.text("opnd_yn").upper() == "Y" for row in body.rows("output")}
            self._keep(days)
        return days.get(day.isoformat())

    def _known(self) -> dict[str, bool]:
        if self._days is None:
            self._days = _read(self._path)
        return self._days

    def _keep(self, days: dict[str, bool]) -> None:
        with storage_errors(self._path):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(self._path, json.dumps(days, sort_keys=True).encode())


def _read(path: Path) -> dict[str, bool]:
    if not path.exists():
        return {}
    with storage_errors(path):
        text = path.read_text(encoding="utf-8")
    try:
        return {str(day): open_ is True for day, open_ in json.loads(text).items()}
    except (ValueError, AttributeError):
        return {}


def _iso(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:8]}"


def _zone(exchange: Exchange) -> ZoneInfo:
    return ZoneInfo({"XKRX": "Asia/Seoul", "XNYS": "America/New_York"}[exchange])
