"""The certificate: an independent proof that a plan is feasible and correctly added up (definition 10).

It reads the policy, the holdings, the prices and the plan, and nothing of the solver. It says nothing about how good a
plan is: a person's or a program's plan can be valid without being the best. Every check shows its figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.costs import commission, slippage
from rebalance_kit.goals import minimum_trade
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import ONE, ZERO, as_decimal, exact_sum, plain, product
from rebalance_kit.orders import Side, instrument_of, tick_size
from rebalance_kit.planner.evidence import Evidence, cash_floor, cash_in_base, cash_rows, total_after
from rebalance_kit.planner.identity import plan_id
from rebalance_kit.planner.plan import Certificate, Check, Plan
from rebalance_kit.policy.model import LimitStyle, Policy
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.words import Text, same


def certify(policy: Policy, holdings: Holdings, prices: PriceBook, plan: Plan, *, on: date) -> Certificate:
    """Every check of a plan, in a fixed order. The plan's own certificate is not looked at."""
    evidence = Evidence(policy, holdings, prices, plan, on)
    return Certificate(tuple(_check(evidence, name, faults) for name, faults in CHECKS.items()))


Faults = Callable[[Evidence], Iterator[str]]


def _check(evidence: Evidence, name: str, faults: Faults) -> Check:
    """A check holds when it finds no fault; a figure that cannot even be computed is a fault."""
    try:
        found = list(faults(evidence))
    except (KeyError, ArithmeticError, ValueError, StopIteration) as error:
        found = [f"{type(error).__name__}: {error}"]
    if found:
        return Check(name, holds=False, detail=same("; ".join(found)))
    return Check(name, holds=True, detail=_PROVED[name](evidence))


def _whole_shares(evidence: Evidence) -> Iterator[str]:
    for order in evidence.plan.orders:
        if type(order.quantity) is not int or order.quantity < 1:
            yield f"{order.code}: {order.quantity} shares"


def _known_assets(evidence: Evidence) -> Iterator[str]:
    for order in evidence.plan.orders:
        asset, quote = evidence.policy.asset(order.code), evidence.prices.quote(order.code)
        if asset is None or quote is None or evidence.policy.currency_of(asset) != order.currency:
            yield f"{order.code} in {order.currency}"
        elif quote.price != order.reference_price or evidence.prices.rate(order.currency) != order.rate:
            yield f"{order.code} at {plain(order.reference_price)} x {plain(order.rate)}"


def _one_account(evidence: Evidence) -> Iterator[str]:
    asked = evidence.plan.options.account
    for order in evidence.plan.orders:
        if order.account != evidence.account or (asked is not None and order.account != asked):
            yield f"{order.code}: {order.account}"


def _one_side(evidence: Evidence) -> Iterator[str]:
    codes = [order.code for order in evidence.plan.orders]
    yield from sorted({code for code in codes if codes.count(code) > 1})
    sides = [order.side for order in evidence.plan.orders]
    if sides != sorted(sides, key=lambda side: side is Side.BUY):
        yield "a buy stands before a sale"


def _no_oversell(evidence: Evidence) -> Iterator[str]:
    for order in evidence.plan.orders:
        if order.side is Side.SELL and Decimal(order.quantity) > evidence.held(order.code):
            yield f"{order.code}: {order.quantity} > {plain(evidence.held(order.code))}"


def _permitted(evidence: Evidence) -> Iterator[str]:
    options = evidence.plan.options
    buying_only = options.contribute is not None or options.no_sell
    for order in evidence.plan.orders:
        asset = evidence.policy.asset(order.code)
        buy = order.side is Side.BUY
        if asset is None:
            yield f"{order.code} is not in the policy"
        elif (asset.never_buy and buy) or (asset.never_sell and not buy):
            yield f"{order.code}: {order.side}"
        elif (options.withdraw is not None and buy) or (buying_only and not buy):
            yield f"{order.code}: {order.side} in this plan"
        elif buy and asset.accounts and order.account not in asset.accounts:
            yield f"{order.code} in {order.account}"


