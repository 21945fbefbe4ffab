"""What the web said, as a terminal shows it."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text as Line

from rebalance_kit.money import plain
from rebalance_kit.prices.update import PriceUpdate, UpdatedCode
from rebalance_kit.report import wording
from rebalance_kit.report.terminal import findings_view, grid, plain_line
from rebalance_kit.words import Language, Text, same

_SOURCE, _NEW, _LAST = Text("Source", "출처"), Text("New", "새 가격"), Text("Newest", "최신 날짜")
_PRICE = Text("Price", "가격")
_HEADING = Text("{name}  |  {start} to {end}  |  {added} new, {already} there already",
                "{name}  |  {start}부터 {end}까지  |  새 가격 {added}개, 이미 있던 가격 {already}개")  # fmt: skip
_WRITTEN = Text("prices.csv is written.", "prices.csv에 썼습니다.")
_DRY = Text("Nothing is written; add --write to keep them.", "아직 쓰지 않았습니다. 저장하려면 --write를 붙여 주세요.")
_NOTHING = Text("Nothing is new; prices.csv stays as it is.", "새로운 가격이 없어 prices.csv를 그대로 둡니다.")


def update_view(update: PriceUpdate, language: Language) -> RenderableType:
    """The heading, a row for each asset and pair, what happened to the file, and the findings."""
    columns = ((wording.ASSET, "left"), (wording.CODE, "left"), (_SOURCE, "left"), (_NEW, "right"), (_LAST, "left"))
    table = grid(*columns, (_PRICE, "right"), (same(""), "left"), language=language)
    for code in update.codes:
        table.add_row(*_cells(code))
    title = _HEADING.of(language).format(
        name=wording.printable(update.portfolio),
        start=update.start,
        end=update.end,
        added=update.added,
        already=update.already,
    )
    done = _WRITTEN if update.written else _DRY if update.data is not None else _NOTHING
    return Group(
        Line(title, style="bold", overflow="fold"),
        table,
        Line(done.of(language)),
        findings_view(update.findings, language),
    )


def _cells(code: UpdatedCode) -> tuple[RenderableType, ...]:
    price = "" if code.price is None else plain(code.price)
    last = "" if code.last is None else code.last.isoformat()
    return plain_line(code.name), code.code, code.source, str(code.added), last, price, code.currency or ""
