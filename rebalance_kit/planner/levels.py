"""Where a good plan lies, and what no plan can beat: both from one price of cash for each account.

Without whole shares the best plan lowers every goal by the same amount of money until the budget holds (with squares
also the costs move the goals: what is bought stops short, what is sold stops early). Whole counts around that level
are the menu from which `moves` makes a plan. The bound is the Lagrangian one of `dual`, asset by asset:

    sum of min_n [objective(n) + price x spend(n)] - price x budget

The objective without rounding is convex on each range of counts, so that the smallest term of a range stands next to a
point that is known: the goal, an edge of the band, an end. What rounding could add to or take from it is deducted.
"""

from __future__ import annotations

import numpy as np

from rebalance_kit.planner.arrays import THOUSANDTHS, Bools, Floats, Menu, Rows, chosen, outside
from rebalance_kit.planner.line import OUTSIDE_PRICE

STEPS = 10  # of Newton's method for the level
HALVINGS = 10  # of the price of cash between 0 and 1
AROUND = (-2, -1, 0, 1, 2, 3)  # counts of the menu around the level
STEEPEST = 18.0  # slope up to which money outside a band weighs more than all else
FLOAT_ERROR = 1e-10  # share of the total that arithmetic in floats may be off by: far more than it is


def level(rows: Rows) -> tuple[Floats, Floats]:
    """The ideal values that the budget allows (A, N), and how far the goals were lowered for it (A,): in base minor
    units; where the deviation is squared, as a price of cash."""
    held = rows.worth(rows.held)
    low, high = rows.worth(np.minimum(rows.sold_from, rows.held)), rows.worth(np.maximum(rows.bought_to, rows.held))
    money = rows.budget * rows.tick_value
    lowered = np.zeros(len(money))
    for _ in range(STEPS):
        values = _at_level(rows, lowered, held, low, high)
        change = values - held
        over = np.rint(change + rows.cost * np.abs(change)).sum(axis=1) - money
        moves = (over > 0.5) | ((over < -0.5) & (lowered > 0))
        if not moves.any():
            break
        free = np.maximum(((values > low) & (values > rows.floor)).sum(axis=1), 1)
        step = over / free / (rows.total / 2 if rows.squared else 1.0)
        lowered = np.where(moves, np.maximum(0.0, lowered + step), lowered)
    return _at_level(rows, lowered, held, low, high), lowered


def _at_level(rows: Rows, lowered: Floats, held: Floats, low: Floats, high: Floats) -> Floats:
    if rows.squared:
        half, price = rows.total[:, None] / 2, (lowered - rows.cash_price)[:, None]
        worth = rows.cost + rows.turnover_price
        bought = rows.goal - half * (worth + price * (1 + rows.cost))
        sold = rows.goal - half * (price * (1 - rows.cost) - worth)
        values = np.minimum(np.maximum(held, bought), sold)
    else:
        values = rows.goal - lowered[:, None]
    values = np.minimum(np.maximum(values, rows.floor), rows.ceiling)
    return np.minimum(np.maximum(values, low), high)


def menu_counts(rows: Rows, values: Floats) -> Floats:
    """Counts (A, N, M): what is held, some around the values, the nearest of the other side, all sold."""
    exact = np.floor((values / rows.tick_value - rows.kept) / rows.price)
    buys = (exact >= rows.held) & (rows.bought_to > rows.held) | (rows.sold_to >= rows.held)
    least, most = np.where(buys, rows.bought_from, rows.sold_from), np.where(buys, rows.bought_to, rows.sold_to)
    across = np.where(buys, rows.sold_to, rows.bought_from)
    near = [np.minimum(np.maximum(exact + step, least), most) for step in AROUND]
    columns = [rows.held, *near, across, rows.sold_from]
    return np.stack(np.broadcast_arrays(*columns), axis=-1)


