"""The plan of a situation, as the portfolio makes it: drift, goals, decision, plan."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from rebalance_kit.drift import measure_drift
from rebalance_kit.goals import ideal_goals
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import ZERO
from rebalance_kit.planner.make import make_plan, wanted_goals
from rebalance_kit.planner.plan import Plan, PlanOptions
from rebalance_kit.trigger import decide
from tests.make import ON, Situation

_NUMBERS = ("contribute", "withdraw", "fraction")


def made_plan(made: Situation, *, on: date = ON, household: Holdings | None = None, **asked: Any) -> Plan:
    """made_plan(document_000(), force=True); made_plan(document_001(), contribute="1000000")"""
    numbers: dict[str, Any] = {key: Decimal(asked.pop(key)) for key in _NUMBERS if key in asked}
    options = PlanOptions(**numbers, **asked)
    flow = (options.contribute or ZERO) - (options.withdraw or ZERO)
    drift = measure_drift(made.policy, made.holdings, made.prices, deposit=max(flow, ZERO))
    if flow:
        goals = wanted_goals(made.policy, made.holdings, made.prices, drift, options)
    else:
        goals = ideal_goals(made.policy, drift, options.method, options.fraction)
    decision = decide(made.policy, drift, goals, on=on, forced=options.force, cash_flow=bool(flow))
    inputs = (made.policy, made.holdings, made.prices, drift, decision, goals, options)
    return make_plan(*inputs, on=on, household=household)
