"""The table of the Hanwha report ("Rebalancing", 2024-04-26), simulated again beside what it prints.

Ten years of months from the target 66.3 : 33.7; ten strategies on the same paths; costs are summed over the ten years.
The row of the no-trade zone uses the printed zone, with the weight rounded to a tenth of a percent before look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from rebalance_kit.frames import frame
from rebalance_kit.research.market import REPORT, REPORT_TARGET, REPORT_ZONE, TwoAssets
from rebalance_kit.research.scenarios import Normal
from rebalance_kit.research.simulate import Outcome, Simulation, Tracking, simulate
from rebalance_kit.research.strategies import BuyAndHold, Calendar, Strategy, Threshold, TwoAssetZone
from rebalance_kit.words import Language, Text

if TYPE_CHECKING:
    import pandas as pd

MONTHS = 120
PERIODS = (1, 3, 12, 24)
THRESHOLDS = (1, 3, 5, 10)
_FIELDS = ("rebalances", "trading_cost_pct", "tracking_cost_pct", "total_cost_pct", "sharpe", "return_pct")
_PRINTED = {
    "buy_and_hold": (0, 0.00, 0.07, 0.07, 0.185, 62.3),
    "no_trade_zone": (11.1, 0.03, 0.02, 0.05, 0.199, 61.0),
    "calendar_1m": (120, 0.39, 0.00, 0.39, 0.205, 60.0),
    "calendar_3m": (40, 0.23, 0.00, 0.23, 0.206, 60.2),
    "calendar_12m": (10, 0.11, 0.01, 0.12, 0.205, 60.6),
    "calendar_24m": (5.0, 0.08, 0.02, 0.09, 0.203, 60.7),
    "threshold_1": (44.5, 0.29, 0.00, 0.29, 0.206, 60.1),
    "threshold_3": (9.4, 0.14, 0.00, 0.14, 0.206, 60.4),
    "threshold_5": (3.8, 0.09, 0.01, 0.09, 0.206, 60.6),
    "threshold_10": (0.9, 0.04, 0.02, 0.06, 0.200, 61.1),
}
PRINTED: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {name: MappingProxyType(dict(zip(_FIELDS, row, strict=True))) for name, row in _PRINTED.items()}
)
NAMES = {
    "buy_and_hold": Text("buy and hold", "매수 후 보유"),
    "no_trade_zone": Text("no-trade zone", "무거래 구간"),
    "calendar_1m": Text("every month", "매월"),
    "calendar_3m": Text("every quarter", "매분기"),
    "calendar_12m": Text("every year", "매년"),
    "calendar_24m": Text("every 2 years", "2년마다"),
    **{f"threshold_{t}": Text(f"{t}-point band", f"±{t}%p") for t in THRESHOLDS},
}
WARNING = Text(
    "The lowest expected cost was not the best Sharpe ratio, and a simulation is not execution.",
    "기대 비용이 가장 낮은 규칙의 샤프 지수가 가장 높지는 않았으며, 모의실험은 실제 체결이 아닙니다.",
)


@dataclass(frozen=True, slots=True)
class ReportTable:
    """The rows in the report's order. `printed` is shown only for the report's own moments, cost and risk aversion."""

    market: TwoAssets
    simulation: Simulation
    language: Language = "en"

    @property
    def end_weight_buy_and_hold(self) -> float:
        """The mean weight of stocks after ten years without a trade."""
        return self.simulation.outcome("buy_and_hold").end_weight

    @property
    def is_the_reports(self) -> bool:
        return self.market == REPORT

    def to_dict(self, _language: Language | None = None) -> dict[str, object]:
        """The JSON of `research table --json`."""
        return {
            "parameters": {**asdict(self.market), "target": REPORT_TARGET, "zone": list(REPORT_ZONE), "months": MONTHS},
            "paths": self.simulation.paths,
            "seed": self.simulation.seed,
            "rows": [self._row(outcome) for outcome in self.simulation.outcomes],
            "end_weight_buy_and_hold_pct": 100 * self.end_weight_buy_and_hold,
        }

    def table(self) -> pd.DataFrame:
        """One row per strategy, the report's columns: costs and returns in percent over ten years, standard errors in
        the same units."""
        columns = (
            "strategy",
            *_FIELDS,
            *(f"{name}_se" for name in ("rebalances", "total_cost_pct", "sharpe", "return_pct")),
        )
        rows = [
            {key: value for key, value in self._row(outcome).items() if key in columns}
            for outcome in self.simulation.outcomes
        ]
        return frame(rows, columns)

    def _row(self, outcome: Outcome) -> dict[str, object]:
        printed = dict(PRINTED[outcome.strategy]) if self.is_the_reports else None
        return {
            "strategy": outcome.strategy,
            "rebalances": outcome.rebalances,
            "trading_cost_pct": 100 * outcome.trading_cost,
            "tracking_cost_pct": 100 * outcome.tracking_cost,
            "total_cost_pct": 100 * outcome.total_cost,
            "sharpe": outcome.sharpe,
            "return_pct": 100 * outcome.total_return,
            "rebalances_se": outcome.rebalances_se,
            "total_cost_pct_se": 100 * outcome.total_cost_se,
            "sharpe_se": outcome.sharpe_se,
            "return_pct_se": 100 * outcome.total_return_se,
            "printed": printed,
        }


def strategies() -> tuple[Strategy, ...]:
    """The report's ten, in its order."""
    target = (REPORT_TARGET, 1 - REPORT_TARGET)
    return (
        BuyAndHold(),
        TwoAssetZone(*REPORT_ZONE, step=0.001),
        *(Calendar(target, period, name=f"calendar_{period}m") for period in PERIODS),
        *(Threshold(target, points / 100, name=f"threshold_{points}") for points in THRESHOLDS),
    )


def moments(market: TwoAssets) -> Normal:
    """The market as a scenario of two assets, stocks first."""
    covariance = [[market.sd_stocks**2, market.covariance], [market.covariance, market.sd_bonds**2]]
    return Normal(np.array([market.mean_stocks, market.mean_bonds]), np.array(covariance))


def report_table(
    market: TwoAssets = REPORT,
    *,
    paths: int = 100_000,
    seed: int = 1,
    language: Language = "en",
    progress: Callable[[float], None] = lambda _: None,
) -> ReportTable:
    """Simulate the table; `progress` is told the share that is done. ValueError for fewer than one path."""
    scenario = moments(market)
    target = (REPORT_TARGET, 1 - REPORT_TARGET)
    made = simulate(
        strategies(),
        scenario,
        periods=MONTHS,
        paths=paths,
        seed=seed,
        start=target,
        cost=market.cost,
        tracking=Tracking(np.array(target), scenario.covariance, market.risk_aversion),
        risk_free=market.risk_free,
        progress=progress,
    )
    return ReportTable(market, made, language)
