"""The `Broker` of one account at Korea Investment & Securities.

    open_broker     from settings and listings, with the network, clock and sleep of this computer or of a test
    KisBroker       snapshot, order list, place, cancel; and what `base` lets a broker add: hours, prices, sizes

Orders are for one venue in Korea (KRX) and limit-only abroad. Nothing leaves that the service would certainly refuse:
off the tick, beyond the day's limits, halted, or while the exchange is closed. A reply never says more than is certain,
and what became of an order is read from the list, which counts only when it is complete.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from rebalance_kit.brokers.base import (
    Answer,
    BrokerOrder,
    Capabilities,
    Identity,
    OrderList,
    OrderRow,
    Reply,
    Snapshot,
)
from rebalance_kit.brokers.kis import domestic, overseas
from rebalance_kit.brokers.kis.changes import Changes
from rebalance_kit.brokers.kis.client import Client, Sent, Unsupported
from rebalance_kit.brokers.kis.clock import ServiceClock
from rebalance_kit.brokers.kis.guard import refusal
from rebalance_kit.brokers.kis.hours import Hours, book_closed, in_session, local_date
from rebalance_kit.brokers.kis.listings import Listing, Listings, Markets
from rebalance_kit.brokers.kis.pacing import INTERVALS, Pacer
from rebalance_kit.brokers.kis.quotes import SOURCE, Quotes, us_price, us_rate
from rebalance_kit.brokers.kis.rows import Listed, Live, fold, number_of, two_orders
from rebalance_kit.brokers.kis.settings import Settings
from rebalance_kit.brokers.kis.surroundings import Surroundings as Surroundings
from rebalance_kit.brokers.kis.table import Call
from rebalance_kit.brokers.kis.token import TokenStore
from rebalance_kit.brokers.kis.wire import HttpWire
from rebalance_kit.errors import KitError
from rebalance_kit.holdings.model import Cash, Position
from rebalance_kit.orders import Shares, Side
from rebalance_kit.prices.model import FxRate, Quote
from rebalance_kit.sessions import Exchange
from rebalance_kit.words import Text

NAME = "kis"


def open_client(settings: Settings, around: Surroundings) -> Client:
    """The calls of a profile. Nothing is asked of the service yet."""
    clock = ServiceClock(around.clock, around.monotonic, follow=settings.rehearsing)
    wire = HttpWire(settings.url, monotonic=around.monotonic, transport=around.transport)
    interval = INTERVALS[settings.mode] if around.interval is None else around.interval
    tokens = TokenStore(settings, wire, around.folder, clock, around.sleep)
    return Client(settings, wire, tokens, Pacer(interval, around.monotonic, around.sleep), clock)


def open_broker(
    settings: Settings, listings: Iterable[Listing], account: str, home: Exchange, around: Surroundings
) -> KisBroker:
    """The broker of a profile's account, which the policy calls `account`. Nothing is asked of the service yet."""
    client = open_client(settings, around)
    known = Listings({listing.code: listing for listing in listings})
    return KisBroker(client, known, account, home, around)


