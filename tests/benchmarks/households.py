"""Plans of several accounts: time, proved gap, and HiGHS on the same model.

    python -m tests.benchmarks.households [--quick]

Three accounts worth 99 million won under one set of targets; every class is held through several funds, of which an
account may hold most. `ours` is the whole solver: relaxation, bound, rounding, moves. `HiGHS` is the mixed-integer
programme to an absolute gap of 0.5 bp of the value, as `--prove` asks for it. Times are of the process, warm.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from fractions import Fraction

from rebalance_kit.planner.household_bound import lower_bound
from rebalance_kit.planner.household_figures import state_household
from rebalance_kit.planner.household_moves import improve, rounded
from rebalance_kit.planner.household_problem import Household
from rebalance_kit.planner.household_relax import propose, relax
from tests.household_oracle import wealthy

CASES = ((7, 3, False), (10, 3, False), (10, 3, True), (30, 3, False), (30, 3, True), (30, 1, False))


def ours(problem: Household) -> tuple[float, float]:
    """Seconds, and the gap in bp of the value."""
    start = time.process_time()
    relaxed = relax(problem)
    if relaxed is None:
        raise ArithmeticError("no relaxation")
    bound = lower_bound(problem, relaxed.multipliers)
    state = improve(rounded(problem, relaxed.shares))
    return time.process_time() - start, float(problem.bp(state.score.objective - bound))


def by_highs(problem: Household, nodes: int) -> float:
    """Seconds for the mixed-integer programme."""
    start = time.process_time()
    propose(problem, within_bp=Fraction(1, 2), max_nodes=nodes)
    return time.process_time() - start


def main(words: Sequence[str]) -> int:
    """Print one line for each size."""
    quick = "--quick" in words
    print("classes x funds     places  ours ms (median, most)   gap bp (median, most)   HiGHS to 0.5 bp, s")
    seeds = range(1 if quick else 10)
    for classes, funds, squared in CASES[1:2] if quick else CASES:
        problems = [state_household(*wealthy(seed, classes, funds, squared=squared)) for seed in seeds]
        ours(problems[0])  # what is loaded and compiled once is not counted
        seconds, gaps = zip(*(ours(problem) for problem in problems), strict=True)
        other = "-" if quick else f"{by_highs(problems[0], 2_000):.1f}"
        name = f"{classes} x {funds} {'L2' if squared else 'L1'}"
        took = f"{1000 * statistics.median(seconds):6.1f} {1000 * max(seconds):6.1f}"
        apart = f"{statistics.median(gaps):20.3f} {max(gaps):8.3f}"
        print(f"{name:18} {len(problems[0].places):7}  {took}  {apart}  {other:>18}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
