"""The facts for the checks: the plan, and what broker, journal and folder say at this moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from rebalance_kit.brokers.base import (
    Broker,
    GivesPrices,
    KeepsHours,
    Mode,
    TakesExchanges,
    TellsCapabilities,
    TellsClock,
)
from rebalance_kit.checks import Facts
from rebalance_kit.execution.context import RunContext
from rebalance_kit.execution.records import RunRecord
from rebalance_kit.execution.sending import complete_list
from rebalance_kit.execution.stop import is_stopped
from rebalance_kit.money import exact_sum
from rebalance_kit.orders import Side
from rebalance_kit.planner.plan import Plan
from rebalance_kit.prices.ex_dates import FILE_NAME as EX_DATES_FILE
from rebalance_kit.prices.ex_dates import read_ex_dates
from rebalance_kit.prices.model import PriceBook, Quote
from rebalance_kit.words import Text

MONTH = timedelta(days=30)


def gather_facts(
    plan: Plan, context: RunContext, runs: Sequence[RunRecord], *, mode: Mode | None, typed: str | None, again: bool
) -> Facts:
    """Everything that the rules look at. `runs` are the account's, newest first."""
    broker, session = context.broker, context.broker.session
    return Facts(
        plan=plan,
        policy=context.policy,
        policy_hash=context.policy_hash,
        prices=context.prices,
        identity=broker.identity,
        snapshot=broker.snapshot(),
        orders=complete_list(context, session),
        session=session,
        mode=mode,
        typed=typed,
        stopped=is_stopped(context.folder),
        closed=_closed(broker, plan),
        latest=_latest(broker, plan) if typed is not None else (),
        now=context.clock() if isinstance(broker, GivesPrices) else None,
        again=again,
        owned=frozenset(a.number for run in runs for a in run.attempts if a.number and a.session == session),
        unresolved=frozenset((a.code, a.side) for run in runs for a in run.attempts if not a.state.terminal),
        earlier_run=_earlier(runs, session, context.policy_hash),
        recent=_recent(runs, session),
        recent_turnover=_turnover(runs, session, context.prices),
        whole=context.whole,
        exchanges=isinstance(broker, TakesExchanges),
        ex_dates=_ex_dates(context),
        clock_off=broker.wrong_by if isinstance(broker, TellsClock) else None,
        parts=isinstance(broker, TellsCapabilities) and broker.capabilities.fractional,
    )


def _ex_dates(context: RunContext) -> tuple[tuple[str, date], ...]:
    """The ex-dividend days of the folder's file, where there is one."""
    path = context.folder / EX_DATES_FILE
    return read_ex_dates(path, context.policy) if path.exists() else ()


def _closed(broker: Broker, plan: Plan) -> tuple[tuple[str, Text], ...]:
    """Why the exchange of a code is closed now, for each code that is traded."""
    if not isinstance(broker, KeepsHours):
        return ()
    asked = {code: broker.closed_for(code) for code in sorted({order.code for order in plan.orders})}
    return tuple((code, why) for code, why in asked.items() if why is not None)


def _latest(broker: Broker, plan: Plan) -> tuple[Quote, ...]:
    """What the broker says now of everything that is traded."""
    return broker.quotes(sorted({order.code for order in plan.orders})) if isinstance(broker, GivesPrices) else ()


def _earlier(runs: Iterable[RunRecord], session: date, policy_hash: str) -> str | None:
    """The newest run of the same session and policy that traded."""
    same = (run for run in runs if run.work.session == session and run.work.policy_hash == policy_hash and run.traded)
    return next((run.run_id for run in same), None)


def _recent(runs: Iterable[RunRecord], session: date) -> tuple[tuple[str, Side, date], ...]:
    """What was traded in the last 30 days, each code, side and session once."""
    rows = {(a.code, a.side, a.session) for run in _of_last_month(runs, session) for a in run.attempts if a.filled}
    return tuple(sorted(rows))


def _turnover(runs: Iterable[RunRecord], session: date, prices: PriceBook) -> Decimal:
    """What rebalancing traded in the last 30 days; investing and paying out cash is not counted."""
    both = [run for run in _of_last_month(runs, session) if run.work.sells and not run.work.withdrawal]
    return exact_sum(prices.in_base(a.amount, a.currency) for run in both for a in run.attempts if a.filled)


def _of_last_month(runs: Iterable[RunRecord], session: date) -> list[RunRecord]:
    return [run for run in runs if timedelta(0) <= session - run.work.session <= MONTH]