class KisBroker:
    """One account. `home` is the exchange whose date counts while none is open."""

    quiet_period = None  # no bound is documented: only the close of the book decides that an order never arrived
    instant = False

    def __init__(self, client: Client, listings: Listings, account: str, home: Exchange, around: Surroundings) -> None:
        self._client = client
        self._listings = listings
        self._account = account
        self._home: Exchange = home
        folder, self.sleep = around.folder, around.sleep
        self._markets = Markets(folder, lambda symbol, market: us_price(client, symbol, market) is not None)
        self._hours = Hours(client, folder)
        self._quotes = Quotes(client, listings, self._markets)
        self._changes = Changes(client, listings)
        self._rates: dict[str, Decimal] = {}
        self._charges: dict[tuple[date, str, Shares], Decimal | None] = {}
        self._abroad: bool | None = True if listings.abroad else None
        settings = client.settings
        self.identity = Identity(NAME, settings.mode, account, settings.account.masked)

    # ---- what it is ----

    @property
    def capabilities(self) -> Capabilities:
        """What the account can do: a mock one lacks several inquiries."""
        offers = self._client.offers
        return Capabilities(
            us=True,
            nav=offers(Call.FUND_PRICE),
            holiday_check=offers(Call.HOLIDAYS),
            open_orders=offers(Call.OPEN_ORDERS),
            sellable_inquiry=offers(Call.SELLABLE),
            dividends=offers(Call.DIVIDENDS),
        )

    def clock(self) -> datetime:
        """The time by which this broker lives: this computer's, or a local double's."""
        return self._client.clock.now()

    def connect(self) -> None:
        """Sign in, so that the clock and whether the account is the key's are known. Raises as `snapshot`."""
        domestic.free_cash(self._client)

    @property
    def session(self) -> date:
        """The date of the exchange that is open now, else of the home exchange."""
        now = self.clock()
        known: tuple[Exchange, ...] = (self._home, "XKRX", "XNYS")
        exchange = next((one for one in known if in_session(one, now)), self._home)
        return local_date(exchange, now)

    # ---- Broker ----

    def snapshot(self) -> Snapshot:
        """Positions and cash, now. BrokerError when the service cannot be asked or its answer does not add up."""
        balance = domestic.read_balance(self._client)
        foreign = self._foreign()
        won = min(balance.cash, domestic.free_cash(self._client))
        held = (*balance.held, *foreign.held)
        cash = {"KRW": balance.cash, **foreign.cash}
        for one in balance.held:
            self._listings.by_symbol(one.code, "XKRX", one.name)
        free = {"KRW": won, **{currency: self._free(currency, amount) for currency, amount in foreign.cash.items()}}
        return Snapshot(
            account=self._account,
            as_of=self.clock(),
            positions=tuple(
                Position(self._account, one.code, one.quantity, one.currency, one.name or None, one.cost)
                for one in held
            ),
            cash=tuple(Cash(self._account, currency, amount) for currency, amount in sorted(cash.items())),
            sellable=tuple(sorted((one.code, one.sellable) for one in held)),
            spendable=tuple(sorted(free.items())),
            charged=(("KRW", balance.charged), *((currency, None) for currency in sorted(foreign.cash))),
        )

    def order_list(self, session: date) -> OrderList:
        """Every order of a session, Korean and American, and whether the list is complete."""
        rows, complete = self._rows(session)
        orders, _ = self._folded(rows, session)
        if complete:
            orders = tuple(self._with_charges(row, session) for row in orders)
        return OrderList(tuple(sorted(orders, key=lambda row: (row.placed_at, row.number))), complete)

    def place(self, order: BrokerOrder) -> Reply:
        """Send an order, once. What would certainly be refused is refused here, and nothing leaves."""
        listing, since = self._listings.get(order.code), self._client.moment()
        try:
            why = self._refusal(order, listing)
            if why is not None or listing is None:
                return Reply(Answer.REJECTED, why or _not_known(order.code))
            if listing.exchange == "XKRX":
                call = Call.SELL if order.side is Side.SELL else Call.BUY
                body = domestic.order_body(order.code, order.side, int(order.quantity), order.limit_price)
            else:
                market = self._markets.of(listing.symbol)
                if market is None or order.limit_price is None:
                    return Reply(Answer.REJECTED, _not_known(order.code))
                call = Call.US_SELL if order.side is Side.SELL else Call.US_BUY
                body = overseas.order_body(market, listing.symbol, order.side, int(order.quantity), order.limit_price)
        except KitError as error:  # asked before anything left
            return Reply(Answer.NOT_SENT, Text(error.message("en"), error.message("ko")))
        return _reply(self._client.order(call, body, since))

    def cancel(self, number: str) -> Reply:
        """Cancel what is left of an order. Nothing left is no failure: the list says what became of it."""
        return self._change(number, None)

    # ---- what `base` lets a broker add ----

    def revise(self, number: str, limit_price: Decimal) -> Reply:
        """Put what is left of an order to another price. In the list it stays the order that it was."""
        return self._change(number, limit_price)

    @property
    def wrong_by(self) -> timedelta | None:
        """How far this computer's clock is from the service's, where that is too far to trade by; else None."""
        return self._client.clock.wrong_by

    def closed_for(self, code: str) -> Text | None:
        """Why an order for a code would be refused now; None while its exchange trades."""
        wrong = self._client.clock.wrong_by
        if wrong is not None:
            seconds = int(wrong.total_seconds())
            return Text(
                f"this computer's clock is off by {seconds} seconds", f"이 컴퓨터의 시계가 {seconds}초 다릅니다"
            )
        return self._hours.closed(self._exchange(code))

    def book_closed(self, code: str, session: date) -> bool:
        """Whether no order for a code can be accepted for a session any more."""
        return book_closed(self._exchange(code), session, self.clock())

    def buyable(self, code: str, limit_price: Decimal | None) -> int:
        """The most shares a buy may be for, without credit; at the market the upper limit price is held back."""
        listing = self._listings.get(code)
        if listing is None:
            return 0
        if listing.exchange == "XKRX":
            return domestic.buyable(self._client, code, limit_price)
        market = self._markets.of(listing.symbol)
        if market is None or limit_price is None:
            return 0
        return overseas.read_power(self._client, market, listing.symbol, limit_price).shares

    def quotes(self, codes: Iterable[str]) -> tuple[Quote, ...]:
        """A quote of every code that has a price, with the net asset value of funds where the account can ask."""
        return tuple(self._quotes.of(codes))

    def rates(self) -> tuple[FxRate, ...]:
        """Won for a unit of each foreign currency, as the service states them with the balance abroad."""
        if not self._rates and self._abroad is not False:
            self._foreign()
        if "USD" not in self._rates and self._listings.abroad:
            self._ask_rate()
        now, day = self.clock(), self.session
        return tuple(
            FxRate(currency, "KRW", rate, day, SOURCE, at=now) for currency, rate in sorted(self._rates.items())
        )

    # ---- inside ----

    def _foreign(self) -> overseas.ForeignBalance:
        """What is held abroad. An account without American assets that cannot ask holds none."""
        if self._abroad is False:
            return overseas.ForeignBalance((), {}, {})
        try:
            found = overseas.read_present(self._client, self._listings)
        except Unsupported:
            if self._abroad:
                raise
            self._abroad = False
            return overseas.ForeignBalance((), {}, {})
        if self._abroad is None:
            self._abroad = bool(found.held or any(found.cash.values()))
        for one in found.held:
            listing = self._listings.get(one.code)
            self._markets.learn(listing.symbol if listing else one.code, one.market)
        self._rates.update(found.rates)
        return found if self._abroad else overseas.ForeignBalance((), {}, {})

    def _free(self, currency: str, amount: Decimal) -> Decimal:
        """Cash of a currency that may be spent: the service only says so about some item."""
        item = next(iter(self._listings.abroad), None)
        market = self._markets.of(item.symbol) if item and currency == "USD" else None
        if item is None or market is None:
            return amount
        price = us_price(self._client, item.symbol, market)
        if price is None:
            return amount
        try:
            power = overseas.read_power(self._client, market, item.symbol, price)
        except Unsupported:
            return amount
        if power.rate:
            self._rates.setdefault("USD", power.rate)
        return min(amount, power.money)

    def _ask_rate(self) -> None:
        for item in self._listings.abroad:
            market = self._markets.of(item.symbol)
            rate = None if market is None else us_rate(self._client, item.symbol, market)
            if rate:
                self._rates["USD"] = rate
                return

    def _rows(self, session: date) -> tuple[tuple[Listed, ...], bool]:
        today = local_date("XKRX", self.clock())
        rows, complete = domestic.read_orders(self._client, session, today)
        if self._abroad:
            abroad, whole = overseas.read_orders(self._client, session, self._listings)
            rows, complete = (*rows, *abroad), complete and whole
        return rows, complete

    def _folded(self, rows: Iterable[Listed], session: date) -> tuple[tuple[OrderRow, ...], dict[str, Live]]:
        """The orders of the rows, and what is live of them: each exchange numbers its orders by itself."""
        known = tuple(rows)
        orders: list[OrderRow] = []
        live: dict[str, Live] = {}
        exchanges: tuple[Exchange, ...] = ("XKRX", "XNYS")
        for exchange in exchanges:
            mine = [row for row in known if (row.currency == "KRW") is (exchange == "XKRX")]
            found, there = fold(mine, dead=book_closed(exchange, session, self.clock()))
            if clash := {row.number for row in orders} & {row.number for row in found}:
                raise two_orders(min(clash))
            orders += found
            live |= there
        return tuple(orders), live

    def _with_charges(self, row: OrderRow, session: date) -> OrderRow:
        """A Korean order that is done, with what it cost: asked for once. Of American ones the service says nothing."""
        if row.live or not row.filled or row.currency != "KRW":
            return row
        key = (session, row.number, row.filled)
        if key not in self._charges:
            self._charges[key] = domestic.order_charges(self._client, session, row.number)
        return replace(row, commission=self._charges[key])

    def _change(self, number: str, price: Decimal | None) -> Reply:
        wanted = number_of(number)
        try:
            rows, _ = self._rows(self.session)
            _, live = self._folded(rows, self.session)
        except KitError as error:
            return Reply(Answer.NOT_SENT, Text(error.message("en"), error.message("ko")))
        known = any(row.number == wanted for row in rows)
        return self._changes.change(wanted, live.get(wanted), price, known=known)

    def _refusal(self, order: BrokerOrder, listing: Listing | None) -> Text | None:
        if listing is None:
            return _not_known(order.code)
        if (closed := self.closed_for(order.code)) is not None:
            return closed
        day = local_date(listing.exchange, self.clock())
        return refusal(order, listing, self._quotes.limits(order.code), day)

    def _exchange(self, code: str) -> Exchange:
        listing = self._listings.get(code)
        return self._home if listing is None else listing.exchange


def _reply(sent: Sent) -> Reply:
    return Reply(sent.answer, sent.says, number_of(sent.output.text("ODNO")) or None)


def _not_known(code: str) -> Text:
    return Text(f"{code} cannot be traded at this broker", f"{code}은(는) 이 증권사에서 거래할 수 없습니다")
