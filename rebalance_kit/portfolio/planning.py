"""From what a person asked for to a plan: goals, decision and the planner, with the portfolio's own inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rebalance_kit.errors import RuleError, UsageError
from rebalance_kit.goals import ideal_goals
from rebalance_kit.money import ZERO
from rebalance_kit.orders import Order, show_shares
from rebalance_kit.planner.make import make_plan, wanted_goals
from rebalance_kit.planner.plan import Plan, PlanOptions
from rebalance_kit.words import Text

if TYPE_CHECKING:
    from rebalance_kit.portfolio.model import Portfolio


def plan_with(portfolio: Portfolio, options: PlanOptions) -> Plan:
    """See `Portfolio.plan_with`. Orders of a language model must lie inside the optimal plan, whoever asks."""
    _check_options(options)
    rules = portfolio.rules_for(dict(options.targets))
    flow = (options.contribute or ZERO) - (options.withdraw or ZERO)
    drift = portfolio.drift(targets=dict(options.targets), deposit=max(flow, ZERO))
    if flow:
        goals = wanted_goals(rules, portfolio.holdings, portfolio.prices, drift, options)
    else:
        goals = ideal_goals(rules, drift, options.method, options.fraction)
    decision = portfolio.decision_for(rules, drift, goals, force=options.force, cash_flow=bool(flow))
    plan = make_plan(
        rules, portfolio.holdings, portfolio.prices, drift, decision, goals, options,
        on=portfolio.on, household=portfolio.household, instruments=portfolio.instruments,
    )  # fmt: skip
    if options.by_model and options.proposed is not None:
        optimal = plan_with(portfolio, replace(options, proposed=None, by_model=False))
        _refuse_outside(plan, optimal)
    return replace(plan, language=portfolio.language)


def _refuse_outside(plan: Plan, optimal: Plan) -> None:
    """R25: what a language model orders is at most what the optimal plan orders on the same side."""
    most = {(order.account, order.code, order.side): order for order in optimal.orders}
    for order in plan.orders:
        allowed = most.get((order.account, order.code, order.side))
        if allowed is None or order.quantity > allowed.quantity:
            raise _outside(order, allowed)


def _outside(order: Order, allowed: Order | None) -> RuleError:
    most = "0" if allowed is None else show_shares(allowed.quantity)
    return RuleError(
        "proposal_blocked",
        where=Text(f"proposed order for {order.code}", f"제안된 {order.code} 주문"),
        wrong=Text(
            f"R25 {order.side.value} {show_shares(order.quantity)}",
            f"R25 {order.side.value} {show_shares(order.quantity)}",
        ),
        expected=Text(f"at most {most}, as in the optimal plan", f"최적 계획의 {most} 이하"),
        fix=Text("ask the model again, or take the optimal plan", "모델에 다시 묻거나 최적 계획을 쓰세요"),
    )


def _check_options(options: PlanOptions) -> None:
    if options.contribute and options.withdraw:
        raise UsageError(
            "two_cash_flows",
            where=Text("contribute and withdraw", "입금과 출금"),
            wrong=Text("both were given", "둘 다 주어졌습니다"),
            expected=Text("one of the two", "둘 중 하나"),
            fix=Text("plan the difference as one of them", "차액만 한쪽으로 계획해 주세요"),
        )
    if options.withdraw and options.no_sell:
        raise UsageError(
            "withdraw_without_selling",
            where=Text("withdraw and no_sell", "출금과 매도 금지"),
            wrong=Text("a withdrawal is raised by selling", "출금할 돈은 팔아서 마련합니다"),
            expected=Text("only one of the two", "둘 중 하나"),
            fix=Text("leave out no_sell", "매도 금지를 빼 주세요"),
        )
