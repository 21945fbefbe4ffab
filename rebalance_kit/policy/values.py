"""The kinds of values that a policy holds: numbers as people write them, never as a YAML reader guesses them.

Values arrive from the file as text. A number is ASCII digits with an optional sign and decimal point: no exponent,
no thousands separator, no per cent sign, no `0x` and no underscore, so that what a person reads is what is
computed. Fifteen digits before the point and twelve after keep every product of the program exact.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

NUMBER = re.compile(r"[+-]?(?:[0-9]{1,15}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})")
WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
DAY = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _number(value: object) -> object:
    if isinstance(value, str) and not NUMBER.fullmatch(value.strip()):
        raise PydanticCustomError("not_a_number", "not a number written in digits")
    return value


def _whole(value: object) -> object:
    if isinstance(value, str) and not WHOLE.fullmatch(value.strip()):
        raise PydanticCustomError("not_a_whole_number", "not a whole number written in digits")
    return value


def _flag(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value.strip().lower() not in FLAGS:
        raise PydanticCustomError("not_a_flag", "neither true nor false")
    return FLAGS[value.strip().lower()]


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value.strip() if DAY.fullmatch(value.strip()) else "")
    except ValueError:
        raise PydanticCustomError("not_a_day", "not a day written 2026-04-01") from None


Number = Annotated[Decimal, BeforeValidator(_number), Field(allow_inf_nan=False)]
Weight = Annotated[Number, Field(ge=0, le=1)]
Rate = Annotated[Number, Field(ge=0, lt=1)]
Amount = Annotated[Number, Field(ge=0)]
Positive = Annotated[Number, Field(gt=0)]
Whole = Annotated[int, BeforeValidator(_whole)]
Month = Annotated[Whole, Field(ge=1, le=12)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Day = Annotated[date, BeforeValidator(_day)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(min_length=1, max_length=40)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Exchange = Literal["XKRX", "XNYS"]
