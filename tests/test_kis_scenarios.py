"""The fifteen scenarios that the client must pass, each by name, over real HTTP against the local KIS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rebalance_kit.brokers.base import Answer, BrokerOrder, Mode
from rebalance_kit.brokers.kis.rehearsal.market import Product
from rebalance_kit.brokers.kis.rehearsal.start import Opening, Rehearsal, start
from rebalance_kit.brokers.kis.rehearsal.table import SERVICES
from rebalance_kit.brokers.kis.rehearsal.world import Environment
from rebalance_kit.brokers.kis.settings import read_settings
from rebalance_kit.checks import PlanBlocked
from rebalance_kit.errors import BrokerError, KitError, UsageError
from rebalance_kit.execution.result import RunResult, RunStatus
from rebalance_kit.orders import Side
from tests.kis_calls import etfs
from tests.kis_runs import KisRun, broker_at, kis_run, ledger_equals
from tests.make import policy

KODEX, BOND = "069500", "305080"  # 40,000 and 10,000 won
TWO = "069500 50, 305080 50"
PLAN = "SELL 069500 5, BUY 305080 19"
BOTH: tuple[Environment, ...] = ("real", "mock")
FREE = {"max_order_share": "1", "max_turnover": "1"}


def wanted(text: str = TWO, **settings: Any) -> Any:
    return policy(text, constraints=FREE, **settings)


def opening(won: int = 0, **shares: int) -> Opening:
    held = {"_069500": 30, "_305080": 80} | shares
    return Opening(Decimal(won), holdings={code.lstrip("_"): (n, Decimal(n * 10_000)) for code, n in held.items()})


@contextmanager
def two_funds(folder: Path, environment: Environment = "mock", won: int = 0, **options: Any) -> Iterator[KisRun]:
    """30 shares of one fund for 1,200,000 won and 80 of another for 800,000, to be halved."""
    with kis_run(folder, wanted(), opening(won), environment=environment, **options) as run:
        yield run


@contextmanager
def twenty_to_buy(folder: Path, environment: Environment = "mock", **options: Any) -> Iterator[KisRun]:
    """25 shares of one fund for 1,000,000 won, 80 of another for 800,000, and cash for the 20 that are missing."""
    begins = opening(202_000, _069500=25)
    with kis_run(folder, wanted(), begins, environment=environment, **options) as run:
        yield run


def order(code: str, side: Side, quantity: int, price: str | None, currency: str = "KRW") -> BrokerOrder:
    limit = None if price is None else Decimal(price)
    return BrokerOrder("test-1", code, side, Decimal(quantity), limit, currency)


def asked(kis: Rehearsal, last: str) -> list[str]:
    """The answers' codes of all calls of a service."""
    return [call.msg_cd for call in kis.calls if call.path.endswith(f"/{last}")]


def rows(result: RunResult) -> list[tuple[str, str, int, str]]:
    return [(row.side, row.code, int(row.filled), row.state) for row in result.executions]


# ---- 1 ----


@pytest.mark.parametrize(("environment", "count", "pages"), [("real", 53, 2), ("mock", 41, 3)])
def test_scenario_01_paging(tmp_path: Path, environment: Environment, count: int, pages: int) -> None:
    products = etfs(count)
    held = Opening(Decimal(1_000), holdings={p.code: (n, Decimal(10_000 * n)) for n, p in enumerate(products, 1)})
    with kis_run(tmp_path, wanted(), held, environment=environment, products=products) as run:
        seen = run.broker.snapshot()
        assert [(p.code, int(p.quantity)) for p in seen.positions] == [(p.code, n) for n, p in enumerate(products, 1)]
        assert seen.cash_of("KRW") == 1_000
        assert len(asked(run.kis, "inquire-balance")) == pages
        run.kis.faults.add(fault="rows", on="inquire-balance", value="again", from_=1)
        with pytest.raises(BrokerError, match=r"page came again|pages"):
            run.broker.snapshot()
        assert len(asked(run.kis, "inquire-balance")) < 20


# ---- 2 ----


def test_scenario_02_token_expiry_mid_run(tmp_path: Path) -> None:
    products = etfs(53)
    held = Opening(Decimal(1_000), holdings={p.code: (1, Decimal(10_000)) for p in products})
    with kis_run(tmp_path, wanted(), held, environment="real", products=products) as run:
        run.kis.faults.add(fault="token_expired", on="inquire-balance", call=2)
        assert len(run.broker.snapshot().positions) == 53
        assert asked(run.kis, "inquire-balance").count("EGW00123") == 1
        assert run.kis.state()["tokens_issued"] == 2


