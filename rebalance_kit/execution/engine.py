"""The run: a plan, the checks, and then sells, cash, buys, each step in the journal before it is taken.

    execute   a plan, for the first time or again after a crash: the same plan is executed once
    resume    whatever an account has unfinished
    answered  what is already known of a plan id, without a plan

The engine holds the account's lock for the whole run. It never raises over an order that failed (the status says so);
it raises when a rule blocks the plan, when somebody else holds the account, when the disk fails, and when a person
must decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from rebalance_kit.brokers.base import Mode, TakesTransfers
from rebalance_kit.checks import CheckedOrders, PlanBlocked, check_plan
from rebalance_kit.errors import DecisionNeeded, RuleError
from rebalance_kit.execution import history
from rebalance_kit.execution.chain import journal_path
from rebalance_kit.execution.context import RunContext
from rebalance_kit.execution.gather import gather_facts
from rebalance_kit.execution.journal import Journal
from rebalance_kit.execution.lock import FileLock, account_lock
from rebalance_kit.execution.packing import pack
from rebalance_kit.execution.phases import Phases
from rebalance_kit.execution.records import RunRecord
from rebalance_kit.execution.result import RunResult, RunStatus, Upto
from rebalance_kit.execution.snapshot import source_hash
from rebalance_kit.execution.steps import log_blocked, log_checked
from rebalance_kit.execution.work import make_work
from rebalance_kit.planner.plan import Plan
from rebalance_kit.words import Finding, Text


def execute(
    plan: Plan,
    context: RunContext,
    *,
    mode: Mode | None,
    yes: str | None = None,
    upto: Upto = Upto.BUY,
    again: bool = False,
) -> RunResult:
    """Execute a plan on the account of `context.broker`.

    `yes` is the plan's id as a person typed it: without it, and up to `check`, nothing is written or sent (DRY_RUN).
    The same plan is executed once: a second call answers with the first's result and says so, unless `again`.

    Raises PlanBlocked (exit 3) naming every broken rule, BusyError (4), DecisionNeeded (5) when an order's fate is
    unknown or the account does not balance, BrokerError (6), StorageError (7).
    """
    if upto in (Upto.DRIFT, Upto.PLAN):
        return _unsent(plan, context, RunStatus.DRY_RUN, upto)
    if yes is None or upto is Upto.CHECK:
        if not _has_work(plan):
            return _unsent(plan, context, RunStatus.NOT_NEEDED, Upto.PLAN)
        runs = history.runs(context.folder, context.broker.identity.account, context.broker.identity.mode)
        checked = check_plan(gather_facts(plan, context, runs, mode=mode, typed=yes, again=again))
        return _unsent(plan, context, RunStatus.DRY_RUN, Upto.CHECK, _acknowledged(checked))
    run_id = context.new_id()
    with _writing(context, f"run {run_id}") as journal:
        if yes == plan.plan_id and not again and (earlier := _earlier_answer(context, journal, yes)) is not None:
            return earlier
        _settle_other(context, journal)
        if not _has_work(plan):
            return _unsent(plan, context, RunStatus.NOT_NEEDED, Upto.PLAN)
        facts = gather_facts(plan, context, journal.runs(), mode=mode, typed=yes, again=again)
        try:
            checked = check_plan(facts)
        except PlanBlocked as blocked:
            log_blocked(run_id, blocked.message("en"))
            raise
        return _run(checked, context, journal, run_id, upto)


def resume(context: RunContext) -> RunResult | None:
    """Finish the account's unfinished run; None when there is none. Raises as `execute`."""
    account, mode = context.broker.identity.account, context.broker.identity.mode
    unfinished = history.pending(context.folder, account, mode)
    if unfinished is None:
        return None
    with _writing(context, f"run {unfinished.run_id}") as journal:
        run = journal.open_run()
        return None if run is None else Phases(context, journal, run.run_id).finish().result()


def answered(context: RunContext, plan_id: str) -> RunResult | None:
    """What became of a plan that was submitted before, finishing it if it is unfinished; None for one that was not.

    Holdings change when a plan is executed, so a plan made afterwards has another id: ask this first with the id that
    a person typed. Raises as `execute`.
    """
    account, mode = context.broker.identity.account, context.broker.identity.mode
    known = [run for run in history.runs(context.folder, account, mode) if run.work.plan_id == plan_id]
    if not known:
        return None
    if known[0].ended_at is not None:
        return _repeated(known[0])
    with _writing(context, f"run {known[0].run_id}") as journal:
        return _earlier_answer(context, journal, plan_id)


