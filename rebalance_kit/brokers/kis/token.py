"""One access token for every process of a profile: kept in a private file, asked for by one process at a time.

The service issues one token a minute, tells the customer by message of each, and locks out who insists. So a token is
read from the file while it is good, asked for under a lock of the operating system, and never asked for twice within a
minute, whoever asks. A call that was told that its token is dead asks for a new one once; if another process has
brought one meanwhile, that one is taken.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rebalance_kit.brokers.kis.clock import KST, ServiceClock
from rebalance_kit.brokers.kis.codes import CODES
from rebalance_kit.brokers.kis.envelope import Body
from rebalance_kit.brokers.kis.secrets import Secret
from rebalance_kit.brokers.kis.settings import Settings
from rebalance_kit.brokers.kis.wire import Exchange, Heard, Request, Silence
from rebalance_kit.errors import BrokerError, StorageError
from rebalance_kit.locks import wait_for_lock
from rebalance_kit.storage import storage_errors, write_atomically
from rebalance_kit.words import Text, same

PATH = "/oauth2/tokenP"
MARGIN = timedelta(minutes=10)  # a token that ends sooner is not begun with
MINUTE = timedelta(seconds=65)
LOCK_TRIES, LOCK_PAUSE = 300, 0.5
THROTTLED = "EGW00133"


@dataclass(frozen=True, slots=True)
class Token:
    """A token and how long it is good."""

    value: Secret
    issued_at: datetime
    expires_at: datetime


class TokenStore:
    """The token of one profile and environment, in `folder`. `sleep` waits out the minute."""

    def __init__(
        self, settings: Settings, wire: Exchange, folder: Path, clock: ServiceClock, sleep: Callable[[float], None]
    ) -> None:
        self._settings = settings
        self._wire = wire
        self._clock = clock
        self._sleep = sleep
        who = f"{settings.mode.value}-{settings.profile}-{_key(settings)}"
        self._path = folder / f"token-{who}.json"
        self._lock = folder / f"token-{who}.lock"

    def get(self) -> Token:
        """A good token. BrokerError when the service gives none, StorageError when the file cannot be used."""
        kept = self._read()
        return kept if self._is_good(kept) and kept is not None else self._issue(dead=None)

    def replace(self, dead: Token) -> Token:
        """Another token than one that the service called dead."""
        return self._issue(dead=dead)

    def _issue(self, dead: Token | None) -> Token:
        with storage_errors(self._path):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = wait_for_lock(
            self._lock,
            now=self._clock.here,
            doing="token",
            tries=LOCK_TRIES,
            pause=lambda: self._sleep(LOCK_PAUSE),
        )
        try:
            kept = self._read()
            if kept is not None and self._is_good(kept) and not (dead and _equal(kept, dead)):
                return kept
            self._wait_a_minute(kept)
            fresh = self._ask()
            self._write(fresh)
            return fresh
        finally:
            lock.release()

    def _is_good(self, kept: Token | None) -> bool:
        return kept is not None and kept.expires_at - self._clock.here() > MARGIN

    def _wait_a_minute(self, kept: Token | None) -> None:
        """Not twice within a minute, whoever asked the last time."""
        since = None if kept is None else self._clock.here() - kept.issued_at
        if since is not None and timedelta(0) <= since < MINUTE:
            self._sleep((MINUTE - since).total_seconds())

    def _ask(self) -> Token:
        heard = self._send()
        if _is_throttled(heard):
            self._sleep(MINUTE.total_seconds())
            heard = self._send()
        if isinstance(heard, Silence):
            raise _no_token(heard.says)
        if heard.body is None or not heard.body.json.get("access_token"):
            raise _no_token(_refusal(heard))
        return self._token(heard.body)

    def _send(self) -> Heard | Silence:
        keys = {"appkey": self._settings.app_key.reveal(), "appsecret": self._settings.app_secret.reveal()}
        body = {"grant_type": "client_credentials", **keys}
        headers = {"content-type": "application/json; charset=utf-8"}
        outcome = self._wire.send(Request("POST", PATH, headers, {}, body))
        if isinstance(outcome, Heard):
            self._clock.hear(outcome.date)
        return outcome

    def _token(self, body: Body) -> Token:
        """The token of a reply: good for the shorter of what the reply says twice. Kept by this computer's clock, as a
        process that has heard nothing of the service yet has no other."""
        now = self._clock.here()
        ends = [now + timedelta(hours=24)]
        seconds = str(body.json.get("expires_in") or "").strip()
        if seconds.isascii() and seconds.isdigit():
            ends.append(now + timedelta(seconds=min(int(seconds[:7]), 86_400)))
        stated = _stated(str(body.json.get("access_token_token_expired") or "").strip())
        if stated is not None:
            ends.append(now + (stated - self._clock.there()))
        return Token(Secret(str(body.json["access_token"])), now, min(ends))

    def _read(self) -> Token | None:
        """The token of the file; None when there is none, or it is another key's, or the file is not private."""
        if not self._path.exists():
            return None
        with storage_errors(self._path):
            if os.name != "nt" and self._path.stat().st_mode & 0o077:
                raise _not_private(self._path)
            text = self._path.read_text(encoding="utf-8")
        try:
            kept = json.loads(text)
            return Token(
                Secret(kept["token"]),
                datetime.fromisoformat(kept["issued_at"]),
                datetime.fromisoformat(kept["expires_at"]),
            )
        except (ValueError, KeyError, TypeError):  # cut or of another making: as good as none
            return None

    def _write(self, token: Token) -> None:
        kept = {
            "token": token.value.reveal(),
            "issued_at": token.issued_at.isoformat(),
            "expires_at": token.expires_at.isoformat(),
        }
        write_atomically(self._path, json.dumps(kept).encode())


