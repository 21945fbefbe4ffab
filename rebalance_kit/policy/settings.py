"""The settings of a policy: every section but the allocation, as frozen models with their defaults."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

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
)
from rebalance_kit.policy.values import Amount, Code, Day, Flag, Month, Name, Number, Positive, Rate, Weight, Whole


class Part(BaseModel):
    """A part of the policy: frozen, and an unknown key is an error. Built when first used: starting stays quick."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)


class AccountRule(Part):
    type: AccountType = AccountType.TAXABLE
    broker: Name = "paper"
    fractional: Flag = False
    cash_buffer: Amount = Decimal(0)
    drag: Rate = Decimal(0)


class Schedule(Part):
    """`frequency` is a name, or `every_months` says every N months counted from the first of `months` (or January)."""

    frequency: Frequency = Frequency.QUARTERLY
    every_months: Annotated[Whole, Field(ge=1, le=60)] | None = None
    months: tuple[Month, ...] = ()
    day: Literal["first_business_day"] = "first_business_day"


class DriftTrigger(Part):
    threshold: Weight = Decimal("0.05")
    group_threshold: Weight | None = None
    kind: BandKind = BandKind.ABSOLUTE
    comparison: Comparison = Comparison.INCLUSIVE
    check_frequency: Frequency = Frequency.DAILY


class Volatility(Part):
    """Definition 6. `above` is a yearly volatility (0.25 = 25 %)."""

    above: Positive
    window_days: Annotated[Whole, Field(ge=5, le=1000)] = 60
    action: Literal["none", "widen", "delay"] = "none"
    widen_by: Annotated[Number, Field(ge=1)] = Decimal("1.5")


class CashSettings(Part):
    """`target` is a weight, `buffer` an amount of the base currency that stays in the account. `exchange`: a plan may
    exchange cash between the base currency and another one of the same account."""

    target: Weight = Decimal(0)
    buffer: Amount = Decimal(0)
    dividends: Literal["exclude", "count"] = "exclude"
    rule: CashRule = CashRule.WATER_FILLING
    exchange: Flag = True


class Constraints(Part):
    min_trade_amount: Amount = Decimal(0)
    min_trade_share: Weight = Decimal(0)
    max_turnover: Weight | None = None
    max_orders: Annotated[Whole, Field(ge=1)] | None = None
    max_order_share: Weight | None = None
    avoid_ex_dividend_dates: Flag = False
    ex_dividend_days: Annotated[Whole, Field(ge=0, le=60)] = 7
    tax_loss_harvesting: Flag = False
    only_if_it_pays: Flag = False


class OrderSettings(Part):
    """An order waits for `patience_seconds`; every `reprice_after_seconds` of them, at most `reprice_steps` times, what
    is left of it is put to the limit of that moment. What is left at the end is cancelled."""

    style: LimitStyle = LimitStyle.PROTECTIVE
    tolerance: Rate = Decimal("0.005")
    patience_seconds: Annotated[Whole, Field(ge=1, le=86400)] | None = None
    reprice_after_seconds: Annotated[Whole, Field(ge=1, le=86400)] | None = None
    reprice_steps: Annotated[Whole, Field(ge=1, le=10)] = 1
    oca: Literal["none", "cancel", "reduce"] = "none"


class Rebalancing(Part):
    strategy: Strategy = Strategy.HYBRID
    hybrid: Hybrid = Hybrid.SCHEDULED_OR_BREACH
    max_interval_days: Annotated[Whole, Field(ge=1)] = 180
    scheduled: Schedule = Field(default_factory=Schedule)
    drift_trigger: DriftTrigger = Field(default_factory=DriftTrigger)
    volatility: Volatility | None = None
    method: Method = Method.FULL
    fraction: Annotated[Number, Field(gt=0, le=1)] = Decimal(1)
    deadband: Weight = Decimal(0)
    deviation: Literal["absolute", "squared"] = "absolute"
    tax_weight: Amount = Decimal(1)
    cash_price: Amount = Decimal(0)
    order_price: Amount = Decimal(0)
    cash: CashSettings = Field(default_factory=CashSettings)
    constraints: Constraints = Field(default_factory=Constraints)
    orders: OrderSettings = Field(default_factory=OrderSettings)
    no_trade_zone: dict[Code, tuple[Weight, Weight]] | None = None