def _minimum_trade(evidence: Evidence) -> Iterator[str]:
    least = minimum_trade(evidence.policy, evidence.total)
    for order in evidence.plan.orders:
        sold_out = order.side is Side.SELL and order.quantity == int(evidence.held(order.code))
        worth = product(order.amount, order.rate)
        if worth < least and not sold_out:
            yield f"{order.code}: {plain(worth)} < {plain(least)}"


def _amounts(evidence: Evidence) -> Iterator[str]:
    for order in evidence.plan.orders:
        amount = product(order.reference_price, Decimal(order.quantity))
        due = (
            commission(evidence.policy, order.code, amount, order.currency),
            slippage(evidence.policy, order.code, amount, order.currency),
        )
        if (order.amount, order.commission, order.slippage) != (amount, *due):
            yield f"{order.code}: {plain(order.amount)} + {plain(order.commission)} + {plain(order.slippage)}"


def _limits(evidence: Evidence) -> Iterator[str]:
    settings = evidence.policy.rebalancing.orders
    away = settings.tolerance if settings.style is LimitStyle.PROTECTIVE else settings.tolerance.copy_negate()
    for order in evidence.plan.orders:
        if (order.limit_price is None) != (settings.style is LimitStyle.MARKET):
            yield f"{order.code}: {order.limit_price}"
        if order.limit_price is None:
            continue
        asset = evidence.policy.asset(order.code)
        if asset is None:
            yield f"{order.code} is not in the policy"
            continue
        factor = exact_sum((ONE, away if order.side is Side.BUY else away.copy_negate()))
        edge = product(order.reference_price, factor)
        tick = tick_size(order.limit_price, instrument_of(asset, evidence.policy.exchange_of(asset)), evidence.on)
        beyond = order.limit_price > edge if order.side is Side.BUY else order.limit_price < edge
        if (beyond and order.limit_price != tick) or order.limit_price % tick:
            yield f"{order.code}: {plain(order.limit_price)}, edge {plain(edge)}, tick {plain(tick)}"


def _cash(evidence: Evidence) -> Iterator[str]:
    """After all orders cash covers the buffer. A plan that does nothing may leave it as it is. Sales come first, and
    each buy only takes, so no order in between can leave less."""
    for currency, amount in cash_rows(evidence).items():
        touched = bool(evidence.flow) or any(order.currency == currency for order in evidence.plan.orders)
        if touched and amount < cash_floor(evidence, currency):
            yield f"{currency}: {plain(amount)} < {plain(cash_floor(evidence, currency))}"


def _caps(evidence: Evidence) -> Iterator[str]:
    limits = evidence.policy.rebalancing.constraints
    orders = evidence.plan.orders
    if limits.max_orders is not None and len(orders) > limits.max_orders:
        yield f"{len(orders)} > {limits.max_orders}"
    if limits.max_turnover is not None:
        traded = exact_sum(product(order.amount, order.rate) for order in orders)
        most = product(limits.max_turnover, evidence.total)
        if traded > most:
            yield f"{plain(traded)} > {plain(most)}"


def _goals(evidence: Evidence) -> Iterator[str]:
    values = {asset.code: asset.value for asset in evidence.plan.drift.assets}
    if [goal.code for goal in evidence.plan.goals] != list(values):
        yield "not one goal for each asset"
    for goal in evidence.plan.goals:
        if goal.value < 0 or exact_sum((values[goal.code], goal.amount)) != goal.value:
            yield f"{goal.code}: {plain(values[goal.code])} + {plain(goal.amount)} = {plain(goal.value)}"
    if evidence.flow and exact_sum(goal.amount for goal in evidence.plan.goals) != evidence.flow:
        yield f"the goals do not add up to {plain(evidence.flow)}"


def _after(evidence: Evidence) -> Iterator[str]:
    plan, total = evidence.plan, total_after(evidence)
    moved = {order.code: order.quantity if order.side is Side.BUY else -order.quantity for order in plan.orders}
    for row in plan.after:
        asset = plan.drift.asset(row.code)
        quantity = exact_sum((asset.quantity, Decimal(moved.get(row.code, 0))))
        value = evidence.prices.value(row.code, quantity) if asset.price is not None else ZERO
        weight = Fraction(value) / Fraction(total) if total else Fraction(0)
        shown = (as_decimal(weight), as_decimal(weight - Fraction(asset.target_weight)))
        if (row.quantity, row.value, row.weight, row.drift) != (quantity, value, *shown):
            yield f"{row.code}: {plain(row.quantity)} worth {plain(row.value)}"


