"""Many races of three processes: `python -m tests.benchmarks.concurrency [ROUNDS] [FIRST_SEED] [AT_ONCE]`.

Prints rounds, processes, freezes, accepted orders and every broken invariant with its seed, then the same for engines
that are broken on purpose, which must break something.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.broken_engines import BROKEN_AMONG_PROCESSES
from tests.racing import POINTS, Round, race

PROCESSES = 3


def one(asked: tuple[int, str | None]) -> Round:
    """One round, with the engine as it is or with one that is broken."""
    seed, broken = asked
    if broken is None:
        return race(seed, *POINTS[seed % len(POINTS)])
    with pytest.MonkeyPatch.context() as patch:
        BROKEN_AMONG_PROCESSES[broken](patch)
        return race(seed, "place.before", frozen=1.6)


def campaign(rounds: int, first: int, at_once: int, broken: str | None) -> int:
    """Run the rounds; in how many something broke."""
    began = time.perf_counter()
    seeds = range(first, first + rounds)
    with ProcessPoolExecutor(at_once) as pool:
        done = list(pool.map(one, [(seed, broken) for seed in seeds]))
    bad = {seed: row for seed, row in zip(seeds, done, strict=True) if row.broken or 1 in row.codes or row.runs != 1}
    frozen, accepted = sum(row.frozen for row in done), sum(row.accepted for row in done)
    print(
        f"{broken or 'as it is'}: {rounds:,} rounds, {rounds * PROCESSES:,} processes, {frozen:,} freezes,"
        f" {accepted:,} accepted orders, {len(bad)} rounds with a violation, {time.perf_counter() - began:.0f} s",
        flush=True,
    )
    if broken is None:
        for seed, row in list(bad.items())[:20]:
            print(f"  seed {seed}: {row}", flush=True)
    return len(bad)


def main(argv: Sequence[str]) -> int:
    rounds = int(argv[0]) if argv else 120
    first = int(argv[1]) if len(argv) > 1 else 0
    at_once = int(argv[2]) if len(argv) > 2 else os.cpu_count() or 1
    bad = campaign(rounds, first, at_once, None)
    caught = [campaign(max(6, rounds // 10), first, at_once, name) for name in sorted(BROKEN_AMONG_PROCESSES)]
    return 0 if not bad and all(caught) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
