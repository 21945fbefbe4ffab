"""One token for all processes of a profile: kept privately, asked for by one at a time, never twice within a minute."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from rebalance_kit.brokers.base import Answer
from rebalance_kit.brokers.kis.rehearsal.start import start
from rebalance_kit.brokers.kis.table import Call
from rebalance_kit.errors import BrokerError, StorageError
from tests.make_kis import APP_KEY, APP_SECRET, TOKEN, Scripted, Time, refused, reply, scripted, sent_body, token

PRICE = {"inquire-price": [reply(output={"stck_prpr": "1"})]}
THROTTLED = httpx.Response(403, json={"error_code": "EGW00133", "error_description": "1분당 1회"})


def asked(kis: Scripted) -> int:
    return len(kis.service.asked("tokenP"))


def test_a_token_is_asked_for_as_the_page_says_and_kept_privately(tmp_path: Path) -> None:
    kis = scripted(tmp_path, PRICE)
    kis.client.ask(Call.PRICE, {})
    kis.client.ask(Call.PRICE, {})
    assert asked(kis) == 1
    request = kis.service.asked("tokenP")[0]
    wanted = {"grant_type": "client_credentials", "appkey": APP_KEY, "appsecret": APP_SECRET}
    assert (sent_body(request), "tr_id" in request.headers) == (wanted, False)
    (kept,) = tmp_path.glob("token-*.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text())["token"] == TOKEN
    assert APP_SECRET not in kept.read_text()


def test_another_process_takes_the_token_of_the_file(tmp_path: Path) -> None:
    scripted(tmp_path, PRICE).client.ask(Call.PRICE, {})
    other = scripted(tmp_path, PRICE)
    other.client.ask(Call.PRICE, {})
    assert asked(other) == 0


def test_a_token_is_renewed_ten_minutes_before_it_ends(tmp_path: Path) -> None:
    kis = scripted(tmp_path, {"tokenP": [token("a"), token("b", ends="2026-03-06 12:00:00")], **PRICE})
    for hours, issues in ((0, 1), (23, 1), (23.9, 2)):
        kis.time.now = Time().now + timedelta(hours=hours)
        kis.client.ask(Call.PRICE, {})
        assert asked(kis) == issues


@pytest.mark.parametrize("reply_", [token(ends="2026-03-04 12:05:00"), token(seconds=300), token(ends="", seconds=300)])
def test_the_earlier_of_both_ends_counts(tmp_path: Path, reply_: httpx.Response) -> None:
    """Korean time: read as another, the first would be good for nine hours more."""
    kis = scripted(tmp_path, {"tokenP": [reply_], **PRICE})
    kis.client.ask(Call.PRICE, {})
    kis.client.ask(Call.PRICE, {})
    assert asked(kis) == 2


def test_a_token_that_dies_between_two_pages_is_replaced_once(tmp_path: Path) -> None:
    pages = [
        reply(cont="F", output1=[{"pdno": "A"}], ctx_area_fk100="x", ctx_area_nk100="1"),
        refused("EGW00123", "기간이 만료된 token 입니다."),
        reply(cont="E", output1=[{"pdno": "B"}]),
    ]
    kis = scripted(tmp_path, {"tokenP": [token("first"), token("second")], "inquire-balance": list(pages)})
    found = kis.client.pages(Call.BALANCE, {})
    assert [row.text("pdno") for page in found for row in page.rows("output1")] == ["A", "B"]
    assert asked(kis) == 2
    sent = [request.headers["authorization"] for request in kis.service.asked("inquire-balance")]
    assert sent == ["Bearer first", "Bearer first", "Bearer second"]
    assert sum(kis.time.waited) > 60  # not a second one within the minute


def test_a_token_that_stays_dead_is_no_loop(tmp_path: Path) -> None:
    kis = scripted(tmp_path, {"inquire-price": [refused("EGW00123")]})
    with pytest.raises(BrokerError, match="EGW00123"):
        kis.client.ask(Call.PRICE, {})
    assert (asked(kis), len(kis.service.asked("inquire-price"))) == (2, 2)


def test_a_dead_token_that_another_process_replaced_is_not_replaced_again(tmp_path: Path) -> None:
    one = scripted(tmp_path, {"tokenP": [token("old")], "inquire-price": [refused("EGW00121"), reply(output={})]})
    other = scripted(tmp_path, {"tokenP": [token("new", ends="2026-03-06 12:00:00")], **PRICE})
    tokens = one.client._tokens
    old = tokens.get()
    other.time.now += timedelta(minutes=2)
    other.client._tokens.replace(old)
    assert tokens.replace(old).value.reveal() == "new"
    assert (asked(one), asked(other)) == (1, 1)


@pytest.mark.parametrize("throttle", [THROTTLED, httpx.Response(403, content=b"")])
def test_a_throttled_token_is_waited_for_once(tmp_path: Path, throttle: httpx.Response) -> None:
    kis = scripted(tmp_path, {"tokenP": [throttle, token()], **PRICE})
    kis.client.ask(Call.PRICE, {})
    assert asked(kis) == 2
    assert kis.time.waited == [65.0] or sum(kis.time.waited) >= 65


@pytest.mark.parametrize("throttle", [THROTTLED, httpx.Response(403, content=b"")])
def test_a_token_that_stays_throttled_is_one_clear_error(tmp_path: Path, throttle: httpx.Response) -> None:
    kis = scripted(tmp_path, {"tokenP": [throttle], **PRICE})
    with pytest.raises(BrokerError, match="one token a minute") as told:
        kis.client.ask(Call.PRICE, {})
    assert (asked(kis), told.value.exit_code) == (2, 6)


@pytest.mark.parametrize("fault", [httpx.ConnectError("x"), httpx.Response(502, html="<html>"), refused("EGW00105")])
def test_without_a_token_there_is_one_error_and_no_question(tmp_path: Path, fault: httpx.Response) -> None:
    kis = scripted(tmp_path, {"tokenP": [fault], **PRICE})
    with pytest.raises(BrokerError, match="no access token"):
        kis.client.ask(Call.PRICE, {})
    assert (asked(kis), kis.service.asked("inquire-price")) == (1, [])


def test_an_order_whose_token_is_dead_did_not_leave_and_the_next_has_a_new_one(tmp_path: Path) -> None:
    accepted = reply(output={"ODNO": "1"})
    script = {"tokenP": [token("dead"), token("new")], "order-cash": [refused("EGW00123"), accepted]}
    kis = scripted(tmp_path, script)
    assert kis.client.order(Call.BUY, {}).answer is Answer.NOT_SENT
    assert kis.client.order(Call.BUY, {}).answer is Answer.ACCEPTED
    assert kis.service.asked("order-cash")[1].headers["authorization"] == "Bearer new"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"token": 1}', '{"token": "x", "issued_at": "?", "expires_at": "?"}'])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    kis = scripted(tmp_path, PRICE)
    kis.client.ask(Call.PRICE, {})
    (kept,) = tmp_path.glob("token-*.json")
    kept.write_text(text)
    kis.client.ask(Call.PRICE, {})
    assert asked(kis) == 2


@pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX's")
def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    kis = scripted(tmp_path, PRICE)
    kis.client.ask(Call.PRICE, {})
    (kept,) = tmp_path.glob("token-*.json")
    kept.chmod(0o644)
    with pytest.raises(StorageError, match="others may read"):
        kis.client.ask(Call.PRICE, {})


CHILD = """
import os, sys, time
from datetime import UTC, datetime
from pathlib import Path
from rebalance_kit.brokers.kis.broker import Surroundings, open_broker
from rebalance_kit.brokers.kis.settings import read_settings
around = Surroundings(Path(sys.argv[1]), lambda: datetime.now(UTC), time.monotonic, time.sleep, interval=0.0)
broker = open_broker(read_settings(os.environ), (), "main", "XKRX", around)
print(broker._client._tokens.get().value.reveal())
"""


def test_processes_that_want_a_token_at_once_ask_for_one(tmp_path: Path) -> None:
    with start() as kis:
        environment = os.environ | kis.settings("mock")
        words = [sys.executable, "-c", CHILD, str(tmp_path)]
        children = [
            subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)
            for _ in range(4)
        ]
        said = {child.communicate("\n", timeout=60)[0].strip() for child in children}
        assert len(said) == 1
        assert said != {""}
        assert sum(kis.service.gate.issues.values()) == 1
        assert sum(seen.path == "/oauth2/tokenP" for seen in kis.calls) == 1
