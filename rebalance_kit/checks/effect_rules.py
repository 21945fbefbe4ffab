"""Rules about where a plan leads: is trading due, does each asset land at its goal, does the distance fall?

Source document 004 asks two things of a plan, that a traded asset is past its threshold (R10) and that it lands within
1 % of the target (R11). Read literally neither can hold: a full rebalance also trades what is inside its band, and a
share can cost more than 1 % of a portfolio. Definitions 18 and 22 say what is asked instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from rebalance_kit.checks.facts import Facts
from rebalance_kit.checks.table import Broken, Rule
from rebalance_kit.drift import AssetDrift
from rebalance_kit.goals import Goal
from rebalance_kit.money import ONE, ZERO, exact_sum, product, ratio, show_money
from rebalance_kit.orders import Side
from rebalance_kit.policy.choices import AccountType
from rebalance_kit.words import Text

ONE_POINT = Decimal("0.01")
_PLAN_AGAIN = Text("plan again", "다시 계획해 주세요")
_TIMED = ("scheduled", "max_interval", "cash_flow", "manual")


def needs_trade(facts: Facts) -> Iterator[Broken]:
    """R10, for plans that a breach started: there is a breach, and every order goes the way of its asset's goal.

    Whole shares may take one share the other way. Scheduled, forced and cash-flow plans need no breach; where the
    policy judges by averaged or proxy prices, the breach is theirs and the decision says so.
    """
    plan = facts.plan
    if not plan.orders or plan.options.force or facts.flow or plan.decision.trigger in _TIMED:
        return
    breached = [row.breached for row in plan.drift.assets] + [row.breached for row in plan.drift.groups]
    if not (any(breached) or facts.prices.judged) or not plan.decision.rebalance:
        yield Broken(
            Rule.NEEDS_TRADE,
            Text("nothing is past its band", "허용 범위를 벗어난 것이 없습니다"),
            Text("leave it alone, or plan with --force", "그대로 두거나 --force로 계획해 주세요"),
        )
    wanted = {goal.code: goal.amount for goal in plan.goals}
    for order in plan.orders:
        amount = wanted.get(order.code, ZERO)
        against = amount <= 0 if order.side is Side.BUY else amount >= 0
        if against and order.quantity > 1:
            yield Broken(
                Rule.NEEDS_TRADE,
                Text(f"the {order.side.value} order for {order.code} goes against its goal",
                     f"{order.code} {order.side.value} 주문이 목표와 반대 방향입니다"),
                _PLAN_AGAIN,
                order.code,
            )  # fmt: skip


def lands(facts: Facts) -> Iterator[Broken]:
    """R11 (definition 18): within one point or one share of the goal, unless a minimum, list, cap or the cash that
    there is has kept an order back; to go past the goal there is no excuse."""
    spread = _outside_bands(facts)
    for asset, goal in _pairs(facts):
        after = facts.value(asset.code, facts.quantity_after(asset.code))
        gap = exact_sum((after, goal.value.copy_negate()))
        tolerance = exact_sum((_tolerance(facts, asset), spread))
        if abs(gap) <= tolerance:
            continue
        before = exact_sum((asset.value, goal.value.copy_negate()))
        past = product(before, gap) < 0 or before == 0
        if past or not _kept_back(facts, asset, goal, gap):
            base = facts.policy.base_currency
            yield Broken(
                Rule.LANDS,
                Text(f"{asset.code} would land {show_money(gap, base, signed=True)} from its goal, more than"
                     f" {show_money(tolerance, base)}",
                     f"{asset.code}이(가) 목표에서 {show_money(gap, base, signed=True)} 벗어나 허용 범위"
                     f" {show_money(tolerance, base)}을(를) 넘습니다"),
                _PLAN_AGAIN,
                asset.code,
            )  # fmt: skip


def drift_falls(facts: Facts) -> Iterator[Broken]:
    """R12 (definition 22): the sum of the distances to the goals falls; one asset may move away by less than a share.

    What a buffer that is not full, or an explicit band, asks for may cost distance, and no more than that.
    """
    if not facts.plan.orders:
        return
    rise = []
    forced = exact_sum((_missing_cash(facts), product(Decimal(2), _outside_bands(facts))))
    for asset, goal in _pairs(facts):
        distances = [_distance(facts, asset, goal, q) for q in (asset.quantity, facts.quantity_after(asset.code))]
        growth = exact_sum((distances[1], distances[0].copy_negate()))
        rise.append(growth)
        if growth >= exact_sum((asset.share_value or ZERO, forced)) and growth > 0:
            base = facts.policy.base_currency
            yield Broken(
                Rule.DRIFT_FALLS,
                Text(f"{asset.code} would move away from its goal by {show_money(growth, base)}",
                     f"{asset.code}이(가) 목표에서 {show_money(growth, base)} 더 멀어집니다"),
                _PLAN_AGAIN,
                asset.code,
            )  # fmt: skip
    total = exact_sum(rise)
    if total > forced or (total == 0 and not forced):
        yield Broken(
            Rule.DRIFT_FALLS,
            Text("the total distance to the goal does not fall", "목표까지의 거리 합이 줄지 않습니다"),
            _PLAN_AGAIN,
        )


def _pairs(facts: Facts) -> Iterator[tuple[AssetDrift, Goal]]:
    """Every asset with its goal."""
    goals = {goal.code: goal for goal in facts.plan.goals}
    for asset in facts.plan.drift.assets:
        if asset.code in goals:
            yield asset, goals[asset.code]


def _tolerance(facts: Facts, asset: AssetDrift) -> Decimal:
    """One point of the portfolio, one share, or what an order must be worth to be sent."""
    share = asset.share_value or ZERO
    return max(product(ONE_POINT, facts.largest_total), share, facts.policy.rebalancing.order_price)


def _distance(facts: Facts, asset: AssetDrift, goal: Goal, quantity: Decimal) -> Decimal:
    return abs(exact_sum((facts.value(asset.code, quantity), goal.value.copy_negate())))


def _kept_back(facts: Facts, asset: AssetDrift, goal: Goal, gap: Decimal) -> bool:
    """Whether something the policy, the options or the account says has kept an asset short of its goal."""
    options = facts.plan.options
    listed = facts.policy.asset(asset.code)
    traded = bool(facts.orders_for(asset.code))
    if listed is None or _is_irp(facts) or _at_a_cap(facts, asset):
        return True
    if not traded and (goal.below_minimum or abs(goal.amount) < facts.minimum):
        return True
    if gap < 0:  # short of a buy
        elsewhere = bool(listed.accounts) and facts.account not in listed.accounts
        return listed.never_buy or elsewhere or bool(options.withdraw) or not _can_pay_for_a_share(facts, asset)
    sold_out = facts.quantity_after(asset.code) < 1
    return listed.never_sell or options.no_sell or bool(options.contribute) or sold_out


def _at_a_cap(facts: Facts, asset: AssetDrift) -> bool:
    """Whether the policy's caps leave no room for another order, or for a share more sold and one bought."""
    limits = facts.policy.rebalancing.constraints
    if limits.max_orders is not None and len(facts.plan.orders) >= limits.max_orders:
        return True
    if limits.max_turnover is None:
        return False
    traded = [facts.base_amount(order) for order in facts.plan.orders]
    one_more = product(Decimal(2), asset.share_value or ZERO)
    return exact_sum((*traded, one_more)) > product(limits.max_turnover, facts.largest_total)


