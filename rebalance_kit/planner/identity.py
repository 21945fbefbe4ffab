"""The plan's id: a hash of everything that the plan is made from and of what it orders, and of nothing else.

No clock, no machine, no language, no order of input: `plan` and `run` agree, and a plan made from anything else has
another id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date

from rebalance_kit.costs import Exchange
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import plain
from rebalance_kit.orders import Order, said_shares
from rebalance_kit.planner.plan import PlanOptions
from rebalance_kit.policy.hashing import policy_hash
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.model import PriceBook

DIGITS = 12  # 48 bits: short enough to type back, and nobody chooses what they collide with


def plan_id(
    policy: Policy,
    holdings: Holdings,
    prices: PriceBook,
    options: PlanOptions,
    orders: Sequence[Order],
    account: str,
    on: date,
    exchanges: Sequence[Exchange] = (),
) -> str:
    """The first hexadecimal digits of a SHA-256 over policy, holdings, prices, date, options, orders and exchanges."""
    said: dict[str, object] = {
        "policy": policy_hash(policy),
        "on": on.isoformat(),
        "account": account,
        "positions": [[p.account, p.code, plain(p.quantity), p.currency] for p in holdings.positions],
        "cash": [[c.account, c.currency, plain(c.amount), c.kind] for c in holdings.cash],
        "prices": [[q.code, plain(q.price), q.currency] for _, q in sorted(prices.quotes.items())],
        "rates": [[code, plain(rate.rate)] for code, rate in sorted(prices.rates.items())],
        "options": [
            *(None if n is None else plain(n) for n in (options.contribute, options.withdraw, options.fraction)),
            options.cash_rule,
            options.method,
            options.no_sell,
            options.force,
            [[code, plain(weight)] for code, weight in options.targets],
        ],
        "orders": [_order(order) for order in orders],
    }
    if exchanges:
        said["exchanges"] = [line.to_dict() for line in exchanges]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _order(order: Order) -> list[str | int | None]:
    limit = None if order.limit_price is None else plain(order.limit_price)
    tax = None if order.tax is None else plain(order.tax)
    lots = ", ".join(f"{name} {plain(shares)}" for name, shares in order.lots)
    return [
        order.account,
        order.code,
        order.side,
        said_shares(order.quantity),
        limit,
        plain(order.reference_price),
        tax,
        lots,
    ]
