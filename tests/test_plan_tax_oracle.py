"""Plans with tax against every whole-share plan there is: policy, lots and prices go in, orders come out.

The tax of each plan is asked of the tax engine itself (`estimate_case`), not of the schedules that the planner reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import pytest

from rebalance_kit.holdings.model import Cash
from rebalance_kit.orders import Side
from rebalance_kit.planner.plan import Plan
from rebalance_kit.tax.estimate import estimate_case
from rebalance_kit.tax.model import Sale
from tests.make import Situation, policy
from tests.make_plan import made_plan
from tests.make_tax import AMERICAN, EQUITY, OTHER, OVERSEAS_IN_WON, PTP, Taxed, taxed

CODES = ("A", "B", "C")
KOREAN = (EQUITY, OTHER, OVERSEAS_IN_WON, OVERSEAS_IN_WON, PTP | {"currency": "KRW"})
DAYS = ("2023-05-02", "2025-06-02", "2025-12-01")


def tiny(seed: int, country: str) -> tuple[Taxed, Situation]:
    """Two or three assets of a few expensive shares, so that each share and each rate matters."""
    mix = Random(f"{country} {seed}")
    codes = CODES[: mix.choice((2, 3))]
    unit = 100_000 if country == "KR" else 100
    share = 100 // len(codes)
    targets = [share] * (len(codes) - 1) + [100 - share * (len(codes) - 1)]
    settings: dict[str, Any] = {
        "deviation": mix.choice(("absolute", "squared")),
        "tax_weight": mix.choice(("1", "1", "3")),
        "constraints": {"tax_loss_harvesting": mix.random() < 0.5},
    }
    if country == "KR":
        kinds = {code: mix.choice(KOREAN) for code in codes}
        tax: dict[str, object] = {
            "realised_gain_ytd": mix.choice((0, 2_000_000, 2_500_000, 4_000_000, -500_000)),
            "financial_income_ytd": mix.choice((0, 0, 19_900_000)),
            "other_income": mix.choice(("0", "90000000")),
            "lot_method": mix.choice((None, "fifo", "moving_average")),
        }
    else:
        kinds = dict.fromkeys(codes, AMERICAN)
        gains = mix.choice((0, 0, 300, -300)), mix.choice((0, 0, 300, -300))
        tax = {
            "jurisdiction": "US", "lot_method": mix.choice(("fifo", "lifo", "hifo", "specific")),
            "realised_gain_ytd": sum(gains), "realised_long_term_ytd": gains[1],
        }  # fmt: skip
        settings |= {"base_currency": "USD", "exchange": "XNYS"}
    wanted = policy(
        ", ".join(f"{code} {target}" for code, target in zip(codes, targets, strict=True)),
        assets=kinds, tax=tax, **settings,
    )  # fmt: skip
    bought = ", ".join(
        f"{code} {code}{i} {DAYS[i]} {mix.randint(1, 3)} @ {mix.randint(2, 30) * unit}"
        for code in codes
        for i in range(mix.randint(1, 3))
    )
    made = taxed(wanted, bought, ", ".join(f"{code} {mix.randint(4, 25) * unit}" for code in codes))
    cash = (Cash("main", wanted.base_currency, Decimal(mix.randint(0, 6) * unit)),)
    holdings = replace(made.holdings, cash=cash)
    return replace(made, holdings=holdings), Situation(wanted, holdings, made.prices)


def every_plan(made: Taxed) -> Iterator[dict[str, int]]:
    """The final counts of every plan that the cash pays for."""
    prices = {code: int(quote.price) for code, quote in made.prices.quotes.items()}
    held = {position.code: int(position.quantity) for position in made.holdings.positions}
    money = int(made.holdings.cash[0].amount) + sum(held[code] * prices[code] for code in prices)
    for counts in product(*(range(money // prices[code] + 1) for code in prices)):
        if sum(count * prices[code] for count, code in zip(counts, prices, strict=True)) <= money:
            yield dict(zip(prices, counts, strict=True))


def lots_of(made: Taxed, code: str, sold: int) -> Iterator[tuple[tuple[str, Decimal], ...]]:
    """Every choice of lots where they may be named; else only that of the method."""
    if made.policy.tax.lot_method != "specific":
        yield ()
        return
    lots = [(lot.lot_id, int(lot.quantity)) for lot in made.holdings.lots if lot.code == code]
    for parts in product(*(range(most + 1) for _, most in lots)):
        if sum(parts) == sold:
            yield tuple((name, Decimal(part)) for (name, _), part in zip(lots, parts, strict=True) if part)


def cost(made: Taxed, plan: Plan, counts: dict[str, int]) -> Fraction:
    """Distance and weighted tax of a plan; tax in the engine's own roundings, a plan's losses as the policy has it."""
    total = Fraction(plan.drift.total_value)
    goals = {goal.code: Fraction(goal.value) for goal in plan.goals}
    gaps = [abs(count * Fraction(made.prices.price(code)) - goals[code]) for code, count in counts.items()]
    squared = made.policy.rebalancing.deviation == "squared"
    distance = sum((gap * gap / total if squared else gap for gap in gaps), Fraction(0))
    return distance + Fraction(made.policy.rebalancing.tax_weight) * tax(made, counts)


def tax(made: Taxed, counts: dict[str, int]) -> Fraction:
    case, held = made.case(), {p.code: int(p.quantity) for p in made.holdings.positions}
    sold = {code: held[code] - count for code, count in counts.items() if count < held[code]}
    least: Fraction | None = None
    for named in product(*(lots_of(made, code, shares) for code, shares in sold.items())):
        sales = [
            Sale("main", code, Decimal(shares), case.prices.price(code), case.policy.base_currency, lots=lots)
            for (code, shares), lots in zip(sold.items(), named, strict=True)
        ]
        asked = estimate_case(case, sales)
        own = sum((Fraction(row.withheld) for row in asked.sales), Fraction(0))
        shared = Fraction(asked.tax) - own
        if not made.policy.rebalancing.constraints.tax_loss_harvesting:
            shared = max(Fraction(0), shared)
        least = own + shared if least is None else min(least, own + shared)
    return least or Fraction(0)


def final_counts(made: Taxed, plan: Plan) -> dict[str, int]:
    counts = {p.code: int(p.quantity) for p in made.holdings.positions}
    for order in plan.orders:
        counts[order.code] += int(order.quantity) if order.side is Side.BUY else -int(order.quantity)
    return counts


@pytest.mark.parametrize("country", ["KR", "US"])
@pytest.mark.parametrize("seed", range(12))
def test_no_plan_costs_less_with_its_tax(country: str, seed: int) -> None:
    made, asked = tiny(seed, country)
    plan = made_plan(asked, force=True)
    assert plan.certificate.valid
    best = min(cost(made, plan, counts) for counts in every_plan(made))
    mine = cost(made, plan, final_counts(made, plan))
    # The planner weighs tax before its roundings: ten won (and a tenth) of each sale withheld, a won or a cent of all.
    slack = (len(CODES) * 11 + 3) * 3 if country == "KR" else Fraction(3, 100)
    gap = Fraction(plan.optimality.gap_bp) / 10_000 * Fraction(plan.drift.total_value)
    assert best <= mine <= best + slack + gap
