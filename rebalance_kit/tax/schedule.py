"""What a planner is told about tax: each asset as runs of shares that are taxed alike, and what all sales share.

The tax of some sales is  sum of `own` of every share sold + the shared tax of the sums of `gain`, `income`, `short`,
`long` and `collectible`.  Everything is an exact fraction of the base currency, before any rounding: what a plan shows
is computed by `tax.estimate`.

    sums = total(schedule.sold(shares) for ...)       what some sales come to, lots in the order of the schedule
    sums.own + shared.added(sums)                     their tax, the truth
    shared.gain, shared.income                        the same as hinges (Korea): convex and piecewise linear
    shared.american.slopes(sums)                      the marginal rates (United States), linear between kinks
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from rebalance_kit.tax.rules import Reading
from rebalance_kit.tax.us import Gains, Taxpayer, gains_tax

NOTHING = Fraction(0)


class Sums(NamedTuple):
    """What some sales come to together."""

    own: Fraction = NOTHING
    gain: Fraction = NOTHING
    income: Fraction = NOTHING
    short: Fraction = NOTHING
    long: Fraction = NOTHING
    collectible: Fraction = NOTHING


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of shares that are taxed alike, per share sold at the reference price, its selling costs deducted.

    `own`: tax that depends on nothing else (withholding). The others are what a share adds to the sums of the year:
    `gain` overseas gain (Korea), `income` financial income (Korea), `short` and `long` capital gain (United States);
    `collectible` is the part of `long` that comes from collectibles.
    """

    lot_id: str
    shares: Fraction
    own: Fraction = NOTHING
    gain: Fraction = NOTHING
    income: Fraction = NOTHING
    short: Fraction = NOTHING
    long: Fraction = NOTHING
    collectible: Fraction = NOTHING

    def sums(self, shares: Fraction) -> Sums:
        """What `shares` of it come to."""
        each = (self.own, self.gain, self.income, self.short, self.long, self.collectible)
        return Sums(*(shares * amount for amount in each))


@dataclass(frozen=True, slots=True)
class TaxSchedule:
    """One asset in one account. `pieces` are sold in this order, unless `any_order` lets a planner choose the lots.

    What is sold beyond the pieces has no known cost and is taxed at nothing (the plan says so).
    """

    account: str
    code: str
    pieces: tuple[Piece, ...]
    any_order: bool = False

    def lots(self, shares: Fraction) -> tuple[tuple[str, Fraction], ...]:
        """(lot id, shares) of a sale in the order of the pieces."""
        taken: dict[str, Fraction] = {}
        for piece in self.pieces:
            part = min(piece.shares, shares)
            shares -= part
            if part > 0:
                taken[piece.lot_id] = taken.get(piece.lot_id, NOTHING) + part
        return tuple(taken.items())

    def sold(self, shares: Fraction) -> Sums:
        """What a sale in the order of the pieces comes to."""
        return self.named(self.lots(shares))

    def named(self, lots: Iterable[tuple[str, Fraction]]) -> Sums:
        """What a sale of named lots comes to. A lot may be several pieces, which go in their order."""
        left, parts = dict(lots), []
        for piece in self.pieces:
            part = min(piece.shares, left.get(piece.lot_id, NOTHING))
            if part > 0:
                left[piece.lot_id] -= part
                parts.append(piece.sums(part))
        return total(parts)


def total(parts: Iterable[Sums]) -> Sums:
    """The sums of several sales together."""
    return Sums(*(sum(column, NOTHING) for column in zip(Sums(), *parts, strict=True)))


@dataclass(frozen=True, slots=True)
class Hinge:
    """`rate` on what a sum of the year exceeds `above`: rate x max(0, sum - above)."""

    rate: Fraction
    above: Fraction

    def tax(self, amount: Fraction) -> Fraction:
        return self.rate * max(NOTHING, amount - self.above)


@dataclass(frozen=True, slots=True)
class AmericanYear:
    """The netting of short and long as a planner weighs it: the gains already made less carried losses, and marginal
    rates on a net short-term gain, on a net long-term one, on what a loss takes from other income (up to
    `loss_limit`), and on a collectible.

    Where nobody states an income and a loss may save (`exact`), that is the tax itself. Otherwise brackets and NIIT
    move the rates, or a loss counts only against the gains of the same plan: `tax` and `slopes` are the truth, of the
    gains `before` (carried losses deducted).
    """

    short_before: Fraction
    long_before: Fraction
    short_rate: Fraction
    long_rate: Fraction
    ordinary_rate: Fraction
    loss_limit: Fraction
    collectible_rate: Fraction = NOTHING
    exact: bool = True
    before: Gains = field(default_factory=Gains)
    taxpayer: Taxpayer = field(default_factory=Taxpayer)
    reading: Reading | None = field(default=None, compare=False)

    def tax(self, sums: Sums) -> Fraction:
        """The tax of the whole year with some sales, exact (`tax.us.gains_tax`)."""
        if self.reading is None:
            raise ValueError("a year without rules has no tax")
        return gains_tax(self.before + Gains(sums.short, sums.long, sums.collectible), self.taxpayer, self.reading)

    def slopes(self, sums: Sums, step: Fraction = Fraction(1, 1000)) -> tuple[Fraction, Fraction, Fraction]:
        """The marginal rates of one more short, long and collectible gain at some sales."""
        here = self.tax(sums)
        moved = (
            sums._replace(short=sums.short + step),
            sums._replace(long=sums.long + step),
            sums._replace(long=sums.long + step, collectible=sums.collectible + step),
        )
        short, long, special = ((self.tax(there) - here) / step for there in moved)
        return short, long, special


@dataclass(frozen=True, slots=True)
class SharedTax:
    """What the sales of the year are taxed together: hinges on the plan's sum of `gain` and of `income` (Korea; `above`
    is what is left before the hinge, negative once it is passed), or the American netting.

    `saves`: whether a plan may be worth more for a loss (`tax_loss_harvesting`). Where it may not, losses still offset
    the gains of the same plan, but all its sales together never come to less than no sale: the hinges then begin at
    zero or later, and the American tax is at least that of no sale.
    """

    gain: tuple[Hinge, ...] = ()
    income: tuple[Hinge, ...] = ()
    american: AmericanYear | None = None
    saves: bool = True

    def added(self, sums: Sums) -> Fraction:
        """What the sums add to the tax of the year; negative: what they save."""
        more = self._of(sums) - self._of(Sums())
        return more if self.saves else max(NOTHING, more)

    def _of(self, sums: Sums) -> Fraction:
        hinges = [hinge.tax(sums.gain) for hinge in self.gain] + [hinge.tax(sums.income) for hinge in self.income]
        american = NOTHING if self.american is None else self.american.tax(sums)
        return sum(hinges, NOTHING) + american
