"""Cash into targets without costs, as PyPortfolioOpt does it: ours and theirs side by side; part of `planner`."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from rebalance_kit.planner.instant import solve_instantly
from rebalance_kit.planner.problem import Asset, Problem, Terms, state
from rebalance_kit.planner.solve import Solution, solve
from tests.benchmarks.measure import best_time, in_bp
from tests.drifted import UNITS
from tests.shared_data import SHARED

PEERS = Path(__file__).with_name("peers.py")


@dataclass(frozen=True)
class Allocation:
    """What is to be bought: prices and weights by code."""

    name: str
    currency: str
    prices: dict[str, Fraction]
    weights: dict[str, Fraction]
    total: Fraction

    def problem(self, money: Fraction | None = None) -> Problem:
        """The squared deviation; `money` is what may be spent, all of it unless given."""
        none = Fraction(0)
        assets = tuple(
            Asset(code, self.currency, 0, none, price, Fraction(1), self.weights[code] * self.total, none, none)
            for code, price in self.prices.items()
        )
        cash = {self.currency: self.total if money is None else money}
        return state(assets, Terms(self.currency, UNITS, cash, self.total, squared=True))

    def spent(self, counts: dict[str, int]) -> Fraction:
        return sum((self.prices[code] * count for code, count in counts.items()), Fraction(0))

    def distance(self, counts: dict[str, int]) -> float:
        """L2: the root of the sum of squared distances, in bp of the total."""
        gaps = [float(self.prices[c] * counts.get(c, 0) - self.weights[c] * self.total) for c in self.prices]
        return float(np.linalg.norm(gaps) / float(self.total) * 10_000)

    def left(self, counts: dict[str, int]) -> float:
        """Idle cash in bp of the total."""
        return float((1 - self.spent(counts) / self.total) * 10_000)

    def task(self) -> dict[str, Any]:
        """As `peers` reads it."""
        numbers = {name: {c: float(n) for c, n in getattr(self, name).items()} for name in ("prices", "weights")}
        return {**numbers, "total": float(self.total)}


CASES = (
    ("KRW", 7, 11_000_000), ("KRW", 30, 30_000_000), ("KRW", 30, 300_000_000), ("KRW", 100, 100_000_000),
    ("KRW", 100, 1_000_000_000), ("USD", 7, 20_000), ("USD", 30, 50_000), ("USD", 100, 100_000),
)  # fmt: skip


def allocations(largest: int) -> list[Allocation]:
    """The cases of up to so many assets."""
    return [allocation(*case) for case in CASES if case[1] <= largest]


def allocation(currency: str, number: int, total: int) -> Allocation:
    """Real closes first, then drawn ones; weights between one and four."""
    random = Random(f"{currency} {number} {total}")
    prices = closes(currency)[:number]
    while len(prices) < number:
        cents = random.randint(1_000, 60_000)
        prices.append(Fraction(5 * random.randint(400, 24_000)) if currency == "KRW" else Fraction(cents, 100))
    parts = [random.randint(100, 400) for _ in prices]
    codes = [f"{currency[0]}{place:03d}" for place in range(number)]
    weights = {code: Fraction(part, sum(parts)) for code, part in zip(codes, parts, strict=True)}
    return Allocation(
        f"{number} {currency}, {total:,}", currency, dict(zip(codes, prices, strict=True)), weights, Fraction(total)
    )


def closes(currency: str) -> list[Fraction]:
    """The last close of each fund in the data beside the project, by ticker; none where there is no data."""
    name = "korea/kr_etf_raw_daily_2020_2025.csv.gz" if currency == "KRW" else "us_etf/daily_2004_2025.csv.gz"
    if not (SHARED / name).exists():
        return []
    last: dict[str, Fraction] = {}
    with gzip.open(SHARED / name, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            price = row["close"] or row.get("adj_close", "")
            if price:
                last[row["ticker"]] = round(Fraction(price), 0 if currency == "KRW" else 2)
    return [last[ticker] for ticker in sorted(last)]


def from_zero(python: str | None, largest: int, limit: float) -> None:
    """Print ours and theirs, and what they say together."""
    cases = allocations(largest)
    answers = peer_answers(python, cases, limit)
    solvers = {"exact": solve, "instant": solve_instantly}
    faster: dict[str, list[float]] = {name: [] for name in solvers}
    worse = dict.fromkeys(solvers, 0)
    for place, case in enumerate(cases):
        spent = {}
        for name, solver in solvers.items():
            found, spent[name] = best_time(partial(_solved, solver, case))
            status = "proved" if found.proven else f"within {in_bp(case.problem(), found.gap):.2f} bp"
            print(f"{case.name}: {name} {spent[name]:.2f} ms, L2 {case.distance(found.counts):.2f}", end=" ")
            print(f"idle {case.left(found.counts):.1f}, {status}")
        for method, theirs in (answers[place] if answers else {}).items():
            taken = limit * 1000 if theirs is None else theirs["ms"]
            times = ", ".join(f"{taken / own:.1f} times {name}" for name, own in spent.items())
            if method == "lp" and len(case.prices) >= 30:
                for name, own in spent.items():
                    faster[name].append(taken / own)
            if theirs is None:
                print(f"    {method} more than {taken:.0f} ms (over {times})")
                continue
            counts = {code: theirs["counts"].get(code, 0) for code in case.prices}
            print(f"    {method} {taken:.2f} ms ({times}), L2 {case.distance(counts):.2f}", end=" ")
            print(f"idle {case.left(counts):.1f}; with its money", end=" ")
            for name, solver in solvers.items():
                same = solver(case.problem(case.spent(counts)))
                worse[name] += case.distance(same.counts) > case.distance(counts) + 1e-9
                print(f"{name} L2 {case.distance(same.counts):.2f} idle {case.left(same.counts):.1f}", end=" ")
            print()
    for name, ratios in faster.items():
        if ratios and answers:
            print(
                f"lp at 30 and 100 assets takes {min(ratios):.0f} to {max(ratios):.0f} times as long as {name};",
                end=" ",
            )
            print(f"with their money a worse L2 of ours in {worse[name]} cases")


def _solved(solver: Callable[[Problem], Solution], case: Allocation) -> Solution:
    """The statement of the problem is part of the work."""
    return solver(case.problem())


def peer_answers(python: str | None, cases: Sequence[Allocation], limit: float) -> list[dict[str, Any]]:
    """What PyPortfolioOpt answers, in its own process; nothing without its Python."""
    if python is None:
        print("no --peers: PyPortfolioOpt is left out")
        return []
    tasks = json.dumps({"limit": limit, "tasks": [case.task() for case in cases]})
    done = subprocess.run([python, str(PEERS)], input=tasks, capture_output=True, encoding="utf-8", check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    print(f"PyPortfolioOpt {told['version']}: greedy_portfolio and lp_portfolio")
    answers: list[dict[str, Any]] = told["answers"]
    return answers
