"""How far a plan ends from its targets and goals, asset by asset, or by group where assets may stand for each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.drift import Drift
from rebalance_kit.goals import Goal
from rebalance_kit.money import ZERO, as_decimal, exact_sum
from rebalance_kit.policy.model import Policy


def unit_names(policy: Policy) -> dict[str, str]:
    """What is judged for every asset of an interchangeable group: the group's name."""
    return {asset.code: name for name, members in policy.interchangeable_groups().items() for asset in members}


def largest_drift(policy: Policy, drift: Drift, values: Mapping[str, Decimal], cash: Decimal) -> Decimal:
    """The largest |drift| of assets worth `values` beside so much cash."""
    names, total = unit_names(policy), Fraction(exact_sum((*values.values(), cash)))
    targets: dict[str, Fraction] = {}
    sums: dict[str, Decimal] = {}
    for row in drift.assets:
        unit = names.get(row.code, f"={row.code}")
        targets[unit] = targets.get(unit, Fraction(0)) + Fraction(row.target_weight)
        sums[unit] = exact_sum((sums.get(unit, ZERO), values[row.code]))
    weights = {unit: Fraction(value) / total if total else Fraction(0) for unit, value in sums.items()}
    return max((abs(as_decimal(weights[unit] - target)) for unit, target in targets.items()), default=ZERO)


def distance(policy: Policy, goals: Sequence[Goal], values: Mapping[str, Decimal]) -> Decimal:
    """The sum of |value - goal|, in the base currency."""
    names = unit_names(policy)
    gaps: dict[str, Decimal] = {}
    for goal in goals:
        unit = names.get(goal.code, f"={goal.code}")
        gaps[unit] = exact_sum((gaps.get(unit, ZERO), values[goal.code], goal.value.copy_negate()))
    return exact_sum(abs(gap) for gap in gaps.values())
