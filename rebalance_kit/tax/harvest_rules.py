"""What harvesting costs and when it pays, the same in every country.

A lot is harvested if (tax saved now - present value of the tax that comes back later) - cost of the round trip -
opportunity cost > threshold. What nobody has stated about the future stands in the rules `harvest_...` as assumptions.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from rebalance_kit.costs import cost_rates
from rebalance_kit.money import Rounding, as_decimal, minor_unit, ratio, round_fraction, show_money
from rebalance_kit.tax.case import Case, TaxPosition
from rebalance_kit.tax.harvest_model import Action, Candidate
from rebalance_kit.tax.lots import TaxLot
from rebalance_kit.tax.rounding import estimate_rounding
from rebalance_kit.tax.rules import Reading
from rebalance_kit.tax.us import days_to_long_term
from rebalance_kit.words import Text


class OpenLot(NamedTuple):
    """A lot of a position with what it is worth now: `share_value` and `gain` are exact, in the base currency."""

    position: TaxPosition
    lot: TaxLot
    share_value: Fraction

    @property
    def gain(self) -> Fraction:
        return self.lot.quantity * self.share_value - self.lot.cost

    @property
    def share_gain(self) -> Fraction:
        return self.share_value - self.lot.share_cost


def open_lots_of(case: Case, position: TaxPosition) -> tuple[OpenLot, ...]:
    """The lots of a position in the order of sale. RuleError when the price or the rate is missing."""
    share = Fraction(case.prices.price(position.code)) * Fraction(case.prices.rate(position.currency))
    return tuple(OpenLot(position, lot, share) for lot in position.lots)


def is_deep_loss(case: Case, row: OpenLot) -> bool:
    """Whether the loss is deeper than the policy's threshold: strictly, as document 001 has it."""
    return row.gain < Fraction(case.policy.tax.harvest_loss_pct) * row.lot.cost


def sellable(case: Case, row: OpenLot) -> Fraction:
    """The shares of a lot that can be sold: whole ones, unless the account holds parts."""
    return row.lot.quantity if holds_parts(case, row.position.account) else Fraction(int(row.lot.quantity))


def holds_parts(case: Case, account: str) -> bool:
    """Whether an account may hold parts of shares."""
    rule = case.policy.accounts.get(account)
    return rule is not None and rule.fractional


def round_trip_cost(case: Case, reading: Reading, row: OpenLot, quantity: Fraction, rebought: str) -> Fraction:
    """Commission and slippage of selling the shares and buying `rebought` for the same amount, exact.

    Rates that the policy states count; where it states no commission, document 000's table does.
    """
    amount = quantity * row.share_value
    return amount * (_leg_rate(case, reading, row.position.code) + _leg_rate(case, reading, rebought))


def pays(reading: Reading, saved: Fraction, cost: Fraction, amount: Fraction) -> bool:
    """The rule at the top of this page."""
    later = saved * reading.fraction("harvest_later_tax_share")
    opportunity = amount * reading.fraction("harvest_opportunity_rate")
    return saved - later - cost - opportunity > reading.fraction("harvest_min_benefit")


def replacement_of(case: Case, code: str) -> str | None:
    """The pair that the user names."""
    asset = case.policy.asset(code)
    return asset.replacement if asset else None


def candidate(
    case: Case,
    row: OpenLot,
    action: Action,
    reason: Text,
    *,
    quantity: Fraction | None = None,
    saved: Fraction = Fraction(0),
    cost: Fraction = Fraction(0),
) -> Candidate:
    """The lot as a result; money is rounded here, costs upwards."""
    shares = row.lot.quantity if quantity is None else quantity
    currency = case.policy.base_currency
    money, unit = estimate_rounding(currency), minor_unit(currency)
    lot_cost = row.lot.share_cost * shares
    gain = shares * row.share_value - lot_cost
    days = days_to_long_term(row.lot.bought, case.on) if case.american and row.lot.bought else None
    return Candidate(
        account=row.position.account,
        code=row.position.code,
        name=case.instrument(row.position.code).name,
        lot_id=row.lot.lot_id,
        quantity=as_decimal(shares),
        gain=money(gain),
        gain_pct=ratio(as_decimal(gain), as_decimal(lot_cost)) if lot_cost else None,
        action=action,
        reason=reason,
        tax_saved=money(saved),
        cost=round_fraction(cost, unit, Rounding.CEILING),
        replacement=replacement_of(case, row.position.code) if action is Action.LOSS else None,
        days_to_long_term=days,
        fractional=holds_parts(case, row.position.account),
    )


def too_dear(case: Case, saved: Fraction, cost: Fraction) -> Text:
    """Why a harvest that saves something is left alone."""
    currency = case.policy.base_currency
    money = estimate_rounding(currency)
    tax, price = show_money(money(saved), currency), show_money(money(cost), currency)
    return Text(f"it would save {tax} of tax and cost {price}", f"절세액 {tax}에 비해 비용이 {price}입니다")


def unknown_cost(case: Case, position: TaxPosition, reason: Text | None = None) -> Candidate:
    """The shares of a position whose cost nobody knows."""
    return Candidate(
        account=position.account,
        code=position.code,
        name=case.instrument(position.code).name,
        lot_id="",
        quantity=as_decimal(position.uncovered),
        gain=None,
        gain_pct=None,
        action=Action.NONE,
        reason=reason or Text("the cost is not known", "취득가액을 알 수 없습니다"),
        fractional=holds_parts(case, position.account),
    )


def _leg_rate(case: Case, reading: Reading, code: str) -> Fraction:
    rates = cost_rates(case.policy, code)
    asset = case.policy.asset(code)
    stated = "etf_commission_rate" in case.policy.costs.model_fields_set
    if stated or (asset is not None and asset.commission_rate is not None):
        return Fraction(rates.commission) + Fraction(rates.slippage)
    korean = case.instrument(code).exchange == "XKRX"
    commission = reading.fraction("cost_kr_commission" if korean else "cost_us_commission")
    return commission + Fraction(rates.slippage)
