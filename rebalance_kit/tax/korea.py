"""Korean tax on gains, in won and exact (definition 13; the numbers and their sources are in `korea_table`).

    kr_equity        exempt
    kr_other         15.4 % of max(0, min(price gain, gain of the taxable base)), withheld at each sale: a loss counts
                     for nothing outside an ISA; what was taxed is financial income
    overseas_listed  22 % of what the year's gains and losses, netted, exceed 2,500,000 won; nothing is carried forward
    us_ptp           the same, and the US withholds 10 % of the proceeds of each sale, even at a loss

Financial income (interest, dividends, kr_other gains) above 20,000,000 won a year joins the other income: the tax is
the larger of 14 % of all of it and of 14 % of the first 20,000,000 with the rest at the brackets. The gross-up of
dividends and health insurance are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.money import Rounding, exact_sum
from rebalance_kit.tax.rounding import TaxRounding, withheld_rounding
from rebalance_kit.tax.rules import Reading, RuleBook

NONE = Fraction(0)


def taxable_other_gain(price_gain: Fraction, base_gain: Fraction | None, retained: Fraction = NONE) -> Fraction:
    """What is taxed of a kr_other sale: the smaller gain, never below zero.

    Without the taxable base (None) the price gain is the most that it can be. `retained` is what earlier distributions
    left untaxed (과세유보금): it is added to both gains (instories.co.kr/9353, after Hanwha's Lifeplus).
    """
    gain = price_gain if base_gain is None else min(price_gain, base_gain)
    return max(NONE, gain + retained)


def withheld_tax(taxable: Fraction, reading: Reading, rounding: TaxRounding | None = None) -> Decimal:
    """The tax withheld from a gain or a distribution: 14 %, cut, then 10 % of that as local tax, cut."""
    cut = rounding or withheld_rounding(reading)
    national = cut(taxable * reading.fraction("kr_withholding_national"))
    local = cut(Fraction(national) * reading.fraction("kr_withholding_local_share"))
    return exact_sum((national, local))


def withheld_rate(reading: Reading) -> Fraction:
    """The same as one rate, without cutting: 15.4 %."""
    return reading.fraction("kr_withholding_national") * (1 + reading.fraction("kr_withholding_local_share"))


def overseas_tax(gain: Fraction, reading: Reading) -> Fraction:
    """The tax on the netted overseas gain of one year."""
    return reading.fraction("kr_overseas_rate") * max(NONE, gain - reading.fraction("kr_overseas_deduction"))


def deduction_left(gain: Fraction, reading: Reading) -> Fraction:
    """How much more may be realised this year before tax is due, after `gain`: losses make room."""
    return max(NONE, reading.fraction("kr_overseas_deduction") - gain)


def overseas_tax_by_year(gains: Iterable[tuple[date, Fraction]], book: RuleBook) -> dict[int, Fraction]:
    """The tax of each year from (settlement date, gain): sales of one year are netted, whenever in it they settle."""
    netted: dict[int, Fraction] = {}
    for settled, gain in gains:
        netted[settled.year] = netted.get(settled.year, NONE) + gain
    return {year: overseas_tax(gain, book.on(date(year, 12, 31))) for year, gain in sorted(netted.items())}


def ptp_withholding(proceeds: Fraction, reading: Reading) -> Decimal:
    """What the US keeps of the proceeds of a publicly traded partnership (IRC 1446(f)), in whole won."""
    kept = proceeds * reading.fraction("kr_ptp_withholding")
    return TaxRounding("withheld", Decimal(1), Rounding.DOWN)(kept)


def progressive_tax(income: Fraction, brackets: tuple[tuple[Fraction, Fraction], ...]) -> Fraction:
    """The tax on an income by brackets of (income above which, rate), lowest first; none on a negative income."""
    tax = NONE
    for number, (lower, rate) in enumerate(brackets):
        upper = brackets[number + 1][0] if number + 1 < len(brackets) else income
        tax += rate * max(NONE, min(income, max(lower, upper)) - lower)
    return tax


def financial_income_tax(financial: Fraction, other: Fraction, reading: Reading) -> Fraction:
    """The whole tax on a year's financial income, local tax included, beside `other` taxable income.

    max(20M x 14 % + B(other + F - 20M), F x 14 % + B(other)) - B(other), plus 10 %; B is the tax by brackets.
    """
    threshold, rate = reading.fraction("kr_financial_threshold"), reading.fraction("kr_withholding_national")
    local = 1 + reading.fraction("kr_withholding_local_share")
    if financial <= threshold:
        return max(NONE, financial) * rate * local
    brackets = reading.brackets("kr_income")
    rest = progressive_tax(other, brackets)
    joined = threshold * rate + progressive_tax(other + financial - threshold, brackets) - rest
    return max(joined, financial * rate) * (1 + reading.fraction("kr_local_income_share"))


@dataclass(frozen=True, slots=True)
class YearSplit:
    """A large overseas gain realised in one year, or spread over this one and the next; amounts in exact won."""

    gain: Fraction
    this_year: Fraction
    next_year: Fraction
    tax_in_one_year: Fraction
    tax_over_two_years: Fraction

    @property
    def saved(self) -> Fraction:
        return self.tax_in_one_year - self.tax_over_two_years


def split_over_two_years(gain: Fraction, realised: Fraction, reading: Reading) -> YearSplit:
    """Realise what is left of this year's deduction now and the rest after the turn of the year.

    The tax beyond the deduction is linear, so no other split owes less; the later it is realised the later it is paid.
    10,000,000 with nothing realised: 1,650,000 in one year, 1,100,000 over two.
    """
    now = min(gain, deduction_left(realised, reading))
    before = overseas_tax(realised, reading)
    in_one = overseas_tax(realised + gain, reading) - before
    over_two = overseas_tax(realised + now, reading) - before + overseas_tax(gain - now, reading)
    return YearSplit(gain, now, gain - now, in_one, over_two)
