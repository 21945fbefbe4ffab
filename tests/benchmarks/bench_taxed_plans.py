"""How fast plans that know tax, or exchange money, are found and proved: run it by hand.

python -m tests.benchmarks.bench_taxed_plans          times, beside the same problem without tax in the same run
python -m tests.benchmarks.bench_taxed_plans 1000     and so many tiny plans of every kind against brute force

goals (CPU time, warm): Korean tax at 30 and 100 assets within 1.5 times the plan without tax; 100 assets with 500
American lots < 150 ms
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random

from rebalance_kit.planner.problem import Asset, Terms, state
from rebalance_kit.planner.solve import NoPlan, Solution, solve
from rebalance_kit.planner.year import american_tax
from rebalance_kit.tax.schedule import AmericanYear, Hinge, Piece, SharedTax, Sums, TaxSchedule
from tests.drifted import UNITS
from tests.oracle import brute_force, combinations
from tests.taxed_cases import KINDS, taxed_case

Portfolio = tuple[list[Asset], Terms]


@dataclass(frozen=True)
class Timed:
    """CPU milliseconds with and without tax and exchanges, and whether the plan was proved."""

    milliseconds: float
    plain: float
    proved: bool


def portfolio(seed: int, number: int, kind: str) -> Portfolio:
    """`number` assets that drifted from uneven targets: buying, selling or both, both deviations, with costs."""
    mix = Random(f"{seed} {number} {kind}")
    american = kind == "american"
    total = mix.choice(
        [20_000, 50_000, 200_000, 1_000_000] if american else [5_000_000, 30_000_000, 300_000_000, 10**9]
    )
    weights = [mix.random() + 0.2 for _ in range(number)]
    wanted = [Fraction(round(10_000 * weight / sum(weights)), 10_000) for weight in weights]
    wanted[0] += 1 - sum(wanted)
    prices = [
        Fraction(mix.randint(1500, 60_000), 100) if american else Fraction(5 * mix.randint(1000, 24_000))
        for _ in wanted
    ]
    held = [int(total * w * mix.randint(60, 140) / 100 / price) for w, price in zip(wanted, prices, strict=True)]
    mode = mix.choice(["both", "both", "buy", "sell"])
    cash = Fraction(
        total * {"both": mix.randint(0, 1), "buy": mix.choice([2, 5, 20]), "sell": -mix.choice([2, 5, 10])}[mode], 100
    )
    worth = sum((count * price for count, price in zip(held, prices, strict=True)), cash)
    fees = mix.choice([("0.0025", "0.001"), ("0.0007", "0"), ("0", "0.0005")]) if american else ("0.00015", "0.001")
    assets = [
        Asset(f"{i:06d}", "USD" if american else "KRW", count, Fraction(0), price, Fraction(1), w * worth,
              Fraction(fees[0]), Fraction(fees[1]), may_buy=mode != "sell", may_sell=mode != "buy",
              tax=_schedule(mix, kind, f"{i:06d}", count, price))
        for i, (count, price, w) in enumerate(zip(held, prices, wanted, strict=True))
    ]  # fmt: skip
    base = "USD" if american else "KRW"
    least = mix.choice([0, 50, 500] if american else [0, 50_000, 300_000])
    terms = Terms(base, UNITS, {base: cash}, worth, Fraction(least), squared=mix.random() < 0.4,
                  shared=_shared(mix, kind), tax_weight=Fraction(1))  # fmt: skip
    return (assets, terms) if kind != "exchange" else _abroad(mix, assets, terms)


def _schedule(mix: Random, kind: str, code: str, held: int, price: Fraction) -> TaxSchedule | None:
    if not held or kind == "exchange" or (kind == "korea" and mix.random() < 0.1):
        return None
    if kind == "korea" and mix.random() < 0.45:
        taxed = max(Fraction(0), price * mix.randint(-30, 60) / 100)
        return TaxSchedule("a", code, (Piece("average", Fraction(held), own=taxed * Fraction("0.154"), income=taxed),))
    number = min(held, mix.randint(3, 7) if kind == "american" else mix.randint(1, 3))
    pieces = []
    for i in range(number):
        shares, gain = Fraction(held // number + (i < held % number)), price * mix.randint(-30, 40) / 100
        if kind == "korea":
            pieces.append(Piece(f"L{i}", shares, gain=gain))
        elif mix.random() < 0.6:
            pieces.append(Piece(f"L{i}", shares, long=gain))
        else:
            pieces.append(Piece(f"L{i}", shares, short=gain))
    return TaxSchedule("a", code, tuple(pieces), any_order=kind == "american")


def _shared(mix: Random, kind: str) -> SharedTax | None:
    if kind == "korea":
        left, income = Fraction(mix.randint(0, 2_500_000)), Fraction(mix.randint(0, 20_000_000))
        return SharedTax((Hinge(Fraction("0.22"), left),), (Hinge(Fraction("0.11"), income),))
    if kind == "american":
        rates = (Fraction("0.32"), Fraction("0.15"), Fraction("0.32"))
        before = Fraction(mix.randint(-3000, 3000)), Fraction(mix.randint(-3000, 3000))
        return SharedTax(american=AmericanYear(before[0], before[1], rates[0], rates[1], rates[2], Fraction(3000)))
    return None


def _abroad(mix: Random, assets: list[Asset], terms: Terms) -> Portfolio:
    """Half of the assets in dollars."""
    rate = Fraction("1385.2")
    moved = [
        replace(asset, currency="USD", price=Fraction(round(asset.price / rate * 100), 100), rate=rate)
        if mix.random() < 0.5
        else asset
        for asset in assets
    ]
    cash = {"KRW": terms.available["KRW"], "USD": Fraction(mix.randint(0, 200_000), 100)}
    worth = sum((asset.held * asset.price * asset.rate for asset in moved), cash["KRW"] + cash["USD"] * rate)
    moved = [replace(asset, goal=asset.goal * worth / terms.total) for asset in moved]
    return moved, replace(terms, total=worth, available=cash, spread=Fraction(1, 1000), rates={"USD": rate})


def without_costs(made: Portfolio) -> Portfolio:
    """The same with nothing but deviation and tax, one lot a position where lots have an order."""
    assets, terms = made
    free = [replace(asset, commission=Fraction(0), slippage=Fraction(0), tax=_one_lot(asset.tax)) for asset in assets]
    cash = {currency: max(Fraction(0), amount) for currency, amount in terms.available.items()}
    return free, replace(terms, minimum=Fraction(0), squared=False, available=cash)


def _one_lot(tax: TaxSchedule | None) -> TaxSchedule | None:
    if tax is None or tax.any_order:
        return tax
    return replace(tax, pieces=(replace(tax.pieces[0], shares=sum((p.shares for p in tax.pieces), Fraction(0))),))


def tax_before(terms: Terms) -> Fraction:
    """The tax of the year without any sale."""
    shared = terms.shared
    if shared is None:
        return Fraction(0)
    hinges = sum((hinge.tax(Fraction(0)) for hinge in (*shared.gain, *shared.income)), Fraction(0))
    return hinges if shared.american is None else hinges + american_tax(shared.american, Sums())


def timed(made: Portfolio) -> Timed | None:
    """None when there is no plan."""
    assets, terms = made
    bare = [replace(asset, tax=None) for asset in assets], replace(terms, shared=None, spread=None)
    try:
        full, plain = _solved(assets, terms), _solved(*bare)
    except NoPlan:
        return None
    return Timed(full[1], plain[1], full[0].proven)


def _solved(assets: list[Asset], terms: Terms) -> tuple[Solution, float]:
    problem = state(tuple(assets), terms)
    start = time.process_time()
    found = solve(problem)
    return found, (time.process_time() - start) * 1000


def main(numbers: Sequence[int] = (7, 30, 100), seeds: int = 40) -> int:
    """Print one line per kind and size; the number of plans that were timed."""
    count = 0
    for kind in ("korea", "american", "exchange"):
        for number in numbers:
            rows = [row for seed in range(seeds) if (row := timed(portfolio(seed, number, kind))) is not None]
            count += len(rows)
            if rows:
                print(f"{kind}, {number} assets: {_said([row.milliseconds for row in rows])}, proved"
                      f" {sum(row.proved for row in rows)}/{len(rows)}; the same without:"
                      f" {_said([row.plain for row in rows])}")  # fmt: skip
    return count


def _said(times: list[float]) -> str:
    ordered = sorted(times)
    middle, late = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)]
    return f"p50 {middle:.1f} ms, p95 {late:.1f} ms"


def campaign(number: int) -> int:
    """So many tiny plans of every kind against brute force; the number that differ or stay unproved."""
    wrong = 0
    for kind in KINDS:
        tried = 0
        for seed in range(number):
            assets, terms = taxed_case(seed, kind)
            if combinations(assets, terms) > 1500:
                continue
            tried += 1
            wanted = brute_force(assets, terms)
            try:
                found = solve(state(assets, terms))
            except NoPlan:
                wrong += wanted is not None
            else:
                wrong += wanted is None or found.counts != wanted.counts or not found.proven
        print(f"{kind}: {tried} plans, {wrong} wrong so far")
    return wrong


if __name__ == "__main__":
    main()
    if len(sys.argv) > 1:
        campaign(int(sys.argv[1]))
