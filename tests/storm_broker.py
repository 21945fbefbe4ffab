"""A broker in a storm: a true book with a clock that is set by hand, and a connection to it that breaks by dice.

`Book` is the truth: what was accepted when, from whom, and what filled. `StormBroker` is what a program sees of it:
replies that lie or never come, lists that lag or break, balances that lag, fills in parts, orders that arrive late.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from rebalance_kit.brokers.base import Answer, BrokerOrder, Identity, Mode, OrderList, OrderRow, Reply, Snapshot
from rebalance_kit.errors import BrokerError
from rebalance_kit.holdings.model import Cash, Holdings, Position
from rebalance_kit.money import ZERO, Rounding, product, round_money
from rebalance_kit.orders import Side
from rebalance_kit.prices.model import FxRate, Quote
from rebalance_kit.words import Text, same

LATEST = 6.0  # seconds after the call in which an order may still arrive
LAG = 4.0  # seconds that a list or a balance may be behind
QUIET = timedelta(seconds=LATEST + 2 * LAG + 1)
SETTLE = timedelta(seconds=60)  # after the close nothing is on its way any more
FEE = Decimal("0.00015")


class Clock:
    """Virtual time: it only passes when somebody waits."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Booked:
    """One accepted order. `owner` is the attempt that it came from, None for one placed by telephone."""

    number: str
    owner: str | None
    order: BrokerOrder
    at: datetime
    price: Decimal
    filled: int = 0
    live: bool = True
    fills: list[tuple[datetime, int]] = field(default_factory=list)  # still to come
    amount: Decimal = ZERO  # of what is filled
    limits: list[tuple[Decimal, Decimal]] = field(default_factory=list)  # later ones, each with the quote of its time

    @property
    def commission(self) -> Decimal:
        return round_money(product(self.amount, FEE), self.order.currency, Rounding.UP)


@dataclass
class Book:
    """The truth. `least` are the smallest cash and shares that ever were."""

    clock: Clock
    close: datetime
    held: dict[str, int]
    cash: Decimal
    prices: dict[str, Decimal]
    dice: random.Random
    orders: list[Booked] = field(default_factory=list)
    waiting: list[tuple[datetime, BrokerOrder, str | None]] = field(default_factory=list)
    changes: list[tuple[datetime, str, Decimal, Decimal]] = field(default_factory=list)  # of limits, on their way
    past: list[tuple[datetime, dict[str, int], Decimal]] = field(default_factory=list)
    least: Decimal = ZERO

    def settle(self) -> None:
        """Let everything happen that is due by now, in the order of its time."""
        now = self.clock()
        for at, order, owner in sorted(self.waiting, key=lambda row: row[0]):
            if at <= now:
                self.waiting.remove((at, order, owner))
                if at <= self.close:
                    self.accept(order, owner, at)
        for at, number, limit, quote in list(self.changes):
            if at <= now:
                self.changes.remove((at, number, limit, quote))
                self.revise(number, limit, quote, at)
        for booked in self.orders:
            for at, quantity in list(booked.fills):
                if at <= now and booked.live:
                    booked.fills.remove((at, quantity))
                    self._fill(booked, quantity)
            if booked.live and (booked.filled == booked.order.quantity or now > self.close):
                booked.live = False
        self.past.append((now, dict(self.held), self.cash))
        self.least = min(self.least, self.cash, *map(Decimal, self.held.values()))

    def accept(self, order: BrokerOrder, owner: str | None, at: datetime) -> Booked | None:
        """Take an order into the book, unless there are no shares for it. Cash may run short: brokers lend it."""
        if order.side is Side.SELL and order.quantity > self.sellable(order.code):
            return None
        booked = Booked(str(10_001 + len(self.orders)), owner, order, at, self.prices[order.code])
        self.orders.append(booked)
        self._schedule(booked)
        return booked

    def revise(self, number: str, limit: Decimal, quote: Decimal, at: datetime) -> bool:
        """Put what is left of a live order to another limit. It fills there, at the worst that it allows."""
        booked = next((one for one in self.orders if one.number == number and one.live), None)
        if booked is None or at > self.close:
            return False
        booked.order, booked.price = replace(booked.order, limit_price=limit), limit
        booked.limits.append((limit, quote))
        left = int(booked.order.quantity) - booked.filled - sum(quantity for _, quantity in booked.fills)
        if left and self.dice.random() < 0.7:
            part = self.dice.randrange(1, left + 1)
            booked.fills.append((at + timedelta(seconds=self.dice.uniform(0, 2)), part))
        return True

    def _schedule(self, booked: Booked) -> None:
        kind, quantity, at = self.dice.random(), int(booked.order.quantity), booked.at
        if kind < 0.6:
            booked.fills = [(at, quantity)]
        elif kind < 0.85 and quantity > 1:
            first = self.dice.randrange(1, quantity)
            booked.fills = [(at + timedelta(seconds=self.dice.uniform(0, 3)), first)]
            if self.dice.random() < 0.6:
                booked.fills.append((at + timedelta(seconds=self.dice.uniform(3, 9)), quantity - first))

    def _fill(self, booked: Booked, quantity: int) -> None:
        before, paid = booked.amount, booked.commission
        booked.filled += quantity
        booked.amount += product(booked.price, Decimal(quantity))
        amount, fee = booked.amount - before, booked.commission - paid
        way = 1 if booked.order.side is Side.BUY else -1
        self.held[booked.order.code] = self.held.get(booked.order.code, 0) + way * quantity
        self.cash -= way * amount + fee

    def cost(self, order: BrokerOrder) -> Decimal:
        """What a buy can cost at most."""
        return self._cost(order, int(order.quantity))

    def _cost(self, order: BrokerOrder, quantity: int) -> Decimal:
        amount = product(order.limit_price or self.prices[order.code], Decimal(quantity))
        return amount + round_money(product(amount, FEE), order.currency, Rounding.UP)

    def open(self) -> list[Booked]:
        return [booked for booked in self.orders if booked.live]

    def sellable(self, code: str) -> int:
        resting = [b for b in self.open() if (b.order.code, b.order.side) == (code, Side.SELL)]
        return self.held.get(code, 0) - sum(int(b.order.quantity) - b.filled for b in resting)

    def spendable(self) -> Decimal:
        resting = [b for b in self.open() if b.order.side is Side.BUY]
        return self.cash - sum((self._cost(b.order, int(b.order.quantity) - b.filled) for b in resting), ZERO)


