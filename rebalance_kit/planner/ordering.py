"""From final counts to orders, sells first, with limits, costs and reasons, and the exchanges that pay for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from rebalance_kit.costs import Exchange, commission, exchanged, slippage
from rebalance_kit.drift import AssetDrift
from rebalance_kit.goals import Goal
from rebalance_kit.money import Rounding, minor_unit, product, round_fraction
from rebalance_kit.orders import (
    Order,
    Side,
    cash_reason,
    drift_reason,
    instrument_of,
    limit_price,
    shares_of,
    units_of,
)
from rebalance_kit.planner.solve import Solution
from rebalance_kit.planner.stating import Case
from rebalance_kit.words import Text

if TYPE_CHECKING:
    from rebalance_kit.planner.household_solve import HouseholdSolution
    from rebalance_kit.planner.proposed import ProposedCounts


def orders_of(
    case: Case, solution: Solution | HouseholdSolution | ProposedCounts, goals: Sequence[Goal], on: date
) -> tuple[Order, ...]:
    """The orders that lead to the counts (units of each account): sells first, then by account and code."""
    by_code = {goal.code: goal for goal in goals}
    moves = []
    for account in case.planned:
        counts, own = solution.at(account), case.at(account)
        for row in case.drift.assets:
            change = counts.get(row.code, 0) - units_of(case.holdings.quantity(row.code, account), own.unit)
            if row.code in counts and change:
                moves.append(_order(own, row, change, by_code[row.code], on))
    return tuple(sorted(moves, key=lambda order: (order.side is Side.BUY, order.account, order.code)))


def exchanges_of(case: Case, solution: Solution | HouseholdSolution | ProposedCounts | None) -> tuple[Exchange, ...]:
    """The exchange lines of a solution, at the price book's rates."""
    lines: list[tuple[str, str, Decimal]] = []
    if isinstance(solution, Solution):
        lines = [(case.account, currency, _own_money(amount, currency)) for currency, amount in solution.exchanges]
    else:  # a household's, which a proposal of counts has none of
        found: Sequence[tuple[str, str, int]] = getattr(solution, "exchanges", ())
        lines = [(account, c, product(Decimal(units), minor_unit(c))) for account, c, units in found]
    base, spread = case.policy.base_currency, case.policy.costs.fx_spread
    return tuple(
        exchanged(account, base, currency, amount, rate=case.prices.rate(currency), spread=spread)
        for account, currency, amount in lines
        if amount
    )


def _own_money(amount: Fraction, currency: str) -> Decimal:
    return round_fraction(amount, minor_unit(currency), Rounding.HALF_UP)  # whole minor units already


def _order(case: Case, row: AssetDrift, change: int, goal: Goal, on: date) -> Order:
    side = Side.BUY if change > 0 else Side.SELL
    price = case.prices.price(row.code)
    quantity = shares_of(abs(change), case.unit)
    amount = product(price, Decimal(quantity))
    return Order(
        account=case.account,
        code=row.code,
        name=row.name,
        side=side,
        quantity=quantity,
        limit_price=_limit(case, row.code, side, price, on),
        reference_price=price,
        currency=row.currency,
        rate=case.prices.rate(row.currency),
        amount=amount,
        commission=commission(case.policy, row.code, amount, row.currency),
        slippage=slippage(case.policy, row.code, amount, row.currency),
        reason=_reason(case, row, goal),
    )


def _limit(case: Case, code: str, side: Side, price: Decimal, on: date) -> Decimal | None:
    asset, settings = case.policy.asset(code), case.policy.rebalancing.orders
    if asset is None:
        raise KeyError(code)
    instrument = instrument_of(asset, case.policy.exchange_of(asset))
    return limit_price(side, price, style=settings.style, tolerance=settings.tolerance, instrument=instrument, on=on)


def _reason(case: Case, row: AssetDrift, goal: Goal) -> Text:
    judged = case.drift.judged_by(row)
    if case.flow:
        said = cash_reason(
            goal.amount, case.flow, case.policy.base_currency, judged.target_weight, judged.current_weight
        )
    else:
        said = drift_reason(judged.target_weight, judged.current_weight, judged.drift)
    return Text(f"{judged.name}: {said.en}", f"{judged.name}: {said.ko}") if row.stands_in else said
