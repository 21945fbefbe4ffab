"""What is wanted: the policy of a portfolio as frozen models, in the words of its YAML file.

The keys of source document 000 are the format; every other key is an optional extension with a default. The models
check one value at a time; what several values say together (sums, ranges, duplicates) is checked by
`policy.consistency`, which can name the line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rebalance_kit.words import Language

Weight = Annotated[Decimal, Field(ge=0, le=1, allow_inf_nan=False)]
Rate = Annotated[Decimal, Field(ge=0, lt=1, allow_inf_nan=False)]
Amount = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Exchange = Literal["XKRX", "XNYS"]


class Part(BaseModel):
    """A part of the policy: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class AccountType(StrEnum):
    TAXABLE = "taxable"
    ISA = "isa"
    PENSION = "pension"
    IRP = "irp"
    IRA = "ira"
    ROTH = "roth"


class TaxClass(StrEnum):
    """Definition 13."""

    KR_EQUITY = "kr_equity"
    KR_OTHER = "kr_other"
    OVERSEAS_LISTED = "overseas_listed"
    US_PTP = "us_ptp"
    US = "us"


class Strategy(StrEnum):
    CALENDAR = "calendar"
    THRESHOLD = "threshold"
    HYBRID = "hybrid"
    MANUAL = "manual"
    NO_TRADE_ZONE = "no_trade_zone"


class Hybrid(StrEnum):
    """The three readings of definition 4."""

    SCHEDULED_OR_BREACH = "scheduled_or_breach"
    BREACH_OR_MAX_INTERVAL = "breach_or_max_interval"
    SCHEDULED_AND_BREACH = "scheduled_and_breach"