@dataclass
class StormBroker:
    """The connection, made anew for every life of the program. `step` is called around everything that leaves."""

    book: Book
    dice: random.Random
    mode: str  # "closure" or "quiesce"
    session: date
    calm: bool = False
    step: Callable[[str], None] = lambda _: None
    instant: bool = False

    @property
    def identity(self) -> Identity:
        return Identity("storm", Mode.PAPER, "main", "storm-1")

    @property
    def quiet_period(self) -> timedelta | None:
        return QUIET if self.mode == "quiesce" else None

    def closed_for(self, code: str) -> Text | None:
        return None if self.book.clock() <= self.book.close else same(f"closed: {code}")

    def book_closed(self, code: str, session: date) -> bool:
        return (code, session) != ("", date.min) and self.book.clock() > self.book.close + SETTLE

    def snapshot(self) -> Snapshot:
        self._pass(1)
        self.step("snapshot")
        if self._happens(0.1):
            raise self._broken("no balance")
        now = self.book.clock()
        held, cash = self.book.held, self.book.cash
        if self._happens(0.2):
            behind = now - timedelta(seconds=self.dice.uniform(0, LAG))
            seen = [row for row in self.book.past if row[0] <= behind]
            held, cash = (seen[-1][1], seen[-1][2]) if seen else (held, cash)
        positions = tuple(Position("main", code, Decimal(n), "KRW") for code, n in sorted(held.items()) if n)
        sellable = tuple((code, max(0, self.book.sellable(code))) for code in held)
        spendable = (("KRW", max(ZERO, self.book.spendable())),)
        return Snapshot("main", now, positions, (Cash("main", "KRW", cash),), sellable, spendable)

    def order_list(self, session: date) -> OrderList:
        self._pass(0.5)
        self.step("list")
        if self._happens(0.1):
            raise self._broken("no list")
        now = self.book.clock()
        behind = now - timedelta(seconds=self.dice.uniform(0, LAG)) if self._happens(0.3) else now
        rows = [self._row(booked) for booked in self.book.orders if booked.at <= behind]
        if session != self.session:
            rows = []
        if rows and self._happens(0.15):
            return OrderList(tuple(rows[: self.dice.randrange(len(rows))]), complete=False)
        return OrderList(tuple(rows), complete=True)

    def place(self, order: BrokerOrder) -> Reply:
        self._pass(0.5)
        self.step("place.before")
        reply = self._placed(order)
        self.step("place.after")
        self._pass(1)
        return reply

    def _placed(self, order: BrokerOrder) -> Reply:
        """65 of 100 orders meet a fault."""
        fate = 1.0 if self.calm else self.dice.random()
        now = self.book.clock()
        if fate < 0.08:
            return Reply(Answer.NOT_SENT, same("too many calls"))
        if fate < 0.14:
            return Reply(Answer.REJECTED, same("refused"))
        if fate < 0.24:
            return Reply(Answer.UNKNOWN, same("lost on the way"))
        if fate < 0.36:
            self.book.waiting.append((now + timedelta(seconds=self.dice.uniform(0, LATEST)), order, order.client_id))
            return Reply(Answer.UNKNOWN, same("no reply in time"))
        booked = self.book.accept(order, order.client_id, now)
        if booked is None:
            return Reply(Answer.REJECTED, same("not enough"))
        self.book.settle()
        if fate < 0.46:
            raise self._broken("cut")
        if fate < 0.58:
            return Reply(Answer.UNKNOWN, same("status 500"))
        if fate < 0.65:  # the reply to somebody else
            return Reply(Answer.ACCEPTED, same("ok"), str(int(booked.number) + self.dice.choice((-1, 1, 7))))
        return Reply(Answer.ACCEPTED, same("ok"), booked.number)

    def cancel(self, number: str) -> Reply:
        self._pass(0.5)
        self.step("cancel")
        if self._happens(0.3):
            return Reply(Answer.UNKNOWN, same("no reply in time"))
        for booked in self.book.orders:
            if booked.number == number:
                booked.live = False
        return Reply(Answer.ACCEPTED, same("ok"), number)

    def _row(self, booked: Booked) -> OrderRow:
        order = booked.order
        return OrderRow(
            number=booked.number,
            placed_at=booked.at,
            code=order.code,
            side=order.side,
            quantity=order.quantity,
            limit_price=order.limit_price,
            currency=order.currency,
            filled=booked.filled,
            filled_amount=booked.amount,
            commission=booked.commission,
            live=booked.live,
            channel="api" if booked.owner is not None else "other",
        )

    def _pass(self, seconds: float) -> None:
        """A call takes time, and time makes things happen."""
        self.book.clock.forward(self.dice.uniform(0, seconds))
        self.book.settle()

    def _happens(self, chance: float) -> bool:
        return not self.calm and self.dice.random() < chance

    def _broken(self, what: str) -> BrokerError:
        return BrokerError("storm", where=same("storm"), wrong=same(what), expected=same("-"), fix=same("-"))


