"""Orders that somebody else proposes, in both shapes of source document 004.

    {"sell_orders": [{"ticker": "069500", "name": "...", "quantity": 10, "reason": "..."}], "buy_orders": [...]}
    [{"ticker": "069500", "side": "SELL", "quantity": 10, "reason": "..."}]

In a bare list each order says its side, unless whoever asked for the list asked for one side alone. `ticker` is the
code (`code` means the same). Nothing here is a plan: what is read has the right form, and no more.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from rebalance_kit.money import plain
from rebalance_kit.orders import Side
from rebalance_kit.proposals.door import (
    JsonValue,
    ProposalError,
    fault,
    read_json,
    read_json_file,
    record,
    text_of,
    wrong_value,
)
from rebalance_kit.words import Text

MOST_ORDERS = 200
MOST_SHARES = 10**12
LONGEST_REASON = 500
_KEYS = ("ticker", "code", "name", "side", "quantity", "reason", "account")
_CODE = re.compile(r"[A-Za-z0-9./-]{1,20}")
_LISTS = {"sell_orders": Side.SELL, "buy_orders": Side.BUY}


@dataclass(frozen=True, slots=True)
class Wish:
    """One order that somebody wants. `reason` and `name` are only ever shown, never obeyed. `place` says where it
    stands in the document."""

    code: str
    side: Side
    quantity: Decimal
    reason: str
    name: str
    account: str | None
    place: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Every order of a document, as it was written. `digest` is the SHA-256 of its canonical form."""

    source: str
    wishes: tuple[Wish, ...]

    @property
    def digest(self) -> str:
        lines = sorted(f"{w.account or ''} {w.code} {w.side} {plain(w.quantity)}" for w in self.wishes)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def read_proposal_file(path: Path) -> Proposal:
    """The proposal of a JSON file. Raises ProposalError with the place of what is wrong."""
    return _proposal(read_json_file(path), str(path), None)


def read_proposal(text: str, source: str, side: Side | None = None) -> Proposal:
    """The proposal of a JSON text. `side` is that of a bare list that was asked for one side alone; an order of the
    other side is then refused. Raises ProposalError with the place of what is wrong."""
    return _proposal(read_json(text, source), source, side)


def _proposal(document: JsonValue, source: str, side: Side | None) -> Proposal:
    wishes = tuple(_wishes(document, source, side))
    if len(wishes) > MOST_ORDERS:
        raise fault(
            "too_many_orders",
            source,
            Text(f"{len(wishes)} orders", f"주문이 {len(wishes)}건입니다"),
            Text(f"at most {MOST_ORDERS}", f"{MOST_ORDERS}건 이하"),
            Text("propose fewer", "주문을 줄여 주세요"),
        )
    seen: dict[tuple[str | None, str], Wish] = {}
    for wish in wishes:
        if (earlier := seen.get((wish.account, wish.code))) is not None:
            raise _twice(source, earlier, wish)
        seen[wish.account, wish.code] = wish
    return Proposal(source, wishes)


def _wishes(document: JsonValue, source: str, side: Side | None) -> Iterator[Wish]:
    if isinstance(document, list):
        yield from _list(document, "", source, side)
        return
    lists = record(document, "document", tuple(_LISTS), source)
    if not lists:
        raise wrong_value(
            source, "document", document, Text("sell_orders, buy_orders or a list", "sell_orders, buy_orders 또는 목록")
        )
    for name, own in _LISTS.items():
        if name in lists:
            if side is not None and own is not side and lists[name]:
                raise wrong_value(source, name, lists[name], Text(f"{side} orders alone", f"{side} 주문만"))
            yield from _list(lists[name], name, source, own)


def _list(value: object, name: str, source: str, side: Side | None) -> Iterator[Wish]:
    if not isinstance(value, list):
        raise wrong_value(source, name, value, Text("a list of orders", "주문 목록"))
    for i, item in enumerate(value):
        yield _wish(record(item, f"{name}[{i}]", _KEYS, source), f"{name}[{i}]", source, side)


def _wish(item: dict[str, Any], place: str, source: str, side: Side | None) -> Wish:
    account = item.get("account")
    return Wish(
        code=_code(item, place, source),
        side=_side(item, place, source, side),
        quantity=_quantity(item.get("quantity"), f"{place}.quantity", source),
        reason=text_of(item.get("reason", ""), f"{place}.reason", source, LONGEST_REASON),
        name=text_of(item.get("name", ""), f"{place}.name", source, LONGEST_REASON),
        account=None if account is None else text_of(account, f"{place}.account", source, 100),
        place=place,
    )


def _code(item: dict[str, Any], place: str, source: str) -> str:
    codes = [item[key] for key in ("ticker", "code") if key in item]
    if len(codes) == 2 and codes[0] != codes[1]:
        raise wrong_value(
            source,
            f"{place}.code",
            codes[1],
            Text("the same as ticker, or one of the two", "ticker와 같은 값, 또는 둘 중 하나"),
        )
    expected = Text('a code in quotes such as "069500"', '"069500"처럼 따옴표로 묶은 코드')
    if not codes or not isinstance(codes[0], str) or not _CODE.fullmatch(codes[0]):
        raise wrong_value(source, f"{place}.ticker", codes[0] if codes else None, expected)
    return codes[0]


def _side(item: dict[str, Any], place: str, source: str, side: Side | None) -> Side:
    stated = item.get("side")
    if stated is None and side is not None:
        return side
    if stated not in ("BUY", "SELL"):
        raise wrong_value(source, f"{place}.side", stated, Text('"BUY" or "SELL"', '"BUY" 또는 "SELL"'))
    if side is not None and stated != side:
        raise wrong_value(source, f"{place}.side", stated, Text(f'"{side}", as the list says', f'목록과 같은 "{side}"'))
    return Side(stated)


def _quantity(value: object, place: str, source: str) -> Decimal:
    """A number above zero; a text is taken where it is one, as fractional accounts write it."""
    expected = Text("a number of shares above zero such as 10", "10처럼 0보다 큰 수량")
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise wrong_value(source, place, value, expected)
    if isinstance(value, str) and not _is_decimal(value):
        raise wrong_value(source, place, value, expected)
    number = Decimal(value)
    if not 0 < number <= MOST_SHARES:
        raise wrong_value(source, place, plain(number), expected)
    return number


def _is_decimal(text: str) -> bool:
    whole, point, rest = text.partition(".")
    digits = (whole, rest) if point else (whole,)
    return len(text) <= 30 and all(part.isascii() and part.isdigit() for part in digits)


def _twice(source: str, earlier: Wish, wish: Wish) -> ProposalError:
    places = f"{earlier.place}, {wish.place}"
    return fault(
        "order_twice",
        f"{source}: {places}",
        Text(f"{wish.code} stands twice", f"{wish.code} 주문이 두 번 있습니다"),
        Text("one order for each asset", "종목마다 주문 하나"),
        Text("add them up, or keep one", "합치거나 하나만 남겨 주세요"),
    )
