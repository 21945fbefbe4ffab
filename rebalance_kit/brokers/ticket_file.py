"""Reading what a person was filled at: a CSV file of code, side, quantity, price and, if known, commission."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from rebalance_kit.brokers.ticket import TicketFill
from rebalance_kit.errors import HoldingsError
from rebalance_kit.money import ZERO, exact_sum, product
from rebalance_kit.orders import Side
from rebalance_kit.storage import storage_errors
from rebalance_kit.words import Text

NEEDED = ("code", "side", "quantity", "price")
MAX_BYTES = 1_000_000
_SIDES = {"buy": Side.BUY, "b": Side.BUY, "매수": Side.BUY, "sell": Side.SELL, "s": Side.SELL, "매도": Side.SELL}


def read_fills(path: Path) -> tuple[TicketFill, ...]:
    """The fills of a file, one for each order: rows for the same code and side are fills of the same order, and a row
    without a quantity tells of none. HoldingsError naming the line, StorageError when the file cannot be read."""
    with storage_errors(path):
        content = path.read_bytes()
    if len(content) > MAX_BYTES:
        raise _bad(path.name, "the file is too large", "파일이 너무 큽니다", "a list of fills", "체결 목록")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp949", errors="replace")
    rows = csv.DictReader(text.splitlines())
    names = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise _bad(f"{path.name}:1", f"no column {', '.join(missing)}", f"{', '.join(missing)} 열이 없습니다",
                   ", ".join((*NEEDED, "commission")), ", ".join((*NEEDED, "commission")))  # fmt: skip
    found: dict[tuple[str, Side], TicketFill] = {}
    for row in rows:
        cells = {name: (row.get(column or "") or "").strip() for name, column in names.items()}
        if not cells["quantity"]:
            continue
        fill = _fill(cells, f"{path.name}:{rows.line_num}")
        before = found.get((fill.code, fill.side))
        found[fill.code, fill.side] = fill if before is None else _together(before, fill)
    return tuple(found.values())


def _fill(cells: Mapping[str, str], line: str) -> TicketFill:
    side = _SIDES.get(cells["side"].lower())
    if side is None or not cells["code"]:
        raise _bad(line, f"{cells['code']!r} {cells['side']!r}", f"{cells['code']!r} {cells['side']!r}",
                   "a code, and BUY or SELL", "종목코드와 BUY 또는 SELL")  # fmt: skip
    quantity, price = _number(cells["quantity"], line, "quantity"), _number(cells["price"], line, "price")
    if quantity and not price:
        raise _bad(line, "the price is 0", "가격이 0입니다", "the price of the fill", "체결 가격")
    fee = _number(cells.get("commission") or "0", line, "commission")
    return TicketFill(cells["code"], side, quantity, product(quantity, price), fee, line)


def _together(one: TicketFill, other: TicketFill) -> TicketFill:
    sums = ((one.quantity, other.quantity), (one.amount, other.amount), (one.commission, other.commission))
    quantity, amount, fee = (exact_sum(pair) for pair in sums)
    return TicketFill(one.code, one.side, quantity, amount, fee, other.line)


def _number(text: str, line: str, column: str) -> Decimal:
    bare = text.replace(",", "").lstrip("₩$")
    whole, _, part = bare.partition(".")
    if not (whole + part).isascii() or not (whole + part).isdigit() or len(bare) > 20:
        raise _bad(line, f"{column} {text!r}", f"{column} {text!r}", "a number of 0 or more", "0 이상의 수")
    return Decimal(bare) if (whole + part).strip("0") else ZERO


def _bad(where: str, wrong: str, wrong_ko: str, expected: str, expected_ko: str) -> HoldingsError:
    fix = Text("correct the file and enter it again", "파일을 고쳐 다시 입력해 주세요")
    return HoldingsError(
        "bad_fills_file", where=where, wrong=Text(wrong, wrong_ko), expected=Text(expected, expected_ko), fix=fix
    )
