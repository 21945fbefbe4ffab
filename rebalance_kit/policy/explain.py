"""What pydantic found wrong with one value, in the words of the file: what is there, what belongs there, what to write.

Loaded only when a policy has a mistake, so that reading a good one stays quick.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING

from rebalance_kit.money import plain
from rebalance_kit.policy.problems import Path, Problem, dotted, show
from rebalance_kit.policy.schema import Schema, json_schema, known_keys, sections_with
from rebalance_kit.policy.values import NUMBER
from rebalance_kit.words import Text, same

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

SHARE = Text("a share from 0 to 1 (35 % is 0.35)", "0에서 1 사이의 비율(35 %는 0.35)")
NUMBER_IN_DIGITS = Text("a number in plain digits, such as 0.35 or 100000", "0.35나 100000처럼 숫자로만 쓴 수")
EXPONENT = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,12})?[eE][+-]?[0-9]")
CORRECT = Text("correct the value", "값을 고치십시오")


def explain(errors: Iterable[ErrorDetails], root: Path) -> tuple[Problem, ...]:
    """A problem for each of pydantic's errors; `root` leads to the section that was checked.

    A missing key is not reported when a key nearby is a misspelling of it.
    """
    schema = json_schema()
    placed = [((*root, *_steps(error["loc"])), error) for error in errors]
    meant = {_nearest(path, schema) for path, error in placed if error["type"] == "extra_forbidden"}
    return tuple(
        _explain(error, path, schema) for path, error in placed if not (error["type"] == "missing" and path in meant)
    )


def _steps(place: Path) -> Path:
    """pydantic's place without the names of alternatives, which the file does not have."""
    return tuple(step for step in place if step not in ("<one>", "<each>"))


def unknown_key(path: Path, schema: Schema) -> Problem:
    """A key that its section does not know, with the nearest one that it does, or the section that knows it."""
    key = str(path[-1])
    keys = known_keys(schema, path[:-1])
    nearest = _nearest(path, schema)
    wrong = Text(f"the key {show(key)} is not known", f"알 수 없는 키 {show(key)}입니다")
    if len(path) > 1:
        section = dotted(path[:-1])
        wrong = Text(f"{wrong.en} in {section}", f"{section}에서 {wrong.ko}")
    expected = Text(f"one of {', '.join(keys)}", f"{', '.join(keys)} 중 하나")
    fix = Text("remove the line", "이 줄을 지우십시오")
    homes = sorted(sections_with(schema, key))
    if nearest:
        expected = Text(f"`{nearest[-1]}`, the nearest known key", f"가장 가까운 키 `{nearest[-1]}`")
        fix = Text("correct the key or remove the line", "키를 고치거나 이 줄을 지우십시오")
    elif homes:
        expected = Text(f"it in {homes[0]}", f"{homes[0]} 아래의 키")
        fix = Text("move the line there", "이 줄을 그곳으로 옮기십시오")
    return Problem("unknown_key", path, wrong, expected, fix)


def _nearest(path: Path, schema: Schema) -> Path:
    """The path of the known key that is nearest to an unknown one; empty if none is, or another section has the key."""
    key = str(path[-1]).lower()
    known = {name.lower(): name for name in known_keys(schema, path[:-1])}
    cutoff = 0.8 if any(sections_with(schema, str(path[-1]))) else 0.5
    near = get_close_matches(key, known, n=1, cutoff=cutoff)
    return (*path[:-1], known[near[0]]) if near else ()


def _explain(error: ErrorDetails, path: Path, schema: Schema) -> Problem:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return unknown_key(path, schema)
    if kind == "missing":
        return _missing(path)
    if kind in ("enum", "literal_error"):
        return _unknown_word(path, value, str(context["expected"]))
    if path and path[-1] == "[key]":
        return _bad_name(path[:-1])
    if kind in KINDS:
        return _wrong_kind(path, value, kind)
    if kind in LIMITS:
        return _out_of_range(path, value, kind, str(context[LIMITS[kind][0]]))
    if kind == "not_a_number":
        return _not_a_number(path, str(value))
    wrong = Text(f"{_key(path)} is {show(value)}", f"{_key(path)} 값이 {show(value)}입니다")
    if not value:
        wrong = Text(f"{_key(path)} is empty", f"{_key(path)} 값이 비어 있습니다")
    expected, fix = OTHERS.get(kind, (same(error["msg"]), CORRECT))
    return Problem(OTHER_CODES.get(kind, "bad_value"), path, wrong, expected, fix)


