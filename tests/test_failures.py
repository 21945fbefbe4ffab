"""Faults of prices, calendar and clock as a person meets them: exit code, message, and what is there afterwards."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import rebalance_kit as rk
from rebalance_kit.brokers.kis.rehearsal.start import Opening
from rebalance_kit.brokers.kis.wire import HttpWire, Request, Silence
from rebalance_kit.errors import KitError, RuleError
from rebalance_kit.execution import history
from rebalance_kit.execution import worker as queue
from rebalance_kit.execution.result import RunStatus
from rebalance_kit.portfolio import proposing
from tests.folders import POLICY, PRICES, as_process, contents, folder, rebalance, replaced
from tests.kis_runs import kis_run
from tests.make import policy
from tests.make_kis import PORTFOLIOS

DUE = "2026-04-01"
LATER = PRICES.replace("2026-03-03", DUE)
HELD = "code,quantity\n069500,100\n360750,200\n091230,50\nCASH,1000000\n"  # prices come from prices.csv alone

DATED = "date,code,quantity,price\n2026-04-01,069500,100,30000\n,360750,200,\n,091230,50,\n,CASH,1000000,\n"

KST = ZoneInfo("Asia/Seoul")
FREE = {"max_order_share": 1, "max_turnover": 1}


def run(where: Path, *words: str) -> Any:
    return rebalance("run", where, "--on", DUE, "--force", "--language", "en", *words)


@pytest.mark.parametrize(
    ("prices", "held", "code", "says"),
    [
        pytest.param(replaced(LATER, [("31000", "0")]), HELD, 3, "069500", id="zero"),
        pytest.param(replaced(LATER, [("31000", "-31000")]), HELD, 2, "prices.csv", id="negative"),
        pytest.param(replaced(LATER, [("31000", "3100")]), HELD, 3, "069500.*(split|corporate|jump)", id="a tenth"),
        pytest.param(LATER + "2026-04-01,069500,32000,KRW\n", HELD, 2, "one price for a code and day", id="twice"),
        pytest.param(LATER, DATED, 3, "069500", id="two sources"),
    ],
)
def test_a_price_that_cannot_be_right_orders_nothing(
    tmp_path: Path, prices: str, held: str, code: int, says: str
) -> None:
    files = {"holdings.csv": held, "prices.csv": prices + "2026-03-31,069500,31000,KRW\n"}
    where = folder(tmp_path / "small", dict(files))
    before = contents(where)
    ran = run(where)
    assert ran.code == code, ran.out + ran.err
    assert re.search(says, ran.err, re.DOTALL), ran.err
    assert contents(where) == before


def test_a_price_that_is_missing_orders_nothing(tmp_path: Path) -> None:
    without = "".join(line for line in LATER.splitlines(keepends=True) if ",069500," not in line)
    where = folder(tmp_path / "small", {"holdings.csv": HELD, "prices.csv": without})
    ran = run(where)
    assert (ran.code, "069500" in ran.err) == (3, True), ran.out + ran.err
    assert not history.runs(where)


@pytest.mark.parametrize("word", ["합계", "총계", "Total"])
def test_a_total_row_is_no_holding(tmp_path: Path, word: str) -> None:
    read = []
    for name, held in (("without", HELD), ("with", HELD + f"{word},350\n")):
        where = folder(tmp_path / name, {"holdings.csv": held, "prices.csv": LATER})
        document = rebalance("drift", where, "--on", DUE, "--json").document
        read.append((document["total_value"], [row["code"] for row in document["assets"]]))
    assert read[0] == read[1]


def test_a_stale_price_is_refused_with_its_age(tmp_path: Path) -> None:
    rules = replaced(POLICY, [("  costs:", "  prices: {max_age: 5}\n  costs:")])
    where = folder(tmp_path / "small", {"portfolio.yaml": rules, "holdings.csv": HELD, "prices.csv": PRICES})
    ran = run(where)
    assert ran.code == 3, ran.out + ran.err
    assert "29" in ran.err  # from 3 March to 1 April
    assert not history.runs(where)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
def test_the_zone_of_the_computer_changes_nothing(tmp_path: Path, zone: str) -> None:
    where = folder(tmp_path / "small", {"prices.csv": LATER})
    words = as_process("plan", where, "--on", DUE, "--force", "--json")
    said = [
        subprocess.run(words, env=os.environ | {"TZ": each}, capture_output=True, check=True, timeout=60).stdout
        for each in ("Asia/Seoul", zone)
    ]
    assert said[0] == said[1]


def test_a_file_that_is_replaced_after_the_reading_is_another_plan(tmp_path: Path) -> None:
    where = folder(tmp_path / "small", {"prices.csv": LATER})
    read = rebalance("plan", where, "--on", DUE, "--force", "--json").document["plan_id"]
    (where / "prices.csv").write_text(replaced(LATER, [("31000", "31100")]), encoding="utf-8")
    ran = run(where, "--yes", read)
    assert (ran.code, read in ran.err, "the plan as it is now" in ran.err) == (2, True, True)
    assert not history.runs(where)


def test_the_worker_refuses_a_plan_that_has_moved_and_an_id_that_was_not_typed(tmp_path: Path) -> None:
    where = folder(tmp_path / "small", {"prices.csv": LATER})
    opened = rk.open_portfolio(where, on=DUE)
    plan = opened.plan(force=True)
    asked: list[Mapping[str, Any]] = []
    proposal = proposing.propose(opened, plan, yes=plan.plan_id)

    def execute(at: Path, request: Mapping[str, Any]) -> Any:
        asked.append(request)
        raise RuntimeError("seen")

    over = iter([False, False, True])
    queue.serve(lambda: [where], execute, lambda: next(over), lambda: datetime.now().astimezone())
    assert isinstance(queue.poll(where, proposal), KitError)
    (request,) = asked
    with pytest.raises(KitError, match="not the id of this plan"):
        proposing.perform(where, {**request, "typed": "yes"})
    (where / "prices.csv").write_text(replaced(LATER, [("31000", "31100")]), encoding="utf-8")
    with pytest.raises(RuleError, match="planned again it is") as told:
        proposing.perform(where, request)
    assert told.value.exit_code == 3
    assert not history.runs(where)


# ---- the exchange closes, the clock is wrong, the certificate is false ----


def test_a_run_that_crosses_the_close_sends_nothing_more_and_is_partial(tmp_path: Path) -> None:
    closing = datetime(2026, 3, 4, 15, 14, 40)  # noqa: DTZ001  # in Seoul
    opening = Opening(Decimal(1_000_000), holdings={"069500": (100, Decimal(3_000_000))})
    with kis_run(tmp_path, policy("069500 50, 305080 50", constraints=FREE), opening, at=closing) as made:
        seen = made.situation()
        plan = made.planned(seen)
        made.kis.faults.load(
            [{"fault": "fills", "on": "order-cash", "call": 1, "parts": [{"after": 5, "quantity": 3}]}]
        )
        result = made.execute_plan(plan, seen)
        sold, bought = result.executions
        assert result.status is RunStatus.PARTIAL
        assert (sold.state, sold.filled) == ("CANCELLED", 3)  # what was sold stays sold
        assert (bought.side, bought.state, bought.filled) == ("BUY", "REJECTED", 0)
        assert all(order.placed < closing.replace(second=59, tzinfo=KST) for order in made.kis.orders("mock"))
        assert any("09:00:30-15:15" in finding.message.en for finding in result.findings)


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[str]:
    """A server on this computer whose certificate nobody has signed."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]  # fmt: skip
    try:
        subprocess.run(words, check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl is not here")
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_certificate_that_nobody_signed_is_refused_and_no_byte_of_a_request_leaves(self_signed: str) -> None:
    outcome = HttpWire(self_signed, monotonic=lambda: 0.0).send(Request("GET", "/x", {}, {"CANO": "12345678"}, None))
    assert isinstance(outcome, Silence)
    assert (outcome.left, outcome.says.en) == (False, "the service's certificate cannot be trusted")


def test_no_setting_turns_the_checking_of_certificates_off(
    self_signed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "KIS_ENV": "mock", "KIS_BASE_URL": self_signed, "KIS_APP_KEY": "k" * 36, "KIS_APP_SECRET": "s" * 180,
        "KIS_ACCOUNT": "50012345-01", "SSL_CERT_FILE": "", "PYTHONHTTPSVERIFY": "0", "CURL_CA_BUNDLE": "",
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    where = Path(shutil.copytree(PORTFOLIOS / "growth", tmp_path / "growth"))
    ran = rebalance("run", where, "--broker", "kis", "--env", "mock", "--language", "en")
    assert ran.code == 6
    assert "certificate" in ran.err
    assert not (where / "journal.mock.sqlite").exists()
