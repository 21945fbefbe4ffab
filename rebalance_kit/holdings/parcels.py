"""What a corporate action does to the shares of one position, exactly.

A parcel is a lot, or the whole position where there are no lots. Every parcel keeps its day; its cost stays with its
shares, but for the part that leaves with cash:

    a fraction of a share   its share of the cost. 105 shares at 50, three for two, are 157 shares and half a one; at 38
                            a share that half pays 19, has cost 16 2/3 and gains 7/3
    a merger's payment      `boot` in cash beside shares worth `stock`: gain = boot + stock - cost, of which at most the
                            boot counts now; cost that leaves = boot - what counts. US: IRC sections 354, 356 and 358
                            (confidence H). Korea: the same form, cost + deemed dividend - payment (의제배당), from
                            memory and not confirmed (confidence L)

Quantities are divided by largest remainder to a hundred-millionth of a share, costs to the currency's minor unit (or to
the last digit that a cost has), so that sums never change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from math import floor

from rebalance_kit.holdings.model import Lot, Position
from rebalance_kit.money import (
    ZERO,
    Rounding,
    as_decimal,
    exact_sum,
    minor_unit,
    plain,
    product,
    round_fraction,
    split_exactly,
)

SHARE_UNIT = Decimal("0.00000001")
_NONE = Fraction(0)


@dataclass(frozen=True, slots=True)
class Terms:
    """`ratio` new shares come for one old share; `stays` is 1 when the old one stays too (a spin-off), else 0.

    `spun_share` of the cost goes with the new shares; `payment` is cash for one old share; `price` that of one new
    share, where it is known. It is the `same_fund` after a split or under a new code.
    A `fractional` position keeps parts of shares; otherwise they are settled in cash.
    """

    ratio: Fraction
    stays: Fraction = _NONE
    spun_share: Fraction = Fraction(1)
    payment: Decimal = ZERO
    price: Decimal | None = None
    fractional: bool = False
    same_fund: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Shares with their cost (None: not known) and lots."""

    quantity: Decimal = ZERO
    cost: Decimal | None = None
    lots: tuple[Lot, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What stays, what comes, and the cash with the cost that left with it. `unpaid_fraction` was settled at a price
    that nobody has stated."""

    stays: Part
    comes: Part
    cash: Decimal = ZERO
    cost_of_cash: Decimal | None = None
    unpaid_fraction: Fraction = _NONE


@dataclass(slots=True)
class _Parcel:
    """A parcel on its way: exact shares, and a cost that is always money."""

    quantity: Fraction
    cost: Decimal | None
    lot: Lot | None = None
    spent: Decimal = field(default=ZERO)  # the cost that has left with cash
    stayed: Decimal | None = None  # the cost of the shares that stay as they are

    def spend(self, share: Fraction, unit: Decimal) -> None:
        """Let a share of the cost leave with cash."""
        if self.cost is not None and share:
            left = round_fraction(Fraction(self.cost) * share, unit, Rounding.HALF_UP)
            self.cost, self.spent = exact_sum((self.cost, -left)), exact_sum((self.spent, left))


def convert(position: Position, lots: Sequence[Lot], terms: Terms) -> Outcome:
    """The position and its lots after an action. Lots that do not add up to the position are converted all the same."""
    ordered = sorted(lots, key=lambda lot: (lot.date, lot.lot_id))
    whole = [_Parcel(Fraction(position.quantity), position.cost)]
    single = [_Parcel(Fraction(lot.quantity), lot.cost, lot) for lot in ordered]
    complete = bool(lots) and exact_sum(lot.quantity for lot in lots) == position.quantity
    agreeing = complete and exact_sum(lot.cost for lot in lots) == position.cost
    unit = _unit(position.currency, [position.cost, *(lot.cost for lot in lots)])
    fraction = _convert(whole, terms, unit, settled=True)
    _convert(single, terms, unit, settled=complete)
    quantity = _quantity(whole[0].quantity)
    tell = single if agreeing else whole
    pieces = _lots(single, quantity if complete else _quantity(sum((p.quantity for p in single), _NONE)), terms)
    kept = tuple(replace(p.lot, cost=p.stayed) for p in single if p.lot and p.stayed is not None)
    price = terms.price
    in_lieu = _money(fraction * Fraction(price), position.currency) if price is not None else ZERO
    boot = _money(Fraction(position.quantity) * Fraction(terms.payment), position.currency)
    return Outcome(
        stays=Part(position.quantity, _sum([p.stayed for p in tell]), kept) if terms.stays else Part(),
        comes=Part(quantity, _sum([p.cost for p in tell]), pieces),
        cash=exact_sum((in_lieu, boot)),
        cost_of_cash=None if position.cost is None else exact_sum(p.spent for p in tell),
        unpaid_fraction=fraction if price is None else _NONE,
    )


def _convert(parcels: Sequence[_Parcel], terms: Terms, unit: Decimal, *, settled: bool) -> Fraction:
    """Every parcel on the new terms; the fraction of a share that was settled in cash, taken from the oldest."""
    for parcel in parcels:
        if terms.stays and parcel.cost is not None:
            gone = round_fraction(Fraction(parcel.cost) * terms.spun_share, unit, Rounding.HALF_UP)
            parcel.stayed, parcel.cost = exact_sum((parcel.cost, -gone)), gone
        elif terms.stays:
            parcel.stayed = None
        _pay(parcel, terms, unit)
        parcel.quantity *= terms.ratio
    total = sum((parcel.quantity for parcel in parcels), _NONE)
    fraction = _NONE if terms.fractional or not settled else total - floor(total)
    left = fraction
    for parcel in parcels:
        taken = min(left, parcel.quantity)
        if taken:
            parcel.spend(taken / parcel.quantity, unit)
            parcel.quantity -= taken
            left -= taken
    return fraction


def _pay(parcel: _Parcel, terms: Terms, unit: Decimal) -> None:
    """A merger's payment takes its part of the cost with it; without shares in return it takes all of it."""
    boot = parcel.quantity * Fraction(terms.payment)
    if parcel.cost is None or not boot or not parcel.cost:
        return
    cost, stock = Fraction(parcel.cost), parcel.quantity * terms.ratio * Fraction(terms.price or 0)
    counted = min(max(boot + stock - cost, _NONE), boot)
    leaves = boot - counted if terms.ratio else cost
    parcel.spend(min(leaves, cost) / cost, unit)


def _lots(parcels: Sequence[_Parcel], total: Decimal, terms: Terms) -> tuple[Lot, ...]:
    """The lots of the new shares, their quantities dividing `total`."""
    exact = sum((parcel.quantity for parcel in parcels), _NONE)
    if not exact or not total:
        return ()
    parts = {str(i): parcel.quantity * Fraction(total) / exact for i, parcel in enumerate(parcels)}
    divided = split_exactly(total, parts, SHARE_UNIT)
    lots = []
    for i, parcel in enumerate(parcels):
        if parcel.lot is not None and divided[str(i)]:
            lot = replace(parcel.lot, quantity=_bare(divided[str(i)]), cost=parcel.cost or ZERO)
            lots.append(replace(lot, tax_base=_tax_base(lot.tax_base, terms)))
    return tuple(lots)


def _tax_base(tax_base: Decimal | None, terms: Terms) -> Decimal | None:
    """The taxable base is stated for one share, so it moves with the ratio of a split; another fund's is not known."""
    if tax_base is None or not terms.same_fund:
        return None
    return as_decimal(Fraction(tax_base) / terms.ratio)


def _quantity(exact: Fraction) -> Decimal:
    return _bare(round_fraction(exact, SHARE_UNIT, Rounding.DOWN))


def _bare(quantity: Decimal) -> Decimal:
    return Decimal(plain(quantity))


def _money(exact: Fraction, currency: str) -> Decimal:
    return round_fraction(exact, minor_unit(currency), Rounding.HALF_UP)


def _sum(costs: Sequence[Decimal | None]) -> Decimal | None:
    known = [cost for cost in costs if cost is not None]
    return exact_sum(known) if known and len(known) == len(costs) else None


def _unit(currency: str, costs: Sequence[Decimal | None]) -> Decimal:
    """The minor unit of the currency, or the last digit of a cost that goes further."""
    exponents = [cost.as_tuple().exponent for cost in costs if cost is not None]
    digits = max((-e for e in exponents if isinstance(e, int)), default=0)
    return min(minor_unit(currency), product(Decimal(1).scaleb(-digits)))
