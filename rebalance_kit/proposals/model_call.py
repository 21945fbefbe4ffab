"""One question to a language model over HTTP, and its answer with what it cost.

TLS is verified, nothing is redirected, proxies of the environment are ignored, the reply has a largest size and the
call an end. The key travels in a header and stands in no address, error or log.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rebalance_kit.errors import BrokerError
from rebalance_kit.money import exact_sum, plain, product
from rebalance_kit.proposals.model_settings import ModelSettings
from rebalance_kit.words import Text

if TYPE_CHECKING:
    import httpx

TIMEOUT = 60.0  # seconds for a whole call
LARGEST_REPLY = 1_000_000  # bytes
MILLIONTH = Decimal("0.000001")


class ModelError(BrokerError):
    """The model could not be asked, or did not answer with text."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the answer's text, tokens as the service counted them (None: it did not say), seconds, and the price in
    dollars where the prices are known."""

    model: str
    text: str
    tokens_in: int | None
    tokens_out: int | None
    seconds: float
    price: Decimal | None

    def to_dict(self) -> dict[str, object]:
        """The call as JSON, without its text."""
        return {
            "model": self.model,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "seconds": round(self.seconds, 3),
            "price_usd": None if self.price is None else plain(self.price),
        }


def ask(
    settings: ModelSettings,
    system: str,
    question: str,
    schema: Mapping[str, Any],
    *,
    timeout: float = TIMEOUT,
    clock: Callable[[], float] = time.monotonic,
    transport: httpx.BaseTransport | None = None,
) -> Call:
    """Ask for a JSON document of a schema. Raises ModelError when the service fails, refuses, takes longer than
    `timeout` seconds or answers with something else than text."""
    url, headers, body, read = (
        _google(settings, system, question, schema)
        if settings.speaks_google
        else _chat(settings, system, question, schema)
    )
    began = clock()
    document = _post(url, headers, body, settings, began + timeout, clock, transport)
    text, tokens_in, tokens_out = read(document)
    if text is None:
        raise _failed(settings, Text("it answered without a text", "응답에 글이 없습니다"))
    return Call(settings.model, text, tokens_in, tokens_out, clock() - began, _price(settings, tokens_in, tokens_out))


Read = Callable[[Any], tuple[str | None, int | None, int | None]]
Request = tuple[str, dict[str, str], dict[str, Any], Read]


def _google(settings: ModelSettings, system: str, question: str, schema: Mapping[str, Any]) -> Request:
    """generateContent of the Gemini API, with a response schema."""
    body = {
        "systemInstruction": {"parts": [{"text": system}]},
        "contents": [{"role": "user", "parts": [{"text": question}]}],
        "generationConfig": {"responseMimeType": "application/json", "responseSchema": _open(schema)},
    }
    headers = {"x-goog-api-key": settings.key.get_secret_value()}
    return f"{settings.base_url}/models/{settings.model}:generateContent", headers, body, _read_google


def _open(schema: Any) -> Any:
    """The schema without `additionalProperties`, which this API's subset of OpenAPI does not know."""
    if isinstance(schema, Mapping):
        return {key: _open(value) for key, value in schema.items() if key != "additionalProperties"}
    return [_open(value) for value in schema] if isinstance(schema, list) else schema


def _chat(settings: ModelSettings, system: str, question: str, schema: Mapping[str, Any]) -> Request:
    """Chat completions with structured output."""
    body = {
        "model": settings.model,
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": question}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "orders", "schema": schema, "strict": True}},
    }
    headers = {"Authorization": f"Bearer {settings.key.get_secret_value()}"}
    return f"{settings.base_url}/chat/completions", headers, body, _read_chat


def _read_google(document: Any) -> tuple[str | None, int | None, int | None]:
    parts = _at(document, "candidates", 0, "content", "parts")
    texts = [part.get("text") for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    text = "".join(piece for piece in texts if isinstance(piece, str)) or None
    used = _at(document, "usageMetadata")
    thought = _count(_at(used, "thoughtsTokenCount")) or 0
    out = _count(_at(used, "candidatesTokenCount"))
    return text, _count(_at(used, "promptTokenCount")), None if out is None else out + thought


def _read_chat(document: Any) -> tuple[str | None, int | None, int | None]:
    text = _at(document, "choices", 0, "message", "content")
    used = _at(document, "usage")
    counts = _count(_at(used, "prompt_tokens")), _count(_at(used, "completion_tokens"))
    return (text if isinstance(text, str) and text else None, *counts)


def _post(
    url: str,
    headers: Mapping[str, str],
    body: Mapping[str, Any],
    settings: ModelSettings,
    deadline: float,
    clock: Callable[[], float],
    transport: httpx.BaseTransport | None,
) -> Any:
    import httpx

    pieces: list[bytes] = []
    left = max(0.001, deadline - clock())
    try:
        with (
            httpx.Client(timeout=left, follow_redirects=False, trust_env=False, transport=transport) as client,
            client.stream("POST", url, headers=dict(headers), json=dict(body)) as reply,
        ):
            for piece in reply.iter_bytes():
                pieces.append(piece)
                if sum(map(len, pieces)) > LARGEST_REPLY:
                    raise _failed(settings, Text("its answer is too long", "응답이 너무 깁니다"))
                if clock() > deadline:
                    raise _failed(settings, _TOO_SLOW)
            status = reply.status_code
    except httpx.TimeoutException:
        raise _failed(settings, _TOO_SLOW) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        name = type(error).__name__
        raise _failed(settings, Text(f"it cannot be reached ({name})", f"연결할 수 없습니다({name})")) from None
    if status != 200:
        raise _failed(settings, Text(f"it answered with the status {status}", f"상태 코드 {status}로 답했습니다"))
    try:
        return json.loads(b"".join(pieces))
    except (ValueError, RecursionError):
        raise _failed(settings, Text("its answer is no JSON", "응답이 JSON이 아닙니다")) from None


_TOO_SLOW = Text("it took too long", "시간이 너무 오래 걸렸습니다")


def _at(document: Any, *steps: str | int) -> Any:
    """What lies at a path of keys and places, None where the path ends early."""
    for step in steps:
        if isinstance(step, str) and isinstance(document, dict):
            document = document.get(step)
        elif isinstance(step, int) and isinstance(document, list) and step < len(document):
            document = document[step]
        else:
            return None
    return document


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _price(settings: ModelSettings, tokens_in: int | None, tokens_out: int | None) -> Decimal | None:
    if settings.prices is None or tokens_in is None or tokens_out is None:
        return None
    into, out = settings.prices
    return product(MILLIONTH, exact_sum((product(into, Decimal(tokens_in)), product(out, Decimal(tokens_out)))))


def _failed(settings: ModelSettings, wrong: Text) -> ModelError:
    return ModelError(
        "model",
        where=Text(f"language model {settings.model}", f"언어 모델 {settings.model}"),
        wrong=wrong,
        expected=Text("an answer with orders", "주문을 담은 응답"),
        fix=Text("try again later, or take the optimal plan", "나중에 다시 시도하거나 최적 계획을 쓰세요"),
    )
