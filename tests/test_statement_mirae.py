"""Mirae Asset: an ordinary account with assets abroad, and an IRP without prices."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebalance_kit.errors import HoldingsError
from tests.korean_files import costs, korean, korean_sample
from tests.statement_files import cash, held, left_out, prices, rules, said

HEAD = "유형,종목명,종목구분,보유량,주문가능,평균단가,매입금액,현재가,평가금액,평가손익,수익률\n"
IRP = "종목명,보유량,매입금액,평가금액,평가손익,수익률,운용비율\n"


def test_the_names_are_found_in_the_listing_and_shown() -> None:
    file = korean_sample("mirae_general.csv")
    assert file.format == "mirae"
    assert held(file) == {"main": {"069500": "1200", "360750": "10", "005930": "3", "AAPL": "3.5"}}
    assert cash(file) == {("main", "KRW"): Decimal(1234567)}
    assert said(file, "name_matched")[0] == "KODEX 200 in line 2 is taken as 069500 (KODEX 200 in korea_listing.csv)"


def test_arrows_before_prices_only_tell_how_they_moved() -> None:
    assert prices(korean_sample("mirae_general.csv"))["360750"] == Decimal(21540)


def test_an_asset_abroad_has_its_price_in_dollars_and_its_cost_in_won() -> None:
    file = korean_sample("mirae_general.csv")
    apple = next(p for p in file.holdings.positions if p.code == "AAPL")
    assert (apple.currency, apple.cost, file.values["main", "AAPL"]) == ("USD", None, Decimal("664.82"))
    assert prices(file)["AAPL"] == Decimal("189.95")
    assert said(file, "cost_in_won") == [
        "the cost in line 5, 875430, is in won for an asset in foreign money and is not used"
    ]


def test_a_fund_is_left_out_with_its_value() -> None:
    file = korean_sample("mirae_general.csv")
    assert left_out(file)[0][:2] == (6, "가상인덱스증권자투자신탁(주식)종류C-e")
    assert file.skipped[0].value == Decimal(1100000)


def test_amounts_abroad_that_could_be_won_or_dollars_are_refused() -> None:
    with pytest.raises(HoldingsError) as caught:
        korean(HEAD + "해외주식,애플(AAPL),주식,10,10,200,2000,250,2500,500,25.0\n")
    assert caught.value.code == "won_or_foreign"


def test_a_profit_proves_that_the_cost_is_in_dollars_too() -> None:
    file = korean(HEAD + "해외주식,애플(AAPL),주식,10,10,200.5,2005,250.1,2501,496,24.7\n")
    assert costs(file) == {("main", "AAPL"): "2005"}


def test_a_name_that_is_nobodys_is_refused_with_what_is_alike() -> None:
    with pytest.raises(HoldingsError) as caught:
        korean(HEAD + "주식,KODEX 20,ETF,1,1,1,1,1,1,0,0\n주식,무명,주식,1,1,1,1,1,1,0,0\n")
    assert caught.value.code == "unknown_name"
    assert "line 2, column '종목명': no asset is called 'KODEX 20' (alike: 069500 KODEX 200)" in str(caught.value)
    assert "'무명'" in str(caught.value)


def test_the_irp_has_values_that_prove_its_prices() -> None:
    file = korean_sample("mirae_irp.csv")
    assert (file.format, file.accounts[0].kind) == ("mirae_irp", "irp")
    assert held(file) == {"main": {"133690": "25"}}
    assert prices(file) == {"133690": Decimal(120500)}
    assert cash(file) == {("main", "KRW"): Decimal(500000)}
    assert said(file, "total_agrees") == ["the rows add up to 합계 in line 5, 5000000 KRW"]


def test_a_total_that_the_rows_do_not_reach_is_a_finding() -> None:
    file = korean(IRP + "KODEX 200,10,300000,320000,20000,6.67,100\n합계,,300000,330000,,,100\n")
    assert said(file, "total_mismatch") == [
        "합계 in line 3 is 330000 KRW, but the rows add up to 320000: 10000 is missing"
    ]
    assert "total_agrees" not in rules(file)


def test_money_that_waits_in_the_plan_is_cash() -> None:
    file = korean(IRP + "현금성자산,,1000,1000,0,0,100\n")
    assert cash(file) == {("main", "KRW"): Decimal(1000)}
    assert "counted_as_cash" in rules(file)
