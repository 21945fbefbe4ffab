"""Kiwoom: accounts with average costs, and what its trading program shows, with the deposit above the table."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from rebalance_kit.errors import HoldingsError, PriceError
from tests.korean_files import costs, korean, korean_sample
from tests.statement_files import cash, held, left_out, prices, rules, said

HEAD = "계좌번호,종목코드,종목명,보유수량,매입평균가,기준일자\n"
SCREEN = "종목명,종목번호,보유수량,가능수량,매입가,현재가,평가금액\n"


def test_accounts_with_average_costs_and_a_day() -> None:
    file = korean_sample("kiwoom_accounts.csv")
    assert (file.format, file.holdings.as_of) == ("kiwoom", date(2026, 10, 30))
    assert held(file) == {"8888-1": {"005930": "10", "373220": "2"}, "8888-2": {"360750": "1500"}}
    assert costs(file)["8888-2", "360750"] == "30165750"
    assert "zero_quantity" in rules(file)
    assert prices(file) == {}


def test_the_screen_of_the_trading_program() -> None:
    file = korean_sample("kiwoom_screen.txt")
    assert file.format == "kiwoom"
    assert held(file) == {"1234-5678": {"069500": "100"}}
    assert file.taken_at == datetime(2026, 10, 30, 15, 40, tzinfo=ZoneInfo("Asia/Seoul"))
    assert left_out(file) == [(8, "※ 본 자료는 투자 참고용입니다.", "a note, not a holding")]


def test_the_deposit_two_days_on_is_the_cash() -> None:
    file = korean_sample("kiwoom_screen.txt")
    assert cash(file) == {("1234-5678", "KRW"): Decimal(900000)}
    assert file.accounts[0].total == Decimal(4100000)
    assert said(file, "total_agrees") == [
        "the rows add up to 총평가 in line 5, 3200000 KRW",
        "the rows add up to 추정예탁자산 in line 3, 4100000 KRW",
    ]


def test_a_minus_before_a_price_tells_that_it_fell_where_the_value_proves_it() -> None:
    assert prices(korean_sample("kiwoom_screen.txt")) == {"069500": Decimal(32000)}
    with pytest.raises(PriceError, match=r"line 2, column '현재가': the price is -32000"):
        korean(SCREEN + "KODEX 200,A069500,100,100,30000,-32000,3100000\n")


def test_rows_of_several_days_count_as_of_the_last() -> None:
    file = korean(HEAD + "1-1,069500,KODEX 200,1,1,2026-10-29\n1-1,360750,TIGER 미국S&P500,1,1,2026-10-30\n")
    assert file.holdings.as_of == date(2026, 10, 30)
    assert "several_days" in rules(file)


def test_a_quantity_that_is_no_number_has_its_place() -> None:
    with pytest.raises(HoldingsError, match=r"f.csv, line 2, column '보유수량': 'x' is not a number"):
        korean(HEAD + "1-1,069500,KODEX 200,x,1,2026-10-29\n")
