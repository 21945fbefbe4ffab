"""Interactive Brokers' Flex query: accounts, lots, currencies, shorts, and XML that must not be trusted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from rebalance_kit.errors import HoldingsError
from tests.statement_files import cash, held, left_out, said, sample, statement

ROW = (
    '<OpenPosition accountId="U1" currency="USD" assetCategory="STK" symbol="AAA" position="10" markPrice="5"'
    ' positionValue="50"/>'
)


def flex(rows: str) -> str:
    return (
        f"<FlexQueryResponse><FlexStatements><FlexStatement>{rows}</FlexStatement></FlexStatements></FlexQueryResponse>"
    )


def test_two_accounts_with_their_lots() -> None:
    file = sample("ibkr_flex_two_accounts.xml")
    assert file.format == "ibkr_flex"
    assert held(file) == {"U0000001": {"AAA": "20"}, "U0000002": {"BBB": "5"}}
    assert file.account_types == {"U0000001": "taxable", "U0000002": "roth"}
    assert [(lot.lot_id, lot.date, lot.quantity, lot.cost) for lot in file.holdings.lots] == [
        ("7", date(2024, 1, 2), Decimal(5), Decimal(700)),
        ("9", date(2024, 2, 1), Decimal(15), Decimal(2305)),
        ("20250301 100000", date(2025, 3, 1), Decimal(2), Decimal(80)),
        ("20250401 100000", date(2025, 4, 1), Decimal(3), Decimal(120)),
    ]
    assert cash(file) == {("U0000001", "EUR"): Decimal("1.7"), ("U0000001", "USD"): Decimal(580)}
    assert [(rate.pair, rate.rate) for rate in file.rates] == [("USD/EUR", Decimal("0.86"))]
    assert file.holdings.positions[0].name == "ALPHA & SONS"


def test_what_is_left_out_and_what_agrees() -> None:
    file = sample("ibkr_flex_two_accounts.xml")
    assert left_out(file) == [(27, "XYZ   261218C00130000", "an option")]
    assert said(file, "older_positions") == ["positions of earlier report dates that were not read: 1"]
    assert said(file, "total_agrees") == [
        "the rows add up to the net asset value without accruals in line 8, 3605.1 EUR"
    ]


def test_a_fragment_without_a_root_and_dates_with_slashes() -> None:
    lot = ROW.replace("/>", ' levelOfDetail="LOT" costBasisMoney="40" openDateTime="31/12/2025;093000"/>')
    file = statement(ROW + lot)
    assert held(file) == {"U1": {"AAA": "10"}}
    assert [lot.date for lot in file.holdings.lots] == [date(2025, 12, 31)]
    unproved = statement(ROW + lot.replace("31/12/2025", "03/04/2025"))
    assert [lot.quantity for lot in unproved.undated_lots] == [10]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (ROW.replace('position="10"', 'position="-10"'), "short_position", "line 1: AAA is held short"),
        (flex("\n" + ROW.replace(' currency="USD"', "")), "no_currency", "line 2: the amount names no currency"),
        (flex(ROW.replace('"10"', '"ten"')), "not_a_number", "column 'position': 'ten' is not a number"),
        (flex("<Trades/>"), "no_positions", "has no open positions"),
        (flex("<OpenPositions>"), "broken_xml", "the XML is broken (mismatched tag)"),
        ("<!DOCTYPE x [<!ENTITY a 'aaaa'>]>" + flex(ROW), "doctype_refused", "declares a document type"),
        ("<FlexStatementResponse><Status>Warn</Status></FlexStatementResponse>", "not_ready", "the service's answer"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(text: str, code: str, words: str) -> None:
    with pytest.raises(HoldingsError) as caught:
        statement(text, name="flex.xml")
    assert caught.value.code == code
    assert words in str(caught.value)
