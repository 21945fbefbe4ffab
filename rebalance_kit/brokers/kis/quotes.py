"""What things cost now: Korean and American quotes, net asset values, order books and exchange rates.

A price of zero or of blanks is no price. Of a halted share the service gives the last price as if it were one: it is
known here as halted, and no order for it leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from rebalance_kit.brokers.kis.client import Client, Unsupported
from rebalance_kit.brokers.kis.envelope import Fields
from rebalance_kit.brokers.kis.hours import last_trading_day
from rebalance_kit.brokers.kis.listings import Listing, Listings, Market, Markets
from rebalance_kit.brokers.kis.table import Call
from rebalance_kit.orders import Instrument
from rebalance_kit.prices.model import Quote

SOURCE = "KIS"
HALTED = "58"


@dataclass(frozen=True, slots=True)
class Limits:
    """The prices between which a Korean order must lie, its tick by the service, and whether it is halted."""

    upper: Decimal | None
    lower: Decimal | None
    tick: Decimal | None
    halted: bool


@dataclass(frozen=True, slots=True)
class Best:
    """The best prices of an order book; None for an empty side."""

    bid: Decimal | None
    ask: Decimal | None


class Quotes:
    """Quotes of one profile. What was learned of daily limits and halts with the last quote is kept."""

    def __init__(self, client: Client, listings: Listings, markets: Markets) -> None:
        self._client = client
        self._listings = listings
        self._markets = markets
        self._limits: dict[str, Limits] = {}

    def of(self, codes: Iterable[str]) -> Iterator[Quote]:
        """A quote of every code that has a price, in their order."""
        for code in codes:
            listing = self._listings.get(code)
            if listing is None:
                continue
            quote = self._korean(listing) if listing.exchange == "XKRX" else self._american(listing)
            if quote is not None:
                yield quote

    def limits(self, code: str) -> Limits | None:
        """What the newest quote said of the day's limits; None for a code without one."""
        return self._limits.get(code)

    def best(self, code: str) -> Best:
        """The best bid and ask of a Korean share."""
        query = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": code}
        row = self._client.ask(Call.BOOK, query).one("output1")
        return Best(row.number("bidp1") or None, row.number("askp1") or None)

    def nav(self, code: str) -> Decimal | None:
        """The net asset value of a Korean fund's share now; None where the account cannot ask or there is none."""
        if not self._client.offers(Call.FUND_PRICE):
            return None
        try:
            query = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": code}
            return self._client.ask(Call.FUND_PRICE, query).one("output").number("nav") or None
        except Unsupported:
            return None

    def _korean(self, listing: Listing) -> Quote | None:
        query = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": listing.code}
        row = self._client.ask(Call.PRICE, query).one("output")
        price = row.number("stck_prpr")
        self._limits[listing.code] = _limits(row)
        if not price:
            return None
        nav = self.nav(listing.code) if listing.instrument is Instrument.KRX_ETF else None
        return replace(self._quote(listing, price), nav=nav)

    def _american(self, listing: Listing) -> Quote | None:
        market = self._markets.of(listing.symbol)
        price = None if market is None else self.us_price(listing.symbol, market)
        return None if price is None else self._quote(listing, price)

    def us_price(self, symbol: str, market: Market) -> Decimal | None:
        """The last price on an American exchange; None where it has none, as when the exchange is the wrong one."""
        return us_price(self._client, symbol, market)

    def _quote(self, listing: Listing, price: Decimal) -> Quote:
        now = self._client.clock.now()
        day = last_trading_day(listing.exchange, now)
        return Quote(listing.code, price, listing.currency, day, SOURCE, listing.name, at=now)


def us_price(client: Client, symbol: str, market: Market) -> Decimal | None:
    """See `Quotes.us_price`."""
    query = {"AUTH": "", "EXCD": market.quoted, "SYMB": symbol}
    return client.ask(Call.US_PRICE, query).one("output").number("last") or None


def us_rate(client: Client, symbol: str, market: Market) -> Decimal | None:
    """Won for a dollar by the detailed quote of an American share; None where the account cannot ask."""
    if not client.offers(Call.US_DETAIL):
        return None
    query = {"AUTH": "", "EXCD": market.quoted, "SYMB": symbol}
    return client.ask(Call.US_DETAIL, query).one("output").number("t_rate") or None


def _limits(row: Fields) -> Limits:
    halted = row.text("temp_stop_yn").upper() == "Y" or row.text("iscd_stat_cls_code") == HALTED
    return Limits(
        row.number("stck_mxpr") or None, row.number("stck_llam") or None, row.number("aspr_unit") or None, halted
    )