def test_scenario_02_two_processes_share_one_token(tmp_path: Path) -> None:
    asking = (
        "import os, sys, time; from datetime import UTC, datetime; from pathlib import Path\n"
        "from rebalance_kit.brokers.kis.broker import Surroundings, open_broker\n"
        "from rebalance_kit.brokers.kis.settings import read_settings\n"
        "from rebalance_kit.brokers.base import Mode\n"
        "settings = read_settings(os.environ, Mode.REAL, keyring=lambda _: None)\n"
        "around = Surroundings(Path(sys.argv[1]), lambda: datetime.now(UTC), time.monotonic, time.sleep)\n"
        "print(len(open_broker(settings, (), 'main', 'XKRX', around).snapshot().positions))\n"
    )
    with start(opening=opening(), speed=1) as kis:
        environment = os.environ | kis.settings("real") | {"PYTHONPATH": str(Path(__file__).parents[1])}
        line = [sys.executable, "-c", asking, str(tmp_path)]
        pair = [subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, encoding="utf-8") for _ in range(2)]
        assert [process.communicate(timeout=60)[0].strip() for process in pair] == ["2", "2"]
        assert len([call for call in kis.calls if call.path == "/oauth2/tokenP"]) == 1


# ---- 3 ----


@pytest.mark.parametrize("refusal", ["EGW00133", "empty"])
def test_scenario_03_token_throttle(tmp_path: Path, refusal: str) -> None:
    with two_funds(tmp_path) as run:
        if refusal == "empty":
            run.kis.faults.add(fault="empty", on="token")
        else:  # somebody else has asked a moment ago
            key = run.kis.world.key("mock")
            run.kis.service.gate.issue({"appkey": key.appkey, "appsecret": key.appsecret}, run.kis.clock.now())
        began = run.kis.clock.now()
        assert len(run.broker.snapshot().positions) == 2
        calls = [call for call in run.kis.calls if call.path == "/oauth2/tokenP"]
        assert len(calls) == 2, "refused once, and asked once more"
        assert (calls[1].at - calls[0].at).total_seconds() >= 60
        assert (run.kis.clock.now() - began).total_seconds() < 90


def test_scenario_03_a_token_that_stays_refused_is_a_clear_error(tmp_path: Path) -> None:
    with two_funds(tmp_path) as run:
        run.kis.faults.add(fault="empty", on="token", times=99)
        with pytest.raises(BrokerError, match="no access token") as caught:
            run.broker.snapshot()
        assert "1분" in caught.value.message("ko")
        assert len(run.kis.calls) == 2


# ---- 4 ----


@pytest.mark.parametrize("environment", BOTH)
@pytest.mark.parametrize(("fault", "code"), [("throttle", "EGW00201"), ("ledger_throttle", "EGW00215")])
def test_scenario_04_rate_limit(tmp_path: Path, environment: Environment, fault: str, code: str) -> None:
    with two_funds(tmp_path, environment) as run:
        run.kis.faults.add(fault=fault, on="inquire-balance", times=2)
        assert len(run.broker.snapshot().positions) == 2
        times = [call.at for call in run.kis.calls if call.path.endswith("inquire-balance")]
        assert asked(run.kis, "inquire-balance")[:2] == [code, code]
        assert all((b - a).total_seconds() >= 1 for a, b in pairwise(times[:3]))


@pytest.mark.parametrize("environment", BOTH)
def test_scenario_04_requests_stay_below_the_bucket(tmp_path: Path, environment: Environment) -> None:
    with two_funds(tmp_path, environment) as run:
        assert run.execute(PLAN).status is RunStatus.SUCCESS
        times = [call.at.timestamp() for call in run.kis.calls if call.path.startswith("/uapi")]
        busiest = max(sum(1 for other in times if at <= other < at + 1) for at in times)
        assert busiest <= {"real": 9, "mock": 1}[environment]
        assert not any(call.msg_cd.startswith("EGW") for call in run.kis.calls)


# ---- 5 and 6 ----


