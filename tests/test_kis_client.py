"""The KIS client before a service that answers by script: envelopes, numbers, pages, errors, pace, orders."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from rebalance_kit.brokers.base import Answer, Mode
from rebalance_kit.brokers.kis.client import Unsupported
from rebalance_kit.brokers.kis.codes import CERTAIN, CODES, HELD_BACK, Kind
from rebalance_kit.brokers.kis.envelope import Body, Fields, goes_on
from rebalance_kit.brokers.kis.table import Call
from rebalance_kit.brokers.kis.wire import LARGEST
from rebalance_kit.errors import BrokerError
from tests.make_kis import APP_KEY, NUMBER, PRODUCT, TOKEN, refused, reply, scripted, sent_body
from tests.make_kis import Answer as Scripted_

OUT = {"KRX_FWDG_ORD_ORGNO": "06010", "ODNO": "0000117057", "ORD_TMD": "101533"}
ORDER = {"PDNO": "069500", "ORD_QTY": "1", "ORD_UNPR": "38500"}


# ---- the table ----


def test_every_call_has_an_id_of_its_environment() -> None:
    for call in Call:
        assert call.value.real[0] in "TCFH"
        if call.value.account and call.value.mock is not None:
            assert call.value.mock[0] == "V", call
    assert len(set(Call)) == len(Call.__members__)


def test_the_mock_sale_of_an_american_share_has_its_own_id() -> None:
    assert (Call.US_SELL.tr_id(Mode.MOCK), Call.US_SELL.tr_id(Mode.REAL)) == ("VTTT1001U", "TTTT1006U")
    with pytest.raises(KeyError):
        Call.US_SELL.tr_id(Mode.PAPER)


def test_a_call_says_who_asks_and_for_what(tmp_path: Path) -> None:
    kis = scripted(tmp_path, {"inquire-psbl-order": [reply(output={})]}, Mode.MOCK)
    kis.client.ask(Call.BUYABLE, {"PDNO": "069500"})
    request = kis.service.asked("inquire-psbl-order")[0]
    assert dict(request.url.params) == {"CANO": NUMBER, "ACNT_PRDT_CD": PRODUCT, "PDNO": "069500"}
    names = ("authorization", "appkey", "tr_id", "custtype", "tr_cont", "user-agent")
    assert [request.headers[name] for name in names] == [
        f"Bearer {TOKEN}", APP_KEY, "VTTC8908R", "P", "", "rebalance-kit",
    ]  # fmt: skip


# ---- what replies look like ----


@pytest.mark.parametrize(
    ("text", "number"),
    [("38500", "38500"), (" 00123", "123"), ("+0.49", "0.49"), ("-1.50", "-1.5"), ("12.00000000", "12"), ("", None)],
)
def test_numbers_are_texts(text: str, number: str | None) -> None:
    assert Fields.of({"x": text}).number("X") == (None if number is None else Decimal(number))


@pytest.mark.parametrize("text", ["1,234", "NaN", "0x10", "12a", "--1", "1e5", "１２"])
def test_what_is_no_number_is_an_error(text: str) -> None:
    with pytest.raises(BrokerError, match="stck_prpr"):
        Fields.of({"stck_prpr": text}).number("stck_prpr")


def test_names_are_found_whatever_their_case() -> None:
    assert Fields.of({"excg_id_dvsn_Cd": "KRX"}).text("EXCG_ID_DVSN_CD") == "KRX"


@pytest.mark.parametrize(
    ("output", "rows"),
    [([{"a": "1"}, {"a": ""}], 1), ({"a": "1"}, 1), ({"a": "", "b": "0.000"}, 0), ([], 0), ({}, 0), (None, 0)],
)
def test_a_list_may_be_an_object_a_filler_or_missing(output: object, rows: int) -> None:
    assert len(Body({"output": output}, 200).rows("output")) == rows
    assert Body({}, 200).rows("output") == ()


@pytest.mark.parametrize(("header", "more"), [("F", True), ("M", True), ("D", False), ("E", False), ("", False),
                                              (" ", False), (None, False), ("f", True)])  # fmt: skip
def test_only_the_header_announces_a_page(header: str | None, more: bool) -> None:
    assert goes_on(header) is more


# ---- pages ----


def page(rows: list[str], cont: str, cursor: str = "") -> httpx.Response:
    blank = " " * 100
    return reply(
        cont=cont,
        output1=[{"pdno": code} for code in rows],
        ctx_area_fk100=f"{NUMBER}!^01".ljust(100),
        ctx_area_nk100=cursor.ljust(100) if cursor else blank,
    )


def codes_of(pages: tuple[Body, ...]) -> list[str]:
    return [row.text("pdno") for one in pages for row in one.rows("output1")]


@pytest.mark.parametrize("last", ["D", "E", ""])
def test_pages_are_followed_to_the_end(tmp_path: Path, last: str) -> None:
    kis = scripted(tmp_path, {"inquire-balance": [page(["A"], "F", "1"), page(["B"], "M", "2"), page(["C"], last)]})
    assert codes_of(kis.client.pages(Call.BALANCE, {})) == ["A", "B", "C"]
    asked = kis.service.asked("inquire-balance")
    assert [request.headers["tr_cont"] for request in asked] == ["", "N", "N"]
    assert [request.url.params["CTX_AREA_NK100"] for request in asked] == ["", "1", "2"]


def test_a_cursor_that_is_not_empty_announces_nothing(tmp_path: Path) -> None:
    kis = scripted(tmp_path, {"inquire-balance": [page([], "D", "something")]})
    assert len(kis.client.pages(Call.BALANCE, {})) == 1


@pytest.mark.parametrize("pages", [[page(["A"], "F", "1"), page(["A"], "F", "1")], [page(["A"], "F")]])
def test_a_list_that_goes_in_circles_is_refused(tmp_path: Path, pages: list[Scripted_]) -> None:
    kis = scripted(tmp_path, {"inquire-balance": pages})
    if len(pages) == 1:
        pages = [reply(cont="F", output1=[])]  # a mock account may leave the cursor out
        kis = scripted(tmp_path, {"inquire-balance": pages})
    with pytest.raises(BrokerError, match="same page came again"):
        kis.client.pages(Call.BALANCE, {})


def test_a_list_without_an_end_is_refused(tmp_path: Path) -> None:
    pages: list[Scripted_] = [page(["A"], "F", str(n)) for n in range(60)]
    with pytest.raises(BrokerError, match="more than 50 pages"):
        scripted(tmp_path, {"inquire-balance": pages}).client.pages(Call.BALANCE, {})


def test_a_list_that_moved_is_read_again_from_its_first_page(tmp_path: Path) -> None:
    moved = refused("KIOK0000", "조회이후에 자료가 변경되었습니다.(다시 조회하세요)", status=200)
    kis = scripted(tmp_path, {"inquire-balance": [page(["A"], "F", "1"), moved, page(["A", "B"], "D")]})
    assert codes_of(kis.client.pages(Call.BALANCE, {})) == ["A", "B"]
    assert [r.headers["tr_cont"] for r in kis.service.asked("inquire-balance")] == ["", "N", ""]


# ---- questions that fail ----


@pytest.mark.parametrize("code", ["EGW00201", "EGW00215", "EGW00002", "EGW00202", "EGW00301", "90020000"])
def test_a_question_is_asked_again_after_a_pause(tmp_path: Path, code: str) -> None:
    kis = scripted(tmp_path, {"inquire-price": [refused(code), refused(code), reply(output={"stck_prpr": "1"})]})
    assert kis.client.ask(Call.PRICE, {}).ok
    assert len(kis.service.asked("inquire-price")) == 3
    assert sum(kis.time.waited) > 3.2


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ReadTimeout("x"), httpx.ConnectError("x"), httpx.RemoteProtocolError("x"),
        httpx.Response(502, html="<html>"), httpx.Response(200, content=b'{"rt_cd": "0", "outp'),
        httpx.Response(200, content=b"[]"), httpx.Response(200, content=b"x" * (LARGEST + 1)),
    ],
)  # fmt: skip
def test_a_question_without_a_usable_answer_is_asked_four_times(tmp_path: Path, fault: Scripted_) -> None:
    kis = scripted(tmp_path, {"inquire-price": [fault]})
    with pytest.raises(BrokerError) as told:
        kis.client.ask(Call.PRICE, {})
    assert len(kis.service.asked("inquire-price")) == 4
    assert told.value.exit_code == 6
    assert "inquire-price" in str(told.value)


@pytest.mark.parametrize("code", sorted(code for code, known in CODES.items() if known.kind is Kind.STOP))
def test_wrong_settings_stop_at_once(tmp_path: Path, code: str) -> None:
    kis = scripted(tmp_path, {"inquire-price": [refused(code)]})
    with pytest.raises(BrokerError, match=code):
        kis.client.ask(Call.PRICE, {})
    assert len(kis.service.asked("inquire-price")) == 1


@pytest.mark.parametrize("code", ["90000000", "EGW00213", "OPSQ0002", "MCA00124"])
def test_a_call_that_the_account_lacks_says_so(tmp_path: Path, code: str) -> None:
    with pytest.raises(Unsupported):
        scripted(tmp_path, {"inquire-price": [refused(code)]}).client.ask(Call.PRICE, {})
    with pytest.raises(Unsupported):
        scripted(tmp_path, {}, Mode.MOCK).client.ask(Call.FUND_PRICE, {})


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    away = httpx.Response(302, headers={"location": "https://elsewhere.test/"})
    kis = scripted(tmp_path, {"inquire-price": [away]})
    with pytest.raises(BrokerError):
        kis.client.ask(Call.PRICE, {})
    assert {request.url.host for request in kis.service.requests} == {"kis.test"}


def test_a_reply_in_the_other_envelope_is_understood() -> None:
    body = Body({"error_code": "EGW00133", "error_description": "잠시 후"}, 403)
    assert (body.ok, body.code, body.says) == (False, "EGW00133", "잠시 후")


@pytest.mark.parametrize("mode", [Mode.REAL, Mode.MOCK])
def test_calls_keep_their_distance(tmp_path: Path, mode: Mode) -> None:
    kis = scripted(tmp_path, {"inquire-price": [reply(output={})]}, mode)
    times = []
    for _ in range(20):
        kis.client.ask(Call.PRICE, {})
        times.append(kis.time.monotonic())
    per_second = 19 / (times[-1] - times[0])
    assert per_second == pytest.approx({Mode.REAL: 8.0, Mode.MOCK: 0.9}[mode])


# ---- orders ----


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        (httpx.ConnectError("x"), Answer.NOT_SENT),
        (httpx.ConnectTimeout("x"), Answer.NOT_SENT),
        (httpx.PoolTimeout("x"), Answer.NOT_SENT),
        (httpx.ReadTimeout("x"), Answer.UNKNOWN),
        (httpx.WriteTimeout("x"), Answer.UNKNOWN),
        (httpx.ReadError("x"), Answer.UNKNOWN),
        (httpx.WriteError("x"), Answer.UNKNOWN),
        (httpx.RemoteProtocolError("x"), Answer.UNKNOWN),
        (httpx.Response(502, html="<html>"), Answer.UNKNOWN),
        (httpx.Response(200, content=b'{"rt_cd": "0", "outp'), Answer.UNKNOWN),
        (httpx.Response(200, content=b""), Answer.UNKNOWN),
        (httpx.Response(403, content=b""), Answer.UNKNOWN),
        (reply(output={}), Answer.UNKNOWN),  # "done", and no number
        (reply(output=OUT, status=500), Answer.UNKNOWN),
        (reply(output=OUT), Answer.ACCEPTED),
    ],
)
def test_an_order_is_sent_once_and_its_answer_says_no_more_than_is_certain(
    tmp_path: Path, fault: Scripted_, answer: Answer
) -> None:
    kis = scripted(tmp_path, {"order-cash": [fault]})
    sent = kis.client.order(Call.BUY, ORDER)
    assert sent.answer is answer
    assert len(kis.service.asked("order-cash")) == 1
    assert sent_body(kis.service.asked("order-cash")[0]) == {"CANO": NUMBER, "ACNT_PRDT_CD": PRODUCT, **ORDER}


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_documented_code_settles_an_order_as_its_kind_says(tmp_path: Path, code: str) -> None:
    kind = CODES[code].kind
    business = 200 if kind in CERTAIN else 500
    sent = scripted(tmp_path, {"order-cash": [refused(code, status=business)]}).client.order(Call.BUY, ORDER)
    wanted = Answer.NOT_SENT if kind in HELD_BACK else Answer.REJECTED if kind in CERTAIN else Answer.UNKNOWN
    assert sent.answer is wanted


@pytest.mark.parametrize("status", [403, 500])
def test_a_failure_of_http_is_certain_for_the_gateways_own_refusals_alone(tmp_path: Path, status: int) -> None:
    answers = {}
    for code in CODES:
        kis = scripted(tmp_path / code, {"order-cash": [refused(code, status=status)]})
        answers[code] = kis.client.order(Call.BUY, ORDER).answer
    sure = {code for code, answer in answers.items() if answer is not Answer.UNKNOWN}
    assert sure == {"EGW00121", "EGW00122", "EGW00123", "EGW00201", "EGW00213", "EGW00215"}


def test_what_nobody_documented_is_unknown(tmp_path: Path) -> None:
    for status in (200, 500):
        kis = scripted(tmp_path, {"order-cash": [refused("APBK9999", "?", status=status)]})
        assert kis.client.order(Call.BUY, ORDER).answer is Answer.UNKNOWN
    late = scripted(tmp_path, {"order-cash": [refused("APBK0952", status=500)]})
    assert late.client.order(Call.BUY, ORDER).answer is Answer.UNKNOWN


def test_one_code_says_two_things_and_its_text_tells_which(tmp_path: Path) -> None:
    script = {"order-rvsecncl": [refused("APBK0918", "정정/취소할 수량이 없습니다.", status=200)],
              "order-cash": [refused("APBK0918", "장운영시간이 아닙니다", status=200)]}  # fmt: skip
    kis = scripted(tmp_path, script)
    assert kis.client.order(Call.CHANGE, {}).kind is Kind.NONE_LEFT
    assert kis.client.order(Call.BUY, ORDER).kind is Kind.CLOSED


def test_an_order_that_would_leave_too_late_does_not_leave(tmp_path: Path) -> None:
    kis = scripted(tmp_path, {"order-cash": [reply(output=OUT)], "inquire-price": [refused("EGW00201")]})
    with pytest.raises(BrokerError):
        kis.client.ask(Call.PRICE, {})  # the service complained, so nothing leaves for some seconds
    assert kis.client.order(Call.BUY, ORDER).answer is Answer.NOT_SENT
    assert kis.service.asked("order-cash") == []
    assert kis.client.order(Call.BUY, ORDER).answer is Answer.ACCEPTED


def test_without_a_token_no_order_leaves(tmp_path: Path) -> None:
    script = {"tokenP": [httpx.Response(403, json={"error_code": "EGW00103", "error_description": "AppKey"})],
              "order-cash": [reply(output=OUT)]}  # fmt: skip
    kis = scripted(tmp_path, script)
    sent = kis.client.order(Call.BUY, ORDER)
    assert sent.answer is Answer.NOT_SENT
    assert "app key is not valid" in sent.says.en
    assert kis.service.asked("order-cash") == []
