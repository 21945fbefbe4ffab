"""What every broker can be asked, as a Protocol, and the values it answers with.

The shape is that of a broker without client order keys: `place` may answer "I do not know", the number in a reply is
a hint, and only the broker's own complete order list says what became of an order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from rebalance_kit.costs import Exchange
from rebalance_kit.holdings.model import Cash, Holdings, Position
from rebalance_kit.money import ZERO
from rebalance_kit.orders import WHOLE_UNIT, Shares, Side, shares_of, units_of
from rebalance_kit.prices.model import FxRate, Quote
from rebalance_kit.words import Text


class Mode(StrEnum):
    """Where the money is: in a file of this computer, at the broker's rehearsal service, or real."""

    PAPER = "paper"
    MOCK = "mock"
    REAL = "real"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which account at which broker. `account` is the name in the policy, `number` what the broker calls it."""

    broker: str
    mode: Mode
    account: str
    number: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the broker says is there, at one moment.

    `sellable` and `spendable` are smaller than what is held while orders are open; a broker that does not tell them
    apart leaves them None. `charged` is for a broker that says of no single order what it cost: the fees and taxes that
    its cash already lacks for the trades of the session, by currency, None where it does not tell that either.
    """

    account: str
    as_of: datetime
    positions: tuple[Position, ...]
    cash: tuple[Cash, ...]
    sellable: tuple[tuple[str, Shares], ...] | None = None
    spendable: tuple[tuple[str, Decimal], ...] | None = None
    charged: tuple[tuple[str, Decimal | None], ...] | None = None

    def quantity(self, code: str) -> Decimal:
        """Shares held, fractions included."""
        return sum((p.quantity for p in self.positions if p.code == code), ZERO)

    def sellable_shares(self, code: str, unit: Decimal = WHOLE_UNIT) -> Shares:
        """What may be sold now, in whole units of `unit` shares."""
        there = self.quantity(code) if self.sellable is None else Decimal(dict(self.sellable).get(code, 0))
        return shares_of(units_of(there, unit), unit)

    def spendable_cash(self, currency: str) -> Decimal:
        """Cash of a currency that may be spent now; dividends that wait to be reinvested are not."""
        if self.spendable is not None:
            return dict(self.spendable).get(currency, ZERO)
        return self.cash_of(currency)

    def cash_of(self, currency: str) -> Decimal:
        """Cash of a currency in the account, whether or not an open order has reserved it."""
        return sum((c.amount for c in self.cash if (c.currency, c.kind) == (currency, "cash")), ZERO)

    def as_holdings(self, source: str) -> Holdings:
        """The same as holdings of the account."""
        return Holdings(self.positions, self.cash, as_of=self.as_of.date(), source=source)


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """An order as a broker receives it. `limit_price` is None for a market order. `client_id` is our own name for
    the attempt: a broker may show it, but nobody relies on that."""

    client_id: str
    code: str
    side: Side
    quantity: Shares
    limit_price: Decimal | None
    currency: str


