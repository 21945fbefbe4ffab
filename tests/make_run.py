"""Factories for runs: a plan by simple rounding, a paper account, a clock that is set by hand.

desk = paper_desk(tmp_path, document_000(), force=True)
desk.run(yes=True)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from rebalance_kit.brokers.base import Mode
from rebalance_kit.brokers.paper import PaperBroker
from rebalance_kit.brokers.paper_fills import paper_terms
from rebalance_kit.cashflow import cash_goals
from rebalance_kit.checks import Facts
from rebalance_kit.costs import commission, slippage
from rebalance_kit.drift import measure_drift
from rebalance_kit.execution import history
from rebalance_kit.execution.context import RunContext
from rebalance_kit.execution.engine import execute
from rebalance_kit.execution.gather import gather_facts
from rebalance_kit.execution.result import RunResult, Upto
from rebalance_kit.goals import Goal, ideal_goals
from rebalance_kit.money import ZERO, exact_sum, product
from rebalance_kit.orders import Order, Side, instrument_of, limit_price, share_unit
from rebalance_kit.planner.plan import Certificate, Check, Optimality, Plan, PlanOptions, Summary
from rebalance_kit.policy.choices import CashRule, Method
from rebalance_kit.trigger import Decision
from rebalance_kit.trigger.model import TriggerName
from rebalance_kit.words import Text, same
from tests.make import ON, Situation


def order(made: Situation, side: Side, code: str, quantity: int, account: str = "main") -> Order:
    """An order at the reference price with the policy's limit and costs."""
    asset = made.policy.asset(code)
    assert asset is not None
    quote, rules = made.prices.quotes[code], made.policy.rebalancing.orders
    amount = product(quote.price, Decimal(quantity))
    return Order(
        account=account,
        code=code,
        name=asset.name,
        side=side,
        quantity=quantity,
        limit_price=limit_price(
            side,
            quote.price,
            style=rules.style,
            tolerance=rules.tolerance,
            instrument=instrument_of(asset, made.policy.exchange_of(asset)),
            on=made.prices.on,
        ),
        reference_price=quote.price,
        currency=quote.currency,
        rate=made.prices.rate(quote.currency),
        amount=amount,
        commission=commission(made.policy, code, amount, quote.currency),
        slippage=slippage(made.policy, code, amount, quote.currency),
        reason=same("test"),
    )


def orders(made: Situation, text: str, account: str = "main") -> tuple[Order, ...]:
    """Orders as `SELL A 3, BUY B 2`."""
    rows = [item.split() for item in text.split(",") if item.strip()]
    return tuple(order(made, Side(side), code, int(shares), account) for side, code, shares in rows)


def plan(
    made: Situation,
    wanted: str | None = None,
    *,
    options: PlanOptions | None = None,
    trigger: TriggerName = "scheduled",
    account: str = "main",
    valid: bool = True,
    **changes: Any,
) -> Plan:
    """A plan with the given orders (`wanted`), else by rounding every goal down to whole shares."""
    asked = options or PlanOptions()
    assert trigger in get_args(TriggerName)
    flow = exact_sum((asked.contribute or ZERO, (asked.withdraw or ZERO).copy_negate()))
    drift = measure_drift(made.policy, made.holdings.only(account), made.prices, deposit=max(flow, ZERO))
    rule = CashRule.WATER_FILLING
    goals = cash_goals(made.policy, drift, flow, rule) if flow else ideal_goals(made.policy, drift)
    chosen = orders(made, wanted, account) if wanted is not None else tuple(_rounded(made, goals, flow, account))
    content = repr((made.policy, made.holdings, made.prices, asked, chosen))
    return Plan(
        plan_id=hashlib.sha256(content.encode()).hexdigest()[:16],
        drift=drift,
        decision=Decision(True, trigger, (same("test"),), None),
        options=asked,
        method=Method.FULL,
        cash_rule=rule if flow else None,
        goals=goals,
        orders=chosen,
        ideal=(),
        summary=Summary(ZERO, ZERO, ZERO, None, ZERO, ZERO, ZERO, ZERO),
        after=(),
        optimality=Optimality("gap", ZERO),
        certificate=Certificate((Check("totals", valid, Text("totals", "합계")),)),
        findings=(),
        **changes,
    )


