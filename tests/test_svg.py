"""Charts are small, deterministic, self-contained and well-formed, and say with a shape what they say with a colour."""

from __future__ import annotations

import re
import timeit
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.drift import Drift, measure_drift
from rebalance_kit.planner.compare import CashComparison
from rebalance_kit.planner.plan import Plan
from rebalance_kit.portfolio import Portfolio, open_portfolio
from rebalance_kit.report.ink import BLUE, GREEN, VERMILION, shorten, text_width
from rebalance_kit.report.svg import before_after_svg, drift_bars, drift_scale, drift_svg
from rebalance_kit.report.svg_cash import cash_svg
from rebalance_kit.words import Language
from tests.make import Situation, document_000, policy, situation

NS = "{http://www.w3.org/2000/svg}"
OUTSIDE = r"href|url\(|@import|<script|<image|https?://(?!www\.w3\.org/2000/svg)"
NAMES = {
    "A": "TIGER 미국S&P500",
    "B": "KODEX 종합채권(AA-이상)액티브",
    "C": "Vanguard Total International Stock Index Fund ETF (VXUS)",
    "D": "TIGER 미국S&P500(H)",
}


def measured(where: Situation) -> Drift:
    return measure_drift(where.policy, where.holdings, where.prices)


def eight_assets() -> Drift:
    """Eight assets with long names in two groups, two of them past their band."""
    codes = "ABCDEFGH"
    wanted = policy(
        "core: A 30, B 20, C 10, D 10; satellite: E 10, F 10, G 5, H 5",
        assets={code: {"ticker": NAMES.get(code, f"KODEX 2차전지산업 {code}")} for code in codes},
        group_threshold="0.03",
        threshold="0.05",
    )
    return measured(
        situation(wanted, "A 38 @ 100, B 20 @ 100, C 2 @ 100, D 9 @ 100, E 11 @ 100, F 10 @ 100, G 10 @ 100")
    )


def growth(on: str = "2026-04-01") -> Portfolio:
    return open_portfolio(Path(__file__).parents[1] / "portfolios" / "growth", on=on)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return growth().plan()


@pytest.fixture(scope="module")
def compared() -> CashComparison:
    return growth().cash_rules(1_000_000)


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def row(svg: str, name: str) -> ElementTree.Element:
    """The row whose tooltip begins with `name`."""
    rows = [group for group in parse(svg).iter(f"{NS}g") if (group.findtext(f"{NS}title") or "").startswith(name)]
    assert len(rows) == 1
    return rows[0]


def fills(element: ElementTree.Element) -> set[str]:
    return {child.attrib["fill"] for child in element.iter() if child.attrib.get("fill") in (BLUE, VERMILION)}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_chart_of_eight_assets_is_under_ten_kilobytes(language: Language) -> None:
    assert len(drift_svg(eight_assets(), language).encode()) < 10_000


def test_a_chart_is_drawn_in_under_a_millisecond() -> None:
    drift = eight_assets()
    assert min(timeit.repeat(lambda: drift_svg(drift, "ko"), number=20, repeat=5)) / 20 < 0.001


def test_the_same_drift_gives_the_same_text() -> None:
    assert drift_svg(eight_assets(), "ko") == drift_svg(eight_assets(), "ko")


def test_nothing_outside_the_drawing_is_asked_for() -> None:
    svg = drift_svg(eight_assets(), "ko")
    assert re.findall(OUTSIDE, svg) == []


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Drift from target, in points of weight"), ("ko", "목표 대비 편차 (%p)")]
)
def test_a_reader_of_screens_hears_the_title_and_every_drift(language: Language, title: str) -> None:
    root = parse(drift_svg(measured(document_000()), language))
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{NS}title") == root.attrib["aria-label"] == title
    words = root.findtext(f"{NS}desc") or ""
    assert "TIGER 미국S&P500 +3.18" in words
    assert "TIGER 반도체 +3.64" in words


def test_a_breach_is_a_colour_a_shape_and_bold_letters() -> None:
    svg = drift_svg(eight_assets(), "en")
    calm, breached = row(svg, "KODEX 2차전지산업 E"), row(svg, "TIGER 미국S&P500 ")
    assert fills(calm) == {BLUE}
    assert fills(breached) == {VERMILION}
    assert len(list(breached.iter(f"{NS}path"))) == len(list(calm.iter(f"{NS}path"))) + 1  # the arrow
    assert [text.text for text in breached.iter(f"{NS}text") if text.attrib.get("font-weight")] == ["+8.00"]
    assert "outside its band" in (breached.findtext(f"{NS}title") or "")


def test_an_underweight_breach_points_to_the_left() -> None:
    arrows = [path.attrib["d"] for path in row(drift_svg(eight_assets(), "en"), "Vanguard").iter(f"{NS}path")]
    assert re.search(r"l-9 10l9 10z$", arrows[-1])