@pytest.mark.parametrize("environment", BOTH)
@pytest.mark.parametrize("fault", ["hang_after", "cut_after", "garbled", "error_after", "stale_reply"])
def test_scenario_05_timeout_after_accept(tmp_path: Path, environment: Environment, fault: str) -> None:
    with two_funds(tmp_path, environment) as run:
        more = {"seconds": 0.2} if fault == "hang_after" else {}
        number = 2 if fault == "stale_reply" else 1
        run.kis.faults.add(fault=fault, on="order-cash", call=number, **more)
        run.kis.faults.add(fault="invisible", on="order-cash", call=number, seconds=5)
        result = run.execute(PLAN)
        assert result.status is RunStatus.SUCCESS
        assert rows(result) == [("SELL", KODEX, 5, "FILLED"), ("BUY", BOND, 19, "FILLED")]
        assert Counter((o.code, o.side) for o in run.kis.orders(environment)) == {(KODEX, "01"): 1, (BOND, "02"): 1}
        booked = {int(o.number) for o in run.kis.orders(environment)}
        assert {int(row.broker_order_id or 0) for row in result.executions} == booked
        ledger_equals(run, result)


@pytest.mark.parametrize("fault", ["hang_before", "cut_before", "error_before"])
def test_scenario_06_timeout_not_accepted(tmp_path: Path, fault: str) -> None:
    with two_funds(tmp_path) as run:
        more = {"seconds": 0.2} if fault == "hang_before" else {}
        run.kis.faults.add(fault=fault, on="order-cash", **more)
        result = run.execute(PLAN)
        assert (result.status, result.exit_code) == (RunStatus.UNKNOWN, 5)
        assert run.kis.orders() == []
        sent = len(asked(run.kis, "order-cash"))
        with pytest.raises(KitError):  # the same day nothing more leaves for this account
            run.again().execute("SELL 069500 5")
        assert len(asked(run.kis, "order-cash")) == sent
        run.kis.clock.set("2026-03-04 16:30")  # the book has closed: it never arrived
        settled = run.again().resume()
        assert settled is not None
        assert settled.status in (RunStatus.FAILED, RunStatus.PARTIAL)
        assert run.kis.orders() == []
        run.kis.clock.set("2026-03-05 10:00")
        tomorrow = run.again()
        after = tomorrow.execute(PLAN)
        assert after.status is RunStatus.SUCCESS
        assert Counter(o.code for o in run.kis.orders()) == {KODEX: 1, BOND: 1}


# ---- 7, 8, 9 ----


@pytest.mark.parametrize("environment", BOTH)
def test_scenario_07_partial_fill_then_cancel(tmp_path: Path, environment: Environment) -> None:
    with twenty_to_buy(tmp_path, environment) as run:
        run.kis.faults.add(fault="fills", on="order-cash", parts=[{"after": 1, "quantity": 8}])
        result = run.execute("BUY 305080 20")
        assert rows(result) == [("BUY", BOND, 8, "CANCELLED")]
        assert result.status is RunStatus.PARTIAL
        booked, instruction = run.kis.account(environment).orders
        assert (booked.filled, booked.cancelled, instruction.kind) == (8, 12, "cancel")
        ledger_equals(run, result)
        run.kis.clock.advance(5)
        assert [(row.quantity, row.filled) for row in run.broker.order_list(run.broker.session).rows] == [(20, 8)]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("APBK0918", "정정/취소할 수량이 없습니다."),
        ("APBK0344", "원주문정보가 존재하지않습니다."),
        ("40330000", "모의투자 정정/취소할 수량이 없습니다."),
    ],
)
def test_scenario_08_cancel_fill_race(tmp_path: Path, code: str, text: str) -> None:
    with twenty_to_buy(tmp_path) as run:
        slow = [{"after": 1, "quantity": 8}, {"after": 45}]
        run.kis.faults.add(fault="fills", on="order-cash", parts=slow)
        run.kis.faults.add(fault="reject", on="order-rvsecncl", code=code, text=text, times=9)
        result = run.execute("BUY 305080 20")
        assert rows(result) == [("BUY", BOND, 20, "FILLED")]
        assert (result.status, result.exit_code) == (RunStatus.SUCCESS, 0)
        assert not [finding for finding in result.findings if finding.severity != "info"]
        ledger_equals(run, result)


def test_scenario_08_a_fill_that_wins_the_race_by_itself(tmp_path: Path) -> None:
    with two_funds(tmp_path, won=1_000_000) as run:
        reply = run.broker.place(order(BOND, Side.BUY, 5, "10000"))
        run.kis.clock.advance(5)
        assert reply.number is not None
        assert run.broker.cancel(reply.number).answer is Answer.ACCEPTED
        assert [(row.filled, row.live) for row in run.broker.order_list(run.broker.session).rows] == [(5, False)]


