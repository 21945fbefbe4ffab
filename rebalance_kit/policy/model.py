"""What is wanted: the policy of a portfolio as frozen models, in the words of its YAML file.

The keys of source document 000 are the format; every other key is an optional extension with a default. The models
check one value at a time; what several values say together (sums, ranges, duplicates) is checked by
`policy.consistency`, which can name the line. What each key means is said in `policy.descriptions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

from pydantic import Field

from rebalance_kit.money import as_decimal
from rebalance_kit.policy.choices import (
    AccountType,
    BandKind,
    CashRule,
    Comparison,
    Frequency,
    Hybrid,
    LimitStyle,
    Method,
    Strategy,
    TaxClass,
)
from rebalance_kit.policy.settings import (
    AccountRule,
    CashSettings,
    Constraints,
    Costs,
    DriftTrigger,
    Governance,
    OrderSettings,
    Part,
    PriceSettings,
    Rebalancing,
    Schedule,
    Tax,
    Volatility,
)
from rebalance_kit.policy.values import Code, Currency, Exchange, Flag, Name, Number, Rate, Weight
from rebalance_kit.words import Language

# The settings and choices are defined next door; whoever takes the model takes them with it.
__all__ = [
    "GROUP_SEPARATOR",
    "AccountRule",
    "AccountType",
    "Asset",
    "BandKind",
    "CashRule",
    "CashSettings",
    "Comparison",
    "Constraints",
    "Costs",
    "DriftTrigger",
    "Exchange",
    "Frequency",
    "Governance",
    "Group",
    "Hybrid",
    "LimitStyle",
    "Method",
    "OrderSettings",
    "Part",
    "Policy",
    "PriceSettings",
    "Rebalancing",
    "Schedule",
    "Strategy",
    "Subgroup",
    "Tax",
    "TaxClass",
    "Volatility",
]  # fmt: skip

GROUP_SEPARATOR = " / "  # between a group and its subgroup, wherever groups are named


class Asset(Part):
    """One asset. `ticker` is the name that people read, `code` what the exchange knows it by."""

    ticker: Name | None = None
    code: Code
    target: Weight
    min: Weight | None = None
    max: Weight | None = None
    currency: Currency | None = None
    exchange: Exchange | None = None
    asset_class: Name | None = None
    tax_class: TaxClass | None = None
    exposure: Number = Decimal(1)
    identical_to: tuple[Code, ...] = ()
    replacement: Code | None = None
    commission_rate: Rate | None = None
    slippage: Rate | None = None
    never_buy: Flag = False
    never_sell: Flag = False
    accounts: tuple[Name, ...] = ()
    risk_asset: Flag | None = None
    drag: dict[Name, Rate] = Field(default_factory=dict)

    @property
    def name(self) -> str:
        """What people call it: the ticker, else the code."""
        return self.ticker or self.code


class Subgroup(Part):
    weight: Weight | None = None
    threshold: Weight | None = None
    interchangeable: Flag = False
    assets: tuple[Asset, ...] = Field(min_length=1)


class Group(Part):
    """A group of assets, or of groups of assets (a depth of two). In one that is `interchangeable` any asset may stand
    for any other: the group's weight is the target, and how it is made up is left to the plan."""

    weight: Weight | None = None
    threshold: Weight | None = None
    interchangeable: Flag = False
    assets: tuple[Asset, ...] = ()
    groups: dict[Name, Subgroup] = Field(default_factory=dict)


