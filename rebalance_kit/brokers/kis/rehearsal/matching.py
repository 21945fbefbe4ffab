"""How an order becomes fills: at the book's prices, at the close, or as a script says.

An order trades `fill_delay` seconds after it was accepted (not before the opening), as far as the book's levels reach
its limit; the rest waits for the market to move and is dropped when the session ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from functools import partial

from rebalance_kit.brokers.kis.rehearsal.days import Hours
from rebalance_kit.brokers.kis.rehearsal.ledger import BUY, Account, Fill, Order
from rebalance_kit.brokers.kis.rehearsal.world import Environment, World

_IMMEDIATE = frozenset({"11", "12", "13", "14", "15", "16"})
_ALL_OR_NOTHING = frozenset({"12", "14", "16"})


@dataclass(frozen=True, slots=True)
class Part:
    """Some of an order trades `after` seconds (`quantity` None: the rest; `price` None: the market's)."""

    after: float
    quantity: int | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """What becomes of one order, instead of the market's answer: its parts, or a rejection by the exchange."""

    parts: tuple[Part, ...] = ()
    reject_after: float | None = None
    reason: str = "거래소 거부"


class Scripted:
    """The orders whose fate is written: the market leaves them alone."""

    def __init__(self) -> None:
        self._orders: set[int] = set()

    def add(self, order: Order) -> None:
        self._orders.add(id(order))

    def __contains__(self, order: Order) -> bool:
        return id(order) in self._orders


class Exchange:
    """Brings orders of a world to fills."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._scripted = Scripted()
        self._end: dict[int, datetime] = {}
        world.on_move = self._market_moved

    def accept(
        self, environment: Environment, account: Account, order: Order, hours: Hours, script: Script | None
    ) -> None:
        """An order enters the book."""
        account.orders.append(order)
        self._end[id(order)] = hours.ends
        self.world.at(hours.ends, partial(self._expire, account, order))
        if script is not None:
            self._scripted.add(order)
            self._follow(account, order, script)
            return
        delay = timedelta(seconds=self.world.habits[environment].fill_delay)
        self.world.at(max(order.placed + delay, hours.opens), partial(self._match, account, order))

    def go_on(self, environment: Environment, account: Account, order: Order) -> None:
        """An order that was live when a rehearsal ended is live again."""
        days = self.world.days
        hours = days.krx_hours(order.day) if order.local_day is None else days.us_hours(order.local_day)
        self._end[id(order)] = hours.ends
        self.world.at(hours.ends, partial(self._expire, account, order))
        delay = timedelta(seconds=self.world.habits[environment].fill_delay)
        self.world.at(max(order.placed + delay, hours.opens), partial(self._match, account, order))

    def replace(self, account: Account, old: Order, new: Order, environment: Environment) -> None:
        """A revision: the new row is the live order."""
        account.orders.append(new)
        end = self._end[id(new)] = self._end[id(old)]
        self.world.at(end, partial(self._expire, account, new))
        delay = timedelta(seconds=self.world.habits[environment].fill_delay)
        if old in self._scripted:
            self._scripted.add(new)
        else:
            self.world.at(new.placed + delay, partial(self._match, account, new))

    def _follow(self, account: Account, order: Order, script: Script) -> None:
        for part in script.parts:
            self.world.at(order.placed + timedelta(seconds=part.after), partial(self._part, account, order, part))
        if script.reject_after is not None:
            moment = order.placed + timedelta(seconds=script.reject_after)
            self.world.at(moment, partial(self._reject, order, script.reason))

    def _part(self, account: Account, order: Order, part: Part, at: datetime) -> None:
        quantity = min(order.remaining, part.quantity or order.remaining)
        if quantity:
            product = self.world.market.products[order.code]
            price = part.price or next(product.asks() if order.buys else product.bids())[0]
            if order.price:
                price = min(price, order.price) if order.buys else max(price, order.price)
            self._fill(account, order, quantity, price, at)

    def _reject(self, order: Order, reason: str, _: datetime) -> None:
        order.rejected, order.reason = order.rejected + order.remaining, reason

    def _expire(self, _account: Account, order: Order, _: datetime) -> None:
        order.cancelled += order.remaining

    def _market_moved(self, world: World, at: datetime) -> None:
        for account in world.accounts.values():
            for order in account.live():
                if order not in self._scripted:
                    self._match(account, order, at)

    def _match(self, account: Account, order: Order, at: datetime) -> None:
        product = self.world.market.products[order.code]
        if not order.remaining or product.halted or not self._trading(order, at):
            return
        levels = list(self._reachable(order))
        if order.order_type in _ALL_OR_NOTHING and sum(shares for _, shares in levels) < order.remaining:
            levels = []
        for price, shares in levels:
            if quantity := min(shares, order.remaining):
                self._fill(account, order, quantity, price, at)
        if order.order_type in _IMMEDIATE:
            order.cancelled += order.remaining

    def _reachable(self, order: Order) -> list[tuple[Decimal, int]]:
        product = self.world.market.products[order.code]
        if order.side == BUY:
            return [(p, n) for p, n in product.asks() if not order.price or p <= order.price]
        return [(p, n) for p, n in product.bids() if not order.price or p >= order.price]

    def _trading(self, order: Order, at: datetime) -> bool:
        if order.local_day is None:
            hours = self.world.days.krx_hours(order.day)
        else:
            hours = self.world.days.us_hours(order.local_day)
        return hours.opens <= at < hours.closes

    def _fill(self, account: Account, order: Order, quantity: int, price: Decimal, at: datetime) -> None:
        product = self.world.market.products[order.code]
        settles = self.world.days.add(order.day, 2)
        fill = Fill(at, quantity, price)
        if order.buys and order.currency == "USD":
            self._exchange(account, fill, order)
        account.book(order, fill, settles, product.sell_tax)
        product.volume += quantity

    def _exchange(self, account: Account, fill: Fill, order: Order) -> None:
        """With integrated margin, won buy the dollars that are missing, at the day's rate rounded up to a won."""
        need = (
            fill.price * fill.quantity + account.fees.of(order.amount + fill.price * fill.quantity, "USD") - order.fee
        )
        short = need - account.cash("USD")
        if short > 0 and account.integrated_margin:
            won = (short * self.world.market.rate).quantize(Decimal(1), ROUND_CEILING)
            account.deposit(-won, order.day, "KRW", "exchange")
            account.deposit(short, order.day, "USD", "exchange")