@pytest.mark.parametrize("environment", BOTH)
@pytest.mark.parametrize("habit", ["cancelled", "rest only"])
def test_scenario_09_revise(tmp_path: Path, environment: Environment, habit: Any) -> None:
    with two_funds(tmp_path, environment, won=1_000_000) as run:
        run.kis.world.habits[environment].revised_original = habit
        placed = run.broker.place(order(BOND, Side.BUY, 5, "9900")).number
        assert placed is not None
        run.kis.clock.advance(5)
        assert run.broker.revise(placed, Decimal(9_905)).answer is Answer.ACCEPTED
        run.kis.clock.advance(5)
        old, new = run.kis.orders(environment)
        assert (old.remaining, new.remaining, new.original) == (0, 5, old.number)
        listed = run.broker.order_list(run.broker.session)
        assert [(int(row.number), row.quantity, row.live) for row in listed.rows] == [(old.number, 5, True)]
        assert run.broker.cancel(placed).answer is Answer.ACCEPTED
        last = [call for call in run.kis.calls if call.path.endswith("order-rvsecncl")][-1].fields
        assert (int(last["ORGN_ODNO"]), last["KRX_FWDG_ORD_ORGNO"]) == (new.number, new.branch)
        assert last["EXCG_ID_DVSN_CD"] == "KRX"
        run.kis.clock.advance(5)
        assert [row.live for row in run.broker.order_list(run.broker.session).rows] == [False]


# ---- 10 ----


@pytest.mark.parametrize("environment", BOTH)
@pytest.mark.parametrize(
    ("side", "code", "quantity", "price", "leaves"),
    [
        (Side.BUY, BOND, 200, "10000", 1),  # cash
        (Side.SELL, BOND, 81, "10000", 1),  # quantity
        (Side.BUY, "999999", 1, "10000", 1),  # unknown code
        (Side.BUY, BOND, 1, "10003", 0),  # tick
        (Side.BUY, BOND, 1, "13005", 0),  # upper limit
        (Side.SELL, BOND, 1, "6995", 0),  # lower limit
    ],
)
def test_scenario_10_rejections(
    tmp_path: Path, environment: Environment, side: Side, code: str, quantity: int, price: str, leaves: int
) -> None:
    known = wanted("069500 50, 305080 40, 999999 10")
    with kis_run(tmp_path, known, opening(1_000_000), environment=environment) as run:
        run.broker.quotes([KODEX, BOND])
        reply = run.broker.place(order(code, side, quantity, price))
        assert reply.answer is Answer.REJECTED
        assert len(asked(run.kis, "order-cash")) <= leaves, "never twice, and off the tick never at all"
        assert run.kis.orders(environment) == []


def test_scenario_10_a_halted_code_does_not_leave(tmp_path: Path) -> None:
    with two_funds(tmp_path, won=1_000_000) as run:
        run.kis.world.market.products[BOND].halted = True
        run.broker.quotes([BOND])
        assert run.broker.place(order(BOND, Side.BUY, 1, "10000")).answer is Answer.REJECTED
        assert asked(run.kis, "order-cash") == []


@pytest.mark.parametrize("code", ["APBK0066", "APBK0656"])
def test_scenario_10_the_rest_of_the_plan_goes_on(tmp_path: Path, code: str) -> None:
    three = wanted("069500 50, 305080 25, 273130 25")
    with kis_run(tmp_path, three, opening(705_000, _069500=25, _305080=30)) as run:
        run.kis.faults.add(fault="reject", on="order-cash", where={"PDNO": BOND}, code=code, text="거부", times=9)
        result = run.execute("BUY 305080 20, BUY 273130 50")
        assert Counter(row[1:] for row in rows(result)) == {(BOND, 0, "REJECTED"): 1, ("273130", 50, "FILLED"): 1}
        assert asked(run.kis, "order-cash").count(code) == 1
        assert result.status is RunStatus.PARTIAL


def test_scenario_10_a_code_that_nobody_knows_settles_nothing(tmp_path: Path) -> None:
    with two_funds(tmp_path, won=1_000_000) as run:
        run.kis.faults.add(fault="reject", on="order-cash", code="APBK7777", text="처음 보는 말")
        assert run.broker.place(order(BOND, Side.BUY, 1, "10000")).answer is Answer.UNKNOWN


