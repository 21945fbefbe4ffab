"""Prices from the web behind one small Protocol, and what every source needs: patience, a library that may be absent,
and exact numbers out of a library's binary ones.

Closes are as they were traded on their day, never adjusted, and of sessions that have ended: the price of a session
that still runs is no close.
"""

from __future__ import annotations

import decimal
import importlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from types import ModuleType
from typing import Protocol, TypeVar

from rebalance_kit.errors import KitError, UsageError
from rebalance_kit.money import Rounding, minor_unit, plain, product, round_to
from rebalance_kit.policy.model import Exchange
from rebalance_kit.prices.instruments import Instrument
from rebalance_kit.prices.model import FxRate, Quote
from rebalance_kit.sessions import is_session, session_hours
from rebalance_kit.words import Text, same

ATTEMPTS = 3
PATIENCE_SECONDS = 60.0
EXTRA = "rebalance-kit[market]"

_RATE_DIGITS = decimal.Context(prec=7, rounding=decimal.ROUND_HALF_EVEN)

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Span:
    """The days that are asked for, both ends included, and the moment (with its zone) at which one asks."""

    start: date
    end: date
    now: datetime


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a source said: closes, rates, and the codes and pairs of which it had none."""

    quotes: tuple[Quote, ...] = ()
    rates: tuple[FxRate, ...] = ()
    missing: tuple[str, ...] = ()


class PriceSource(Protocol):
    """One place on the web, or a double of it."""

    @property
    def name(self) -> str:
        """What `--source` calls it, and what its prices say."""

    def serves(self, instrument: Instrument) -> bool:
        """Whether it knows the exchange of an asset."""

    def closes(self, wanted: Sequence[Instrument], span: Span) -> Fetched:
        """The closes of each asset. KitError `source_failed` when the source cannot be reached or answers nonsense."""

    def rates(self, pairs: Sequence[tuple[str, str]], span: Span) -> Fetched:
        """The rates of each (base, quote) currency pair. KitError as `closes`."""


def patiently(source: str, ask: Callable[[], Answer]) -> Answer:
    """The answer of a question that may be asked again: a failure of the network is tried three times in all.

    Only questions go through here, never anything that changes something. KitError `source_failed` at last.
    """
    stamina = library("stamina")
    try:
        for attempt in stamina.retry_context(on=OSError, attempts=ATTEMPTS, timeout=PATIENCE_SECONDS):
            with attempt:
                return ask()
    except Exception as error:  # a library may raise anything; whatever it was, the prices are not there
        raise source_failed(source, f"{type(error).__name__}: {error}") from error
    raise source_failed(source, "no attempt was made")


def library(name: str) -> ModuleType:
    """A library of the extra, imported when it is needed. UsageError when it is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(
            "extra_missing",
            where=same("--source"),
            wrong=Text(
                f"the library {error.name} is not installed", f"{error.name} 라이브러리가 설치되어 있지 않습니다"
            ),
            expected=Text(f"the extra {EXTRA}", f"추가 설치 항목 {EXTRA}"),
            fix=Text(f'run pip install "{EXTRA}"', f'pip install "{EXTRA}"을(를) 실행해 주세요'),
        ) from error


def source_failed(source: str, reason: str) -> KitError:
    """The failure of a source, on one line."""
    short = " ".join(reason.split())[:200]
    return KitError(
        "source_failed",
        where=same(source),
        wrong=Text(f"no prices came ({short})", f"가격을 받지 못했습니다({short})"),
        expected=Text("an answer with closes", "종가가 담긴 응답"),
        fix=Text("try again later, name another --source, or write prices.csv by hand",
                 "나중에 다시 하거나 다른 --source를 쓰거나 prices.csv를 직접 적어 주세요"),
    )  # fmt: skip


def exact(number: float, currency: str) -> Decimal | None:
    """A library's binary number as a price: to a hundredth of the minor unit, which is finer than exchanges quote and
    coarser than the noise of single precision. None for no number, zero and less."""
    if math.isnan(number) or math.isinf(number) or number <= 0:
        return None
    price = round_to(Decimal(str(number)), product(minor_unit(currency), Decimal("0.01")), Rounding.HALF_UP)
    return Decimal(plain(price)) if price > 0 else None


def exact_rate(number: float) -> Decimal | None:
    """A library's binary number as an exchange rate: seven significant digits, as rates are quoted and less than single
    precision blurs. None for no number, zero and less."""
    if math.isnan(number) or math.isinf(number) or number <= 0:
        return None
    return Decimal(plain(_RATE_DIGITS.create_decimal(str(number))))


def has_ended(exchange: Exchange, day: date, now: datetime) -> bool:
    """Whether the session of a day is over, so that its last price is a close."""
    if not is_session(exchange, day):
        return is_past(day, now)
    return now >= session_hours(exchange, day).closes


def is_past(day: date, now: datetime) -> bool:
    """Whether a day is over everywhere: currencies trade around the clock."""
    return day < now.astimezone(UTC).date()
