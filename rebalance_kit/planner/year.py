"""What the sales of a year are taxed together, as pieces on which it is linear.

Korea: hinges  rate x max(0, sum - above)  on the sums of gain and of income. Convex, so that every linear piece lies
below the tax everywhere. United States: short and long net separately, then a loss of one reduces the gain of the
other, and what is left of a loss reduces other income up to a limit (IRC 1222, 1211; Schedule D). Not convex: a piece
holds on its own region only, and regions cover everything. With s and l the sums of the year, what was realised before
included:

    s >= 0, l >= 0:                short_rate s + long_rate l
    s <= 0, s + l >= 0:            long_rate (s + l)
    l <= 0, s + l >= 0:            short_rate (s + l)
    -loss_limit <= s + l <= 0:     ordinary_rate (s + l)
    s + l <= -loss_limit:          -ordinary_rate loss_limit

Brackets, NIIT and collectibles change the rates within those regions; `year_floor` then says how far such a piece may
lie above the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from rebalance_kit.planner.taxed import NO_SUMS, dot
from rebalance_kit.tax.schedule import NOTHING, AmericanYear, Hinge, SharedTax, Sums


class Limit(NamedTuple):
    """`of` times the sums is at least `least`."""

    of: Sums
    least: Fraction

    def room(self, sums: Sums) -> Fraction:
        """By how much the sums keep the limit; negative when they do not."""
        return dot(self.of, sums) - self.least


class Regime(NamedTuple):
    """Where the limits hold, the shared tax is `rates` times the sums plus `fixed`."""

    rates: Sums
    fixed: Fraction
    limits: tuple[Limit, ...]

    def tax(self, sums: Sums) -> Fraction:
        return dot(self.rates, sums) + self.fixed


def shared_tax(shared: SharedTax | None, sums: Sums) -> Fraction:
    """The truth: what all sales of a plan add to the tax of the year, own tax aside."""
    if shared is None:
        return NOTHING
    more = _year(shared, sums) - _year(shared, NO_SUMS)
    return more if shared.saves else max(NOTHING, more)


def _year(shared: SharedTax, sums: Sums) -> Fraction:
    hinges = [hinge.tax(sums.gain) for hinge in shared.gain] + [hinge.tax(sums.income) for hinge in shared.income]
    tax = sum(hinges, NOTHING)
    return tax if shared.american is None else tax + american_tax(shared.american, sums)


def american_tax(year: AmericanYear, sums: Sums) -> Fraction:
    """The tax of the year after netting; negative when a loss reduces the tax on other income."""
    return netted(year, sums) if netted_is_true(year) and not sums.collectible else year.tax(sums)


def netted_is_true(year: AmericanYear) -> bool:
    """Is the tax just that of the rates, collectibles aside?"""
    return year.reading is None or (year.exact and year.before.collectible <= 0)


def netted(year: AmericanYear, sums: Sums) -> Fraction:
    """The same by the rates of the year alone."""
    short, long = year.short_before + sums.short, year.long_before + sums.long
    both = short + long
    if both < 0:
        return -year.ordinary_rate * min(year.loss_limit, -both)
    if short < 0:
        return year.long_rate * both
    return year.short_rate * both if long < 0 else year.short_rate * short + year.long_rate * long


def regimes(shared: SharedTax | None) -> tuple[Regime, ...]:
    """The pieces of the shared tax."""
    found = [Regime(NO_SUMS, NOTHING, ())]
    if shared is None:
        return tuple(found)
    for name, hinges in (("gain", shared.gain), ("income", shared.income)):
        found = [_both(one, other) for one in found for other in _hinged(name, hinges)]
    if shared.american is not None:
        found = [_both(one, other) for one in found for other in _american(shared.american)]
    before = _year(shared, NO_SUMS)
    found = [piece._replace(fixed=piece.fixed - before) for piece in found]
    return tuple(
        found if shared.saves or shared.american is None else [half for piece in found for half in _never_less(piece)]
    )


def linear_rates(shared: SharedTax | None) -> list[Sums]:
    """The marginal rates of all pieces."""
    return [regime.rates for regime in regimes(shared)]


def is_convex(shared: SharedTax | None) -> bool:
    """Does every piece lie below the tax everywhere?"""
    return shared is None or shared.american is None


def added(one: Sums, other: Sums, times: Fraction | int = 1) -> Sums:
    """one + times x other"""
    return Sums(*(x + times * y for x, y in zip(one, other, strict=True)))


def lies_below(rates: Sums, fixed: Fraction, piece: Regime) -> bool:
    """Is  rates x sums + fixed  no more than the piece wherever its limits hold? It is, when the difference is a sum of
    what the limits leave, each taken as often as it likes (Farkas); at most two of them are needed in the plane."""
    over, more = added(piece.rates, rates, -1), piece.fixed - fixed
    if any((over.own, over.gain, over.income, over.collectible)):
        return False
    if not over.short and not over.long:
        return more >= 0
    for one in piece.limits:
        for other in piece.limits:
            prices = _prices(one, other, over)
            if prices is not None and more + prices[0] * one.least + prices[1] * other.least >= 0:
                return True
    return False


def _prices(one: Limit, other: Limit, over: Sums) -> tuple[Fraction, Fraction] | None:
    """How often two limits make up a difference of rates; None when they do not, or less than never."""
    (a, b), (c, d) = (one.of.short, one.of.long), (other.of.short, other.of.long)
    across = a * d - b * c
    if across:
        found = (over.short * d - over.long * c) / across, (a * over.long - b * over.short) / across
    elif (a or b) and a * over.long == b * over.short:
        found = (over.short / a if a else over.long / b), NOTHING
    else:
        return None
    return found if min(found) >= 0 else None


def _both(one: Regime, other: Regime) -> Regime:
    return Regime(added(one.rates, other.rates), one.fixed + other.fixed, one.limits + other.limits)


def _never_less(piece: Regime) -> tuple[Regime, Regime]:
    """The piece where it adds tax, and nothing where it would save some."""
    saves = Limit(added(NO_SUMS, piece.rates, -1), piece.fixed)
    adds = Limit(piece.rates, -piece.fixed)
    return piece._replace(limits=(*piece.limits, adds)), Regime(NO_SUMS, NOTHING, (*piece.limits, saves))


def _on(name: str, size: Fraction | int) -> Sums:
    return NO_SUMS._replace(**{name: Fraction(size)})


def _hinged(name: str, hinges: Sequence[Hinge]) -> list[Regime]:
    """The pieces of a sum of hinges, from the lowest sum up."""
    ordered = sorted((hinge for hinge in hinges if hinge.rate), key=lambda hinge: hinge.above)
    edges = [hinge.above for hinge in ordered]
    found, rate, fixed = [], NOTHING, NOTHING
    for i in range(len(ordered) + 1):
        limits = [Limit(_on(name, 1), edges[i - 1])] if i else []
        limits += [Limit(_on(name, -1), -edges[i])] if i < len(ordered) else []
        found.append(Regime(_on(name, rate), fixed, tuple(limits)))
        if i < len(ordered):
            rate, fixed = rate + ordered[i].rate, fixed - ordered[i].rate * edges[i]
    return found


def _american(year: AmericanYear) -> list[Regime]:
    short, long = _on("short", 1), _on("long", 1)
    had = (year.short_before, year.long_before) if year.reading is None else (year.before.short, year.before.long)
    both, before = added(short, long), had[0] + had[1]

    def above(of: Sums, start: Fraction, least: Fraction = NOTHING) -> Limit:
        return Limit(of, least - start)

    def under(of: Sums, start: Fraction, most: Fraction = NOTHING) -> Limit:
        return Limit(added(NO_SUMS, of, -1), start - most)

    def piece(on_short: Fraction, on_long: Fraction, *limits: Limit) -> Regime:
        rates = Sums(short=on_short, long=on_long)
        return Regime(rates, on_short * had[0] + on_long * had[1], limits)

    gained, least = above(both, before), -year.loss_limit
    return [
        piece(year.short_rate, year.long_rate, above(short, had[0]), above(long, had[1])),
        piece(year.long_rate, year.long_rate, under(short, had[0]), gained),
        piece(year.short_rate, year.short_rate, under(long, had[1]), gained),
        piece(year.ordinary_rate, year.ordinary_rate, under(both, before), above(both, before, least)),
        Regime(NO_SUMS, -year.ordinary_rate * year.loss_limit, (under(both, before, least),)),
    ]
