"""What a split does to a price, and which changes of a price look like one.

After an `new:old` split there are new/old times as many shares, each worth old/new of the price before. Source:
Investor.gov, "Stock Split" and "Reverse Stock Splits". The ratios are those that exchanges usually see; a market can
move on the same day, so the change need not be exact.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

_FORWARD = ((3, 2), (2, 1), (5, 2), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1), (10, 1), (12, 1), (15, 1), (20, 1),
            (25, 1), (30, 1), (40, 1), (50, 1), (100, 1))  # fmt: skip
SMALL, SMALL_SLACK = Fraction(2), Fraction(4, 100)  # a daily limit of 30 % (10:7) must not look like 3:2
SLACK = Fraction(8, 100)


class SplitRatio(NamedTuple):
    """`new` shares for `old` ones: 10:1 is a split, 1:10 a reverse split."""

    new: int
    old: int

    def __str__(self) -> str:
        return f"{self.new}:{self.old}"


def looks_like_a_split(before: Decimal, after: Decimal) -> SplitRatio | None:
    """The usual split that changes a price from `before` to `after`, None when the change is like none of them."""
    if before <= 0 or after <= 0:
        return None
    change = Fraction(before) / Fraction(after)
    forward = max(change, 1 / change)
    near = [(abs(forward / Fraction(*ratio) - 1), ratio) for ratio in _FORWARD if _within(forward, Fraction(*ratio))]
    if not near:
        return None
    new, old = min(near)[1]
    return SplitRatio(new, old) if change > 1 else SplitRatio(old, new)


def _within(change: Fraction, ratio: Fraction) -> bool:
    slack = SMALL_SLACK if ratio < SMALL else SLACK
    return ratio / (1 + slack) <= change <= ratio * (1 + slack)
