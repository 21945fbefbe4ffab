"""`rebalance worker ROOT`, which the dashboard starts: executes what its pages propose, and nothing else.

It ends when whoever started it is gone (its stdin closes) or asks it to (a signal), after the run it is in.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Annotated

import typer


def worker(
    root: Annotated[str, typer.Argument(metavar="DIR", help="A portfolio folder, or a folder of them.")],
) -> None:
    """Serve the proposals of the dashboard (started by it)."""
    from rebalance_kit.execution.worker import serve
    from rebalance_kit.portfolio.proposing import perform

    over = Event()
    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), lambda *_: over.set())
    Thread(target=_wait_for_the_end_of_input, args=(over,), daemon=True).start()
    folder = Path(root)
    serve(lambda: portfolio_folders(folder), perform, over.is_set, lambda: datetime.now(UTC))


def portfolio_folders(root: Path) -> Sequence[Path]:
    """The portfolio folders that a page may propose for: at the root and directly below it."""
    found = [root, *sorted(root.iterdir())] if root.is_dir() else []
    return [folder.resolve() for folder in found if (folder / "portfolio.yaml").is_file()]


def _wait_for_the_end_of_input(over: Event) -> None:
    # The descriptor itself: a buffered stream that a thread still reads is a fatal error when Python ends.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    over.set()
