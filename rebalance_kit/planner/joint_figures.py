"""Part-plans as arrays, and what the lines share in floating point: cash, exchanges, the tax of the year.

Everything is relative to one plan and in gaps (the distance of that plan from a bound), so that what is close to it is
close to zero. No figure is more than the truth by more than the rounding of floating point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from rebalance_kit.planner.frame import Frame
from rebalance_kit.planner.taxed import Taken
from rebalance_kit.planner.truth import Judged, Truth
from rebalance_kit.planner.year import Limit, Regime, added, is_convex, netted, netted_is_true, shared_tax
from rebalance_kit.tax.schedule import AmericanYear, SharedTax, Sums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Steps = NDArray[np.int16]
else:
    Steps = Any

HIGHEST_RATE = 0.8  # no gain is taxed higher, however it counts
MARGIN = 1e-7  # of the gap: what floating point may be wrong by
EXACT_LIMIT = 3_000  # plans whose tax is asked of the tax rules one by one
SHORT, LONG, COLLECTIBLE = (Sums._fields.index(name) for name in ("short", "long", "collectible"))


class TooMuch(Exception):
    """More is open than the search may look at."""


class Option(NamedTuple):
    """One final count of a line with the lots that it sells."""

    final: int
    taken: Taken
    lost: int
    key: Fraction  # without the shared tax and exchanges
    spend: int
    sums: Sums


@dataclass(slots=True)
class Part:
    """Part-plans as arrays: loss and cost (in gaps), what is spent (grains, one column a currency), the sums of the
    year (one column each); `steps` names the option of every line so far."""

    lost: Floats
    cost: Floats
    spent: Whole
    sums: Floats
    steps: Steps


class Figures:
    """The figures of part-plans against the plan `best`, whose distance from the bound of `at` is `gap` keys."""

    def __init__(
        self, truth: Truth, at: Frame, best: Judged, gap: int, pieces: Sequence[Regime], limits: Sequence[Limit]
    ) -> None:
        import numpy as np

        self.np, self.truth, self.frame, self.best, self.pieces = np, truth, at, best, pieces
        self.unit = float(max(1, gap))
        self.gap = max(1, gap)
        self.money = truth.tax_money * truth.times * at.weight  # key units for a unit of tax
        self.currencies = [currency for currency, _ in truth.problem.budgets]
        self.names = [i for i in range(1, len(Sums._fields)) if self.money and any(p.rates[i] for p in pieces)]
        self.collectibles = any(
            lot.sums.collectible for tax in truth.problem.taxes if tax is not None for lot in tax.lots
        )
        if self.collectibles and self.money:
            self.names = sorted({*self.names, COLLECTIBLE})
        self.left = self._left()
        self.tax_rows: list[tuple[Floats, float]] = []
        self._set_up(limits)

    def columns(self, place: int, options: Sequence[Option]) -> Part:
        """The options of a line as arrays, relative to the best plan's own."""
        np = self.np
        start = self.best.counts[place]
        base = self.truth.choice(place, start)
        tax = self.truth.problem.taxes[place]
        own = tax.owed(self.best.taken[place]) if tax is not None else Sums()
        key = base.objective * self.frame.weight + base.squares + own.own * self.money
        spent = np.zeros((len(options), len(self.currencies)), dtype=np.int64)
        mine = self.currencies.index(self.truth.lines[place].currency)
        spent[:, mine] = [option.spend - base.spend for option in options]
        return Part(
            np.array([option.lost / self.unit for option in options]),
            np.array([float((option.key - key) / self.gap) for option in options]),
            spent,
            np.array([[float(option.sums[i] - own[i]) for i in self.names] for option in options]).reshape(
                len(options), len(self.names)
            ),
            np.arange(len(options), dtype=np.int16)[:, None],
        )

    def rows(self, part: Part) -> Floats:
        """Linear figures that a whole plan keeps at most at `most`: cash used, cash there, the tax's own pieces."""
        np = self.np
        exchange = self.truth.problem.exchange
        cash = np.array([self.frame.cash[currency] / self.unit for currency in self.currencies])
        rows: list[Floats] = [-(part.spent @ cash)]
        if exchange is None:
            rows += [part.spent[:, i].astype(float) for i in range(len(self.currencies))]
        else:
            rates, grains = dict(exchange.rates), dict(self.truth.problem.grains)
            worth = [float(rates.get(c, 1) / grains[c]) for c in self.currencies]
            rows.append(part.spent @ np.array(worth))
        for rates_of, _ in self.tax_rows:
            rows.append(part.sums @ rates_of)
        stacked: Floats = np.stack(rows, axis=1)
        return stacked

    def _set_up(self, limits: Sequence[Limit]) -> None:
        """What those figures may be at most, relative to the best plan, and the tax's pieces as arrays."""
        np, stand, problem = self.np, self.frame.stand, self.truth.problem
        left = self.left
        cash = [float(self.frame.cash[currency]) / self.unit for currency in self.currencies]
        most = [1.0 - sum(price * amount for price, amount in zip(cash, left, strict=True))]
        if problem.exchange is None:
            most += [float(amount) for amount in left]
        else:
            rates, grains = dict(problem.exchange.rates), dict(problem.grains)
            most.append(sum(float(rates.get(c, 1) / grains[c]) * a for c, a in zip(self.currencies, left, strict=True)))
        unit = float(self.money) / self.unit
        if is_convex(problem.shared):
            for piece in self.pieces:
                rates_over = added(piece.rates, stand.rates, -1)
                room = 1.0 - unit * float(
                    piece.tax(self.best.sums) - Regime(stand.rates, stand.fixed, ()).tax(self.best.sums)
                )
                self.tax_rows.append((unit * np.array([float(rates_over[i]) for i in self.names]), room))
        for limit in limits:
            self.tax_rows.append(
                (np.array([-float(limit.of[i]) for i in self.names]), float(limit.room(self.best.sums)))
            )
        most += [room for _, room in self.tax_rows]
        self.most = np.array(most)
        marginal = [[float(piece.rates[i]) for i in self.names] for piece in self.pieces]
        self.rates = np.array(marginal).reshape(len(self.pieces), len(self.names))
        self.piece_rates = self.rates * unit

    def _left(self) -> list[int]:
        left = dict(self.truth.problem.budgets)
        for place, (line, count) in enumerate(zip(self.truth.lines, self.best.counts, strict=True)):
            left[line.currency] -= self.truth.choice(place, count).spend
        return [left[currency] for currency in self.currencies]

    def nothing(self) -> Part:
        """The part-plan over no line."""
        np = self.np
        whole, few = np.zeros((1, len(self.currencies)), dtype=np.int64), np.zeros((1, 0), dtype=np.int16)
        return Part(np.zeros(1), np.zeros(1), whole, np.zeros((1, len(self.names))), few)

    def at_most_worse(self, sums: Floats) -> Floats:
        """The most tax that such differences of the sums can come to."""
        shared = self.truth.problem.shared
        if shared is not None and shared.american is not None and not netted_is_true(shared.american):
            dearest: Floats = HIGHEST_RATE * (float(self.money) / self.unit) * self.np.maximum(0.0, sums).sum(axis=1)
            return dearest
        worse: Floats = (sums @ self.piece_rates.T).max(axis=1)
        return worse

    def shared(self, spent: Whole, sums: Floats) -> Floats:
        """What exchanges and the shared tax add against the best plan, in gaps; infinite where cash is short."""
        np, problem = self.np, self.truth.problem
        left = np.array(self.left) - spent
        if problem.exchange is None:
            more: Floats = np.where((left >= 0).all(axis=1), 0.0, np.inf)
        else:
            more = self._exchanged(left)
        return more + self._taxed(sums) if self.names else more

    def _exchanged(self, left: Whole) -> Floats:
        """The cost of the exchanges, never more than the truth, against that of the best plan."""
        np, problem = self.np, self.truth.problem
        exchange, grains = problem.exchange, dict(problem.grains)
        if exchange is None:
            raise AssertionError("only asked where cash is exchanged")
        spread, rates = float(exchange.spread), dict(exchange.rates)
        places = [(i, float(rates[c] / grains[c])) for i, c in enumerate(self.currencies) if c in rates]
        bought = sum((np.maximum(0, -left[:, i]) * rate for i, rate in places), np.zeros(len(left)))
        there = sum((np.maximum(0, left[:, i]) * rate for i, rate in places), np.zeros(len(left)))
        base = left[:, self.currencies.index(exchange.base)] / grains[exchange.base] - (1 + spread) * bought
        sold = np.maximum(0, -base) / (1 - spread)
        unit = float((1 - problem.cash_price) * problem.scale * self.truth.times * self.frame.weight) / self.unit
        cost = (bought + sold) * spread - float(self.best.settled.cost)
        priced: Floats = np.where(sold <= there * (1 + MARGIN) + MARGIN, cost * unit, np.inf)
        return priced

    def _taxed(self, sums: Floats) -> Floats:
        """The shared tax against that of the best plan."""
        np, start = self.np, self.best.sums
        shared, before = self.truth.problem.shared, float(shared_tax(self.truth.problem.shared, start))
        year = None if shared is None else shared.american
        tax: Floats
        if shared is None or year is None:
            fixed = [float(piece.tax(start)) for piece in self.pieces]
            tax = (sums @ self.rates.T + np.array(fixed)).max(axis=1)
        elif netted_is_true(year) and not self.collectibles:
            tax = self._netted(year, sums) - float(netted(year, Sums()))
            tax = tax if shared.saves else np.maximum(0.0, tax)
        else:
            tax = self._asked(shared, sums)
        added: Floats = (tax - before) * (float(self.money) / self.unit)
        return added

    def _netted(self, year: AmericanYear, sums: Floats) -> Floats:
        """`year.netted` for many plans."""
        np, start = self.np, self.best.sums
        short, long = (
            np.full(len(sums), float(before + now)) + (sums[:, self.names.index(i)] if i in self.names else 0.0)
            for before, now, i in ((year.short_before, start.short, SHORT), (year.long_before, start.long, LONG))
        )
        both = short + long
        on_short, on_long, ordinary = float(year.short_rate), float(year.long_rate), float(year.ordinary_rate)
        tax = np.where(long < 0, on_short * both, on_short * short + on_long * long)
        tax = np.where(short < 0, on_long * both, tax)
        found: Floats = np.where(both < 0, -ordinary * np.minimum(float(year.loss_limit), -both), tax)
        return found

    def _asked(self, shared: SharedTax, sums: Floats) -> Floats:
        """The tax by the rules, plan by plan. Raises TooMuch."""
        if len(sums) > EXACT_LIMIT:
            raise TooMuch
        names = [Sums._fields[i] for i in self.names]
        rows = (Sums()._replace(**dict(zip(names, map(Fraction, row), strict=True))) for row in sums.tolist())
        return self.np.array([float(shared_tax(shared, added(self.best.sums, row))) for row in rows])


def crossed(np: Any, state: Part, more: Part) -> Part:
    """Every part-plan with every option, but for those that lose more than the gap."""
    i, j = np.nonzero(state.lost[:, None] + more.lost[None, :] <= 1 + MARGIN)
    return Part(
        state.lost[i] + more.lost[j],
        state.cost[i] + more.cost[j],
        state.spent[i] + more.spent[j],
        state.sums[i] + more.sums[j],
        np.concatenate([state.steps[i], more.steps[j]], axis=1),
    )


def chosen(state: Part, which: Any) -> Part:
    """Some of the part-plans: a mask, or their places in order."""
    return Part(state.lost[which], state.cost[which], state.spent[which], state.sums[which], state.steps[which])
