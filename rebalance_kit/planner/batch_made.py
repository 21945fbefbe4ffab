"""From solved arrays to the result of `plan_many`: shares, costs, what is left, and the gaps."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rebalance_kit.planner.arrays import Rows
from rebalance_kit.planner.batch_goals import Bools
from rebalance_kit.planner.batch_input import Accounts, Ints
from rebalance_kit.planner.batch_result import Asked, Floats, ManyPlans
from rebalance_kit.planner.batch_rows import planned_assets
from rebalance_kit.planner.quick import Quick


class Planned(NamedTuple):
    """What was read, asked, stated and found. `found` has the rows that are `due` and have goals."""

    read: Accounts
    asked: Asked
    rows: Rows
    found: Quick
    due: Bools
    trigger: npt.NDArray[Any]
    breached: Bools
    problem: npt.NDArray[Any]


def result_of(made: Planned, given: list[str]) -> ManyPlans:
    """The result, columns in the caller's order."""
    read = made.read
    order = [read.codes.index(code) for code in given]
    shares = _shares(made)
    trades = shares - read.quantities
    fees = _fees(made, trades)
    amounts = trades * read.price_ticks
    commission, slippage = (fee.sum(axis=1) for fee in fees)
    spent = -(-amounts.sum(axis=1) // read.ticks) + commission + slippage
    left = read.cash + read.flow - spent
    before, after = (_drift(made, counts, cash) for counts, cash in ((read.quantities, read.cash), (shares, left)))
    return ManyPlans(
        accounts=read.names,
        codes=tuple(given),
        unit=read.unit,
        shares=shares[:, order],
        trades=trades[:, order],
        drift=before[:, order],
        drift_after=after[:, order],
        breached=made.breached[:, order],
        due=made.trigger != "none",
        trigger=made.trigger,
        total_value=read.totals,
        flow=read.flow,
        turnover=np.abs(amounts).sum(axis=1) // read.ticks,
        commission=commission,
        slippage=slippage,
        cash_before=read.cash,
        cash_after=left,
        gap_bp=_gaps(made),
        problem=made.problem,
        read=read,
        asked=made.asked,
        fees=(fees[0][:, order], fees[1][:, order]),
    )


def _planned_columns(read: Accounts) -> Ints:
    return np.array([read.codes.index(asset.code) for asset in planned_assets(read)])


def _shares(made: Planned) -> Ints:
    """What is held after the orders (A, N): what is held now where there is no plan."""
    shares = made.read.quantities.copy()
    kept = np.flatnonzero(made.due)[made.found.possible]
    shares[kept[:, None], _planned_columns(made.read)] = made.found.counts[made.found.possible].astype(np.int64)
    return shares


def _fees(made: Planned, trades: Ints) -> tuple[Ints, Ints]:
    """Commission and slippage of every order (A, N) in minor units, rounded up."""
    columns = _planned_columns(made.read)
    traded = np.abs(trades[:, columns]).astype(np.float64)[..., None]
    fees = (np.zeros_like(trades), np.zeros_like(trades))
    for fee, rates in zip(fees, (made.rows.commission, made.rows.slippage), strict=True):
        fee[:, columns] = rates.of(traded)[..., 0].astype(np.int64)
    return fees


def _drift(made: Planned, counts: Ints, cash: Ints) -> Floats:
    """Weight less target (A, N) of counts beside so much cash."""
    read = made.read
    values = (2 * counts * read.price_ticks + read.ticks) // (2 * read.ticks)
    targets = [float(asset.target) if asset else 0.0 for asset in map(read.policy.asset, read.codes)]
    return np.asarray(values / np.maximum(1, values.sum(axis=1) + cash)[:, None] - np.array(targets))


def _gaps(made: Planned) -> Floats:
    """How far each plan is from the best at most (A,), in bp of what is invested."""
    found = made.found
    gaps = np.full(len(made.due), np.nan)
    kept = np.flatnonzero(made.due)[found.possible]
    money = (found.objective - found.bound)[found.possible]
    gaps[kept] = (money / made.rows.total[kept] * 10_000).clip(0)
    return gaps
