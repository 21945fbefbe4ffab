"""Real money by the word twice, paper without any key, nothing shared between paper, mock and real, and a confirmation
that is good for one plan, policy, account and kind of money, once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import rebalance_kit as rk
from rebalance_kit.brokers.base import Identity, Mode
from rebalance_kit.brokers.kis.secrets import AccountNumber, Secret
from rebalance_kit.brokers.kis.settings import Settings
from rebalance_kit.brokers.kis.surroundings import surroundings
from rebalance_kit.errors import KitError, RuleError
from rebalance_kit.execution import history, worker
from rebalance_kit.execution.chain import anchor_path, journal_path
from rebalance_kit.execution.lock import account_lock
from rebalance_kit.portfolio import Portfolio, proposing
from rebalance_kit.portfolio.live import books_path
from tests.folders import contents, rebalance
from tests.make_run import HandClock

DUE = "2026-04-01"
KEYS = {"KIS_APP_KEY": "k" * 36, "KIS_APP_SECRET": "s" * 180, "KIS_ACCOUNT": "12345678-01"}


@pytest.fixture
def growth(tmp_path: Path) -> Path:
    assert rebalance("demo", tmp_path / "growth").code == 0
    return tmp_path / "growth"


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ("real", ["--broker", "kis"]),  # by the settings alone
        ("", ["--broker", "kis", "--env", "real"]),  # by the command alone
        ("mock", ["--broker", "kis", "--env", "real"]),
        ("real", ["--broker", "kis", "--env", "mock"]),
        ("real", ["--env", "real"]),  # and never without naming the broker
        ("Real", ["--broker", "kis", "--env", "real"]),
    ],
)
@pytest.mark.parametrize("yes", [[], ["--yes", "0123456789ab"]])
def test_real_money_needs_the_word_twice(
    growth: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stated: str, words: list[str], yes: list[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name, value in (KEYS | {"KIS_ENV": stated}).items():
        monkeypatch.setenv(name, value)
    before = contents(tmp_path)
    ran = rebalance("run", growth, *words, *yes, "--language", "en")
    assert ran.code == 2
    assert "env" in ran.err.lower()
    assert contents(tmp_path) == before  # no token was asked for, no journal begun


def test_paper_needs_no_key_and_never_looks_for_one(growth: Path) -> None:
    """A whole run on paper, in an environment full of keys, loads nothing that could read or send them."""
    work = f"""
import os, sys
looked = []
class Watched(dict):
    def __getitem__(self, name):
        looked.append(name)
        return super().__getitem__(name)
    def get(self, name, default=None):
        looked.append(name)
        return super().get(name, default)
os.environ = Watched(os.environ)
from rebalance_kit.cli import main
import contextlib, io, json
out = io.StringIO()
with contextlib.redirect_stdout(out):
    assert main(["plan", {str(growth)!r}, "--on", "{DUE}", "--json"]) == 0
plan = json.loads(out.getvalue())["plan_id"]
with contextlib.redirect_stdout(out):
    assert main(["run", {str(growth)!r}, "--on", "{DUE}", "--yes", plan]) == 0
