"""How much a run exchanges: what its plan says, sized by the cash that is there when the sells are done.

Plans are made at reference prices and buys are sized at their limits (definition 9). An exchange to the cent would
therefore always cost the last buy a share: where the base currency has cash to spare, it is made large enough for the
limits, and what is not used stays as cash of the currency bought.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.brokers.base import Snapshot
from rebalance_kit.costs import Exchange, exchanged
from rebalance_kit.execution.result import Upto
from rebalance_kit.execution.work import Work, WorkOrder
from rebalance_kit.money import ONE, ZERO, Rounding, exact_sum, minor_unit, product, round_fraction, show_money
from rebalance_kit.words import Text

MARKET_MARGIN = Decimal("0.03")  # a market order has no limit: size it as if the price rose this far


def worst_price(order: WorkOrder) -> Decimal:
    """The price that a buy is sized at: its limit, or for a market order one well above the reference price."""
    return order.limit_price or product(order.reference_price, exact_sum((ONE, MARKET_MARGIN)))


def sized_exchanges(work: Work, there: Snapshot) -> Iterator[Exchange]:
    """The exchanges of a run: first what brings base money in, then what it pays for."""
    base = work.base_currency
    cash = there.spendable_cash(base)
    for line in work.exchanges:
        if line.bought_currency == base:
            amount = min(line.sold, max(ZERO, there.spendable_cash(line.sold_currency)))
            raised = _exchange(work, line, line.sold_currency, amount.copy_negate())
            if amount and raised.bought > raised.cost:
                cash = exact_sum((cash, raised.moved(base, base)))
                yield raised
    if work.upto is Upto.SELL:
        return
    free = exact_sum((cash, work.floor(base).copy_negate(), work.withdrawal.copy_negate()))
    planned = [line for line in work.exchanges if line.sold_currency == base]
    spare = exact_sum((free, _buys_at_worst(work, base).copy_negate(), *(line.moved(base, base) for line in planned)))
    for line in planned:
        made = _affordable(work, line, _wanted(work, line, there, max(ZERO, spare)), free)
        if made is not None:
            more = exact_sum((made.moved(base, base), line.moved(base, base).copy_negate()))
            spare, free = exact_sum((spare, min(ZERO, more))), exact_sum((free, made.moved(base, base)))
            yield made


def says_exchange(line: Exchange) -> Text:
    """An exchange in words."""
    sold, bought = show_money(line.sold, line.sold_currency), show_money(line.bought, line.bought_currency)
    return Text(f"exchange {sold} for {bought}", f"{sold}을(를) {bought}(으)로 환전")


def _wanted(work: Work, line: Exchange, there: Snapshot, spare: Decimal) -> Decimal:
    """What a line should bring: the plan's amount, and where `spare` base money pays for it what the limits need."""
    currency = line.bought_currency
    need = exact_sum((_buys_at_worst(work, currency), there.spendable_cash(currency).copy_negate()))
    price = Fraction(line.rate) * (1 + Fraction(work.fx_spread))
    unit = minor_unit(currency)
    most = exact_sum((line.bought, round_fraction(Fraction(spare) / price, unit, Rounding.FLOOR)))
    return max(line.bought, min(need, most))


def _affordable(work: Work, line: Exchange, wanted: Decimal, cash: Decimal) -> Exchange | None:
    """The line with the most of `wanted` that `cash` pays for; None for nothing."""
    unit = minor_unit(line.bought_currency)
    price = Fraction(line.rate) * (1 + Fraction(work.fx_spread))
    amount = min(wanted, round_fraction(max(Fraction(0), Fraction(cash)) / price, unit, Rounding.FLOOR))
    while amount > 0:
        made = _exchange(work, line, line.bought_currency, amount)
        if exact_sum((made.sold, made.cost)) <= cash:
            return made
        amount = exact_sum((amount, unit.copy_negate()))
    return None


def _exchange(work: Work, line: Exchange, currency: str, amount: Decimal) -> Exchange:
    return exchanged(line.account, work.base_currency, currency, amount, rate=line.rate, spread=work.fx_spread)


def _buys_at_worst(work: Work, currency: str) -> Decimal:
    """What the buys of a currency take at most."""
    return exact_sum(
        order.worst_cost(order.quantity, worst_price(order)) for order in work.buys if order.currency == currency
    )
