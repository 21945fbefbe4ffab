"""JSON from outside, strictly: of a sane size and depth, no key twice, no number that is none, nothing after the end.

Nothing is repaired: a cut, fenced or commented document is refused with its line, because a repaired one may say
something that nobody wrote.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from rebalance_kit.arguments import nearest
from rebalance_kit.errors import InputError
from rebalance_kit.words import Text, same

LARGEST = 16_384  # characters: a hundred orders with their reasons are a third of it
DEEPEST = 8
LONGEST_NUMBER = 30  # digits: more is no quantity, and converting it would only cost time
SHOWN = 60

JsonValue = dict[str, Any] | list[Any] | str | int | Decimal | bool | None


class ProposalError(InputError):
    """A proposal, or a decision about targets, that cannot be read. Nothing of it was used."""


def read_json_file(path: Path) -> JsonValue:
    """The document of a file. Raises ProposalError for a file that is missing, unreadable, too large or no JSON."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= LARGEST * 4 else b""
    except OSError as error:
        reason = error.strerror or str(error)
        raise fault(
            "file",
            str(path),
            Text(f"it cannot be read ({reason})", f"읽을 수 없습니다({reason})"),
            Text("a JSON file", "JSON 파일"),
            Text("check the path", "경로를 확인해 주세요"),
        ) from None
    if size > LARGEST * 4:
        raise _too_large(str(path), size)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise fault(
            "not_utf8",
            str(path),
            Text(f"byte {error.start + 1} is no UTF-8", f"{error.start + 1}번째 바이트가 UTF-8이 아닙니다"),
            Text("a JSON file in UTF-8", "UTF-8로 저장한 JSON 파일"),
            Text("save it as UTF-8", "UTF-8로 저장해 주세요"),
        ) from None
    return read_json(text, str(path))


def read_json(text: str, source: str) -> JsonValue:
    """The document of a text; numbers with a point are Decimals. `source` names it in errors. Raises ProposalError."""
    if len(text) > LARGEST:
        raise _too_large(source, len(text))
    _refuse_depth(text, source)
    try:
        return json.loads(  # type: ignore[no-any-return]  # json.loads is typed as Any
            text,
            object_pairs_hook=lambda pairs: _object(pairs, source),
            parse_float=lambda digits: _number(digits, source),
            parse_int=lambda digits: int(_number(digits, source)),
            parse_constant=lambda name: _no_number(name, source),
        )
    except json.JSONDecodeError as error:
        raise fault(
            "no_json",
            f"{source}:{error.lineno}",
            Text(f"column {error.colno}: {error.msg}", f"{error.colno}번째 글자: JSON이 아닙니다({error.msg})"),
            Text("one JSON document and nothing else", "JSON 문서 하나"),
            Text("write it without comments, fences or text around it", "주석, 코드 울타리, 설명 없이 적어 주세요"),
        ) from None


def record(value: object, place: str, allowed: Sequence[str], source: str) -> dict[str, Any]:
    """An object whose keys are all known. Raises ProposalError with the nearest known key."""
    if not isinstance(value, dict):
        raise wrong_value(source, place, value, Text("an object in braces", "중괄호로 묶은 객체"))
    for key in value:
        if key not in allowed:
            near = nearest(key, tuple(allowed))
            known = Text(f"one of {', '.join(allowed)}", f"다음 중 하나: {', '.join(allowed)}")
            fix = Text(f"did you mean {near}?", f"{near}을(를) 뜻했나요") if near else Text("leave it out", "빼 주세요")
            raise fault(
                "unknown_key",
                f"{source}: {place}",
                Text(f"{short(key)} is not known", f"{short(key)}은(는) 모르는 키입니다"),
                known,
                fix,
            )
    return value


def text_of(value: object, place: str, source: str, longest: int) -> str:
    """A text of at most `longest` printable characters. Raises ProposalError."""
    if not isinstance(value, str) or len(value) > longest or not all(c.isprintable() or c in "\n\t" for c in value):
        expected = Text(f"a text of at most {longest} printable characters", f"{longest}자 이하의 글")
        raise wrong_value(source, place, value, expected)
    return value


def wrong_value(source: str, place: str, value: object, expected: Text) -> ProposalError:
    """A value that cannot be used, shown shortened."""
    shown = short(value)
    return fault(
        "bad_value",
        f"{source}: {place}",
        Text(f"{shown} cannot be used", f"{shown}은(는) 쓸 수 없습니다"),
        expected,
        Text("write it that way", "그렇게 적어 주세요"),
    )


def fault(code: str, where: str, wrong: Text, expected: Text, fix: Text) -> ProposalError:
    """One located sentence."""
    return ProposalError(f"proposal_{code}", where=same(where), wrong=wrong, expected=expected, fix=fix)


def short(value: object) -> str:
    """A value for a message: JSON on one line, cut."""
    shown = json.dumps(value, ensure_ascii=True, default=str)
    return shown if len(shown) <= SHOWN else f"{shown[: SHOWN - 1]}…"


def _object(pairs: Iterable[tuple[str, Any]], source: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise fault(
                "key_twice",
                source,
                Text(
                    f"the key {short(key)} stands twice in one object",
                    f"한 객체에 키 {short(key)}이(가) 두 번 있습니다",
                ),
                Text("each key once", "키마다 한 번"),
                Text("keep one of the two", "하나만 남겨 주세요"),
            )
        made[key] = value
    return made


def _number(digits: str, source: str) -> Decimal:
    if len(digits) <= LONGEST_NUMBER:
        try:
            number = Decimal(digits)
        except InvalidOperation:  # an exponent beyond what a Decimal holds
            return _no_number(digits, source)
        if abs(number.adjusted()) <= LONGEST_NUMBER:
            return number
    return _no_number(digits, source)


def _no_number(digits: str, source: str) -> Decimal:
    raise wrong_value(source, "number", digits, Text("a number of ordinary size", "보통 크기의 수"))


def _refuse_depth(text: str, source: str) -> None:
    """The reader recurses: brackets outside of texts are counted before it starts."""
    depth = 0
    inside, skipping = False, False
    for letter in text:
        if skipping:
            skipping = False
        elif letter == "\\":
            skipping = inside
        elif letter == '"':
            inside = not inside
        elif not inside and letter in "[{":
            depth += 1
            if depth > DEEPEST:
                raise fault(
                    "too_deep",
                    source,
                    Text(f"it nests deeper than {DEEPEST} levels", f"{DEEPEST}단계보다 깊게 겹쳐 있습니다"),
                    Text("a list of orders", "주문 목록"),
                    Text("write it flat", "겹치지 않게 적어 주세요"),
                )
        elif not inside and letter in "]}":
            depth -= 1


def _too_large(source: str, size: int) -> ProposalError:
    return fault(
        "too_large",
        source,
        Text(f"it has {size:,} characters", f"{size:,}자입니다"),
        Text(f"at most {LARGEST:,}", f"{LARGEST:,}자 이하"),
        Text("shorten the reasons, or propose fewer orders", "사유를 줄이거나 주문을 나누어 주세요"),
    )
