"""How far an asset or a group may drift before it breaches: the band kinds of definitions 2 and 3.

    absolute      the threshold in points of the portfolio: 60 % at 5 % is 55-65
    relative      a share of the target: 60 % at 10 % is 54-66, 5 % at 50 % is 2.5-7.5
    smaller_of    the smaller of the threshold in points and 25 % of the target ("5/25"): 10 % at 5 % is 7.5-12.5

An explicit `min` or `max` of an asset holds besides: outside is a breach whatever the threshold. With the strategy
`no_trade_zone` the zone written in the policy replaces the threshold; its edges still belong to it. Every question is
answered with exact fractions of amounts, never with a divided weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.money import ONE, ZERO, as_decimal
from rebalance_kit.policy.choices import BandKind, Comparison, Strategy
from rebalance_kit.policy.model import Asset, Policy

SMALLER_OF_SHARE = Decimal("0.25")  # the 25 of 5/25: a quarter of the target


@dataclass(frozen=True, slots=True)
class Band:
    """`width` is the half width around the target in weight, None where no threshold applies; `floor` and `ceiling`
    are limits whose own value is allowed."""

    target: Fraction
    width: Fraction | None
    inclusive: bool
    floor: Fraction = Fraction(0)
    ceiling: Fraction = Fraction(1)

    @property
    def edges(self) -> tuple[Fraction, Fraction]:
        """The weights between which nothing breaches, within 0 to 1."""
        if self.width is None:
            return self.floor, self.ceiling
        return max(self.floor, self.target - self.width), min(self.ceiling, self.target + self.width)

    @property
    def lower(self) -> Decimal:
        return as_decimal(self.edges[0])

    @property
    def upper(self) -> Decimal:
        return as_decimal(self.edges[1])

    def is_breached_by(self, value: Decimal, total: Decimal) -> bool:
        """Does `value` out of `total` breach? A portfolio worth nothing and a drift of exactly zero never do."""
        worth, whole = Fraction(value), Fraction(total)
        distance = abs(worth - self.target * whole)
        if whole <= 0 or distance == 0:
            return False
        if worth < self.floor * whole or worth > self.ceiling * whole:
            return True
        if self.width is None:
            return False
        return distance >= self.width * whole if self.inclusive else distance > self.width * whole


def asset_band(policy: Policy, asset: Asset, widen: Decimal = ONE) -> Band:
    """The band of one asset. `widen` multiplies its threshold or zone, never an explicit `min` or `max`."""
    floor, ceiling = Fraction(asset.min or 0), Fraction(1 if asset.max is None else asset.max)
    target = Fraction(asset.target)
    zone = policy.rebalancing.no_trade_zone
    if policy.rebalancing.strategy == Strategy.NO_TRADE_ZONE and zone is not None:
        low, high = zone_edges(zone, asset, widen)
        return Band(target, None, inclusive=False, floor=max(floor, low), ceiling=min(ceiling, high))
    width = _width(policy, policy.rebalancing.drift_trigger.threshold, target, widen)
    return Band(target, width, _inclusive(policy), floor, ceiling)


def zone_edges(
    zone: dict[str, tuple[Decimal, Decimal]], asset: Asset, widen: Decimal = ONE
) -> tuple[Fraction, Fraction]:
    """The zone of an asset within 0 to 1; an asset that the zone leaves out may have any weight."""
    low, high = (Fraction(edge) for edge in zone.get(asset.code, (ZERO, ONE)))
    target, factor = Fraction(asset.target), Fraction(widen)
    wide_low, wide_high = target - factor * (target - low), target + factor * (high - target)
    return max(Fraction(0), min(low, wide_low)), min(Fraction(1), max(high, wide_high))


def unlisted_band(policy: Policy, widen: Decimal = ONE) -> Band:
    """The band of a held asset that the policy does not name: around a target of zero."""
    width = _width(policy, policy.rebalancing.drift_trigger.threshold, Fraction(0), widen)
    return Band(Fraction(0), width, _inclusive(policy))


def group_band(policy: Policy, name: str, target: Decimal, widen: Decimal = ONE) -> Band | None:
    """The band of a group (`group` or `group / subgroup`), of the policy's band kind; None: it is not tested."""
    threshold = policy.group_threshold(name)
    if threshold is None:
        return None
    return Band(Fraction(target), _width(policy, threshold, Fraction(target), widen), _inclusive(policy))


def _width(policy: Policy, threshold: Decimal, target: Fraction, widen: Decimal) -> Fraction:
    points = Fraction(threshold)
    width = {
        BandKind.ABSOLUTE: points,
        BandKind.RELATIVE: points * target,
        BandKind.SMALLER_OF: min(points, Fraction(SMALLER_OF_SHARE) * target),
    }[policy.rebalancing.drift_trigger.kind]
    return width * Fraction(widen)


def _inclusive(policy: Policy) -> bool:
    return policy.rebalancing.drift_trigger.comparison == Comparison.INCLUSIVE
