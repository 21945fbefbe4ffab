"""What many accounts want: goals of a rebalance, of a deposit or withdrawal, and what rests or is worth trading."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from rebalance_kit.planner import batch_due, batch_goals
from rebalance_kit.planner.arrays import Floats
from rebalance_kit.planner.batch_goals import Bools, Part, weights
from rebalance_kit.planner.batch_input import Accounts, Ints, exact
from rebalance_kit.planner.batch_result import Asked
from rebalance_kit.planner.batch_rows import minimum_of, planned_assets
from rebalance_kit.policy.bands import zone_edges
from rebalance_kit.policy.choices import Method


def ideal(read: Accounts, values: Ints, totals: Ints, asked: Asked) -> tuple[Part, Any]:
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


def resting(read: Accounts, values: Ints, totals: Ints) -> Bools:
    """Which assets (A, N) lie within the deadband, where there is one and no money comes or goes."""
    deadband = Fraction(read.policy.rebalancing.deadband)
    if not deadband:
        return np.zeros(values.shape, dtype=np.bool_)
    targets = [Fraction(asset.target) if asset else Fraction(0) for asset in map(read.policy.asset, read.codes)]
    numbers = weights([*targets, deadband])
    total = exact(totals, 4 * int(totals.max()) * numbers.below)[:, None]
    distance = np.abs(values * numbers.below - total * numbers.above[:-1])
    return np.asarray((distance <= total * numbers.above[-1]) & (read.flow == 0)[:, None], dtype=np.bool_)


def worth_trading(read: Accounts, goals: Part, values: Ints, totals: Ints) -> Bools:
    assets = [read.policy.asset(code) for code in read.codes]
    barred = (
        np.array([asset is None or asset.never_buy for asset in assets]),
        np.array([asset is None or asset.never_sell for asset in assets]),
    )
    return batch_due.worth_trading(read, goals, values, minimum_of(read, np.maximum(totals, 0)), barred)


def with_flows(read: Accounts, values: Ints, goals: Floats, asked: Asked, problem: Any) -> tuple[Floats, Any]:
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
