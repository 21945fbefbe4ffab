"""Schwab's positions export: one account and all of them, margin, totals, what is left out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from rebalance_kit.errors import HoldingsError
from tests.statement_files import SAMPLES, cash, held, left_out, prices, rules, said, sample, statement

TITLE = '"Positions for account Individual ...456 as of 08:00 PM ET, 2024/12/20"\n\n'
HEAD = '"Symbol","Description","Qty (Quantity)","Price","Mkt Val (Market Value)","Cost Basis","Asset Type",\n'


def test_one_account_with_a_margin_loan_and_a_money_fund() -> None:
    file = sample("schwab_margin.csv")
    assert held(file) == {"Individual ...901": {"AAA": "10", "BBB": "1250.25", "SWVXX": "1200"}}
    assert cash(file) == {("Individual ...901", "USD"): Decimal("-500.00")}
    assert file.accounts[0].total == Decimal("4200.50")
    assert said(file, "total_agrees") == [
        "the rows add up to the total of account Individual ...901 in line 8, 4200.5 USD"
    ]
    assert {p.code: p.cost for p in file.holdings.positions} == {"AAA": 800, "BBB": None, "SWVXX": 1200}
    assert said(file, "negative_cash") == ["account Individual ...901 owes 500 USD"]


def test_all_accounts_of_an_older_export() -> None:
    file = sample("schwab_all_accounts_2020.csv")
    assert file.account_types == {"Brokerage XXXX-1234": "taxable", "Rollover IRA XXXX-4321": "ira"}
    assert held(file) == {"Rollover IRA XXXX-4321": {"FFF": "100", "BRK/B": "20"}}
    assert left_out(file) == [
        (13, "SMAL 04/01/2021 32.00 P", "an option"),
        (14, "912797ZZ1", "a bond, bill or certificate of deposit"),
    ]
    assert [account.total for account in file.accounts] == [Decimal("0.00"), Decimal("15964.00")]
    assert len(said(file, "total_agrees")) == 2
    assert file.holdings.as_of == date(2020, 11, 15)


def test_a_total_that_does_not_add_up_is_a_finding() -> None:
    text = (SAMPLES / "schwab_margin.csv").read_text().replace("$4,200.50", "$4,300.50")
    assert said(statement(text), "total_mismatch") == [
        "the total of account Individual ...901 in line 8 is 4300.5 USD, but the rows add up to 4200.5: 100 is missing"
    ]


def test_the_total_proves_the_value_against_a_wrong_price() -> None:
    rows = '"AAA","ALPHA","10","3.00","$1,000.00","$1","Equity",\n"Account Total","","--","--","$1,000.00","--","--",\n'
    file = statement(TITLE + HEAD + rows)
    assert prices(file) == {"AAA": Decimal("100.00")}
    assert "value_mismatch" in rules(file)
    assert prices(statement(TITLE + HEAD + rows.replace('--","$1,000.00"', '--","$1,000.01"'))) == {}


def test_something_worth_nothing_leaves_the_total_alone() -> None:
    file = statement(
        TITLE
        + HEAD
        + '"CVR1","A RIGHT","3","N/A","N/A","$0.00","Equity",\n"AAA","ALPHA","1","5.00","$5.00","--","Equity",\n'
        + '"Cash & Cash Investments","--","--","--","$12.34","--","Cash and Money Market",\n'
        + '"Account Total","","--","--","$17.34","--","--",\n'
    )
    assert held(file) == {"Individual ...456": {"CVR1": "3", "AAA": "1"}}
    assert rules(file) >= {"total_agrees", "unvalued_rows"}
    assert prices(file) == {"AAA": Decimal("5.00")}


def test_a_short_position_is_refused() -> None:
    with pytest.raises(HoldingsError, match=r"statement\.csv, line 4: TSLA is held short"):
        statement(TITLE + HEAD + '"TSLA","TESLA INC","-50","250","-12500","1","Equity",\n')


def test_a_title_is_not_needed_where_the_words_are_schwabs() -> None:
    assert held(statement(HEAD + '"AAA","ALPHA","1","5.00","$5.00","--","Equity",\n')) == {"main": {"AAA": "1"}}


def test_a_table_cut_off_in_the_middle_says_so() -> None:
    with pytest.raises(HoldingsError, match="line 4"):
        statement(TITLE + HEAD + '"AAA","ALPHA","1')
