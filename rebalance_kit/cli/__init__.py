"""`rebalance ...`: reads arguments, calls `rebalance_kit.portfolio`, prints. It computes nothing."""

from rebalance_kit.cli.entry import main

__all__ = ["main"]
