"""The pre-trade rules (one validator for every plan, whoever made it) and the only maker of `CheckedOrders`."""

from rebalance_kit.checks.facts import Facts
from rebalance_kit.checks.gate import CheckedOrders, PlanBlocked, broken_rules, check_plan
from rebalance_kit.checks.table import Broken, Consequence, Rule, rule_table

__all__ = [
    "Broken",
    "CheckedOrders",
    "Consequence",
    "Facts",
    "PlanBlocked",
    "Rule",
    "broken_rules",
    "check_plan",
    "rule_table",
]