# ---- 11 ----


@pytest.mark.parametrize("environment", BOTH)
@pytest.mark.parametrize(
    "moment",
    [
        "2026-03-07 10:00",  # Saturday
        "2026-03-04 08:59",
        "2026-03-04 15:31",
        "2026-01-02 09:30",  # the first session of the year opens at 10:00
        "2026-06-03 10:30",
        "2026-07-17 10:30",
    ],
)
def test_scenario_11_session_closed(tmp_path: Path, environment: Environment, moment: str) -> None:
    with two_funds(tmp_path, environment, won=1_000_000, at=moment) as run:
        run.broker.connect()
        assert run.broker.closed_for(BOND) is not None
        assert run.broker.place(order(BOND, Side.BUY, 1, "10000")).answer is Answer.REJECTED
        with pytest.raises(PlanBlocked, match="R07"):
            run.execute("BUY 305080 20")
        assert asked(run.kis, "order-cash") == []


def test_scenario_11_the_brokers_own_day_check_closes_too(tmp_path: Path) -> None:
    with two_funds(tmp_path, "real", won=1_000_000) as run:
        run.kis.world.days.closed.add(run.kis.clock.now().date())
        run.broker.connect()
        assert run.broker.closed_for(BOND) is not None
        assert asked(run.kis, "chk-holiday") == ["KIOK0500"]
        assert run.broker.place(order(BOND, Side.BUY, 1, "10000")).answer is Answer.REJECTED
        assert asked(run.kis, "order-cash") == []
        assert len(asked(run.kis, "chk-holiday")) == 1, "once a day"


@pytest.mark.parametrize(("environment", "code"), [("real", "APBK0919"), ("mock", "40100000")])
def test_scenario_11_a_closed_day_that_only_the_ledger_knows(
    tmp_path: Path, environment: Environment, code: str
) -> None:
    with two_funds(tmp_path, environment, won=1_000_000) as run:
        assert run.broker.closed_for(BOND) is None
        run.kis.world.days.closed.add(run.kis.clock.now().date())
        assert run.broker.place(order(BOND, Side.BUY, 1, "10000")).answer is Answer.REJECTED
        assert asked(run.kis, "order-cash") == [code]


# ---- 12 ----


@pytest.mark.parametrize("environment", BOTH)
def test_scenario_12_every_call_uses_the_table(tmp_path: Path, environment: Environment) -> None:
    with two_funds(tmp_path, environment) as run:
        assert run.execute(PLAN).status is RunStatus.SUCCESS
        run.broker.quotes([KODEX, BOND])
        for call in run.kis.calls:
            if call.path.startswith("/uapi"):
                known = {s.tr_id(environment) for s in SERVICES if s.path == call.path}
                assert call.tr_id in known, call
        refusals = {"EGW00213", "EGW02004", "OPSQ0002", "90000000"}
        assert not refusals & {call.msg_cd for call in run.kis.calls}


