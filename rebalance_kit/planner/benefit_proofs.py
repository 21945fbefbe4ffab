"""Proofs about what a plan earns: the quadratic forms before and after, and the marginal saving of every order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from rebalance_kit.costs.tracking import Covariance, StatedCovariance, implied_risk_aversion
from rebalance_kit.money import exact_sum, minor_unit, plain
from rebalance_kit.orders import Order, Side
from rebalance_kit.planner.evidence import Evidence
from rebalance_kit.planner.plan_benefit import PlanBenefit
from rebalance_kit.policy.tracking_rules import correlations
from rebalance_kit.prices.covariance import covariance

NONE = Fraction(0)


def benefit(evidence: Evidence) -> Iterator[str]:
    """The benefit of the plan and of its orders, its cost, whether it pays, and that a policy which trades only what
    pays is obeyed. A plan whose benefit nobody has worked out (a person's) says nothing of it."""
    plan = evidence.plan
    orders = plan.orders or plan.ideal
    if plan.benefit is None:
        yield from (f"{order.code} has a benefit" for order in orders if order.benefit is not None)
        return
    yield from _sums(evidence, plan.benefit, orders)
    yield from _worked_out(evidence, plan.benefit, orders)
    bound = evidence.policy.rebalancing.constraints.only_if_it_pays and not evidence.flow
    if bound and plan.orders and not plan.benefit.pays:
        yield "it does not pay"


def figures(evidence: Evidence) -> str:
    """What a check that holds shows: the benefit and the cost."""
    made = evidence.plan.benefit
    return "-" if made is None else f"{plain(made.benefit)}, {plain(made.cost)}"


def _sums(evidence: Evidence, made: PlanBenefit, orders: Sequence[Order]) -> Iterator[str]:
    total = exact_sum(order.benefit for order in orders if order.benefit is not None)
    if total != made.benefit or any(order.benefit is None for order in orders):
        yield f"benefits add up to {plain(total)}, not {plain(made.benefit)}"
    summary = evidence.plan.summary
    cost = exact_sum((summary.commission, summary.slippage, summary.fx_cost))
    if evidence.plan.orders and (made.cost, made.tax) != (cost, summary.tax):
        yield f"cost {plain(made.cost)}, not {plain(cost)}"


def _worked_out(evidence: Evidence, made: PlanBenefit, orders: Sequence[Order]) -> Iterator[str]:
    """Every figure again, each within the minor unit that it is rounded to."""
    total = Fraction(evidence.total)
    rows = evidence.measured.assets
    before = {row.code: Fraction(row.value) - Fraction(row.target_weight) * total for row in rows}
    after = dict(before)
    for order in orders:
        after[order.code] += _signed(evidence, order)
    codes = {code for code in before if before[code] or after[code]} | {order.code for order in orders}
    before, after = ({code: away[code] for code in sorted(codes)} for away in (before, after))
    risk, aversion = _risk(evidence, made, codes), _aversion(evidence, made)
    years = Fraction(evidence.policy.costs.tracking.horizon_months, 12)

    def yearly(away: Mapping[str, Fraction]) -> Fraction:
        moved = risk.times(away)
        return aversion / 2 * sum((away[code] * moved[code] for code in away), NONE) / total

    saved = (yearly(before) - yearly(after)) * years
    halfway = risk.times({code: (before[code] + after[code]) / 2 for code in before})
    proved = [
        ("benefit", made.benefit, saved),
        ("a year before", made.yearly_before, yearly(before)),
        ("a year after", made.yearly_after, yearly(after)),
    ]
    for order in orders:
        part = -aversion * _signed(evidence, order) * halfway[order.code] * years / total
        proved += [(order.code, order.benefit, part)] if order.benefit is not None else []
    for name, stated, value in proved:
        if abs(Fraction(stated) - value) > minor_unit(evidence.policy.base_currency):
            yield f"{name} {plain(stated)}, not {float(value):.2f}"
    if made.pays != (saved > Fraction(made.cost) + Fraction(made.tax or 0)):
        yield f"pays: {made.pays}"


def _signed(evidence: Evidence, order: Order) -> Fraction:
    amount = Fraction(evidence.in_base(order.amount, order.currency))
    return amount if order.side is Side.BUY else -amount


def _risk(evidence: Evidence, made: PlanBenefit, codes: set[str]) -> Covariance:
    """The covariance from the source that the plan names. KeyError, which is a fault, where there is none."""
    stated = evidence.policy.costs.tracking
    if made.covariance_from == "policy":
        return StatedCovariance(
            {code: Fraction(stated.volatility[code]) for code in codes}, correlations(evidence.policy)
        )
    known = covariance(evidence.prices, codes, stated.window_days)
    if known is None:
        raise KeyError("covariance")
    return known


def _aversion(evidence: Evidence, made: PlanBenefit) -> Fraction:
    stated = evidence.policy.costs.tracking
    if stated.risk_aversion is not None:
        return Fraction(stated.risk_aversion)
    if made.risk_aversion_from != "targets":
        return Fraction(1)
    targets = {asset.code: Fraction(asset.target) for asset in evidence.policy.assets if asset.target}
    returns = {code: Fraction(stated.expected_return[code]) for code in targets}
    return implied_risk_aversion(targets, returns, _risk(evidence, made, set(targets))) or NONE
