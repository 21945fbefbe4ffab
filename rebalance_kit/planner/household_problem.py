"""A household, stated once in integers: several accounts under one set of targets (definition 9).

A `Place` is one asset in one account, with a final count n of whole shares. What the places share:

    sum over units  |value over all accounts - goal|          a unit is an asset, or an interchangeable group
    + 20 x money outside an explicit min or max               over all accounts, per asset
    + sum over places  commission + slippage + order_price x [traded] + cash_price x idle cash + drag x value
    + tax_weight x (tax of the sales, alone and of the year) + the cost of exchanges between the cash of an account

is smallest (`squared`: (value - goal)^2 / total); of equal plans the one with the smaller sum of squares, then fewer
orders. Bound are, beside minimum trades and lists, the cash of every account and currency (nothing moves between
accounts), the risk assets of an IRP, and the caps on orders and turnover.

As in `problem.py` all figures are integers in exact scales: own money in grains, base money in S-ths of its minor unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from rebalance_kit.planner.exchange import Exchange
from rebalance_kit.planner.household_tax import Amounts, Hinge, Levy
from rebalance_kit.planner.problem import Asset
from rebalance_kit.tax.schedule import SharedTax

Budget = tuple[str, str]  # account, currency
NOTHING_OWED: Amounts = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Holding:
    """What a household is stated from: `asset` in `account` (its goal, floor and ceiling are not looked at, those of
    `Whole` are), whether it counts as a risk asset there, and the yearly drag of holding it there."""

    account: str
    asset: Asset
    risk: bool = False
    drag: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Whole:
    """One asset over all accounts: money in the base currency. `unit` names what deviates together."""

    code: str
    unit: str
    floor: Fraction | None = None
    ceiling: Fraction | None = None


@dataclass(frozen=True, slots=True, order=True)
class RiskCap:
    """Risk assets of an account: at most 70 % of `value`, its worth before costs. `before` is what the risk assets are
    worth now, `apart` what those of them are worth that are not traded at all. Who is past the cap need not sell, but
    buys no more risk."""

    account: str
    value: Fraction
    before: Fraction
    apart: Fraction = Fraction(0)

    @property
    def passed(self) -> bool:
        return 10 * self.before > 7 * self.value

    @property
    def most(self) -> Fraction:
        """Ten times what the traded risk assets may be worth (with seven times the costs, unless it is passed)."""
        return (10 * self.before if self.passed else 7 * self.value) - 10 * self.apart


@dataclass(frozen=True, slots=True)
class Shared:
    """Money in the base currency, but `available` (what may be spent) in its own currency, by account and currency.

    `spreads` are what an exchange costs as a share of it, by account that may exchange; `rates` those of currencies."""

    base_currency: str
    units: Mapping[str, Fraction]
    available: Mapping[Budget, Fraction]
    goals: Mapping[str, Fraction]  # by unit
    total: Fraction
    minimum: Fraction = Fraction(0)
    squared: bool = False
    cash_price: Fraction = Fraction(0)
    order_price: Fraction = Fraction(0)
    max_orders: int | None = None
    max_turnover: Fraction | None = None
    caps: tuple[RiskCap, ...] = ()
    tax: SharedTax | None = None
    tax_weight: Fraction = Fraction(0)
    spreads: Mapping[str, Fraction] = field(default_factory=dict)
    rates: Mapping[str, Fraction] = field(default_factory=dict)


class Step(NamedTuple):
    """One final count of one place: what it spends (grains), its own part of the objective, its share of a risk cap,
    its turnover, whether it is an order, its value without rounding (S-ths), and what it adds to the sums of the tax
    year."""

    spend: int
    own: int
    capped: int
    turnover: int
    orders: int
    value: int
    sums: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Place:
    """One asset in one account, in integers. Counts are of units: shares, or thousandths where the account trades parts
    of shares; `price` is that of a unit."""

    account: str
    code: str
    budget: Budget
    row: int  # of the asset in `Household.rows`
    held: int
    segments: tuple[tuple[int, int], ...]
    price: int  # grains
    kept: int  # grains: the value of the part of a share that stays
    grain: int
    rate: tuple[int, int]
    per_grain: int
    commission: int
    slippage: int
    order_price: int
    idle_price: int
    drag: int  # S-ths for a share held
    cap: tuple[int, int]  # weights of value and of costs in the risk cap of the account
    scale: int
    slack: int
    levy: Levy | None = None

    def step(self, count: int) -> Step:
        """The truth about a count, with the roundings of the costs."""
        traded = abs(count - self.held)
        costs = _up(traded * self.commission, self.grain) + _up(traded * self.slippage, self.grain)
        above, below = self.rate
        paid = (
            _half_up(_up(traded * self.commission, self.grain) * above, below)
            + _half_up(_up(traded * self.slippage, self.grain) * above, below)
        ) * self.scale
        taxes = self.levy.of(self.held - count) if self.levy else NOTHING_OWED
        return self._step(count, costs * self.grain, paid, taxes)

    def smooth(self, count: int) -> Step:
        """The same without rounding: linear between the ends, and never above the truth."""
        costs = abs(count - self.held) * (self.commission + self.slippage)
        taxes = self.levy.smooth(self.held - count) if self.levy else NOTHING_OWED
        return self._step(count, costs, costs * self.per_grain - self.slack, taxes)

    def _step(self, count: int, costs: int, paid: int, taxes: Amounts) -> Step:
        spend = (count - self.held) * self.price + costs
        value = (count * self.price + self.kept) * self.per_grain
        orders = int(count != self.held)
        own = paid - self.idle_price * spend + self.order_price * orders + self.drag * count + taxes[0]
        capped = self.cap[0] * value + self.cap[1] * costs * self.per_grain
        turnover = abs(count - self.held) * self.price * self.per_grain
        return Step(spend, own, capped, turnover, orders, value, taxes[1:])

    def ends(self) -> list[int]:
        """The counts between which everything is linear."""
        found = {end for segment in self.segments for end in segment}
        if self.levy is not None:
            found |= {self.held - sold for sold in self.levy.turns() if self.allows(self.held - sold)}
        return sorted(found)

    def allows(self, count: int) -> bool:
        return any(low <= count <= high for low, high in self.segments)


@dataclass(frozen=True, slots=True)
class Row:
    """One asset over all accounts, in integers."""

    code: str
    unit: int
    places: tuple[int, ...]
    grain: int
    rate: tuple[int, int]
    scale: int
    floor: int
    ceiling: int | None
    blur: int

    def value(self, grains: int) -> int:
        """What so many grains of it in all accounts are worth, rounded as a portfolio's value is."""
        own = _half_up(grains, self.grain)
        return _half_up(own * self.rate[0], self.rate[1]) * self.scale

    def outside(self, value: int) -> int:
        return max(0, self.floor - value, 0 if self.ceiling is None else value - self.ceiling)


@dataclass(frozen=True, slots=True)
class Household:
    """Places sorted by account and code. `limits` are (account, most) of the risk caps; `unit` is one unit of the
    objective in base minor units, `weight` what the objective's other terms are multiplied by when it is squared."""

    places: tuple[Place, ...]
    rows: tuple[Row, ...]
    goals: tuple[int, ...]  # by unit
    budgets: tuple[tuple[Budget, int], ...]
    grains: Mapping[str, int]
    worth: Mapping[str, int]  # S-ths in a grain of each currency
    limits: tuple[tuple[str, int], ...]
    max_orders: int | None
    max_turnover: int | None
    squared: bool
    weight: int
    unit: Fraction
    total: Fraction
    scale: int
    hinges: tuple[Hinge, ...] = ()
    exchanges: tuple[tuple[str, Exchange], ...] = ()  # by account: those that may exchange currencies

    def bp(self, objective: int) -> Fraction:
        """An objective in bp of the total value."""
        return Fraction(objective) * self.unit * 10_000 / (self.total or 1)


def _up(number: int, divisor: int) -> int:
    return -(-number // divisor)


def _half_up(number: int, divisor: int) -> int:
    return (2 * number + divisor) // (2 * divisor)
