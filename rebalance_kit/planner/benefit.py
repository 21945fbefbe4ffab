"""Is a plan worth its cost? The tracking cost that it saves against commission, slippage, exchange and tax.

The deviations are those of the values from target weight x total, in money, before and after the orders at reference
prices; formulas and sources in `costs.tracking`. Each order's `benefit` is its leg's share of what the whole plan saves
over the horizon, in the base currency; the legs add up to the plan's benefit to the last minor unit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import floor

from rebalance_kit.costs.tracking import (
    Covariance,
    StatedCovariance,
    implied_risk_aversion,
    tracking_cost,
    unit_savings,
)
from rebalance_kit.money import ZERO, Rounding, exact_sum, minor_unit, product, round_fraction
from rebalance_kit.orders import Order, Side
from rebalance_kit.planner.plan_benefit import AversionFrom, PlanBenefit
from rebalance_kit.planner.stating import Case
from rebalance_kit.policy.tracking_rules import correlations
from rebalance_kit.prices.covariance import HistoricCovariance, covariance, without_history
from rebalance_kit.trigger import Decision
from rebalance_kit.words import Finding, Text, same

_MOST_NAMES = 5
ASSUMED_AVERSION = Fraction(1)  # document 002's calibration: 0.98 to 1.05 fit what it prints


@dataclass(frozen=True, slots=True)
class Weighed:
    """The orders with their benefit, the decision as the policy's `only_if_it_pays` leaves it, and what was found."""

    orders: tuple[Order, ...]
    decision: Decision
    benefit: PlanBenefit | None
    findings: tuple[Finding, ...] = ()


def weigh(
    case: Case, orders: tuple[Order, ...], decision: Decision, *, tax: Decimal | None = None, other_cost: Decimal = ZERO
) -> Weighed:
    """Weigh the orders that a plan would place. `tax` is that of the orders, None where it is not known; `other_cost`
    what they cost besides commission and slippage (an exchange), both in the base currency."""
    if not orders or case.total <= 0:  # nothing is traded, or everything is paid out: there is no portfolio to weigh
        return Weighed(orders, decision, None)
    before, trades = _deviations(case), _trades(case, orders)
    after = {code: before[code] + trades.get(code, Fraction(0)) for code in before}
    codes = {code for code in before if before[code] or after[code]} | trades.keys()
    risk = _covariance(case, codes)
    bound = case.policy.rebalancing.constraints.only_if_it_pays and not case.flow
    if risk is None:
        return _unweighed(case, orders, decision, codes, bound=bound)
    aversion, source = _risk_aversion(case)
    needed = {code: before[code] for code in codes}
    years = Fraction(case.policy.costs.tracking.horizon_months, 12)
    total = Fraction(case.total)
    yearly_before = tracking_cost(needed, risk, aversion) / total
    yearly_after = tracking_cost({code: after[code] for code in codes}, risk, aversion) / total
    each = unit_savings(needed, trades, risk, aversion)
    saved = (yearly_before - yearly_after) * years
    per_order = [each[order.code] * _signed(case, order) * years / total for order in orders]
    cost = exact_sum((_costs(case, orders), other_cost))
    unit = minor_unit(case.policy.base_currency)
    shares = _round_together(per_order, saved, unit)
    history = risk if isinstance(risk, HistoricCovariance) else None
    made = PlanBenefit(
        currency=case.policy.base_currency,
        horizon_months=case.policy.costs.tracking.horizon_months,
        risk_aversion=round_fraction(aversion, Decimal("0.0001"), Rounding.HALF_UP),
        risk_aversion_from=source,
        covariance_from="policy" if history is None else "prices",
        yearly_before=round_fraction(yearly_before, unit, Rounding.HALF_UP),
        yearly_after=round_fraction(yearly_after, unit, Rounding.HALF_UP),
        benefit=exact_sum(shares),
        cost=cost,
        tax=tax,
        pays=saved > Fraction(cost) + Fraction(tax or 0),
        first=history.first if history else None,
        last=history.last if history else None,
        returns=history.returns if history else None,
    )
    told = tuple(replace(order, benefit=share) for order, share in zip(orders, shares, strict=True))
    found = _currency_fixed(history)
    return Weighed(told, _judged(decision, made.weighed(), trades=made.pays) if bound else decision, made, found)


def _deviations(case: Case) -> dict[str, Fraction]:
    """value - target x total of every asset, in the base currency."""
    total = Fraction(case.total)
    return {row.code: Fraction(row.value) - Fraction(row.target_weight) * total for row in case.drift.assets}


def _trades(case: Case, orders: Sequence[Order]) -> dict[str, Fraction]:
    """What the orders add to each asset, in the base currency at reference prices."""
    moved: dict[str, Fraction] = {}
    for order in orders:
        moved[order.code] = moved.get(order.code, Fraction(0)) + _signed(case, order)
    return moved


