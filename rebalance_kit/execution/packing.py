"""Values of this room as JSON and back without loss: for the journal, and on the way from the worker to the desk."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

Value = TypeVar("Value")


@cache  # building one takes milliseconds, and a type never changes
def _build(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _adapter(kind: Any) -> TypeAdapter[Any]:
    return _build(kind)


def pack(kind: type[Value], value: Value) -> Any:
    """A dataclass as plain JSON values; every Decimal and date is a string."""
    return _adapter(kind).dump_python(value, mode="json")


def unpack(kind: type[Value], packed: object) -> Value:
    """The value that `pack` packed. ValueError (pydantic's) when it is something else."""
    value: Value = _adapter(kind).validate_python(packed)
    return value


def pack_text(kind: type[Value], value: Value) -> str:
    """`pack` as canonical JSON text: the same value is always the same text."""
    return json.dumps(pack(kind, value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def unpack_text(kind: type[Value], text: str) -> Value:
    """The value that `pack_text` wrote."""
    return unpack(kind, json.loads(text))
