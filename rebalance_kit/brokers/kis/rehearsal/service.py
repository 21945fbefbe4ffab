"""One request after another: gate, checks, faults, answer. Nothing here knows about sockets.

A request is looked at as the service does: token and key, pace, tr_id against path and environment, form of the body,
account; then the business answers.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from rebalance_kit.brokers.kis.rehearsal import table
from rebalance_kit.brokers.kis.rehearsal.faults import Fault, Faults, effects
from rebalance_kit.brokers.kis.rehearsal.gate import Gate, Refusal
from rebalance_kit.brokers.kis.rehearsal.matching import Exchange
from rebalance_kit.brokers.kis.rehearsal.messy import made_messy
from rebalance_kit.brokers.kis.rehearsal.wire import Call, Effects, Reply, refuse
from rebalance_kit.brokers.kis.rehearsal.world import Environment, Key, World

_GATEWAY = {
    "throttle": ("EGW00201", "초당 거래건수를 초과하였습니다."),
    "ledger_throttle": ("EGW00215", "원장에서 허용 가능한 초당 거래건수를 초과하였습니다."),
    "token_expired": ("EGW00123", "기간이 만료된 token 입니다."),
    "token_invalid": ("EGW00121", "유효하지 않은 token 입니다."),
}
_TIMED_OUT = ("EGW00301", "연결 시간이 초과되었습니다. 직전 거래를 반드시 확인하세요.")
NEVER_PROCESSED = ("hang_before", "cut_before", "late_accept")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came: header names in lower case."""

    environment: Environment
    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]

    @property
    def fields(self) -> dict[str, str]:
        if self.method == "POST":
            return {k: v for k, v in self.body.items() if isinstance(v, str)} if isinstance(self.body, dict) else {}
        return dict(self.query)


@dataclass(frozen=True, slots=True)
class Seen:
    """One request in the log of a rehearsal. No key, secret or token is kept."""

    at: datetime
    environment: Environment
    method: str
    path: str
    tr_id: str
    tr_cont: str
    fields: Mapping[str, str]
    faults: tuple[str, ...]
    msg_cd: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the socket is to send. `how` is what a fault does to the sending; `wait` real seconds."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    how: str = "plain"
    wait: float = 0.0


