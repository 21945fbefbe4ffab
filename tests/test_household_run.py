"""The sample of three accounts, planned and run account by account, from Python and from the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rebalance_kit.brokers.base import Mode
from rebalance_kit.errors import KitError, RuleError
from rebalance_kit.execution.lock import FileLock, account_lock
from rebalance_kit.execution.snapshot import holdings_in_force
from rebalance_kit.holdings.files import read_holdings
from rebalance_kit.portfolio import open_portfolio
from rebalance_kit.samples import write_sample
from tests.folders import rebalance
from tests.make import ON
from tests.shapes import HISTORY, PLAN, RUN, faults

NOW = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return write_sample(tmp_path / "home", "household")


def test_the_sample_is_planned_with_a_small_gap_and_run_account_by_account(home: Path) -> None:
    portfolio = open_portfolio(home, on=ON)
    plan = portfolio.plan()
    assert plan.certificate.valid
    assert plan.optimality.gap_bp < 10
    assert {order.account for order in plan.orders} == {"irp", "isa", "main"} or len(plan.orders) > 4
    assert portfolio.run(plan).status == "DRY_RUN"
    assert not (home / "journal.sqlite").exists()
    done = portfolio.run(plan, yes=plan.plan_id)
    assert done.status == "SUCCESS"
    assert {row.account for row in done.result.executions} == {order.account for order in plan.orders}
    assert [part.account for part in done.result.parts] == sorted({order.account for order in plan.orders})
    assert {run.account for run in portfolio.history().runs} == {order.account for order in plan.orders}
    again = open_portfolio(home, on=ON)
    assert again.household.accounts == ("irp", "isa", "main")
    assert not again.decide().rebalance
    repeated = again.executed(plan.plan_id)
    assert repeated is not None
    assert repeated.result.repeated
    assert repeated.result.executions == done.result.executions


def test_the_holdings_after_a_run_are_those_of_every_account(home: Path) -> None:
    portfolio = open_portfolio(home, on=ON)
    plan = portfolio.plan()
    done = portfolio.run(plan, yes=plan.plan_id).result
    filled = {(row.account, row.code): row.filled * (1 if row.side == "BUY" else -1) for row in done.executions}
    after = read_holdings(holdings_in_force(home), portfolio.policy, ON).holdings
    for account in ("irp", "isa", "main"):
        for row in portfolio.household.only(account).positions:
            assert after.quantity(row.code, account) == row.quantity + filled.get((account, row.code), 0)


def test_a_busy_account_leaves_the_others_clear(home: Path) -> None:
    portfolio = open_portfolio(home, on=ON)
    plan = portfolio.plan()
    working = sorted({order.account for order in plan.orders})
    with FileLock(account_lock(home, working[1], Mode.PAPER), now=NOW, doing="something else"):
        done = portfolio.run(plan, yes=plan.plan_id)
    assert (done.status, done.exit_code) == ("PARTIAL", 8)
    assert {run.account for run in portfolio.history().runs} == {working[0]}
    told = [finding.rule for finding in done.result.findings]
    assert told.count("account_not_begun") == len(working) - 2
    asked = open_portfolio(home, on=ON).executed(plan.plan_id)
    assert asked is not None
    assert asked.status == "PARTIAL"
    rest = open_portfolio(home, on=ON).plan(force=True)
    assert rest.certificate.valid
    assert {order.account for order in rest.orders} >= set(working[1:2])


def test_the_first_account_busy_refuses_all(home: Path) -> None:
    portfolio = open_portfolio(home, on=ON)
    plan = portfolio.plan()
    first = min(order.account for order in plan.orders)
    with FileLock(account_lock(home, first, Mode.PAPER), now=NOW, doing="something else"), pytest.raises(KitError):
        portfolio.run(plan, yes=plan.plan_id)
    assert portfolio.history().runs == ()


def test_a_rule_that_one_account_breaks_blocks_all(home: Path) -> None:
    text = (home / "portfolio.yaml").read_text(encoding="utf-8")
    strict = text.replace("min_trade_amount: 300000", "min_trade_amount: 300000, max_order_share: 0.01")
    (home / "portfolio.yaml").write_text(strict, encoding="utf-8")
    portfolio = open_portfolio(home, on=ON)
    plan = portfolio.plan()
    with pytest.raises(RuleError, match="R16"):
        portfolio.run(plan, yes=plan.plan_id)
    assert portfolio.history().runs == ()


def test_the_sample_at_the_command_line(home: Path) -> None:
    planned = rebalance("plan", home, "--on", ON.isoformat(), "--json")
    assert planned.code == 0
    assert faults(planned.document, PLAN) == []
    assert {order["account"] for order in planned.document["orders"]} <= {"irp", "isa", "main"}
    shown = rebalance("plan", home, "--on", ON.isoformat(), "--language", "en")
    assert "Account" in shown.out
    ran = rebalance("run", home, "--on", ON.isoformat(), "--yes", planned.document["plan_id"], "--json")
    assert (ran.code, ran.document["status"]) == (0, "SUCCESS")
    assert faults(ran.document, RUN) == []
    assert len(ran.document["parts"]) == len({order["account"] for order in planned.document["orders"]})
    assert faults(rebalance("history", home, "--json").document, HISTORY) == []
    alone = rebalance("plan", home, "--on", ON.isoformat(), "--account", "isa", "--force", "--json")
    assert {order["account"] for order in alone.document["orders"]} <= {"isa"}


def test_a_deposit_of_the_household_is_run_in_one_account(home: Path) -> None:
    portfolio = open_portfolio(home, on=ON)
    plan = portfolio.plan(contribute=2_000_000)
    done = portfolio.run(plan, yes=plan.plan_id)
    assert (done.status, done.result.account) == ("SUCCESS", "main")
    left = open_portfolio(home, on=ON).household.cash_of("main", "KRW")
    assert left < 1_200_000 + 200_000
