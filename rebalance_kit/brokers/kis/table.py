"""Every call of the service that is used: its path, and its tr_id in each environment.

A table, because the ids of the two environments do not follow from each other: the mock sale of a US share is
VTTT1001U and not VTTT1006U. `mock` None is a call that a mock account does not have.
Source: KIS Developers, koreainvestment/open-trading-api, 2026-07.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rebalance_kit.brokers.base import Mode

_DOMESTIC = "/uapi/domestic-stock/v1/trading/"
_QUOTES = "/uapi/domestic-stock/v1/quotations/"
_FUNDS = "/uapi/etfetn/v1/quotations/"
_ABROAD = "/uapi/overseas-stock/v1/trading/"
_ABROAD_QUOTES = "/uapi/overseas-price/v1/quotations/"


@dataclass(frozen=True, slots=True)
class Row:
    """One call. `cursor` is the ending of its paging fields (`100`, `200`, empty), None for a call without pages.
    `account`: the account is part of the question."""

    method: str
    path: str
    real: str
    mock: str | None
    account: bool = True
    cursor: str | None = None


def _both(name: str) -> tuple[str, str]:
    """A quotation's id, which is the same in both environments."""
    return name, name


class Call(Enum):
    """The calls by what they are for."""

    BALANCE = Row("GET", _DOMESTIC + "inquire-balance", "TTTC8434R", "VTTC8434R", cursor="100")
    BUYABLE = Row("GET", _DOMESTIC + "inquire-psbl-order", "TTTC8908R", "VTTC8908R")
    SELLABLE = Row("GET", _DOMESTIC + "inquire-psbl-sell", "TTTC8408R", None)
    BUY = Row("POST", _DOMESTIC + "order-cash", "TTTC0012U", "VTTC0012U")
    SELL = Row("POST", _DOMESTIC + "order-cash", "TTTC0011U", "VTTC0011U")
    CHANGE = Row("POST", _DOMESTIC + "order-rvsecncl", "TTTC0013U", "VTTC0013U")
    OPEN_ORDERS = Row("GET", _DOMESTIC + "inquire-psbl-rvsecncl", "TTTC0084R", None, cursor="100")
    ORDERS = Row("GET", _DOMESTIC + "inquire-daily-ccld", "TTTC0081R", "VTTC0081R", cursor="100")
    OLD_ORDERS = Row("GET", _DOMESTIC + "inquire-daily-ccld", "CTSC9215R", "VTSC9215R", cursor="100")
    RIGHTS = Row("GET", _DOMESTIC + "period-rights", "CTRGA011R", None, cursor="100")

    PRICE = Row("GET", _QUOTES + "inquire-price", *_both("FHKST01010100"), account=False)
    BOOK = Row("GET", _QUOTES + "inquire-asking-price-exp-ccn", *_both("FHKST01010200"), account=False)
    DAILY = Row("GET", _QUOTES + "inquire-daily-itemchartprice", *_both("FHKST03010100"), account=False)
    HOLIDAYS = Row("GET", _QUOTES + "chk-holiday", "CTCA0903R", None, account=False, cursor="")
    DIVIDENDS = Row("GET", "/uapi/domestic-stock/v1/ksdinfo/dividend", "HHKDB669102C0", None, account=False)
    FUND_PRICE = Row("GET", _FUNDS + "inquire-price", "FHPST02400000", None, account=False)

    US_BUY = Row("POST", _ABROAD + "order", "TTTT1002U", "VTTT1002U")
    US_SELL = Row("POST", _ABROAD + "order", "TTTT1006U", "VTTT1001U")
    US_CHANGE = Row("POST", _ABROAD + "order-rvsecncl", "TTTT1004U", "VTTT1004U")
    US_BALANCE = Row("GET", _ABROAD + "inquire-balance", "TTTS3012R", "VTTS3012R", cursor="200")
    US_PRESENT = Row("GET", _ABROAD + "inquire-present-balance", "CTRP6504R", "VTRP6504R")
    US_BUYABLE = Row("GET", _ABROAD + "inquire-psamount", "TTTS3007R", "VTTS3007R")
    US_OPEN_ORDERS = Row("GET", _ABROAD + "inquire-nccs", "TTTS3018R", None, cursor="200")
    US_ORDERS = Row("GET", _ABROAD + "inquire-ccnl", "TTTS3035R", "VTTS3035R", cursor="200")

    US_PRICE = Row("GET", _ABROAD_QUOTES + "price", *_both("HHDFS00000300"), account=False)
    US_DETAIL = Row("GET", _ABROAD_QUOTES + "price-detail", "HHDFS76200200", None, account=False)

    def tr_id(self, mode: Mode) -> str | None:
        """The id of the call in an environment; None where it is not offered. KeyError for the paper mode."""
        return {Mode.REAL: self.value.real, Mode.MOCK: self.value.mock}[mode]