def _signed(case: Case, order: Order) -> Fraction:
    amount = Fraction(case.prices.in_base(order.amount, order.currency))
    return amount if order.side is Side.BUY else -amount


def _costs(case: Case, orders: Sequence[Order]) -> Decimal:
    return exact_sum(
        case.prices.in_base(cost, order.currency) for order in orders for cost in (order.commission, order.slippage)
    )


def _covariance(case: Case, codes: Collection[str]) -> Covariance | None:
    """What the policy states where it covers the codes, else the price history; None where neither does."""
    stated = case.policy.costs.tracking
    if set(codes) <= stated.volatility.keys():
        volatility = {code: Fraction(value) for code, value in stated.volatility.items()}
        return StatedCovariance(volatility, correlations(case.policy))
    return covariance(case.prices, codes, stated.window_days)


def _risk_aversion(case: Case) -> tuple[Fraction, AversionFrom]:
    stated = case.policy.costs.tracking
    if stated.risk_aversion is not None:
        return Fraction(stated.risk_aversion), "policy"
    targets = {asset.code: Fraction(asset.target) for asset in case.policy.assets if asset.target}
    if targets.keys() <= stated.expected_return.keys():
        risk = _covariance(case, targets.keys())
        returns = {code: Fraction(value) for code, value in stated.expected_return.items()}
        implied = None if risk is None else implied_risk_aversion(targets, returns, risk)
        if implied is not None:
            return implied, "targets"
    return ASSUMED_AVERSION, "assumed"


def _judged(decision: Decision, told: Text, *, trades: bool) -> Decision:
    """What `only_if_it_pays` makes of a decision; one that trades nothing anyway stays as it is."""
    if not decision.rebalance:
        return decision
    if trades:
        return replace(decision, reasons=(*decision.reasons, told))
    return replace(decision, rebalance=False, trigger="none", reasons=(*decision.reasons, told))


def _unweighed(
    case: Case, orders: tuple[Order, ...], decision: Decision, codes: Collection[str], *, bound: bool
) -> Weighed:
    """Without a covariance nothing can be weighed; a policy that trades only what pays then does not trade."""
    finding = _unknown(case, codes, bound=bound)
    judged = _judged(decision, finding.message, trades=False) if bound else decision
    return Weighed(orders, judged, None, (finding,))


def _unknown(case: Case, codes: Collection[str], *, bound: bool) -> Finding:
    missing = without_history(case.prices, codes) or tuple(sorted(codes))
    names, more = ", ".join(missing[:_MOST_NAMES]), len(missing) - _MOST_NAMES
    shown = Text(f"{names} and {more} more", f"{names} 외 {more}개 종목") if more > 0 else same(names)
    blocked = Text(
        " The policy trades only what pays, so nothing is traded.",
        " 정책이 이득이 있을 때만 매매하므로 매매하지 않습니다.",
    )
    tail = blocked if bound else Text("", "")
    return Finding(
        "benefit_unknown",
        "warning" if bound else "info",
        Text(
            "What the trades earn against their cost is not known: give prices.csv a history of closes, or the policy"
            f" `costs.tracking.volatility`, for {shown.en}.{tail.en}",
            f"매매의 이득을 비용과 견줄 수 없습니다. {shown.ko}의 종가 이력을 prices.csv에 넣거나 정책에"
            f" `costs.tracking.volatility`를 적어 주세요.{tail.ko}",
        ),
    )


def _currency_fixed(history: HistoricCovariance | None) -> tuple[Finding, ...]:
    if history is None or not history.own_currency:
        return ()
    names = ", ".join(history.own_currency)
    return (
        Finding(
            "covariance_without_rates",
            "info",
            Text(
                f"The exchange rates of the past are not known, so the risk of {names} is that in its own currency.",
                f"과거 환율을 몰라 {names}의 위험은 자국 통화 기준입니다.",
            ),
        ),
    )


def _round_together(parts: Sequence[Fraction], whole: Fraction, unit: Decimal) -> list[Decimal]:
    """Signed parts in minor units that add up to the rounded whole: floors, then the missing units to the largest
    remainders, the first of equal ones."""
    target = int(Fraction(round_fraction(whole, unit, Rounding.HALF_UP)) / Fraction(unit))
    floors = [floor(part / Fraction(unit)) for part in parts]
    order = sorted(range(len(parts)), key=lambda i: (floors[i] - parts[i] / Fraction(unit), i))
    lucky = set(order[: target - sum(floors)])
    return [product(Decimal(value + (i in lucky)), unit) for i, value in enumerate(floors)]
