"""Orders at the local KIS: what is refused, what trades, and where cash and shares are afterwards, to the won."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rebalance_kit.brokers.kis.rehearsal.start import Rehearsal, start
from tests.kis_calls import ETF, Desk, opened


@pytest.fixture
def kis() -> Iterator[Rehearsal]:
    with start(opening=opened(1_000_000, _069500=40)) as running:
        yield running


@pytest.fixture
def real(kis: Rehearsal) -> Desk:
    return Desk(kis, "real")


@pytest.fixture
def mock(kis: Rehearsal) -> Desk:
    return Desk(kis, "mock")


@pytest.mark.parametrize(
    ("side", "quantity", "price", "real_code", "mock_code"),
    [
        ("BUY", 1, "40003", "APBK0506", "40030000"),
        ("BUY", 1, "52005", "APBK0406", "APBK0406"),
        ("SELL", 1, "27995", "APBK0406", "APBK0406"),
        ("BUY", 99, "40000", "APBK0952", "40250000"),
        ("SELL", 41, "40000", "APBK0400", "APBK0400"),
        ("BUY", 1, "52000", "APBK0013", "40600000"),
        ("SELL", 40, "28000", "APBK0013", "40590000"),
    ],
)
def test_an_order_is_checked_for_tick_limits_cash_and_shares(
    real: Desk, mock: Desk, side: str, quantity: int, price: str, real_code: str, mock_code: str
) -> None:
    assert real.order(side, ETF, quantity, price)["msg_cd"] == real_code
    assert mock.order(side, ETF, quantity, price)["msg_cd"] == mock_code


def test_unknown_and_halted_codes_are_refused(kis: Rehearsal, real: Desk) -> None:
    assert real.order("BUY", "999999", 1, "1000")["msg_cd"] == "APBK0656"
    kis.world.market.products[ETF].halted = True
    assert real.order("SELL", ETF, 1, "40000")["msg_cd"] == "APBK0066"
    quote = real.get("inquire-price", {"FID_INPUT_ISCD": ETF})["output"]
    assert (quote["temp_stop_yn"], quote["iscd_stat_cls_code"], quote["stck_oprc"]) == ("Y", "58", "0")


@pytest.mark.parametrize(
    ("moment", "real_code", "mock_code"),
    [
        ("2026-03-07 10:00", "APBK0919", "40100000"),  # Saturday
        ("2026-06-03 10:00", "APBK0919", "40100000"),  # local elections
        ("2026-07-17 10:00", "APBK0919", "40100000"),  # Constitution Day
        ("2026-03-04 08:29", "APBK0918", "40570000"),
        ("2026-03-04 15:30", "APBK0918", "40580000"),
        ("2026-01-02 09:15", "APBK0918", "40570000"),  # the first session of the year opens at 10:00
        ("2026-01-02 09:31", "APBK0013", "40590000"),
        ("2026-11-19 09:15", "APBK0918", "40570000"),  # college entrance exam
        ("2026-11-19 16:15", "APBK0013", "40590000"),
    ],
)
def test_orders_are_taken_in_sessions_only(moment: str, real_code: str, mock_code: str) -> None:
    with start(opening=opened(_069500=10), at=moment) as kis:
        assert Desk(kis, "real").order("SELL", ETF, 1, "40000")["msg_cd"] == real_code
        assert Desk(kis, "mock").order("SELL", ETF, 1, "40000")["msg_cd"] == mock_code


def test_an_order_before_the_opening_trades_at_the_opening() -> None:
    with start(opening=opened(_069500=10), at="2026-03-04 08:40") as kis:
        desk = Desk(kis, "real")
        desk.order("SELL", ETF, 1, "39000")
        kis.clock.set("2026-03-04 08:59:59")
        assert kis.orders("real")[0].filled == 0
        kis.clock.set("2026-03-04 09:00:01")
        assert kis.orders("real")[0].filled == 1


def test_numbers_are_those_of_a_day_and_of_a_branch(kis: Rehearsal) -> None:
    for desk, branch, number in (
        (Desk(kis, "real"), "06010", "0000117057"),
        (Desk(kis, "mock"), "00950", "0000000762"),
    ):
        first = desk.order("SELL", ETF, 1, "40000")["output"]
        assert (first["KRX_FWDG_ORD_ORGNO"], first["ODNO"]) == (branch, number)
        assert int(desk.order("SELL", ETF, 1, "40000")["output"]["ODNO"]) > int(number)
    kis.clock.set("2026-03-05 10:00")
    desk = Desk(kis, "real")
    assert desk.order("SELL", ETF, 1, "40000")["output"]["ODNO"] == "0000117057"


def test_the_same_body_twice_is_two_orders(real: Desk) -> None:
    assert [real.order("SELL", ETF, 1, "40000")["rt_cd"] for _ in range(2)] == ["0", "0"]
    assert len(real.kis.orders("real")) == 2


def test_open_orders_hold_shares_and_cash(real: Desk) -> None:
    real.order("SELL", ETF, 30, "41000")
    assert real.get("inquire-psbl-sell", {"PDNO": ETF})["output"]["ord_psbl_qty"] == "10"
    assert real.rows("inquire-balance")[0]["ord_psbl_qty"] == "10"
    assert real.order("SELL", ETF, 11, "41000")["msg_cd"] == "APBK0400"
    assert real.order("BUY", ETF, 20, "39000")["rt_cd"] == "0"
    left = real.get("inquire-psbl-order", {"PDNO": ETF, "ORD_UNPR": "39000", "ORD_DVSN": "00"})["output"]
    assert left["nrcvb_buy_qty"] == "5"
    assert int(left["max_buy_amt"]) > int(left["nrcvb_buy_amt"]), "the amount with margin is not to be used"
    assert real.order("BUY", ETF, 6, "39000")["msg_cd"] == "APBK0952"


def test_a_market_buy_reserves_the_upper_limit(real: Desk) -> None:
    real.kis.world.habits["real"].fill_delay = 5
    asked = real.get("inquire-psbl-order", {"PDNO": ETF, "ORD_UNPR": "", "ORD_DVSN": "01"})["output"]
    assert (asked["psbl_qty_calc_unpr"], asked["nrcvb_buy_qty"]) == ("52000", "19")
    assert real.order("BUY", ETF, 20)["msg_cd"] == "APBK0952"
    assert real.order("BUY", ETF, 19)["rt_cd"] == "0"
    assert real.order("BUY", ETF, 1, "40000")["msg_cd"] == "APBK0952", "the rest is not free before the fill"
    real.kis.clock.advance(5)
    assert real.order("BUY", ETF, 5, "40000")["rt_cd"] == "0"


# Fills, cash and settlement, to the won


def test_cash_settles_two_sessions_later(kis: Rehearsal, real: Desk) -> None:
    real.order("SELL", ETF, 10, "39995")
    kis.clock.advance(1)
    totals = real.get("inquire-balance")["output2"][0]
    proceeds = 399_950 - 16  # 0.0042 %, cut to a won
    assert totals["dnca_tot_amt"] == totals["nxdy_excc_amt"] == "1000000"
    assert totals["prvs_rcdl_excc_amt"] == str(1_000_000 + proceeds)
    assert totals["tot_evlu_amt"] == str(1_000_000 + proceeds + 30 * 40_000)
    assert (totals["thdt_sll_amt"], totals["thdt_tlex_amt"]) == ("399950", "16")
    asked = real.get("inquire-psbl-order", {"PDNO": "", "ORD_UNPR": ""})["output"]
    assert (asked["ord_psbl_cash"], asked["ruse_psbl_amt"]) == ("1000000", str(proceeds))
    kis.clock.set("2026-03-05 09:30")
    real.token = None
    assert real.get("inquire-balance")["output2"][0]["nxdy_excc_amt"] == str(1_000_000 + proceeds)
    kis.clock.set("2026-03-06 09:30")
    real.token = None
    assert real.get("inquire-balance")["output2"][0]["dnca_tot_amt"] == str(1_000_000 + proceeds)


def test_a_holding_sold_out_stays_as_a_row_of_zero_until_it_settles(kis: Rehearsal, real: Desk) -> None:
    real.order("SELL", ETF, 40, "39995")
    kis.clock.advance(1)
    assert [(row["pdno"], row["hldg_qty"], row["thdt_sll_qty"]) for row in real.rows("inquire-balance")] == [
        (ETF, "0", "40")
    ]
    kis.clock.set("2026-03-06 09:30")
    real.token = None
    assert real.rows("inquire-balance") == []


def test_an_order_walks_through_the_book_and_the_rest_waits(kis: Rehearsal, real: Desk) -> None:
    kis.world.market.products[ETF].depth = 5
    real.order("BUY", ETF, 8, "40000")
    kis.clock.advance(1)
    row = real.rows()[0]
    assert (row["tot_ccld_qty"], row["rmn_qty"], row["avg_prvs"]) == ("5", "3", "40000")
    kis.world.move_price(ETF, Decimal(39_900))
    row = real.rows()[0]
    assert (row["tot_ccld_qty"], row["tot_ccld_amt"], row["avg_prvs"]) == ("8", "319700", "39962.5")


def test_what_is_left_at_the_close_is_dropped(kis: Rehearsal, real: Desk) -> None:
    real.order("BUY", ETF, 8, "39000")
    kis.clock.set("2026-03-04 15:30:01")
    row = real.rows()[0]
    assert (row["rmn_qty"], row["cncl_cfrm_qty"], row["cncl_yn"]) == ("0", "8", "N")
    assert kis.account("real").free() == 1_000_000


def test_a_stock_pays_transaction_tax_when_it_is_sold(kis: Rehearsal) -> None:
    with start(opening=opened(_005930=10)) as kis:
        Desk(kis, "real").order("SELL", "005930", 10, "80000")
        kis.clock.advance(1)
        order = kis.orders("real")[0]
        assert [int(amount) for amount in (order.amount, order.tax, order.fee)] == [800_000, 1_600, 33]
        assert kis.account("real").cash() == 1_000_000 + 800_000 - 1_600 - 33


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["BUY", "SELL"]),
            st.integers(1, 30),
            st.integers(7_900, 8_100).map(lambda n: n * 5),
            st.sampled_from(["wait", "cancel", "move", "day"]),
        ),
        max_size=12,
    )
)
def test_neither_cash_nor_shares_come_from_nothing(steps: list[tuple[str, int, int, str]]) -> None:
    """Whatever is ordered, cancelled and moved: what is there is what was there and what the fills say."""
    with start(opening=opened(1_000_000, _069500=40)) as kis:
        desk = Desk(kis, "real")
        for side, quantity, price, then in steps:
            reply = desk.order(side, ETF, quantity, str(price))
            if then == "cancel" and reply["rt_cd"] == "0":
                desk.change("02", reply["output"]["ODNO"])
            elif then == "move":
                kis.world.move_price(ETF, Decimal(price))
            elif then == "day":
                kis.clock.set(f"{kis.world.days.add(kis.clock.now().date(), 1)} 10:00")
                desk.token = None
            account = kis.account("real")
            fills = [(o, fill) for o in account.orders for fill in o.fills]
            assert account.shares(ETF) == 40 + sum(f.quantity if o.buys else -f.quantity for o, f in fills)
            spent = sum((f.price * f.quantity * (1 if o.buys else -1) for o, f in fills), Decimal(0))
            costs = sum((o.fee + o.tax for o in account.orders), Decimal(0))
            assert account.cash() == 1_000_000 - spent - costs
            assert account.cash() >= account.reserved("KRW") >= 0
            assert account.sellable(ETF) >= 0
