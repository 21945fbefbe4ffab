"""A plan as a person reads it: the orders and why, what they cost, where they lead, and what was re-proved."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from rebalance_kit.money import plain, show_money, show_percent, show_points
from rebalance_kit.orders import Order, show_shares
from rebalance_kit.planner.plan import Plan, said_lots
from rebalance_kit.report import wording
from rebalance_kit.report.terminal import (
    bullet,
    decision_view,
    findings_view,
    grid,
    heading,
    plain_line,
    section,
)
from rebalance_kit.words import Language, Text

_ORDERS = Text("Orders ({count})", "매매 주문 ({count}건)")
_EXCHANGES = Text("Exchanges, after the sales", "환전 (매도 후)")
_NO_ORDERS = Text("No orders.", "매매 주문이 없습니다.")
_PREVIEW = Text(
    "Not due, so nothing is ordered; if it were due ({count} orders):",
    "필요하지 않으므로 주문하지 않습니다. 필요했다면 다음과 같습니다 ({count}건):",
)
_HELD = Text(
    "Due, but it does not pay, so nothing is ordered; the trades would be ({count} orders):",
    "필요하지만 매매할 가치가 없어 주문하지 않습니다. 했다면 다음과 같습니다 ({count}건):",
)
_WHY = Text("Why", "사유")
_OPTIMAL = Text("The plan is optimal.", "이 계획이 최적임을 확인했습니다.")
_GAP = Text("The plan is within {gap} bp of the bound.", "이 계획은 한계값에서 {gap} bp 이내입니다.")
_VALID = Text(
    "Re-proved in exact arithmetic: {count} of {count} checks hold.",
    "정확한 계산으로 다시 확인했습니다: {count}개 항목 모두 성립합니다.",
)
_INVALID = Text(
    "This plan cannot be submitted; what does not hold:", "이 계획은 제출할 수 없습니다. 성립하지 않는 항목:"
)
_LOTS = Text("lots", "로트")
_BENEFIT = Text("benefit", "이득")
_PLAN_ID = Text("Plan", "계획 번호")


def plan_view(plan: Plan, language: Language) -> RenderableType:
    """The whole plan: decision, orders, summary, weights after, findings, certificate."""
    parts = [heading(plan.drift), decision_view(plan.decision, language)]
    if plan.orders:
        parts += [section(orders_view(plan.orders, _ORDERS, language, plan.drift.base_currency))]
        parts += [section(exchanges_view(plan, language))] if plan.exchanges else []
        parts += [section(summary_view(plan, language)), *benefit_view(plan, language)]
        parts += [section(after_view(plan, language))]
    elif plan.ideal:
        parts += [
            section(orders_view(plan.ideal, _HELD if plan.held_back else _PREVIEW, language, plan.drift.base_currency))
        ]
        parts += benefit_view(plan, language)
    else:
        parts += [section(Line(_NO_ORDERS.of(language)))]
    findings = [finding for finding in plan.findings if finding not in plan.decision.findings]
    if findings:
        parts += [section(findings_view(findings, language))]
    return Group(*parts, section(proof_view(plan, language)))


def orders_view(orders: Sequence[Order], title: Text, language: Language, base: str) -> RenderableType:
    """The orders as a table, then one line of reason for each, with the lots that a sale takes. Tax has a column where
    there is any."""
    taxed = any(order.tax for order in orders)
    several = len({order.account for order in orders}) > 1
    columns = [(wording.ASSET, "left"), (wording.CODE, "left"), (wording.SIDE, "left"), (wording.QUANTITY, "right"),
               (wording.LIMIT, "right"), (wording.AMOUNT, "right"), (wording.COSTS, "right")]  # fmt: skip
    if taxed:
        columns.append((wording.TAX, "right"))
    if several:
        columns.append((wording.ACCOUNT, "left"))
    table = grid(*columns, language=language)
    for order in orders:
        tax = ["-" if order.tax is None else show_money(order.tax, base)] if taxed else []
        account = [plain_line(order.account)] if several else []
        table.add_row(*_order_cells(order, language), *tax, *account)
    reasons = [bullet(_reason(order, language, base, order.account if several else "")) for order in orders]
    words = title.of(language).format(count=len(orders))
    return Group(Line(words, style="bold"), table, Line(_WHY.of(language), style="dim"), *reasons)


def exchanges_view(plan: Plan, language: Language) -> RenderableType:
    """What is exchanged between the sales and the buys."""
    lines = [bullet(line.of(language)) for line in plan.exchange_lines()]
    return Group(Line(_EXCHANGES.of(language), style="bold"), *lines)


def summary_view(plan: Plan, language: Language) -> RenderableType:
    """Turnover, each cost apart, cash and the largest drift before and after."""
    summary, base = plan.summary, plan.drift.base_currency

    def money(amount: Decimal) -> str:
        return show_money(amount, base)

    tax = wording.NOT_ESTIMATED.of(language) if summary.tax is None else money(summary.tax)
    drifts = (show_points(drift).lstrip("+") for drift in (summary.max_drift_before, summary.max_drift_after))
    rows = [
        (wording.TURNOVER, money(summary.turnover)),
        (wording.COMMISSION, money(summary.commission)),
        (wording.SLIPPAGE, money(summary.slippage)),
        *([(wording.FX_COST, money(summary.fx_cost))] if plan.exchanges else []),
        (wording.TAX, tax),
        (wording.CASH, f"{money(summary.cash_before)} -> {money(summary.cash_after)}"),
        (wording.LARGEST_DRIFT, f"{' -> '.join(drifts)} {wording.POINTS.of(language)}"),
    ]
    table = Table.grid(padding=(0, 2, 0, 0))
    for word, figure in rows:
        table.add_row(Line(word.of(language), style="dim"), figure)
    return Group(table, *(Line(line.of(language)) for line in plan.tax_lines()))


def benefit_view(plan: Plan, language: Language) -> list[RenderableType]:
    """What being off target costs and whether going back pays; nothing where that is not known."""
    lines = plan.benefit_lines()
    return [section(Group(*(Line(line.of(language)) for line in lines)))] if lines else []


def _reason(order: Order, language: Language, base: str, account: str) -> str:
    lots = f" [{_LOTS.of(language)} {said_lots(order)}]" if len(order.lots) > 1 else ""
    benefit = "" if order.benefit is None else f" ({_BENEFIT.of(language)} {show_money(order.benefit, base)})"
    where = f"{order.code}, {account}" if account else order.code
    return f"{order.name} ({where}): {order.reason.of(language)}{benefit}{lots}"


def after_view(plan: Plan, language: Language) -> RenderableType:
    """Every asset before and after the plan."""
    table = grid(
        (wording.ASSET, "left"),
        (wording.CODE, "left"),
        (wording.QUANTITY, "right"),
        (wording.VALUE, "right"),
        (wording.BEFORE, "right"),
        (wording.AFTER, "right"),
        (wording.TARGET, "right"),
        (wording.DRIFT, "right"),
        language=language,
    )
    assets = {asset.code: asset for asset in plan.drift.assets}
    for row in plan.after:
        asset = assets[row.code]
        table.add_row(
            plain_line(asset.name),
            plain_line(row.code),
            show_shares(row.quantity),
            show_money(row.value, plan.drift.base_currency),
            show_percent(asset.current_weight),
            show_percent(row.weight),
            show_percent(asset.target_weight),
            show_points(row.drift),
        )
    return Group(Line(wording.AFTER.of(language), style="bold"), table)


def proof_view(plan: Plan, language: Language) -> RenderableType:
    """How good the plan is, what an independent check found, and the number that `--yes` asks for."""
    gap = plain(plan.optimality.gap_bp)
    words = _OPTIMAL.of(language) if plan.optimality.status == "optimal" else _GAP.of(language).format(gap=gap)
    broken = [check for check in plan.certificate.checks if not check.holds]
    lines: list[RenderableType] = [Line(words)] if plan.orders else []
    if broken:
        lines.append(Line(_INVALID.of(language), style="bold red"))
        lines += [bullet(f"{check.name}: {check.detail.of(language)}") for check in broken]
    else:
        lines.append(Line(_VALID.of(language).format(count=len(plan.certificate.checks))))
    return Group(*lines, Line(f"{_PLAN_ID.of(language)}: {plan.plan_id}", style="dim"))


def _order_cells(order: Order, language: Language) -> tuple[RenderableType, ...]:
    limit = order.limit_price
    return (
        plain_line(order.name),
        plain_line(order.code),
        Line(wording.SIDES[order.side].of(language), style="red" if order.side == "BUY" else "blue"),
        show_shares(order.quantity),
        wording.MARKET.of(language) if limit is None else show_money(limit, order.currency),
        show_money(order.amount, order.currency),
        show_money(order.commission + order.slippage, order.currency),
    )
