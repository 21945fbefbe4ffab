"""Drift and trigger for many accounts at once: the questions of `drift` and `trigger`, asked of whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from rebalance_kit.errors import UsageError
from rebalance_kit.planner.batch_goals import Bools, Part, Whole, weights
from rebalance_kit.planner.batch_input import Accounts, Ints, exact
from rebalance_kit.policy.bands import Band, asset_band, group_band, unlisted_band
from rebalance_kit.policy.choices import Hybrid, Strategy
from rebalance_kit.policy.model import Policy
from rebalance_kit.sessions import is_scheduled
from rebalance_kit.words import Text, same

Names = npt.NDArray[Any]  # of text


def bands(accounts: Accounts) -> list[Band]:
    """The band of every code."""
    policy = accounts.policy
    listed = {asset.code: asset for asset in policy.assets}
    return [asset_band(policy, listed[code]) if code in listed else unlisted_band(policy) for code in accounts.codes]


def breaches(accounts: Accounts, values: Ints, totals: Ints) -> tuple[Bools, Bools]:
    """Which assets (A, N) breach, and in which accounts (A,) some group does."""
    assets = _breached(bands(accounts), values, totals)
    policy, grouped, targets = accounts.policy, [], accounts.policy.group_targets()
    sums = []
    for name, members in policy.group_members().items():
        band = group_band(policy, name, targets[name])
        if band is not None:
            grouped.append(band)
            sums.append(values[:, [accounts.codes.index(asset.code) for asset in members]].sum(axis=1))
    if not grouped:
        return assets, np.zeros(len(totals), dtype=np.bool_)
    return assets, np.asarray(_breached(grouped, np.stack(sums, axis=1), totals).any(axis=1))


def _breached(judges: Sequence[Band], values: Ints, totals: Ints) -> Bools:
    """`Band.is_breached_by` for each column."""
    numbers = [(band.target, band.floor, band.ceiling, band.width or Fraction(0)) for band in judges]
    every = weights([number for four in numbers for number in four])
    target, floor, ceiling, width = (every.above[place::4] for place in range(4))
    total = exact(totals, 4 * int(totals.max()) * every.below)[:, None]
    worth = values * every.below if total.dtype != object else values.astype(object) * every.below
    distance = np.abs(worth - target * total)
    tested = np.array([band.width is not None for band in judges])
    past = distance >= width * total if judges[0].inclusive else distance > width * total
    outside = (worth < floor * total) | (worth > ceiling * total)
    return np.asarray(((past & tested) | outside) & (distance > 0) & (total > 0), dtype=np.bool_)


def triggers(
    accounts: Accounts,
    breached: Bools,
    grouped: Bools,
    worth_trading: Bools,
    *,
    forced: bool,
    last: Sequence[date | None] | None,
) -> Names:
    """The name of what is due for each account (A,), `none` where nothing is: as `trigger.decide` without a known
    volatility. UsageError when the strategy asks for a date and none was given."""
    policy, flow = accounts.policy, accounts.flow
    drifted = np.where(breached.any(axis=1), "drift", np.where(grouped, "group_drift", "none"))
    named = np.full(len(flow), "manual") if forced else _by_strategy(accounts, drifted, worth_trading, last, policy)
    return np.where(flow != 0, "cash_flow", named)


def _by_strategy(
    accounts: Accounts, drifted: Names, worth_trading: Bools, last: Sequence[date | None] | None, policy: Policy
) -> Names:
    settings, nothing = policy.rebalancing, np.full(len(drifted), "none")
    if settings.strategy is Strategy.MANUAL:
        return nothing
    if settings.strategy is Strategy.NO_TRADE_ZONE:
        known = settings.no_trade_zone is not None
        return np.where((drifted == "drift") & known, "no_trade_zone", "none")
    if settings.strategy is Strategy.THRESHOLD:
        return drifted
    if settings.strategy is Strategy.HYBRID and settings.hybrid is Hybrid.BREACH_OR_MAX_INTERVAL:
        return np.where((drifted == "none") & _overdue(accounts, last), "max_interval", drifted)
    scheduled = np.full(len(drifted), bool((accounts.flow == 0).any()) and _is_scheduled(accounts))
    if settings.strategy is Strategy.HYBRID and settings.hybrid is Hybrid.SCHEDULED_AND_BREACH:
        return np.where(scheduled, drifted, "none")
    otherwise = nothing if settings.strategy is Strategy.CALENDAR else drifted
    return np.where(scheduled & worth_trading, "scheduled", otherwise)


def _overdue(accounts: Accounts, last: Sequence[date | None] | None) -> Bools:
    if last is None:
        return np.zeros(len(accounts.names), dtype=np.bool_)
    on, limit = _day(accounts), accounts.policy.rebalancing.max_interval_days
    return np.array([day is not None and (on - day).days > limit for day in last])


def _is_scheduled(accounts: Accounts) -> bool:
    return is_scheduled(accounts.policy.rebalancing.scheduled, accounts.policy.exchange, _day(accounts))


def _day(accounts: Accounts) -> date:
    if accounts.on is None:
        raise UsageError(
            "no_date",
            where=same("on"),
            wrong=Text("the policy's strategy looks at the date", "정책의 전략은 날짜를 봅니다"),
            expected=Text("the date of the plans, such as on='2026-04-01'", "on='2026-04-01' 같은 계획일"),
            fix=Text("give `on`, or force=True", "`on`이나 force=True를 주세요"),
        )
    return accounts.on


def worth_trading(accounts: Accounts, goals: Part, values: Ints, minimum: Part, barred: tuple[Bools, Bools]) -> Bools:
    """In which accounts (A,) some |goal - value| is at least the minimum trade and one share; `barred` are the codes
    (N,) that the policy never buys, and never sells."""
    amount = goals.above - values * goals.below
    share = accounts.price_ticks * goals.below
    size = exact(np.abs(amount), int(np.abs(amount).max()) * accounts.ticks)
    enough = (size * accounts.ticks >= share) & _at_least(size, goals.below, minimum)
    free = np.where(amount > 0, ~barred[0], ~barred[1])
    return np.asarray((enough & free & (amount != 0)).any(axis=1), dtype=np.bool_)


def _at_least(amount: Whole, below: Whole, minimum: Part) -> Bools:
    if int(minimum.above.max()) == 0:
        return np.ones(amount.shape, dtype=np.bool_)
    largest = int(amount.max()) * int(np.max(minimum.below)) + int(minimum.above.max()) * int(np.max(below))
    return np.asarray(exact(amount, largest) * minimum.below >= exact(minimum.above, largest) * below, dtype=np.bool_)
