"""Wash sales: which shares replace which, where the loss goes, and that none of it is lost but in an IRA."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.tax.wash import Bought, Piece, Sold, WashedSale, free_from, wash_sales

DAY = timedelta(days=1)
SALE = date(2025, 6, 16)


def buy(name: str, day: date | str, quantity: int, cost: int, *, account: str = "main", ira: bool = False) -> Bought:
    when = date.fromisoformat(day) if isinstance(day, str) else day
    return Bought(name, "X", when, Fraction(quantity), Fraction(cost), account, ira)


def sell(name: str, day: date | str, quantity: int, proceeds: int, account: str = "main") -> Sold:
    when = date.fromisoformat(day) if isinstance(day, str) else day
    return Sold(name, when, Fraction(quantity), Fraction(proceeds), account)


def basis(left: tuple[Piece, ...], name: str) -> Fraction:
    return sum((piece.basis for piece in left if piece.lot_id == name), Fraction(0))


def matched(sale: WashedSale) -> dict[str, int]:
    return {match.lot_id: int(match.quantity) for match in sale.matches}


def test_publication_550_the_loss_moves_into_the_new_stock() -> None:
    """IRS Pub. 550, Wash Sales: 100 shares for 1,000 sold for 750, and 100 bought for 800 within 30 days: 1,050."""
    (sale,), left = wash_sales(
        [buy("old", "2024-01-02", 100, 1000), buy("new", "2025-06-26", 100, 800)], [sell("old", SALE, 100, 750)]
    )
    assert [sale.gain, sale.disallowed, sale.allowed] == [Fraction(-250), Fraction(250), Fraction(0)]
    assert basis(left, "new") == 1050


@pytest.mark.parametrize(("old", "sold", "new", "expected"), [(100, 80, 90, 110), (100, 80, 70, 90)])
def test_the_basis_of_regulation_1091_2(old: int, sold: int, new: int, expected: int) -> None:
    """Treas. Reg. 1.1091-2(a), examples 1 and 2."""
    _, left = wash_sales(
        [buy("old", "1935-01-02", 1, old), buy("new", "1955-02-01", 1, new)], [sell("old", "1955-01-15", 1, sold)]
    )
    assert basis(left, "new") == expected


def test_fewer_bought_than_sold_wash_that_many() -> None:
    """Treas. Reg. 1.1091-1(h), example 2: 75 of 100 shares are replaced, so 750 of a loss of 1,000 does not count."""
    (sale,), left = wash_sales(
        [
            buy("sep", "1954-09-21", 100, 5000),
            buy("dec21", "1954-12-21", 50, 2750),
            buy("dec27", "1954-12-27", 25, 1125),
        ],
        [sell("sep", "1955-01-03", 100, 4000)],
    )
    assert [sale.disallowed, sale.allowed] == [Fraction(750), Fraction(-250)]
    assert [basis(left, "dec21"), basis(left, "dec27")] == [Fraction(3250), Fraction(1375)]


def test_more_bought_than_sold_the_earliest_are_matched() -> None:
    """Treas. Reg. 1.1091-1(h), example 3: 50 shares a day from 15 to 18 February: the first 100 replace."""
    days = [buy(f"feb{day}", f"1956-02-{day}", 50, 2000) for day in (18, 16, 15, 17)]
    (sale,), left = wash_sales([buy("old", "1954-09-15", 100, 5000), *days], [sell("old", "1956-02-01", 100, 4000)])
    assert matched(sale) == {"feb15": 50, "feb16": 50}
    assert sale.allowed == 0
    assert [basis(left, name) for name in ("feb15", "feb17")] == [Fraction(2500), Fraction(2000)]


@pytest.mark.parametrize("offset", range(-31, 32))
def test_the_window_is_61_days_with_both_ends(offset: int) -> None:
    (sale,), _ = wash_sales(
        [buy("old", "2024-01-02", 10, 1000), buy("new", SALE + offset * DAY, 10, 900)], [sell("old", SALE, 10, 800)]
    )
    assert (sale.disallowed > 0) == (-30 <= offset <= 30)


def test_the_first_free_day_is_the_31st() -> None:
    assert free_from(date(2026, 2, 20)) == date(2026, 3, 23)


def test_four_of_ten_shares_are_washed() -> None:
    """fava_investor flags the whole lot; the rule works share by share."""
    (sale,), left = wash_sales(
        [buy("old", "2024-01-02", 10, 1000), buy("new", SALE - 20 * DAY, 4, 300)], [sell("old", SALE, 10, 800)]
    )
    assert [sale.washed_quantity, sale.disallowed, sale.allowed] == [Fraction(4), Fraction(80), Fraction(-120)]
    assert basis(left, "new") == 380


def test_what_is_left_of_a_sole_lot_is_no_replacement() -> None:
    """Rev. Rul. 56-602; fava_investor flags a lot bought ten days ago."""
    (sale,), _ = wash_sales([buy("only", SALE - 10 * DAY, 10, 1000)], [sell("only", SALE, 4, 300)])
    assert sale.allowed == -100


def test_two_lots_sold_together_do_not_replace_each_other() -> None:
    sales, _ = wash_sales(
        [buy("a", SALE - 20 * DAY, 10, 1000), buy("b", SALE - 10 * DAY, 10, 1000)],
        [sell("a", SALE, 10, 800), sell("b", SALE, 10, 800)],
    )
    assert [sale.allowed for sale in sales] == [Fraction(-200), Fraction(-200)]


def test_the_later_of_two_recent_lots_is_replaced_by_the_earlier() -> None:
    """ttlc.intuit.com: 100 at 10 on 1 May, 100 at 15 on 10 May, the latter sold at 11 on 25 May: 400 is added."""
    (sale,), left = wash_sales(
        [buy("may1", "2025-05-01", 100, 1000), buy("may10", "2025-05-10", 100, 1500)],
        [sell("may10", "2025-05-25", 100, 1100)],
    )
    assert sale.disallowed == 400
    assert basis(left, "may1") == 1400


def test_another_account_washes_too() -> None:
    (sale,), left = wash_sales(
        [buy("old", "2024-01-02", 10, 1000), buy("new", SALE + DAY, 10, 800, account="other")],
        [sell("old", SALE, 10, 700)],
    )
    assert sale.allowed == 0
    assert basis(left, "new") == 1100


def test_in_an_ira_the_loss_is_gone_for_good() -> None:
    """Rev. Rul. 2008-5."""
    (sale,), left = wash_sales(
        [buy("old", "2024-01-02", 10, 1000), buy("new", SALE + DAY, 10, 800, account="ira", ira=True)],
        [sell("old", SALE, 10, 700)],
    )
    assert sale.disallowed == 300
    assert basis(left, "new") == 800


def test_the_days_that_the_sold_share_was_held_are_carried() -> None:
    """Bought 2 January, sold after 349 days, replaced 14 days later: long-term 349 days sooner."""
    _, left = wash_sales(
        [buy("old", "2024-01-02", 10, 1000), buy("new", "2024-12-30", 10, 900)], [sell("old", "2024-12-16", 10, 800)]
    )
    (piece,) = [piece for piece in left if piece.lot_id == "new"]
    assert piece.since == date(2024, 12, 30) - 349 * DAY


def test_a_chain_of_wash_sales_carries_the_loss_on() -> None:
    lots = [buy("a", "2025-01-02", 10, 1000), buy("b", "2025-03-10", 10, 800), buy("c", "2025-04-10", 10, 600)]
    sales, left = wash_sales(lots, [sell("a", "2025-03-03", 10, 700), sell("b", "2025-04-01", 10, 650)])
    assert [sale.disallowed for sale in sales] == [Fraction(300), Fraction(450)]
    assert basis(left, "c") == 1050


def test_a_share_replaces_only_once() -> None:
    lots = [buy("a", "2024-01-02", 10, 1000), buy("b", "2024-01-03", 10, 1000), buy("new", "2025-06-20", 10, 700)]
    sales, left = wash_sales(lots, [sell("a", SALE, 10, 800), sell("b", SALE + 2 * DAY, 10, 800)])
    assert [sale.disallowed for sale in sales] == [Fraction(200), Fraction(0)]
    assert basis(left, "new") == 900


def test_a_gain_is_never_washed() -> None:
    (sale,), _ = wash_sales(
        [buy("old", "2024-01-02", 10, 1000), buy("new", SALE, 10, 1200)], [sell("old", SALE, 10, 1300)]
    )
    assert sale.allowed == 300
    assert sale.matches == ()


def test_another_thing_does_not_replace() -> None:
    other = Bought("new", "Y", SALE, Fraction(10), Fraction(800), "main")
    (sale,), _ = wash_sales([buy("old", "2024-01-02", 10, 1000), other], [sell("old", SALE, 10, 700)])
    assert sale.allowed == -300


def test_a_lot_whose_day_is_unknown_washes_nothing() -> None:
    undated = Bought("new", "X", None, Fraction(10), Fraction(800), "main")
    (sale,), _ = wash_sales([buy("old", "2024-01-02", 10, 1000), undated], [sell("old", SALE, 10, 700)])
    assert sale.allowed == -300


@pytest.mark.parametrize("bad", [sell("z", SALE, 1, 1), sell("old", SALE, 11, 1), sell("old", "2023-12-29", 1, 1)])
def test_a_sale_of_shares_that_are_not_there_is_refused(bad: Sold) -> None:
    with pytest.raises(ValueError, match="has no such shares"):
        wash_sales([buy("old", "2024-01-02", 10, 1000)], [bad])


trades = st.lists(
    st.tuples(st.integers(0, 90), st.integers(1, 20), st.integers(1, 50), st.booleans(), st.integers(0, 90)),
    min_size=1,
    max_size=7,
)


@given(trades)
def test_no_loss_appears_or_disappears_but_in_an_ira(rows: list[tuple[int, int, int, bool, int]]) -> None:
    """What counts = proceeds - cost + basis that is left + what an IRA has swallowed."""
    bought, sold = [], []
    for number, (day, quantity, price, ira, later) in enumerate(rows):
        account = "ira" if ira else "main"
        bought.append(buy(f"l{number}", SALE + day * DAY, quantity, quantity * price, account=account, ira=ira))
        if not ira and later % 3:
            part = 1 + later % quantity
            sold.append(sell(f"l{number}", SALE + (day + later) * DAY, part, part * (60 - later // 2)))
    sales, left = wash_sales(bought, sold)
    counted = sum((sale.allowed for sale in sales), Fraction(0))
    swallowed = sum((m.disallowed for sale in sales for m in sale.matches if m.sheltered), Fraction(0))
    proceeds = sum((sale.sold.proceeds for sale in sales), Fraction(0))
    cost = sum((lot.cost for lot in bought), Fraction(0))
    rest = sum((piece.basis for piece in left), Fraction(0))
    assert counted == proceeds - cost + rest + swallowed
    assert all(sale.disallowed >= 0 for sale in sales)
    held = sum((piece.quantity for piece in left), Fraction(0)) + sum((s.quantity for s in sold), Fraction(0))
    assert held == sum((lot.quantity for lot in bought), Fraction(0))


@given(trades)
def test_the_order_of_the_records_never_matters(rows: list[tuple[int, int, int, bool, int]]) -> None:
    bought = [buy(f"l{n}", SALE + day * DAY, q, q * p) for n, (day, q, p, _, _) in enumerate(rows)]
    sold = [sell(f"l{n}", SALE + (d + w) * DAY, 1, 20) for n, (d, _, _, _, w) in enumerate(rows) if w % 2]
    assert wash_sales(bought, sold) == wash_sales(bought[::-1], sold[::-1])
