"""Where the portfolio stands: policy x holdings x prices -> weights, drifts and breaches (definitions 1 to 3).

    drift = current weight - target weight           positive is overweight

A breach is decided on products of exact amounts (|value - target x total| against threshold x total), never on a
divided weight: 60 -> 65 %, 40 -> 45 % and 30 -> 35 % all breach 5 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rebalance_kit.prices.model import FxRate
from rebalance_kit.words import Finding


@dataclass(frozen=True, slots=True)
class AssetDrift:
    """One asset, over all accounts. `value` and the weights are in the base currency; `lower` and `upper` are the
    weights between which the asset does not breach; `price` is in `currency`, None when there is no price;
    `share_value` is one share in the base currency."""

    code: str
    name: str
    group: str | None
    quantity: Decimal
    price: Decimal | None
    currency: str
    share_value: Decimal | None
    value: Decimal
    current_weight: Decimal
    target_weight: Decimal
    drift: Decimal
    relative_drift: Decimal | None
    lower: Decimal
    upper: Decimal
    breached: bool


@dataclass(frozen=True, slots=True)
class GroupDrift:
    """One group. `threshold` is None when the group is not tested."""

    name: str
    value: Decimal
    current_weight: Decimal
    target_weight: Decimal
    drift: Decimal
    threshold: Decimal | None
    breached: bool


@dataclass(frozen=True, slots=True)
class CashBalance:
    """Cash of one account and currency; `counted` says whether it is part of the total value."""

    account: str
    currency: str
    amount: Decimal
    value: Decimal
    counted: bool


@dataclass(frozen=True, slots=True)
class Drift:
    """The whole picture on one date. Assets are in policy order, then held assets that the policy does not name."""

    portfolio: str
    as_of: date
    base_currency: str
    total_value: Decimal
    cash: tuple[CashBalance, ...]
    fx: tuple[FxRate, ...]
    assets: tuple[AssetDrift, ...]
    groups: tuple[GroupDrift, ...]
    findings: tuple[Finding, ...]
