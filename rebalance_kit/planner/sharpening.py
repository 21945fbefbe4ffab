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

STEPS = 10  # tangents that are laid
FINENESS = 10**6  # of a place on the line
DEAREST = 64  # no price on a limit is tried above this many units of money for a unit


Line = Callable[[Fraction], Stand]


class Tangent(NamedTuple):
    """The bound at a place of the line, and how it rises from there."""

    at: Fraction
    height: Fraction
    slope: Fraction
    frame: Frame


def sharpest(left: Tangent, right: Tangent, truth: Truth, stand_at: Line, enough: Fraction | None = None) -> Frame:
    """The best bound between two places of a line of stands, or one that is enough (an objective). It is concave, so
    that where two tangents meet lies at or above its top (Kelley 1960). Raises NoPlan."""
    best = max(left, right, key=lambda found: found.height)
    for _ in range(STEPS):
        if left.slope <= 0 or right.slope >= 0 or (enough is not None and best.height > enough * best.frame.weight):
            break
        meet = right.height - left.height + left.slope * left.at - right.slope * right.at
        middle = (meet / (left.slope - right.slope)).limit_denominator(FINENESS)
        if not left.at < middle < right.at:
            break
        made = tangent(truth, stand_at, middle)
        best = max(best, made, key=lambda found: found.height)
        left, right = (made, right) if made.slope > 0 else (left, made)
    return best.frame


def limited(truth: Truth, at: Frame, limit: Limit, enough: Fraction) -> Frame:
    """The best bound for plans that keep a limit: a price on it takes from the tax what keeping it is worth."""
    stand = at.stand

    def stand_at(price: Fraction) -> Stand:
        return Stand(added(stand.rates, limit.of, -price), stand.fixed + price * limit.least, stand.directions)

    left = tangent_of(truth, stand_at, Fraction(0), at)
    if left.slope <= 0:
        return at
    high = Fraction(1, 4)
    right = tangent(truth, stand_at, high)
    while high < DEAREST and right.slope > 0:
        left, high = right, high * 4
        right = tangent(truth, stand_at, high)
    return sharpest(left, right, truth, stand_at, enough)


def tangent(truth: Truth, stand_at: Line, at: Fraction) -> Tangent:
    """The bound at a place of the line. Raises NoPlan."""
    return tangent_of(truth, stand_at, at, frame(truth, stand_at(at)))


def tangent_of(truth: Truth, stand_at: Line, at: Fraction, made: Frame) -> Tangent:
    """The same with the frame in hand."""
    stand, further = made.stand, stand_at(at + 1)
    rise = Regime(added(further.rates, stand.rates, -1), further.fixed - stand.fixed, ()).tax(lightest(truth, made))
    return Tangent(at, made.bound, rise * truth.tax_money * truth.times * made.weight, made)


def lightest(truth: Truth, at: Frame) -> Sums:
    """The sums of the plan that a frame's prices choose, whether or not it can be paid."""
    taken = []
    for place, (column, price) in enumerate(zip(at.columns, at.prices, strict=True)):
        count = min((column.reduced(point, (price, 1)), point.shares) for point in column.points.values())[1]
        curve = column.line.tax
        taken.append(truth.taken(place, count, None if curve is None else curve.order))
    return truth.owed(taken)
