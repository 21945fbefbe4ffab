"""A plan: the goal in money, the whole-share orders, what they cost, where they lead, and how good they are."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from rebalance_kit.drift import Drift
from rebalance_kit.goals import Goal
from rebalance_kit.orders import Order
from rebalance_kit.policy.model import CashRule, Method
from rebalance_kit.trigger import Decision
from rebalance_kit.words import Finding, Text


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a person asked for. `contribute` and `withdraw` are positive amounts of the base currency; None: neither.

    `method`, `fraction` and `cash_rule` are None where the policy decides. `targets` are weights that replace the
    policy's for a what-if (the desk's sliders), as (code, weight), sorted by code.
    """

    contribute: Decimal | None = None
    withdraw: Decimal | None = None
    cash_rule: CashRule | None = None
    method: Method | None = None
    fraction: Decimal | None = None
    no_sell: bool = False
    force: bool = False
    account: str | None = None
    targets: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class AfterRow:
    """One asset after the plan, at the reference price. The weights are of the total value after costs."""

    code: str
    quantity: Decimal
    value: Decimal
    weight: Decimal
    drift: Decimal


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything in the base currency. `turnover` is the gross amount bought plus sold."""

    turnover: Decimal
    commission: Decimal
    slippage: Decimal
    tax: Decimal | None
    cash_before: Decimal
    cash_after: Decimal
    max_drift_before: Decimal
    max_drift_after: Decimal


@dataclass(frozen=True, slots=True)
class Optimality:
    """`optimal` is proved; `gap` says the plan's objective is within `gap_bp` of the total value of the bound."""

    status: Literal["optimal", "gap"]
    gap_bp: Decimal


@dataclass(frozen=True, slots=True)
class Check:
    """One fact that was re-proved, or a rule that was tested: `holds` or not, and the figures."""

    name: str
    holds: bool
    detail: Text


@dataclass(frozen=True, slots=True)
class Certificate:
    """Facts about a plan that an independent function re-proved in exact arithmetic (definition 10)."""

    checks: tuple[Check, ...]

    @property
    def valid(self) -> bool:
        return all(check.holds for check in self.checks)


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole answer. `plan_id` is a hash of policy, holdings, prices, date, options and orders: no clock, no
    machine. `ideal` is the preview of trades that a plan without orders would have made, were it due."""

    plan_id: str
    drift: Drift
    decision: Decision
    options: PlanOptions
    method: Method
    cash_rule: CashRule | None
    goals: tuple[Goal, ...]
    orders: tuple[Order, ...]
    ideal: tuple[Order, ...]
    summary: Summary
    after: tuple[AfterRow, ...]
    optimality: Optimality
    certificate: Certificate
    findings: tuple[Finding, ...]
