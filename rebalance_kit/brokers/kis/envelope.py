"""The service's replies as values: an envelope, rows, and texts that are numbers.

Every number is a text, with blanks, zeros or a plus before it, and empty for none. A list may be an object, an object
of blanks, or missing. Field names differ in case. Nothing is guessed: what is no number is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rebalance_kit.brokers.kis.secrets import scrubbed
from rebalance_kit.errors import BrokerError
from rebalance_kit.words import Text, same

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?|[+-]?\.\d{1,30}", re.ASCII)
_GOES_ON = frozenset({"F", "M"})


@dataclass(frozen=True, slots=True)
class Fields:
    """One object of a reply. Names are found whatever their case; a missing field reads as an empty one. Its values are
    not shown: they hold the account."""

    values: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Fields:
        """The fields of a JSON object, names in lower case, blanks around values taken off."""
        return cls({name.lower(): _text(value) for name, value in found.items()})

    @property
    def empty(self) -> bool:
        """Whether this is a filler: nothing in it but blanks and zeros."""
        return all(not value.strip("0.") for value in self.values.values())

    def text(self, name: str) -> str:
        """A field without the blanks around it."""
        return self.values.get(name.lower(), "")

    def number(self, name: str) -> Decimal | None:
        """A field as an exact number, without the zeros that fill it; None when it is empty. BrokerError for what is
        no number."""
        text = self.text(name)
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            raise unreadable(name, text)
        return _bare(Decimal(text))

    def needed(self, name: str) -> Decimal:
        """A number that must be there."""
        found = self.number(name)
        if found is None:
            raise unreadable(name, "")
        return found

    def whole(self, name: str) -> int:
        """A whole number; 0 when the field is empty."""
        found = self.number(name) or Decimal(0)
        if found != int(found):
            raise unreadable(name, self.text(name))
        return int(found)


@dataclass(frozen=True, slots=True)
class Body:
    """One reply of the service: its codes, its rows, and whether another page follows."""

    json: Mapping[str, Any] = field(repr=False)
    status: int
    goes_on: bool = False

    @property
    def ok(self) -> bool:
        return _text(self.json.get("rt_cd")) == "0"

    @property
    def code(self) -> str:
        """The message code; that of the other envelope (`error_code`) too."""
        return _text(self.json.get("msg_cd")) or _text(self.json.get("error_code"))

    @property
    def says(self) -> str:
        """The message, with account numbers masked."""
        return scrubbed(_text(self.json.get("msg1")) or _text(self.json.get("error_description")))

    def rows(self, name: str) -> tuple[Fields, ...]:
        """The objects under a key: of a list, or the one object; fillers are left out."""
        found = self.json.get(name)
        objects = found if isinstance(found, list) else [found]
        rows = (Fields.of(row) for row in objects if isinstance(row, dict))
        return tuple(row for row in rows if not row.empty)

    def one(self, name: str) -> Fields:
        """The one object under a key; without any, one in which every field is empty."""
        found = self.json.get(name)
        objects = found if isinstance(found, list) else [found]
        return next((Fields.of(row) for row in objects if isinstance(row, dict)), Fields({}))

    def cursor(self, ending: str) -> tuple[str, str]:
        """Where the next page begins: the two fields that are sent back. A mock account may leave them out."""
        keys = (f"ctx_area_fk{ending}", f"ctx_area_nk{ending}")
        lower = {name.lower(): value for name, value in self.json.items()}
        first, second = (str(lower.get(key) or "").strip() for key in keys)
        return first, second


def goes_on(header: str | None) -> bool:
    """Whether `tr_cont` announces another page. A cursor that is not empty announces nothing."""
    return (header or "").strip().upper() in _GOES_ON


def all_rows(pages: tuple[Body, ...], name: str) -> Iterator[Fields]:
    """The rows of every page, each once: a page may repeat the row that the one before ended with."""
    seen: set[tuple[tuple[str, str], ...]] = set()
    for page in pages:
        for row in page.rows(name):
            key = tuple(sorted(row.values.items()))
            if key not in seen:
                seen.add(key)
                yield row


def unreadable(name: str, text: str) -> BrokerError:
    """The refusal of a field that cannot be understood: nothing is sent on a guess."""
    shown = scrubbed(text)[:40]
    return BrokerError(
        "unreadable_reply",
        where=same(f"KIS {name}"),
        wrong=Text(f"the service wrote {shown!r}", f"서비스가 {shown!r}을(를) 보냈습니다"),
        expected=Text("a number", "숫자"),
        fix=Text("look for a newer version: the service has changed its replies",
                 "서비스의 응답 형식이 바뀌었으니 새 버전이 있는지 확인해 주세요"),
    )  # fmt: skip


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _bare(number: Decimal) -> Decimal:
    text = format(number, "f")
    return Decimal(text.rstrip("0").rstrip(".") or "0") if "." in text else number
