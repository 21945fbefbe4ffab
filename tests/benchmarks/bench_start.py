"""How long a command takes as a whole process, against importing pandas in the same run: by hand, on a quiet machine.

python -m tests.benchmarks.bench_start

drift, plan, cash    goal: at most twice `python -c "import pandas"`
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = 9
PANDAS = [sys.executable, "-c", "import pandas"]
GROWTH = "portfolios/growth"
COMMANDS: Mapping[str, Sequence[str]] = {
    "drift": ["drift", GROWTH, "--on", "2026-03-04"],
    "plan": ["plan", GROWTH, "--on", "2026-04-01"],
    "cash": ["cash", GROWTH, "1000000", "--on", "2026-03-04"],
}


def seconds(command: Sequence[str]) -> float:
    """One process, from start to end, by the clock."""
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began


def ratios(words: Sequence[str], runs: int = RUNS) -> list[tuple[float, float]]:
    """(seconds of the command, its ratio to pandas) in turns, after one turn that is not counted."""
    command = [sys.executable, "-m", "rebalance_kit", *words]
    turns = [(seconds(PANDAS), seconds(command)) for _ in range(runs + 1)][1:]
    return [(own, own / other) for other, own in turns]


def main() -> None:
    for name, words in COMMANDS.items():
        measured = ratios(words)
        own, ratio = (statistics.median(column) for column in zip(*measured, strict=True))
        worst = max(ratio for _, ratio in measured)
        print(f"{name:6} {own:.3f} s, {ratio:.2f}x importing pandas (worst of {len(measured)}: {worst:.2f}x)")


if __name__ == "__main__":
    main()
