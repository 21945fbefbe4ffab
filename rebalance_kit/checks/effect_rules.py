"""Rules about where a plan leads: is trading due (R10), does the distance to the goal fall (R12)?

Source document 004 asks that a traded asset is past its threshold and lands within 1 % of the target. Read literally
neither can hold: a full rebalance also trades what is inside its band, and a share can cost more than 1 % of a
portfolio. Definitions 18 and 22 say what is asked instead; R11 has a room of its own (`landing`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from rebalance_kit.checks.facts import Facts
from rebalance_kit.checks.table import Broken, Rule
from rebalance_kit.drift import AssetDrift
from rebalance_kit.goals import Goal
from rebalance_kit.money import ZERO, exact_sum, product, show_money
from rebalance_kit.planner.judged import distance
from rebalance_kit.planner.plan import Plan
from rebalance_kit.words import Text

_PLAN_AGAIN = Text("plan again", "다시 계획해 주세요")
_TIMED = ("scheduled", "max_interval", "cash_flow", "manual")


def needs_trade(facts: Facts) -> Iterator[Broken]:
    """R10, for plans that a breach started: there is a breach, of an asset or of a group.

    Scheduled, forced and cash-flow plans need none; where the policy judges by averaged or proxy prices, the breach is
    theirs and the decision says so.
    """
    plan = facts.whole or facts.plan
    if not plan.orders or plan.options.force or facts.flow or plan.decision.trigger in _TIMED:
        return
    breached = [row.breached for row in plan.drift.assets] + [row.breached for row in plan.drift.groups]
    if not (any(breached) or facts.prices.judged) or not plan.decision.rebalance:
        yield Broken(
            Rule.NEEDS_TRADE,
            Text("nothing is past its band", "허용 범위를 벗어난 것이 없습니다"),
            Text("leave it alone, or plan with --force", "그대로 두거나 --force로 계획해 주세요"),
        )


def drift_falls(facts: Facts) -> Iterator[Broken]:
    """R12 (definition 22): the total distance to the goals falls, and one asset moves away by less than a share (or
    than the smallest order that may be sent).

    A share is the largest of those traded: selling several small ones may pay for it. The distance is measured as the
    policy plans: added up, or squared. Where the squares fall an asset may move further away: it helps out one that is
    further off; and a plan that is proved optimal moves nothing away without need. Cash that has to be raised and
    explicit bands may cost distance.
    """
    rules = facts.policy.rebalancing
    if not facts.plan.orders or rules.cash_price:
        return
    if facts.whole is not None or facts.policy.interchangeable_groups():
        yield from _household_falls(facts, facts.whole or facts.plan)
        return
    proved = facts.plan.optimality.status == "optimal"
    moves = [_move(facts, asset, goal) for asset, goal in facts.goals()]
    growth = exact_sum(move.growth for move in moves)
    squares = exact_sum(move.squares for move in moves)
    forced = exact_sum((_missing_cash(facts), _outside_bands(facts)))
    shares = [move.asset.share_value or ZERO for move in moves if facts.orders_for(move.asset.code)]
    allowed = exact_sum((max([facts.minimum, *shares]), product(Decimal(2), forced)))
    for move in moves:
        if move.growth > 0 and move.growth >= allowed and squares >= 0 and not proved:
            base = facts.policy.base_currency
            yield Broken(
                Rule.DRIFT_FALLS,
                Text(f"{move.asset.code} would move away from its goal by {show_money(move.growth, base)}",
                     f"{move.asset.code}이(가) 목표에서 {show_money(move.growth, base)} 더 멀어집니다"),
                _PLAN_AGAIN,
                move.asset.code,
            )  # fmt: skip
    if (squares if rules.deviation == "squared" else growth) >= 0 and not forced:
        yield Broken(
            Rule.DRIFT_FALLS,
            Text("the total distance to the goal does not fall", "목표까지의 거리 합이 줄지 않습니다"),
            _PLAN_AGAIN,
        )


def _household_falls(facts: Facts, plan: Plan) -> Iterator[Broken]:
    """Of several accounts together: the sum of distances (of groups, where assets may stand for each other) does not
    grow. It need not fall: trading where an asset is held may save what holding it there costs."""
    before = distance(facts.policy, plan.goals, {row.code: row.value for row in plan.drift.assets})
    after = distance(facts.policy, plan.goals, {row.code: row.value for row in plan.after})
    shares = [row.share_value or ZERO for row in plan.drift.assets]
    raised = abs(facts.flow) + _outside_bands(replace(facts, plan=plan))
    if after > exact_sum((before, max([facts.minimum, *shares]), product(Decimal(2), raised))):
        yield Broken(
            Rule.DRIFT_FALLS,
            Text("the total distance to the goal grows", "목표까지의 거리 합이 늘어납니다"),
            _PLAN_AGAIN,
        )


class _Move(NamedTuple):
    """How the plan changes one asset's distance to its goal, and the square of it, in the base currency."""

    asset: AssetDrift
    growth: Decimal
    squares: Decimal


def _move(facts: Facts, asset: AssetDrift, goal: Goal) -> _Move:
    before, after = (_distance(facts, asset, goal, q) for q in (asset.quantity, facts.quantity_after(asset.code)))
    squares = exact_sum((product(after, after), product(before, before).copy_negate()))
    return _Move(asset, exact_sum((after, before.copy_negate())), squares)


def _distance(facts: Facts, asset: AssetDrift, goal: Goal, quantity: Decimal) -> Decimal:
    return abs(exact_sum((facts.value(asset.code, quantity), goal.value.copy_negate())))


def _missing_cash(facts: Facts) -> Decimal:
    """Base-currency cash that sales must raise before anything else: an unfilled buffer and a withdrawal."""
    base = facts.policy.base_currency
    after_flow = exact_sum((facts.snapshot.cash_of(base), facts.flow))
    return max(ZERO, exact_sum((facts.cash_floor(base), after_flow.copy_negate())))


def _outside_bands(facts: Facts) -> Decimal:
    """Money by which assets or their goals lie outside explicit bands: the plan weighs such money 20 times, so it may
    follow the band instead, and others pay for it."""
    outside = []
    for asset, goal in facts.goals():
        listed = facts.policy.asset(asset.code)
        for value in (asset.value, goal.value):
            if listed is not None and listed.min is not None:
                outside.append(exact_sum((product(listed.min, facts.total), value.copy_negate())))
            if listed is not None and listed.max is not None:
                outside.append(exact_sum((value, product(listed.max, facts.total).copy_negate())))
    return exact_sum(max(ZERO, amount) for amount in outside)
