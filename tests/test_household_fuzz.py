"""Random households from policy to plan: the certificate holds, whatever is asked, and no input order matters."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from rebalance_kit.errors import RuleError, UsageError
from rebalance_kit.planner.plan import Plan
from tests.make import Situation, policy, situation
from tests.make_plan import made_plan

ASKED: tuple[dict[str, Any], ...] = (
    {"force": True},
    {"force": True},
    {"force": True, "no_sell": True},
    {"contribute": "333000"},
    {"withdraw": "150000"},
)


def random_household(seed: int) -> tuple[Situation, dict[str, Any]]:
    """Two or three accounts, four assets (one perhaps in dollars, two perhaps interchangeable), and what is asked."""
    pick = Random(seed)
    names = pick.sample(["main", "isa", "irp", "pension", "other"], pick.choice([2, 3]))
    types = {"main": "taxable", "other": "taxable", "isa": "isa", "irp": "irp", "pension": "pension"}
    accounts: dict[str, Any] = {
        name: {"type": types[name], "cash_buffer": pick.choice(["0", "0", "500"])} for name in names
    }
    if pick.random() < 0.2:
        accounts[names[0]]["fractional"] = True
    dollars = pick.random() < 0.3
    assets: dict[str, dict[str, Any]] = {
        "A": {"tax_class": pick.choice(["kr_equity", "kr_other"]), "drag": {names[0]: pick.choice(["0", "0.004"])}},
        "B": {"risk_asset": pick.random() < 0.5, "never_sell": pick.random() < 0.1},
        "C": {"accounts": [names[0]]} if pick.random() < 0.3 else {},
        "D": {"exchange": "XNYS", "currency": "USD", "tax_class": "overseas_listed"} if dollars else {"exposure": 1},
    }
    groups = {"one": {"interchangeable": pick.random() < 0.5}}
    wanted = policy(
        "one: A 30, B 20; two: C 30, D 20" if pick.random() < 0.7 else "one: A 30, B 20; two: C 25, D 15, cash 10",
        assets=assets, groups=groups, accounts=accounts, fee=pick.choice(["0", "0.001"]),
        slippage=pick.choice(["0", "0.002"]),
        min_trade=pick.choice(["0", "0", "30000"]), order_price=pick.choice(["0", "0", "50"]),
        deviation=pick.choice(["absolute", "absolute", "squared"]), costs={"fx_spread": "0.002"},
        constraints=pick.choice([{}, {}, {"max_turnover": "0.2"}, {"max_orders": 3}]), fraction="0.6",
        method=pick.choice(["full", "full", "fraction", "band_edge", "breached_only"]),
    )  # fmt: skip
    held = "; ".join(f"{name}: {_rows(pick, dollars)}" for name in sorted(names))
    prices = (
        "A 10_350, B 7_705, C 21_150, D 33.31 USD, USD/KRW 1_391.5"
        if dollars
        else "A 10_350, B 7_705, C 21_150, D 46_320"
    )
    asked: dict[str, Any] = pick.choice(ASKED)
    return situation(wanted, held, prices), asked


def _rows(pick: Random, dollars: bool) -> str:
    rows = [f"{code} {pick.randrange(60)}" for code in "ABCD" if pick.random() < 0.7]
    cash = [f"cash KRW {pick.choice([0, 12_345, 400_000])}"] + (
        ["cash USD 120.5"] if dollars and pick.random() < 0.4 else []
    )
    return ", ".join([*rows, *cash])


def planned(made: Situation, asked: dict[str, Any]) -> Plan | str:
    try:
        return made_plan(made, **asked)
    except (RuleError, UsageError) as error:
        return error.code


@pytest.mark.parametrize("start", range(0, 120, 20))
def test_every_plan_has_a_valid_certificate_and_no_order_of_rows_matters(start: int) -> None:
    plans = 0
    for seed in range(start, start + 20):
        made, asked = random_household(seed)
        plan = planned(made, asked)
        rows = made.holdings
        mixed = made._replace(holdings=replace(rows, positions=rows.positions[::-1], cash=rows.cash[::-1]))
        assert planned(mixed, asked) == plan, seed
        if isinstance(plan, Plan):
            broken = [(check.name, check.detail.en) for check in plan.certificate.checks if not check.holds]
            assert broken == [], seed
            plans += bool(plan.orders)
    assert plans >= 10