def _is_throttled(outcome: Heard | Silence) -> bool:
    """One a minute: EGW00133, or a 403 that says nothing at all."""
    if isinstance(outcome, Silence):
        return False
    return outcome.status == 403 and (outcome.body is None or outcome.body.code in (THROTTLED, ""))


def _refusal(heard: Heard) -> Text:
    if _is_throttled(heard):
        return Text(
            "it issues one token a minute, and refused again after one",
            "토큰은 1분에 하나만 발급되며 다시 거절되었습니다",
        )
    known = CODES.get(heard.body.code) if heard.body else None
    if known is not None:
        return known.says
    code = heard.body.code if heard.body and heard.body.code else f"HTTP {heard.status}"
    return Text(f"it answered {code}", f"{code} 응답")


def _stated(text: str) -> datetime | None:
    """The end as the service writes it: Korean time, `2026-10-02 08:31:07`."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=KST).astimezone(UTC)
    except ValueError:
        return None


def _key(settings: Settings) -> str:
    """A mark of the key and the place: another key, or another double, has another file."""
    said = f"{settings.url} {settings.app_key.reveal()}"
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _equal(one: Token, other: Token) -> bool:
    return one.value.reveal() == other.value.reveal() and one.issued_at == other.issued_at


def _no_token(why: Text) -> BrokerError:
    return BrokerError(
        "no_token",
        where=same("KIS"),
        wrong=Text(f"the service issued no access token: {why.en}", f"접근토큰을 받지 못했습니다: {why.ko}"),
        expected=Text("a token", "접근토큰"),
        fix=Text("check the key and the environment, wait a few minutes, then try again",
                 "앱키와 환경을 확인하고 몇 분 뒤 다시 시도해 주세요"),
    )  # fmt: skip


def _not_private(path: Path) -> StorageError:
    return StorageError(
        "not_private",
        where=same(path.name),
        wrong=Text("others may read the file", "다른 사용자가 읽을 수 있는 파일입니다"),
        expected=Text("a file that only you may read", "본인만 읽을 수 있는 파일"),
        fix=Text("remove it; a new one is made", "지우면 새로 만듭니다"),
    )
