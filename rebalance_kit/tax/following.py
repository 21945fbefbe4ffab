"""The lots of a file, followed through the trades that came after it.

`lots.csv` is a person's file: after a run it still tells of before. A sale takes the lots that the plan named, as far
as they are there, else those of the booking method; a purchase is a new lot at what it cost, fees included. Only lots
that then add up to what is held are believed: of the trades of a position the latest may follow a file that somebody
has brought up to date in between, so that the file is tried as of before each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from rebalance_kit.holdings.model import Lot
from rebalance_kit.money import as_decimal, exact_sum
from rebalance_kit.tax.lots import NONE, LotMethod, TaxLot, book_sale, cut, sale_order, total_quantity

Key = tuple[str, str]  # account, code


@dataclass(frozen=True, slots=True)
class Fill:
    """A trade that was done. `amount` is what it cost, or brought, in `currency`: of a purchase with its fees. `lots`
    are those that a sale was to take, (lot id, shares)."""

    account: str
    code: str
    side: Literal["BUY", "SELL"]
    day: date
    quantity: Decimal
    amount: Decimal
    currency: str
    lots: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Followed:
    """All lots, and the positions whose lots were followed."""

    lots: tuple[Lot, ...]
    keys: tuple[Key, ...]


def follow(
    lots: Sequence[Lot],
    held: Mapping[Key, Decimal],
    fills: Iterable[Fill],
    method: Callable[[str, str], LotMethod | None],
) -> Followed:
    """The lots after the fills (oldest first), of every position whose lots do not add up to `held` yet.

    `method` is the booking method of an account and a code, None for lots that cannot be followed. What cannot be made
    to add up stays as it is.
    """
    trades: dict[Key, list[Fill]] = {}
    for fill in fills:
        trades.setdefault((fill.account, fill.code), []).append(fill)
    own: dict[Key, list[Lot]] = {}
    for lot in lots:
        own.setdefault((lot.account, lot.code), []).append(lot)
    changed: dict[Key, tuple[Lot, ...]] = {}
    for key, done in sorted(trades.items()):
        before, after, booked = own.get(key, []), held.get(key, Decimal(0)), method(*key)
        if booked is None or exact_sum(lot.quantity for lot in before) == after:
            continue
        found = _replayed(before, done, after, booked)
        if found is not None:
            changed[key] = found
    kept = [lot for lot in lots if (lot.account, lot.code) not in changed]
    return Followed((*kept, *(lot for each in changed.values() for lot in each)), tuple(changed))


def _replayed(lots: Sequence[Lot], fills: Sequence[Fill], held: Decimal, method: LotMethod) -> tuple[Lot, ...] | None:
    """The lots after all fills, or after the latest of them: the first that add up to what is held."""
    for start in range(len(fills)):
        found = _after(lots, fills[start:], method)
        if found is not None and total_quantity(found) == Fraction(held):
            return _as_lots(found, lots, fills, held)
    return None


def _after(lots: Sequence[Lot], fills: Sequence[Fill], method: LotMethod) -> list[TaxLot] | None:
    now = [_tax_lot(lot) for lot in lots]
    for fill in fills:
        quantity = Fraction(fill.quantity)
        if fill.side == "BUY":
            name = _free_name(fill.day.isoformat(), {lot.lot_id for lot in now})
            now.append(TaxLot(name, fill.day, quantity, Fraction(fill.amount), None, fill.account))
        elif quantity > total_quantity(now):
            return None
        else:
            now = _sold(now, fill, method)
    return now


def _sold(lots: list[TaxLot], fill: Fill, method: LotMethod) -> list[TaxLot]:
    """What a sale leaves: of the named lots, where all are there, else by the method."""
    quantity = Fraction(fill.quantity)
    if method is LotMethod.MOVING_AVERAGE:
        return _averaged(lots, 1 - quantity / total_quantity(lots))
    held = {lot.lot_id: lot.quantity for lot in lots}
    named = sum((Fraction(part) for _, part in fill.lots), NONE)
    if named >= quantity and all(held.get(name, NONE) >= part for name, part in fill.lots):
        return _without(lots, fill.lots, quantity)
    return list(book_sale(sale_order(lots, method), quantity, method).left)


def _averaged(lots: list[TaxLot], left: Fraction) -> list[TaxLot]:
    """A share of each lot, at the average cost and taxable base of all."""
    whole, bases = total_quantity(lots), [lot.tax_base for lot in lots if lot.tax_base is not None]
    cost = sum((lot.cost for lot in lots), NONE) / whole
    base = sum(bases, NONE) / whole if len(bases) == len(lots) else None
    kept = ((lot, lot.quantity * left) for lot in lots if left)
    return [replace(lot, quantity=q, cost=q * cost, tax_base=None if base is None else q * base) for lot, q in kept]


def _without(lots: list[TaxLot], named: Sequence[tuple[str, Decimal]], quantity: Fraction) -> list[TaxLot]:
    """The lots less the first `quantity` of the named shares: a partial fill takes the first ones."""
    chosen: dict[str, Fraction] = {}
    for name, part in named:
        chosen[name] = min(Fraction(part), quantity)
        quantity -= chosen[name]
    parts = (cut(lot, chosen.get(lot.lot_id, NONE))[1] for lot in lots)
    return [part for part in parts if part is not None]


def _tax_lot(lot: Lot) -> TaxLot:
    quantity = Fraction(lot.quantity)
    base = None if lot.tax_base is None else Fraction(lot.tax_base) * quantity
    return TaxLot(lot.lot_id, lot.date, quantity, Fraction(lot.cost), base, lot.account)


def _as_lots(found: Sequence[TaxLot], lots: Sequence[Lot], fills: Sequence[Fill], held: Decimal) -> tuple[Lot, ...]:
    """In decimals, the last lot taking what rounding leaves, so that they still add up."""
    code, currency = fills[0].code, (lots[0].currency if lots else fills[0].currency)
    made: list[Lot] = []
    for lot in found:
        last = len(made) == len(found) - 1
        done = exact_sum(other.quantity for other in made)
        quantity = exact_sum((held, done.copy_negate())) if last else as_decimal(lot.quantity)
        base = None if lot.tax_base is None else as_decimal(lot.tax_base / lot.quantity)
        day = lot.bought or date.min
        made.append(Lot(lot.account, code, lot.lot_id, day, quantity, as_decimal(lot.cost), currency, base))
    return tuple(made)


def _free_name(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free
