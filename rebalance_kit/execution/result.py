"""What a run answers: its status, every order with what was really filled, and the history of such answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from rebalance_kit.costs import Exchange
from rebalance_kit.frames import frame, html_table
from rebalance_kit.money import plain, ratio, show_money
from rebalance_kit.orders import Shares, said_shares, show_shares
from rebalance_kit.words import Finding, Language, Text

if TYPE_CHECKING:
    import pandas as pd


class RunStatus(StrEnum):
    """From fills, never from replies: SUCCESS is every order filled, FAILED no fill at all, PARTIAL the rest."""

    SUCCESS = "SUCCESS"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    DRY_RUN = "DRY_RUN"
    NOT_NEEDED = "NOT_NEEDED"


EXIT_CODES = {
    RunStatus.SUCCESS: 0,
    RunStatus.DRY_RUN: 0,
    RunStatus.NOT_NEEDED: 0,
    RunStatus.FAILED: 1,
    RunStatus.UNKNOWN: 5,
    RunStatus.PARTIAL: 8,
}


class Upto(StrEnum):
    """The phases of a run; one is asked to stop after any of them."""

    DRIFT = "drift"
    PLAN = "plan"
    CHECK = "check"
    SELL = "sell"
    BUY = "buy"


@dataclass(frozen=True, slots=True)
class Execution:
    """One order as it was sent. `amount` is what was traded, `commission` what was charged, both in `currency`."""

    client_order_id: str
    broker_order_id: str | None
    code: str
    name: str
    side: str
    ordered: Shares
    filled: Shares
    amount: Decimal
    commission: Decimal
    currency: str
    state: str
    account: str = ""

    @property
    def average_price(self) -> Decimal | None:
        """The average price of the fills, None without one."""
        return ratio(self.amount, Decimal(self.filled)) if self.filled else None

    def to_dict(self) -> dict[str, object]:
        """The order as JSON."""
        average = self.average_price
        return {
            "client_order_id": self.client_order_id,
            "broker_order_id": self.broker_order_id,
            "code": self.code,
            "name": self.name,
            "side": self.side,
            "ordered": said_shares(self.ordered),
            "filled": said_shares(self.filled),
            "average_price": None if average is None else plain(average),
            "amount": plain(self.amount),
            "commission": plain(self.commission),
            "currency": self.currency,
            "state": self.state,
        }


@dataclass(frozen=True, slots=True)
class RunResult:
    """The answer of a run. `run_id` and the times are None when nothing was to be sent; `session` is the trading date.

    `total_before` and `total_after` are in the base currency. `exchanges` are (what was exchanged, state). `repeated`:
    the plan had been executed before, nothing was sent now, and this is the answer of then. A plan of several accounts
    is run account by account: `parts` are the answers of each, of which this is the sum; `accounts` are those in which
    it has work.
    """

    plan_id: str
    account: str
    mode: str
    session: date
    base_currency: str
    status: RunStatus
    stopped_after: Upto
    total_before: Decimal
    run_id: str | None = None
    total_after: Decimal | None = None
    executions: tuple[Execution, ...] = ()
    exchanges: tuple[tuple[Exchange, str], ...] = ()
    findings: tuple[Finding, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None
    repeated: bool = False
    language: Language = "en"
    accounts: tuple[str, ...] = ()
    parts: tuple[RunResult, ...] = ()

    @property
    def exit_code(self) -> int:
        """The exit code of the command line."""
        return EXIT_CODES[self.status]

    def to_dict(self, language: Language) -> dict[str, object]:
        """What `run --json` adds to the plan."""
        return {
            "run_id": self.run_id,
            "plan_id": self.plan_id,
            "account": self.account,
            "mode": self.mode,
            "session": self.session.isoformat(),
            "status": self.status.value,
            "stopped_after": self.stopped_after.value,
            "executions": [{"account": row.account or self.account, **row.to_dict()} for row in self.executions],
            "parts": [part.to_dict(language) for part in self.parts],
            "exchanged": [line.to_dict() | {"state": state} for line, state in self.exchanges],
            "total_before": plain(self.total_before),
            "total_after": None if self.total_after is None else plain(self.total_after),
            "run_findings": [finding.to_dict(language) for finding in self.findings],
            "started_at": _iso(self.started_at),
            "ended_at": _iso(self.ended_at),
            "repeated": self.repeated,
        }

    def table(self) -> pd.DataFrame:
        """One row per order: code, name, side, shares ordered and filled, average price, amount, commission (both in
        the order's currency), state."""
        columns = ("code", "name", "side", "ordered", "filled", "average_price", "amount", "commission", "currency",
                   "state")  # fmt: skip
        rows = [
            {name: getattr(row, name) for name in columns if name != "average_price"}
            | {"average_price": row.average_price}
            for row in self.executions
        ]
        return frame(rows, columns)

    def html(self, language: Language) -> str:
        """The orders as an HTML table, with the findings below."""
        headings = [Text("Order", "주문"), Text("Shares", "수량"), Text("Filled", "체결"),
                    Text("Average price", "평균가"), Text("Amount", "금액"), Text("State", "상태")]  # fmt: skip
        rows = [
            (
                f"{row.side} {row.name} ({row.code}{f', {row.account}' if row.account else ''})",
                show_shares(row.ordered),
                show_shares(row.filled),
                show_money(row.average_price, row.currency) if row.average_price is not None else "",
                show_money(row.amount, row.currency),
                row.state,
            )
            for row in self.executions
        ]
        notes = [finding.message.of(language) for finding in self.findings]
        caption = f"{self.run_id or self.plan_id}: {self.status.value}"
        return html_table(caption, [heading.of(language) for heading in headings], rows, notes)

    def _repr_html_(self) -> str:
        return self.html(self.language)


@dataclass(frozen=True, slots=True)
class History:
    """The runs of a portfolio, newest first."""

    runs: tuple[RunResult, ...]
    language: Language = "en"

    def to_dict(self, language: Language | None = None) -> dict[str, object]:
        """`history --json`."""
        return {"runs": [run.to_dict(language or self.language) for run in self.runs]}

    def table(self) -> pd.DataFrame:
        """One row per run: id, session, account, mode, status, orders, filled orders, totals in the base currency."""
        columns = ("run_id", "session", "account", "mode", "status", "orders", "filled", "total_before", "total_after",
                   "base_currency", "plan_id", "started_at", "ended_at")  # fmt: skip
        rows = [
            {name: getattr(run, name) for name in columns if name not in ("orders", "filled", "status")}
            | {
                "status": run.status.value,
                "orders": len(run.executions),
                "filled": sum(row.filled == row.ordered for row in run.executions),
            }
            for run in self.runs
        ]
        return frame(rows, columns, index="run_id")

    def html(self, language: Language) -> str:
        """The runs as an HTML table."""
        headings = [Text("Run", "실행"), Text("Date", "날짜"), Text("Account", "계좌"), Text("Status", "상태"),
                    Text("Orders", "주문"), Text("Total after", "실행 후 총액")]  # fmt: skip
        rows = [
            (
                run.run_id or "",
                run.session.isoformat(),
                f"{run.account} ({run.mode})",
                run.status.value,
                f"{len(run.executions)}",
                "" if run.total_after is None else show_money(run.total_after, run.base_currency),
            )
            for run in self.runs
        ]
        return html_table(_RUNS.of(language), [heading.of(language) for heading in headings], rows)

    def _repr_html_(self) -> str:
        return self.html(self.language)


_RUNS = Text("Runs", "실행 내역")


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
