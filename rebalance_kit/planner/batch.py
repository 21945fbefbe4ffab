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
from fractions import Fraction
from typing import Any

import numpy as np

from rebalance_kit import arguments
from rebalance_kit.errors import RuleError, UsageError
from rebalance_kit.planner import batch_due, batch_goals
from rebalance_kit.planner.arrays import Floats, Rows
from rebalance_kit.planner.batch_goals import Bools, Part, weights
from rebalance_kit.planner.batch_input import Accounts, Ints, exact, read_accounts
from rebalance_kit.planner.batch_portfolios import are_portfolios, stacked
from rebalance_kit.planner.batch_result import Asked, ManyPlans
from rebalance_kit.planner.batch_rows import cut, minimum_of, planned_assets, rows_of_accounts
from rebalance_kit.planner.quick import Quick, quick
from rebalance_kit.policy.bands import zone_edges
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
    values, totals = read.values, read.totals
    invested = totals + read.flow
    breached, grouped = batch_due.breaches(read, values, np.maximum(totals, 0))
    goals, problem = _ideal(read, values, np.maximum(totals, 0), asked)
    resting = _resting(read, values, np.maximum(totals, 0))
    goals = Part(np.where(resting, values * goals.below, goals.above), goals.below)
    trigger = batch_due.triggers(
        read, breached, grouped, _worth(read, goals, values, totals), forced=asked.force, last=last
    )
    money, problem = _with_flows(read, values, cut(goals), asked, problem)
    problem = np.where((problem == "") & (invested <= 0), "empty_portfolio", problem)
    due = (trigger != "none") & (problem == "")
    rows = rows_of_accounts(read, money, np.maximum(invested, 1), resting, no_sell=asked.no_sell)
    found = solved(rows.part(np.flatnonzero(due))) if due.any() else _nothing(rows)
    return _result(read, asked, given, rows, found, due, trigger, breached, problem)


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


def _ideal(read: Accounts, values: Ints, totals: Ints, asked: Asked) -> tuple[Part, Any]:
    """The goals of a rebalance, and the problem of each account that has none."""
    targets = [asset.target if asset else 0 for asset in map(read.policy.asset, read.codes)]
    wanted = [Fraction(target) for target in targets]
    none = np.full(len(totals), "", dtype="U24")
    if asked.method in (Method.FULL, Method.FRACTION, Method.HALFWAY):
        shares = {Method.FULL: Fraction(1), Method.HALFWAY: Fraction(1, 2)}
        fraction = read.policy.rebalancing.fraction if asked.fraction is None else asked.fraction
        return batch_goals.to_targets(values, totals, wanted, shares.get(asked.method, Fraction(fraction))), none
    edges = [(Fraction(band.lower), Fraction(band.upper)) for band in batch_due.bands(read)]
    if asked.method is Method.NO_TRADE_ZONE:
        zone = read.policy.rebalancing.no_trade_zone or {}
        listed = {asset.code: zone_edges(zone, asset) for asset in read.policy.assets}
        edges = [listed.get(code, edge) for code, edge in zip(read.codes, edges, strict=True)]
    invested = 1 - Fraction(read.policy.rebalancing.cash.target)
    unwanted = np.array([target == 0 for target in wanted])
    money, too_high = batch_goals.to_edges(values, totals, edges, unwanted, invested)
    return Part(money, np.ones((1, 1), dtype=np.int64)), np.where(too_high & (read.flow == 0), "bands_too_high", none)


def _resting(read: Accounts, values: Ints, totals: Ints) -> Bools:
    """Which assets (A, N) lie within the deadband, where there is one and no money comes or goes."""
    deadband = Fraction(read.policy.rebalancing.deadband)
    if not deadband:
        return np.zeros(values.shape, dtype=np.bool_)
    targets = [Fraction(asset.target) if asset else Fraction(0) for asset in map(read.policy.asset, read.codes)]
    numbers = weights([*targets, deadband])
    total = exact(totals, 4 * int(totals.max()) * numbers.below)[:, None]
    distance = np.abs(values * numbers.below - total * numbers.above[:-1])
    return np.asarray((distance <= total * numbers.above[-1]) & (read.flow == 0)[:, None], dtype=np.bool_)


