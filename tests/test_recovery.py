"""`resume` and `reconcile`: what was begun is finished, what differs is named, and a person says who is right."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest

import rebalance_kit as rk
from rebalance_kit.brokers.base import BrokerOrder, Mode
from rebalance_kit.brokers.paper import PaperBroker
from rebalance_kit.errors import DecisionNeeded
from rebalance_kit.execution import engine
from rebalance_kit.execution.context import RunContext
from rebalance_kit.orders import Side
from rebalance_kit.portfolio.trading import context_of
from tests.folders import rebalance

DUE = "2026-04-01"


@pytest.fixture
def growth(tmp_path: Path) -> Path:
    assert rebalance("demo", tmp_path / "growth").code == 0
    return tmp_path / "growth"


@pytest.fixture
def traded(growth: Path) -> Path:
    plan_id = rebalance("plan", growth, "--on", DUE, "--json").document["plan_id"]
    assert rebalance("run", growth, "--on", DUE, "--yes", plan_id).code == 0
    return growth


def paper(folder: Path) -> PaperBroker:
    portfolio = rk.open_portfolio(folder, on=DUE)
    broker = context_of(portfolio, portfolio.policy, None).broker
    assert isinstance(broker, PaperBroker)
    return broker


# ---- resume ----


def test_with_nothing_unfinished_resume_does_nothing(traded: Path) -> None:
    ran = rebalance("resume", traded, "--on", DUE, "--language", "en")
    assert (ran.code, ran.out) == (0, "Nothing is unfinished.\n")
    assert rebalance("resume", traded, "--on", DUE, "--json").document == {"runs": []}


def test_a_run_that_was_cut_off_is_finished_once(growth: Path) -> None:
    portfolio = rk.open_portfolio(growth, on=DUE)
    plan = portfolio.plan()

    class PowerCut(BaseException):
        pass

    def cut(step: str) -> None:
        if step == "sells.settled":
            raise PowerCut

    context: RunContext = context_of(portfolio, portfolio.policy, None)
    object.__setattr__(context, "trace", cut)
    with pytest.raises(PowerCut):
        engine.execute(plan, context, mode=Mode.PAPER, yes=plan.plan_id)
    (run,) = rebalance("resume", growth, "--on", DUE, "--json").document["runs"]
    assert (run["status"], run["plan_id"]) == ("SUCCESS", plan.plan_id)
    assert len(run["executions"]) == len(plan.orders)
    assert rebalance("resume", growth, "--on", DUE, "--json").document == {"runs": []}


# ---- reconcile ----


def test_before_any_run_there_is_nothing_to_compare(growth: Path) -> None:
    (found,) = rebalance("reconcile", growth, "--on", DUE, "--json").document["accounts"]
    assert (found["agrees"], found["run_id"], found["differences"]) == (True, None, [])


def test_after_a_run_journal_broker_and_holdings_agree(traded: Path) -> None:
    ran = rebalance("reconcile", traded, "--on", DUE, "--language", "en")
    assert ran.code == 0
    assert "agree" in ran.out


def test_an_order_by_hand_explains_shares_and_cash(traded: Path) -> None:
    broker = paper(traded)
    order = BrokerOrder("by-hand", "069500", Side.SELL, 3, Decimal(1000), "KRW")
    assert broker.place(order).number
    (found,) = rebalance("reconcile", traded, "--on", DUE, "--json").document["accounts"]
    assert [(row["what"], row["cause"]) for row in found["differences"]] == [
        ("069500", "other_orders"),
        ("KRW", "other_orders"),
    ]
    assert found["differences"][0]["difference"] == "-3"


def test_money_that_came_in_is_named_and_taken_over(traded: Path) -> None:
    paper(traded).transfer("dividend", "KRW", Decimal(12_345))
    ran = rebalance("reconcile", traded, "--on", DUE, "--language", "en")
    assert ran.code == 5
    assert "perhaps a dividend" in ran.out
    assert "--take broker" in ran.out
    assert rebalance("reconcile", traded, "--on", DUE, "--take", "broker").code == 0
    assert rebalance("reconcile", traded, "--on", DUE).code == 0
    assert rebalance("journal", "verify", traded).code == 0
    cash = rebalance("drift", traded, "--on", DUE, "--json").document["cash"]
    assert Decimal(cash[0]["amount"]) == paper(traded).snapshot().cash_of("KRW")


def test_shares_that_doubled_look_like_a_split(traded: Path) -> None:
    held = paper(traded).snapshot()
    doubled = held.as_holdings("test")
    positions = tuple(
        type(p)(p.account, p.code, p.quantity * 2, p.currency) if p.code == "305720" else p for p in doubled.positions
    )
    paper(traded).take_over(type(doubled)(positions, doubled.cash))
    (found,) = rebalance("reconcile", traded, "--on", DUE, "--json").document["accounts"]
    assert [(row["what"], row["cause"]) for row in found["differences"]] == [("305720", "split")]


# ---- an edited holdings.csv ----


def edited(folder: Path) -> Path:
    file = folder / "holdings.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("CASH,", "CASH,", 1) + "\n", encoding="utf-8")
    return file


def test_an_edit_stops_everything_and_says_how_to_go_on(traded: Path) -> None:
    edited(traded)
    ran = rebalance("drift", traded, "--on", DUE, "--language", "en")
    assert ran.code == 5
    assert "rebalance reconcile" in ran.err


def test_the_broker_is_right_after_take_broker(traded: Path) -> None:
    before = paper(traded).snapshot().positions
    edited(traded)
    (found,) = rebalance("reconcile", traded, "--on", DUE, "--json", "--take", "broker").document["accounts"]
    assert (found["edited"], found["accepted"]) == (["holdings.csv"], True)
    assert rebalance("drift", traded, "--on", DUE).code == 0
    assert paper(traded).snapshot().positions == before


def test_the_file_is_right_after_take_file(traded: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    assert rebalance("demo", fresh).code == 0
    shutil.copy(fresh / "holdings.csv", traded / "holdings.csv")
    edited(traded)
    assert rebalance("reconcile", traded, "--on", DUE, "--take", "file").code == 0
    drift, opened = (rebalance("drift", where, "--on", DUE, "--json").document for where in (traded, fresh))
    assert drift["total_value"] == opened["total_value"]
    assert [row["quantity"] for row in drift["assets"]] == [row["quantity"] for row in opened["assets"]]
    assert rebalance("reconcile", traded, "--on", DUE).code == 0


def test_a_person_has_to_choose(traded: Path) -> None:
    edited(traded)
    with pytest.raises(DecisionNeeded):
        rk.open_portfolio(traded, on=DUE)
    assert rebalance("reconcile", traded, "--on", DUE).code == 5
    assert rebalance("reconcile", traded, "--on", DUE, "--take", "both").code == 2
