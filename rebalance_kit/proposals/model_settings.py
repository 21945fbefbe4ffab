"""Which language model is asked, where, and with which key: from the environment alone, never from a file of the
portfolio.

    REBALANCE_LLM_API_KEY     the key; without it no model is asked
    REBALANCE_LLM_BASE_URL    default: Google's; an address that ends in /v1beta speaks generateContent, any other the
                              chat completions that OpenAI began and most servers speak
    REBALANCE_LLM_MODEL       default: that of source document 004
    REBALANCE_LLM_PRICES      what a million tokens cost, in and out, in dollars, such as 2/12; unknown without it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlsplit

from pydantic import SecretStr

from rebalance_kit import arguments
from rebalance_kit.errors import RuleError, UsageError
from rebalance_kit.words import Text, same

GOOGLE = "https://generativelanguage.googleapis.com/v1beta"
MODEL = "gemini-3-pro-preview"  # source document 004, 3.1
KEY, BASE_URL, MODEL_NAME, PRICES = (f"REBALANCE_LLM_{name}" for name in ("API_KEY", "BASE_URL", "MODEL", "PRICES"))
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """`prices` are dollars for a million tokens in and out, None while nobody has stated them."""

    base_url: str
    model: str
    key: SecretStr
    prices: tuple[Decimal, Decimal] | None = None

    @property
    def speaks_google(self) -> bool:
        return self.base_url.endswith("/v1beta")


def model_settings(environment: Mapping[str, str]) -> ModelSettings:
    """The settings of an environment. RuleError without a key, UsageError for an address or a price that is none."""
    key = environment.get(KEY, "").strip()
    if not key:
        raise RuleError(
            "no_model_key",
            where=same(KEY),
            wrong=Text("no key of a language model is set", "언어 모델의 키가 없습니다"),
            expected=Text("the key in the environment", "환경 변수에 적은 키"),
            fix=Text("set it, or plan without a model", "키를 설정하거나 모델 없이 계획해 주세요"),
        )
    base = environment.get(BASE_URL, "").strip().rstrip("/") or GOOGLE
    _refuse_open(base)
    return ModelSettings(base, environment.get(MODEL_NAME, "").strip() or MODEL, SecretStr(key), _prices(environment))


def _refuse_open(base: str) -> None:
    """A key goes over TLS, or nowhere but to this computer; an address carries no password and no query."""
    parts = urlsplit(base)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not safe or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise arguments.bad_argument(
            BASE_URL,
            f"{parts.scheme}://{parts.hostname or ''}",
            Text("an https address without a password or query", "비밀번호나 쿼리가 없는 https 주소"),
        )


def _prices(environment: Mapping[str, str]) -> tuple[Decimal, Decimal] | None:
    stated = environment.get(PRICES, "").strip()
    if not stated:
        return None
    parts = stated.split("/")
    try:
        if len(parts) != 2:
            raise ValueError(stated)
        into, out = (Decimal(0) if part == "0" else arguments.amount(PRICES, part) for part in parts)
    except (ValueError, UsageError):
        raise arguments.bad_argument(PRICES, stated, Text("two prices such as 2/12", "2/12처럼 두 가격")) from None
    return into, out
