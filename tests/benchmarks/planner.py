"""How fast and how good whole-share plans are, against PyPortfolioOpt and the same model given straight to HiGHS.

python -m tests.benchmarks.planner [--peers PYTHON] [--limit SECONDS] [--quick]

Everything is measured in one run. PyPortfolioOpt runs in an environment of its own, if there is one:
python -m venv peers && peers/bin/pip install pyportfolioopt; then --peers peers/bin/python. Prices are closes beside
the project where they are, else drawn.

from zero      allocation of cash: milliseconds, L2 and idle cash in bp of the value, theirs and ours
straight       rebalancing with costs and a minimum trade: ours against HiGHS on the same model
alone          exact and instant by number of assets: p50, p95, proved, how much worse the instant plan is
the rest       the sample policy, a fresh process, ten thousand accounts, a household
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

import numpy as np

from rebalance_kit.planner.highs import propose
from rebalance_kit.planner.instant import solve_instantly
from rebalance_kit.planner.problem import Problem
from rebalance_kit.planner.solve import solve
from tests.benchmarks.from_zero import from_zero
from tests.benchmarks.measure import best_time, in_bp, objective, percentiles, timed
from tests.drifted import drifted_problem

COLD = "import {module}; from tests.drifted import drifted_problem as d; {module}.{call}(d(0, {number}, 11_000_000))"
EMPTY = "from tests.drifted import drifted_problem as d; d(0, {number}, 11_000_000)"


# Straight: the same model given to HiGHS.


@dataclass(frozen=True)
class Race:
    """One problem: milliseconds of ours and of HiGHS, whether ours was proved, and what HiGHS's plan costs more (in
    base-currency minor units, judged in exact arithmetic)."""

    ours: float
    highs: float
    proved: bool
    worse: float


def race(problem: Problem) -> Race:
    """Solve one problem both ways in this process."""
    solution, ours = timed(lambda: solve(problem))
    proposal, highs = timed(lambda: propose(problem, max_nodes=None))
    if proposal is None:
        raise AssertionError("HiGHS found no plan")
    worse = objective(problem, proposal) - objective(problem, solution.counts)
    return Race(ours, highs, solution.proven, float(worse))


def races(numbers: Sequence[int], totals: Sequence[int], seeds: int) -> int:
    """Print one line per size; the number of problems that were raced."""
    raced = 0
    for number in numbers:
        for total in totals:
            run = [race(drifted_problem(seed, number, total)) for seed in range(seeds)]
            raced += len(run)
            ours, highs = ([getattr(each, who) for each in run] for who in ("ours", "highs"))
            print(
                f"{number} assets, {total:,} won: ours {statistics.median(ours):.1f} ms (max {max(ours):.1f}),"
                f" HiGHS {statistics.median(highs):.1f} ms (max {max(highs):.1f}),"
                f" ratio {statistics.median(highs) / statistics.median(ours):.1f},"
                f" proved {sum(each.proved for each in run)}/{len(run)},"
                f" HiGHS worse in {sum(each.worse > 0 for each in run)}, better in"
                f" {sum(each.worse < 0 for each in run)}"
            )
    return raced


# Alone: exact and instant by size.


def sizes(numbers: Sequence[int], seeds: int) -> None:
    """Print p50 and p95 of both solvers for rebalances with costs and a minimum trade, warm."""
    for number in numbers:
        problems = [drifted_problem(seed, number, 3_000_000 * number) for seed in range(seeds)]
        solve(problems[0]), solve_instantly(problems[0])
        exact, quick = ([best_time(partial(who, each), 2) for each in problems] for who in (solve, solve_instantly))
        worse = [
            in_bp(p, objective(p, q.counts) - objective(p, e.counts))
            for p, (e, _), (q, _) in zip(problems, exact, quick, strict=True)
        ]
        gaps = [in_bp(p, q.gap) for p, (q, _) in zip(problems, quick, strict=True)]
        proved = sum(solution.proven for solution, _ in exact)
        (p50, p95), (q50, q95) = (percentiles([ms for _, ms in times]) for times in (exact, quick))
        print(f"{number} assets: exact p50 {p50:.1f} p95 {p95:.1f} ms, proved {proved}/{seeds};", end=" ")
        print(f"instant p50 {q50:.2f} p95 {q95:.2f} ms, {p50 / q50:.1f} times faster,", end=" ")
        print(
            f"worse by {max(worse):.3f} bp at most, gap p50 {percentiles(gaps)[0]:.3f} p95 {percentiles(gaps)[1]:.3f}"
        )


# The rest.


def sample(runs: int) -> None:
    """The seven funds of document 000 with their costs, bands and minimum trade: the solver, warm, and a whole plan."""
    from tests.make import document_000
    from tests.make_plan import made_plan

    made = document_000()
    problems: list[Problem] = []
    plan = made_plan(made, force=True)
    problems.append(_problem_of_sample())
    solve(problems[0])
    times = [timed(lambda: solve(problems[0]))[1] for _ in range(runs)]
    whole = [timed(lambda: made_plan(made, force=True))[1] for _ in range(runs)]
    quick = [timed(lambda: solve_instantly(problems[0]))[1] for _ in range(runs)]
    p50, p95 = percentiles(times)
    print(f"document 000, seven funds with costs, bands, minimum: {plan.optimality.status},", end=" ")
    print(f"solver p50 {p50:.2f} p95 {p95:.2f} ms, instant {percentiles(quick)[0]:.2f} ms,", end=" ")
    print(f"whole plan with certificate {percentiles(whole)[0]:.1f} ms")


def _problem_of_sample() -> Problem:
    from rebalance_kit.drift import measure_drift
    from rebalance_kit.goals import ideal_goals
    from rebalance_kit.planner.plan import PlanOptions
    from rebalance_kit.planner.stating import case_of, problem_of
    from tests.make import document_000

    made = document_000()
    drift = measure_drift(made.policy, made.holdings, made.prices)
    case = case_of(made.policy, made.holdings, made.prices, drift, PlanOptions(force=True))
    return problem_of(case, ideal_goals(made.policy, drift))


def cold(module: str, call: str, number: int = 7, runs: int = 3) -> float:
    """Milliseconds of a fresh process that solves one problem, less one that only makes the test's data."""
    program = COLD.format(module=module, call=call, number=number)
    return min(_process(program) for _ in range(runs)) - min(_process(EMPTY.format(number=number)) for _ in range(runs))


