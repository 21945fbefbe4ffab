"""Interactive Brokers' activity statement: sections, currencies, lots, rates, and the totals that it prints."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from rebalance_kit.errors import HoldingsError
from rebalance_kit.prices.book import price_book
from tests.make import policy
from tests.statement_files import ON, SAMPLES, cash, held, left_out, rules, said, sample, statement

HEAD = "Statement,Header,Field Name,Field Value\nStatement,Data,Title,Activity Statement\n"
BASE = "Account Information,Header,Field Name,Field Value\nAccount Information,Data,Base Currency,USD\n"
COLUMNS = (
    "Open Positions,Header,DataDiscriminator,Asset Category,Currency,Symbol,Quantity,Cost Basis,Close Price,Value\n"
)
ROW = "Open Positions,Data,Summary,Stocks,USD,AAA,10,80,10,100\n"


def test_positions_lots_and_cash_in_two_currencies() -> None:
    file = sample("ibkr_activity_lots.csv")
    assert file.format == "ibkr"
    assert held(file) == {"U7654321": {"AAA": "20", "BRK.B": "10", "XEQ": "50"}}
    assert {p.code: (p.currency, p.name, p.cost) for p in file.holdings.positions} == {
        "AAA": ("USD", "ALPHA CORP", Decimal(2000)),
        "BRK.B": ("USD", None, Decimal(2400)),
        "XEQ": ("CAD", "ALL EQUITY ETF", Decimal(1525)),
    }
    assert cash(file) == {("U7654321", "CAD"): Decimal("-125.000000005"), ("U7654321", "USD"): Decimal("1195.5")}
    assert [(lot.date, lot.quantity, lot.cost) for lot in file.holdings.lots] == [
        (date(2023, 7, 7), Decimal(30), Decimal(900)),
        (date(2024, 2, 10), Decimal(20), Decimal(625)),
    ]
    assert left_out(file) == [(30, "AAA 24DEC26 70 P", "an option")]
    assert file.account_types == {"U7654321": "taxable"}


def test_the_day_is_the_end_of_the_period() -> None:
    file = sample("ibkr_activity_lots.csv")
    assert file.holdings.as_of == date(2026, 4, 15)
    assert file.taken_at == datetime(2026, 4, 16, 5, 54, tzinfo=ZoneInfo("America/New_York"))
    assert [(rate.pair, rate.rate, rate.as_of) for rate in file.rates] == [
        ("CAD/USD", Decimal("0.720000"), date(2026, 4, 15))
    ]


def test_the_rates_value_everything_in_the_base_currency() -> None:
    file = sample("ibkr_activity_lots.csv")
    wanted = policy("AAA 50, XEQ 50", base_currency="USD", exchange="XNYS", assets={"XEQ": {"currency": "CAD"}})
    book = price_book(wanted, ON, file.quotes, file.rates)
    assert book.value("XEQ", Decimal(50)) == Decimal("1440.00")
    assert file.base_currency == "USD"


def test_every_printed_total_is_checked() -> None:
    assert len(said(sample("ibkr_activity_lots.csv"), "total_agrees")) == 6
    text = (SAMPLES / "ibkr_activity_lots.csv").read_text()
    changed = {
        "Open Positions,Total,,Stocks,USD,,,,,,4400,,5512.8,": "Open Positions,Total,,Stocks,USD,,,,,,4400,,5512.9,",
        "Ending Cash,Base Currency Summary,1105.5,": "Ending Cash,Base Currency Summary,1108.5,",
        "Net Asset Value,Data,Total,0,0,0,8042.60,0": "Net Asset Value,Data,Total,0,0,0,8142.60,0",
    }
    for old, new in changed.items():
        assert old in text
        assert len(said(statement(text.replace(old, new)), "total_mismatch")) == 1


def test_with_a_policy_cash_is_what_can_be_spent() -> None:
    wanted = policy("AAA 50, XEQ 50", base_currency="USD", exchange="XNYS", assets={"XEQ": {"currency": "CAD"}})
    file = sample("ibkr_activity_lots.csv", wanted)
    assert cash(file) == {("main", "CAD"): Decimal("-125.01"), ("main", "USD"): Decimal("1195.50")}
    assert "cash_rounded" in rules(file)


def test_german_columns_are_known_and_missing_cash_is_said() -> None:
    file = sample("ibkr_activity_german.csv")
    assert held(file) == {"U7654322": {"AAA": "120"}}
    assert left_out(file) == [(8, "DBR 2 15.08.30", "a bond, bill or certificate of deposit")]
    assert (file.base_currency, file.holdings.as_of) == ("EUR", date(2026, 9, 15))
    assert "cash_not_read" in rules(file)


def test_cash_only_in_the_base_currency() -> None:
    report = (
        "Cash Report,Header,Currency Summary,Currency,Total\nCash Report,Data,Ending Cash,Base Currency Summary,12.5\n"
    )
    assert cash(statement(HEAD + BASE + COLUMNS + ROW + report)) == {("main", "USD"): Decimal("12.5")}
    with pytest.raises(HoldingsError, match="the amount names no currency"):
        statement(HEAD + COLUMNS + ROW + report)


def test_lots_without_a_summary_make_the_position() -> None:
    lots = ROW.replace("Summary", "Lot") + ROW.replace("Summary", "Lot")
    file = statement(HEAD + BASE + COLUMNS + lots)
    assert held(file) == {"main": {"AAA": "20"}}
    assert [lot.cost for lot in file.undated_lots] == [80, 80]


def test_a_column_for_the_account() -> None:
    columns = COLUMNS.replace("Currency,", "Currency,Account,")
    rows = ROW.replace("USD,", "USD,U1,") + ROW.replace("USD,", "USD,U2,")
    assert held(statement(HEAD + BASE + columns + rows)) == {"U1": {"AAA": "10"}, "U2": {"AAA": "10"}}


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (HEAD + COLUMNS + ROW.replace("AAA,10,", "AAA,-10,"), "short_position", "line 4: AAA is held short"),
        (HEAD + BASE, "no_positions", "has no open positions"),
        (HEAD + COLUMNS + ROW + ROW, "position_twice", "line 5: AAA is summed up a second time, first in line 4"),
        (HEAD + COLUMNS + ROW.replace("USD", "ZZZ"), "unknown_currency", "line 4, column 'Currency'"),
        (HEAD + COLUMNS + ROW.replace(",100\n", ",x\n"), "not_a_number", "line 4, column 'Value'"),
        (
            HEAD + COLUMNS.replace("Symbol", "シンボル") + ROW,
            "unknown_language",
            "set the statement's language to English",
        ),
    ],
)
def test_what_cannot_be_read_is_one_sentence(text: str, code: str, words: str) -> None:
    with pytest.raises(HoldingsError) as caught:
        statement(text)
    assert caught.value.code == code
    assert words in str(caught.value)
