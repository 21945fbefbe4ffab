"""Statements damaged at random, and what must hold of whatever is read from one: shared by a test and a benchmark."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.errors import InputError
from rebalance_kit.holdings.model import HoldingsFile, StatementAccount
from tests.statement_files import statement

PIECES = (
    b",", b'"', b"\n", b"\r\n", b";", b"\t", b"-", b"--", b"$", b"(", b")", b"%", b".", b"0", b"9", b"1e5", b"NaN",
    b"\xef\xbb\xbf", b"\0", b"\xff", b" ", b"{", b"}", b"[", b"]", b"<", b">", b"&", b"'", "한".encode(), b"null",
    b"Summary", b"Lot", b"Header", b"Total", b"9" * 36, b"1,23", b"1.234,56", b"/", b":", b"Account Total", b"Symbol",
)  # fmt: skip


_NOT_SILENT = frozenset({"total_mismatch", "total_unchecked", "unvalued_rows"})


@dataclass(slots=True)
class Tally:
    """How many damaged files were read, and how many were refused for what reason."""

    read: int = 0
    refused: dict[str, int] = field(default_factory=dict)


def mutated(data: bytes, dice: random.Random) -> bytes:
    """The bytes with one to eight damages: cut, repeated, replaced, moved, in bytes, cells or lines."""
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        data = dice.choice((_cut, _put, _swap_lines, _line, _cell, _end))(data, dice)
    return data


def check(name: str, data: bytes, tally: Tally) -> None:
    """Read a damaged file: a value that hides nothing, or one sentence in each language."""
    file: HoldingsFile | None = None
    refusal: InputError | None = None
    try:
        file = statement(data, name=name)
    except InputError as error:
        refusal = error
    if file is None:
        assert refusal is not None
        tally.refused[refusal.code] = tally.refused.get(refusal.code, 0) + 1
        assert refusal.message("ko")
        assert "\n" not in refusal.message("en")
        return
    tally.read += 1
    told = {finding.rule for finding in file.holdings.findings} & _NOT_SILENT
    for account in file.accounts:
        if account.total is not None and not _adds_up(file, account):
            assert told, f"{name}: {account.account} differs from its total in silence"


def _adds_up(file: HoldingsFile, account: StatementAccount) -> bool:
    name, total = account.account, account.total or Decimal(0)
    parts = [value for (held_in, _), value in file.values.items() if held_in == name]
    parts += [money.amount for money in file.holdings.cash if money.account == name]
    parts += [row.value for row in file.skipped if row.account == name and row.value is not None]
    gap = abs(sum(map(Fraction, parts), Fraction(0)) - Fraction(total))
    exponent = total.as_tuple().exponent
    return gap <= Fraction(Decimal(1).scaleb(int(exponent))) / 2


def _spot(data: bytes, dice: random.Random) -> tuple[int, int]:
    start = dice.randrange(len(data) + 1)
    return start, min(len(data), start + dice.choice((0, 1, 1, 2, 5, 20, 200)))


def _cut(data: bytes, dice: random.Random) -> bytes:
    start, end = _spot(data, dice)
    return data[:start] + data[end:]


def _put(data: bytes, dice: random.Random) -> bytes:
    start, end = _spot(data, dice)
    new = dice.choice((dice.choice(PIECES), bytes([dice.randrange(256)]), data[start:end] * 2))
    return data[:start] + new + data[dice.choice((start, end)) :]


def _swap_lines(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\n")
    one, two = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return b"\n".join(lines)


def _line(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\n")
    line = lines.pop(dice.randrange(len(lines)))
    for _ in range(dice.choice((0, 2))):
        lines.insert(dice.randrange(len(lines) + 1), line)
    return b"\n".join(lines)


def _cell(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\n")
    index = dice.randrange(len(lines))
    cells = lines[index].split(b",")
    cells[dice.randrange(len(cells))] = dice.choice(PIECES)
    lines[index] = b",".join(cells)
    return b"\n".join(lines)


def _end(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)]
