"""R11 (definition 18): each asset lands within one point or one share of the plan's own goal, if it can.

An order that a minimum, a list, a cap or the cash that there is has kept back need not land. Whether something has
kept it back is not guessed from the plan: the rule looks for a count of shares that everything would allow, with all
other orders as they are, and that would land. A plan for which there is such a count is not done; one that went past
its goal can always take the step back, because not buying and not selling cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from math import ceil

from rebalance_kit.checks.facts import Facts
from rebalance_kit.checks.table import Broken, Rule
from rebalance_kit.costs import cost_rates
from rebalance_kit.drift import AssetDrift
from rebalance_kit.goals import Goal
from rebalance_kit.money import ONE, ZERO, exact_sum, product, show_money
from rebalance_kit.orders import units_of
from rebalance_kit.policy.choices import AccountType
from rebalance_kit.words import Text

ONE_POINT = Decimal("0.01")
_COSTS = Decimal("1.01")  # more than the costs of any share


def lands(facts: Facts) -> Iterator[Broken]:
    """R11. Retirement accounts, whose risk share the law caps, policies that put a price on idle cash, and plans that
    tax keeps from their goals are left to the certificate: all of them miss goals on purpose. So are accounts that are
    planned together and assets that may stand for each other: a goal is then not one asset's in one account. Whoever
    proposes orders of their own may leave an asset alone."""
    rule = facts.policy.accounts.get(facts.account)
    alone = facts.whole is None and not facts.policy.interchangeable_groups()
    on_purpose = facts.policy.rebalancing.cash_price or (rule is not None and rule.type is AccountType.IRP)
    if on_purpose or _held_back_by_tax(facts) or not facts.plan.decision.rebalance:
        return
    proposed = facts.plan.options.proposed is not None
    for asset, goal in facts.goals() if alone else ():
        if proposed and not facts.orders_for(asset.code):
            continue
        tolerance = max(product(ONE_POINT, facts.largest_total), asset.share_value or ZERO)
        tolerance = max(tolerance, facts.policy.rebalancing.order_price)
        gap = _gap(facts, asset, goal, facts.quantity_after(asset.code))
        if abs(gap) > tolerance and _could_land(facts, asset, goal, tolerance):
            base = facts.policy.base_currency
            yield Broken(
                Rule.LANDS,
                Text(f"{asset.code} would land {show_money(gap, base, signed=True)} from its goal, more than"
                     f" {show_money(tolerance, base)}",
                     f"{asset.code}이(가) 목표에서 {show_money(gap, base, signed=True)} 벗어나 허용 범위"
                     f" {show_money(tolerance, base)}을(를) 넘습니다"),
                Text("plan again", "다시 계획해 주세요"),
                asset.code,
            )  # fmt: skip


def _held_back_by_tax(facts: Facts) -> bool:
    """Whether the plan that ignores tax would end nearer to the goals."""
    tax = facts.plan.tax
    return tax is not None and tax.ignoring_tax is not None and tax.ignoring_tax.nearer > 0


def _gap(facts: Facts, asset: AssetDrift, goal: Goal, quantity: Decimal) -> Decimal:
    return exact_sum((facts.value(asset.code, quantity), goal.value.copy_negate()))


def _could_land(facts: Facts, asset: AssetDrift, goal: Goal, tolerance: Decimal) -> bool:
    """Whether some count that everything allows lands within the tolerance, or comes nearer by as much.

    An order that the minimum dropped stays dropped, although a larger one might come nearer.
    """
    if goal.below_minimum and not facts.orders_for(asset.code):
        return False
    now = abs(_gap(facts, asset, goal, facts.quantity_after(asset.code)))
    for quantity in _quantities(facts, asset, goal):
        distance = abs(_gap(facts, asset, goal, quantity))
        nearer = distance <= tolerance or exact_sum((distance, tolerance)) <= now
        worth_it = distance < now and nearer and _is_worth_it(facts, asset, quantity, now, distance)
        if worth_it and _allowed(facts, asset, quantity):
            return True
    return False


def _is_worth_it(facts: Facts, asset: AssetDrift, quantity: Decimal, now: Decimal, distance: Decimal) -> bool:
    """Whether coming nearer is worth more than it costs, in the measure that the policy plans by (definition 9)."""
    gain = Fraction(now) - Fraction(distance)
    if facts.policy.rebalancing.deviation == "squared":
        gain *= (Fraction(now) + Fraction(distance)) / Fraction(facts.total)
    rates = cost_rates(facts.policy, asset.code)
    held, planned = facts.snapshot.quantity(asset.code), facts.quantity_after(asset.code)
    more = max(ZERO, exact_sum((abs(quantity - held), abs(planned - held).copy_negate())))
    return gain > Fraction(product(more, asset.share_value or ZERO)) * Fraction(rates.commission + rates.slippage)


def _quantities(facts: Facts, asset: AssetDrift, goal: Goal) -> set[Decimal]:
    """The counts worth trying: nearest to the goal, no order, the smallest orders, sold out, all that cash buys, and
    the edges of an explicit band."""
    share = asset.share_value
    if not share:
        return set()
    unit = facts.unit
    each = Fraction(share) * Fraction(unit)  # what a unit is worth
    holds, planned = facts.snapshot.quantity(asset.code), facts.quantity_after(asset.code)
    held = units_of(holds, unit)
    kept = exact_sum((holds, product(Decimal(held), unit).copy_negate()))
    wish = round((Fraction(goal.value) - Fraction(kept) * Fraction(share)) / each)
    least = ceil(Fraction(facts.minimum) / each)
    spare = max(ZERO, _spare_cash(facts, asset))
    more = int(Fraction(spare) / Fraction(product(asset.price or share, _COSTS, unit)))
    counts = {wish, held, held - least, held + least, 0, units_of(planned, unit) + more}
    listed = facts.policy.asset(asset.code)
    if listed is not None and listed.min is not None:
        counts.add(ceil(Fraction(product(listed.min, facts.total)) / each))
    if listed is not None and listed.max is not None:
        counts.add(int(Fraction(product(listed.max, facts.total)) / each))
    return {exact_sum((product(Decimal(count), unit), kept)) for count in counts if count >= 0}


def _allowed(facts: Facts, asset: AssetDrift, quantity: Decimal) -> bool:
    """Whether the minimum, the lists, the caps, the explicit bands and the cash allow a final quantity."""
    change = exact_sum((quantity, facts.snapshot.quantity(asset.code).copy_negate()))
    return (
        _on_no_list(facts, asset, change)
        and _large_enough(facts, asset, quantity, change)
        and _within_caps(facts, asset, change)
        and _outside(facts, asset, quantity) <= _outside(facts, asset, facts.quantity_after(asset.code))
        and _paid_for(facts, asset, quantity)
    )


def _on_no_list(facts: Facts, asset: AssetDrift, change: Decimal) -> bool:
    listed, options = facts.policy.asset(asset.code), facts.plan.options
    if change == 0:
        return True
    if listed is None:
        return False
    if change > 0:
        elsewhere = bool(listed.accounts) and facts.account not in listed.accounts
        return not (listed.never_buy or elsewhere or options.withdraw)
    return not (listed.never_sell or options.no_sell or options.contribute)


def _large_enough(facts: Facts, asset: AssetDrift, quantity: Decimal, change: Decimal) -> bool:
    sold_out = change < 0 and quantity < facts.unit
    amount = product(asset.share_value or ZERO, abs(change))
    return change == 0 or sold_out or amount >= facts.minimum


def _within_caps(facts: Facts, asset: AssetDrift, change: Decimal) -> bool:
    limits = facts.policy.rebalancing.constraints
    others = [order for order in facts.plan.orders if order.code != asset.code]
    if limits.max_orders is not None and len(others) + (change != 0) > limits.max_orders:
        return False
    if limits.max_turnover is None:
        return True
    amounts = [facts.base_amount(order) for order in others]
    traded = exact_sum((*amounts, product(asset.share_value or ZERO, abs(change))))
    return traded <= product(limits.max_turnover, facts.total)


def _outside(facts: Facts, asset: AssetDrift, quantity: Decimal) -> Decimal:
    """Money outside the asset's explicit band."""
    listed, value = facts.policy.asset(asset.code), facts.value(asset.code, quantity)
    if listed is None:
        return ZERO
    low = product(listed.min, facts.total) if listed.min is not None else ZERO
    high = product(ONE if listed.max is None else listed.max, facts.total)
    below, above = exact_sum((low, value.copy_negate())), exact_sum((value, high.copy_negate()))
    return max(ZERO, below, above if listed.max is not None else ZERO)


def _paid_for(facts: Facts, asset: AssetDrift, quantity: Decimal) -> bool:
    """Whether the cash that the plan leaves pays for holding more than the plan does."""
    more = exact_sum((quantity, facts.quantity_after(asset.code).copy_negate()))
    return more <= 0 or product(more, asset.price or ZERO, _COSTS) <= _spare_cash(facts, asset)


def _spare_cash(facts: Facts, asset: AssetDrift) -> Decimal:
    return exact_sum((facts.cash_after(asset.currency), facts.cash_floor(asset.currency).copy_negate()))
