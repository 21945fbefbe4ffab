"""The Korean tax that some sales add to the year: withheld at each sale, or shared by the year's overseas sales."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.money import ZERO, exact_sum
from rebalance_kit.policy.choices import AccountType, TaxClass
from rebalance_kit.tax import doubts
from rebalance_kit.tax.case import OVERSEAS, Case
from rebalance_kit.tax.korea import (
    financial_income_tax,
    overseas_tax,
    ptp_withholding,
    taxable_other_gain,
    withheld_rate,
    withheld_tax,
)
from rebalance_kit.tax.korea_accounts import DEFERRED
from rebalance_kit.tax.lots import NONE
from rebalance_kit.tax.model import Sale, SaleTax, TaxEstimate, YearToDate
from rebalance_kit.tax.realise import Realised, lot_uses, realise
from rebalance_kit.tax.rounding import estimate_rounding, share_out
from rebalance_kit.tax.rules import Reading
from rebalance_kit.tax.settlement import tax_year, year_is_uncertain
from rebalance_kit.words import Finding

_WON = estimate_rounding("KRW")
_UNIT = Decimal(1)
BASE_AGE = timedelta(days=7)  # the longest that the exchange stays closed is shorter


@dataclass(frozen=True, slots=True)
class KoreanYear:
    """What was realised in the tax year before some sales, exact."""

    overseas_gain: Fraction
    financial_income: Fraction
    other_income: Fraction

    def overseas(self, reading: Reading, more: Fraction = NONE) -> Decimal:
        """The tax on the overseas gains of the year with `more`, in whole won."""
        return _WON(overseas_tax(self.overseas_gain + more, reading))

    def financial(self, reading: Reading, more: Fraction = NONE) -> Fraction:
        """The tax on the financial income of the year with `more`, exact."""
        return financial_income_tax(self.financial_income + more, self.other_income, reading)


def korean_year(case: Case) -> KoreanYear:
    """The year in which sales of the day settle, as the policy states it; a year that has not begun is empty."""
    tax = case.policy.tax
    this_year = tax_year(case.on, case.rules, case.last_day) == case.on.year
    realised = Fraction(tax.realised_gain_ytd) if this_year else NONE
    return KoreanYear(realised, Fraction(tax.financial_income_ytd), Fraction(tax.other_income or 0))


@dataclass(slots=True)
class _Row:
    """A sale while its tax is put together."""

    booked: Realised
    taxable: Fraction = NONE
    withheld: Decimal = ZERO
    shared: Decimal = ZERO
    known: bool = True
    overseas: bool = False
    other: bool = False
    found: list[Finding] = field(default_factory=list)


def korean_estimate(case: Case, sales: Iterable[Sale]) -> TaxEstimate:
    """What the sales add to the tax of their year. Raises RuleError as `realise` does."""
    reading = case.rules.on(case.on)
    year = korean_year(case)
    rows = [_row(case, booked, reading) for booked in realise(case, sales)]
    overseas = [row for row in rows if row.overseas and row.known]
    other = [row for row in rows if row.other and row.known]
    gain = sum((row.taxable for row in overseas), NONE)
    income = sum((row.taxable for row in other), NONE)
    _share_overseas_tax(overseas, year.overseas(reading, gain) - year.overseas(reading))
    extra = year.financial(reading, income) - year.financial(reading) - income * withheld_rate(reading)
    _share(other, _WON(extra))
    before = _to_date(year, reading)
    added = exact_sum(tax for row in rows if (tax := _tax(row)) is not None)
    after = YearToDate(_WON(year.overseas_gain + gain), _WON(year.financial_income + income), before.tax + added)
    found = [*_findings_of_rows(rows), *_findings_of_the_year(case, rows, year, income, reading)]
    return TaxEstimate(
        case.on,
        case.policy.base_currency,
        tuple(_sale_tax(row) for row in rows),
        before,
        after,
        reading.used,
        tuple(dict.fromkeys(found)),
        case.policy.language,
    )


def _row(case: Case, booked: Realised, reading: Reading) -> _Row:
    position = booked.position
    row = _Row(booked)
    stays = ("tax_class_unknown", "lot_method_not_allowed")
    if position.account_type in DEFERRED:
        row.found = [doubts.settled_at_exit(position.account, position.account_type)]
        if position.tax_class in OVERSEAS:
            row.found.append(doubts.wrong_account(position.code, position.account, position.account_type))
    elif position.tax_class is TaxClass.KR_EQUITY:
        row.found = [finding for finding in position.findings if finding.rule in stays]
    else:
        row.found = list(position.findings)
        row.overseas = position.tax_class in OVERSEAS
        row.other = not row.overseas
        if row.overseas:
            _overseas(row, reading)
        else:
            _other(case, row, reading)
    return row


def _other(case: Case, row: _Row, reading: Reading) -> None:
    """kr_other: withheld at the sale, fees left out."""
    gain = row.booked.price_gain
    if gain is None:
        row.known = False
        return
    base_gain = row.booked.base_gain(tax_base_now(case, row.booked.position.code))
    if base_gain is None and gain > 0:
        row.found.append(doubts.base_unknown(row.booked.position.code))
    row.taxable = taxable_other_gain(gain, base_gain, Fraction(row.booked.sale.retained))
    row.withheld = withheld_tax(row.taxable, reading)


def tax_base_now(case: Case, code: str) -> Fraction | None:
    """The newest taxable base of a share that is known and not older than a week; None without one."""
    for quote in reversed(case.prices.history.get(code, ())):
        if case.on - quote.as_of > BASE_AGE:
            return None
        if quote.tax_base is not None:
            return Fraction(quote.tax_base)
    return None


def _overseas(row: _Row, reading: Reading) -> None:
    """overseas_listed and us_ptp: netted over the year, after fees."""
    if row.booked.position.tax_class is TaxClass.US_PTP:
        row.withheld = ptp_withholding(row.booked.gross, reading)
        row.found.append(doubts.ptp_credit(row.booked.position.code))
    gain = row.booked.gain
    if gain is None:
        row.known = False
    elif row.booked.sale.redeemed and gain < 0:
        row.taxable = gain * reading.fraction("kr_redemption_loss_counts")
        row.found.append(doubts.redeemed_loss(row.booked.position.code))
    else:
        row.taxable = gain


def _share_overseas_tax(rows: Sequence[_Row], tax: Decimal) -> None:
    """Tax goes to the sales that gained, tax saved to those that lost, in proportion."""
    _share([row for row in rows if (row.taxable > 0) == (tax > 0)], tax)


def _share(rows: Sequence[_Row], tax: Decimal) -> None:
    weights = {f"{row.booked.number:06}": abs(row.taxable) for row in rows}
    shares = share_out(tax, weights, _UNIT)
    for row in rows:
        row.shared = shares[f"{row.booked.number:06}"]


def _tax(row: _Row) -> Decimal | None:
    return exact_sum((row.withheld, row.shared)) if row.known else None


def _sale_tax(row: _Row) -> SaleTax:
    gain = row.booked.price_gain if row.other else row.booked.gain
    return SaleTax(
        row.booked.sale,
        row.booked.position.tax_class,
        None if gain is None else _WON(gain),
        _WON(row.taxable),
        _tax(row),
        row.withheld,
        lot_uses(row.booked, "KRW"),
    )


def _to_date(year: KoreanYear, reading: Reading) -> YearToDate:
    tax = exact_sum((year.overseas(reading), _WON(year.financial(reading))))
    return YearToDate(_WON(year.overseas_gain), _WON(year.financial_income), tax)


def _findings_of_rows(rows: Iterable[_Row]) -> list[Finding]:
    return [finding for row in rows for finding in row.found]


def _findings_of_the_year(
    case: Case, rows: Sequence[_Row], year: KoreanYear, income: Fraction, reading: Reading
) -> list[Finding]:
    found = []
    over = year.financial_income + income > reading.fraction("kr_financial_threshold")
    if over and case.policy.tax.other_income is None:
        found.append(doubts.other_income_unknown(american=False))
    if over and any(row.booked.position.account_type is AccountType.ISA for row in rows):
        found.append(doubts.isa_closed())
    if any(row.overseas for row in rows):
        counted = tax_year(case.on, case.rules, case.last_day)
        if year_is_uncertain(case.on, case.last_day):
            found.append(doubts.year_uncertain(case.on, counted))
        if counted != case.on.year:
            found.append(doubts.year_changes(counted))
    costs = case.policy.costs
    for name in ("etf_tax_rate", "overseas_etf_tax_rate"):
        rate = getattr(costs, name)
        if rows and rate is not None:
            found.append(doubts.rate_shown_only(name, rate))
    return found
