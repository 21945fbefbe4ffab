"""Public Korean samples, where they are present, load to what their sources say they hold."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from rebalance_kit.errors import HoldingsError
from rebalance_kit.holdings.files import read_holdings
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.names import Match, Names
from rebalance_kit.money import exact_sum
from tests.korean_files import korean
from tests.shared_data import shared
from tests.statement_files import ON, cash, held, said

KIS = "korea/kis_inquire_balance_mock_trading_real_response.json"


def load(name: str) -> HoldingsFile:
    return read_holdings(shared(f"statements/{name}"), None, ON)


def expected(name: str) -> Any:
    return json.loads(shared("statements/EXPECTED.json").read_text(encoding="utf-8"))[name]


def test_the_kis_balance() -> None:
    file, wanted = load(KIS), expected(KIS)
    assert held(file)["main"] == {code: str(quantity) for code, quantity in wanted["positions"].items()}
    assert wanted["identity"].startswith("scts_evlu_amt 365650 = 215500+150150; tot_evlu_amt 10010135")
    assert exact_sum(file.values.values()) == Decimal(365650)
    assert exact_sum((*file.values.values(), *cash(file).values())) == Decimal(10010135)
    assert len(said(file, "total_agrees")) == 3


def test_the_generic_table_with_thousands() -> None:
    file = load("korea/generic_korean_positions_thousands.csv")
    (position,) = file.holdings.positions
    assert (position.code, position.quantity, position.cost) == ("069500", Decimal(51), Decimal(72034 * 51))
    assert file.values["main", "069500"] == Decimal(6660600)


@pytest.mark.parametrize(
    "name", ["mirae_domestic_real_sample_utf8.csv", "mirae_domestic_real_sample_cp949_REENCODED.csv"]
)
def test_the_journal_is_refused_by_name(name: str) -> None:
    with pytest.raises(HoldingsError, match=r"a trading journal .* from 2026-01-30 to 2026-02-13"):
        load(f"korea/{name}")


def test_the_account_return_is_refused_by_name() -> None:
    with pytest.raises(HoldingsError, match=r"the daily returns of an account .* of 2026-09-15"):
        load("korea/hts_account_return_two_row_header.csv")


def test_every_layout_is_known_or_refused_by_name() -> None:
    layouts = json.loads(shared("statements/korea/kr_broker_export_layouts.json").read_text(encoding="utf-8"))
    wanted = {
        "mirae_general_holdings": "mirae",
        "mirae_irp_holdings": "mirae_irp",
        "samsung_holdings": "samsung",
        "hanwha_domestic_holdings": "hanwha",
        "hanwha_overseas_holdings": "hanwha_overseas",
        "kiwoom_balance_min": "kiwoom",
        "nh_balance_min": "nh",
    }
    for name, layout in layouts.items():
        if name == "note":
            continue
        rows = [layout[key] for key in ("header", "header_row1", "header_row2") if key in layout]
        text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows) + "\n"
        if name in wanted:
            assert korean(text).format == wanted[name]
        else:
            with pytest.raises(HoldingsError) as caught:
                korean(text)
            assert caught.value.code == "not_holdings", name


def test_every_listed_name_finds_its_own_code() -> None:
    path = shared("korea/krx_etf_listing_2026-08.csv")
    names = Names(path)
    book = names.book(None)
    assert len(names.listing) == 1160
    for code, name in names.listing.items():
        found = book.find(name)
        assert isinstance(found, Match), name
        assert found.code == code


def test_most_names_of_the_journal_are_in_the_listing() -> None:
    book = Names(shared("korea/krx_etf_listing_2026-08.csv")).book(None)
    text = shared("statements/korea/mirae_domestic_real_sample_utf8.csv").read_text(encoding="utf-8")
    names = {line.split(",")[1] for line in text.splitlines()[2:] if line}
    missing = {name for name in names if not isinstance(book.find(name), Match)}
    assert missing == {"SK텔레콤", "솔루엠", "한화솔루션"}  # shares, in a listing of funds
