"""Monte Carlo: every strategy on the same paths, streamed in blocks so that memory does not grow with their number.

After each period the values grow, the strategy sees the weights and trades, and the trade costs `cost` of what it
moves on each leg: sum over assets of cost x |weight after - weight before|, paid from the portfolio. Tracking cost is
the expected utility lost at the weights that are kept, lambda/2 x (w - w*)' covariance (w - w*), summed over periods.

    simulate([...], Normal(mean, covariance), periods=120, paths=100_000, seed=1, start=[0.6, 0.4], cost=0.002)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rebalance_kit.frames import frame
from rebalance_kit.research.scenarios import BLOCK, Floats, Normal, Scenario, blocks
from rebalance_kit.research.strategies import Strategy

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "strategy", "rebalances", "trading_cost", "tracking_cost", "total_cost", "sharpe", "total_return", "end_weight",
    "rebalances_se", "total_cost_se", "sharpe_se", "total_return_se",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tracking:
    """What being off costs: the optimum weights (assets,), the covariance of a period and the risk aversion."""

    weights: Floats
    covariance: Floats
    risk_aversion: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """Means over all paths, each with its Monte Carlo standard error (`_se`).

    `rebalances` per path; costs are sums over the periods, in shares of the portfolio; `sharpe` is the mean over paths
    of (yearly mean of simple returns - risk-free) / (yearly standard deviation); `total_return` is the end value less
    one, net of cost; `end_weight` (assets,) the mean weights at the end.
    """

    strategy: str
    rebalances: float
    trading_cost: float
    tracking_cost: float
    sharpe: float
    total_return: float
    end_weights: tuple[float, ...]
    rebalances_se: float
    total_cost_se: float
    sharpe_se: float
    total_return_se: float

    @property
    def total_cost(self) -> float:
        return self.trading_cost + self.tracking_cost

    @property
    def end_weight(self) -> float:
        """The first asset's."""
        return self.end_weights[0]


@dataclass(frozen=True, slots=True)
class Simulation:
    """The outcome of every strategy, in their order, and what was simulated."""

    outcomes: tuple[Outcome, ...]
    paths: int
    periods: int
    seed: int
    cost: float

    def outcome(self, name: str) -> Outcome:
        """One strategy's. KeyError for a name that was not simulated."""
        for outcome in self.outcomes:
            if outcome.strategy == name:
                return outcome
        raise KeyError(name)

    def table(self) -> pd.DataFrame:
        """One row per strategy; costs and returns in shares of one, standard errors beside them."""
        return frame([{name: getattr(o, name) for name in COLUMNS} for o in self.outcomes], COLUMNS)


def simulate(
    strategies: Sequence[Strategy],
    scenario: Scenario,
    *,
    periods: int,
    paths: int,
    seed: int,
    start: Sequence[float],
    cost: float = 0.0,
    tracking: Tracking | None = None,
    risk_free: float = 0.0,
    periods_per_year: int = 12,
    block: int = BLOCK,
    progress: Callable[[float], None] = lambda _: None,
) -> Simulation:
    """Run every strategy on the same paths. `progress` is told the share that is done.

    ValueError for starting weights that do not sum to one, or fewer than one path or period.
    """
    weights = np.array(start, dtype=float)
    if abs(weights.sum() - 1) > 1e-9 or paths < 1 or periods < 1:
        raise ValueError("starting weights must sum to one, and there must be a path and a period")
    mirrored = isinstance(scenario, Normal) and scenario.antithetic
    sums = [_Sums(len(weights), mirrored) for _ in strategies]
    done = 0
    for growth in blocks(scenario, periods, paths, seed, block):
        for strategy, total in zip(strategies, sums, strict=True):
            total.add(_run(strategy, growth, weights, cost, tracking, risk_free, periods_per_year))
        done += growth.shape[2]
        progress(done / paths)
    outcomes = tuple(total.outcome(strategy.name) for strategy, total in zip(strategies, sums, strict=True))
    return Simulation(outcomes, paths, periods, seed, cost)


@dataclass(frozen=True, slots=True)
class Paths:
    """One strategy on one block, each (paths,) but `end_weights` (assets, paths)."""

    rebalances: Floats
    trading_cost: Floats
    tracking_cost: Floats
    sharpe: Floats
    total_return: Floats
    end_weights: Floats


def _run(
    strategy: Strategy,
    growth: Floats,
    start: Floats,
    cost: float,
    tracking: Tracking | None,
    risk_free: float,
    per_year: int,
) -> Paths:
    periods, _, paths = growth.shape
    weights = np.repeat(start[:, None], paths, axis=1)
    wealth = np.ones(paths)
    count, paid, lost, first, second = (np.zeros(paths) for _ in range(5))
    for t in range(1, periods + 1):
        grown = weights * growth[t - 1]
        total = grown.sum(axis=0)
        grown /= total
        after = strategy.trade(t, grown)
        if after is not grown:
            moved = np.abs(after - grown).sum(axis=0)
            fee = cost * moved
            count += moved > 0
            paid += fee
            total = total * (1 - fee)
        weights = after
        wealth *= total
        gain = total - 1
        first += gain
        second += gain * gain
        if tracking is not None:
            lost += _tracking(weights, tracking)
    mean = first / periods
    spread = np.sqrt(np.maximum(second / periods - mean * mean, 0) * periods / max(1, periods - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        sharpe = (per_year * mean - risk_free) / (np.sqrt(per_year) * spread)
    return Paths(count, paid, lost, sharpe, wealth - 1, np.asarray(weights))


def _tracking(weights: Floats, tracking: Tracking) -> Floats:
    off = weights - tracking.weights[:, None]
    return np.asarray(tracking.risk_aversion / 2 * np.einsum("ip,ij,jp->p", off, tracking.covariance, off))


class _Sums:
    """Sums over blocks. Where the second half of each block mirrors the first, a pair counts as one draw for the
    standard errors: that is what makes them smaller than those of as many paths that know nothing of each other."""

    def __init__(self, assets: int, mirrored: bool) -> None:
        self._mirrored = mirrored
        self._n = self._draws = 0
        self._first = np.zeros(6)
        self._squares = np.zeros(6)
        self._weights = np.zeros(assets)

    def add(self, block: Paths) -> None:
        rows = np.stack([block.rebalances, block.trading_cost, block.tracking_cost, block.sharpe, block.total_return,
                         block.trading_cost + block.tracking_cost])  # fmt: skip
        paths = rows.shape[1]
        draws = (rows[:, : paths // 2] + rows[:, paths // 2 :]) / 2 if self._mirrored and paths % 2 == 0 else rows
        self._n += paths
        self._draws += draws.shape[1]
        self._first += rows.sum(axis=1)
        self._squares += (draws * draws).sum(axis=1)
        self._weights += block.end_weights.sum(axis=1)

    def outcome(self, name: str) -> Outcome:
        mean = self._first / self._n
        error = np.sqrt(np.maximum(self._squares / self._draws - mean * mean, 0) / self._draws)
        count, trading, tracking, sharpe, gained, _ = (float(value) for value in mean)
        return Outcome(
            strategy=name,
            rebalances=count,
            trading_cost=trading,
            tracking_cost=tracking,
            sharpe=sharpe,
            total_return=gained,
            end_weights=tuple(float(weight) for weight in self._weights / self._n),
            rebalances_se=float(error[0]),
            total_cost_se=float(error[5]),
            sharpe_se=float(error[3]),
            total_return_se=float(error[4]),
        )
