"""The sharpest bound on a line of stands: between two of them, or with a price on a limit."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from rebalance_kit.planner.frame import Frame, frame
from rebalance_kit.planner.stands import Stand
from rebalance_kit.planner.truth import Truth
from rebalance_kit.planner.year import Limit, Regime, added
from rebalance_kit.tax.schedule import Sums

STEPS = 8  # tangents that are laid
FINENESS = 10**6  # of a place on the line
DEAREST = 64  # no price on a limit is tried above this many units of money for a unit


class Tangent(NamedTuple):
    """The bound at a place of the line, and how it rises from there."""

    at: Fraction
    height: Fraction
    slope: Fraction
    frame: Frame


def sharpest(truth: Truth, stand_at: Callable[[Fraction], Stand], low: Fraction, high: Fraction) -> Frame:
    """The best bound between two places of a line of stands. It is concave, so that where two tangents meet lies at or
    above its top (Kelley 1960). Raises NoPlan."""
    left, right = tangent(truth, stand_at, low), tangent(truth, stand_at, high)
    best = max(left, right, key=lambda found: found.height)
    for _ in range(STEPS):
        if left.slope <= 0 or right.slope >= 0:
            break
        meet = right.height - left.height + left.slope * left.at - right.slope * right.at
        middle = (meet / (left.slope - right.slope)).limit_denominator(FINENESS)
        if not left.at < middle < right.at:
            break
        made = tangent(truth, stand_at, middle)
        best = max(best, made, key=lambda found: found.height)
        left, right = (made, right) if made.slope > 0 else (left, made)
    return best.frame


def limited(truth: Truth, stand: Stand, limit: Limit) -> Frame:
    """The best bound for plans that keep a limit: a price on it takes from the tax what keeping it is worth."""

    def stand_at(price: Fraction) -> Stand:
        return Stand(added(stand.rates, limit.of, -price), stand.fixed + price * limit.least, stand.directions)

    high = Fraction(1)
    while high < DEAREST and tangent(truth, stand_at, high).slope > 0:
        high *= 4
    return sharpest(truth, stand_at, Fraction(0), high)


def tangent(truth: Truth, stand_at: Callable[[Fraction], Stand], at: Fraction) -> Tangent:
    """The bound at a place of the line. Raises NoPlan."""
    stand, further = stand_at(at), stand_at(at + 1)
    made = frame(truth, stand)
    sums = lightest(truth, made)
    rise = Regime(added(further.rates, stand.rates, -1), further.fixed - stand.fixed, ()).tax(sums)
    return Tangent(at, made.bound, rise * truth.tax_money * truth.times * made.weight, made)


def lightest(truth: Truth, at: Frame) -> Sums:
    """The sums of the plan that a frame's prices choose, whether or not it can be paid."""
    taken = []
    for place, (column, price) in enumerate(zip(at.columns, at.prices, strict=True)):
        count = min((column.reduced(point, (price, 1)), point.shares) for point in column.points.values())[1]
        curve = column.line.tax
        taken.append(truth.taken(place, count, None if curve is None else curve.order))
    return truth.owed(taken)
