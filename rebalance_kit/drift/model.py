"""The values of drift: assets, groups, cash, and the whole picture, with their JSON, table and notebook display."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from rebalance_kit.frames import frame, html_table
from rebalance_kit.money import ONE, ZERO, exact_sum, plain, product, ratio, show_money, show_percent, show_points
from rebalance_kit.policy.model import GROUP_SEPARATOR
from rebalance_kit.prices.model import FxRate
from rebalance_kit.words import Finding, Language, Text, same

if TYPE_CHECKING:
    import pandas as pd

TABLE_COLUMNS = (
    "code", "name", "group", "quantity", "price", "currency", "value", "current_weight", "target_weight", "drift",
    "relative_drift", "lower", "upper", "breached",
)  # fmt: skip
_HEADINGS = (
    Text("Asset", "종목"),
    Text("Code", "코드"),
    Text("Value", "평가액"),
    Text("Weight", "현재 비중"),
    Text("Target", "목표 비중"),
    Text("Drift (points)", "편차(%p)"),
    Text("Band", "허용 범위"),
    same(""),
)
_PAST = Text("past its band", "기준 이탈")


@dataclass(frozen=True, slots=True)
class AssetDrift:
    """One asset, over all accounts. `value` and the weights are in the base currency; `lower` and `upper` are the
    weights between which the asset does not breach; `price` is in `currency`, None when there is no price;
    `share_value` is one share in the base currency, exact, None without a price or rate. `group` is None for an asset
    that the policy does not name. `exposure` is the market exposure of one unit of value: 2 for a twofold fund.
    `stands_in`: its group is judged instead of it, because the group's assets may stand for each other."""

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
    exposure: Decimal = ONE
    stands_in: bool = False

    @property
    def unbounded(self) -> bool:
        """Is any weight allowed, because only the group is tested?"""
        return self.stands_in and self.lower <= 0 and self.upper >= 1

    def to_dict(self, *, fractional: bool = False) -> dict[str, object]:
        """The asset as JSON; a quantity is an integer where accounts hold whole shares and it is one."""
        whole = not fractional and self.quantity == int(self.quantity)
        return {
            "code": self.code,
            "name": self.name,
            "group": self.group,
            "quantity": int(self.quantity) if whole else plain(self.quantity),
            "price": _or_null(self.price),
            "currency": self.currency,
            "share_value": _or_null(self.share_value),
            "value": plain(self.value),
            "current_weight": plain(self.current_weight),
            "target_weight": plain(self.target_weight),
            "drift": plain(self.drift),
            "relative_drift": _or_null(self.relative_drift),
            "lower": plain(self.lower),
            "upper": plain(self.upper),
            "breached": self.breached,
        }


@dataclass(frozen=True, slots=True)
class GroupDrift:
    """One group: `group`, or `group / subgroup`. `threshold` is the half width of its band in weight, None when the
    group is not tested. `interchangeable`: it is judged instead of its assets."""

    name: str
    value: Decimal
    current_weight: Decimal
    target_weight: Decimal
    drift: Decimal
    threshold: Decimal | None
    breached: bool
    interchangeable: bool = False

    def to_dict(self) -> dict[str, object]:
        """The group as JSON."""
        return {
            "name": self.name,
            "value": plain(self.value),
            "current_weight": plain(self.current_weight),
            "target_weight": plain(self.target_weight),
            "drift": plain(self.drift),
            "threshold": _or_null(self.threshold),
            "breached": self.breached,
            "interchangeable": self.interchangeable,
        }


@dataclass(frozen=True, slots=True)
class CashBalance:
    """Cash of one account and currency; `counted` says whether it is part of the total value."""

    account: str
    currency: str
    amount: Decimal
    value: Decimal
    counted: bool

    def to_dict(self) -> dict[str, object]:
        """The balance as JSON; `value` is in the base currency."""
        return {
            "account": self.account,
            "currency": self.currency,
            "amount": plain(self.amount),
            "value": plain(self.value),
            "counted": self.counted,
        }


