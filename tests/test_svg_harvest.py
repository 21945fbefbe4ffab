"""The picture of a harvest: the deduction, every lot, and what there is to do, by colour and by shape."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rebalance_kit.portfolio import open_portfolio
from rebalance_kit.report.chart import chart
from rebalance_kit.report.ink import BLUE, VERMILION
from rebalance_kit.report.svg_harvest import gain_scale, harvest_svg, used_share
from rebalance_kit.tax.harvest import harvest
from rebalance_kit.tax.harvest_model import Harvest
from rebalance_kit.words import Language
from tests.make import policy
from tests.make_tax import AMERICAN, ON, OVERSEAS_IN_WON, taxed
from tests.test_svg import NS, OUTSIDE, parse, row

US = Path(__file__).parents[1] / "portfolios" / "us"


def korean(realised: int = 1_000_000) -> Harvest:
    wanted = policy(
        "A 50, B 50", assets={"A": OVERSEAS_IN_WON, "B": OVERSEAS_IN_WON}, tax={"realised_gain_ytd": realised}
    )
    made = taxed(wanted, "A a 2024-05-02 10 @ 100000, B b 2024-05-02 10 @ 100000", "A 200000, B 70000")
    return harvest(made.policy, made.holdings, made.prices, on=ON)


def american() -> Harvest:
    wanted = policy("A 100", assets={"A": AMERICAN}, base_currency="USD", exchange="XNYS", tax={"jurisdiction": "US"})
    made = taxed(wanted, "A a 2025-12-01 10 @ 100, A b 2024-01-03 10 @ 100", "A 120")
    return harvest(made.policy, made.holdings, made.prices, on=ON)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_picture_is_small_self_contained_and_the_same_again(language: Language) -> None:
    made = open_portfolio(US, on="2026-03-04").harvest()
    svg = harvest_svg(made, language)
    assert svg == harvest_svg(made, language)
    assert len(svg.encode()) < 10_000
    assert parse(svg).findtext(f"{NS}desc")
    assert re.findall(OUTSIDE, svg) == []


def test_the_bar_is_what_is_used_of_the_deduction() -> None:
    assert used_share(korean()) == pytest.approx(0.4)
    assert used_share(korean(9_000_000)) == 1
    assert "₩1,500,000 of" in harvest_svg(korean(), "en")


def test_a_gain_and_a_loss_differ_by_side_and_what_is_due_by_a_triangle() -> None:
    svg = harvest_svg(korean(), "en")
    gain, loss = row(svg, "A a"), row(svg, "B b")
    assert [bar.attrib["fill"] for bar in gain.iter(f"{NS}rect")] == [BLUE]
    assert [bar.attrib["fill"] for bar in loss.iter(f"{NS}rect")] == [VERMILION]
    left = {float(bar.attrib["x"]) + float(bar.attrib["width"]) for bar in loss.iter(f"{NS}rect")}
    assert left == {float(bar.attrib["x"]) for bar in gain.iter(f"{NS}rect")}
    assert len(list(gain.iter(f"{NS}path"))) == 1
    assert not list(loss.iter(f"{NS}path"))  # no gains were realised that it could offset


def test_days_to_long_term_stand_beside_a_short_lot() -> None:
    svg = harvest_svg(american(), "en")
    assert "long in" in "".join(row(svg, "A a").itertext())
    assert "long in" not in "".join(row(svg, "A b").itertext())


def test_the_axis_is_a_round_number() -> None:
    assert gain_scale(korean()) == 1_000_000
    assert gain_scale(american()) == 200


def test_it_is_a_chart_like_the_others(tmp_path: Path) -> None:
    picture = chart(korean(), "ko")
    assert "Harvest" in repr(picture)
    assert picture.save(tmp_path / "harvest.png").stat().st_size > 5_000
    assert picture.save(tmp_path / "harvest.svg").read_text(encoding="utf-8") == picture.svg
