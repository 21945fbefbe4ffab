"""The local KIS at its gate, over real HTTP: keys, tokens, pace, environments, the form of a request."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rebalance_kit.brokers.kis.rehearsal as package
from rebalance_kit.brokers.kis.rehearsal.start import Rehearsal, start
from rebalance_kit.brokers.kis.rehearsal.table import SERVICES
from rebalance_kit.brokers.kis.rehearsal.world import Environment
from tests.kis_calls import ETF, LIMIT, Desk, opened


@pytest.fixture
def kis() -> Iterator[Rehearsal]:
    with start(opening=opened(1_000_000, _069500=40)) as running:
        yield running


@pytest.fixture
def real(kis: Rehearsal) -> Desk:
    return Desk(kis, "real")


@pytest.fixture
def mock(kis: Rehearsal) -> Desk:
    return Desk(kis, "mock")


def test_the_double_shares_no_code_with_the_client() -> None:
    own = "rebalance_kit.brokers.kis.rehearsal"
    for path in Path(str(package.__file__)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert not name.startswith("rebalance_kit") or re.match(rf"{own}|rebalance_kit\.(errors|words)$", name)


MOST: dict[Environment, int] = {"real": 20, "mock": 2}

# Tokens and keys


def test_a_token_lives_a_day_is_the_same_for_six_hours_and_comes_once_a_minute(kis: Rehearsal, real: Desk) -> None:
    first = real.ask_token().json()
    assert (first["token_type"], first["expires_in"]) == ("Bearer", 86400)
    assert first["access_token_token_expired"] == "2026-03-05 10:00:00"
    refused = real.ask_token()
    assert (refused.status_code, refused.json()["error_code"]) == (403, "EGW00133")
    assert set(refused.json()) == {"error_code", "error_description"}
    kis.clock.advance(61)
    assert real.ask_token().json()["access_token"] == first["access_token"]
    kis.clock.advance(6 * 3600)
    assert real.ask_token().json()["access_token"] != first["access_token"]


def test_asking_within_the_minute_begins_the_minute_anew(kis: Rehearsal, real: Desk) -> None:
    real.ask_token()
    for _ in range(3):
        kis.clock.advance(40)
        assert real.ask_token().status_code == 403
    kis.clock.advance(61)
    assert real.ask_token().status_code == 200


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"authorization": ""}, "EGW00122"),
        ({"authorization": "Bearer nonsense"}, "EGW00121"),
        ({"authorization": "Basic x"}, "EGW00205"),
        ({"appkey": "nobody"}, "EGW00103"),
        ({"appsecret": "wrong"}, "EGW00105"),
        ({"custtype": ""}, "OPSQ0003"),
    ],
)
def test_a_header_that_is_missing_or_wrong_is_refused(real: Desk, changed: dict[str, str], code: str) -> None:
    service = SERVICES[0]
    headers = {k: v for k, v in (real.headers(service.real) | changed).items() if v}
    reply = real.raw("GET", service.path, real.account, headers)
    assert reply.json()["msg_cd"] == code
    assert reply.status_code == (403 if code in ("EGW00103", "EGW00105") else 500)


def test_a_token_that_has_expired_or_was_revoked_is_refused(kis: Rehearsal, real: Desk) -> None:
    assert real.get("inquire-balance")["rt_cd"] == "0"
    kis.clock.advance(86_400)
    assert real.get("inquire-balance")["msg_cd"] == "EGW00123"
    real.token = None
    assert real.get("inquire-balance")["rt_cd"] == "0"
    real.http.post(kis.url("real") + "/oauth2/revokeP", json={**real.keys, "token": real.token})
    assert real.get("inquire-balance")["msg_cd"] == "EGW00123"


def test_a_hashkey_must_be_that_of_the_body(kis: Rehearsal, real: Desk) -> None:
    body = {**real.account, **LIMIT, "PDNO": ETF, "ORD_QTY": "1", "ORD_UNPR": "40000"}
    found = real.http.post(kis.url("real") + "/uapi/hashkey", json=body, headers=real.keys).json()["HASH"]
    assert re.fullmatch("[0-9a-f]{64}", found)
    for hashkey, code in ((found, "APBK0013"), ("0" * 64, "EGW00131")):
        reply = real.raw("POST", SERVICES[3].path, body, real.headers(SERVICES[3].real, hashkey=hashkey))
        assert reply.json()["msg_cd"] == code


# Environments


def test_every_service_answers_where_it_is_offered(kis: Rehearsal) -> None:
    for environment in ("real", "mock"):
        desk = Desk(kis, environment)
        for service in SERVICES:
            reply = _ask(desk, service)
            if service.tr_id(environment) is None:
                assert reply["msg_cd"] in ("90000000", "EGW00213", "OPSQ0002"), service
            else:
                assert reply["msg_cd"] not in ("90000000", "EGW00213", "EGW02004", "OPSQ0002"), service


def _ask(desk: Desk, service: Any) -> dict[str, Any]:
    tr_id = service.tr_id(desk.environment) or ("V" + service.real[1:] if service.real[0] in "TC" else service.real)
    fields = desk.account if service.account else {}
    found: dict[str, Any] = desk.raw(service.method, service.path, fields, desk.headers(tr_id)).json()
    return found


@pytest.mark.parametrize(
    ("environment", "path", "tr_id", "status", "code"),
    [
        ("mock", 0, "TTTC8434R", 500, "EGW00213"),
        ("real", 0, "VTTC8434R", 500, "EGW02004"),
        ("real", 0, "TTTC9999X", 200, "OPSQ0002"),
        ("real", 0, "TTTC8908R", 200, "OPSQ0002"),
        ("mock", 6, "VTTC0084R", 200, "90000000"),
    ],
)
def test_a_tr_id_belongs_to_a_path_and_an_environment(
    kis: Rehearsal, environment: Environment, path: int, tr_id: str, status: int, code: str
) -> None:
    desk = Desk(kis, environment)
    reply = desk.raw("GET", SERVICES[path].path, desk.account, desk.headers(tr_id))
    assert (reply.status_code, reply.json()["msg_cd"]) == (status, code)


def test_the_mock_us_sell_is_no_swapped_letter(kis: Rehearsal, mock: Desk) -> None:
    path = "/uapi/overseas-stock/v1/trading/order"
    assert mock.raw("POST", path, mock.account, mock.headers("VTTT1006U")).json()["msg_cd"] == "OPSQ0002"
    assert mock.raw("POST", path, mock.account, mock.headers("VTTT1001U")).json()["msg_cd"] == "OPSQ0003"


def test_a_mock_key_is_refused_on_the_real_host(kis: Rehearsal, mock: Desk) -> None:
    headers = mock.headers("TTTC8434R")
    reply = mock.http.get(kis.url("real") + SERVICES[0].path, params=mock.account, headers=headers)
    assert (reply.status_code, reply.json()["msg_cd"]) == (500, "EGW02004")


def test_a_key_is_good_for_its_own_account_only(real: Desk) -> None:
    assert real.get("inquire-balance", {"CANO": "99999999"})["msg_cd"] == "OPSQ2000"


def test_more_requests_in_a_second_than_a_key_may_make_are_refused(kis: Rehearsal) -> None:
    for environment, most in MOST.items():
        desk = Desk(kis, environment)
        headers = desk.headers(SERVICES[0].tr_id(environment) or "")
        url = kis.url(environment) + SERVICES[0].path
        kis.clock.advance(2)
        replies = [desk.http.get(url, params=desk.account, headers=headers) for _ in range(most + 1)]
        assert [r.status_code for r in replies] == [200] * most + [500]
        assert replies[-1].json()["msg_cd"] == "EGW00201"
        kis.clock.advance(1)
        assert desk.http.get(url, params=desk.account, headers=headers).status_code == 200


def test_the_ledger_may_have_a_limit_of_its_own(kis: Rehearsal, real: Desk) -> None:
    kis.world.habits["real"].ledger_per_second = 1
    headers, url = real.headers(SERVICES[0].real), kis.url("real") + SERVICES[0].path
    replies = [real.http.get(url, params=real.account, headers=headers) for _ in range(2)]
    assert [r.json()["msg_cd"] for r in replies] == ["KIOK0510", "EGW00215"]


# The form of a request


@pytest.mark.parametrize("body", [{"PDNO": 1}, {"pdno": ETF}, {"ORD_QTY": "1.5"}, {"ORD_QTY": "0"}, {"ORD_QTY": "-1"}])
def test_a_body_has_upper_case_keys_and_strings(real: Desk, body: dict[str, Any]) -> None:
    whole = {**real.account, **LIMIT, "PDNO": ETF, "ORD_QTY": "1", "ORD_UNPR": "40000", **body}
    reply = real.raw("POST", SERVICES[3].path, whole, real.headers(SERVICES[3].real))
    assert reply.json()["rt_cd"] == "1"
    assert real.kis.orders("real") == []


def test_an_order_must_be_json(real: Desk) -> None:
    headers = real.headers(SERVICES[3].real) | {"content-type": "text/plain"}
    reply = real.raw("POST", SERVICES[3].path, {}, headers, content=b"{}")
    assert reply.json()["msg_cd"] == "EGW00132"
