"""Plans, cash, runs and history at the command line."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from tests.folders import ON, Ran, as_process, contents, folder, rebalance
from tests.shapes import CASH, HISTORY, PLAN, RUN, faults

ROOT = Path(__file__).parents[1]
GROWTH, US = ROOT / "portfolios" / "growth", ROOT / "portfolios" / "us"
DUE = "2026-04-01"  # the first session of the quarter


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small portfolio of 10,000,000 won, far from its targets."""
    return folder(tmp_path / "small")


@pytest.fixture
def growth(tmp_path: Path) -> Path:
    """A copy of the sample portfolio of document 000."""
    assert rebalance("demo", tmp_path / "growth").code == 0
    return tmp_path / "growth"


def document(*words: str | Path) -> Any:
    ran = rebalance(*words, "--json")
    assert (ran.code, ran.err) == (0, ""), ran
    return ran.document


def process(*words: str | Path) -> Ran:
    done = subprocess.run(as_process(*words), cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    return Ran(done.returncode, done.stdout, done.stderr)


# ---- plan ----


@pytest.mark.parametrize(("where", "day"), [(GROWTH, DUE), (GROWTH, ON), (US, ON)])
def test_plan_json_has_the_agreed_keys(where: Path, day: str) -> None:
    words = ["--account", "main"] if where == US else []
    assert faults(document("plan", where, "--on", day, *words), PLAN) == []


def test_the_goal_of_document_000_on_the_first_session_of_the_quarter() -> None:
    goal = document("plan", GROWTH, "--on", DUE)["goal"]
    assert [(row["amount"], row["below_minimum"]) for row in goal] == [
        ("-350000", False),
        ("50000", True),
        ("250000", False),
        ("50000", True),
        ("-400000", False),
        ("300000", False),
        ("100000", False),
    ]


def test_nothing_due_is_no_order_and_a_preview() -> None:
    plan = document("plan", GROWTH, "--on", ON)
    assert plan["orders"] == []
    assert plan["decision"]["trigger"] == "none"
    ran = rebalance("plan", GROWTH, "--on", ON, "--language", "en")
    assert ran.code == 0
    assert "if it were due (5 orders)" in ran.out
    assert "3.64 points" in ran.out


def test_force_overrides_the_trigger() -> None:
    assert len(document("plan", GROWTH, "--on", ON, "--force")["orders"]) == 5


def test_a_plan_for_a_person_fits_eighty_columns_and_says_everything() -> None:
    for language in ("en", "ko"):
        ran = rebalance("plan", GROWTH, "--on", DUE, "--language", language)
        assert max(map(cell_len, ran.out.splitlines())) <= 80
    assert re.search(r"TIGER 반도체 +091230 매도 +8 +₩49,750 +₩400,000 +₩460", ran.out)
    assert "목표 10.0% vs 현재 13.6% (편차 +3.64%p)" in ran.out
    assert re.search(r"현금 +₩0 -> ₩113,199", ran.out)
    assert document("plan", GROWTH, "--on", DUE)["plan_id"] in ran.out


@pytest.mark.parametrize("amount", ["1000000", "1,000,000", "1_000_000", "+1000000"])
def test_an_amount_may_be_grouped(amount: str) -> None:
    plan = document("plan", GROWTH, "--on", ON, "--contribute", amount)
    assert plan["plan_id"] == document("plan", GROWTH, "--on", ON, "--contribute", "1000000")["plan_id"]
    assert {order["side"] for order in plan["orders"]} == {"BUY"}


def test_a_withdrawal_sells_and_a_rule_and_a_method_can_be_named(small: Path) -> None:
    out = document("plan", small, "--on", ON, "--withdraw", "2000000")
    assert {order["side"] for order in out["orders"]} == {"SELL"}
    named = document("plan", small, "--on", ON, "--contribute", "2000000", "--cash-rule", "least-squares")
    assert named["cash_rule"] == "least_squares"
    half = document("plan", small, "--on", ON, "--method", "fraction", "--fraction", "0.5")
    full = document("plan", small, "--on", ON)
    assert 0 < int(half["summary"]["turnover"]) < int(full["summary"]["turnover"])
    assert half["method"] == "fraction"


def test_no_sell_only_buys(small: Path) -> None:
    sides = {order["side"] for order in document("plan", small, "--on", ON, "--no-sell")["orders"]}
    assert sides <= {"BUY"}


# ---- cash ----


@pytest.mark.parametrize("amount", ["1000000", "1,000,000", "-500000", "-500,000"])
def test_cash_json_has_the_agreed_keys(amount: str) -> None:
    compared = document("cash", GROWTH, amount, "--on", ON)
    assert faults(compared, CASH) == []
    assert compared["amount"] == amount.replace(",", "")
    assert compared["smallest_no_sell_deposit"] == "4000000"
    for rule in compared["rules"]:
        assert sum(int(row["amount"]) for row in rule["allocations"]) == int(compared["amount"])


def test_the_rules_stand_side_by_side() -> None:
    ran = rebalance("cash", GROWTH, "1000000", "--on", ON, "--language", "en")
    assert re.search(r"Asset +proportional +water_filling +least_squares", ran.out)
    assert re.search(r"KODEX 2차전지산업 \(305720\) +₩307,692 \(\+9\) +₩345,455 \(\+10\) +₩340,000 \(\+11\)", ran.out)
    assert max(map(cell_len, ran.out.splitlines())) <= 80


# ---- run and history ----


def test_without_yes_nothing_is_written(growth: Path) -> None:
    before = contents(growth)
    dry = document("run", growth, "--on", DUE)
    assert faults(dry, RUN) == []
    assert (dry["status"], dry["run_id"], dry["executions"]) == ("DRY_RUN", None, [])
    assert dry["plan_id"] == document("plan", growth, "--on", DUE)["plan_id"]
    assert contents(growth) == before


def test_the_dry_run_says_how_to_carry_it_out_and_that_works(growth: Path) -> None:
    dry = rebalance("run", growth, "--on", DUE, "--force", "--language", "en")
    line = next(line for line in dry.out.splitlines() if line.startswith("  rebalance run "))
    ran = rebalance(*shlex.split(line)[1:], "--language", "en")
    assert ran.code == 0
    assert "SUCCESS: every order was filled." in ran.out
    assert re.search(r"TIGER 반도체 +091230 SELL +8/8", ran.out)
    assert "sell 8 TIGER 반도체" in ran.err


def test_a_plan_is_carried_out_once_and_told_in_the_history(growth: Path) -> None:
    plan_id = document("plan", growth, "--on", DUE)["plan_id"]
    words = ("run", growth, "--on", DUE, "--yes", plan_id, "--json")
    first, second = rebalance(*words), rebalance(*words)
    assert (first.code, second.code) == (0, 0)
    assert faults(first.document, RUN) == []
    assert first.document["status"] == "SUCCESS"
    assert second.document["run_id"] == first.document["run_id"]
    assert second.document["executions"] == first.document["executions"]
    history = document("history", growth)
    assert faults(history, HISTORY) == []
    assert [run["run_id"] for run in history["runs"]] == [first.document["run_id"]]
    assert re.search(rf"{first.document['run_id']} +{DUE} +main SUCCESS +5/5", rebalance("history", growth).out)


def test_two_processes_at_once_carry_it_out_once(growth: Path) -> None:
    plan_id = document("plan", growth, "--on", DUE)["plan_id"]
    command = as_process("run", growth, "--on", DUE, "--yes", plan_id, "--json")
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for one in both:
        one.communicate()
    assert {one.returncode for one in both} <= {0, 4}
    assert 0 in {one.returncode for one in both}
    assert len(document("history", growth)["runs"]) == 1


def test_another_plans_id_is_refused(growth: Path) -> None:
    before = contents(growth)
    ran = rebalance("run", growth, "--on", DUE, "--yes", "0123456789ab")
    assert ran.code == 2
    assert "0123456789ab" in ran.err
    assert contents(growth) == before


def test_a_run_stops_after_the_step_that_was_named(growth: Path) -> None:
    before = contents(growth)
    plan_id = document("plan", growth, "--on", DUE)["plan_id"]
    checked = document("run", growth, "--on", DUE, "--yes", plan_id, "--upto", "check")
    assert (checked["status"], checked["stopped_after"]) == ("DRY_RUN", "check")
    assert contents(growth) == before
    sold = rebalance("run", growth, "--on", DUE, "--yes", plan_id, "--upto", "sell", "--json").document
    assert sold["stopped_after"] == "sell"
    assert {row["side"] for row in sold["executions"] if row["filled"]} == {"SELL"}


def test_where_nothing_is_due_nothing_is_needed(growth: Path) -> None:
    ran = document("run", growth, "--on", ON)
    assert ran["status"] == "NOT_NEEDED"
    assert "nothing had to be done" in rebalance("run", growth, "--on", ON, "--language", "en").out


def test_every_step_as_a_process(growth: Path) -> None:
    assert process("plan", growth, "--on", DUE).code == 0
    assert process("cash", growth, "-1,000,000", "--on", DUE).code == 0
    dry = process("run", growth, "--on", DUE, "--json").document
    assert process("run", growth, "--on", DUE, "--yes", dry["plan_id"]).code == 0
    assert process("run", growth, "--on", DUE, "--broker", "kis").code == 2
    assert len(process("history", growth, "--json").document["runs"]) == 1


def test_after_a_run_the_drift_is_that_of_the_broker(growth: Path) -> None:
    plan = document("plan", growth, "--on", DUE)
    rebalance("run", growth, "--on", DUE, "--yes", plan["plan_id"])
    after = {row["code"]: row["quantity"] for row in document("drift", growth, "--on", DUE)["assets"]}
    assert after == {row["code"]: row["quantity"] for row in plan["after"]}
    assert document("plan", growth, "--on", DUE)["orders"] == []
