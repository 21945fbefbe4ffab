"""How far to go: drift x method -> the ideal value of every asset in money, before costs (definition 7).

    full            to the target
    fraction        a share of the way; halfway: half of it
    band_edge       to the nearest edge of the band; whoever is inside stays; what does not add up is projected back
    breached_only   assets and groups past their band to their targets, the others only for the cash that then needs
    no_trade_zone   to the nearest edge of the zone that the policy holds

`full`, `fraction` and `halfway` are exact. The others can need thirds of a won: they are rounded to the minor unit by
largest remainder, so that goals and cash still add up to the total.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.drift import AssetDrift, Drift, Units, units_of
from rebalance_kit.errors import RuleError, UsageError
from rebalance_kit.money import ZERO, exact_sum, minor_unit, plain, product, split_exactly
from rebalance_kit.policy.bands import zone_edges
from rebalance_kit.policy.model import GROUP_SEPARATOR, Method, Policy
from rebalance_kit.words import Text, same

Values = dict[str, Fraction]
HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Goal:
    """The ideal of one asset: its `value` after the trade and the signed `amount` to get there, exact, in the base
    currency. `below_minimum`: an amount other than zero that is smaller than the minimum trade."""

    code: str
    value: Decimal
    amount: Decimal
    below_minimum: bool

    def to_dict(self) -> dict[str, object]:
        """The goal as JSON."""
        return {
            "code": self.code,
            "value": plain(self.value),
            "amount": plain(self.amount),
            "below_minimum": self.below_minimum,
        }


def minimum_trade(policy: Policy, total_value: Decimal) -> Decimal:
    """The smallest order that is placed: the larger of the amount and the share of the total (definition 8)."""
    limits = policy.rebalancing.constraints
    return max(limits.min_trade_amount, product(limits.min_trade_share, total_value))


def make_goal(asset: AssetDrift, value: Decimal, minimum: Decimal) -> Goal:
    """The goal of bringing an asset to `value`."""
    amount = exact_sum([value, asset.value.copy_negate()])
    return Goal(asset.code, value, amount, amount != 0 and amount.copy_abs() < minimum)


def ideal_goals(
    policy: Policy, drift: Drift, method: Method | None = None, fraction: Decimal | None = None
) -> tuple[Goal, ...]:
    """The goal of every asset of the drift, in its order. `method` and `fraction` replace the policy's.

    An asset that the policy does not name has the target zero. Assets within the deadband keep their value. Raises
    UsageError for a fraction that does not fit, RuleError for `no_trade_zone` without a zone in the policy. A group
    whose assets may stand for each other has one goal, which is spread over them.
    """
    units = units_of(policy, drift)
    if units is not None:
        return _spread(units, policy, drift, ideal_goals(units.policy, units.drift, method, fraction))
    chosen, share = _choice(policy, method, fraction)
    values = _ideal_values(policy, drift, chosen, share)
    minimum = minimum_trade(policy, drift.total_value)
    return tuple(make_goal(asset, _after_deadband(policy, drift, asset, values), minimum) for asset in drift.assets)


def _spread(units: Units, policy: Policy, drift: Drift, goals: Iterable[Goal]) -> tuple[Goal, ...]:
    """The goals of units as goals of assets."""
    minimum = minimum_trade(policy, drift.total_value)
    amounts = units.spread({goal.code: goal.amount for goal in goals})
    return tuple(make_goal(row, exact_sum((row.value, amounts[row.code])), minimum) for row in drift.assets)


def joined_goals(units: Units, goals: Iterable[Goal], minimum: Decimal) -> tuple[Goal, ...]:
    """The goals of assets as goals of units: those of a group's members together."""
    sums: dict[str, Decimal] = {}
    for goal in goals:
        unit = units.unit_of(goal.code)
        sums[unit] = exact_sum((sums.get(unit, ZERO), goal.value))
    return tuple(make_goal(row, sums[row.code], minimum) for row in units.drift.assets if row.code in sums)


