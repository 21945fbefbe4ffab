"""The two-asset no-trade zone: the report's figures, plain oracles, and what theory says of other inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalance_kit.research.appendix import appendix_iteration
from rebalance_kit.research.market import REPORT, REPORT_TARGET, TwoAssets, one_period_weight
from rebalance_kit.research.zone_two import Zone, cheapest_trades, no_trade_zone, transition_kernel


@pytest.fixture(scope="module")
def zone() -> Zone:
    return no_trade_zone(REPORT, REPORT_TARGET)


def test_the_reports_zone_within_two_tenths_of_a_point(zone: Zone) -> None:
    assert zone.lower == pytest.approx(0.593, abs=0.002)
    assert zone.upper == pytest.approx(0.719, abs=0.002 + 1e-12)


def test_the_zone_is_certified_by_the_bellman_operator(zone: Zone) -> None:
    assert zone.residual <= 1e-12 * float(zone.values.max())


def test_the_optimum_weight_of_the_report() -> None:
    assert REPORT.optimum == pytest.approx(0.6643, abs=5e-5)
    assert replace(REPORT, mean_bonds=0.002283).optimum == pytest.approx(0.663, abs=2e-4)


def test_the_report_trades_from_64_only_part_of_the_way_to_60() -> None:
    weight = one_period_weight(0.64, 0.60, REPORT, months=94)
    assert weight == pytest.approx(0.62, abs=0.001)
    assert one_period_weight(0.601, 0.60, REPORT) == 0.601


# ---- oracles ----


def test_the_kernel_is_the_share_of_simulated_paths() -> None:
    n, start = 101, 70
    kernel = transition_kernel(replace(REPORT, sd_stocks=0.2), n)
    market = replace(REPORT, sd_stocks=0.2)
    moves = np.random.default_rng(7).normal(market.drift_of_odds, market.variance_of_difference**0.5, 400_000)
    odds = np.log(0.7 / 0.3) + moves
    cells = np.rint(100 / (1 + np.exp(-odds))).astype(int)
    seen = np.bincount(cells, minlength=n) / len(cells)
    assert np.abs(kernel.rows(start, start)[0] - seen).max() < 0.002
    assert kernel.values.sum(axis=1) == pytest.approx(np.ones(n), abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30), st.floats(0, 1))
def test_the_sweeps_are_the_plain_minimum(after: list[float], price: float) -> None:
    plain = [min(value + price * abs(i - j) for j, value in enumerate(after)) for i in range(len(after))]
    assert cheapest_trades(np.array(after), price) == pytest.approx(plain, abs=1e-12)


def value_iteration(market: TwoAssets, target: float, n: int) -> tuple[float, float]:
    """The same problem the slow way: any policy, dense kernel, until nothing moves."""
    weights = np.arange(n) / (n - 1)
    dense = transition_kernel(market, n).rows(0, n - 1)
    trade = 2 * market.cost * np.abs(weights[:, None] - weights[None, :])
    tracking = np.array([market.tracking_cost(weight, target) for weight in weights])
    costs = np.zeros(n)
    for _ in range(20_000):
        best = trade + (tracking + market.discount * dense @ costs)[None, :]
        after = best.min(axis=1)
        if np.abs(after - costs).max() < 1e-15:
            break
        costs = after
    stays = weights[(np.diag(best) <= best.min(axis=1) + 1e-15)]
    return float(stays.min()), float(stays.max())


@settings(max_examples=6, deadline=None)
@given(st.floats(0.3, 0.7), st.sampled_from([0.001, 0.003, 0.01]), st.sampled_from([0.03, 0.06]), st.floats(0.7, 4))
def test_the_zone_equals_value_iteration(target: float, cost: float, sd: float, aversion: float) -> None:
    market = replace(REPORT, cost=cost, sd_stocks=sd, risk_aversion=aversion, risk_free=0.6)
    zone = no_trade_zone(market, target, n=101)
    assert (zone.lower, zone.upper) == pytest.approx(value_iteration(market, target, 101), abs=1e-9)


# ---- theory ----


@pytest.mark.parametrize(
    ("change", "wider"),
    [
        ({"cost": 0.004}, True),
        ({"cost": 0.001}, False),
        ({"risk_aversion": 3.0}, False),
        ({"risk_aversion": 0.5}, True),
    ],
)
def test_the_zone_widens_with_costs_and_narrows_with_risk_aversion(
    zone: Zone, change: dict[str, Any], wider: bool
) -> None:
    other = no_trade_zone(replace(REPORT, **change), REPORT_TARGET)
    assert ((other.upper - other.lower) > (zone.upper - zone.lower)) is wider


def test_without_costs_every_weight_goes_to_the_target() -> None:
    zone = no_trade_zone(replace(REPORT, cost=0.0), 0.66)
    assert zone.lower == zone.upper == pytest.approx(0.66, abs=0.001)


def test_a_finer_grid_moves_the_edges_by_less_than_a_step(zone: Zone) -> None:
    fine = no_trade_zone(REPORT, REPORT_TARGET, n=4001)
    assert (fine.lower, fine.upper) == pytest.approx((zone.lower, zone.upper), abs=0.001)


@pytest.mark.parametrize("target", [0.0, 1.0, -0.1])
def test_a_target_at_the_end_has_no_zone(target: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        no_trade_zone(REPORT, target)


# ---- the appendix ----


def test_the_appendix_stops_early_and_close(zone: Zone) -> None:
    run = appendix_iteration(REPORT, REPORT_TARGET)
    assert run.cycles in (7, 8)
    assert (run.lower, run.upper) == pytest.approx((zone.lower, zone.upper), abs=0.0011)
    middle = round(REPORT_TARGET * 1000)
    assert run.costs[-1][middle] < 0.8 * zone.values[middle]


def test_smaller_k_takes_more_cycles() -> None:
    runs = [appendix_iteration(REPORT, REPORT_TARGET, k=k) for k in (1, 20)]
    assert runs[0].cycles > runs[1].cycles
