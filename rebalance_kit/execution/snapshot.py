"""The reconciled holdings: what the broker held after the last run, beside the file that a person writes.

`holdings.csv` opens the paper account once; from the first run on the broker owns the holdings (definition 26). The
snapshot is in the same format, and its first line says which run wrote it and from which `holdings.csv` it descends,
so that one file is replaced in one step and a later edit of the other is noticed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from rebalance_kit.brokers.base import Snapshot
from rebalance_kit.errors import DecisionNeeded
from rebalance_kit.holdings.model import Cash, Holdings, Position
from rebalance_kit.money import plain
from rebalance_kit.prices.model import PriceBook, Quote
from rebalance_kit.storage import storage_errors, write_atomically
from rebalance_kit.words import Text

FILE_NAME = "holdings.reconciled.csv"
SOURCE_NAME = "holdings.csv"
COLUMNS = ("date", "account", "code", "name", "quantity", "price", "currency", "cost")

_FIRST_LINE = re.compile(
    r"# reconciled by run (?P<run>\S+) at (?P<at>\S+) from (?P<source>[0-9a-f]{64}|-) content (?P<content>[0-9a-f]{64})"
    r"(?: held (?P<held>\d{4}-\d{2}-\d{2}))?"
)


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """Where a snapshot comes from. `source_sha256` is that of `holdings.csv` when it was read; `intact` says that
    nobody has edited the snapshot itself, `held_on` is the day of its quantities: the trading day of the run."""

    path: Path
    run_id: str
    written_at: datetime | None
    source_sha256: str
    intact: bool
    held_on: date | None = None


def write_snapshot(
    folder: Path,
    *,
    snapshot: Snapshot,
    holdings: Holdings,
    prices: PriceBook,
    run_id: str,
    source_sha256: str,
    now: datetime,
) -> Path:
    """Write the snapshot of one account, keeping the rows of every other account in `holdings`. StorageError if the
    disk refuses; the old file is then still whole."""
    others = tuple(p for p in holdings.positions if p.account != snapshot.account)
    kept_cash = tuple(c for c in holdings.cash if c.account != snapshot.account)
    after = Holdings((*others, *snapshot.positions), (*kept_cash, *snapshot.cash))
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(_rows(after, prices, snapshot.account))
    body = text.getvalue().encode()
    content = hashlib.sha256(body).hexdigest()
    first = f"# reconciled by run {run_id} at {now.isoformat()} from {source_sha256} content {content}"
    first += f" held {prices.on}\n"
    path = folder / FILE_NAME
    write_atomically(path, first.encode() + body)
    return path


def read_snapshot_info(folder: Path) -> SnapshotInfo | None:
    """What the snapshot's first line says; None without a snapshot. A file without such a line is not intact."""
    path = folder / FILE_NAME
    if not path.exists():
        return None
    with storage_errors(path):
        first, _, body = path.read_bytes().partition(b"\n")
    said = _FIRST_LINE.fullmatch(first.decode("utf-8", errors="replace").rstrip("\r"))
    if said is None:
        return SnapshotInfo(path, "", None, "", intact=False)
    intact = hashlib.sha256(body).hexdigest() == said["content"]
    held = date.fromisoformat(said["held"]) if said["held"] else None
    return SnapshotInfo(path, said["run"], datetime.fromisoformat(said["at"]), said["source"], intact, held)


def source_hash(folder: Path) -> str:
    """The hash of `holdings.csv` that the holdings in force descend from; `-` when there is no such file."""
    info = read_snapshot_info(folder)
    return info.source_sha256 if info is not None and info.source_sha256 else file_hash(folder / SOURCE_NAME)


def file_hash(path: Path) -> str:
    """SHA-256 of a file; `-` when there is none."""
    if not path.exists():
        return "-"
    with storage_errors(path):
        return hashlib.sha256(path.read_bytes()).hexdigest()


def holdings_in_force(folder: Path) -> Path:
    """The holdings file to read: the snapshot after a run, else `holdings.csv`.

    Raises DecisionNeeded when `holdings.csv` was edited after the run, or the snapshot by anybody.
    """
    info = read_snapshot_info(folder)
    if info is None:
        return folder / SOURCE_NAME
    if not info.intact:
        raise _edited(FILE_NAME, Text("it was edited by hand", "직접 고쳐졌습니다"))
    if file_hash(folder / SOURCE_NAME) != info.source_sha256:
        raise _edited(
            SOURCE_NAME, Text(f"it was edited after run {info.run_id}", f"실행 {info.run_id} 뒤에 고쳐졌습니다")
        )
    return info.path


def _rows(holdings: Holdings, prices: PriceBook, account: str) -> Iterator[tuple[str, ...]]:
    for position in holdings.positions:
        yield _position_row(position, prices.quote(position.code))
    held = {position.code for position in holdings.positions}
    for quote in sorted(prices.quotes.values(), key=lambda quote: quote.code):
        # A price that only a holdings file knew would be lost with the last share.
        if quote.code not in held and quote.source in (SOURCE_NAME, FILE_NAME):
            yield _position_row(Position(account, quote.code, Decimal(0), quote.currency, quote.name), quote)
    for cash in holdings.cash:
        yield _cash_row(cash)


def _position_row(position: Position, quote: Quote | None) -> tuple[str, ...]:
    return (
        quote.as_of.isoformat() if quote and quote.dated else "",
        position.account,
        position.code,
        position.name or (quote.name if quote and quote.name else ""),
        plain(position.quantity),
        plain(quote.price) if quote else "",
        position.currency,
        "" if position.cost is None else plain(position.cost),
    )


def _cash_row(cash: Cash) -> tuple[str, ...]:
    code = "DIVIDENDS" if cash.kind == "dividends" else "CASH"
    return ("", cash.account, code, "", plain(cash.amount), "", cash.currency, "")


def _edited(name: str, wrong: Text) -> DecisionNeeded:
    return DecisionNeeded(
        "holdings_edited",
        where=name,
        wrong=wrong,
        expected=Text("the holdings as the broker confirmed them", "증권사가 확인한 잔고"),
        fix=Text("undo the edit, or say who is right: `rebalance reconcile PORTFOLIO --take broker` (or `--take file`)",
                 "수정을 되돌리거나 어느 쪽이 맞는지 정하세요: `rebalance reconcile PORTFOLIO --take broker`(file)"),
    )  # fmt: skip
