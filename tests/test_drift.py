"""Weights, bands and breaches: definitions 1 to 3, exactly."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.drift import Drift, measure_drift, with_bands
from rebalance_kit.errors import InputError, RuleError
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import ONE, ZERO, show_points
from rebalance_kit.policy.bands import asset_band
from rebalance_kit.policy.model import Policy
from tests.make import book, document_000, document_001, holdings, policy, situation


def drift(
    wanted: Policy | str, held: str, prices: str | None = None, *, widen: Decimal = ONE, deposit: Decimal = ZERO
) -> Drift:
    return measure_drift(*situation(wanted, held, prices), widen=widen, deposit=deposit)


def breached(wanted: Policy | str, held: str) -> list[str]:
    return [asset.code for asset in drift(wanted, held).breaches]


# --- document 000 and 001 ---------------------------------------------------------------------------------------------


def test_document_000_has_the_weights_and_drifts_that_it_prints() -> None:
    shown = [
        (a.code, round(100 * a.current_weight, 1), show_points(a.drift)) for a in measure_drift(*document_000()).assets
    ]
    assert shown == [
        ("360750", Decimal("38.2"), "+3.18"),
        ("069500", Decimal("14.5"), "-0.45"),
        ("305080", Decimal("12.7"), "-2.27"),
        ("273130", Decimal("4.5"), "-0.45"),
        ("091230", Decimal("13.6"), "+3.64"),
        ("305720", Decimal("7.3"), "-2.73"),
        ("319640", Decimal("9.1"), "-0.91"),
    ]


def test_document_000_breaches_nothing_and_its_groups_are_not_tested() -> None:
    measured = measure_drift(*document_000())
    assert measured.total_value == 11_000_000
    assert (measured.breaches, measured.group_breaches) == ((), ())
    assert [(g.name, g.target_weight, g.threshold) for g in measured.groups] == [
        ("core", Decimal("0.70"), None),
        ("satellite", Decimal("0.30"), None),
    ]
    assert measured.largest is measured.asset("091230")
    assert show_points(measured.max_drift) == "+3.64"


def test_document_001_has_one_breach_of_eight_points() -> None:
    measured = measure_drift(*document_001())
    assert [(a.code, a.drift) for a in measured.breaches] == [("VOO", Decimal("0.08"))]
    assert [a.drift for a in measured.assets] == [Decimal(n) for n in ("-0.02", "0.08", "-0.04", "-0.02")]


# --- band kinds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("target", "now"), [(60, 65), (40, 45), (30, 35)])
def test_five_points_are_a_breach_and_are_none_when_strict(target: int, now: int) -> None:
    wanted, held = f"A {target}, B {100 - target}", f"A {now} @ 1, B {100 - now} @ 1"
    assert breached(policy(wanted, threshold="0.05"), held) == ["A", "B"]
    assert breached(policy(wanted, threshold="0.05", comparison="strict"), held) == []


@pytest.mark.parametrize("threshold", ["0.05", "0.03", "0.07", "0.1"])
def test_one_won_decides_at_the_threshold(threshold: str) -> None:
    edge = int(10_000_000 * (Decimal("0.3") + Decimal(threshold)))
    for extra, expected in ((-1, []), (0, ["A", "B"]), (1, ["A", "B"])):
        held = f"A {edge + extra} @ 1, B {10_000_000 - edge - extra} @ 1"
        assert breached(policy("A 30, B 70", threshold=threshold), held) == expected


@pytest.mark.parametrize(
    ("kind", "threshold", "target", "lower", "upper"),
    [
        ("absolute", "0.05", "60", "0.55", "0.65"),
        ("relative", "0.10", "60", "0.54", "0.66"),
        ("relative", "0.50", "5", "0.025", "0.075"),
        ("relative", "0.50", "30", "0.15", "0.45"),
        ("smaller_of", "0.05", "60", "0.55", "0.65"),
        ("smaller_of", "0.05", "20", "0.15", "0.25"),
        ("smaller_of", "0.05", "10", "0.075", "0.125"),
        ("smaller_of", "0.05", "4", "0.03", "0.05"),
        ("absolute", "0.05", "3", "0", "0.08"),  # no weight is negative
        ("absolute", "0.05", "98", "0.93", "1"),
    ],
)
def test_the_band_of_each_kind(kind: str, threshold: str, target: str, lower: str, upper: str) -> None:
    wanted = policy(f"A {target}, cash {100 - int(target)}", kind=kind, threshold=threshold)
    asset = drift(wanted, "A 1 @ 1").asset("A")
    assert (asset.lower, asset.upper) == (Decimal(lower), Decimal(upper))


def test_relative_bands_breach_at_their_edges() -> None:
    wanted = policy("A 60, B 40", kind="relative", threshold="0.10")
    assert breached(wanted, "A 6599 @ 1, B 3401 @ 1") == ["B"]  # 34.01 % is 14.98 % below 40 %
    assert breached(wanted, "A 6600 @ 1, B 3400 @ 1") == ["A", "B"]
    assert breached(wanted, "A 5401 @ 1, B 4599 @ 1") == ["B"]
    assert breached(wanted, "A 5400 @ 1, B 4600 @ 1") == ["A", "B"]


def test_an_asset_outside_its_min_or_max_breaches_whatever_the_threshold() -> None:
    wanted = policy("A 60 [58..61], B 40", threshold="0.10")
    assert breached(wanted, "A 61 @ 1, B 39 @ 1") == []  # at the limit is inside
    assert breached(wanted, "A 58 @ 1, B 42 @ 1") == []
    assert breached(wanted, "A 6101 @ 1, B 3899 @ 1") == ["A"]
    assert breached(wanted, "A 5799 @ 1, B 4201 @ 1") == ["A"]


def test_a_target_of_zero_that_is_not_held_never_breaches() -> None:
    wanted = policy("A 100, B 0", kind="relative", threshold="0.10")
    assert breached(wanted, "A 10 @ 1") == []
    assert breached(wanted, "A 999 @ 1, B 1 @ 1") == ["B"]


def test_no_drift_at_all_is_no_breach_even_at_a_threshold_of_zero() -> None:
    assert breached(policy("A 50, B 50", threshold="0"), "A 5 @ 1, B 5 @ 1") == []


def test_the_no_trade_zone_is_the_band_of_its_strategy_and_its_edges_belong_to_it() -> None:
    wanted = policy("A 66.3, B 33.7", strategy="no_trade_zone", no_trade_zone={"A": ("0.593", "0.719")})
    assert breached(wanted, "A 719 @ 1, B 281 @ 1") == []
    assert breached(wanted, "A 593 @ 1, B 407 @ 1") == []
    assert breached(wanted, "A 720 @ 1, B 280 @ 1") == ["A"]
    assert breached(wanted, "A 592 @ 1, B 408 @ 1") == ["A"]
    assert (drift(wanted, "A 1 @ 1").asset("B").lower, drift(wanted, "A 1 @ 1").asset("B").upper) == (ZERO, ONE)


# --- groups -----------------------------------------------------------------------------------------------------------

TWO_LEVELS = "stocks: A 30, B 30; bonds: C 40"


@pytest.mark.parametrize(
    ("held", "groups", "assets"),
    [
        ("A 3150 @ 1, B 3149 @ 1, C 3701 @ 1", [], []),  # groups at 2.99 points
        ("A 3150 @ 1, B 3150 @ 1, C 3700 @ 1", ["stocks", "bonds"], []),  # 3.00
        ("A 3499 @ 1, B 2501 @ 1, C 4000 @ 1", [], []),  # assets at 4.99
        ("A 3500 @ 1, B 2500 @ 1, C 4000 @ 1", [], ["A", "B"]),  # 5.00
    ],
)
def test_groups_at_three_points_and_assets_at_five(held: str, groups: list[str], assets: list[str]) -> None:
    measured = drift(policy(TWO_LEVELS, threshold="0.05", group_threshold="0.03"), held)
    assert [group.name for group in measured.group_breaches] == groups
    assert [asset.code for asset in measured.breaches] == assets


def test_a_group_has_its_own_threshold_or_none() -> None:
    wanted = policy(TWO_LEVELS, threshold="0.20", groups={"bonds": {"threshold": "0.02"}})
    measured = drift(wanted, "A 31 @ 1, B 31 @ 1, C 38 @ 1")
    assert [(g.name, g.threshold, g.breached) for g in measured.groups] == [
        ("stocks", None, False),
        ("bonds", Decimal("0.02"), True),
    ]


def test_groups_of_groups_are_measured_at_both_depths() -> None:
    wanted = policy("stocks / kr: A 20; stocks / us: B 40; bonds: C 40", groups={"stocks / us": {"threshold": "0.03"}})
    measured = drift(wanted, "A 17 @ 1, B 43 @ 1, C 40 @ 1")
    assert [(g.name, g.current_weight, g.breached) for g in measured.groups] == [
        ("stocks", Decimal("0.6"), False),
        ("stocks / kr", Decimal("0.17"), False),
        ("stocks / us", Decimal("0.43"), True),
        ("bonds", Decimal("0.4"), False),
    ]


# --- cash, currencies, what is missing --------------------------------------------------------------------------------


def test_cash_counts_and_dividends_count_only_when_the_policy_says_so() -> None:
    held = "A 80 @ 1; cash KRW 20; dividends KRW 100"
    assert drift("A 80, cash 20", held).asset("A").current_weight == Decimal("0.8")
    counted = drift(policy("A 80, cash 20", cash={"dividends": "count"}), held)
    assert counted.asset("A").current_weight == Decimal("0.4")
    assert (counted.total_value, counted.cash_value) == (Decimal(200), Decimal(120))


def test_everything_is_weighed_in_the_base_currency() -> None:
    held = "A 10 @ 100 USD, B 1 @ 1380000; cash USD 0.004; cash KRW 0"
    measured = drift("A 50, B 50", held, "A 100 USD, B 1380000, USD/KRW 1380")
    assert measured.asset("A").value == measured.asset("B").value == 1_380_000
    assert (measured.asset("A").share_value, measured.asset("A").currency) == (Decimal(138_000), "USD")
    assert [rate.pair for rate in measured.fx] == ["USD/KRW"]
    assert [(c.currency, c.amount, c.value) for c in measured.cash] == [
        ("KRW", ZERO, ZERO),
        ("USD", Decimal("0.004"), ZERO),  # less than half a cent
    ]


def test_a_holding_over_several_accounts_is_one_asset() -> None:
    measured = drift("A 50, B 50", "main: A 3 @ 10; isa: A 2 @ 10, B 5 @ 10")
    assert measured.asset("A").quantity == 5
    assert measured.max_drift == 0


def test_held_but_not_in_the_policy_is_counted_shown_and_told() -> None:
    measured = drift(policy("A 100", threshold="0.05"), "A 90 @ 1, X 10 @ 1")
    stranger = measured.asset("X")
    assert (stranger.group, stranger.target_weight, stranger.drift, stranger.breached) == (
        None,
        ZERO,
        Decimal("0.1"),
        True,
    )
    assert (stranger.relative_drift, stranger.upper) == (None, Decimal("0.05"))
    assert [(f.rule, f.code, f.severity) for f in measured.findings] == [("not_in_policy", "X", "warning")]


def test_in_the_policy_but_not_held_is_zero_and_told() -> None:
    measured = drift("A 90, B 10", "A 90 @ 1", "A 1, B 7")
    assert (measured.asset("B").quantity, measured.asset("B").drift) == (ZERO, Decimal("-0.1"))
    assert [(f.rule, f.severity) for f in measured.findings] == [("not_held", "info")]


def test_a_target_without_a_price_is_shown_and_a_holding_without_one_is_refused() -> None:
    measured = drift("A 90, B 10", "A 90 @ 1")
    assert (measured.asset("B").price, measured.asset("B").share_value) == (None, None)
    assert [(f.rule, f.code) for f in measured.findings] == [("missing_price", "B")]
    with pytest.raises(RuleError, match="no price for B, X") as refused:
        drift("A 90, B 10", "A 90 @ 1, B 1, X 2")
    assert (refused.value.code, refused.value.exit_code) == ("missing_price", 3)


def test_a_missing_rate_is_told_for_a_target_and_refused_for_a_holding() -> None:
    measured = drift("A 90, B 10", "A 90 @ 1", "A 1, B 7 USD")
    assert [f.rule for f in measured.findings] == ["missing_rate"]
    with pytest.raises(RuleError, match="USD/KRW"):
        drift("A 90, B 10", "A 90 @ 1, B 1 @ 7 USD")


@pytest.mark.parametrize("held", ["cash KRW 0", "A 0 @ 100", "A 1 @ 100; cash KRW -100"])
def test_a_portfolio_worth_nothing_is_an_error_unless_a_deposit_is_planned(held: str) -> None:
    with pytest.raises(InputError, match="worth ₩0") as refused:
        drift("A 50, B 50", held, "A 100, B 100")
    assert (refused.value.code, refused.value.exit_code) == ("empty_portfolio", 2)
    measured = drift("A 50, B 50", held, "A 100, B 100", deposit=Decimal(1000))
    assert [a.current_weight for a in measured.assets] == [0, 0]
    assert measured.breaches == ()


def test_leverage_is_told_and_shown_beside_the_weights() -> None:
    """Document 003: 55 % in a twofold fund is an exposure of 110 %."""
    wanted = policy("A 50, B 50", assets={"A": {"exposure": "2"}})
    measured = drift(wanted, "A 55 @ 1, B 45 @ 1")
    assert measured.notional == (("A", Decimal("1.1"), Decimal(1)), ("B", Decimal("0.45"), Decimal("0.5")))
    assert [f.rule for f in measured.findings] == ["exposure"]
    assert "155.0%" in measured.findings[0].message.en
    assert drift("A 50, B 50", "A 55 @ 1, B 45 @ 1").notional == ()


def test_findings_of_holdings_and_prices_come_along_once() -> None:
    told = drift("A 100", "A 1 @ 1, X 1 @ 1").findings
    held = holdings("A 1")
    both = Holdings(held.positions, findings=(told[0], told[0]))
    assert measure_drift(policy("A 100"), both, book("A 1")).findings == told[:1]


# --- widening ---------------------------------------------------------------------------------------------------------


def test_widening_multiplies_thresholds_and_leaves_min_and_max() -> None:
    wanted = policy("g: A 60 [40..66], B 40", threshold="0.05", group_threshold="0.02")
    wide = drift(wanted, "A 65 @ 1, B 35 @ 1", widen=Decimal("1.5"))
    assert [(a.lower, a.upper, a.breached) for a in wide.assets] == [
        (Decimal("0.525"), Decimal("0.66"), False),
        (Decimal("0.325"), Decimal("0.475"), False),
    ]
    assert wide.group("g").threshold == Decimal("0.03")
    assert [a.code for a in with_bands(wanted, wide).breaches] == ["A", "B"]


# --- display ----------------------------------------------------------------------------------------------------------


def test_the_json_is_the_agreed_one_and_survives_a_round_trip() -> None:
    shown = measure_drift(*document_000()).to_dict("en")
    assert json.loads(json.dumps(shown)) == shown
    assert list(shown) == [
        "portfolio", "as_of", "base_currency", "total_value", "cash", "fx", "assets", "groups", "notional", "findings",
    ]  # fmt: skip
    assets = shown["assets"]
    assert isinstance(assets, list)
    agreed = {"code", "name", "group", "quantity", "price", "value", "current_weight", "target_weight", "drift",
              "relative_drift", "lower", "upper", "breached"}  # fmt: skip
    assert all(agreed <= set(row) for row in assets)
    assert (assets[0]["quantity"], assets[0]["price"], assets[0]["lower"]) == (250, "16800", "0.3")
    assert shown["as_of"] == "2026-03-04"


def test_quantities_are_strings_where_they_are_not_whole() -> None:
    whole = drift("A 50, B 50", "A 1.5 @ 10, B 2 @ 10")
    assert [a.to_dict()["quantity"] for a in whole.assets] == ["1.5", 2]
    account = policy("A 50, B 50", accounts={"main": {"fractional": True}})
    shown = drift(account, "A 1.5 @ 10, B 2 @ 10").to_dict()["assets"]
    assert isinstance(shown, list)
    assert [row["quantity"] for row in shown] == ["1.5", "2"]


def test_the_table_and_the_notebook_show_every_asset_in_the_language_of_the_policy() -> None:
    measured = measure_drift(*document_000())
    table = measured.table()
    assert list(table.index) == [asset.code for asset in measured.assets]
    assert table.loc["091230", "drift"] == measured.asset("091230").drift
    html = measured._repr_html_()
    assert "TIGER 미국S&amp;P500" in html
    assert "목표 비중" in html
    assert repr(measured) == "<Drift 2026 장기 성장형 | 2026-03-04 | ₩11,000,000 | 0 past the band>"


def test_names_come_from_the_policy_then_the_statement_then_the_code() -> None:
    with pytest.raises(KeyError):
        measure_drift(*document_000()).asset("000000")
    assert measure_drift(*document_000()).asset("069500").name == "KODEX 200"
    assert drift("A 100", "A 1 @ 1").asset("A").name == "A"


# --- what always holds ------------------------------------------------------------------------------------------------

CODES = ("A", "B", "C", "D")


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Four assets and cash that sum to one, a band kind, a threshold, perhaps groups."""
    cuts = sorted(draw(st.lists(st.integers(0, 1000), min_size=4, max_size=4)))
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, 1000], strict=True)]
    rows = [f"{code} {Decimal(part) / 10}" for code, part in zip(CODES, parts, strict=False)]
    text = f"one: {rows[0]}, {rows[1]}; two: {rows[2]}, {rows[3]}, cash {Decimal(parts[4]) / 10}"
    return policy(
        text,
        kind=draw(st.sampled_from(["absolute", "relative", "smaller_of"])),
        threshold=draw(st.integers(0, 300).map(lambda n: str(Decimal(n) / 1000))),
        group_threshold=draw(st.none() | st.integers(0, 300).map(lambda n: str(Decimal(n) / 1000))),
        comparison=draw(st.sampled_from(["inclusive", "strict"])),
    )