class Tracking(Part):
    """What being off target costs (`costs.tracking`). `volatility` and `correlation` are yearly; without them the price
    history of the last `window_days` returns is used. Without `risk_aversion` the targets imply it from
    `expected_return`; without that it is 1, as in document 002, whose horizon of 120 months is the default."""

    risk_aversion: Positive | None = None
    horizon_months: Annotated[Whole, Field(ge=1, le=1200)] = 120
    window_days: Annotated[Whole, Field(ge=20, le=5000)] = 750
    volatility: dict[Code, Positive] = Field(default_factory=dict)
    correlation: dict[Code, dict[Code, Number]] = Field(default_factory=dict)
    expected_return: dict[Code, Number] = Field(default_factory=dict)


class Costs(Part):
    """The two tax rates of document 000 are read and shown; a class's own dated rule decides the tax."""

    etf_commission_rate: Rate = Decimal(0)
    slippage_estimate: Rate = Decimal(0)
    etf_tax_rate: Rate | None = None
    overseas_etf_tax_rate: Rate | None = None
    fx_spread: Rate = Decimal(0)
    tracking: Tracking = Field(default_factory=Tracking)


class Tax(Part):
    jurisdiction: Literal["KR", "US"] = "KR"
    lot_method: Literal["fifo", "lifo", "hifo", "lowest_cost", "moving_average", "specific"] | None = None
    realised_gain_ytd: Number = Decimal(0)
    financial_income_ytd: Amount = Decimal(0)
    other_income: Amount | None = None
    filing_status: Literal["single", "married_joint", "married_separate", "head_of_household"] = "single"
    realised_long_term_ytd: Number = Decimal(0)
    loss_carryover_short: Amount = Decimal(0)
    loss_carryover_long: Amount = Decimal(0)
    harvest_loss_pct: Annotated[Number, Field(ge=-1, le=0)] = Decimal("-0.05")
    overrides: dict[Name, Number] = Field(default_factory=dict)


class Governance(Part):
    cooldown_days: Annotated[Whole, Field(ge=0, le=365)] = 7
    approved: Name | None = None
    approved_on: Day | None = None


Days = Annotated[Whole, Field(ge=0)]
DEFAULT_AGE = "default"  # in a `max_age` by code: everything that it does not name


def _one_or_each(value: object) -> str:
    return "<each>" if isinstance(value, dict) else "<one>"  # `policy.explain` leaves such steps out of a path


class PriceSettings(Part):
    """`max_age` in days, one or by code: an older price blocks a plan; `max_jump` a share of the price before it.

    `proxy` (code -> code), `smoothing_days` and `max_nav_gap` (a share of the NAV): see `prices.judged` and
    `prices.nav`.
    """

    max_age: (
        Annotated[
            Annotated[Days, Tag("<one>")] | Annotated[dict[Code, Days], Tag("<each>")], Discriminator(_one_or_each)
        ]
        | None
    ) = None
    max_jump: Positive = Decimal("0.30")
    max_nav_gap: Positive = Decimal("0.03")
    proxy: dict[Code, Code] = Field(default_factory=dict)
    smoothing_days: Annotated[Whole, Field(ge=1, le=250)] | None = None

    def max_age_of(self, name: str) -> int | None:
        """The days that the price of a code (or a rate such as USD/KRW) may be old; None: no limit is stated."""
        if isinstance(self.max_age, dict):
            return self.max_age.get(name, self.max_age.get(DEFAULT_AGE))
        return self.max_age
