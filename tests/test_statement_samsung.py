"""Samsung Securities: several accounts by number and type, cash among the rows, CP949."""

from __future__ import annotations

from decimal import Decimal

from tests.korean_files import costs, korean, korean_sample
from tests.make import policy
from tests.statement_files import cash, held, rules, said

HEAD = "계좌번호,계좌유형,종목명,구분,잔고수량,매수단가,현재가,평가금액,매수금액,평가손익,수익률\n"
FIRST, ISA, PENSION = "7123456789-01", "7123456789-31", "7123456789-51"


def test_one_asset_in_several_accounts() -> None:
    file = korean_sample("samsung_cp949.csv")
    assert file.format == "samsung"
    assert held(file) == {FIRST: {"069500": "100"}, ISA: {"069500": "50"}, PENSION: {"360750": "20"}}
    assert file.account_types == {FIRST: "taxable", ISA: "isa", PENSION: "pension"}
    assert costs(file)[FIRST, "069500"] == "3000000"
    assert "encoding" in rules(file)


def test_cash_and_rp_are_rows_among_the_others() -> None:
    file = korean_sample("samsung_cp949.csv")
    assert cash(file) == {(FIRST, "KRW"): Decimal(150000), (ISA, "KRW"): Decimal(70000)}
    assert said(file, "counted_as_cash") == ["RP in line 5 counts as cash: 70000 KRW"]


def test_one_number_with_two_types_is_two_accounts() -> None:
    rows = "1234-01,위탁,KODEX 200,ETF,1,1,32000,32000,1,0,0\n1234-01,ISA,KODEX 200,ETF,2,1,32000,64000,2,0,0\n"
    assert held(korean(HEAD + rows)) == {"1234-01 위탁": {"069500": "1"}, "1234-01 ISA": {"069500": "2"}}


def test_the_account_of_merged_cells_is_that_of_the_row_above() -> None:
    rows = "1234-01,위탁,KODEX 200,ETF,1,1,32000,32000,1,0,0\n,,TIGER 미국S&P500,ETF,2,1,21540,43080,2,0,0\n"
    assert held(korean(HEAD + rows)) == {"1234-01": {"069500": "1", "360750": "2"}}


def test_several_views_of_one_deposit_are_not_added_up() -> None:
    rows = "1-01,위탁,예수금,현금,,,,1000,,,\n1-01,위탁,D+1예수금,현금,,,,900,,,\n1-01,위탁,D+2예수금,현금,,,,800,,,\n"
    file = korean(HEAD + rows)
    assert cash(file) == {("1-01", "KRW"): Decimal(800)}
    assert len(said(file, "cash_view")) == 2


def test_foreign_cash_is_the_quantity_beside_its_value_in_won() -> None:
    file = korean(HEAD + '1-01,위탁,외화예수금(USD),현금,"1,000.50",,,"1,380,000",,,\n')
    assert cash(file) == {("1-01", "USD"): Decimal("1000.50")}


def test_the_policys_own_names_find_codes_and_accounts() -> None:
    wanted = policy("069500 60, 360750 40", assets={"069500": {"ticker": "KODEX 200"}})
    file = korean(HEAD + "1234-01,위탁,KODEX200,ETF,1,1,32000,32000,1,0,0\n", wanted)
    assert held(file) == {"main": {"069500": "1"}}
    assert said(file, "account_taken_as") == ["the statement's account 1234-01 is taken as the account main"]
