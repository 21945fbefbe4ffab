"""Lots that a person names: no other choice of lots of the same sales owes less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from rebalance_kit.policy.model import Policy
from rebalance_kit.tax.choosing import choose_lots
from rebalance_kit.tax.schedule import Sums, TaxSchedule, total
from rebalance_kit.tax.scheduling import never_meet, tax_schedules, told_apart
from tests.make import policy
from tests.make_tax import AMERICAN, taxed

Lots = tuple[tuple[str, Fraction], ...]


def american(**tax: object) -> Policy:
    return policy("A 50, B 50", assets=dict.fromkeys("AB", AMERICAN), base_currency="USD", exchange="XNYS",
                  tax={"jurisdiction": "US", "lot_method": "specific", **tax})  # fmt: skip


def every_choice(schedule: TaxSchedule, shares: int) -> Iterator[Lots]:
    names = [(piece.lot_id, int(piece.shares)) for piece in schedule.pieces]
    for parts in product(*(range(most + 1) for _, most in names)):
        if sum(parts) == shares:
            yield tuple((name, Fraction(part)) for (name, _), part in zip(names, parts, strict=True) if part)


def sums(schedules: Mapping[str, TaxSchedule], chosen: Mapping[str, Lots]) -> Sums:
    return total(schedules[code].named(lots) for code, lots in chosen.items())


COSTS = st.lists(st.integers(20, 400), min_size=6, max_size=6)


@settings(deadline=None, max_examples=60)
@given(
    costs=COSTS,
    counts=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    short=st.integers(-3, 3),
    long=st.integers(-3, 3),
)
def test_no_other_choice_of_whole_lots_owes_noticeably_less(
    costs: list[int], counts: tuple[int, int], short: int, long: int
) -> None:
    days = ["2023-05-02", "2025-06-02", "2025-12-01"]
    bought = ", ".join(
        f"{code} {code}{i} {days[i]} 3 @ {costs[3 * k + i]}" for k, code in enumerate("AB") for i in range(3)
    )
    made = american(realised_gain_ytd=100 * (short + long), realised_long_term_ytd=100 * long)
    case = taxed(made, bought, "A 200, B 150").case()
    schedules, shared = tax_schedules(case, "main", "AB")
    shares = {code: Fraction(count) for code, count in zip("AB", counts, strict=True)}
    chosen = choose_lots(schedules, shares, shared)
    assert all(sum(part for _, part in lots) == shares[code] for code, lots in chosen.items())
    found = shared.added(sums(schedules, chosen))
    everything = product(*(every_choice(schedules[code], count) for code, count in zip("AB", counts, strict=True)))
    least = min(shared.added(sums(schedules, dict(zip("AB", lots, strict=True)))) for lots in everything)
    # At a kink of the netting the best choice may split a lot between two rates: then by less than a share's tax.
    assert least <= found <= least + Fraction(37, 100) * 400


@given(costs=st.lists(st.integers(20, 140), min_size=6, max_size=6), shares=st.integers(1, 9))
@settings(deadline=None, max_examples=30)
def test_where_nothing_is_shared_the_choice_is_the_best(costs: list[int], shares: int) -> None:
    days = ["2023-05-02", "2025-06-02", "2025-12-01"]
    bought = ", ".join(f"A A{i} {days[i]} 3 @ {costs[i]}" for i in range(3))
    case = taxed(american(), bought, "A 200").case()
    schedules, shared = tax_schedules(case, "main", "A")
    assert never_meet(schedules.values(), shared)
    apart, rest = told_apart(schedules, shared, alone=True)
    chosen = choose_lots(apart, {"A": Fraction(shares)}, rest)
    least = min(shared.added(schedules["A"].named(lots)) for lots in every_choice(schedules["A"], shares))
    assert shared.added(schedules["A"].named(chosen["A"])) == least
