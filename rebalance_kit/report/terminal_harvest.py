"""What can be harvested as a person reads it: the deduction, every lot, why or why not, and which rules said so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from rebalance_kit.money import ZERO, plain, ratio, show_money, show_percent
from rebalance_kit.report import wording
from rebalance_kit.report.terminal import bullet, findings_view, grid, plain_line, section
from rebalance_kit.report.wording import printable
from rebalance_kit.tax.harvest_model import ACTION_WORDS, Action, Candidate, Harvest
from rebalance_kit.tax.model import STATEMENT
from rebalance_kit.tax.records import describe
from rebalance_kit.words import Language, Text

_BAR = 20  # characters of the deduction's bar
_LOT = Text("Lot", "로트")
_GAIN = Text("Gain", "손익")
_ACTION = Text("Action", "조치")
_SAVED = Text("Tax saved", "절세액")
_COST = Text("Cost", "비용")
_REALISED = Text("Realised this year", "올해 실현 손익")
_LEFT = Text("Deduction left", "남은 공제")
_OF = Text("{left} of {all}", "{all} 중 {left}")
_ALL = Text("All actions together save", "모두 실행할 때 절세액")
_WHY = Text("Why", "사유")
_RULES = Text("Rules", "적용한 규칙")
_NOTHING = Text("Nothing is held.", "보유 종목이 없습니다.")
_SPLIT = Text(
    "All overseas gains ({gain}) at once owe {one} of tax; {now} this year and the rest next year owe {two}.",
    "해외 이익 전부({gain})를 한 해에 실현하면 세금이 {one}이고,"
    " 올해 {now}만 실현하고 나머지를 내년에 실현하면 {two}입니다.",
)
_CONFLICT = Text("conflict: {what}; free of it from {day}", "충돌: {what}. {day}부터 가능합니다")
_REPLACE = Text("buy {code} instead", "대신 {code} 매수")
_REBUY = Text("the same not before {day}", "같은 종목은 {day}부터 다시 매수")


def harvest_view(made: Harvest, name: str, language: Language) -> RenderableType:
    """The whole answer."""
    heading = Line(f"{printable(name)}  |  {made.as_of}", style="bold", overflow="fold")
    parts: list[RenderableType] = [heading, _year(made, language)]
    if not made.candidates:
        parts.append(Line(_NOTHING.of(language)))
    else:
        parts += [section(_lots(made, language)), section(_reasons(made.candidates, language))]
    amounts = made.split_amounts()
    if amounts is not None:
        parts.append(section(bullet(_split(amounts, made.base_currency, language))))
    if made.findings:
        parts.append(section(findings_view(made.findings, language)))
    rules = [bullet(line.of(language)) for line in describe(made.rules)]
    return Group(*parts, section(Group(Line(_RULES.of(language), style="dim"), *rules)), Line(STATEMENT.of(language)))


def deduction_bar(made: Harvest, width: int = _BAR) -> str:
    """What is used (`#`) and what is left (`-`) of the deduction."""
    share = ratio(made.deduction_left, made.deduction) if made.deduction else ZERO
    left = min(width, int((share * width).to_integral_value()))
    return f"[{'#' * (width - left)}{'-' * left}]"


def _year(made: Harvest, language: Language) -> Table:
    base = made.base_currency
    left, whole = show_money(made.deduction_left, base), show_money(made.deduction, base)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_row(_REALISED.of(language), show_money(made.realised_gain_ytd, base, signed=True))
    table.add_row(_LEFT.of(language), f"{_OF.of(language).format(left=left, all=whole)}  {deduction_bar(made)}")
    if made.actions:
        table.add_row(_ALL.of(language), show_money(made.tax_saved, base))
    return table


def _lots(made: Harvest, language: Language) -> Table:
    table = grid(
        (wording.ASSET, "left"),
        (_LOT, "left"),
        (wording.QUANTITY, "right"),
        (_GAIN, "right"),
        (Text("%", "%"), "right"),
        (_ACTION, "left"),
        (_SAVED, "right"),
        (_COST, "right"),
        language=language,
    )
    for row in made.candidates:
        table.add_row(*_cells(row, made.base_currency, language))
    return table


def _cells(row: Candidate, base: str, language: Language) -> tuple[RenderableType, ...]:
    acts = row.action is not Action.NONE
    return (
        plain_line(row.name),
        plain_line(row.lot_id),
        plain(row.quantity),
        "?" if row.gain is None else show_money(row.gain, base, signed=True),
        "" if row.gain_pct is None else show_percent(row.gain_pct),
        Line(ACTION_WORDS[row.action].of(language), style="bold" if acts else "dim"),
        show_money(row.tax_saved, base) if acts else "",
        show_money(row.cost, base) if acts else "",
    )


def _reasons(rows: Iterable[Candidate], language: Language) -> RenderableType:
    """One line for each reason of an asset, with the lots that share it."""
    told: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        told.setdefault((row.name, row.code, _reason(row, language)), []).append(row.lot_id)
    lines = []
    for (name, code, reason), lots in told.items():
        named = ", ".join(lot for lot in lots if lot)
        lines.append(bullet(f"{name} ({code}){f' {named}' if named else ''}: {reason}"))
    return Group(Line(_WHY.of(language), style="dim"), *lines)


def _reason(row: Candidate, language: Language) -> str:
    parts = [row.reason.of(language)]
    if row.conflicts and row.blocked_until:
        what = ", ".join(conflict.of(language) for conflict in row.conflicts)
        parts.append(_CONFLICT.of(language).format(what=what, day=row.blocked_until))
    if row.action is Action.LOSS:
        parts += [_REPLACE.of(language).format(code=row.replacement)] if row.replacement else []
        parts += [_REBUY.of(language).format(day=row.rebuy_from)] if row.rebuy_from else []
    return "; ".join(parts)


def _split(amounts: Mapping[str, Decimal], base: str, language: Language) -> str:
    shown = {name: show_money(amount, base) for name, amount in amounts.items()}
    return _SPLIT.of(language).format(
        gain=shown["gain"],
        one=shown["tax_in_one_year"],
        now=shown["this_year"],
        two=shown["tax_over_two_years"],
    )
