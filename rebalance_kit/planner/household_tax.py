"""The tax of a household's sales, in integers: what a place's shares owe, and what all sales of the year share.

A place sells its shares in the order of its lots, so its tax is piecewise linear in the shares sold. What sales share
is a hinge on a sum over all places: rate x max(0, sum - above). Korea has two sums, the overseas gains and the
financial income; the American netting is taken at its marginal rates, as one sum that a plan may (or may not) bring
below zero. Figures are rounded down to S-ths of a minor unit; what a plan shows comes from the tax engine.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import ceil, floor
from typing import NamedTuple

from rebalance_kit.tax.schedule import Piece, SharedTax, TaxSchedule

GAIN, INCOME, AMERICAN = range(3)
FINE = 1000  # parts of a minor unit in which taxes are counted
Amounts = tuple[int, int, int, int]  # own tax, then the three sums


@dataclass(frozen=True, slots=True)
class Levy:
    """What selling a place's units owes: run i ends at `ends[i]` units and costs `rates[i]` a unit, after `before[i]`
    for the runs before it (S-ths)."""

    ends: tuple[Fraction, ...]
    rates: tuple[tuple[int, ...], ...]
    before: tuple[tuple[Fraction, ...], ...]

    def of(self, sold: int) -> Amounts:
        """What so many units owe, rounded down. Beyond the lots nothing is known and nothing owed."""
        if not self.ends or sold <= 0:
            return 0, 0, 0, 0
        run = min(bisect_left(self.ends, sold), len(self.ends) - 1)
        start = self.ends[run - 1] if run else Fraction(0)
        part = min(Fraction(sold), self.ends[run]) - start
        own, gain, income, american = (
            floor(done + part * rate) for done, rate in zip(self.before[run], self.rates[run], strict=True)
        )
        return own, gain, income, american

    def smooth(self, sold: int) -> Amounts:
        """The same as a lower bound of what is rounded down; sums count for themselves, so they are as they are."""
        own, gain, income, american = self.of(sold)
        return own - 1, gain - 1, income - 1, american - 1

    def turns(self) -> list[int]:
        """The units sold between which it is linear."""
        return sorted({whole for end in self.ends for whole in (floor(end), ceil(end))})

    @property
    def is_linear(self) -> bool:
        """Is every unit of the lots taxed alike?"""
        return len(set(self.rates)) == 1

    @property
    def average(self) -> tuple[float, float, float, float]:
        """What a unit owes on average."""
        if not self.ends:
            return 0.0, 0.0, 0.0, 0.0
        own, gain, income, american = (float(amount) / float(self.ends[-1]) for amount in self.of(ceil(self.ends[-1])))
        return own, gain, income, american


class Hinge(NamedTuple):
    """`rate` (exact) on what a sum exceeds `above` (S-ths); `start` is what nothing sold would owe."""

    which: int
    rate: Fraction
    above: int
    start: int

    def tax(self, amount: int) -> int:
        """What the sum adds, rounded down."""
        return floor(self.rate * max(0, amount - self.above)) - self.start


def hinges(shared: SharedTax | None, weight: Fraction, scale: Fraction) -> tuple[Hinge, ...]:
    """What all sales share, weighed; `scale` S-ths in money of the base currency."""
    if shared is None:
        return ()
    found = [(GAIN, one.rate, one.above) for one in shared.gain]
    found += [(INCOME, one.rate, one.above) for one in shared.income]
    if shared.american is not None and not shared.saves:
        found.append((AMERICAN, Fraction(1), Fraction(0)))
    made = []
    for which, rate, above in found:
        edge = floor(above * scale)
        made.append(Hinge(which, rate * weight, edge, floor(rate * weight * max(0, -edge))))
    return tuple(made)


def levy_of(
    schedule: TaxSchedule | None, unit: Fraction, shared: SharedTax | None, weight: Fraction, scale: Fraction
) -> Levy | None:
    """What an asset's units of `unit` shares owe, `scale` S-ths in money of the base currency; None where nothing
    depends on it."""
    if schedule is None or not schedule.pieces or not weight:
        return None
    pieces = list(schedule.pieces)
    if schedule.any_order:
        pieces.sort(key=lambda piece: (sum(_amounts(piece, shared)), piece.lot_id))
    rates: list[tuple[int, ...]] = []
    for piece in pieces:
        own, gain, income, american = _amounts(piece, shared)
        amounts = (own * weight, gain, income, american)
        rates.append(tuple(floor(amount * unit * scale) for amount in amounts))
    ends = tuple(accumulate(piece.shares / unit for piece in pieces))
    sums = [tuple(piece.shares / unit * rate for rate in own) for piece, own in zip(pieces, rates, strict=True)]
    before: list[tuple[Fraction, ...]] = [(Fraction(0),) * 4]
    for each in sums[:-1]:
        before.append(tuple(done + more for done, more in zip(before[-1], each, strict=True)))
    return Levy(ends, tuple(rates), tuple(before))


def _amounts(piece: Piece, shared: SharedTax | None) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """Own tax and the three sums of a share. What the American year saves counts as own where a loss may save."""
    year = None if shared is None else shared.american
    american = Fraction(0)
    if year is not None:
        plain = piece.long - piece.collectible
        american = piece.short * year.short_rate + plain * year.long_rate + piece.collectible * year.collectible_rate
    if shared is not None and shared.saves:
        return piece.own + american, piece.gain, piece.income, Fraction(0)
    return piece.own, piece.gain, piece.income, american
