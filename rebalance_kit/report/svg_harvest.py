"""What can be harvested as one picture: what is left of the year's deduction, and the gain or loss of every lot."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rebalance_kit.money import show_money
from rebalance_kit.report import wording
from rebalance_kit.report.ink import (
    BLUE,
    GREEN,
    PLOT_END,
    PLOT_START,
    ROW,
    TOP,
    VERMILION,
    WIDTH,
    document,
    legend,
    name_text,
    rule,
    tick,
)
from rebalance_kit.report.wording import printable
from rebalance_kit.tax.harvest_model import ACTION_WORDS, Action, Candidate, Harvest
from rebalance_kit.words import Language

_BAR_TOP = 26.0
_END = PLOT_END - 80  # a gain with its days needs more room than a number


def harvest_svg(made: Harvest, language: Language = "en") -> str:
    """A bar of the deduction, then one bar for each lot from a zero line: colour and side say gain or loss, a triangle
    says that there is something to do. In the United States the days until a sale is long-term stand beside it."""
    scale = gain_scale(made)
    start = TOP + 56
    bottom = start + ROW * len(made.candidates)
    parts = [_deduction(made, language), rule(TOP + 28), f'<g transform="translate(0,{start - TOP})">']
    parts += [_axis(made, scale, bottom - start + TOP), "</g>"]
    parts += [_row(made, row, start + ROW * i, scale, language) for i, row in enumerate(made.candidates)]
    parts.append(_legend(made, bottom + 22, language))
    words = "; ".join(lot_words(made, row, language) for row in made.candidates)
    return document(wording.HARVEST_TITLE.of(language), words, bottom + 44, parts)


def gain_scale(made: Harvest) -> float:
    """Half the width of the axis in money: 1, 2 or 5 times a power of ten."""
    most = max((abs(float(row.gain)) for row in made.candidates if row.gain is not None), default=1.0) or 1.0
    power = 10.0 ** (len(f"{int(most)}") - 1)
    return next(step * power for step in (1, 2, 5, 10, 20) if step * power >= most)


def lot_name(row: Candidate) -> str:
    """A lot as it is called beside its bar."""
    return f"{row.name} {row.lot_id}".strip()


def gain_text(made: Harvest, row: Candidate, language: Language) -> str:
    """The gain of a lot, and how long until it is long-term where that is not yet so."""
    gain = "?" if row.gain is None else show_money(row.gain, made.base_currency, signed=True)
    if not row.days_to_long_term:
        return gain
    return f"{gain} · {wording.DAYS.of(language).format(days=row.days_to_long_term)}"


def left_text(made: Harvest, language: Language) -> str:
    """What is left of the deduction, as a sentence."""
    left, whole = (show_money(amount, made.base_currency) for amount in (made.deduction_left, made.deduction))
    return wording.DEDUCTION_LEFT.of(language).format(left=left, all=whole)


def lot_words(made: Harvest, row: Candidate, language: Language) -> str:
    """A lot in words, for readers who do not see the picture."""
    action = ACTION_WORDS[row.action].of(language)
    return f"{printable(lot_name(row))} {gain_text(made, row, language)}, {action}: {row.reason.of(language)}"


def used_share(made: Harvest) -> float:
    """How much of the deduction is used, from 0 to 1."""
    return 1 - float(made.deduction_left) / float(made.deduction) if made.deduction else 1.0


def _deduction(made: Harvest, language: Language) -> str:
    width = WIDTH - 8
    used = max(0.0, min(1.0, used_share(made))) * width
    words = escape(left_text(made, language))
    return (
        f'<g><title>{words}</title><text x="4" y="16">{words}</text>'
        f'<rect x="4" y="{_BAR_TOP:g}" width="{width}" height="14" fill="{GREEN}" fill-opacity=".8"/>'
        f'<rect x="4" y="{_BAR_TOP:g}" width="{used:.1f}" height="14" fill="currentColor" fill-opacity=".55"/></g>'
    )


def _x(amount: float, scale: float) -> float:
    middle, half = (PLOT_START + _END) / 2, (_END - PLOT_START) / 2
    return middle + max(-1.0, min(1.0, amount / scale)) * half


def _axis(made: Harvest, scale: float, bottom: float) -> str:
    unit = type(made.deduction)
    labels = [
        tick(_x(sign * scale, scale), escape(show_money(unit(int(sign * scale)), made.base_currency, signed=sign != 0)),
             bottom, 0.9 if sign == 0 else 0.2)
        for sign in (-1, 0, 1)
    ]  # fmt: skip
    return f'<g font-size="11">{"".join(labels)}</g>'


def _row(made: Harvest, row: Candidate, y: float, scale: float, language: Language) -> str:
    middle, gain = y + ROW / 2, float(row.gain or 0)
    start, end = sorted((_x(0, scale), _x(gain, scale)))
    colour = VERMILION if gain < 0 else BLUE
    parts = [f"<g><title>{escape(lot_words(made, row, language))}</title>", name_text(lot_name(row), middle)]
    parts.append(f'<rect x="{start:.1f}" y="{middle - 7:.1f}" width="{end - start:.1f}" height="14" fill="{colour}"/>')
    if row.action is not Action.NONE:
        parts.append(_flag(_x(gain, scale), middle, colour, -1 if gain < 0 else 1))
    weight = ' font-weight="700"' if row.action is not Action.NONE else ""
    parts.append(
        f'<text x="{WIDTH - 4}" y="{middle + 4.5:.1f}" text-anchor="end" font-size="12"{weight}>'
        f"{escape(gain_text(made, row, language))}</text></g>"
    )
    return "".join(parts)


def _flag(x: float, middle: float, colour: str, sign: int) -> str:
    return f'<path d="M{x:.1f} {middle - 10:.1f}l{9 * sign} 10l{-9 * sign} 10z" fill="{colour}"/>'


def _legend(made: Harvest, y: float, language: Language) -> str:
    entries: Sequence[tuple[str, str]] = (
        (f'<rect x="0" y="{y - 5:.1f}" width="16" height="10" fill="{BLUE}"/>', wording.GAIN.of(language)),
        (f'<rect x="0" y="{y - 5:.1f}" width="16" height="10" fill="{VERMILION}"/>', wording.LOSS.of(language)),
        (_flag(4, y, "currentColor", 1), wording.TO_HARVEST.of(language)),
    )
    return legend(y, [entry for entry in entries if made.candidates])
