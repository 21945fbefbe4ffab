"""A good plan and a bound for every row of arrays: level, menu, moves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rebalance_kit.planner import levels, moves
from rebalance_kit.planner.arrays import Bools, Floats, Ints, Menu, Rows, chosen, judged

JOINS = 4  # joined searches, each around the plan that the last one found


class Quick(NamedTuple):
    """By row: the counts (A, N), their objective and the bound in base minor units (A,), and whether any plan keeps
    the budget (A,): where none does, the counts are those that spend least. `missing` is what that leaves short (ticks,
    (A,))."""

    counts: Floats
    objective: Floats
    bound: Floats
    possible: Bools
    missing: Floats


def quick(rows: Rows, hint: Floats | None = None) -> Quick:
    """The plans. `hint` (A, N) are counts to begin from as well, as far as they are allowed and keep the budget."""
    values, lowered = levels.level(rows)
    menu = _once(judged(rows, levels.menu_counts(rows, values)))
    if hint is not None:
        menu = _with_hint(menu, judged(rows, hint[..., None]))
    price = lowered if rows.squared else levels.price_of_cash(rows, menu)
    picks = _first_picks(rows, menu, price, lowered)
    possible = moves.repair(rows, menu, picks)
    _improve(rows, menu, picks, price)
    if hint is not None:
        picks = _better_of_hint(rows, menu, picks, price)
    spent = chosen(menu.spend, picks)
    return Quick(
        chosen(menu.counts, picks),
        _sum(chosen(menu.objective, picks)),
        _bound(rows, price),
        possible,
        np.maximum(0.0, spent.sum(axis=1) - rows.budget),
    )


def _once(menu: Menu) -> Menu:
    """Counts that stand twice are made useless. The order of `menu_counts` leaves few places to look: what is near the
    level rises and may touch what is held or all sold; what is across is beyond what is held."""
    counts, objective = menu.counts, menu.objective
    held, near, across, sold = counts[..., :1], counts[..., 1:-2], counts[..., -2], counts[..., -1]
    twice = np.zeros(counts.shape, dtype=np.bool_)
    twice[..., 1:-2] = near == held
    twice[..., 2:-2] |= near[..., 1:] == near[..., :-1]
    twice[..., -2] = across == held[..., 0]
    twice[..., -1] = (sold == held[..., 0]) | (sold == near[..., 0]) | (sold == across)
    objective[twice] = np.inf
    return menu


def _with_hint(menu: Menu, hint: Menu) -> Menu:
    """The menu with one more count, useless where it stands already."""
    hint.objective[(menu.counts == hint.counts).any(axis=-1)] = np.inf
    return Menu(*(np.concatenate(pair, axis=-1) for pair in zip(menu, hint, strict=True)))


def _bound(rows: Rows, price: Floats) -> Floats:
    """The bound under the price of cash, and under that at which nothing is worth buying where cash is scarcer than the
    first says."""
    found = levels.bound(rows, price)
    scarce = np.flatnonzero((price >= 1.0) & (not rows.squared))
    if len(scarce):
        some = rows.part(scarce) if len(price) > 1 else rows
        least = some.cost.min(axis=1)
        break_even = np.broadcast_to((1 - least) / (1 + least) + rows.cash_price, (len(scarce),))
        found[scarce] = np.maximum(found[scarce], levels.bound(some, break_even))
    return found


def _first_picks(rows: Rows, menu: Menu, price: Floats, lowered: Floats) -> Ints:
    """What each asset likes best: under the price of cash, or nearest to its lowered goal."""
    priced = menu.objective + (price * rows.tick_value)[:, None, None] * menu.spend
    if rows.squared or not lowered.any():
        return np.asarray(priced.argmin(axis=-1))
    goal = rows.goal[..., None]
    nearer = np.abs(menu.value - (goal - lowered[:, None, None])) - np.abs(menu.value - goal)
    return np.asarray(np.where(lowered[:, None, None] > 0, menu.objective + nearer, priced).argmin(axis=-1))


def _improve(rows: Rows, menu: Menu, picks: Ints, price: Floats) -> None:
    moves.fill(rows, menu, picks)
    todo = np.arange(len(picks))
    for _ in range(JOINS):
        if len(todo):
            todo = moves.join(rows, menu, picks, price * rows.tick_value, todo)


def _better_of_hint(rows: Rows, menu: Menu, picks: Ints, price: Floats) -> Ints:
    """The plan that begins from the hint (the last count of the menu, or an equal one), where that is better."""
    start = (menu.counts == menu.counts[..., -1:]).argmax(axis=-1)
    fits = moves.left_over(rows, menu, start) >= 0
    begun = np.where(fits[:, None], start, picks)
    _improve(rows, menu, begun, price)
    better = _sum(chosen(menu.objective, begun)) < _sum(chosen(menu.objective, picks))
    return np.where(better[:, None], begun, picks)


def _sum(objective: Floats) -> Floats:
    """Asset by asset: a sum of fractions must not depend on how many rows there are."""
    return np.asarray(np.add.accumulate(objective, axis=1)[:, -1])
