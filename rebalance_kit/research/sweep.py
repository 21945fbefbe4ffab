"""How often, and how wide: the cost and the Sharpe ratio of every period and every band width, on the same paths.

The report's figures 3 to 8 are `sweep()` at ten and thirty years; figures 1 and 2 are `drift_of_an_untouched_mix`.
`map_of_rules` crosses how often one looks with how wide the band is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rebalance_kit.frames import frame
from rebalance_kit.research.market import REPORT, REPORT_TARGET, TwoAssets
from rebalance_kit.research.report_table import moments
from rebalance_kit.research.simulate import Outcome, Simulation, Tracking, simulate
from rebalance_kit.research.strategies import BuyAndHold, Calendar, Hybrid, Strategy, Threshold
from rebalance_kit.words import Language

if TYPE_CHECKING:
    import pandas as pd

PERIODS = tuple(range(1, 37))  # months; the report's sweep ends here, or its minimum at 31 would not be one
WIDTHS = tuple(round(0.005 * step, 3) for step in range(1, 41))  # 0.5 to 20 points
CHECKS = (1, 3, 6, 12)  # months between two looks
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Outcomes by period (months) and by band width (points of the portfolio), and of buy and hold; costs are sums over
    `years`."""

    by_period: tuple[tuple[int, Outcome], ...]
    by_width: tuple[tuple[float, Outcome], ...]
    buy_and_hold: Outcome
    years: int
    paths: int
    seed: int
    language: Language = "en"

    @property
    def cheapest_period(self) -> int:
        return min(self.by_period, key=lambda row: row[1].total_cost)[0]

    @property
    def cheapest_width(self) -> float:
        return min(self.by_width, key=lambda row: row[1].total_cost)[0]

    @property
    def best_sharpe_period(self) -> int:
        return max(self.by_period, key=lambda row: row[1].sharpe)[0]

    @property
    def best_sharpe_width(self) -> float:
        return max(self.by_width, key=lambda row: row[1].sharpe)[0]

    def to_dict(self, _language: Language | None = None) -> dict[str, object]:
        """The JSON of `research sweep --json`."""
        return {
            "years": self.years,
            "paths": self.paths,
            "seed": self.seed,
            "periods": [{"months": months, **_figures(outcome)} for months, outcome in self.by_period],
            "widths": [{"width_pct": 100 * width, **_figures(outcome)} for width, outcome in self.by_width],
            "buy_and_hold": _figures(self.buy_and_hold),
            "cheapest": {"months": self.cheapest_period, "width_pct": 100 * self.cheapest_width},
            "best_sharpe": {"months": self.best_sharpe_period, "width_pct": 100 * self.best_sharpe_width},
        }

    def table(self) -> pd.DataFrame:
        """One row per rule: `rule` (calendar or threshold), `months`, `width`, and the figures in percent."""
        rows = [{"rule": "calendar", "months": m, "width": None, **_figures(o)} for m, o in self.by_period]
        rows += [{"rule": "threshold", "months": 1, "width": w, **_figures(o)} for w, o in self.by_width]
        return frame(rows, ("rule", "months", "width", *_figures(self.buy_and_hold)))


@dataclass(frozen=True, slots=True)
class RuleMap:
    """Total cost and trades of looking every `checks[i]` months with a band of `widths[j]`, each (checks, widths)."""

    checks: tuple[int, ...]
    widths: tuple[float, ...]
    total_cost: tuple[tuple[float, ...], ...]
    rebalances: tuple[tuple[float, ...], ...]
    years: int

    @property
    def cheapest(self) -> tuple[int, float]:
        """The months between two looks and the width with the least total cost."""
        best = min((cost, i, j) for i, row in enumerate(self.total_cost) for j, cost in enumerate(row))
        return self.checks[best[1]], self.widths[best[2]]


def sweep(
    market: TwoAssets = REPORT,
    target: float = REPORT_TARGET,
    *,
    years: int = 10,
    paths: int = 20_000,
    seed: int = 1,
    periods: Sequence[int] = PERIODS,
    widths: Sequence[float] = WIDTHS,
    progress: Progress = lambda _: None,
) -> Sweep:
    """Every period and every width on the same paths. `widths` are in shares of the portfolio (0.05: five points)."""
    weights = (target, 1 - target)
    rules: list[Strategy] = [BuyAndHold()]
    rules += [Calendar(weights, months, name=f"calendar_{months}m") for months in periods]
    rules += [Threshold(weights, width, name=f"threshold_{width}") for width in widths]
    made = _simulated(rules, market, target, years, paths, seed, progress)
    outcomes = list(made.outcomes)
    split = 1 + len(periods)
    return Sweep(
        by_period=tuple(zip(periods, outcomes[1:split], strict=True)),
        by_width=tuple(zip(widths, outcomes[split:], strict=True)),
        buy_and_hold=outcomes[0],
        years=years,
        paths=paths,
        seed=seed,
    )


def map_of_rules(
    market: TwoAssets = REPORT,
    target: float = REPORT_TARGET,
    *,
    years: int = 10,
    paths: int = 10_000,
    seed: int = 1,
    checks: Sequence[int] = CHECKS,
    widths: Sequence[float] = WIDTHS[::2],
    progress: Progress = lambda _: None,
) -> RuleMap:
    """How often to look against how wide the band is."""
    weights = (target, 1 - target)
    rules = [Hybrid("scheduled_and_breach", Threshold(weights, width), months) for months in checks for width in widths]
    outcomes = _simulated(rules, market, target, years, paths, seed, progress).outcomes
    rows = [outcomes[i * len(widths) : (i + 1) * len(widths)] for i in range(len(checks))]
    return RuleMap(
        checks=tuple(checks),
        widths=tuple(widths),
        total_cost=tuple(tuple(outcome.total_cost for outcome in row) for row in rows),
        rebalances=tuple(tuple(outcome.rebalances for outcome in row) for row in rows),
        years=years,
    )


def drift_of_an_untouched_mix(weight: float, growth: float, other_growth: float, years: int) -> tuple[float, ...]:
    """The weight of the first asset after each year, when the two grow by `growth` and `other_growth` over all `years`
    (0.68: by 68 percent). 60:40 with +68 % and +24 % ends at 67:33."""
    first, second = (1 + growth) ** (1 / years), (1 + other_growth) ** (1 / years)
    values = [(weight * first**year, (1 - weight) * second**year) for year in range(years + 1)]
    return tuple(mine / (mine + others) for mine, others in values)


def _simulated(
    rules: Sequence[Strategy],
    market: TwoAssets,
    target: float,
    years: int,
    paths: int,
    seed: int,
    progress: Progress,
) -> Simulation:
    scenario = moments(market)
    weights = (target, 1 - target)
    return simulate(
        rules,
        scenario,
        periods=12 * years,
        paths=paths,
        seed=seed,
        start=weights,
        cost=market.cost,
        tracking=Tracking(np.array(weights), scenario.covariance, market.risk_aversion),
        risk_free=market.risk_free,
        progress=progress,
    )


def _figures(outcome: Outcome) -> dict[str, float]:
    return {
        "rebalances": outcome.rebalances,
        "trading_cost_pct": 100 * outcome.trading_cost,
        "tracking_cost_pct": 100 * outcome.tracking_cost,
        "total_cost_pct": 100 * outcome.total_cost,
        "total_cost_pct_se": 100 * outcome.total_cost_se,
        "sharpe": outcome.sharpe,
        "sharpe_se": outcome.sharpe_se,
        "return_pct": 100 * outcome.total_return,
    }
