"""Random portfolios: every certificate must hold, and no plan may depend on the order of its inputs. Run it by hand.

python -m tests.benchmarks.fuzz_plans 10000 1       number of portfolios, seed

Every mode of planning is drawn: full, fraction, halfway, band edge, breached only, contribution, withdrawal, no sales,
with lists, explicit bands, deadbands, buffers, caps, minimum trades, costs, a second currency, several accounts, a code
that the policy does not name. A request that cannot be met must be refused alike whatever the order.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar

from rebalance_kit.errors import KitError
from rebalance_kit.planner.plan import Plan
from tests.make import Situation, book, holdings, policy
from tests.make_plan import made_plan

METHODS = ("full", "fraction", "halfway", "band_edge", "breached_only")
FLOWS = ("contribute", "withdraw")
LISTED = 5
MANY = 7  # assets that several accounts are tried with
SIZES = (2, 3, 3, 4, 5, 6, 7, 7, 8, 10, 12, 20)
Item = TypeVar("Item")
CODES = [f"{letter}{number}" for number in range(1, 9) for letter in "ABCDEFGH"]


@dataclass(frozen=True)
class Sketch:
    """A portfolio in the words of `tests.make`, every list in an order that means nothing."""

    groups: tuple[tuple[str, tuple[str, ...]], ...]
    held: tuple[tuple[str, str], ...]  # account, and a position or cash
    prices: tuple[str, ...]
    base: str
    settings: dict[str, Any]
    asked: dict[str, Any]
    features: tuple[str, ...]

    def situation(self) -> Situation:
        """Policy, holdings and prices."""
        text = "; ".join(f"{name}: {', '.join(assets)}" for name, assets in self.groups)
        wanted = policy(text, base_currency=self.base, **dict(self.settings))
        held = holdings("; ".join(f"{account}: {row}" for account, row in self.held), currency=self.base)
        return Situation(wanted, held, book(", ".join(self.prices), currency=self.base))

    def shuffled(self, random: Random) -> Sketch:
        """The same portfolio, told in another order."""
        groups = tuple((name, _mixed(random, assets)) for name, assets in _mixed(random, self.groups))
        return replace(self, groups=groups, held=_mixed(random, self.held), prices=_mixed(random, self.prices))


def _mixed(random: Random, items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(random.sample(items, len(items)))


def sketch(random: Random) -> Sketch:
    """One portfolio of 2 to 20 assets."""
    return _Draw(random).sketch()


@dataclass
class _Draw:
    random: Random
    features: list[str] = field(default_factory=list)
    accounts: tuple[str, ...] = ("main",)

    def sketch(self) -> Sketch:
        number = self.random.choice(SIZES)
        codes = sorted(self.random.sample(CODES, number))
        foreign = self._foreign(codes)
        base = "USD" if not foreign and self._sometimes(0.2, "dollars") else "KRW"
        prices = {code: self._price("USD" if code in foreign else base) for code in codes}
        held = [f"{code} {self._held(base, code in foreign, prices[code], number)}" for code in codes]
        listed = [f"{code} {prices[code]}{' USD' if code in foreign else ''}" for code in codes]
        if self._sometimes(0.1, "unlisted"):
            held.append(f"Z9 {self.random.randint(1, 9)}")
            listed.append(f"Z9 {self._price(base)}")
        listed += ["USD/KRW 1387.5"] if foreign else []
        settings = self._settings(codes, foreign, base)
        if number <= MANY and self._sometimes(0.05, "several accounts"):
            settings["accounts"] = {"main": {}, "second": {"type": self.random.choice(("taxable", "isa", "irp"))}}
            self.accounts = ("main", "second")
        return Sketch(
            self._groups(codes),
            self._in_accounts(held, self._cash(base, bool(foreign))),
            tuple(listed),
            base,
            settings,
            self._asked(base),
            tuple(self.features),
        )

    def _in_accounts(self, positions: list[str], cash: list[str]) -> tuple[tuple[str, str], ...]:
        """Every account has the same cash, and each position is in one of them."""
        rows = [(self.random.choice(self.accounts), row) for row in positions]
        return (*rows, *((account, row) for account in self.accounts for row in cash))

    def _sometimes(self, chance: float, feature: str) -> bool:
        happens = self.random.random() < chance
        if happens:
            self.features.append(feature)
        return happens

    def _foreign(self, codes: list[str]) -> set[str]:
        if not self._sometimes(0.25, "two currencies"):
            return set()
        return set(self.random.sample(codes, self.random.randint(1, len(codes))))

    def _price(self, currency: str) -> str:
        if currency == "KRW":
            return str(5 * self.random.choice((self.random.randint(200, 2_000), self.random.randint(2_000, 60_000))))
        return f"{self.random.randint(500, 60_000) / 100:.2f}"

    def _held(self, base: str, abroad: bool, price: str, number: int) -> str:
        if self.random.random() < 0.15:
            return "0"
        worth = 11_000_000 / number * self.random.uniform(0.3, 1.7)
        worth /= 1387.5 if abroad or base == "USD" else 1
        shares = max(1, round(worth / float(price)))
        if self.random.random() < 0.03:
            self.features.append("part of a share")
            return f"{shares}.5"
        return str(shares)

    def _cash(self, base: str, two: bool) -> list[str]:
        most = 3_000_000 if base == "KRW" else 3_000
        cash = [f"cash {base} {self.random.choice((0, self.random.randint(1, most)))}"]
        if two and self.random.random() < 0.7:
            cash.append(f"cash USD {self.random.randint(0, 200_000) / 100:.2f}")
        if self._sometimes(0.1, "dividends"):
            cash.append(f"dividends {base} {self.random.randint(1, most // 10)}")
        return cash

    def _groups(self, codes: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        steps = 10_000 // self.random.choice((100, 50, 1)) if len(codes) < 20 else 10_000
        cuts = sorted(self.random.randint(0, steps) for _ in codes)
        shares = [right - left for left, right in zip([0, *cuts], [*cuts, steps], strict=True)]
        shares[self.random.randrange(len(codes))] += shares.pop() if self.random.random() < 0.7 else 0
        targets = [100 * share / steps for share in shares]
        assets = [f"{code} {target:.2f}{self._band(target)}" for code, target in zip(codes, targets, strict=False)]
        over = [f"cash {targets[-1]:.2f}"] if len(targets) > len(codes) and targets[-1] else []
        groups: dict[str, list[str]] = {}
        for asset in assets:
            groups.setdefault(self.random.choice(("one", "two", "three")), []).append(asset)
        next(iter(groups.values())).extend(over)
        return tuple((name, tuple(members)) for name, members in groups.items())

    def _band(self, target: float) -> str:
        if self.random.random() > 0.15:
            return ""
        self.features.append("min and max")
        low, high = target - self.random.randint(0, 8), target + self.random.randint(0, 8)
        return f" [{max(0.0, low):.2f}..{min(100.0, high):.2f}]"

    def _settings(self, codes: list[str], foreign: set[str], base: str) -> dict[str, Any]:
        some, unit = self.random.choice, 1 if base == "KRW" else 1_000
        settings: dict[str, Any] = {
            "min_trade": str(some((0, 0, 10_000, 100_000, 500_000)) / unit),
            "fee": some(("0", "0.00015", "0.0025")),
            "slippage": some(("0", "0.001")),
            "buffer": str(some((0, 0, 0, 100_000, 1_000_000)) / unit),
            "threshold": some(("0.01", "0.03", "0.05", "0.1")),
            "kind": some(("absolute", "relative", "smaller_of")),
            "deviation": some(("absolute", "absolute", "squared")),
            "constraints": {},
        }
        if foreign and self._sometimes(0.3, "no exchange"):
            settings["cash"] = {"exchange": False}
        if self._sometimes(0.1, "deadband"):
            settings["deadband"] = some(("0.005", "0.02"))
        if self._sometimes(0.1, "max orders"):
            settings["constraints"]["max_orders"] = self.random.randint(1, 5)
        if self._sometimes(0.1, "max turnover"):
            settings["constraints"]["max_turnover"] = some(("0.05", "0.2"))
        if self._sometimes(0.1, "prices on cash and orders"):
            settings |= {"cash_price": some(("0.001", "0.5")), "order_price": str(some((100, 5_000)) / unit)}
        if self._sometimes(0.2, "group threshold"):
            settings["group_threshold"] = some(("0.02", "0.05"))
        settings["assets"] = {code: self._asset(code in foreign) for code in codes}
        return settings

    def _asset(self, abroad: bool) -> dict[str, object]:
        extra: dict[str, object] = {"currency": "USD", "exchange": "XNYS"} if abroad else {}
        if self.random.random() < 0.05:
            self.features.append("lists")
            extra[self.random.choice(("never_buy", "never_sell"))] = True
        return extra

    def _asked(self, base: str) -> dict[str, Any]:
        if self.random.random() < 0.4:
            flow = self.random.choice(FLOWS)
            self.features.append(flow)
            most = 4_000_000 if base == "KRW" else 4_000
            rule = self.random.choice(("proportional", "water_filling", "least_squares"))
            return {flow: str(self.random.randint(1, most)), "cash_rule": rule}
        method = self.random.choice(METHODS)
        self.features.append(method)
        asked: dict[str, Any] = {"method": method, "force": self.random.random() < 0.7}
        if method == "fraction":
            asked["fraction"] = self.random.choice(("0.25", "0.7", "1"))
        if self._sometimes(0.1, "no sales"):
            asked["no_sell"] = True
        return asked


@dataclass(frozen=True)
class Tried:
    """What became of one portfolio: its plan or the code of the refusal, and what is wrong (nothing, it is hoped)."""

    sketch: Sketch
    plan: Plan | None
    refused: str | None
    faults: tuple[str, ...]
    milliseconds: float


def tried(random: Random) -> Tried:
    """Plan a random portfolio, and the same in another order."""
    drawn = sketch(random)
    start = time.perf_counter()
    plan, refused = _planned(drawn)
    spent = (time.perf_counter() - start) * 1000
    again, refused_again = _planned(drawn.shuffled(random))
    return Tried(drawn, plan, refused, tuple(_faults(plan, refused, again, refused_again)), spent)


def _planned(drawn: Sketch) -> tuple[Plan | None, str | None]:
    from rebalance_kit.policy.model import CashRule, Method

    kinds: dict[str, Any] = {"method": Method, "cash_rule": CashRule}
    asked = {key: kinds[key](value) if key in kinds else value for key, value in drawn.asked.items()}
    try:
        return made_plan(drawn.situation(), **asked), None
    except KitError as error:
        return None, error.code


def _faults(plan: Plan | None, refused: str | None, again: Plan | None, refused_again: str | None) -> Iterator[str]:
    if refused != refused_again:
        yield f"refused: {refused}, in another order: {refused_again}"
    for made in (plan, again):
        if made is not None and not made.certificate.valid:
            yield from (f"{check.name}: {check.detail.en}" for check in made.certificate.checks if not check.holds)
    if plan is not None and again is not None:
        if plan.orders != again.orders:
            yield f"orders depend on the order of the inputs: {plan.orders} {again.orders}"
        if plan.plan_id != again.plan_id:
            yield f"plan_id depends on the order of the inputs: {plan.plan_id} {again.plan_id}"
        if plan.optimality != again.optimality:
            yield f"optimality depends on the order of the inputs: {plan.optimality} {again.optimality}"


def randoms(number: int, seed: int) -> Iterable[Random]:
    """One generator per portfolio, so that each can be drawn again alone."""
    return (Random(f"{seed}/{i}") for i in range(number))


def main(number: int = 1_000, seed: int = 1) -> int:
    """Print figures, and every portfolio at fault; the number of those."""
    features: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    faulty, orders = 0, 0
    spent: list[tuple[float, str]] = []
    gaps: list[tuple[float, str]] = []
    for i, random in enumerate(randoms(number, seed)):
        one = tried(random)
        features.update(set(one.sketch.features))
        if one.refused:
            refusals[one.refused] += 1
        if one.plan is not None:
            name = f"{seed}/{i} ({', '.join(one.sketch.features)})"
            spent.append((one.milliseconds, name))
            orders += bool(one.plan.orders)
            statuses[one.plan.optimality.status] += 1
            gaps.append((float(one.plan.optimality.gap_bp), name))
        if one.faults:
            faulty += 1
            print(f"portfolio {seed}/{i} {one.sketch}:", *one.faults, sep="\n  ", flush=True)
    times = [milliseconds for milliseconds, _ in spent]
    print(f"{number} portfolios, seed {seed}: {faulty} at fault; {len(spent)} planned, {orders} with orders")
    wide, late = sum(gap > 1 for gap, _ in gaps), statistics.quantiles(times, n=20)[-1]
    print(f"  optimal {statuses['optimal']}, with a gap {statuses['gap']}, of more than 1 bp {wide}")
    print(f"  a whole plan: median {statistics.median(times):.1f} ms, p95 {late:.1f} ms")
    for kind, rows in (("widest gap", gaps), ("slowest", spent)):
        print(f"  {kind}:", *(f"\n    {figure:.4g}: {name}" for figure, name in sorted(rows)[: -LISTED - 1 : -1]))
    print("  refused:", ", ".join(f"{code} {count}" for code, count in refusals.most_common()) or "none")
    print("  drawn:", ", ".join(f"{name} {count}" for name, count in features.most_common()))
    return faulty


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])) > 0)
