"""The goals of `goals` and `cashflow` for many accounts at once, exact: whole numerators over whole denominators.

`Part` holds fractions of a minor unit as `above / below` with one `below` for a row (A, 1) or for all. What is rounded
to minor units there (band edges, cash rules) is rounded here by the same largest remainders.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rebalance_kit.planner.batch_input import Ints, exact
from rebalance_kit.policy.choices import CashRule

Whole = npt.NDArray[Any]  # int64, or Python's integers where those would overflow
Bools = npt.NDArray[np.bool_]


class Part(NamedTuple):
    """above / below minor units, (A, N)."""

    above: Whole
    below: Whole


class Weights(NamedTuple):
    """Fractions over one denominator: `above` (N,)."""

    above: Ints
    below: int


def weights(numbers: Sequence[Fraction], *also: Fraction) -> Weights:
    """The numbers over their common denominator, which fits those of `also` too."""
    below = lcm(1, *(number.denominator for number in (*numbers, *also)))
    return Weights(np.array([int(number * below) for number in numbers], dtype=np.int64), below)


def to_targets(values: Ints, totals: Ints, targets: Sequence[Fraction], share: Fraction = Fraction(1)) -> Part:
    """value + share x (target x total - value)"""
    wanted = weights(targets)
    below = wanted.below * share.denominator
    total = exact(totals, 4 * int(totals.max()) * below)
    there = total[:, None] * wanted.above
    way = there - values * wanted.below
    return Part(
        there if share == 1 else values * below + way * share.numerator, _one(wanted.below if share == 1 else below)
    )


def to_edges(
    values: Ints, totals: Ints, edges: Sequence[tuple[Fraction, Fraction]], unwanted: Bools, invested: Fraction
) -> tuple[Ints, Bools]:
    """Values moved by one common amount and clipped to their edges so that the share `invested` of the total is
    placed, in minor units; and which rows (A,) have lower edges that add up to more than there is."""
    low, high = (
        weights([edge[side] for edge in edges], *(edge[1 - side] for edge in edges), invested) for side in (0, 1)
    )
    below, count = low.below, values.shape[1]
    total = exact(totals, 4 * int(totals.max()) * below * (count + 1))[:, None]
    held = values * below if total.dtype != object else values.astype(object) * below
    lows, highs = total * low.above, total * high.above
    highs = np.where(unwanted, np.maximum(lows, np.minimum(highs, held)), highs)
    wanted = total[:, 0] * int(invested * below)
    place, rest, free = _common_move(held, lows, highs, wanted)
    moved = _clipped(place * free + rest, lows * free, highs * free)
    cash = total[:, 0] * below * free[:, 0] - moved.sum(axis=1)
    still = (moved == held * free).all(axis=1)
    parts = np.concatenate([np.maximum(cash, 0)[:, None], moved], axis=1)
    rounded = split(totals, Part(parts, free * below))[:, 1:]
    return np.where(still[:, None], values, rounded), np.asarray((cash < 0) & ~still, dtype=np.bool_)


def _common_move(held: Whole, lows: Whole, highs: Whole, wanted: Whole) -> tuple[Whole, Whole, Whole]:
    """(place, rest, k): every value moves to place + rest / k, clipped, for `wanted` to be placed. Where all stand at
    their lower or all at their upper edges, nothing is left to move."""
    bends = np.sort(np.concatenate([lows - held, highs - held], axis=1), axis=1)
    rows, last = np.arange(len(held)), bends.shape[1]
    first, end = np.zeros(len(held), dtype=np.int64), np.full(len(held), last)
    while (open_ := first < end).any():
        middle = (first + end) // 2
        at = bends[rows, np.minimum(middle, last - 1)]
        enough = _clipped(held + at[:, None], lows, highs).sum(axis=1) >= wanted
        first, end = np.where(open_ & ~enough, middle + 1, first), np.where(open_ & enough, middle, end)
    inside = (first > 0) & (first < last)
    place = held + bends[rows, np.where(inside, first - 1, np.minimum(first, last - 1))][:, None]
    free = np.where(inside, ((place >= lows) & (place < highs)).sum(axis=1), 1)
    rest = np.where(inside, wanted - _clipped(place, lows, highs).sum(axis=1), 0)
    return place, rest[:, None], free[:, None]


def _clipped(values: Whole, lows: Whole, highs: Whole) -> Whole:
    return np.minimum(np.maximum(values, lows), highs)


def flow_parts(values: Ints, flow: Ints, targets: Sequence[Fraction], rule: CashRule) -> Part:
    """What each asset gets of a deposit (or, negative, gives to a withdrawal), by one of the rules of `cashflow`: exact
    parts that sum to `flow` (A,). `values` (A, N) are those of the assets that take part, `targets` their weights."""
    wanted = weights(targets).above
    largest = (
        8 * (int(values.sum(axis=1).max(initial=0)) + int(np.abs(flow).max(initial=0))) * max(1, int(wanted.sum()))
    )
    held = exact(values, largest * largest if rule is CashRule.PROPORTIONAL else largest * len(targets))
    amount = flow.astype(held.dtype)
    bought = _deposit(held, np.maximum(amount, 0), wanted, rule)
    sold = _withdrawal(held, np.maximum(-amount, 0), wanted, rule)
    below = np.where(amount[:, None] > 0, bought.below, sold.below)
    return Part(np.where(amount[:, None] > 0, bought.above, -sold.above), below)


def _deposit(values: Whole, amount: Whole, wanted: Ints, rule: CashRule) -> Part:
    whole = max(1, int(wanted.sum()))
    short = (values.sum(axis=1) + amount)[:, None] * wanted - values * whole  # of the goals, times `whole`
    takes = np.broadcast_to(wanted > 0, values.shape)
    if rule is CashRule.PROPORTIONAL:
        return _in_proportion(np.maximum(short, 0), amount)
    if rule is CashRule.WATER_FILLING:
        return _poured(np.broadcast_to(wanted, values.shape), values, amount, takes)
    poured = _poured(np.ones_like(values), -short, amount * whole, takes)
    return Part(poured.above, poured.below * whole)


def _withdrawal(values: Whole, amount: Whole, wanted: Ints, rule: CashRule) -> Part:
    """What has a target of zero goes first; the parts are not negative."""
    whole = max(1, int(wanted.sum()))
    unwanted = np.where(wanted == 0, values, 0)
    first = np.minimum(amount, unwanted.sum(axis=1))
    rest = amount - first
    over = values * whole - (values.sum(axis=1) - unwanted.sum(axis=1) - rest)[:, None] * wanted
    keeps = np.broadcast_to(wanted > 0, values.shape)
    if rule is CashRule.PROPORTIONAL:
        early, late = _in_proportion(unwanted, first), _in_proportion(np.where(keeps, np.maximum(over, 0), 0), rest)
    else:
        early = _poured(np.ones_like(values), -values, first, ~keeps)
        if rule is CashRule.WATER_FILLING:
            late = _poured(np.broadcast_to(wanted, values.shape), -values, rest, keeps)
        else:
            poured = _poured(np.ones_like(values), -over, rest * whole, keeps)
            late = Part(poured.above, poured.below * whole)
    done = (rest > 0)[:, None]  # then everything unwanted is sold, whole
    return Part(
        np.where(done, np.where(keeps, late.above, values * late.below), early.above),
        np.where(done, late.below, early.below),
    )


def _in_proportion(shares: Whole, amount: Whole) -> Part:
    whole = shares.sum(axis=1)
    return Part(shares * amount[:, None], np.maximum(whole, 1)[:, None])


def _poured(widths: Whole, bottoms: Whole, amount: Whole, takes: Bools) -> Part:
    """x = max(0, level x width - bottom) for those that take part, with the level at which all x sum to the amount."""
    inside = takes
    while True:
        width = np.where(inside, widths, 0).sum(axis=1)
        filled = amount + np.where(inside, bottoms, 0).sum(axis=1)
        below = np.maximum(width, 1)[:, None]
        above = np.where(inside, widths * filled[:, None] - bottoms * below, 0)
        if not (above < 0).any():
            return Part(above, below)
        inside = inside & (above >= 0)


def split(totals: Whole, parts: Part) -> Ints:
    """The parts (A, N, sorted by code) in whole minor units that sum to the totals (A,), by largest remainder; of equal
    remainders the larger part first, then by code. As `money.split_exactly`."""
    floors, remainders = parts.above // parts.below, parts.above % parts.below
    missing = totals - floors.sum(axis=1)
    if not missing.any():
        return np.asarray(floors.astype(np.int64))
    largest = np.argsort(-parts.above, axis=1, kind="stable")
    by_remainder = np.argsort(-np.take_along_axis(remainders, largest, 1), axis=1, kind="stable")
    order = np.take_along_axis(largest, by_remainder, 1)
    rank = np.argsort(order, axis=1)
    return np.asarray((floors + (rank < missing[:, None])).astype(np.int64))


def _one(number: int) -> Whole:
    return np.array([[number]], dtype=np.int64)
