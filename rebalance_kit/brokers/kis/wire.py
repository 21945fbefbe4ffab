"""One HTTP exchange with the service, bounded in time and size, which says whether anything may have left.

TLS is always verified, no proxy of the environment is used, no redirect followed, nothing repeated. Orders get a
connection of their own: a kept one may be dead, and then nobody knows what was read at the other end. Nothing of a
request is in an exception that comes out of here, since its URL holds the account number.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rebalance_kit.brokers.kis.envelope import Body, goes_on
from rebalance_kit.brokers.kis.secrets import hush_http_log
from rebalance_kit.words import Text

if TYPE_CHECKING:
    import httpx

LARGEST = 5_000_000  # bytes of a reply
CONNECT, READ, READ_ORDER = 5.0, 10.0, 20.0  # seconds
LONGEST = 60.0  # seconds for a whole reply that trickles in
KEEP_ALIVE = 5.0
USER_AGENT = "rebalance-kit"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. `headers`, `query` and `body` are never shown: they hold secrets and the account."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, str] | None
    order: bool = False

    def __repr__(self) -> str:
        return f"Request({self.method} {self.path})"


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply. `body` is None when it was no JSON object, or too large, or cut. `date` is the service's clock."""

    status: int
    body: Body | None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """No reply. `left` says that the request may have been read at the other end."""

    left: bool
    says: Text


Outcome = Heard | Silence


class Exchange(Protocol):
    """What the client needs of a wire."""

    def send(self, request: Request) -> Outcome:
        """One exchange; never raises over the network."""


class HttpWire:
    """The wire over httpx. `transport` replaces the network in tests."""

    def __init__(
        self,
        base_url: str,
        *,
        monotonic: Callable[[], float],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        import httpx

        hush_http_log()
        self._monotonic = monotonic
        kept = httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=KEEP_ALIVE)
        fresh = httpx.Limits(max_connections=1, max_keepalive_connections=0)
        self._questions = _client(base_url, READ, kept, transport)
        self._orders = _client(base_url, READ_ORDER, fresh, transport)

    def send(self, request: Request) -> Outcome:
        """One exchange."""
        import httpx

        client = self._orders if request.order else self._questions
        try:
            return self._exchange(client, request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            silence = Silence(False, _unreachable(error))
        except httpx.HTTPError as error:
            name = type(error).__name__
            silence = Silence(True, Text(f"no answer came ({name})", f"응답이 오지 않았습니다({name})"))
        except httpx.InvalidURL:
            silence = Silence(False, Text("the address cannot be used", "주소를 쓸 수 없습니다"))
        return silence

    def close(self) -> None:
        """Close the connections."""
        self._questions.close()
        self._orders.close()

    def _exchange(self, client: httpx.Client, request: Request) -> Outcome:
        content = None if request.body is None else json.dumps(request.body).encode()
        ends = self._monotonic() + LONGEST
        with client.stream(
            request.method, request.path, params=request.query or None, content=content, headers=request.headers
        ) as reply:
            data = bytearray()
            for chunk in reply.iter_bytes():
                data += chunk
                if len(data) > LARGEST or self._monotonic() > ends:
                    return Heard(reply.status_code, None)
            found = _json(bytes(data))
            body = None if found is None else Body(found, reply.status_code, goes_on(reply.headers.get("tr_cont")))
            return Heard(reply.status_code, body, reply.headers.get("date"))


def _client(base_url: str, read: float, limits: httpx.Limits, transport: httpx.BaseTransport | None) -> httpx.Client:
    import httpx

    return httpx.Client(
        base_url=base_url,
        timeout=httpx.Timeout(connect=CONNECT, read=read, write=CONNECT, pool=CONNECT),
        limits=limits,
        follow_redirects=False,
        trust_env=False,
        verify=True if transport is not None else ssl.create_default_context(),
        transport=transport,
        headers={"user-agent": USER_AGENT},
    )


def _json(data: bytes) -> dict[str, Any] | None:
    """The JSON object of a reply: the page says UTF-8, whatever the header says. None for anything else."""
    try:
        found = json.loads(data.decode("utf-8"), parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _unreachable(error: Exception) -> Text:
    name = type(error).__name__
    if "certificate" in str(error).lower():
        return Text("the service's certificate cannot be trusted", "서비스의 인증서를 믿을 수 없습니다")
    return Text(f"the service cannot be reached ({name})", f"서비스에 연결할 수 없습니다({name})")
