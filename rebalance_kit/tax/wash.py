"""Wash sales (IRC 1091): a loss does not count as far as the same thing was bought within 30 days before or after.

Share by share, both ends of the 61 days included, in any account of the taxpayer. Sales go by date; for each loss the
shares bought earliest in the window are matched first (Treas. Reg. 1.1091-1), each share once. The loss that does not
count is added to the basis of the share that replaced it, and the time that the sold share was held is added to its
holding period (1.1091-2, IRC 1223(3)). In an IRA the loss is gone for good (Rev. Rul. 2008-5). What is left of the lot
that was sold from is no replacement (Rev. Rul. 56-602), nor is what was already sold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from rebalance_kit.tax.lots import NONE

WASH_DAYS = 30  # the law's number; callers pass the rule's


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase that is one lot: `group` names what is substantially identical, `sheltered` an IRA or a Roth IRA.

    A lot whose `day` nobody knows (None) washes nothing.
    """

    lot_id: str
    group: str
    day: date | None
    quantity: Fraction
    cost: Fraction
    account: str = ""
    sheltered: bool = False


@dataclass(frozen=True, slots=True)
class Sold:
    """Shares sold out of one lot, for `proceeds` after fees; `number` tells sales of one lot on one day apart."""

    lot_id: str
    day: date
    quantity: Fraction
    proceeds: Fraction
    account: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """`quantity` shares of a lot that replace sold ones; `disallowed` is the loss that moves into their basis, or is
    gone when they are `sheltered`."""

    lot_id: str
    account: str
    bought: date
    quantity: Fraction
    disallowed: Fraction
    sheltered: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """Shares of one lot with one basis and one holding period. `since` counts the days held by what they replaced."""

    lot_id: str
    account: str
    quantity: Fraction
    basis: Fraction
    since: date | None
    replaces: bool = False


class Part(NamedTuple):
    """Shares of a sale held since one day: the gain before, and the loss that does not count."""

    since: date | None
    quantity: Fraction
    gain: Fraction
    disallowed: Fraction

    @property
    def allowed(self) -> Fraction:
        """The gain, or the loss that counts."""
        return self.gain + self.disallowed


@dataclass(frozen=True, slots=True)
class WashedSale:
    """What a sale of one lot comes to: its parts by holding period, after earlier washes, and the matches."""

    sold: Sold
    parts: tuple[Part, ...]
    matches: tuple[Match, ...]

    @property
    def gain(self) -> Fraction:
        """The gain or loss before any of it is disallowed."""
        return sum((part.gain for part in self.parts), NONE)

    @property
    def disallowed(self) -> Fraction:
        return sum((match.disallowed for match in self.matches), NONE)

    @property
    def allowed(self) -> Fraction:
        """The gain, or the loss that counts."""
        return self.gain + self.disallowed

    @property
    def washed_quantity(self) -> Fraction:
        return sum((match.quantity for match in self.matches), NONE)


def wash_sales(
    bought: Iterable[Bought], sold: Iterable[Sold], *, days: int = WASH_DAYS
) -> tuple[tuple[WashedSale, ...], tuple[Piece, ...]]:
    """Every sale by date with what does not count of it, and what is left with its basis and holding period.

    Purchases are those of every account, before and after the sales. ValueError when a sale names no lot, comes before
    its purchase, or sells more than the lot has.
    """
    ledger = _Ledger(bought)
    done = [ledger.sell(sales, timedelta(days=days)) for sales in _by_day(sold)]
    return tuple(sale for group in done for sale in group), ledger.left()


def free_from(day: date, days: int = WASH_DAYS) -> date:
    """The first day on which a purchase after a sale at a loss on `day`, or such a sale after a purchase, is free."""
    return day + timedelta(days=days + 1)


def _by_day(sold: Iterable[Sold]) -> list[list[Sold]]:
    days: dict[date, list[Sold]] = {}
    for sale in sorted(sold, key=lambda s: (s.day, s.account, s.lot_id, s.number)):
        days.setdefault(sale.day, []).append(sale)
    return list(days.values())


