"""A household as a linear programme for HiGHS, and with whole shares as a mixed-integer one.

For every place, with b shares bought and s sold; for every unit its distance u; for every asset its money o outside:

    u >= X - goal, goal - X       o >= floor - value, value - ceiling      spent <= budget, capped <= most
    min  sum u + costs + drag + 20 o + cash_price x idle cash (+ order_price x orders)

The relaxation lets b and s be parts of shares, and forgets the minimum trade and the price of an order. Squares are
touched from below by tangents. What HiGHS makes of it is in `household_relax`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rebalance_kit.planner.household_problem import Household, Place
from rebalance_kit.planner.household_tax import Hinge
from rebalance_kit.planner.problem import OUTSIDE_PRICE

if TYPE_CHECKING:
    import highspy

SIZE = 1_000_000.0  # the portfolio in the money of the model: numbers near one keep the tolerances meaningful
INF = float("inf")
TANGENTS = tuple(sign * 10.0**power for power in range(-6, 1) for sign in (1.0, -1.0))  # parts of the total


class Programme:
    """The columns and rows of a household; `whole` adds what makes the shares whole and the orders countable."""

    def __init__(self, problem: Household, *, whole: bool = False, near: Sequence[float] | None = None) -> None:
        self.problem, self.whole = problem, whole
        self.near = [0.0] * len(problem.places) if near is None else near
        self.priced = near is not None  # orders cost what they cost near a known plan, spread over its shares
        self.money = SIZE / (max(1.0, float(problem.total)) * problem.scale)  # of an S-th
        self.costs: list[float] = []
        self.highest: list[float] = []
        self.integral: list[bool] = []
        self.rows: list[tuple[float, float, list[int], list[float]]] = []
        self.ordered: list[int] = []  # with whole shares: the columns that say whether a place is traded
        self.members: list[list[int]] = [[] for _ in problem.goals]  # places by unit
        for i, place in enumerate(problem.places):
            self.members[problem.rows[place.row].unit].append(i)
        self.trades = [self._place(i, place) for i, place in enumerate(problem.places)]
        self.units = [self._unit(k) for k in range(len(problem.goals))]
        self.edges = [self._edge(r) for r in range(len(problem.rows))]
        self.swaps = self._swaps()
        self.cash = {key: self._cash(key, most) for key, most in problem.budgets}
        self.caps = {account: self._cap(account, most) for account, most in problem.limits}
        self.churn = self._churn()
        self.hinges = [self._hinge(hinge) for hinge in problem.hinges]

    def _column(self, cost: float, highest: float = INF, *, whole: bool = False) -> int:
        self.costs.append(cost)
        self.highest.append(highest)
        self.integral.append(whole)
        return len(self.costs) - 1

    def row(self, terms: dict[int, float], least: float = -INF, most: float = INF) -> int:
        kept = {i: value for i, value in terms.items() if value}
        self.rows.append((least, most, list(kept), list(kept.values())))
        return len(self.rows) - 1

    def _place(self, number: int, place: Place) -> tuple[int | None, int | None]:
        """The columns of buying and selling; None where it is not allowed."""
        fees = (place.commission + place.slippage) * place.per_grain * self.money
        idle, drag = place.idle_price * self.money, place.drag * self.money
        spend = place.price, place.commission + place.slippage
        most, held = place.segments[-1][1] - place.held, place.held - place.segments[0][0]
        buy = sell = None
        change = self.near[number] - place.held if self.priced else 0.0
        order = place.order_price * self.money if self.priced else 0.0
        if most:
            fees_of = fees + order / max(1.0, change)
            buy = self._column(fees_of + drag - idle * (spend[0] + spend[1]), most, whole=self.whole)
        if held:
            tax = place.levy.average[0] * self.money if place.levy else 0.0
            fees_of = fees + order / max(1.0, -change)
            sell = self._column(fees_of + tax - drag - idle * (spend[1] - spend[0]), held, whole=self.whole)
        if self.whole:
            self._orders(place, buy, sell)
        return buy, sell

    def _orders(self, place: Place, buy: int | None, sell: int | None) -> None:
        """Buying, selling and selling out as choices of which one at most is taken."""
        price = place.order_price * self.money
        choices: list[int] = []
        if buy is not None:
            low, high = place.segments[-1][0] - place.held, place.segments[-1][1] - place.held
            choices.append(y := self._column(price, 1.0, whole=True))
            self.row({buy: 1.0, y: -float(low)}, least=0.0)
            self.row({buy: 1.0, y: -float(high)}, most=0.0)
        if sell is not None:
            least = place.held - place.segments[0][1]
            choices += [y := self._column(price, 1.0, whole=True), out := self._column(price, 1.0, whole=True)]
            self.row({sell: 1.0, y: -float(least), out: -float(place.held)}, least=0.0)
            self.row({sell: 1.0, y: -float(place.held), out: -float(place.held)}, most=0.0)
        if choices:
            self.row(dict.fromkeys(choices, 1.0), most=1.0)
        self.ordered += choices

    def value(self, places: Sequence[int], sign: float) -> tuple[dict[int, float], float]:
        """The value of some places as terms of their trades, and what it is without any."""
        terms: dict[int, float] = {}
        start = 0
        for i in places:
            place = self.problem.places[i]
            share = place.price * place.per_grain * self.money
            start += (place.held * place.price + place.kept) * place.per_grain
            buy, sell = self.trades[i]
            if buy is not None:
                terms[buy] = sign * share
            if sell is not None:
                terms[sell] = -sign * share
        return terms, sign * start * self.money

    def _unit(self, unit: int) -> tuple[int, list[tuple[int, float]]]:
        """The column of a unit's distance and its rows with their slopes."""
        distance = self._column(1.0)
        if not self.problem.squared:
            return distance, [(self.touch(unit, distance, sign), sign) for sign in (1.0, -1.0)]
        return distance, [(self.touch(unit, distance, at * SIZE), at) for at in TANGENTS]

    def touch(self, unit: int, distance: int, at: float) -> int:
        """A row below the deviation: on one side of it, or below its square where the distance is `at`."""
        slope = 2 * at / SIZE if self.problem.squared else at
        terms, start = self.value(self.members[unit], slope)
        constant = start - slope * self.problem.goals[unit] * self.money
        if self.problem.squared:
            constant -= at * at / SIZE
        return self.row({distance: 1.0} | {i: -value for i, value in terms.items()}, least=constant)

    def _edge(self, number: int) -> tuple[int | None, int | None]:
        """The rows of an asset's explicit floor and ceiling."""
        row = self.problem.rows[number]
        if not row.floor and row.ceiling is None:
            return None, None
        outside = self._column(float(OUTSIDE_PRICE))
        floor = ceiling = None
        if row.floor:
            terms, start = self.value(row.places, 1.0)
            floor = self.row({outside: 1.0} | terms, least=row.floor * self.money - start)
        if row.ceiling is not None:
            terms, start = self.value(row.places, -1.0)
            ceiling = self.row({outside: 1.0} | terms, least=-row.ceiling * self.money - start)
        return floor, ceiling

    def _swaps(self) -> dict[tuple[str, str], dict[int, float]]:
        """What exchanges add to the cash rows of accounts that may: another currency bought, and sold."""
        found: dict[tuple[str, str], dict[int, float]] = {}
        for account, exchange in self.problem.exchanges:
            spread = float(exchange.spread)
            base = found.setdefault((account, exchange.base), {})
            for currency, _ in exchange.rates:
                bought, sold = self._column(spread), self._column(spread)
                found[account, currency] = {bought: -1.0, sold: 1.0}
                base |= {bought: 1.0 + spread, sold: spread - 1.0}
        return found

    def _cash(self, key: tuple[str, str], most: int) -> int:
        worth = self.problem.worth[key[1]] * self.money
        terms = dict(self.swaps.get(key, {}))
        for place, (buy, sell) in zip(self.problem.places, self.trades, strict=True):
            if place.budget == key:
                fees = place.commission + place.slippage
                terms |= {} if buy is None else {buy: (place.price + fees) * worth}
                terms |= {} if sell is None else {sell: (fees - place.price) * worth}
        return self.row(terms, most=most * worth)

    def _cap(self, account: str, most: int) -> int:
        terms: dict[int, float] = {}
        start = 0
        for place, (buy, sell) in zip(self.problem.places, self.trades, strict=True):
            if place.account != account:
                continue
            by_value, by_cost = place.cap
            start += by_value * (place.held * place.price + place.kept) * place.per_grain
            value = by_value * place.price * place.per_grain * self.money
            cost = by_cost * (place.commission + place.slippage) * place.per_grain * self.money
            terms |= {} if buy is None else {buy: value + cost}
            terms |= {} if sell is None else {sell: cost - value}
        return self.row(terms, most=(most - start) * self.money)

    def _churn(self) -> int | None:
        problem = self.problem
        if self.whole and problem.max_orders is not None:
            self.row(dict.fromkeys(self.ordered, 1.0), most=float(problem.max_orders))
        if problem.max_turnover is None:
            return None
        terms = {
            i: place.price * place.per_grain * self.money
            for place, both in zip(problem.places, self.trades, strict=True)
            for i in both
            if i is not None
        }
        return self.row(terms, most=problem.max_turnover * self.money)

    def _hinge(self, hinge: Hinge) -> int:
        """The row of what the sales of the year share: their sum counts at its average a share."""
        owed = self._column(1.0)
        terms = {owed: 1.0}
        for place, (_, sell) in zip(self.problem.places, self.trades, strict=True):
            if sell is not None and place.levy is not None:
                terms[sell] = -float(hinge.rate) * place.levy.average[1 + hinge.which] * self.money
        return self.row(terms, least=-float(hinge.rate * hinge.above) * self.money)

    def built(self) -> highspy.HighsLp:
        """The programme in HiGHS's own form."""
        import highspy

        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.costs), len(self.rows)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self.costs, [0.0] * len(self.costs), self.highest
        lp.row_lower_, lp.row_upper_ = [row[0] for row in self.rows], [row[1] for row in self.rows]
        if self.whole:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            lp.integrality_ = [kinds[whole] for whole in self.integral]
        starts = [0]
        for row in self.rows:
            starts.append(starts[-1] + len(row[2]))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = starts
        lp.a_matrix_.index_ = [i for row in self.rows for i in row[2]]
        lp.a_matrix_.value_ = [value for row in self.rows for value in row[3]]
        return lp

    def shares(self, values: list[float]) -> list[float]:
        """Final counts by place."""
        return [
            place.held + (0.0 if buy is None else values[buy]) - (0.0 if sell is None else values[sell])
            for place, (buy, sell) in zip(self.problem.places, self.trades, strict=True)
        ]