@dataclass
class MovingBroker(StormBroker):
    """One whose prices move, and whose orders can be put to another limit: 60 of 100 such calls meet a fault."""

    now: dict[str, Decimal] = field(default_factory=dict)

    def quotes(self, codes: Iterable[str]) -> tuple[Quote, ...]:
        self._pass(0.5)
        self.step("quotes")
        if self._happens(0.1):
            raise self._broken("no prices")
        for code in codes:
            moved = Decimal(self.dice.randrange(-250, 251)) / 10_000
            self.now[code] = self.book.prices[code] * (1 + moved)
        day = self.session
        return tuple(Quote(code, self.now[code], "KRW", day, "storm", at=self.book.clock()) for code in codes)

    def rates(self) -> tuple[FxRate, ...]:
        return ()

    def revise(self, number: str, limit_price: Decimal) -> Reply:
        self._pass(0.5)
        self.step("revise")
        fate, at = 1.0 if self.calm else self.dice.random(), self.book.clock()
        code = next(booked.order.code for booked in self.book.orders if booked.number == number)
        if fate < 0.1:
            return Reply(Answer.NOT_SENT, same("too many calls"))
        if fate < 0.2:
            return Reply(Answer.REJECTED, same("refused"))
        if fate < 0.3:
            return Reply(Answer.UNKNOWN, same("lost on the way"))
        if fate < 0.45:
            late = at + timedelta(seconds=self.dice.uniform(0, LATEST))
            self.book.changes.append((late, number, limit_price, self.now[code]))
            return Reply(Answer.UNKNOWN, same("no reply in time"))
        done = self.book.revise(number, limit_price, self.now[code], at)
        self.book.settle()
        if fate < 0.6:
            raise self._broken("cut")
        return Reply(Answer.ACCEPTED if done else Answer.REJECTED, same("ok"), number)


def book_of(holdings: Holdings, prices: dict[str, Decimal], clock: Clock, close: datetime, seed: int) -> Book:
    """The book of an account that holds what `holdings` say."""
    held = {position.code: int(position.quantity) for position in holdings.positions}
    book = Book(clock, close, held, holdings.cash_of("main", "KRW"), prices, random.Random(seed))
    book.settle()
    return book
