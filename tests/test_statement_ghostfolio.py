"""Ghostfolio's export: positions added up from activities, balances of the day, manual assets, exact numbers."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from rebalance_kit.errors import HoldingsError
from tests.statement_files import SAMPLES, cash, held, left_out, rules, sample, statement


def test_bought_less_sold_is_held() -> None:
    file = sample("ghostfolio_activities.json")
    assert file.format == "ghostfolio"
    assert held(file) == {
        "Online Trading": {"MSFT": "5", "VTI": "6"},
        "Depot": {"VWCE.DE": "1.5"},
        "main": {"005930": "3"},
    }
    assert {p.code: (p.currency, p.cost) for p in file.holdings.positions} == {
        "MSFT": ("USD", Decimal("1492.90")),
        "VTI": ("USD", Decimal("1200.00")),
        "VWCE.DE": ("EUR", Decimal("150.02")),
        "005930": ("KRW", Decimal(210000)),
    }
    assert [lot.lot_id for lot in file.holdings.lots] == ["x5", "x1", "x9"]
    assert file.quotes == ()


def test_the_balance_is_the_last_up_to_the_day() -> None:
    assert cash(sample("ghostfolio_activities.json")) == {
        ("Online Trading", "USD"): Decimal("250.75"),
        ("Depot", "EUR"): Decimal("0.1"),
    }
    earlier = sample("ghostfolio_activities.json", on=date(2026, 8, 1))
    assert cash(earlier)["Online Trading", "USD"] == 100


def test_what_has_no_code_and_what_is_yet_to_come() -> None:
    file = sample("ghostfolio_activities.json")
    assert [(what, why) for _, what, why in left_out(file)] == [
        ("A house", "a manual asset without an exchange's code"),
        ("Barclays", "in a currency that is not read (pence are no pounds)"),
    ]
    assert "later_activities" in rules(file)
    then = sample("ghostfolio_activities.json", on=date(2024, 6, 1))
    assert held(then) == {"Online Trading": {"VTI": "10"}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"quantity": "5"}, "activities[0].quantity is '5'"),
        ({"quantity": 1e300}, "activities[0].quantity is "),
        ({"unitPrice": None}, "activities[0].unitPrice is 'None'"),
        ({"date": "16.09.2024"}, "activities[0].date is '16.09.2024'"),
        ({"quantity": -5}, "MSFT is held short"),
    ],
)
def test_a_wrong_value_is_located(change: dict[str, Any], words: str) -> None:
    whole = json.loads((SAMPLES / "ghostfolio_activities.json").read_text())
    whole["activities"][0] |= change
    with pytest.raises(HoldingsError) as caught:
        statement(json.dumps(whole, indent=1), name="export.json")
    assert words in str(caught.value)
    assert "export.json, line " in str(caught.value)


@pytest.mark.parametrize("text", ['{"activities": [', '{"activities": [NaN]}', '{"activities": [' + "[" * 100_000])
def test_broken_json_is_one_sentence(text: str) -> None:
    with pytest.raises(HoldingsError):
        statement(text, name="export.json")


def test_another_json_is_not_ghostfolios() -> None:
    with pytest.raises(HoldingsError, match="JSON"):
        statement('{"data": {"activities": 1}}', name="export.json")
