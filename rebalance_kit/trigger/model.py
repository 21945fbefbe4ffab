"""Is a rebalance due? drift x date x last rebalance -> `Decision` with every reason (definitions 4 to 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from rebalance_kit.words import Finding, Text

TriggerName = Literal[
    "scheduled", "drift", "group_drift", "max_interval", "cash_flow", "no_trade_zone", "manual", "none"
]


@dataclass(frozen=True, slots=True)
class Decision:
    """`rebalance` says whether trading is due on the date; `reasons` lists every reason, for and against."""

    rebalance: bool
    trigger: TriggerName
    reasons: tuple[Text, ...]
    next_date: date | None
    delayed_until: date | None = None
    findings: tuple[Finding, ...] = ()
