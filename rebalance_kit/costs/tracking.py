"""What it costs to be off target, and what each trade earns by going back: the expected utility of document 002.

    U(w) = mu'w - (lambda / 2) w'C w           lambda: risk aversion, C: yearly covariance of returns
    U(w*) - U(w) = (lambda / 2) d'C d           d = w - w*, for targets w* that are best under U with weights that sum
                                                to one (the gradient at w* is the same for every asset, d sums to zero)

So the certainty-equivalent loss of being off target by d is (lambda / 2) d'C d a year: the expected returns have gone,
the targets speak for them. With deviations x in money and a portfolio of V it is (lambda / 2) x'C x / V a year. Over
`years` the loss is counted as often: document 002 adds it up over the 120 months of its scenarios. Cash has no
variance. For two assets this is (lambda / 2) sd^2 (w - w*)^2, sd that of the difference of the two returns.

A trade t takes x to x + t and saves (lambda / 2V)(x'C x - (x + t)'C (x + t)) = -(lambda / 2V) t'C (2x + t) a year. The
share of the leg t_i is -(lambda / 2V) t_i [C (2x + t)]_i: its marginal saving, averaged along the straight way from x
to x + t (the value of Aumann and Shapley), so that the legs add up to the whole exactly. A leg may be negative: it
only pays together with another.

Source: document 002, section III; H. Markowitz, Portfolio Selection (1959); R. J. Aumann and L. S. Shapley, Values of
Non-Atomic Games (1974).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Protocol

Amounts = Mapping[str, Fraction]
NONE = Fraction(0)


class Covariance(Protocol):
    """Yearly covariances of returns, exact."""

    def times(self, amounts: Amounts) -> dict[str, Fraction]:
        """C x, for the codes of `amounts`. KeyError for a code that it does not know."""


class StatedCovariance:
    """From yearly volatilities and correlations that a person states; a correlation that is not stated is zero."""

    def __init__(self, volatility: Amounts, correlation: Mapping[tuple[str, str], Fraction]) -> None:
        self._volatility = volatility
        self._correlation = correlation

    def entry(self, first: str, second: str) -> Fraction:
        """The covariance of two codes."""
        if first == second:
            return self._volatility[first] ** 2
        pair = (first, second) if (first, second) in self._correlation else (second, first)
        return self._correlation.get(pair, NONE) * self._volatility[first] * self._volatility[second]

    def times(self, amounts: Amounts) -> dict[str, Fraction]:
        """See `Covariance`."""
        return {row: sum((self.entry(row, code) * amount for code, amount in amounts.items()), NONE) for row in amounts}


def tracking_cost(deviations: Amounts, covariance: Covariance, risk_aversion: Fraction) -> Fraction:
    """The yearly certainty-equivalent loss of deviations from the targets: in weights a share of the portfolio."""
    moved = covariance.times(deviations)
    return risk_aversion / 2 * sum((deviations[code] * moved[code] for code in deviations), NONE)


def leg_savings(
    before: Amounts, trades: Amounts, covariance: Covariance, risk_aversion: Fraction
) -> dict[str, Fraction]:
    """What each trade saves a year of the tracking cost of `before`; they add up to the whole exactly.

    `before` are the deviations of every asset, in the units of `trades` (weights, or money: then divide by the value of
    the portfolio).
    """
    each = unit_savings(before, trades, covariance, risk_aversion)
    return {code: trade * each[code] for code, trade in trades.items()}


def unit_savings(
    before: Amounts, trades: Amounts, covariance: Covariance, risk_aversion: Fraction
) -> dict[str, Fraction]:
    """What a unit of each of the trades saves a year, halfway between before and after: what an order saves where
    several accounts trade the same asset, also against each other."""
    codes = dict.fromkeys((*before, *trades))
    both = {code: 2 * before.get(code, NONE) + trades.get(code, NONE) for code in codes}
    gradient = covariance.times(both)
    return {code: -risk_aversion / 2 * gradient[code] for code in trades}


def implied_risk_aversion(targets: Amounts, expected_returns: Amounts, covariance: Covariance) -> Fraction | None:
    """The risk aversion under which the targets are the best weights: mu = lambda C w* + nu, by least squares over the
    assets, with nu free. For two assets it is (mu_1 - mu_2) / (w*' C (e_1 - e_2)), as document 002's calibration has
    it. None when the targets imply none above zero (all returns alike, or the targets do not fit them)."""
    risks = covariance.times(targets)
    mean_return = sum((expected_returns[code] for code in targets), NONE) / (len(targets) or 1)
    mean_risk = sum(risks.values(), NONE) / (len(targets) or 1)
    spread = sum(((risks[code] - mean_risk) ** 2 for code in targets), NONE)
    shared = sum(((risks[code] - mean_risk) * (expected_returns[code] - mean_return) for code in targets), NONE)
    return shared / spread if spread and shared > 0 else None
