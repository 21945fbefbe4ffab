"""What a plan earns against what it costs: document 002's expected utility, document 003's case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalance_kit.costs.tracking import StatedCovariance, implied_risk_aversion, leg_savings, tracking_cost
from rebalance_kit.dashboard.order_views import preview
from rebalance_kit.errors import PolicyError
from rebalance_kit.holdings.model import Lot
from rebalance_kit.money import exact_sum
from rebalance_kit.planner.certificate import certify
from rebalance_kit.planner.plan import Plan
from rebalance_kit.policy.loading import load_policy
from rebalance_kit.policy.tracking_rules import is_semidefinite
from rebalance_kit.portfolio import open_portfolio
from rebalance_kit.prices.book import price_book
from rebalance_kit.prices.covariance import covariance, without_history
from rebalance_kit.prices.model import FxRate, PriceBook, Quote
from tests.folders import POLICY, folder, rebalance, replaced
from tests.make import ON, Situation, policy, situation
from tests.make_plan import made_plan
from tests.shapes import PLAN, faults

# Document 002's calibration, monthly log returns: stocks and bonds, correlation 0.15.
STOCKS, BONDS, RHO = Fraction("0.0466"), Fraction("0.0070"), Fraction("0.15")
MONTHLY = StatedCovariance({"S": STOCKS, "B": BONDS}, {("S", "B"): RHO})
BEST = {"S": Fraction("0.6643"), "B": Fraction("0.3357")}
MEANS = {"S": Fraction("0.00369"), "B": Fraction("0.00228")}


def test_document_002_two_assets_are_the_variance_of_their_difference() -> None:
    """te(w) = (lambda / 2) sd^2 (w - w*)^2, sd of the difference of the two returns: 4.607 % a month."""
    variance = STOCKS**2 + BONDS**2 - 2 * RHO * STOCKS * BONDS
    assert float(variance) ** 0.5 == pytest.approx(0.04607, abs=5e-6)
    away = {"S": Fraction("0.05"), "B": Fraction("-0.05")}
    assert tracking_cost(away, MONTHLY, Fraction(1)) == variance / 2 * Fraction("0.0025")


def test_document_002_is_the_difference_of_expected_utilities() -> None:
    """E(U) = mu - (lambda / 2) var at the best weights less at others: the returns cancel."""
    aversion = implied_risk_aversion(BEST, MEANS, MONTHLY)
    assert aversion is not None

    def utility(stocks: Fraction) -> Fraction:
        weights = {"S": stocks, "B": 1 - stocks}
        moved = MONTHLY.times(weights)
        risk = sum(weights[code] * moved[code] for code in weights)
        return sum(weights[code] * MEANS[code] for code in weights) - aversion / 2 * risk

    for stocks in (Fraction(0), Fraction("0.593"), Fraction("0.719"), Fraction(1)):
        away = stocks - BEST["S"]
        lost = utility(BEST["S"]) - utility(stocks)
        assert lost == tracking_cost({"S": away, "B": -away}, MONTHLY, aversion)


def test_document_002s_targets_imply_a_risk_aversion_of_one() -> None:
    aversion = implied_risk_aversion(BEST, MEANS, MONTHLY)
    assert aversion is not None
    assert float(aversion) == pytest.approx(1, abs=0.001)


def test_equal_returns_imply_no_risk_aversion() -> None:
    assert implied_risk_aversion(BEST, {"S": Fraction(0), "B": Fraction(0)}, MONTHLY) is None
    assert implied_risk_aversion(BEST, {"S": Fraction(0), "B": Fraction("0.1")}, MONTHLY) is None


MONEY = st.integers(-(10**6), 10**6).map(Fraction)
VOLATILITIES = st.integers(1, 60).map(lambda percent: Fraction(percent, 100))


@given(st.lists(st.tuples(MONEY, MONEY, VOLATILITIES), min_size=1, max_size=5), st.fractions(-1, 1, max_denominator=9))
def test_the_legs_add_up_to_what_the_trades_save(rows: list[tuple[Fraction, ...]], rho: Fraction) -> None:
    codes = [f"S{i}" for i in range(len(rows))]
    risk = StatedCovariance(dict(zip(codes, (row[2] for row in rows), strict=True)), {(codes[0], codes[-1]): rho})
    before = {code: row[0] for code, row in zip(codes, rows, strict=True)}
    trades = {code: row[1] for code, row in zip(codes, rows, strict=True) if row[1]}
    after = {code: before[code] + trades.get(code, Fraction(0)) for code in codes}
    saved = tracking_cost(before, risk, Fraction(3)) - tracking_cost(after, risk, Fraction(3))
    legs = leg_savings(before, trades, risk, Fraction(3))
    assert sum(legs.values()) == saved
    halfway = {code: before[code] + trades.get(code, Fraction(0)) / 2 for code in codes}
    slope = risk.times(halfway)
    assert legs == {code: -3 * trade * slope[code] for code, trade in trades.items()}  # the marginal saving halfway


def history(returns: np.ndarray, codes: list[str], *, step: int = 1, currency: str = "KRW") -> list[Quote]:
    """Closes that move by `returns` (days x codes), a calendar day or a week apart, up to the day of the tests."""
    closes = 10_000 * np.cumprod(np.vstack([np.ones(len(codes)), 1 + returns]), axis=0)
    days = [ON - timedelta(days=step * (len(closes) - 1 - i)) for i in range(len(closes))]
    return [
        Quote(code, Decimal(repr(round(float(closes[i, j]), 6))), currency, day, "test")
        for j, code in enumerate(codes)
        for i, day in enumerate(days)
    ]


def book(quotes: list[Quote], rates: list[FxRate] | None = None) -> PriceBook:
    wanted = policy("A 50, B 30, C 20", assets={"C": {"currency": quotes[-1].currency, "exchange": "XNYS"}})
    return price_book(wanted, ON, quotes, rates or [])


def test_the_covariance_of_a_price_history_is_numpys() -> None:
    returns = np.random.default_rng(7).normal(0.0002, 0.01, (300, 3)) @ np.array([[1, 0.3, 0], [0, 1, 0.2], [0, 0, 1]])
    found = covariance(book(history(returns, ["A", "B", "C"])), {"A", "B", "C"}, 250)
    assert found is not None
    assert found.returns == 250
    expected = np.cov(returns[-250:].T) * 365.25  # closes on every calendar day
    for i, row in enumerate("ABC"):
        column = found.times({code: Fraction(code == row) for code in "ABC"})
        for j, code in enumerate("ABC"):
            assert float(column[code]) == pytest.approx(expected[i, j], rel=1e-6, abs=1e-9)


def test_weekly_closes_have_52_returns_a_year() -> None:
    returns = np.random.default_rng(3).normal(0, 0.02, (60, 3))
    found = covariance(book(history(returns, ["A", "B", "C"], step=7)), {"A"}, 750)
    assert found is not None
    variance = float(found.times({"A": Fraction(1)})["A"])
    assert variance == pytest.approx(np.var(returns[:, 0], ddof=1) * 365.25 / 7, rel=1e-6)


def test_the_variance_of_what_is_held_is_never_negative() -> None:
    returns = np.random.default_rng(5).normal(0, 0.02, (25, 3))
    found = covariance(book(history(returns, ["A", "B", "C"])), {"A", "B", "C"}, 750)
    assert found is not None
    pick = Random(1)
    for _ in range(50):
        held = {code: Fraction(pick.randint(-100, 100), pick.randint(1, 7)) for code in "ABC"}
        moved = found.times(held)
        assert sum(held[code] * moved[code] for code in held) >= 0


def test_dollars_move_with_their_exchange_rate_where_it_is_known() -> None:
    flat = np.zeros((40, 3))
    quotes = history(flat[:, :2], ["A", "B"]) + history(flat[:, :1], ["C"], currency="USD")
    days = sorted({quote.as_of for quote in quotes})
    moving = [FxRate("USD", "KRW", Decimal(1000 + 50 * (i % 2)), day, "test") for i, day in enumerate(days)]
    known = covariance(book(quotes, moving), {"C"}, 750)
    unknown = covariance(book(quotes, moving[-1:]), {"C"}, 750)
    assert known is not None
    assert unknown is not None
    assert known.times({"C": Fraction(1)})["C"] > 0
    assert known.own_currency == ()
    assert unknown.times({"C": Fraction(1)})["C"] == 0
    assert unknown.own_currency == ("C",)


def test_twenty_returns_are_the_least() -> None:
    quotes = history(np.full((19, 3), 0.01), ["A", "B", "C"])
    assert covariance(book(quotes), {"A"}, 750) is None
    assert without_history(book(quotes), {"A"}) == ("A",)
    assert covariance(book(history(np.full((20, 3), 0.01), ["A", "B", "C"])), {"A"}, 750) is not None


SMALL_CAP = {"volatility": {"SMALL": "0.25", "BONDS": "0.05"}}


def document_003(held: int = 52, **more: Any) -> Situation:
    """100,000,000 won in shares of 1,000, half of them wanted in small caps; each leg costs 0.75 %, so that a round
    trip costs 1.5 %."""
    settings_: dict[str, Any] = {
        "slippage": "0.0075",
        "threshold": "0.02",
        "constraints": {"only_if_it_pays": True},
        "costs": {"tracking": SMALL_CAP},
    }
    wanted = policy("SMALL 50, BONDS 50", **(settings_ | more))
    return situation(wanted, f"SMALL {held}000 @ 1000, BONDS {100 - held}000 @ 1000")


def test_document_003_two_percent_of_drift_do_not_justify_a_round_trip_of_one_and_a_half() -> None:
    plan = made_plan(document_003())
    assert plan.drift.breaches  # it is due by its threshold
    assert plan.orders == ()
    assert len(plan.ideal) == 2
    assert (plan.decision.rebalance, plan.decision.trigger) == (False, "none")
    assert plan.benefit is not None
    assert not plan.benefit.pays
    # (1 / 2) x (0.25^2 + 0.05^2) x 0.02^2 x 10 years of 100,000,000 won against 0.75 % of what is sold and bought
    assert plan.benefit.benefit == pytest.approx(13_000, rel=0.02)
    assert plan.benefit.cost == pytest.approx(30_000, rel=0.02)
    reason = plan.decision.reasons[-1]
    assert "It does not pay" in reason.en
    assert f"{plan.benefit.benefit:,}" in reason.en
    assert f"{plan.benefit.whole_cost:,}" in reason.en
    assert f"{plan.benefit.benefit:,}" in reason.ko


def test_without_the_rule_the_same_plan_trades_and_still_says_so() -> None:
    plan = made_plan(document_003(constraints={}))
    assert len(plan.orders) == 2
    assert plan.benefit is not None
    assert not plan.benefit.pays
    assert plan.benefit.weighed() in plan.benefit_lines()


def test_a_larger_drift_pays() -> None:
    plan = made_plan(document_003(held=60))
    assert plan.benefit is not None
    assert plan.benefit.pays
    assert len(plan.orders) == 2
    assert "It pays" in plan.decision.reasons[-1].en
    assert plan.benefit.payback_months is not None
    assert plan.benefit.payback_months < 120


def test_the_horizon_and_the_risk_aversion_decide() -> None:
    def pays(**tracking: Any) -> bool:
        plan = made_plan(document_003(held=56, costs={"tracking": SMALL_CAP | tracking}))
        assert plan.benefit is not None
        return plan.benefit.pays

    assert pays()
    assert not pays(horizon_months=12)
    assert pays(horizon_months=12, risk_aversion="9")


def test_document_002s_investor_at_64_to_36_waits_seven_years_for_the_costs() -> None:
    """80 and 45 against 60/40 at 20 basis points: 0.02 of trading cost; a year off target costs 0.00255."""
    tracking = {"volatility": {"S": "0.1614", "B": "0.02425"}, "correlation": {"S": {"B": "0.15"}}}
    wanted = policy("S 60, B 40", slippage="0.002", costs={"tracking": tracking})
    plan = made_plan(situation(wanted, "S 80000 @ 1000, B 45000 @ 1000"), force=True)
    assert plan.benefit is not None
    assert plan.benefit.yearly_before == pytest.approx(2_550, rel=0.01)
    assert plan.benefit.cost == pytest.approx(20_000, rel=0.01)
    assert plan.benefit.payback_months == pytest.approx(94, abs=1)
    assert plan.benefit.pays  # over the 120 months of its table


def test_force_overrides_the_trigger_and_not_this() -> None:
    assert made_plan(document_003(), force=True).orders == ()


def test_new_money_is_always_planned() -> None:
    plan = made_plan(document_003(), contribute="1000000")
    assert plan.orders
    assert made_plan(document_003(), withdraw="1000000").orders


def test_what_is_paid_out_whole_leaves_nothing_to_weigh() -> None:
    wanted = policy("SMALL 50, BONDS 50", costs={"tracking": SMALL_CAP})
    plan = made_plan(situation(wanted, "SMALL 6 @ 100, BONDS 4 @ 100"), withdraw="1000")
    assert {order.code: order.quantity for order in plan.orders} == {"SMALL": 6, "BONDS": 4}
    assert plan.benefit is None
    assert plan.certificate.valid


def test_tax_counts_against_the_benefit() -> None:
    """15.4 % of a gain of half the price: the trade saves more than it costs to trade, and less than with the tax."""
    kr_other = {"tax_class": "kr_other", "exchange": "XKRX"}
    made = document_003(held=60, assets={"SMALL": kr_other, "BONDS": kr_other})
    lots = Lot("main", "SMALL", "a", date(2024, 1, 2), Decimal(60_000), Decimal(30_000_000), "KRW")
    plan = made_plan(made._replace(holdings=replace(made.holdings, lots=(lots,))))
    assert plan.benefit is not None
    assert plan.benefit.tax == pytest.approx(770_000, rel=0.02)  # 15.4 % of 10,000 shares x 500
    assert plan.benefit.cost < plan.benefit.benefit < plan.benefit.whole_cost
    assert plan.orders == ()


def test_without_a_covariance_the_benefit_is_null_and_a_finding_says_what_to_give() -> None:
    plan = made_plan(document_003(constraints={}, costs={}))
    assert plan.benefit is None
    assert all(order.benefit is None for order in plan.orders)
    finding = next(finding for finding in plan.findings if finding.rule == "benefit_unknown")
    assert finding.severity == "info"
    assert "BONDS, SMALL" in finding.message.en
    assert plan.to_dict()["benefit"] is None


def test_many_assets_without_a_history_are_not_all_named() -> None:
    codes = [f"S{i}" for i in range(10)]
    made = situation(
        ", ".join(f"{code} 10" for code in codes), ", ".join(f"{code} {1 + i} @ 100" for i, code in enumerate(codes))
    )
    finding = next(finding for finding in made_plan(made, force=True).findings if finding.rule == "benefit_unknown")
    assert "S0, S1, S2, S3, S4 and 5 more" in finding.message.en
    assert "S0, S1, S2, S3, S4 외 5개 종목" in finding.message.ko


def test_what_cannot_be_weighed_is_not_traded_by_a_policy_that_trades_what_pays() -> None:
    plan = made_plan(document_003(costs={}))
    assert plan.orders == ()
    finding = next(finding for finding in plan.findings if finding.rule == "benefit_unknown")
    assert finding.severity == "warning"
    assert finding.message in plan.decision.reasons


def test_returns_that_the_targets_fit_imply_the_risk_aversion() -> None:
    tracking = SMALL_CAP | {"expected_return": {"SMALL": "0.09", "BONDS": "0.03"}}
    plan = made_plan(document_003(costs={"tracking": tracking}))
    assert plan.benefit is not None
    assert plan.benefit.risk_aversion_from == "targets"
    assert plan.benefit.risk_aversion == 2  # (0.09 - 0.03) / (0.5 x 0.25^2 - 0.5 x 0.05^2)


ROWS = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 60), st.integers(1, 99), st.integers(1, 60)), min_size=2, max_size=4
)  # target, shares, price, volatility in percent


def random_plan(rows: list[tuple[int, int, int, int]], turned: bool = False) -> Plan:
    whole = sum(row[0] for row in rows)
    targets = [row[0] * 100 // whole for row in rows]
    targets[0] += 100 - sum(targets)
    order = range(len(rows))[:: -1 if turned else 1]
    wanted = policy(
        ", ".join(f"S{i} {targets[i]}" for i in order),
        slippage="0.001",
        costs={"tracking": {"volatility": {f"S{i}": Decimal(rows[i][3]).scaleb(-2) for i in order}}},
    )
    held = ", ".join(f"S{i} {rows[i][1]} @ {100 * rows[i][2]}" for i in order)
    return made_plan(situation(wanted, f"{held}; cash KRW 100000"), force=True)


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_the_orders_benefits_add_up_to_the_plans(rows: list[tuple[int, int, int, int]]) -> None:
    plan = random_plan(rows)
    if not plan.orders:
        return
    assert plan.benefit is not None
    assert exact_sum(order.benefit or Decimal(0) for order in plan.orders) == plan.benefit.benefit
    saved = 10 * (plan.benefit.yearly_before - plan.benefit.yearly_after)
    assert abs(plan.benefit.benefit - saved) <= 11  # what rounding the two yearly figures can move
    turned = random_plan(rows, turned=True)
    assert turned.benefit == plan.benefit
    assert {o.code: o.benefit for o in turned.orders} == {o.code: o.benefit for o in plan.orders}


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_the_benefit_is_the_tracking_cost_before_less_after(rows: list[tuple[int, int, int, int]]) -> None:
    """The oracle: weights of the plan's own rows, before and after, with floats."""
    plan = random_plan(rows)
    if not plan.orders:
        return
    assert plan.benefit is not None
    total = float(plan.drift.total_value)
    after = {row.code: float(row.value) for row in plan.after}
    before = {row.code: float(row.value) for row in plan.drift.assets}
    targets = {row.code: float(row.target_weight) for row in plan.drift.assets}
    risks = {f"S{i}": row[3] / 100 for i, row in enumerate(rows)}

    def yearly(values: dict[str, float]) -> float:
        return total / 2 * sum((risks[code] * (values[code] / total - targets[code])) ** 2 for code in values)

    assert float(plan.benefit.yearly_before) == pytest.approx(yearly(before), abs=0.51)
    assert float(plan.benefit.yearly_after) == pytest.approx(yearly(after), abs=0.51)


