"""What has to hold for a plan as a whole: where it starts, what it aims at, cash, caps, totals and where it leads.

Each function yields a fault for everything that does not hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import zip_longest

from rebalance_kit.cashflow import cash_goals
from rebalance_kit.costs import exchanged
from rebalance_kit.drift import AssetDrift
from rebalance_kit.goals import ideal_goals
from rebalance_kit.money import ONE, ZERO, as_decimal, exact_sum, minor_unit, plain, product
from rebalance_kit.planner.evidence import Evidence, cash_floor, cash_in_base, cash_rows, cash_steps, total_after
from rebalance_kit.planner.identity import plan_id
from rebalance_kit.planner.judged import largest_drift
from rebalance_kit.policy.model import Method, Policy
from rebalance_kit.policy.placing import for_flow


def cash(evidence: Evidence) -> Iterator[str]:
    """After every step cash covers the buffer, in each account and currency. Where less was there to begin with, a plan
    that does nothing leaves it as it is, and a sale may leave less than the buffer; nothing may leave less than was
    there, and the last step of a currency leaves the buffer."""
    last = {}
    for step in cash_steps(evidence):
        floor = cash_floor(evidence, step.account, step.currency)
        last[step.account, step.currency] = step.after
        if step.after < min(floor, step.before) or (step.after < step.before and step.after < floor):
            yield f"{step.what}: {step.account} {step.currency} {plain(step.after)} < {plain(floor)}"
    for (account, currency), amount in last.items():
        floor = cash_floor(evidence, account, currency)
        if amount < floor:
            yield f"{account} {currency}: {plain(amount)} < {plain(floor)}"


def exchanges(evidence: Evidence) -> Iterator[str]:
    """Exchange lines are allowed, at the book's rate and cost, once for each currency, and needed: without its line a
    currency would be short."""
    plan, policy = evidence.plan, evidence.policy
    base, seen = policy.base_currency, set()
    if plan.exchanges and not (policy.rebalancing.cash.exchange and plan.decision.rebalance):
        yield "none is allowed"
    left = cash_rows(evidence)
    for line in plan.exchanges:
        foreign = line.bought_currency if line.sold_currency == base else line.sold_currency
        size = line.bought if line.bought_currency == foreign else line.sold.copy_negate()
        said = f"{line.account} {line.sold_currency} {plain(line.sold)}, {line.bought_currency} {plain(line.bought)}"
        pair = {line.sold_currency, line.bought_currency}
        if pair != {base, foreign} or foreign == base or (line.account, base) not in left:
            yield said
            continue
        due = exchanged(
            line.account, base, foreign, size, rate=evidence.prices.rate(foreign), spread=policy.costs.fx_spread
        )
        if due != line or not size or size % minor_unit(foreign) or (line.account, foreign) in seen:
            yield f"{said}: rate {plain(line.rate)}, cost {plain(line.cost)}"
        seen.add((line.account, foreign))
        brought = line.moved(line.bought_currency, base)
        without = exact_sum((left[line.account, line.bought_currency], brought.copy_negate()))
        if without >= cash_floor(evidence, line.account, line.bought_currency):
            yield f"{said} is not needed"


def caps(evidence: Evidence) -> Iterator[str]:
    limits = evidence.policy.rebalancing.constraints
    orders = evidence.plan.orders
    if limits.max_orders is not None and len(orders) > limits.max_orders:
        yield f"{len(orders)} > {limits.max_orders}"
    if limits.max_turnover is not None:
        traded = exact_sum(product(order.amount, order.rate) for order in orders)
        most = product(limits.max_turnover, evidence.total)
        if traded > most:
            yield f"{plain(traded)} > {plain(most)}"


def drift(evidence: Evidence) -> Iterator[str]:
    """Where the plan starts, measured again from holdings and prices."""
    said, measured = evidence.plan.drift, evidence.measured
    if said.total_value != measured.total_value or said.cash != measured.cash:
        yield f"total {plain(said.total_value)}, not {plain(measured.total_value)}"
    again = {row.code: row for row in measured.assets}
    for row in said.assets:
        if _figures(row) != _figures(again.pop(row.code)):
            yield f"{row.code}: {plain(row.quantity)} worth {plain(row.value)}"
    yield from sorted(again)


def _figures(row: AssetDrift) -> tuple[object, ...]:
    weights = (row.current_weight, row.target_weight, row.drift)
    return (row.quantity, row.price, row.currency, row.value, *weights)


def goals(evidence: Evidence) -> Iterator[str]:
    """The goals that the method, or the cash rule, gives: worked out again, with the settings that the plan names."""
    plan, settings = evidence.plan, evidence.policy.rebalancing
    rule = plan.options.cash_rule or settings.cash.rule
    if plan.cash_rule != (rule if evidence.flow else None):
        yield f"cash rule {plan.cash_rule}"
    by_fraction = Method.FRACTION if plan.options.fraction not in (None, ONE) else settings.method
    if plan.method != (plan.options.method or by_fraction):
        yield f"method {plan.method}"
    if evidence.flow:
        wanted = cash_goals(_seen(evidence), plan.drift, evidence.flow, rule)
    else:
        wanted = ideal_goals(evidence.policy, plan.drift, plan.options.method, plan.options.fraction)
    for said, goal in zip_longest(plan.goals, wanted):
        if said != goal:
            yield f"{said.code}: {plain(said.value)}" if said else "one is missing"


def _seen(evidence: Evidence) -> Policy:
    """The policy as the account of a deposit or withdrawal sees it, where there are several."""
    if len(evidence.accounts) < 2:
        return evidence.policy
    held = {row.code for row in evidence.holdings.positions if row.account == evidence.paid and row.quantity > 0}
    return for_flow(evidence.policy, evidence.paid, held, buys=evidence.flow > 0)


def due(evidence: Evidence) -> Iterator[str]:
    """Orders only when the decision asks for them, and then no preview of others."""
    plan = evidence.plan
    if plan.decision.rebalance != (plan.decision.trigger != "none"):
        yield f"trigger {plan.decision.trigger}"
    if plan.ideal if plan.decision.rebalance else plan.orders or plan.exchanges:
        yield f"{len(plan.orders)} and {len(plan.ideal)}"


def after(evidence: Evidence) -> Iterator[str]:
    plan, total = evidence.plan, total_after(evidence)
    for row in plan.after:
        asset = plan.drift.asset(row.code)
        quantity = exact_sum((asset.quantity, *(order.change for order in plan.orders if order.code == row.code)))
        value = evidence.prices.value(row.code, quantity) if asset.price is not None else ZERO
        weight = Fraction(value) / Fraction(total) if total else Fraction(0)
        shown = (as_decimal(weight), as_decimal(weight - Fraction(asset.target_weight)))
        if (row.quantity, row.value, row.weight, row.drift) != (quantity, value, *shown):
            yield f"{row.code}: {plain(row.quantity)} worth {plain(row.value)}"


def totals(evidence: Evidence) -> Iterator[str]:
    plan, said = evidence.plan, evidence.plan.summary
    before = {row.code: row.value for row in plan.drift.assets}
    values = {row.code: row.value for row in plan.after}
    sums = {
        "turnover": exact_sum(evidence.in_base(order.amount, order.currency) for order in plan.orders),
        "commission": exact_sum(evidence.in_base(order.commission, order.currency) for order in plan.orders),
        "slippage": exact_sum(evidence.in_base(order.slippage, order.currency) for order in plan.orders),
        "fx_cost": exact_sum(line.cost for line in plan.exchanges),
        "cash_before": plan.drift.cash_value,
        "cash_after": cash_in_base(evidence),
        "max_drift_before": largest_drift(evidence.policy, plan.drift, before, plan.drift.cash_value),
        "max_drift_after": largest_drift(evidence.policy, plan.drift, values, said.cash_after),
    }
    for name, amount in sums.items():
        if getattr(said, name) != amount:
            yield f"{name}: {plain(getattr(said, name))}, not {plain(amount)}"


def conserved(evidence: Evidence) -> Iterator[str]:
    """Value after = value before + paid in - costs, within the rounding of each position and cash row."""
    plan = evidence.plan
    costs = exact_sum((plan.summary.commission, plan.summary.slippage, plan.summary.fx_cost))
    expected = exact_sum((evidence.total, costs.copy_negate()))
    lost = exact_sum((total_after(evidence), expected.copy_negate()))
    if abs(lost) > _rounding(evidence):
        yield f"{plain(total_after(evidence))}, not {plain(expected)}"


def _rounding(evidence: Evidence) -> Decimal:
    """Nothing where every amount is in whole units of the base currency; else a unit for everything that is rounded."""
    plan, base = evidence.plan, evidence.policy.base_currency
    blurred = ZERO
    for currency in {row.currency for row in plan.drift.assets} | {balance.currency for balance in plan.drift.cash}:
        unit = minor_unit(currency)
        rows = [row for row in plan.drift.assets if row.currency == currency and row.price is not None]
        counts = {row.code: row.quantity for row in plan.after}
        whole = all((r.price or ONE) % unit == 0 and r.quantity % 1 == 0 == counts[r.code] % 1 for r in rows)
        if currency == base and whole:
            continue
        times = 2 * len(rows) + 3 * sum(order.currency == currency for order in plan.orders) + 2
        times += 2 * len(plan.exchanges) + 2 * len(evidence.accounts)
        step = exact_sum((product(unit, evidence.prices.rate(currency)), minor_unit(base)))
        blurred = exact_sum((blurred, product(Decimal(times), step)))
    return blurred


def identity(evidence: Evidence) -> Iterator[str]:
    plan = evidence.plan
    inputs = (evidence.policy, evidence.holdings, evidence.prices, plan.options)
    made = plan_id(*inputs, plan.orders, ", ".join(evidence.accounts), evidence.on, plan.exchanges)
    if made != plan.plan_id:
        yield f"{plan.plan_id}, not {made}"