class _Ledger:
    """The pieces of every lot while the sales are worked through, oldest sale first."""

    def __init__(self, bought: Iterable[Bought]) -> None:
        ordered = sorted(bought, key=lambda b: (b.day or date.min, b.account, b.lot_id))
        self._lots: Mapping[tuple[str, str], Bought] = {(lot.account, lot.lot_id): lot for lot in ordered}
        self._pieces: dict[tuple[str, str], list[Piece]] = {
            key: [Piece(lot.lot_id, lot.account, lot.quantity, lot.cost, lot.day)] for key, lot in self._lots.items()
        }

    def sell(self, sales: Sequence[Sold], window: timedelta) -> list[WashedSale]:
        """The sales of one day: all shares leave first, so that shares sold together never replace each other."""
        taken = [(sale, self._take(sale)) for sale in sales]
        return [self._wash(sale, pieces, window) for sale, pieces in taken]

    def left(self) -> tuple[Piece, ...]:
        return tuple(piece for pieces in self._pieces.values() for piece in pieces)

    def _take(self, sale: Sold) -> list[Piece]:
        key = sale.account, sale.lot_id
        lot = self._lots.get(key)
        if (
            lot is None
            or sale.day < (lot.day or date.min)
            or sale.quantity > sum((p.quantity for p in self._pieces[key]), NONE)
        ):
            raise ValueError(f"the sale of {sale.quantity} shares of {sale.lot_id} on {sale.day} has no such shares")
        wanted, taken, kept = sale.quantity, [], []
        for piece in sorted(self._pieces[key], key=lambda p: p.since or date.min):
            part = min(wanted, piece.quantity)
            wanted -= part
            taken += _scaled(piece, part)
            kept += _scaled(piece, piece.quantity - part)
        self._pieces[key] = kept
        return taken

    def _wash(self, sale: Sold, pieces: Sequence[Piece], window: timedelta) -> WashedSale:
        parts: list[Part] = []
        matches: list[Match] = []
        for piece in pieces:
            gain = sale.proceeds * piece.quantity / sale.quantity - piece.basis
            found = self._replace(sale, piece, -gain / piece.quantity, window) if gain < 0 else []
            disallowed = sum((match.disallowed for match in found), NONE)
            parts.append(Part(piece.since, piece.quantity, gain, disallowed))
            matches += found
        return WashedSale(sale, tuple(parts), tuple(matches))

    def _replace(self, sale: Sold, piece: Piece, loss: Fraction, window: timedelta) -> list[Match]:
        """Match the shares of a losing piece with those bought earliest in the window."""
        group = self._lots[sale.account, sale.lot_id].group
        wanted, matches = piece.quantity, []
        held = sale.day - piece.since if piece.since else timedelta(0)
        for key, lot in self._lots.items():
            if lot.group != group or key == (sale.account, sale.lot_id):
                continue
            if lot.day is None or abs(lot.day - sale.day) > window:
                continue
            matched = self._mark(key, wanted, loss, held, sheltered=lot.sheltered)
            if matched:
                matches.append(Match(lot.lot_id, lot.account, lot.day, matched, matched * loss, lot.sheltered))
                wanted -= matched
        return matches

    def _mark(
        self, key: tuple[str, str], wanted: Fraction, loss: Fraction, held: timedelta, *, sheltered: bool
    ) -> Fraction:
        """Turn up to `wanted` free shares of a lot into replacements; how many there were."""
        marked, pieces = NONE, []
        for piece in self._pieces[key]:
            part = NONE if piece.replaces else min(wanted - marked, piece.quantity)
            marked += part
            pieces += _scaled(piece, piece.quantity - part)
            for new in _scaled(piece, part):
                basis = new.basis if sheltered else new.basis + loss * part
                since = new.since - held if new.since and not sheltered else new.since
                pieces.append(Piece(new.lot_id, new.account, part, basis, since, replaces=True))
        self._pieces[key] = pieces
        return marked


def _scaled(piece: Piece, quantity: Fraction) -> list[Piece]:
    """`quantity` shares of a piece; nothing for none."""
    if not quantity:
        return []
    basis = piece.basis * quantity / piece.quantity
    return [Piece(piece.lot_id, piece.account, quantity, basis, piece.since, piece.replaces)]