def pays_policy(tracking: str) -> list[tuple[str, str]]:
    costs = f"  costs:\n    slippage_estimate: 0.05\n    tracking: {tracking}"
    rules = "    drift_trigger: {threshold: 0.02}\n    constraints: {only_if_it_pays: true}"
    return [
        ("  costs:\n    etf_commission_rate: 0.00015", costs),
        ("    drift_trigger: {threshold: 0.05}", rules),
    ]


VOLATILITY = "{volatility: {'069500': 0.2, '360750': 0.15, '091230': 0.3}}"


@pytest.fixture
def frugal(tmp_path: Path) -> Path:
    return folder(tmp_path / "frugal", {"portfolio.yaml": replaced(POLICY, pays_policy(VOLATILITY))})


def test_the_command_shows_both_figures_and_ends_with_zero(frugal: Path) -> None:
    for language, words in (("en", "It does not pay"), ("ko", "매매할 가치가 없습니다")):
        ran = rebalance("plan", frugal, "--on", "2026-03-04", "--language", language)
        assert ran.code == 0
        assert words in ran.out
        assert all(len(line) <= 80 for line in ran.out.splitlines())
    document = rebalance("plan", frugal, "--on", "2026-03-04", "--json").document
    assert faults(document, PLAN) == []
    assert document["orders"] == []
    assert document["ideal"]
    assert document["benefit"]["pays"] is False
    assert document["summary"]["benefit"] == document["benefit"]["benefit"]


