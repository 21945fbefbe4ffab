"""One-cancels-all groups, emulated: the broker knows nothing of them.

A group are the orders of one side whose assets are in one interchangeable group of the policy: any of them may stand
for any other. They are sent one after the other and never rest together ("with block"), so that no two fills can
exceed what was wanted. What the earlier ones filled decides what is left of the next:

    none      everything: the orders do not know of each other
    cancel    nothing, as soon as anything is filled
    reduce    what was wanted less what is filled, by value: after 40 of 100 at the same price, 60
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.execution.records import Intent, RunRecord
from rebalance_kit.execution.schema import TERMINAL
from rebalance_kit.execution.work import Oca
from rebalance_kit.money import product
from rebalance_kit.orders import Shares, shares_of


def left_of(kind: Oca, wanted: Shares, price: Decimal, filled: Iterable[Decimal], unit: Decimal) -> Shares:
    """What is left of an order for `wanted` shares at a price, after fills of its group, as amounts in its currency.
    Rounded down to whole units."""
    taken = sum((Fraction(amount) for amount in filled), Fraction(0))
    if kind == "none" or not taken:
        return wanted
    whole = Fraction(product(Decimal(wanted), price))
    if kind == "cancel" or taken >= whole:
        return shares_of(0, unit)
    return shares_of(int((whole - taken) / Fraction(price) / Fraction(unit)), unit)


def left_in_group(run: RunRecord, intent: Intent) -> Shares | None:
    """What the group of an order leaves of it; None while another of the group is at the broker, or may be."""
    work = run.work
    others = _others(run, intent)
    if any(attempt.state not in TERMINAL for one in others for attempt in one.attempts):
        return None
    price = work.order(intent.code, intent.side).reference_price
    filled = [attempt.amount for one in others for attempt in one.attempts if attempt.filled]
    return left_of(work.oca, intent.quantity, price, filled, intent.unit)


def made_up_for(run: RunRecord, intent: Intent) -> bool:
    """Whether an order was not sent because others of its group were filled in its place."""
    return intent.last is None and left_in_group(run, intent) == 0


def _others(run: RunRecord, intent: Intent) -> tuple[Intent, ...]:
    """The other orders of an order's group, in the same currency."""
    groups = [group for group in run.work.groups if (intent.code, intent.side) in group]
    members = {member for group in groups for member in group} - {(intent.code, intent.side)}
    return tuple(one for one in run.intents if (one.code, one.side) in members and one.currency == intent.currency)
