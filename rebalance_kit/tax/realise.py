"""Sales booked against the lots: which shares go, what they cost, what they bring, in the base currency and exact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from rebalance_kit.money import Rounding, as_decimal, minor_unit, round_fraction
from rebalance_kit.tax.case import Case, TaxPosition, tax_position
from rebalance_kit.tax.lots import NONE, LotMethod, TaxLot, book_sale, total_quantity
from rebalance_kit.tax.model import LotUse, Sale


@dataclass(frozen=True, slots=True)
class Realised:
    """A booked sale. `gross` is price x quantity, `net` what is left after fees; `used` is None where the lots do not
    cover the sale and nobody knows the cost."""

    number: int
    sale: Sale
    position: TaxPosition
    used: tuple[TaxLot, ...] | None
    gross: Fraction
    net: Fraction

    @property
    def gain(self) -> Fraction | None:
        """What the sale gains after fees; None when the cost is not known."""
        return None if self.used is None else self.net - sum((lot.cost for lot in self.used), NONE)

    @property
    def price_gain(self) -> Fraction | None:
        """The same before fees."""
        return None if self.used is None else self.gross - sum((lot.cost for lot in self.used), NONE)

    def base_gain(self, tax_base: Fraction | None) -> Fraction | None:
        """The gain of the taxable base, which is `tax_base` a share now; None when any of it is not known."""
        if self.used is None or tax_base is None:
            return None
        bases = [lot.tax_base for lot in self.used]
        known = [base for base in bases if base is not None]
        if len(known) < len(bases):
            return None
        return total_quantity(self.used) * tax_base - sum(known, NONE)

    def part_gain(self, lot: TaxLot) -> Fraction:
        """The gain of one of the used lots: its share of the proceeds, less its cost."""
        return self.net * lot.quantity / Fraction(self.sale.quantity) - lot.cost


def realise(case: Case, sales: Iterable[Sale]) -> tuple[Realised, ...]:
    """Every sale booked, in the given order: a second sale of a position finds what the first one left.

    Raises RuleError when more is sold than is held or named lots do not fit, and `missing_rate` without a rate.
    """
    open_positions: dict[tuple[str, str], TaxPosition] = {}
    booked = []
    for number, sale in enumerate(sales):
        key = sale.account, sale.code
        position = open_positions.get(key) or tax_position(case, *key)
        rate = Fraction(case.prices.rate(sale.currency))
        gross = Fraction(sale.quantity) * Fraction(sale.price) * rate
        used, left = _book(position, sale)
        booked.append(Realised(number, sale, position, used, gross, gross - Fraction(sale.fees) * rate))
        remaining = position.quantity - Fraction(sale.quantity)
        open_positions[key] = replace(position, lots=left, quantity=remaining)
    return tuple(booked)


def lot_uses(row: Realised, currency: str, *, terms: dict[str, bool] | None = None) -> tuple[LotUse, ...]:
    """What the sale took of each lot, with gains rounded for showing."""
    unit = minor_unit(currency)
    return tuple(
        LotUse(
            lot.lot_id,
            as_decimal(lot.quantity),
            round_fraction(row.part_gain(lot), unit, Rounding.HALF_UP),
            lot.bought,
            None if terms is None else terms.get(lot.lot_id),
        )
        for lot in row.used or ()
    )


def _book(position: TaxPosition, sale: Sale) -> tuple[tuple[TaxLot, ...] | None, tuple[TaxLot, ...]]:
    """The lots used and those left. Shares without a known cost go last; a sale that needs them has no known cost."""
    quantity = Fraction(sale.quantity)
    covered = total_quantity(position.lots)
    if covered < quantity <= position.quantity:
        return None, ()
    if sale.lots:
        chosen = {name: Fraction(shares) for name, shares in sale.lots}
        booking = book_sale(position.lots, quantity, LotMethod.SPECIFIC, chosen)
        return booking.sold, booking.left
    # The pool of a moving average is one lot already, so that booking it again changes nothing.
    booking = book_sale(position.lots, quantity, position.method)
    return booking.sold, booking.left
