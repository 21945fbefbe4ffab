"""Hanwha Investment: the domestic balance with its empty columns, the balance abroad in won."""

from __future__ import annotations

from decimal import Decimal

from tests.korean_files import costs, korean, korean_sample
from tests.statement_files import held, prices, rules, said

HEAD = ",,종목명,보유수량,매입단가,평가손익,수익률,현재가,평가금액,매입금액,잔고비중(%),신용구분,종목코드\n"
ABROAD = (
    "구분,종목명,결제보유수량,매입단가,매입금액,현재가,평가금액,평가손익,수익률,종목코드,기준환율,통화,거래국가,"
    "거래시장\n"
)


def test_two_columns_without_headings_and_codes_as_text() -> None:
    file = korean_sample("hanwha_domestic.csv")
    assert file.format == "hanwha"
    assert held(file) == {"main": {"069500": "100", "0000D0": "80"}}
    assert costs(file) == {("main", "069500"): "3000000", ("main", "0000D0"): "820000"}
    assert said(file, "total_agrees") == ["the rows add up to 합계 in line 4, 4000000 KRW"]


def test_a_code_in_its_other_spellings() -> None:
    rows = ",,KODEX 200,1,1,0,0,32000,32000,1,50,현금,A069500\n"
    rows += ",,KODEX 국고채3년,1,1,0,0,59870,59870,1,50,현금,KR7114260003\n"
    file = korean(HEAD + rows)
    assert held(file) == {"main": {"069500": "1", "114260": "1"}}
    assert said(file, "code_spelling")[0] == "A069500 in line 2 is taken as 069500"


def test_zeros_that_a_spreadsheet_took_are_put_back_where_the_name_proves_it() -> None:
    file = korean(HEAD + ",,KODEX 200,1,1,0,0,32000,32000,1,50,현금,69500\n")
    assert held(file) == {"main": {"069500": "1"}}


def test_a_code_that_the_listing_calls_otherwise_is_flagged() -> None:
    file = korean(HEAD + ",,TIGER 은선물,1,1,0,0,32000,32000,1,50,현금,069500\n")
    assert said(file, "code_and_name_disagree") == [
        "069500 is called TIGER 은선물 in line 2, but KODEX 200 in korea_listing.csv"
    ]


def test_a_position_on_credit_is_a_warning() -> None:
    file = korean(HEAD + ",,KODEX 200,1,1,0,0,32000,32000,1,50,유통융자,069500\n")
    assert "bought_on_credit" in rules(file)


def test_the_won_abroad_are_turned_back_by_the_rate_of_the_file() -> None:
    file = korean_sample("hanwha_overseas.csv")
    assert file.format == "hanwha_overseas"
    assert held(file) == {"main": {"AAPL": "10", "VTI": "8.5"}}
    assert prices(file) == {"AAPL": Decimal("189.95"), "VTI": Decimal("331.42")}
    assert [(rate.pair, rate.rate) for rate in file.rates] == [("USD/KRW", Decimal("1380.50"))]
    assert costs(file) == {("main", "AAPL"): None, ("main", "VTI"): None}
    assert said(file, "total_agrees") == ["the rows add up to 합계 in line 4, 6511225 KRW"]


def test_without_a_rate_a_price_in_won_is_none_in_dollars() -> None:
    file = korean(ABROAD + "해외주식,APPLE INC,10,1,1,262226,2622260,1,1,AAPL,,USD,미국,NASDAQ\n")
    assert held(file) == {"main": {"AAPL": "10"}}
    assert prices(file) == {}
