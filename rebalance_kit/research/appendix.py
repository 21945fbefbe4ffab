"""The report's own iteration for the two-asset zone (its appendix, after Dai et al. 2024), as it is printed.

    start     J = 0, and every weight trades to the target
    evaluate  J <- 2c |w - pi(w)| + te(pi(w)) + discount x E[J(next weight after pi(w))], k times
    improve   pi(w) = argmin over w' of the same sum; stop when pi no longer changes

It stops before J has converged (J is a quarter too low and the edges are off by up to 0.1 points with k = 20), so
`zone_two.no_trade_zone` is what a policy should use; this is here to reproduce and to draw the report's figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rebalance_kit.research.market import TwoAssets
from rebalance_kit.research.zone_two import Floats, Indices, transition_kernel

MOST_CYCLES = 500


@dataclass(frozen=True, slots=True)
class AppendixRun:
    """`policies[c]` are the weights to which each grid weight trades after c cycles, `costs[c]` its J, each (n,);
    `cycles` were made until the policy no longer changed."""

    weights: Floats
    policies: tuple[Floats, ...]
    costs: tuple[Floats, ...]
    cycles: int

    @property
    def lower(self) -> float:
        """The lowest weight that is left alone."""
        return float(self._alone().min())

    @property
    def upper(self) -> float:
        """The highest weight that is left alone."""
        return float(self._alone().max())

    def _alone(self) -> Floats:
        """The weights that stay, but the ends 0 and 1, where nothing ever moves."""
        inner = slice(1, -1)
        return np.asarray(self.weights[inner][self.policies[-1][inner] == self.weights[inner]])


def appendix_iteration(market: TwoAssets, target: float, *, k: int = 20, n: int = 1001) -> AppendixRun:
    """Run the iteration on a grid of `n` weights. ArithmeticError when it does not stop in 500 cycles."""
    weights = np.arange(n) / (n - 1)
    kernel = transition_kernel(market, n)
    tracking = market.risk_aversion / 2 * market.variance_of_difference * (weights - target) ** 2
    price = 2 * market.cost
    costs: Floats = np.zeros(n)
    policy: Indices = np.full(n, round(target * (n - 1)))
    policies, values = [weights[policy]], [costs]
    trade = price * np.abs(weights[:, None] - weights[None, :])
    for cycle in range(1, MOST_CYCLES + 1):
        for _ in range(k):
            costs = trade[np.arange(n), policy] + (tracking + market.discount * kernel.times(costs))[policy]
        better = np.argmin(trade + (tracking + market.discount * kernel.times(costs))[None, :], axis=1)
        same = bool(np.array_equal(better, policy))
        policy = better
        policies.append(weights[policy])
        values.append(costs)
        if same:
            return AppendixRun(weights, tuple(policies), tuple(values), cycle)
    raise ArithmeticError(f"the policy still changed after {MOST_CYCLES} cycles")
