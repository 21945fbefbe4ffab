"""Live charts as hand-made SVG: pure functions from a result to one string (`report.ink` says why by hand)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from rebalance_kit.drift import AssetDrift, Drift, GroupDrift
from rebalance_kit.money import show_percent, show_points
from rebalance_kit.planner.plan import Plan
from rebalance_kit.report import wording
from rebalance_kit.report.ink import (
    BLUE,
    PLOT_END,
    PLOT_START,
    ROW,
    TOP,
    VERMILION,
    WIDTH,
    document,
    legend,
    mark,
    name_text,
    rule,
    tick,
)
from rebalance_kit.report.wording import printable
from rebalance_kit.words import Language

_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the drift chart. The marks are drifts between which the row does not breach; None: not tested."""

    code: str
    name: str
    drift: Decimal
    lower: Decimal | None
    upper: Decimal | None
    breached: bool

    @property
    def tested(self) -> bool:
        return bool(self.edges)

    @property
    def edges(self) -> tuple[Decimal, ...]:
        return () if self.lower is None or self.upper is None else (self.lower, self.upper)


def drift_svg(drift: Drift, language: Language = "en") -> str:
    """The drift of every asset and group in points: bars from a zero line, band marks, breaches by shape and colour."""
    assets, groups = drift_bars(drift)
    scale = drift_scale([*assets, *groups])
    title = wording.DRIFT_TITLE.of(language)
    parts = [_drift_axis(scale, TOP + ROW * (len(assets) + len(groups)) + (18 if groups else 0))]
    y = float(TOP)
    for bar in assets:
        parts.append(_bar_row(bar, y, scale, language))
        y += ROW
    if groups:
        parts.append(rule(y + 4))
        y += 18
        for bar in groups:
            parts.append(_bar_row(bar, y, scale, language))
            y += ROW
    parts.append(_drift_legend(y + 22, language))
    return document(title, _drift_words([*assets, *groups], language), y + 44, parts)


def drift_bars(drift: Drift) -> tuple[list[Bar], list[Bar]]:
    """The rows of the drift chart: assets, then groups."""
    return [_asset_bar(asset) for asset in drift.assets], [_group_bar(group) for group in drift.groups]


def before_after_svg(plan: Plan, language: Language = "en") -> str:
    """The weight of every asset before and after the plan, with its target and its band."""
    after = {row.code: row.weight for row in plan.after}
    rows = [(asset, after.get(asset.code, asset.current_weight)) for asset in plan.drift.assets]
    top = _weight_scale(rows)
    parts = [_weight_axis(top, TOP + ROW * len(rows))]
    parts += [_weight_row(asset, weight, TOP + ROW * i, top) for i, (asset, weight) in enumerate(rows)]
    y = TOP + ROW * len(rows)
    parts.append(_weight_legend(y + 22, language))
    words = "; ".join(
        f"{printable(asset.name)} {show_percent(asset.current_weight)} → {show_percent(weight)}"
        f" ({wording.TARGET.of(language)} {show_percent(asset.target_weight)})"
        for asset, weight in rows
    )
    return document(wording.WEIGHTS_TITLE.of(language), words, y + 44, parts)


def drift_scale(bars: Sequence[Bar]) -> float:
    """Half the width of the axis, as a share of the portfolio: the next round step, so that a moving slider does not
    make the axis tremble. Bands that are far wider than any drift do not shrink the bars: their marks stay outside."""
    reach = max((abs(float(bar.drift)) for bar in bars), default=0.0)
    edges = [abs(float(edge)) for bar in bars for edge in bar.edges]
    need = max([0.005, 1.04 * reach, *(edge for edge in edges if edge <= max(4 * reach, 0.05))])
    return next((step for step in _STEPS if step >= need), 1.0)


def _asset_bar(asset: AssetDrift) -> Bar:
    if asset.unbounded:
        return Bar(asset.code, asset.name, asset.drift, None, None, asset.breached)
    low, high = asset.lower - asset.target_weight, asset.upper - asset.target_weight
    return Bar(asset.code, asset.name, asset.drift, low, high, asset.breached)


def _group_bar(group: GroupDrift) -> Bar:
    edge = group.threshold
    return Bar(group.name, group.name, group.drift, None if edge is None else -edge, edge, group.breached)


def _x(share: Decimal | float, scale: float) -> float:
    middle, half = (PLOT_START + PLOT_END) / 2, (PLOT_END - PLOT_START) / 2
    return middle + max(-1.0, min(1.0, float(share) / scale)) * half


