"""Portfolios whose plans owe tax: A has grown past its target, B is what it buys."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from rebalance_kit.holdings.model import Cash
from rebalance_kit.orders import Order, Side
from rebalance_kit.planner.plan import Plan
from tests.make import Situation, policy
from tests.make_tax import AMERICAN, EQUITY, OVERSEAS_IN_WON, Taxed, taxed

FREE = {"max_order_share": 1, "max_turnover": 1}


def with_cash(made: Taxed, amount: int = 0) -> Situation:
    cash = (Cash("main", made.policy.base_currency, Decimal(amount)),)
    return Situation(made.policy, replace(made.holdings, cash=cash), made.prices)


def korean(kind: dict[str, str] = OVERSEAS_IN_WON, *, account: str = "taxable", **settings: Any) -> Situation:
    """A is twice its target after its price doubled: 100 shares at 100,000, bought at 40,000 and 60,000."""
    tax = settings.pop("tax", {})
    wanted = policy(
        "A 50, B 50", assets={"A": kind, "B": EQUITY}, tax=tax, accounts={"main": {"type": account}}, **settings
    )
    bought = "A a1 2024-05-02 50 @ 40000, A a2 2025-02-03 50 @ 60000, B b1 2025-02-03 50 @ 100000"
    return with_cash(taxed(wanted, bought, "A 100000, B 100000"))


def american(**settings: Any) -> Situation:
    tax = {"jurisdiction": "US"} | settings.pop("tax", {})
    wanted = policy(
        "A 50, B 50", assets={"A": AMERICAN, "B": AMERICAN}, base_currency="USD", exchange="XNYS", tax=tax, **settings
    )
    bought = "A a1 2024-05-02 50 @ 40, A a2 2025-12-01 50 @ 90, B b1 2025-02-03 50 @ 100"
    return with_cash(taxed(wanted, bought, "A 100, B 100"))


def sale_of(plan: Plan) -> Order:
    (sale,) = (order for order in plan.orders if order.side is Side.SELL)
    return sale
