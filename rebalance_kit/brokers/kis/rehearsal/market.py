"""What trades here, and at what price: ticks, daily limits, the order book, net asset values.

A price moves when a test or a person moves it. The best ask is the price, the best bid one tick (or `spread`) below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

Kind = Literal["etf", "stock"]
US_MARKETS = {"NASD": "NAS", "NYSE": "NYS", "AMEX": "AMS"}  # code in orders: code in quotes
MARKET_NAMES = {"NASD": "나스닥", "NYSE": "뉴욕", "AMEX": "아멕스"}
PRODUCT_TYPES = {"KRX": "300", "NASD": "512", "NYSE": "513", "AMEX": "529"}
LEVELS = 10

_ETF_TICKS = ((0, 1), (2000, 5))
_STOCK_TICKS = ((0, 1), (2000, 5), (5000, 10), (20000, 50), (50000, 100), (200000, 500), (500000, 1000))
ZERO = Decimal(0)


@dataclass
class Dividend:
    """A distribution: record date, cash a share before tax, payment date."""

    record: date
    amount: Decimal
    paid: date


@dataclass
class Bar:
    """One day of a chart."""

    day: date
    close: Decimal
    volume: int = 100_000


@dataclass
class Product:
    """Something that trades. `base` is the price that limits are counted from, yesterday's close. `market` is KRX or
    a US order code. `depth` shares wait at the best price, more at the next ones. `sell_tax` is the rate of the
    transaction tax on sales (nothing for an ETF)."""

    code: str
    name: str
    price: Decimal
    market: str = "KRX"
    kind: Kind = "etf"
    base: Decimal = ZERO
    nav: Decimal | None = None
    halted: bool = False
    depth: int = 12_310
    spread: int = 1
    multiple: int = 1
    sell_tax: Decimal = ZERO
    mock: bool = True
    dividends: list[Dividend] = field(default_factory=list)
    history: list[Bar] = field(default_factory=list)
    opened: Decimal = ZERO
    high: Decimal = ZERO
    low: Decimal = ZERO
    volume: int = 0

    def __post_init__(self) -> None:
        self.base = self.base or self.price
        self.opened = self.opened or self.price
        self.high = max(self.high, self.price)
        self.low = min(self.low or self.price, self.price)

    @property
    def domestic(self) -> bool:
        return self.market == "KRX"

    @property
    def currency(self) -> str:
        return "KRW" if self.domestic else "USD"

    def tick(self, price: Decimal) -> Decimal:
        """The tick at a price."""
        if not self.domestic:
            return Decimal("0.01") if price >= 1 else Decimal("0.0001")
        steps = _ETF_TICKS if self.kind == "etf" else _STOCK_TICKS
        return Decimal(next(tick for start, tick in reversed(steps) if price >= start))

    def on_tick(self, price: Decimal) -> bool:
        return price % self.tick(price) == 0

    @property
    def width(self) -> Decimal:
        """30 % of the base price (times the multiple of a leveraged ETF), cut to the tick."""
        exact, tick = self.base * 3 / 10 * abs(self.multiple), self.tick(self.base)
        return (exact / tick).to_integral_value(ROUND_FLOOR) * tick

    @property
    def upper(self) -> Decimal:
        return self.base + self.width

    @property
    def lower(self) -> Decimal:
        return max(self.base - self.width, self.tick(ZERO))

    def move(self, price: Decimal) -> None:
        """The market trades at another price."""
        self.price = price
        self.high, self.low = max(self.high, price), min(self.low, price)

    def asks(self) -> Iterator[tuple[Decimal, int]]:
        """The sellers, best first: price and shares."""
        price = self.price
        for level in range(LEVELS):
            yield price, self.depth + 310 * level
            price += self.tick(price)

    def bids(self) -> Iterator[tuple[Decimal, int]]:
        """The buyers, best first."""
        price = self.price
        for _ in range(self.spread):
            price -= self._tick_below(price)
        for level in range(LEVELS):
            yield price, self.depth - min(1020, self.depth // 2) + 290 * level
            price -= self._tick_below(price)

    def _tick_below(self, price: Decimal) -> Decimal:
        """The tick of the prices below: at 2,000 won one below is 1,999."""
        return min(self.tick(price), self.tick(price - self.tick(ZERO)))

    def close_day(self, day: date) -> None:
        """The day's bar goes to the history and its close becomes the next base price."""
        self.history.append(Bar(day, self.price, self.volume))
        self.base = self.opened = self.high = self.low = self.price
        self.volume = 0


class Market:
    """Every product by its code, and the exchange rate (won for a dollar)."""

    def __init__(self, products: list[Product], rate: Decimal = Decimal("1385.40")) -> None:
        self.products = {product.code: product for product in products}
        self.rate = rate

    def get(self, code: str, *, domestic: bool) -> Product | None:
        found = self.products.get(code)
        return found if found is not None and found.domestic is domestic else None
