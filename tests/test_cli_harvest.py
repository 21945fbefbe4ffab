"""`rebalance harvest` from a folder to the screen and to JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from rebalance_kit.portfolio import open_portfolio
from rebalance_kit.tax.estimate import estimate
from rebalance_kit.tax.model import Sale
from tests.folders import folder, rebalance

ON = "2026-03-04"
POLICY = """\
portfolio:
  name: overseas
  language: en
  allocation:
    all:
      assets:
        - {ticker: KODEX 200, code: '069500', target: 0.3, tax_class: kr_equity, exchange: XKRX}
        - {code: VOO, target: 0.4, tax_class: overseas_listed, exchange: XNYS, currency: USD, replacement: IVV}
        - {code: TLT, target: 0.3, tax_class: overseas_listed, exchange: XNYS, currency: USD}
  costs: {etf_commission_rate: 0.001}
  tax: {realised_gain_ytd: 3500000}
"""
HOLDINGS = """\
account,code,quantity,price,currency
main,069500,10,40000,KRW
main,VOO,8,400,USD
main,TLT,20,60,USD
main,CASH,1000000,,KRW
"""
LOTS = """\
account,code,lot_id,date,quantity,cost,currency,tax_base
main,069500,K-1,2025-07-01,10,300000,KRW,
main,VOO,V-1,2025-07-01,8,2000.00,USD,
main,TLT,T-1,2025-07-01,20,2000.00,USD,
"""
PRICES = """\
date,code,price,currency
2025-07-03,USD/KRW,1350,KRW
2026-03-03,USD/KRW,1400,KRW
"""


@pytest.fixture
def overseas(tmp_path: Path) -> Path:
    """1,000,000 won beyond the deduction, a loss in TLT, a gain in VOO."""
    files = {"portfolio.yaml": POLICY, "holdings.csv": HOLDINGS, "lots.csv": LOTS, "prices.csv": PRICES}
    return folder(tmp_path / "overseas", dict(files))


def test_a_table_with_reasons_rules_and_the_statement(overseas: Path) -> None:
    ran = rebalance("harvest", overseas, "--on", ON)
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"TLT +T-1 +20 +-₩1,020,000 +-37.8% +harvest loss +₩220,000 +₩3,360", ran.out)
    assert re.search(r"VOO +V-1 +8 +\+₩1,780,000 +65.9% +none", ran.out)
    assert "KODEX 200 (069500) K-1: gains are exempt" in ran.out
    assert "Deduction left" in ran.out
    assert "[####################]" in ran.out
    flat = " ".join(ran.out.split())
    assert "kr_overseas_rate = 0.22" in flat
    assert "an estimate, not advice" in flat


@pytest.mark.parametrize("language", ["en", "ko"])
def test_it_fits_eighty_columns_in_both_languages(overseas: Path, language: str) -> None:
    ran = rebalance("harvest", overseas, "--on", ON, "--language", language)
    assert ran.code == 0
    assert max(map(cell_len, ran.out.splitlines())) <= 80
    if language == "ko":
        assert "손실 실현" in ran.out
        assert "세무 자문이" in ran.out
        assert not re.search(r"\bharvest\b", ran.out.replace("harvest_", ""))


def test_json_is_one_document_with_the_keys_of_the_interface(overseas: Path) -> None:
    ran = rebalance("harvest", overseas, "--on", ON, "--json")
    document = ran.document
    assert {"as_of", "rules_dated", "realised_gain_ytd", "deduction_left", "candidates"} <= document.keys()
    assert [document["as_of"], document["realised_gain_ytd"], document["deduction_left"]] == [ON, "3500000", "0"]
    rows = {row["code"]: row for row in document["candidates"]}
    keys = {"account", "code", "lot_id", "quantity", "gain", "gain_pct", "action", "tax_saved", "cost", "conflicts",
            "blocked_until", "replacement", "reason"}  # fmt: skip
    assert all(keys <= row.keys() for row in rows.values())
    bond = rows["TLT"]
    assert [bond["quantity"], bond["gain"], bond["action"], bond["tax_saved"], bond["cost"], bond["conflicts"]] == [
        20, "-1020000", "harvest_loss", "220000", "3360", []
    ]  # fmt: skip
    assert rows["069500"]["action"] == rows["VOO"]["action"] == "none"
    assert bond["blocked_until"] is None


def test_the_last_day_of_the_broker_decides_the_year(overseas: Path) -> None:
    late = ["harvest", str(overseas), "--on", "2026-12-29", "--json"]
    computed = rebalance(*late).document
    stated = rebalance(*late, "--last-day", "2026-12-28").document
    assert [computed["realised_gain_ytd"], stated["realised_gain_ytd"]] == ["3500000", "0"]
    assert stated["deduction_left"] == "2500000"
    assert {"tax_year_uncertain"} <= {finding["rule"] for finding in computed["findings"]}


def test_bad_days_and_unknown_rules_are_one_sentence(overseas: Path) -> None:
    assert rebalance("harvest", overseas, "--last-day", "soon").code == 2
    text = (overseas / "portfolio.yaml").read_text(encoding="utf-8")
    changed = text.replace("3500000}", "3500000, overrides: {kr_overseas_rates: 0.1}}")
    (overseas / "portfolio.yaml").write_text(changed, encoding="utf-8")
    ran = rebalance("harvest", overseas, "--on", ON, "--json")
    assert ran.code == 2
    assert ran.document["error"]["code"] == "unknown_tax_rule"
    assert "kr_overseas_rate" in ran.document["error"]["message"]


def test_a_dollar_portfolio_under_korean_rules_is_refused_by_a_rule(overseas: Path) -> None:
    text = (overseas / "portfolio.yaml").read_text(encoding="utf-8")
    changed = text.replace("name: overseas", "name: overseas\n  base_currency: USD\n  exchange: XNYS")
    (overseas / "portfolio.yaml").write_text(changed, encoding="utf-8")
    ran = rebalance("harvest", overseas, "--on", ON, "--json")
    assert [ran.code, ran.document["error"]["code"]] == [3, "tax_currency"]


def test_the_same_in_python(overseas: Path) -> None:
    made = open_portfolio(overseas, on=ON).harvest()
    assert made.to_dict() == rebalance("harvest", overseas, "--on", ON, "--json").document
    assert len(made.table()) == 3


def test_asking_changes_no_file(overseas: Path) -> None:
    before = {path.name: path.read_bytes() for path in overseas.iterdir()}
    rebalance("harvest", overseas, "--on", ON)
    assert {path.name: path.read_bytes() for path in overseas.iterdir()} == before


def test_the_taxable_base_of_today_comes_from_prices_csv(tmp_path: Path) -> None:
    policy = POLICY.replace("tax_class: kr_equity", "tax_class: kr_other")
    prices = "date,code,price,currency,tax_base\n2026-03-03,069500,40000,KRW,31000.5\n2026-03-03,USD/KRW,1400,KRW,\n"
    lots = LOTS.replace("300000,KRW,", "300000,KRW,30000")
    files = {"portfolio.yaml": policy, "holdings.csv": HOLDINGS, "lots.csv": lots, "prices.csv": prices}
    opened = open_portfolio(folder(tmp_path / "base", dict(files)), on=ON)
    sale = Sale("main", "069500", opened.holdings.quantity("069500"), opened.prices.price("069500"), "KRW")
    made = estimate(
        [sale], opened.household, opened.policy, opened.prices, on=opened.on, instruments=opened.instruments
    )
    assert made.sales[0].taxable == 10_005
    assert made.tax == 1_540
    assert json.dumps(made.to_dict("ko"))
