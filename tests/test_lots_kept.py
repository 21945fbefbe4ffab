"""Lots after runs: those of the file, followed through what was traded, or left as they are."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.holdings.lots import check_lots
from rebalance_kit.holdings.model import Lot
from rebalance_kit.money import exact_sum
from rebalance_kit.portfolio import open_portfolio
from rebalance_kit.samples import write_sample
from rebalance_kit.tax.following import Fill, Followed, follow
from rebalance_kit.tax.lots import LotMethod
from tests.make_tax import lots

KEY = ("main", "A")
BOUGHT = "A a 2024-01-03 10 @ 100 KRW base 90, A b 2025-01-03 10 @ 140 KRW base 110"


def sold(quantity: int, day: str = "2026-03-04", named: str = "") -> Fill:
    """`named` are lots as `a 4, b 2`."""
    chosen = tuple((name, Decimal(part)) for name, part in (item.split() for item in named.split(", ") if item))
    return Fill("main", "A", "SELL", date.fromisoformat(day), Decimal(quantity), Decimal(quantity * 150), "KRW", chosen)


def bought(quantity: int, day: str = "2026-03-04") -> Fill:
    return Fill("main", "A", "BUY", date.fromisoformat(day), Decimal(quantity), Decimal(quantity * 160), "KRW")


def followed(held: int, *fills: Fill, method: LotMethod | None = LotMethod.FIFO, before: str = BOUGHT) -> Followed:
    return follow(lots(before, "KRW"), {KEY: Decimal(held)}, fills, lambda account, code: method)


def said(found: Followed) -> list[str]:
    return [f"{lot.lot_id} {lot.quantity} {lot.cost}" for lot in found.lots]


def test_a_sale_takes_the_oldest_lots() -> None:
    assert said(followed(8, sold(12))) == ["b 8 1120"]


def test_a_sale_takes_the_lots_that_were_named() -> None:
    assert said(followed(14, sold(6, named="b 6"))) == ["a 10 1000", "b 4 560"]


def test_of_named_lots_a_partial_fill_takes_the_first() -> None:
    assert said(followed(15, sold(5, named="b 4, a 4"))) == ["a 9 900", "b 6 840"]


def test_lots_that_are_no_longer_there_are_not_taken() -> None:
    assert said(followed(14, sold(6, named="gone 6"))) == ["a 4 400", "b 10 1400"]


def test_a_purchase_is_a_new_lot_of_its_day() -> None:
    found = followed(25, bought(5))
    assert said(found) == ["a 10 1000", "b 10 1400", "2026-03-04 5 800"]
    assert found.lots[-1].date == date(2026, 3, 4)
    assert found.keys == (KEY,)


def test_two_purchases_of_a_day_have_two_names() -> None:
    names = [lot.lot_id for lot in followed(28, bought(5), bought(3)).lots]
    assert names[2:] == ["2026-03-04", "2026-03-04-2"]


def test_a_moving_average_leaves_a_share_of_each_lot_at_the_average() -> None:
    found = followed(5, sold(15), method=LotMethod.MOVING_AVERAGE)
    assert exact_sum(lot.quantity for lot in found.lots) == 5
    assert exact_sum(lot.cost for lot in found.lots) == 5 * 120
    assert {lot.tax_base for lot in found.lots} == {Decimal(100)}


def test_a_file_that_was_brought_up_to_date_in_between_is_followed_from_there() -> None:
    """lots.csv already has the first sale: only the second one follows."""
    assert said(followed(13, sold(10, "2026-01-05"), sold(7))) == ["a 3 300", "b 10 1400"]


@pytest.mark.parametrize(("held", "fills"), [(9, (sold(3),)), (20, ()), (5, (bought(3),)), (0, (sold(30),))])
def test_what_does_not_add_up_stays_as_it_is(held: int, fills: tuple[Fill, ...]) -> None:
    found = followed(held, *fills)
    assert list(found.lots) == list(lots(BOUGHT, "KRW"))
    assert found.keys == ()


def test_what_cannot_be_followed_stays_as_it_is() -> None:
    assert followed(8, sold(12), method=None).keys == ()


def test_a_position_that_was_sold_out_has_no_lots() -> None:
    assert followed(0, sold(20)).lots == ()


TRADES = st.lists(st.tuples(st.booleans(), st.integers(1, 12)), max_size=8)


@given(trades=TRADES, method=st.sampled_from([m for m in LotMethod if m is not LotMethod.SPECIFIC]))
def test_lots_lose_no_share_and_no_cost(trades: list[tuple[bool, int]], method: LotMethod) -> None:
    held, fills = 20, []
    for number, (buys, quantity) in enumerate(trades, start=1):
        if not buys and quantity > held:
            continue
        held += quantity if buys else -quantity
        day = f"2026-01-{number:02}"
        fills.append(bought(quantity, day) if buys else sold(quantity, day))
    found = followed(held, *fills, method=method)
    assert exact_sum(lot.quantity for lot in found.lots) == held
    paid = 2400 + sum(160 * int(fill.quantity) for fill in fills if fill.side == "BUY")
    assert sum(Fraction(lot.cost) for lot in found.lots) <= Fraction(paid) + Fraction(1, 10**9)
    assert all(lot.quantity > 0 for lot in found.lots)


def test_after_a_run_lots_have_its_trades(tmp_path: Path) -> None:
    folder = write_sample(tmp_path / "mine")
    before = open_portfolio(folder, on="2026-04-01")
    plan = before.plan()
    before.run(plan, yes=plan.plan_id)
    after = open_portfolio(folder, on="2026-04-01")
    assert check_lots(after.holdings, after.holdings.lots) == ()
    assert "lots_followed" in [finding.rule for finding in after.holdings.findings]
    assert "lots_before_runs" not in [finding.rule for finding in after.holdings.findings]
    sale = next(order for order in plan.orders if order.code == "091230")
    assert quantity(after.holdings.lots, "091230-1") == quantity(before.holdings.lots, "091230-1") - sale.quantity
    assert "2026-04-01" in {lot.lot_id for lot in after.holdings.lots if lot.code == "305080"}
    assert (folder / "lots.csv").read_bytes() == (write_sample(tmp_path / "new") / "lots.csv").read_bytes()


def quantity(held: tuple[Lot, ...], name: str) -> Decimal:
    return next(lot.quantity for lot in held if lot.lot_id == name)


def test_a_file_that_is_brought_up_to_date_is_believed(tmp_path: Path) -> None:
    folder = write_sample(tmp_path / "mine")
    opened = open_portfolio(folder, on="2026-04-01")
    plan = opened.plan()
    opened.run(plan, yes=plan.plan_id)
    held = open_portfolio(folder, on="2026-04-01").holdings
    lines = ["account,code,lot_id,date,quantity,cost,currency"]
    lines += [f"{p.account},{p.code},{p.code}-all,2026-04-01,{p.quantity},1000,KRW" for p in held.positions]
    (folder / "lots.csv").write_text("\n".join(lines), encoding="utf-8")
    again = open_portfolio(folder, on="2026-04-01").holdings
    assert {lot.lot_id for lot in again.lots} == {f"{p.code}-all" for p in held.positions}
    assert not [finding for finding in again.findings if finding.rule.startswith("lots")]
