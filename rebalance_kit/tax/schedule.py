"""What a planner is told about tax: each asset as runs of shares that are taxed alike, and what all sales share.

The tax of some sales is  sum of `own` of every share sold + the shared tax of the sums of `gain`, `income`, `short` and
`long`.  Everything is an exact fraction of the base currency, before any rounding: what a plan shows is computed by
`tax.estimate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of shares that are taxed alike, per share sold at the reference price, its selling costs deducted.

    `own`: tax that depends on nothing else (withholding). The others are what a share adds to the sums of the year:
    `gain` overseas gain (Korea), `income` financial income (Korea), `short` and `long` capital gain (United States).
    """

    lot_id: str
    shares: Fraction
    own: Fraction = NOTHING
    gain: Fraction = NOTHING
    income: Fraction = NOTHING
    short: Fraction = NOTHING
    long: Fraction = NOTHING


@dataclass(frozen=True, slots=True)
class TaxSchedule:
    """One asset in one account. `pieces` are sold in this order, unless `any_order` lets a planner choose the lots.

    What is sold beyond the pieces has no known cost and is taxed at nothing (the plan says so).
    """

    account: str
    code: str
    pieces: tuple[Piece, ...]
    any_order: bool = False


@dataclass(frozen=True, slots=True)
class Hinge:
    """`rate` on what a sum of the year exceeds `above`: rate x max(0, sum - above)."""

    rate: Fraction
    above: Fraction


@dataclass(frozen=True, slots=True)
class AmericanYear:
    """The netting of short and long: gains already made, the carried losses, the rates, what a loss may offset."""

    short_before: Fraction
    long_before: Fraction
    short_rate: Fraction
    long_rate: Fraction
    ordinary_rate: Fraction
    loss_limit: Fraction


@dataclass(frozen=True, slots=True)
class SharedTax:
    """What the sales of the year are taxed together: hinges on the plan's sum of `gain` and of `income` (Korea; `above`
    is what is left before the hinge, negative once it is passed), or the American netting."""

    gain: tuple[Hinge, ...] = ()
    income: tuple[Hinge, ...] = ()
    american: AmericanYear | None = None
