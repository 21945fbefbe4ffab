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
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from rebalance_kit.planner.taxed import NO_SUMS, Sums, dot
from rebalance_kit.tax.schedule import AmericanYear, Hinge, SharedTax

ZERO = Fraction(0)


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
    """The truth: the tax on the sums of all sales of a plan."""
    if shared is None:
        return ZERO
    gain, income, short, long = sums
    tax = sum((hinge.rate * max(ZERO, gain - hinge.above) for hinge in shared.gain), ZERO)
    tax += sum((hinge.rate * max(ZERO, income - hinge.above) for hinge in shared.income), ZERO)
    return tax if shared.american is None else tax + american_tax(shared.american, short, long)


def american_tax(year: AmericanYear, short: Fraction, long: Fraction) -> Fraction:
    """The tax of the year after netting; negative when a loss reduces the tax on other income."""
    s, l = year.short_before + short, year.long_before + long  # noqa: E741  # the letters of the formula
    if s + l < 0:
        return -year.ordinary_rate * min(year.loss_limit, -(s + l))
    if s < 0:
        return year.long_rate * (s + l)
    return year.short_rate * (s + l) if l < 0 else year.short_rate * s + year.long_rate * l


def regimes(shared: SharedTax | None) -> tuple[Regime, ...]:
    """The pieces of the shared tax."""
    if shared is None:
        return (Regime(NO_SUMS, ZERO, ()),)
    found = [Regime(NO_SUMS, ZERO, ())]
    for place, hinges in ((0, shared.gain), (1, shared.income)):
        found = [_both(one, other) for one in found for other in _hinged(place, hinges)]
    if shared.american is not None:
        found = [_both(one, other) for one in found for other in _american(shared.american)]
    return tuple(found)


def linear_rates(shared: SharedTax | None) -> list[Sums]:
    """The marginal rates of all pieces."""
    return [regime.rates for regime in regimes(shared)]


def is_convex(shared: SharedTax | None) -> bool:
    """Does every piece lie below the tax everywhere?"""
    return shared is None or shared.american is None


def _both(one: Regime, other: Regime) -> Regime:
    return Regime(added(one.rates, other.rates), one.fixed + other.fixed, one.limits + other.limits)


def added(one: Sums, other: Sums, times: Fraction | int = 1) -> Sums:
    """one + times x other"""
    a, b, c, d = (x + times * y for x, y in zip(one, other, strict=True))
    return a, b, c, d


def _unit(place: int, size: Fraction | int = 1) -> Sums:
    return added(NO_SUMS, tuple(Fraction(i == place) for i in range(4)), size)  # type: ignore[arg-type]  # four of them


def _hinged(place: int, hinges: Sequence[Hinge]) -> list[Regime]:
    """The pieces of a sum of hinges, from the lowest sum up."""
    ordered = sorted((hinge for hinge in hinges if hinge.rate), key=lambda hinge: hinge.above)
    edges = [hinge.above for hinge in ordered]
    found, rate, fixed = [], ZERO, ZERO
    for i in range(len(ordered) + 1):
        limits = [Limit(_unit(place), edges[i - 1])] if i else []
        limits += [Limit(_unit(place, -1), -edges[i])] if i < len(ordered) else []
        found.append(Regime(_unit(place, rate), fixed, tuple(limits)))
        if i < len(ordered):
            rate, fixed = rate + ordered[i].rate, fixed - ordered[i].rate * edges[i]
    return found


def _american(year: AmericanYear) -> list[Regime]:
    s, l, loss = year.short_before, year.long_before, year.loss_limit  # noqa: E741  # the letters of the formula
    short, long, both = _unit(2), _unit(3), added(_unit(2), _unit(3))

    def above(of: Sums, start: Fraction, least: Fraction = ZERO) -> Limit:
        return Limit(of, least - start)

    def below(of: Sums, start: Fraction, most: Fraction = ZERO) -> Limit:
        return Limit(added(NO_SUMS, of, -1), start - most)

    def piece(short_rate: Fraction, long_rate: Fraction, *limits: Limit) -> Regime:
        return Regime(added(_unit(2, short_rate), _unit(3, long_rate)), short_rate * s + long_rate * l, limits)

    gained = above(both, s + l)
    least = piece(ZERO, ZERO, below(both, s + l, -loss))
    return [
        piece(year.short_rate, year.long_rate, above(short, s), above(long, l)),
        piece(year.long_rate, year.long_rate, below(short, s), gained),
        piece(year.short_rate, year.short_rate, below(long, l), gained),
        piece(year.ordinary_rate, year.ordinary_rate, below(both, s + l), above(both, s + l, -loss)),
        least._replace(fixed=-year.ordinary_rate * loss),
    ]
