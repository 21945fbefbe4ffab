"""Vanguard's OfxDownload: several accounts, the settlement fund, transactions below."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebalance_kit.errors import HoldingsError
from tests.statement_files import cash, held, left_out, prices, rules, said, sample, statement

HEAD = "Account Number,Investment Name,Symbol,Shares,Share Price,Total Value,\n"


def test_two_accounts_and_the_transactions_below() -> None:
    file = sample("vanguard_two_accounts.csv")
    assert held(file) == {"55550001": {"VTI": "10.125", "VMFXX": "300.5"}, "55550002": {"VFIAX": "5"}}
    assert file.holdings.cash == ()
    assert all(position.cost is None for position in file.holdings.positions)
    assert prices(file)["VXXXX"] == Decimal("42.10")
    assert rules(file) >= {"transactions_below", "undated_price", "zero_quantity"}
    assert said(file, "transactions_below")[0].endswith(": 2")


def test_bonds_and_plan_funds_have_no_symbol() -> None:
    assert left_out(sample("vanguard_two_accounts.csv")) == [
        (4, "U S TREASURY NOTE 1.875 01/15/36 01/15/06", "a bond, bill or certificate of deposit"),
        (5, "RETIREMENT PLAN STABLE VALUE POOL", "not a share or a fund that is read here"),
    ]


def test_the_heading_may_come_again_for_each_account() -> None:
    file = statement(HEAD + "1,A FUND,AAA,1,2.00,2.00,\n\n" + HEAD + "2,A FUND,AAA,3,$2.00,$6.00\n")
    assert held(file) == {"1": {"AAA": "1"}, "2": {"AAA": "3"}}


def test_an_unnamed_settlement_fund_is_cash() -> None:
    file = statement(HEAD + "1,SETTLEMENT FUND,,1000.50,1.00,1000.50\n1,A FUND,AAA,1,2.00,2.00,\n")
    assert cash(file) == {("1", "USD"): Decimal("1000.50")}


def test_transactions_alone_are_no_holdings() -> None:
    text = "Account Number,Trade Date,Settlement Date,Transaction Type,Transaction Description,Symbol,Shares\n"
    text += "1,2026-09-01,2026-09-02,Buy,Buy,VTI,1\n"
    with pytest.raises(HoldingsError) as caught:
        statement(text)
    assert caught.value.code == "not_holdings"
    assert "choose a download with holdings at Vanguard" in str(caught.value)


def test_a_value_in_the_place_of_the_price() -> None:
    with pytest.raises(HoldingsError, match=r"line 2, column 'Share Price': 'x' is not a number"):
        statement(HEAD + "1,A FUND,AAA,1,x,2.00,\n")
