"""What drift tells besides the numbers: assets that only one side knows, prices that are missing, leverage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.drift.model import AssetDrift
from rebalance_kit.money import as_decimal, show_money, show_percent
from rebalance_kit.policy.model import Policy
from rebalance_kit.words import Finding, Text


def about(policy: Policy, assets: Sequence[AssetDrift], total: Decimal) -> Iterator[Finding]:
    """The findings on the assets of a drift, in their order."""
    for asset in assets:
        if asset.group is None:
            yield _not_in_policy(asset, policy.base_currency)
        elif asset.price is None and asset.target_weight > 0:
            yield _missing_price(asset)
        elif asset.price is not None and asset.share_value is None:
            yield _missing_rate(asset, policy.base_currency)
        elif asset.quantity == 0 and asset.target_weight > 0:
            yield _not_held(asset)
    if any(asset.exposure != 1 for asset in assets):
        yield _exposure(assets, total)


def _label(asset: AssetDrift) -> str:
    return asset.code if asset.name == asset.code else f"{asset.name} ({asset.code})"


def _not_in_policy(asset: AssetDrift, currency: str) -> Finding:
    name, worth = _label(asset), show_money(asset.value, currency)
    return Finding(
        "not_in_policy",
        "warning",
        Text(
            f"{name} is held ({worth}) but not in the policy: it counts towards the total with a target of 0 and is "
            "never traded; add it to the allocation with `target: 0` to have it sold.",
            f"{name}: 보유 중({worth})이지만 정책에 없습니다. 목표 0으로 전체 평가액에 포함하되 매매하지 않습니다. "
            "매도하려면 allocation에 `target: 0`으로 추가해 주세요.",
        ),
        asset.code,
    )


def _not_held(asset: AssetDrift) -> Finding:
    name, target = _label(asset), show_percent(asset.target_weight)
    return Finding(
        "not_held",
        "info",
        Text(
            f"{name} has a target of {target} and is not held.", f"{name}: 목표 비중은 {target}인데 보유하지 않습니다."
        ),
        asset.code,
    )


def _missing_price(asset: AssetDrift) -> Finding:
    name = _label(asset)
    return Finding(
        "missing_price",
        "warning",
        Text(
            f"{name} is not held and has no price: no plan can buy it until prices.csv has one.",
            f"{name}: 보유하지 않고 가격도 없습니다. prices.csv에 가격이 있어야 매수 계획을 세울 수 있습니다.",
        ),
        asset.code,
    )


def _missing_rate(asset: AssetDrift, base: str) -> Finding:
    name, pair = _label(asset), f"{asset.currency}/{base}"
    return Finding(
        "missing_rate",
        "warning",
        Text(
            f"{name} is not held and {pair} has no rate: no plan can buy it until prices.csv has one.",
            f"{name}: 보유하지 않고 {pair} 환율도 없습니다. prices.csv에 환율이 있어야 매수 계획을 세울 수 있습니다.",
        ),
        asset.code,
    )


def _exposure(assets: Sequence[AssetDrift], total: Decimal) -> Finding:
    exposed = sum((Fraction(asset.value) * Fraction(asset.exposure) for asset in assets), Fraction(0))
    wanted = sum((Fraction(asset.target_weight) * Fraction(asset.exposure) for asset in assets), Fraction(0))
    now = show_percent(as_decimal(exposed / Fraction(total) if total > 0 else Fraction(0)))
    target = show_percent(as_decimal(wanted))
    return Finding(
        "exposure",
        "info",
        Text(
            f"Weights are market values; with leverage the assets expose {now} of the portfolio, at target {target}. "
            "Bands and orders follow market values.",
            f"비중은 평가액 기준입니다. 레버리지를 반영한 노출은 현재 {now}, 목표 {target}이며, "
            "허용 범위와 주문은 평가액을 따릅니다.",
        ),
    )
