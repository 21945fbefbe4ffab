"""A plan of several accounts, account by account: each has a broker, a journal and a lock of its own."""

from __future__ import annotations

from dataclasses import replace

from rebalance_kit.drift import measure_drift
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import ZERO
from rebalance_kit.planner.plan import Plan
from rebalance_kit.planner.stating import planned_accounts
from rebalance_kit.policy.model import Policy
from rebalance_kit.policy.placing import paid_account
from rebalance_kit.prices.model import PriceBook


def working_accounts(plan: Plan, policy: Policy, holdings: Holdings) -> tuple[str, ...]:
    """The accounts in which a plan has something to do, sorted: orders, exchanges, a deposit or withdrawal."""
    named = {order.account for order in plan.orders} | {line.account for line in plan.exchanges}
    if plan.options.contribute or plan.options.withdraw:
        named.add(paid_account(policy, planned_accounts(policy, holdings, plan.options.account)))
    return tuple(sorted(named))


def part_of(plan: Plan, policy: Policy, holdings: Holdings, prices: PriceBook, account: str) -> Plan:
    """What a plan of several accounts does in one: its orders, what the account held, and the deposit or withdrawal if
    it is the account's. The id, the goals, the proof and the sums stay those of the whole."""
    options = replace(plan.options, account=account)
    if account != paid_account(policy, planned_accounts(policy, holdings, plan.options.account)):
        options = replace(options, contribute=None, withdraw=None)
    return replace(
        plan,
        drift=measure_drift(policy, holdings.only(account), prices, deposit=options.contribute or ZERO),
        options=options,
        orders=tuple(order for order in plan.orders if order.account == account),
        exchanges=tuple(line for line in plan.exchanges if line.account == account),
    )
