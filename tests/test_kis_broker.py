"""The account as the KIS client sees it: balances that add up, lists that are complete, orders that may leave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.brokers.base import (
    Answer,
    Broker,
    BrokerOrder,
    GivesPrices,
    KeepsHours,
    KeepsTime,
    Mode,
    Revises,
    SizesBuys,
    TakesExchanges,
    TakesTransfers,
    TellsCapabilities,
)
from rebalance_kit.brokers.kis import domestic, income, overseas
from rebalance_kit.brokers.kis.envelope import Body, Fields
from rebalance_kit.brokers.kis.hours import book_closed, in_session, last_trading_day
from rebalance_kit.brokers.kis.listings import Listings, Market
from rebalance_kit.brokers.kis.rows import adds_up, domestic_rows, fold, number_of, us_rows
from rebalance_kit.errors import BrokerError
from rebalance_kit.orders import Side
from tests.make_kis import AMERICAN, KOREAN, NOON, Scripted, Time, refused, reply, scripted, sent_body
from tests.shared_data import SHARED

SAMPLES = SHARED.parent / "reference" / "kis_samples"
OPEN = reply(output=[{"bass_dt": "20260304", "opnd_yn": "Y"}])
NIGHT = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)  # eleven in the morning in New York
ACCEPTED = reply(output={"KRX_FWDG_ORD_ORGNO": "06010", "ODNO": "0000000762", "ORD_TMD": "120001"})


def held(code: str, quantity: int, price: int, cost: int | None = None) -> dict[str, str]:
    spent = cost if cost is not None else quantity * price
    return {
        "pdno": code,
        "prdt_name": code,
        "hldg_qty": str(quantity),
        "ord_psbl_qty": str(quantity),
        "prpr": str(price),
        "pchs_amt": str(spent),
        "evlu_amt": str(quantity * price),
    }


def totals(rows: list[dict[str, str]], cash: int, **changes: str) -> dict[str, str]:
    value = sum(int(row["evlu_amt"]) for row in rows)
    return {
        "dnca_tot_amt": str(cash),
        "prvs_rcdl_excc_amt": str(cash),
        "thdt_buy_amt": "0",
        "thdt_sll_amt": "0",
        "bfdy_buy_amt": "0",
        "bfdy_sll_amt": "0",
        "scts_evlu_amt": str(value),
        "tot_evlu_amt": str(value + cash),
        "pchs_amt_smtl_amt": str(sum(int(row["pchs_amt"]) for row in rows)),
    } | changes


def balance(rows: list[dict[str, str]], cash: int = 1_000_000, cont: str = "D", **changes: str) -> httpx.Response:
    return reply(cont=cont, output1=rows, output2=[totals(rows, cash, **changes)], ctx_area_nk100="1" * 100)


def account(tmp_path: Path, script: Mapping[str, Any], mode: Mode = Mode.REAL, now: datetime = NOON) -> Scripted:
    usual = {
        "chk-holiday": [OPEN],
        "inquire-present-balance": [refused("90000000", status=200)],
        "inquire-psbl-order": [reply(output={"nrcvb_buy_amt": "900000", "nrcvb_buy_qty": "7"})],
        "inquire-price": [
            reply(output={"stck_prpr": "38500", "aspr_unit": "5", "stck_mxpr": "49670", "stck_llam": "26750"})
        ],
        "order-cash": [ACCEPTED],
    }
    return scripted(tmp_path, {**usual, **script}, mode, Time(now))


def test_it_is_a_broker_and_says_what_more_it_can_do(tmp_path: Path) -> None:
    broker: Broker = account(tmp_path, {}).broker()
    protocols = (TellsCapabilities, KeepsHours, SizesBuys, Revises, GivesPrices, KeepsTime)
    assert all(isinstance(broker, protocol) for protocol in protocols)
    assert not isinstance(broker, TakesTransfers | TakesExchanges)
    assert (broker.quiet_period, broker.instant, broker.identity.number) == (None, False, "****8137-01")


def test_what_a_mock_account_lacks(tmp_path: Path) -> None:
    real, mock = (account(tmp_path, {}, mode).broker().capabilities for mode in (Mode.REAL, Mode.MOCK))
    names = ("nav", "holiday_check", "open_orders", "sellable_inquiry", "dividends")
    assert [getattr(real, name) for name in names] == [True] * 5
    assert [getattr(mock, name) for name in names] == [False] * 5
    assert (real.us, mock.us, real.fractional, real.client_order_id) == (True, True, False, False)


# ---- the balance ----


def test_cash_is_that_of_the_second_day_and_what_was_sold_out_is_not_held(tmp_path: Path) -> None:
    rows = [held("069500", 120, 38_500), held("0194T0", 10, 20_000), held("360750", 0, 21_540, 0)]
    unsettled = {"dnca_tot_amt": "5000000", "thdt_sll_amt": "1030750", "bfdy_buy_amt": "215400"}
    answer = balance(rows, 5_815_307, **unsettled)
    snapshot = account(tmp_path, {"inquire-balance": [answer]}).broker().snapshot()
    assert {p.code: p.quantity for p in snapshot.positions} == {"069500": 120, "0194T0": 10}
    assert snapshot.cash_of("KRW") == 5_815_307
    assert snapshot.spendable_cash("KRW") == 900_000
    assert snapshot.sellable_shares("069500") == 120
    assert snapshot.charged == (("KRW", Decimal(43)),)  # 5,000,000 - 215,400 + 1,030,750 - 5,815,307


def test_more_is_never_spendable_than_there_is(tmp_path: Path) -> None:
    snapshot = account(tmp_path, {"inquire-balance": [balance([], 500)]}).broker().snapshot()
    assert snapshot.spendable_cash("KRW") == 500


@pytest.mark.parametrize(("mode", "per_page"), [(Mode.REAL, 50), (Mode.MOCK, 20)])
def test_every_code_of_every_page_once(tmp_path: Path, mode: Mode, per_page: int) -> None:
    rows = [held(f"{n:06d}", n + 1, 1_000) for n in range(53)]
    stated = totals(rows, 7)
    parts = [rows[at : at + per_page] for at in range(0, len(rows), per_page)]
    pages = [
        reply(cont="D" if n == len(parts) - 1 else "F", output1=part, output2=[stated], ctx_area_nk100=str(n))
        for n, part in enumerate(parts)
    ]
    positions = account(tmp_path, {"inquire-balance": pages}, mode).broker().snapshot().positions
    assert [p.code for p in positions] == [row["pdno"] for row in rows]


@pytest.mark.parametrize(
    "changes",
    [{"pchs_amt_smtl_amt": "1"}, {"scts_evlu_amt": "1"}, {"tot_evlu_amt": "1"}, {"prvs_rcdl_excc_amt": ""}],
)
def test_a_balance_that_disagrees_with_itself_is_read_again_and_then_refused(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    rows = [held("069500", 120, 38_500)]
    wrong = balance(rows, 1_000_000, "D", **changes)
    good = account(tmp_path / "a", {"inquire-balance": [wrong, wrong, balance(rows)]})
    assert good.broker().snapshot().quantity("069500") == 120
    bad = account(tmp_path / "b", {"inquire-balance": [wrong]})
    with pytest.raises(BrokerError, match="inquire-balance") as told:
        bad.broker().snapshot()
    assert (told.value.code, len(bad.service.asked("inquire-balance"))) == ("balance_incomplete", 3)


def test_a_code_that_is_listed_twice_is_no_holding_of_both(tmp_path: Path) -> None:
    rows = [held("069500", 21, 38_500), held("069500", 42, 38_500)]
    with pytest.raises(BrokerError, match="listed twice"):
        account(tmp_path, {"inquire-balance": [balance(rows)]}).broker().snapshot()


# ---- the list of orders ----


def listed(number: int, quantity: int = 10, **changes: Any) -> dict[str, str]:
    row = {
        "ord_dt": "20260304",
        "ord_gno_brno": "06010",
        "odno": f"{number:010d}",
        "orgn_odno": "0000000000",
        "sll_buy_dvsn_cd": "02",
        "pdno": "069500",
        "ord_qty": str(quantity),
        "ord_unpr": "38500",
        "ord_tmd": "101530",
        "tot_ccld_qty": "0",
        "tot_ccld_amt": "0",
        "cncl_yn": "N",
        "cncl_cfrm_qty": "0",
        "rmn_qty": "0",
        "rjct_qty": "0",
        "ordr_empno": "OpenAPI",
        "ord_dvsn_cd": "00",
        "excg_id_dvsn_Cd": "KRX",
        "infm_tmd": "",
    }
    return row | {name: str(value) for name, value in changes.items()}


def sums(rows: list[dict[str, str]]) -> dict[str, str]:
    return {
        "tot_ord_qty": str(sum(int(row["ord_qty"]) for row in rows)),
        "tot_ccld_qty": str(sum(int(row["tot_ccld_qty"]) for row in rows)),
        "tot_ccld_amt": str(sum(int(row["tot_ccld_amt"]) for row in rows)),
    }


DAY = [
    listed(7, 5, rmn_qty=5, orgn_odno="0000000003", ord_unpr=38490, ord_tmd="102003"),  # 3, revised
    listed(6, 6, cncl_yn="Y", orgn_odno="0000000004", ord_unpr=0),  # a cancellation of 4
    listed(5, 7, rjct_qty=7),
    listed(4, 10, tot_ccld_qty=4, tot_ccld_amt=153_800, cncl_cfrm_qty=6),
    listed(3, 5, cncl_cfrm_qty=5, ord_unpr=38470),
    listed(2, 20, tot_ccld_qty=8, tot_ccld_amt=308_000, rmn_qty=12, sll_buy_dvsn_cd="01"),
    listed(1, 10, tot_ccld_qty=10, tot_ccld_amt=385_000, ord_dvsn_cd="01", ord_unpr=0),
]


def order_list(tmp_path: Path, rows: list[dict[str, str]], stated: dict[str, str], mode: Mode = Mode.REAL) -> Any:
    answer = reply(output1=rows, output2=stated)
    return account(tmp_path, {"inquire-daily-ccld": [answer]}, mode).broker().order_list(date(2026, 3, 4))


def test_cancellations_and_revisions_are_no_orders_of_their_own(tmp_path: Path) -> None:
    found = order_list(tmp_path, DAY, sums(DAY))
    seen = {int(row.number): (row.side.value, row.quantity, row.filled, row.live) for row in found.rows}
    assert seen == {
        1: ("BUY", 10, 10, False),
        2: ("SELL", 20, 8, True),
        3: ("BUY", 5, 0, True),
        4: ("BUY", 10, 4, False),
        5: ("BUY", 7, 0, False),
    }
    assert found.complete
    limits = {int(row.number): row.limit_price for row in found.rows}
    assert (limits[1], limits[2], limits[3]) == (None, 38_500, 38_470)


def test_a_revised_original_may_end_either_way(tmp_path: Path) -> None:
    rest_only = [listed(3, 5), *(row for row in DAY if row["odno"] != "0000000003")]
    seen = {row.number: row.live for row in order_list(tmp_path, rest_only, sums(rest_only)).rows}
    assert seen["0000000003"] is True


@given(st.data())
def test_a_list_that_lacks_any_row_is_incomplete(data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.sampled_from(DAY), unique_by=lambda row: row["odno"], min_size=1))
    missing = data.draw(st.integers(0, len(rows) - 1))
    stated = Fields.of(sums(rows))
    whole = domestic_rows([Body({"output1": rows}, 200)])
    assert adds_up(whole, stated)
    assert not adds_up(whole[:missing] + whole[missing + 1 :], stated)


def test_totals_without_rows_decide_nothing(tmp_path: Path) -> None:
    assert not order_list(tmp_path, [], sums(DAY), Mode.MOCK).complete
    assert order_list(tmp_path, [], sums([]), Mode.MOCK).complete
    assert order_list(tmp_path, [], {}, Mode.MOCK).complete


def test_a_row_that_comes_twice_is_one(tmp_path: Path) -> None:
    found = order_list(tmp_path, [*DAY, DAY[-1]], sums(DAY))
    assert found.complete
    assert len(found.rows) == 5


def test_one_number_for_two_orders_is_refused(tmp_path: Path) -> None:
    rows = [listed(1), listed(1, ord_gno_brno="00950")]
    with pytest.raises(BrokerError, match="two orders of the day"):
        order_list(tmp_path, rows, sums(rows))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("       762", "0000000762"),
        ("0000000762", "0000000762"),
        ("762", "0000000762"),
        ("0000000000", ""),
        ("          ", ""),
        ("", ""),
    ],
)
def test_a_number_is_the_same_however_it_is_padded(text: str, number: str) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("who", "channel"),
    [("OpenAPI", "api"), ("", "api"), ("0", "api"), ("HTS", "other"), ("영업점", "other"), ("모바일", "other")],
)
def test_only_what_is_known_to_be_a_person_is_one(tmp_path: Path, who: str, channel: str) -> None:
    rows = [listed(1, rmn_qty=10, ordr_empno=who)]
    assert order_list(tmp_path, rows, sums(rows)).rows[0].channel == channel


@pytest.mark.parametrize(
    "change", [{"ord_qty": "ten"}, {"ord_tmd": "2561"}, {"sll_buy_dvsn_cd": "07"}, {"rmn_qty": "0.5"}]
)
def test_a_row_that_cannot_be_understood_stops_everything(tmp_path: Path, change: dict[str, str]) -> None:
    with pytest.raises(BrokerError, match="KIS"):
        order_list(tmp_path, [listed(1) | change], {})


def test_after_the_close_nothing_is_live(tmp_path: Path) -> None:
    late = account(
        tmp_path, {"inquire-daily-ccld": [reply(output1=DAY, output2=sums(DAY))]}, now=NOON + timedelta(hours=5)
    )
    found = late.broker().order_list(date(2026, 3, 4))
    assert (found.complete, any(row.live for row in found.rows)) == (True, False)


def test_old_orders_have_an_inquiry_of_their_own(tmp_path: Path) -> None:
    kis = account(tmp_path, {"inquire-daily-ccld": [reply(output1=[], output2={})]})
    for day, tr_id in ((date(2026, 2, 1), "TTTC0081R"), (date(2025, 10, 1), "CTSC9215R")):
        kis.broker().order_list(day)
        assert kis.service.asked("inquire-daily-ccld")[-1].headers["tr_id"] == tr_id


# ---- orders that leave, and orders that do not ----


def order(
    code: str = "069500", side: Side = Side.BUY, quantity: Any = 1, limit: str | None = "38500", **more: str
) -> BrokerOrder:
    return BrokerOrder(
        "x", code, side, quantity, None if limit is None else Decimal(limit), more.get("currency", "KRW")
    )


@pytest.mark.parametrize(
    ("wanted", "body", "tr_id"),
    [
        (order(), {"SLL_TYPE": "", "ORD_DVSN": "00", "ORD_QTY": "1", "ORD_UNPR": "38500"}, "VTTC0012U"),
        (
            order(side=Side.SELL, quantity=7, limit=None),
            {"SLL_TYPE": "01", "ORD_DVSN": "01", "ORD_QTY": "7", "ORD_UNPR": "0"},
            "VTTC0011U",
        ),
    ],
)
def test_a_korean_order_in_the_services_fields(
    tmp_path: Path, wanted: BrokerOrder, body: dict[str, str], tr_id: str
) -> None:
    kis = account(tmp_path, {}, Mode.MOCK)
    answer = kis.broker().place(wanted)
    assert (answer.answer, answer.number) == (Answer.ACCEPTED, "0000000762")
    (request,) = kis.service.asked("order-cash")
    sent = sent_body(request)
    assert {name: sent[name] for name in body} == body
    assert (sent["PDNO"], sent["CNDT_PRIC"], sent["EXCG_ID_DVSN_CD"], request.headers["tr_id"]) == (
        "069500",
        "",
        "KRX",
        tr_id,
    )
    assert all(name.isupper() and isinstance(value, str) for name, value in sent.items())


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (order(limit="38503"), "not on the tick of 5"),
        (order(limit="0"), "not on the tick"),
        (order(limit="49675"), "beyond the day's limits"),
        (order(limit="26745"), "beyond the day's limits"),
        (order(quantity=0), "whole shares"),
        (order(quantity=Decimal("1.5")), "whole shares"),
        (order(currency="USD"), "trades in KRW"),
        (order(code="999999"), "cannot be traded"),
    ],
)
def test_what_would_certainly_be_refused_does_not_leave(tmp_path: Path, wanted: BrokerOrder, says: str) -> None:
    kis = account(tmp_path, {})
    broker = kis.broker()
    broker.quotes(["069500"])
    answer = broker.place(wanted)
    assert answer.answer is Answer.REJECTED
    assert says in answer.reason.en
    assert kis.service.asked("order-cash") == []


def test_a_halted_code_does_not_leave(tmp_path: Path) -> None:
    halted = reply(output={"stck_prpr": "38500", "temp_stop_yn": "Y"})
    kis = account(tmp_path, {"inquire-price": [halted], "etfetn": [halted]}, Mode.MOCK)
    broker = kis.broker()
    broker.quotes(["069500"])
    assert "halted" in broker.place(order()).reason.en


def test_a_question_that_fails_before_an_order_is_an_order_that_did_not_leave(tmp_path: Path) -> None:
    kis = account(tmp_path, {"chk-holiday": [httpx.ConnectError("x")]})
    assert kis.broker().place(order()).answer is Answer.NOT_SENT
    assert kis.service.asked("order-cash") == []


def test_a_cancellation_names_the_branch_the_venue_and_the_newest_number(tmp_path: Path) -> None:
    script = {"inquire-daily-ccld": [reply(output1=DAY, output2=sums(DAY))], "order-rvsecncl": [ACCEPTED]}
    kis = account(tmp_path, script)
    assert kis.broker().cancel("0000000003").answer is Answer.ACCEPTED
    assert kis.broker().revise("0000000002", Decimal(38_600)).answer is Answer.ACCEPTED
    cancel, revise = (sent_body(request) for request in kis.service.asked("order-rvsecncl"))
    names = (
        "KRX_FWDG_ORD_ORGNO",
        "ORGN_ODNO",
        "ORD_DVSN",
        "RVSE_CNCL_DVSN_CD",
        "ORD_QTY",
        "ORD_UNPR",
        "QTY_ALL_ORD_YN",
        "EXCG_ID_DVSN_CD",
    )
    assert [cancel[name] for name in names] == ["06010", "0000000007", "00", "02", "0", "0", "Y", "KRX"]
    assert [revise[name] for name in names] == ["06010", "0000000002", "00", "01", "0", "38600", "Y", "KRX"]


def test_a_cancellation_of_nothing_is_no_failure(tmp_path: Path) -> None:
    nothing = refused("APBK0918", "정정/취소할 수량이 없습니다.", status=200)
    script = {"inquire-daily-ccld": [reply(output1=DAY, output2=sums(DAY))], "order-rvsecncl": [nothing]}
    kis = account(tmp_path, script)
    assert kis.broker().cancel("0000000002").answer is Answer.ACCEPTED  # a fill was faster
    assert kis.broker().cancel("0000000001").answer is Answer.ACCEPTED  # filled long ago: nothing is sent
    assert kis.broker().cancel("0000000099").answer is Answer.REJECTED
    assert kis.broker().revise("0000000001", Decimal(38_600)).answer is Answer.REJECTED
    assert len(kis.service.asked("order-rvsecncl")) == 1


def test_a_buy_is_sized_by_what_the_service_says_for_its_kind(tmp_path: Path) -> None:
    kis = account(tmp_path, {})
    assert (kis.broker().buyable("069500", Decimal(38_500)), kis.broker().buyable("069500", None)) == (7, 7)
    asked = [(r.url.params["ORD_DVSN"], r.url.params["ORD_UNPR"]) for r in kis.service.asked("inquire-psbl-order")]
    assert asked == [("00", "38500"), ("01", "")]
    assert kis.broker().buyable("999999", None) == 0


# ---- hours ----


@pytest.mark.parametrize(
    ("moment", "closed"),
    [
        ("2026-03-04 09:00:29", True),
        ("2026-03-04 09:00:30", False),
        ("2026-03-04 15:14:59", False),
        ("2026-03-04 15:15:00", True),
        ("2026-01-02 09:30:00", True),
        ("2026-01-02 10:00:30", False),
        ("2026-11-19 09:30:00", True),
        ("2026-11-19 16:10:00", False),
        ("2026-06-03 10:00:00", True),
        ("2026-07-17 10:00:00", True),
        ("2026-03-07 10:00:00", True),
    ],
)
def test_orders_are_sent_while_the_exchange_trades(tmp_path: Path, moment: str, closed: bool) -> None:
    now = datetime.fromisoformat(f"{moment}+09:00")
    kis = account(tmp_path, {}, Mode.MOCK, now.astimezone(UTC))
    assert (kis.broker().closed_for("069500") is not None) is closed
    assert (kis.broker().place(order()).answer is Answer.REJECTED) is closed


def test_the_services_own_day_is_asked_for_once_a_day(tmp_path: Path) -> None:
    shut = reply(output=[{"bass_dt": "20260304", "opnd_yn": "N"}, {"bass_dt": "20260305", "opnd_yn": "Y"}])
    kis = account(tmp_path, {"chk-holiday": [shut]})
    for _ in range(3):
        why = kis.broker().closed_for("069500")
        assert why is not None
        assert "the broker says" in why.en
    assert len(kis.service.asked("chk-holiday")) == 1


def test_a_clock_that_is_wrong_closes_the_exchange(tmp_path: Path) -> None:
    ahead = httpx.Response(200, json=json.loads(OPEN.content), headers={"date": "Wed, 04 Mar 2026 03:00:20 GMT"})
    kis = account(tmp_path, {"chk-holiday": [ahead]})
    broker = kis.broker()
    broker.closed_for("069500")
    why = broker.closed_for("069500")
    assert why is not None
    assert "clock is off by" in why.en


def test_the_session_is_that_of_the_exchange_that_is_open(tmp_path: Path) -> None:
    for now, day in (("2026-03-05T01:00+00:00", 5), ("2026-03-04T16:00+00:00", 4), ("2026-03-04T22:30+00:00", 5)):
        kis = account(tmp_path, {}, now=datetime.fromisoformat(now))
        assert kis.broker().session == date(2026, 3, day)


def test_a_book_is_closed_half_an_hour_after_the_close() -> None:
    day = date(2026, 3, 4)
    closed = [book_closed("XKRX", day, datetime(2026, 3, 4, 6, 30 + n, tzinfo=UTC)) for n in (0, 29)]
    assert (closed, book_closed("XKRX", day, datetime(2026, 3, 4, 7, 0, tzinfo=UTC))) == ([False, False], True)
    assert book_closed("XKRX", date(2026, 3, 7), datetime(2026, 3, 8, 0, 0, tzinfo=UTC))
    assert not in_session("XNYS", datetime(2026, 3, 4, 14, 0, tzinfo=UTC))
    assert last_trading_day("XKRX", datetime(2026, 3, 8, 23, 0, tzinfo=UTC)) == date(2026, 3, 6)


# ---- the American half ----


def foreign(code: str, quantity: str, exchange: str = "NASD", **changes: str) -> dict[str, str]:
    return {
        "pdno": code,
        "prdt_name": code,
        "ccld_qty_smtl1": quantity,
        "ord_psbl_qty1": quantity,
        "bass_exrt": "1385.40",
        "frcr_pchs_amt": "100.00",
        "buy_crcy_cd": "USD",
        "ovrs_now_pric1": "245.1",
        "ovrs_excg_cd": exchange,
    } | changes


PRESENT = reply(
    output1=[
        foreign("QQQM", "12.00000000"),
        foreign("VTI", "8.00000000", "AMEX"),
        foreign("VTI", "8.00000000", "AMEX"),
        foreign("", "0"),
    ],
    output2=[{"crcy_cd": "USD", "frcr_dncl_amt_2": "1520.330000", "frst_bltn_exrt": "1385.40000000"}],
    output3={"dncl_amt": "5000000", "tot_asst_amt": "16399195"},
)
POWER = reply(
    output={"ord_psbl_frcr_amt": "1500.00", "ovrs_ord_psbl_amt": "1496.25", "max_ord_psbl_qty": "6", "exrt": "1385.4"}
)
US = {
    "inquire-balance": [balance([])],
    "inquire-present-balance": [PRESENT],
    "inquire-psamount": [POWER],
    "price": [reply(output={"last": "245.1000"})],
    "order": [ACCEPTED],
}


def american(tmp_path: Path, script: Mapping[str, Any] | None = None, mode: Mode = Mode.REAL) -> Scripted:
    return account(tmp_path, {**US, **(script or {})}, mode, NIGHT)


def test_dollars_and_shares_abroad_are_held_once(tmp_path: Path) -> None:
    broker = american(tmp_path).broker(AMERICAN, "XNYS")
    snapshot = broker.snapshot()
    assert {p.code: p.quantity for p in snapshot.positions} == {"QQQM": 12, "VTI": 8}
    assert (snapshot.cash_of("USD"), snapshot.cash_of("KRW")) == (Decimal("1520.33"), Decimal(1_000_000))
    assert snapshot.spendable_cash("USD") == 1500
    assert [(rate.pair, rate.rate) for rate in broker.rates()] == [("USD/KRW", Decimal("1385.4"))]


def test_an_account_without_anything_abroad_is_asked_once(tmp_path: Path) -> None:
    empty = reply(output1=[], output2=[], output3={})
    kis = account(tmp_path, {"inquire-balance": [balance([])], "inquire-present-balance": [empty]})
    broker = kis.broker()
    broker.snapshot()
    broker.snapshot()
    assert len(kis.service.asked("inquire-present-balance")) == 1
    refusing = account(tmp_path, {"inquire-balance": [balance([])]})
    assert refusing.broker().snapshot().positions == ()


@pytest.mark.parametrize(("mode", "tr_id"), [(Mode.REAL, "TTTT1006U"), (Mode.MOCK, "VTTT1001U")])
def test_an_american_order_is_a_limit_on_its_own_exchange(tmp_path: Path, mode: Mode, tr_id: str) -> None:
    kis = american(tmp_path, mode=mode)
    broker = kis.broker(AMERICAN, "XNYS")
    broker.snapshot()
    answer = broker.place(order("VTI", Side.SELL, 3, "331.5", currency="USD"))
    assert answer.answer is Answer.ACCEPTED
    (request,) = kis.service.asked("trading/order")
    sent = sent_body(request)
    wanted = {
        "OVRS_EXCG_CD": "AMEX",
        "PDNO": "VTI",
        "ORD_QTY": "3",
        "OVRS_ORD_UNPR": "331.50",
        "SLL_TYPE": "00",
        "ORD_DVSN": "00",
    }
    assert {name: sent[name] for name in wanted} == wanted
    assert request.headers["tr_id"] == tr_id
    assert "no market orders" in broker.place(order("VTI", Side.SELL, 3, None, currency="USD")).reason.en
    assert "tick of 0.01" in broker.place(order("VTI", Side.SELL, 3, "331.505", currency="USD")).reason.en


def us_listed(number: int, quantity: int = 3, **changes: Any) -> dict[str, str]:
    row = {
        "ord_dt": "20260304",
        "ord_gno_brno": "01790",
        "odno": f"{number:010d}",
        "orgn_odno": "",
        "sll_buy_dvsn_cd": "02",
        "rvse_cncl_dvsn": "00",
        "pdno": "QQQM",
        "ft_ord_qty": str(quantity),
        "ft_ord_unpr3": "245.10000000",
        "ft_ccld_qty": "0",
        "ft_ccld_amt3": "0.00000",
        "nccs_qty": str(quantity),
        "prcs_stat_name": "전송",
        "rjct_rson": "",
        "tr_crcy_cd": "USD",
        "ovrs_excg_cd": "NASD",
        "dmst_ord_dt": "20260304",
        "thco_ord_tmd": "233105",
        "ord_tmd": "093105",
        "mdia_dvsn_name": "OpenAPI",
    }
    return row | {name: str(value) for name, value in changes.items()}


NIGHTLY = [
    us_listed(1, ft_ccld_qty=1, ft_ccld_amt3="245.10000", nccs_qty=2),
    us_listed(2, rjct_rson="1", prcs_stat_name="거부"),
    us_listed(3, rvse_cncl_dvsn="02", orgn_odno="0000000001", nccs_qty=0),
]
NO_ORDERS = reply(output1=[], output2={})


def us_list(tmp_path: Path, answers: list[httpx.Response], open_: list[dict[str, str]], mode: Mode = Mode.REAL) -> Any:
    script = {"inquire-ccnl": answers, "inquire-nccs": [reply(output=open_)], "inquire-daily-ccld": [NO_ORDERS]}
    kis = american(tmp_path, script, mode)
    broker = kis.broker(AMERICAN, "XNYS")
    return broker.order_list(broker.session), kis


def test_an_american_list_is_complete_when_two_readings_agree(tmp_path: Path) -> None:
    found, kis = us_list(tmp_path, [reply(output=NIGHTLY), reply(output=NIGHTLY[::-1])], [NIGHTLY[0]])
    assert found.complete
    assert [(int(row.number), row.filled, row.live) for row in found.rows] == [(1, 1, True), (2, 0, False)]
    assert found.rows[0].limit_price == Decimal("245.1")
    asked = kis.service.asked("inquire-ccnl")
    assert [(r.url.params["SORT_SQN"], r.url.params["ODNO"], r.url.params["PDNO"]) for r in asked] == [
        ("DS", "", "%"),
        ("AS", "", "%"),
    ]
    assert [r.url.params["ORD_STRT_DT"] for r in asked] == ["20260304", "20260304"]


@pytest.mark.parametrize("second", [NIGHTLY[:1], []])
def test_an_american_list_that_changes_or_lacks_an_open_order_is_incomplete(
    tmp_path: Path, second: list[dict[str, str]]
) -> None:
    assert not us_list(tmp_path / "a", [reply(output=NIGHTLY), reply(output=second)], [])[0].complete
    assert not us_list(tmp_path / "b", [reply(output=second)], [us_listed(9)])[0].complete


def test_an_empty_american_list_may_be_an_object_of_blanks(tmp_path: Path) -> None:
    blank = reply(output=dict.fromkeys(NIGHTLY[0], ""), msg_cd="KIOK0560")
    found, kis = us_list(tmp_path, [blank], [], Mode.MOCK)
    assert (found.rows, found.complete) == ((), True)
    assert kis.service.asked("inquire-ccnl")[0].url.params["PDNO"] == ""
    assert kis.service.asked("inquire-nccs") == []


def test_a_cancellation_abroad_names_no_branch(tmp_path: Path) -> None:
    script = {
        "inquire-ccnl": [reply(output=NIGHTLY[:1])],
        "inquire-nccs": [reply(output=NIGHTLY[:1])],
        "inquire-daily-ccld": [NO_ORDERS],
        "order-rvsecncl": [ACCEPTED],
    }
    kis = american(tmp_path, script)
    assert kis.broker(AMERICAN, "XNYS").cancel("1").answer is Answer.ACCEPTED
    sent = sent_body(kis.service.asked("order-rvsecncl")[0])
    names = ("OVRS_EXCG_CD", "PDNO", "ORGN_ODNO", "RVSE_CNCL_DVSN_CD", "ORD_QTY", "OVRS_ORD_UNPR")
    assert [sent[name] for name in names] == ["NASD", "QQQM", "0000000001", "02", "2", "0"]
    assert "KRX_FWDG_ORD_ORGNO" not in sent


def test_an_exchange_is_found_by_asking_once_and_remembered(tmp_path: Path) -> None:
    def price(request: httpx.Request) -> httpx.Response:
        return reply(output={"last": "245.10" if request.url.params["EXCD"] == "NAS" else ""})

    for asked in (["AMS", "NYS", "NAS", "NAS"], ["NAS"]):  # the second broker reads the file
        kis = american(tmp_path, {"price": [price]})
        (quote,) = kis.broker(AMERICAN[:1], "XNYS").quotes(["QQQM"])
        assert (quote.price, quote.currency, quote.as_of) == (Decimal("245.1"), "USD", date(2026, 3, 4))
        assert [r.url.params["EXCD"] for r in kis.service.asked("quotations/price")] == asked


def test_a_code_that_no_exchange_knows_has_no_price(tmp_path: Path) -> None:
    kis = american(tmp_path, {"price": [reply(output={"last": "", "base": ""})]})
    assert kis.broker(AMERICAN[:1], "XNYS").quotes(["QQQM"]) == ()


@pytest.mark.parametrize(("price", "text"), [("245.1", "245.10"), ("0.12345", "0.1235"), ("1", "1.00")])
def test_dollar_prices_have_two_decimals_and_four_below_a_dollar(price: str, text: str) -> None:
    assert overseas.price_text(Decimal(price)) == text
    assert Market("AMEX").quoted == "AMS"


# ---- prices and income ----


@pytest.mark.parametrize("price", ["0", "", "   "])
def test_a_price_of_nothing_is_no_price(tmp_path: Path, price: str) -> None:
    kis = account(tmp_path, {"inquire-price": [reply(output={"stck_prpr": price})]}, Mode.MOCK)
    assert kis.broker().quotes(["069500"]) == ()


def test_a_funds_own_value_comes_with_its_price_where_the_account_may_ask(tmp_path: Path) -> None:
    answer = reply(output={"stck_prpr": "38500", "nav": "38512.30"})
    (quote,) = account(tmp_path, {"inquire-price": [answer]}).broker().quotes(["069500"])
    assert (quote.nav, quote.at, quote.as_of) == (Decimal("38512.3"), NOON + timedelta(seconds=0.125), date(2026, 3, 4))
    (plain,) = account(tmp_path, {"inquire-price": [answer]}, Mode.MOCK).broker().quotes(["069500"])
    assert plain.nav is None


def test_dividends_by_record_date_have_their_ex_date(tmp_path: Path) -> None:
    rows = [{"record_date": "20261030", "sht_cd": "069500", "per_sto_divi_amt": "85", "divi_pay_dt": "2026/11/03"}]
    paid = [
        {
            "bass_dt": "20260731",
            "shtn_pdno": "069500",
            "last_alct_amt": "10200",
            "tax_amt": "1570",
            "cash_dfrm_dt": "20260804",
        }
    ]
    kis = account(tmp_path, {"dividend": [reply(output1=rows)], "period-rights": [reply(output=paid)]})
    period = (date(2026, 9, 1), date(2026, 10, 31))
    (one,) = income.announced(kis.client, "069500", *period) or ()
    assert (one.ex_date, one.per_share, one.paid_on) == (date(2026, 10, 29), Decimal(85), date(2026, 11, 3))
    (got,) = income.paid(kis.client, *period) or ()
    assert (got.gross, got.tax, got.paid_on) == (Decimal(10_200), Decimal(1_570), date(2026, 8, 4))
    mock = account(tmp_path, {}, Mode.MOCK).client
    assert (income.announced(mock, "069500", *period), income.paid(mock, *period)) == (None, None)
    assert income.ex_date(date(2026, 12, 31)) == date(2026, 12, 29)  # closed on the 31st: registered on the 30th


# ---- the sample replies beside the project ----


def sample(name: str) -> Any:
    path = SAMPLES / f"{name}.json"
    if not path.exists():
        pytest.skip(f"no sample {name}")
    found = json.loads(path.read_text(encoding="utf-8"))
    return found["body"]


def test_the_samples_of_the_page_are_read(tmp_path: Path) -> None:
    pages = [sample("inquire_balance_real_page1"), sample("inquire_balance_real_page2")]
    answers = [
        httpx.Response(200, json=page, headers={"tr_cont": cont}) for page, cont in zip(pages, "FE", strict=True)
    ]
    assert len(domestic.read_balance(account(tmp_path, {"inquire-balance": answers}).client).held) == 53
    single = httpx.Response(200, json=sample("inquire_balance_real_single"))
    balance_ = domestic.read_balance(account(tmp_path, {"inquire-balance": [single]}).client)
    assert (balance_.cash, balance_.charged, balance_.total) == (Decimal(5_815_307), Decimal(43), Decimal(21_475_307))
    mock = httpx.Response(200, json=sample("inquire_balance_mock_single"))
    assert domestic.read_balance(account(tmp_path, {"inquire-balance": [mock]}).client).charged == 68
    body = Body(sample("inquire_daily_ccld_real"), 200)
    rows = domestic_rows([body])
    orders, live = fold(rows, dead=False)
    assert adds_up(rows, body.one("output2"))
    assert {order.number[-3:]: (order.filled, order.live) for order in orders} == {
        "057": (10, False),
        "061": (5, False),
        "065": (8, True),
        "068": (0, False),
        "070": (4, False),
        "071": (0, True),
    }
    assert live["0000117071"].number == "0000117100"
    lagging = Body(sample("inquire_daily_ccld_mock_lagging"), 200)
    assert not adds_up(domestic_rows([lagging]), lagging.one("output2"))
    abroad = us_rows([Body(sample("overseas_ccnl"), 200)], Listings({one.code: one for one in AMERICAN}))
    assert [(row.code, row.left) for row in abroad] == [("QQQM", 2), ("QQQM", 0), ("VTI", 0)]


def test_the_listings_know_what_the_service_calls_a_class_of_shares() -> None:
    known = Listings({"BRK.B": AMERICAN[0].__class__("BRK.B", "XNYS", AMERICAN[0].instrument, "Berkshire")})
    assert known.by_symbol("BRK/B", "XNYS").code == "BRK.B"
    assert known.by_symbol("069500", "XKRX", "KODEX 200") == KOREAN[0].__class__(
        "069500", "XKRX", KOREAN[0].instrument, "KODEX 200"
    )
