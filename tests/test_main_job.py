"""The main job on real prices: source document 000's policy with seven funds whose closes are known, bought by target
on one day and looked at almost two years later: drift, decision, plan, new money, a paper run, the history."""

from __future__ import annotations

import csv
import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

import rebalance_kit as rk
from rebalance_kit.policy.loading import load_policy
from rebalance_kit.portfolio import Portfolio
from tests.shared_data import shared

BOUGHT, JUDGED = "2024-01-02", "2025-12-15"
REPLACED = {"305080": "148070", "443160": "114260", "319640": "411060"}  # funds whose closes are in the data
POLICY = Path(__file__).parent / "data" / "document_000_ko.yaml"
INVESTED = 30_000_000


def closes(day: str) -> dict[str, Decimal]:
    with gzip.open(shared("korea/kr_etf_raw_daily_2020_2025.csv.gz"), "rt", encoding="utf-8") as file:
        return {row["ticker"]: Decimal(row["close"]) for row in csv.DictReader(file) if row["date"] == day}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    text = POLICY.read_text(encoding="utf-8")
    for printed, known in REPLACED.items():
        text = text.replace(f"'{printed}'", f"'{known}'")
    (tmp_path / "portfolio.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "holdings.csv").write_text(f"code,quantity,currency\nCASH,{INVESTED},KRW\n", encoding="utf-8")
    codes = [asset.code for asset in load_policy(tmp_path).assets]
    rows = [f"{day},{code},{closes(day)[code]},KRW\n" for day in (BOUGHT, JUDGED) for code in codes]
    (tmp_path / "prices.csv").write_text("date,code,price,currency\n" + "".join(rows), encoding="utf-8")
    return tmp_path


def invest(folder: Path) -> Portfolio:
    """Thirty million won of cash become seven funds, on paper, and the folder is opened again at the end of 2025."""
    start = rk.open_portfolio(folder, on=BOUGHT)
    plan = start.plan(force=True)
    assert start.run(plan, yes=plan.plan_id).status == "SUCCESS"
    return rk.open_portfolio(folder, on=JUDGED)


def test_a_run_from_cash_buys_every_target_to_within_a_share(folder: Path) -> None:
    portfolio = invest(folder)
    price = closes(BOUGHT)
    bought = {position.code: position.quantity for position in portfolio.holdings.positions}
    for asset in portfolio.policy.assets:
        assert abs(bought[asset.code] * price[asset.code] - asset.target * INVESTED) <= price[asset.code] * 2
    spent = sum(bought[code] * price[code] for code in bought)
    assert 0 <= portfolio.holdings.cash_of("main", "KRW") <= INVESTED - spent


def test_two_years_later_the_real_prices_are_judged_and_rebalanced(folder: Path) -> None:
    portfolio = invest(folder)
    drift, decision = portfolio.drift(), portfolio.decide()
    assert drift.total_value > 43_000_000
    assert {asset.code for asset in drift.breaches} == {"305720", "411060"}
    assert decision.rebalance
    assert decision.trigger == "drift"

    plan = portfolio.plan()
    assert plan.certificate.valid
    assert plan.optimality.status == "optimal"
    assert plan.summary.max_drift_after < Decimal("0.005")

    run = portfolio.run(plan, yes=plan.plan_id)
    assert run.status == "SUCCESS"
    again = rk.open_portfolio(folder, on=JUDGED)
    assert not again.decide().rebalance
    assert again.plan().orders == ()
    assert [result.status for result in again.history().runs] == ["SUCCESS", "SUCCESS"]


def test_a_million_won_of_new_money_is_only_bought(folder: Path) -> None:
    portfolio = invest(folder)
    plan = portfolio.plan(contribute=1_000_000)
    assert {order.side for order in plan.orders} == {"BUY"}
    assert sum(goal.amount for goal in plan.goals) == 1_000_000
    assert plan.certificate.valid
    rules = portfolio.cash_rules(1_000_000).to_dict()
    assert json.loads(json.dumps(rules)) == rules


def test_a_statement_and_a_one_line_policy_are_enough(tmp_path: Path) -> None:
    statement = shared("statements/korea/generic_korean_positions_thousands.csv")
    line = "portfolio: {allocation: {all: {assets: [{code: '069500', target: 1}]}}}\n"
    (tmp_path / "portfolio.yaml").write_text(line, encoding="utf-8")
    portfolio = rk.open_portfolio(tmp_path, holdings=statement, on=JUDGED)
    assert portfolio.drift().total_value == 6_660_600
    assert portfolio.plan().orders == ()