QUANTITIES = st.lists(st.integers(0, 10_000), min_size=4, max_size=4)
PRICES = st.lists(st.integers(1, 500_000), min_size=4, max_size=4)


def line(quantities: list[int], prices: list[int], cash: int) -> str:
    rows = [f"{c} {q} @ {p}" for c, q, p in zip(CODES, quantities, prices, strict=True)]
    return f"main: {', '.join(rows)}; cash KRW {cash}"


@given(policies(), QUANTITIES, PRICES, st.integers(1, 10**9))
def test_weights_and_cash_sum_to_one(wanted: Policy, quantities: list[int], prices: list[int], cash: int) -> None:
    measured = drift(wanted, line(quantities, prices, cash))
    assert sum(a.value for a in measured.assets) + measured.cash_value == measured.total_value
    weights = sum(Fraction(a.current_weight) for a in measured.assets)
    assert abs(weights + Fraction(measured.cash_value) / Fraction(measured.total_value) - 1) < Fraction(1, 10**26)
    assert sum(g.value for g in measured.groups) == sum(a.value for a in measured.assets)


@given(QUANTITIES, PRICES, st.integers(1, 10**9), st.permutations(range(4)), st.integers(0, 10**6))
def test_the_order_of_the_rows_never_matters(
    quantities: list[int], prices: list[int], cash: int, order: list[int], more: int
) -> None:
    rows = [f"{CODES[i]} {quantities[i]} @ {prices[i]}" for i in range(4)]
    one = "; ".join([*rows, f"cash KRW {cash}", f"cash KRW {more}"])
    other = "; ".join([f"cash KRW {more}", *(rows[i] for i in order), f"cash KRW {cash}"])
    wanted = policy("A 40, B 30, C 20, D 10", group_threshold="0.03")
    assert drift(wanted, one).to_dict() == drift(wanted, other).to_dict()


