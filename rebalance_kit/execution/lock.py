"""Which file locks an account: one run at a time writes for it (`rebalance_kit.locks`)."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from rebalance_kit.brokers.base import Mode
from rebalance_kit.locks import FileLock, is_locked

__all__ = ["FileLock", "account_lock", "is_locked"]


def account_lock(folder: Path, account: str, mode: Mode) -> Path:
    """The lock file of an account; paper and live have their own."""
    return folder / f"{mode.value}-{_safe(account)}.lock"


def _safe(account: str) -> str:
    """An account's name as part of a file name; what had to be changed keeps a mark of its own."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", account)
    return plain if plain == account else f"{plain}-{hashlib.sha256(account.encode()).hexdigest()[:8]}"
