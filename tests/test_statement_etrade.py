"""E*TRADE's PortfolioDownload: views, lots below their position, cash, totals, the time at the end."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from rebalance_kit.errors import HoldingsError
from tests.statement_files import cash, held, left_out, prices, said, sample, statement

HEAD = "View Summary - All Positions\n\nSymbol,Last Price $,Quantity,Price Paid $,Value $\n"


def test_all_positions_of_one_account() -> None:
    file = sample("etrade_all_positions.csv")
    assert held(file) == {"Individual Brokerage -2203": {"AAA": "965", "VIG": "16.1384", "VMFXX": "3207.4912"}}
    assert cash(file) == {("Individual Brokerage -2203", "USD"): Decimal("709.82")}
    assert [row[1:] for row in left_out(file)] == [
        ("SOME BANK CD CLEVELAND OH CD 3.85% 08/24/2027", "a bond, bill or certificate of deposit"),
        ("QQQ Dec 31 '27 $600 Put", "an option"),
    ]
    assert len(said(file, "total_agrees")) == 2
    assert file.holdings.as_of == date(2026, 8, 20)
    assert {quote.as_of for quote in file.quotes} == {date(2026, 8, 20)}


def test_lots_with_a_date_and_without() -> None:
    file = sample("etrade_all_positions.csv")
    (lot,) = file.holdings.lots
    assert (lot.code, lot.date, lot.quantity, lot.cost) == ("AAA", date(2024, 1, 15), Decimal(900), Decimal("1620.00"))
    (undated,) = file.undated_lots
    assert (undated.quantity, undated.cost) == (Decimal(65), Decimal("59.15"))
    assert said(file, "undated_lots")
    assert not said(file, "lots_mismatch")


def test_a_view_without_prices_proves_them_from_the_values() -> None:
    file = sample("etrade_simple_lots.csv")
    assert prices(file) == {"AAA": 15, "BBB": 250}
    assert [(lot.date, lot.quantity, lot.cost) for lot in file.holdings.lots] == [
        (date(2022, 1, 15), Decimal(40), Decimal(480)),
        (date(2023, 3, 10), Decimal(60), Decimal(720)),
    ]
    assert file.account_types == {"Roth IRA -0007": "roth"}


def test_a_view_that_leaves_out_cash_is_less_than_the_account() -> None:
    file = statement(
        'Account Summary\nAccount,Total Assets\n"Harbor Brokerage -1",1000.00\n\n' + HEAD + "AAA,5.00,10,4.00,50.00\n"
    )
    assert said(file, "total_mismatch") == [
        "the net value of account Harbor Brokerage -1 in line 3 is 1000 USD, but the rows add up to 50: 950 is missing"
    ]


def test_marks_that_nobody_sees_are_no_part_of_a_symbol() -> None:
    file = statement(HEAD + "\ufeffAAA  ,5.00,10,4.00,50.00\n\u200bBBB,1.00,2,1.00,2.00\nCASH,,,,.40,\n")
    assert held(file) == {"main": {"AAA": "10", "BBB": "2"}}
    assert cash(file) == {("main", "USD"): Decimal("0.40")}


def test_lots_of_something_left_out_are_left_out_with_it() -> None:
    file = statement(HEAD + "QQQ Dec 31 '27 $600 Put,14.16,1,50.35,1416.00\n01/02/2025,14.16,1,50.35,1416.00\n")
    assert held(file) == {}
    assert (file.holdings.lots, file.undated_lots) == ((), ())


def test_a_lot_without_a_quantity_is_located() -> None:
    with pytest.raises(HoldingsError, match=r"line 5, column 'Quantity'"):
        statement(HEAD + "AAA,5.00,10,4.00,50.00\n01/02/2025,5.00,,4.00,50.00\n")
