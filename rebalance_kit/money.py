"""Currencies and their minor units, named rounding, exact products, exact splitting of an amount, and how people
write money.

Amounts are `Decimal`. Nothing here touches the thread's decimal context: every operation that could round names its
own rounding, and `product` refuses to lose a digit.
"""

from __future__ import annotations

import decimal
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import floor

ZERO = Decimal(0)
ONE = Decimal(1)

# ISO 4217 minor units of the currencies that the brokers we read settle in.
MINOR_DIGITS: Mapping[str, int] = {
    "KRW": 0, "JPY": 0, "VND": 0,
    "USD": 2, "EUR": 2, "GBP": 2, "CHF": 2, "CAD": 2, "AUD": 2, "NZD": 2, "HKD": 2, "SGD": 2, "CNY": 2, "TWD": 2,
    "SEK": 2, "NOK": 2, "DKK": 2, "PLN": 2, "INR": 2, "ZAR": 2, "MXN": 2, "BRL": 2, "CNH": 2, "CZK": 2, "HUF": 2,
    "ILS": 2, "TRY": 2, "THB": 2, "MYR": 2, "SAR": 2, "AED": 2, "RUB": 2, "RON": 2,
}  # fmt: skip
SYMBOLS: Mapping[str, str] = {"KRW": "₩", "USD": "$", "JPY": "¥", "EUR": "€", "GBP": "£"}

_EXACT = decimal.Context(prec=120, traps=[decimal.Inexact, decimal.InvalidOperation, decimal.DivisionByZero])
_RATIO = decimal.Context(prec=28, rounding=decimal.ROUND_HALF_EVEN)
_QUANTIZE = decimal.Context(prec=120)


class Rounding(StrEnum):
    """The roundings that the program uses, by name."""

    DOWN = decimal.ROUND_DOWN  # towards zero: what a person may spend
    UP = decimal.ROUND_UP  # away from zero: what a cost may reach
    FLOOR = decimal.ROUND_FLOOR
    CEILING = decimal.ROUND_CEILING
    HALF_UP = decimal.ROUND_HALF_UP  # the valuation of a position


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of `currency`: 1 for KRW, 0.01 for USD. KeyError for a currency that is not known."""
    return Decimal(1).scaleb(-MINOR_DIGITS[currency])


def round_to(amount: Decimal, unit: Decimal, rounding: Rounding) -> Decimal:
    """`amount` as a multiple of `unit` (a tick, say), by a named rounding."""
    return round_fraction(Fraction(amount), unit, rounding)


def round_money(amount: Decimal, currency: str, rounding: Rounding) -> Decimal:
    """`amount` in whole minor units of `currency`, by a named rounding."""
    return amount.quantize(minor_unit(currency), rounding=rounding.value, context=_QUANTIZE)


def product(*factors: Decimal) -> Decimal:
    """The exact product: raises `decimal.Inexact` rather than lose a digit (120 digits are kept)."""
    result = ONE
    for factor in factors:
        result = _EXACT.multiply(result, factor)
    return result


def exact_sum(terms: Iterable[Decimal]) -> Decimal:
    """The exact sum: the built-in `sum` would round to the thread's context."""
    result = ZERO
    for term in terms:
        result = _EXACT.add(result, term)
    return result


def ratio(numerator: Decimal, denominator: Decimal) -> Decimal:
    """`numerator / denominator` to 28 digits: for showing. Yes/no questions compare products, never ratios."""
    return _RATIO.divide(numerator, denominator)


def as_decimal(value: Fraction) -> Decimal:
    """A fraction to 28 digits, for showing."""
    return ratio(Decimal(value.numerator), Decimal(value.denominator))


def round_fraction(value: Fraction, unit: Decimal, rounding: Rounding) -> Decimal:
    """An exact fraction as a multiple of `unit`, by a named rounding and without a decimal in between."""
    steps = value / Fraction(unit)
    whole = floor(steps)
    rest = steps - whole
    up = {
        Rounding.FLOOR: False,
        Rounding.CEILING: rest > 0,
        Rounding.DOWN: rest > 0 and whole < 0,
        Rounding.UP: rest > 0 and whole >= 0,
        Rounding.HALF_UP: rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole >= 0),
    }[rounding]
    return product(Decimal(whole + int(up)), unit)


def split_exactly(total: Decimal, parts: Mapping[str, Fraction], unit: Decimal) -> dict[str, Decimal]:
    """Round the exact `parts`, which sum to `total`, to multiples of `unit` that still sum to `total`.

    Largest remainder: every part is rounded down, then the missing units go to the largest remainders; of equal
    remainders the larger exact part first, then by code (definition 11). Parts must not be negative.
    """
    if any(part < 0 for part in parts.values()) or sum(parts.values(), Fraction(0)) != Fraction(total):
        raise ValueError("parts must not be negative and must sum to the total")
    floors = {code: floor(part / Fraction(unit)) for code, part in parts.items()}
    missing = Fraction(total) / Fraction(unit) - sum(floors.values())
    if missing.denominator != 1:
        raise ValueError(f"{total} is not a multiple of {unit}")
    order = sorted(parts, key=lambda code: (floors[code] - parts[code] / Fraction(unit), -parts[code], code))
    lucky = set(order[: missing.numerator])
    return {code: product(Decimal(floors[code] + (code in lucky)), unit) for code in parts}


def plain(value: Decimal) -> str:
    """The formatter that round-trips: no exponent, no trailing zeros, nothing lost."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def show_money(amount: Decimal, currency: str, *, signed: bool = False) -> str:
    """The formatter for people: ₩1,234,567, -₩350,000, $1,234.50, 12.30 CHF."""
    rounded = round_money(amount, currency, Rounding.HALF_UP)
    sign = "-" if rounded < 0 else "+" if signed and rounded > 0 else ""
    digits = f"{abs(rounded):,.{MINOR_DIGITS[currency]}f}"
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{digits}" if symbol else f"{sign}{digits} {currency}"


def show_percent(weight: Decimal, digits: int = 1) -> str:
    """A weight as people read it: 0.35 -> 35.0%."""
    return f"{_percent(weight, digits):,.{digits}f}%"


def show_points(drift: Decimal, digits: int = 2) -> str:
    """A drift in percentage points with its sign and no unit: 0.0364 -> +3.64."""
    return f"{_percent(drift, digits):+,.{digits}f}"


def _percent(value: Decimal, digits: int) -> Decimal:
    hundredfold = _QUANTIZE.multiply(value, Decimal(100))
    return hundredfold.quantize(Decimal(1).scaleb(-digits), rounding=decimal.ROUND_HALF_UP, context=_QUANTIZE)
