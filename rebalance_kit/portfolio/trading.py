"""From a plan to a run: the account at a broker or the paper account of the folder, and the engine that trades."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rebalance_kit import arguments
from rebalance_kit.brokers.base import Broker, KeepsTime
from rebalance_kit.brokers.paper import PaperBroker
from rebalance_kit.brokers.paper_fills import paper_terms
from rebalance_kit.brokers.ticket import TicketBroker
from rebalance_kit.errors import UsageError
from rebalance_kit.execution.context import RunContext, silent
from rebalance_kit.execution.engine import answered, execute
from rebalance_kit.execution.result import RunResult, Upto
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.orders import share_unit
from rebalance_kit.planner.plan import PlanOptions
from rebalance_kit.planner.stating import only_account, planned_accounts
from rebalance_kit.policy.hashing import policy_hash
from rebalance_kit.policy.model import Policy
from rebalance_kit.portfolio.household_run import Context, executed_household, run_household
from rebalance_kit.words import Language, Text

if TYPE_CHECKING:
    import pandas as pd

    from rebalance_kit.planner.plan import Plan
    from rebalance_kit.portfolio.model import Portfolio

Progress = Callable[[Text], None]


@dataclass(frozen=True, slots=True)
class Run:
    """A plan and what became of it. `plan` is None when the run was found by its id and only its result is known."""

    plan: Plan | None
    result: RunResult

    @property
    def status(self) -> str:
        """SUCCESS, PARTIAL, FAILED, UNKNOWN, DRY_RUN or NOT_NEEDED."""
        return self.result.status

    @property
    def exit_code(self) -> int:
        """The exit code of the command line."""
        return self.result.exit_code

    def to_dict(self, language: Language | None = None) -> Mapping[str, object]:
        """The JSON of `rebalance run`: the plan's, then what the run adds."""
        chosen = language or self.result.language
        plan = {} if self.plan is None else self.plan.to_dict(chosen)
        return {**plan, **self.result.to_dict(chosen)}

    def table(self) -> pd.DataFrame:
        """One row for each order that was sent, as `RunResult.table`."""
        return self.result.table()

    def _repr_html_(self) -> str:
        return self.result._repr_html_()


def run(
    portfolio: Portfolio,
    plan: Plan,
    *,
    yes: str | None,
    upto: Upto | str | None,
    again: bool,
    progress: Progress | None,
    broker: Broker | None = None,
) -> Run:
    """See `Portfolio.run`."""
    last = Upto.BUY if upto is None else arguments.choice(Upto, "upto", upto)
    if yes is not None and yes != plan.plan_id:
        raise wrong_id(yes, plan.plan_id)
    rules = _rules(portfolio, plan)
    accounts = _paper_accounts(portfolio, broker)
    if len(accounts) > 1:
        each = _contexts(portfolio, rules, progress)
        result = run_household(plan, accounts, portfolio.household, each, yes=yes, upto=last, again=again)
    else:
        context = context_of(portfolio, rules, progress, broker)
        try:
            result = execute(plan, context, mode=context.broker.identity.mode, yes=yes, upto=last, again=again)
        finally:
            list_of_orders(context.broker)
    return Run(plan, replace(result, language=portfolio.language))


def executed(portfolio: Portfolio, plan_id: str) -> Run | None:
    """See `Portfolio.executed`."""
    accounts = _paper_accounts(portfolio, None)
    if len(accounts) > 1:
        each = _contexts(portfolio, portfolio.policy, None)
        result = executed_household(plan_id, accounts, portfolio.household, each)
    else:
        result = answered(context_of(portfolio, portfolio.policy, None), plan_id)
    return None if result is None else Run(None, replace(result, language=portfolio.language))


def list_of_orders(broker: Broker) -> None:
    """Write down what a person has to type in at their broker, where one does."""
    if isinstance(broker, TicketBroker) and (broker.open_orders() or broker.listed):
        broker.write_list()


def wrong_id(typed: str, plan_id: str) -> UsageError:
    """The refusal of an id that is not this plan's."""
    return UsageError(
        "wrong_plan_id",
        where="yes",
        wrong=Text(f"{typed!r} is not the id of this plan", f"{typed!r}은(는) 이 계획의 번호가 아닙니다"),
        expected=Text(f"{plan_id}, the id of the plan as it is now", f"지금 계획의 번호 {plan_id}"),
        fix=Text(
            "look at the plan again: what it was made from has changed", "바탕이 바뀌었으니 계획을 다시 봐 주세요"
        ),
    )


def _rules(portfolio: Portfolio, plan: Plan) -> Policy:
    targets = dict(plan.options.targets)
    return portfolio.policy.with_targets(targets) if targets else portfolio.policy


def _paper_accounts(portfolio: Portfolio, broker: Broker | None) -> tuple[str, ...]:
    """The paper accounts that a run trades on; a broker trades on one account only."""
    if broker is not None or portfolio.broker is not None:
        return ()
    return planned_accounts(portfolio.policy, portfolio.household, portfolio.account)


def _contexts(portfolio: Portfolio, rules: Policy, progress: Progress | None) -> Context:
    """The surroundings of each account, beside the holdings that are in force when its turn comes."""

    def surroundings(account: str, holdings: Holdings) -> RunContext:
        own = replace(portfolio, account=account)
        return replace(context_of(own, rules, progress), holdings=holdings)

    return surroundings


def context_of(
    portfolio: Portfolio, rules: Policy, progress: Progress | None, broker: Broker | None = None
) -> RunContext:
    chosen = broker or portfolio.broker
    own_time = chosen if isinstance(chosen, KeepsTime) else None
    stated = portfolio.stated_policy
    return RunContext(
        folder=portfolio.folder,
        policy=rules,
        policy_hash=policy_hash(rules if stated is None else _with_exchange(rules, stated)),
        prices=portfolio.prices,
        holdings=portfolio.household,
        broker=chosen or _paper(portfolio, rules),
        clock=own_time.clock if own_time else now,
        progress=progress or silent,
        sleep=own_time.sleep if own_time else time.sleep,
    )


def _with_exchange(rules: Policy, stated: Policy) -> Policy:
    """The rules as their file states them: what is approved is the file, not what a broker can do of it."""
    cash = rules.rebalancing.cash.model_copy(update={"exchange": stated.rebalancing.cash.exchange})
    return rules.model_copy(update={"rebalancing": rules.rebalancing.model_copy(update={"cash": cash})})


def _paper(portfolio: Portfolio, rules: Policy) -> PaperBroker:
    account = trading_account(portfolio)
    return PaperBroker(
        portfolio.folder,
        account,
        seed=portfolio.household,
        before=portfolio.written,
        prices=portfolio.prices,
        terms=paper_terms(rules, portfolio.on),
        session=portfolio.on,
        clock=now,
        dividends_are_cash=rules.rebalancing.cash.dividends == "count",
        unit=share_unit(rules, account),
        base_currency=rules.base_currency,
    )


def trading_account(portfolio: Portfolio) -> str:
    """The account that a run trades on. UsageError when several are held and none was chosen."""
    return only_account(portfolio.policy, portfolio.household, PlanOptions(account=portfolio.account))


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)
