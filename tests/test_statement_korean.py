"""Korean balances without a format of their own: names and no codes, two heading rows, several tables, web pages."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.errors import HoldingsError, InputError
from rebalance_kit.holdings.aids import Aids
from rebalance_kit.holdings.names import Match, Names, NoMatch
from rebalance_kit.holdings.statements.registry import FORMATS
from tests.korean_files import costs, korean, korean_sample
from tests.make import policy
from tests.statement_files import SAMPLES, cash, held, prices, said


def test_a_heading_of_two_rows_and_units_behind_numbers() -> None:
    file = korean_sample("names_two_rows.csv")
    assert file.format == "names"
    assert held(file) == {"main": {"069500": "10", "411060": "5"}}
    assert prices(file) == {"069500": Decimal(32000), "411060": Decimal(14000)}


def test_two_tables_and_the_deposit_below_them() -> None:
    file = korean_sample("korean_shinhan.csv")
    assert (file.format, file.holdings.as_of) == ("korean", date(2026, 10, 30))
    assert held(file) == {"main": {"069500": "10", "VTI": "1.5"}}
    assert {p.code: p.currency for p in file.holdings.positions} == {"069500": "KRW", "VTI": "USD"}
    assert cash(file) == {("main", "KRW"): Decimal(500000)}
    assert len(said(file, "total_agrees")) == 2


def test_a_web_page_under_the_name_of_a_workbook() -> None:
    file = korean_sample("hts_table.xls")
    assert held(file) == {"123-45-678901": {"069500": "100"}}
    assert cash(file) == {("123-45-678901", "KRW"): Decimal(1000000)}
    assert said(file, "total_agrees") == ["the rows add up to 총평가금액 in line 3, 3200000 KRW"]


def test_an_xml_spreadsheet() -> None:
    cell = '<Cell><Data ss:Type="String">{}</Data></Cell>'
    rows = [["종목코드", "종목명", "보유수량", "현재가"], ["069500", "KODEX 200", "10", "32000"]]
    body = "".join(f"<Row>{''.join(map(cell.format, row))}</Row>" for row in rows)
    file = korean(f'<?xml version="1.0"?><Workbook><Worksheet><Table>{body}</Table></Worksheet></Workbook>')
    assert held(file) == {"main": {"069500": "10"}}


def test_the_more_telling_quantity_is_read_and_the_other_shown() -> None:
    text = "종목명,보유수량,결제잔고,현재가\nKODEX 200,10,8,32000\nTIGER 미국S&P500,5,5,21540\n"
    file = korean(text)
    assert held(file) == {"main": {"069500": "10", "360750": "5"}}
    assert said(file, "other_quantity") == ["보유수량 was read, though 결제잔고 differs in line 2"]


def test_columns_in_foreign_money_beside_those_in_won() -> None:
    file = korean(
        "구분,종목코드,종목명,보유수량,외화매입금액,외화현재가,외화평가금액,통화,기준환율,평가금액\n"
        '해외주식,AAPL,애플,10,1500,189.95,1899.50,USD,"1,380.5","2,622,260"\n'
        '해외주식,7203,토요타,100,200000,2500,250000,JPY,910.00,"2,275,000"\n'
        '합계,,,,,,,,,"4,897,260"\n'
    )
    assert prices(file) == {"AAPL": Decimal("189.95"), "7203": Decimal(2500)}
    assert costs(file) == {("main", "AAPL"): "1500", ("main", "7203"): "200000"}
    assert {rate.pair: rate.rate for rate in file.rates} == {"USD/KRW": Decimal("1380.5"), "JPY/KRW": Decimal("9.1")}
    assert said(file, "total_agrees") == ["the rows add up to 합계 in line 4, 4897260 KRW"]


@pytest.mark.parametrize("code", ["KR7069500007", "069500.KS", '=""069500""', "'069500"])
def test_codes_with_marks_of_markets_and_spreadsheets(code: str) -> None:
    file = korean(f'종목코드,종목명,보유수량,현재가\n"{code}",KODEX 200,10,32000\n')
    assert held(file) == {"main": {"069500": "10"}}


def test_a_name_of_two_assets_is_ambiguous() -> None:
    aids = Aids(Names(given={"111110": "가상 코스피", "222220": "가상코스피"}))
    with pytest.raises(HoldingsError) as caught:
        korean("종목명,보유수량,현재가\n가상  코스피,1,1\n", aids=aids)
    assert caught.value.code == "ambiguous_name"
    assert "111110 가상 코스피, 222220 가상코스피" in str(caught.value)


def test_without_a_listing_the_message_says_how_to_give_one() -> None:
    with pytest.raises(HoldingsError, match=r"put a listing with the columns code and name"):
        korean("종목명,보유수량,현재가\nKODEX 200,1,1\n", aids=Aids())


def test_a_policy_and_a_listing_that_disagree_leave_it_open() -> None:
    wanted = policy("069500 60, 360750 40", assets={"360750": {"ticker": "KODEX 200"}})
    with pytest.raises(HoldingsError, match="is the name of several assets"):
        korean("종목명,보유수량,현재가\nKODEX 200,1,1\n", wanted)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("kodex200", "069500"),
        ("KOSEF 국고채10년", "148070"),
        ("ACE KRX금현물 (411060)", "411060"),
        ("069500", "069500"),
    ],
)
def test_names_are_compared_without_blanks_case_and_old_brands(name: str, code: str) -> None:
    book = Names(SAMPLES / "korea_listing.csv").book(None)
    found = book.find(name)
    assert isinstance(found, Match)
    assert found.code == code


def test_a_name_that_only_begins_the_same_is_no_match() -> None:
    found = Names(SAMPLES / "korea_listing.csv").book(None).find("TIGER 미국나스닥")
    assert found == NoMatch((("133690", "TIGER 미국나스닥100"),), several=False)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("mirae_journal.csv", "a trading journal (매매일지, 실현손익) from 2026-09-11 to 2026-09-13"),
        ("account_return.csv", "the daily returns of an account (계좌수익률) of 2026-09-15"),
    ],
)
def test_files_that_are_no_balance_say_what_they_are(file: str, words: str) -> None:
    with pytest.raises(HoldingsError) as caught:
        korean_sample(file)
    assert caught.value.code == "not_holdings"
    assert words in str(caught.value)
    assert "잔고" in caught.value.message("ko")


@pytest.mark.parametrize(
    "headings",
    [
        "매매일자,종목명,종목코드,구분,대출일자,보유수량,매입단가,매수수량,매도단가,매도수량,매수금액,매도금액,실현손익",
        "거래일자,거래구분,종목명,거래수량,거래단가,거래금액,수수료,제세금",
        "주문번호,종목코드,종목명,주문수량,체결수량,체결단가",
        "일자,시가,고가,저가,종가",
    ],
)
def test_further_files_that_are_no_balance(headings: str) -> None:
    with pytest.raises(HoldingsError) as caught:
        korean(headings + "\n" + ",".join("1" for _ in headings.split(",")) + "\n")
    assert caught.value.code == "not_holdings"


def test_each_format_has_its_own_name() -> None:
    assert len({form.name for form in FORMATS}) == len(FORMATS)


CELLS = (
    *(
        "KODEX 200",
        "069500",
        "A069500",
        "합계",
        "소계",
        "예수금",
        "D+2예수금",
        "1,000",
        "-5",
        "▲3",
        "12.5%",
        "",
        "현금",
    ),
    *(
        "해외주식",
        "2026-10-30",
        "종목명",
        "보유수량",
        "현재가",
        "평가금액",
        "종목코드",
        "계좌번호",
        "'",
        "원",
        "총평가금액",
    ),
)
HEADINGS = (
    "종목명,보유수량,현재가,평가금액",
    "계좌번호,종목코드,종목명,보유수량,매입평균가,기준일자",
    "유형,종목명,보유량,매입금액,현재가,평가금액,통화",
)


@given(
    st.lists(st.lists(st.sampled_from(CELLS), min_size=1, max_size=7), max_size=8),
    st.sampled_from(HEADINGS),
)
def test_any_rows_are_holdings_or_an_error_of_ours(rows: list[list[str]], heading: str) -> None:
    text = "\n".join([heading, *(",".join(f'"{cell}"' for cell in row) for row in rows)])
    with suppress(InputError):
        file = korean(text)
        lines = {row.line for row in file.skipped}
        assert all(2 <= line <= len(rows) + 1 for line in lines)
        assert len(file.holdings.positions) + len(lines) <= len(rows)
