"""Between the desk and the worker: what a proposal says, and what the worker does with it.

A proposal holds no orders. It says how the plan was made and which id it had; the worker opens the folder again, plans
again, and refuses unless the id is the same. So nothing a page writes can be traded that the rules did not plan.

What was confirmed is bound to plan, policy, account and kind of money, and is good for one execution: a proposal that
was read on paper is not carried out with real money, nor in another account, nor by another policy.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rebalance_kit.errors import KitError, RuleError
from rebalance_kit.execution.packing import pack, unpack
from rebalance_kit.execution.worker import propose as leave
from rebalance_kit.execution.worker import start_worker, wait, worker_alive
from rebalance_kit.planner.plan import PlanOptions
from rebalance_kit.policy.hashing import policy_hash
from rebalance_kit.portfolio.opening import open_portfolio
from rebalance_kit.portfolio.trading import Run, wrong_id
from rebalance_kit.words import Text

if TYPE_CHECKING:
    from rebalance_kit.execution.result import RunResult
    from rebalance_kit.planner.plan import Plan
    from rebalance_kit.portfolio.model import Portfolio

WAIT_SECONDS = 120.0
WAIT_AT_BROKER = 1800.0  # orders wait for fills there, and calls keep their distance


def propose(portfolio: Portfolio, plan: Plan, *, yes: str) -> str:
    """Leave a proposal for the worker; its id. The same proposal twice is one. UsageError for another plan's id."""
    if yes != plan.plan_id:
        raise wrong_id(yes, plan.plan_id)
    request = {
        "options": pack(PlanOptions, plan.options),
        "on": portfolio.on,
        "account": portfolio.account,
        "holdings": _path(portfolio.holdings_file),
        "prices": _path(portfolio.prices_file),
        "language": portfolio.language,
        "broker": portfolio.broker.identity.broker if portfolio.broker else None,
        "env": portfolio.broker.identity.mode.value if portfolio.broker else None,
        "confirmed": confirmation(portfolio, plan.plan_id),
    }
    return leave(portfolio.folder, request, plan.plan_id, yes)


def confirmation(portfolio: Portfolio, plan_id: str) -> str:
    """What a person's word is bound to: a hash of the plan's id, the policy, the account and the kind of money."""
    broker = portfolio.broker
    who = ("paper", "paper", portfolio.account or "", "")
    if broker is not None:
        seen = broker.identity
        who = (seen.broker, seen.mode.value, seen.account, seen.number)
    policy = portfolio.policy if portfolio.stated_policy is None else portfolio.stated_policy
    return hashlib.sha256(json.dumps([plan_id, policy_hash(policy), *who]).encode()).hexdigest()[:32]


def submit(portfolio: Portfolio, plan: Plan, *, yes: str) -> Run:
    """See `Portfolio.submit`."""
    proposal = propose(portfolio, plan, yes=yes)
    seconds = WAIT_SECONDS if portfolio.broker is None else WAIT_AT_BROKER
    with _worker(portfolio.folder):
        answer = wait(portfolio.folder, proposal, seconds)
    if answer is None:
        raise _no_answer(seconds)
    if isinstance(answer, KitError):
        raise answer
    return Run(plan, answer)


def perform(folder: Path, request: Mapping[str, Any]) -> RunResult:
    """What the worker does: open, plan again, compare the ids, check, execute. Raises what any of these raises."""
    plan_id, typed = request["plan_id"], request["typed"]
    if typed != plan_id:
        raise wrong_id(typed, plan_id)
    portfolio = open_portfolio(
        folder,
        holdings=request["holdings"],
        prices=request["prices"],
        on=request["on"],
        account=request["account"],
        language=request["language"],
        broker=request.get("broker"),
        env=request.get("env"),
        again=True,
    )
    if request.get("confirmed") != confirmation(portfolio, plan_id):
        raise _not_what_was_confirmed()
    if (done := portfolio.executed(plan_id)) is not None:
        return done.result
    plan = portfolio.plan_with(unpack(PlanOptions, request["options"]))
    if plan.plan_id != plan_id:
        raise _moved(plan_id, plan.plan_id)
    return portfolio.run(plan, yes=typed).result


@contextmanager
def _worker(folder: Path) -> Iterator[None]:
    """A worker for as long as it takes: the one that runs, or one of our own."""
    if worker_alive(folder):
        yield
        return
    process = start_worker(folder)
    try:
        yield
    finally:
        process.communicate()


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path.resolve())


def _moved(before: str, now: str) -> RuleError:
    return RuleError(
        "plan_has_moved",
        where=Text("plan", "계획"),
        wrong=Text(f"planned again it is {now}, not {before}", f"다시 계획하니 {before}이(가) 아니라 {now}입니다"),
        expected=Text("the plan that was confirmed", "확인한 그 계획"),
        fix=Text(
            "look at the plan again: the rules, the holdings or the prices have changed",
            "규칙, 보유 내역, 가격 중에 바뀐 것이 있으니 계획을 다시 봐 주세요",
        ),
    )


def _not_what_was_confirmed() -> RuleError:
    return RuleError(
        "not_confirmed",
        where=Text("proposal", "제안"),
        wrong=Text("the policy, the account or the environment is not the one that was confirmed",
                   "정책, 계좌, 환경 중 하나가 확인한 것과 다릅니다"),
        expected=Text("the same plan, policy, account and environment", "같은 계획, 정책, 계좌, 환경"),
        fix=Text("look at the plan again and confirm it anew", "계획을 다시 보고 새로 확인해 주세요"),
    )  # fmt: skip


def _no_answer(seconds: float) -> KitError:
    return KitError(
        "no_answer",
        where=Text("worker", "작업 프로세스"),
        wrong=Text(f"no answer within {seconds:.0f} seconds", f"{seconds:.0f}초 안에 응답이 없습니다"),
        expected=Text("the result of the run", "실행 결과"),
        fix=Text("look at the history before asking again", "다시 요청하기 전에 실행 내역을 확인해 주세요"),
    )
