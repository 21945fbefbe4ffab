"""What the statement formats share: kinds of accounts and securities, moments, codes, prices that values prove."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.holdings.statements.accounts import account_kind
from rebalance_kit.holdings.statements.codes import statement_code
from rebalance_kit.holdings.statements.moments import last_date, moment
from rebalance_kit.holdings.statements.reconcile import agrees, explains, proved_price
from rebalance_kit.holdings.statements.securities import is_bond, is_option
from rebalance_kit.money import product
from rebalance_kit.prices.codes import Codes
from rebalance_kit.words import Finding
from tests.make import policy
from tests.statement_files import held, prices, statement


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Individual - TOD", "taxable"), ("Joint Tenant", "taxable"), ("The Doe Living Trust", "taxable"),
        ("ROTH IRA", "roth"), ("Roth Contributory IRA ...222", "roth"), ("ROLLOVER IRA", "ira"), ("SEP-IRA", "ira"),
        ("Traditional_IRA", "ira"), ("HEALTH SAVINGS ACCOUNT", "hsa"), ("ACME 401(K) PLAN", "401k"),
        ("BrokerageLink", "401k"), ("BrokerageLink Roth", "roth_401k"), ("COUNTY 457(b) PLAN", "457b"),
        ("403(b)", "403b"), ("UTMA Jane", "custodial"), ("NH 529 plan", "529"), ("Depot A", None), ("Z10000001", None),
        ("Separate", None),
    ],
)  # fmt: skip
def test_a_name_tells_the_kind_of_account(name: str, kind: str | None) -> None:
    assert account_kind(name) == kind


@pytest.mark.parametrize(
    ("symbol", "name", "option"),
    [
        ("-EEE261218C50", "EEE DEC 18 2026 $50 CALL", True), ("-SPY1260116P412.5", "", True),
        ("AAPL 01/16/2026 250.00 C", "", True), ("QQQ Dec 31 '26 $600 Put", "", True),
        ("TQQQ 24AUG26 70 P", "", True), ("XYZ   261218C00130000", "", True),
        ("AAPL", "APPLE INC", False), ("CALL", "CALLAWAY PUT CO", False), ("BRK.B", "BERKSHIRE", False),
        ("PUTW", "WISDOMTREE PUTWRITE $50 CALL", False), ("069500", "KODEX 200", False),
    ],
)  # fmt: skip
def test_an_option_is_known_by_its_symbol(symbol: str, name: str, option: bool) -> None:
    assert is_option(symbol, name) is option


@pytest.mark.parametrize(
    ("symbol", "name", "bond"),
    [
        ("912797KX4", "US TREASURY BILL", True), ("38150VRM8", "GOLDMAN SACHS BK USA CD 4.5% 05/12/2027", True),
        ("KEY BANK CD CLEVELAND OH CD 3.85% 08/24/2026", "", True), ("06051GFX2", "BANK AMER NOTE 4.1% 2030", True),
        ("", "U S TREASURY NOTE 1.875 01/15/36", True),
        ("31617E471", "FID GROWTH CO POOL CL 3", False), ("BND", "VANGUARD TOTAL BOND MARKET ETF", False),
        ("31617F000", "FID TREASURY MONEY MARKET FUND", False), ("ABC", "CD PROJEKT 1.5%", False),
    ],
)  # fmt: skip
def test_a_bond_is_known_by_its_words(symbol: str, name: str, bond: bool) -> None:
    assert is_bond(symbol, name) is bond


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Date downloaded Oct-03-2026 4:10 p.m ET", date(2026, 10, 3)), ("as of 2026/09/30", date(2026, 9, 30)),
        ("January 1, 2026 - April 15, 2026", date(2026, 4, 15)), ("15. März 2026", date(2026, 3, 15)),
        ("1 janvier 2026 - 24 septembre 2026", date(2026, 9, 24)), ("11/15/2020", date(2020, 11, 15)),
        ("2026년 1월 1일 - 2026년 9월 15일", date(2026, 9, 15)), ("no date, 31/31/2026", None),
    ],
)  # fmt: skip
def test_the_last_date_of_a_text(text: str, day: date | None) -> None:
    assert last_date(text) == day


def test_a_moment_needs_a_date_a_time_and_a_zone() -> None:
    assert str(moment("as of 12:05 AM ET, 2026/07/01")) == "2026-07-01 00:05:00-04:00"
    assert str(moment("Generated at Jan 20 2026 12:42 PM ET")) == "2026-01-20 12:42:00-05:00"
    assert moment("10/03/2026") is None
    assert moment("10/03/2026 4:10 PM") is None


@pytest.mark.parametrize(
    ("symbol", "code"),
    [("BRK/B", "BRK.B"), ("BRK B", "BRK.B"), ("BRKB", "BRK.B"), ("BF-B", "BF-B"), ("MUV2d", "MUV2D"), ("RR.", "RR."),
     ("BAC PRK", "BAC.PRK"), ("N/A", None), ("SOME LONG NAME", None), ("", None), ("apple", None)],
)  # fmt: skip
def test_one_share_has_several_spellings(symbol: str, code: str | None) -> None:
    findings: list[Finding] = []
    codes = Codes.of(policy("BRK.B 100", base_currency="USD", exchange="XNYS"))
    assert statement_code(codes, symbol, "USD", 1, findings) == code
    assert len(findings) == (code is not None and code != symbol)


PRICES = st.decimals(Decimal("0.01"), 5000, places=2)
QUANTITIES = st.decimals(Decimal("0.001"), 10000, places=3)


@given(PRICES, QUANTITIES)
def test_a_value_proves_a_price_that_gives_it_back(price: Decimal, quantity: Decimal) -> None:
    value = product(price, quantity).quantize(Decimal("0.0001"))
    proved = proved_price(value, quantity, "USD")
    assert proved is None or agrees(product(proved, quantity), value)
    if product(price, quantity) == value and value > 0:
        assert proved is not None


@given(PRICES, QUANTITIES)
def test_rounding_explains_a_value_and_nothing_else_does(price: Decimal, quantity: Decimal) -> None:
    value = product(price, quantity).quantize(Decimal("0.01"))
    assert explains(price, quantity, value, "USD")
    assert not explains(price, quantity, value + quantity + price + 1, "USD")


def test_two_values_that_prove_different_prices_prove_none() -> None:
    head = "Account Number,Account Name,Symbol,Description,Quantity,Last Price,Current Value\n"
    file = statement(head + "X1,A IRA,AAA,ALPHA,3,,$10.00\nX2,B IRA,AAA,ALPHA,7,,$23.35\nX2,B IRA,BBB,BETA,2,,$3.00\n")
    assert prices(file) == {"BBB": Decimal("1.50")}
    assert file.values["X2", "AAA"] == Decimal("23.35")


def test_the_symbol_of_another_currency_is_refused() -> None:
    with pytest.raises(Exception, match="carries the symbol €"):
        statement("Account Number,Account Name,Symbol,Quantity,Last Price,Current Value\nX1,Individual,AAA,1,$5,€5\n")


def test_a_view_grouped_by_kinds_of_assets() -> None:
    head = '"Symbol","Description","Qty (Quantity)","Price","Mkt Val (Market Value)","Asset Type"\n'
    rows = '"Equities"\n"AAA","ALPHA","1","5.00","$5.00","Equity"\n"Equities Total","","","","$5.00",""\n'
    total = '"Account Total","","","","$5.00",""\n'
    file = statement('"Positions for account Individual ...1 as of 2026/01/02"\n' + head + rows + total)
    assert held(file) == {"Individual ...1": {"AAA": "1"}}
