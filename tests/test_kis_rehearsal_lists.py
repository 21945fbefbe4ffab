"""What the local KIS lists: revisions and cancellations, pages, quotes, the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from rebalance_kit.brokers.kis.rehearsal.market import Product
from rebalance_kit.brokers.kis.rehearsal.start import Opening, Rehearsal, start
from rebalance_kit.brokers.kis.rehearsal.world import Environment
from tests.kis_calls import DATES, ETF, Desk, etfs, opened


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


@pytest.mark.parametrize("environment", ["real", "mock"])
def test_a_cancel_is_a_row_of_its_own_with_a_new_number(kis: Rehearsal, environment: Environment) -> None:
    desk = Desk(kis, environment)
    number = desk.order("BUY", ETF, 8, "39000")["output"]["ODNO"]
    cancelled = desk.change("02", number)["output"]["ODNO"]
    kis.clock.advance(5)
    instruction, original = desk.rows()
    assert (int(instruction["odno"]), int(original["odno"])) == (int(cancelled), int(number))
    assert int(instruction["orgn_odno"]) == int(number)
    assert (instruction["cncl_yn"], instruction["cncl_cfrm_qty"], instruction["rmn_qty"]) == ("Y", "0", "0")
    assert (original["cncl_yn"], original["cncl_cfrm_qty"], original["rmn_qty"]) == ("N", "8", "0")
    again = desk.change("02", number)
    assert again["msg_cd"] == ("40330000" if desk.environment == "mock" else "APBK0918")
    assert "정정/취소할 수량이 없습니다" in again["msg1"]


def test_a_revision_makes_a_new_live_order(kis: Rehearsal, real: Desk) -> None:
    number = real.order("BUY", ETF, 8, "39000")["output"]["ODNO"]
    revised = real.change("01", number, "39500")["output"]["ODNO"]
    row, original = real.rows()
    assert (row["odno"], row["orgn_odno"], row["rmn_qty"], row["ord_unpr"]) == (revised, number, "8", "39500")
    assert (original["rmn_qty"], original["cncl_cfrm_qty"]) == ("0", "8")
    assert [o["odno"] for o in real.get("inquire-psbl-rvsecncl")["output"]] == [revised]
    assert real.change("02", number)["msg_cd"] == "APBK0918"
    assert real.change("02", revised)["rt_cd"] == "0"
    kis.world.habits["real"].revised_original = "rest only"
    assert real.rows()[-1]["cncl_cfrm_qty"] == "0"


def test_a_revision_that_costs_more_than_there_is_is_refused(real: Desk) -> None:
    number = real.order("BUY", ETF, 24, "39000")["output"]["ODNO"]
    assert real.change("01", number, "50000")["msg_cd"] == "APBK0952"
    assert real.change("01", number, "39501")["msg_cd"] == "APBK0506"


@pytest.mark.parametrize(
    "changes",
    [{"KRX_FWDG_ORD_ORGNO": "00001"}, {"EXCG_ID_DVSN_CD": "SOR"}, {"ORGN_ODNO": "0000999999"}],
)
def test_a_cancel_names_number_branch_and_exchange(real: Desk, changes: dict[str, str]) -> None:
    number = real.order("BUY", ETF, 8, "39000")["output"]["ODNO"]
    assert real.change("02", number, **changes)["msg_cd"] == "APBK0344"
    assert remaining(real) == [8]


def remaining(desk: Desk) -> list[int]:
    return [order.remaining for order in desk.kis.orders(desk.environment)]


def test_part_of_an_order_can_be_cancelled(real: Desk) -> None:
    number = real.order("BUY", ETF, 8, "39000")["output"]["ODNO"]
    assert real.change("02", number, QTY_ALL_ORD_YN="N", ORD_QTY="3")["rt_cd"] == "0"
    assert remaining(real) == [5]


# Lists


def test_the_rows_of_a_day_add_up(real: Desk) -> None:
    for price in ("40000", "39000"):
        number = real.order("BUY", ETF, 6, price)["output"]["ODNO"]
    real.change("02", number)
    body = real.get("inquire-daily-ccld", DATES)
    rows, totals = body["output1"], body["output2"]
    assert int(totals["tot_ord_qty"]) == sum(int(row["ord_qty"]) for row in rows) == 18
    for row in rows:
        if row["cncl_yn"] != "Y":
            parts = ("tot_ccld_qty", "rmn_qty", "cncl_cfrm_qty", "rjct_qty")
            assert int(row["ord_qty"]) == sum(int(row[part]) for part in parts)
    assert [row["ord_unpr"] for row in real.rows(CCLD_DVSN="01")] == ["40000"]
    assert real.rows(SLL_BUY_DVSN_CD="01") == []
    assert len(real.rows(ODNO=number)) == 1
    assert [row["ord_tmd"] for row in real.rows(INQR_DVSN="01")] == sorted(row["ord_tmd"] for row in rows)


def test_a_mock_order_shows_three_seconds_later(kis: Rehearsal, mock: Desk) -> None:
    mock.order("SELL", ETF, 1, "41000")
    assert mock.rows() == []
    kis.clock.advance(2)
    row = mock.rows()[0]
    assert (row["odno"], row["orgn_odno"]) == ("       762", " " * 10)


@pytest.mark.parametrize(
    ("environment", "holdings", "pages", "marks"),
    [("real", 53, [50, 3], ["F", "E"]), ("mock", 41, [20, 20, 1], ["F", "M", "D"]), ("real", 50, [50], ["D"])],
)
def test_holdings_come_in_pages(environment: Environment, holdings: int, pages: list[int], marks: list[str]) -> None:
    products = etfs(holdings)
    opening = Opening(Decimal(1_000), holdings={p.code: (2, Decimal(20_000)) for p in products})
    with start(products, opening) as kis:
        desk, seen, fields, cont = Desk(kis, environment), list[list[str]](), dict[str, str](), ""
        while True:
            reply = desk.send("inquire-balance", fields, cont=cont)
            body, mark = reply.json(), reply.headers["tr_cont"]
            seen.append([row["pdno"] for row in body["output1"]])
            assert body["output2"][0]["scts_evlu_amt"] == str(holdings * 20_000)
            assert mark == marks[len(seen) - 1]
            if mark not in ("F", "M"):
                break
            padded = 100 if environment == "real" else len(body["ctx_area_nk100"])
            assert len(body["ctx_area_nk100"]) == padded
            fields = {"CTX_AREA_FK100": body["ctx_area_fk100"], "CTX_AREA_NK100": body["ctx_area_nk100"].strip()}
            cont = "N"
    assert [len(page) for page in seen] == pages
    assert [code for page in seen for code in page] == [p.code for p in products]


def test_an_empty_account_has_a_cursor_all_the_same_on_the_real_host() -> None:
    with start([], Opening(Decimal(3_000_000))) as kis:
        body = Desk(kis, "real").get("inquire-balance")
        assert (body["msg_cd"], body["ctx_area_fk100"].strip() != "") == ("KIOK0560", True)
        assert not any("ctx" in name for name in Desk(kis, "mock").get("inquire-balance"))


# Quotes and reference data


def test_quotes_tell_limits_tick_and_book(real: Desk) -> None:
    quote = real.get("inquire-price", {"FID_INPUT_ISCD": ETF})["output"]
    assert (quote["stck_prpr"], quote["stck_mxpr"], quote["stck_llam"], quote["aspr_unit"]) == (
        "40000", "52000", "28000", "5",
    )  # fmt: skip
    book = real.get("inquire-asking-price-exp-ccn", {"FID_INPUT_ISCD": ETF})["output1"]
    assert (book["askp1"], book["askp2"], book["bidp1"], book["bidp10"]) == ("40000", "40005", "39995", "39950")
    unknown = real.get("inquire-price", {"FID_INPUT_ISCD": "999999"})
    assert (unknown["rt_cd"], unknown["output"]["stck_prpr"]) == ("0", "0")


@pytest.mark.parametrize(("base", "upper", "lower"), [(38_210, 49_670, 26_750), (1_999, 2_598, 1_400)])
def test_the_daily_limits_are_cut_to_the_tick(base: int, upper: int, lower: int) -> None:
    product = Product("069500", "ETF", Decimal(base))
    assert [product.upper, product.lower] == [Decimal(upper), Decimal(lower)]


def test_an_etf_has_a_net_asset_value(kis: Rehearsal, real: Desk, mock: Desk) -> None:
    kis.world.market.products[ETF].nav = Decimal("40020.5")
    fields = {"FID_INPUT_ISCD": ETF}
    quote = real.get("inquire-price", fields, n=1)["output"]
    assert (quote["nav"], quote["dprt"]) == ("40020.50", "-0.05")
    headers = mock.headers("FHPST02400000")
    reply = mock.raw("GET", "/uapi/etfetn/v1/quotations/inquire-price", fields, headers)
    assert reply.json()["msg_cd"] == "90000000"


def test_the_calendar_knows_the_days_that_others_have_wrong(real: Desk) -> None:
    days = {row["bass_dt"]: row for row in real.get("chk-holiday", {"BASS_DT": "20260601"})["output"]}
    assert len(days) == 24
    assert {day: days[day]["opnd_yn"] for day in ("20260602", "20260603", "20260604", "20260606")} == {
        "20260602": "Y", "20260603": "N", "20260604": "Y", "20260606": "N",
    }  # fmt: skip
    assert days["20260606"]["tr_day_yn"] == "Y", "a Saturday may be a trading day that does not open"
    more = real.send("chk-holiday", {"BASS_DT": "20260601", "CTX_AREA_NK": "20260625            "}, cont="N").json()
    assert more["output"][0]["bass_dt"] == "20260625"
