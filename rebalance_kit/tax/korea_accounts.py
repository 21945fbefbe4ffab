"""Korean accounts with a tax treatment of their own, and distributions: ISA, pension savings and IRP, dividends.

Inside an ISA or a pension account nothing is taxed when something is sold or paid out by a fund: the tax is settled
when money leaves the account.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.money import ZERO
from rebalance_kit.policy.choices import AccountType, TaxClass
from rebalance_kit.tax.korea import NONE, withheld_tax
from rebalance_kit.tax.rounding import estimate_rounding
from rebalance_kit.tax.rules import Reading

DEFERRED = frozenset({AccountType.ISA, AccountType.PENSION, AccountType.IRP})


def isa_net_income(incomes: Iterable[Fraction], equity_result: Fraction, reading: Reading) -> Fraction:
    """The net income of an ISA: gains, losses and distributions netted. `equity_result` is that of assets whose gains
    are exempt: its gain never counts, its loss does (rule `kr_isa_equity_loss_counts`)."""
    loss = min(NONE, equity_result) * reading.fraction("kr_isa_equity_loss_counts")
    return sum(incomes, NONE) + loss


def isa_exit_tax(net_income: Fraction, reading: Reading, *, low_income: bool = False) -> Fraction:
    """The tax when an ISA ends: 9.9 % of what its net income exceeds the exempt amount."""
    exempt = reading.fraction("kr_isa_exempt_low_income" if low_income else "kr_isa_exempt")
    return reading.fraction("kr_isa_rate") * max(NONE, net_income - exempt)


def isa_room(paid_in: Decimal, years_open: int, reading: Reading) -> Fraction:
    """How much may still be paid in: unused room of earlier years is kept, within the total cap (the first year is
    year 1)."""
    room = min(reading.fraction("kr_isa_year_cap") * years_open, reading.fraction("kr_isa_total_cap"))
    return max(NONE, room - Fraction(paid_in))


def isa_first_exit(opened: date, reading: Reading) -> date:
    """The first day on which an ISA may end with its treatment: after the years that it must be kept."""
    year = opened.year + int(reading.value("kr_isa_years"))
    return date(year, 3, 1) if (opened.month, opened.day) == (2, 29) else opened.replace(year=year)


def pension_room(paid_in: Decimal, reading: Reading) -> Fraction:
    """How much more may be paid into all pension accounts (연금저축 and IRP) this year."""
    return max(NONE, reading.fraction("kr_pension_paid_cap") - Fraction(paid_in))


def pension_credit_base(savings: Decimal, irp: Decimal, reading: Reading) -> Fraction:
    """What of a year's payments earns a tax credit: 6,000,000 of the pension savings (연금저축), 9,000,000 with the
    IRP."""
    counted = min(Fraction(savings), reading.fraction("kr_pension_credit_cap_savings"))
    return min(counted + Fraction(irp), reading.fraction("kr_pension_credit_cap"))


def ria_exempt_gain(gain: Fraction, proceeds: Fraction, reading: Reading, *, net_bought: Fraction = NONE) -> Fraction:
    """The part of an overseas gain that a RIA would exempt, under the bill (RuleError `no_tax_rule` while it is off).

    A share of the gain on sales up to the cap, less in proportion to what was bought abroad again in the year.
    """
    if gain <= 0 or proceeds <= 0:
        return NONE
    cap = reading.fraction("kr_ria_sale_cap")
    moved = min(Fraction(1), cap / proceeds)
    kept = max(NONE, 1 - max(NONE, net_bought) / min(cap, proceeds))
    return gain * moved * kept * reading.fraction("kr_ria_exempt_share")


def pension_exit_tax(amount: Fraction, age: int, reading: Reading, *, early: bool = False) -> Fraction:
    """The tax on a year's pension, or on an early exit. Above the year's limit the flat rate is taken (a person may
    choose the global rate instead)."""
    if early or amount > reading.fraction("kr_pension_year_limit"):
        return amount * reading.fraction("kr_pension_flat_rate")
    name = "under_70" if age < 70 else "under_80" if age < 80 else "from_80"
    return amount * reading.fraction(f"kr_pension_exit_{name}")


@dataclass(frozen=True, slots=True)
class DistributionTax:
    """What is withheld from a distribution, and what of it is financial income of the year; whole won. `retained` is
    what of a kr_other distribution stays untaxed until the sale (`Sale.retained`)."""

    withheld: Decimal
    financial_income: Decimal
    retained: Decimal = ZERO


def distribution_tax(
    tax_class: TaxClass,
    account: AccountType,
    amount: Fraction,
    reading: Reading,
    *,
    taxable: Fraction | None = None,
) -> DistributionTax:
    """The tax on a distribution of `amount` won.

    `taxable` is the part that the issuer declares taxable: for kr_equity dividends and interest, for kr_other the gain
    of the taxable base; never more than the amount, and all of it where nobody says. What the US withholds from
    overseas_listed funds (15 %) is more than Korea's 14 %, so that Korea takes nothing further.
    """
    if account in DEFERRED:
        return DistributionTax(ZERO, ZERO)
    won = estimate_rounding("KRW")
    if tax_class in (TaxClass.OVERSEAS_LISTED, TaxClass.US_PTP, TaxClass.US):
        return DistributionTax(won(amount * reading.fraction("kr_overseas_dividend_withholding")), won(amount))
    taxed = amount if taxable is None else max(NONE, min(amount, taxable))
    later = won(amount - taxed) if tax_class is TaxClass.KR_OTHER else ZERO
    return DistributionTax(withheld_tax(taxed, reading), won(taxed), later)
