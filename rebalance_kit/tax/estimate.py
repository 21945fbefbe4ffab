"""`estimate`: the tax that some sales add to the year, from values alone. The planner, the plan and harvesting ask it.

    estimate(sales_of(orders), holdings, policy, prices, on=date(2026, 3, 4)).tax

It reads no clock and no file, and changes nothing: the same arguments always give the same estimate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from rebalance_kit.holdings.model import Holdings
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.instruments import Instruments
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.tax import doubts
from rebalance_kit.tax.case import Case, tax_case
from rebalance_kit.tax.estimate_korea import korean_estimate
from rebalance_kit.tax.estimate_us import american_estimate
from rebalance_kit.tax.model import Purchase, Sale, TaxEstimate
from rebalance_kit.tax.records import RULES_DATED


def estimate(
    sales: Iterable[Sale],
    holdings: Holdings,
    policy: Policy,
    prices: PriceBook,
    *,
    on: date,
    purchases: Iterable[Purchase] = (),
    instruments: Instruments | None = None,
    last_day: date | None = None,
) -> TaxEstimate:
    """The tax of `sales` made on `on`, in the base currency.

    `holdings` are those of every account of the taxpayer, with their lots. `purchases` are planned ones that may wash a
    loss (United States). `last_day` is the broker's last day on which an overseas sale counts this year (Korea).
    Raises RuleError: `no_tax_rule` when no rule covers the day, `tax_currency` when the base currency is not that of
    the tax, `lots_too_few` when more is sold than is held, `missing_rate` without an exchange rate; PolicyError for an
    override of no rule.
    """
    return estimate_case(tax_case(policy, holdings, prices, on, instruments, last_day), sales, purchases)


def estimate_case(case: Case, sales: Iterable[Sale], purchases: Iterable[Purchase] = ()) -> TaxEstimate:
    """The same for a ready-made case."""
    made = american_estimate(case, sales, purchases) if case.american else korean_estimate(case, sales)
    if case.on.year > RULES_DATED.year:
        return replace(made, uncertain=(*made.uncertain, doubts.rules_older(case.on)))
    return made
