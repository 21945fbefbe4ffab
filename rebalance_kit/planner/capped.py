"""Plans under a cap on the number of orders or on turnover: what binds all currencies together.

Each cap gets a price, as cash has one; the bound is again a Lagrangian one. The prices are found by bisection (dearer
orders are fewer orders), and what the gap leaves open is searched depth first. Caps make the gap wider than cash alone
does, so that a plan here is more often reported with its gap than proved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rebalance_kit.planner.dual import Column, columns
from rebalance_kit.planner.line import Choice, Line
from rebalance_kit.planner.problem import Problem
from rebalance_kit.planner.relaxation import Ranking, Relaxation

HALVINGS = 24  # steps of the bisection for the price of a cap
NODE_LIMIT = 150_000  # choices that the depth-first search looks at


class Fees(NamedTuple):
    """Key units for an order and for a unit of turnover."""

    order: int
    turnover: int


class Capped(NamedTuple):
    """The best plan found within the caps (None: none found), a bound on every plan's objective, and whether the
    search went through everything (then None means that there is no plan)."""

    plan: tuple[Choice, ...] | None
    bound: int
    proven: bool


class _Option(NamedTuple):
    lost: int
    spend: int
    key: int
    choice: Choice


def best_within_caps(problem: Problem, hints: Sequence[tuple[Choice, ...]] = ()) -> Capped:
    """The best plan that keeps budgets and caps. `hints` are plans to start from, if they keep them too."""
    search = _Caps(problem)
    resting = tuple(line.choice(line.held) for line in problem.lines)
    for plan in (resting, *hints):
        search.keep(plan)
    fees = search.priced(Fees(0, 0))
    return search.settled(fees)


class _Caps:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.weight = columns(problem.lines)[0].weight
        self.ranking = Ranking(problem.lines)
        self.best: tuple[Choice, ...] | None = None
        self.best_key = 0
        self.bound: int | None = None  # on packed keys

    def keep(self, plan: tuple[Choice, ...]) -> None:
        """Remember a plan if it keeps everything and is the best so far."""
        if self.problem.fits(plan) and (self.best is None or self.full_key(plan) < self.best_key):
            self.best, self.best_key = plan, self.full_key(plan)

    def full_key(self, plan: Sequence[Choice]) -> int:
        return sum(self.option_key(i, choice) for i, choice in enumerate(plan))

    def option_key(self, i: int, choice: Choice) -> int:
        key = choice.objective * self.weight + choice.squares
        return self.ranking.packed(i, self.problem.lines[i], key, choice.shares)

    def priced(self, fees: Fees) -> Fees:
        """Prices under which the relaxed plan keeps the caps, cap by cap; plans met on the way are kept."""
        cap = self.problem.max_turnover
        if cap is not None:
            fees = self._bisected(fees, lambda at: Fees(0, at), lambda plan: sum(c.turnover for c in plan) <= cap)
        most = self.problem.max_orders
        if most is not None:
            dear = fees.turnover
            fees = self._bisected(fees, lambda at: Fees(at, dear), lambda plan: sum(c.orders for c in plan) <= most)
        return fees

    def _bisected(self, start: Fees, fees_at: Callable[[int], Fees], holds: Callable[[Sequence[Choice]], bool]) -> Fees:
        plan = self.relaxed(start)
        if plan is None or holds(plan):
            return start
        low, high = 0, self.weight
        for _ in range(4 * HALVINGS):
            plan = self.relaxed(fees_at(high))
            if plan is None or holds(plan):
                break
            low, high = high, high * 4
        for _ in range(HALVINGS):
            middle = (low + high) // 2
            plan = self.relaxed(fees_at(middle))
            low, high = (low, middle) if plan is not None and holds(plan) else (middle, high)
        return fees_at(high)

    def relaxed(self, fees: Fees) -> list[Choice] | None:
        """The plan that prices alone choose; its bound and, if it fits, itself are kept."""
        parts = self.relaxations(fees)
        if parts is None:
            return None
        chosen: dict[str, Choice] = {}
        for part in parts:
            for column, point in zip(part.made, part.searched_near(part.improved(part.first_plan())), strict=True):
                chosen[column.line.code] = column.line.choice(point.shares)
        plan = [chosen[line.code] for line in self.problem.lines]
        self.keep(tuple(plan))
        bound = self.bound_of(parts, fees)
        self.bound = bound if self.bound is None else max(self.bound, bound)
        return plan

    def relaxations(self, fees: Fees) -> list[Relaxation] | None:
        """One relaxation per currency, with whole prices of cash; None when a budget cannot be kept."""
        made = []
        for currency in sorted({line.currency for line in self.problem.lines}):
            own = [line for line in self.problem.lines if line.currency == currency]
            part = Relaxation.of(
                [self._column(line, fees) for line in own], Ranking(own), self.problem.budget(currency)
            )
            if part is None:
                return None
            whole = (part.price[0] // part.price[1], 1)
            made.append(Relaxation(part.made, part.ranking, whole, part.budget))
        return made

    def _column(self, line: Line, fees: Fees) -> Column:
        column = Column(line, self.weight, {}, fees.order, fees.turnover)
        column.look_at_kinks()
        return column

    def bound_of(self, parts: Sequence[Relaxation], fees: Fees) -> int:
        """No plan within the caps has a smaller packed key."""
        caps = fees.order * (self.problem.max_orders or 0) + fees.turnover * (self.problem.max_turnover or 0)
        return sum(part.bound for part in parts) - caps

    def settled(self, fees: Fees) -> Capped:
        """Search what the gap of the best plan leaves open under these prices."""
        parts = self.relaxations(fees)
        if parts is None:
            return Capped(None, 0, proven=True)
        bound = self.bound_of(parts, fees)
        self.bound = bound if self.bound is None else max(self.bound, bound)
        proven = self.best is not None and self._searched(parts, bound)
        objective = sum(choice.objective for choice in self.best or ())
        lowest = self.bound // self.weight
        return Capped(self.best, objective if proven else min(lowest, objective), proven)

    def _searched(self, parts: Sequence[Relaxation], bound: int) -> bool:
        gap = self.best_key // self.ranking.size - bound
        options: dict[str, list[_Option]] = {}
        for part in parts:
            windows = part.windows(part.ranges(gap), gap) if all(part.ranges(gap)) else []
            if windows is None:
                return False
            for window in windows:
                line = part.made[window.place].line
                options[line.code] = [
                    _Option(entry.lost, entry.spend, 0, line.choice(entry.point.shares)) for entry in window.entries
                ]
        if len(options) < len(self.problem.lines) or not all(options.values()):
            return True  # nothing is as good as the plan in hand
        return _DepthFirst(self, options, bound).finished()


class _DepthFirst:
    """All choices whose losses together stay within the gap, cheapest losses first."""

    def __init__(self, caps: _Caps, options: dict[str, list[_Option]], bound: int) -> None:
        self.caps, self.bound, self.left = caps, bound, NODE_LIMIT
        self.lines = caps.problem.lines
        self.options = [
            sorted(
                option._replace(key=caps.option_key(i, option.choice)) for option in options[line.code]
            )
            for i, line in enumerate(self.lines)
        ]  # fmt: skip
        self.least = [min(option.spend for option in choices) for choices in self.options]

    def finished(self) -> bool:
        budgets = dict(self.caps.problem.budgets)
        for line, least in zip(self.lines, self.least, strict=True):
            budgets[line.currency] = budgets.get(line.currency, 0) - least
        return self._down(0, 0, budgets, [])

    def _down(self, i: int, lost: int, left: dict[str, int], chosen: list[Choice]) -> bool:
        """`left` is what each currency has after the chosen and the cheapest of the rest."""
        if i == len(self.lines):
            self.caps.keep(tuple(chosen))
            return True
        currency = self.lines[i].currency
        for option in self.options[i]:
            if lost + option.lost > self.caps.best_key // self.caps.ranking.size - self.bound:
                return True
            self.left -= 1
            if self.left < 0:
                return False
            rest = left[currency] - option.spend + self.least[i]
            deeper = [*chosen, option.choice]
            if rest >= 0 and self.caps.problem.within_caps(deeper):
                done = self._down(i + 1, lost + option.lost, left | {currency: rest}, deeper)
                if not done:
                    return False
        return True
