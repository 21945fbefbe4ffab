"""What was read of statements, kept in a portfolio folder: holdings.csv and lots.csv, replaced whole.

The accounts that the statements hold are replaced; the accounts that they do not name, and lots that they do not tell,
are kept. What stood there before stays as a backup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from rebalance_kit.brokers.paper import FILE_NAME as PAPER_FILE
from rebalance_kit.errors import DecisionNeeded, HoldingsError
from rebalance_kit.execution.snapshot import FILE_NAME as SNAPSHOT_FILE
from rebalance_kit.holdings.aids import aids_of
from rebalance_kit.holdings.files import read_document
from rebalance_kit.holdings.lots import read_lots
from rebalance_kit.holdings.summary import FileSummary
from rebalance_kit.holdings.writing import (
    HOLDINGS_FILE,
    LOTS_FILE,
    Contents,
    contents_of,
    holdings_csv,
    joined,
    lots_csv,
    refuse_changed,
)
from rebalance_kit.policy.loading import load_policy
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.model import Quote
from rebalance_kit.storage import keep_backup, write_atomically
from rebalance_kit.textfile.document import open_document
from rebalance_kit.words import Finding, Text, same

READABLE = 0o644


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the files, the backups of what they replaced, and what of the folder was kept."""

    files: tuple[Path, ...]
    backups: tuple[Path, ...]
    kept_accounts: tuple[str, ...]


def keep(
    folder: Path, files: Sequence[FileSummary], policy: Policy | None, day: date, *, force: bool
) -> tuple[Written, tuple[Finding, ...]]:
    """Write what the files hold. Raises HoldingsError when two files hold the same, or when something could not be
    read back to the digit; DecisionNeeded when a run has made the broker the owner of the holdings, unless `force`."""
    if not force:
        _refuse_owned(folder)
    new, findings = joined([(each.name, contents_of(each.file)) for each in files])
    whole_policy = load_policy(folder) if policy else None
    old = _present(folder, whole_policy, day)
    kept = old.without(new.accounts)
    whole, more = joined([(HOLDINGS_FILE, replace(kept, quotes=_needed(kept))), ("", new)])
    refuse_changed(whole, whole_policy, day)
    written, backups = [], []
    for name, data in ((LOTS_FILE, lots_csv(whole.lots) if whole.lots else b""), (HOLDINGS_FILE, holdings_csv(whole))):
        path = folder / name
        if not data or (path.exists() and path.read_bytes() == data):
            continue
        mode = READABLE
        if path.exists():
            mode = path.stat().st_mode & 0o777
            backups.append(keep_backup(path))
        write_atomically(path, data, mode=mode)
        written.append(path)
    return Written(tuple(written), tuple(backups), kept.accounts), (*findings, *more)


def _needed(contents: Contents) -> Mapping[str, Quote]:
    """The prices of what is kept, and those of a stated day: an old price without a day would pass for today's."""
    held = {position.code for position in contents.positions}
    return {code: quote for code, quote in contents.quotes.items() if code in held or quote.dated}


def _present(folder: Path, policy: Policy | None, day: date) -> Contents:
    """What the folder holds now: nothing without a holdings.csv."""
    path = folder / HOLDINGS_FILE
    lots = read_lots(folder / LOTS_FILE, policy) if (folder / LOTS_FILE).exists() else ()
    if not path.exists():
        return Contents(lots=lots)
    present = contents_of(read_document(open_document(path, HoldingsError), policy, day, aids=aids_of(folder)))
    return replace(present, lots=lots)


def _refuse_owned(folder: Path) -> None:
    owner = next((name for name in (SNAPSHOT_FILE, PAPER_FILE) if (folder / name).exists()), None)
    if owner is None:
        return
    raise DecisionNeeded(
        "holdings_owned",
        where=same(str(folder / HOLDINGS_FILE)),
        wrong=Text(f"since a run the account's own record ({owner}) says what is held, not this file",
                   f"실행 뒤에는 이 파일이 아니라 계좌 기록({owner})이 보유 내역을 정합니다"),
        expected=Text("a folder in which nothing was traded yet", "아직 거래하지 않은 폴더"),
        fix=Text(f"import into a new folder, or give --force and then remove {SNAPSHOT_FILE} and {PAPER_FILE}"
                 " to begin again",
                 f"새 폴더로 가져오거나, --force로 쓴 뒤 {SNAPSHOT_FILE}와 {PAPER_FILE}를 지워 다시 시작해 주세요"),
    )  # fmt: skip
