"""Many accounts at once: the same drift, trigger, goals and shares as each account alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalance_kit.errors import HoldingsError, KitError, PriceError, RuleError, UsageError
from rebalance_kit.money import exact_sum
from rebalance_kit.orders import Side
from rebalance_kit.planner import batch
from rebalance_kit.planner.batch import plan_many
from rebalance_kit.planner.batch_result import ManyPlans
from rebalance_kit.planner.plan import Plan
from rebalance_kit.policy.model import Policy, Rebalancing
from rebalance_kit.portfolio import Portfolio, open_portfolio
from tests.make import ON, policy

SCHEDULED = date(2026, 4, 1)
CODES = "ABCDEFGH"


def two(**settings: Any) -> Policy:
    return policy("A 60, B 40", **settings)


def trades(plan: Plan) -> dict[str, int]:
    return {order.code: int(order.quantity) * (1 if order.side is Side.BUY else -1) for order in plan.orders}


def row(many: ManyPlans, place: int) -> dict[str, int]:
    return {code: int(n) for code, n in zip(many.codes, many.trades[place], strict=True) if n}


def test_two_accounts_over_two_assets() -> None:
    many = plan_many([[80, 45], [60, 40]], [1000, 1000], two(threshold="0.03"), on=ON)
    assert many.due.tolist() == [True, False]
    assert many.trigger.tolist() == ["drift", "none"]
    assert many.trades.tolist() == [[-5, 5], [0, 0]]
    assert many.shares.tolist() == [[75, 50], [60, 40]]
    assert many.gap_bp[0] < 0.01
    assert np.isnan(many.gap_bp[1])


def test_a_frame_names_accounts_and_codes() -> None:
    frame = pd.DataFrame({"B": [45, 40], "A": [80, 60]}, index=["Kim", "Lee"])
    many = plan_many(frame, {"A": 1000, "B": 1000}, two(threshold="0.03"), cash=pd.Series({"Lee": 0, "Kim": 0}), on=ON)
    assert many.accounts == ("Kim", "Lee")
    assert many.codes == ("B", "A")
    assert many.trades.tolist() == [[5, -5], [0, 0]]


def test_costs_cash_and_table_add_up() -> None:
    wanted = two(fee="0.00015", slippage="0.001", min_trade="1000")
    many = plan_many([[80, 45], [10, 0]], [1000, 900], wanted, cash=[1000, 50_000], force=True)
    table = many.table()
    assert list(table["account"]) == ["0", "1"]
    assert table["orders"].tolist() == [2, 2]
    for i in range(2):
        spent = (many.trades[i] * np.array([1000, 900])).sum() + many.commission[i] + many.slippage[i]
        assert many.cash_after[i] == many.cash_before[i] - spent >= 0
    orders = many.orders_table()
    assert exact_sum(orders["commission"]) == exact_sum(table["commission"])
    assert orders[orders["account"] == "0"]["side"].tolist() == ["SELL", "BUY"]


def test_a_code_outside_the_policy_is_counted_and_never_traded() -> None:
    frame = pd.DataFrame({"A": [60], "B": [40], "Z": [100]})
    many = plan_many(frame, {"A": 1000, "B": 1000, "Z": 1000}, two(), cash=[100_000], force=True)
    assert many.total_value[0] == 300_000
    assert many.trades[0][2] == 0
    assert row(many, 0) == {"A": 70, "B": 30}  # 180 and 120 are wanted, 100 are there: both stay 50 short


def test_deposits_and_withdrawals_beside_rebalances() -> None:
    flows = [100_000, -50_000, 0]
    many = plan_many([[50, 50]] * 3, [1000, 1000], two(threshold="0.2"), contribute=flows, on=ON)
    assert many.trigger.tolist() == ["cash_flow", "cash_flow", "none"]
    assert many.trades[0].tolist() == [70, 30]
    assert many.trades[1].tolist() == [-20 + 0, -30]
    assert many.trades[2].tolist() == [0, 0]


def test_what_cannot_be_planned_says_so_by_account() -> None:
    many = plan_many(
        [[5, 5], [50, 50], [0, 0]], [1000, 1000], two(buffer="20000"), contribute=[0, -99_000, 0], force=True
    )
    assert many.problem.tolist() == ["cash_cannot_be_raised", "cash_cannot_be_raised", "empty_portfolio"]
    assert not many.trades.any()
    for place in range(3):
        with pytest.raises(KitError) as caught:
            many.exact(place)
        assert caught.value.code == many.problem[place]


def test_the_exact_plan_of_an_account_has_a_certificate() -> None:
    many = plan_many([[80, 45]], [1000, 1000], two(threshold="0.03"), on=ON, accounts=["Kim"])
    plan = many.exact("Kim")
    assert plan.certificate.valid
    assert plan.optimality.status == "optimal"
    assert trades(plan) == {"A": -5, "B": 5}
    with pytest.raises(UsageError, match="Lee"):
        many.exact("Lee")


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"quantities": [[1.5, 2]]}, HoldingsError, "account 0, A: the quantity 1.5"),
        ({"quantities": [[float("nan"), 2]]}, HoldingsError, "account 0, A"),
        ({"quantities": [[1, -2]]}, HoldingsError, "account 0, B: the quantity -2"),
        ({"quantities": [1, 2]}, UsageError, "shape"),
        ({"quantities": [[1, 2, 3]]}, UsageError, "shape"),
        ({"prices": [1000]}, UsageError, "prices"),
        ({"prices": {"A": 1000}}, PriceError, "prices, B"),
        ({"prices": [1000, 0]}, PriceError, "prices, B: 0"),
        ({"cash": [0.5]}, UsageError, "cash, account 0: 0.5"),
        ({"cash": [1, 2]}, UsageError, "cash"),
        ({"cash": {"x": 1}}, UsageError, "account 0"),
        ({"contribute": ["much"]}, UsageError, "contribute, account 0"),
        ({"method": "breached_only"}, UsageError, "method"),
        ({"method": "full", "fraction": "0.5"}, UsageError, "method"),
        ({"on": None}, UsageError, "on"),
        ({"quantities": [[2**50, 2]]}, RuleError, "account 0"),
        ({"accounts": ["a", "b"]}, UsageError, "quantities"),
        ({"codes": ["A", "A"]}, UsageError, "A stands twice"),
        ({"quantities": np.zeros((0, 2))}, UsageError, "shape is (0, 2)"),
        ({"account": "isa"}, UsageError, "account"),
        ({"quantities": pd.DataFrame([[1, 2]], columns=[69500, 1])}, UsageError, "the code 69500 is a number"),
    ],
)
def test_wrong_input_names_its_place(change: dict[str, Any], error: type[KitError], said: str) -> None:
    asked: dict[str, Any] = {"quantities": [[1, 2]], "prices": [1000, 1000], "policy": two(), "on": ON} | change
    with pytest.raises(error) as caught:
        plan_many(asked.pop("quantities"), asked.pop("prices"), asked.pop("policy"), **asked)
    assert said in str(caught.value)
    assert caught.value.message("ko") != str(caught.value)


@pytest.mark.parametrize(
    "unknown",
    [
        {"constraints": {"max_orders": 1}},
        {"constraints": {"max_turnover": "0.1"}},
        {"accounts": {"main": {"fractional": True}}},
        {"accounts": {"main": {"type": "irp"}}},
        {"assets": {"A": {"currency": "USD"}}},
        {"method": "no_trade_zone"},
    ],
)
def test_a_policy_that_arrays_do_not_know_is_refused(unknown: dict[str, Any]) -> None:
    with pytest.raises(RuleError) as caught:
        plan_many([[1, 2]], [1000, 1000], two(**unknown), on=ON)
    assert caught.value.code == "not_for_many"


def opened(tmp_path: Path, name: str, shares: int, *, price: int = 1000) -> Portfolio:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "portfolio.yaml").write_text(
        "portfolio:\n  name: " + name + "\n  allocation:\n    all:\n      weight: 1\n      assets:\n"
        "        - {ticker: A, code: '000001', target: 0.6}\n        - {ticker: B, code: '000002', target: 0.4}\n",
        encoding="utf-8",
    )
    rows = f"code,quantity,price\n000001,{shares},{price}\n000002,40,1000\nCASH,5000,1\n"
    (folder / "holdings.csv").write_text(rows, encoding="utf-8")
    return open_portfolio(folder, on="2026-03-04")


def test_opened_portfolios_of_one_policy(tmp_path: Path) -> None:
    portfolios = [opened(tmp_path, "Kim", 80), opened(tmp_path, "Lee", 60)]
    many = plan_many(portfolios, force=True)
    assert many.accounts == ("Kim", "Lee")
    for place, portfolio in enumerate(portfolios):
        assert row(many, place) == trades(portfolio.plan(force=True, instant=True))
        assert many.exact(place).certificate.valid
    with pytest.raises(UsageError, match="portfolio Park"):
        plan_many([*portfolios, opened(tmp_path, "Park", 60, price=1001)])


def test_something_is_missing() -> None:
    with pytest.raises(UsageError, match="prices"):
        plan_many([[1, 2]], policy=two())
    with pytest.raises(UsageError, match="policy"):
        plan_many([[1, 2]], [1000, 1000])


def drawn(random: Random) -> dict[str, Any]:
    """Arguments of `plan_many` for a few accounts, everything drawn."""
    number, some = random.randint(2, 8), random.choice
    codes = list(CODES[:number])
    dollars = random.random() < 0.3
    cuts = sorted(random.randint(0, 100) for _ in range(number if random.random() < 0.3 else number - 1))
    targets = [right - left for left, right in zip([0, *cuts], [*cuts, 100], strict=True)]
    banded = [
        f"{code} {t}{some(['', '', f' [{max(0, t - 4)}..{min(100, t + 3)}]'])}"
        for code, t in zip(codes, targets, strict=False)
    ]
    random.shuffle(banded)
    if len(targets) > number and targets[-1]:
        banded.append(f"cash {targets[-1]}")
    groups = f"one: {banded[0]}; two: {', '.join(banded[1:])}" if random.random() < 0.5 else ", ".join(banded)
    small, most = (Decimal(1), 400) if dollars else (Decimal(1000), 60_000)
    wanted = policy(
        groups,
        base_currency="USD" if dollars else "KRW",
        fee=some(("0", "0.00015", "0.0025")),
        slippage=some(("0", "0.001")),
        min_trade=str(some((0, 0, 50, 300)) * small),
        min_trade_share=some(("0", "0", "0.01")),
        buffer=str(some((0, 0, 500)) * small),
        threshold=some(("0.01", "0.03", "0.05")),
        kind=some(("absolute", "relative", "smaller_of")),
        comparison=some(("inclusive", "strict")),
        deviation=some(("absolute", "squared")),
        deadband=some(("0", "0", "0.01")),
        strategy=some(("hybrid", "threshold", "calendar", "manual")),
        hybrid=some(("scheduled_or_breach", "scheduled_and_breach", "breach_or_max_interval")),
        group_threshold=some((None, "0.02")),
        cash_price=some(("0", "0", "0.3")),
        order_price=str(some((0, 0, 1)) * small),
        assets={code: {some(("never_buy", "never_sell")): random.random() < 0.1} for code in codes},
    )
    method: dict[str, Any] = {"method": some(("full", "halfway", "band_edge", "full"))}
    if random.random() < 0.2:
        method = {"fraction": "0.3"}
    elif random.random() < 0.2:
        method = {"method": "no_trade_zone"}
        zone = {c: (f"{max(0, t - 4) / 100}", f"{min(100, t + 2) / 100}") for c, t in zip(codes, targets, strict=False)}
        settings = {"no_trade_zone": zone, "strategy": some(("no_trade_zone", "threshold"))}
        wanted = wanted.model_copy(update={"rebalancing": _with(wanted, settings)})
    accounts = random.randint(1, 6)
    prices = {
        c: f"{random.randint(300, 100 * most) / 100:.2f}" if dollars else str(random.randint(1, most)) for c in codes
    }
    held = [[some((0, random.randint(0, 300), random.randint(0, 300))) for _ in codes] for _ in range(accounts)]
    flow = [0 if random.random() < 0.6 else random.randint(-200, 400) * int(small) for _ in held]
    return {
        "quantities": np.array(held),
        "codes": codes,
        "prices": prices,
        "policy": wanted,
        "cash": [random.randint(0, 900) * int(small) for _ in held],
        "contribute": flow,
        "on": some((ON, SCHEDULED)),
        "cash_rule": some(("water_filling", "proportional", "least_squares")),
        "force": random.random() < 0.5,
        "no_sell": random.random() < 0.1 and min(flow) >= 0,
        **method,
    }


def _with(wanted: Policy, settings: dict[str, Any]) -> Rebalancing:
    return Rebalancing.model_validate(wanted.rebalancing.model_dump() | settings)


def alone(many: ManyPlans, place: int) -> Plan | str:
    """The plan of an account alone, or the code of what forbids it."""
    try:
        return many.instant(place)
    except KitError as error:
        return error.code


@given(st.integers(0, 10**9))
@settings(max_examples=40, deadline=None)
def test_each_account_gets_what_it_gets_alone(seed: int) -> None:
    asked = drawn(Random(seed))
    many = plan_many(**asked)
    for place in range(len(many)):
        plan = alone(many, place)
        if isinstance(plan, str):
            assert many.problem[place] == plan
            assert not many.trades[place].any()
            continue
        assert plan.certificate.valid
        assert many.trigger[place] == plan.decision.trigger
        assert row(many, place) == trades(plan)
        told = many.table().iloc[place]
        assert told["total_value"] == plan.drift.total_value
        assert told["turnover"] == plan.summary.turnover
        assert (told["commission"], told["slippage"]) == (plan.summary.commission, plan.summary.slippage)
        assert told["cash_after"] == plan.summary.cash_after
        assert [code for code, past in zip(many.codes, many.breached[place], strict=True) if past] == sorted(
            asset.code for asset in plan.drift.breaches
        )


@pytest.mark.parametrize(
    "asked", [{}, {"method": "band_edge"}, {"contribute": [10**9, 5]}, {"contribute": [-(10**9), -5]}]
)
@pytest.mark.parametrize("rule", ["water_filling", "proportional", "least_squares"])
def test_numbers_that_64_bits_cannot_multiply_stay_exact(asked: dict[str, Any], rule: str) -> None:
    wanted = policy("A 33.3333333333, B 33.3333333333, C 33.3333333334", fee="0.00015", min_trade_share="0.0000001")
    held = [[4_000_017, 2_000_003, 1_000_001], [3, 2, 1]]
    many = plan_many(held, [99_991, 77_777, 50_021], wanted, cash=[10**9, 10], cash_rule=rule, force=True, **asked)
    for place in range(2):
        plan = alone(many, place)
        assert (many.problem[place] or row(many, place)) == (plan if isinstance(plan, str) else trades(plan))


def test_what_a_result_shows() -> None:
    many = plan_many([[80, 45], [60, 40]], [1000, 1000], two(threshold="0.03", language="ko"), on=ON)
    assert repr(many) == "<ManyPlans 2 accounts | 1 due | 2 orders>"
    assert "<caption>계좌 2개" in many._repr_html_()
    told = many.to_dict()["accounts"]
    assert isinstance(told, list)
    assert told[0]["total_value"] == "125000"
    assert told[1]["gap_bp"] is None


def test_no_account_feels_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(5)
    held = np.array([[random.randint(0, 400) for _ in range(8)] for _ in range(60)])
    wanted = policy(", ".join(f"{code} 12.5" for code in CODES), fee="0.00015", slippage="0.001", min_trade="100000")
    prices = [random.randint(3_000, 90_000) for _ in CODES]
    together = plan_many(held, prices, wanted, force=True)
    monkeypatch.setattr(batch, "CHUNK", 7)
    divided = plan_many(held, prices, wanted, force=True)
    assert (together.trades == divided.trades).all()
    assert (together.gap_bp == divided.gap_bp).all()
    for place in range(60):
        single = plan_many(held[place : place + 1], prices, wanted, force=True)
        assert (single.trades[0] == together.trades[place]).all()
        assert single.gap_bp[0] == together.gap_bp[place]
