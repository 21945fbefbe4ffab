"""Public samples of brokers' exports, where they are present, load to exactly what their sources say they hold."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rebalance_kit.errors import HoldingsError
from rebalance_kit.holdings.files import read_holdings
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.money import product
from tests.shared_data import shared
from tests.statement_files import ON, cash, held, left_out, prices, rules, said

FOLDER = "statements"
NEW_YORK = ZoneInfo("America/New_York")


def load(name: str) -> HoldingsFile:
    return read_holdings(shared(f"{FOLDER}/{name}"), None, ON)


def expected(name: str) -> Any:
    text = shared(f"{FOLDER}/EXPECTED.json").read_text(encoding="utf-8")
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)[name]


def test_fidelity() -> None:
    name = "us/fidelity_positions_multi_account_footer.csv"
    file, wanted = load(name), expected(name)
    assert file.account_types == wanted["accounts"]
    assert file.taken_at == datetime(2026, 10, 3, 16, 10, tzinfo=NEW_YORK)
    assert wanted["as_of"] == "2026-10-03 16:10 ET"
    merged = next(position for position in file.holdings.positions if position.code == "EEE")
    assert merged.quantity == wanted["EEE_merged"]["qty"]
    assert merged.cost == wanted["EEE_merged"]["basis"]
    assert file.values[merged.account, "EEE"] == wanted["EEE_merged"]["value"]
    assert {account: amount for (account, _), amount in cash(file).items()} == wanted["cash"]
    assert [what for _, what, _ in left_out(file)] == ["Pending Activity", "-EEE261218C50"]
    assert "account_incomplete" not in rules(file)


def test_fidelity_with_rows_taken_out() -> None:
    file = load("us/fidelity_positions_scrubbed_real_vendo.csv")
    assert held(file) == {"239000001": {"SCHD": "565.896", "VYM": "339.155"}}
    assert cash(file) == {("X64000000", "USD"): Decimal("55.87"), ("239000001", "USD"): Decimal("0.60")}
    assert len(said(file, "account_incomplete")) == 1


def test_schwab() -> None:
    name = "us/schwab_positions_all_accounts.csv"
    file, wanted = load(name), expected(name)
    assert len(file.accounts) == wanted.pop("accounts")
    for account in file.accounts:
        says = wanted[account.account]
        assert sorted(held(file)[account.account]) == sorted(says["positions"])
        assert cash(file)[account.account, "USD"] == says["cash"]
        assert account.total == says["total"]
    assert [why for _, _, why in left_out(file)] == ["an option", "a bond, bill or certificate of deposit"]
    assert len(said(file, "total_agrees")) == 2


def test_vanguard() -> None:
    name = "us/vanguard_OfxDownload_multi_account.csv"
    file, wanted = load(name), expected(name)
    assert {account: sorted(codes) for account, codes in held(file).items()} == {
        account: sorted(codes) for account, codes in wanted["accounts"].items()
    }
    assert {position.cost for position in file.holdings.positions} == {wanted["cost_basis"]}


def test_etrade() -> None:
    name = "us/etrade_PortfolioDownload_with_lots.csv"
    file, wanted = load(name), expected(name)["AAA"]
    (position,) = file.holdings.positions
    assert (position.quantity, position.cost) == (wanted["qty"], wanted["total_cost"])
    lots = [{"date": str(lot.date), "qty": lot.quantity, "cost": lot.cost} for lot in file.holdings.lots]
    assert lots == wanted["lots"]


def test_interactive_brokers() -> None:
    name = "us/ibkr_activity_statement_multicurrency.csv"
    file, wanted = load(name), expected(name)
    assert file.base_currency == wanted["base"]
    assert len(file.holdings.positions) == wanted["holdings"]
    assert list(cash(file).values()) == [wanted["ending_cash"]]
    rate = next(rate.rate for rate in file.rates if rate.pair == "CHF/USD")
    (iusc,) = (position for position in file.holdings.positions if position.code == "IUSC")
    assert product(file.values[iusc.account, "IUSC"], rate) == wanted["IUSC_value_usd"]
    assert product(iusc.cost or Decimal(0), rate).quantize(Decimal("0.0001")) == wanted["IUSC_cost_usd"]
    lots = [{"qty": lot.quantity, "cost": lot.cost, "price": lot.cost / lot.quantity} for lot in file.undated_lots]
    assert lots == wanted["VTI_lots"]


def test_a_short_position_in_a_flex_query() -> None:
    with pytest.raises(HoldingsError, match="VXX is held short"):
        load("us/ibkr_flex_ibflex_openposition_lot_short.xml")


def test_portfolio_performance() -> None:
    file = load("other/holdings_de.csv")
    assert held(file) == {"Depot A": {"TST": "10", "SYN": "50"}}
    assert prices(file) == {"TST": Decimal("110.50"), "SYN": Decimal("42.00")}
    assert left_out(file) == [(4, "", "it names no security with a quantity")]


def test_ghostfolio() -> None:
    file = load("other/sample.json")
    assert held(file) == {"My Online Trading Account": {"MSFT": "5"}}
    assert cash(file) == {("My Online Trading Account", "USD"): Decimal(2000)}
    assert [what for _, what, _ in left_out(file)] == ["Penthouse Apartment"]