def _choice(policy: Policy, method: Method | None, fraction: Decimal | None) -> tuple[Method, Decimal]:
    chosen = method or (Method.FRACTION if fraction is not None else policy.rebalancing.method)
    if fraction is not None and (chosen != Method.FRACTION or not 0 < fraction <= 1):
        raise _wrong_fraction(chosen, fraction)
    if chosen == Method.NO_TRADE_ZONE and policy.rebalancing.no_trade_zone is None:
        raise _no_zone()
    return chosen, policy.rebalancing.fraction if fraction is None else fraction


def _ideal_values(policy: Policy, drift: Drift, method: Method, share: Decimal) -> dict[str, Decimal]:
    if method == Method.FULL:
        return {asset.code: product(asset.target_weight, drift.total_value) for asset in drift.assets}
    if method in (Method.FRACTION, Method.HALFWAY):
        return _part_of_the_way(drift, share if method == Method.FRACTION else HALF)
    by_band: dict[Method, Callable[[Policy, Drift], Values]] = {
        Method.BAND_EDGE: _to_band_edges,
        Method.BREACHED_ONLY: _breached_only,
        Method.NO_TRADE_ZONE: _to_zone_edges,
    }
    return _in_minor_units(drift, by_band[method](policy, drift))


def _part_of_the_way(drift: Drift, share: Decimal) -> dict[str, Decimal]:
    """value + share x (target x total - value)"""
    ideal = {}
    for asset in drift.assets:
        way = exact_sum([product(asset.target_weight, drift.total_value), asset.value.copy_negate()])
        ideal[asset.code] = exact_sum([asset.value, product(share, way)])
    return ideal


def _to_band_edges(policy: Policy, drift: Drift) -> Values:
    edges = {asset.code: (Fraction(asset.lower), Fraction(asset.upper)) for asset in drift.assets}
    return _projected(policy, drift, edges)


def _to_zone_edges(policy: Policy, drift: Drift) -> Values:
    zone = policy.rebalancing.no_trade_zone or {}
    edges = {asset.code: (Fraction(asset.lower), Fraction(asset.upper)) for asset in drift.assets}
    edges |= {asset.code: zone_edges(zone, asset) for asset in policy.assets}
    return _projected(policy, drift, edges)


def _projected(policy: Policy, drift: Drift, edges: Mapping[str, tuple[Fraction, Fraction]]) -> Values:
    """Current values moved by one common amount mu and clipped to their bands, mu such that all of it is invested:
    the nearest point of the bands that adds up. With bands of 5 points around 60/30/10, 68/22/10 becomes 65/25/10
    (mu is 0: only edges are touched) and 70/18/12 becomes 65/25/10 (mu is -2 points or less)."""
    total = Fraction(drift.total_value)
    values = {asset.code: Fraction(asset.value) for asset in drift.assets}
    bands = {code: (low * total, high * total) for code, (low, high) in edges.items()}
    for asset in drift.assets:
        if asset.target_weight == 0:  # is never bought, however much there is to invest
            low, high = bands[asset.code]
            bands[asset.code] = (low, max(low, min(high, values[asset.code])))
    wanted = _investable(policy, drift)

    def moved(mu: Fraction) -> Values:
        return {code: min(max(value + mu, bands[code][0]), bands[code][1]) for code, value in values.items()}

    def invested(mu: Fraction) -> Fraction:
        return sum(moved(mu).values(), Fraction(0))

    # `invested` rises in straight pieces between these points
    bends = sorted({edge - values[code] for code in values for edge in bands[code]})
    above = bisect_left(bends, wanted, key=invested)
    if above == 0 or above == len(bends):  # all at their lower, or all at their upper edges
        return moved(bends[min(above, len(bends) - 1)])
    left, right = bends[above - 1], bends[above]
    rise = invested(right) - invested(left)
    return moved(left + (wanted - invested(left)) * (right - left) / rise)


