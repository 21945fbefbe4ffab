"""The journal: what a run wants, sends and learns, each on the disk before the next step begins.

One process writes for an account (`lock`). Every transaction proves that its writer still is that process by the
epoch of its lease, does one step, and adds the event that tells of it to the chain; the database's own rules
(`schema`) refuse whatever must never happen.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from rebalance_kit.brokers.base import OrderRow
from rebalance_kit.costs import Exchange
from rebalance_kit.errors import BusyError, StorageError
from rebalance_kit.execution import chain
from rebalance_kit.execution.packing import pack, pack_text, unpack_text
from rebalance_kit.execution.records import Attempt, Intent, RunRecord, State, owned_numbers, read_runs
from rebalance_kit.execution.result import RunStatus, Upto
from rebalance_kit.execution.schema import MIGRATIONS
from rebalance_kit.execution.work import Work, WorkOrder
from rebalance_kit.money import plain
from rebalance_kit.orders import PART_UNIT, WHOLE_UNIT, Shares, said_shares, units_of
from rebalance_kit.storage import open_database, storage_errors, transaction
from rebalance_kit.words import Finding, Text, same

Clock = Callable[[], datetime]


class Journal:
    """An open journal for one account. Use it as a context manager, and only while holding the account's lock.

    Every method that writes is one transaction. Raises StorageError when the disk fails, BusyError when another
    process has taken the account over, sqlite3.IntegrityError when the program breaks a rule of the schema.
    """

    def __init__(self, path: Path, account: str, clock: Clock) -> None:
        self.path = path
        self.account = account
        self._clock = clock
        self._epoch = 0
        if not path.exists() and (anchor := chain.read_anchor(chain.anchor_path(path))) is not None:
            raise chain.lost(path, anchor)
        self._database = open_database(path, MIGRATIONS)
        try:
            with storage_errors(path):
                self._introduce()
                chain.check_anchor(self._database, path)
                self.events = chain.check_chain(self._database, path)
                self._lease()
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    # ---- a run ----

    def begin_run(self, run_id: str, work: Work) -> RunRecord:
        """Commit a run with its work, its sells and its transfers. After this, `open_run` finds it."""
        with self._writing(run_id, "run", {"work": pack(Work, work)}) as database:
            again = "SELECT count(*) FROM run WHERE account = ? AND plan_id = ?"
            (repeat,) = database.execute(again, (work.account, work.plan_id)).fetchone()
            database.execute(
                "INSERT INTO run (run_id, account, broker, mode, plan_id, repeat, policy_hash, session, trigger, work,"
                " phase, started_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'SELL', ?)",
                (run_id, work.account, work.broker, work.mode.value, work.plan_id, repeat, work.policy_hash,
                 work.session.isoformat(), work.trigger, pack_text(Work, work), self._now()),
            )  # fmt: skip
            self._add_intents(database, run_id, work.sells)
            flows = (("in", work.deposit), ("out", work.withdrawal.copy_negate()))
            rows = [(f"{run_id}-{way}", run_id, work.base_currency, plain(amount)) for way, amount in flows if amount]
            database.executemany("INSERT INTO transfer VALUES (?, ?, ?, ?, 'PENDING')", rows)
        return self.run(run_id)

    def begin_buys(self, run_id: str, buys: Iterable[WorkOrder]) -> None:
        """Enter the buy phase: from here on no sell can be sent."""
        orders = tuple(buys)
        with self._writing(run_id, "buy phase", {"orders": len(orders)}) as database:
            database.execute("UPDATE run SET phase = 'BUY' WHERE run_id = ?", (run_id,))
            self._add_intents(database, run_id, orders)

    def end_run(
        self, run: RunRecord, status: RunStatus, stopped: Upto, total: Decimal, found: Iterable[Finding]
    ) -> None:
        """End a run. A run with an order whose fate is unknown stays open, with the status UNKNOWN."""
        open_still = status is RunStatus.UNKNOWN
        packed = pack_text(tuple[Finding, ...], tuple(found))
        with self._writing(run.run_id, "end", {"status": status.value, "total_after": plain(total)}) as database:
            database.execute(
                "UPDATE run SET phase = CASE WHEN ? THEN phase ELSE 'ENDED' END, status = ?, stopped_after = ?,"
                " total_after = ?, findings = ?, ended_at = CASE WHEN ? THEN NULL ELSE ? END WHERE run_id = ?",
                (open_still, status.value, stopped.value, plain(total), packed, open_still, self._now(), run.run_id),
            )

    def begin_exchanges(self, run_id: str, lines: Iterable[Exchange]) -> None:
        """Commit the exchanges of a run, sized by the cash that is really there, before the first is made."""
        rows = [
            (f"{run_id}-fx-{one.sold_currency}-{one.bought_currency}", run_id, one.sold_currency, plain(one.sold),
             one.bought_currency, plain(one.bought), plain(one.rate), plain(one.cost))
            for one in lines
        ]  # fmt: skip
        with self._writing(run_id, "exchanges", {"exchanges": [list(row) for row in rows]}) as database:
            database.executemany("INSERT INTO exchange VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'PENDING')", rows)

    def settle_exchange(self, run_id: str, exchange_id: str, state: str) -> None:
        """Say that an exchange is DONE or REFUSED."""
        with self._writing(run_id, "exchange", {"exchange_id": exchange_id, "state": state}) as database:
            database.execute("UPDATE exchange SET state = ? WHERE exchange_id = ?", (state, exchange_id))

    def settle_transfer(self, run_id: str, transfer_id: str, state: str) -> None:
        """Say that a transfer is DONE or REFUSED."""
        with self._writing(run_id, "transfer", {"transfer_id": transfer_id, "state": state}) as database:
            database.execute("UPDATE transfer SET state = ? WHERE transfer_id = ?", (state, transfer_id))

    def note(self, run_id: str, kind: str, body: Mapping[str, Any]) -> None:
        """Add an event that changes nothing."""
        with self._writing(run_id, kind, body):
            pass

    # ---- an attempt ----

    def begin_attempt(
        self, run_id: str, intent: Intent, quantity: Shares, session: date, baseline: Iterable[str]
    ) -> Attempt:
        """SENDING, durably, before the order leaves: with the numbers that the broker's list had before it."""
        n = len(intent.attempts) + 1
        attempt_id = f"{run_id}-{intent.side.value[0]}-{intent.code}-{n}"
        numbers = sorted(baseline)
        body = {"attempt_id": attempt_id, "quantity": said_shares(quantity), "baseline": numbers}
        with self._writing(run_id, "sending", body) as database:
            database.execute(
                "INSERT INTO attempt (attempt_id, intent_id, n, account, session, quantity, state, sent_at, baseline)"
                " VALUES (?, ?, ?, ?, ?, ?, 'SENDING', ?, ?)",
                (attempt_id, intent.intent_id, n, self.account, session.isoformat(),
                 units_of(Decimal(quantity), intent.unit), self._now(), json.dumps(numbers)),
            )  # fmt: skip
        return self.attempt(run_id, attempt_id)

    def answered(self, run_id: str, attempt_id: str, state: State, reason: Text, hint: str | None = None) -> None:
        """What the reply settles: NOT_SENT, REJECTED, or UNKNOWN with a hint until the broker's list has decided."""
        body = {"attempt_id": attempt_id, "state": state.value, "hint": hint, "reason": reason.en}
        with self._writing(run_id, "answered", body) as database:
            unknown_at = self._now() if state is State.UNKNOWN else None
            database.execute(
                "UPDATE attempt SET state = ?, hint = ?, reason = ?, unknown_at = ? WHERE attempt_id = ?",
                (state.value, hint, json.dumps(pack(Text, reason)), unknown_at, attempt_id),
            )

    def absent(self, run_id: str, attempt_id: str) -> None:
        """The broker's complete list, late enough, does not have it."""
        with self._writing(run_id, "absent", {"attempt_id": attempt_id}) as database:
            database.execute("UPDATE attempt SET state = 'ABSENT' WHERE attempt_id = ?", (attempt_id,))

    def listed(self, run_id: str, attempt: Attempt, row: OrderRow) -> None:
        """What the broker's list says of an order that is ours; silent when it says nothing new."""
        state = state_of(row)
        if (attempt.state, attempt.filled) == (state, row.filled):
            return
        body = {
            "attempt_id": attempt.attempt_id,
            "number": row.number,
            "state": state.value,
            "filled": said_shares(row.filled),
        }
        done = units_of(Decimal(row.filled), _unit(attempt.quantity))
        with self._writing(run_id, "listed", body) as database:
            steps = [State.ACKED] if attempt.state is State.UNKNOWN else []
            for step in (*steps, state):
                filled = done if step is state else 0
                database.execute(
                    "UPDATE attempt SET state = ?, number = ?, filled = ?, amount = ?, commission = ?"
                    " WHERE attempt_id = ?",
                    (step.value, row.number, filled, plain(row.filled_amount), plain(row.commission or Decimal(0)),
                     attempt.attempt_id),
                )  # fmt: skip

    # ---- questions ----

    def run(self, run_id: str) -> RunRecord:
        """A run as it stands. KeyError for an unknown id."""
        found = self._runs("run_id = ?", run_id)
        if not found:
            raise KeyError(run_id)
        return found[0]

    def attempt(self, run_id: str, attempt_id: str) -> Attempt:
        """An attempt as it stands. StopIteration for an unknown id."""
        return next(one for one in self.run(run_id).attempts if one.attempt_id == attempt_id)

    def open_run(self) -> RunRecord | None:
        """The unfinished run of the account."""
        return next(iter(self._runs("account = ? AND ended_at IS NULL", self.account)), None)

    def executed(self, plan_id: str) -> RunRecord | None:
        """The newest run of a plan."""
        return next(iter(self._runs("account = ? AND plan_id = ?", self.account, plan_id)), None)

    def runs(self) -> tuple[RunRecord, ...]:
        """Every run of the account, newest first."""
        return self._runs("account = ?", self.account)

    def findings(self, run_id: str) -> tuple[Finding, ...]:
        """The findings that were noted during a run, in their order, each once."""
        with storage_errors(self.path):
            found = self._database.execute(
                "SELECT body FROM event WHERE run_id = ? AND kind = 'finding' ORDER BY seq", (run_id,)
            ).fetchall()
        return tuple(dict.fromkeys(unpack_text(Finding, body) for (body,) in found))

    def noted(self, run_id: str, kind: str) -> tuple[dict[str, Any], ...]:
        """What the events of a kind say, in their order."""
        with storage_errors(self.path):
            found = self._database.execute(
                "SELECT body FROM event WHERE run_id = ? AND kind = ? ORDER BY seq", (run_id, kind)
            ).fetchall()
        return tuple(json.loads(body) for (body,) in found)

    def repriced(self, run_id: str) -> dict[str, tuple[Decimal, ...]]:
        """The limits that orders of a run were to be put to, by attempt, in their order."""
        asked: dict[str, tuple[Decimal, ...]] = {}
        for body in self.noted(run_id, "repricing"):
            asked[body["attempt_id"]] = (*asked.get(body["attempt_id"], ()), Decimal(body["limit_price"]))
        return asked

    def owned(self, session: date) -> frozenset[str]:
        """The broker's numbers of our orders in a session."""
        with storage_errors(self.path):
            return owned_numbers(self._database, self.account, session)

    def _runs(self, where: str, *values: object) -> tuple[RunRecord, ...]:
        with storage_errors(self.path):
            return read_runs(self._database, where, values)

    # ---- inside ----

    def _introduce(self) -> None:
        """Give a new journal its identity, and the anchor that remembers it, before the first event."""
        with transaction(self._database):
            if self._database.execute("SELECT 1 FROM identity").fetchone() is None:
                self._database.execute("INSERT INTO identity VALUES (?)", (secrets.token_hex(16),))
        head = chain.read_head(self._database)
        anchor = chain.anchor_path(self.path)
        if head is not None and head.seq == 0 and not anchor.exists():
            chain.write_anchor(anchor, head)

    def _lease(self) -> None:
        with transaction(self._database) as database:
            database.execute(
                "INSERT INTO lease VALUES (?, 1, ?, ?) ON CONFLICT (account) DO UPDATE SET epoch = epoch + 1,"
                " pid = excluded.pid, since = excluded.since",
                (self.account, os.getpid(), self._now()),
            )
            self._epoch = self._epoch_now(database)

    def _epoch_now(self, database: sqlite3.Connection) -> int:
        row = database.execute("SELECT epoch FROM lease WHERE account = ?", (self.account,)).fetchone()
        return int(row[0])

    @contextmanager
    def _writing(self, run_id: str, kind: str, body: Mapping[str, Any]) -> Iterator[sqlite3.Connection]:
        """One step: the fence, the change, the event, the commit, the anchor."""
        with storage_errors(self.path):
            with transaction(self._database) as database:
                if self._epoch_now(database) != self._epoch:
                    raise _taken_over(self.account)
                yield database
                chain.append(database, self._clock(), run_id, kind, body)
            head = chain.read_head(self._database)
            if head is None:
                raise StorageError(
                    "journal_changed",
                    where=str(self.path),
                    wrong=Text("the journal has lost its identity", "기록의 식별 정보가 없습니다"),
                    expected=Text("the journal that was opened", "처음에 연 기록"),
                    fix=Text("bring back the newest copy", "가장 최근 사본을 되돌려 주세요"),
                )
            chain.write_anchor(chain.anchor_path(self.path), head)

    def _add_intents(self, database: sqlite3.Connection, run_id: str, orders: Iterable[WorkOrder]) -> None:
        for order in orders:
            limit = None if order.limit_price is None else plain(order.limit_price)
            database.execute(
                "INSERT INTO intent (run_id, side, code, currency, quantity, limit_price, unit)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (run_id, order.side.value, order.code, order.currency, units_of(Decimal(order.quantity), order.unit),
                 limit, plain(order.unit)),
            )  # fmt: skip

    def _now(self) -> str:
        return self._clock().isoformat()


def _unit(quantity: Shares) -> Decimal:
    return WHOLE_UNIT if isinstance(quantity, int) else PART_UNIT


def state_of(row: OrderRow) -> State:
    """The state that a row of the broker's list says an order is in."""
    if row.filled == row.quantity:
        return State.FILLED
    if not row.live:
        return State.CANCELLED
    return State.PARTIAL if row.filled else State.ACKED


def _taken_over(account: str) -> BusyError:
    return BusyError(
        "taken_over",
        where=same(account),
        wrong=Text(
            "another process has begun to write for this account", "다른 프로세스가 이 계좌를 쓰기 시작했습니다"
        ),
        expected=Text("one writer for each account", "계좌마다 하나의 실행"),
        fix=Text("wait for it and look at the history", "끝나기를 기다린 뒤 실행 내역을 확인해 주세요"),
    )
