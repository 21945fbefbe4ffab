"""What an asset is, and whether its code is the one that its name belongs to."""

from __future__ import annotations

import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit import open_portfolio
from rebalance_kit.errors import PriceError
from rebalance_kit.orders import Instrument as TickTable
from rebalance_kit.orders import instrument_of
from rebalance_kit.policy.choices import TaxClass
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.codes import Codes, share_class
from rebalance_kit.prices.instruments import HeldName, Instruments, Listed, instruments
from rebalance_kit.prices.listing_file import read_listing_document, read_listing_file
from rebalance_kit.samples import sample_folder
from rebalance_kit.textfile.cells import CellError
from rebalance_kit.textfile.document import Document
from tests.make import DOCUMENT_000, DOCUMENT_000_NAMES, policy
from tests.shared_data import shared

KOREAN = policy(
    "069500 50, 0000D0 30, VOO 20",
    assets={"069500": {"ticker": "KODEX 200"}, "VOO": {"currency": "USD", "exchange": "XNYS", "tax_class": "us"}},
)
BERKSHIRE = policy("BRK.B 60, VOO 40", base_currency="USD", exchange="XNYS")


def listing(text: str, wanted: Policy = KOREAN) -> dict[str, Listed]:
    return read_listing_document(Document("listing.csv", text.encode(), PriceError), wanted)


def told(known: Instruments) -> list[tuple[str, str, str | None]]:
    return [(finding.rule, finding.severity, finding.code) for finding in known.findings]


# Facts


def test_the_policy_alone_says_enough() -> None:
    known = instruments(KOREAN, {})
    etf, voo = known["069500"], known["VOO"]
    assert (etf.name, etf.exchange, etf.currency, etf.tick_rule) == ("KODEX 200", "XKRX", "KRW", "krx_etf")
    assert (voo.name, voo.exchange, voo.currency, voo.tick_rule) == ("VOO", "XNYS", "USD", "us_listed")
    assert (voo.tax_class, etf.tax_class, etf.identical) == (TaxClass.US, None, ("069500",))
    assert etf.exposure == 1
    assert [one.code for one in known] == ["069500", "0000D0", "VOO"]
    assert known.findings == ()


def test_a_listing_adds_what_the_policy_leaves_open() -> None:
    said = listing(
        "code,name,exchange,currency,asset_class,tax_class,tick_rule,exposure,distributions,identical_to\n"
        "069500,KODEX 200,KOSPI,KRW,equity,kr_equity,,1,2026-04-30; 2026-01-30,102110\n"
        "0000D0,TIGER 엔비디아미국채커버드콜밸런스(합성),KOSPI,,stock,kr_other,krx_etf,2,,\n"
    )
    known = instruments(KOREAN, said)
    etf, other = known["069500"], known["0000D0"]
    assert etf.distributions == (date(2026, 1, 30), date(2026, 4, 30))
    assert (etf.tax_class, etf.asset_class, etf.identical) == (TaxClass.KR_EQUITY, "equity", ("069500", "102110"))
    assert (other.name, other.exposure) == ("TIGER 엔비디아미국채커버드콜밸런스(합성)", Decimal(2))
    assert other.tick_rule == "krx_etf"  # the listing's own word wins over what the class implies
    assert known.findings == ()


def test_the_policys_word_counts_and_the_disagreement_is_told() -> None:
    said = listing(
        "code,name,exchange,tax_class\nVOO,Vanguard S&P 500 ETF,NYSE,us_ptp\n0000D0,X,NASDAQ,\n069500,KODEX 200,,\n"
    )
    known = instruments(KOREAN, said)
    assert (known["VOO"].tax_class, known["0000D0"].currency) == (TaxClass.US, "KRW")
    assert told(known) == [
        ("listing_disagrees", "warning", "0000D0"),
        ("listing_disagrees", "warning", "VOO"),
    ]
    assert known.findings[1].message.en == "VOO: the policy says tax_class us, the listing us_ptp; the policy's counts"


def test_what_is_held_beside_the_policy_is_known_by_its_statement() -> None:
    known = instruments(
        KOREAN, {}, [HeldName("TLT", "USD", "iShares 20+ Year"), HeldName("069500", "KRW", "코덱스200")]
    )
    assert (known["TLT"].name, known["TLT"].exchange, known["069500"].name) == ("iShares 20+ Year", "XNYS", "KODEX 200")
    assert known.get("SPY") is None


def test_identical_passes_on_and_goes_both_ways() -> None:
    wanted = policy("SPY 40, VOO 30, IVV 20, TLT 10", assets={"SPY": {"identical_to": ["VOO"]}}, exchange="XNYS")
    said = {"VOO": Listed("VOO", "VOO", identical_to=("IVV", "SPLG"))}
    known = instruments(wanted, said)
    for code in ("SPY", "VOO", "IVV"):
        assert known[code].identical == ("IVV", "SPLG", "SPY", "VOO")
    assert known["TLT"].identical == ("TLT",)


@pytest.mark.parametrize("asset_class", ["stock", "개별주식", "equity", None])
def test_the_tick_rule_is_the_one_that_orders_use(asset_class: str | None) -> None:
    wanted = policy("069500 100", assets={"069500": {"asset_class": asset_class}})
    (asset,) = wanted.assets
    assert TickTable(instruments(wanted, {})["069500"].tick_rule) == instrument_of(asset, "XKRX")


# Codes and names