def _worth(read: Accounts, goals: Part, values: Ints, totals: Ints) -> Bools:
    assets = [read.policy.asset(code) for code in read.codes]
    barred = (
        np.array([asset is None or asset.never_buy for asset in assets]),
        np.array([asset is None or asset.never_sell for asset in assets]),
    )
    return batch_due.worth_trading(read, goals, values, minimum_of(read, np.maximum(totals, 0)), barred)


def _with_flows(read: Accounts, values: Ints, goals: Floats, asked: Asked, problem: Any) -> tuple[Floats, Any]:
    """The goals where money comes or goes: the value and what the cash rule gives or takes."""
    for paid_in in (True, False):
        rows = np.flatnonzero(read.flow > 0 if paid_in else read.flow < 0)
        if not len(rows):
            continue
        free = [asset for asset in planned_assets(read) if not (asset.never_buy if paid_in else asset.never_sell)]
        columns = [read.codes.index(asset.code) for asset in free]
        if paid_in and not any(asset.target for asset in free):
            problem[rows] = "nothing_to_buy"
            continue
        worth = values[rows][:, columns]
        possible = worth.sum(axis=1) >= -read.flow[rows]
        problem[rows[~possible]] = "withdrawal_too_large"
        rows, worth, flow = rows[possible], worth[possible], read.flow[rows[possible]]
        parts = batch_goals.flow_parts(worth, flow, [Fraction(asset.target) for asset in free], asked.cash_rule)
        sign = 1 if paid_in else -1
        split = sign * batch_goals.split(sign * flow, Part(sign * parts.above, parts.below))
        goals[rows] = values[rows]
        goals[rows[:, None], np.array(columns)] += split
    return goals, problem


def _result(
    read: Accounts, asked: Asked, given: list[str], rows: Rows, found: Quick, due: Bools, trigger: Any, breached: Bools,
    problem: Any,
) -> ManyPlans:  # fmt: skip
    planned = [read.codes.index(asset.code) for asset in planned_assets(read)]
    places = np.flatnonzero(due)
    problem = problem.astype("U24")
    problem[places[~found.possible]] = "cash_cannot_be_raised"
    shares = read.quantities.copy()
    kept = places[found.possible]
    shares[kept[:, None], np.array(planned)] = found.counts[found.possible].astype(np.int64)
    trades = shares - read.quantities
    traded = np.abs(trades[:, planned]).astype(np.float64)[..., None]
    fees = [np.zeros_like(trades), np.zeros_like(trades)]
    for fee, rates in zip(fees, (rows.commission, rows.slippage), strict=True):
        fee[:, planned] = rates.of(traded)[..., 0].astype(np.int64)
    amounts = trades * read.price_ticks
    spent = -(-amounts.sum(axis=1) // read.ticks) + fees[0].sum(axis=1) + fees[1].sum(axis=1)
    invested = read.totals + read.flow
    gap = np.full(len(due), np.nan)
    gap[kept] = ((found.objective - found.bound)[found.possible] / rows.total[kept] * 10_000).clip(0)
    order = [read.codes.index(code) for code in given]
    targets = np.array([float(asset.target) if asset else 0.0 for asset in map(read.policy.asset, read.codes)])
    after = (2 * shares * read.price_ticks + read.ticks) // (2 * read.ticks)
    worth_after = np.maximum(1, after.sum(axis=1) + read.cash + read.flow - spent)
    return ManyPlans(
        accounts=read.names,
        codes=tuple(given),
        unit=read.unit,
        shares=shares[:, order],
        trades=trades[:, order],
        drift=(read.values / np.maximum(1, read.totals)[:, None] - targets)[:, order],
        drift_after=(after / worth_after[:, None] - targets)[:, order],
        breached=breached[:, order],
        due=trigger != "none",
        trigger=trigger,
        total_value=read.totals,
        flow=read.flow,
        turnover=np.abs(amounts).sum(axis=1) // read.ticks,
        commission=fees[0].sum(axis=1),
        slippage=fees[1].sum(axis=1),
        cash_before=read.cash,
        cash_after=read.cash + read.flow - spent,
        gap_bp=np.where(invested > 0, gap, np.nan),
        problem=problem,
        read=read,
        asked=asked,
        fees=(fees[0][:, order], fees[1][:, order]),
    )
