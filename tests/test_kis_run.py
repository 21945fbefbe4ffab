"""`rebalance run --broker kis` and `open_portfolio(broker=...)` at the local KIS: one moment for the plan that is read
and the plan that is carried out, money that equals the ledger, and files that stay private."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import rebalance_kit as rk
from rebalance_kit.brokers.kis.broker import KisBroker
from rebalance_kit.brokers.kis.rehearsal.sample import sample
from rebalance_kit.brokers.kis.rehearsal.start import Rehearsal, start
from rebalance_kit.checks import PlanBlocked
from rebalance_kit.errors import UsageError
from tests.folders import as_process
from tests.make_kis import PORTFOLIOS, before_double
from tests.shapes import RUN, faults

MORNING = datetime(2026, 4, 1, 10, 0)  # noqa: DTZ001  # the first session of the quarter, in Seoul
NIGHT = datetime(2026, 4, 2, 0, 30)  # noqa: DTZ001  # the same day in New York


@pytest.fixture(autouse=True)
def private_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def folder(tmp_path: Path, name: str = "growth") -> Path:
    return Path(shutil.copytree(PORTFOLIOS / name, tmp_path / "portfolio"))


def double(name: str = "growth", at: datetime = MORNING, **options: Any) -> Rehearsal:
    ready = sample(name)
    return start(ready.products, ready.opening, at=at, **options)


def carry_out(where: Path, broker: KisBroker) -> Any:
    read = rk.open_portfolio(where, broker=broker).plan()
    opened = rk.open_portfolio(where, broker=broker, again=True)
    made = opened.plan()
    assert made.plan_id == read.plan_id
    return opened.run(made, yes=read.plan_id)


# ---- the portfolio ----


@pytest.mark.parametrize("env", ["mock", "real"])
def test_a_portfolio_at_the_broker_is_sold_and_bought_to_the_won(tmp_path: Path, env: Any) -> None:
    where = folder(tmp_path)
    with double() as kis:
        done = carry_out(where, before_double(kis, tmp_path / "kis", "growth", env))
        account = kis.account(env)
        booked = {(o.code, "BUY" if o.buys else "SELL"): (o.filled, o.amount) for o in kis.orders(env)}
        assert done.status == "SUCCESS"
        assert {(row.code, row.side): (row.filled, row.amount) for row in done.result.executions} == booked
        costs = {(o.code, "BUY" if o.buys else "SELL"): o.fee + o.tax for o in kis.orders(env)}
        assert {(row.code, row.side): row.commission for row in done.result.executions} == costs
        cash = account.cash("KRW")
        taken = sum((o.fee + o.tax for o in kis.orders(env)), Decimal(0))
        assert any(f"₩{taken}" in finding.message.en for finding in done.result.findings)
    after = rk.open_portfolio(where, on="2026-04-01")
    assert after.holdings.cash_of("main", "KRW") == cash
    assert {p.code: p.quantity for p in after.holdings.positions} == {
        code: Decimal(held.quantity) for code, held in account.holdings.items()
    }
    assert [(run.mode, run.status) for run in after.history().runs] == [(env, "SUCCESS")]
    assert str(after._last_rebalance()) == "2026-04-01"
    assert (where / f"journal-{env}.sqlite").exists()
    assert not (where / "journal.sqlite").exists()
    assert not (where / "paper.sqlite").exists()


@pytest.mark.parametrize("env", ["mock", "real"])
def test_won_and_dollars_each_pay_for_themselves_while_new_york_is_open(tmp_path: Path, env: Any) -> None:
    where = folder(tmp_path, "us")
    with double("us", NIGHT) as kis:
        broker = before_double(kis, tmp_path / "kis", "us", env)
        opened = rk.open_portfolio(where, broker=broker)
        assert str(opened.on) == "2026-04-01"
        assert opened.prices.rate("USD") == kis.world.market.rate
        made = opened.plan(force=True)
        assert made.exchanges == ()
        done = opened.run(made, yes=made.plan_id)
        filled = {row.code: row.state for row in done.result.executions}
        assert (filled.pop("069500"), set(filled.values())) == ("REJECTED", {"FILLED"})
        assert (done.status, done.exit_code) == ("PARTIAL", 8)
        snapshot = broker.snapshot()
        assert snapshot.cash_of("USD") == kis.account(env).cash("USD")
        assert all(order.price > 0 for order in kis.orders(env))  # limits alone


@pytest.mark.parametrize("name", ["growth", "us"])
def test_journal_broker_and_holdings_agree_afterwards(tmp_path: Path, name: str) -> None:
    """Also in dollars, where no order says what it cost."""
    where = folder(tmp_path, name)
    with double(name, NIGHT if name == "us" else MORNING) as kis:
        broker = before_double(kis, tmp_path / "kis", name)
        opened = rk.open_portfolio(where, broker=broker)
        made = opened.plan(force=True)
        opened.run(made, yes=made.plan_id)
        (found,) = rk.open_portfolio(where, broker=broker).reconcile()
        assert (found.agrees, found.differences) == (True, ())
        kis.clock.set("2026-04-03 10:00")
        kis.phone_order("mock", "069500", "SELL", 1)
        kis.clock.advance(60)
        (found,) = rk.open_portfolio(where, broker=broker).reconcile()
        assert {difference.what for difference in found.differences} == {"069500", "KRW"}


def test_a_plan_that_is_too_old_or_whose_price_moved_is_not_carried_out(tmp_path: Path) -> None:
    where = folder(tmp_path)
    with double() as kis:
        broker = before_double(kis, tmp_path / "kis")
        opened = rk.open_portfolio(where, broker=broker)
        made = opened.plan()
        kis.world.market.products["360750"].move(Decimal(16000))
        with pytest.raises(PlanBlocked, match="R09"):
            opened.run(made, yes=made.plan_id)
        kis.world.market.products["360750"].move(Decimal(16800))
        kis.clock.advance(400)
        with pytest.raises(PlanBlocked, match="R08"):
            opened.run(made, yes=made.plan_id)
        assert kis.orders("mock") == []


def test_a_moment_is_taken_again_for_a_few_minutes_only(tmp_path: Path) -> None:
    where = folder(tmp_path)
    with double() as kis:
        broker = before_double(kis, tmp_path / "kis")
        first = rk.open_portfolio(where, broker=broker).prices.quotes["360750"].at
        assert rk.open_portfolio(where, broker=broker, again=True).prices.quotes["360750"].at == first
        kis.clock.advance(301)
        assert rk.open_portfolio(where, broker=broker, again=True).prices.quotes["360750"].at != first


@pytest.mark.parametrize("fault", ["throttle", "cut_before", "error_before", "cut_after", "garbled"])
def test_a_cancellation_that_was_not_taken_is_asked_for_again(tmp_path: Path, fault: str) -> None:
    resting = {"fault": "fills", "on": "order-cash", "parts": [{"after": 1, "quantity": 1}], "times": 99}
    where = folder(tmp_path)
    with double(faults=[resting, {"fault": fault, "on": "order-rvsecncl", "times": 2}]) as kis:
        done = carry_out(where, before_double(kis, tmp_path / "kis"))
        sent = [row for row in done.result.executions if row.broker_order_id]
        assert (done.status, {(row.state, row.filled) for row in sent}) == ("PARTIAL", {("CANCELLED", 1)})
        assert all(order.remaining == 0 for order in kis.orders("mock"))


def test_outside_the_session_a_plan_may_be_read_and_not_carried_out(tmp_path: Path) -> None:
    where = folder(tmp_path)
    with double(at=datetime(2026, 4, 1, 15, 20)) as kis:  # noqa: DTZ001
        broker = before_double(kis, tmp_path / "kis")
        opened = rk.open_portfolio(where, broker=broker)
        made = opened.plan()
        assert "session" in {finding.rule for finding in opened.run(made).result.findings}
        with pytest.raises(PlanBlocked, match="R07"):
            opened.run(made, yes=made.plan_id)
        assert kis.orders("mock") == []


def test_the_broker_says_what_is_held_and_which_day_it_is(tmp_path: Path) -> None:
    where = folder(tmp_path)
    with double() as kis:
        broker = before_double(kis, tmp_path / "kis")
        (where / "holdings.csv").unlink()
        assert rk.open_portfolio(where, broker=broker).drift().total_value == 11_000_000
        with pytest.raises(UsageError, match="the broker's day"):
            rk.open_portfolio(where, broker=broker, on="2026-03-04")
        with pytest.raises(UsageError, match="holdings"):
            rk.open_portfolio(where, broker=broker, holdings="x.csv")


def test_an_account_is_named_where_the_policy_has_several(tmp_path: Path) -> None:
    from rebalance_kit.policy.model import AccountRule
    from rebalance_kit.portfolio.connecting import account_at

    policy = rk.open_portfolio(folder(tmp_path), on="2026-04-01").policy
    several = replace_accounts(policy, main=AccountRule(), isa=AccountRule(broker="kis"))
    assert account_at(policy, None, "kis") == "main"
    assert account_at(several, None, "kis") == "isa"
    assert account_at(several, "main", "kis") == "main"
    with pytest.raises(UsageError, match="account"):
        account_at(replace_accounts(policy, a=AccountRule(), b=AccountRule()), None, "kis")


def replace_accounts(policy: Any, **accounts: Any) -> Any:
    return policy.model_copy(update={"accounts": accounts})


# ---- the command ----


def command(environment: dict[str, str], *words: str | Path) -> tuple[int, Any, str]:
    done = subprocess.run(
        as_process(*words, "--language", "en"),
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def test_the_command_reads_then_carries_out_at_the_local_kis(tmp_path: Path, private_state: Path) -> None:
    where = folder(tmp_path)
    with double(speed=10.0) as kis:
        environment = kis.settings("mock") | {"KIS_CALLS_PER_SECOND": "15"}
        words = ("run", where, "--broker", "kis", "--env", "mock", "--json")
        code, read, _ = command(environment, *words)
        assert (code, read["status"], kis.orders("mock"), faults(read, RUN)) == (0, "DRY_RUN", [], [])
        code, done, said = command(environment, *words, "--yes", read["plan_id"])
        assert (code, done["status"], done["plan_id"], faults(done, RUN)) == (0, "SUCCESS", read["plan_id"], [])
        booked = {order.code: str(order.filled) for order in kis.orders("mock")}
        assert {row["code"]: str(row["filled"]) for row in done["executions"]} == booked
        assert "sell 21 TIGER" in said
        code, again, _ = command(environment, *words, "--yes", read["plan_id"])
        assert (code, again["repeated"], len(kis.orders("mock"))) == (0, True, len(booked))
        key = kis.world.key("mock")
        hidden = (key.appkey, key.appsecret, key.number)
    for path in [*private_state.rglob("*"), *where.rglob("*")]:
        if path.is_file():
            held = path.read_bytes()
            assert not any(secret.encode() in held for secret in hidden), path
            assert path.stat().st_mode & 0o077 == 0 or path.parent == where
    assert not any(secret in said for secret in hidden)


def test_what_a_notebook_submits_is_carried_out_by_a_worker_at_the_broker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = folder(tmp_path)
    with double(speed=10.0) as kis:
        for name, value in (kis.settings("mock") | {"KIS_CALLS_PER_SECOND": "15"}).items():
            monkeypatch.setenv(name, value)
        opened = rk.open_portfolio(where, broker="kis", env="mock")
        made = opened.plan()
        done = opened.submit(made, yes=made.plan_id)
        assert (done.status, done.result.mode) == ("SUCCESS", "mock")
        assert {order.code for order in kis.orders("mock")} == {row.code for row in done.result.executions}


@pytest.mark.parametrize(
    ("words", "environment", "code", "says"),
    [
        (("--broker", "kis"), {}, 2, "KIS_ENV"),
        (("--broker", "kis", "--env", "mock"), {}, 2, "KIS_APP_KEY"),
        (("--broker", "kis", "--env", "real"), {"KIS_ENV": "mock"}, 2, "KIS_ENV"),
        (("--broker", "kis", "--env", "live"), {}, 2, "mock or real"),
        (("--broker", "kiwoom"), {}, 2, "kis"),
        (("--env", "mock"), {}, 2, "env"),
    ],
)
def test_a_broker_that_is_not_set_up_is_one_sentence(
    tmp_path: Path, words: tuple[str, ...], environment: dict[str, str], code: int, says: str
) -> None:
    bare = {name: "" for name in os.environ if name.startswith("KIS_")} | environment
    found, said, _ = command(bare, "run", folder(tmp_path), *words, "--json")
    assert found == code
    assert says in said["error"]["message"]


def test_a_service_that_is_not_there_is_a_failure_of_the_broker(tmp_path: Path) -> None:
    with double() as kis:
        environment = kis.settings("mock")
    found, said, _ = command(environment, "run", folder(tmp_path), "--broker", "kis", "--env", "mock", "--json")
    assert (found, said["error"]["code"]) == (6, "no_token")