@given(
    st.integers(1, 999),
    st.integers(1, 999),
    st.integers(1, 10**12),
    st.sampled_from(["absolute", "smaller_of"]),
    st.booleans(),
)
def test_a_breach_is_symmetric(target: int, threshold: int, off: int, kind: str, strict: bool) -> None:
    """As far above the target as below it: both breach or neither does."""
    wanted = policy(
        f"A {Decimal(target) / 10}, cash {100 - Decimal(target) / 10}",
        threshold=str(Decimal(threshold) / 1000),
        kind=kind,
        comparison="strict" if strict else "inclusive",
    )
    total, middle = Decimal(10**15), Decimal(target) * 10**12
    band = asset_band(wanted, wanted.assets[0])
    assert band.is_breached_by(middle + off, total) == band.is_breached_by(middle - off, total)


@given(policies(), QUANTITIES, PRICES, st.integers(1, 10**9), st.integers(100, 500))
def test_widening_never_adds_a_breach(
    wanted: Policy, quantities: list[int], prices: list[int], cash: int, percent: int
) -> None:
    measured = drift(wanted, line(quantities, prices, cash))
    wide = with_bands(wanted, measured, widen=Decimal(percent) / 100)
    assert {a.code for a in wide.breaches} <= {a.code for a in measured.breaches}
    assert {g.name for g in wide.group_breaches} <= {g.name for g in measured.group_breaches}
    assert with_bands(wanted, wide) == measured


@given(policies(), QUANTITIES, PRICES, st.integers(1, 10**9))
def test_inside_the_shown_band_is_no_breach_and_outside_is_one(
    wanted: Policy, quantities: list[int], prices: list[int], cash: int
) -> None:
    for asset in drift(wanted, line(quantities, prices, cash)).assets:
        if asset.lower < asset.current_weight < asset.upper:
            assert not asset.breached
        if not asset.lower <= asset.current_weight <= asset.upper:
            assert asset.breached


def test_the_date_is_the_prices_date() -> None:
    made = situation("A 100", "A 1 @ 1", on=date(2025, 12, 15))
    assert measure_drift(*made).as_of == date(2025, 12, 15)