# What kind of thing was expected where something of another kind stands.
_SECTION = (
    Text("a section of `key: value` lines", "`키: 값` 줄로 된 섹션"),
    Text("indent its keys below it", "그 아래에 키를 들여 쓰십시오"),
)
_LIST = (
    Text("a list", "목록"),
    Text("write it in brackets, or each item after a dash", "대괄호 안에 쓰거나 항목마다 `-` 뒤에 쓰십시오"),
)
_VALUE = (Text("a single value", "값 하나"), Text("write one value after the colon", "콜론 뒤에 값 하나만 쓰십시오"))
KINDS = {
    "model_type": _SECTION,
    "model_attributes_type": _SECTION,
    "dict_type": _SECTION,
    "tuple_type": _LIST,
    "string_type": _VALUE,
    "decimal_type": _VALUE,
    "int_type": _VALUE,
    "bool_type": _VALUE,
}
# The key of pydantic's limit, and how the limit is said.
LIMITS: dict[str, tuple[str, Callable[[str], Text]]] = {
    "greater_than": ("gt", lambda limit: Text(f"more than {limit}", f"{limit} 초과")),
    "greater_than_equal": ("ge", lambda limit: Text(f"{limit} or more", f"{limit} 이상")),
    "less_than": ("lt", lambda limit: Text(f"less than {limit}", f"{limit} 미만")),
    "less_than_equal": ("le", lambda limit: Text(f"{limit} or less", f"{limit} 이하")),
}
OTHERS = {
    "not_a_flag": (Text("true or false", "true 또는 false"), CORRECT),
    "not_a_day": (Text("a day such as 2026-04-01", "2026-04-01처럼 쓴 날짜"), CORRECT),
    "not_a_whole_number": (
        Text("a whole number in digits", "숫자로 쓴 정수"),
        Text("write it without a decimal point or unit", "소수점이나 단위 없이 쓰십시오"),
    ),
    "string_pattern_mismatch": (
        Text("three capital letters, such as KRW or USD", "KRW나 USD 같은 대문자 세 글자"),
        Text("write the currency's ISO code", "통화의 ISO 코드를 쓰십시오"),
    ),
    "string_too_long": (
        Text("a text that fits on a line", "한 줄에 들어가는 텍스트"),
        Text("shorten it", "짧게 쓰십시오"),
    ),
    "string_too_short": (
        Text("a text that is not empty", "비어 있지 않은 텍스트"),
        Text("write one, or remove the line", "값을 쓰거나 이 줄을 지우십시오"),
    ),
    "too_short": (
        Text("at least one entry", "항목 하나 이상"),
        Text("add an entry or remove the section", "항목을 넣거나 섹션을 지우십시오"),
    ),
    "too_long": (
        Text("two weights, the lower and the upper", "하한과 상한, 두 비중"),
        Text("write [lower, upper]", "[하한, 상한]으로 쓰십시오"),
    ),
}
OTHER_CODES = {
    "not_a_flag": "not_true_or_false",
    "not_a_day": "not_a_day",
    "not_a_whole_number": "not_a_whole_number",
    "string_pattern_mismatch": "unknown_currency",
    "string_too_short": "empty_value",
    "too_short": "empty_section",
}


def _key(path: Path) -> str:
    """The key that a message names; of a list's item, the list with its position."""
    return dotted(path[-2:]) if isinstance(path[-1], int) else str(path[-1])


def _missing(path: Path) -> Problem:
    if isinstance(path[-1], int):
        wrong = Text(f"{path[-2]} has one limit only", f"{path[-2]}에 값이 하나뿐입니다")
        return Problem("bad_value", path[:-1], wrong, *OTHERS["too_long"])
    section = dotted(path[:-1])
    return Problem(
        "missing_key",
        path,
        Text(f"{section} has no {path[-1]}", f"{section}에 {path[-1]} 키가 없습니다"),
        Text(f"the key `{path[-1]}`", f"`{path[-1]}` 키"),
        Text(f"add a line `{path[-1]}: ...`", f"`{path[-1]}: ...` 줄을 추가하십시오"),
    )


