"""One asset of a problem in integers: what each final count of it spends and costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rebalance_kit.planner.taxed import Curve

OUTSIDE_PRICE = 20  # what a unit of money outside an explicit min or max costs


Figures = tuple[int, int, int, int, int]  # a choice without its count


class Choice(NamedTuple):
    """One final count of one line: what it spends (grains of its currency, costs included; negative: raises), and its
    additive parts of the objective, of the tie-breaks and of the caps."""

    shares: int
    spend: int
    objective: int
    squares: int
    orders: int
    turnover: int


@dataclass(frozen=True, slots=True)
class Line:
    """One asset in integers; built by `state`."""

    code: str
    currency: str  # of the budget that it draws on
    held: int
    segments: tuple[tuple[int, int], ...]  # the allowed counts, as ranges with both ends included
    price: int  # grains
    kept: int  # grains: the value of the part of a share that stays
    grain: int  # grains in a minor unit of the currency
    rate: tuple[int, int]  # base minor units for one own minor unit
    goal: int  # S-ths of a base minor unit, as are the five below
    floor: int
    ceiling: int | None
    order_price: int
    scale: int
    blur: int  # how far rounding can move a value
    slack: int  # how far it can lower costs and idle cash together
    per_grain: int  # smooth value of a grain
    idle_price: int  # price of a grain of idle cash
    commission: int  # grains of a share, unrounded
    slippage: int
    total: int | None  # set when the deviation is squared
    tax: Curve | None = None  # of what is sold
    factor: int = 1  # grains of the budget for a grain spent, when the cash is exchanged
    exchange_price: int = 0  # S-ths that exchanging a grain costs

    def choice(self, count: int) -> Choice:
        """The truth about one final count."""
        return Choice(count, *self.figures(count))

    def smooth(self, count: int) -> Choice:
        """The same without rounding; convex on each segment, and in no part above the truth."""
        return Choice(count, *self.smooth_figures(count))

    def figures(self, count: int) -> Figures:
        """`choice` without the count."""
        change, grain = count - self.held, self.grain
        traded = abs(change)
        commission, slippage = -(-traded * self.commission // grain), -(-traded * self.slippage // grain)
        spend = change * self.price + (commission + slippage) * grain
        own = (2 * (count * self.price + self.kept) + grain) // (2 * grain)
        above, below = self.rate
        if below == 1:
            return self._figures(change, spend, own * above * self.scale, (commission + slippage) * above * self.scale)
        value = _half_up(own * above, below) * self.scale
        paid = (_half_up(commission * above, below) + _half_up(slippage * above, below)) * self.scale
        return self._figures(change, spend, value, paid)

    def smooth_figures(self, count: int) -> Figures:
        """`smooth` without the count."""
        change = count - self.held
        costs = abs(change) * (self.commission + self.slippage)
        value = (count * self.price + self.kept) * self.per_grain
        paid = costs * self.per_grain - self.slack
        return self._figures(change, change * self.price + costs, value, paid, self.blur)

    def _figures(self, change: int, spend: int, value: int, paid: int, blur: int = 0) -> Figures:
        gap = abs(value - self.goal) - blur
        if gap < 0:
            gap = 0
        other = paid + (self.exchange_price - self.idle_price) * spend
        if value < self.floor - blur:
            other += OUTSIDE_PRICE * (self.floor - blur - value)
        elif self.ceiling is not None and value > self.ceiling + blur:
            other += OUTSIDE_PRICE * (value - blur - self.ceiling)
        traded = change
        if change:
            other += self.order_price
            if change < 0:
                traded = -change
                if self.tax is not None:
                    other += self.tax.at(traded)
        squares = gap * gap
        objective = gap + other if self.total is None else squares + other * self.total
        turnover = traded * self.price * self.per_grain
        return spend * self.factor, objective, squares, int(change != 0), turnover

    def allows(self, count: int) -> bool:
        """May the line end with this count?"""
        return any(low <= count <= high for low, high in self.segments)

    @property
    def lowest(self) -> int:
        return self.segments[0][0]

    @property
    def highest(self) -> int:
        return self.segments[-1][1]


def _half_up(number: int, divisor: int) -> int:
    return (2 * number + divisor) // (2 * divisor)