def _run(checked: CheckedOrders, context: RunContext, journal: Journal, run_id: str, upto: Upto) -> RunResult:
    options = checked.facts.plan.options
    if (options.contribute or options.withdraw) and not isinstance(context.broker, TakesTransfers):
        raise _cannot_transfer(context.broker.identity.broker)
    work = make_work(checked, upto=upto, source_sha256=source_hash(context.folder))
    context.trace("run.checked")
    journal.begin_run(run_id, work)
    context.trace("run.committed")
    log_checked(run_id, checked)
    for finding in _acknowledged(checked):
        journal.note(run_id, "finding", pack(Finding, finding))
    return Phases(context, journal, run_id).finish().result()


def _earlier_answer(context: RunContext, journal: Journal, plan_id: str) -> RunResult | None:
    """The answer to a plan that was begun before: finished now, or as it ended."""
    run = journal.open_run()
    if run is not None and run.work.plan_id == plan_id:
        return Phases(context, journal, run.run_id).finish().result()
    done = journal.executed(plan_id)
    return None if done is None or done.ended_at is None else _repeated(done)


def _settle_other(context: RunContext, journal: Journal) -> None:
    """Find out what became of an unfinished run before another begins; it sends nothing more.

    DecisionNeeded while an order of it may still be at the broker.
    """
    run = journal.open_run()
    if run is None:
        return
    settled = Phases(context, journal, run.run_id, sending=False).finish()
    if settled.ended_at is None:
        raise _unresolved(settled)


@contextmanager
def _writing(context: RunContext, doing: str) -> Iterator[Journal]:
    """The account's lock and its journal, for as long as the run takes."""
    who = context.broker.identity
    with FileLock(account_lock(context.folder, who.account, who.mode), now=context.clock(), doing=doing):
        context.trace("locked")
        with Journal(journal_path(context.folder, who.mode), who.account, context.clock) as journal:
            yield journal


def _has_work(plan: Plan) -> bool:
    return bool(plan.orders or plan.options.contribute or plan.options.withdraw)


def _unsent(
    plan: Plan, context: RunContext, status: RunStatus, stopped: Upto, findings: tuple[Finding, ...] = ()
) -> RunResult:
    who = context.broker.identity
    return RunResult(
        plan_id=plan.plan_id,
        account=who.account,
        mode=who.mode.value,
        session=context.broker.session,
        base_currency=context.policy.base_currency,
        status=status,
        stopped_after=stopped,
        total_before=plan.drift.total_value,
        findings=findings,
        language=context.policy.language,
    )


def _acknowledged(checked: CheckedOrders) -> tuple[Finding, ...]:
    return tuple(broken.finding() for broken in checked.acknowledged)


def _repeated(run: RunRecord) -> RunResult:
    result = run.result(repeated=True)
    says = Text(f"this plan was executed before, in run {run.run_id}: nothing was sent now",
                f"이미 실행한 계획입니다(실행 {run.run_id}). 이번에는 아무것도 보내지 않았습니다")  # fmt: skip
    return replace(result, findings=(*result.findings, Finding("already_submitted", "warning", says)))


def _unresolved(run: RunRecord) -> DecisionNeeded:
    names = ", ".join(attempt.code for attempt in run.attempts if not attempt.state.terminal)
    return DecisionNeeded(
        "unresolved",
        where=Text(f"run {run.run_id}", f"실행 {run.run_id}"),
        wrong=Text(f"what became of the orders for {names} is not known", f"{names} 주문의 결과를 알 수 없습니다"),
        expected=Text("every order decided by the broker's list", "증권사 주문 내역으로 확인된 주문"),
        fix=Text("try again after the close", "장이 끝난 뒤 다시 실행해 주세요"),
    )


def _cannot_transfer(broker: str) -> RuleError:
    return RuleError(
        "no_transfers",
        where=broker,
        wrong=Text("money cannot be moved from here", "여기서는 입출금을 할 수 없습니다"),
        expected=Text("a plan without a deposit or withdrawal", "입출금이 없는 계획"),
        fix=Text("pay it in or out at the broker, then plan again", "증권사에서 입출금한 뒤 다시 계획해 주세요"),
    )
