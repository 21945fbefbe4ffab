"""Portfolio Performance's statement of assets: German and English, tickers and ISINs, currencies beside amounts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebalance_kit.errors import HoldingsError
from tests.make import policy
from tests.statement_files import held, left_out, prices, sample, statement

HEAD = "Name;ISIN;WKN;Ticker-Symbol;Stück;Kurs;Marktwert;Währung;Depot\n"


def test_german_semicolons_and_decimal_commas() -> None:
    file = sample("portfolio_performance_de.csv")
    assert held(file) == {"Depot A": {"WELT.DE": "10.5", "DE0000000001": "50"}, "Depot B": {"INVT": "1234"}}
    assert prices(file) == {"WELT.DE": Decimal("110.50"), "DE0000000001": 42, "INVT": 10}
    assert {p.code: (p.currency, p.cost) for p in file.holdings.positions} == {
        "WELT.DE": ("EUR", Decimal(1000)),
        "DE0000000001": ("EUR", Decimal(1800)),
        "INVT": ("USD", Decimal(9000)),
    }
    assert left_out(file) == [
        (5, "Verrechnungskonto", "it names no security with a quantity"),
        (6, "Summe", "a total of other rows"),
    ]


def test_english_commas_and_decimal_points() -> None:
    file = sample("portfolio_performance_en.csv")
    assert held(file) == {"Main depot": {"WRLD": "10.5"}}
    assert file.values["Main depot", "WRLD"] == Decimal("1160.25")


def test_the_policy_may_know_an_asset_by_its_isin() -> None:
    wanted = policy("IE0000000001 100", base_currency="EUR", exchange="XNYS")
    file = statement(HEAD + "Welt;IE0000000001;A1;WELT;2;1,50;3,00;EUR;D\n", wanted)
    assert held(file) == {"main": {"IE0000000001": "2"}}


def test_an_amount_that_could_be_two_is_refused() -> None:
    with pytest.raises(HoldingsError, match="can be read with a decimal comma or with a decimal point"):
        statement(HEAD + "Welt;IE0000000001;A1;WELT;2;1.500;3.000;EUR;D\n")


def test_transactions_are_no_holdings() -> None:
    text = "Datum;Typ;Wert;Buchungswährung;ISIN;WKN;Name;Stück\n01.02.2026;Kauf;100,00;EUR;XS1;A1;Welt;1\n"
    with pytest.raises(HoldingsError, match="the file lists transactions"):
        statement(text)


def test_an_amount_without_a_currency_is_refused_without_a_policy() -> None:
    with pytest.raises(HoldingsError, match="the row names no currency"):
        statement("Name,ISIN,WKN,Shares,Quote\nWelt,IE0000000001,A1,2,1.50\n")
