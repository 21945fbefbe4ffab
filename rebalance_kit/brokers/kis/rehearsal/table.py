"""Every service: its path, its tr_ids on the two hosts, and who answers. A mock id of None: not offered in mock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rebalance_kit.brokers.kis.rehearsal import (
    orders,
    quotes,
    reads,
    reference,
    us_orders,
    us_quotes,
    us_reads,
)
from rebalance_kit.brokers.kis.rehearsal.wire import Call, Reply
from rebalance_kit.brokers.kis.rehearsal.world import Environment

_DOMESTIC = "/uapi/domestic-stock/v1/"
_US = "/uapi/overseas-stock/v1/trading/"
_US_QUOTES = "/uapi/overseas-price/v1/quotations/"
_ETF = "/uapi/etfetn/v1/quotations/"


@dataclass(frozen=True, slots=True)
class Service:
    """One service of one path. `account` services name CANO and ACNT_PRDT_CD and count for the ledger's rate."""

    method: Literal["GET", "POST"]
    path: str
    real: str
    mock: str | None
    answer: Callable[[Call], Reply]
    account: bool = True

    def tr_id(self, environment: Environment) -> str | None:
        return self.real if environment == "real" else self.mock


def _account(path: str, real: str, mock: str | None, answer: Callable[[Call], Reply], post: bool = False) -> Service:
    return Service("POST" if post else "GET", path, real, mock, answer)


def _quote(path: str, tr_id: str, answer: Callable[[Call], Reply], mock: bool = True) -> Service:
    return Service("GET", path, tr_id, tr_id if mock else None, answer, account=False)


_TRADING = _DOMESTIC + "trading/"
_QUOTES = _DOMESTIC + "quotations/"
SERVICES: tuple[Service, ...] = (
    _account(_TRADING + "inquire-balance", "TTTC8434R", "VTTC8434R", reads.balance),
    _account(_TRADING + "inquire-psbl-order", "TTTC8908R", "VTTC8908R", reads.buyable),
    _account(_TRADING + "inquire-psbl-sell", "TTTC8408R", None, reads.sellable),
    _account(_TRADING + "order-cash", "TTTC0012U", "VTTC0012U", orders.order_cash, post=True),
    _account(_TRADING + "order-cash", "TTTC0011U", "VTTC0011U", orders.order_cash, post=True),
    _account(_TRADING + "order-rvsecncl", "TTTC0013U", "VTTC0013U", orders.revise_or_cancel, post=True),
    _account(_TRADING + "inquire-psbl-rvsecncl", "TTTC0084R", None, reads.open_orders),
    _account(_TRADING + "inquire-daily-ccld", "TTTC0081R", "VTTC0081R", reads.daily_orders),
    _account(_TRADING + "inquire-daily-ccld", "CTSC9215R", "VTSC9215R", reads.daily_orders),
    _account(_TRADING + "inquire-period-trade-profit", "TTTC8715R", None, reference.nothing),
    _account(_TRADING + "inquire-balance-rlz-pl", "TTTC8494R", None, reads.balance),
    _account(_TRADING + "inquire-account-balance", "CTRP6548R", None, reference.nothing),
    _account(_TRADING + "intgr-margin", "TTTC0869R", None, reference.nothing),
    _account(_TRADING + "period-rights", "CTRGA011R", None, reference.rights),
    _account(_TRADING + "order-resv", "CTSC0008U", None, reference.not_now, post=True),
    _quote(_QUOTES + "inquire-price", "FHKST01010100", quotes.price),
    _quote(_QUOTES + "inquire-asking-price-exp-ccn", "FHKST01010200", quotes.order_book),
    _quote(_QUOTES + "inquire-daily-price", "FHKST01010400", quotes.daily_price),
    _quote(_QUOTES + "inquire-daily-itemchartprice", "FHKST03010100", quotes.chart),
    _quote(_QUOTES + "intstock-multprice", "FHKST11300006", reference.many_prices, mock=False),
    _quote(_QUOTES + "search-stock-info", "CTPF1002R", reference.stock_info, mock=False),
    _quote(_QUOTES + "chk-holiday", "CTCA0903R", reference.holidays, mock=False),
    _quote(_DOMESTIC + "ksdinfo/dividend", "HHKDB669102C0", reference.dividends, mock=False),
    _quote(_ETF + "inquire-price", "FHPST02400000", quotes.etf_price, mock=False),
    _quote(_ETF + "inquire-component-stock-price", "FHKST121600C0", quotes.etf_components, mock=False),
    _quote(_ETF + "nav-comparison-trend", "FHPST02440000", quotes.etf_components, mock=False),
    _quote(_ETF + "nav-comparison-daily-trend", "FHPST02440200", quotes.nav_daily, mock=False),
    _quote(_ETF + "nav-comparison-time-trend", "FHPST02440100", quotes.nav_daily, mock=False),
    _account(_US + "order", "TTTT1002U", "VTTT1002U", us_orders.order, post=True),
    _account(_US + "order", "TTTT1006U", "VTTT1001U", us_orders.order, post=True),  # not the swapped letter
    _account(_US + "order-rvsecncl", "TTTT1004U", "VTTT1004U", us_orders.revise_or_cancel, post=True),
    _account(_US + "inquire-balance", "TTTS3012R", "VTTS3012R", us_reads.balance),
    _account(_US + "inquire-present-balance", "CTRP6504R", "VTRP6504R", us_reads.present_balance),
    _account(_US + "inquire-psamount", "TTTS3007R", "VTTS3007R", us_reads.buying_power),
    _account(_US + "inquire-nccs", "TTTS3018R", None, us_reads.open_orders),
    _account(_US + "inquire-ccnl", "TTTS3035R", "VTTS3035R", us_reads.history),
    _account(_US + "foreign-margin", "TTTC2101R", None, reference.nothing),
    _account(_US + "daytime-order", "TTTS6036U", None, reference.not_now, post=True),
    _account(_US + "daytime-order", "TTTS6037U", None, reference.not_now, post=True),
    _account(_US + "order-resv", "TTTT3014U", None, reference.not_now, post=True),
    _account(_US + "order-resv", "TTTT3016U", None, reference.not_now, post=True),
    _quote(_US_QUOTES + "price", "HHDFS00000300", us_quotes.price),
    _quote(_US_QUOTES + "price-detail", "HHDFS76200200", us_quotes.detail, mock=False),
    _quote(_US_QUOTES + "dailyprice", "HHDFS76240000", us_quotes.daily),
    _quote(_US_QUOTES + "inquire-daily-chartprice", "FHKST03030100", us_quotes.exchange_rate),
    _quote("/uapi/overseas-stock/v1/quotations/countries-holiday", "CTOS5011R", reference.nothing, mock=False),
)


def at(method: str, path: str) -> list[Service]:
    """The services of a path."""
    return [service for service in SERVICES if (service.method, service.path) == (method, path)]


def is_swapped(tr_id: str) -> bool:
    """A mock id made by swapping the letter of a real one that mock does not offer."""
    return tr_id.startswith("V") and any(s.mock is None and s.real[1:] == tr_id[1:] for s in SERVICES)
