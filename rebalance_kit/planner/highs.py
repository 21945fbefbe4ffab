"""The same problem as a mixed-integer programme for HiGHS: a second opinion where our own search does not finish.

For every line, with b shares bought and s sold, and y the binaries "buys", "sells" and "sells out":

    u >= |value - goal|      o >= floor - value, value - ceiling      y_buy + y_sell + y_out <= 1
    least y_buy <= b <= most y_buy      least y_sell + held y_out <= s <= held y_sell + held y_out
    min  sum of u + costs + 20 o + order_price (y_buy + y_sell + y_out) + cash_price x idle cash,  budgets, caps

in floating point and without the roundings: what it proposes is judged again in exact arithmetic by whoever asks. One
thread, a fixed seed, lines by code and a limit in nodes, so that the proposal is the same everywhere. Squares are
touched from below by tangents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from rebalance_kit.planner.line import OUTSIDE_PRICE, Line
from rebalance_kit.planner.problem import Problem

if TYPE_CHECKING:
    import highspy

SIZE = 1_000_000.0  # the portfolio in the money of the model: numbers near one keep the tolerances meaningful
TANGENTS = (0, 1, 2, 3, 5, 8, 13, 21, 50, 150, 500)  # half shares from the goal at which squares are touched
MAX_NODES = 1_000

Terms = Mapping[int, float]  # coefficient by variable


def propose(problem: Problem, *, max_nodes: int | None = MAX_NODES) -> dict[str, int] | None:
    """Final counts by code, or None when HiGHS finds none. highspy (and numpy) are imported here and nowhere else."""
    import highspy

    programme = _Programme()
    parts = [_Part(programme, problem, line) for line in problem.lines]
    _shared_limits(programme, problem, parts)
    start: Callable[[], Any] = highspy.Highs
    solver = start()
    options = {"output_flag": False, "threads": 1, "random_seed": 0, "mip_rel_gap": 0.0, "mip_abs_gap": 0.0}
    for option, value in options.items():
        solver.setOptionValue(option, value)
    if max_nodes is not None:
        solver.setOptionValue("mip_max_nodes", max_nodes)
    solver.passModel(programme.built())
    solver.run()
    if solver.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    values = list(solver.getSolution().col_value)
    return {part.line.code: part.line.held + round(values[part.buy]) - round(values[part.sell]) for part in parts}


class _Programme:
    """Columns and rows as they come; built into HiGHS's own form at the end."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.highest: list[float] = []
        self.whole: list[bool] = []
        self.rows: list[tuple[float, float, dict[int, float]]] = []

    def variable(self, cost: float, highest: float = float("inf"), *, whole: bool = False) -> int:
        self.costs.append(cost)
        self.highest.append(highest)
        self.whole.append(whole)
        return len(self.costs) - 1

    def row(self, terms: Terms, *, least: float = -float("inf"), most: float = float("inf")) -> None:
        self.rows.append((least, most, {i: value for i, value in terms.items() if value}))

    def built(self) -> highspy.HighsLp:
        import highspy

        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.costs), len(self.rows)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self.costs, [0.0] * len(self.costs), self.highest
        lp.row_lower_, lp.row_upper_ = [row[0] for row in self.rows], [row[1] for row in self.rows]
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[whole] for whole in self.whole]
        starts = [0]
        for _, _, terms in self.rows:
            starts.append(starts[-1] + len(terms))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = starts
        lp.a_matrix_.index_ = [i for _, _, terms in self.rows for i in terms]
        lp.a_matrix_.value_ = [value for _, _, terms in self.rows for value in terms.values()]
        return lp


class _Part:
    """The variables and rows of one line."""

    def __init__(self, programme: _Programme, problem: Problem, line: Line) -> None:
        self.line, self.programme = line, programme
        self.money = SIZE / (max(1.0, float(problem.total)) * line.scale)  # of an S-th of a base minor unit
        self.share = line.price * line.per_grain * self.money
        fees = (line.commission + line.slippage) * line.per_grain * self.money
        idle = line.idle_price * self.money
        self.spend = (line.price + line.commission + line.slippage, -line.price + line.commission + line.slippage)
        most, held = line.highest - line.held, line.held - line.lowest
        self.buy = programme.variable(fees - idle * self.spend[0], most, whole=True)
        self.sell = programme.variable(fees - idle * self.spend[1], held, whole=True)
        self.orders = tuple(programme.variable(line.order_price * self.money, 1, whole=True) for _ in range(3))
        self._lots()
        self._deviation()
        self._bands()

    def _lots(self) -> None:
        line, row = self.line, self.programme.row
        buys, sells, out = self.orders
        least_bought = next((low - line.held for low, _ in line.segments if low > line.held), 0)
        least_sold = min((line.held - high for _, high in line.segments if high < line.held), default=0)
        most, held = line.highest - line.held, line.held - line.lowest
        row({self.buy: 1, buys: -least_bought}, least=0)
        row({self.buy: 1, buys: -most}, most=0)
        row({self.sell: 1, sells: -least_sold, out: -held}, least=0)
        row({self.sell: 1, sells: -held, out: -held}, most=0)
        row(dict.fromkeys(self.orders, 1), most=1)

    def _deviation(self) -> None:
        line, row = self.line, self.programme.row
        off = ((line.held * line.price + line.kept) * line.per_grain - line.goal) * self.money
        u = self.programme.variable(1)
        steps = (1.0, -1.0)
        if line.total is None:
            for sign in steps:
                row({u: 1, self.buy: -sign * self.share, self.sell: sign * self.share}, least=sign * off)
            return
        for at in sorted({sign * halves * self.share / 2 for halves in TANGENTS for sign in steps}):
            slope = 2 * at / SIZE
            row(
                {u: 1, self.buy: -slope * self.share, self.sell: slope * self.share}, least=slope * off - at * at / SIZE
            )

    def _bands(self) -> None:
        line, row = self.line, self.programme.row
        value = (line.held * line.price + line.kept) * line.per_grain
        outside = self.programme.variable(OUTSIDE_PRICE)
        below = {outside: 1, self.buy: self.share, self.sell: -self.share}
        row(below, least=(line.floor - value) * self.money)
        if line.ceiling is not None:
            above = {outside: 1, self.buy: -self.share, self.sell: self.share}
            row(above, least=(value - line.ceiling) * self.money)


def _shared_limits(programme: _Programme, problem: Problem, parts: list[_Part]) -> None:
    for currency, budget in problem.budgets:
        own = [part for part in parts if part.line.currency == currency]
        money = [part.line.per_grain * part.money for part in own]
        spent = {part.buy: part.spend[0] * grain for part, grain in zip(own, money, strict=True)}
        spent |= {part.sell: part.spend[1] * grain for part, grain in zip(own, money, strict=True)}
        if own:
            programme.row(spent, most=budget * money[0])
    if problem.max_orders is not None:
        programme.row({i: 1 for part in parts for i in part.orders}, most=problem.max_orders)
    if problem.max_turnover is not None and parts:
        traded = {i: part.share for part in parts for i in (part.buy, part.sell)}
        programme.row(traded, most=problem.max_turnover * parts[0].money)