def test_scenario_12_what_mock_lacks_degrades(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    with two_funds(tmp_path) as mock, two_funds(tmp_path / "real", "real") as real:
        assert (mock.broker.capabilities.nav, real.broker.capabilities.nav) == (False, True)
        assert [bool(run.broker.capabilities.holiday_check) for run in (mock, real)] == [False, True]
        real.kis.world.market.products[KODEX].nav = Decimal("40020.50")
        assert [quote.nav for quote in mock.broker.quotes([KODEX])] == [None]
        assert [quote.nav for quote in real.broker.quotes([KODEX])] == [Decimal("40020.50")]
        assert mock.broker.closed_for(KODEX) is None
        assert asked(mock.kis, "chk-holiday") == []


def test_scenario_12_a_mock_key_on_the_real_host_stops_before_any_order(tmp_path: Path) -> None:
    with start(opening=opening(1_000_000)) as kis:
        mixed = {name: kis.settings("mock")[name] for name in ("KIS_APP_KEY", "KIS_APP_SECRET", "KIS_ACCOUNT")}
        broker = broker_at(kis, tmp_path, wanted(), "real", **mixed)
        with pytest.raises(BrokerError, match="EGW02004"):
            broker.snapshot()
        assert broker.place(order(BOND, Side.BUY, 1, "10000")).answer in (Answer.REJECTED, Answer.NOT_SENT)
        assert asked(kis, "order-cash") in ([], ["EGW02004"])
        assert kis.orders("real") == []


def test_scenario_12_real_needs_the_word_twice() -> None:
    with start(opening=opening()) as kis:
        real = kis.settings("real")
        assert read_settings(real, Mode.REAL, keyring=lambda _: None).mode is Mode.REAL
        for settings, mode in ((real, None), (real | {"KIS_ENV": ""}, Mode.REAL), (real, Mode.MOCK)):
            with pytest.raises(UsageError):
                read_settings(settings, mode, keyring=lambda _: None)


# ---- 13 ----


@pytest.mark.parametrize("environment", BOTH)
def test_scenario_13_cash_arithmetic(tmp_path: Path, environment: Environment) -> None:
    with two_funds(tmp_path, environment, won=1_000_000) as run:
        for one in (order(KODEX, Side.SELL, 30, "39995"), order(BOND, Side.BUY, 50, "10000")):
            assert run.broker.place(one).answer is Answer.ACCEPTED
            run.kis.clock.advance(3)
        seen, account = run.broker.snapshot(), run.kis.account(environment)
        today = run.kis.clock.now().date()
        assert seen.cash_of("KRW") == account.cash() != account.cash("KRW", today)
        assert [(p.code, int(p.quantity)) for p in seen.positions if p.quantity] == [(BOND, 130)], "no row of zero"
        worth = seen.cash_of("KRW") + 130 * 10_000
        assert worth == run.kis.world.total(account)
        at_market, at_limit = run.broker.buyable(BOND, None), run.broker.buyable(BOND, Decimal(10_000))
        assert at_limit == int(account.buyable()) // 10_000
        assert at_market == int(account.buyable()) // 13_000, "a market buy holds back the upper limit"


def test_scenario_13_sells_first_and_buys_by_the_cash_that_is_there(tmp_path: Path) -> None:
    with two_funds(tmp_path, "real") as run:
        result = run.execute("SELL 069500 5, BUY 305080 20")  # 20 would cost more than the sale brought
        assert rows(result) == [("SELL", KODEX, 5, "FILLED"), ("BUY", BOND, 19, "FILLED")]
        last = [call.path.rsplit("/", 1)[-1] for call in run.kis.calls]
        first, second = (n for n, name in enumerate(last) if name == "order-cash")
        between = last[first:second]
        assert "inquire-balance" in between
        assert "inquire-psbl-order" in between
        ledger_equals(run, result)


# ---- 14 ----


@pytest.mark.parametrize("environment", BOTH)
def test_scenario_14_messy_payloads(tmp_path: Path, environment: Environment) -> None:
    with two_funds(tmp_path, environment, won=1_000_000) as run:
        plain = run.broker.snapshot()
        run.broker.place(order(BOND, Side.BUY, 5, "9900"))
        run.kis.clock.advance(5)
        listed = run.broker.order_list(run.broker.session)
        for value in ("filler", "twice", "shuffled", "object"):
            run.kis.faults.load([{"fault": "rows", "on": "*", "value": value, "from": 1}])
            assert set(run.broker.snapshot().positions) == set(plain.positions), value
            if value != "twice":
                assert run.broker.order_list(run.broker.session) == listed, value
        for line in (
            {"fault": "padded"},
            {"fault": "no_cursor"},
            {"fault": "order_number", "value": "plain"},
            {"fault": "set", "path": "output1.0.evlu_pfls_rt", "value": "+0.49"},
            {"fault": "set", "path": "output1.0.a_new_field", "value": "?"},
            {"fault": "set", "path": "output1.0.infm_tmd", "value": ""},
        ):
            run.kis.faults.load([{**line, "on": "*", "from": 1}])
            assert run.broker.snapshot().positions == plain.positions, line
            assert run.broker.order_list(run.broker.session) == listed, line


def test_scenario_14_a_list_whose_totals_it_does_not_fill_decides_nothing(tmp_path: Path) -> None:
    with two_funds(tmp_path, won=1_000_000) as run:
        run.broker.place(order(BOND, Side.BUY, 5, "9900"))
        run.kis.clock.advance(5)
        run.kis.faults.add(fault="rows", on="inquire-daily-ccld", value="missing")
        assert not run.broker.order_list(run.broker.session).complete
        assert run.broker.order_list(run.broker.session).complete


def test_scenario_14_data_that_moved_between_two_pages_is_read_again(tmp_path: Path) -> None:
    with two_funds(tmp_path, won=1_000_000) as run:
        for _ in range(3):
            run.broker.place(order(BOND, Side.BUY, 1, "9900"))
        run.kis.clock.advance(5)
        run.kis.world.habits["mock"].order_rows = 2
        run.kis.faults.add(fault="changed", on="inquire-daily-ccld", call=2)
        found = run.broker.order_list(run.broker.session)
        assert (len(found.rows), found.complete) == (3, True)


# ---- 15 ----


US = "QQQM 50, VTI 50"
DOLLARS = {"assets": {"QQQM": {"currency": "USD", "exchange": "XNYS"}, "VTI": {"currency": "USD", "exchange": "XNYS"}}}


@contextmanager
def two_us_funds(folder: Path, environment: Environment, **options: Any) -> Iterator[KisRun]:
    """12 shares on Nasdaq for 2,941.20 dollars and 4 on Arca for 1,325.68, at night in Korea."""
    products = [
        Product("QQQM", "INVESCO NASDAQ 100 ETF", Decimal("245.10"), "NASD"),
        Product("VTI", "VANGUARD TOTAL STOCK MKT ETF", Decimal("331.42"), "AMEX"),
    ]
    held = {"QQQM": (12, Decimal("2656.20")), "VTI": (4, Decimal("1155.60"))}
    begins = Opening(Decimal(100_000), Decimal("50.25"), held)
    made = wanted(US, **DOLLARS)
    at = options.pop("at", "2026-03-04 23:40")
    with kis_run(folder, made, begins, environment=environment, products=products, at=at, **options) as run:
        yield run


@pytest.mark.parametrize("environment", BOTH)
def test_scenario_15_overseas_run(tmp_path: Path, environment: Environment) -> None:
    with two_us_funds(tmp_path, environment) as run:
        seen = run.broker.snapshot()
        assert [(p.code, int(p.quantity), p.currency) for p in seen.positions] == [
            ("QQQM", 12, "USD"),
            ("VTI", 4, "USD"),
        ]
        assert [seen.cash_of("USD"), seen.cash_of("KRW")] == [Decimal("50.25"), Decimal(100_000)]
        assert [(rate.base, rate.rate) for rate in run.broker.rates()] == [("USD", Decimal(1400))]
        assert run.broker.place(order("VTI", Side.BUY, 1, None, "USD")).answer is Answer.REJECTED
        assert asked(run.kis, "order") == [], "no market orders"
        result = run.execute("SELL QQQM 3, BUY VTI 2")
        assert rows(result) == [("SELL", "QQQM", 3, "FILLED"), ("BUY", "VTI", 2, "FILLED")]
        assert result.status is RunStatus.SUCCESS
        ledger_equals(run, result)
        sent = [call for call in run.kis.calls if call.path.endswith("trading/order")]
        assert [call.tr_id for call in sent] == {
            "real": ["TTTT1006U", "TTTT1002U"],
            "mock": ["VTTT1001U", "VTTT1002U"],
        }[environment]
        assert [call.fields["OVRS_EXCG_CD"] for call in sent] == ["NASD", "AMEX"]
        assert all(Decimal(call.fields["OVRS_ORD_UNPR"]) > 0 for call in sent)
        history = [call.fields for call in run.kis.calls if call.path.endswith("inquire-ccnl")]
        assert history
        assert {fields["ODNO"] for fields in history} == {""}


def test_scenario_15_a_mock_order_that_shows_late_is_found(tmp_path: Path) -> None:
    with two_us_funds(tmp_path, "mock") as run:
        run.kis.faults.add(fault="cut_after", on="order")
        result = run.execute("SELL QQQM 3, BUY VTI 2")
        assert result.status is RunStatus.SUCCESS
        assert Counter(o.code for o in run.kis.orders("mock")) == {"QQQM": 1, "VTI": 1}


@pytest.mark.parametrize("market", ["NYSE", "NASD"])
def test_scenario_15_a_wrong_exchange_is_no_price(tmp_path: Path, market: str) -> None:
    (tmp_path / "kis").mkdir()
    (tmp_path / "kis" / "exchanges.json").write_text(json.dumps({"VTI": market}), encoding="utf-8")
    with two_us_funds(tmp_path, "real") as run:
        found = {quote.code: quote.price for quote in run.broker.quotes(["QQQM", "VTI"])}
        assert found["QQQM"] == Decimal("245.10")
        assert found.get("VTI") in (None, Decimal("331.42")), "never 0"
