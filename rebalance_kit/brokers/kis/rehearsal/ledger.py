"""An account at the local KIS: cash by settlement day, holdings, orders and their fills. Exact, and never negative.

Trades are booked on their day and settle two sessions later. What an open order may take is reserved: a buy at its
limit (a market buy at the day's upper limit) with a margin for fees, a sell its shares.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Literal

ZERO = Decimal(0)
BUY, SELL = "02", "01"
CENT = {"KRW": Decimal(1), "USD": Decimal("0.01")}


@dataclass(frozen=True, slots=True)
class Fees:
    """Rates: commission of domestic and US trades, and what a buy reserves on top of its price."""

    domestic: Decimal = Decimal("0.000042")
    us: Decimal = Decimal("0.0025")
    reserve: Decimal = Decimal("0.00014")
    us_reserve: Decimal = Decimal("0.0025")
    rounding: Literal["down", "up"] = "down"

    def of(self, amount: Decimal, currency: str) -> Decimal:
        """The commission on everything an order has filled."""
        exact = amount * (self.domestic if currency == "KRW" else self.us)
        return exact.quantize(CENT[currency], ROUND_FLOOR if self.rounding == "down" else ROUND_CEILING)


@dataclass
class Fill:
    at: datetime
    quantity: int
    price: Decimal


@dataclass
class Order:
    """One row of the day's orders: an order, what became of it by a revision, or a cancel instruction (`kind`)."""

    day: date
    number: int
    branch: str
    code: str
    side: str
    quantity: int
    price: Decimal
    order_type: str
    exchange: str
    currency: str
    placed: datetime
    visible: datetime
    kind: Literal["order", "revise", "cancel"] = "order"
    original: int | None = None
    local_day: date | None = None
    channel: str = "OpenAPI"
    reserve_price: Decimal = ZERO
    cancelled: int = 0
    rejected: int = 0
    reason: str = ""
    fee: Decimal = ZERO
    tax: Decimal = ZERO
    fills: list[Fill] = field(default_factory=list)
    replaced: bool = False

    @property
    def filled(self) -> int:
        return sum(fill.quantity for fill in self.fills)

    @property
    def amount(self) -> Decimal:
        return sum((fill.price * fill.quantity for fill in self.fills), ZERO)

    @property
    def remaining(self) -> int:
        return 0 if self.kind == "cancel" else self.quantity - self.filled - self.cancelled - self.rejected

    @property
    def buys(self) -> bool:
        return self.side == BUY


@dataclass
class Entry:
    """Money booked on a day that is there on another."""

    day: date
    settles: date
    currency: str
    amount: Decimal
    what: str
    code: str = ""


@dataclass
class Holding:
    """Shares on trade date and what they cost. A holding that was sold out stays until the sale settles."""

    code: str
    quantity: int
    cost: Decimal
    gone_from: date | None = None


@dataclass
class Paid:
    """A distribution that was paid: cash a share x shares, and the tax kept back."""

    code: str
    record: date
    paid: date
    quantity: int
    amount: Decimal
    tax: Decimal