def test_drift_and_run_take_the_same_decision(frugal: Path) -> None:
    drift = rebalance("drift", frugal, "--on", "2026-03-04", "--json").document
    assert drift["decision"]["rebalance"] is False
    assert "It does not pay" in drift["decision"]["reasons"][-1]
    assert any(asset["breached"] for asset in drift["assets"])
    assert rebalance("run", frugal, "--on", "2026-03-04", "--json").document["status"] == "NOT_NEEDED"


def test_a_notebook_shows_the_benefit_of_each_order(frugal: Path) -> None:
    plan = open_portfolio(frugal, on="2026-03-04").plan(contribute=1_000_000)
    assert plan.orders
    assert list(plan.table()["benefit"]) == [order.benefit for order in plan.orders]
    assert "Being off target costs" in plan._repr_html_()


@pytest.mark.parametrize(
    ("tracking", "said"),
    [
        ("{volatility: {'999999': 0.2}}", "no asset has the code"),
        ("{volatility: {'069500': 0}}", "expected more than 0"),
        ("{correlation: {'069500': {'360750': 0.5}}}", "two different codes that have a volatility"),
        ("{volatility: {'069500': 0.2, '360750': 0.1}, correlation: {'069500': {'360750': 1.5}}}", "from -1 to 1"),
        (
            "{volatility: {'069500': 0.2, '360750': 0.1},"
            " correlation: {'069500': {'360750': 0.5}, '360750': {'069500': 0.4}}}",
            "two correlations",
        ),
        (
            "{volatility: {'069500': 0.2, '360750': 0.1, '091230': 0.3},"
            " correlation: {'069500': {'360750': -0.9, '091230': -0.9}, '360750': {'091230': -0.9}}}",
            "contradict each other",
        ),
        ("{horizon_months: 0}", "horizon_months"),
        ("{riskaversion: 2}", "risk_aversion"),
    ],
)
def test_a_wrong_setting_is_one_sentence(tmp_path: Path, tracking: str, said: str) -> None:
    where = folder(tmp_path / "wrong", {"portfolio.yaml": replaced(POLICY, pays_policy(tracking))})
    with pytest.raises(PolicyError, match=said):
        load_policy(where / "portfolio.yaml")


