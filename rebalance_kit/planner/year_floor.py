"""American years whose tax is not that of fixed rates (brackets, NIIT, collectibles): how far below its pieces it is.

Within a region of the netting the tax is still piecewise linear in the sums of short and long: it only turns where one
of them, or both together, reach a bracket, a threshold or the limit of losses (26 USC 1(h), 1(j), 1411, 1211). So what
it is less than a linear piece is smallest at a corner: where two such lines, or the ends of what sales can reach, meet.
Collectibles are taxed at no less than other long-term gains; corners are judged without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from rebalance_kit.planner.taxed import UnitTax
from rebalance_kit.planner.year import Regime
from rebalance_kit.tax.rules import Reading
from rebalance_kit.tax.schedule import NOTHING, AmericanYear, SharedTax, Sums

ENOUGH_LOSS = Fraction(10**15)  # no gain on collectibles is larger


class Reach(NamedTuple):
    """The least and most that the sums of some sales can be."""

    short: tuple[Fraction, Fraction]
    long: tuple[Fraction, Fraction]
    collectibles: bool


def reach(taxes: Iterable[UnitTax | None]) -> Reach:
    """What selling any of the lots can come to."""
    low, high, special = [NOTHING, NOTHING], [NOTHING, NOTHING], False
    for tax in taxes:
        for lot in tax.lots if tax is not None else ():
            special |= lot.sums.collectible != 0
            for i, amount in enumerate((lot.sums.short * lot.units, lot.sums.long * lot.units)):
                low[i], high[i] = low[i] + min(NOTHING, amount), high[i] + max(NOTHING, amount)
    return Reach((low[0], high[0]), (low[1], high[1]), special)


def floored(pieces: Sequence[Regime], shared: SharedTax, within: Reach) -> tuple[Regime, ...]:
    """The pieces that sales can reach, lowered (or raised) until each just touches the tax on its region."""
    year = shared.american
    if year is None or year.reading is None or not _turns(year, within):
        return tuple(pieces)
    corners = [(sums, _least_tax(year, sums)) for sums in _corners(year, year.reading, within)]
    before = year.tax(Sums())
    found = []
    for piece in pieces:
        here = [(sums, tax - before) for sums, tax in corners if all(limit.room(sums) >= 0 for limit in piece.limits)]
        if not any(piece.rates) and not shared.saves:
            found.append(piece)
        elif here:
            found.append(piece._replace(fixed=min(tax - piece._replace(fixed=NOTHING).tax(sums) for sums, tax in here)))
    return tuple(found) or tuple(pieces)


def _turns(year: AmericanYear, within: Reach) -> bool:
    return not year.exact or within.collectibles or year.before.collectible > 0


def _least_tax(year: AmericanYear, sums: Sums) -> Fraction:
    return year.tax(sums._replace(collectible=-ENOUGH_LOSS))


def _corners(year: AmericanYear, reading: Reading, within: Reach) -> list[Sums]:
    """Where the lines meet, within reach."""
    (short_low, short_high), (long_low, long_high) = within.short, within.long
    edges = _edges(year, reading)
    shorts = {short_low, short_high} | {edge - year.before.short for edge in edges}
    longs = {long_low, long_high, -year.before.long}
    boths = {edge - year.before.short - year.before.long for edge in edges}
    points = {(short, long) for short in shorts for long in longs}
    points |= {(short, both - short) for short in shorts for both in boths}
    points |= {(both - long, long) for long in longs for both in boths}
    inside = {(x, y) for x, y in points if short_low <= x <= short_high and long_low <= y <= long_high}
    return [Sums(short=short, long=long) for short, long in sorted(inside)]


def _edges(year: AmericanYear, reading: Reading) -> set[Fraction]:
    """The net gains at which a rate may change."""
    who, edges = year.taxpayer, {NOTHING, -year.loss_limit}
    if who.income is not None:
        rows = (
            *reading.brackets(f"us_ordinary_{who.filing_status}"),
            *reading.brackets(f"us_long_{who.filing_status}"),
        )
        steps = {lower for lower, _ in rows} | {reading.fraction(f"us_niit_threshold_{who.filing_status}"), NOTHING}
        edges |= {step - who.income for step in steps}
    return edges