class Frequency(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    SEMIANNUAL = "semiannual"
    ANNUAL = "annual"


class BandKind(StrEnum):
    """Definition 3."""

    ABSOLUTE = "absolute"
    RELATIVE = "relative"
    SMALLER_OF = "smaller_of"


class Comparison(StrEnum):
    INCLUSIVE = "inclusive"
    STRICT = "strict"


class Method(StrEnum):
    """Definition 7."""

    FULL = "full"
    FRACTION = "fraction"
    BAND_EDGE = "band_edge"
    HALFWAY = "halfway"
    BREACHED_ONLY = "breached_only"
    NO_TRADE_ZONE = "no_trade_zone"


class CashRule(StrEnum):
    """Definition 11."""

    PROPORTIONAL = "proportional"
    WATER_FILLING = "water_filling"
    LEAST_SQUARES = "least_squares"


class LimitStyle(StrEnum):
    """Definition 16."""

    PROTECTIVE = "protective"
    PASSIVE = "passive"
    MARKET = "market"


class AccountRule(Part):
    type: AccountType = AccountType.TAXABLE
    broker: str = "paper"
    fractional: bool = False
    cash_buffer: Amount = Decimal(0)


class Asset(Part):
    """One asset. `ticker` is the name that people read, `code` what the exchange knows it by."""

    ticker: str | None = None
    code: str
    target: Weight
    min: Weight | None = None
    max: Weight | None = None
    currency: Currency | None = None
    exchange: Exchange | None = None
    asset_class: str | None = None
    tax_class: TaxClass | None = None
    exposure: Decimal = Decimal(1)
    identical_to: tuple[str, ...] = ()
    replacement: str | None = None
    commission_rate: Rate | None = None
    slippage: Rate | None = None
    never_buy: bool = False
    never_sell: bool = False
    accounts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What people call it: the ticker, else the code."""
        return self.ticker or self.code


class Subgroup(Part):
    weight: Weight | None = None
    threshold: Weight | None = None
    assets: tuple[Asset, ...] = Field(min_length=1)


class Group(Part):
    """A group of assets, or of groups of assets (a depth of two)."""

    weight: Weight | None = None
    threshold: Weight | None = None
    assets: tuple[Asset, ...] = ()
    groups: dict[str, Subgroup] = Field(default_factory=dict)


class Schedule(Part):
    """`frequency` is a name, or `every_months` says every N months counted from the first of `months` (or January)."""

    frequency: Frequency = Frequency.QUARTERLY
    every_months: Annotated[int, Field(ge=1, le=60)] | None = None
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = ()
    day: Literal["first_business_day"] = "first_business_day"


class DriftTrigger(Part):
    threshold: Weight = Decimal("0.05")
    group_threshold: Weight | None = None
    kind: BandKind = BandKind.ABSOLUTE
    comparison: Comparison = Comparison.INCLUSIVE
    check_frequency: Frequency = Frequency.DAILY


class Volatility(Part):
    """Definition 6. `above` is a yearly volatility (0.25 = 25 %)."""

    above: Annotated[Decimal, Field(gt=0)]
    window_days: Annotated[int, Field(ge=5, le=1000)] = 60
    action: Literal["none", "widen", "delay"] = "none"
    widen_by: Annotated[Decimal, Field(ge=1)] = Decimal("1.5")


class CashSettings(Part):
    """`target` is a weight, `buffer` an amount of the base currency that stays in the account."""

    target: Weight = Decimal(0)
    buffer: Amount = Decimal(0)
    dividends: Literal["exclude", "count"] = "exclude"
    rule: CashRule = CashRule.WATER_FILLING


class Constraints(Part):
    min_trade_amount: Amount = Decimal(0)
    min_trade_share: Weight = Decimal(0)
    max_turnover: Weight | None = None
    max_orders: Annotated[int, Field(ge=1)] | None = None
    avoid_ex_dividend_dates: bool = False
    ex_dividend_days: Annotated[int, Field(ge=0, le=60)] = 7
    tax_loss_harvesting: bool = False
    only_if_it_pays: bool = False


class OrderSettings(Part):
    style: LimitStyle = LimitStyle.PROTECTIVE
    tolerance: Rate = Decimal("0.005")
    patience_seconds: Annotated[int, Field(ge=1, le=86400)] | None = None
    oca: Literal["none", "cancel", "reduce"] = "none"


class Rebalancing(Part):
    strategy: Strategy = Strategy.HYBRID
    hybrid: Hybrid = Hybrid.SCHEDULED_OR_BREACH
    max_interval_days: Annotated[int, Field(ge=1)] = 180
    scheduled: Schedule = Schedule()
    drift_trigger: DriftTrigger = DriftTrigger()
    volatility: Volatility | None = None
    method: Method = Method.FULL
    fraction: Annotated[Decimal, Field(gt=0, le=1)] = Decimal(1)
    deadband: Weight = Decimal(0)
    deviation: Literal["absolute", "squared"] = "absolute"
    tax_weight: Amount = Decimal(1)
    cash_price: Amount = Decimal(0)
    order_price: Amount = Decimal(0)
    cash: CashSettings = CashSettings()
    constraints: Constraints = Constraints()
    orders: OrderSettings = OrderSettings()
    no_trade_zone: dict[str, tuple[Weight, Weight]] | None = None


class Costs(Part):
    """The two tax rates of document 000 are read and shown; a class's own dated rule decides the tax."""

    etf_commission_rate: Rate = Decimal(0)
    slippage_estimate: Rate = Decimal(0)
    etf_tax_rate: Rate | None = None
    overseas_etf_tax_rate: Rate | None = None
    fx_spread: Rate = Decimal(0)


class Tax(Part):
    jurisdiction: Literal["KR", "US"] = "KR"
    lot_method: Literal["fifo", "lifo", "hifo", "lowest_cost", "moving_average", "specific"] | None = None
    realised_gain_ytd: Decimal = Decimal(0)
    financial_income_ytd: Amount = Decimal(0)
    overrides: dict[str, Decimal] = Field(default_factory=dict)


class Governance(Part):
    cooldown_days: Annotated[int, Field(ge=0, le=365)] = 7
    approved: str | None = None


class PriceSettings(Part):
    """`max_age` in days: an older price blocks a plan; `max_jump` a share of the price before it."""

    max_age: Annotated[int, Field(ge=0)] | None = None
    max_jump: Annotated[Decimal, Field(gt=0)] = Decimal("0.30")
    proxy: dict[str, str] = Field(default_factory=dict)
    smoothing_days: Annotated[int, Field(ge=1, le=250)] | None = None


class Policy(Part):
    """The whole policy of one portfolio."""

    name: str = "portfolio"
    owner: str | None = None
    base_currency: Currency = "KRW"
    broker: str | None = None
    language: Language = "en"
    exchange: Exchange = "XKRX"
    accounts: dict[str, AccountRule] = Field(default_factory=lambda: {"main": AccountRule()}, min_length=1)
    allocation: dict[str, Group] = Field(min_length=1)
    rebalancing: Rebalancing = Rebalancing()
    costs: Costs = Costs()
    tax: Tax = Tax()
    governance: Governance = Governance()
    prices: PriceSettings = PriceSettings()

    def grouped_assets(self) -> Iterator[tuple[str, Asset]]:
        """Every asset with the name of its group (`group / subgroup` where there are two levels), in file order."""
        for name, group in self.allocation.items():
            for asset in group.assets:
                yield name, asset
            for subname, subgroup in group.groups.items():
                for asset in subgroup.assets:
                    yield f"{name} / {subname}", asset

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

    def with_targets(self, targets: Mapping[str, Decimal]) -> Policy:
        """A what-if: the same policy with other target weights; group weights follow, explicit bands stay.

        KeyError for a code that the policy does not name.
        """
        unknown = set(targets) - {asset.code for asset in self.assets}
        if unknown:
            raise KeyError(", ".join(sorted(unknown)))
        allocation = {name: _retarget_group(group, targets) for name, group in self.allocation.items()}
        return self.model_copy(update={"allocation": allocation})


def _retarget(assets: tuple[Asset, ...], targets: Mapping[str, Decimal]) -> tuple[Asset, ...]:
    return tuple(asset.model_copy(update={"target": targets.get(asset.code, asset.target)}) for asset in assets)


def _retarget_group(group: Group, targets: Mapping[str, Decimal]) -> Group:
    weight = Decimal(0)
    subgroups = {}
    for name, subgroup in group.groups.items():
        assets = _retarget(subgroup.assets, targets)
        own = sum((asset.target for asset in assets), Decimal(0))
        subgroups[name] = subgroup.model_copy(update={"assets": assets, "weight": own})
        weight += own
    assets = _retarget(group.assets, targets)
    weight += sum((asset.target for asset in assets), Decimal(0))
    return group.model_copy(update={"assets": assets, "groups": subgroups, "weight": weight})
