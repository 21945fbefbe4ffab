"""What was done, as a person reads it: one run with every fill, and the list of runs."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text as Line

from rebalance_kit.execution.result import Execution, History, RunResult, RunStatus
from rebalance_kit.money import show_money
from rebalance_kit.orders import show_shares
from rebalance_kit.report import wording
from rebalance_kit.report.terminal import bullet, findings_view, grid, plain_line
from rebalance_kit.words import Language, Text

_STATUSES = {
    RunStatus.SUCCESS: Text("every order was filled", "모든 주문이 체결되었습니다"),
    RunStatus.PARTIAL: Text("some orders were not filled", "일부 주문이 체결되지 않았습니다"),
    RunStatus.FAILED: Text("nothing was filled", "체결된 주문이 없습니다"),
    RunStatus.UNKNOWN: Text("what became of an order is not known", "결과를 알 수 없는 주문이 있습니다"),
    RunStatus.DRY_RUN: Text("nothing was sent", "아무 주문도 보내지 않았습니다"),
    RunStatus.NOT_NEEDED: Text("nothing had to be done", "할 일이 없었습니다"),
}
_STYLES = {RunStatus.SUCCESS: "bold green", RunStatus.PARTIAL: "bold yellow", RunStatus.FAILED: "bold red",
           RunStatus.UNKNOWN: "bold red"}  # fmt: skip
_EXCHANGE_STATES = {
    "PENDING": Text("not yet", "대기"),
    "DONE": Text("done", "완료"),
    "REFUSED": Text("not made", "환전 안 됨"),
}
_RUN = Text("Run", "실행")
_DATE = Text("Date", "날짜")
_STATUS = Text("Status", "상태")
_ORDERS = Text("Filled", "체결")
_PRICE = Text("Average price", "평균 체결가")
_TOTAL_AFTER = Text("Total after", "실행 후 총액")
_NO_RUNS = Text("Nothing has been run yet.", "아직 실행한 내역이 없습니다.")


def run_view(run: RunResult, language: Language) -> RenderableType:
    """The status in words, every order with what was filled, the totals, and the findings."""
    status = f"{run.status.value}: {_STATUSES[run.status].of(language)}."
    parts: list[RenderableType] = [Line(status, style=_STYLES.get(run.status, "bold"))]
    if run.executions:
        parts.append(_fills(run.executions, language))
    for line, state in run.exchanges:
        parts.append(bullet(f"{line.said(run.base_currency).of(language)}: {_EXCHANGE_STATES[state].of(language)}"))
    if run.total_after is not None:
        before, after = (show_money(total, run.base_currency) for total in (run.total_before, run.total_after))
        parts.append(Line(f"{wording.TOTAL.of(language)}: {before} -> {after}"))
    if run.run_id is not None:
        parts.append(Line(f"{_RUN.of(language)}: {run.run_id} ({run.account}, {run.mode})", style="dim"))
    return Group(*parts, findings_view(run.findings, language))


def history_view(history: History, language: Language) -> RenderableType:
    """One line per run, newest first."""
    if not history.runs:
        return Line(_NO_RUNS.of(language))
    table = grid(
        (_RUN, "left"),
        (_DATE, "left"),
        (wording.ACCOUNT, "left"),
        (_STATUS, "left"),
        (_ORDERS, "right"),
        (_TOTAL_AFTER, "right"),
        language=language,
    )
    for run in history.runs:
        filled = sum(row.filled == row.ordered for row in run.executions)
        table.add_row(
            plain_line(run.run_id or run.plan_id),
            run.session.isoformat(),
            plain_line(run.account),
            Line(run.status.value, style=_STYLES.get(run.status, "")),
            f"{filled}/{len(run.executions)}",
            "" if run.total_after is None else show_money(run.total_after, run.base_currency),
        )
    return table


def _fills(executions: tuple[Execution, ...], language: Language) -> RenderableType:
    several = len({row.account for row in executions}) > 1
    table = grid(
        (wording.ASSET, "left"),
        (wording.CODE, "left"),
        (wording.SIDE, "left"),
        (_ORDERS, "right"),
        (_PRICE, "right"),
        (wording.AMOUNT, "right"),
        (_STATUS, "left"),
        *([(wording.ACCOUNT, "left")] if several else []),
        language=language,
    )
    for row in executions:
        price = row.average_price
        table.add_row(
            plain_line(row.name),
            plain_line(row.code),
            wording.SIDES[row.side].of(language),
            f"{show_shares(row.filled)}/{show_shares(row.ordered)}",
            "" if price is None else show_money(price, row.currency),
            show_money(row.amount, row.currency),
            row.state,
            *([plain_line(row.account)] if several else []),
        )
    return table
