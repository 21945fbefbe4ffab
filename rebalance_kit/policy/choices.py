"""The words that a policy may use where it chooses one of several: each is the text in the YAML file."""

from __future__ import annotations

from enum import StrEnum


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
