"""Results as a person reads them in a terminal: tables and sentences in Korean or English.

Everything fits 80 columns when the output is a pipe, and uses the terminal's width when there is one. A colour never
says anything alone. Nothing in a name or a message is taken as markup, and control characters are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Line

from rebalance_kit.drift import AssetDrift, Drift, GroupDrift
from rebalance_kit.money import plain, show_money, show_percent, show_points
from rebalance_kit.prices.model import FxRate
from rebalance_kit.report import wording
from rebalance_kit.report.wording import printable
from rebalance_kit.trigger import Decision
from rebalance_kit.words import Finding, Language, Text

PIPE_WIDTH = 80
_SEVERITY_STYLES = {"info": "cyan", "warning": "yellow", "error": "bold red"}


def show(content: RenderableType, file: TextIO) -> None:
    """Print on `file`: colours only in a terminal that wants them (NO_COLOR is respected), 80 columns in a pipe."""
    console = Console(
        file=file, width=None if file.isatty() else PIPE_WIDTH, markup=False, highlight=False, emoji=False
    )
    if console.is_terminal:
        console.print(content)
        return
    with console.capture() as capture:
        console.print(content)
    file.write("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()))


def drift_view(drift: Drift, language: Language) -> RenderableType:
    """The heading, every asset under its group, and the cash."""
    table = grid(
        (wording.ASSET, "left"),
        (wording.CODE, "left"),
        (wording.VALUE, "right"),
        (wording.NOW, "right"),
        (wording.TARGET, "right"),
        (wording.DRIFT, "right"),
        (wording.BAND, "right"),
        language=language,
    )
    for row in _rows(drift):
        table.add_row(*(_group_cells(row) if isinstance(row, GroupDrift) else _asset_cells(row, drift)))
    for cash in drift.cash:
        word = wording.CASH if cash.counted else wording.DIVIDENDS
        name = word.of(language) + ("" if len({c.account for c in drift.cash}) == 1 else f" ({cash.account})")
        table.add_row(plain_line(name), Line(cash.currency), show_money(cash.amount, cash.currency))
    return Group(heading(drift), table)


def decision_view(decision: Decision, language: Language) -> RenderableType:
    """Whether something is due, every reason, the next date, and what else the trigger found."""
    word = (wording.DUE if decision.rebalance else wording.NOT_DUE).of(language)
    trigger = wording.TRIGGERS[decision.trigger].of(language)
    lines: list[RenderableType] = [Line(word.format(trigger=trigger), style="bold")]
    lines += [bullet(reason.of(language)) for reason in decision.reasons]
    if decision.delayed_until:
        lines.append(Line(wording.DELAYED.of(language).format(date=decision.delayed_until)))
    if decision.next_date:
        lines.append(Line(wording.NEXT_DATE.of(language).format(date=decision.next_date)))
    reasons = {reason.of(language) for reason in decision.reasons}
    others = [finding for finding in decision.findings if finding.message.of(language) not in reasons]
    return Group(*lines, findings_view(others, language))


def findings_view(findings: Iterable[Finding], language: Language) -> RenderableType:
    """One line for each finding: how severe it is, and the sentence."""
    lines = []
    for finding in dict.fromkeys(findings):
        word = wording.SEVERITIES[finding.severity].of(language)
        line = Line(f"{word}: ", style=_SEVERITY_STYLES[finding.severity])
        lines.append(bullet(line.append(printable(finding.message.of(language)), style="default")))
    return Group(*lines)


def heading(drift: Drift) -> RenderableType:
    """Whose portfolio, on which day, worth how much, and the exchange rates that went into it."""
    total = show_money(drift.total_value, drift.base_currency)
    title = f"{printable(drift.portfolio)}  |  {drift.as_of}  |  {total}"
    return Group(Line(title, style="bold", overflow="fold"), *rate_lines(drift.fx))


def rate_lines(rates: Iterable[FxRate]) -> list[RenderableType]:
    """A line for each exchange rate: its day, its source, and the moment where it is known."""
    return [Line(printable(rate.note), style="dim", overflow="fold") for rate in rates]


def grid(*columns: tuple[Text, str], language: Language) -> Table:
    """A table without frames. Where the width is short the first column is cut, and numbers keep their width."""
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    for i, (title, side) in enumerate(columns):
        table.add_column(
            title.of(language),
            justify="right" if side == "right" else "left",
            no_wrap=i > 0,
            min_width=12 if i == 0 else None,
        )
    return table


def plain_line(text: str, style: str = "") -> Line:
    """A line of text from a file, without its control characters, cut where the width is short."""
    return Line(printable(text), style=style, no_wrap=True, overflow="ellipsis")


def bullet(text: str | Line) -> RenderableType:
    """A sentence under a heading, wrapped with its indent."""
    line = Line(printable(text)) if isinstance(text, str) else text
    table = Table.grid(padding=0)
    table.add_column(width=4)
    table.add_column(overflow="fold")
    table.add_row("  - ", line)
    return table


def section(content: RenderableType) -> RenderableType:
    """Content with an empty line above it."""
    return Padding(content, (1, 0, 0, 0))


def band_text(lower: Decimal, upper: Decimal) -> str:
    """A band of weights: `30-40%`, `2.5-7.5%`."""
    low, high = (plain(Decimal(show_percent(edge, 2).rstrip("%").replace(",", ""))) for edge in (lower, upper))
    return f"{low}-{high}%"


def drift_line(drift: Decimal, breached: bool) -> Line:
    """A drift in points; outside its band it is red and followed by a mark."""
    return Line(f"{show_points(drift)}{'!' if breached else ' '}", style="bold red" if breached else "")


def _rows(drift: Drift) -> Iterator[AssetDrift | GroupDrift]:
    """Groups before their first asset, the outer group before the inner one; assets in their own order."""
    groups = {group.name: group for group in drift.groups}
    seen: set[str] = set()
    for asset in drift.assets:
        outer = (asset.group or "").split(" / ")[0]
        for name in (outer, asset.group or ""):
            if name in groups and name not in seen:
                seen.add(name)
                yield groups[name]
        yield asset


def _group_cells(group: GroupDrift) -> tuple[RenderableType, ...]:
    now, target = show_percent(group.current_weight), show_percent(group.target_weight)
    edge = group.threshold
    band = "" if edge is None else band_text(max(Decimal(0), group.target_weight - edge), group.target_weight + edge)
    return plain_line(group.name, "bold"), "", "", now, target, drift_line(group.drift, group.breached), band


def _asset_cells(asset: AssetDrift, drift: Drift) -> tuple[RenderableType, ...]:
    return (
        plain_line(f"  {asset.name}"),
        plain_line(asset.code),
        show_money(asset.value, drift.base_currency),
        show_percent(asset.current_weight),
        show_percent(asset.target_weight),
        drift_line(asset.drift, asset.breached),
        "" if asset.unbounded else band_text(asset.lower, asset.upper),
    )
