"""US tax on capital gains: how long a share was held, how gains and losses net, and the tax on what is left.

Sources: IRS Publication 550 (holding period, wash sales), IRC 1222 and 1211-1212 (netting, 3,000 a year against other
income, the rest carried forward without limit), 1(h) (rates, collectibles), 1411 (NIIT), Schedule D and its worksheets.
Amounts are dollars, exact. State taxes are left out, and so are PFIC rules for funds that are not American.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from rebalance_kit.tax.korea import progressive_tax
from rebalance_kit.tax.lots import NONE
from rebalance_kit.tax.rules import Reading

_DAY = timedelta(days=1)


def first_long_term_day(bought: date) -> date:
    """The first day on which a sale is long-term: held for more than one year.

    The year is counted from the day after the purchase (Rev. Rul. 66-7, 70-598), so that it ends with the anniversary.
    What was bought on 28 February 2023 is long-term from 1 March 2024, on 29 February 2024 from 1 March 2025.
    """
    start = bought + _DAY
    if (start.month, start.day) == (2, 29):
        return date(start.year + 1, 3, 1)
    return start.replace(year=start.year + 1)


def is_long_term(bought: date | None, sold: date) -> bool:
    """Whether a sale is long-term. A purchase of an unknown day counts as short-term, which is taxed higher."""
    return bought is not None and sold >= first_long_term_day(bought)


def days_to_long_term(bought: date, on: date) -> int:
    """How many days until a sale would be long-term; 0 when it is."""
    return max(0, (first_long_term_day(bought) - on).days)


@dataclass(frozen=True, slots=True)
class Gains:
    """Net gains of a year (negative: losses). `collectible` is the part of `long` that comes from collectibles."""

    short: Fraction = NONE
    long: Fraction = NONE
    collectible: Fraction = NONE

    def __add__(self, other: Gains) -> Gains:
        return Gains(self.short + other.short, self.long + other.long, self.collectible + other.collectible)

    @property
    def total(self) -> Fraction:
        return self.short + self.long


@dataclass(frozen=True, slots=True)
class Taxpayer:
    """Whose gains they are. `income` is the taxable income besides gains, None when nobody states it; the carry-overs
    are losses of earlier years, not negative."""

    filing_status: str = "single"
    income: Fraction | None = None
    carry_short: Fraction = NONE
    carry_long: Fraction = NONE


@dataclass(frozen=True, slots=True)
class Netted:
    """What the netting leaves: gains taxed as ordinary income, as long-term gains and as collectibles (part of neither
    other), the loss deducted from other income, and the losses carried into the next year. None is negative."""

    short: Fraction
    long: Fraction
    collectible: Fraction
    deduction: Fraction
    carry_short: Fraction
    carry_long: Fraction


def net(gains: Gains, taxpayer: Taxpayer, reading: Reading) -> Netted:
    """The netting matrix: short with short, long with long, then a loss of one against the gain of the other.

    A net loss reduces other income up to the yearly limit, short-term losses first, and the rest keeps its term.
    Collectibles are what is left of them after long-term losses carried over and a net short-term loss (28 % Rate Gain
    Worksheet), and never more than the net long-term gain.
    """
    short, long = gains.short - taxpayer.carry_short, gains.long - taxpayer.carry_long
    collectible = gains.collectible - taxpayer.carry_long + min(NONE, short)
    if short < 0 < long:
        short, long = min(NONE, short + long), max(NONE, short + long)
    elif long < 0 < short:
        short, long = max(NONE, short + long), min(NONE, short + long)
    limit = reading.fraction(f"us_loss_limit_{taxpayer.filing_status}")
    deduction = min(limit, max(NONE, -short) + max(NONE, -long))
    from_short = min(deduction, max(NONE, -short))
    special = max(NONE, min(collectible, long))
    return Netted(
        short=max(NONE, short),
        long=max(NONE, long) - special,
        collectible=special,
        deduction=deduction,
        carry_short=max(NONE, -short) - from_short,
        carry_long=max(NONE, -long) - (deduction - from_short),
    )


def gains_tax(gains: Gains, taxpayer: Taxpayer, reading: Reading) -> Fraction:
    """The tax that a year's gains add to the tax on other income; negative when a loss reduces it.

    With a stated income: ordinary brackets for short-term gains, 0/15/20 % for long-term ones on top of all ordinary
    income, at most 28 % for collectibles, and the NIIT (the income stands for the modified adjusted gross income, and
    for net investment income the gains alone). Without one: the assumed marginal rates, no NIIT.
    """
    left = net(gains, taxpayer, reading)
    if taxpayer.income is None:
        short, long = reading.fraction("us_assumed_short_rate"), reading.fraction("us_assumed_long_rate")
        special = min(short, reading.fraction("us_collectible_rate"))
        return short * (left.short - left.deduction) + long * left.long + special * left.collectible
    status = taxpayer.filing_status
    ordinary = reading.brackets(f"us_ordinary_{status}")
    bottom = max(NONE, taxpayer.income + left.short - left.deduction)
    tax = progressive_tax(bottom, ordinary) - progressive_tax(taxpayer.income, ordinary)
    tax += _collectibles_tax(bottom, left.collectible, ordinary, reading)
    bottom += left.collectible
    tax += _between(bottom, bottom + left.long, reading.brackets(f"us_long_{status}"))
    return tax + _niit(left, taxpayer, reading)


def loss_room(gains: Gains, taxpayer: Taxpayer, reading: Reading) -> Fraction:
    """How much more loss would reduce this year's tax: the net gain of the year and what is left of the limit."""
    limit = reading.fraction(f"us_loss_limit_{taxpayer.filing_status}")
    return max(NONE, gains.total - taxpayer.carry_short - taxpayer.carry_long + limit)


_Brackets = tuple[tuple[Fraction, Fraction], ...]


def _between(low: Fraction, high: Fraction, brackets: _Brackets) -> Fraction:
    return progressive_tax(high, brackets) - progressive_tax(low, brackets)


def _collectibles_tax(bottom: Fraction, amount: Fraction, ordinary: _Brackets, reading: Reading) -> Fraction:
    if not amount:
        return NONE
    cap = reading.fraction("us_collectible_rate")
    capped = tuple((lower, min(rate, cap)) for lower, rate in ordinary)
    return _between(bottom, bottom + amount, capped)


def _niit(left: Netted, taxpayer: Taxpayer, reading: Reading) -> Fraction:
    gains = left.short + left.long + left.collectible
    income = (taxpayer.income or NONE) + gains - left.deduction
    excess = max(NONE, income - reading.fraction(f"us_niit_threshold_{taxpayer.filing_status}"))
    return reading.fraction("us_niit_rate") * min(gains, excess)