@dataclass(frozen=True, slots=True, repr=False)
class Drift:
    """The whole picture on one date. Assets are in policy order, then held assets that the policy does not name.

    `fractional`: some account may hold parts of shares. `language` is what a notebook shows it in.
    """

    portfolio: str
    as_of: date
    base_currency: str
    total_value: Decimal
    cash: tuple[CashBalance, ...]
    fx: tuple[FxRate, ...]
    assets: tuple[AssetDrift, ...]
    groups: tuple[GroupDrift, ...]
    findings: tuple[Finding, ...]
    fractional: bool = False
    language: Language = "en"

    @property
    def cash_value(self) -> Decimal:
        """The cash that is part of the total value, in the base currency."""
        return exact_sum(balance.value for balance in self.cash if balance.counted)

    @property
    def largest(self) -> AssetDrift | None:
        """The asset with the largest drift either way; of equal ones the first. None when there is no asset that is
        judged by itself."""
        judged = (asset for asset in self.assets if not asset.stands_in)
        return max(judged, key=lambda asset: asset.drift.copy_abs(), default=None)

    @property
    def max_drift(self) -> Decimal:
        """The largest drift of an asset, or of a group that is judged instead of its assets, without its sign."""
        groups = [group.drift.copy_abs() for group in self.groups if group.interchangeable]
        largest = self.largest
        return max([*groups, largest.drift.copy_abs() if largest else ZERO])

    @property
    def breaches(self) -> tuple[AssetDrift, ...]:
        """The assets past their band."""
        return tuple(asset for asset in self.assets if asset.breached)

    @property
    def group_breaches(self) -> tuple[GroupDrift, ...]:
        """The groups past their threshold."""
        return tuple(group for group in self.groups if group.breached)

    def asset(self, code: str) -> AssetDrift:
        """The drift of a code. KeyError when it is neither in the policy nor held."""
        return {asset.code: asset for asset in self.assets}[code]

    def judged_by(self, asset: AssetDrift) -> AssetDrift | GroupDrift:
        """What is judged where an asset is: itself, or the group in which others may stand for it."""
        if not asset.stands_in:
            return asset
        names = ((asset.group or "").split(GROUP_SEPARATOR)[0], asset.group)
        return next(group for group in self.groups if group.interchangeable and group.name in names)

    def group(self, name: str) -> GroupDrift:
        """The drift of a group (`group` or `group / subgroup`). KeyError for an unknown name."""
        return {group.name: group for group in self.groups}[name]

    @property
    def notional(self) -> tuple[tuple[str, Decimal, Decimal], ...]:
        """(code, current, target) exposure of every asset as a share of the total value; empty unless some asset's
        exposure is not 1. The trigger judges market value, never this."""
        if all(asset.exposure == 1 for asset in self.assets):
            return ()
        total = self.total_value
        return tuple(
            (
                asset.code,
                ratio(product(asset.value, asset.exposure), total) if total > 0 else ZERO,
                product(asset.target_weight, asset.exposure),
            )
            for asset in self.assets
        )

    def to_dict(self, language: Language | None = None) -> dict[str, object]:
        """The JSON of `drift --json` without the decision: money, prices and weights are strings."""
        shown = language or self.language
        return {
            "portfolio": self.portfolio,
            "as_of": self.as_of.isoformat(),
            "base_currency": self.base_currency,
            "total_value": plain(self.total_value),
            "cash": [balance.to_dict() for balance in self.cash],
            "fx": [rate.to_dict() for rate in self.fx],
            "assets": [asset.to_dict(fractional=self.fractional) for asset in self.assets],
            "groups": [group.to_dict() for group in self.groups],
            "notional": [
                {"code": code, "current": plain(current), "target": plain(target)}
                for code, current, target in self.notional
            ],
            "findings": [finding.to_dict(shown) for finding in self.findings],
        }

    def table(self) -> pd.DataFrame:
        """One row per asset, indexed by `code`: name, group, quantity (shares), price (in `currency`), value (base
        currency), current_weight, target_weight, drift, lower and upper (fractions of the total), relative_drift
        (fraction of the target, None at target 0), breached. Numbers are Decimals."""
        rows = [{column: getattr(asset, column) for column in TABLE_COLUMNS} for asset in self.assets]
        return frame(rows, TABLE_COLUMNS, index="code")

    def __repr__(self) -> str:
        return f"<Drift {self._caption('en')}>"

    def _repr_html_(self) -> str:
        rows = [_cells(asset, self.base_currency, self.language) for asset in self.assets]
        headings = [heading.of(self.language) for heading in _HEADINGS]
        notes = [rate.note for rate in self.fx]
        notes += [finding.message.of(self.language) for finding in self.findings]
        return html_table(self._caption(self.language), headings, rows, notes)

    def _caption(self, language: Language) -> str:
        total = show_money(self.total_value, self.base_currency)
        count = len(self.breaches) + len(self.group_breaches)
        past = Text(f"{count} past the band", f"기준 이탈 {count}건").of(language)
        return f"{self.portfolio} | {self.as_of} | {total} | {past}"


def _cells(asset: AssetDrift, currency: str, language: Language) -> list[str]:
    return [
        asset.name,
        asset.code,
        show_money(asset.value, currency),
        show_percent(asset.current_weight),
        show_percent(asset.target_weight),
        show_points(asset.drift),
        f"{show_percent(asset.lower)} - {show_percent(asset.upper)}",
        _PAST.of(language) if asset.breached else "",
    ]


def _or_null(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
