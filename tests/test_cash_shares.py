"""The whole-share version of every cash rule against all ways to buy or to sell: brute force on tiny portfolios."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import ceil

from hypothesis import given, settings
from hypothesis import strategies as st

from rebalance_kit.cashflow import cash_goals
from rebalance_kit.drift import measure_drift
from rebalance_kit.orders import Side
from rebalance_kit.planner.compare import RuleOutcome, compare_cash
from rebalance_kit.policy.model import CashRule
from tests.make import ON, Situation, policy, situation

FEE = Decimal("0.002")
ROWS = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 5), st.integers(2, 40)), min_size=2, max_size=3)


def portfolio(rows: list[tuple[int, int, int]], idle: int, minimum: int) -> Situation:
    whole = sum(target for target, _, _ in rows)
    targets = [target * 100 // whole for target, _, _ in rows]
    targets[0] += 100 - sum(targets)
    wanted = ", ".join(f"S{i} {target}" for i, target in enumerate(targets))
    held = ", ".join(f"S{i} {shares} @ {100 * price}" for i, (_, shares, price) in enumerate(rows))
    return situation(policy(wanted, fee=str(FEE), min_trade=str(minimum)), f"{held}; cash KRW {idle}")


def best_objective(made: Situation, flow: int, rule: CashRule, minimum: int) -> Fraction:
    """The smallest sum of |value - goal| and fees over every allowed purchase (or sale, for money out)."""
    drift = measure_drift(made.policy, made.holdings, made.prices, deposit=Decimal(max(flow, 0)))
    goals = {goal.code: Fraction(goal.value) for goal in cash_goals(made.policy, drift, Decimal(flow), rule)}
    prices = {code: int(made.prices.price(code)) for code in goals}
    held = {code: int(made.holdings.quantity(code)) for code in goals}
    cash = int(made.holdings.cash_of("main", "KRW")) + flow

    def counts(code: str) -> Iterator[int]:
        reach = cash // prices[code] if flow > 0 else held[code]
        for traded in range(reach + 1):
            enough = traded * prices[code] >= minimum or (flow < 0 and traded == held[code])
            if not traded or enough:
                yield traded if flow > 0 else -traded

    best: Fraction | None = None
    for moves in product(*(list(counts(code)) for code in goals)):
        fees = [
            ceil(Fraction(abs(move) * prices[code]) * Fraction(FEE)) for code, move in zip(goals, moves, strict=True)
        ]
        spent = sum(move * prices[code] for code, move in zip(goals, moves, strict=True)) + sum(fees)
        if spent > cash:
            continue
        gaps = (abs((held[code] + move) * prices[code] - goals[code]) for code, move in zip(goals, moves, strict=True))
        objective = sum(gaps, Fraction(0)) + sum(fees)
        best = objective if best is None else min(best, objective)
    assert best is not None
    return best


def objective_of(made: Situation, outcome: RuleOutcome, flow: int, rule: CashRule) -> Fraction:
    drift = measure_drift(made.policy, made.holdings, made.prices, deposit=Decimal(max(flow, 0)))
    changes = {order.code: order.quantity * (1 if order.side is Side.BUY else -1) for order in outcome.orders}
    gaps = Fraction(0)
    for goal in cash_goals(made.policy, drift, Decimal(flow), rule):
        shares = made.holdings.quantity(goal.code) + changes.get(goal.code, 0)
        gaps += abs(Fraction(shares * made.prices.price(goal.code)) - Fraction(goal.value))
    return gaps + sum(Fraction(order.commission) for order in outcome.orders)


def compared(made: Situation, flow: int) -> tuple[RuleOutcome, ...]:
    drift = measure_drift(made.policy, made.holdings, made.prices, deposit=Decimal(max(flow, 0)))
    return compare_cash(made.policy, made.holdings, made.prices, drift, Decimal(flow), None, ON).rules


@settings(max_examples=80, deadline=None)
@given(ROWS, st.integers(100, 12_000), st.integers(0, 3_000), st.sampled_from([0, 0, 1_500]))
def test_no_purchase_comes_nearer_to_a_rule(
    rows: list[tuple[int, int, int]], amount: int, idle: int, minimum: int
) -> None:
    made = portfolio(rows, idle, minimum)
    for outcome in compared(made, amount):
        rule = outcome.split.rule
        assert all(order.side is Side.BUY for order in outcome.orders)
        assert objective_of(made, outcome, amount, rule) == best_objective(made, amount, rule, minimum)


@settings(max_examples=80, deadline=None)
@given(ROWS, st.fractions(0, 1, max_denominator=50), st.sampled_from([0, 0, 1_500]))
def test_no_sale_comes_nearer_to_a_rule(rows: list[tuple[int, int, int]], share: Fraction, minimum: int) -> None:
    """At most nine tenths are withdrawn, so that the fees can be paid."""
    made = portfolio(rows, 0, minimum)
    worth = sum(100 * price * shares for _, shares, price in rows)
    amount = int(worth * share * 9 / 10)
    if not amount:
        return
    for outcome in compared(made, -amount):
        rule = outcome.split.rule
        assert all(order.side is Side.SELL for order in outcome.orders)
        assert objective_of(made, outcome, -amount, rule) == best_objective(made, -amount, rule, minimum)
