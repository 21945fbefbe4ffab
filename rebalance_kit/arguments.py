"""Arguments of commands and calls, read one way for the shell, the notebook and the desk.

Each function takes the argument's name for the message, and raises UsageError with the value that was given.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from rebalance_kit.errors import UsageError
from rebalance_kit.words import Text, same

Choice = TypeVar("Choice", bound=StrEnum)

# Plain digits, or groups of exactly three: 1000000, 1,000,000, 1_000_000, 1000.50. Anything else is refused.
_AMOUNT = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+|\d{1,3}(_\d{3})+)(\.\d+)?")
_LONGEST = 40


def amount(name: str, value: Decimal | int | str, *, negative: bool = False) -> Decimal:
    """An exact amount. A float is refused: it has already lost what was meant. Zero is refused."""
    parsed = _number(value)
    if parsed is None or parsed == 0 or (parsed < 0 and not negative):
        raise bad_argument(
            name,
            value,
            Text("an amount above zero such as 1000000 or 1,000,000", "1000000이나 1,000,000처럼 0보다 큰 금액")
            if not negative
            else Text("an amount such as 1000000 or -500,000, not zero", "1000000이나 -500,000처럼 0이 아닌 금액"),
        )
    return parsed


def share(name: str, value: Decimal | int | str) -> Decimal:
    """A fraction above zero and at most one."""
    parsed = _number(value)
    if parsed is None or not 0 < parsed <= 1:
        raise bad_argument(
            name, value, Text("a share above 0 and at most 1, such as 0.5", "0.5처럼 0보다 크고 1 이하인 비율")
        )
    return parsed


def count(name: str, value: int | str) -> int:
    """A whole number above zero."""
    parsed = _number(value)
    if parsed is None or parsed <= 0 or parsed != int(parsed):
        raise bad_argument(name, value, Text("a whole number above zero such as 12", "12처럼 0보다 큰 정수"))
    return int(parsed)


def day(name: str, value: date | str) -> date:
    """A calendar date, written 2026-04-01."""
    if isinstance(value, date):
        return value
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            raise ValueError(value)
        return date.fromisoformat(value)
    except ValueError:
        raise bad_argument(name, value, Text("a date such as 2026-04-01", "2026-04-01처럼 쓴 날짜")) from None


def choice(kind: type[Choice], name: str, value: str) -> Choice:
    """One of the names of an enumeration; the message offers the nearest."""
    try:
        return kind(value)
    except ValueError:
        names = ", ".join(kind)
        near = nearest(value, tuple(kind))
        fix = Text(f"did you mean {near}?", f"{near}을(를) 뜻했나요") if near else None
        raise bad_argument(name, value, Text(f"one of {names}", f"다음 중 하나: {names}"), fix) from None


def nearest(value: str, known: tuple[str, ...]) -> str | None:
    """The known word that looks most like `value`, or None if none does."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(value, known, n=1)), None)


def bad_argument(name: str, value: object, expected: Text, fix: Text | None = None) -> UsageError:
    """The error for an argument that cannot be used; the value is shown, shortened."""
    shown = repr(value) if isinstance(value, str) else str(value)
    shown = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
    return UsageError(
        "bad_argument",
        where=same(name),
        wrong=Text(f"{shown} cannot be used", f"{shown}은(는) 쓸 수 없습니다"),
        expected=expected,
        fix=fix or Text("write it that way", "그렇게 적어 주세요"),
    )


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        return None
    if isinstance(value, str):
        text = value.strip()
        return Decimal(re.sub("[,_]", "", text)) if _AMOUNT.fullmatch(text) and text.isascii() else None
    number = Decimal(value)
    return number if number.is_finite() else None