def _process(program: str) -> float:
    return timed(lambda: subprocess.run([sys.executable, "-c", program], check=True))[1]


def fresh(runs: int) -> None:
    """Print the first call in a fresh process."""
    for name, module, call in (
        ("exact", "rebalance_kit.planner.solve", "solve"),
        ("instant", "rebalance_kit.planner.instant", "solve_instantly"),
        ("HiGHS", "rebalance_kit.planner.highs", "propose"),
    ):
        print(f"first call in a fresh process, {name}: {cold(module, call, runs=runs):.0f} ms beyond its start")


def many(accounts: int, assets: int = 20, runs: int = 5) -> None:
    """Print the time of drift, trigger and whole-share orders for many accounts, against one by one."""
    from rebalance_kit.planner.batch import plan_many
    from tests.make import policy

    random = np.random.default_rng(1)
    codes = [f"A{place:02d}" for place in range(assets)]
    even = ", ".join(f"{code} {100 / assets:g}" for code in codes)
    wanted = policy(even, fee="0.00015", slippage="0.001", min_trade="100000", threshold="0.03")
    prices = 5 * random.integers(1_000, 24_000, assets)
    worth = random.uniform(30e6, 300e6, accounts)[:, None] / assets * random.uniform(0.6, 1.4, (accounts, assets))
    held, cash = (worth / prices).astype(int), random.integers(0, 1_000_000, accounts)
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("all to their targets", {"force": True}), ("to the band edge", {"force": True, "method": "band_edge"}),
        ("a deposit each", {"contribute": 1_000_000}), ("who is due, and to the targets", {"on": "2026-03-04"}),
    )  # fmt: skip
    for name, asked in kinds:
        plans, spent = best_time(partial(plan_many, held, prices, wanted, codes=codes, cash=cash, **asked), runs)
        gap = float(np.nanmean(plans.gap_bp)) if plans.due.any() else 0.0
        print(f"{accounts:,} accounts x {assets} assets, {name}: {spent:.0f} ms,", end=" ")
        print(f"{accounts / spent * 1000:,.0f} accounts a second,", end=" ")
        print(f"{int((plans.trades != 0).sum()):,} orders, gap {gap:.2f} bp")
    plans = plan_many(held[:20], prices, wanted, codes=codes, cash=cash[:20], force=True)
    one = statistics.median(timed(partial(plans.exact, place))[1] for place in range(20))
    print(f"one of them as a certified exact plan: {one:.1f} ms")


