"""Where a desk stands: which folder it shows, what it loads while the browser is busy, and where failures are noted."""

from __future__ import annotations

import logging
import os
from importlib import import_module
from pathlib import Path

from rebalance_kit.dashboard.session import ROOT_VARIABLE, Courier

LOG_FILE = "desk.log"
_LOADED_AHEAD = (
    "holidays",
    "rebalance_kit.execution.history",
    "rebalance_kit.portfolio",
    "rebalance_kit.report.narrow",
    "rebalance_kit.dashboard.order_views",
)


def root_folder(root: str | Path | None) -> Path:
    """The folder that was named, else the launcher's, else `portfolios` here or above, else this one."""
    guesses = [path for path in (Path("portfolios"), Path("../portfolios")) if path.is_dir()]
    return Path(root or os.environ.get(ROOT_VARIABLE) or next(iter(guesses), Path())).resolve()


def worker_courier() -> Courier:
    """The courier to the worker process."""
    from rebalance_kit.dashboard.courier import WorkerCourier

    return WorkerCourier()


def load_ahead() -> None:
    """Modules that the first portfolio needs, loaded while the browser is still loading its own."""
    for name in _LOADED_AHEAD:
        import_module(name)


def note_failure(root: Path) -> None:
    """Write the exception that is being handled to a file beside the portfolios that only its owner can read."""
    log = logging.getLogger("rebalance_kit.dashboard.failures")
    handler = _log_file(root / LOG_FILE)
    log.addHandler(handler)
    try:
        log.exception("a callback of the desk failed")
    finally:
        log.removeHandler(handler)
        handler.close()


def _log_file(path: Path) -> logging.Handler:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        handler: logging.Handler = logging.FileHandler(path, encoding="utf-8")
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    return handler