def _totals(evidence: Evidence) -> Iterator[str]:
    plan, said = evidence.plan, evidence.plan.summary
    sums = {
        "turnover": exact_sum(evidence.in_base(order.amount, order.currency) for order in plan.orders),
        "commission": exact_sum(evidence.in_base(order.commission, order.currency) for order in plan.orders),
        "slippage": exact_sum(evidence.in_base(order.slippage, order.currency) for order in plan.orders),
        "cash_before": plan.drift.cash_value,
        "cash_after": cash_in_base(evidence),
        "max_drift_before": max((abs(asset.drift) for asset in plan.drift.assets), default=ZERO),
        "max_drift_after": max((abs(row.drift) for row in plan.after), default=ZERO),
    }
    for name, amount in sums.items():
        if getattr(said, name) != amount:
            yield f"{name}: {plain(getattr(said, name))}, not {plain(amount)}"


def _conserved(evidence: Evidence) -> Iterator[str]:
    """Value after = value before + paid in - costs, within the rounding of each position and cash row."""
    plan = evidence.plan
    costs = exact_sum((plan.summary.commission, plan.summary.slippage))
    expected = exact_sum((evidence.total, costs.copy_negate()))
    lost = exact_sum((total_after(evidence), expected.copy_negate()))
    if abs(lost) > _rounding(evidence):
        yield f"{plain(total_after(evidence))}, not {plain(expected)}"


def _rounding(evidence: Evidence) -> Decimal:
    """Nothing in one currency of whole prices; otherwise at most a unit for every amount that was converted."""
    foreign = any(order.rate != ONE or order.reference_price % 1 for order in evidence.plan.orders)
    counted = len(evidence.plan.after) + 3 * len(evidence.plan.orders) + len(evidence.plan.drift.cash) + 1
    return product(Decimal(counted), max(order.rate for order in evidence.plan.orders)) if foreign else ZERO


def _identity(evidence: Evidence) -> Iterator[str]:
    plan = evidence.plan
    made = plan_id(
        evidence.policy, evidence.holdings, evidence.prices, plan.options, plan.orders, evidence.account, evidence.on
    )
    if made != plan.plan_id:
        yield f"{plan.plan_id}, not {made}"


CHECKS: dict[str, Faults] = {
    "whole_shares": _whole_shares,
    "known_assets": _known_assets,
    "one_account": _one_account,
    "one_side": _one_side,
    "no_oversell": _no_oversell,
    "permitted": _permitted,
    "minimum_trade": _minimum_trade,
    "amounts": _amounts,
    "limits": _limits,
    "cash": _cash,
    "caps": _caps,
    "goals": _goals,
    "after": _after,
    "totals": _totals,
    "value_conserved": _conserved,
    "plan_id": _identity,
}


def _counted(evidence: Evidence) -> Text:
    count = len(evidence.plan.orders)
    return Text(f"{count} orders", f"주문 {count}건")


def _cash_figures(evidence: Evidence) -> Text:
    rows = cash_rows(evidence)
    figures = ", ".join(f"{c} {plain(a)} >= {plain(cash_floor(evidence, c))}" for c, a in rows.items())
    return same(figures)


def _minimum_figures(evidence: Evidence) -> Text:
    return same(f">= {plain(minimum_trade(evidence.policy, evidence.total))}")


def _value_figures(evidence: Evidence) -> Text:
    costs = exact_sum((evidence.plan.summary.commission, evidence.plan.summary.slippage))
    return same(f"{plain(total_after(evidence))} = {plain(evidence.total)} - {plain(costs)}")


def _identity_figures(evidence: Evidence) -> Text:
    return same(evidence.plan.plan_id)


_PROVED: Mapping[str, Callable[[Evidence], Text]] = {
    **dict.fromkeys(CHECKS, _counted),
    "cash": _cash_figures,
    "minimum_trade": _minimum_figures,
    "value_conserved": _value_figures,
    "plan_id": _identity_figures,
}
