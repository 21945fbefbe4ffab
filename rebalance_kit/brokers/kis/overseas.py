"""The American half of an account: positions and dollars, what may be bought, orders, in the service's fields.

Orders are limit orders in whole shares; there is no plain market order. The order list has no totals, so it counts as
complete when two readings find the same orders: in both directions where the account can sort, and with every order of
the inquiry of open orders in it where the account has that inquiry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from rebalance_kit.brokers.base import Mode
from rebalance_kit.brokers.kis.client import Client
from rebalance_kit.brokers.kis.domestic import Held
from rebalance_kit.brokers.kis.envelope import Fields
from rebalance_kit.brokers.kis.listings import Listing, Listings, Market
from rebalance_kit.brokers.kis.rows import Listed, Live, number_of, same_orders, us_rows
from rebalance_kit.brokers.kis.table import Call
from rebalance_kit.money import ONE, ZERO, Rounding, exact_sum, round_money, round_to
from rebalance_kit.orders import Side

COUNTRY = "840"
_SUB_TICK = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class ForeignBalance:
    """Positions abroad, cash by currency, and the service's rates: won for one unit of a currency."""

    held: tuple[Held, ...]
    cash: Mapping[str, Decimal]
    rates: Mapping[str, Decimal]


def read_present(client: Client, listings: Listings) -> ForeignBalance:
    """Positions and cash abroad, by executed trades. The won that it repeats belong to the domestic balance."""
    query = {"WCRC_FRCR_DVSN_CD": "02", "NATN_CD": COUNTRY, "TR_MKET_CD": "00", "INQR_DVSN_CD": "00"}
    body = client.ask(Call.US_PRESENT, query)
    held: dict[tuple[str, str], Held] = {}
    rates: dict[str, Decimal] = {}
    for row in body.rows("output1"):
        symbol = row.text("pdno")
        if not symbol:
            continue
        _note_rate(rates, row.text("buy_crcy_cd"), row.number("bass_exrt"))
        one = _held(row, listings.by_symbol(symbol, "XNYS", row.text("prdt_name")))
        if one.quantity:
            held[one.code, one.market] = one  # the same row under two exchanges is one holding
    cash = {}
    for row in body.rows("output2"):
        currency = row.text("crcy_cd")
        if currency and currency != "KRW":
            cash[currency] = round_money(row.number("frcr_dncl_amt_2") or ZERO, currency, Rounding.DOWN)
            _note_rate(rates, currency, row.number("frst_bltn_exrt"))
    return ForeignBalance(_merged(held.values()), cash, rates)


def _merged(held: Iterable[Held]) -> tuple[Held, ...]:
    rows: dict[str, Held] = {}
    for one in held:
        before = rows.get(one.code)
        rows[one.code] = one if before is None else _sum(before, one)
    return tuple(rows.values())


def _sum(one: Held, other: Held) -> Held:
    return replace(
        one,
        quantity=exact_sum((one.quantity, other.quantity)),
        sellable=one.sellable + other.sellable,
        cost=exact_sum((one.cost or ZERO, other.cost or ZERO)),
    )


def _held(row: Fields, listing: Listing) -> Held:
    return Held(
        listing.code,
        row.text("prdt_name"),
        row.number("ccld_qty_smtl1") or ZERO,
        int(row.number("ord_psbl_qty1") or ZERO),
        row.number("frcr_pchs_amt"),
        row.number("ovrs_now_pric1"),
        row.text("buy_crcy_cd") or listing.currency,
        row.text("ovrs_excg_cd"),
    )


def _note_rate(rates: dict[str, Decimal], currency: str, rate: Decimal | None) -> None:
    if currency and rate:
        rates[currency] = rate


@dataclass(frozen=True, slots=True)
class Power:
    """What an account can pay for abroad: dollars, and shares of the one item that was asked about."""

    money: Decimal
    shares: int
    rate: Decimal | None


def read_power(client: Client, market: Market, symbol: str, price: Decimal) -> Power:
    """Buying power in dollars that are there, without exchanging won for them."""
    query = {"OVRS_EXCG_CD": market.value, "OVRS_ORD_UNPR": price_text(price), "ITEM_CD": symbol}
    row = client.ask(Call.US_BUYABLE, query).one("output")
    money = max(row.number("ord_psbl_frcr_amt") or ZERO, row.number("ovrs_ord_psbl_amt") or ZERO)
    return Power(money, int(row.number("max_ord_psbl_qty") or ZERO), row.number("exrt"))


def read_orders(client: Client, day: date, listings: Listings) -> tuple[tuple[Listed, ...], bool]:
    """The orders of a New York date, and whether two readings agree that these are all."""
    first = _one_reading(client, day, listings, "DS")
    second = _one_reading(client, day, listings, "AS")
    complete = same_orders(first, second)
    if complete and client.offers(Call.US_OPEN_ORDERS):
        complete = _open_numbers(client, day) <= {row.number for row in second}
    return second, complete


def _open_numbers(client: Client, day: date) -> set[str]:
    """The numbers of the orders of a day that are still open; one exchange's name stands for all of them there."""
    pages = client.pages(Call.US_OPEN_ORDERS, {"OVRS_EXCG_CD": "NASD", "SORT_SQN": "DS"})
    rows = (row for page in pages for row in page.rows("output"))
    return {number_of(row.text("odno")) for row in rows if row.text("ord_dt") == f"{day:%Y%m%d}"} - {""}


def _one_reading(client: Client, day: date, listings: Listings, sort: str) -> tuple[Listed, ...]:
    real = client.mode is Mode.REAL
    query = {
        "PDNO": "%" if real else "",
        "ORD_STRT_DT": f"{day:%Y%m%d}",
        "ORD_END_DT": f"{day:%Y%m%d}",
        "SLL_BUY_DVSN": "00",
        "CCLD_NCCS_DVSN": "00",
        "OVRS_EXCG_CD": "%" if real else "",
        "SORT_SQN": sort if real else "DS",
        "ORD_DT": "",
        "ORD_GNO_BRNO": "",
        "ODNO": "",
    }
    return us_rows(client.pages(Call.US_ORDERS, query), listings)


def order_body(market: Market, symbol: str, side: Side, quantity: int, price: Decimal) -> dict[str, str]:
    """A limit order, in the service's fields."""
    return {
        "OVRS_EXCG_CD": market.value,
        "PDNO": symbol,
        "ORD_QTY": str(quantity),
        "OVRS_ORD_UNPR": price_text(price),
        "CTAC_TLNO": "",
        "MGCO_APTM_ODNO": "",
        "SLL_TYPE": "00" if side is Side.SELL else "",
        "ORD_SVR_DVSN_CD": "0",
        "ORD_DVSN": "00",
    }


def change_body(live: Live, symbol: str, price: Decimal | None) -> dict[str, str]:
    """What is left of an order cancelled (no price), or put to another price. It names no branch."""
    return {
        "OVRS_EXCG_CD": live.exchange,
        "PDNO": symbol,
        "ORGN_ODNO": live.number,
        "RVSE_CNCL_DVSN_CD": "02" if price is None else "01",
        "ORD_QTY": str(live.left),
        "OVRS_ORD_UNPR": "0" if price is None else price_text(price),
        "MGCO_APTM_ODNO": "",
        "ORD_SVR_DVSN_CD": "0",
    }


def price_text(price: Decimal) -> str:
    """A dollar price as the service reads it: two decimals, four below a dollar."""
    unit = _SUB_TICK if price < ONE else Decimal("0.01")
    rounded = round_to(price, unit, Rounding.HALF_UP)
    return f"{rounded:.4f}" if price < ONE else f"{rounded:.2f}"
