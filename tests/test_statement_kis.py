"""Replies of the KIS API as files: one page or several, domestic and abroad, what they print against what they hold."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from rebalance_kit.errors import HoldingsError
from rebalance_kit.holdings.statements.kis_pages import belong_together, joined
from rebalance_kit.textfile.document import Document
from tests.korean_files import costs
from tests.statement_files import SAMPLES, cash, held, prices, rules, said, sample, statement


def document(name: str) -> Document:
    return Document(name, (SAMPLES / name).read_bytes(), HoldingsError)


def changed(**totals: str) -> bytes:
    body = json.loads((SAMPLES / "kis_balance.json").read_text(encoding="utf-8"))
    body["output2"][0].update(totals)
    return json.dumps(body, ensure_ascii=False).encode()


def test_the_deposit_two_days_on_and_the_identities() -> None:
    file = sample("kis_balance.json")
    assert file.format == "kis"
    assert held(file) == {"87654321-01": {"069500": "100", "0000D0": "80"}}
    assert cash(file) == {("87654321-01", "KRW"): Decimal(1000000)}
    assert file.accounts[0].total == Decimal(5000000)
    assert len(said(file, "total_agrees")) == 3
    assert rules(file) >= {"zero_quantity", "unsettled_trades"}
    assert prices(file)["114260"] == Decimal(59870)


def test_a_reply_that_contradicts_itself_says_by_how_much() -> None:
    file = statement(changed(scts_evlu_amt="4000001"))
    (mismatch,) = said(file, "total_mismatch")
    assert mismatch.endswith("is 4000001 KRW, but the rows add up to 4000000: 1 is missing")


def test_an_object_instead_of_a_list_and_numbers_instead_of_texts() -> None:
    body = json.loads((SAMPLES / "kis_balance.json").read_text(encoding="utf-8"))
    body["output2"] = body["output2"][0]
    body["output1"][0]["hldg_qty"] = 100
    body["output1"][1]["prpr"] = " 0010000 "
    assert held(statement(json.dumps(body))) == {"87654321-01": {"069500": "100", "0000D0": "80"}}


def test_a_page_alone_says_that_it_goes_on() -> None:
    file = sample("kis_page1.json")
    assert "more_pages" in rules(file)
    assert len(said(file, "total_mismatch")) == 3


def test_pages_are_read_together_and_their_totals_once() -> None:
    pages = [document("kis_page1.json"), document("kis_page2.json")]
    assert belong_together(*pages)
    file = statement(joined(pages).data)
    assert held(file) == held(sample("kis_balance.json"))
    assert cash(file) == cash(sample("kis_balance.json"))
    assert "total_mismatch" not in rules(file)


def test_replies_of_two_moments_are_no_pages_of_one() -> None:
    other = Document("other.json", changed(dnca_tot_amt="1"), HoldingsError)
    assert not belong_together(document("kis_balance.json"), other)


def test_an_error_of_the_api_is_no_empty_account() -> None:
    with pytest.raises(HoldingsError) as caught:
        statement('{"rt_cd": "1", "msg_cd": "EGW00123", "msg1": "기간이 만료된 token 입니다.   "}')
    assert caught.value.code == "failed_reply"
    assert "'기간이 만료된 token 입니다.'" in str(caught.value)


def test_a_number_that_is_none_has_its_line() -> None:
    text = (SAMPLES / "kis_balance.json").read_text(encoding="utf-8").replace('"32000"', '"3x"')
    with pytest.raises(HoldingsError, match=r"line \d+, column 'prpr': '3x' is not a number"):
        statement(text)


def test_broken_json_has_its_line() -> None:
    with pytest.raises(HoldingsError, match="the JSON is broken"):
        statement('{"rt_cd": "0", "output1": [')


def test_the_present_balance_abroad_has_cash_and_a_rate() -> None:
    file = sample("kis_overseas_present.json")
    assert file.format == "kis_overseas"
    assert held(file) == {"main": {"VTI": "8.5"}}
    assert cash(file) == {("main", "USD"): Decimal("1520.33")}
    assert [(rate.pair, rate.rate) for rate in file.rates] == [("USD/KRW", Decimal("1385.4"))]
    assert "won_not_counted" in rules(file)


def test_the_balance_abroad_drops_its_blank_rows() -> None:
    file = sample("kis_overseas_balance.json")
    assert held(file) == {"87654321-01": {"QQQM": "12"}}
    assert costs(file) == {("87654321-01", "QQQM"): "2656.2"}