def test_the_two_wrong_codes_of_document_000_are_flagged() -> None:
    real = read_listing_file(shared("korea/krx_etf_listing_2026-08.csv"), KOREAN)
    wrong = DOCUMENT_000.replace("273130", "443160")
    names = {code: {"ticker": name} for code, name in (DOCUMENT_000_NAMES | {"319640": "TIGER 금은선물(H)"}).items()}
    names["443160"] = names.pop("273130")
    found = [f for f in instruments(policy(wrong, assets=names), real).findings if f.severity == "warning"]
    said = {finding.code: finding.message.en for finding in found}
    assert "'273130'" in said["443160"]
    assert "'139320'" in said["319640"]
    assert set(said) == {"443160", "319640"}
    right = policy(DOCUMENT_000, assets={code: {"ticker": name} for code, name in DOCUMENT_000_NAMES.items()})
    assert instruments(right, real).findings == ()


def test_a_statement_that_calls_a_code_by_the_name_of_another() -> None:
    said = listing("code,name\n069500,KODEX 200\n273130,KODEX 종합채권(AA-이상)액티브\n0000D0,X\nVOO,VOO\n")
    known = instruments(KOREAN, said, [HeldName("443160", "KRW", "KODEX 종합채권(AA-이상) 액티브")])
    assert told(known) == [("code_and_name_disagree", "warning", "443160")]
    fine = [HeldName("273130", "KRW", "KODEX 종합채권(AA-이상)액티브"), HeldName("069500", "KRW", "코덱스이백")]
    assert instruments(KOREAN, said, fine).findings == ()


def test_the_folders_listing_is_read_and_told(tmp_path: Path) -> None:
    place = tmp_path / "growth"
    shutil.copytree(sample_folder() / "growth", place)
    (place / "listing.csv").write_text("code,name\n069500,TIGER 200\n", encoding="utf-8")
    opened = open_portfolio(place, on="2026-03-04")
    assert ("code_and_name_disagree", "069500") in [(f.rule, f.code) for f in opened.drift().findings]
    assert opened.instruments["360750"].name == "TIGER 미국S&P500"


# The listing


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code\n069500\n", "expected a column `code` and a column `name`"),
        (
            "code,name\n69500,KODEX 200\n",
            "line 2, column 'code': '69500' is no code; expected a code as text, probably 069500",
        ),
        ("code,name\n069500,\n", "line 2, column 'name': '' is no name"),
        ("code,name\n,X\n", "line 2, column 'code': '' is no code"),
        ("code,name,exchange\n069500,X,LSE\n", "column 'exchange': 'LSE' is no exchange"),
        ("code,name,currency\n069500,X,XYZ\n", "'XYZ' is not a known currency"),
        (
            "code,name,tax_class\n069500,X,free\n",
            "column 'tax_class': 'free' is no tax_class; expected one of kr_equity",
        ),
        ("code,name,tick_rule\n069500,X,fine\n", "expected one of krx_etf, krx_stock, us_listed"),
        ("code,name,distributions\n069500,X,soon\n", "column 'distributions': 'soon' is not a date"),
        ("code,name\n069500,X\n069500,Y\n", "line 3, column 'code': '069500' is described differently in line 2"),
    ],
)
def test_a_bad_listing_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(PriceError) as caught:
        listing(text)
    assert said in str(caught.value)


def test_a_short_number_is_a_code_where_codes_are_short() -> None:
    assert listing("code,name,exchange\n7203,TOYOTA,NYSE\n")["7203"].currency == "USD"


# Share classes


@pytest.mark.parametrize("written", ["BRK.B", "BRK/B", "BRK B"])
def test_a_share_class_is_one_however_it_is_written(written: str) -> None:
    assert Codes.of(BERKSHIRE).read(written) == "BRK.B"
    slash = policy("BRK/B 60, VOO 40", base_currency="USD", exchange="XNYS")
    assert Codes.of(slash).read(written) == "BRK/B"


@pytest.mark.parametrize("written", ["BRK.A", "BRKB", "BRK-B", "BRK.BB"])
def test_what_is_not_that_class_is_not_taken_for_it(written: str) -> None:
    assert Codes.of(BERKSHIRE).read(written) == written


def test_a_class_with_a_blank_that_nobody_knows_is_refused_with_both_spellings() -> None:
    with pytest.raises(CellError) as caught:
        Codes.of(BERKSHIRE).read("BF B")
    assert caught.value.fix.en == "write BF.B, if that class of shares is meant"


def test_two_spellings_in_one_policy_are_told_and_never_mixed_up() -> None:
    both = policy("BRK.B 60, BRK/B 40", base_currency="USD", exchange="XNYS")
    known = instruments(both, {})
    assert told(known) == [("same_share_class", "warning", "BRK/B")]
    assert known["BRK.B"].identical == ("BRK.B", "BRK/B")
    assert [Codes.of(both).read(code) for code in ("BRK.B", "BRK/B")] == ["BRK.B", "BRK/B"]
    with pytest.raises(CellError):
        Codes.of(both).read("BRK B")


def test_a_korean_code_is_no_share_class() -> None:
    assert Codes.of(KOREAN).read("0000D0") == "0000D0"
    assert Codes.of(KOREAN).read("A0000D0") == "0000D0"
    with pytest.raises(CellError):
        Codes.of(KOREAN).read("BRK.B")


@given(st.from_regex(r"[A-Z]{1,5}[./ ][A-Z]", fullmatch=True))
def test_one_spelling_for_each_class(code: str) -> None:
    root, letter = code[:-2], code[-1]
    assert {share_class(f"{root}{joint}{letter}") for joint in "./ "} == {f"{root}.{letter}"}
    assert share_class(root + letter) is None