@given(st.lists(st.integers(-9, 9), min_size=6, max_size=6))
def test_correlations_fit_together_exactly_when_no_eigenvalue_is_negative(tenths: list[int]) -> None:
    codes = ["A", "B", "C", "D"]
    places = [(a, b) for i, a in enumerate(codes) for b in codes[i + 1 :]]
    pairs = {place: Fraction(value, 10) for place, value in zip(places, tenths, strict=True)}
    matrix = np.eye(4)
    for (a, b), value in pairs.items():
        matrix[codes.index(a), codes.index(b)] = matrix[codes.index(b), codes.index(a)] = float(value)
    smallest = np.linalg.eigvalsh(matrix)[0]
    if abs(smallest) > 1e-9:
        assert is_semidefinite(codes, pairs) == (smallest > 0)


def test_perfect_correlations_fit() -> None:
    assert is_semidefinite(["A", "B"], {("A", "B"): Fraction(1)})
    assert is_semidefinite(["A", "B"], {("A", "B"): Fraction(-1)})
    assert date(2026, 3, 4) == ON


def test_the_desk_says_why_it_does_not_trade(frugal: Path) -> None:
    plan = open_portfolio(frugal, on="2026-03-04").plan()
    assert plan.held_back
    shown = preview(plan, "en")
    assert "It does not pay" in shown
    assert "To place them now" not in shown
    assert "Being off target costs" in shown
    traded = open_portfolio(frugal, on="2026-03-04").plan(contribute=1_000_000)
    assert not traded.held_back
    assert "It pays" in preview(traded, "en") or "It does not pay" in preview(traded, "en")


