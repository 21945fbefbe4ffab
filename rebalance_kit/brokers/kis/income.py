"""Dividends: what is announced for a code, with its ex-date, and what the account was really paid.

The announcements go by record date; with settlement on the second day after a trade the ex-date is the session before.
Whether the announcements include the distributions of funds is not documented; what was paid is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from rebalance_kit.brokers.kis.client import Client
from rebalance_kit.brokers.kis.envelope import all_rows
from rebalance_kit.brokers.kis.table import Call
from rebalance_kit.money import ZERO
from rebalance_kit.sessions import is_session, previous_session

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Announced:
    """A dividend by its record date. `per_share` is in won; `paid_on` None while it is not known."""

    code: str
    record_date: date
    ex_date: date
    per_share: Decimal
    paid_on: date | None


@dataclass(frozen=True, slots=True)
class Paid:
    """A distribution that the account was allotted, before and the tax of it, in won."""

    code: str
    record_date: date
    gross: Decimal
    tax: Decimal
    paid_on: date | None


def announced(client: Client, code: str, start: date, end: date) -> tuple[Announced, ...] | None:
    """Dividends of a code whose record date lies in a period; None where the account cannot ask."""
    if not client.offers(Call.DIVIDENDS):
        return None
    query = {"CTS": "", "GB1": "0", "F_DT": _text(start), "T_DT": _text(end), "SHT_CD": code, "HIGH_GB": ""}
    found = []
    for row in client.ask(Call.DIVIDENDS, query).rows("output1"):
        record = _day(row.text("record_date"))
        if record is not None:
            per_share = row.number("per_sto_divi_amt") or ZERO
            paid_on = _day(row.text("divi_pay_dt"))
            found.append(Announced(row.text("sht_cd"), record, ex_date(record), per_share, paid_on))
    return tuple(sorted(found, key=lambda one: one.record_date))


def paid(client: Client, start: date, end: date) -> tuple[Paid, ...] | None:
    """Distributions of a period; None where the account cannot ask."""
    if not client.offers(Call.RIGHTS):
        return None
    query = {
        "INQR_DVSN": "03",
        "CUST_RNCNO25": "",
        "HMID": "",
        "INQR_STRT_DT": _text(start),
        "INQR_END_DT": _text(end),
        "RGHT_TYPE_CD": "",
        "PDNO": "",
        "PRDT_TYPE_CD": "",
    }
    found = []
    for row in all_rows(client.pages(Call.RIGHTS, query), "output"):
        record, gross = _day(row.text("bass_dt")), row.number("last_alct_amt")
        if record is not None and gross:
            code = row.text("shtn_pdno") or row.text("pdno")
            found.append(Paid(code, record, gross, row.number("tax_amt") or ZERO, _day(row.text("cash_dfrm_dt"))))
    return tuple(sorted(found, key=lambda one: (one.record_date, one.code)))


def ex_date(record: date) -> date:
    """The first session on which a buyer does not receive the dividend any more: settlement takes two sessions."""
    last = record if is_session("XKRX", record) else previous_session("XKRX", record)
    return previous_session("XKRX", last - _DAY)


def _text(day: date) -> str:
    return f"{day:%Y%m%d}"


def _day(text: str) -> date | None:
    """A date with or without strokes; None for blanks and zeros."""
    digits = text.replace("/", "").replace("-", "").strip("0 ")
    if not digits:
        return None
    bare = text.replace("/", "").replace("-", "")
    try:
        return datetime.strptime(bare, "%Y%m%d").date()  # noqa: DTZ007  # a date has no zone
    except ValueError:
        return None