class Answer(StrEnum):
    """What a reply settles: nothing but a refusal, or a call that never left, is certain."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to `place`, `cancel`, `transfer` or `exchange`. `number` is a hint, `reason` the broker's words."""

    answer: Answer
    reason: Text
    number: str | None = None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order in the broker's own list.

    `number` is unique within a session. `filled_amount` is price x quantity of all fills; `commission` is None where
    the broker does not say. `channel` tells an order of this program's kind from one placed by hand.
    """

    number: str
    placed_at: datetime
    code: str
    side: Side
    quantity: Shares
    limit_price: Decimal | None
    currency: str
    filled: Shares
    filled_amount: Decimal
    commission: Decimal | None
    live: bool
    channel: Literal["api", "other"] = "api"


@dataclass(frozen=True, slots=True)
class OrderList:
    """Every order of a session, in the order of their numbers. An incomplete list decides nothing."""

    rows: tuple[OrderRow, ...]
    complete: bool


class Broker(Protocol):
    """A broker, for one account.

    `session` is the trading date that orders placed now belong to. `quiet_period` is how long after the end of a call
    an order may still appear in the list; None if no bound is documented, so that only the close decides. `instant`
    says that an order fills when it is placed or not at all. Calls raise BrokerError when the broker cannot be asked;
    `place`, `cancel` and `transfer` answer UNKNOWN rather than raise once anything may have left.
    """

    @property
    def identity(self) -> Identity: ...

    @property
    def session(self) -> date: ...

    @property
    def quiet_period(self) -> timedelta | None: ...

    @property
    def instant(self) -> bool: ...

    def snapshot(self) -> Snapshot:
        """Positions and cash, now."""

    def order_list(self, session: date) -> OrderList:
        """Every order of a session."""

    def place(self, order: BrokerOrder) -> Reply:
        """Send an order, once."""

    def cancel(self, number: str) -> Reply:
        """Cancel what is left of an order. It carries the number, so it may be repeated."""


@runtime_checkable
class TakesTransfers(Protocol):
    """A broker that money can be moved into and out of by this program: the paper account."""

    def transfer(self, transfer_id: str, currency: str, amount: Decimal) -> Reply:
        """Pay in (positive) or out (negative), once for each `transfer_id`, however often it is called."""

    def transferred(self, transfer_id: str) -> bool:
        """Whether a transfer was made."""


@runtime_checkable
class TakesExchanges(Protocol):
    """A broker that this program can have change cash of one currency into another: the paper account."""

    def exchange(self, exchange_id: str, line: Exchange) -> Reply:
        """Make an exchange, once for each `exchange_id`, however often it is called. UNKNOWN rather than an error once
        it may have been made."""

    def exchanged(self, exchange_id: str) -> bool:
        """Whether an exchange was made."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an account can do beside the Protocol. What is False degrades: no NAV, the library's calendar alone, open
    orders read from the order list, sellable shares read from the balance."""

    client_order_id: bool = False
    fractional: bool = False
    us: bool = False
    nav: bool = False
    holiday_check: bool = False
    open_orders: bool = False
    sellable_inquiry: bool = False
    dividends: bool = False


@runtime_checkable
class TellsCapabilities(Protocol):
    """A broker whose accounts differ in what they can do."""

    @property
    def capabilities(self) -> Capabilities: ...


@runtime_checkable
class KeepsHours(Protocol):
    """A broker that trades at the hours of exchanges: only then an order can be accepted or appear in the list."""

    def closed_for(self, code: str) -> Text | None:
        """Why an order for a code would be refused now; None while its exchange trades."""

    def book_closed(self, code: str, session: date) -> bool:
        """Whether no order for a code can be accepted for a session any more, wherever it may be on its way."""


@runtime_checkable
class SizesBuys(Protocol):
    """A broker that says how many shares the account can pay for: it may hold back more than price x quantity."""

    def buyable(self, code: str, limit_price: Decimal | None) -> int:
        """The most shares that a buy may be for, without credit. BrokerError when the broker cannot be asked."""


@runtime_checkable
class Revises(Protocol):
    """A broker that can change the price of an order that rests."""

    def revise(self, number: str, limit_price: Decimal) -> Reply:
        """Put what is left of an order to another price. The order keeps its number in the list of this program."""


@runtime_checkable
class FilledByHand(Protocol):
    """A broker whose orders a person carries out: they rest as long as that takes, and no patience ends them."""

    @property
    def waiting(self) -> Text:
        """What the person is to do meanwhile."""


@runtime_checkable
class GivesPrices(Protocol):
    """A broker that says what things cost now, as the room `prices` understands it."""

    def quotes(self, codes: Iterable[str]) -> tuple[Quote, ...]:
        """A quote of every code that has a price; a code without one is left out."""

    def rates(self) -> tuple[FxRate, ...]:
        """The broker's exchange rates into the won."""


@runtime_checkable
class KeepsTime(Protocol):
    """A broker with a clock of its own: a rehearsal of it may play another day, and faster."""

    def clock(self) -> datetime:
        """The time there."""

    def sleep(self, seconds: float) -> None:
        """Wait, in the time there."""


@runtime_checkable
class TellsClock(Protocol):
    """A broker whose replies say what time it is there."""

    @property
    def wrong_by(self) -> timedelta | None:
        """How far this computer's clock is from the broker's, where that is too far to trade by; else None."""
