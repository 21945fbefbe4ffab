"""The drift chart for a phone: a sheet 340 pixels wide, so that its letters keep their size, names above their bars.

It says what `report.svg.drift_svg` says, with the same scale, shapes and colours.
"""

from __future__ import annotations

from decimal import Decimal
from html import escape

from rebalance_kit.drift import Drift
from rebalance_kit.report import wording
from rebalance_kit.report.ink import BLUE, FONTS, VERMILION, shorten
from rebalance_kit.report.svg import Bar, bar_words, drift_bars, drift_scale, points_text
from rebalance_kit.words import Language

WIDTH = 340
_EDGE = 12  # room for an arrow outside the plot
_ROW = 42
_TOP = 22
_NAME = 262  # how wide a name may be
_SIZE = 13


def drift_narrow_svg(drift: Drift, language: Language = "en") -> str:
    """The drift of every asset and group in points, for a narrow page."""
    assets, groups = drift_bars(drift)
    bars = [*assets, *groups]
    scale = drift_scale(bars)
    bottom = _TOP + _ROW * len(bars)
    title = escape(wording.DRIFT_TITLE.of(language))
    words = escape("; ".join(bar_words(bar, language) for bar in bars))
    rows = "".join(_row(bar, _TOP + _ROW * i, scale, language) for i, bar in enumerate(bars))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 30}" role="img" aria-label="{title}"'
        f' style="width:100%;height:auto" font-family="{FONTS}" font-size="{_SIZE}" fill="currentColor">'
        f"<title>{title}</title><desc>{words}</desc>{_axis(scale)}{rows}{_legend(bottom + 18, language)}</svg>"
    )


def _x(share: Decimal | float, scale: float) -> float:
    half = WIDTH / 2 - _EDGE
    return WIDTH / 2 + max(-1.0, min(1.0, float(share) / scale)) * half


def _row(bar: Bar, y: float, scale: float, language: Language) -> str:
    middle, zero, end = y + 26, _x(0, scale), _x(bar.drift, scale)
    start, width = min(zero, end), abs(end - zero)
    colour = f'"{VERMILION if bar.breached else BLUE}"' if bar.tested else '"currentColor" fill-opacity=".45"'
    weight = ' font-weight="700"' if bar.breached else ""
    parts = [
        f"<g><title>{escape(bar_words(bar, language))}</title>",
        f'<text x="0" y="{y + 13}">{escape(shorten(bar.name, _NAME, _SIZE))}</text>',
        f'<text x="{WIDTH}" y="{y + 13}" text-anchor="end"{weight}>{points_text(bar.drift)}</text>',
        *(_line(share, middle, scale) for share in (-scale, 0.0, scale)),
        f'<rect x="{start:.1f}" y="{middle - 6}" width="{width:.1f}" height="12" fill={colour}/>',
    ]
    parts += [_mark(_x(edge, scale), middle) for edge in bar.edges if abs(float(edge)) <= scale]
    if bar.breached:
        parts.append(_arrow(end, middle, 1 if bar.drift > 0 else -1))
    return "".join(parts) + "</g>"


def _line(share: float, middle: float, scale: float) -> str:
    opacity = 0.2 if share else 0.9
    return f'<path d="M{_x(share, scale):.1f} {middle - 10}v20" stroke="currentColor" stroke-opacity="{opacity:g}"/>'


def _axis(scale: float) -> str:
    ticks = [(-scale, "start"), (0.0, "middle"), (scale, "end")]
    parts = []
    for share, anchor in ticks:
        x, words = _x(share, scale), f"{100 * share:+g}" if share else "0"
        shift = {"start": -_EDGE, "middle": 0, "end": _EDGE}[anchor]
        parts.append(f'<text x="{x + shift:.1f}" y="12" text-anchor="{anchor}" fill-opacity=".75">{words}</text>')
    return f'<g font-size="11">{"".join(parts)}</g>'


def _legend(y: float, language: Language) -> str:
    entries = [
        (f'<rect x="0" y="{y - 5}" width="12" height="10" fill="{BLUE}"/>', wording.WITHIN),
        (f'<rect x="0" y="{y - 5}" width="6" height="10" fill="{VERMILION}"/>{_arrow(5, y, 1)}', wording.OUTSIDE),
        (_mark(6, y), wording.BAND_EDGE),
    ]
    parts = [
        f'<g transform="translate({WIDTH * i // 3})">{drawing}'
        f'<text x="18" y="{y + 4}">{escape(text.of(language))}</text></g>'
        for i, (drawing, text) in enumerate(entries)
    ]
    return f'<g font-size="11.5">{"".join(parts)}</g>'


def _mark(x: float, middle: float) -> str:
    return f'<path d="M{x:.1f} {middle - 9}v18" stroke="currentColor" stroke-width="2"/>'


def _arrow(x: float, middle: float, sign: int) -> str:
    return f'<path d="M{x:.1f} {middle - 9}l{9 * sign} 9l{-9 * sign} 9z" fill="{VERMILION}"/>'
