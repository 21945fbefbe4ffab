"""Fidelity's positions download: accounts, core cash, what is left out, totals that percentages imply."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from rebalance_kit.errors import HoldingsError
from tests.make import policy
from tests.statement_files import SAMPLES, cash, held, left_out, prices, rules, said, sample, statement

HEAD = "Account Number,Account Name,Symbol,Description,Quantity,Last Price,Current Value,Cost Basis Total,Type\n"


def test_every_account_of_the_file() -> None:
    file = sample("fidelity_three_accounts.csv")
    assert file.format == "fidelity"
    assert file.account_types == {"Z10000001": "taxable", "234000002": "roth", "77000": "401k"}
    assert held(file) == {
        "Z10000001": {"AAA": "14.5", "BRKB": "3"},
        "234000002": {"FXAIX": "1234.567"},
        "77000": {"31617E471": "100.5"},
    }
    assert cash(file) == {("Z10000001", "USD"): Decimal("2500.40"), ("234000002", "USD"): Decimal("100.00")}
    assert {p.code: p.cost for p in file.holdings.positions} == {
        "AAA": Decimal("5200.00"),
        "BRKB": Decimal("1200.00"),
        "FXAIX": Decimal("150000.00"),
        "31617E471": None,
    }
    assert prices(file)["AAA"] == Decimal("400.10")
    assert file.values["Z10000001", "AAA"] == Decimal("5801.45")


def test_options_bills_and_pending_activity_are_left_out_and_named() -> None:
    file = sample("fidelity_three_accounts.csv")
    assert left_out(file) == [
        (6, "-AAA270115C450", "an option"),
        (7, "912797ZZ1", "a bond, bill or certificate of deposit"),
        (8, "Pending Activity", "activity that is not settled yet"),
    ]
    assert [row.value for row in file.skipped] == [Decimal("-400.00"), Decimal("985.00"), Decimal("-182.50")]
    assert rules(file) == {"option_skipped", "bond_skipped", "pending_skipped", "merged_rows"}


def test_the_footer_says_when_it_was_made() -> None:
    file = sample("fidelity_three_accounts.csv")
    assert file.taken_at == datetime(2026, 10, 3, 16, 10, tzinfo=ZoneInfo("America/New_York"))
    assert {quote.as_of for quote in file.quotes} == {file.holdings.as_of}
    assert all(quote.dated for quote in file.quotes)


def test_another_view_has_other_columns() -> None:
    file = sample("fidelity_view.csv")
    assert held(file) == {"900000555": {"GGG": "100", "HHH": "40"}}
    assert file.account_types == {"900000555": "roth_401k"}
    assert str(file.holdings.as_of) == "2026-10-03"
    assert "account_incomplete" not in rules(file)


def test_percentages_tell_that_rows_are_missing() -> None:
    text = (SAMPLES / "fidelity_view.csv").read_text().replace("$4000.00,40.05%", "$3000.00,40.05%")
    (message,) = said(statement(text), "account_incomplete")
    assert message.startswith("the percentages of account 900000555 imply about 9,988 USD in all")


@pytest.mark.parametrize(
    ("heading", "row", "account"),
    [
        ("Account Name/Number,Symbol,Description,Quantity,Last Price,Current Value",
         'INDIVIDUAL - XXX123456,AAA,ALPHA,"2,000.5",$10.00,"$20,005.00"', "INDIVIDUAL - XXX123456"),
        ("Symbol,Description,Quantity,Last Price,Current Value,Cost Basis Total,Average Cost Basis",
         "AAA,ALPHA,2000.5,10.00,20005.00,1500.00,150.00", "main"),
        ("account number,account name,symbol,description,quantity,last price,current value",
         "X1,Joint WROS,AAA,ALPHA,2000.5,$10.00,$20005.00", "X1"),
    ],
)  # fmt: skip
def test_older_and_narrower_headings(heading: str, row: str, account: str) -> None:
    assert held(statement(f"{heading}\n{row}\n")) == {account: {"AAA": "2000.5"}}


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_and_blanks_do_not_matter(codec: str) -> None:
    text = HEAD + "X1,Individual, AAA ,ALPHA\u00a0CORP,10,$1.50, $15.00 ,--,Cash,,,\r\n\r\n,,,,,,,,\r\n"
    assert held(statement(text.encode(codec))) == {"X1": {"AAA": "10"}}


def test_core_cash_with_a_quantity_and_without() -> None:
    file = statement(
        HEAD
        + "X1,Individual,SPAXX**,FIDELITY GOVERNMENT MONEY MARKET,412.15,$1.00,$412.15,,Cash\n"
        + "X1,Individual,CORE**,FDIC-INSURED DEPOSIT SWEEP,,,$10.05,,Cash\n"
        + "X1,Individual,SPAXX,FIDELITY GOVERNMENT MONEY MARKET,5,$1.00,$5.00,,Cash\n"
    )
    assert cash(file) == {("X1", "USD"): Decimal("422.20")}
    assert held(file) == {"X1": {"SPAXX": "5"}}


def test_a_name_with_a_bare_comma_has_moved_the_money() -> None:
    with pytest.raises(HoldingsError, match=r"statement\.csv, line 2: the row has 10 cells; expected 9"):
        statement(HEAD + "X1,Individual,AAA,ALPHA CORP, CLASS A,10,$1.50,$15.00,$9.00,Cash\n")


@pytest.mark.parametrize("cell", ["abc", "1e5", "1,23", "NaN"])
def test_a_quantity_that_is_no_number_is_located(cell: str) -> None:
    with pytest.raises(HoldingsError, match=r"statement\.csv, line 2, column 'Quantity'"):
        statement(HEAD + f'X1,Individual,AAA,ALPHA,"{cell}",$1.50,$15.00,$9.00,Cash\n')


def test_a_short_position_is_refused() -> None:
    with pytest.raises(HoldingsError, match="AAA is held short"):
        statement(HEAD + "X1,Individual,AAA,ALPHA,-10,$1.50,-$15.00,$9.00,Short\n")


def test_a_price_that_its_value_contradicts_is_not_used() -> None:
    file = statement(HEAD + "X1,Individual,AAA,ALPHA,10,$1.50,$150.00,$9.00,Cash\n")
    assert prices(file) == {}
    assert said(file, "value_mismatch") == ["10 x 1.5 is not the value of AAA in line 2, 150: the price is not used"]
    assert file.values["X1", "AAA"] == 150


def test_accounts_of_the_policy() -> None:
    two = policy("AAA 50, BRK.B 50", base_currency="USD", exchange="XNYS",
                 accounts={"Z10000001": {}, "234000002": {"type": "roth"}, "77000": {}})  # fmt: skip
    file = sample("fidelity_three_accounts.csv", two)
    assert held(file)["Z10000001"] == {"AAA": "14.5", "BRK.B": "3"}
    assert said(file, "code_spelling") == ["BRKB in line 5 is taken as BRK.B"]
    with pytest.raises(HoldingsError, match=r"the account 234000002 \(ROTH IRA\) is not an account of the policy"):
        sample("fidelity_three_accounts.csv", policy("ZZZ 100", accounts={"Z10000001": {}, "x": {}}))


def test_the_only_account_is_the_policys_only_one() -> None:
    file = statement(HEAD + "X1,Individual,AAA,ALPHA,10,$1.50,$15.00,$9.00,Cash\n",
                     policy("AAA 100", base_currency="USD", exchange="XNYS"))  # fmt: skip
    assert held(file) == {"main": {"AAA": "10"}}
    assert said(file, "account_taken_as") == ["the statement's account X1 is taken as the account main"]
