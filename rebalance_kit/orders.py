"""Orders: what one is, tick tables, limit prices that never exceed their tolerance (definition 16), and reasons.

A limit price is rounded to the tick that the exact limit falls on, in the direction that keeps the promise:

    protective   buy at most ask x (1 + tolerance), sell at least bid x (1 - tolerance): fills, and caps the price
    passive      buy at most ask x (1 - tolerance), sell at least bid x (1 + tolerance): rests in the book
    market       no limit
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from rebalance_kit.money import ONE, Rounding, plain, product, round_to, show_money, show_percent, show_points
from rebalance_kit.policy.model import Asset, Exchange, LimitStyle, Policy
from rebalance_kit.prices.instruments import tick_rule
from rebalance_kit.words import Text

Shares = int | Decimal  # whole shares are an int; parts of shares a Decimal, a multiple of the account's unit

WHOLE_UNIT = ONE
PART_UNIT = Decimal("0.001")  # of a share, where an account trades parts of shares


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


def share_unit(policy: Policy, account: str) -> Decimal:
    """The smallest part of a share that an account trades."""
    rule = policy.accounts.get(account)
    return PART_UNIT if rule is not None and rule.fractional else WHOLE_UNIT


def units_of(shares: Decimal, unit: Decimal) -> int:
    """The whole units in a number of shares that is not negative; what is less than a unit is left out."""
    return int(Fraction(shares) / Fraction(unit))


def shares_of(units: int, unit: Decimal) -> Shares:
    """So many units as shares: an int where shares are whole."""
    return units if unit == WHOLE_UNIT else product(Decimal(units), unit)


def said_shares(shares: Shares) -> int | str:
    """A quantity as JSON: a number where shares are whole, a string where they are not."""
    return shares if isinstance(shares, int) else plain(shares)


def show_shares(shares: Shares) -> str:
    """A quantity as people read it: 1,234 or 1,234.5."""
    text = f"{shares:,f}" if isinstance(shares, Decimal) else f"{shares:,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a plan. `quantity` is an int of whole shares, a Decimal in an account that trades parts of shares.

    Prices and `amount` (reference price x quantity), `commission` and `slippage` are in `currency`, rounded up to its
    minor unit where they are costs; `rate` is base-currency units for one unit of `currency`. `limit_price` is None
    for a market order. `tax` (negative: saved; zero of a buy) and `benefit` (its leg's part of the tracking cost that
    the plan saves over the policy's horizon, see `costs.tracking`; negative: only pays with other legs) are in the base
    currency, None where nothing has computed them; `lots` is what a sale takes of each lot, (lot id, shares).
    """

    account: str
    code: str
    name: str
    side: Side
    quantity: Shares
    limit_price: Decimal | None
    reference_price: Decimal
    currency: str
    rate: Decimal
    amount: Decimal
    commission: Decimal
    slippage: Decimal
    reason: Text
    tax: Decimal | None = None
    benefit: Decimal | None = None
    lots: tuple[tuple[str, Decimal], ...] = ()

    @property
    def change(self) -> Decimal:
        """What it does to the shares held."""
        shares = Decimal(self.quantity)
        return shares if self.side is Side.BUY else shares.copy_negate()


class Instrument(StrEnum):
    """What a tick table is written for."""

    KRX_ETF = "krx_etf"
    KRX_STOCK = "krx_stock"
    US_LISTED = "us_listed"


@dataclass(frozen=True, slots=True)
class TickTable:
    """Ticks in force from a day on: each step is (prices from here on, tick). `source` says who published them."""

    start: date
    source: str
    steps: tuple[tuple[Decimal, Decimal], ...]


def _steps(*rows: tuple[str, str]) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((Decimal(price), Decimal(tick)) for price, tick in rows)


