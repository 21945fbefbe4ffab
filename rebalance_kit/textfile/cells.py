"""What one cell says: an exact number, a date, or nothing. A cell that could mean two things is refused.

A number is digits with at most one decimal mark, with thousands separators only in exact groups of three. Around it
may stand, and nothing else: one sign (+ or -, also the typographic minus), one currency symbol ($ ₩ ￦ € £ ¥) before
it, 원 or 주 after it, or a pair of parentheses that makes it negative. Full-width digits count as digits. Percentages,
exponents, hexadecimal, NaN and infinity are no amounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from rebalance_kit.words import Text

MAX_DIGITS = 30  # enough for any holding; the exact products above stay within 120 digits

# Full-width forms (U+FF01..FF5E) stand 0xFEE0 above ASCII; the minus sign and the full-width won have their own places.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x2212: "-", 0xFFE6: "₩", 0x00A0: " "}
_NUMBER = re.compile(
    r"(?P<open>\()?(?P<sign>[+-])?(?P<symbol>[$₩€£¥])? ?(?P<sign2>[+-])?(?P<digits>[0-9.,]*[0-9])"
    r" ?(?P<unit>[원주])?(?P<close>\))?"
)
_USUAL = re.compile(r"(-?)\$?((?:[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.[0-9]+)?)")
_POINT = re.compile(r"([0-9]+|[1-9][0-9]{0,2}(,[0-9]{3})+)?(\.[0-9]+)?")
_COMMA = re.compile(r"([0-9]+|[1-9][0-9]{0,2}(\.[0-9]{3})+)?(,[0-9]+)?")
_DATE = re.compile(
    r"(?P<y>[0-9]{4})(?:(?P<s>[-/.]) ?(?P<m>[0-9]{1,2})(?P=s) ?(?P<d>[0-9]{1,2})\.?"
    r"|(?P<m2>[0-9]{2})(?P<d2>[0-9]{2})|년 ?(?P<m3>[0-9]{1,2})월 ?(?P<d3>[0-9]{1,2})일)"
    r"(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?"
)
_NOTHING = frozenset({"", "-", "--", "n/a", "na"})
_SYMBOL_CURRENCIES = {"$": ("USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN"), "₩": ("KRW",), "원": ("KRW",),
                      "€": ("EUR",), "£": ("GBP",), "¥": ("JPY", "CNY")}  # fmt: skip


class CellError(Exception):
    """A cell cannot be read: the row loop adds file, line and column to it."""

    def __init__(self, code: str, *, wrong: Text, expected: Text, fix: Text) -> None:
        self.code, self.wrong, self.expected, self.fix = code, wrong, expected, fix
        super().__init__(wrong.en)


class NumberStyle(StrEnum):
    """How a whole file writes decimals."""

    POINT = "point"  # 1,234.50
    COMMA = "comma"  # 1.234,50
    UNPROVEN = "unproven"  # nothing in the file tells 1,234 from 1.234


def shown(text: str, length: int = 40) -> str:
    """A text from outside as a message shows it: on one line, control characters escaped, cut to `length`."""
    short = text if len(text) <= length else text[: length - 1] + "…"
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in short)


def quoted(text: str) -> str:
    """A cell as a message shows it."""
    return f"'{shown(text)}'"


def half_width(text: str) -> str:
    """Full-width letters, digits and signs as ASCII, without blanks around them."""
    return text if text.isascii() else text.translate(_HALF_WIDTH).strip()


@lru_cache(maxsize=4096)
def literal(text: str) -> str:
    """The text that a spreadsheet was told to keep as text: `="069500"` and `'069500` mean 069500."""
    return _literal(text)


def _literal(text: str) -> str:
    """The same without a memory: numbers hardly come twice."""
    text = half_width(text)
    if text.startswith('="') and text.endswith('"') and len(text) > 3:
        return text[2:-1].strip()
    return text.removeprefix("'").strip()


def says_nothing(text: str) -> bool:
    """Whether an optional cell is left out: empty, or one of - -- n/a."""
    return text.casefold() in _NOTHING


def prove_style(cells: Iterable[str], delimiter: str) -> NumberStyle:
    """How the file writes decimals, from all its numbers.

    Two witnesses prove decimal commas when nothing contradicts them: a number that only reads with one (`1.105,00`,
    `110,50`), another such number, or semicolons between the cells, which programs write where the comma is taken.
    A file with semicolons and no proof of either style leaves `1,234` open.
    """
    comma_only = either = 0
    for cell in cells:
        if "," not in cell and "." not in cell:
            continue
        digits = re.sub(r"[^0-9.,]", "", half_width(cell))
        point, comma = bool(_POINT.fullmatch(digits)), bool(_COMMA.fullmatch(digits))
        if point and not comma:
            return NumberStyle.POINT  # nothing that follows can prove decimal commas
        comma_only += comma and not point
        either += point and comma
    if comma_only >= 1 and comma_only + (delimiter == ";") >= 2:
        return NumberStyle.COMMA
    if delimiter == ";" and either:
        return NumberStyle.UNPROVEN
    return NumberStyle.POINT


def read_number(cell: str, style: NumberStyle = NumberStyle.POINT) -> Decimal:
    """The exact number of a cell. CellError when it is none, or when it has two readings."""
    if len(cell) <= MAX_DIGITS:  # the usual cell, without a look at what else it could be
        usual = _USUAL.fullmatch(cell)
        if usual and (style is NumberStyle.POINT or cell.isdigit()):
            return Decimal(usual[1] + usual[2].replace(",", ""))
    text = _literal(cell)
    found = _NUMBER.fullmatch(text)
    if not found or not _signs_agree(found):
        raise _no_number(cell, text)
    digits = found["digits"]
    _refuse_other_style(cell, digits, style)
    separator = "." if style is NumberStyle.COMMA else ","
    plain = digits.replace(separator, "").replace(",", ".")
    if sum(char.isdigit() for char in plain) > MAX_DIGITS:
        raise CellError(
            "too_many_digits",
            wrong=Text(
                f"{quoted(cell)} has more than {MAX_DIGITS} digits",
                f"{quoted(cell)}의 숫자가 {MAX_DIGITS}자리를 넘습니다",
            ),
            expected=Text("a number that a holding can have", "보유 자산에 있을 수 있는 수"),
            fix=Text("correct the number", "숫자를 고쳐 주세요"),
        )
    negative = bool(found["open"]) or "-" in (found["sign"], found["sign2"])
    return Decimal(f"-{plain}" if negative else plain)


def symbol_disagrees(cell: str, currency: str) -> str | None:
    """The currency symbol in a cell that `currency` does not use, or None."""
    if cell.isascii():
        return "$" if "$" in cell and currency not in _SYMBOL_CURRENCIES["$"] else None
    text = half_width(cell)
    return next((s for s, used in _SYMBOL_CURRENCIES.items() if s in text and currency not in used), None)


@lru_cache(maxsize=4096)
def read_date(cell: str) -> date:
    """2026-03-04, 2026/3/4, 2026.03.04, 20260304 or 2026년 3월 4일; a time of day after it is ignored.

    CellError for anything else: 03/04/2026 is two dates.
    """
    found = _DATE.fullmatch(half_width(cell))
    try:
        if found:
            month = found["m"] or found["m2"] or found["m3"]
            day = found["d"] or found["d2"] or found["d3"]
            return date(int(found["y"]), int(month), int(day))
    except ValueError:
        pass
    raise CellError(
        "not_a_date",
        wrong=Text(f"{quoted(cell)} is not a date", f"{quoted(cell)}은(는) 날짜가 아닙니다"),
        expected=Text("year, month, day such as 2026-03-04", "2026-03-04처럼 연, 월, 일"),
        fix=Text("write the date that way", "그렇게 적어 주세요"),
    )


def read_moment(cell: str) -> datetime:
    """A moment with its time zone, as ISO 8601 writes it: 2026-03-04T15:40:00+09:00. CellError for anything else."""
    try:
        moment = datetime.fromisoformat(half_width(cell))
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is not None:
        return moment
    raise CellError(
        "not_a_moment",
        wrong=Text(f"{quoted(cell)} is not a moment with its time zone",
                   f"{quoted(cell)}은(는) 시간대가 있는 시각이 아닙니다"),
        expected=Text("date, time and zone such as 2026-03-04T15:40:00+09:00",
                      "2026-03-04T15:40:00+09:00처럼 날짜, 시각, 시간대"),
        fix=Text("write it that way or leave it empty", "그렇게 적거나 비워 주세요"),
    )  # fmt: skip


def _signs_agree(found: re.Match[str]) -> bool:
    signs = [found["sign"], found["sign2"], found["open"]]
    return bool(found["open"]) == bool(found["close"]) and sum(map(bool, signs)) <= 1


def _refuse_other_style(cell: str, digits: str, style: NumberStyle) -> None:
    point, comma = bool(_POINT.fullmatch(digits)), bool(_COMMA.fullmatch(digits))
    readable = {NumberStyle.POINT: point, NumberStyle.COMMA: comma, NumberStyle.UNPROVEN: digits.isdigit()}
    if readable[style]:
        return
    if style is NumberStyle.POINT and comma:
        wrong = Text(f"{quoted(cell)} reads only with a decimal comma, which the rest of the file does not prove",
                     f"{quoted(cell)}은(는) 쉼표가 소수점일 때만 읽히는데 파일이 이를 증명하지 않습니다")  # fmt: skip
    elif point or comma:
        wrong = Text(f"{quoted(cell)} can be read with a decimal comma or with a decimal point",
                     f"{quoted(cell)}은(는) 쉼표와 마침표 가운데 어느 것이 소수점인지 알 수 없습니다")  # fmt: skip
    else:
        wrong = Text(f"{quoted(cell)} is not grouped in threes", f"{quoted(cell)}의 자릿수 구분이 세 자리가 아닙니다")
    raise CellError("ambiguous_number", wrong=wrong, expected=_EXPECTED_NUMBER, fix=_WRITE_PLAIN)


def _no_number(cell: str, text: str) -> CellError:
    if text.endswith("%"):
        wrong = Text(f"{quoted(cell)} is a percentage", f"{quoted(cell)}은(는) 백분율입니다")
    elif not text:
        wrong = Text("the number is missing", "숫자가 없습니다")
    else:
        wrong = Text(f"{quoted(cell)} is not a number", f"{quoted(cell)}은(는) 숫자가 아닙니다")
    return CellError("not_a_number", wrong=wrong, expected=_EXPECTED_NUMBER, fix=_WRITE_PLAIN)


_EXPECTED_NUMBER = Text("a number such as 1234.5 or 1,234.5", "1234.5나 1,234.5 같은 숫자")
_WRITE_PLAIN = Text(
    "write it without separators and with a decimal point", "구분 기호 없이 소수점은 마침표로 적어 주세요"
)
