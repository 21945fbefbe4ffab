"""From a menu of counts to a good plan for every row at once: what each likes best, made to fit, then improved.

    repaired   while too much is spent: the change that loses least for what it saves
    filled     while money is left: the change that gains most
    joined     the assets whose second and third choices lose least are searched through together: all combinations of
               two halves, listed, sorted by what they spend, and joined (the idea of `halves`, cut to a fixed size)

Each row goes its own way and stops by itself; no row feels another.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rebalance_kit.planner.arrays import Bools, Floats, Ints, Menu, Rows, chosen

HALF = 4  # assets in each half of a joined search
WIDTH = 3  # counts of each asset in it: its own and the two next best
GAIN = 1e-9  # base minor units: what is less is no improvement
NEVER = np.inf


class Changes(NamedTuple):
    """What each count of the menu would change against the plan: its objective and its spending, (A, N, M)."""

    worse: Floats
    spend: Floats


def changes(menu: Menu, picks: Ints, rows: Ints | slice = slice(None)) -> Changes:
    """The changes against the picks (A, N), for some rows."""
    objective, spend = menu.objective[rows], menu.spend[rows]
    now = picks[rows]
    return Changes(objective - chosen(objective, now)[..., None], spend - chosen(spend, now)[..., None])


def left_over(rows: Rows, menu: Menu, picks: Ints) -> Floats:
    """Ticks (A,) that the picks leave of the budget; negative: they spend too much."""
    return np.asarray(rows.budget - chosen(menu.spend, picks).sum(axis=1))


def repair(rows: Rows, menu: Menu, picks: Ints) -> Bools:
    """Change picks in place until they keep the budget; which rows (A,) do in the end."""
    left = left_over(rows, menu, picks)
    todo = np.flatnonzero(left < 0)
    while len(todo):
        change = changes(menu, picks, todo)
        saved = np.minimum(-change.spend, -left[todo, None, None])
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(change.spend < 0, change.worse / saved, NEVER)
        best = _taken(ratio, menu, picks, todo, below=NEVER)
        left[best.rows] -= best.of(change.spend)
        todo = best.rows[left[best.rows] < 0]
    return np.asarray(left >= 0)


def fill(rows: Rows, menu: Menu, picks: Ints) -> None:
    """Change picks in place, the best single change at a time, while one gains and the budget holds."""
    left = left_over(rows, menu, picks)
    todo = np.flatnonzero(left >= 0)
    while len(todo):
        change = changes(menu, picks, todo)
        worse = np.where(change.spend <= left[todo, None, None], change.worse, NEVER)
        best = _taken(worse, menu, picks, todo, below=-GAIN)
        left[best.rows] -= best.of(change.spend)
        todo = best.rows


class _Taken(NamedTuple):
    rows: Ints
    places: Ints  # of those rows among the ones that were asked
    flat: Ints  # which of the N x M changes

    def of(self, figures: Floats) -> Floats:
        return np.asarray(figures.reshape(len(figures), -1)[self.places, self.flat])


def _taken(figures: Floats, menu: Menu, picks: Ints, rows: Ints, *, below: float) -> _Taken:
    """Take the change of the lowest figure in every row where it is below the limit; which rows did."""
    flat = figures.reshape(len(figures), -1)
    best = flat.argmin(axis=1)
    places = np.flatnonzero(flat[np.arange(len(rows)), best] < below)
    asset, count = np.divmod(best[places], menu.counts.shape[-1])
    picks[rows[places], asset] = count
    return _Taken(rows[places], places, best[places])


def join(rows: Rows, menu: Menu, picks: Ints, price: Floats, todo: Ints) -> Ints:
    """Search through all combinations of the assets that are easiest to change, in the rows `todo`, and take the best;
    the rows in which that gained. `price` (A,) is that of a tick, by which a change is judged before the budget is."""
    change = changes(menu, picks, todo)
    lost = np.where(change.spend == 0, NEVER, change.worse + price[todo, None, None] * change.spend)
    others = np.argpartition(lost, WIDTH - 2, axis=-1)[..., : WIDTH - 1]
    ease = np.take_along_axis(lost, others, -1).min(axis=-1)
    assets = np.argsort(ease, axis=1, kind="stable")[:, : 2 * HALF]
    worse, spend = (_of(figures, others, assets) for figures in change)
    found = _best_join(worse, spend, left_over(rows, menu, picks)[todo])
    picked = np.concatenate([picks[todo, :, None], others], axis=-1)
    return _take_join(picks, picked, assets, found, todo)


def _of(figures: Floats, others: Ints, assets: Ints) -> Floats:
    """The figures (A, K, WIDTH) of the chosen assets: no change, and the other counts'."""
    rest = np.take_along_axis(np.take_along_axis(figures, others, -1), assets[..., None], 1)
    return np.concatenate([np.zeros((*assets.shape, 1)), rest], axis=-1)


class _Join(NamedTuple):
    left: Ints  # combination of the left half, by row
    right: Ints
    gains: Bools


def _best_join(worse: Floats, spend: Floats, left: Floats) -> _Join:
    """The pair of part-plans (A,) that is best within what is left."""
    number = worse.shape[1]
    ones, twos = (_combined(worse[:, half], spend[:, half]) for half in (range(0, number, 2), range(1, number, 2)))
    with_best = _best_within(ones, left[:, None] - twos.spend)
    together = twos.worse + with_best
    right = together.argmin(axis=1)
    here = np.arange(len(left))
    fits = ones.spend <= (left - twos.spend[here, right])[:, None]
    first = (fits & (ones.worse == with_best[here, right][:, None])).argmax(axis=1)
    return _Join(first, right, together[here, right] < -GAIN)


def _best_within(parts: Changes, limits: Floats) -> Floats:
    """The lowest `worse` (A, R) of the part-plans (A, L) that spend no more than each limit (A, R); never where none
    does. Spends are whole, so that half a tick more than a limit stands after every spend that it allows."""
    order = np.argsort(np.concatenate([parts.spend, limits + 0.5], axis=1), axis=1)
    order += np.arange(len(order))[:, None] * order.shape[1]
    worse = np.concatenate([parts.worse, np.full_like(limits, NEVER)], axis=1)
    best = np.empty_like(worse)
    best.ravel()[order] = np.minimum.accumulate(worse.ravel()[order], axis=1)
    return np.asarray(best[:, parts.spend.shape[1] :])


def _combined(worse: Floats, spend: Floats) -> Changes:
    """All combinations of the counts of some assets, (A, WIDTH^K); the last asset turns fastest."""
    total = Changes(np.zeros((len(worse), 1)), np.zeros((len(worse), 1)))
    for asset in range(worse.shape[1]):
        total = Changes(*(
            (so_far[:, :, None] + each[:, asset, None, :]).reshape(len(worse), -1)
            for so_far, each in zip(total, (worse, spend), strict=True)
        ))  # fmt: skip
    return total


def _take_join(picks: Ints, picked: Ints, assets: Ints, found: _Join, todo: Ints) -> Ints:
    """Write the combinations that gain into the picks; the rows of those."""
    number = assets.shape[1]
    gained = np.flatnonzero(found.gains)
    for half, places in ((found.left, range(0, number, 2)), (found.right, range(1, number, 2))):
        rest = half[gained]
        for place in reversed(places):
            rest, digit = np.divmod(rest, WIDTH)
            asset = assets[gained, place]
            picks[todo[gained], asset] = picked[gained, asset, digit]
    return np.asarray(todo[gained])