def test_bars_start_at_zero_and_grow_with_the_drift() -> None:
    svg = drift_svg(eight_assets(), "en")
    widths = {
        name: float(next(row(svg, name).iter(f"{NS}rect")).attrib["width"])
        for name in ("TIGER 미국S&P500 ", "KODEX 2차전지산업 E")
    }
    assert widths["TIGER 미국S&P500 "] == pytest.approx(8 * widths["KODEX 2차전지산업 E"], abs=0.5)


def test_groups_have_rows_and_an_untested_group_is_neither_good_nor_bad() -> None:
    untested = measured(document_000())
    assert fills(row(drift_svg(untested, "en"), "core")) == set()
    assert fills(row(drift_svg(eight_assets(), "en"), "satellite")) == {BLUE}


def test_bands_far_wider_than_any_drift_do_not_flatten_the_bars() -> None:
    wide = measured(situation(policy("A 50, B 50", threshold="0.5"), "A 51 @ 100, B 49 @ 100"))
    assets, groups = drift_bars(wide)
    assert drift_scale([*assets, *groups]) <= 0.05


def test_names_are_escaped_and_control_characters_left_out() -> None:
    drift = measured(situation("A 100", "A 1 @ 100"))
    nasty = replace(drift, assets=(replace(drift.assets[0], name='<script>"&\x00\x1b[31m\u2028'),))
    root = parse(drift_svg(nasty, "en"))
    assert '<script>"&[31m' in (root.findtext(f"{NS}desc") or "")


def test_long_names_keep_their_beginning_and_their_end() -> None:
    plain, hedged = shorten("TIGER 미국S&P500선물인버스2X", 150), shorten("TIGER 미국S&P500선물인버스2X(H)", 150)
    assert plain.startswith("TIGER 미국")
    assert hedged.endswith("(H)")
    assert plain != hedged
    assert shorten("KODEX 200", 150) == "KODEX 200"


@given(st.text(max_size=60), st.integers(60, 300))
def test_a_shortened_name_fits(name: str, width: int) -> None:
    assert text_width(shorten(name, width)) <= max(width, 8 * 13)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(lambda shares: sum(shares) > 0))
def test_any_portfolio_gives_well_formed_xml(shares: list[int]) -> None:
    weight = Decimal(100) / len(shares)
    targets = [weight.quantize(Decimal("0.01"))] * (len(shares) - 1)
    wanted = ", ".join(f"C{i} {target}" for i, target in enumerate([*targets, 100 - sum(targets)]))
    held = ", ".join(f"C{i} {share} @ 7" for i, share in enumerate(shares))
    svg = drift_svg(measured(situation(wanted, held)), "en")
    numbers = [float(x) for x in re.findall(r'\b(?:x|y|width)="(-?[\d.]+)"', svg)]
    assert parse(svg).tag == f"{NS}svg"
    assert all(0 <= number <= 600 for number in numbers)


def test_before_and_after_stand_in_one_row_with_target_and_band(plan: Plan) -> None:
    svg = before_after_svg(plan, "en")
    moved = row(svg, "TIGER 반도체")
    before, after = (float(dot.attrib["cx"]) for dot in moved.iter(f"{NS}circle"))
    marks = " ".join(path.attrib["d"] for path in moved.iter(f"{NS}path"))
    assert before > after
    assert marks.startswith(f"M{after} ")  # the target's mark
    assert [text.text for text in moved.iter(f"{NS}text")][-1] == "13.6% → 10.0%"


def test_a_plan_without_orders_goes_nowhere() -> None:
    still = row(before_after_svg(growth("2026-03-04").plan(), "ko"), "TIGER 반도체")
    before, after = (dot.attrib["cx"] for dot in still.iter(f"{NS}circle"))
    assert before == after


def test_the_cash_rules_differ_by_colour_and_by_shape(compared: CashComparison) -> None:
    svg = cash_svg(compared, "en")
    marks = {
        (mark.tag.removeprefix(NS), mark.attrib["fill"])
        for mark in row(svg, "KODEX 200").iter()
        if "fill" in mark.attrib
    }
    assert marks == {("path", VERMILION), ("circle", BLUE), ("rect", GREEN)}
    assert "water_filling ₩118,182" in (row(svg, "KODEX 200").findtext(f"{NS}title") or "")


def test_a_withdrawal_is_drawn_with_its_sign() -> None:
    assert "-₩500,000" in cash_svg(growth().cash_rules(-1_000_000), "en")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_chart_is_small_self_contained_and_the_same_again(
    plan: Plan, compared: CashComparison, language: Language
) -> None:
    pictures = [(before_after_svg(plan, language), cash_svg(compared, language)) for _ in range(2)]
    assert pictures[0] == pictures[1]
    for svg in pictures[0]:
        assert len(svg.encode()) < 10_000
        assert parse(svg).findtext(f"{NS}desc")
        assert re.findall(OUTSIDE, svg) == []
