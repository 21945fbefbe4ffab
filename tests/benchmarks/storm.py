"""A long storm: `python -m tests.benchmarks.storm [SCHEDULES] [FIRST_SEED]`, on every core.

Prints how many schedules, crashes, steps and accepted orders there were, and every broken invariant with its seed.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.storm import Schedule, weather

MODES = ("closure", "quiesce")
CHUNK = 25


def chunk(asked: tuple[str, int, int]) -> list[Schedule]:
    """The schedules of a way and a range of seeds."""
    logging.disable(logging.CRITICAL)
    mode, first, count = asked
    return [weather(seed, mode) for seed in range(first, first + count)]


def campaign(schedules: int, first: int, workers: int | None = None) -> int:
    """Run the schedules, half of them each way; how many broke something."""
    began = time.perf_counter()
    broken = 0
    for mode in MODES:
        asked = [(mode, seed, CHUNK) for seed in range(first, first + schedules // 2, CHUNK)]
        with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
            done = [schedule for chunked in pool.map(chunk, asked) for schedule in chunked]
        bad = [schedule for schedule in done if schedule.broken]
        broken += len(bad)
        crashes, steps, accepted = (sum(getattr(s, name) for s in done) for name in ("crashes", "steps", "accepted"))
        print(
            f"{mode}: {len(done):,} schedules, {crashes:,} crashes, {steps:,} steps, {accepted:,} accepted orders,"
            f" {len(bad)} with a violation"
        )
        for schedule in bad[:20]:
            print(f"  seed {schedule.seed}: {'; '.join(schedule.broken)}")
    print(f"{time.perf_counter() - began:.0f} s")
    return broken


def main(argv: Sequence[str]) -> int:
    schedules = int(argv[0]) if argv else 20_000
    first = int(argv[1]) if len(argv) > 1 else 0
    return 1 if campaign(schedules, first) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
