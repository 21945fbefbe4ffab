"""The same charts as matplotlib figures, for a PNG or a PDF: drawn without pyplot, so that nothing global changes.

matplotlib needs a Korean font on the machine that draws. The first installed font of `KOREAN_FONTS` is used; without
one a warning says so, and the figure shows codes and English labels instead of empty boxes.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rebalance_kit.drift import Drift
from rebalance_kit.money import show_percent, show_points
from rebalance_kit.planner.compare import RULE_NAMES, CashComparison
from rebalance_kit.planner.plan import Plan
from rebalance_kit.planner.savings_model import SavingsPlan
from rebalance_kit.report import wording
from rebalance_kit.report.ink import BLUE, GREEN, VERMILION, shorten
from rebalance_kit.report.svg import drift_bars, drift_scale
from rebalance_kit.report.svg_savings import COLOURS
from rebalance_kit.words import Language, Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KOREAN_FONTS = (
    "Malgun Gothic", "Apple SD Gothic Neo", "AppleGothic", "Noto Sans KR", "Noto Sans CJK KR", "NanumGothic",
    "NanumBarunGothic",
)  # fmt: skip


def korean_font() -> str | None:
    """The first installed font that has Hangul, or None."""
    from matplotlib import font_manager

    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return next((name for name in KOREAN_FONTS if name in installed), None)


def drift_figure(drift: Drift, language: Language = "en") -> Figure:
    """`drift_svg` as a figure."""
    bars = [bar for rows in drift_bars(drift) for bar in rows]
    pen = Pen([bar.name for bar in bars], language)
    figure, axes = pen.sheet(wording.DRIFT_TITLE, [(bar.name, bar.code) for bar in bars])
    scale = 100 * drift_scale(bars)
    for y, bar in enumerate(bars):
        points = 100 * float(bar.drift)
        axes.barh(y, points, height=0.55, color=VERMILION if bar.breached else BLUE if bar.tested else "#999999")
        for edge in (100 * float(edge) for edge in bar.edges):
            if abs(edge) <= scale:
                axes.plot([edge, edge], [y - 0.4, y + 0.4], color="black", linewidth=1.5)
        pen.write(axes, y, f"{show_points(bar.drift)}{' !' if bar.breached else ''}")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlim(-scale, scale)
    pen.finish(axes, "{:+g}")
    return figure


def before_after_figure(plan: Plan, language: Language = "en") -> Figure:
    """`before_after_svg` as a figure."""
    after = {row.code: row.weight for row in plan.after}
    assets = plan.drift.assets
    pen = Pen([asset.name for asset in assets], language)
    figure, axes = pen.sheet(wording.WEIGHTS_TITLE, [(asset.name, asset.code) for asset in assets])
    for y, asset in enumerate(assets):
        weight = after.get(asset.code, asset.current_weight)
        before, end, target = (100 * float(w) for w in (asset.current_weight, weight, asset.target_weight))
        axes.plot([before, end], [y, y], color=BLUE, linewidth=1.5, zorder=1)
        axes.plot([target] * 2, [y - 0.35, y + 0.35], color="black", linewidth=1.5, zorder=2)
        axes.scatter([before], [y], facecolors="none", edgecolors=VERMILION, zorder=3)
        axes.scatter([end], [y], color=BLUE, zorder=3)
        pen.write(axes, y, f"{show_percent(asset.current_weight)} > {show_percent(weight)}")
    axes.set_xlim(left=0)
    pen.finish(axes, "{:g}%")
    return figure


def cash_figure(compared: CashComparison, language: Language = "en") -> Figure:
    """`cash_svg` as a figure."""
    codes = [code for code, _ in compared.rules[0].split.amounts]
    pen = Pen([compared.names[code] for code in codes], language)
    figure, axes = pen.sheet(wording.CASH_TITLE, [(compared.names[code], code) for code in codes])
    for i, (outcome, colour, marker) in enumerate(zip(compared.rules, (VERMILION, BLUE, GREEN), "Dos", strict=True)):
        amounts = [float(outcome.split.amount(code)) for code in codes]
        heights = [y + 0.26 * (i - 1) for y in range(len(codes))]
        axes.hlines(heights, 0, amounts, color=colour, linewidth=2)
        label = RULE_NAMES[outcome.split.rule].of(pen.language)
        axes.scatter(amounts, heights, color=colour, marker=marker, label=label)
    axes.legend(prop=pen.font, frameon=False, loc="best")
    axes.axvline(0, color="black", linewidth=0.8)
    pen.finish(axes, "{:,.0f}")
    return figure


def savings_figure(plan: SavingsPlan, language: Language = "en") -> Figure:
    """`savings_svg` as a figure."""
    from matplotlib.figure import Figure

    pen = Pen([], language)
    figure = Figure(figsize=(7.5, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for row, marker in zip(plan.rules, "Dos", strict=False):
        drifts = [100 * float(drift) for drift in (plan.max_drift_before, *(m.max_drift for m in row.months))]
        label = RULE_NAMES[row.rule].of(pen.language)
        axes.plot(range(len(drifts)), drifts, color=COLOURS[row.rule], marker=marker, markersize=4, label=label)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(wording.MONTHS.of(pen.language), fontproperties=pen.font)
    axes.set_title(wording.SAVINGS_TITLE.of(pen.language), fontproperties=pen.font)
    axes.legend(prop=pen.font, frameon=False, loc="best")
    axes.spines[["top", "right"]].set_visible(False)
    pen.finish(axes, "{:g}")
    return figure


class Pen:
    """A font that has the letters, or the decision to do without them."""

    def __init__(self, names: Sequence[str], language: Language) -> None:
        from matplotlib.font_manager import FontProperties

        korean = language == "ko" or any(not name.isascii() for name in names)
        font = korean_font() if korean else None
        self.codes = korean and font is None
        self.language: Language = "en" if self.codes else language
        self.font = FontProperties(family=[font] if font else ["DejaVu Sans"], size=9)
        if self.codes:
            warnings.warn(
                f"no Korean font is installed: the figure shows codes; install one of {', '.join(KOREAN_FONTS)}",
                stacklevel=4,
            )

    def sheet(self, title: Text, rows: Sequence[tuple[str, str]]) -> tuple[Figure, Axes]:
        """An empty sheet with one line for each (name, code), the first on top."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.5, 1.1 + 0.34 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        labels = [code if self.codes else shorten(name, 240) for name, code in rows]
        axes.set_yticks(range(len(rows)), labels, fontproperties=self.font)
        axes.invert_yaxis()
        axes.set_title(title.of(self.language), fontproperties=self.font)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(left=False)
        axes.grid(axis="x", alpha=0.25)
        return figure, axes

    def write(self, axes: Axes, y: float, text: str) -> None:
        """`text` to the right of line `y`."""
        axes.text(1.03, y, text, va="center", fontproperties=self.font, transform=axes.get_yaxis_transform())

    def finish(self, axes: Axes, pattern: str) -> None:
        """Tick labels with an ASCII minus: Korean fonts often lack the typographic one."""
        ticks = [tick for tick in axes.get_xticks() if axes.get_xlim()[0] <= tick <= axes.get_xlim()[1]]
        axes.set_xticks(ticks, [pattern.format(tick) if tick else "0" for tick in ticks], fontproperties=self.font)
