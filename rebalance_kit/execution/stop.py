"""The kill switch: while a file named STOP is in the portfolio folder, no order leaves."""

from __future__ import annotations

from pathlib import Path

from rebalance_kit.storage import storage_errors, write_atomically

FILE_NAME = "STOP"


def is_stopped(folder: Path) -> bool:
    """Whether the kill switch is on."""
    return (folder / FILE_NAME).exists()


def set_stopped(folder: Path, on: bool) -> None:
    """Switch it on or off. StorageError when the folder cannot be written to."""
    if on:
        write_atomically(folder / FILE_NAME, b"No order is sent while this file is here.\n")
        return
    with storage_errors(folder / FILE_NAME):
        (folder / FILE_NAME).unlink(missing_ok=True)
