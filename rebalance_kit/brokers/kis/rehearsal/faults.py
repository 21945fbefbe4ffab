"""What goes wrong, by script: a list of faults, each for some calls of one service.

    {"fault": "cut_after", "on": "order-cash", "call": 2}            the second order: booked, no answer
    {"fault": "throttle", "on": "*", "from": 5, "to": 9}             a storm of EGW00201
    {"fault": "slow", "on": "inquire-balance", "seconds": 3, "probability": 0.2}
    {"fault": "set", "on": "inquire-daily-ccld", "path": "output1.*.tot_ccld_qty", "value": "999"}

`on` is the last part of a path, a whole path, a tr_id, `token`, or `*`. `environment` and `where` (fields of the
request) narrow it; calls that match are counted from 1. Without `call`, `from`, `to` or `probability` the first
`times` calls (one) fail. A probability is drawn from the seed, the fault and the count: the same calls, the same
faults.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rebalance_kit.brokers.kis.rehearsal.matching import Part, Script
from rebalance_kit.brokers.kis.rehearsal.wire import Effects
from rebalance_kit.errors import UsageError
from rebalance_kit.words import Text

# Each kind with what it takes besides the common fields.
KINDS: dict[str, tuple[str, ...]] = {
    "hang_before": ("seconds",),  # never processed; no answer until the caller gives up
    "hang_after": ("seconds",),  # processed; no answer
    "late_accept": ("after", "seconds"),  # processed `after` seconds later; no answer
    "cut_before": (),  # connection reset, nothing processed
    "cut_after": (),  # processed, then the connection is reset
    "error_before": ("status", "code", "text", "html"),  # EGW00301 by default, nothing processed
    "error_after": ("status", "code", "text", "html"),  # the same words, but it was processed
    "garbled": (),  # processed; half of the JSON
    "empty": ("status",),  # an empty body, nothing processed
    "stale_reply": (),  # processed; answered with the answer before
    "slow": ("seconds",),
    "token_expired": (),
    "token_invalid": (),
    "throttle": (),
    "ledger_throttle": (),
    "reject": ("code", "text", "rt_cd"),  # a business refusal with HTTP 200
    "reject_later": ("after", "text"),  # accepted, then refused by the exchange
    "fills": ("parts",),  # [{"after": 1, "quantity": 8, "price": "21540"}, ...] instead of the market's answer
    "invisible": ("seconds",),  # the order shows in no list for so long
    "rows": ("value",),  # missing, twice, shuffled, filler, object, again
    "changed": (),  # a page after the first: data changed, ask again
    "order_number": ("value",),  # plain, zero, blank
    "no_cursor": (),
    "set": ("path", "value"),
    "padded": (),
}
_COMMON = ("fault", "on", "call", "from", "to", "probability", "times", "environment", "where")
_ROWS = ("missing", "twice", "shuffled", "filler", "object", "again")
_NUMBERS = ("plain", "zero", "blank")


@dataclass
class Fault:
    """One line of a script, and how often calls have matched it."""

    kind: str
    on: str
    given: Mapping[str, Any]
    seen: int = 0
    struck: int = 0

    def number(self, name: str, otherwise: float) -> float:
        return float(self.given.get(name, otherwise))

    def text(self, name: str, otherwise: str) -> str:
        return str(self.given.get(name, otherwise))

    def strikes(self, draw: float) -> bool:
        """Whether this fault strikes the call that was just counted."""
        given = self.given
        if "call" in given:
            calls = given["call"] if isinstance(given["call"], list) else [given["call"]]
            return self.seen in calls
        ranged = "from" in given or "to" in given
        if ranged and not given.get("from", 1) <= self.seen <= given.get("to", self.seen):
            return False
        if "probability" in given and draw >= float(given["probability"]):
            return False
        most = given.get("times", None if ranged or "probability" in given else 1)
        return most is None or self.struck < most


@dataclass
class Faults:
    """A script at work."""

    seed: int = 0
    faults: list[Fault] = field(default_factory=list)

    def load(self, script: Iterable[Mapping[str, Any]]) -> None:
        """Replace the script. UsageError names the line that is wrong."""
        self.faults = [_read(n, line) for n, line in enumerate(script, 1)]

    def add(self, **line: Any) -> None:
        """One more fault (`from_` stands for `from`)."""
        named = {name.rstrip("_"): value for name, value in line.items()}
        self.faults.append(_read(len(self.faults) + 1, named))

    def for_call(self, environment: str, path: str, tr_id: str, fields: Mapping[str, str]) -> list[Fault]:
        """The faults that strike a call; it is counted for all that match."""
        found = []
        for index, fault in enumerate(self.faults):
            if not _matches(fault, environment, path, tr_id, fields):
                continue
            fault.seen += 1
            if fault.strikes(_draw(self.seed, index, fault.seen)):
                fault.struck += 1
                found.append(fault)
        return found


def effects(faults: Iterable[Fault]) -> Effects:
    """What the faults change in the making of an answer."""
    made = Effects()
    for fault in faults:
        kind, value = fault.kind, fault.given.get("value")
        if kind == "fills":
            made.script = Script(tuple(_part(part) for part in fault.given["parts"]))
        elif kind == "reject_later":
            made.script = Script(reject_after=fault.number("after", 1.0), reason=fault.text("text", "거래소 거부"))
        elif kind == "invisible":
            made.invisible = fault.number("seconds", 3.0)
        elif kind == "rows":
            made.rows = str(value)
        elif kind == "order_number":
            made.number_form = str(value)
        elif kind == "set":
            made.overwrite = (*made.overwrite, (fault.text("path", ""), value))
        made.changed = made.changed or kind == "changed"
        made.no_cursor = made.no_cursor or kind == "no_cursor"
        made.padded = made.padded or kind == "padded"
    return made


def _part(given: Mapping[str, Any]) -> Part:
    from decimal import Decimal

    price = given.get("price")
    return Part(float(given.get("after", 0)), given.get("quantity"), None if price is None else Decimal(str(price)))


def _matches(fault: Fault, environment: str, path: str, tr_id: str, fields: Mapping[str, str]) -> bool:
    named = fault.on in ("*", path, tr_id, path.rsplit("/", 1)[-1]) or (fault.on == "token" and path.endswith("tokenP"))
    where = fault.given.get("where", {})
    return (
        named
        and fault.given.get("environment", environment) == environment
        and all(fields.get(name) == str(value) for name, value in where.items())
    )


def _draw(seed: int, index: int, seen: int) -> float:
    digest = hashlib.sha256(f"{seed}/{index}/{seen}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _read(line: int, given: Mapping[str, Any]) -> Fault:
    kind, on = given.get("fault"), given.get("on", "*")
    if kind not in KINDS:
        raise _bad(line, f"fault {kind!r}", ", ".join(KINDS))
    unknown = sorted(set(given) - set(_COMMON) - set(KINDS[kind]))
    if unknown:
        raise _bad(line, f"{kind}: {unknown[0]!r}", ", ".join((*_COMMON[1:], *KINDS[kind])))
    choices = {"rows": _ROWS, "order_number": _NUMBERS}.get(kind)
    if choices is not None and given.get("value") not in choices:
        raise _bad(line, f"{kind}: value {given.get('value')!r}", ", ".join(choices))
    if kind == "fills" and not (isinstance(given.get("parts"), list) and given["parts"]):
        raise _bad(line, f"{kind}: parts {given.get('parts')!r}", '[{"after": 1, "quantity": 8}]')
    return Fault(kind, str(on), dict(given))


def _bad(line: int, wrong: str, expected: str) -> UsageError:
    return UsageError(
        "bad_fault",
        where=Text(f"fault {line} of the script", f"장애 대본의 {line}번째 항목"),
        wrong=Text(f"{wrong} is not known", f"{wrong}은(는) 알 수 없는 값입니다"),
        expected=Text(expected, expected),
        fix=Text("correct the script", "대본을 고쳐 주세요"),
    )
