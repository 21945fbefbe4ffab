"""The three cash rules side by side, as a person reads them."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text as Line

from rebalance_kit.money import show_money, show_percent
from rebalance_kit.orders import Side
from rebalance_kit.planner.compare import CashComparison, RuleOutcome
from rebalance_kit.policy.choices import CashRule
from rebalance_kit.report import wording
from rebalance_kit.report.terminal import bullet, grid, plain_line, rate_lines
from rebalance_kit.words import Language, Text, same

_DEPOSIT = Text("{amount} of new money, rule by rule (whole shares)", "새 돈 {amount}의 규칙별 배분 (정수 주식 수)")
_WITHDRAWAL = Text("{amount} to be paid out, rule by rule (whole shares)", "출금 {amount}의 규칙별 매도 (정수 주식 수)")
_LEFT = Text("Left over", "남는 현금")
_GAP = Text("Worst relative gap", "최대 상대 부족")
_SMALLEST = Text(
    "The smallest deposit that restores every target without a sale: {amount}.",
    "팔지 않고 모든 목표를 맞추는 최소 입금액: {amount}",
)
_CHOOSE = Text("Choose one with --cash-rule NAME:", "--cash-rule 이름으로 고를 수 있습니다:")

_MEANINGS = {
    CashRule.PROPORTIONAL: Text("every gap shrinks by the same share", "모든 차이를 같은 비율로 줄입니다"),
    CashRule.WATER_FILLING: Text("whatever is furthest off, relative to its target, first",
                                 "목표 대비 가장 많이 벗어난 종목부터 맞춥니다"),
    CashRule.LEAST_SQUARES: Text("the largest gap in money first", "금액 차이가 가장 큰 종목부터 줄입니다"),
}  # fmt: skip


def cash_view(compared: CashComparison, language: Language) -> RenderableType:
    """One column for each rule: the exact split and the whole shares nearest to it, then what is left."""
    base, rules = compared.base_currency, compared.rules
    heading = _DEPOSIT if compared.amount > 0 else _WITHDRAWAL
    title = heading.of(language).format(amount=show_money(abs(compared.amount), base))
    columns = [(same(outcome.split.rule.value), "right") for outcome in rules]
    table = grid((wording.ASSET, "left"), *columns, language=language)
    for code, _ in rules[0].split.amounts:
        name = compared.names[code]
        label = name if name == code else f"{name} ({code})"
        table.add_row(plain_line(label), *(_cell(outcome, code, base) for outcome in rules))
    table.add_section()
    table.add_row(Line(_LEFT.of(language)), *(show_money(outcome.left_over, base) for outcome in rules))
    gaps = (show_percent(outcome.split.worst_relative_gap, 2) for outcome in rules)
    table.add_row(Line(_GAP.of(language)), *gaps)
    parts: list[RenderableType] = [Line(title, style="bold"), *rate_lines(compared.fx), table, Line("")]
    if compared.smallest_no_sell_deposit is not None:
        amount = show_money(compared.smallest_no_sell_deposit, base)
        parts.append(Line(_SMALLEST.of(language).format(amount=amount)))
    parts.append(Line(_CHOOSE.of(language), style="dim"))
    meanings = (f"{o.split.rule.value}: {_MEANINGS[o.split.rule].of(language)}" for o in rules)
    return Group(*parts, *map(bullet, meanings))


def _cell(outcome: RuleOutcome, code: str, currency: str) -> str:
    """The exact amount, and the shares that come nearest to it."""
    signs = {Side.BUY: 1, Side.SELL: -1}
    shares = sum(signs[order.side] * order.quantity for order in outcome.orders if order.code == code)
    return f"{show_money(outcome.split.amount(code), currency)} ({f'{shares:+,}' if shares else '0'})"
