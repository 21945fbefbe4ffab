"""Calls of the service: questions that may be repeated, lists in pages, and orders that may not.

A question is asked again, a few times and with pauses, when the service throttled, failed or said nothing; with a new
token, once, when it called the token dead. An order is sent once, and its answer says no more than is certain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from rebalance_kit.brokers.base import Answer, Mode
from rebalance_kit.brokers.kis.clock import ServiceClock
from rebalance_kit.brokers.kis.codes import CERTAIN, HELD_BACK, SURE_AT_THE_GATEWAY, Code, Kind, data_moved, meaning
from rebalance_kit.brokers.kis.envelope import Body, Fields
from rebalance_kit.brokers.kis.pacing import PENALTY, Pacer
from rebalance_kit.brokers.kis.settings import Settings
from rebalance_kit.brokers.kis.table import Call
from rebalance_kit.brokers.kis.token import Token, TokenStore
from rebalance_kit.brokers.kis.wire import Exchange, Heard, Outcome, Request, Silence
from rebalance_kit.errors import BrokerError, KitError
from rebalance_kit.words import Text, same

TRIES = 4  # of a question
READINGS = 3  # of a list that changes while it is read
MOST_PAGES = 50
STALE_AFTER = 2.0  # seconds: a process that slept before it sent an order sends it no more

Moment = tuple[datetime, float]


class Unsupported(BrokerError):
    """This account or environment does not have the call."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of an order, as far as the reply settles it. `output` is that of an accepted one."""

    answer: Answer
    says: Text
    kind: Kind | None = None
    output: Fields = field(default_factory=lambda: Fields({}))


