"""Rows of the journal as frozen values, and the questions that are asked of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from rebalance_kit.costs import Exchange
from rebalance_kit.execution.packing import unpack, unpack_text
from rebalance_kit.execution.result import Execution, RunResult, RunStatus, Upto
from rebalance_kit.execution.schema import TERMINAL
from rebalance_kit.execution.work import Work
from rebalance_kit.money import ONE, ZERO
from rebalance_kit.orders import Shares, Side, shares_of
from rebalance_kit.words import Finding, Text


class State(StrEnum):
    """What is known of an attempt; `schema` says which follows which."""

    SENDING = "SENDING"
    UNKNOWN = "UNKNOWN"
    ACKED = "ACKED"
    PARTIAL = "PARTIAL"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    NOT_SENT = "NOT_SENT"
    REJECTED = "REJECTED"
    ABSENT = "ABSENT"

    @property
    def terminal(self) -> bool:
        return self.value in TERMINAL


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sending of an intent."""

    attempt_id: str
    intent_id: int
    n: int
    code: str
    side: Side
    currency: str
    limit_price: Decimal | None
    session: date
    quantity: Shares
    state: State
    sent_at: datetime
    unknown_at: datetime | None
    baseline: frozenset[str]
    hint: str | None
    number: str | None
    filled: Shares
    amount: Decimal
    commission: Decimal
    reason: Text


