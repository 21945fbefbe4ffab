"""Beancount queries as CSV: amounts with costs and dates, plain columns, numberified columns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from rebalance_kit.errors import HoldingsError
from tests.make import policy
from tests.statement_files import cash, held, left_out, prices, sample, statement


def test_amounts_with_cost_and_date_are_lots() -> None:
    file = sample("beancount_positions.csv")
    assert held(file) == {"Assets:US:Broker": {"VTI": "15"}, "Assets:EU:Depot": {"VWCE": "10"}}
    assert [(lot.date, lot.quantity, lot.cost) for lot in file.holdings.lots] == [
        (date(2024, 1, 5), Decimal(10), Decimal("2000.00")),
        (date(2024, 2, 5), Decimal(5), Decimal("1050.00")),
    ]
    assert cash(file) == {("Assets:US:Broker", "USD"): Decimal("1234.56")}
    assert prices(file) == {"VTI": Decimal("250.00"), "VWCE": Decimal("110.00")}
    assert {p.code: p.currency for p in file.holdings.positions} == {"VTI": "USD", "VWCE": "EUR"}
    assert left_out(file) == [(6, "Liabilities:Card", "an account that holds no assets")]


def test_columns_of_the_holdings_report_and_numberified_ones() -> None:
    for name in ("beancount_holdings.csv", "beancount_numberified.csv"):
        file = sample(name)
        assert [position.code for position in file.holdings.positions] == ["VTI"]
        assert prices(file) == {"VTI": Decimal("250.00")}
        assert sum(cash(file).values()) > 10


def test_several_amounts_in_one_cell() -> None:
    file = statement('account,balance\nAssets:B,"10 VTI {200.00 USD, 2024-01-05}, 2 VXUS {50 USD}, (7.25 USD)"\n')
    assert held(file) == {"Assets:B": {"VTI": "10", "VXUS": "2"}}
    assert cash(file) == {("Assets:B", "USD"): Decimal("7.25")}
    assert prices(file) == {}


def test_a_value_of_several_things_together_is_not_shared_out() -> None:
    file = statement('account,balance,value\nAssets:B,"10 VTI {200.00 USD}, 7.25 USD",2507.25 USD\n')
    assert prices(file) == {}
    assert file.values == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("account,balance\nAssets:B,ten VTI\n", "line 2, column 'balance': 'ten VTI' is no amount of a ledger"),
        ("account,balance\nAssets:B,10 VTI\n", "line 2: nothing tells the currency of VTI"),
        ("account,balance\nIncome:B,10 VTI\n", "no account of assets holds anything"),
        ("account,balance\nAssets:B,-10 VTI {5 USD}\n", "VTI is held short"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(text: str, words: str) -> None:
    with pytest.raises(HoldingsError) as caught:
        statement(text)
    assert words in str(caught.value)


def test_the_policy_knows_the_currency() -> None:
    wanted = policy("VTI 100", base_currency="USD", exchange="XNYS")
    assert held(statement("account,balance\nAssets:B,10 VTI\n", wanted)) == {"main": {"VTI": "10"}}
