"""Commission and slippage of an order, and the rebalance that pays for itself."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.costs import commission, cost_rates, self_financing, slippage
from tests.make import policy

SEED = policy(
    "A 60, B 40", fee="0.00015", slippage="0.001", assets={"B": {"commission_rate": "0.002", "slippage": "0"}}
)


def test_costs_are_rounded_up_to_the_minor_unit() -> None:
    assert commission(SEED, "A", Decimal(336_000), "KRW") == 51  # 50.4
    assert slippage(SEED, "A", Decimal(336_000), "KRW") == 336
    assert commission(SEED, "A", Decimal("428.57"), "USD") == Decimal("0.07")  # 0.0642855
    assert commission(SEED, "A", Decimal(0), "KRW") == 0


def test_an_asset_may_have_rates_of_its_own() -> None:
    assert cost_rates(SEED, "A") == (Decimal("0.00015"), Decimal("0.001"))
    assert cost_rates(SEED, "B") == (Decimal("0.002"), Decimal(0))
    assert commission(SEED, "B", Decimal(100_000), "KRW") == 200


def test_absent_costs_are_zero() -> None:
    assert cost_rates(policy("A 100"), "A") == (Decimal(0), Decimal(0))


def test_eighty_to_forty_five_at_twenty_basis_points() -> None:
    found = self_financing({"stocks": Decimal(80), "bonds": Decimal(45)}, weights("60 40"), Decimal("0.002"))
    assert (found.sold, found.bought, found.cost) == (
        Fraction(4175, 833),
        Fraction(12475, 2499),
        Fraction(50, 2499),
    )
    assert found.total == 125 - Fraction(50, 2499)


def weights(text: str) -> dict[str, Fraction]:
    names = ("stocks", "bonds", "gold", "cash")
    return {name: Fraction(int(part), 100) for name, part in zip(names, text.split(), strict=False)}


def test_without_a_cost_it_is_the_plain_rebalance() -> None:
    found = self_financing({"stocks": Decimal(80), "bonds": Decimal(45)}, weights("60 40"), Decimal(0))
    assert found.trades == {"stocks": -5, "bonds": 5}
    assert found.cost == 0


def test_on_target_nothing_is_traded() -> None:
    found = self_financing({"stocks": Decimal(60), "bonds": Decimal(40)}, weights("60 40"), Decimal("0.01"))
    assert set(found.trades.values()) == {0}


@pytest.mark.parametrize("targets", ["60 30", "60 50", "110 -10"])
def test_weights_that_are_none_are_refused(targets: str) -> None:
    with pytest.raises(ValueError, match="sum to one"):
        self_financing({"stocks": Decimal(80), "bonds": Decimal(45)}, weights(targets), Decimal("0.002"))


@given(
    rows=st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 100)), min_size=1, max_size=8).filter(
        lambda rows: sum(row[1] for row in rows) > 0
    ),
    rate=st.fractions(0, Fraction(1, 2), max_denominator=10_000),
)
def test_the_cost_is_paid_on_each_leg_and_the_weights_are_exact(rows: list[tuple[int, int]], rate: Fraction) -> None:
    whole = sum(row[1] for row in rows)
    values = {str(i): Fraction(row[0]) for i, row in enumerate(rows)}
    targets = {str(i): Fraction(row[1], whole) for i, row in enumerate(rows)}
    found = self_financing(values, targets, rate)
    assert found.cost == rate * (found.sold + found.bought)
    assert found.total == sum(values.values()) - found.cost
    assert {code: values[code] + found.trades[code] for code in values} == {
        code: targets[code] * found.total for code in values
    }
