"""The tax of selling one asset, in integers: lots in the order in which they are sold, and the sums they add to.

A `Curve` is the tax of the first n units sold under given marginal rates: piecewise linear, one slope a lot. It is
convex where the slopes rise; where one falls, the range of counts is split (`split`), so that it is convex on each
part and no lower envelope is needed. With lots in any order the slopes are sorted, and all of it is convex.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor, lcm
from typing import NamedTuple

from rebalance_kit.tax.schedule import NOTHING, Sums, TaxSchedule

NO_SUMS = Sums()  # also as marginal rates on what a share adds to the sums of the year
BEYOND = 10**30  # the lot that never ends: what is sold beyond the known lots is taxed at nothing
Range = tuple[int, int]
Taken = tuple[tuple[int, Fraction], ...]  # (place of the lot, units) in order of sale


def dot(rates: Sums, sums: Sums) -> Fraction:
    """The rates times the sums."""
    return sum((rate * one for rate, one in zip(rates, sums, strict=True) if rate and one), NOTHING)


class Curve(NamedTuple):
    """Tax in S-ths of a base minor unit over parts (`depth` to a unit): run i ends at `ends[i]`, starts with the tax
    `starts[i]` and costs `slopes[i]` a part. `order` names the lots, as places in the schedule."""

    order: tuple[int, ...]
    ends: tuple[int, ...]
    starts: tuple[int, ...]
    slopes: tuple[int, ...]
    depth: int

    def at(self, sold: int) -> int:
        """The tax of selling so many units."""
        parts = sold * self.depth
        run = bisect_left(self.ends, parts)
        return self.starts[run] + (parts - (self.ends[run - 1] if run else 0)) * self.slopes[run]

    def turns(self) -> list[int]:
        """The numbers of units after which a lot ends."""
        return [end // self.depth for end in self.ends[:-1]]

    def cuts(self) -> list[int]:
        """The numbers of units after which the slope falls, so that the curve is not convex there."""
        steps = zip(self.ends, pairwise(self.slopes), strict=False)
        return [end // self.depth for end, (before, after) in steps if after < before]


class Lot(NamedTuple):
    """Units that are taxed alike, in base-currency money a unit (`sums.own` besides the sums of the year)."""

    lot_id: str
    units: Fraction
    sums: Sums


@dataclass(frozen=True, slots=True)
class UnitTax:
    """A schedule by traded units. `money` is what one unit of base-currency money of tax counts in the objective, in
    S-ths of a minor unit (the weight on tax is in it)."""

    lots: tuple[Lot, ...]
    any_order: bool
    depth: int
    money: Fraction = Fraction(0)

    def slopes(self, rates: Sums) -> list[Fraction]:
        """S-ths for a part of each lot, under marginal rates on the sums."""
        charge = self.money / self.depth
        whole = rates._replace(own=Fraction(1))
        return [charge * dot(whole, lot.sums) for lot in self.lots]

    def curve(self, rates: Sums = NO_SUMS) -> Curve:
        """The curve under marginal rates; slopes are rounded down to whole S-ths of a minor unit."""
        exact = self.slopes(rates)
        order = list(range(len(exact)))
        if self.any_order:
            order.sort(key=lambda place: exact[place])
        slopes = [floor(exact[place]) for place in order]
        ends, starts, sold, tax = [], [], 0, 0
        for place, slope in zip(order, slopes, strict=True):
            starts.append(tax)
            more = int(self.lots[place].units * self.depth)
            sold, tax = sold + more, tax + more * slope
            ends.append(sold)
        return Curve(tuple(order), (*ends, sold + BEYOND), (*starts, tax), (*slopes, 0), self.depth)

    def taken(self, order: Iterable[int], sold: int) -> Taken:
        """The lots that a sale takes in an order."""
        left, found = Fraction(sold), []
        for place in order:
            units = min(left, self.lots[place].units)
            if units > 0:
                found.append((place, units))
                left -= units
        return tuple(found)

    def ways(self, sold: int, most: int) -> list[Taken] | None:
        """Every way to take a sale from the lots, in whole units or all of a lot; None if they are more than `most`."""
        found: list[tuple[Taken, Fraction]] = [((), Fraction(sold))]
        there = sum((lot.units for lot in self.lots), NOTHING)
        for place, lot in enumerate(self.lots):
            there -= lot.units
            amounts = {*map(Fraction, range(min(floor(lot.units), sold) + 1)), min(lot.units, Fraction(sold))}
            found = [
                ((*taken, (place, units)) if units else taken, left - units)
                for taken, left in found
                for units in sorted(amounts)
                if units <= left <= units + there or (units == lot.units and left > units + there)
            ]
            if len(found) > most:
                return None
        return [taken for taken, _ in found]

    def taxed(self, taken: Taken, rates: Sums) -> Fraction:
        """Own tax of what is sold, and the rates on its sums, in exact money."""
        return dot(rates._replace(own=Fraction(1)), self.owed(taken))

    def owed(self, taken: Taken) -> Sums:
        """What is sold comes to, in exact money."""
        sums = [NOTHING] * len(NO_SUMS)
        for place, units in taken:
            for i, one in enumerate(self.lots[place].sums):
                if one:
                    sums[i] += one * units
        return Sums(*sums)


def unit_tax(schedule: TaxSchedule, unit: Fraction) -> UnitTax:
    """The schedule by traded units of `unit` shares; its `money` is set when the scale is known."""
    lots = tuple(
        Lot(piece.lot_id, piece.shares / unit, piece.sums(unit)) for piece in schedule.pieces if piece.shares > 0
    )
    return UnitTax(lots, schedule.any_order, lcm(*(lot.units.denominator for lot in lots)))


def split(segments: Sequence[Range], held: int, cuts: Iterable[int]) -> tuple[Range, ...]:
    """Ranges of counts, cut so that none goes over one of the numbers of units sold."""
    found = list(segments)
    for cut in cuts:
        edge = held - cut  # counts from here up sell no more than the cut
        found = [part for low, high in found for part in _parts(low, high, edge)]
    return tuple(found)


def _parts(low: int, high: int, edge: int) -> tuple[Range, ...]:
    return ((low, edge - 1), (edge, high)) if low < edge <= high else ((low, high),)
