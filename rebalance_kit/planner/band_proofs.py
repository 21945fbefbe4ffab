"""Explicit bands after a plan: which assets are outside their `min` or `max`, and what makes it impossible to mend.

Bands bind softly (definition 9): money outside costs twenty times its distance. An asset may therefore only be left
outside where the smallest further trade towards its band is forbidden, cannot be paid for, or would overshoot. A plan
that somebody proposed is valid without being the best; there the fact is shown and nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from rebalance_kit.costs import cost_rates
from rebalance_kit.goals import minimum_trade, within_deadband
from rebalance_kit.money import exact_sum, minor_unit, plain, product
from rebalance_kit.orders import Order, Side, share_unit
from rebalance_kit.planner.evidence import Evidence, cash_floor, cash_rows
from rebalance_kit.policy.model import Asset
from rebalance_kit.policy.placing import has_risk_cap, is_risk_asset, may_hold

OUTSIDE_PRICE = 20  # of a unit of money outside (definition 9)
DEVIATION_PRICE = 3  # more than a unit of money nearer to or further from a goal is ever worth


class Outside(NamedTuple):
    """An asset outside its band by `missing` money; `why` it is impossible to come nearer, empty if nothing stands in
    the way."""

    code: str
    edge: str
    missing: Fraction
    why: str


class _Step(NamedTuple):
    """The smallest further trade of an asset in an account: its money in the base currency, whether it is one more
    order, and whether the minimum trade makes it as large as it is."""

    worth: Fraction
    new: bool
    stretched: bool


def bands(evidence: Evidence) -> Iterator[str]:
    for one in outside(evidence):
        if not one.why:
            yield f"{one.code} is outside its {one.edge} by {plain(_rounded(one.missing))}"


def band_figures(evidence: Evidence) -> str:
    """The assets that stay outside, and why."""
    found = [f"{one.code} {one.edge}: {one.why}" for one in outside(evidence)]
    return ", ".join(found) if found else "0"


def outside(evidence: Evidence) -> Iterator[Outside]:
    """Every asset that the plan leaves outside its explicit band."""
    for row in evidence.plan.after:
        asset = evidence.policy.asset(row.code)
        if asset is None:
            continue
        total, value = Fraction(evidence.total), Fraction(row.value)
        low = None if asset.min is None else Fraction(asset.min) * total
        high = None if asset.max is None else Fraction(asset.max) * total
        if low is not None and value < low:
            yield Outside(row.code, "min", low - value, _why(evidence, asset, Side.BUY, low - value))
        elif high is not None and value > high:
            yield Outside(row.code, "max", value - high, _why(evidence, asset, Side.SELL, value - high))


def _why(evidence: Evidence, asset: Asset, side: Side, missing: Fraction) -> str:
    """What stands in the way in every account; empty where it does not in one of them."""
    plan = evidence.plan
    if not plan.decision.rebalance:
        return "nothing is due"
    if _is_not_the_best(evidence):
        return "not proved to be the best plan"
    reasons = []
    for account in evidence.accounts:
        reason = _in_account(evidence, asset, account, side, missing)
        if reason is None:
            return ""
        reasons.append(reason)
    return "; ".join(dict.fromkeys(reasons))


def _is_not_the_best(evidence: Evidence) -> bool:
    """A plan that was proposed, or one that a search left with a gap where moves of several assets decide."""
    plan, limits = evidence.plan, evidence.policy.rebalancing.constraints
    if plan.options.proposed:
        return True
    several = len(evidence.accounts) > 1 or bool(evidence.policy.interchangeable_groups())
    capped = limits.max_orders is not None or limits.max_turnover is not None
    return plan.optimality.status == "gap" and (several or capped or plan.options.instant)


def _in_account(evidence: Evidence, asset: Asset, account: str, side: Side, missing: Fraction) -> str | None:
    """Why an account cannot trade the asset any further towards its band; None if it can."""
    forbidden = _forbidden(evidence, asset, account, side)
    if forbidden:
        return forbidden
    step = _step(evidence, asset, account, side)
    if step is None:
        return "nothing left to sell"
    costs = _not_worth(evidence, asset, side, step, missing)
    return costs or _over_caps(evidence, step) or _unpaid(evidence, asset, account, side, step)


def _forbidden(evidence: Evidence, asset: Asset, account: str, side: Side) -> str | None:
    options, row = evidence.plan.options, evidence.plan.drift.asset(asset.code)
    buying = side is Side.BUY
    if asset.never_buy if buying else asset.never_sell:
        return "never_buy" if buying else "never_sell"
    if buying and not may_hold(evidence.policy, asset, account):
        return f"not for {account}"
    if options.withdraw is not None if buying else options.contribute is not None or options.no_sell:
        return "only sales" if buying else "only purchases"
    if evidence.flow and account != evidence.paid:
        return f"paid in another account than {account}"
    if not evidence.flow and within_deadband(evidence.plan.drift, row, evidence.policy.rebalancing.deadband):
        return "deadband"
    if has_risk_cap(evidence.policy, account) and buying and is_risk_asset(asset):
        return "risk share"
    return None


def _order(evidence: Evidence, code: str, account: str) -> Order | None:
    return next((o for o in evidence.plan.orders if (o.code, o.account) == (code, account)), None)


def _step(evidence: Evidence, asset: Asset, account: str, side: Side) -> _Step | None:
    """One unit more (or less of the opposite order), or the smallest order that may be placed; None to sell nothing."""
    price = evidence.prices.price(asset.code)
    rate = evidence.prices.rate(evidence.policy.currency_of(asset))
    unit = Fraction(product(price, rate, share_unit(evidence.policy, account)))
    order = _order(evidence, asset.code, account)
    least = Fraction(minimum_trade(evidence.policy, evidence.total))
    left = evidence.held_units(asset.code, account)
    if order is not None:
        left = exact_sum((left, order.change))
        if side is Side.SELL and left <= 0:
            return None
        worth = Fraction(product(order.amount, order.rate))
        if order.side is side or worth - unit >= least:
            return _Step(unit, new=False, stretched=False)
        return _Step(worth, new=False, stretched=worth > unit)  # without the order altogether
    smallest = max(1, ceil(least / unit)) * unit
    if side is Side.SELL:
        if not left:
            return None
        smallest = min(smallest, Fraction(product(price, rate, left)))  # selling out is allowed below the minimum
    return _Step(smallest, new=True, stretched=smallest > unit)


def _not_worth(evidence: Evidence, asset: Asset, side: Side, step: _Step, missing: Fraction) -> str | None:
    """Why the step costs more than the money outside that it saves, past the other edge included; None if it does not.
    Roundings of values count for the plan."""
    rules = evidence.policy.rebalancing
    rates = cost_rates(evidence.policy, asset.code)
    currency = evidence.policy.currency_of(asset)
    share = Fraction(rates.commission) + Fraction(rates.slippage) + DEVIATION_PRICE
    share += Fraction(rules.cash_price) + (Fraction(evidence.policy.costs.fx_spread) * 2)
    share += Fraction(rules.tax_weight) if side is Side.SELL else 0
    fixed = 2 * Fraction(product(minor_unit(currency), evidence.prices.rate(currency)))
    fixed += 2 * OUTSIDE_PRICE * Fraction(minor_unit(evidence.policy.base_currency))
    fixed += Fraction(rules.order_price) if step.new else 0
    beyond = Fraction(0)
    if asset.min is not None and asset.max is not None:
        width = (Fraction(asset.max) - Fraction(asset.min)) * Fraction(evidence.total)
        beyond = max(beyond, step.worth - missing - width)
    if OUTSIDE_PRICE * (min(missing, step.worth) - beyond) > share * step.worth + fixed:
        return None
    if step.worth <= missing:
        return "costs"
    return "minimum trade" if step.stretched else "whole shares"


def _over_caps(evidence: Evidence, step: _Step) -> str | None:
    limits, orders = evidence.policy.rebalancing.constraints, evidence.plan.orders
    if step.new and limits.max_orders is not None and len(orders) >= limits.max_orders:
        return "max_orders"
    if limits.max_turnover is not None:
        traded = Fraction(exact_sum(product(order.amount, order.rate) for order in orders))
        if traded + step.worth > Fraction(product(limits.max_turnover, evidence.total)):
            return "max_turnover"
    return None


def _unpaid(evidence: Evidence, asset: Asset, account: str, side: Side, step: _Step) -> str | None:
    """Whether a purchase finds the cash: that of its currency which no buffer keeps."""
    if side is Side.SELL:
        return None
    currency = evidence.policy.currency_of(asset)
    left = cash_rows(evidence).get((account, currency), Decimal(0))
    spare = exact_sum((left, cash_floor(evidence, account, currency).copy_negate()))
    rates = cost_rates(evidence.policy, asset.code)
    own = step.worth / Fraction(evidence.prices.rate(currency))
    need = own * (1 + Fraction(rates.commission) + Fraction(rates.slippage)) + 2 * Fraction(minor_unit(currency))
    return "cash" if Fraction(spare) < need else None


def _rounded(amount: Fraction) -> Decimal:
    return Decimal(ceil(amount))
