"""Whole shares from zero by PyPortfolioOpt: run by a Python of its own that has it, never imported by the tests.

Reads a list of {"prices", "weights", "total"} (by code) as JSON from stdin, and answers with its version and, for each,
{method: {"counts", "left", "ms"}}. The time is that of `DiscreteAllocation` and its method, in this process.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from importlib.metadata import version
from typing import Any

METHODS = {"greedy": "greedy_portfolio", "lp": "lp_portfolio"}


def allocated(task: dict[str, Any], method: str) -> dict[str, Any]:
    """One allocation with its milliseconds."""
    prices = import_module("pandas").Series(task["prices"])
    allocation = import_module("pypfopt").DiscreteAllocation
    start = time.perf_counter()
    counts, left = getattr(allocation(task["weights"], prices, total_portfolio_value=task["total"]), METHODS[method])()
    spent = (time.perf_counter() - start) * 1000
    return {"counts": {code: int(count) for code, count in counts.items()}, "left": float(left), "ms": spent}


if __name__ == "__main__":
    tasks = json.load(sys.stdin)
    for name in METHODS:
        allocated(tasks[0], name)  # the first call loads the solvers
    answers = [{method: allocated(task, method) for method in METHODS} for task in tasks]
    json.dump({"version": version("pyportfolioopt"), "answers": answers}, sys.stdout)
