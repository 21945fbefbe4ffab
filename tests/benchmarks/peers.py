"""Whole shares from zero by PyPortfolioOpt: run by a Python of its own that has it, never imported by the tests.

Reads {"limit": seconds, "tasks": [{"prices", "weights", "total"}]} (by code) as JSON from stdin, and answers with its
version and, for each task, {method: {"counts", "left", "ms"}}, None for what took longer than the limit. The time is
that of `DiscreteAllocation` and its method; each runs in a child of this process, in which everything is loaded.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from importlib.metadata import version
from multiprocessing import TimeoutError as TooLong
from multiprocessing import get_context
from typing import Any

SHORT = 2_000  # ms
METHODS = {"greedy": "greedy_portfolio", "lp": "lp_portfolio"}


def allocated(task: dict[str, Any], method: str) -> dict[str, Any]:
    """One allocation with its milliseconds, the better of two runs where one is short."""
    first = timed(task, method)
    return min(first, timed(task, method), key=lambda run: run["ms"]) if first["ms"] < SHORT else first


def timed(task: dict[str, Any], method: str) -> dict[str, Any]:
    """One run."""
    prices = import_module("pandas").Series(task["prices"])
    allocation = import_module("pypfopt").DiscreteAllocation
    start = time.perf_counter()
    counts, left = getattr(allocation(task["weights"], prices, total_portfolio_value=task["total"]), METHODS[method])()
    spent = (time.perf_counter() - start) * 1000
    return {"counts": {code: int(count) for code, count in counts.items()}, "left": float(left), "ms": spent}


def within(limit: float, task: dict[str, Any], method: str) -> dict[str, Any] | None:
    """The same in a child that is stopped after the limit."""
    with get_context("fork").Pool(1) as pool:
        try:
            return pool.apply_async(allocated, (task, method)).get(limit)
        except TooLong:
            return None


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    for name in METHODS:
        allocated(asked["tasks"][0], name)  # the first call loads the solvers
    answers = [{method: within(asked["limit"], task, method) for method in METHODS} for task in asked["tasks"]]
    json.dump({"version": version("pyportfolioopt"), "answers": answers}, sys.stdout)
