"""A savings plan as a person reads it: how drift falls month by month, and what each rule buys."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text as Line

from rebalance_kit.money import ZERO, show_money, show_percent
from rebalance_kit.orders import show_shares
from rebalance_kit.planner.savings_model import CARRIED, LARGEST_DRIFT, MONTH, SavingsMonth, SavingsPlan, SavingsRule
from rebalance_kit.report.terminal import bullet, grid, plain_line, rate_lines, section
from rebalance_kit.report.wording import ASSET, printable
from rebalance_kit.words import Language, Text, same

_TITLE = Text(
    "{amount} a month for {months} months, rule by rule (whole shares)",
    "매달 {amount}씩 {months}개월의 규칙별 적립 (정수 주식 수)",
)
_DRIFT_TITLE = Text("Largest drift at the end of each month, and cash carried on", "매달 말 최대 편차와 이월 현금")
_BOUGHT = Text("Shares bought in all", "전체 매수 수량")
_MOST_ROWS = 24  # a longer plan shows its first and its last months


def savings_view(plan: SavingsPlan, language: Language) -> RenderableType:
    """The months of every rule side by side, then the shares bought in all, then the sentences."""
    amount = show_money(plan.amount, plan.base_currency)
    title = _TITLE.of(language).format(amount=amount, months=plan.months)
    return Group(
        Line(title, style="bold"),
        *rate_lines(plan.fx),
        Line(_DRIFT_TITLE.of(language), style="dim"),
        _months(plan, language),
        section(_shares(plan, language)),
        Line(""),
        *(bullet(sentence) for sentence in plan.sentences(language)),
    )


def _months(plan: SavingsPlan, language: Language) -> RenderableType:
    table = grid((MONTH, "left"), *((same(row.rule.value), "right") for row in plan.rules), language=language)
    table.add_row("0", *(show_percent(plan.max_drift_before, 2) for _ in plan.rules))
    for place in _places(plan.months):
        table.add_row(str(place + 1), *(_month(row.months[place], plan.base_currency) for row in plan.rules))
    table.caption = f"{LARGEST_DRIFT.of(language)} ({CARRIED.of(language)})"
    table.caption_justify = "left"
    return table


def _places(months: int) -> list[int]:
    if months <= _MOST_ROWS:
        return list(range(months))
    return [*range(_MOST_ROWS // 2), *range(months - _MOST_ROWS // 2, months)]


def _month(month: SavingsMonth, currency: str) -> str:
    return f"{show_percent(month.max_drift, 2)} ({show_money(month.carried, currency)})"


def _shares(plan: SavingsPlan, language: Language) -> RenderableType:
    columns = ((same(row.rule.value), "right") for row in plan.rules)
    table = grid((Text(f"{ASSET.en}: {_BOUGHT.en}", f"{ASSET.ko}: {_BOUGHT.ko}"), "left"), *columns, language=language)
    codes = [row.code for row in plan.rules[0].after]
    for code in codes:
        name = printable(plan.names.get(code, code))
        label = name if name == code else f"{name} ({code})"
        table.add_row(plain_line(label), *(_bought(row, code) for row in plan.rules))
    return table


def _bought(rule: SavingsRule, code: str) -> str:
    bought = (order.quantity for month in rule.months for order in month.orders if order.code == code)
    shares = sum(bought, start=ZERO)
    return f"+{show_shares(shares)}" if shares else "0"