def price_of_cash(rows: Rows, menu: Menu) -> Floats:
    """The price (A,) between 0 and 1 at which the menu's best counts come within the budget, by halving; 1 where
    none does."""
    price = np.zeros(len(rows.budget))
    dear = np.flatnonzero(_over_budget(menu.objective, menu.spend, rows.budget))
    if not len(dear):
        return price
    objective, spend, budget = menu.objective[dear], menu.spend[dear], rows.budget[dear]
    low, step = np.zeros(len(dear)), 0.5
    for _ in range(HALVINGS):
        tried = low + step
        over = _over_budget(objective + (tried * rows.tick_value)[:, None, None] * spend, spend, budget)
        low, step = np.where(over, tried, low), step / 2
    price[dear] = low + 2 * step
    return price


def _over_budget(priced: Floats, spend: Floats, budget: Floats) -> Bools:
    """Which rows (A,) spend too much when each asset takes its best count."""
    return np.asarray(chosen(spend, priced.argmin(axis=-1)).sum(axis=1) > budget)


def bound(rows: Rows, price: Floats) -> Floats:
    """What no plan of a row (A,) beats, in base minor units, by a price (A,) of cash."""
    most = rows.cost.max(axis=1)
    price = np.minimum(price, (STEEPEST - most - rows.turnover_price) / (1 + most))
    least = _reduced(rows, rows.held, price)
    net = (price - rows.cash_price)[:, None]
    for sign, start, end in ((1.0, rows.bought_from, rows.bought_to), (-1.0, rows.sold_from, rows.sold_to)):
        values = _cheapest(rows, sign * (rows.cost + rows.turnover_price) + net * (1 + sign * rows.cost))
        exact = np.floor((values / rows.tick_value - rows.kept) / rows.price)
        for step in (0, 1):
            counts = np.minimum(np.maximum(exact + step, start), end)
            least = np.minimum(least, _reduced(rows, counts, price))
    whole = np.floor(least * THOUSANDTHS).sum(axis=1) / THOUSANDTHS
    money = price * rows.tick_value * rows.budget
    return np.asarray(whole - money - _lost_to_rounding(rows) - FLOAT_ERROR * rows.total)


def _cheapest(rows: Rows, slope: Floats) -> Floats:
    """The values (A, N) at which deviation and band cost least besides a cost of `slope` for a unit of value."""
    if rows.squared:
        values = rows.goal - rows.total[:, None] / 2 * slope
    else:
        values = np.where(slope < 1, rows.goal, -np.inf)
        values = np.where(slope <= -1, np.inf, values)
    return np.minimum(np.maximum(values, rows.floor), rows.ceiling)


def _reduced(rows: Rows, counts: Floats, price: Floats) -> Floats:
    """objective + price x spend (A, N), all without rounding and without ties."""
    change = (counts - rows.held) * rows.price * rows.tick_value
    fees = np.abs(change) * rows.cost
    value = rows.worth(counts)
    gap = np.abs(value - rows.goal)
    deviation = gap * gap / rows.total[:, None] if rows.squared else gap
    if rows.banded:
        deviation = deviation + OUTSIDE_PRICE * outside(rows, value[..., None])[..., 0]
    net = (price - rows.cash_price)[:, None]
    traded = rows.turnover_price * np.abs(change) + rows.order_price * (counts != rows.held)
    return np.asarray(deviation + fees + net * (change + fees) + traded)


def _lost_to_rounding(rows: Rows) -> Floats:
    """How much lower than without rounding the objective of a row (A,) can be."""
    assets = rows.goal.shape[1]
    banded = ((rows.floor > 0) | np.isfinite(rows.ceiling)).sum(axis=1)
    blur = ((1 + rows.rate) / 2 if rows.rounds else 0.0) + 2 / THOUSANDTHS
    own = assets * (2 * rows.rate * rows.cash_price + (1.0 if rows.rounds else 0.0))
    return np.asarray(own + blur * (2 * assets + OUTSIDE_PRICE * banded))
