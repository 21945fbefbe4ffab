"""What is judged together: each interchangeable group as one asset, so that every rule for assets holds for it.

The group's assets may stand for each other, so a method, a cash rule or a schedule asks about the group; what it
answers is then spread over the members: what comes in goes by their targets, what goes out by what they are worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.drift.model import AssetDrift, Drift, GroupDrift
from rebalance_kit.money import ONE, ZERO, Rounding, as_decimal, exact_sum, minor_unit, round_money, split_exactly
from rebalance_kit.policy.model import GROUP_SEPARATOR, Asset, Policy

MARK = "~"  # before the name of a group that stands for an asset: no code has one


@dataclass(frozen=True, slots=True)
class Units:
    """`policy` and `drift` with one asset for each interchangeable group; `members` by that asset's code."""

    policy: Policy
    drift: Drift
    members: Mapping[str, tuple[AssetDrift, ...]]
    barred: frozenset[tuple[str, bool]]  # (code, bought?) of members that a list keeps from being bought or sold

    def unit_of(self, code: str) -> str:
        """The code that stands for an asset: its own, or its group's."""
        return next((unit for unit, own in self.members.items() if any(row.code == code for row in own)), code)

    def spread(self, amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """Signed amounts by unit as amounts by asset, which add up to them exactly."""
        spread: dict[str, Decimal] = {}
        for unit, amount in amounts.items():
            spread |= self._shares(unit, amount) if unit in self.members else {unit: amount}
        return spread

    def _shares(self, unit: str, amount: Decimal) -> dict[str, Decimal]:
        own = self.members[unit]
        parts = {row.code: ZERO for row in own}
        if amount == 0:
            return parts
        weights = _weights([row for row in own if (row.code, amount > 0) not in self.barred] or list(own), amount)
        currency = self.drift.base_currency
        whole = round_money(abs(amount), currency, Rounding.DOWN)
        size = sum(weights.values(), Fraction(0))
        exact = {code: Fraction(whole) * weight / size for code, weight in weights.items()}
        shares = split_exactly(whole, exact, minor_unit(currency))
        largest = max(shares, key=lambda code: (weights[code], code))
        shares[largest] = exact_sum((shares[largest], abs(amount), whole.copy_negate()))
        return parts | {code: share if amount > 0 else share.copy_negate() for code, share in shares.items()}


def units_of(policy: Policy, drift: Drift) -> Units | None:
    """The policy and the drift by units; None where no group is interchangeable."""
    groups = policy.interchangeable_groups()
    if not groups:
        return None
    rows = {row.code: row for row in drift.assets}
    members = {MARK + name: tuple(rows[a.code] for a in own if a.code in rows) for name, own in groups.items()}
    inside = {row.code for own in members.values() for row in own}
    judged = [_row(drift.group(name), members[MARK + name]) for name in groups]
    assets = (*judged, *(row for row in drift.assets if row.code not in inside))
    barred = {(a.code, True) for a in policy.assets if a.never_buy} | {
        (a.code, False) for a in policy.assets if a.never_sell
    }
    return Units(_policy(policy, groups), replace(drift, assets=assets), members, frozenset(barred))


def _weights(rows: list[AssetDrift], amount: Decimal) -> dict[str, Fraction]:
    by_target = {row.code: Fraction(row.target_weight) for row in rows}
    by_value = {row.code: Fraction(row.value) for row in rows}
    wanted = (by_target, by_value) if amount > 0 else (by_value, by_target)
    return next((weights for weights in wanted if any(weights.values())), {row.code: Fraction(1) for row in rows})


def _row(group: GroupDrift, own: tuple[AssetDrift, ...]) -> AssetDrift:
    """The group as one asset; a share of it is the smallest share of a member."""
    shares = [row.share_value for row in own if row.share_value is not None]
    width = ONE if group.threshold is None else group.threshold
    target = Fraction(group.target_weight)
    return AssetDrift(
        code=MARK + group.name,
        name=group.name,
        group=group.name,
        quantity=ZERO,
        price=None,
        currency=own[0].currency,
        share_value=min(shares, default=None),
        value=group.value,
        current_weight=group.current_weight,
        target_weight=group.target_weight,
        drift=group.drift,
        relative_drift=as_decimal(Fraction(group.current_weight) / target - 1) if target else None,
        lower=max(ZERO, as_decimal(target - Fraction(width))),
        upper=min(ONE, as_decimal(target + Fraction(width))),
        breached=group.breached,
    )


def _policy(policy: Policy, groups: Mapping[str, tuple[Asset, ...]]) -> Policy:
    allocation = {}
    for name, group in policy.allocation.items():
        if name in groups:
            allocation[name] = group.model_copy(update=_one(name, groups[name]) | {"groups": {}})
            continue
        inner = {sub: f"{name}{GROUP_SEPARATOR}{sub}" for sub in group.groups}
        subgroups = {
            sub: one.model_copy(update=_one(inner[sub], groups[inner[sub]])) if inner[sub] in groups else one
            for sub, one in group.groups.items()
        }
        allocation[name] = group.model_copy(update={"groups": subgroups})
    return policy.model_copy(update={"allocation": allocation})


def _one(name: str, own: tuple[Asset, ...]) -> dict[str, object]:
    """The update that makes a group of one asset, which stands for all of it."""
    whole = Asset.model_construct(
        **own[0].model_dump(include={"currency", "exchange"}),
        code=MARK + name,
        target=as_decimal(sum((Fraction(asset.target) for asset in own), Fraction(0))),
        never_buy=all(asset.never_buy for asset in own),
        never_sell=all(asset.never_sell for asset in own),
    )
    return {"assets": (whole,), "interchangeable": False}
