"""Many accounts under one policy, planned at once over arrays (accounts x assets), for advisers.

    plans = plan_many(quantities, prices, policy, cash=cash, on="2026-04-01")
    plans.table(); plans.trades; plans.exact("account 17")

Drift, trigger, goals and whole-share orders mean what they mean for one portfolio: questions of yes and no are asked of
whole numbers, goals are exact, and every account gets the shares that the instant solver gives it alone. One currency,
whole shares; what the sales cost in tax is not known here (that needs lots: `exact` plans of a `Portfolio` do).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from rebalance_kit import arguments
from rebalance_kit.errors import RuleError, UsageError
from rebalance_kit.planner import batch_due, batch_wanted
from rebalance_kit.planner.arrays import Rows
from rebalance_kit.planner.batch_goals import Part
from rebalance_kit.planner.batch_input import Accounts, read_accounts
from rebalance_kit.planner.batch_made import Planned, result_of
from rebalance_kit.planner.batch_portfolios import are_portfolios, stacked
from rebalance_kit.planner.batch_result import Asked, ManyPlans
from rebalance_kit.planner.batch_rows import cut, rows_of_accounts
from rebalance_kit.planner.quick import Quick, quick
from rebalance_kit.policy.choices import CashRule, Method
from rebalance_kit.policy.model import Policy
from rebalance_kit.policy.placing import has_risk_cap
from rebalance_kit.words import Text, same

CHUNK = 256  # accounts at a time: their arrays stay in a processor's cache
THREADS = 2

METHODS = (Method.FULL, Method.FRACTION, Method.HALFWAY, Method.BAND_EDGE, Method.NO_TRADE_ZONE)


def plan_many(
    quantities: Any,
    prices: Any = None,
    policy: Policy | None = None,
    *,
    cash: Any = 0,
    contribute: Any = 0,
    codes: Sequence[str] | None = None,
    accounts: Sequence[str] | None = None,
    account: str | None = None,
    on: date | str | None = None,
    last_rebalance: Sequence[date | None] | None = None,
    method: Method | str | None = None,
    fraction: Decimal | int | str | None = None,
    cash_rule: CashRule | str | None = None,
    no_sell: bool = False,
    force: bool = False,
) -> ManyPlans:
    """Plans for many accounts at once.

    `quantities` are whole shares, (accounts, assets): an array with `codes` (the policy's, in its order, unless given)
    and `accounts` (numbered unless given), or a DataFrame with accounts as index and codes as columns; a code that the
    policy does not name is counted and never traded. `prices` are one per asset: an array, a Series or a mapping by
    code. `cash` and `contribute` (a deposit; negative: a withdrawal; zero: a rebalance by the policy) are amounts of
    the base currency, one for all or one per account. `account` names the account rule of the policy that holds.
    `last_rebalance` are dates per account. The other options are those of `Portfolio.plan`. Instead of quantities,
    prices and policy, a list of opened portfolios may be given: one account each, under one policy, of one day.

    Raises UsageError, HoldingsError or PriceError for input that cannot be used, naming account and code; RuleError for
    a policy that arrays do not know. An account that has no plan says so in `problem`.
    """
    day = None if on is None else arguments.day("on", on)
    if are_portfolios(quantities):
        many = stacked(quantities)
        quantities, prices, policy, codes = many.quantities, many.prices, many.policy, many.codes
        cash, accounts, account, day = many.cash, many.names, many.account, day or many.on
    if policy is None or prices is None:
        raise _missing("policy" if policy is None else "prices")
    asked = _asked(policy, method, fraction, cash_rule, no_sell=no_sell, force=force)
    read = read_accounts(
        policy, quantities, prices, cash=cash, flow=contribute, codes=codes, names=accounts, on=day, account=account
    )
    _require_known(read, asked)
    given = _given_codes(quantities, codes, policy)
    return _planned(read, asked, given, last_rebalance)


def _missing(name: str) -> UsageError:
    return UsageError(
        "missing_argument",
        where=same(name),
        wrong=Text("it was not given", "주어지지 않았습니다"),
        expected=Text(
            "quantities, prices and a policy, or a list of portfolios", "수량과 가격과 정책, 또는 포트폴리오 목록"
        ),
        fix=Text("give it", "넣어 주세요"),
    )


def _given_codes(quantities: Any, codes: Sequence[str] | None, policy: Policy) -> list[str]:
    """The codes in the caller's order, then those of the policy that the caller left out."""
    listed = [asset.code for asset in policy.assets]
    given = list(map(str, quantities.columns)) if hasattr(quantities, "columns") else list(codes or listed)
    return [*given, *(code for code in listed if code not in given)]


def _planned(read: Accounts, asked: Asked, given: list[str], last: Sequence[date | None] | None) -> ManyPlans:
    values, totals = read.values, np.maximum(read.totals, 0)
    invested = read.totals + read.flow
    breached, grouped = batch_due.breaches(read, values, totals)
    goals, problem = batch_wanted.ideal(read, values, totals, asked)
    resting = batch_wanted.resting(read, values, totals)
    goals = Part(np.where(resting, values * goals.below, goals.above), goals.below)
    worth = batch_wanted.worth_trading(read, goals, values, totals)
    trigger = batch_due.triggers(read, breached, grouped, worth, forced=asked.force, last=last)
    money, problem = batch_wanted.with_flows(read, values, cut(goals), asked, problem)
    problem = np.where((problem == "") & (invested <= 0), "empty_portfolio", problem)
    due = (trigger != "none") & (problem == "")
    rows = rows_of_accounts(read, money, np.maximum(invested, 1), resting, no_sell=asked.no_sell)
    found = solved(rows.part(np.flatnonzero(due))) if due.any() else _nothing(rows)
    problem[np.flatnonzero(due)[~found.possible]] = "cash_cannot_be_raised"
    return result_of(Planned(read, asked, rows, found, due, trigger, breached, problem), given)


def solved(rows: Rows) -> Quick:
    """The plans of all rows, some at a time; no row feels how they are divided."""
    number = len(rows.budget)
    parts = [rows.part(np.arange(start, min(start + CHUNK, number))) for start in range(0, number, CHUNK)]
    if len(parts) <= 1:
        return quick(rows)
    with ThreadPoolExecutor(THREADS) as pool:
        return Quick(*map(np.concatenate, zip(*pool.map(quick, parts), strict=True)))


def _nothing(rows: Rows) -> Quick:
    none = np.zeros(0)
    return Quick(np.zeros((0, rows.goal.shape[1])), none, none, none.astype(np.bool_), none)


def _asked(
    policy: Policy,
    method: Method | str | None,
    fraction: Decimal | int | str | None,
    cash_rule: CashRule | str | None,
    *,
    no_sell: bool,
    force: bool,
) -> Asked:
    share = None if fraction is None else arguments.share("fraction", fraction)
    default = policy.rebalancing.method if share is None else Method.FRACTION
    chosen = default if method is None else arguments.choice(Method, "method", method)
    if chosen not in METHODS or (share is not None and chosen is not Method.FRACTION):
        known = ", ".join(METHODS)
        raise arguments.bad_argument(
            "method",
            chosen if share is None else f"{chosen} with fraction",
            Text(f"one of {known} (a fraction goes with fraction)", f"다음 중 하나: {known}(fraction은 비율과 함께)"),
        )
    rule = policy.rebalancing.cash.rule if cash_rule is None else arguments.choice(CashRule, "cash_rule", cash_rule)
    return Asked(chosen, share, rule, no_sell, force)


def _require_known(read: Accounts, asked: Asked) -> None:
    """RuleError for a policy of which arrays do not know all."""
    policy, limits = read.policy, read.policy.rebalancing.constraints
    rule = policy.accounts.get(read.account)
    foreign = [asset.code for asset in policy.assets if policy.currency_of(asset) != policy.base_currency]
    unknown = {
        "max_orders": limits.max_orders is not None,
        "max_turnover": limits.max_turnover is not None,
        "only_if_it_pays": limits.only_if_it_pays,
        "volatility": policy.rebalancing.volatility is not None,
        "fractional": bool(rule and rule.fractional),
        "cash_price": policy.rebalancing.cash_price >= 1,
        "interchangeable": bool(policy.interchangeable_groups()),
        f"currency ({', '.join(foreign)})": bool(foreign),
        "account type irp": has_risk_cap(policy, read.account),
        "no_trade_zone": asked.method is Method.NO_TRADE_ZONE and policy.rebalancing.no_trade_zone is None,
    }
    found = next((name for name, present in unknown.items() if present), None)
    if found is not None:
        raise RuleError(
            "not_for_many",
            where=same(f"policy, {found}"),
            wrong=Text(
                "many accounts at once cannot be planned with it", "여러 계좌를 한 번에 계획할 때는 쓸 수 없습니다"
            ),
            expected=Text(
                "a policy of one currency and whole shares, without caps", "한 통화, 온전한 주식, 한도 없는 정책"
            ),
            fix=Text("plan such accounts one by one", "그런 계좌는 하나씩 계획해 주세요"),
        )
