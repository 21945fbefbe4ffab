"""Running a plan of several accounts: account by account, each under its own lock and in its own journal.

Nothing is sent before every account's part has passed its checks. A part that then fails leaves the others as they are:
those before it are done, those after it are not begun, and the answer says which. What is left is planned anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from rebalance_kit.errors import KitError
from rebalance_kit.execution.context import RunContext
from rebalance_kit.execution.engine import answered, execute
from rebalance_kit.execution.result import RunResult, RunStatus, Upto
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import exact_sum
from rebalance_kit.planner.parts import part_of, working_accounts
from rebalance_kit.planner.plan import Plan
from rebalance_kit.words import Finding, Text

Context = Callable[[str, Holdings], RunContext]  # the surroundings of an account, beside the holdings now in force
UNSENT = (Upto.DRIFT, Upto.PLAN, Upto.CHECK)


def run_household(
    plan: Plan,
    accounts: Sequence[str],
    holdings: Holdings,
    context: Context,
    *,
    yes: str | None,
    upto: Upto,
    again: bool,
) -> RunResult:
    """Execute `plan`, made from `holdings`, part by part. Without `yes` every part is only checked.

    Raises what `execute` raises as long as nothing was sent; afterwards a failure is a finding and the answer PARTIAL.
    """
    rules = context(accounts[0], holdings).policy
    working = working_accounts(plan, rules, holdings)
    checked = [_execute(plan, name, holdings, context(name, holdings), yes=None, upto=upto, again=again)
               for name in working or accounts[:1]]  # fmt: skip
    if yes is None or upto in UNSENT or not working:
        return joined(plan, checked)
    return _send(plan, working, holdings, context, yes=yes, upto=upto, again=again)


def executed_household(plan_id: str, accounts: Sequence[str], holdings: Holdings, context: Context) -> RunResult | None:
    """What became of a plan that was begun before, in whichever accounts; None for one that never was."""
    found = [result for name in accounts if (result := answered(context(name, holdings), plan_id)) is not None]
    if not found:
        return None
    done = {result.account for result in found}
    missing = sorted({name for result in found for name in result.accounts} - done)
    return _sum(plan_id, found, [_not_begun(name) for name in missing])


def joined(plan: Plan, parts: Sequence[RunResult]) -> RunResult:
    """The answers of every part as one; the total is that of all accounts."""
    total = plan.drift.total_value
    found = _sum(plan.plan_id, parts, ())
    changes = [exact_sum((p.total_after, p.total_before.copy_negate())) for p in parts if p.total_after is not None]
    after = exact_sum((total, *changes)) if changes else None
    return replace(found, total_before=total, total_after=after)


def _send(
    plan: Plan, working: Sequence[str], holdings: Holdings, context: Context, *, yes: str, upto: Upto, again: bool
) -> RunResult:
    done: list[RunResult] = []
    told: list[Finding] = []
    for name in working:
        surroundings = context(name, holdings)
        try:
            done.append(_execute(plan, name, holdings, surroundings, yes=yes, upto=upto, again=again))
        except KitError as error:
            if not done:
                raise
            told.append(_failed(name, error))
            told += [_not_begun(left) for left in working[working.index(name) + 1 :]]
            break
        holdings = _now(holdings, surroundings, name)
    found = joined(plan, done)
    if not told:
        return found
    return replace(found, status=_partly(found.status), findings=(*found.findings, *told), accounts=tuple(working))


def _execute(
    plan: Plan, name: str, holdings: Holdings, context: RunContext, *, yes: str | None, upto: Upto, again: bool
) -> RunResult:
    part = part_of(plan, context.policy, holdings, context.prices, name)
    return execute(
        part, replace(context, whole=plan), mode=context.broker.identity.mode, yes=yes, upto=upto, again=again
    )


def _now(holdings: Holdings, context: RunContext, name: str) -> Holdings:
    """The holdings after an account's part: its own as its broker says, so that the next part's snapshot has them."""
    there = context.broker.snapshot()
    positions = tuple(p for p in holdings.positions if p.account != name)
    cash = tuple(c for c in holdings.cash if c.account != name)
    return replace(holdings, positions=(*positions, *there.positions), cash=(*cash, *there.cash))


def _sum(plan_id: str, parts: Sequence[RunResult], told: Sequence[Finding]) -> RunResult:
    first = parts[0]
    before = exact_sum(part.total_before for part in parts)
    afters = [part.total_after for part in parts if part.total_after is not None]
    after: Decimal | None = exact_sum(afters) if len(afters) == len(parts) else None
    status = _status([part.status for part in parts])
    return replace(
        first,
        plan_id=plan_id,
        account=", ".join(part.account for part in parts),
        status=_partly(status) if told else status,
        stopped_after=max((part.stopped_after for part in parts), key=list(Upto).index),
        total_before=before,
        total_after=after,
        executions=tuple(replace(row, account=part.account) for part in parts for row in part.executions),
        exchanges=tuple(line for part in parts for line in part.exchanges),
        findings=(*dict.fromkeys(finding for part in parts for finding in part.findings), *told),
        started_at=min((part.started_at for part in parts if part.started_at), default=None),
        ended_at=max((part.ended_at for part in parts if part.ended_at), default=None),
        repeated=all(part.repeated for part in parts),
        parts=tuple(parts),
    )


def _status(statuses: Sequence[RunStatus]) -> RunStatus:
    """Unknown if anything is; one status if all have it; parts that needed nothing do not count; else partial."""
    if RunStatus.UNKNOWN in statuses:
        return RunStatus.UNKNOWN
    kinds = set(statuses) - {RunStatus.NOT_NEEDED} or {RunStatus.NOT_NEEDED}
    return kinds.pop() if len(kinds) == 1 else RunStatus.PARTIAL


def _partly(status: RunStatus) -> RunStatus:
    return status if status is RunStatus.UNKNOWN else RunStatus.PARTIAL


def _failed(account: str, error: KitError) -> Finding:
    said = Text(f"Account {account}: {error.message('en')}", f"{account} 계좌: {error.message('ko')}")
    return Finding(error.code, "error", said)


def _not_begun(account: str) -> Finding:
    return Finding(
        "account_not_begun",
        "error",
        Text(
            f"Account {account}: its part of the plan was not begun; plan again.",
            f"{account} 계좌: 계획 가운데 이 계좌의 주문은 시작하지 않았습니다. 다시 계획해 주세요.",
        ),
    )
