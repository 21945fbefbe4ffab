"""Orders: what one is, tick tables, and limit prices that never exceed their tolerance (definition 16)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from rebalance_kit.words import Text


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


@dataclass(frozen=True, slots=True)
class Order:
    """A whole-share order of a plan.

    Prices and `amount` (reference price x quantity), `commission` and `slippage` are in `currency`, rounded up to its
    minor unit where they are costs; `rate` is base-currency units for one unit of `currency`. `limit_price` is None
    for a market order. `tax` and `benefit` are None while nothing has computed them; `lots` is (lot id, quantity).
    """

    account: str
    code: str
    name: str
    side: Side
    quantity: int
    limit_price: Decimal | None
    reference_price: Decimal
    currency: str
    rate: Decimal
    amount: Decimal
    commission: Decimal
    slippage: Decimal
    reason: Text
    tax: Decimal | None = None
    benefit: Decimal | None = None
    lots: tuple[tuple[str, int], ...] = ()
