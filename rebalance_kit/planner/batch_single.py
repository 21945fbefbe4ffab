"""One account of many as a plan of its own: the rooms of a single portfolio, with the numbers of the arrays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from rebalance_kit.cashflow import cash_goals
from rebalance_kit.drift import measure_drift
from rebalance_kit.goals import ideal_goals
from rebalance_kit.holdings.model import Cash, Holdings, Position
from rebalance_kit.money import ZERO, product
from rebalance_kit.planner.batch_input import Accounts
from rebalance_kit.planner.batch_result import Asked
from rebalance_kit.planner.make import make_plan
from rebalance_kit.planner.plan import Plan, PlanOptions
from rebalance_kit.prices.model import PriceBook, Quote
from rebalance_kit.trigger import decide

ANY_DAY = date(2000, 1, 3)  # where no date was given none is looked at


def plan_of(read: Accounts, place: int, asked: Asked, *, instant: bool = False) -> Plan:
    """The plan of the account at a place."""
    on, policy = read.on or ANY_DAY, read.policy
    holdings, prices = _holdings(read, place, on), _book(read, on)
    flow = product(Decimal(int(read.flow[place])), read.unit)
    drift = measure_drift(policy, holdings, prices, deposit=max(flow, ZERO))
    options = PlanOptions(
        contribute=flow if flow > 0 else None,
        withdraw=-flow if flow < 0 else None,
        cash_rule=asked.cash_rule if flow else None,
        method=None if flow else asked.method,
        fraction=None if flow else asked.fraction,
        no_sell=asked.no_sell,
        force=asked.force,
        account=read.account,
        instant=instant,
    )
    if flow:
        goals = cash_goals(policy, drift, flow, asked.cash_rule)
    else:
        goals = ideal_goals(policy, drift, options.method, options.fraction)
    decision = decide(policy, drift, goals, on=on, forced=asked.force, cash_flow=bool(flow))
    plan = make_plan(policy, holdings, prices, drift, decision, goals, options, on=on)
    return replace(plan, language=policy.language)


def _holdings(read: Accounts, place: int, on: date) -> Holdings:
    positions = tuple(
        Position(read.account, code, Decimal(int(quantity)), read.policy.base_currency)
        for code, quantity in zip(read.codes, read.quantities[place], strict=True)
        if quantity
    )
    cash = Cash(read.account, read.policy.base_currency, product(Decimal(int(read.cash[place])), read.unit), "cash")
    return Holdings(positions, (cash,), as_of=on, source=read.names[place])


def _book(read: Accounts, on: date) -> PriceBook:
    currency = read.policy.base_currency
    quotes = {
        code: Quote(code, price, currency, on, "prices") for code, price in zip(read.codes, read.prices, strict=True)
    }
    return PriceBook(currency, on, quotes, {}, {code: (quote,) for code, quote in quotes.items()})