class Service:
    """The service of both environments."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world = world
        self.faults = faults
        self.gate = Gate(world)
        self.exchange = Exchange(world)
        self.seen: list[Seen] = []
        self.after_order: Callable[[], None] | None = None
        self._last: dict[str, bytes] = {}

    def handle(self, request: Request) -> Answer:
        """Answer a request, faults included."""
        with self.world.lock:
            now = self.world.catch_up()
            tr_id = request.headers.get("tr_id", "")
            struck = self.faults.for_call(request.environment, request.path, tr_id, request.fields)
            reply = self._outcome(request, struck, now)
            names, code = tuple(f.kind for f in struck), str(reply.body.get("msg_cd", "")) if reply else ""
            tr_cont, fields = request.headers.get("tr_cont", ""), _without_secrets(request.fields)
            place = (request.environment, request.method, request.path, tr_id, tr_cont)
            self.seen.append(Seen(now, *place, fields, names, code))
            if self.after_order is not None and request.method == "POST":
                self.after_order()
            return self._sent(request, reply, struck)

    def _outcome(self, request: Request, struck: list[Fault], now: datetime) -> Reply | None:
        """The reply before anything happens to it on the way; None when nothing was processed."""
        for fault in struck:
            if fault.kind in NEVER_PROCESSED:
                if fault.kind == "late_accept":
                    later = now + timedelta(seconds=fault.number("after", 3.0))
                    self.world.at(later, partial(self._answer_late, request))
                return None
            if fault.kind == "empty":
                return None
            if fault.kind == "error_before":
                return _error(fault)
            if fault.kind in _GATEWAY:
                if fault.kind == "token_expired":
                    self.gate.kill_tokens()
                return refuse(*_GATEWAY[fault.kind], status=500)
            if fault.kind == "reject":
                return refuse(fault.text("code", "APBK9999"), fault.text("text", "주문 거부"),
                              rt_cd=fault.text("rt_cd", "1"))  # fmt: skip
        return self._answer(request, effects(struck), now)

    def _answer_late(self, request: Request, at: datetime) -> None:
        self._answer(request, Effects(), at)

    def _answer(self, request: Request, changed: Effects, now: datetime) -> Reply:
        try:
            if not request.path.startswith("/uapi/") or request.path == "/uapi/hashkey":
                return self._keys(request, now)
            key = self.gate.admit(request.environment, dict(request.headers), now)
            return self._service(request, key, changed, now)
        except Refusal as refusal:
            if request.path.startswith("/oauth2/"):
                return Reply({"error_code": refusal.code, "error_description": refusal.text}, refusal.status)
            return refuse(refusal.code, refusal.text, status=refusal.status)

    def _keys(self, request: Request, now: datetime) -> Reply:
        body = request.body if isinstance(request.body, dict) else {}
        if request.method == "POST" and request.path == "/oauth2/tokenP":
            return Reply(self.gate.issue(body, now))
        if request.method == "POST" and request.path == "/oauth2/revokeP":
            return Reply(self.gate.revoke(body))
        if request.method == "POST" and request.path == "/oauth2/Approval":
            self.gate.check_secret(str(body.get("appkey", "")), str(body.get("secretkey", "")))
            return Reply({"approval_key": str(uuid.uuid4())})
        if request.method == "POST" and request.path == "/uapi/hashkey":
            self.gate.check_secret(request.headers.get("appkey", ""), request.headers.get("appsecret", ""))
            return Reply({"BODY": body, "HASH": hash_of(body)})
        raise Refusal(404, "OPSQ0002", "없는 서비스 코드 입니다")

    def _service(self, request: Request, key: Key, changed: Effects, now: datetime) -> Reply:
        habits = self.world.habits[request.environment]
        if not self.gate.pace(key, "gateway", habits.per_second, now):
            return refuse(*_GATEWAY["throttle"], status=500)
        service = self._find(request)
        if isinstance(service, Reply):
            return service
        if service.account and not self.gate.pace(key, "ledger", habits.ledger_per_second, now):
            return refuse(*_GATEWAY["ledger_throttle"], status=500)
        wrong = _malformed(request)
        if wrong is not None:
            return wrong
        fields = request.fields
        account = self.world.accounts.get((key.environment, key.number, key.product))
        given = (fields.get("CANO"), fields.get("ACNT_PRDT_CD"))
        if account is None or key.environment != request.environment or (
            service.account and given != (key.number, key.product)
        ):  # fmt: skip
            return refuse("OPSQ2000", "ERROR : INPUT INVALID_CHECK_ACNO")
        tr_id = request.headers.get("tr_id", "")
        place = (self.world, self.exchange, request.environment, account, tr_id, fields)
        call = Call(*place, headers=dict(request.headers), now=now, effects=changed)
        return made_messy(call, service.answer(call))

    def _find(self, request: Request) -> table.Service | Reply:
        """The service of a tr_id on this path and host, or why there is none."""
        environment, tr_id = request.environment, request.headers.get("tr_id", "")
        here = table.at(request.method, request.path)
        found = next((s for s in here if s.tr_id(environment) == tr_id), None)
        if found is not None:
            return found
        if environment == "mock":
            real = next((s for s in here if s.real == tr_id), None)
            if real is not None and (real.account or tr_id[0] in "TC"):
                return refuse("EGW00213", "모의투자 tr이 아닙니다.", status=500)
            if real is not None or table.is_swapped(tr_id):
                return refuse("90000000", "모의투자에서는 해당업무가 제공되지 않습니다.")
        elif any(s.mock == tr_id for s in here):
            return refuse("EGW02004", "실전투자 TR 이 아닙니다.", status=500)
        return refuse("OPSQ0002", "없는 서비스 코드 입니다")

    def _sent(self, request: Request, reply: Reply | None, struck: list[Fault]) -> Answer:
        """The bytes of a reply, after what happens to them on the way."""
        kinds = {fault.kind: fault for fault in struck}
        body = b"" if reply is None else json.dumps(reply.body, ensure_ascii=False).encode()
        status = 200 if reply is None else reply.status
        headers = {"content-type": "application/json; charset=UTF-8"}
        if request.path.startswith("/uapi/") and reply is not None and status == 200:
            headers |= {"tr_id": request.headers.get("tr_id", ""), "tr_cont": reply.tr_cont, "gt_uid": ""}
        how, wait = "plain", kinds["slow"].number("seconds", 1.0) if "slow" in kinds else 0.0
        for name in ("hang_before", "hang_after", "late_accept"):
            if name in kinds:
                how, wait = "hang", kinds[name].number("seconds", 30.0)
        if "cut_before" in kinds or "cut_after" in kinds:
            how = "cut"
        if "empty" in kinds:
            status, body = int(kinds["empty"].number("status", 403)), b""
        if "error_after" in kinds:
            error = _error(kinds["error_after"])
            status, body = error.status, json.dumps(error.body, ensure_ascii=False).encode()
        for name in ("error_before", "error_after"):
            if name in kinds and kinds[name].given.get("html"):
                body, headers = b"<html><body><h1>502 Bad Gateway</h1></body></html>", {"content-type": "text/html"}
        if "garbled" in kinds:
            body = body[: len(body) // 2]
        stale = self._last.get(request.path, body)
        if reply is not None and reply.body.get("rt_cd") == "0":  # an answer about another order, never another refusal
            self._last[request.path] = body
        if "stale_reply" in kinds:
            body = stale
        return Answer(status, body, headers, how, wait)


def hash_of(body: Mapping[str, Any]) -> str:
    """The hash that `hashkey` gives for an order body."""
    return hashlib.sha256(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _malformed(request: Request) -> Reply | None:
    """A POST must be JSON with upper-case keys and values that are all strings."""
    if request.method != "POST":
        return None
    if "application/json" not in request.headers.get("content-type", ""):
        return refuse("EGW00132", "content-type이 유효하지 않습니다.", status=500)
    body = request.body
    if not isinstance(body, dict) or any(k != k.upper() or not isinstance(v, str) for k, v in body.items()):
        return refuse("OPSQ0003", "ERROR : INPUT FIELD")
    given = request.headers.get("hashkey")
    if given and given != hash_of(body):
        return refuse("EGW00131", "유효하지 않은 hashkey 입니다.", status=500)
    return None


def _error(fault: Fault) -> Reply:
    code, text = fault.text("code", _TIMED_OUT[0]), fault.text("text", _TIMED_OUT[1])
    return refuse(code, text, status=int(fault.number("status", 500)))


def _without_secrets(fields: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in fields.items() if k.lower() not in ("appkey", "appsecret", "secretkey", "token")}
