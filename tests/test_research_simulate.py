"""Monte Carlo: the report's table, a plain loop as oracle, scenarios, and what theory says of other inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalance_kit.research.market import REPORT
from rebalance_kit.research.report_table import PRINTED, ReportTable, report_table
from rebalance_kit.research.scenarios import FatTails, Floats, History, Normal, Scenario, blocks
from rebalance_kit.research.simulate import Tracking, simulate
from rebalance_kit.research.strategies import BuyAndHold, Calendar, Hybrid, Reading, Strategy, Threshold, TwoAssetZone

COVARIANCE = np.array([[0.0022, 0.0001, 0.0], [0.0001, 0.0003, 0.00005], [0.0, 0.00005, 0.0004]])
MEAN = np.array([0.005, 0.002, 0.003])
TARGET = (0.5, 0.3, 0.2)


@pytest.fixture(scope="module")
def table() -> ReportTable:
    return report_table(paths=20_000, seed=3)


@pytest.mark.parametrize("name", list(PRINTED))
def test_the_reports_table(table: ReportTable, name: str) -> None:
    """The tolerances for 100,000 paths, wider by what a fifth of them adds."""
    outcome, printed = table.simulation.outcome(name), PRINTED[name]
    assert outcome.rebalances == pytest.approx(printed["rebalances"], abs=0.15 + 4 * outcome.rebalances_se)
    assert 100 * outcome.trading_cost == pytest.approx(printed["trading_cost_pct"], abs=0.008)
    assert 100 * outcome.tracking_cost == pytest.approx(printed["tracking_cost_pct"], abs=0.008)
    assert outcome.sharpe == pytest.approx(printed["sharpe"], abs=0.0015 + 4 * outcome.sharpe_se)
    assert 100 * outcome.total_return == pytest.approx(printed["return_pct"], abs=0.5 + 400 * outcome.total_return_se)


def test_returns_to_the_monthly_row_and_the_end_weight(table: ReportTable) -> None:
    monthly = table.simulation.outcome("calendar_1m").total_return
    for name, printed in PRINTED.items():
        difference = 100 * (table.simulation.outcome(name).total_return - monthly)
        within = 0.25 if name == "buy_and_hold" else 0.12
        assert difference == pytest.approx(printed["return_pct"] - 60.0, abs=within), name
    assert 100 * table.end_weight_buy_and_hold == pytest.approx(69.0, abs=0.25)


def test_without_costs_nobody_pays_and_the_printed_figures_are_not_claimed() -> None:
    free = report_table(replace(REPORT, cost=0.0), paths=2_000)
    assert all(outcome.trading_cost == 0 for outcome in free.simulation.outcomes)
    rows: Any = free.to_dict()["rows"]
    assert all(row["printed"] is None for row in rows)


def test_a_seed_gives_the_same_and_another_a_different_table(table: ReportTable) -> None:
    again, other = (report_table(paths=4_000, seed=seed).simulation for seed in (3, 4))
    assert again.outcomes == report_table(paths=4_000, seed=3).simulation.outcomes
    assert again.outcomes != other.outcomes


def test_higher_risk_aversion_makes_tracking_dearer_in_proportion() -> None:
    once, twice = (report_table(replace(REPORT, risk_aversion=x), paths=2_000).simulation for x in (1.0, 2.0))
    for one, two in zip(once.outcomes, twice.outcomes, strict=True):
        assert two.tracking_cost == pytest.approx(2 * one.tracking_cost)
        assert two.rebalances == one.rebalances


# ---- a plain loop is the oracle ----


def plain(strategy: Strategy, growth: Floats, cost: float) -> tuple[float, float, int]:
    """One path, one month after the other: end value, cost, trades."""
    values = list(TARGET)
    paid, trades = 0.0, 0
    for t, factors in enumerate(growth, start=1):
        values = [value * factor for value, factor in zip(values, factors, strict=True)]
        total = sum(values)
        before = [value / total for value in values]
        after = [float(w) for w in strategy.trade(t, np.array(before)[:, None])[:, 0]]
        moved = sum(abs(a - b) for a, b in zip(after, before, strict=True))
        trades += moved > 0
        paid += cost * moved
        values = [weight * total * (1 - cost * moved) for weight in after]
    return sum(values) - 1, paid, trades


RULES: list[Strategy] = [
    BuyAndHold(),
    Calendar(TARGET, 3),
    Threshold(TARGET, 0.03),
    Threshold(TARGET, 0.1, "relative"),
    Threshold(TARGET, 0.25, "smaller_of", fraction=0.5),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_arrays_equal_a_plain_loop(rule: Strategy) -> None:
    scenario = Normal(MEAN, COVARIANCE)
    (growth,) = blocks(scenario, 60, 6, seed=5)
    each = [plain(rule, growth[:, :, path], 0.002) for path in range(6)]
    found = simulate([rule], scenario, periods=60, paths=6, seed=5, start=TARGET, cost=0.002).outcomes[0]
    assert found.total_return == pytest.approx(sum(path[0] for path in each) / 6, abs=1e-12)
    assert found.trading_cost == pytest.approx(sum(path[1] for path in each) / 6, abs=1e-12)
    assert found.rebalances == sum(path[2] for path in each) / 6


@pytest.mark.parametrize(
    ("reading", "acts"),
    [
        ("scheduled_or_breach", [2, 3, 5, 6]),
        ("scheduled_and_breach", [6]),
        ("breach_or_max_interval", [2, 5]),
    ],
)
def test_the_three_hybrids_act_on_their_periods(reading: Reading, acts: list[int]) -> None:
    """Breaches in periods 2, 5 and 6; scheduled every third; six periods."""
    breach = {2, 5, 6} if reading == "scheduled_and_breach" else {2, 5}
    rule = Hybrid(reading, Threshold((0.5, 0.5), 0.05), period=3)
    traded = []
    for t in range(1, 7):
        weight = 0.6 if t in breach else 0.52
        weights = np.array([[weight], [1 - weight]])
        if not np.array_equal(rule.trade(t, weights), weights):
            traded.append(t)
    assert traded == acts


@given(st.floats(0, 1))
def test_the_zone_trades_to_its_nearer_edge_and_no_further(weight: float) -> None:
    after = TwoAssetZone(0.55, 0.72).trade(1, np.array([[weight], [1 - weight]]))[0, 0]
    assert after == min(max(weight, 0.55), 0.72) or abs(after - weight) < 1e-11


# ---- scenarios ----


@pytest.mark.parametrize("scenario", [Normal(MEAN, COVARIANCE), FatTails(MEAN, COVARIANCE)])
def test_scenarios_have_the_moments_that_were_asked_for(scenario: Scenario) -> None:
    logs = np.log(np.concatenate(list(blocks(scenario, 20, 12_000, seed=1)), axis=2))
    flat = np.moveaxis(logs, 1, 0).reshape(3, -1)
    assert flat.mean(axis=1) == pytest.approx(MEAN, abs=4e-4)
    assert np.cov(flat) == pytest.approx(COVARIANCE, abs=4e-5)


def test_fat_tails_are_fatter() -> None:
    def kurtosis(scenario: Scenario) -> float:
        logs = np.log(next(iter(blocks(scenario, 30, 4_000, seed=1))))[:, 0].ravel()
        return float(((logs - logs.mean()) ** 4).mean() / logs.var() ** 2)

    assert kurtosis(Normal(MEAN, COVARIANCE)) == pytest.approx(3, abs=0.15)
    assert kurtosis(FatTails(MEAN, COVARIANCE)) > 4


def test_history_is_drawn_in_blocks_of_what_happened() -> None:
    growth = np.arange(1.0, 41.0).reshape(20, 2)
    drawn = next(iter(blocks(History(growth, length=5), 15, 100, seed=1)))
    assert drawn.shape == (15, 2, 100)
    assert set(map(tuple, np.moveaxis(drawn, 1, 2).reshape(-1, 2))) <= set(map(tuple, growth))
    for start in (0, 5, 10):
        steps = np.diff(drawn[start : start + 5, 0], axis=0)
        assert set(np.unique(steps)) <= {2.0, -38.0}  # the next row, or round from the last to the first


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(1, 9))
def test_more_paths_keep_the_first_ones(paths: int, more: int) -> None:
    few = np.concatenate(list(blocks(FatTails(MEAN, COVARIANCE), 2, 8 * paths, seed=9, block=8)), axis=2)
    many = np.concatenate(list(blocks(FatTails(MEAN, COVARIANCE), 2, 8 * (paths + more), seed=9, block=8)), axis=2)
    assert np.array_equal(many[:, :, : 8 * paths], few)


@pytest.mark.parametrize("start", [(0.5, 0.3, 0.3), (1.0, 1.0, -0.5)])
def test_weights_that_do_not_sum_are_refused(start: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="sum to one"):
        simulate([BuyAndHold()], Normal(MEAN, COVARIANCE), periods=1, paths=1, seed=1, start=start)


def test_standard_errors_tell_how_far_another_seed_is() -> None:
    def cost(seed: int) -> tuple[float, float]:
        made = simulate([Threshold(TARGET, 0.05)], Normal(MEAN, COVARIANCE), periods=36, paths=400, seed=seed,
                        start=TARGET, cost=0.002, tracking=Tracking(np.array(TARGET), COVARIANCE, 2.0))  # fmt: skip
        return made.outcomes[0].total_cost, made.outcomes[0].total_cost_se

    found = [cost(seed) for seed in range(60)]
    spread = float(np.std([total for total, _ in found]))
    assert spread == pytest.approx(float(np.mean([error for _, error in found])), rel=0.3)
