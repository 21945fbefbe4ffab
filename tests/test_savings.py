"""A savings plan is the single deposit, month after month: what is left over is carried on, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalance_kit import chart
from rebalance_kit.cashflow import deposit, smallest_no_sell_deposit
from rebalance_kit.drift import measure_drift
from rebalance_kit.errors import RuleError, UsageError
from rebalance_kit.holdings.model import Holdings, Position
from rebalance_kit.money import exact_sum
from rebalance_kit.orders import Side
from rebalance_kit.planner.compare import compare_cash
from rebalance_kit.planner.savings import months_to_restore, savings_plan
from rebalance_kit.planner.savings_model import SavingsPlan
from rebalance_kit.policy.model import CashRule
from rebalance_kit.portfolio import open_portfolio
from tests.folders import ON as DAY
from tests.folders import folder, rebalance
from tests.make import ON, Situation, document_001, policy, situation
from tests.shapes import SAVINGS, faults

WATER = CashRule.WATER_FILLING


def saved(made: Situation, amount: int | str, months: int, **more: object) -> SavingsPlan:
    return savings_plan(made.policy, made.holdings, made.prices, Decimal(amount), months, account=None, on=ON)


def test_document_001_three_hundred_thousand_a_month() -> None:
    """Its smallest deposit that needs no sale is 2,000,000: six deposits of 300,000 are too few, seven are enough."""
    plan = saved(document_001(), 300_000, 8)
    assert plan.smallest_no_sell_deposit == 2_000_000
    assert plan.months_to_restore == 7
    assert [row.restored_after for row in plan.rules] == [7, 7, 7]
    for row in plan.rules:
        drifts = [plan.max_drift_before, *(month.max_drift for month in row.months[:7])]
        assert drifts == sorted(drifts, reverse=True)  # every month brings the portfolio nearer
    assert plan.rule(WATER).deposited == 2_400_000


def test_what_one_month_cannot_buy_the_next_one_can() -> None:
    """250,000 a month into shares of 300,000: none in the first month, then as the money comes together."""
    plan = saved(situation("A 100", "A 1 @ 300000"), 250_000, 6)
    months = plan.rule(WATER).months
    assert [sum(order.quantity for order in month.orders) for month in months] == [0, 1, 1, 1, 1, 1]
    assert [month.to_invest for month in months] == [250_000, 500_000, 450_000, 400_000, 350_000, 300_000]
    assert [month.carried for month in months] == [250_000, 200_000, 150_000, 100_000, 50_000, 0]


def test_what_was_taken_from_idle_cash_is_paid_back_first() -> None:
    """A deposit of 200 rounds up to a share of 300 with 100 of the idle 1,000; the next month has 100 to invest."""
    plan = saved(situation("A 100", "A 1 @ 300; cash KRW 1000"), 200, 3)
    months = plan.rule(WATER).months
    assert [month.carried for month in months] == [-100, 100, 0]
    assert [month.to_invest for month in months] == [200, 100, 300]


def test_a_minimum_trade_waits_until_the_deposits_reach_it() -> None:
    made = situation(policy("A 100", min_trade="1000"), "A 10 @ 100")
    months = saved(made, 400, 4).rule(WATER).months
    assert [sum(order.quantity for order in month.orders) for month in months] == [0, 0, 12, 0]


def test_one_month_is_what_cash_says() -> None:
    made = document_001()
    drift = measure_drift(made.policy, made.holdings, made.prices)
    single = compare_cash(made.policy, made.holdings, made.prices, drift, Decimal(777_777), None, ON)
    plan = saved(made, 777_777, 1)
    for row, outcome in zip(plan.rules, single.rules, strict=True):
        (month,) = row.months
        assert month.outcome is not None
        untaxed = tuple(replace(order, tax=None) for order in outcome.orders)  # a purchase owes nothing
        assert month.outcome == replace(outcome, orders=untaxed)
    assert [row.carried for row in plan.rules] == [outcome.left_over for outcome in single.rules]


PORTFOLIOS = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 40), st.integers(1, 200)), min_size=1, max_size=4
)  # target, shares held, price


def portfolio(rows: list[tuple[int, int, int]], idle: int, minimum: int = 0, fee: str = "0") -> Situation:
    whole = sum(target for target, _, _ in rows)
    targets = [Decimal(target * 100 // whole) for target, _, _ in rows]
    targets[0] += 100 - sum(targets)
    wanted = ", ".join(f"S{i} {target}" for i, target in enumerate(targets))
    held = ", ".join(f"S{i} {shares} @ {100 * price}" for i, (_, shares, price) in enumerate(rows))
    return situation(policy(wanted, min_trade=str(minimum), fee=fee), f"{held}; cash KRW {idle}")


@settings(max_examples=60, deadline=None)
@given(PORTFOLIOS, st.integers(1, 50_000), st.integers(1, 6), st.integers(0, 20_000), st.integers(0, 3000))
def test_no_won_is_lost(rows: list[tuple[int, int, int]], amount: int, months: int, idle: int, minimum: int) -> None:
    """What was paid in is what the shares cost, fees included, and what is carried; each month's parts add up."""
    plan = saved(portfolio(rows, idle, minimum, fee="0.0015"), amount, months)
    for row in plan.rules:
        spent = exact_sum(
            cost for month in row.months for o in month.orders for cost in (o.amount, o.commission, o.slippage)
        )
        assert spent + row.carried == amount * months == row.deposited
        assert row.invested == spent
        carried = Decimal(0)
        for month in row.months:
            assert month.to_invest == amount + carried
            if month.outcome is not None:
                assert exact_sum(part for _, part in month.outcome.split.amounts) == month.to_invest
            else:
                assert month.to_invest <= 0
            assert idle + month.carried >= 0
            carried = month.carried


