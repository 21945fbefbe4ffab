"""What trading costs, and what not trading costs: rates of an order, and the tracking cost of being off target."""

from rebalance_kit.costs.exchange import Exchange, exchanged
from rebalance_kit.costs.rates import CostRates, SelfFinancing, commission, cost_rates, self_financing, slippage

__all__ = [
    "CostRates",
    "Exchange",
    "SelfFinancing",
    "commission",
    "cost_rates",
    "exchanged",
    "self_financing",
    "slippage",
]
