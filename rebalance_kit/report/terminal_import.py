"""What was read of statements, as a person reads it: each account with its positions and cash, what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.text import Text as Line

from rebalance_kit.holdings.summary import AccountSummary, FileSummary, HeldPosition
from rebalance_kit.money import plain, show_money
from rebalance_kit.report import wording
from rebalance_kit.report.terminal import bullet, findings_view, grid, plain_line, section
from rebalance_kit.report.wording import printable
from rebalance_kit.words import Language, Text

_PRICE = Text("Price", "가격")
_COST = Text("Cost", "매입금액")
_LOTS = Text("{count} lots", "매수 로트 {count}개")
_LEFT_OUT = Text("Left out:", "읽지 않은 행:")
_LINE = Text("line {line}", "{line}행")
_READ = Text("{file}: {form}, {day}", "{file}: {form}, {day}")
_AS_OF = Text("as of {day}", "{day} 기준")
_NO_DAY = Text("without a date", "날짜 없음")
_NOTHING = Text("The file holds nothing.", "보유 내역이 없습니다.")
_NO_TOTAL = Text("total not known", "합계를 알 수 없음")
_TYPES = {
    "taxable": Text("taxable", "일반"),
    "isa": Text("ISA", "ISA"),
    "pension": Text("pension", "연금"),
    "irp": Text("IRP", "IRP"),
}
_TOLD_AS_ROWS = frozenset({"option_skipped", "bond_skipped", "pending_skipped", "row_skipped", "total_row"})


def import_view(file: FileSummary, language: Language) -> RenderableType:
    """One file: what it is, every account, the rows that were left out and why, the findings."""
    day = file.file.holdings.as_of
    when = _AS_OF.of(language).format(day=day) if day else _NO_DAY.of(language)
    title = _READ.of(language).format(file=printable(file.name), form=file.file.format, day=when)
    parts: list[RenderableType] = [Line(title, style="bold", overflow="fold")]
    parts += [section(_account(account, language)) for account in file.accounts]
    if not file.accounts:
        parts.append(Line(_NOTHING.of(language)))
    if file.file.skipped:
        parts.append(section(Group(Line(_LEFT_OUT.of(language)), *_left_out(file, language))))
    told = [finding for finding in file.findings if finding.rule not in _TOLD_AS_ROWS]
    return Group(*parts, section(findings_view(told, language)) if told else "")


def _account(account: AccountSummary, language: Language) -> RenderableType:
    table = grid(
        (wording.ASSET, "left"),
        (wording.CODE, "left"),
        (wording.QUANTITY, "right"),
        (_PRICE, "right"),
        (wording.VALUE, "right"),
        (_COST, "right"),
        language=language,
    )
    for held in account.positions:
        table.add_row(*_cells(held, language))
    for cash in account.cash:
        word = (wording.CASH if cash.kind == "cash" else wording.DIVIDENDS).of(language)
        table.add_row(plain_line(word), cash.currency, "", "", show_money(cash.amount, cash.currency), "")
    return Group(Line(_title(account, language), style="bold", overflow="fold"), table)


def _title(account: AccountSummary, language: Language) -> str:
    kind = _TYPES[account.kind].of(language) if account.kind in _TYPES else account.kind
    said = dict.fromkeys(printable(text) for text in (account.name, kind) if text and text != account.account)
    about = ", ".join(said)
    total = _NO_TOTAL.of(language) if account.total is None else show_money(account.total, account.currency)
    name = wording.ACCOUNTS.of(language).format(name=printable(account.account))
    return f"{name}{f' ({about})' if about else ''}  |  {total}"


def _cells(held: HeldPosition, language: Language) -> tuple[RenderableType, ...]:
    position = held.position
    name = position.name or position.code
    if held.lots:
        name += f" ({_LOTS.of(language).format(count=len(held.lots))})"
    return (
        plain_line(name),
        plain_line(position.code),
        f"{Decimal(plain(position.quantity)):,}",
        "" if held.price is None else f"{held.price:,}",
        "" if held.value is None else show_money(held.value, position.currency),
        "" if position.cost is None else show_money(position.cost, position.currency),
    )


def _left_out(file: FileSummary, language: Language) -> Iterator[RenderableType]:
    for row in file.file.skipped:
        where = _LINE.of(language).format(line=row.line)
        worth = f" {plain(row.value)} {row.currency or ''}".rstrip() if row.value is not None else ""
        what = f"{row.what}{worth}: " if row.what else ""
        yield bullet(f"{where}: {what}{row.reason.of(language)}")
