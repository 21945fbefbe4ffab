"""Factories for the KIS client: a service that answers by script, time that only moves when somebody waits, and our
client before the local double of the service.

kis = scripted({"inquire-balance": [page(...), page(...)]})
kis.client.pages(Call.BALANCE, {})
desk = rehearsed(tmp_path, "growth"); desk.broker.snapshot()
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from rebalance_kit.brokers.base import Mode
from rebalance_kit.brokers.kis.broker import KisBroker, Surroundings, open_broker
from rebalance_kit.brokers.kis.client import Client
from rebalance_kit.brokers.kis.clock import ServiceClock
from rebalance_kit.brokers.kis.listings import Listing, listings_of
from rebalance_kit.brokers.kis.pacing import INTERVALS, Pacer
from rebalance_kit.brokers.kis.secrets import AccountNumber, Secret
from rebalance_kit.brokers.kis.settings import Settings, read_settings
from rebalance_kit.brokers.kis.token import TokenStore
from rebalance_kit.brokers.kis.wire import HttpWire
from rebalance_kit.orders import Instrument
from rebalance_kit.policy.loading import load_policy
from rebalance_kit.sessions import Exchange

PORTFOLIOS = Path(__file__).parents[1] / "portfolios"
APP_KEY, APP_SECRET = "PSCANARYKEY000000000000000000000000A", "CANARY-SECRET-9f31"
NUMBER, PRODUCT = "64208137", "01"
TOKEN = "eyJ0eXAi.CANARY-TOKEN.sig"
NOON = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)  # noon in Seoul, on a Wednesday

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


@dataclass
class Time:
    """Time that only moves when somebody waits."""

    now: datetime = NOON
    waited: list[float] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.now.timestamp()

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += timedelta(seconds=seconds)


def reply(
    *, status: int = 200, cont: str = "", rt_cd: str = "0", msg_cd: str = "KIOK0510", msg1: str = "ok", **body: Any
) -> httpx.Response:
    """A reply in the service's envelope, its message padded as the service pads it."""
    whole = {**body, "rt_cd": rt_cd, "msg_cd": msg_cd, "msg1": msg1.ljust(80)}
    return httpx.Response(status, json=whole, headers={"tr_cont": cont, "tr_id": "x"})


def refused(code: str, text: str = "no", *, status: int = 500) -> httpx.Response:
    """A refusal."""
    return reply(status=status, rt_cd="1", msg_cd=code, msg1=text)


def token(value: str = TOKEN, *, ends: str = "2026-03-05 12:00:00", seconds: int = 86400) -> httpx.Response:
    """A token as the service issues it: Korean time, and the one number that is a number."""
    body = {"access_token": value, "access_token_token_expired": ends, "token_type": "Bearer", "expires_in": seconds}
    return httpx.Response(200, json=body)


@dataclass
class Service:
    """Answers by the last part of the path, in order; the last answer stays. Every request is kept."""

    script: dict[str, list[Answer]]
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rsplit("/", 1)[-1]
        self.requests.append(request)
        answers = self.script[name]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else _copy(answer)

    def asked(self, name: str) -> list[httpx.Request]:
        return [request for request in self.requests if request.url.path.endswith(name)]


def _copy(answer: httpx.Response) -> httpx.Response:
    return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)


def settings(mode: Mode = Mode.REAL, base_url: str | None = None) -> Settings:
    """A profile whose secrets are canaries."""
    return Settings("default", mode, Secret(APP_KEY), Secret(APP_SECRET), AccountNumber(NUMBER, PRODUCT), base_url)


@dataclass
class Scripted:
    """A client before a scripted service."""

    service: Service
    client: Client
    time: Time
    folder: Path
    mode: Mode

    def broker(self, listings: Sequence[Listing] = (), home: Exchange = "XKRX") -> KisBroker:
        around = Surroundings(
            self.folder, self.time.clock, self.time.monotonic, self.time.sleep, httpx.MockTransport(self.service)
        )
        return open_broker(settings(self.mode), listings or KOREAN, "main", home, around)


KOREAN = (
    Listing("069500", "XKRX", Instrument.KRX_ETF, "KODEX 200"),
    Listing("360750", "XKRX", Instrument.KRX_ETF, "TIGER 미국S&P500"),
)
AMERICAN = (Listing("QQQM", "XNYS", Instrument.US_LISTED, "QQQM"), Listing("VTI", "XNYS", Instrument.US_LISTED, "VTI"))


def scripted(
    folder: Path, script: Mapping[str, Iterable[Answer]], mode: Mode = Mode.REAL, time: Time | None = None
) -> Scripted:
    """A client before a service that answers by `script`; tokens are issued unless it says otherwise."""
    service = Service({"tokenP": [token()], **{name: list(answers) for name, answers in script.items()}})
    moment = time or Time()
    clock = ServiceClock(moment.clock, moment.monotonic, follow=False)
    wire = HttpWire("https://kis.test", monotonic=moment.monotonic, transport=httpx.MockTransport(service))
    who = settings(mode)
    tokens = TokenStore(who, wire, folder, clock, moment.sleep)
    pacer = Pacer(INTERVALS[mode], moment.monotonic, moment.sleep)
    return Scripted(service, Client(who, wire, tokens, pacer, clock), moment, folder, mode)


def sent_body(request: httpx.Request) -> dict[str, str]:
    """The JSON body of a request."""
    body: dict[str, str] = json.loads(request.content)
    return body


def before_double(kis: Any, folder: Path, sample: str = "growth", env: str = "mock", **around: Any) -> KisBroker:
    """Our broker before a running double whose clock stands still until somebody waits."""
    policy = load_policy(PORTFOLIOS / sample)
    who = read_settings(kis.settings(env), Mode(env), keyring=lambda _: None)
    clock = kis.clock
    made = {"clock": clock.now, "monotonic": lambda: clock.now().timestamp(), "sleep": clock.sleep} | around
    broker = open_broker(who, listings_of(policy).values(), "main", policy.exchange, Surroundings(folder, **made))
    broker.connect()
    return broker
