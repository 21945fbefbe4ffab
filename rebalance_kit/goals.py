"""How far to go: drift x method -> the ideal value of every asset in money, exact, before costs (definition 7)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Goal:
    """The ideal of one asset: its `value` after the trade and the signed `amount` to get there, exact, in the base
    currency. `below_minimum`: an amount other than zero that is smaller than the minimum trade."""

    code: str
    value: Decimal
    amount: Decimal
    below_minimum: bool
