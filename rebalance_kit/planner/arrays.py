"""Many accounts of one currency as arrays: the problem of `problem.py`, one row for each account.

Shapes: A accounts, N assets in the order of their codes, M counts that are looked at for each asset. Everything is
float64, and what is money or a count is exact all the same: they are whole numbers (of ticks, of shares) below 2^53, of
which sums, products and quotients rounded up to a whole number come out exact. `fits_exactly` checks that. What is not
exact (values against goals) only ranks counts. Every step is taken for each row by itself, without sums of fractions
across assets, so that an account gets the same shares alone or among ten thousand.

A tick is the coarsest part of a minor unit in which all prices are whole. Goals, floors and ceilings are in minor
units, cut to thousandths.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rebalance_kit.planner.line import OUTSIDE_PRICE

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LARGEST = 2.0**53  # whole numbers up to here are exact
TIE = 1e-6  # weight of the squares where the deviation is absolute: only ties feel it
THOUSANDTHS = 1000  # of a minor unit, to which goals are cut


class Fee(NamedTuple):
    """A cost of so many minor units for a share, as a fraction in lowest terms; both of shape (1, N)."""

    above: Floats
    below: Floats

    def of(self, traded: Floats) -> Floats:
        """Minor units for so many shares (A, N, M), rounded up: exact while traded x above is."""
        return np.ceil(traded * self.above[..., None] / self.below[..., None])


@dataclass(frozen=True, slots=True)
class Rows:
    """The accounts. Arrays of shape (A, N), or (1, N) where all accounts share them; `budget` and `total` are (A,).

    Counts may be from `sold_from` to `sold_to`, `held`, and from `bought_from` to `bought_to`; a range without a count
    has `held` at both ends. `cost` is commission and slippage as a share of the amount, unrounded; `rate` base
    minor units for one own minor unit; `budget` in ticks; `total` and `order_price` in base minor units.
    """

    held: Floats
    price: Floats  # ticks
    kept: Floats  # ticks: the value of the part of a share that stays
    sold_from: Floats
    sold_to: Floats
    bought_from: Floats
    bought_to: Floats
    goal: Floats
    floor: Floats
    ceiling: Floats
    commission: Fee
    slippage: Fee
    cost: Floats
    budget: Floats
    total: Floats
    ticks: float  # in a minor unit
    rate: float
    squared: bool
    cash_price: float = 0.0
    order_price: float = 0.0
    turnover_price: float = 0.0  # of a unit of money traded: what a cap on turnover is worth

    @property
    def tick_value(self) -> float:
        """Base minor units of a tick."""
        return self.rate / self.ticks

    @property
    def rounds(self) -> bool:
        """Can the value of a position lie between minor units?"""
        return bool(self.rate != 1 or np.any(self.price % self.ticks) or np.any(self.kept % self.ticks))

    @property
    def banded(self) -> bool:
        """Has any asset an explicit minimum or maximum?"""
        return bool(np.any(self.floor > 0) or np.any(np.isfinite(self.ceiling)))

    def part(self, chosen: Ints) -> Rows:
        """Some of the accounts."""
        return type(self)(**{each.name: _part(getattr(self, each.name), chosen) for each in fields(self)})

    def worth(self, counts: Floats) -> Floats:
        """The value of counts (A, N) in base minor units."""
        return (counts * self.price + self.kept) * self.tick_value


def _part(value: Any, chosen: Ints) -> Any:
    if isinstance(value, Fee) or not isinstance(value, np.ndarray) or value.shape[0] == 1:
        return value
    return value[chosen]


def fits_exactly(rows: Rows) -> Bools:
    """Which rows (A,) hold no number too large to be exact."""
    most = np.maximum(np.maximum(rows.bought_to, rows.held), 1)
    amounts = most * rows.price + np.abs(rows.kept)
    fees = np.maximum(most * rows.commission.above, most * rows.slippage.above)
    largest = np.maximum(4 * amounts, fees).max(axis=1)
    return np.asarray(
        (np.maximum(largest * 2 * rows.held.shape[1], np.abs(rows.budget)) < LARGEST)
        & (THOUSANDTHS * np.maximum(rows.goal.max(axis=1), rows.total) < LARGEST)
    )


class Menu(NamedTuple):
    """Counts that are looked at, (A, N, M): what each spends (ticks, exact), its value and its part of the objective
    (base minor units). A count that stands twice has its second objective infinite."""

    counts: Floats
    spend: Floats
    value: Floats
    objective: Floats


def judged(rows: Rows, counts: Floats) -> Menu:
    """What the counts (A, N, M) spend and are worth."""
    change = counts - rows.held[..., None]
    traded = np.abs(change)
    price = rows.price[..., None]
    fees = rows.commission.of(traded) + rows.slippage.of(traded)
    spend = change * price + fees * rows.ticks
    value = (counts * price + rows.kept[..., None]) * rows.tick_value
    gap = np.abs(value - rows.goal[..., None])
    squares = gap * gap / rows.total[:, None, None]
    objective = (squares if rows.squared else gap + TIE * squares) + fees * rows.rate
    if rows.banded:
        objective += OUTSIDE_PRICE * outside(rows, value)
    if rows.order_price:
        objective += rows.order_price * (traded > 0)
    if rows.turnover_price:
        objective += rows.turnover_price * (traded * price * rows.tick_value)
    if rows.cash_price:
        objective -= rows.cash_price * (spend * rows.tick_value)
    return Menu(counts, spend, value, objective)


def outside(rows: Rows, value: Floats) -> Floats:
    """Money outside an explicit minimum or maximum, (A, N, M)."""
    below, above = rows.floor[..., None] - value, value - rows.ceiling[..., None]
    return np.maximum(np.maximum(below, above), 0.0)


def chosen(array: Floats, picks: Ints) -> Floats:
    """Of an array (A, N, M) the entries that the picks (A, N) name."""
    width = array.shape[-1]
    starts = np.arange(0, array.size, width).reshape(picks.shape)
    return np.asarray(array.reshape(-1).take(starts + picks))
