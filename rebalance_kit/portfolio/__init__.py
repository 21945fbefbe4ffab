"""One portfolio folder as one object: the place that wires the rooms together."""

from rebalance_kit.portfolio.model import Portfolio
from rebalance_kit.portfolio.opening import open_portfolio

__all__ = ["Portfolio", "open_portfolio"]
