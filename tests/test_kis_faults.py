"""Faults of the local KIS, each over real HTTP: what the caller sees, and what was booked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from rebalance_kit.brokers.kis.rehearsal.faults import KINDS
from rebalance_kit.brokers.kis.rehearsal.start import Rehearsal, start
from rebalance_kit.errors import UsageError
from tests.kis_calls import DATES, ETF, Desk, opened

ADMIN = {"x-rehearsal": "1"}


@pytest.fixture
def kis() -> Iterator[Rehearsal]:
    with start(opening=opened(1_000_000, _069500=40)) as running:
        yield running


@pytest.fixture
def real(kis: Rehearsal) -> Desk:
    return Desk(kis, "real", http=httpx.Client(trust_env=False, timeout=0.3))


@pytest.fixture
def mock(kis: Rehearsal) -> Desk:
    return Desk(kis, "mock")


def sell(desk: Desk, quantity: int = 1) -> dict[str, Any]:
    return desk.order("SELL", ETF, quantity, "40000")


@pytest.mark.parametrize(
    ("fault", "booked", "seen"),
    [
        ("hang_before", 0, httpx.ReadTimeout),
        ("hang_after", 1, httpx.ReadTimeout),
        ("cut_before", 0, httpx.ReadError),
        ("cut_after", 1, httpx.ReadError),
        ("garbled", 1, json.JSONDecodeError),
        ("empty", 0, json.JSONDecodeError),
    ],
)
def test_no_answer_says_nothing_about_the_order(
    kis: Rehearsal, real: Desk, fault: str, booked: int, seen: type[Exception]
) -> None:
    kis.faults.add(fault=fault, on="order-cash")
    with pytest.raises(seen):
        sell(real)
    assert len(kis.orders("real")) == booked
    assert sell(real)["rt_cd"] == "0", "the next one is well"
    assert len(kis.orders("real")) == booked + 1


@pytest.mark.parametrize(("fault", "booked"), [("error_before", 0), ("error_after", 1)])
def test_the_gateway_says_the_same_whether_it_was_booked_or_not(
    kis: Rehearsal, real: Desk, fault: str, booked: int
) -> None:
    kis.faults.add(fault=fault, on="order-cash")
    reply = sell(real)
    assert reply["msg_cd"] == "EGW00301"
    assert "직전 거래를 반드시 확인" in reply["msg1"]
    assert len(kis.orders("real")) == booked


def test_an_order_may_be_booked_after_the_caller_gave_up(kis: Rehearsal, real: Desk) -> None:
    kis.faults.add(fault="late_accept", on="order-cash", after=4)
    with pytest.raises(httpx.ReadTimeout):
        sell(real)
    kis.clock.advance(3.5)
    assert kis.orders("real") == []
    kis.clock.advance(1)
    assert len(kis.orders("real")) == 1


def test_an_html_page_instead_of_json(kis: Rehearsal, real: Desk) -> None:
    kis.faults.add(fault="error_after", on="order-cash", html=True, status=502)
    reply = real.send("order-cash", {})
    assert (reply.status_code, reply.headers["content-type"]) == (502, "text/html")


def test_a_storm_of_refusals_at_the_gate(kis: Rehearsal, real: Desk) -> None:
    kis.faults.add(fault="throttle", from_=2, to=4)
    codes = [real.get("inquire-balance")["msg_cd"] for _ in range(4)]
    assert codes == ["EGW00201", "EGW00201", "EGW00201", "KIOK0510"], "the token was the first call"


def test_a_token_dies_in_the_middle_of_a_run(kis: Rehearsal, real: Desk) -> None:
    kis.faults.add(fault="token_expired", on="inquire-balance", call=2)
    assert [real.get("inquire-balance")["msg_cd"] for _ in range(3)] == ["KIOK0510", "EGW00123", "EGW00123"]
    kis.clock.advance(60)
    real.token = None
    assert real.get("inquire-balance")["rt_cd"] == "0"
    assert kis.state()["tokens_issued"] == 2


def test_the_token_service_may_answer_with_an_empty_403(kis: Rehearsal, real: Desk) -> None:
    kis.faults.add(fault="empty", on="token")
    reply = real.ask_token()
    assert (reply.status_code, reply.content) == (403, b"")


def test_an_accepted_order_is_refused_by_the_exchange_later(kis: Rehearsal, real: Desk) -> None:
    kis.faults.add(fault="reject_later", on="order-cash", after=2)
    sell(real, 7)
    kis.clock.advance(2)
    row = real.rows()[0]
    assert (row["rjct_qty"], row["rmn_qty"], row["tot_ccld_qty"]) == ("7", "0", "0")
    assert kis.account("real").sellable(ETF) == 40


def test_a_business_refusal_of_choice(kis: Rehearsal, real: Desk) -> None:
    kis.faults.add(fault="reject", on="TTTC0011U", code="APBK1234", text="처음 보는 거부")
    assert (sell(real)["msg_cd"], kis.orders("real")) == ("APBK1234", [])


def test_fills_by_script(kis: Rehearsal, real: Desk) -> None:
    parts = [{"after": 1, "quantity": 8, "price": "40000"}, {"after": 30, "price": "40005"}]
    kis.faults.add(fault="fills", on="order-cash", parts=parts)
    number = sell(real, 20)["output"]["ODNO"]
    kis.clock.advance(2)
    assert [(row["tot_ccld_qty"], row["rmn_qty"]) for row in real.rows()] == [("8", "12")]
    assert real.change("02", number)["rt_cd"] == "0"
    kis.clock.advance(60)
    original = real.rows()[-1]
    assert (original["tot_ccld_qty"], original["cncl_cfrm_qty"], original["tot_ccld_amt"]) == ("8", "12", "320000")
    assert kis.account("real").shares(ETF) == 32


def test_an_order_stays_invisible(kis: Rehearsal, real: Desk) -> None:
    kis.faults.add(fault="invisible", on="order-cash", seconds=10)
    sell(real)
    assert real.rows() == []
    kis.clock.advance(10)
    assert len(real.rows()) == 1


@pytest.mark.parametrize(
    ("value", "numbers"),
    [("missing", []), ("twice", [2, 2, 1, 1]), ("shuffled", [1, 2]), ("filler", [2, 1, 0])],
)
def test_lists_that_are_not_in_order(kis: Rehearsal, mock: Desk, value: str, numbers: list[int]) -> None:
    for _ in range(2):
        sell(mock)
    kis.clock.advance(5)
    body = mock.get("inquire-daily-ccld", DATES)
    order = [row["odno"] for row in body["output1"]]
    kis.faults.add(fault="rows", on="inquire-daily-ccld", value=value)
    changed = mock.get("inquire-daily-ccld", DATES)
    known = {order[0]: 2, order[1]: 1, "": 0}
    assert [known[row["odno"]] for row in changed["output1"]] == numbers
    assert changed["output2"] == body["output2"], "the totals are full all the same"


def test_one_row_without_its_list(kis: Rehearsal, real: Desk) -> None:
    kis.faults.add(fault="rows", on="inquire-balance", value="object")
    assert isinstance(real.get("inquire-balance")["output1"], dict)


def test_pages_that_repeat_change_or_lose_their_cursor(kis: Rehearsal, real: Desk) -> None:
    for _ in range(3):
        sell(real)
    kis.world.habits["real"].order_rows = 2
    first = real.send("inquire-daily-ccld", DATES)
    following = DATES | {"CTX_AREA_NK100": first.json()["ctx_area_nk100"]}
    kis.faults.add(fault="rows", on="inquire-daily-ccld", value="again")
    again = real.send("inquire-daily-ccld", following, cont="N")
    assert again.json()["output1"] == first.json()["output1"]
    assert (again.headers["tr_cont"], again.json()["ctx_area_nk100"]) == ("F", first.json()["ctx_area_nk100"])
    kis.faults.add(fault="changed", on="inquire-daily-ccld")
    assert "자료가 변경" in real.send("inquire-daily-ccld", following, cont="N").json()["msg1"]
    kis.faults.add(fault="no_cursor", on="inquire-daily-ccld")
    assert "ctx_area_nk100" not in real.get("inquire-daily-ccld", DATES)


@pytest.mark.parametrize(("form", "text"), [("plain", "762"), ("zero", "0000000762"), ("blank", "       762")])
def test_order_numbers_in_three_forms(kis: Rehearsal, mock: Desk, form: str, text: str) -> None:
    kis.faults.add(fault="order_number", on="inquire-daily-ccld", value=form)
    sell(mock)
    kis.clock.advance(5)
    assert mock.rows()[0]["odno"] == text


def test_wrong_data_at_a_path(kis: Rehearsal, real: Desk) -> None:
    kis.faults.add(fault="set", on="inquire-balance", path="output1.*.hldg_qty", value="+0,040")
    kis.faults.add(fault="padded", on="inquire-balance", call=2)
    assert real.rows("inquire-balance")[0]["hldg_qty"] == "+0,040"
    assert real.rows("inquire-balance")[0]["hldg_qty"] == "          40"


def test_the_answer_of_another_request(kis: Rehearsal, real: Desk) -> None:
    kis.faults.add(fault="stale_reply", on="order-cash", call=2)
    numbers = [sell(real)["output"]["ODNO"] for _ in range(2)]
    assert numbers[0] == numbers[1]
    assert len({order.number for order in kis.orders("real")}) == 2


def test_faults_are_narrowed_by_fields_and_environment(kis: Rehearsal, real: Desk, mock: Desk) -> None:
    kis.faults.load([
        {"fault": "throttle", "on": "order-cash", "where": {"ORD_QTY": "3"}, "environment": "mock", "times": 9},
    ])  # fmt: skip
    assert [sell(desk, n)["rt_cd"] for desk in (real, mock) for n in (2, 3)] == ["0", "0", "0", "1"]


def test_the_same_seed_has_the_same_faults() -> None:
    def codes(seed: int) -> list[str]:
        line = {"fault": "throttle", "on": "inquire-balance", "probability": 0.4}
        with start(opening=opened(1), faults=[line], seed=seed) as kis:
            desk = Desk(kis, "real")
            return [desk.get("inquire-balance")["msg_cd"] for _ in range(20)]

    assert codes(1) == codes(1)
    assert codes(1) != codes(2)
    assert 0 < codes(1).count("EGW00201") < 20


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ({"fault": "earthquake"}, "earthquake"),
        ({"fault": "slow", "second": 3}, "second"),
        ({"fault": "rows", "value": "upside down"}, "upside down"),
        ({"fault": "fills", "parts": []}, "parts"),
    ],
)
def test_a_script_with_a_mistake_is_refused_by_name(line: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match="fault 1 of the script") as caught:
        start(faults=[line])
    assert named in caught.value.message("en")
    assert "대본" in caught.value.message("ko")


def test_every_kind_of_fault_is_tried_here(kis: Rehearsal, real: Desk) -> None:
    """A kind that no test knows would be one that nobody has seen work."""
    text = Path(__file__).read_text(encoding="utf-8")
    untried = {kind for kind in KINDS if f'"{kind}"' not in text}
    assert untried <= {"ledger_throttle", "token_invalid"}
    for kind, code in (("ledger_throttle", "EGW00215"), ("token_invalid", "EGW00121")):
        kis.faults.add(fault=kind, on="inquire-balance", times=1)
        assert real.get("inquire-balance")["msg_cd"] == code


# The other door


def post(kis: Rehearsal, what: str, body: Any, **headers: str) -> httpx.Response:
    return httpx.post(f"{kis.url()}/rehearsal/{what}", json=body, headers=headers or ADMIN, trust_env=False)


def test_the_other_door_moves_clock_prices_and_faults(kis: Rehearsal, real: Desk) -> None:
    assert (
        post(kis, "clock", {"set": "2026-03-04 11:00", "advance": 30}).json()["now"].startswith("2026-03-04T11:00:30")
    )
    assert post(kis, "price", {"code": ETF, "price": "41000"}).status_code == 200
    assert real.get("inquire-price", {"FID_INPUT_ISCD": ETF})["output"]["stck_prpr"] == "41000"
    assert post(kis, "product", {"code": ETF, "halted": True}).status_code == 200
    assert sell(real)["msg_cd"] == "APBK0066"
    assert post(kis, "product", {"code": ETF, "halted": False}).status_code == 200
    assert post(kis, "faults", [{"fault": "slow", "on": "order-cash", "seconds": 0.1}]).status_code == 200
    assert post(kis, "habits", {"environment": "real", "lag": 9}).status_code == 200
    assert post(kis, "tokens", {}).status_code == 200
    assert sell(real)["msg_cd"] == "EGW00123"
    assert post(kis, "faults", [{"fault": "earthquake"}]).status_code == 400
    assert post(kis, "price", {"code": "nothing"}).status_code == 400


def test_an_order_by_phone_is_in_the_list_with_another_channel(kis: Rehearsal, real: Desk) -> None:
    body = {"environment": "real", "code": ETF, "side": "SELL", "quantity": 3, "price": "41000"}
    assert post(kis, "order", body).status_code == 200
    assert [(row["ordr_empno"], row["ord_qty"]) for row in real.rows()] == [("HTS", "3")]


def test_the_other_door_tells_everything_but_the_keys(kis: Rehearsal, real: Desk) -> None:
    sell(real)
    url = f"{kis.url()}/rehearsal/"
    state = httpx.get(url + "state", headers=ADMIN, trust_env=False)
    assert state.json() == kis.state()
    calls = httpx.get(url + "calls", headers=ADMIN, trust_env=False)
    assert [call["path"].rsplit("/", 1)[-1] for call in calls.json()] == ["tokenP", "order-cash"]
    for secret in (real.keys["appsecret"], real.token or "-"):
        assert secret not in state.text + calls.text + repr(kis.calls)


def test_a_page_in_a_browser_cannot_come_in(kis: Rehearsal) -> None:
    assert post(kis, "clock", {"advance": 1}, accept="*/*").status_code == 403
    assert httpx.get(kis.url(), headers={"host": "evil.example"}, trust_env=False).status_code == 400
