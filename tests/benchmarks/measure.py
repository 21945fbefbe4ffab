"""Times and distances for the planner's benchmarks."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TypeVar

from rebalance_kit.planner.problem import Problem

Answer = TypeVar("Answer")


def timed(work: Callable[[], Answer]) -> tuple[Answer, float]:
    """The answer and its milliseconds."""
    start = time.perf_counter()
    answer = work()
    return answer, (time.perf_counter() - start) * 1000


def best_time(work: Callable[[], Answer], runs: int = 5) -> tuple[Answer, float]:
    """The answer and the fastest of some runs: what the work takes when nothing else is in the way."""
    taken = [timed(work) for _ in range(runs)]
    return taken[0][0], min(each[1] for each in taken)


def percentiles(times: Sequence[float]) -> tuple[float, float]:
    """p50 and p95."""
    return statistics.median(times), sorted(times)[min(len(times) - 1, int(0.95 * len(times)))]


def objective(problem: Problem, counts: dict[str, int]) -> Fraction:
    """Base minor units."""
    return sum(line.choice(counts[line.code]).objective for line in problem.lines) * problem.unit


def in_bp(problem: Problem, amount: Fraction) -> float:
    """Of the portfolio."""
    return float(amount * 10_000 / problem.total)
