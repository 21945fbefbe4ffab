"""Which lots a sale uses: FIFO, LIFO, HIFO, lowest cost, moving average, or those that are named.

One loop with a sort key, after beancount's booking methods; the moving average first pools the lots into one. Costs are
total costs, split in proportion to the shares and kept as fractions, so that not a unit is lost however often a lot is
cut: what was sold and what is left always add up to what there was.

15 of the lots 10 @ 100, 10 @ 150, 10 @ 120 sold at 160 gain 650 (FIFO), 450 (LIFO), 300 (HIFO), 550 (average).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from rebalance_kit.errors import RuleError
from rebalance_kit.money import as_decimal, plain
from rebalance_kit.words import Text, same

AVERAGE = "average"  # the name of a pooled lot, and of a position that has no lots
NONE = Fraction(0)


class LotMethod(StrEnum):
    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"
    LOWEST_COST = "lowest_cost"
    MOVING_AVERAGE = "moving_average"
    SPECIFIC = "specific"


@dataclass(frozen=True, slots=True)
class TaxLot:
    """Shares bought together. `cost` and `tax_base` (None: not known) are totals in the currency of the tax.

    `bought` is None where nobody says when: such shares count as the oldest. `account` is where they are held.
    """

    lot_id: str
    bought: date | None
    quantity: Fraction
    cost: Fraction
    tax_base: Fraction | None = None
    account: str = ""

    @property
    def share_cost(self) -> Fraction:
        """The cost of one share."""
        return self.cost / self.quantity


@dataclass(frozen=True, slots=True)
class Booking:
    """What a sale took from the lots, in the order in which it took it, and what is left."""

    sold: tuple[TaxLot, ...]
    left: tuple[TaxLot, ...]

    @property
    def cost(self) -> Fraction:
        """The cost of what was sold."""
        return sum((lot.cost for lot in self.sold), NONE)


def book_sale(
    lots: Sequence[TaxLot], quantity: Fraction, method: LotMethod, chosen: Mapping[str, Fraction] | None = None
) -> Booking:
    """Take `quantity` shares (not negative) from the lots by a method.

    `specific` takes the shares of `chosen` (lot id -> shares), which must add up to `quantity`. Raises RuleError
    `lots_too_few` when there are not that many, `lots_not_named` when the named lots do not fit.
    """
    if quantity < 0 or quantity > total_quantity(lots):
        raise _too_few(lots, quantity)
    if method is LotMethod.SPECIFIC:
        return _book_named(lots, quantity, chosen or {})
    sold, left = [], []
    wanted = quantity
    for lot in sale_order(lots, method):
        taken = min(wanted, lot.quantity)
        wanted -= taken
        part, rest = cut(lot, taken)
        sold += [part] if part else []
        left += [rest] if rest else []
    return Booking(tuple(sold), tuple(left))


def sale_order(lots: Iterable[TaxLot], method: LotMethod) -> tuple[TaxLot, ...]:
    """The lots in the order in which a method sells them; the moving average sells from one pooled lot.

    Lots of one day go by name, so that the order of a file never matters. `specific` without names is HIFO: what
    a person who chooses would choose first to keep a gain small.
    """
    ordered = tuple(sorted(lots, key=_ORDERS[method]))
    return pool(ordered) if method is LotMethod.MOVING_AVERAGE else ordered


def pool(lots: Sequence[TaxLot]) -> tuple[TaxLot, ...]:
    """All lots as one at their average cost; its taxable base is known only if that of every lot is."""
    if not lots:
        return ()
    bases = [lot.tax_base for lot in lots if lot.tax_base is not None]
    return (
        TaxLot(
            AVERAGE if len(lots) > 1 else lots[0].lot_id,
            None if len({lot.bought for lot in lots}) > 1 else lots[0].bought,
            total_quantity(lots),
            sum((lot.cost for lot in lots), NONE),
            sum(bases, NONE) if len(bases) == len(lots) else None,
            lots[0].account,
        ),
    )


def at_average_cost(lots: Sequence[TaxLot]) -> tuple[TaxLot, ...]:
    """The lots with their days, each share at the average cost of all."""
    average = sum((lot.cost for lot in lots), NONE) / (total_quantity(lots) or 1)
    return tuple(replace(lot, cost=lot.quantity * average) for lot in lots)


def cut(lot: TaxLot, quantity: Fraction) -> tuple[TaxLot | None, TaxLot | None]:
    """`quantity` shares of a lot with their share of its cost, and the rest; None for no shares."""
    share = quantity / lot.quantity
    part = _scaled(lot, share)
    rest = replace(
        lot,
        quantity=lot.quantity - quantity,
        cost=lot.cost - part.cost,
        tax_base=None if lot.tax_base is None or part.tax_base is None else lot.tax_base - part.tax_base,
    )
    return (part if quantity else None), (rest if rest.quantity else None)


def total_quantity(lots: Iterable[TaxLot]) -> Fraction:
    """The shares of all lots."""
    return sum((lot.quantity for lot in lots), NONE)


@dataclass(frozen=True, slots=True)
class Trade:
    """A purchase or a sale: `amount` is what was paid with its fees, or what came in after them."""

    day: date
    side: Literal["BUY", "SELL"]
    quantity: Fraction
    amount: Fraction
    tax_base: Fraction | None = None
    lot_id: str = ""


@dataclass(frozen=True, slots=True)
class BookedSale:
    """A sale with the lots that it used and its gain."""

    trade: Trade
    booking: Booking

    @property
    def gain(self) -> Fraction:
        return self.trade.amount - self.booking.cost


def book_history(trades: Iterable[Trade], method: LotMethod) -> tuple[tuple[BookedSale, ...], tuple[TaxLot, ...]]:
    """Every sale of a history by one method, and the lots that are left.

    Within a day purchases come before sales, so that the order of a day's lines never matters.
    """
    lots: tuple[TaxLot, ...] = ()
    sales = []
    ordered = sorted(trades, key=lambda t: (t.day, t.side, t.lot_id, t.quantity, t.amount))
    for number, trade in enumerate(ordered, start=1):
        if trade.side == "BUY":
            name = trade.lot_id or f"{trade.day}#{number}"
            lots = (*lots, TaxLot(name, trade.day, trade.quantity, trade.amount, trade.tax_base))
            lots = pool(lots) if method is LotMethod.MOVING_AVERAGE else lots
        else:
            booking = book_sale(lots, trade.quantity, method)
            lots = booking.left
            sales.append(BookedSale(trade, booking))
    return tuple(sales), lots


_SortKey = Callable[[TaxLot], tuple[Fraction | int, Fraction | int, str]]


def _age(lot: TaxLot) -> int:
    return lot.bought.toordinal() if lot.bought else 0


_ORDERS: Mapping[LotMethod, _SortKey] = {
    LotMethod.FIFO: lambda lot: (_age(lot), 0, lot.lot_id),
    LotMethod.LIFO: lambda lot: (-_age(lot), 0, lot.lot_id),
    LotMethod.HIFO: lambda lot: (-lot.share_cost, _age(lot), lot.lot_id),
    LotMethod.LOWEST_COST: lambda lot: (lot.share_cost, _age(lot), lot.lot_id),
    LotMethod.MOVING_AVERAGE: lambda lot: (_age(lot), 0, lot.lot_id),
    LotMethod.SPECIFIC: lambda lot: (-lot.share_cost, _age(lot), lot.lot_id),
}


def _scaled(lot: TaxLot, share: Fraction) -> TaxLot:
    base = None if lot.tax_base is None else lot.tax_base * share
    return replace(lot, quantity=lot.quantity * share, cost=lot.cost * share, tax_base=base)


def _book_named(lots: Sequence[TaxLot], quantity: Fraction, chosen: Mapping[str, Fraction]) -> Booking:
    by_id = {lot.lot_id: lot for lot in lots}
    fits = all(name in by_id and 0 <= part <= by_id[name].quantity for name, part in chosen.items())
    if not fits or sum(chosen.values(), NONE) != quantity:
        raise _not_named(lots, quantity, chosen)
    sold, left = [], []
    for lot in sale_order(lots, LotMethod.FIFO):
        part, rest = cut(lot, chosen.get(lot.lot_id, NONE))
        sold += [part] if part else []
        left += [rest] if rest else []
    return Booking(tuple(sold), tuple(left))


def _shares(quantity: Fraction) -> str:
    return plain(as_decimal(quantity))


def _too_few(lots: Sequence[TaxLot], quantity: Fraction) -> RuleError:
    return RuleError(
        "lots_too_few",
        where=Text("lots", "매수 로트"),
        wrong=Text(f"{_shares(quantity)} shares are to be sold", f"{_shares(quantity)}주를 팔려고 합니다"),
        expected=Text(f"from 0 to {_shares(total_quantity(lots))}, what the lots hold",
                      f"로트에 있는 {_shares(total_quantity(lots))}주 이하"),
        fix=Text("sell fewer or complete lots.csv", "수량을 줄이거나 lots.csv를 채워 주세요"),
    )  # fmt: skip


def _not_named(lots: Sequence[TaxLot], quantity: Fraction, chosen: Mapping[str, Fraction]) -> RuleError:
    named = ", ".join(f"{name} {_shares(part)}" for name, part in sorted(chosen.items())) or "-"
    known = ", ".join(f"{lot.lot_id} {_shares(lot.quantity)}" for lot in sale_order(lots, LotMethod.FIFO))
    return RuleError(
        "lots_not_named",
        where=Text("lots", "매수 로트"),
        wrong=Text(f"the named lots ({named}) are not {_shares(quantity)} shares that are held",
                   f"지정한 로트({named})가 보유한 {_shares(quantity)}주와 맞지 않습니다"),
        expected=same(known),
        fix=Text("name the lots of the sale", "매도할 로트를 지정해 주세요"),
    )  # fmt: skip