@settings(max_examples=60, deadline=None)
@given(PORTFOLIOS, st.integers(1, 50_000), st.integers(1, 5), st.integers(0, 20_000), st.sampled_from(CashRule))
def test_it_ends_where_single_deposits_end(
    rows: list[tuple[int, int, int]], amount: int, months: int, idle: int, rule: CashRule
) -> None:
    """The oracle: the public single-deposit comparison, called once a month by hand."""
    made = portfolio(rows, idle)
    held, carried = made.holdings, Decimal(0)
    for _ in range(months):
        paid = amount + carried
        carried = paid
        if paid > 0:
            drift = measure_drift(made.policy, held, made.prices, deposit=paid)
            outcome = compare_cash(made.policy, held, made.prices, drift, paid, None, ON).rule(rule)
            carried = outcome.left_over
            held = bought(held, {order.code: Decimal(order.quantity) for order in outcome.orders})
            assert all(order.side is Side.BUY for order in outcome.orders)
    row = saved(made, amount, months).rule(rule)
    assert {s.code: s.quantity for s in row.after} == {code: held.quantity(code) for code in held.quantities()}
    assert row.carried == carried


def bought(held: Holdings, shares: dict[str, Decimal]) -> Holdings:
    rows: list[Position] = [replace(p, quantity=p.quantity + shares.get(p.code, Decimal(0))) for p in held.positions]
    return replace(held, positions=tuple(rows))


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 10**6)), min_size=1, max_size=5),
    st.integers(1000, 10**6),
    st.sampled_from(CashRule),
)
def test_the_exact_rules_restore_every_target_in_that_month_and_not_before(
    rows: list[tuple[int, int]], amount: int, rule: CashRule
) -> None:
    weights = {f"S{i}": Fraction(w, sum(w for w, _ in rows)) for i, (w, _) in enumerate(rows)}
    values = {f"S{i}": Fraction(value) for i, (_, value) in enumerate(rows)}
    smallest = max(values[code] / weights[code] for code in values) - sum(values.values())
    months = months_to_restore(Decimal(-(-smallest.numerator // smallest.denominator)), Decimal(amount))
    assert months is not None
    if months > 40:
        return
    for _ in range(months):
        assert not on_target(values, weights)
        parts = deposit(values, weights, Fraction(amount), rule)
        values = {code: values[code] + parts[code] for code in values}
    assert on_target(values, weights) or months == 0


def on_target(values: dict[str, Fraction], weights: dict[str, Fraction]) -> bool:
    total = sum(values.values())
    return bool(total) and all(values[code] == weights[code] * total for code in values)


def test_a_held_asset_of_target_zero_is_never_restored_by_deposits() -> None:
    plan = saved(situation("A 100, GONE 0", "A 1 @ 100, GONE 1 @ 100"), 100, 3)
    assert plan.months_to_restore is None
    assert plan.rule(WATER).restored_after is None
    assert any("No deposit alone" in sentence for sentence in plan.sentences("en"))


def test_on_target_nothing_needs_to_be_restored() -> None:
    made = situation("A 50, B 50", "A 1 @ 100, B 1 @ 100")
    drift = measure_drift(made.policy, made.holdings, made.prices)
    assert smallest_no_sell_deposit(made.policy, drift) == 0
    assert saved(made, 200, 1).months_to_restore == 0


@pytest.mark.parametrize("months", [0, -1, 361])
def test_a_number_of_months_that_is_none_is_refused(months: int) -> None:
    with pytest.raises(UsageError, match="months"):
        saved(document_001(), 1000, months)


def test_a_savings_plan_pays_in() -> None:
    with pytest.raises(UsageError, match="monthly deposit above zero"):
        saved(document_001(), -1000, 3)
    with pytest.raises(UsageError):
        saved(document_001(), "0.5", 3)  # half a won


def test_nothing_to_buy_is_refused_as_for_a_single_deposit() -> None:
    with pytest.raises(RuleError):
        saved(situation(policy("A 100", assets={"A": {"never_buy": True}}), "A 1 @ 100"), 100, 2)


def test_the_command_shows_it_in_both_languages_and_as_json(tmp_path: Path) -> None:
    where = folder(tmp_path / "small")
    english = rebalance("cash", where, "300000", "--months", "3", "--on", DAY)
    korean = rebalance("cash", where, "300000", "--months", "3", "--on", DAY, "--language", "ko")
    assert english.code == korean.code == 0
    assert "this is no forecast" in english.out
    assert "예측이 아닙니다" in korean.out
    assert all(len(line) <= 80 for line in english.out.splitlines())
    document = rebalance("cash", where, "300000", "--months", "3", "--on", DAY, "--json").document
    assert faults(document, SAVINGS) == []
    assert [len(rule["months"]) for rule in document["rules"]] == [3, 3, 3]


def test_the_command_refuses_in_one_sentence(tmp_path: Path) -> None:
    where = folder(tmp_path / "small")
    for words in (("300000", "--months", "many"), ("-300000", "--months", "3"), ("300000", "--months", "0")):
        ran = rebalance("cash", where, *words, "--on", DAY)
        assert ran.code == 2
        assert ran.out == ""
        assert len(ran.err.strip().splitlines()) == 1


def test_a_notebook_shows_it_and_draws_it(tmp_path: Path) -> None:
    opened = open_portfolio(folder(tmp_path / "small"), on=DAY)
    plan = opened.savings_plan(300_000, 6)
    html = plan._repr_html_()
    assert "Water filling" in html
    assert "no forecast" in html
    table = plan.table()
    assert list(table.columns)[:3] == ["rule", "month", "to_invest"]
    assert len(table) == 3 * 6 * 3
    drawn = chart(plan)
    assert ElementTree.fromstring(drawn.svg).tag.endswith("svg")
    assert drawn.save(tmp_path / "plan.png").stat().st_size > 10_000
    only = opened.savings_plan("300,000", 2, rule="least_squares")
    assert [row.rule for row in only.rules] == [CashRule.LEAST_SQUARES]


DOLLARS = {"U": {"currency": "USD", "exchange": "XNYS"}}


def dollars(**settings_: Any) -> Situation:
    """Half in won, half in dollars; 25 dollars are there already."""
    wanted = policy("A 50, U 50", assets=DOLLARS, **settings_)
    return situation(wanted, "A 100 @ 1000, U 1 @ 10 USD; cash USD 25", "A 1000, U 10 USD, USD/KRW 1000")


def test_dollars_that_are_held_are_spent_once() -> None:
    """Without exchanges 25 dollars buy two shares of 10, in whatever month; the won that wait are carried."""
    row = saved(dollars(cash={"exchange": False}), 20_000, 4).rule(WATER)
    assert sum(order.quantity for month in row.months for order in month.orders if order.code == "U") == 2
    assert row.carried > 0


def test_won_are_exchanged_where_the_policy_allows_it() -> None:
    row = saved(dollars(costs={"fx_spread": "0.01"}), 20_000, 4).rule(WATER)
    assert sum(order.quantity for month in row.months for order in month.orders if order.code == "U") > 2
    dollars_bought = exact_sum(line.bought for month in row.months if month.outcome for line in month.outcome.exchanges)
    spent = exact_sum(o.amount for month in row.months for o in month.orders if o.code == "U")
    assert Decimal(25) + dollars_bought >= spent


def test_an_account_of_parts_of_shares_leaves_almost_nothing() -> None:
    """Units of 0.001 share of 300,000 won are 300 won: no month carries a share's worth."""
    wanted = policy("A 50, B 50", accounts={"main": {"fractional": True}})
    plan = saved(situation(wanted, "A 1 @ 300000, B 1 @ 700000"), 100_000, 3)
    for row in plan.rules:
        assert all(abs(month.carried) <= 1_000 for month in row.months)
        assert all(isinstance(standing.quantity, Decimal) for standing in row.after)
    document: Any = plan.to_dict()
    assert all(isinstance(row["quantity"], str) for rule in document["rules"] for row in rule["after"])


def test_a_household_saves_into_one_of_its_accounts() -> None:
    """The deposit is paid into the taxable account; the ISA spends what it has."""
    accounts = {"main": {}, "isa": {"type": "isa"}}
    made = situation(policy("A 50, B 50", accounts=accounts), "main: A 10 @ 1000, B 5 @ 1000; isa: A 1; cash KRW 3000")
    plan = saved(made, 2_000, 3)
    for row in plan.rules:
        spent = {
            account: exact_sum(o.amount for m in row.months for o in m.orders if o.account == account)
            for account in accounts
        }
        assert spent["main"] + row.carried == 6_000
        assert spent["isa"] <= 3_000
        assert sum(standing.quantity for standing in row.after) == 16 + (spent["main"] + spent["isa"]) / 1000
    drift = measure_drift(made.policy, made.holdings, made.prices)
    single = compare_cash(made.policy, made.holdings, made.prices, drift, Decimal(2000), None, ON)
    document: Any = single.to_dict()
    assert {row["account"] for rule in document["rules"] for row in rule["whole_shares"]} <= {"main", "isa"}
    assert len(single.table()) == 6