@dataclass
class Account:
    """One account number with its product code."""

    number: str
    product: str = "01"
    fees: Fees = field(default_factory=Fees)
    integrated_margin: bool = False
    entries: list[Entry] = field(default_factory=list)
    holdings: dict[str, Holding] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    paid: list[Paid] = field(default_factory=list)
    yesterday: Decimal | None = None

    def cash(self, currency: str = "KRW", by: date | None = None) -> Decimal:
        """Cash that has settled by a day; without one everything that was booked (D+2)."""
        return sum((e.amount for e in self.entries if e.currency == currency and (by is None or e.settles <= by)), ZERO)

    def deposit(self, amount: Decimal, day: date, currency: str = "KRW", what: str = "deposit") -> None:
        """Money comes (or goes, negative), settled at once."""
        self.entries.append(Entry(day, day, currency, amount, what))

    def hold(self, code: str, quantity: int, cost: Decimal) -> None:
        """Put shares into the account."""
        self.holdings[code] = Holding(code, quantity, cost)

    def shares(self, code: str) -> int:
        held = self.holdings.get(code)
        return held.quantity if held else 0

    def live(self, code: str | None = None, side: str | None = None) -> list[Order]:
        """Orders with something left to trade."""
        return [o for o in self.orders if o.remaining and code in (None, o.code) and side in (None, o.side)]

    def sellable(self, code: str) -> int:
        return self.shares(code) - sum(order.remaining for order in self.live(code, SELL))

    def reserved(self, currency: str) -> Decimal:
        """What open buys may still take."""
        margin = 1 + (self.fees.reserve if currency == "KRW" else self.fees.us_reserve)
        need = (o.reserve_price * o.remaining * margin for o in self.live(side=BUY) if o.currency == currency)
        return sum((n.quantize(CENT[currency], ROUND_CEILING) for n in need), ZERO)

    def free(self, currency: str = "KRW") -> Decimal:
        """Cash that is neither spent nor reserved; sale proceeds count from the moment of the sale."""
        return max(self.cash(currency) - self.reserved(currency), ZERO)

    def buyable(self, currency: str = "KRW") -> Decimal:
        """The price x quantity that a buy may come to: free cash less the margin for fees."""
        margin = 1 + (self.fees.reserve if currency == "KRW" else self.fees.us_reserve)
        return (self.free(currency) / margin).quantize(CENT[currency], ROUND_FLOOR)

    def proceeds(self, today: date, currency: str = "KRW") -> Decimal:
        """Sale proceeds that have not settled."""
        return sum((e.amount for e in self.entries
                    if (e.currency, e.what) == (currency, "sell") and e.settles > today), ZERO)  # fmt: skip

    def traded(self, side: str, day: date, currency: str = "KRW") -> Decimal:
        """What the fills of a day came to, without costs."""
        return sum((o.amount for o in self.orders if (o.side, o.day, o.currency) == (side, day, currency)), ZERO)

    def costs(self, day: date, currency: str = "KRW") -> Decimal:
        """Commission and tax of a day."""
        return sum((o.fee + o.tax for o in self.orders if (o.day, o.currency) == (day, currency)), ZERO)

    def book(self, order: Order, fill: Fill, settles: date, sell_tax: Decimal = ZERO) -> None:
        """A fill: shares, cash, commission and tax. The commission of an order is that of all its fills together."""
        before = order.fee + order.tax
        order.fills.append(fill)
        order.fee = self.fees.of(order.amount, order.currency)
        if not order.buys:
            order.tax = (order.amount * sell_tax).quantize(CENT[order.currency], ROUND_FLOOR)
        costs, amount = order.fee + order.tax - before, fill.price * fill.quantity
        cash = -amount - costs if order.buys else amount - costs
        what = "buy" if order.buys else "sell"
        self.entries.append(Entry(order.day, settles, order.currency, cash, what, order.code))
        self._move_shares(order, fill, settles)

    def _move_shares(self, order: Order, fill: Fill, settles: date) -> None:
        held = self.holdings.setdefault(order.code, Holding(order.code, 0, ZERO))
        if order.buys:
            held.quantity += fill.quantity
            held.cost += fill.price * fill.quantity
            held.gone_from = None
            return
        gone = held.cost * fill.quantity / held.quantity
        held.cost -= gone.quantize(CENT[order.currency], ROUND_HALF_UP)
        held.quantity -= fill.quantity
        if not held.quantity:
            held.cost, held.gone_from = ZERO, settles

    def tidy(self, today: date) -> None:
        """Rows of holdings whose sale has settled disappear."""
        for code in [c for c, h in self.holdings.items() if h.gone_from is not None and h.gone_from <= today]:
            del self.holdings[code]
