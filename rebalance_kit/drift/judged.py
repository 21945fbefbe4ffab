"""The drift that the trigger judges, where the policy averages prices or carries them on by a proxy."""

from __future__ import annotations

from dataclasses import replace

from rebalance_kit.drift.measure import measure_drift
from rebalance_kit.drift.model import AssetDrift, Drift
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.model import PriceBook


def judged_drift(policy: Policy, drift: Drift, holdings: Holdings, prices: PriceBook) -> Drift:
    """The same drift, its values, weights and breaches by `prices.judged`; prices stay those at which one trades.

    The drift itself when no price is judged by another than the newest, or when nothing is held yet.
    """
    if not prices.judged or drift.total_value <= 0:
        return drift
    by = measure_drift(policy, holdings, prices.for_decision())
    assets = tuple(map(_at_traded_price, by.assets, drift.assets))
    return replace(by, assets=assets, findings=drift.findings)


def _at_traded_price(row: AssetDrift, traded: AssetDrift) -> AssetDrift:
    return replace(row, price=traded.price, share_value=traded.share_value)
