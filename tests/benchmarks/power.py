"""A long night of power cuts: `python -m tests.benchmarks.power [SCHEDULES] [FIRST_SEED]`, on every core.

Prints how often the power went and how many schedules broke something, with the journal as it is (synchronous=FULL) and
with a weaker setting, which must break.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from rebalance_kit.errors import StorageError
from tests.power import PowerDisk, powered
from tests.storm import weather


def night(asked: tuple[int, str | None]) -> tuple[int, int, bool]:
    """One seed: crashes, syncs, and whether something broke."""
    logging.disable(logging.CRITICAL)
    seed, synchronous = asked
    name = f"power{seed}"
    disk = PowerDisk(name)
    with powered(disk, name, synchronous):
        try:
            done = weather(seed, "closure" if seed % 2 else "quiesce", on_crash=disk.cut)
        except StorageError:
            return 1, disk.syncs, True
    return done.crashes, disk.syncs, bool(done.broken)


def campaign(schedules: int, first: int, synchronous: str | None) -> int:
    """Run the schedules with a setting; how many broke something."""
    began = time.perf_counter()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        asked = [(seed, synchronous) for seed in range(first, first + schedules)]
        found = list(pool.map(night, asked, chunksize=10))
    broken = [seed for (seed, _), (_, _, bad) in zip(asked, found, strict=True) if bad]
    cuts, syncs = sum(row[0] for row in found), sum(row[1] for row in found)
    print(
        f"synchronous={synchronous or 'FULL'}: {schedules:,} schedules, {cuts:,} power cuts, {syncs:,} syncs,"
        f" {len(broken)} broken, {time.perf_counter() - began:.0f} s"
    )
    if synchronous is None and broken:
        print(f"  seeds {broken[:20]}")
    return len(broken)


def main(argv: Sequence[str]) -> int:
    schedules = int(argv[0]) if argv else 1_000
    first = int(argv[1]) if len(argv) > 1 else 0
    broken = campaign(schedules, first, None)
    control = campaign(max(10, schedules // 10), first, "NORMAL")
    return 0 if not broken and control else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
