"""Is a rebalance due? drift x date x last rebalance -> `Decision` with every reason (definitions 4 to 6)."""

from rebalance_kit.trigger.decide import decide, worth_trading
from rebalance_kit.trigger.model import Decision, TriggerName

__all__ = ["Decision", "TriggerName", "decide", "worth_trading"]
