"""The no-trade zone of two assets, by dynamic programming on a grid of weights.

With monthly log returns the log-odds of the weight are a Gaussian random walk, so that the chance of moving from one
cell of the grid to another is a difference of two normal distribution functions, exact without quadrature. The cost of
a policy J satisfies (Bellman; Sun et al. 2004)

    J(w) = min over w' of  2c |w - w'| + te(w') + discount x E[J(next weight after w')]

where c is paid on each leg and te is the tracking cost of a month. Two things make this fast and exact:

* for any function G = te + discount x P J the inner minimum is a forward and a backward min-plus sweep, O(n);
* the best policy trades to the nearer edge of one interval, so that policy iteration has to solve only for the weights
  inside it (about an eighth of them). The result is certified by one sweep of the Bellman operator over all weights,
  which assumes nothing about its form: `residual` is the largest change that the sweep makes.

Arrays are float64; `n` is the number of weights on the grid (1,001: steps of 0.1 %).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from rebalance_kit.research.market import TwoAssets

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from threadpoolctl import ThreadpoolController

Floats: TypeAlias = "NDArray[np.float64]"
Indices: TypeAlias = "NDArray[np.intp]"

REACH = 8.3  # standard deviations beyond which a normal distribution has nothing left in float64
MOST_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Kernel:
    """P as rows that are short: row i has its `width` entries from column `first[i]` on; the rest is zero."""

    first: Indices  # (n,)
    values: Floats  # (n, width)

    def times(self, x: Floats) -> Floats:
        """P x, (n,)."""
        n, width = self.values.shape
        padded = np.concatenate([x, np.zeros(width)])
        windows = np.lib.stride_tricks.sliding_window_view(padded, width)
        return np.asarray(np.einsum("ij,ij->i", self.values, windows[self.first[:n]]))

    def rows(self, low: int, high: int) -> Floats:
        """Rows low..high (both included) as a dense (high - low + 1, n) array."""
        n, width = self.values.shape
        dense = np.zeros((high - low + 1, n + width))
        columns = self.first[low : high + 1, None] + np.arange(width)
        np.put_along_axis(dense, columns, self.values[low : high + 1], axis=1)
        return dense[:, :n]


@dataclass(frozen=True, slots=True)
class Zone:
    """The interval in which nothing is traded; outside, trade to its nearer edge. Weights of the risky asset.

    `cost` is J at the target: expected discounted cost from there on, in shares of the portfolio. `residual` is the
    Bellman residual over all weights, `rounds` the policy iterations, `seconds` all of it, the kernel included.
    """

    lower: float
    target: float
    upper: float
    cost: float
    residual: float
    rounds: int
    seconds: float
    weights: Floats
    values: Floats

    def to_dict(self) -> dict[str, object]:
        """The JSON of `research zone --json`; weights in percent."""
        return {
            "lower_pct": round(100 * self.lower, 6),
            "target_pct": round(100 * self.target, 6),
            "upper_pct": round(100 * self.upper, 6),
            "bellman_residual": self.residual,
            "seconds": self.seconds,
        }


def transition_kernel(market: TwoAssets, n: int) -> Kernel:
    """The chance that an untouched weight moves from grid point i into the cell around grid point j within a month.

    P(i, j) = Phi((e_{j+1} - x_i - d) / s) - Phi((e_j - x_i - d) / s), with x the log-odds of the grid, e those of the
    cells' edges, d and s mean and standard deviation of the monthly change. The weights 0 and 1 stay where they are.
    """
    from scipy.special import ndtr

    sd, drift = market.variance_of_difference**0.5, market.drift_of_odds
    inner = np.arange(1, n - 1) / (n - 1)
    odds = np.log(inner / (1 - inner))
    middles = (np.arange(n - 1) + 0.5) / (n - 1)
    edges = np.concatenate(
        [[-np.inf], np.log(middles / (1 - middles)), [np.inf]]
    )  # edges[j], edges[j + 1] bound cell j
    centre = odds + drift
    low = np.searchsorted(edges, centre - REACH * sd, side="right") - 1
    high = np.searchsorted(edges, centre + REACH * sd, side="left")
    width = int(np.max(high - low))
    first = np.concatenate([[0], np.minimum(low, n - width), [n - width]]).astype(np.intp)
    columns = first[1:-1, None] + np.arange(width + 1)
    below = ndtr((edges[columns] - centre[:, None]) / sd)
    values = np.zeros((n, width))
    values[1:-1] = np.diff(below, axis=1)
    values[0, 0], values[-1, -1] = 1, 1
    return Kernel(first, values)


def cheapest_trades(after: Floats, price: float) -> Floats:
    """For every grid point the least of `after[j] + price x |i - j|` over all j: two min-plus sweeps, exact, (n,)."""
    ramp = price * np.arange(len(after))
    up = np.minimum.accumulate(after - ramp) + ramp
    down = np.minimum.accumulate((after + ramp)[::-1])[::-1] - ramp
    return np.asarray(np.minimum(up, down))


def no_trade_zone(market: TwoAssets, target: float | None = None, *, n: int = 1001) -> Zone:
    """The cheapest policy's interval around `target` (None: the optimum of the market's own moments).

    Raises ValueError for a target outside (0, 1) or a grid of fewer than 11 points, ArithmeticError when policy
    iteration does not settle.
    """
    began = time.perf_counter()
    wanted = market.optimum if target is None else target
    if not 0 < wanted < 1 or n < 11:
        raise ValueError(f"a zone needs a target between 0 and 1 and 11 points or more, not {wanted} and {n}")
    weights = np.arange(n) / (n - 1)
    kernel = transition_kernel(market, n)
    tracking = market.risk_aversion / 2 * market.variance_of_difference * (weights - wanted) ** 2
    price = 2 * market.cost / (n - 1)
    middle = round(wanted * (n - 1))
    start = _first_guess(market, wanted, n)
    with one_thread():
        low, high, after, rounds = _policy_iteration(kernel, tracking, market.discount, price, start)
    values = _value(after, low, high, price)
    swept = cheapest_trades(tracking + market.discount * kernel.times(values), price)
    return Zone(
        lower=float(weights[low]),
        target=wanted,
        upper=float(weights[high]),
        cost=float(values[middle]),
        residual=float(np.max(np.abs(swept - values))),
        rounds=rounds,
        seconds=time.perf_counter() - began,
        weights=weights,
        values=values,
    )


def _first_guess(market: TwoAssets, target: float, n: int) -> tuple[int, int]:
    """Where policy iteration starts: the half-width of the continuous problem, (3c (w(1-w))^2 / lambda)^(1/3)."""
    half = (1.5 * 2 * market.cost * (target * (1 - target)) ** 2 / market.risk_aversion) ** (1 / 3)
    return max(1, round((target - half) * (n - 1))), min(n - 2, round((target + half) * (n - 1)))


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep linear algebra on one thread: for systems this small the others only wait for each other."""
    with _pools().limit(limits=1, user_api="blas"):
        yield


