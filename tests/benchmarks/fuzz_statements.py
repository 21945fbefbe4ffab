"""Ten minutes of damaged statements of every format: run it by hand.

python -m tests.benchmarks.fuzz_statements [seconds] [seed]

Goal: every file is read or refused in one sentence; no difference from a printed total passes in silence.
"""

from __future__ import annotations

import random
import sys
import time

from tests.mutations import Tally, check, mutated
from tests.statement_files import SAMPLES


def main(seconds: float, seed: int) -> None:
    """Prints how many were read and why the others were refused. Raises at the first that does neither."""
    dice, tally = random.Random(seed), Tally()
    texts = {path.name: path.read_bytes() for path in sorted(SAMPLES.iterdir()) if path.suffix != ".xls"}
    books = {path.name: path.read_bytes() for path in SAMPLES.glob("*.xls")}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        known = books if dice.randrange(200) == 0 else texts
        name = dice.choice(sorted(known))
        data = mutated(known[name], dice)
        try:
            check(name, data, tally)
        except BaseException:
            (SAMPLES.parent / f"failed_{name}").write_bytes(data)
            raise
    refused = sorted(tally.refused.items(), key=lambda item: -item[1])
    print(f"{tally.read} read, {sum(tally.refused.values())} refused: {refused}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 600, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
