"""One line in the log for each of a run's ten steps, with the run's id: INFO, WARNING where something is missing, ERROR
where nothing came of it. The lines count; they name no account number and no secret."""

from __future__ import annotations

import logging
from enum import Enum

from rebalance_kit.brokers.base import Snapshot
from rebalance_kit.checks import CheckedOrders
from rebalance_kit.execution.context import log
from rebalance_kit.execution.records import RunRecord, State
from rebalance_kit.money import plain
from rebalance_kit.orders import Side


class Step(Enum):
    """The ten steps of a run, in their order (source document 004)."""

    HOLDINGS = (1, "holdings")
    TARGETS = (2, "targets")
    NEED = (3, "need")
    SELL_PLAN = (4, "sell plan")
    SELL_CHECKS = (5, "sell checks")
    SELLS = (6, "sells")
    CASH = (7, "cash")
    BUY_PLAN = (8, "buy plan")
    BUY_CHECKS = (9, "buy checks")
    BUYS = (10, "buys")


def log_step(run_id: str, step: Step, says: str, level: int = logging.INFO) -> None:
    """The line of a step."""
    number, name = step.value
    log.log(level, "%s step %d/10 %s: %s", run_id, number, name, says)


def log_checked(run_id: str, checked: CheckedOrders) -> None:
    """Steps 1 to 5: what is held, what is wanted, why now, what will be sold, and that the rules allow it."""
    facts = checked.facts
    log_step(run_id, Step.HOLDINGS, f"{sum(1 for p in facts.snapshot.positions if p.quantity)} positions")
    log_step(run_id, Step.TARGETS, f"{len(facts.plan.goals)} goals of policy {facts.policy_hash[:12]}")
    log_step(run_id, Step.NEED, f"{facts.plan.decision.trigger}, plan {checked.plan_id}")
    log_step(run_id, Step.SELL_PLAN, f"{len(checked.sells)} orders")
    known = ", ".join(sorted({broken.rule.name for broken in checked.acknowledged}))
    says = f"passed with warnings: {known}" if known else "passed"
    log_step(run_id, Step.SELL_CHECKS, says, logging.WARNING if known else logging.INFO)


def log_blocked(run_id: str, says: str) -> None:
    """Step 5 of a run that the rules do not allow."""
    log_step(run_id, Step.SELL_CHECKS, says, logging.ERROR)


def log_cash(run: RunRecord, snapshot: Snapshot | None) -> None:
    """Steps 7 and 8: the cash that is really there (None: no sale has changed it), and what is to be bought."""
    currencies = sorted({order.currency for order in run.work.orders} | {run.work.base_currency})
    cash = [] if snapshot is None else [f"{plain(snapshot.spendable_cash(one))} {one}" for one in currencies]
    log_step(run.run_id, Step.CASH, ", ".join(cash) or "as it was")
    log_step(run.run_id, Step.BUY_PLAN, f"{len(run.work.buys)} orders")


def log_buy_check(run: RunRecord) -> None:
    """Step 9: whether the cash and the broker allow what was planned to be bought."""
    buys = [intent for intent in run.intents if intent.side is Side.BUY]
    cut = [intent for intent in buys if intent.last is None or intent.last.quantity < intent.quantity]
    says = f"{len(cut)} of {len(buys)} orders cut or left out" if cut else f"{len(buys)} orders as planned"
    log_step(run.run_id, Step.BUY_CHECKS, says, logging.WARNING if cut else logging.INFO)


def log_orders(run: RunRecord, side: Side) -> None:
    """Step 6 or 10: how many orders were filled. ERROR when orders were wanted and nothing was traded."""
    lasts = [intent.last for intent in run.intents if intent.side is side]
    full = sum(last is not None and last.state is State.FILLED for last in lasts)
    traded = any(last is not None and last.filled for last in lasts)
    level = logging.INFO if full == len(lasts) else logging.WARNING if traded else logging.ERROR
    step = Step.SELLS if side is Side.SELL else Step.BUYS
    log_step(run.run_id, step, f"{full} of {len(lasts)} orders filled", level)