def _breached_only(policy: Policy, drift: Drift) -> Values:
    """Who is past a band goes to the target. What that leaves over or short in cash is shared by the others in
    proportion to their own drift that way, which is always enough and never passes a target."""
    total = Fraction(drift.total_value)
    movers = _movers(drift)
    ideal = {asset.code: Fraction(asset.value) for asset in drift.assets}
    if not movers:
        return ideal
    gaps = {asset.code: Fraction(asset.target_weight) * total - ideal[asset.code] for asset in drift.assets}
    ideal |= {code: ideal[code] + gaps[code] for code in movers}
    rest = _investable(policy, drift) - sum(ideal.values(), Fraction(0))
    helpers = {code: gap for code, gap in gaps.items() if code not in movers and gap * rest > 0}
    room = sum(helpers.values(), Fraction(0))
    return ideal | {code: ideal[code] + gap * rest / room for code, gap in helpers.items()}


def _movers(drift: Drift) -> set[str]:
    """The codes that breach, or whose group or subgroup does."""
    groups = {group.name for group in drift.group_breaches}
    outer = {asset.code: (asset.group or "").split(GROUP_SEPARATOR)[0] for asset in drift.assets}
    return {a.code for a in drift.assets if a.breached or a.group in groups or outer[a.code] in groups}


def _investable(policy: Policy, drift: Drift) -> Fraction:
    """The total without the cash that the policy wants."""
    return Fraction(drift.total_value) * (1 - Fraction(policy.rebalancing.cash.target))


def _in_minor_units(drift: Drift, ideal: Values) -> dict[str, Decimal]:
    cash = Fraction(drift.total_value) - sum(ideal.values(), Fraction(0))
    if cash < 0:
        if ideal == {asset.code: Fraction(asset.value) for asset in drift.assets}:
            return {asset.code: asset.value for asset in drift.assets}
        raise _bands_too_high()
    parts = ideal | {"": cash}
    return split_exactly(drift.total_value, parts, minor_unit(drift.base_currency))


def within_deadband(drift: Drift, asset: AssetDrift, deadband: Decimal) -> bool:
    """Strict: no trade while |value - target| <= deadband x total (definition 8); a deadband of zero is none."""
    total, judged = Fraction(drift.total_value), drift.judged_by(asset)
    distance = abs(Fraction(judged.value) - Fraction(judged.target_weight) * total)
    return deadband > 0 and distance <= Fraction(deadband) * total


def _after_deadband(policy: Policy, drift: Drift, asset: AssetDrift, values: Mapping[str, Decimal]) -> Decimal:
    resting = within_deadband(drift, asset, policy.rebalancing.deadband)
    return asset.value if resting else values[asset.code]


def _wrong_fraction(method: Method, fraction: Decimal) -> UsageError:
    wrong = Text(f"{plain(fraction)} with the method {method}", f"방법 {method}에 {plain(fraction)}")
    return UsageError(
        "wrong_fraction",
        where=same("fraction"),
        wrong=wrong,
        expected=Text("the method fraction and a number above 0 and up to 1", "방법 fraction과 0 초과 1 이하의 수"),
        fix=Text("leave the fraction out or use the method fraction", "fraction을 빼거나 방법을 fraction으로 하세요"),
    )


def _no_zone() -> RuleError:
    return RuleError(
        "no_zone",
        where=same("rebalancing.no_trade_zone"),
        wrong=Text(
            "the method no_trade_zone is not available without a zone", "구간이 없어 no_trade_zone을 쓸 수 없습니다"
        ),
        expected=Text("a lower and an upper weight for each asset", "종목별 하한과 상한 비중"),
        fix=Text("write a zone into the policy or use another method", "정책에 구간을 적거나 다른 방법을 쓰세요"),
    )


def _bands_too_high() -> RuleError:
    return RuleError(
        "bands_too_high",
        where=same("allocation"),
        wrong=Text(
            "the lower edges of the bands add up to more than there is", "허용 범위 하한의 합이 전체보다 큽니다"
        ),
        expected=Text("lower edges that fit beside the cash target", "현금 목표와 함께 들어맞는 하한"),
        fix=Text("lower a `min` or an edge of the zone", "`min`이나 구간의 하한을 낮춰 주세요"),
    )
