"""US orders, holdings and dollars at the local KIS."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from rebalance_kit.brokers.kis.rehearsal.market import Product
from rebalance_kit.brokers.kis.rehearsal.start import Opening, Rehearsal, start
from tests.kis_calls import Desk


@pytest.fixture
def night() -> Iterator[Rehearsal]:
    products = [
        Product("QQQM", "INVESCO NASDAQ 100 ETF", Decimal("245.10"), "NASD"),
        Product("VTI", "VANGUARD TOTAL STOCK MKT ETF", Decimal("331.42"), "AMEX"),
    ]
    held = {"QQQM": (12, Decimal("2656.20")), "VTI": (8, Decimal("2311.20"))}
    opening = Opening(Decimal(1_000_000), Decimal("1520.33"), held)
    with start(products, opening, at="2026-03-04 23:40", rate=Decimal("1385.40")) as running:
        yield running


def us_history(desk: Desk) -> list[dict[str, str]]:
    fields = {"ORD_STRT_DT": "20260304", "ORD_END_DT": "20260304", "OVRS_EXCG_CD": "%", "SORT_SQN": "DS", "ODNO": ""}
    rows = desk.get("inquire-ccnl", fields)["output"]
    return rows if isinstance(rows, list) else []


def test_a_us_order_trades_in_dollars(night: Rehearsal) -> None:
    desk = Desk(night, "real")
    reply = desk.us_order("SELL", "QQQM", 2, "245.00", "NASD")
    assert reply["output"]["KRX_FWDG_ORD_ORGNO"] == "01790"
    night.clock.advance(1)
    row = us_history(desk)[0]
    assert (row["ft_ccld_qty"], row["ft_ccld_unpr3"], row["dmst_ord_dt"]) == ("2", "245.09000000", "20260304")
    fee = Decimal("1.22")  # 0.25 % of 490.18, cut to a cent
    assert night.account("real").cash("USD") == Decimal("1520.33") + Decimal("490.18") - fee
    assert night.account("real").cash("KRW") == 1_000_000
    balance = desk.get("inquire-present-balance")
    assert balance["output2"][0]["frcr_dncl_amt_2"] == "2009.290000"
    assert balance["output2"][0]["frst_bltn_exrt"] == "1385.40000000"


def test_the_whole_us_is_nasd_on_the_real_host_and_three_exchanges_in_mock(night: Rehearsal) -> None:
    def codes(desk: Desk, exchange: str) -> list[str]:
        rows = desk.get("inquire-balance", {"OVRS_EXCG_CD": exchange, "TR_CRCY_CD": "USD"}, n=1)["output1"]
        return [row["ovrs_pdno"] for row in rows]

    real, mock = Desk(night, "real"), Desk(night, "mock")
    assert codes(real, "NASD") == ["QQQM", "VTI", ""], "with a blank row at the end"
    assert codes(real, "NAS") == ["QQQM", ""]
    assert [codes(mock, name) for name in ("NASD", "NYSE", "AMEX")] == [["QQQM"], [], ["VTI"]]


def test_us_orders_are_limits_of_whole_cents_in_open_hours(night: Rehearsal) -> None:
    desk = Desk(night, "real")
    assert desk.us_order("BUY", "QQQM", 1, "0", "NASD")["msg_cd"] == "APBK0506"
    assert desk.us_order("BUY", "QQQM", 1, "245.105", "NASD")["msg_cd"] == "APBK0506"
    assert desk.us_order("BUY", "QQQM", 1, "245.10", "NYSE")["msg_cd"] == "APBK0656"
    assert desk.us_order("BUY", "QQQM", 7, "245.10", "NASD")["msg_cd"] == "APBK0952"
    assert desk.us_order("BUY", "QQQM", 6, "245.10", "NASD")["rt_cd"] == "0"
    night.clock.set("2026-03-05 12:00")
    assert Desk(night, "real").us_order("BUY", "QQQM", 1, "245.10", "NASD")["msg_cd"] in ("APBK1664", "EGW00133")


def test_a_us_order_is_cancelled_without_a_branch(night: Rehearsal) -> None:
    desk = Desk(night, "real")
    number = desk.us_order("BUY", "QQQM", 3, "240.00", "NASD")["output"]["ODNO"]
    body = {"OVRS_EXCG_CD": "NASD", "PDNO": "QQQM", "ORGN_ODNO": number, "RVSE_CNCL_DVSN_CD": "02", "ORD_QTY": "3",
            "OVRS_ORD_UNPR": "0"}  # fmt: skip
    assert desk.get("order-rvsecncl", body, n=1)["rt_cd"] == "0"
    assert [order.remaining for order in night.orders("real")] == [0]
    assert desk.get("inquire-nccs", {"OVRS_EXCG_CD": "NASD"})["output"] == []


def test_a_mock_us_order_shows_late_and_holds_more_cash(night: Rehearsal) -> None:
    desk = Desk(night, "mock")
    desk.us_order("BUY", "QQQM", 1, "245.10", "NASD")
    held = night.account("mock").reserved("USD")
    assert held == Decimal("247.44"), "0.7 % more than the limit, and the fee, rounded up"
    night.clock.advance(10)
    assert us_history(desk) == []
    night.clock.advance(5)
    assert len(us_history(desk)) == 1


def test_a_wrong_us_exchange_answers_with_blanks(night: Rehearsal) -> None:
    desk = Desk(night, "real")
    assert desk.get("quotations/price", {"EXCD": "NAS", "SYMB": "QQQM"})["output"]["last"] == "245.1000"
    wrong = desk.get("quotations/price", {"EXCD": "NYS", "SYMB": "QQQM"})
    assert (wrong["rt_cd"], wrong["output"]["last"], wrong["output"]["rsym"]) == ("0", "", "DNYSQQQM")


def test_won_buy_dollars_only_with_integrated_margin(night: Rehearsal) -> None:
    desk, account = Desk(night, "real"), night.account("real")
    assert desk.us_order("BUY", "QQQM", 8, "245.10", "NASD")["msg_cd"] == "APBK0952"
    account.integrated_margin = True
    assert desk.us_order("BUY", "QQQM", 8, "245.10", "NASD")["rt_cd"] == "0"
    night.clock.advance(1)
    short = Decimal("245.10") * 8 + Decimal("4.90") - Decimal("1520.33")
    assert night.account("real").cash("USD") == 0
    assert night.account("real").cash("KRW") == 1_000_000 - (short * Decimal("1385.40")).to_integral_value(
        "ROUND_CEILING"
    )


def test_a_us_day_ends_in_the_korean_morning(night: Rehearsal) -> None:
    night.world.move_price("QQQM", Decimal("246.00"))
    night.clock.set("2026-03-05 00:30")
    quote = Desk(night, "real").get("quotations/price", {"EXCD": "NAS", "SYMB": "QQQM"})["output"]
    assert (quote["base"], quote["last"], quote["rate"]) == ("245.1000", "246.0000", "+0.37")
    night.clock.set("2026-03-05 06:00:01")
    desk = Desk(night, "mock")
    quote = desk.get("quotations/price", {"EXCD": "NAS", "SYMB": "QQQM"})["output"]
    assert (quote["base"], quote["rate"]) == ("246.0000", "0.00")
    bars = desk.get("dailyprice", {"EXCD": "NAS", "SYMB": "QQQM", "BYMD": "20260304"})["output2"]
    assert [(bar["xymd"], bar["clos"]) for bar in bars] == [("20260304", "246.0000")]
