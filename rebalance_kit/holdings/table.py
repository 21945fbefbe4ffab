"""The generic holdings table: every row read, the same asset twice in an account merged, nothing lost silently."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from rebalance_kit.holdings.columns import HOLDINGS, is_total
from rebalance_kit.holdings.merge import Entry, merged_cash, merged_positions, quotes_of
from rebalance_kit.holdings.model import Holdings, HoldingsFile, SkippedRow
from rebalance_kit.holdings.rows import RowReader
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.reading import undated_prices
from rebalance_kit.textfile.cells import literal, shown
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.textfile.table import Table, normal, read_table
from rebalance_kit.words import Finding, Text

# Columns of usual exports that say nothing a rebalance needs; any other unused column is named in a finding.
_USUAL = frozenset(
    normal(name)
    for name in ("평가손익", "수익률", "수익률(%)", "손익", "손익률", "비중", "비중(%)", "잔고비중(%)", "주문가능",
                 "주문가능수량", "매도가능수량", "유형", "종목구분", "구분", "신용구분", "계좌유형", "계좌명",
                 "대출일자", "type", "asset type", "gain", "weight", "account name", "isin")
)  # fmt: skip


def read_holdings_table(document: Document, policy: Policy | None, on: date) -> HoldingsFile:
    """The holdings, prices and findings of a table. Raises HoldingsError or PriceError with file, line and column.

    Without a policy the accounts are those of the file, and the table's language says what its amounts are in.
    """
    table = read_table(document, HOLDINGS)
    reader = RowReader(table, policy, on, home=_home(table))
    entries, skipped = _entries(table, reader)
    findings = [*document.findings, *_preamble(table), *_skipped(document, skipped), *_unused(table), *reader.findings]
    if policy is None and "currency" not in table.columns:
        findings.append(_assumed(document, reader.home))
    positions, values = merged_positions(document, entries, findings)
    cash = merged_cash(entries, findings)
    quotes = quotes_of(document, entries, on, _price_column(table))
    undated = sum(not quote.dated for quote in quotes)
    if undated:
        findings.append(undated_prices(document.name, undated, on))
    dates = [entry.as_of for entry in entries if entry.as_of]
    held = Holdings(positions, cash, as_of=max(dates, default=None), source=document.name, findings=tuple(findings))
    return HoldingsFile(held, quotes, skipped=skipped, sha256=document.sha256, values=values)


def _home(table: Table) -> str:
    """The currency of amounts that name none, where no policy says it: won under Korean headings, else dollars."""
    return "KRW" if any("가" <= char <= "힣" for cell in table.grid.heading.cells for char in cell) else "USD"


def _entries(table: Table, reader: RowReader) -> tuple[list[Entry], tuple[SkippedRow, ...]]:
    entries, skipped = [], []
    for row in table.rows:
        if _is_total_row(table, row):
            skipped.append(SkippedRow(row.line, Text("a total of other rows", "다른 행의 합계")))
        else:
            entries.append(reader.read(row))
    return entries, tuple(skipped)


def _price_column(table: Table) -> str | None:
    index = table.columns.get("price")
    return None if index is None else shown(table.grid.heading.cells[index])


def _is_total_row(table: Table, row: Row) -> bool:
    """A total stands in the code column or, when that is empty, in the first cell that says anything."""
    code = literal(table.text(row, "code"))
    return is_total(code or next((cell for cell in row.cells if cell), ""))


def _skipped(document: Document, skipped: Sequence[SkippedRow]) -> Iterable[Finding]:
    if skipped:
        lines = ", ".join(str(row.line) for row in skipped)
        message = Text(
            f"totals in {document.name} that were not read as holdings: line {lines}",
            f"{document.name}에서 보유 자산으로 읽지 않은 합계: {lines}행",
        )
        yield Finding("total_row", "info", message)


def _assumed(document: Document, currency: str) -> Finding:
    message = Text(
        f"{document.name} names no currency: its amounts count as {currency}",
        f"{document.name}에 통화가 없어 금액을 {currency}(으)로 봅니다",
    )
    return Finding("assumed_currency", "warning", message)


def _preamble(table: Table) -> Iterable[Finding]:
    rows = table.grid.preamble
    if rows:
        message = Text(
            f"rows above the headings of {table.document.name} that were not read: {len(rows)}",
            f"{table.document.name}의 제목 행 위에서 읽지 않은 행: {len(rows)}개",
        )
        yield Finding("preamble", "info", message)


def _unused(table: Table) -> Iterable[Finding]:
    unknown = [name for name in table.unused() if normal(name) not in _USUAL]
    if unknown:
        names = ", ".join(map(shown, unknown))
        message = Text(
            f"columns of {table.document.name} that were not used: {names}",
            f"{table.document.name}에서 쓰지 않은 열: {names}",
        )
        yield Finding("unused_columns", "info", message)
