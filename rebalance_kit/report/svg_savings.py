"""A savings plan as one picture: the largest drift at the end of every month, one line for each rule."""

from __future__ import annotations

from decimal import Decimal
from html import escape

from rebalance_kit.money import show_percent
from rebalance_kit.planner.compare import RULE_NAMES
from rebalance_kit.planner.savings_model import SavingsPlan, SavingsRule
from rebalance_kit.policy.choices import CashRule
from rebalance_kit.report import wording
from rebalance_kit.report.ink import BLUE, GREEN, VERMILION, WIDTH, document, legend
from rebalance_kit.words import Language

COLOURS = {CashRule.PROPORTIONAL: VERMILION, CashRule.WATER_FILLING: BLUE, CashRule.LEAST_SQUARES: GREEN}
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, WIDTH - 16, 16, 216
_MOST_MARKS = 24  # a longer plan shows its lines without a mark on every month


def savings_svg(plan: SavingsPlan, language: Language = "en") -> str:
    """Months to the right, points of drift upwards; colour and mark say which rule, and a bar where it is restored."""
    top = drift_top(plan)
    parts = [_axes(plan, top, language), *(_line(plan, row, top) for row in plan.rules)]
    entries = [(cash_mark(row.rule, 8, _BOTTOM + 44), RULE_NAMES[row.rule].of(language)) for row in plan.rules]
    parts.append(legend(_BOTTOM + 44, entries))
    words = "; ".join(_words(row, language) for row in plan.rules)
    return document(wording.SAVINGS_TITLE.of(language), words, _BOTTOM + 62, parts)


def drift_top(plan: SavingsPlan) -> float:
    """The upper end of the drift axis as a weight: 1, 2 or 5 times a power of ten."""
    drifts = (month.max_drift for row in plan.rules for month in row.months)
    most = max(float(plan.max_drift_before), *(float(drift) for drift in drifts)) or 0.01
    power = 1e-4
    while power * 10 < most:
        power *= 10
    return next(power * step for step in (1, 2, 5, 10) if power * step >= most)


def cash_mark(rule: CashRule, x: float, y: float) -> str:
    """The marks of the cash chart: a diamond, a circle and a square tell the rules apart without their colours."""
    colour = COLOURS[rule]
    if rule is CashRule.WATER_FILLING:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
    if rule is CashRule.PROPORTIONAL:
        return f'<path d="M{x - 4.5:.1f} {y:.1f}l4.5 -4.5 4.5 4.5 -4.5 4.5z" fill="{colour}"/>'
    return f'<rect x="{x - 3:.1f}" y="{y - 3:.1f}" width="6" height="6" fill="{colour}"/>'


def _points(plan: SavingsPlan, row: SavingsRule, top: float) -> list[tuple[float, float]]:
    drifts = [plan.max_drift_before, *(month.max_drift for month in row.months)]
    return [(_x(plan, i), _y(drift, top)) for i, drift in enumerate(drifts)]


def _x(plan: SavingsPlan, month: int) -> float:
    return _LEFT + month / plan.months * (_RIGHT - _LEFT)


def _y(drift: Decimal | float, top: float) -> float:
    return _BOTTOM - float(drift) / top * (_BOTTOM - _TOP)


def _line(plan: SavingsPlan, row: SavingsRule, top: float) -> str:
    points = _points(plan, row, top)
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    marks = points if plan.months <= _MOST_MARKS else [points[0], points[-1]]
    drawn = "".join(cash_mark(row.rule, x, y) for x, y in marks)
    if row.restored_after is not None:
        x, y = points[row.restored_after]
        drawn += f'<path d="M{x:.1f} {y - 8:.1f}v16" stroke="{COLOURS[row.rule]}" stroke-width="2"/>'
    line = f'<path d="M{path}" fill="none" stroke="{COLOURS[row.rule]}" stroke-width="1.8"/>'
    return f"<g><title>{escape(_words(row, 'en'))}</title>{line}{drawn}</g>"


def _axes(plan: SavingsPlan, top: float, language: Language) -> str:
    parts = []
    for share in (0.0, top / 2, top):
        y, opacity = _y(share, top), 0.2 if share else 0.9
        parts.append(
            f'<path d="M{_LEFT} {y:.1f}H{_RIGHT}" stroke="currentColor" stroke-opacity="{opacity:g}"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill-opacity=".75">{100 * share:g}%</text>'
        )
    step = max(1, -(-plan.months // 12))
    for month in range(0, plan.months + 1, step):
        x = _x(plan, month)
        parts.append(f'<text x="{x:.1f}" y="{_BOTTOM + 16}" text-anchor="middle" fill-opacity=".75">{month}</text>')
    label = escape(wording.MONTHS.of(language))
    parts.append(f'<text x="{_RIGHT}" y="{_BOTTOM + 30}" text-anchor="end" fill-opacity=".75">{label}</text>')
    return f'<g font-size="11">{"".join(parts)}</g>'


def _words(row: SavingsRule, language: Language) -> str:
    falls = ", ".join(f"{month.number}: {show_percent(month.max_drift, 2)}" for month in row.months)
    return f"{RULE_NAMES[row.rule].of(language)} {falls}"