def _can_pay_for_a_share(facts: Facts, asset: AssetDrift) -> bool:
    """Whether the cash that the plan leaves would buy one share more, or the smallest order that may be sent."""
    price = asset.price or ZERO
    need = max(price, price if facts.orders_for(asset.code) else _in_own(facts, asset))
    left = exact_sum((facts.cash_after(asset.currency), facts.cash_floor(asset.currency).copy_negate()))
    # The stated costs of a share are small; 1 % more than its price covers them.
    return left >= product(need, ONE + ONE_POINT)


def _in_own(facts: Facts, asset: AssetDrift) -> Decimal:
    """The minimum trade in the asset's currency."""
    rate = facts.prices.rate(asset.currency)
    return ratio(facts.minimum, rate)


def _missing_cash(facts: Facts) -> Decimal:
    """Base-currency cash that sales must raise before anything else: an unfilled buffer and a withdrawal."""
    base = facts.policy.base_currency
    after_flow = exact_sum((facts.snapshot.cash_of(base), facts.flow))
    return max(ZERO, exact_sum((facts.cash_floor(base), after_flow.copy_negate())))


def _outside_bands(facts: Facts) -> Decimal:
    """Money by which goals lie outside explicit bands: the plan weighs such money 20 times, so it may follow the band
    instead, and others pay for it."""
    outside = []
    for asset, goal in _pairs(facts):
        listed = facts.policy.asset(asset.code)
        if listed is not None and listed.min is not None:
            outside.append(exact_sum((product(listed.min, facts.total), goal.value.copy_negate())))
        if listed is not None and listed.max is not None:
            outside.append(exact_sum((goal.value, product(listed.max, facts.total).copy_negate())))
    return exact_sum(max(ZERO, amount) for amount in outside)


def _is_irp(facts: Facts) -> bool:
    """A retirement account holds at most 70 % in risk assets, whatever the goals say."""
    rule = facts.policy.accounts.get(facts.account)
    return rule is not None and rule.type is AccountType.IRP
