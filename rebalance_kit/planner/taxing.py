"""Tax inside plans: what the solver is told about it, and what the tax engine says of the orders that it found.

The taxpayer is the household: lots, realised gains and wash sales of every account count, whichever account trades.
Where the case cannot be made (the base currency is not that of the tax, a rule of the day or an exchange rate is
missing) tax weighs nothing, no tax is shown, and a finding says why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.errors import RuleError
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import ZERO, Rounding, as_decimal, exact_sum, round_money, show_money
from rebalance_kit.orders import Order, Side
from rebalance_kit.planner.plan_tax import IgnoringTax, PlanTax
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.instruments import Instruments
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.tax.case import Case as TaxCase
from rebalance_kit.tax.case import tax_case
from rebalance_kit.tax.choosing import choose_lots
from rebalance_kit.tax.estimate import estimate_case
from rebalance_kit.tax.model import STATEMENT, SaleTax, TaxEstimate, purchases_of, sales_of
from rebalance_kit.tax.schedule import SharedTax, TaxSchedule
from rebalance_kit.tax.scheduling import never_meet, schedules_of, shared_tax, told_apart
from rebalance_kit.words import Finding, Text

Schedules = Mapping[str, TaxSchedule]


@dataclass(frozen=True, slots=True)
class Taxes:
    """Whose tax it is. `case` is None where no tax can be estimated; `findings` then say why. `schedules` are what
    sales are taxed at, by account and code (nothing for what no tax depends on), `shared` what they are taxed together.
    """

    case: TaxCase | None = None
    findings: tuple[Finding, ...] = ()
    schedules: Mapping[str, Schedules] = field(default_factory=dict)
    shared: SharedTax | None = None

    def at(self, account: str) -> Schedules:
        """What sales in an account are taxed at, by code."""
        return self.schedules.get(account, {})

    @property
    def matter(self) -> bool:
        """Can anything that is held be sold at a tax?"""
        return any(self.schedules.values())


NO_TAXES = Taxes()  # tax weighs nothing and is not asked for


def taxes_of(
    policy: Policy,
    household: Holdings,
    prices: PriceBook,
    on: date,
    assets: Instruments | None = None,
    *,
    accounts: Collection[str],
) -> Taxes:
    """The taxpayer's case, and what the positions of `accounts` that may be traded are taxed at. PolicyError for an
    override of no rule."""
    saves = policy.rebalancing.constraints.tax_loss_harvesting
    schedules = {}
    try:
        case = tax_case(policy, household, prices, on, assets)
        for account in sorted(accounts):
            schedules[account] = schedules_of(case, account, _traded(case, account))
        sold = [schedule for rows in schedules.values() for schedule in rows.values()]
        whole = shared_tax(case, case.rules.on(on), saves=saves, sold=sold)
    except RuleError as error:
        return Taxes(None, (_not_estimated(error),))
    shared, alone = whole, never_meet(sold, whole)
    for account, rows in schedules.items():
        schedules[account], shared = told_apart(rows, whole, alone=alone)
    return Taxes(case, (), schedules, shared)


def _traded(case: TaxCase, account: str) -> list[str]:
    """What an account holds, has a price and is named by the policy."""
    known = (p for p in case.holdings.positions if p.account == account and p.quantity > 0)
    return [p.code for p in known if p.code in case.prices.quotes and case.policy.asset(p.code) is not None]


def estimated(taxes: Taxes, orders: Sequence[Order], on: date) -> tuple[tuple[Order, ...], TaxEstimate | None]:
    """The orders with their tax and lots, and the estimate that says so; as they are where there is none, or where
    somebody else's orders sell what is not there (the certificate says so)."""
    if taxes.case is None:
        return tuple(orders), None
    named = _with_chosen_lots(taxes, orders)
    try:
        made = estimate_case(taxes.case, sales_of(named), purchases_of(named, on))
    except RuleError:
        return tuple(orders), None
    rows = iter(made.sales)
    return tuple(_with_tax(o, next(rows)) if o.side is Side.SELL else replace(o, tax=ZERO) for o in named), made


