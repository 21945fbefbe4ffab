"""Ticks, limit prices that keep their tolerance, and reasons in the words of document 000."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.orders import (
    TICK_TABLES,
    Instrument,
    Side,
    cash_reason,
    drift_reason,
    instrument_of,
    limit_price,
    tick_size,
)
from rebalance_kit.policy.model import LimitStyle
from tests.make import policy

NOW = date(2026, 3, 4)


def limit(
    side: Side,
    price: str,
    tolerance: str = "0.005",
    *,
    style: LimitStyle = LimitStyle.PROTECTIVE,
    instrument: Instrument = Instrument.KRX_ETF,
    on: date = NOW,
    bid: str | None = None,
    ask: str | None = None,
) -> Decimal | None:
    return limit_price(
        side,
        Decimal(price),
        style=style,
        tolerance=Decimal(tolerance),
        instrument=instrument,
        on=on,
        bid=None if bid is None else Decimal(bid),
        ask=None if ask is None else Decimal(ask),
    )


@pytest.mark.parametrize(
    ("instrument", "price", "tick"),
    [
        (Instrument.KRX_ETF, "1999", "1"),
        (Instrument.KRX_ETF, "2000", "5"),
        (Instrument.KRX_ETF, "450000", "5"),
        (Instrument.KRX_STOCK, "1999", "1"),
        (Instrument.KRX_STOCK, "2000", "5"),
        (Instrument.KRX_STOCK, "4999", "5"),
        (Instrument.KRX_STOCK, "5000", "10"),
        (Instrument.KRX_STOCK, "20000", "50"),
        (Instrument.KRX_STOCK, "50000", "100"),
        (Instrument.KRX_STOCK, "199999", "100"),
        (Instrument.KRX_STOCK, "200000", "500"),
        (Instrument.KRX_STOCK, "500000", "1000"),
        (Instrument.US_LISTED, "0.9999", "0.0001"),
        (Instrument.US_LISTED, "428.57", "0.01"),
    ],
)
def test_the_tick_of_a_price(instrument: Instrument, price: str, tick: str) -> None:
    assert tick_size(Decimal(price), instrument, NOW) == Decimal(tick)


def test_ticks_are_those_of_the_day() -> None:
    assert tick_size(Decimal(1500), Instrument.KRX_ETF, date(2023, 12, 1)) == 5
    assert tick_size(Decimal(1500), Instrument.KRX_ETF, date(2024, 1, 2)) == 1
    assert tick_size(Decimal(166_500), Instrument.KRX_STOCK, date(2023, 1, 24)) == 500
    assert tick_size(Decimal(166_500), Instrument.KRX_STOCK, date(2023, 1, 25)) == 100


def test_every_step_of_a_table_starts_on_its_own_tick() -> None:
    """Rounding up to the next step then always lands on a price that the next tick allows too."""
    for tables in TICK_TABLES.values():
        for table in tables:
            assert table.source
            assert all(start % tick == 0 for start, tick in table.steps)


def test_the_tick_is_chosen_by_the_exact_limit() -> None:
    assert limit(Side.BUY, "1995") == 2000  # 2,004.975, on a tick of 5
    assert limit(Side.SELL, "2005") == 1995  # 1,994.975, on a tick of 1


@pytest.mark.parametrize(
    ("side", "style", "wanted"),
    [
        (Side.BUY, LimitStyle.PROTECTIVE, "16880"),  # 16,884 down
        (Side.SELL, LimitStyle.PROTECTIVE, "16720"),  # 16,716 up
        (Side.BUY, LimitStyle.PASSIVE, "16715"),  # 16,716 down
        (Side.SELL, LimitStyle.PASSIVE, "16885"),  # 16,884 up
    ],
)
def test_protective_limits_fill_and_passive_limits_rest(side: Side, style: LimitStyle, wanted: str) -> None:
    assert limit(side, "16800", style=style) == Decimal(wanted)


def test_a_market_order_has_no_limit() -> None:
    assert limit(Side.BUY, "16800", style=LimitStyle.MARKET) is None


def test_bid_and_ask_are_used_where_they_are_known() -> None:
    assert limit(Side.BUY, "10000", ask="10100") == 10150
    assert limit(Side.SELL, "10000", bid="9900") == 9855  # 9,850.5 up


def test_dollars_are_rounded_to_the_cent() -> None:
    assert limit(Side.BUY, "428.57", instrument=Instrument.US_LISTED) == Decimal("430.71")  # 430.71285
    assert limit(Side.SELL, "428.57", instrument=Instrument.US_LISTED) == Decimal("426.43")  # 426.42715


def test_a_limit_is_at_least_one_tick() -> None:
    assert limit(Side.BUY, "1", style=LimitStyle.PASSIVE) == 1


@given(
    price=st.decimals(1, 2_000_000, places=2),
    tolerance=st.decimals(0, Decimal("0.3"), places=4),
    instrument=st.sampled_from(Instrument),
    side=st.sampled_from(Side),
)
def test_the_tolerance_is_never_exceeded(
    price: Decimal, tolerance: Decimal, instrument: Instrument, side: Side
) -> None:
    found = limit(side, str(price), str(tolerance), instrument=instrument)
    assert found is not None
    assert found % tick_size(found, instrument, NOW) == 0
    smallest = tick_size(Decimal(0), instrument, NOW)
    if side is Side.BUY:
        assert found <= max(smallest, price * (1 + tolerance))
    else:
        assert found >= price * (1 - tolerance)


def test_the_instrument_follows_the_exchange_and_the_asset_class() -> None:
    mixed = policy(
        "069500 50, 005930 30, VOO 20",
        assets={"005930": {"asset_class": "stock"}, "VOO": {"exchange": "XNYS"}},
    )
    kinds = [instrument_of(asset, mixed.exchange_of(asset)) for asset in mixed.assets]
    assert kinds == [Instrument.KRX_ETF, Instrument.KRX_STOCK, Instrument.US_LISTED]


def test_the_reason_is_worded_as_in_document_000() -> None:
    reason = drift_reason(Decimal("0.35"), Decimal("4.2") / 11, Decimal("4.2") / 11 - Decimal("0.35"))
    assert reason.ko == "목표 35.0% vs 현재 38.2% (편차 +3.18%p)"
    assert reason.en == "Target 35.0% vs Current 38.2% (Drift +3.18%p)"


def test_the_reason_of_a_cash_flow_names_its_share() -> None:
    paid = cash_reason(Decimal(357_143), Decimal(1_000_000), "KRW", Decimal("0.3"), Decimal("0.28"))
    assert paid.ko == "입금 배분: ₩1,000,000 중 ₩357,143 (목표 30.0% vs 현재 28.0%)"
    assert paid.en == "Deposit: ₩357,143 of ₩1,000,000 goes here (Target 30.0% vs Current 28.0%)"
    drawn = cash_reason(Decimal(-76_923), Decimal(-1_000_000), "KRW", Decimal("0.3"), Decimal("0.28"))
    assert drawn.ko == "출금 배분: ₩1,000,000 중 ₩76,923 (목표 30.0% vs 현재 28.0%)"
    assert drawn.en == "Withdrawal: ₩76,923 of ₩1,000,000 comes from here (Target 30.0% vs Current 28.0%)"