secret = [name for name in looked if isinstance(name, str) and name.startswith(("KIS_", "REBALANCE_LLM", "SLACK"))]
loaded = [name for name in sys.modules if name in ("httpx", "keyring", "rebalance_kit.brokers.kis.client")]
print(secret, loaded)
"""
    environment = os.environ | KEYS | {"KIS_ENV": "real", "REBALANCE_LLM_API_KEY": "x"}
    done = subprocess.run(
        [sys.executable, "-c", work], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[] []"), done.stderr


def test_paper_mock_and_real_share_no_file(tmp_path: Path) -> None:
    def settings(mode: Mode, base_url: str | None = None) -> Settings:
        return Settings("default", mode, Secret("k"), Secret("s"), AccountNumber("12345678", "01"), base_url)

    def broker(mode: Mode) -> Any:
        return type("Broker", (), {"identity": Identity("kis", mode, "main", "****5678-01")})()

    files = [
        path
        for mode in Mode
        for path in (
            journal_path(tmp_path, mode),
            anchor_path(journal_path(tmp_path, mode)),
            account_lock(tmp_path, "main", mode),
            books_path(tmp_path, tmp_path, broker(mode)),
        )
    ]
    assert len(set(files)) == len(files) == 4 * len(Mode)
    at = [settings(mode, url) for mode in (Mode.MOCK, Mode.REAL) for url in (None, "http://127.0.0.1:1")]
    idle: Any = None
    private = [surroundings(one, {"XDG_STATE_HOME": str(tmp_path)}, idle, idle, idle).folder for one in at]
    assert len(set(private)) == 4  # of the tokens: a rehearsal's is never believed by the service


# ---- the confirmation ----


def proposed(folder: Path, opened: Portfolio) -> tuple[str, Mapping[str, Any]]:
    """A proposal as the worker receives it, and its plan's id."""
    plan = opened.plan()
    asked: list[Mapping[str, Any]] = []

    def execute(at: Path, request: Mapping[str, Any]) -> Any:
        asked.append(request)
        raise RuntimeError("only looked at")

    proposing.propose(opened, plan, yes=plan.plan_id)
    over = iter([False, False, True])
    worker.serve(lambda: [folder], execute, lambda: next(over), HandClock())
    return plan.plan_id, asked[0]


def test_a_confirmation_is_of_one_plan_policy_account_and_kind_of_money(growth: Path) -> None:
    opened = rk.open_portfolio(growth, on=DUE)

    def at(broker: str, mode: Mode, account: str, number: str) -> Portfolio:
        who = Identity(broker, mode, account, number)
        return replace(opened, broker=type("Broker", (), {"identity": who})())

    other = opened.policy.model_copy(update={"name": "other"})
    words = {
        proposing.confirmation(opened, "plan-1"),
        proposing.confirmation(opened, "plan-2"),
        proposing.confirmation(replace(opened, policy=other), "plan-1"),
        proposing.confirmation(replace(opened, account="second"), "plan-1"),
        proposing.confirmation(at("kis", Mode.MOCK, "main", "****5678-01"), "plan-1"),
        proposing.confirmation(at("kis", Mode.REAL, "main", "****5678-01"), "plan-1"),
        proposing.confirmation(at("kis", Mode.REAL, "second", "****5678-01"), "plan-1"),
        proposing.confirmation(at("kis", Mode.REAL, "main", "****9999-01"), "plan-1"),
    }
    assert len(words) == 8
    assert proposing.confirmation(rk.open_portfolio(growth, on=DUE), "plan-1") in words  # the same in every process


def test_what_was_not_confirmed_is_not_carried_out(growth: Path) -> None:
    opened = rk.open_portfolio(growth, on=DUE)
    _, request = proposed(growth, opened)
    without = {name: value for name, value in request.items() if name != "confirmed"}
    for forged in (without, {**request, "confirmed": "0" * 32}, {**request, "account": "main"}):
        with pytest.raises(RuleError) as told:
            proposing.perform(growth, forged)
        assert (told.value.code, told.value.exit_code) == ("not_confirmed", 3)
    assert not history.runs(growth)
    assert not (growth / "paper.sqlite").exists()


def test_a_confirmation_is_good_once(growth: Path) -> None:
    opened = rk.open_portfolio(growth, on=DUE)
    plan_id, request = proposed(growth, opened)
    first = proposing.perform(growth, request)
    again = proposing.perform(growth, request)  # a worker that is started again asks the engine again
    assert (first.status, first.repeated, again.repeated) == ("SUCCESS", False, True)
    assert again.run_id == first.run_id
    assert [run.work.plan_id for run in history.runs(growth)] == [plan_id]


def test_a_policy_that_was_edited_after_the_confirmation_is_not_what_was_confirmed(growth: Path) -> None:
    opened = rk.open_portfolio(growth, on=DUE)
    _, request = proposed(growth, opened)
    file = growth / "portfolio.yaml"
    text = file.read_text(encoding="utf-8")
    assert "threshold: 0.05" in text
    file.write_text(text.replace("threshold: 0.05", "threshold: 0.06", 1), encoding="utf-8")
    with pytest.raises(KitError) as told:
        proposing.perform(growth, request)
    assert told.value.code == "not_confirmed"
    assert not history.runs(growth)