def plan_tax(made: TaxEstimate | None, ignoring: IgnoringTax | None) -> PlanTax | None:
    """What the plan says of the year."""
    if made is None:
        return None
    withheld = exact_sum(sale.withheld for sale in made.sales)
    return PlanTax(made.year_to_date_before, made.year_to_date_after, withheld, ignoring, made.rules)


def ignoring_tax(
    taxes: Taxes,
    orders: Sequence[Order],
    on: date,
    costs: tuple[Decimal, Decimal, Decimal],
    nearer: Decimal,
    *,
    same: bool,
) -> IgnoringTax | None:
    """What the plan of `orders` comes to, with its tax; None where that is not known. `costs` are its commission,
    slippage and what its exchanges cost."""
    made = estimated(taxes, orders, on)[1]
    tax = tax_of(made)
    if made is None or tax is None:
        return None
    whole = round_money(nearer, made.base_currency, Rounding.HALF_UP)
    return IgnoringTax(tax, *costs, orders=len(orders), nearer=whole, same=same)


def tax_of(made: TaxEstimate | None) -> Decimal | None:
    """The tax of all sales; None where that of any of them is not known."""
    return made.tax if made is not None and made.complete else None


def findings_of(taxes: Taxes, made: TaxEstimate | None, orders: Iterable[Order]) -> tuple[Finding, ...]:
    """What is uncertain about the tax of a plan, and what its figures are; nothing where nothing is sold."""
    if not any(order.side is Side.SELL for order in orders):
        return ()
    if made is None:
        return taxes.findings
    found = [] if all(sale.tax is None for sale in made.sales) else [Finding("tax_estimate", "info", STATEMENT)]
    found += made.uncertain
    unknown = sorted({sale.sale.code for sale in made.sales if sale.tax is None})
    if unknown:
        found.append(_unknown(unknown))
    withheld = exact_sum(sale.withheld for sale in made.sales)
    if withheld:
        found.append(_withheld(withheld, made.base_currency))
    return tuple(found)


def _with_chosen_lots(taxes: Taxes, orders: Sequence[Order]) -> list[Order]:
    """The orders, with the lots named that owe least where the method is to name them."""
    case, shared = taxes.case, taxes.shared
    if case is None or shared is None or case.policy.tax.lot_method != "specific" or not case.american:
        return list(orders)
    sells = [order for order in orders if order.side is Side.SELL]
    found = {(account, code): each for account, rows in taxes.schedules.items() for code, each in rows.items()}
    shares = {(order.account, order.code): Fraction(order.quantity) for order in sells}
    chosen = choose_lots(found, shares, shared)
    named = []
    for order in orders:
        lots = chosen.get((order.account, order.code), ()) if order.side is Side.SELL else ()
        whole = sum((part for _, part in lots), Fraction(0)) == Fraction(order.quantity)
        named.append(replace(order, lots=tuple((name, as_decimal(part)) for name, part in lots)) if whole else order)
    return named


def _with_tax(order: Order, row: SaleTax) -> Order:
    return replace(order, tax=row.tax, lots=tuple((lot.lot_id, lot.quantity) for lot in row.lots))


def _not_estimated(error: RuleError) -> Finding:
    en, ko = error.message("en").rstrip(". "), error.message("ko").rstrip(". ")
    return Finding(
        "tax_not_estimated",
        "warning",
        Text(
            f"Tax is not estimated and weighs nothing here: {en}.",
            f"세금을 추정하지 않았고 계획에도 반영하지 않았습니다: {ko}.",
        ),
    )


def _unknown(codes: Sequence[str]) -> Finding:
    names = ", ".join(codes)
    return Finding(
        "tax_not_estimated",
        "warning",
        Text(
            f"Tax on what is sold is not estimated: what {names} cost is not known.",
            f"매도에 따른 세금은 추정하지 않았습니다. {names}의 취득가액을 알 수 없습니다.",
        ),
    )


def _withheld(amount: Decimal, currency: str) -> Finding:
    money = show_money(amount, currency)
    return Finding(
        "tax_withheld",
        "info",
        Text(
            f"About {money} of the tax is kept back when selling; the plan's cash is that before tax.",
            f"세금 가운데 약 {money}은(는) 매도할 때 원천징수됩니다. 계획의 현금은 세금을 빼기 전 금액입니다.",
        ),
    )
