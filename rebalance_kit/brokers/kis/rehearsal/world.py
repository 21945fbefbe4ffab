"""Everything behind the address: the clock, the market, the accounts of both environments, and what is due when.

Time passes only when somebody looks: each request first lets everything happen that was due until now, in order.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from itertools import count
from threading import RLock
from typing import Literal

from rebalance_kit.brokers.kis.rehearsal.clock import Clock
from rebalance_kit.brokers.kis.rehearsal.days import Days
from rebalance_kit.brokers.kis.rehearsal.ledger import Account, Paid
from rebalance_kit.brokers.kis.rehearsal.market import Market

Environment = Literal["real", "mock"]
_DAY = timedelta(days=1)
_WITHHELD = Decimal("0.154")  # tax on distributions


@dataclass(frozen=True, slots=True)
class Key:
    """An app key of one environment, good for one account (number and product code)."""

    appkey: str
    appsecret: str
    environment: Environment
    number: str
    product: str = "01"


@dataclass
class Habits:
    """What differs between the environments, in seconds and rows; all of it may be changed.

    `lag` until an accepted order shows in the list (`us_lag` in the US one), `fill_delay` until it trades,
    `per_second` requests a key may make, `ledger_per_second` those about balances and orders (None: no such limit).
    `revised_original` says how the row of a revised order ends: with its rest as cancelled, or only with no rest.
    `margin_multiple` is how much more `max_buy_amt` says than there is. `filler_rows` adds the blank row.
    """

    branch: str
    us_branch: str
    first_number: int
    us_first_number: int
    per_second: int
    ledger_per_second: int | None = None
    lag: float = 0.0
    us_lag: float = 0.0
    fill_delay: float = 0.5
    balance_rows: int = 50
    order_rows: int = 100
    open_rows: int = 50
    us_balance_rows: int = 100
    us_open_rows: int = 40
    us_order_rows: int = 20
    us_extra_hold: Decimal = Decimal(0)
    filler_rows: bool = True
    revised_original: Literal["cancelled", "rest only"] = "cancelled"
    margin_multiple: Decimal = Decimal("2.5")


def real_habits() -> Habits:
    """The real environment, as published and as people have seen it."""
    return Habits("06010", "01790", 117_057, 30_138_295, per_second=20)


def mock_habits() -> Habits:
    """The mock environment: slower, smaller pages, orders that show late."""
    return Habits("00950", "00950", 762, 1_021, per_second=2, lag=3.0, us_lag=13.0, balance_rows=20, order_rows=15,
                  us_order_rows=15, us_extra_hold=Decimal("0.007"), filler_rows=False)  # fmt: skip


@dataclass
class World:
    """One rehearsal. `lock` guards all of it; whoever reads the accounts while requests come holds it."""

    clock: Clock
    market: Market
    keys: list[Key]
    accounts: dict[tuple[Environment, str, str], Account]
    days: Days = field(default_factory=Days)
    habits: dict[Environment, Habits] = field(default_factory=lambda: {"real": real_habits(), "mock": mock_habits()})
    lock: RLock = field(default_factory=RLock)
    on_move: Callable[[World, datetime], None] = lambda *_: None
    numbers: dict[tuple[Environment, str, date], int] = field(default_factory=dict)
    _due: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)
    _today: date | None = None
    _us_day: date | None = None

    def account(self, environment: Environment, number: str | None = None) -> Account:
        """An account of an environment: the one of a number ("12345678-01"), else its first."""
        for (env, digits, product), found in self.accounts.items():
            if env == environment and number in (None, digits, f"{digits}-{product}", digits + product):
                return found
        raise KeyError(number or environment)

    def key(self, environment: Environment) -> Key:
        """The first key of an environment."""
        return next(key for key in self.keys if key.environment == environment)

    def at(self, moment: datetime, action: Callable[[datetime], None]) -> None:
        """Let something happen at a time."""
        heapq.heappush(self._due, (moment, next(self._order), action))

    def catch_up(self) -> datetime:
        """Let everything happen that is due; the time now."""
        now = self.clock.now()
        while self._due and self._due[0][0] <= now:
            moment, _, action = heapq.heappop(self._due)
            self._roll(moment.date())
            action(moment)
        self._roll(now.date())
        self._roll_abroad(now)
        return now

    def next_number(self, environment: Environment, group: Literal["KRX", "US"], day: date) -> int:
        """Order numbers begin anew each day; those between belong to other customers."""
        habits = self.habits[environment]
        first = habits.first_number if group == "KRX" else habits.us_first_number
        key = (environment, group, day)
        number = self.numbers.get(key, first)
        self.numbers[key] = number + 1 + number % 3
        return number

    def total(self, account: Account) -> Decimal:
        """Domestic holdings at the last price and the cash of D+2."""
        return self.value(account, domestic=True) + account.cash("KRW")

    def value(self, account: Account, *, domestic: bool) -> Decimal:
        """Holdings at the last price, in their currency."""
        value = Decimal(0)
        for held in account.holdings.values():
            product = self.market.get(held.code, domestic=domestic)
            value += product.price * held.quantity if product else 0
        return value

    def move_price(self, code: str, price: Decimal) -> None:
        """The market moves: resting orders that it reaches trade."""
        with self.lock:
            now = self.catch_up()
            self.market.products[code].move(price)
            self.on_move(self, now)

    def _roll(self, today: date) -> None:
        if self._today is None:
            self._today = today
        while self._today < today:
            self._end_day(self._today)
            self._today += _DAY
            for account in self.accounts.values():
                account.tidy(self._today)

    def _roll_abroad(self, now: datetime) -> None:
        """A US session ends in the Korean morning of the next day."""
        day = self._us_day or self.days.us_day(now)
        while self.days.us_hours(day).closes <= now:
            if self._us_day is not None and self.days.us(day):
                for product in self.market.products.values():
                    if not product.domestic:
                        product.close_day(day)
            day += _DAY
        self._us_day = day

    def _end_day(self, day: date) -> None:
        traded = self.days.krx(day)
        for account in self.accounts.values():
            account.yesterday = self.total(account)
        for product in self.market.products.values():
            if traded and product.domestic:
                product.close_day(day)
            for dividend in product.dividends:
                for account in self.accounts.values():
                    shares = account.shares(product.code)
                    if dividend.record == day and shares:
                        amount = dividend.amount * shares
                        tax = (amount * _WITHHELD).quantize(Decimal(1), ROUND_FLOOR)
                        account.paid.append(Paid(product.code, day, dividend.paid, shares, amount, tax))
        for account in self.accounts.values():
            for paid in account.paid:
                if paid.paid == day + _DAY:
                    account.deposit(paid.amount - paid.tax, paid.paid, what="distribution")
