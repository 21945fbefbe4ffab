"""The gateway: app keys, tokens, and how many requests a second a key may make."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rebalance_kit.brokers.kis.rehearsal.world import Environment, Key, World

VALID = timedelta(hours=24)
SAME = timedelta(hours=6)
PAUSE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)


class Refusal(Exception):
    """What the gateway says instead of passing a request on."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


@dataclass
class _Token:
    value: str
    issued: datetime
    expires: datetime
    dead: bool = False


@dataclass
class Gate:
    """Tokens by app key, and the times of the last requests of each key and kind."""

    world: World
    issues: dict[str, int] = field(default_factory=dict)
    _tokens: dict[str, list[_Token]] = field(default_factory=dict)
    _asked: dict[str, datetime] = field(default_factory=dict)
    _recent: dict[tuple[str, str], list[datetime]] = field(default_factory=dict)

    def issue(self, body: dict[str, Any], now: datetime) -> dict[str, Any]:
        """A token: for six hours the same one, and never twice within a minute. A refused request begins the minute
        anew. Raises Refusal, whose words go into the token service's own envelope."""
        key = self._key(str(body.get("appkey", "")), str(body.get("appsecret", "")))
        asked, self._asked[key.appkey] = self._asked.get(key.appkey), now
        if asked is not None and now - asked < PAUSE:
            raise Refusal(403, "EGW00133", "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)")
        held = self._tokens.setdefault(key.appkey, [])
        live = [t for t in held if now - t.issued < SAME and not t.dead]
        if live:
            token = live[-1]
        else:
            token = _Token(f"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9.{secrets.token_urlsafe(96)}", now, now + VALID)
            held.append(token)
        self.issues[key.appkey] = self.issues.get(key.appkey, 0) + 1
        return {
            "access_token": token.value,
            "access_token_token_expired": f"{token.expires:%Y-%m-%d %H:%M:%S}",
            "token_type": "Bearer",
            "expires_in": int((token.expires - now).total_seconds()),
        }

    def revoke(self, body: dict[str, Any]) -> dict[str, Any]:
        """A token ends."""
        key = self._key(str(body.get("appkey", "")), str(body.get("appsecret", "")))
        for token in self._tokens.get(key.appkey, []):
            token.dead = token.dead or token.value == body.get("token")
        return {"code": 200, "message": "접근토큰 폐기에 성공하였습니다"}

    def kill_tokens(self) -> None:
        """Every token so far has expired."""
        moment = self.world.clock.now()
        for tokens in self._tokens.values():
            for token in tokens:
                token.expires, token.dead = min(token.expires, moment), True

    def check_secret(self, appkey: str, secret: str) -> Key:
        """The key of an app key and its secret. Raises Refusal."""
        return self._key(appkey, secret)

    def admit(self, environment: Environment, headers: dict[str, str], now: datetime) -> Key:
        """The key of a request whose token and headers are good. Raises Refusal."""
        bearer = headers.get("authorization", "")
        if not bearer:
            raise Refusal(500, "EGW00122", "token을 찾을 수 없습니다.")
        if not bearer.startswith("Bearer "):
            raise Refusal(500, "EGW00205", "credentials_type이 유효하지 않습니다.(Bearer)")
        key = self._key(headers.get("appkey", ""), headers.get("appsecret", ""))
        token = next((t for t in self._tokens.get(key.appkey, []) if t.value == bearer[7:]), None)
        if token is None:
            raise Refusal(500, "EGW00121", "유효하지 않은 token 입니다.")
        if token.expires <= now or token.dead:
            raise Refusal(500, "EGW00123", "기간이 만료된 token 입니다.")
        if headers.get("custtype") not in ("P", "B"):
            raise Refusal(500, "OPSQ0003", "ERROR : INPUT CUSTTYPE")
        if key.environment != environment and environment == "real":
            raise Refusal(500, "EGW02004", "실전투자 TR 이 아닙니다.")
        return key

    def pace(self, key: Key, kind: str, per_second: int | None, now: datetime) -> bool:
        """Whether one more request of this kind fits into the last second. A refused one does not count."""
        if per_second is None:
            return True
        recent = [t for t in self._recent.get((key.appkey, kind), []) if now - t < _SECOND]
        fits = len(recent) < per_second
        self._recent[key.appkey, kind] = [*recent, now] if fits else recent
        return fits

    def _key(self, appkey: str, secret: str) -> Key:
        key = next((k for k in self.world.keys if k.appkey == appkey), None)
        if key is None:
            raise Refusal(403, "EGW00103", "유효하지 않은 AppKey입니다.")
        if not secrets.compare_digest(key.appsecret.encode(), secret.encode()):
            raise Refusal(403, "EGW00105", "유효하지 않은 AppSecret입니다.")
        return key
