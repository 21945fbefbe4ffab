"""The US tax that some sales add to the year: wash sales share by share, then the netting matrix, then the brackets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.money import ZERO, as_decimal, plain
from rebalance_kit.policy.choices import AccountType
from rebalance_kit.tax import doubts
from rebalance_kit.tax.case import Case, tax_position
from rebalance_kit.tax.lots import NONE, TaxLot
from rebalance_kit.tax.model import Purchase, Sale, SaleTax, TaxEstimate, YearToDate
from rebalance_kit.tax.realise import Realised, lot_uses, realise
from rebalance_kit.tax.rounding import estimate_rounding, share_out
from rebalance_kit.tax.rules import Reading
from rebalance_kit.tax.us import Gains, Taxpayer, gains_tax, is_long_term
from rebalance_kit.tax.wash import Bought, Match, Sold, WashedSale, wash_sales
from rebalance_kit.words import Finding, Text

SHELTERED = frozenset({AccountType.IRA, AccountType.ROTH})
_PLANNED = "planned"
_CENT = Decimal("0.01")


def taxpayer(case: Case) -> Taxpayer:
    """The taxpayer as the policy states it."""
    tax = case.policy.tax
    income = None if tax.other_income is None else Fraction(tax.other_income)
    return Taxpayer(tax.filing_status, income, Fraction(tax.loss_carryover_short), Fraction(tax.loss_carryover_long))


def realised_so_far(case: Case) -> Gains:
    """This year's gains before the sales, as the policy states them."""
    tax = case.policy.tax
    long = Fraction(tax.realised_long_term_ytd)
    return Gains(Fraction(tax.realised_gain_ytd) - long, long)


def is_collectible(case: Case, code: str) -> bool:
    """Whether gains are those of a collectible: `asset_class` says so (a trust that holds gold, say)."""
    return "collectible" in (case.instrument(code).asset_class or "").lower()


def group_of(case: Case, code: str) -> str:
    """The name of what is substantially identical to a code: the first code of its group."""
    return min((code, *case.instrument(code).identical))


def lot_key(code: str, lot_id: str) -> str:
    """One name for a lot among all codes."""
    return f"{code} {lot_id}"


def purchases_known(case: Case, codes: Iterable[str], planned: Iterable[Purchase]) -> list[Bought]:
    """Every lot, in every account, of what is identical to one of `codes`, and the planned purchases."""
    groups = {group_of(case, code) for code in codes}
    found: list[Bought] = []
    for position in case.holdings.positions:
        group = group_of(case, position.code)
        if group in groups:
            lots = tax_position(case, position.account, position.code).lots
            found += [_bought(case, position.account, position.code, group, lot) for lot in lots]
    for number, buy in enumerate(planned):
        group = group_of(case, buy.code)
        if group in groups:
            price = Fraction(case.prices.price(buy.code)) * Fraction(
                case.prices.rate(case.instrument(buy.code).currency)
            )
            quantity = Fraction(buy.quantity)
            sheltered = case.account_type(buy.account) in SHELTERED
            name = f"{_PLANNED}-{number}"
            found.append(Bought(name, group, buy.day, quantity, quantity * price, buy.account, sheltered))
    return found


def _bought(case: Case, account: str, code: str, group: str, lot: TaxLot) -> Bought:
    sheltered = case.account_type(account) in SHELTERED
    return Bought(lot_key(code, lot.lot_id), group, lot.bought, lot.quantity, lot.cost, account, sheltered)


@dataclass(slots=True)
class _Row:
    """A sale while its tax is put together."""

    booked: Realised
    sheltered: bool
    gains: Gains = field(default_factory=Gains)
    disallowed: Fraction = NONE
    tax: Decimal = ZERO


def american_estimate(case: Case, sales: Iterable[Sale], planned: Iterable[Purchase]) -> TaxEstimate:
    """What the sales add to the tax of the year. Raises RuleError as `realise` does."""
    reading = case.rules.on(case.on)
    who, before = taxpayer(case), realised_so_far(case)
    rows = [_Row(booked, booked.position.account_type in SHELTERED) for booked in realise(case, sales)]
    taxed = [row for row in rows if not row.sheltered and row.booked.used is not None]
    found = _apply_washes(case, taxed, planned, reading)
    added = sum((row.gains for row in taxed), Gains())
    cents = estimate_rounding("USD")
    tax_before, tax_after = cents(gains_tax(before, who, reading)), cents(gains_tax(before + added, who, reading))
    _share(taxed, before, who, reading, tax_after - tax_before)
    found += [finding for row in rows for finding in _findings(row)]
    if taxed and who.income is None:
        found.append(doubts.other_income_unknown(american=True))
    total = before + added
    return TaxEstimate(
        case.on,
        case.policy.base_currency,
        tuple(_sale_tax(case, row) for row in rows),
        YearToDate(cents(before.total), ZERO, tax_before),
        YearToDate(cents(total.total), ZERO, tax_after),
        reading.used,
        tuple(dict.fromkeys(found)),
        case.policy.language,
    )


