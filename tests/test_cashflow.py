"""Deposits and withdrawals by the three named rules, to the won, and the deposit that needs no sale."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.cashflow import (
    cash_goals,
    cash_rules,
    deposit,
    smallest_no_sell_deposit,
    split_cash,
    withdrawal,
)
from rebalance_kit.drift import Drift, measure_drift
from rebalance_kit.errors import RuleError, UsageError
from rebalance_kit.policy.model import CashRule, Policy
from tests.make import document_001, policy, situation

PROPORTIONAL, WATER, SQUARES = CashRule.PROPORTIONAL, CashRule.WATER_FILLING, CashRule.LEAST_SQUARES


def drift_of(wanted: Policy | str, held: str) -> tuple[Policy, Drift]:
    made = situation(wanted, held)
    return made.policy, measure_drift(made.policy, made.holdings, made.prices, deposit=Decimal(1))


def document() -> tuple[Policy, Drift]:
    made = document_001()
    return made.policy, measure_drift(made.policy, made.holdings, made.prices)


def parts(wanted: Policy, drift: Drift, amount: int | str, rule: CashRule) -> list[Decimal]:
    return [part for _, part in split_cash(wanted, drift, Decimal(amount), rule).amounts]


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (PROPORTIONAL, [357_143, 0, 428_571, 214_286]),
        (WATER, [300_000, 0, 466_667, 233_333]),
        (SQUARES, [366_667, 0, 466_667, 166_666]),
    ],
)
def test_document_001_a_million_paid_in(rule: CashRule, wanted: list[int]) -> None:
    assert parts(*document(), 1_000_000, rule) == wanted


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (PROPORTIONAL, [-76_923, -923_077, 0, 0]),
        (WATER, [0, -1_000_000, 0, 0]),
        (SQUARES, [0, -1_000_000, 0, 0]),
    ],
)
def test_document_001_a_million_paid_out(rule: CashRule, wanted: list[int]) -> None:
    assert parts(*document(), -1_000_000, rule) == wanted


def test_document_001_worst_relative_gaps() -> None:
    gaps = {split.rule: split.worst_relative_gap for split in cash_rules(*document(), Decimal(1_000_000)).rules}
    assert gaps[PROPORTIONAL] == pytest.approx(Decimal(12) / 154)  # 7.79 %
    assert gaps[WATER] == pytest.approx(Decimal(2) / 33)  # 6.06 %, the smallest of all
    assert gaps[SQUARES] == pytest.approx(Decimal(4) / 33)  # 12.12 %


def test_document_001_two_million_restore_every_target_without_a_sale() -> None:
    rules = cash_rules(*document(), Decimal(2_000_000))
    assert rules.smallest_no_sell_deposit == 2_000_000
    for split in rules.rules:
        assert [part for _, part in split.amounts] == [800_000, 0, 800_000, 400_000]


def test_an_equal_split_gives_the_missing_unit_to_the_first_code() -> None:
    wanted, drift = drift_of(thirds(), "cash KRW 0")
    assert parts(wanted, drift, 1_000_000, WATER) == [333_334, 333_333, 333_333]


def thirds() -> Policy:
    return policy("A 30, B 30, C 30, cash 10")


def test_a_cash_target_takes_no_part_of_a_deposit() -> None:
    """The targets of the assets are scaled to one: the deposit is invested whole."""
    wanted, drift = drift_of(thirds(), "A 10 @ 1000, B 10 @ 1000, C 10 @ 1000; cash KRW 3333")
    assert parts(wanted, drift, 900, PROPORTIONAL) == [300, 300, 300]


def test_what_the_policy_does_not_name_is_left_alone() -> None:
    wanted, drift = drift_of("A 50, B 50", "A 10 @ 1000, B 10 @ 1000, OLD 50 @ 1000")
    assert parts(wanted, drift, 1000, PROPORTIONAL) == [500, 500]
    goals = {goal.code: goal.amount for goal in cash_goals(wanted, drift, Decimal(1000), PROPORTIONAL)}
    assert goals == {"A": 500, "B": 500, "OLD": 0}


@pytest.mark.parametrize("rule", CashRule)
def test_a_target_of_zero_is_never_bought_and_sold_first(rule: CashRule) -> None:
    wanted, drift = drift_of("A 60, B 40, GONE 0", "A 60 @ 100, B 10 @ 100, GONE 5 @ 100")
    assert parts(wanted, drift, 1000, rule)[2] == 0
    assert parts(wanted, drift, -300, rule) == [0, 0, -300]
    assert parts(wanted, drift, -700, rule) == [-200, 0, -500]


def test_zero_targets_share_a_withdrawal_by_the_rule() -> None:
    wanted, drift = drift_of("A 100, X 0, Y 0", "A 1 @ 100, X 3 @ 100, Y 1 @ 100")
    assert parts(wanted, drift, -200, PROPORTIONAL) == [0, -150, -50]
    assert parts(wanted, drift, -200, WATER) == [0, -200, 0]


def test_an_asset_that_may_not_be_bought_takes_no_part() -> None:
    wanted = policy("A 50, B 25, C 25", assets={"A": {"never_buy": True}})
    made = drift_of(wanted, "A 10 @ 100, B 1 @ 100, C 1 @ 100")
    assert parts(*made, 200, WATER) == [0, 100, 100]


def test_an_asset_that_may_not_be_sold_takes_no_part() -> None:
    wanted = policy("A 50, B 25, C 25", assets={"A": {"never_sell": True}})
    made = drift_of(wanted, "A 10 @ 100, B 2 @ 100, C 2 @ 100")
    assert parts(*made, -200, WATER) == [0, -100, -100]


def test_a_withdrawal_comes_from_assets_of_the_base_currency() -> None:
    """Where nothing is exchanged, dollars cannot be paid out as won: VOO, the most overweight, is not sold for it."""
    wanted = policy("A 30, B 30, VOO 40", assets={"VOO": {"currency": "USD"}}, cash={"exchange": False})
    made = situation(wanted, "A 30 @ 100, B 40 @ 100, VOO 100", "A 100, B 100, VOO 1 USD, USD/KRW 100")
    drift = measure_drift(made.policy, made.holdings, made.prices)
    assert parts(wanted, drift, -1000, WATER) == [0, -1000, 0]
    assert sum(parts(wanted, drift, -8000, WATER)) == -8000  # more than they are worth: all take part
    assert parts(wanted, drift, -8000, WATER)[2] < 0
    free = policy("A 30, B 30, VOO 40", assets={"VOO": {"currency": "USD"}})
    assert parts(free, drift, -1000, WATER) == [0, 0, -1000]


def test_everything_can_be_withdrawn_and_no_more() -> None:
    wanted, drift = drift_of("A 60, B 40", "A 3 @ 100, B 1 @ 100")
    for rule in CashRule:
        assert parts(wanted, drift, -400, rule) == [-300, -100]
    with pytest.raises(UsageError, match="at most ₩400"):
        split_cash(wanted, drift, Decimal(-401), WATER)


@pytest.mark.parametrize("amount", ["0", "0.5", "NaN", "Infinity"])
def test_an_amount_that_cannot_be_split_is_refused(amount: str) -> None:
    wanted, drift = drift_of("A 60, B 40", "A 3 @ 100, B 1 @ 100")
    with pytest.raises(UsageError, match="cannot be split"):
        split_cash(wanted, drift, Decimal(amount), WATER)


def test_a_deposit_with_nowhere_to_go_is_refused() -> None:
    wanted, drift = drift_of(policy("A 100", assets={"A": {"never_buy": True}}), "A 3 @ 100")
    with pytest.raises(RuleError, match="never_buy"):
        split_cash(wanted, drift, Decimal(100), WATER)


def test_the_first_deposit_goes_by_target() -> None:
    wanted, drift = drift_of("A 60, B 40", "cash KRW 0")
    assert parts(wanted, drift, 1000, WATER) == [600, 400]


def test_goals_are_the_value_plus_the_part_and_know_the_minimum() -> None:
    made = document_001(min_trade="250000")
    drift = measure_drift(made.policy, made.holdings, made.prices)
    goals = {goal.code: goal for goal in cash_goals(made.policy, drift, Decimal(1_000_000), WATER)}
    assert goals["TLT"].value == 2_066_667
    assert goals["GLD"].below_minimum  # 233,333
    assert not goals["VOO"].below_minimum  # nothing wanted is not below anything
    assert not goals["KODEX200"].below_minimum


def test_no_deposit_restores_a_target_of_zero() -> None:
    wanted, drift = drift_of("A 100, GONE 0", "A 10 @ 100, GONE 1 @ 100")
    assert smallest_no_sell_deposit(wanted, drift) is None


def test_the_smallest_deposit_is_rounded_up_to_the_unit() -> None:
    wanted, drift = drift_of("A 70, B 30", "A 10 @ 100, B 1 @ 100")
    assert smallest_no_sell_deposit(wanted, drift) == 329  # 1000 / 0.7 - 1100 = 328.57


PORTFOLIOS = st.lists(st.tuples(st.integers(0, 10**8), st.integers(0, 100)), min_size=1, max_size=7).filter(
    lambda rows: sum(weight for _, weight in rows) > 0
)


def as_parts(rows: list[tuple[int, int]]) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    whole = sum(weight for _, weight in rows)
    codes = [f"{i:03d}" for i in range(len(rows))]
    return (
        {code: Fraction(value) for code, (value, _) in zip(codes, rows, strict=True)},
        {code: Fraction(weight, whole) for code, (_, weight) in zip(codes, rows, strict=True)},
    )


@given(rows=PORTFOLIOS, amount=st.integers(1, 10**9), rule=st.sampled_from(CashRule))
def test_a_deposit_is_spent_whole_and_overshoots_nothing(
    rows: list[tuple[int, int]], amount: int, rule: CashRule
) -> None:
    values, weights = as_parts(rows)
    found = deposit(values, weights, Fraction(amount), rule)
    total = sum(values.values()) + amount
    assert sum(found.values()) == amount
    for code, part in found.items():
        assert part >= 0
        assert part == 0 or values[code] + part <= weights[code] * total


@given(rows=PORTFOLIOS, share=st.fractions(0, 1, max_denominator=1000), rule=st.sampled_from(CashRule))
def test_a_withdrawal_is_raised_whole_from_what_is_there(
    rows: list[tuple[int, int]], share: Fraction, rule: CashRule
) -> None:
    values, weights = as_parts(rows)
    amount = share * sum(values.values())
    found = withdrawal(values, weights, amount, rule)
    assert sum(found.values()) == amount
    assert all(0 <= part <= values[code] for code, part in found.items())


@given(rows=PORTFOLIOS, amount=st.integers(1, 10**9))
def test_each_rule_is_the_best_at_what_it_is_named_for(rows: list[tuple[int, int]], amount: int) -> None:
    values, weights = as_parts(rows)
    goals = {code: weight * (sum(values.values()) + amount) for code, weight in weights.items()}
    left = {
        rule: {
            code: goals[code] - values[code] - part
            for code, part in deposit(values, weights, Fraction(amount), rule).items()
        }
        for rule in CashRule
    }
    squares = {rule: sum(gap * gap for gap in gaps.values()) for rule, gaps in left.items()}
    worst = {rule: max(gaps[code] / goals[code] for code in gaps if goals[code]) for rule, gaps in left.items()}
    assert squares[SQUARES] == min(squares.values())
    assert worst[WATER] == min(worst.values())


@given(rows=PORTFOLIOS, amount=st.integers(1, 10**9), mix=st.randoms(use_true_random=False))
def test_the_order_of_the_assets_does_not_matter(rows: list[tuple[int, int]], amount: int, mix: Random) -> None:
    values, weights = as_parts(rows)
    mixed = list(values)
    mix.shuffle(mixed)
    for rule in CashRule:
        here = deposit(values, weights, Fraction(amount), rule)
        there = deposit({c: values[c] for c in mixed}, {c: weights[c] for c in mixed}, Fraction(amount), rule)
        assert here == there
