"""What the runs of a folder have traded, oldest first: the trades that lots are followed through."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from rebalance_kit.brokers.base import Mode
from rebalance_kit.execution.history import runs
from rebalance_kit.execution.records import Attempt, RunRecord
from rebalance_kit.money import exact_sum
from rebalance_kit.orders import Side
from rebalance_kit.tax.following import Fill


def fills(folder: Path, mode: Mode = Mode.PAPER) -> tuple[Fill, ...]:
    """Every fill of every account. Raises as `history.runs`."""
    return tuple(fill for run in reversed(runs(folder, None, mode)) for fill in _of(run))


def _of(run: RunRecord) -> Iterator[Fill]:
    for attempt in run.attempts:
        if attempt.filled:
            yield _fill(run, attempt)


def _fill(run: RunRecord, attempt: Attempt) -> Fill:
    bought = attempt.side is Side.BUY
    paid = exact_sum((attempt.amount, attempt.commission if bought else Decimal(0)))
    lots = () if bought else run.work.order(attempt.code, attempt.side).lots
    return Fill(
        run.work.account,
        attempt.code,
        "BUY" if bought else "SELL",
        attempt.session,
        Decimal(attempt.filled),
        paid,
        attempt.currency,
        lots,
    )
