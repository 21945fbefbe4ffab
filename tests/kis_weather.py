"""Runs at the local KIS in bad weather: faults drawn from a seed on every call, and what must hold afterwards all the
same. `python -m tests.kis_weather 200` tries so many seeds and prints what happened."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

from rebalance_kit.brokers.kis.rehearsal.start import Opening
from rebalance_kit.brokers.kis.rehearsal.world import Environment
from rebalance_kit.errors import KitError
from rebalance_kit.execution import history
from rebalance_kit.execution.records import RunRecord, State
from tests.kis_runs import MODES, KisRun, kis_run
from tests.make import policy

ORDERS = "order-cash"
KODEX, BOND, CREDIT = "069500", "305080", "273130"
PLAN = f"SELL {KODEX} 10, BUY {BOND} 15, BUY {CREDIT} 20"


def weather(seed: int) -> list[dict[str, Any]]:
    """Something goes wrong with two orders in three, and with a sixth of everything else."""
    wrong = ["hang_before", "hang_after", "late_accept", "cut_before", "cut_after", "error_before", "error_after"]
    wrong += ["garbled", "stale_reply", "throttle", "token_expired", "invisible", "fills"]
    more: dict[str, dict[str, Any]] = {
        "hang_before": {"seconds": 0.01},
        "hang_after": {"seconds": 0.01},
        "late_accept": {"seconds": 0.01, "after": 1 + seed % 5},
        "invisible": {"seconds": 2 + seed % 7},
        "fills": {"parts": [{"after": 2, "quantity": 3}, {"after": 20 + seed % 30, "quantity": 5}]},
    }
    faults = [{"fault": kind, "on": ORDERS, "probability": 0.08, **more.get(kind, {})} for kind in wrong]
    for kind in ("throttle", "error_before", "garbled", "cut_before"):
        faults += [
            {"fault": kind, "on": last, "probability": 0.04} for last in ("inquire-daily-ccld", "inquire-balance")
        ]
    for value in ("missing", "twice", "shuffled", "filler"):
        faults.append({"fault": "rows", "on": "inquire-daily-ccld", "value": value, "probability": 0.05})
    return [*faults, {"fault": "error_after", "on": "order-rvsecncl", "probability": 0.2}]


def in_bad_weather(folder: Path, seed: int, environment: Environment = "real") -> tuple[KisRun, list[str]]:
    """One plan in the weather of a seed, resumed after the close, and whatever does not hold afterwards."""
    held = {KODEX: (35, Decimal(900_000)), BOND: (35, Decimal(300_000)), CREDIT: (30, Decimal(300_000))}
    wanted = policy(f"{KODEX} 50, {BOND} 25, {CREDIT} 25", constraints={"max_order_share": "1", "max_turnover": "1"})
    opening = Opening(Decimal(10_000), holdings=held)
    with kis_run(folder, wanted, opening, environment=environment, seed=seed) as run:
        made = run.situation()
        run.kis.faults.load(weather(seed))
        chosen = run.planned(made, PLAN)
        _try(lambda: run.execute_plan(chosen, made))
        for _ in range(3):  # the process is started again, in the same weather
            later = run.again()
            _try(lambda later=later: later.resume())
        run.kis.clock.set("2026-03-04 16:30")
        run.kis.faults.load([])
        _try(lambda: run.again().resume())
        return run, violations(run)


def _try(action: Any) -> None:
    """A run may end in an error that says why; what must not happen is looked for afterwards."""
    try:
        action()
    except KitError:
        return


def violations(run: KisRun) -> list[str]:
    """What must never be: two orders for one intent, an order that is nobody's, a fill that is not known, money or
    shares from nothing, an attempt without an end."""
    account = run.kis.account(run.environment)
    placed = [order for order in account.orders if order.kind == "order"]
    runs = history.runs(run.folder, "main", MODES[run.environment])
    attempts = [attempt for record in runs for attempt in record.attempts]
    numbers = Counter(int(attempt.number) for attempt in attempts if attempt.number)
    filled = {int(attempt.number): attempt.filled for attempt in attempts if attempt.number}
    wrong = [
        f"{code} {side}: {n} orders" for (code, side), n in Counter((o.code, o.side) for o in placed).items() if n > 1
    ]
    wrong += [f"order {order.number} is nobody's" for order in placed if not numbers[order.number]]
    wrong += [f"order {number} has {n} owners" for number, n in numbers.items() if n > 1]
    wrong += [f"order {o.number}: {o.filled} filled, {filled.get(o.number)} known" for o in placed
              if o.filled != filled.get(o.number, 0)]  # fmt: skip
    wrong += [f"{a.attempt_id} is {a.state}" for a in attempts if not a.state.terminal]
    wrong += [f"{a.attempt_id} {a.state} was accepted" for a in attempts
              if a.state in (State.NOT_SENT, State.REJECTED, State.ABSENT) and a.number]  # fmt: skip
    if account.cash() < 0 or any(held.quantity < 0 for held in account.holdings.values()):
        wrong.append("less than nothing")
    return wrong + _buys_before_sells(runs, placed)


def _buys_before_sells(runs: tuple[RunRecord, ...], placed: list[Any]) -> list[str]:
    last_sell = max((o.placed for o in placed if not o.buys), default=None)
    early = [o for o in placed if o.buys and last_sell is not None and o.placed < last_sell]
    return [f"order {order.number} was bought before the last sale" for order in early] if runs else []


if __name__ == "__main__":
    count, states, broken = int(sys.argv[1]), Counter[str](), 0
    for seed in range(count):
        with tempfile.TemporaryDirectory() as folder:
            run, wrong = in_bad_weather(Path(folder), seed)
            records = history.runs(Path(folder), "main", MODES["real"])
            states.update(str(record.status) for record in records)
            broken += bool(wrong)
            if wrong:
                print(seed, wrong)
    print(f"{count} schedules, {broken} with violations, {dict(states)}")