class Policy(Part):
    """The whole policy of one portfolio."""

    name: Name = "portfolio"
    owner: Name | None = None
    base_currency: Currency = "KRW"
    broker: Name | None = None
    language: Language = "en"
    exchange: Exchange = "XKRX"
    accounts: dict[Name, AccountRule] = Field(default_factory=lambda: {"main": AccountRule()}, min_length=1)
    allocation: dict[Name, Group] = Field(min_length=1)
    rebalancing: Rebalancing = Field(default_factory=Rebalancing)
    costs: Costs = Field(default_factory=Costs)
    tax: Tax = Field(default_factory=Tax)
    governance: Governance = Field(default_factory=Governance)
    prices: PriceSettings = Field(default_factory=PriceSettings)

    def grouped_assets(self) -> Iterator[tuple[str, Asset]]:
        """Every asset with the name of its group (`group / subgroup` where there are two levels), in file order."""
        for name, group in self.allocation.items():
            for asset in group.assets:
                yield name, asset
            for subname, subgroup in group.groups.items():
                for asset in subgroup.assets:
                    yield f"{name}{GROUP_SEPARATOR}{subname}", asset

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Every asset, in file order."""
        return tuple(asset for _, asset in self.grouped_assets())

    def asset(self, code: str) -> Asset | None:
        """The asset of a code, or None if the policy does not name it."""
        return next((asset for asset in self.assets if asset.code == code), None)

    def currency_of(self, asset: Asset) -> str:
        """The currency an asset trades in: its own, else its exchange's, else the base currency."""
        if asset.currency:
            return asset.currency
        return {"XKRX": "KRW", "XNYS": "USD"}[asset.exchange] if asset.exchange else self.base_currency

    def exchange_of(self, asset: Asset) -> Exchange:
        """The exchange an asset trades on: its own, else the portfolio's."""
        return asset.exchange or self.exchange

    def group_members(self) -> dict[str, tuple[Asset, ...]]:
        """The assets of every group in file order; a group of groups is followed by each `group / subgroup` of it."""
        members: dict[str, tuple[Asset, ...]] = {}
        for name, group in self.allocation.items():
            inner = {f"{name}{GROUP_SEPARATOR}{subname}": subgroup.assets for subname, subgroup in group.groups.items()}
            members[name] = group.assets + tuple(asset for assets in inner.values() for asset in assets)
            members |= inner
        return members

    def interchangeable_groups(self) -> dict[str, tuple[Asset, ...]]:
        """The members of every group whose assets may stand for each other; an outer group holds its inner ones."""
        found: dict[str, tuple[Asset, ...]] = {}
        for name, group in self.allocation.items():
            if group.interchangeable:
                inner = (asset for subgroup in group.groups.values() for asset in subgroup.assets)
                found[name] = (*group.assets, *inner)
                continue
            for subname, subgroup in group.groups.items():
                if subgroup.interchangeable:
                    found[f"{name}{GROUP_SEPARATOR}{subname}"] = subgroup.assets
        return found

    def group_targets(self) -> dict[str, Decimal]:
        """The target weight of every group and `group / subgroup`: the sum of its assets, exact."""
        return {name: _total(assets) for name, assets in self.group_members().items()}

    def group_threshold(self, name: str) -> Decimal | None:
        """The drift at which a group breaches: its own threshold, else the default for groups; None is not tested.

        An interchangeable group is tested instead of its assets, at the latest by their threshold. `name` is one of
        `group_targets()`; KeyError for another.
        """
        groupname, _, subname = name.partition(GROUP_SEPARATOR)
        group: Group | Subgroup = self.allocation[groupname]
        if subname:
            group = self.allocation[groupname].groups[subname]
        if group.threshold is not None:
            return group.threshold
        trigger = self.rebalancing.drift_trigger
        if trigger.group_threshold is None and name in self.interchangeable_groups():
            return trigger.threshold
        return trigger.group_threshold

    def with_targets(self, targets: Mapping[str, Decimal]) -> Policy:
        """A what-if: the same policy with other target weights; group weights follow, explicit bands stay.

        KeyError for a code that the policy does not name.
        """
        unknown = set(targets) - {asset.code for asset in self.assets}
        if unknown:
            raise KeyError(", ".join(sorted(unknown)))
        allocation = {name: _retarget_group(group, targets) for name, group in self.allocation.items()}
        return self.model_copy(update={"allocation": allocation})


def _total(assets: Iterable[Asset]) -> Decimal:
    return as_decimal(sum((Fraction(asset.target) for asset in assets), Fraction(0)))


def _retarget(assets: tuple[Asset, ...], targets: Mapping[str, Decimal]) -> tuple[Asset, ...]:
    return tuple(asset.model_copy(update={"target": targets.get(asset.code, asset.target)}) for asset in assets)


def _retarget_group(group: Group, targets: Mapping[str, Decimal]) -> Group:
    subgroups = {}
    for name, subgroup in group.groups.items():
        own = _retarget(subgroup.assets, targets)
        subgroups[name] = subgroup.model_copy(update={"assets": own, "weight": _total(own)})
    assets = _retarget(group.assets, targets)
    everything = assets + tuple(asset for subgroup in subgroups.values() for asset in subgroup.assets)
    return group.model_copy(update={"assets": assets, "groups": subgroups, "weight": _total(everything)})
