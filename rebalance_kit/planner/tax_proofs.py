"""What has to hold for the tax of a plan: the tax engine, run again on the orders, says the plan's figures, and the
lots are there.

Each function yields a fault for everything that does not hold. Nothing here asks the solver or its schedules.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.errors import RuleError
from rebalance_kit.money import ZERO, exact_sum, plain
from rebalance_kit.orders import Order, Side
from rebalance_kit.planner.evidence import Evidence
from rebalance_kit.tax.case import Case, tax_case, tax_position
from rebalance_kit.tax.estimate import estimate_case
from rebalance_kit.tax.lots import total_quantity
from rebalance_kit.tax.model import Purchase, Sale, SaleTax, TaxEstimate


def taxes(evidence: Evidence) -> Iterator[str]:
    """The tax of every order, of the plan and of the year, estimated again from the orders alone."""
    plan, made = evidence.plan, estimate_again(evidence)
    rows = iter(made.sales if made else ())
    for order in plan.orders:
        due = None if made is None else ZERO if order.side is Side.BUY else next(rows).tax
        if order.tax != due:
            yield f"{order.code}: {_said(order.tax)}, not {_said(due)}"
    total = made.tax if made is not None and made.complete else None
    if plan.summary.tax != total:
        yield f"{_said(plan.summary.tax)}, not {_said(total)}"
    if (plan.tax is None) != (made is None):
        yield "the year"
    elif plan.tax is not None and made is not None:
        yield from _year(evidence, made)


def _year(evidence: Evidence, made: TaxEstimate) -> Iterator[str]:
    said = evidence.plan.tax
    if said is None:
        return
    if said.year_to_date_before != made.year_to_date_before:
        yield f"before {plain(said.year_to_date_before.tax)}, not {plain(made.year_to_date_before.tax)}"
    if said.year_to_date_after != made.year_to_date_after:
        yield f"after {plain(said.year_to_date_after.tax)}, not {plain(made.year_to_date_after.tax)}"
    withheld = exact_sum(row.withheld for row in made.sales)
    if said.withheld != withheld:
        yield f"withheld {plain(said.withheld)}, not {plain(withheld)}"


def lots(evidence: Evidence) -> Iterator[str]:
    """The lots of a sale add up to it, and none gives more than it holds; they are those of the booking method."""
    case = _case(evidence)
    rows = {(row.sale.account, row.sale.code): row for row in _sales_again(evidence)}
    for order in evidence.plan.orders:
        if order.side is Side.BUY or case is None:
            if order.lots:
                yield f"{order.code}: {_listed(order.lots)}"
            continue
        yield from _held(case, order)
        row = rows[order.account, order.code]
        if sorted(order.lots) != sorted((lot.lot_id, lot.quantity) for lot in row.lots):
            yield f"{order.code}: {_listed(order.lots)}"


def _held(case: Case, order: Order) -> Iterator[str]:
    position = tax_position(case, order.account, order.code)
    held = {lot.lot_id: lot.quantity for lot in position.lots}
    for name, quantity in order.lots:
        if not 0 < Fraction(quantity) <= held.get(name, Fraction(0)):
            yield f"{order.code}: {plain(quantity)} of {name}"
    sold = exact_sum(quantity for _, quantity in order.lots)
    if sold != order.quantity and (order.lots or total_quantity(position.lots) >= order.quantity):
        yield f"{order.code}: {plain(sold)} of {order.quantity}"


def estimate_again(evidence: Evidence) -> TaxEstimate | None:
    """The estimate of the plan's orders; None where none can be made. Lots are named only where the method asks for
    names."""
    case = _case(evidence)
    if case is None:
        return None
    named = case.american and evidence.policy.tax.lot_method == "specific"
    sales = [
        Sale(o.account, o.code, Decimal(o.quantity), o.reference_price, o.currency, o.commission,
             tuple(o.lots) if named else ())
        for o in evidence.plan.orders if o.side is Side.SELL
    ]  # fmt: skip
    bought = [
        Purchase(o.account, o.code, Decimal(o.quantity), evidence.on)
        for o in evidence.plan.orders
        if o.side is Side.BUY
    ]
    try:
        return estimate_case(case, sales, bought)
    except RuleError as error:
        if error.code in _LOTS_DO_NOT_FIT:
            raise
        return None


def _sales_again(evidence: Evidence) -> tuple[SaleTax, ...]:
    made = estimate_again(evidence)
    return () if made is None else made.sales


_LOTS_DO_NOT_FIT = frozenset({"lots_too_few", "lots_not_named"})


def _case(evidence: Evidence) -> Case | None:
    try:
        return tax_case(evidence.policy, evidence.taxpayer, evidence.prices, evidence.on, evidence.instruments)
    except RuleError:
        return None


def _listed(named: tuple[tuple[str, Decimal], ...]) -> str:
    return ", ".join(f"{name} {plain(quantity)}" for name, quantity in named) or "-"


def _said(amount: Decimal | None) -> str:
    return "-" if amount is None else plain(amount)
