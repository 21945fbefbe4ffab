"""Pieces of a hand-made SVG chart: the sheet, the axis, names cut to fit, and a legend.

The sheet is deterministic and small, asks for nothing outside itself, and needs no font on the server: text is drawn
by the reader's browser. Lines and letters are `currentColor`, so that a dark page stays readable; the colours are
from Okabe and Ito's palette, which colour-blind readers can tell apart, and what a colour says, a shape says too.
Coordinates are floats with one decimal: they are ink, never money.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

from rebalance_kit.report.wording import printable

BLUE = "#0072B2"
VERMILION = "#D55E00"
GREEN = "#009E73"
FONTS = "'Malgun Gothic','Apple SD Gothic Neo','Noto Sans KR','Noto Sans CJK KR',NanumGothic,sans-serif"

WIDTH = 560
NAME_END = 164
PLOT_START, PLOT_END = 178, 488
ROW = 26
TOP = 24
FONT = 13


def document(title: str, words: str, height: float, parts: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img"'
        f' aria-label="{escape(title)}" style="width:100%;max-width:{WIDTH * 5 // 4}px;height:auto"'
        f' font-family="{FONTS}" font-size="{FONT}" fill="currentColor">'
        f"<title>{escape(title)}</title><desc>{escape(words)}</desc>{''.join(parts)}</svg>"
    )


def tick(x: float, label: str, bottom: float, opacity: float) -> str:
    return (
        f'<path d="M{x:.1f} 20V{bottom:.1f}" stroke="currentColor" stroke-opacity="{opacity:g}"/>'
        f'<text x="{x:.1f}" y="13" text-anchor="middle" fill-opacity=".75">{label}</text>'
    )


def rule(y: float) -> str:
    return f'<path d="M0 {y:.1f}h{WIDTH}" stroke="currentColor" stroke-opacity=".25"/>'


def mark(x: float, middle: float) -> str:
    return f'<path d="M{x:.1f} {middle - 10:.1f}v20" stroke="currentColor" stroke-width="2"/>'


def name_text(name: str, middle: float) -> str:
    short = escape(shorten(name, NAME_END))
    return f'<text x="{NAME_END}" y="{middle + 4.5:.1f}" text-anchor="end">{short}</text>'


def legend(y: float, entries: Sequence[tuple[str, str]]) -> str:
    parts, x = [], 4.0
    for drawing, label in entries:
        text = f'<text x="24" y="{y + 4:.1f}">{escape(label)}</text>'
        parts.append(f'<g transform="translate({x:.0f})">{drawing}{text}</g>')
        x += 24 + text_width(label, 12) + 22
    return f'<g font-size="12">{"".join(parts)}</g>'


def shorten(text: str, width: float, size: float = FONT) -> str:
    """`text` cut to about `width` pixels. The middle goes: funds of one family differ at the end of their names."""
    text = printable(text)
    if text_width(text, size) <= width:
        return text
    head, tail = list(text), list[str]()
    while len(tail) < 5 and len(head) > 1:
        tail.insert(0, head.pop())
    while len(head) > 1 and text_width("".join([*head, "…", *tail]), size) > width:
        head.pop()
    return f"{''.join(head).rstrip()}…{''.join(tail).lstrip()}"


def text_width(text: str, size: float = FONT) -> float:
    """About how many pixels wide `text` is drawn: enough to cut names, not to set type."""
    return sum(_em(char) for char in text) * size


def _em(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 0.98
    if char in "ijl.,:;'|!()[] ":
        return 0.34
    return 0.7 if char.isupper() or char in "mw&%@" else 0.56