# Newest last. Two announcements of the ETF change give 8 and 18 December 2023; the later day is the safe reading, as
# every multiple of the old tick is allowed under both.
TICK_TABLES: dict[Instrument, tuple[TickTable, ...]] = {
    Instrument.KRX_ETF: (
        TickTable(date(2002, 10, 14), "KRX: ETF 5 KRW at every price since the first listing", _steps(("0", "5"))),
        TickTable(
            date(2023, 12, 18),
            "KRX notice of 2023-10-05, Enforcement Rules of the KOSPI Market Business Regulation: 1 KRW below 2,000",
            _steps(("0", "1"), ("2000", "5")),
        ),
    ),
    Instrument.KRX_STOCK: (
        TickTable(
            date(2010, 10, 4),
            "KRX: KOSPI stocks until 2023-01-24",
            _steps(("0", "1"), ("1000", "5"), ("5000", "10"), ("10000", "50"), ("50000", "100"), ("100000", "500"),
                   ("500000", "1000")),
        ),
        TickTable(
            date(2023, 1, 25),
            "KRX notice of 2022-11-01, in force 2023-01-25, the same for KOSPI, KOSDAQ and KONEX",
            _steps(("0", "1"), ("2000", "5"), ("5000", "10"), ("20000", "50"), ("50000", "100"), ("200000", "500"),
                   ("500000", "1000")),
        ),
    ),
    Instrument.US_LISTED: (
        TickTable(
            date(2005, 8, 29),
            "SEC Regulation NMS, Rule 612: 0.01 USD from 1 USD on, 0.0001 below; the half-cent tick adopted on"
            " 2024-09-18 for some names allows every whole cent too",
            _steps(("0", "0.0001"), ("1", "0.01")),
        ),
    ),
}  # fmt: skip


def instrument_of(asset: Asset, exchange: Exchange) -> Instrument:
    """The tick table of an asset: by its exchange, and on XKRX an ETF unless its `asset_class` says `stock`."""
    return Instrument(tick_rule(exchange, asset.asset_class))


def tick_size(price: Decimal, instrument: Instrument, on: date) -> Decimal:
    """The tick at an exact price on a day (a day before the first table reads the first)."""
    tables = TICK_TABLES[instrument]
    table = next((table for table in reversed(tables) if table.start <= on), tables[0])
    return next(tick for start, tick in reversed(table.steps) if price >= start)


def limit_price(
    side: Side,
    price: Decimal,
    *,
    style: LimitStyle,
    tolerance: Decimal,
    instrument: Instrument,
    on: date,
    bid: Decimal | None = None,
    ask: Decimal | None = None,
) -> Decimal | None:
    """The limit of an order, on tick; None for a market order. Without a bid or ask, `price` (a close) is both.

    Never beyond the tolerance: a buy is rounded down and a sell up, by the tick of the exact limit (a buy at
    1,995 x 1.005 = 2,004.975 won is 2,000). A limit is at least one tick.
    """
    if style is LimitStyle.MARKET:
        return None
    towards_fill = style is LimitStyle.PROTECTIVE
    if side is Side.BUY:
        quote, factor = ask or price, ONE + tolerance if towards_fill else ONE - tolerance
    else:
        quote, factor = bid or price, ONE - tolerance if towards_fill else ONE + tolerance
    exact = product(quote, factor)
    tick = tick_size(exact, instrument, on)
    return max(tick, round_to(exact, tick, Rounding.FLOOR if side is Side.BUY else Rounding.CEILING))


def drift_reason(target: Decimal, current: Decimal, drift: Decimal) -> Text:
    """Why an asset is traded, in the words of source document 000: weights and drift of the portfolio's value."""
    goal, now, points = show_percent(target), show_percent(current), show_points(drift)
    return Text(
        f"Target {goal} vs Current {now} (Drift {points}%p)",
        f"목표 {goal} vs 현재 {now} (편차 {points}%p)",
    )


def cash_reason(share: Decimal, flow: Decimal, currency: str, target: Decimal, current: Decimal) -> Text:
    """Why an asset is traded for a deposit or withdrawal: its `share` of the `flow`, both signed, exact money."""
    part, whole = show_money(abs(share), currency), show_money(abs(flow), currency)
    goal, now = show_percent(target), show_percent(current)
    if flow >= 0:
        return Text(
            f"Deposit: {part} of {whole} goes here (Target {goal} vs Current {now})",
            f"입금 배분: {whole} 중 {part} (목표 {goal} vs 현재 {now})",
        )
    return Text(
        f"Withdrawal: {part} of {whole} comes from here (Target {goal} vs Current {now})",
        f"출금 배분: {whole} 중 {part} (목표 {goal} vs 현재 {now})",
    )