@lru_cache(maxsize=1)
def _pools() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _policy_iteration(
    kernel: Kernel, tracking: Floats, discount: float, price: float, start: tuple[int, int]
) -> tuple[int, int, Floats, int]:
    """Evaluate an interval, take the interval that is best under its value, until it stays: edges, G and rounds."""
    n = len(tracking)
    ramp = price * np.arange(n)
    low, high = start
    for rounds in range(1, MOST_ROUNDS + 1):
        after = tracking + discount * kernel.times(_evaluated(kernel, tracking, discount, price, low, high))
        better = int(np.argmin(after + ramp)), int(np.argmin(after - ramp))
        if better == (low, high):
            return low, high, after, rounds
        low, high = min(better), max(better)
    raise ArithmeticError(f"policy iteration did not settle in {MOST_ROUNDS} rounds")


def _evaluated(kernel: Kernel, tracking: Floats, discount: float, price: float, low: int, high: int) -> Floats:
    """J of the policy that trades to the nearer edge of [low, high]: only the weights inside are unknown.

    x = te + discount x (P_inside x + P_left (x_low + ramp) + P_right (x_high + ramp)) on the interval.
    """
    n = len(tracking)
    rows = kernel.rows(low, high)
    system = np.eye(high - low + 1) - discount * rows[:, low : high + 1]
    system[:, 0] -= discount * rows[:, :low].sum(axis=1)
    system[:, -1] -= discount * rows[:, high + 1 :].sum(axis=1)
    distance = price * np.maximum(0, np.maximum(low - np.arange(n), np.arange(n) - high))
    inside = np.linalg.solve(system, tracking[low : high + 1] + discount * rows @ distance)
    return _value(np.concatenate([np.zeros(low), inside, np.zeros(n - high - 1)]), low, high, price)


def _value(after: Floats, low: int, high: int, price: float) -> Floats:
    """J on the whole grid from G on the interval: what a trade to the nearer edge costs, and what follows it."""
    n = len(after)
    grid = np.arange(n)
    return after[np.clip(grid, low, high)] + price * np.maximum(0, np.maximum(low - grid, grid - high))