def _unknown_word(path: Path, value: object, listed: str) -> Problem:
    words = listed.replace("'", "").replace(" or ", ", ").split(", ")
    near = get_close_matches(str(value).lower(), words, n=1, cutoff=0.6)
    fix = Text("choose one of them", "그중 하나를 고르십시오")
    if near:
        fix = Text(
            f"write `{path[-1]}: {near[0]}`, if that is meant", f"그 뜻이라면 `{path[-1]}: {near[0]}`(으)로 쓰십시오"
        )
    wrong = Text(f"{_key(path)} is {show(value)}", f"{_key(path)} 값이 {show(value)}입니다")
    expected = Text(f"one of {', '.join(words)}", f"{', '.join(words)} 중 하나")
    return Problem("unknown_word", path, wrong, expected, fix)


def _bad_name(path: Path) -> Problem:
    wrong = Text(f"the name {show(path[-1])} is empty or too long", f"이름 {show(path[-1])}이(가) 비었거나 너무 깁니다")
    expected = Text("a name of 1 to 200 characters", "1~200자의 이름")
    return Problem("bad_name", path, wrong, expected, Text("rename it", "이름을 바꾸십시오"))


def _wrong_kind(path: Path, value: object, kind: str) -> Problem:
    expected, fix = KINDS[kind]
    found = Text(f"the text {show(value)}", f"텍스트 {show(value)}")
    if isinstance(value, list):
        found = Text("a list", "목록")
    elif isinstance(value, dict):
        found = Text("a section", "섹션")
    wrong = Text(f"{_key(path)} is {found.en}", f"{_key(path)} 값이 {found.ko}입니다")
    return Problem("wrong_kind", path, wrong, expected, fix)


def _out_of_range(path: Path, value: object, kind: str, limit: str) -> Problem:
    text = str(value).strip()
    wrong = Text(f"{_key(path)} is {show(text)}", f"{_key(path)} 값이 {show(text)}입니다")
    if limit == "1" and kind.startswith("less"):
        share = _as_share(text)
        fix = Text(f"write {_key(path)}: {share}", f"{_key(path)}: {share}(으)로 쓰십시오") if share else CORRECT
        return Problem("percent_for_share" if share else "out_of_range", path, wrong, SHARE, fix)
    return Problem("out_of_range", path, wrong, LIMITS[kind][1](limit), CORRECT)


def _not_a_number(path: Path, value: str) -> Problem:
    """A per cent sign, a thousands separator, a unit, an exponent, or no number at all: said, never guessed."""
    wrong = Text(f"{_key(path)} is {show(value)}", f"{_key(path)} 값이 {show(value)}입니다")
    text = value.strip()
    if text.endswith(("%", "％")):
        share = _as_share(text[:-1].strip())
        fix = Text(f"write {_key(path)}: {share}", f"{_key(path)}: {share}(으)로 쓰십시오") if share else CORRECT
        return Problem("percent_for_share", path, wrong, SHARE, fix)
    bare = text.replace(",", "").replace("_", "")
    fix = Text("write digits only", "숫자만 쓰십시오")
    if bare != text and NUMBER.fullmatch(bare) and "," not in text[-3:]:
        fix = Text(f"write {bare}, without separators", f"구분 기호 없이 {bare}(으)로 쓰십시오")
    elif EXPONENT.fullmatch(text):
        digits = plain(Decimal(text))
        fix = Text(f"write {digits}, without an exponent", f"지수 없이 {digits}(으)로 쓰십시오")
    return Problem("not_a_number", path, wrong, NUMBER_IN_DIGITS, fix)


def _as_share(text: str) -> str | None:
    """What a number of per cent is as a share, for one from 0 to 100."""
    if not NUMBER.fullmatch(text) or not 0 <= Decimal(text) <= 100:
        return None
    return plain(Decimal(text).scaleb(-2))