@dataclass(frozen=True, slots=True)
class Intent:
    """One order that the run wants executed, once; `attempts` in the order of their sending."""

    intent_id: int
    side: Side
    code: str
    currency: str
    quantity: Shares
    limit_price: Decimal | None
    attempts: tuple[Attempt, ...]
    unit: Decimal = ONE

    @property
    def last(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money paid in (positive) or out (negative) with a run."""

    transfer_id: str
    currency: str
    amount: Decimal
    state: str


@dataclass(frozen=True, slots=True)
class Exchanged:
    """An exchange of a run, at the amounts that it was sized to."""

    exchange_id: str
    line: Exchange
    state: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. `status` is None until something is known; `ended_at` None while it is unfinished."""

    run_id: str
    repeat: int
    work: Work
    phase: str
    status: RunStatus | None
    stopped_after: Upto | None
    total_after: Decimal | None
    findings: tuple[Finding, ...]
    started_at: datetime
    ended_at: datetime | None
    intents: tuple[Intent, ...]
    transfers: tuple[Transfer, ...]
    exchanges: tuple[Exchanged, ...] = ()

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        return tuple(attempt for intent in self.intents for attempt in intent.attempts)

    @property
    def traded(self) -> bool:
        """Whether anything was filled."""
        return any(attempt.filled for attempt in self.attempts)

    def result(self, *, repeated: bool = False) -> RunResult:
        """The run as its answer."""
        work = self.work
        return RunResult(
            plan_id=work.plan_id,
            account=work.account,
            mode=work.mode.value,
            session=work.session,
            base_currency=work.base_currency,
            status=self.status or RunStatus.UNKNOWN,
            stopped_after=self.stopped_after or (Upto.SELL if self.phase == "SELL" else Upto.BUY),
            total_before=work.total_before,
            run_id=self.run_id,
            total_after=self.total_after,
            executions=tuple(self._execution(intent) for intent in self.intents),
            exchanges=tuple((one.line, one.state) for one in self.exchanges),
            findings=self.findings,
            started_at=self.started_at,
            ended_at=self.ended_at,
            repeated=repeated,
            language=work.language,
            accounts=work.accounts,
        )

    def _execution(self, intent: Intent) -> Execution:
        last = intent.last
        return Execution(
            client_order_id=last.attempt_id if last else f"{self.run_id}-{intent.side.value}-{intent.code}",
            broker_order_id=last.number if last else None,
            code=intent.code,
            name=self.work.order(intent.code, intent.side).name,
            side=intent.side.value,
            ordered=last.quantity if last else intent.quantity,
            filled=last.filled if last else 0,
            amount=last.amount if last else ZERO,
            commission=last.commission if last and last.filled else ZERO,
            currency=intent.currency,
            state=last.state.value if last else State.NOT_SENT.value,
        )


_RUN = "SELECT run_id, repeat, work, phase, status, stopped_after, total_after, findings, started_at, ended_at FROM run"


def read_runs(database: sqlite3.Connection, where: str = "1", values: Iterable[object] = ()) -> tuple[RunRecord, ...]:
    """The runs that a condition of this room's own code selects, newest first. `values` fill its question marks."""
    found = database.execute(f"{_RUN} WHERE {where} ORDER BY rowid DESC", tuple(values))
    return tuple(_run(database, row) for row in found.fetchall())


def owned_numbers(database: sqlite3.Connection, account: str, session: date) -> frozenset[str]:
    """The broker's numbers of our orders in a session."""
    found = database.execute(
        "SELECT number FROM attempt WHERE account = ? AND session = ? AND number IS NOT NULL",
        (account, session.isoformat()),
    )
    return frozenset(number for (number,) in found)


def _run(database: sqlite3.Connection, row: tuple[object, ...]) -> RunRecord:
    run_id, repeat, work, phase, status, stopped, total, findings, started, ended = row
    transfers = database.execute(
        "SELECT transfer_id, currency, amount, state FROM transfer WHERE run_id = ?", (run_id,)
    )
    return RunRecord(
        run_id=str(run_id),
        repeat=int(str(repeat)),
        work=unpack_text(Work, str(work)),
        phase=str(phase),
        status=RunStatus(str(status)) if status else None,
        stopped_after=Upto(str(stopped)) if stopped else None,
        total_after=Decimal(str(total)) if total else None,
        findings=unpack_text(tuple[Finding, ...], str(findings)),
        started_at=datetime.fromisoformat(str(started)),
        ended_at=datetime.fromisoformat(str(ended)) if ended else None,
        intents=_intents(database, str(run_id)),
        transfers=tuple(Transfer(name, currency, Decimal(n), state) for name, currency, n, state in transfers),
        exchanges=tuple(_exchanges(database, str(run_id))),
    )


def _exchanges(database: sqlite3.Connection, run_id: str) -> Iterable[Exchanged]:
    found = database.execute(
        "SELECT exchange_id, account, sold_currency, sold, bought_currency, bought, rate, cost, state"
        " FROM exchange JOIN run USING (run_id) WHERE run_id = ? ORDER BY exchange.rowid",
        (run_id,),
    )
    for name, account, sold_currency, sold, bought_currency, bought, rate, cost, state in found:
        sums = (Decimal(sold), bought_currency, Decimal(bought), Decimal(rate), Decimal(cost))
        yield Exchanged(name, Exchange(account, sold_currency, *sums), state)


def _intents(database: sqlite3.Connection, run_id: str) -> tuple[Intent, ...]:
    found = database.execute(
        "SELECT intent_id, side, code, currency, quantity, limit_price, unit FROM intent WHERE run_id = ?"
        " ORDER BY intent_id",
        (run_id,),
    ).fetchall()
    intents = []
    for intent_id, side, code, currency, units, limit, unit in found:
        price, quantity = Decimal(limit) if limit else None, shares_of(units, Decimal(unit))
        intent = Intent(intent_id, Side(side), code, currency, quantity, price, (), Decimal(unit))
        intents.append(replace(intent, attempts=tuple(_attempts(database, intent))))
    return tuple(intents)


def _attempts(database: sqlite3.Connection, intent: Intent) -> Iterable[Attempt]:
    found = database.execute(
        "SELECT attempt_id, n, session, quantity, state, sent_at, unknown_at, baseline, hint, number, filled, amount,"
        " commission, reason FROM attempt WHERE intent_id = ? ORDER BY n",
        (intent.intent_id,),
    )
    for name, n, session, quantity, state, sent, unknown, baseline, hint, number, filled, amount, fee, reason in found:
        yield Attempt(
            attempt_id=name,
            intent_id=intent.intent_id,
            n=n,
            code=intent.code,
            side=intent.side,
            currency=intent.currency,
            limit_price=intent.limit_price,
            session=date.fromisoformat(session),
            quantity=shares_of(quantity, intent.unit),
            state=State(state),
            sent_at=datetime.fromisoformat(sent),
            unknown_at=datetime.fromisoformat(unknown) if unknown else None,
            baseline=frozenset(json.loads(baseline)),
            hint=hint,
            number=number,
            filled=shares_of(filled, intent.unit),
            amount=Decimal(amount),
            commission=Decimal(fee),
            reason=unpack(Text, json.loads(reason) or {"en": "", "ko": ""}),
        )
