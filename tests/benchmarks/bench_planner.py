"""How fast a whole-share plan is proved, against the same problem given straight to HiGHS: run it by hand.

python -m tests.benchmarks.bench_planner

rebalancing with costs and a minimum trade, 7 and 30 assets, 11,000,000 to 300,000,000 won
goal: 7 assets < 30 ms, 30 assets < 500 ms, proved; never worse than HiGHS
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rebalance_kit.planner.highs import propose
from rebalance_kit.planner.problem import Problem
from rebalance_kit.planner.solve import solve
from tests.drifted import drifted_problem

_COLD = "import {module}; from tests.drifted import drifted_problem as d; {module}.{call}(d(0, 7, 11_000_000))"

Answer = TypeVar("Answer")


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
    worse = _objective(problem, proposal) - _objective(problem, solution.counts)
    return Race(ours, highs, solution.proven, float(worse * problem.unit))


def timed(work: Callable[[], Answer]) -> tuple[Answer, float]:
    start = time.perf_counter()
    answer = work()
    return answer, (time.perf_counter() - start) * 1000


def cold(module: str, call: str) -> float:
    """Milliseconds of a fresh process that solves one problem of seven assets, less one that only imports the test's
    own data."""
    empty = "from tests.drifted import drifted_problem as d; d(0, 7, 11_000_000)"
    program = _COLD.format(module=module, call=call)
    return min(_process(program) for _ in range(5)) - min(_process(empty) for _ in range(5))


def _process(program: str) -> float:
    return timed(lambda: subprocess.run([sys.executable, "-c", program], check=True))[1]


def _objective(problem: Problem, counts: dict[str, int]) -> int:
    return sum(line.choice(counts[line.code]).objective for line in problem.lines)


def main(numbers: Sequence[int] = (7, 30), totals: Sequence[int] = (11_000_000, 300_000_000), seeds: int = 20) -> int:
    """Print one line per size; the number of problems that were raced."""
    raced = 0
    for number in numbers:
        for total in totals:
            races = [race(drifted_problem(seed, number, total)) for seed in range(seeds)]
            raced += len(races)
            ours, highs = ([getattr(each, who) for each in races] for who in ("ours", "highs"))
            print(
                f"{number} assets, {total:,} won: ours {statistics.median(ours):.1f} ms (max {max(ours):.1f}),"
                f" HiGHS {statistics.median(highs):.1f} ms (max {max(highs):.1f}),"
                f" ratio {statistics.median(highs) / statistics.median(ours):.1f},"
                f" proved {sum(each.proved for each in races)}/{len(races)},"
                f" HiGHS worse in {sum(each.worse > 0 for each in races)}, better in"
                f" {sum(each.worse < 0 for each in races)}"
            )
    return raced


if __name__ == "__main__":
    main()
    print(f"cold, 7 assets: ours {cold('rebalance_kit.planner.solve', 'solve'):.0f} ms,", end=" ")
    print(f"HiGHS {cold('rebalance_kit.planner.highs', 'propose'):.0f} ms, beyond the start of the process")