def _bar_row(bar: Bar, y: float, scale: float, language: Language) -> str:
    middle, zero, end = y + ROW / 2, _x(0, scale), _x(bar.drift, scale)
    fill = f'"{VERMILION if bar.breached else BLUE}"' if bar.tested else '"currentColor" fill-opacity=".45"'
    parts = [f"<g><title>{escape(bar_words(bar, language))}</title>", name_text(bar.name, middle)]
    start, width = min(zero, end), abs(end - zero)
    parts.append(f'<rect x="{start:.1f}" y="{middle - 7:.1f}" width="{width:.1f}" height="14" fill={fill}/>')
    parts += [mark(_x(edge, scale), middle) for edge in bar.edges if abs(float(edge)) <= scale]
    if bar.breached:
        parts.append(_arrow(end, middle, 1 if bar.drift > 0 else -1))
    weight = ' font-weight="700"' if bar.breached else ""
    parts.append(
        f'<text x="{WIDTH - 4}" y="{middle + 4.5:.1f}" text-anchor="end"{weight}>{points_text(bar.drift)}</text></g>'
    )
    return "".join(parts)


def points_text(drift: Decimal) -> str:
    text = show_points(drift)
    return text.lstrip("+-") if Decimal(text) == 0 else text


def _arrow(x: float, middle: float, sign: int) -> str:
    return f'<path d="M{x:.1f} {middle - 10:.1f}l{9 * sign} 10l{-9 * sign} 10z" fill="{VERMILION}"/>'


def _drift_axis(scale: float, bottom: float) -> str:
    ticks = [-scale, -scale / 2, 0.0, scale / 2, scale]
    labels = [tick(_x(t, scale), f"{100 * t:+g}" if t else "0", bottom, 0.9 if t == 0 else 0.2) for t in ticks]
    return f'<g font-size="11">{"".join(labels)}</g>'


def _drift_legend(y: float, language: Language) -> str:
    entries = [
        (f'<rect x="0" y="{y - 5:.1f}" width="16" height="10" fill="{BLUE}"/>', wording.WITHIN),
        (
            f'<rect x="0" y="{y - 5:.1f}" width="10" height="10" fill="{VERMILION}"/>{_arrow(9, y, 1)}',
            wording.OUTSIDE,
        ),
        (mark(8, y), wording.BAND_EDGE),
    ]
    return legend(y, [(drawing, text.of(language)) for drawing, text in entries])


def bar_words(bar: Bar, language: Language) -> str:
    state = (wording.OUTSIDE if bar.breached else wording.WITHIN).of(language)
    tested = f", {state}" if bar.tested else ""
    return f"{printable(bar.name)} {points_text(bar.drift)} {wording.POINTS.of(language)}{tested}"


def _drift_words(bars: Iterable[Bar], language: Language) -> str:
    return "; ".join(bar_words(bar, language) for bar in bars)


def _weight_scale(rows: Iterable[tuple[AssetDrift, Decimal]]) -> float:
    """The right end of the weight axis: the next 10 % above everything that a dot or a target marks."""
    top = max((float(max(a.current_weight, w, a.target_weight)) for a, w in rows), default=0.1)
    tenths = int(top * 10 + 0.999)
    return max(1, tenths) / 10


def _weight_x(weight: Decimal | float, top: float) -> float:
    return PLOT_START + min(1.0, max(0.0, float(weight) / top)) * (PLOT_END - PLOT_START - 44)


def _weight_axis(top: float, bottom: float) -> str:
    labels = [tick(_weight_x(top * i / 4, top), f"{100 * top * i / 4:g}%", bottom, 0.2) for i in range(5)]
    return f'<g font-size="11">{"".join(labels)}</g>'


def _weight_row(asset: AssetDrift, weight: Decimal, y: float, top: float) -> str:
    middle = y + ROW / 2
    before, after, target = (_weight_x(w, top) for w in (asset.current_weight, weight, asset.target_weight))
    low, high = (target, target) if asset.unbounded else (_weight_x(asset.lower, top), _weight_x(asset.upper, top))
    words = f"{printable(asset.name)} {show_percent(asset.current_weight)} → {show_percent(weight)}"
    label = f"{show_percent(asset.current_weight)} → {show_percent(weight)}"
    return (
        f"<g><title>{escape(words)}</title>{name_text(asset.name, middle)}"
        f'<rect x="{low:.1f}" y="{middle - 8:.1f}" width="{high - low:.1f}" height="16" fill="currentColor"'
        f' fill-opacity=".1"/>{mark(target, middle)}'
        f'<path d="M{before:.1f} {middle:.1f}H{after:.1f}" stroke="{BLUE}" stroke-width="2"/>'
        f"{_before_dot(before, middle)}{_after_dot(after, middle)}"
        f'<text x="{WIDTH - 4}" y="{middle + 4.5:.1f}" text-anchor="end">{escape(label)}</text></g>'
    )


def _before_dot(x: float, y: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="none" stroke="{VERMILION}" stroke-width="2"/>'


def _after_dot(x: float, y: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{BLUE}"/>'


def _weight_legend(y: float, language: Language) -> str:
    band = f'<rect x="0" y="{y - 8:.1f}" width="16" height="16" fill="currentColor" fill-opacity=".15"/>'
    entries = [
        (_before_dot(8, y), wording.BEFORE),
        (_after_dot(8, y), wording.AFTER),
        (mark(8, y), wording.TARGET),
        (band, wording.BAND),
    ]
    return legend(y, [(drawing, text.of(language)) for drawing, text in entries])
