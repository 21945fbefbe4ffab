"""How often and how wide: the report's minima, and what the sweeps say of themselves."""

from __future__ import annotations

import pytest

from rebalance_kit.research.sweep import Sweep, drift_of_an_untouched_mix, map_of_rules, sweep


@pytest.fixture(scope="module")
def swept() -> Sweep:
    return sweep(paths=4_000, seed=2)


def test_the_cheapest_period_up_to_three_years_is_31_months(swept: Sweep) -> None:
    assert swept.cheapest_period == 31


def test_the_cheapest_band_is_11_to_13_points(swept: Sweep) -> None:
    assert 0.11 <= swept.cheapest_width <= 0.13


def test_the_best_sharpe_ratio_belongs_to_other_rules(swept: Sweep) -> None:
    assert 0.02 <= swept.best_sharpe_width <= 0.04
    by_period = dict(swept.by_period)
    assert by_period[8].sharpe == pytest.approx(max(o.sharpe for o in by_period.values()), abs=5e-4)


def test_longer_periods_trade_less_and_track_worse(swept: Sweep) -> None:
    outcomes = [outcome for _, outcome in swept.by_period]
    assert outcomes[0].trading_cost > outcomes[11].trading_cost > outcomes[35].trading_cost
    assert outcomes[0].tracking_cost < outcomes[11].tracking_cost < outcomes[35].tracking_cost


def test_over_thirty_years_buy_and_hold_is_no_longer_cheap() -> None:
    long = sweep(years=30, paths=1_000, periods=(12, 52), widths=(0.1,))
    assert long.buy_and_hold.total_cost > long.by_period[0][1].total_cost > long.by_width[0][1].total_cost


def test_looking_less_often_trades_less() -> None:
    found = map_of_rules(paths=1_000, checks=(1, 12), widths=(0.03, 0.1))
    assert found.rebalances[0][0] > found.rebalances[1][0] > found.rebalances[1][1]


def test_an_untouched_mix_drifts_as_the_report_says() -> None:
    assert drift_of_an_untouched_mix(0.6, 0.68, 0.24, 10)[-1] == pytest.approx(0.6702, abs=5e-5)
    assert drift_of_an_untouched_mix(0.6, 0.0, 0.0, 5) == pytest.approx([0.6] * 6)


def test_the_json_has_a_row_for_each_rule(swept: Sweep) -> None:
    found = swept.to_dict()
    assert isinstance(found["periods"], list)
    assert len(found["periods"]) == 36
    assert found["cheapest"] == {"months": swept.cheapest_period, "width_pct": 100 * swept.cheapest_width}
    assert len(swept.table()) == 36 + 40