def _rounded(made: Situation, goals: Iterable[Goal], flow: Decimal, account: str) -> Iterable[Order]:
    """Sells first, then buys while the cash lasts at stated costs."""
    base = made.policy.base_currency
    cash = exact_sum((made.holdings.cash_of(account, base), flow, made.policy.rebalancing.cash.buffer.copy_negate()))
    for goal in sorted(goals, key=lambda goal: goal.amount):
        shares = int(abs(goal.amount) / made.prices.price(goal.code))
        side = Side.SELL if goal.amount < 0 else Side.BUY
        while shares and not goal.below_minimum:
            made_order = order(made, side, goal.code, shares, account)
            costs = exact_sum((made_order.commission, made_order.slippage))
            if side is Side.SELL:
                cash = exact_sum((cash, made_order.amount, costs.copy_negate()))
            elif (left := exact_sum((cash, made_order.amount.copy_negate(), costs.copy_negate()))) < 0:
                shares -= 1
                continue
            else:
                cash = left
            yield made_order
            break


@dataclass
class HandClock:
    """A clock that stands still until it is moved."""

    now: datetime = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Desk:
    """A portfolio folder with a paper account, and what was told while it ran."""

    folder: Path
    made: Situation
    plan: Plan
    account: str = "main"
    session: date = ON
    slippage: Decimal | None = None
    clock: HandClock = field(default_factory=HandClock)
    told: list[Text] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    on_step: Callable[[str], None] = lambda _: None
    policy_hash: str = "policy-1"

    def broker(self) -> PaperBroker:
        return PaperBroker(
            self.folder,
            self.account,
            seed=self.made.holdings,
            prices=self.made.prices,
            terms=paper_terms(self.made.policy, self.session, self.slippage),
            session=self.session,
            clock=self.clock,
            dividends_are_cash=self.made.policy.rebalancing.cash.dividends == "count",
            unit=share_unit(self.made.policy, self.account),
            base_currency=self.made.policy.base_currency,
        )

    def context(self, **changes: Any) -> RunContext:
        made = RunContext(
            folder=self.folder,
            policy=self.made.policy,
            policy_hash=self.policy_hash,
            prices=self.made.prices,
            holdings=self.made.holdings,
            broker=self.broker(),
            clock=self.clock,
            progress=self.told.append,
            trace=self._step,
            sleep=self.clock.forward,
        )
        return replace(made, **changes)

    def run(
        self,
        yes: bool | str = True,
        *,
        upto: Upto = Upto.BUY,
        again: bool = False,
        plan: Plan | None = None,
        **changes: Any,
    ) -> RunResult:
        """Execute the plan; `yes` True types its id."""
        chosen = plan or self.plan
        typed = chosen.plan_id if yes is True else yes or None
        return execute(chosen, self.context(**changes), mode=Mode.PAPER, yes=typed, upto=upto, again=again)

    def facts(self, *, mode: Mode | None = Mode.PAPER, typed: str | None = None, again: bool = False) -> Facts:
        runs = history.runs(self.folder, self.account)
        return gather_facts(self.plan, self.context(), runs, mode=mode, typed=typed, again=again)

    def held(self) -> dict[str, int]:
        return {p.code: int(p.quantity) for p in self.broker().snapshot().positions}

    def cash(self, currency: str = "KRW") -> Decimal:
        return self.broker().snapshot().cash_of(currency)

    def _step(self, name: str) -> None:
        self.steps.append(name)
        self.on_step(name)


def paper_desk(folder: Path, made: Situation, wanted: str | None = None, **options: Any) -> Desk:
    """A desk with a plan: `wanted` orders, or rounded ones. Other options are those of `plan`."""
    return Desk(folder, made, plan(made, wanted, **options))