CHANGES: dict[str, Any] = {
    "the plan's benefit": lambda plan: replace(plan, benefit=replace(plan.benefit, benefit=plan.benefit.benefit + 1)),
    "a cost left out": lambda plan: replace(plan, benefit=replace(plan.benefit, cost=Decimal(0))),
    "another verdict": lambda plan: replace(plan, benefit=replace(plan.benefit, pays=not plan.benefit.pays)),
    "a cheaper year": lambda plan: replace(plan, benefit=replace(plan.benefit, yearly_before=Decimal(9))),
    "another year after": lambda plan: replace(plan, benefit=replace(plan.benefit, yearly_after=Decimal(99_999))),
    "no benefit but in the orders": lambda plan: replace(plan, benefit=None),
    "benefits exchanged between orders": lambda plan: replace(
        plan,
        orders=tuple(
            replace(order, benefit=other.benefit) for order, other in zip(plan.orders, plan.orders[::-1], strict=True)
        ),
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_certificate_sees_another_benefit(change: Callable[[Plan], Plan]) -> None:
    made = document_003(held=60)
    plan = made_plan(made)
    assert plan.certificate.valid
    proof = certify(made.policy, made.holdings, made.prices, change(plan), on=ON)
    assert "benefit" in {check.name for check in proof.checks if not check.holds}


def test_the_certificate_sees_a_trade_that_does_not_pay() -> None:
    made = document_003()
    plan = made_plan(document_003(constraints={}))
    assert plan.orders
    proof = certify(made.policy, made.holdings, made.prices, plan, on=ON)
    assert "benefit" in {check.name for check in proof.checks if not check.holds}


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_the_certificate_agrees_with_every_plan(rows: list[tuple[int, int, int, int]]) -> None:
    plan = random_plan(rows)
    assert [check.detail.en for check in plan.certificate.checks if not check.holds] == []