def household(classes: int = 10, tickers: int = 3, runs: int = 3) -> None:
    """Print the time and gap of a household of three accounts, when there is a planner for it."""
    try:
        from rebalance_kit.planner.household import household_of
        from rebalance_kit.planner.household_solve import solve_household
    except ImportError:
        print("no planner of households")
        return
    case, goals = _household_case(classes, tickers)
    problem = household_of(case, goals)
    found, spent = best_time(lambda: solve_household(problem), runs)
    gap = float(found.gap * 10_000 / problem.total)
    print(f"household of {classes} classes x {tickers} tickers x 3 accounts: {spent:.0f} ms, within {gap:.2f} bp")


def _household_case(classes: int, tickers: int) -> tuple[Any, Any]:
    from rebalance_kit.drift import measure_drift
    from rebalance_kit.goals import ideal_goals
    from rebalance_kit.planner.plan import PlanOptions
    from rebalance_kit.planner.stating import case_of
    from tests.make import book, holdings, policy

    random = Random(7)
    codes = [[f"C{one}T{two}" for two in range(tickers)] for one in range(classes)]
    groups = [f"c{one}: " + ", ".join(_targets(row, 100 / classes)) for one, row in enumerate(codes)]
    accounts = {"isa": {"type": "isa"}, "main": {}, "pension": {"type": "pension"}}
    wanted = policy(
        "; ".join(groups), accounts=accounts, fee="0.00015", slippage="0.001", min_trade="50000",
        groups={f"c{one}": {"interchangeable": True} for one in range(classes)},
    )  # fmt: skip
    prices = {code: 5 * random.randint(1_000, 24_000) for row in codes for code in row}
    each = 30_000_000 / classes / tickers
    held = "; ".join(
        f"{name}: " + ", ".join(f"{code} {int(each * random.uniform(0, 2) / price)}" for code, price in prices.items())
        + f", cash KRW {random.randint(0, 500_000)}"
        for name in accounts
    )  # fmt: skip
    stated = holdings(held)
    quotes = book(", ".join(f"{code} {price}" for code, price in prices.items()))
    drift = measure_drift(wanted, stated, quotes)
    return case_of(wanted, stated, quotes, drift, PlanOptions(force=True)), ideal_goals(wanted, drift)


def _targets(codes: Sequence[str], weight: float) -> list[str]:
    """The whole weight on the first, as any of them may stand for it."""
    return [f"{code} {weight if place == 0 else 0:g}" for place, code in enumerate(codes)]


def main(arguments: Sequence[str] = ()) -> int:
    """Print everything; with --quick small numbers only, in a few seconds."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.planner")
    parser.add_argument("--peers", metavar="PYTHON", help="a Python that has PyPortfolioOpt")
    parser.add_argument("--limit", type=float, default=60, help="seconds that one allocation of theirs may take")
    parser.add_argument("--quick", action="store_true", help="small numbers only")
    asked = parser.parse_args(arguments)
    few: bool = asked.quick
    print("from zero, without costs")
    from_zero(asked.peers, 7 if few else 100, asked.limit)
    print("\nstraight: ours against HiGHS on the same model, in this process")
    races((3,) if few else (7, 30, 100), (1_000_000,) if few else (11_000_000, 300_000_000), 1 if few else 10)
    print("\nalone: drifted portfolios with costs and a minimum trade, warm")
    sizes((7,) if few else (7, 30, 100), 2 if few else 40)
    print("\nthe rest")
    sample(2 if few else 40)
    fresh(1 if few else 3)
    many(50 if few else 10_000, 5 if few else 20, 1 if few else 5)
    household(2, 2, 1) if few else household()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
