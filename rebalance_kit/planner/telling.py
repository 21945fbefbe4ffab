"""What a plan tells besides its orders: what could not be reached, what was left out, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rebalance_kit.goals import Goal
from rebalance_kit.money import ZERO, exact_sum, product, show_money
from rebalance_kit.orders import Order, Side
from rebalance_kit.planner.plan import AfterRow
from rebalance_kit.planner.stating import Case
from rebalance_kit.trigger import Decision
from rebalance_kit.words import Finding, Text


def findings(
    case: Case,
    goals: Sequence[Goal],
    orders: Sequence[Order],
    after: Sequence[AfterRow],
    decision: Decision,
    total: Decimal,
) -> tuple[Finding, ...]:
    """The findings of the drift and the decision, then the plan's own. `total` is the value after the orders."""
    own: list[Finding] = []
    if decision.rebalance:
        own += [
            *_below_minimum(case, goals, orders),
            *_outside_bands(case, after, total),
            *(() if case.exchanges else _short_of_cash(case, goals, orders, after)),
        ]
    if (
        case.options.withdraw is not None
        and not case.exchanges
        and any(_currency(case, goal.code) != case.policy.base_currency for goal in goals)
    ):
        own.append(_paid_at_home(case))
    seen: dict[tuple[str, str], Finding] = {}
    for finding in (*case.drift.findings, *decision.findings, *own):
        seen.setdefault((finding.rule, finding.message.en), finding)
    return tuple(seen.values())


def _paid_at_home(case: Case) -> Finding:
    base = case.policy.base_currency
    return Finding(
        "withdrawal_in_base_currency",
        "info",
        Text(
            f"The withdrawal is paid in {base} and no money is exchanged, so assets in {base} are sold first.",
            f"출금은 {base}(으)로 하고 환전은 하지 않으므로 {base} 자산을 먼저 팝니다.",
        ),
    )


def _below_minimum(case: Case, goals: Sequence[Goal], orders: Sequence[Order]) -> Iterator[Finding]:
    """What stays as it is because the goal is nearer than the minimum trade."""
    traded = {order.code for order in orders}
    small = (goal.code for goal in goals if goal.below_minimum and goal.code not in traded)
    names = [_name(case, code) for code in small if not case.drift.asset(code).stands_in]
    if names:
        least = show_money(case.minimum, case.policy.base_currency)
        listed = ", ".join(names)
        yield Finding(
            "below_minimum",
            "info",
            Text(
                f"Wanted less than the minimum trade of {least}: {listed}.",
                f"최소 거래 금액 {least}에 못 미치는 종목: {listed}.",
            ),
        )


def _outside_bands(case: Case, after: Sequence[AfterRow], total: Decimal) -> Iterator[Finding]:
    """An explicit min or max that whole shares, cash or a list keep out of reach."""
    for row in after:
        asset = case.policy.asset(row.code)
        if asset is None:
            continue
        below = asset.min is not None and row.value < product(asset.min, total)
        above = asset.max is not None and row.value > product(asset.max, total)
        if below or above:
            edge = asset.min if below else asset.max
            yield Finding(
                "band_not_reached",
                "warning",
                Text(
                    f"{_name(case, row.code)} stays outside its {'min' if below else 'max'} of {edge}.",
                    f"{_name(case, row.code)}은(는) {'min' if below else 'max'} {edge} 밖에 남습니다.",
                ),
                row.code,
            )


def _short_of_cash(
    case: Case, goals: Sequence[Goal], orders: Sequence[Order], after: Sequence[AfterRow]
) -> Iterator[Finding]:
    """A currency whose purchases are short of cash while another has some to spare, where nothing is exchanged."""
    if len(case.currencies) < 2 or len(case.planned) > 1:
        return
    left = _cash_left(case, orders)
    wanted = {goal.code: goal.value for goal in goals}
    for currency in case.currencies:
        gap = exact_sum(_missing(case, row, wanted) for row in after if _currency(case, row.code) == currency)
        idle = exact_sum(case.prices.in_base(left[other], other) for other in case.currencies if other != currency)
        short = min(gap, idle) - case.prices.in_base(max(left[currency], ZERO), currency)
        if short > 0:
            money = show_money(short, case.policy.base_currency)
            yield Finding(
                "exchange_needed",
                "warning",
                Text(
                    f"{currency} is short: exchanging about {money} into {currency} would bring the plan nearer to its"
                    " goals.",
                    f"{currency}이(가) 부족합니다. 약 {money}어치를 {currency}(으)로 바꾸면 목표에 더 가까워집니다.",
                ),
            )


def _missing(case: Case, row: AfterRow, wanted: dict[str, Decimal]) -> Decimal:
    """How far below its goal an asset that may be bought ends, where that is a share or more."""
    gap = exact_sum((wanted.get(row.code, row.value), row.value.copy_negate()))
    share = case.prices.value(row.code, Decimal(1)) if row.code in case.prices.quotes else None
    return gap if case.may_buy(row.code) and share is not None and gap >= share else ZERO


def _cash_left(case: Case, orders: Sequence[Order]) -> dict[str, Decimal]:
    left = {c: exact_sum((case.cash(c), case.floor_of_cash(c).copy_negate())) for c in case.currencies}
    for order in orders:
        sign = -1 if order.side is Side.BUY else 1
        moved = exact_sum((order.amount * sign, -order.commission, -order.slippage))
        left[order.currency] = exact_sum((left[order.currency], moved))
    return left


def _currency(case: Case, code: str) -> str:
    return case.drift.asset(code).currency


def _name(case: Case, code: str) -> str:
    return f"{case.drift.asset(code).name} ({code})"
