"""Orders, their cost and their proof, a receipt and the history, as HTML strings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from decimal import Decimal
from html import escape

from rebalance_kit.dashboard import wording as w
from rebalance_kit.dashboard.views import card_title, facts, notes, table
from rebalance_kit.execution.result import Execution, RunResult
from rebalance_kit.money import plain, show_money, show_points
from rebalance_kit.orders import Order, Side, show_shares
from rebalance_kit.planner.plan import Certificate, Optimality, Plan, said_lots
from rebalance_kit.words import Language, Text, same


def preview(plan: Plan, language: Language) -> str:
    """The plan to read: its orders (or the trades that would have been), what they cost and where they lead."""
    shown = plan.orders or plan.ideal
    lead = _lead(plan, language)
    orders = orders_table(shown, language, plan.drift.base_currency) if shown else ""
    orders += "".join(
        f'<p class="rk-lead rk-exchange">{escape(line.of(language))}</p>' for line in plan.exchange_lines()
    )
    below = _below(plan, language) if plan.orders else _how_to_force(plan, language)
    return f"{card_title(w.PREVIEW_TITLE, language)}{lead}{orders}{below}{notes(plan.findings, language)}"


def orders_table(orders: Sequence[Order], language: Language, base: str) -> str:
    """One row per order with its reason; a sale shows its tax and, on hovering, its lots."""
    words = (w.ASSET, w.SIDE, w.SHARES, w.LIMIT, w.ORDER_AMOUNT, w.COMMISSION, w.SLIPPAGE, w.TAX, w.REASON)
    headings = [escape(word.of(language)) for word in words]
    hints = {escape(w.SLIPPAGE.of(language)): w.SLIPPAGE_MORE.of(language)}
    several = len({order.account for order in orders}) > 1
    rows = (_order_cells(order, language, base, order.account if several else "") for order in orders)
    return table(headings, rows, "orders", hints)


def totals(plan: Plan, language: Language) -> str:
    """What it costs in all, and what is different afterwards."""
    summary, currency = plan.summary, plan.drift.base_currency

    def money(amount: Decimal) -> str:
        return escape(show_money(amount, currency))

    tax = escape(w.UNKNOWN.of(language)) if summary.tax is None else money(summary.tax)
    pairs = (
        (w.TURNOVER, money(summary.turnover)),
        (w.COMMISSION, money(summary.commission)),
        (w.SLIPPAGE, money(summary.slippage)),
        *([(w.FX_COST, money(summary.fx_cost))] if plan.exchanges else []),
        (w.TAX, tax),
        (w.CASH_PATH, f"{money(summary.cash_before)} → {money(summary.cash_after)}"),
        (w.DRIFT_PATH, f"{_points(summary.max_drift_before)} → {_points(summary.max_drift_after)} %p"),
    )
    said = (*plan.tax_lines(), *plan.benefit_lines())
    return facts((escape(name.of(language)), value) for name, value in pairs) + _soft(said, language)


def _soft(lines: Iterable[Text], language: Language) -> str:
    return "".join(f'<p class="rk-soft">{escape(line.of(language))}</p>' for line in lines)


def proof(certificate: Certificate, optimality: Optimality, plan_id: str, language: Language) -> str:
    """How good the plan is, and the facts that were proved again from the inputs alone."""
    failed = sum(not check.holds for check in certificate.checks)
    verdict = (w.NOT_CERTIFIED if failed else w.CERTIFIED).of(language)
    title = escape(verdict.format(count=len(certificate.checks), bad=failed))
    quality = w.OPTIMAL.of(language) if optimality.status == "optimal" else w.GAP.of(language)
    items = "".join(
        f'<li class="rk-{"info" if check.holds else "error"}">{"✓" if check.holds else "✗"}'
        f" {escape(check.detail.of(language))}</li>"
        for check in certificate.checks
    )
    opened = " open" if failed else ""
    name = escape(w.PLAN_ID.of(language).format(id=plan_id[:12]))
    return (
        f'<p class="rk-soft">{escape(quality.format(gap=plain(optimality.gap_bp)))}'
        f' <span class="rk-id" title="{escape(plan_id)}">{name}</span></p>'
        f'<details class="rk-notes rk-proof"{opened}><summary>{title}</summary><ul>{items}</ul></details>'
    )


def _lead(plan: Plan, language: Language) -> str:
    if plan.orders:
        lines: Iterable[str] = (reason.of(language) for reason in plan.decision.reasons)
        return f'<ul class="rk-reasons">{"".join(f"<li>{escape(line)}</li>" for line in lines)}</ul>'
    word = w.NO_ORDERS_DUE if plan.ideal and not plan.decision.rebalance else w.NO_ORDERS
    return f'<p class="rk-lead">{escape(word.of(language))}</p>'


def _below(plan: Plan, language: Language) -> str:
    return totals(plan, language) + proof(plan.certificate, plan.optimality, plan.plan_id, language)


def _how_to_force(plan: Plan, language: Language) -> str:
    if plan.held_back:  # forcing overrides the trigger, not this
        return _soft((plan.decision.reasons[-1], *plan.benefit_lines()), language)
    if not plan.ideal or plan.decision.rebalance:
        return ""
    return f'<p class="rk-soft">{escape(w.HOW_TO_FORCE.of(language).format(force=w.FORCE.of(language)))}</p>'


def _order_cells(order: Order, language: Language, base: str, account: str) -> tuple[str, ...]:
    limit = w.MARKET.of(language) if order.limit_price is None else show_money(order.limit_price, order.currency)
    money = (show_money(amount, order.currency) for amount in (order.amount, order.commission, order.slippage))
    return (
        _asset(order.name, order.code, account),
        _side(order.side is Side.BUY, language),
        show_shares(order.quantity),
        escape(limit),
        *(escape(amount) for amount in money),
        _tax(order, base),
        escape(order.reason.of(language)),
    )


def _tax(order: Order, base: str) -> str:
    tax = "–" if order.tax is None or order.side is Side.BUY else escape(show_money(order.tax, base))
    return f'<span title="{escape(said_lots(order))}">{tax}</span>' if order.lots else tax


def _asset(name: str, code: str, account: str = "") -> str:
    """An asset by its name and code, and where there are several accounts by its account."""
    where = f"{code} · {account}" if account else code
    return f'{escape(name)} <span class="rk-code">{escape(where)}</span>'


def _side(buy: bool, language: Language) -> str:
    return (
        f'<span class="rk-side rk-{"buy" if buy else "sell"}">{escape((w.BUY if buy else w.SELL).of(language))}</span>'
    )


def _points(drift: Decimal) -> str:
    return show_points(drift).lstrip("+")


def receipt(result: RunResult, language: Language) -> str:
    """What came of it: the status in a sentence, and every order with what was really filled."""
    status = w.STATUS[result.status.value]
    tone = "info" if result.status.value in ("SUCCESS", "NOT_NEEDED") else "warning"
    again = f" {escape(w.REPEATED.of(language))}" if result.repeated else ""
    words = (w.ASSET, w.SIDE, w.SHARES, w.FILLED, w.AVERAGE, w.ORDER_AMOUNT, w.COMMISSION, w.STATE)
    rows = (_fill_cells(execution, language) for execution in result.executions)
    fills = table([escape(word.of(language)) for word in words], rows, "fills") if result.executions else ""
    fills += "".join(
        f'<p class="rk-lead rk-exchange">{escape(line.said(result.base_currency).of(language))}:'
        f" {escape(w.EXCHANGE_STATES[state].of(language))}</p>"
        for line, state in result.exchanges
    )
    run = f'<p class="rk-id">{escape(w.RUN.of(language))} {escape(result.run_id)}</p>' if result.run_id else ""
    return (
        f'{card_title(w.RECEIPT_TITLE, language)}<p class="rk-say rk-{tone}">{escape(status.of(language))}{again}</p>'
        f"{fills}{run}{notes(result.findings, language)}"
    )


def history(runs: Sequence[RunResult], zone: tzinfo, language: Language) -> str:
    """One row per run, newest first, by the clock of `zone`."""
    title = card_title(w.HISTORY_TITLE, language)
    if not runs:
        return f'{title}<p class="rk-soft">{escape(w.NO_HISTORY.of(language))}</p>'
    words = (w.WHEN, w.RESULT, w.ORDERS, w.TOTAL_AFTER, w.RUN)
    rows = (_run_cells(run, zone, language) for run in runs)
    return title + table([escape(word.of(language)) for word in words], rows, "runs")


def _fill_cells(execution: Execution, language: Language) -> tuple[str, ...]:
    average = execution.average_price
    return (
        _asset(execution.name, execution.code, execution.account),
        _side(execution.side == Side.BUY, language),
        show_shares(execution.ordered),
        show_shares(execution.filled),
        "–" if average is None else escape(show_money(average, execution.currency)),
        escape(show_money(execution.amount, execution.currency)),
        escape(show_money(execution.commission, execution.currency)),
        escape(w.STATES.get(execution.state, same(execution.state)).of(language)),
    )


def _run_cells(run: RunResult, zone: tzinfo, language: Language) -> tuple[str, ...]:
    started = run.started_at
    moment = run.session.isoformat() if started is None else f"{started.astimezone(zone):%Y-%m-%d %H:%M}"
    after = "–" if run.total_after is None else escape(show_money(run.total_after, run.base_currency))
    return (
        moment,
        escape(w.STATUS_SHORT[run.status.value].of(language)),
        f"{len(run.executions)}",
        after,
        f'<span class="rk-code">{escape(run.run_id or "–")}</span>',
    )
