"""The three cash rules as one picture: what each would put into every asset, or take out of it."""

from __future__ import annotations

from html import escape

from rebalance_kit.money import show_money
from rebalance_kit.planner.compare import RULE_NAMES, CashComparison
from rebalance_kit.policy.choices import CashRule
from rebalance_kit.report import wording
from rebalance_kit.report.ink import (
    BLUE,
    GREEN,
    PLOT_START,
    TOP,
    VERMILION,
    WIDTH,
    document,
    legend,
    name_text,
    tick,
)
from rebalance_kit.report.wording import printable
from rebalance_kit.words import Language

_COLOURS = {CashRule.PROPORTIONAL: VERMILION, CashRule.WATER_FILLING: BLUE, CashRule.LEAST_SQUARES: GREEN}
_END = WIDTH - 40


def cash_svg(compared: CashComparison, language: Language = "en") -> str:
    """One row for each asset with three lines, one for each rule: colour and shape say which."""
    codes = [code for code, _ in compared.rules[0].split.amounts]
    top = _scale(compared)
    height = 40 * len(codes)
    parts = [_axis(top, TOP + height, compared)]
    parts += [_row(compared, code, TOP + 40 * i, top) for i, code in enumerate(codes)]
    entries = [
        (_mark(outcome.split.rule, 8, TOP + height + 22), RULE_NAMES[outcome.split.rule].of(language))
        for outcome in compared.rules
    ]
    parts.append(legend(TOP + height + 22, entries))
    words = "; ".join(_words(compared, code) for code in codes)
    return document(wording.CASH_TITLE.of(language), words, TOP + height + 44, parts)


def _scale(compared: CashComparison) -> float:
    """The right end of the axis in money: a round number of 1, 2 or 5 times a power of ten."""
    most = max((abs(float(amount)) for rule in compared.rules for _, amount in rule.split.amounts), default=1.0) or 1.0
    power = 10.0 ** (len(f"{int(most)}") - 1)
    return next(step * power for step in (1, 2, 5, 10, 20) if step * power >= most)


def _x(amount: float, top: float) -> float:
    return PLOT_START + abs(amount) / top * (_END - PLOT_START)


def _axis(top: float, bottom: float, compared: CashComparison) -> str:
    sign = -1 if compared.amount < 0 else 1
    unit = type(compared.amount)
    labels = [show_money(unit(int(sign * top * i / 2)), compared.base_currency) for i in range(3)]
    ticks = [tick(_x(top * i / 2, top), escape(label), bottom, 0.2) for i, label in enumerate(labels)]
    return f'<g font-size="11">{"".join(ticks)}</g>'


def _row(compared: CashComparison, code: str, y: float, top: float) -> str:
    parts = [f"<g><title>{escape(_words(compared, code))}</title>{name_text(compared.names[code], y + 20)}"]
    for i, outcome in enumerate(compared.rules):
        rule, middle = outcome.split.rule, y + 10 + 10 * i
        x = _x(float(outcome.split.amount(code)), top)
        parts.append(
            f'<path d="M{PLOT_START} {middle:.1f}H{x:.1f}" stroke="{_COLOURS[rule]}" stroke-width="3"/>'
            f"{_mark(rule, x, middle)}"
        )
    return "".join([*parts, "</g>"])


def _mark(rule: CashRule, x: float, y: float) -> str:
    """A diamond, a circle and a square: the rules without their colours."""
    colour = _COLOURS[rule]
    if rule is CashRule.WATER_FILLING:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>'
    if rule is CashRule.PROPORTIONAL:
        return f'<path d="M{x - 5.5:.1f} {y:.1f}l5.5 -5.5 5.5 5.5 -5.5 5.5z" fill="{colour}"/>'
    return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{colour}"/>'


def _words(compared: CashComparison, code: str) -> str:
    amounts = ", ".join(
        f"{rule.split.rule.value} {show_money(rule.split.amount(code), compared.base_currency)}"
        for rule in compared.rules
    )
    return f"{printable(compared.names[code])}: {amounts}"
