"""Which lots a sale uses, and that not a unit of cost is lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.errors import RuleError
from rebalance_kit.tax.lots import (
    AVERAGE,
    Booking,
    LotMethod,
    TaxLot,
    Trade,
    book_history,
    book_sale,
    sale_order,
    total_quantity,
)

METHODS = [method for method in LotMethod if method is not LotMethod.SPECIFIC]


def lot(name: str, quantity: int | str, price: int | str, day: int = 0, base: int | None = None) -> TaxLot:
    """10 shares at 100: `lot("a", 10, 100)`; `base` is the taxable base of one share."""
    shares = Fraction(quantity)
    total = None if base is None else base * shares
    return TaxLot(name, date(2024, 1, 1) + timedelta(days=day), shares, shares * Fraction(price), total)


THREE = (lot("a", 10, 100, 0), lot("b", 10, 150, 1), lot("c", 10, 120, 2))


def gain(lots: Sequence[TaxLot], quantity: int, price: int, method: LotMethod) -> Fraction:
    return quantity * price - book_sale(lots, Fraction(quantity), method).cost


@pytest.mark.parametrize(
    ("method", "expected"),
    [("fifo", 650), ("lifo", 450), ("hifo", 300), ("moving_average", 550), ("lowest_cost", 800)],
)
def test_beancounts_fifteen_shares_of_three_lots_sold_at_160(method: str, expected: int) -> None:
    """beancount 3 books 650, 450 and 300 (STRICT, FIFO, LIFO, HIFO); its AVERAGE is "not supported": 550."""
    assert gain(THREE, 15, 160, LotMethod(method)) == expected


def test_thirty_million_won_of_sales_by_fifo_and_by_average() -> None:
    """bullsinvest.co.kr p=294852: 10 shares each at 0.5, 1 and 1.5 million, 10 sold at 3 million."""
    bought = (lot("1", 10, 500_000, 0), lot("2", 10, 1_000_000, 1), lot("3", 10, 1_500_000, 2))
    assert gain(bought, 10, 3_000_000, LotMethod.FIFO) == 25_000_000
    assert gain(bought, 10, 3_000_000, LotMethod.MOVING_AVERAGE) == 20_000_000


def test_the_order_of_the_lots_never_matters() -> None:
    for method in METHODS:
        assert book_sale(THREE, Fraction(15), method) == book_sale(THREE[::-1], Fraction(15), method)


def test_lots_of_one_day_go_by_name() -> None:
    same_day = (lot("b", 1, 10), lot("a", 1, 20))
    assert [t.lot_id for t in sale_order(same_day, LotMethod.FIFO)] == ["a", "b"]


def test_a_lot_whose_day_nobody_knows_counts_as_the_oldest() -> None:
    undated = TaxLot("x", None, Fraction(1), Fraction(1))
    assert sale_order((*THREE, undated), LotMethod.FIFO)[0] is undated


def test_named_lots_are_sold_and_no_others() -> None:
    booking = book_sale(THREE, Fraction(7), LotMethod.SPECIFIC, {"b": Fraction(3), "c": Fraction(4)})
    assert {t.lot_id: int(t.quantity) for t in booking.sold} == {"b": 3, "c": 4}
    assert booking.cost == 3 * 150 + 4 * 120


@pytest.mark.parametrize("chosen", [{}, {"b": 3}, {"b": 11}, {"z": 7}, {"b": 8, "c": -1}])
def test_named_lots_that_do_not_fit_are_refused(chosen: dict[str, int]) -> None:
    with pytest.raises(RuleError, match="the named lots"):
        book_sale(THREE, Fraction(7), LotMethod.SPECIFIC, {name: Fraction(n) for name, n in chosen.items()})


def test_more_than_the_lots_hold_is_refused() -> None:
    with pytest.raises(RuleError, match="31 shares are to be sold; expected from 0 to 30"):
        book_sale(THREE, Fraction(31), LotMethod.FIFO)


def test_a_third_of_a_share_keeps_a_third_of_its_cost() -> None:
    booking = book_sale((lot("a", 1, 100),), Fraction(1, 3), LotMethod.FIFO)
    assert booking.cost == Fraction(100, 3)
    assert booking.left[0].cost == Fraction(200, 3)


def test_the_average_pools_price_and_taxable_base() -> None:
    two = (lot("a", 10, 10_000, 0, base=10_000), lot("b", 30, 12_000, 1, base=11_000))
    booking = book_sale(two, Fraction(8), LotMethod.MOVING_AVERAGE)
    assert booking.sold[0].lot_id == AVERAGE
    assert booking.sold[0].share_cost == 11_500
    assert booking.sold[0].tax_base == 8 * 10_750
    assert booking.left[0].tax_base == 32 * 10_750


def test_one_lot_without_a_taxable_base_makes_the_average_unknown() -> None:
    two = (lot("a", 10, 10_000, base=10_000), lot("b", 30, 12_000, 1))
    assert book_sale(two, Fraction(8), LotMethod.MOVING_AVERAGE).sold[0].tax_base is None


lots_of = st.lists(
    st.builds(
        lambda quantity, cost, day, base: (quantity, cost, day, base),
        st.fractions(min_value="1/1000", max_value=1000, max_denominator=1000),
        st.fractions(min_value=0, max_value=10**9, max_denominator=100),
        st.integers(0, 500),
        st.fractions(min_value=0, max_value=10**6, max_denominator=100),
    ),
    min_size=1,
    max_size=8,
)


def made(rows: list[tuple[Fraction, Fraction, int, Fraction]]) -> tuple[TaxLot, ...]:
    return tuple(
        TaxLot(f"l{i}", date(2024, 1, 1) + timedelta(days=day), quantity, cost, base * quantity)
        for i, (quantity, cost, day, base) in enumerate(rows)
    )


def totals(booking: Booking) -> tuple[Fraction, Fraction, Fraction]:
    both = (*booking.sold, *booking.left)
    base = sum((t.tax_base or Fraction(0) for t in both), Fraction(0))
    return total_quantity(both), sum((t.cost for t in both), Fraction(0)), base


@given(lots_of, st.sampled_from(METHODS), st.fractions(min_value=0, max_value=1))
def test_no_booking_loses_a_unit_of_quantity_cost_or_base(
    rows: list[tuple[Fraction, Fraction, int, Fraction]], method: LotMethod, share: Fraction
) -> None:
    lots = made(rows)
    before = totals(Booking((), lots))
    booking = book_sale(lots, total_quantity(lots) * share, method)
    assert totals(booking) == before
    assert total_quantity(booking.sold) == before[0] * share


@given(lots_of, st.sampled_from(METHODS), st.fractions(min_value=0, max_value=1))
def test_two_sales_cost_what_one_sale_of_both_costs(
    rows: list[tuple[Fraction, Fraction, int, Fraction]], method: LotMethod, share: Fraction
) -> None:
    lots = made(rows)
    whole = total_quantity(lots) * share
    first = book_sale(lots, whole / 3, method)
    second = book_sale(first.left, whole - whole / 3, method)
    assert first.cost + second.cost == book_sale(lots, whole, method).cost


@given(lots_of, st.fractions(min_value=0, max_value=1))
def test_highest_cost_first_never_costs_less_than_any_other_order(
    rows: list[tuple[Fraction, Fraction, int, Fraction]], share: Fraction
) -> None:
    lots = made(rows)
    costs = {m: book_sale(lots, total_quantity(lots) * share, m).cost for m in METHODS}
    assert costs[LotMethod.HIFO] == max(costs.values())
    assert costs[LotMethod.LOWEST_COST] == min(costs.values())


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 10**6)), min_size=1, max_size=6), st.randoms())
def test_the_moving_average_does_not_depend_on_the_order_inside_a_day(
    purchases: list[tuple[int, int]], shuffled: Random
) -> None:
    day, later = date(2025, 6, 2), date(2025, 6, 3)
    held = sum(quantity for quantity, _ in purchases)
    trades = [Trade(day, "BUY", Fraction(q), Fraction(q * p)) for q, p in purchases]
    trades += [Trade(day, "SELL", Fraction(1), Fraction(77)), Trade(later, "SELL", Fraction(held - 1, 2), Fraction(5))]
    other = list(trades)
    shuffled.shuffle(other)

    def gains(history: list[Trade]) -> list[Fraction]:
        return [sale.gain for sale in book_history(history, LotMethod.MOVING_AVERAGE)[0]]

    assert gains(trades) == gains(other)


def test_a_history_moves_the_average_with_every_purchase_and_no_sale() -> None:
    """ghostfolio's NOVN: 2 bought at 75.8, 1 sold at 85.73; gross gain 21.93 with the other at 87.8."""
    trades = [
        Trade(date(2022, 3, 7), "BUY", Fraction(2), Fraction("151.6")),
        Trade(date(2022, 4, 8), "SELL", Fraction(1), Fraction("85.73")),
    ]
    sales, left = book_history(trades, LotMethod.MOVING_AVERAGE)
    assert sales[0].gain + (Fraction("87.8") - left[0].cost) == Fraction("21.93")


def test_a_sale_before_any_purchase_is_refused() -> None:
    with pytest.raises(RuleError, match=r"complete lots\.csv"):
        book_history([Trade(date(2025, 1, 2), "SELL", Fraction(1), Fraction(1))], LotMethod.FIFO)
