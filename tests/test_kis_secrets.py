"""Secrets of the KIS client: where they may come from, and that they are shown nowhere."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import sys
import traceback
import types
from pathlib import Path

import httpx
import pytest

from rebalance_kit.brokers.base import BrokerOrder, Mode
from rebalance_kit.brokers.kis.rehearsal.start import start
from rebalance_kit.brokers.kis.secrets import AccountNumber, Secret, scrubbed
from rebalance_kit.brokers.kis.settings import Settings, read_settings
from rebalance_kit.brokers.kis.table import Call
from rebalance_kit.errors import KitError, UsageError
from rebalance_kit.orders import Side
from tests.make_kis import APP_KEY, APP_SECRET, NUMBER, TOKEN, Answer, before_double, refused, reply, scripted

GIVEN = {"KIS_APP_KEY": APP_KEY, "KIS_APP_SECRET": APP_SECRET, "KIS_ACCOUNT": f"{NUMBER}-01", "KIS_ENV": "mock"}


def read(given: dict[str, str], mode: Mode | None = None, **options: str) -> Settings:
    return read_settings(given, mode, keyring=lambda _: None, **options)


# ---- where they come from ----


def test_a_profile_is_read_from_the_environment() -> None:
    made = read(GIVEN)
    assert (made.profile, made.mode, made.account.masked) == ("default", Mode.MOCK, "****8137-01")
    assert (made.app_key.reveal(), made.app_secret.reveal()) == (APP_KEY, APP_SECRET)
    assert made.url == "https://openapivts.koreainvestment.com:29443"


def test_another_profile_has_names_of_its_own() -> None:
    given = {name.replace("KIS_", "KIS_ISA_"): value for name, value in GIVEN.items()}
    assert read({**given, "KIS_PROFILE": "isa"}).profile == "isa"
    assert read(given, profile="isa").account.number == NUMBER
    with pytest.raises(UsageError, match="KIS_APP_KEY"):
        read(given, Mode.MOCK)


def test_a_private_file_and_the_keyring_are_asked_next(tmp_path: Path) -> None:
    file = tmp_path / "kis.env"
    file.write_text(f'# mine\nexport KIS_APP_KEY={APP_KEY}\nKIS_ACCOUNT="{NUMBER}01"\nKIS_ENV=mock\n')
    file.chmod(0o600)
    looked = []

    def keyring(name: str) -> str | None:
        looked.append(name)
        return APP_SECRET if name == "KIS_APP_SECRET" else None

    made = read_settings({"KIS_ENV_FILE": str(file)}, keyring=keyring)
    assert (made.app_secret.reveal(), looked) == (APP_SECRET, ["KIS_APP_SECRET"])


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [
        ("KIS_APP_KEY=x", 0o644, "others may read it"),
        ("KIS_APP_KEY", 0o600, "NAME=value"),
        ("KIS_A=x\nKIS_A=y", 0o600, ":2: KIS_A is defined twice"),
        ("KIS_A='x", 0o600, "a quote is not closed"),
        ("KIS_A=" + "x" * 70_000, 0o600, "too large"),
    ],
)
def test_a_file_that_is_not_private_or_not_clear_is_refused(tmp_path: Path, text: str, mode: int, says: str) -> None:
    file = tmp_path / "kis.env"
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(UsageError, match=says):
        read({"KIS_ENV_FILE": str(file)})


def test_a_file_in_a_repository_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    file = tmp_path / "deep" / "kis.env"
    file.parent.mkdir()
    file.write_text("KIS_ENV=mock")
    file.chmod(0o600)
    with pytest.raises(UsageError, match="git"):
        read({"KIS_ENV_FILE": str(file)})
    with pytest.raises(UsageError, match="no such file"):
        read({"KIS_ENV_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize(
    ("change", "mode", "says"),
    [
        ({"KIS_ENV": "live"}, None, "KIS_ENV"),
        ({"KIS_ENV": "real"}, None, "--env real together with KIS_ENV=real"),  # asked for by the settings alone
        ({"KIS_ENV": "mock"}, Mode.REAL, "KIS_ENV"),
        ({"KIS_ENV": ""}, Mode.REAL, "--env real together with KIS_ENV=real"),  # asked for by the command alone
        ({"KIS_ENV": "real"}, Mode.MOCK, "KIS_ENV"),
        ({"KIS_ENV": ""}, None, "KIS_ENV"),
        ({"KIS_ACCOUNT": "1234"}, None, "KIS_ACCOUNT"),
        ({"KIS_ACCOUNT": "６４２０８１３７-01"}, None, "KIS_ACCOUNT"),
        ({"KIS_APP_SECRET": ""}, None, "KIS_APP_SECRET"),
        ({"KIS_APP_KEY": "two words"}, None, "KIS_APP_KEY"),
        ({"KIS_PROFILE": "../x"}, None, "KIS_PROFILE"),
        ({"KIS_BASE_URL": "https://evil.example:443"}, None, "KIS_BASE_URL"),
        ({"KIS_BASE_URL": "http://127.0.0.1.evil.example:80"}, None, "KIS_BASE_URL"),
        ({"KIS_BASE_URL": "http://user@127.0.0.1:80"}, None, "KIS_BASE_URL"),
        ({"KIS_BASE_URL": "http://127.0.0.1:80/path"}, None, "KIS_BASE_URL"),
        ({"KIS_BASE_URL": "http://127.0.0.1"}, None, "KIS_BASE_URL"),
        ({"KIS_BASE_URL": "http://127.0.0.1:99999"}, None, "KIS_BASE_URL"),
        ({"KIS_BASE_URL": "ftp://127.0.0.1:21"}, None, "KIS_BASE_URL"),
    ],
)
def test_settings_that_are_wrong_are_named_and_not_shown(change: dict[str, str], mode: Mode | None, says: str) -> None:
    with pytest.raises(UsageError, match=says) as told:
        read({**GIVEN, **change}, mode)
    assert no_canary(f"{told.value} {told.value.message('ko')}")
    assert told.value.exit_code == 2


def test_the_real_environment_needs_the_word_twice() -> None:
    assert read({**GIVEN, "KIS_ENV": "real"}, Mode.REAL).mode is Mode.REAL
    assert read({**GIVEN, "KIS_ENV": ""}, Mode.MOCK).mode is Mode.MOCK


@pytest.mark.parametrize("url", ["http://127.0.0.1:8001", "http://localhost:8001/", "https://[::1]:8001"])
def test_a_double_of_the_service_is_on_this_computer(url: str) -> None:
    made = read({**GIVEN, "KIS_BASE_URL": url})
    assert (made.rehearsing, made.url) == (True, url.rstrip("/"))


# ---- that they are shown nowhere ----


def no_canary(text: str) -> bool:
    return not any(secret in text for secret in (APP_KEY, APP_SECRET, TOKEN, NUMBER))


def test_a_secret_shows_stars_and_refuses_to_be_written() -> None:
    secret = Secret(APP_SECRET)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>20}",
        repr([secret]),
        repr({1: secret}),
    ]
    assert no_canary(" ".join(shown))
    for write in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            write(secret)
    assert not hasattr(secret, "__dict__")


def test_settings_and_accounts_show_four_digits() -> None:
    made = read(GIVEN)
    assert no_canary(f"{made} {made!r} {made.account} {made.account!r}")
    assert repr(AccountNumber(NUMBER, "01")) == "****8137-01"


@pytest.mark.parametrize("text", [f"CANO {NUMBER}-01 no", f"{NUMBER}!^01", f"({NUMBER}01)", f"x{NUMBER}"])
def test_what_looks_like_an_account_is_masked(text: str) -> None:
    assert no_canary(scrubbed(text))
    assert scrubbed("2026-03-04 1,234,567 원  ") == "2026-03-04 1,234,567 원"


FAULTS: list[Answer] = [
    httpx.ReadTimeout("x"),
    httpx.ConnectError(f"cannot connect for {NUMBER}"),
    httpx.Response(502, html=f"<html>{NUMBER}</html>"),
    refused("OPSQ2000", f"ERROR : {NUMBER} INVALID_CHECK_ACNO", status=200),
    refused("EGW00301", f"{NUMBER}-01"),
    reply(output1=[{"pdno": "069500", "hldg_qty": "many"}], output2=[{"prvs_rcdl_excc_amt": "1"}]),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_seeded_secrets_are_in_no_log_error_trace_or_repr(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], fault: Answer
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "rebalance_kit"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    seen = io.StringIO()
    handler = logging.StreamHandler(seen)
    logging.getLogger("httpx").addHandler(handler)
    open_today = reply(output=[{"bass_dt": "20260304", "opnd_yn": "Y"}])
    kis = scripted(tmp_path, {"inquire-balance": [fault], "chk-holiday": [open_today], "order-cash": [fault]})
    broker = kis.broker()
    with pytest.raises(KitError) as told:
        broker.snapshot()
    answered = broker.place(BrokerOrder("x", "069500", Side.BUY, 1, None, "KRW"))
    logging.getLogger("httpx").removeHandler(handler)
    error, out = told.value, capfd.readouterr()
    ours = error.__traceback__.tb_next if error.__traceback__ else None  # not this test's own frame
    trace = "".join(traceback.TracebackException(type(error), error, ours, capture_locals=True).format())
    assert "snapshot" in trace
    assert no_canary(trace)
    assert no_canary(f"{error!r} {error} {error.message('ko')} {error.to_dict()} {answered}")
    assert no_canary(f"{vars(broker)} {vars(kis.client)} {vars(kis.client._tokens)}")
    assert "tokenP" in seen.getvalue()  # the log is on, and names paths alone
    assert no_canary(seen.getvalue() + caplog.text + out.out + out.err)


def test_only_the_token_file_holds_a_secret(tmp_path: Path) -> None:
    kis = scripted(tmp_path, {"inquire-price": [reply(output={"stck_prpr": "1"})]})
    kis.client.ask(Call.PRICE, {})
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0
        held = path.read_text()
        assert not any(secret in held + path.name for secret in (APP_KEY, APP_SECRET, NUMBER))
        assert (TOKEN in held) is path.name.endswith(".json")


def test_the_log_of_every_library_is_clean_over_real_http(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with start() as kis:
        key = kis.world.key("real")
        with caplog.at_level(logging.DEBUG):
            for name in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
                logging.getLogger(name).setLevel(logging.DEBUG)
            broker = before_double(kis, tmp_path, "growth", "real")
            broker.snapshot()
            broker.place(BrokerOrder("x", "069500", Side.SELL, 1, None, "KRW"))
            broker.order_list(broker.session)
    tokens = [json.loads(path.read_text())["token"] for path in tmp_path.glob("token-*.json")]
    hidden = (key.appkey, key.appsecret, key.number, *tokens)
    assert "order-cash" in caplog.text
    assert "httpcore" in caplog.text
    assert not any(secret in caplog.text for secret in hidden)


def test_the_keyring_of_the_system_is_asked_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    class KeyringError(Exception):
        pass

    kept = {("rebalance-kit", "KIS_APP_SECRET"): APP_SECRET}

    def get_password(service: str, name: str) -> str | None:
        if name == "KIS_ACCOUNT":
            raise KeyringError("locked")
        return kept.get((service, name))

    ring, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    monkeypatch.setattr(ring, "get_password", get_password, raising=False)
    monkeypatch.setattr(errors, "KeyringError", KeyringError, raising=False)
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    without = {name: value for name, value in GIVEN.items() if name != "KIS_APP_SECRET"}
    assert read_settings(without).app_secret.reveal() == APP_SECRET
    with pytest.raises(UsageError, match="KIS_ACCOUNT"):
        read_settings({name: value for name, value in without.items() if name != "KIS_ACCOUNT"})