def _apply_washes(case: Case, rows: Sequence[_Row], planned: Iterable[Purchase], reading: Reading) -> list[Finding]:
    """The gains of every row after wash sales; a finding for each loss that does not count."""
    sold, owners = _sold(case, rows)
    if not sold:
        return []
    known = purchases_known(case, [row.booked.sale.code for row in rows], planned)
    found: list[Finding] = []
    done, _ = wash_sales(known, sold, days=int(reading.value("us_wash_days")))
    for washed in done:
        row = owners[washed.sold]
        row.gains += _gains(case, row.booked.sale.code, washed)
        row.disallowed += washed.disallowed
        if washed.matches:
            found.append(doubts.wash(row.booked.sale.code, washed.washed_quantity, wash_reason(washed.matches)))
    if any(row.gains.total < 0 or row.disallowed for row in rows):
        found.append(doubts.household_only())
    return found


def _sold(case: Case, rows: Sequence[_Row]) -> tuple[list[Sold], Mapping[Sold, _Row]]:
    """The lots of every sale as the wash rule sees them; parts of a lot sold twice on the day are told apart."""
    owners: dict[Sold, _Row] = {}
    for row in rows:
        sale, booked = row.booked.sale, row.booked
        for lot in booked.used or ():
            proceeds = booked.net * lot.quantity / Fraction(sale.quantity)
            # A lot that is dated after the day of the question is sold on its own day at the earliest.
            day = max(case.on, lot.bought or case.on)
            key = Sold(lot_key(sale.code, lot.lot_id), day, lot.quantity, proceeds, sale.account, booked.number)
            owners[key] = row
    return list(owners), owners


def _gains(case: Case, code: str, washed: WashedSale) -> Gains:
    """Short and long by the holding period of each part, the days of what it replaced included."""
    short = long = NONE
    for part in washed.parts:
        if is_long_term(part.since, case.on):
            long += part.allowed
        else:
            short += part.allowed
    return Gains(short, long, long if is_collectible(case, code) else NONE)


def wash_reason(matches: Iterable[Match]) -> Text:
    """Which purchases replaced the shares."""
    en, ko = [], []
    for match in matches:
        shares = plain(as_decimal(match.quantity))
        gone = match.sheltered
        en.append(
            f"{shares} bought on {match.bought} in {match.account}" + (" (an IRA: lost for good)" if gone else "")
        )
        ko.append(f"{match.bought} {match.account} 계좌에서 {shares}주 매수" + ("(IRA: 영구 소멸)" if gone else ""))
    return Text(", ".join(en), ", ".join(ko))


def _share(rows: Sequence[_Row], before: Gains, who: Taxpayer, reading: Reading, tax: Decimal) -> None:
    """The tax over the sales by what each alone would add, or save; where that says nothing, by their gains."""
    base = gains_tax(before, who, reading)
    sign = 1 if tax > 0 else -1
    alone = {f"{r.booked.number:06}": sign * (gains_tax(before + r.gains, who, reading) - base) for r in rows}
    weights = {key: max(NONE, effect) for key, effect in alone.items()}
    if not any(weights.values()):
        weights = {f"{row.booked.number:06}": max(NONE, sign * row.gains.total) for row in rows}
    shares = share_out(tax, weights, _CENT)
    for row in rows:
        row.tax = shares[f"{row.booked.number:06}"]


def _findings(row: _Row) -> tuple[Finding, ...]:
    position = row.booked.position
    if row.sheltered:
        return (doubts.settled_at_exit(position.account, position.account_type),)
    return position.findings


def _sale_tax(case: Case, row: _Row) -> SaleTax:
    booked, cents = row.booked, estimate_rounding("USD")
    known = row.sheltered or booked.used is not None
    terms = {lot.lot_id: is_long_term(lot.bought, case.on) for lot in booked.used or ()}
    return SaleTax(
        booked.sale,
        booked.position.tax_class,
        None if booked.gain is None else cents(booked.gain),
        cents(row.gains.total),
        row.tax if known else None,
        lots=lot_uses(booked, "USD", terms=terms),
        disallowed=cents(row.disallowed),
    )
