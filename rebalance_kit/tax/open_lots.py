"""The lots of a position as its files tell them, completed where they must be, in the currency of the tax."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from rebalance_kit.holdings.model import Holdings, Position
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.tax import doubts
from rebalance_kit.tax.lots import AVERAGE, NONE, TaxLot
from rebalance_kit.tax.settlement import rate_on
from rebalance_kit.words import Finding


class OwnLot(NamedTuple):
    """A lot whose cost is in its own currency."""

    lot: TaxLot
    currency: str


def open_lots(holdings: Holdings, position: Position, found: list[Finding]) -> tuple[OwnLot, ...]:
    """The lots of a position; what they do not cover is one more lot at its average cost, bought nobody knows when.

    That rest has a cost only if the position states its total cost; without one it stays uncovered. Both are said.
    """
    account, code = position.account, position.code
    lots = tuple(
        OwnLot(
            TaxLot(lot.lot_id, lot.date, Fraction(lot.quantity), Fraction(lot.cost), _base(lot.tax_base, lot.quantity),
                   account),
            lot.currency,
        )
        for lot in holdings.lots if (lot.account, lot.code) == (account, code)
    )  # fmt: skip
    rest = Fraction(position.quantity) - sum((own.lot.quantity for own in lots), NONE)
    if rest <= 0:
        return lots
    cost = _rest_of_cost(position, lots)
    if cost is None:
        found.append(doubts.cost_unknown(code, account, rest))
        return lots
    found.append(doubts.average_lot(code, account, rest, some=bool(lots)))
    return (*lots, OwnLot(TaxLot(AVERAGE, None, rest, cost, None, account), position.currency))


def in_base_currency(
    lots: Iterable[OwnLot], code: str, prices: PriceBook, settled: Callable[[date], date], found: list[Finding]
) -> tuple[TaxLot, ...]:
    """Every lot at the exchange rate of its own purchase; where that is not known, at today's, which is said.

    `settled` gives the day whose rate the law wants from the day of the trade. RuleError `missing_rate` when not even
    today's rate is known.
    """
    turned, without = [], []
    for lot, currency in lots:
        rate = rate_on(prices, currency, settled(lot.bought)) if lot.bought else None
        if currency == prices.base_currency:
            rate = Fraction(1)
        if rate is None:
            without.append(lot.lot_id)
            rate = Fraction(prices.rate(currency))
        turned.append(replace(lot, cost=lot.cost * rate))
    if without:
        found.append(doubts.rate_unknown(code, without))
    return tuple(turned)


def _base(tax_base: Decimal | None, quantity: Decimal) -> Fraction | None:
    return None if tax_base is None else Fraction(tax_base) * Fraction(quantity)


def _rest_of_cost(position: Position, lots: tuple[OwnLot, ...]) -> Fraction | None:
    if position.cost is None or any(own.currency != position.currency for own in lots):
        return None
    cost = Fraction(position.cost) - sum((own.lot.cost for own in lots), NONE)
    return cost if cost >= 0 else None
