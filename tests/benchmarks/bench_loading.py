"""How fast files are read, each as a whole process of its own: run it by hand on a quiet machine.

python -m tests.benchmarks.bench_loading

positions   50,000 rows of 2,000 accounts, plain and as a broker writes them   goal: < 2 s and < 300 MB each
prices      5,000 closes                                                        goal: < 0.1 s beyond the start
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5
_LOAD = """
import json, resource, sys, time
start = time.perf_counter()
from datetime import date
from pathlib import Path
from rebalance_kit.errors import HoldingsError, PriceError
from rebalance_kit.holdings.files import read_holdings
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.files import read_prices
kind, path = sys.argv[1], Path(sys.argv[2])
begun = time.perf_counter()
if kind == "positions":
    file = read_holdings(path, None, date(2026, 3, 4))
    facts = {"rows": len(file.holdings.positions) + len(file.holdings.cash), "accounts": len(file.holdings.accounts)}
else:
    assets = [{"code": f"{n:06d}", "target": "0.2"} for n in range(1000, 1005)]
    policy = Policy.model_validate({"allocation": {"all": {"assets": assets}}})
    facts = {"rows": len(read_prices(path, policy, date(2026, 3, 4)).quotes), "accounts": 0}
end = time.perf_counter()
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes on Linux
spent = {"reading": end - begun, "process": end - start, "core": time.process_time()}
print(json.dumps({**facts, **spent, "megabytes": memory / 1024}))
"""


@dataclass(frozen=True, slots=True)
class Loading:
    """One process: rows and accounts read, seconds for the reading and for the whole process (by the clock, and of a
    core, start of Python included), its largest size."""

    rows: int
    accounts: int
    reading: float
    process: float
    core: float
    megabytes: float


def positions(path: Path, accounts: int = 2_000, held: int = 24, *, written_by_a_broker: bool = False) -> Path:
    """A positions file of invented numbers: `held` assets and a cash row for each account."""
    chance = random.Random(1)
    prices = {f"{n:06d}": chance.randint(1_000, 90_000) for n in range(1000, 1500)}
    rows = (
        _broker_rows(chance, prices, accounts, held) if written_by_a_broker else _rows(chance, prices, accounts, held)
    )
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def _rows(chance: random.Random, prices: dict[str, int], accounts: int, held: int) -> Iterator[str]:
    yield "account,code,name,quantity,price,currency,cost"
    for number in range(accounts):
        for code in chance.sample(list(prices), held):
            quantity = chance.randint(1, 500)
            yield f"A{number:05d},{code},Fund {code},{quantity},{prices[code]},KRW,{quantity * prices[code] - 1}"
        yield f"A{number:05d},CASH,,{chance.randint(0, 10**7)},,KRW,"


def _broker_rows(chance: random.Random, prices: dict[str, int], accounts: int, held: int) -> Iterator[str]:
    yield "Account Number,Symbol,Description,Quantity,Last Price,Market Value,Cost Basis,Currency,Date"
    for number in range(accounts):
        for code in chance.sample(list(prices), held):
            quantity = chance.randint(1, 500)
            cents = quantity * prices[code]
            money = ",".join(f'"${amount / 100:,.2f}"' for amount in (prices[code], cents, max(0, cents - 1_234)))
            yield f'X{number:08d},F{code[1:]},"FUND, NUMBER {code}",{quantity},{money},USD,2026-03-03'
        yield f'X{number:08d},CASH,,"{chance.randint(0, 10**7) / 100:,.2f}",,,,USD,2026-03-03'


def closes(path: Path, days: int = 1_000) -> Path:
    """A long price file: five codes on each day."""
    dates = [date(2020, 1, 1) + timedelta(days=number) for number in range(days)]
    rows = [f"{day},{number:06d},{1000 + i}" for i, day in enumerate(dates) for number in range(1000, 1005)]
    path.write_text("\n".join(["date,code,price", *rows]) + "\n", encoding="utf-8")
    return path


def load(kind: str, path: Path) -> Loading:
    """Read a file in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, kind, str(path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return Loading(**json.loads(done.stdout))


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        files = {
            "plain positions": ("positions", positions(folder / "plain.csv")),
            "a broker's positions": ("positions", positions(folder / "broker.csv", written_by_a_broker=True)),
            "closes": ("prices", closes(folder / "prices.csv")),
        }
        for name, (kind, path) in files.items():
            best = min((load(kind, path) for _ in range(RUNS)), key=lambda run: run.process)
            print(
                f"{name}: {best.rows:,} rows, {best.accounts:,} accounts, reading {best.reading:.2f} s,"
                f" process {best.process:.2f} s ({best.core:.2f} s of a core), {best.megabytes:.0f} MB (best of {RUNS})"
            )


if __name__ == "__main__":
    main()