class Client:
    """One profile at the service."""

    def __init__(
        self, settings: Settings, wire: Exchange, tokens: TokenStore, pacer: Pacer, clock: ServiceClock
    ) -> None:
        self.settings = settings
        self.clock = clock
        self._wire = wire
        self._tokens = tokens
        self._pacer = pacer

    @property
    def mode(self) -> Mode:
        return self.settings.mode

    def offers(self, call: Call) -> bool:
        """Whether the environment has a call."""
        return call.tr_id(self.mode) is not None

    # ---- questions ----

    def ask(self, call: Call, query: Mapping[str, str], *, more: bool = False) -> Body:
        """The answer to a question. Unsupported where the account lacks the call; BrokerError when no usable answer
        came, naming the call and what the service said."""
        if call.value.method != "GET":
            raise ValueError(f"{call.name} is no question")
        token, renewed, why = self._tokens.get(), False, Text("no answer", "응답 없음")
        for n in range(TRIES):
            outcome = self._exchange(call, token, query=query, more=more)
            body = outcome.body if isinstance(outcome, Heard) else None
            if body is not None and body.ok:
                return body
            why, known = _why(outcome)
            kind = Kind.TRY_AGAIN if body is None else known.kind if known else None
            if kind is Kind.TOKEN and not renewed:
                token, renewed = self._tokens.replace(token), True
            elif kind in (Kind.RATE, Kind.TRY_AGAIN):
                self._pacer.pause(PENALTY * (n + 1))
            elif kind is Kind.UNSUPPORTED:
                raise _failed(Unsupported, call, why)
            elif body is not None and data_moved(body.says):
                raise _Moved
            else:
                break
        raise _failed(BrokerError, call, why)

    def pages(self, call: Call, query: Mapping[str, str]) -> tuple[Body, ...]:
        """Every page of a list, to its end. Begun again when the service says that the list moved. BrokerError when
        it goes in circles, never ends, or never stands still."""
        for _ in range(READINGS):
            try:
                return self._read_pages(call, query)
            except _Moved:
                continue
        raise _failed(
            BrokerError, call, Text("the list changed each time it was read", "읽을 때마다 내역이 바뀌었습니다")
        )

    def _read_pages(self, call: Call, query: Mapping[str, str]) -> tuple[Body, ...]:
        ending = call.value.cursor
        if ending is None:
            raise ValueError(f"{call.name} has no pages")
        names = (f"CTX_AREA_FK{ending}", f"CTX_AREA_NK{ending}")
        at: tuple[str, str] = ("", "")
        seen = set()
        pages: list[Body] = []
        while len(pages) < MOST_PAGES:
            page = self.ask(call, {**query, **dict(zip(names, at, strict=True))}, more=bool(pages))
            pages.append(page)
            if not page.goes_on:
                return tuple(pages)
            at = page.cursor(ending)
            if at in seen or at == ("", ""):
                raise _failed(BrokerError, call, Text("the same page came again", "같은 페이지가 되풀이되었습니다"))
            seen.add(at)
        raise _failed(BrokerError, call, Text(f"more than {MOST_PAGES} pages", f"{MOST_PAGES}페이지를 넘었습니다"))

    # ---- orders ----

    def moment(self) -> Moment:
        """Now, by both clocks: one of them jumps when a computer slept."""
        return self.clock.now(), self._pacer.monotonic()

    def order(self, call: Call, body: Mapping[str, str], since: Moment | None = None) -> Sent:
        """Send an order, or a change of one, once, unless too long ago (`since`, else this call) somebody decided to.
        Never raises: what is not certain is UNKNOWN."""
        began, ticks = since or self.moment()
        try:
            token = self._tokens.get()
        except KitError as error:
            return Sent(Answer.NOT_SENT, Text(error.message("en"), error.message("ko")))
        request = self._request(call, token, body=body, order=True)
        self._pacer.wait()
        slept = max((self.clock.now() - began).total_seconds(), self._pacer.monotonic() - ticks)
        if slept > STALE_AFTER + self._pacer.interval:
            return Sent(Answer.NOT_SENT, Text("too much time passed before it could be sent",
                                              "보내기까지 시간이 너무 지났습니다"))  # fmt: skip
        outcome = self._wire.send(request)
        sent = self._settled(outcome)
        if sent.kind is Kind.TOKEN:
            self._renew(token)
        if sent.kind in (Kind.RATE, Kind.TRY_AGAIN):
            self._pacer.pause()
        return sent

    @contextmanager
    def hurrying(self) -> Iterator[None]:
        """Calls without the distance that they keep, to see what the service does about it."""
        interval, self._pacer.interval = self._pacer.interval, 0.0
        self._pacer.forget()
        try:
            yield
        finally:
            self._pacer.interval = interval

    def _settled(self, outcome: Outcome) -> Sent:
        if isinstance(outcome, Heard):
            self.clock.hear(outcome.date)
        if isinstance(outcome, Silence):
            return Sent(Answer.UNKNOWN if outcome.left else Answer.NOT_SENT, outcome.says)
        body = outcome.body
        why, known = _why(outcome)
        if body is None:
            return Sent(Answer.UNKNOWN, why)
        if body.ok:
            output = body.one("output")
            accepted = outcome.status == 200 and bool(output.text("ODNO"))
            return Sent(Answer.ACCEPTED if accepted else Answer.UNKNOWN, why, output=output)
        kind = known.kind if known else None
        if kind in HELD_BACK:
            return Sent(Answer.NOT_SENT, why, kind)
        certain = kind in CERTAIN and (outcome.status == 200 or body.code in SURE_AT_THE_GATEWAY)
        return Sent(Answer.REJECTED if certain else Answer.UNKNOWN, why, kind)

    def _renew(self, dead: Token) -> None:
        """Bring a new token for the next attempt; if that fails, the next attempt says so."""
        try:
            self._tokens.replace(dead)
        except KitError:
            return

    # ---- one exchange ----

    def _exchange(self, call: Call, token: Token, *, query: Mapping[str, str], more: bool) -> Outcome:
        request = self._request(call, token, query=query, more=more)
        self._pacer.wait()
        outcome = self._wire.send(request)
        if isinstance(outcome, Heard):
            self.clock.hear(outcome.date)
        return outcome

    def _request(
        self,
        call: Call,
        token: Token,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, str] | None = None,
        more: bool = False,
        order: bool = False,
    ) -> Request:
        tr_id, account = call.tr_id(self.mode), self.settings.account
        if tr_id is None:
            raise _failed(Unsupported, call, Text("a mock account does not have this call",
                                                  "모의투자에 없는 호출입니다"))  # fmt: skip
        headers = {
            "content-type": "application/json; charset=utf-8",
            "authorization": f"Bearer {token.value.reveal()}",
            "appkey": self.settings.app_key.reveal(),
            "appsecret": self.settings.app_secret.reveal(),
            "tr_id": tr_id,
            "custtype": "P",
            "tr_cont": "N" if more else "",
        }
        who = {"CANO": account.number, "ACNT_PRDT_CD": account.product} if call.value.account else {}
        return Request(
            call.value.method,
            call.value.path,
            headers,
            {**who, **query} if query is not None else {},
            {**who, **body} if body is not None else None,
            order,
        )


class _Moved(Exception):
    """The list changed between two pages."""


def _why(outcome: Outcome) -> tuple[Text, Code | None]:
    """What an outcome says, in words, and what its code means where that is known."""
    if isinstance(outcome, Silence):
        return outcome.says, None
    if outcome.body is None:
        return Text(f"the answer cannot be read (HTTP {outcome.status})",
                    f"응답을 읽을 수 없습니다(HTTP {outcome.status})"), None  # fmt: skip
    body = outcome.body
    known = meaning(body.code, body.says)
    ours = known.says if known else same("")
    parts = [part for part in (body.code, body.says) if part]
    said = " ".join(parts) or f"HTTP {outcome.status}"
    return Text(f"{ours.en} ({said})" if ours.en else said, f"{ours.ko} ({said})" if ours.ko else said), known


def _failed(kind: type[BrokerError], call: Call, why: Text) -> BrokerError:
    code = "unsupported" if kind is Unsupported else "broker_failed"
    return kind(
        code,
        where=same(f"KIS {call.name.lower()} ({call.value.path.rsplit('/', 1)[-1]})"),
        wrong=why,
        expected=Text("an answer that can be used", "쓸 수 있는 응답"),
        fix=Text("try again later; if it stays, check the key, the account and the environment",
                 "잠시 뒤 다시 시도하고, 계속되면 앱키, 계좌, 환경을 확인해 주세요"),
    )  # fmt: skip
