"""How far to go: the methods of definition 7, the minimum trade and the deadband of definition 8."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.drift import Drift, measure_drift
from rebalance_kit.errors import RuleError, UsageError
from rebalance_kit.goals import Goal, ideal_goals, minimum_trade
from rebalance_kit.policy.model import Method, Policy
from tests.make import document_000, document_001, policy, situation
from tests.test_drift import PRICES, QUANTITIES, line, policies


def goals(wanted: Policy | str, held: str, method: Method | None = None, fraction: str | None = None) -> list[Goal]:
    made = situation(wanted, held)
    share = None if fraction is None else Decimal(fraction)
    return list(ideal_goals(made.policy, measure_drift(*made), method, share))


def values(wanted: Policy | str, held: str, method: Method | None = None, fraction: str | None = None) -> list[Decimal]:
    return [goal.value for goal in goals(wanted, held, method, fraction)]


def won(*amounts: int | str) -> list[Decimal]:
    return [Decimal(amount) for amount in amounts]


# --- the documents ----------------------------------------------------------------------------------------------------


def test_document_000_goes_to_target_by_these_amounts() -> None:
    made = document_000()
    reached = ideal_goals(made.policy, measure_drift(*made))
    assert [(goal.code, goal.amount, goal.below_minimum) for goal in reached] == [
        ("360750", Decimal(-350_000), False),
        ("069500", Decimal(50_000), True),
        ("305080", Decimal(250_000), False),
        ("273130", Decimal(50_000), True),
        ("091230", Decimal(-400_000), False),
        ("305720", Decimal(300_000), False),
        ("319640", Decimal(100_000), False),  # exactly the minimum counts
    ]


def test_document_001_goes_to_target_by_these_amounts() -> None:
    made = document_001()
    reached = ideal_goals(made.policy, measure_drift(*made))
    assert [goal.amount for goal in reached] == won(200_000, -800_000, 400_000, 200_000)
    assert [goal.value for goal in reached] == won(3_000_000, 4_000_000, 2_000_000, 1_000_000)


# --- the minimum trade ------------------------------------------------------------------------------------------------


def test_a_thousandth_of_500_000_is_500() -> None:
    assert minimum_trade(policy("A 100", min_trade_share="0.001"), Decimal(500_000)) == 500


def test_of_an_amount_and_a_share_the_larger_wins() -> None:
    both = policy("A 100", min_trade="500", min_trade_share="0.001")
    assert minimum_trade(both, Decimal(499_999)) == 500
    assert minimum_trade(both, Decimal(600_000)) == 600
    assert minimum_trade(policy("A 100"), Decimal(600_000)) == 0


def test_exactly_the_minimum_is_not_below_it() -> None:
    wanted = policy("A 50, B 50", min_trade="10")
    assert [goal.below_minimum for goal in goals(wanted, "A 60 @ 1, B 40 @ 1")] == [False, False]
    assert [goal.below_minimum for goal in goals(wanted, "A 59 @ 1, B 41 @ 1")] == [True, True]
    assert [goal.below_minimum for goal in goals(wanted, "A 50 @ 1, B 50 @ 1")] == [False, False]  # nothing to trade


# --- the methods ------------------------------------------------------------------------------------------------------


def test_full_is_exact_to_the_last_digit() -> None:
    assert values("A 33.3, B 66.7", "A 7 @ 1, B 3 @ 1") == won("3.33", "6.67")


def test_full_invests_cash_above_its_target() -> None:
    assert values("A 60, B 30, cash 10", "A 50 @ 1; cash KRW 50") == won(60, 30)


def test_a_fraction_and_half_of_each_drift() -> None:
    held = "A 70 @ 1, B 20 @ 1, C 10 @ 1"
    assert values("A 60, B 30, C 10", held, Method.HALFWAY) == won(65, 25, 10)
    assert values("A 60, B 30, C 10", held, fraction="0.3") == won(67, 23, 10)
    assert values(policy("A 60, B 30, C 10", method="fraction", fraction="0.3"), held) == won(67, 23, 10)
    assert values("A 60, B 30, C 10", held, Method.FRACTION, "1") == won(60, 30, 10)


@pytest.mark.parametrize(("method", "fraction"), [(None, "0"), (None, "1.5"), (None, "-1"), (Method.FULL, "0.5")])
def test_a_fraction_that_does_not_fit_is_refused(method: Method | None, fraction: str) -> None:
    with pytest.raises(UsageError) as refused:
        goals("A 100", "A 1 @ 1", method, fraction)
    assert refused.value.code == "wrong_fraction"


@pytest.mark.parametrize(
    ("held", "reached"),
    [
        ("A 68 @ 1, B 22 @ 1, C 10 @ 1", won(65, 25, 10)),  # turnover 3 % against 8 % of full
        ("A 70 @ 1, B 18 @ 1, C 12 @ 1", won(65, 25, 10)),  # the edges 65/25/12 are 102: projected back
        ("A 660 @ 1, B 260 @ 1, C 80 @ 1", won(650, 265, 85)),  # what the edge sets free is shared
        ("A 62 @ 1, B 28 @ 1, C 10 @ 1", won(62, 28, 10)),  # inside: nothing moves
        ("A 50 @ 1, B 30 @ 1, C 10 @ 1; cash KRW 10", won(55, 33, 12)),
    ],
)
def test_band_edges_with_bands_of_five_points(held: str, reached: list[Decimal]) -> None:
    assert values(policy("A 60, B 30, C 10", threshold="0.05", method="band_edge"), held) == reached


def test_band_edges_that_need_thirds_of_a_won_still_add_up() -> None:
    reached = values(policy("A 40, B 30, C 20, D 10"), "A 50 @ 1, B 29 @ 1, C 15 @ 1, D 7 @ 1", Method.BAND_EDGE)
    assert sum(reached) == 101
    assert all(value == int(value) for value in reached)


def test_band_edges_never_buy_what_has_no_target() -> None:
    held = "A 55 @ 1, B 37 @ 1, X 2 @ 1; cash KRW 6"
    for wanted in (policy("A 60, B 40"), policy("A 60, B 40, X 0")):
        assert values(wanted, held, Method.BAND_EDGE) == won(58, 40, 2)


def test_breached_only_moves_who_is_past_and_who_pays_for_it() -> None:
    wanted = policy("A 40, B 30, C 20, D 10", threshold="0.05", method="breached_only")
    # A is 6 under and B 6 over: they pay each other and C and D stay
    assert values(wanted, "A 34 @ 1, B 36 @ 1, C 21 @ 1, D 9 @ 1") == won(40, 30, 21, 9)
    # A needs 6: B, C and D give in proportion to their own excess of 3, 2 and 1
    assert values(wanted, "A 34 @ 1, B 33 @ 1, C 22 @ 1, D 11 @ 1") == won(40, 30, 20, 10)
    # A needs 6, cash has 2: the other 4 come from the excess of 3 and 3
    assert values(wanted, "A 34 @ 1, B 33 @ 1, C 23 @ 1, D 8 @ 1; cash KRW 2") == won(40, 31, 21, 8)
    assert values(wanted, "A 41 @ 1, B 29 @ 1, C 20 @ 1, D 8 @ 1; cash KRW 2") == won(41, 29, 20, 8)


def test_breached_only_moves_every_asset_of_a_group_past_its_threshold() -> None:
    wanted = policy("stocks: A 30, B 30; bonds: C 20, D 20", group_threshold="0.03", method="breached_only")
    assert values(wanted, "A 32 @ 1, B 31 @ 1, C 18 @ 1, D 19 @ 1") == won(30, 30, 20, 20)


def test_the_zone_sends_to_its_nearest_edge() -> None:
    zone = policy("A 66, B 34", no_trade_zone={"A": ("0.593", "0.719")})
    assert values(zone, "A 800 @ 1, B 200 @ 1", Method.NO_TRADE_ZONE) == won(719, 281)
    assert values(zone, "A 500 @ 1, B 500 @ 1", Method.NO_TRADE_ZONE) == won(593, 407)
    assert values(zone, "A 700 @ 1, B 300 @ 1", Method.NO_TRADE_ZONE) == won(700, 300)


def test_without_a_zone_the_method_is_refused() -> None:
    with pytest.raises(RuleError, match="without a zone") as refused:
        goals("A 100", "A 1 @ 1", Method.NO_TRADE_ZONE)
    assert refused.value.exit_code == 3


def test_lower_edges_that_exceed_the_portfolio_are_refused() -> None:
    zone = policy("A 50, B 50", no_trade_zone={"A": ("0.6", "0.7"), "B": ("0.6", "0.7")})
    with pytest.raises(RuleError, match="add up to more than there is"):
        goals(zone, "A 50 @ 1, B 50 @ 1", Method.NO_TRADE_ZONE)


def test_the_deadband_is_strict() -> None:
    wanted = policy("A 50, B 30, C 20", deadband="0.01")
    assert values(wanted, "A 510 @ 1, B 300 @ 1, C 190 @ 1") == won(510, 300, 190)  # exactly 1 %: no trade
    assert values(wanted, "A 511 @ 1, B 300 @ 1, C 189 @ 1") == won(500, 300, 200)


def test_what_the_policy_does_not_name_has_the_goal_zero() -> None:
    assert values("A 100", "A 90 @ 1, X 10 @ 1") == won(100, 0)


def test_the_json_of_a_goal() -> None:
    assert goals(policy("A 50, B 50", min_trade="50"), "A 60.5 @ 1, B 40 @ 1")[0].to_dict() == {
        "code": "A", "value": "50.5", "amount": "-10.5", "below_minimum": True,
    }  # fmt: skip


# --- what always holds ------------------------------------------------------------------------------------------------

CASH = st.integers(1, 10**9)


def measured(wanted: Policy, quantities: list[int], prices: list[int], cash: int) -> Drift:
    return measure_drift(*situation(wanted, line(quantities, prices, cash)))


@given(policies(), QUANTITIES, PRICES, CASH)
def test_the_goals_of_full_sum_to_the_invested_total(
    wanted: Policy, quantities: list[int], prices: list[int], cash: int
) -> None:
    drift = measured(wanted, quantities, prices, cash)
    reached = sum(Fraction(goal.value) for goal in ideal_goals(wanted, drift, Method.FULL))
    assert reached == Fraction(drift.total_value) * (1 - Fraction(wanted.rebalancing.cash.target))


@given(policies(), QUANTITIES, PRICES, CASH)
def test_band_edges_never_overshoot_and_add_up_to_the_won(
    wanted: Policy, quantities: list[int], prices: list[int], cash: int
) -> None:
    drift = measured(wanted, quantities, prices, cash)
    reached = {goal.code: goal.value for goal in ideal_goals(wanted, drift, Method.BAND_EDGE)}
    for asset in drift.assets:
        low, high = asset.lower * drift.total_value, asset.upper * drift.total_value
        assert low - 1 <= reached[asset.code] <= high + 1  # rounded to the won
    invested = Fraction(drift.total_value) * (1 - Fraction(wanted.rebalancing.cash.target))
    assert abs(sum(map(Fraction, reached.values())) - invested) < 1


@given(policies(), QUANTITIES, PRICES, CASH)
def test_breached_only_never_passes_a_target_and_adds_up_to_the_won(
    wanted: Policy, quantities: list[int], prices: list[int], cash: int
) -> None:
    drift = measured(wanted, quantities, prices, cash)
    reached = {goal.code: goal.value for goal in ideal_goals(wanted, drift, Method.BREACHED_ONLY)}
    for asset in drift.assets:
        target = asset.target_weight * drift.total_value
        assert min(asset.value, target) - 1 <= reached[asset.code] <= max(asset.value, target) + 1
        if asset.breached:
            assert abs(reached[asset.code] - target) <= 1
    if drift.breaches or drift.group_breaches:
        invested = Fraction(drift.total_value) * (1 - Fraction(wanted.rebalancing.cash.target))
        assert abs(sum(map(Fraction, reached.values())) - invested) < 1


@given(policies(), QUANTITIES, PRICES, CASH, st.integers(1, 100))
def test_a_fraction_lies_between_now_and_target(
    wanted: Policy, quantities: list[int], prices: list[int], cash: int, percent: int
) -> None:
    drift = measured(wanted, quantities, prices, cash)
    part = ideal_goals(wanted, drift, Method.FRACTION, Decimal(percent) / 100)
    full = ideal_goals(wanted, drift, Method.FULL)
    for some, whole in zip(part, full, strict=True):
        assert Fraction(some.amount) == Fraction(whole.amount) * percent / 100
