"""Is a rebalance due? Definitions 4 to 6: strategies, schedules, intervals, the volatility switch, every reason."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.drift import measure_drift
from rebalance_kit.goals import ideal_goals
from rebalance_kit.policy.model import Policy, Strategy
from rebalance_kit.trigger import Decision, decide, worth_trading
from tests.make import Situation, document_000, document_001, policy, situation
from tests.test_drift import PRICES, QUANTITIES, line, policies

UNSCHEDULED = date(2026, 3, 4)
SCHEDULED = date(2026, 4, 1)
CALM = "A 61 @ 1, B 39 @ 1"
BREACHED = "A 66 @ 1, B 34 @ 1"


def decision(made: Situation, on: date = UNSCHEDULED, **facts: Any) -> Decision:
    drift = measure_drift(*made)
    return decide(made.policy, drift, ideal_goals(made.policy, drift), on=on, **facts)


def ab(held: str, **settings: Any) -> Situation:
    return situation(policy("A 60, B 40", **settings), held)


def said(answer: Decision) -> str:
    return " ".join(reason.en for reason in answer.reasons)


# --- document 000 and 001 ---------------------------------------------------------------------------------------------


def test_document_000_is_not_due_on_an_unscheduled_day_and_says_why() -> None:
    answer = decision(document_000())
    assert (answer.rebalance, answer.trigger) == (False, "none")
    assert answer.next_date == SCHEDULED
    assert [reason.en for reason in answer.reasons] == [
        "2026-03-04 is not a scheduled day; the next one is 2026-04-01.",
        "No asset is past its band: the largest drift is 3.64 points, TIGER 반도체 (091230) over its target, and the "
        "threshold is 5 points.",
    ]
    assert [reason.ko for reason in answer.reasons] == [
        "기준일(2026-03-04)은 정기 점검일이 아닙니다. 다음 정기 점검일은 2026-04-01입니다.",
        "허용 범위를 벗어난 종목이 없습니다. 가장 큰 편차는 TIGER 반도체 (091230)의 +3.64%p이고 기준은 5%p입니다.",
    ]


def test_document_000_is_due_on_the_first_session_of_the_quarter() -> None:
    answer = decision(document_000(), SCHEDULED)
    assert (answer.rebalance, answer.trigger, answer.next_date) == (True, "scheduled", date(2026, 7, 1))
    assert "2026-04-01 is a scheduled day (quarterly)." in said(answer)


def test_document_000_at_3_percent_is_due_at_once_and_lists_both_breaches() -> None:
    answer = decision(document_000(threshold="0.03"))
    assert answer.trigger == "drift"
    assert "360750" in said(answer)
    assert "091230" in said(answer)


def test_document_001_waits_180_days_or_for_a_breach() -> None:
    wanted = {"hybrid": "breach_or_max_interval", "max_interval_days": 180}
    assert decision(document_001(**wanted)).trigger == "drift"  # 8 points in VOO
    calm = document_001(**wanted, threshold="0.10")
    assert decision(calm, last_rebalance=UNSCHEDULED - timedelta(days=180)).trigger == "none"
    assert decision(calm, last_rebalance=UNSCHEDULED - timedelta(days=181)).trigger == "max_interval"


# --- strategies -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "hybrid", "calm", "breached", "calm_on_the_day", "breached_on_the_day"),
    [
        ("calendar", "scheduled_or_breach", "none", "none", "scheduled", "scheduled"),
        ("threshold", "scheduled_or_breach", "none", "drift", "none", "drift"),
        ("hybrid", "scheduled_or_breach", "none", "drift", "scheduled", "scheduled"),
        ("hybrid", "breach_or_max_interval", "none", "drift", "none", "drift"),
        ("hybrid", "scheduled_and_breach", "none", "none", "none", "drift"),
        ("manual", "scheduled_or_breach", "none", "none", "none", "none"),
    ],
)
def test_what_each_strategy_acts_on(
    strategy: str, hybrid: str, calm: str, breached: str, calm_on_the_day: str, breached_on_the_day: str
) -> None:
    found = [
        decision(ab(held, strategy=strategy, hybrid=hybrid, threshold="0.05"), day).trigger
        for day in (UNSCHEDULED, SCHEDULED)
        for held in (CALM, BREACHED)
    ]
    assert found == [calm, breached, calm_on_the_day, breached_on_the_day]


@pytest.mark.parametrize(
    ("settings", "following"),
    [
        ({"strategy": "calendar"}, date(2026, 4, 1)),
        ({"strategy": "hybrid"}, date(2026, 4, 1)),
        ({"strategy": "hybrid", "hybrid": "scheduled_and_breach"}, date(2026, 4, 1)),
        ({"strategy": "hybrid", "hybrid": "breach_or_max_interval"}, date(2026, 3, 5)),
        ({"strategy": "threshold"}, date(2026, 3, 5)),
        ({"strategy": "threshold", "check_frequency": "weekly"}, date(2026, 3, 9)),
        ({"strategy": "manual"}, None),
    ],
)
def test_the_next_date_is_the_next_scheduled_session_or_check(settings: dict[str, Any], following: date | None) -> None:
    assert decision(ab(CALM, **settings)).next_date == following


def test_a_breach_is_judged_on_any_date_whatever_the_check_frequency() -> None:
    assert decision(ab(BREACHED, check_frequency="weekly")).trigger == "drift"


def test_a_breach_between_schedules_is_told_though_not_acted_on() -> None:
    for made in (ab(BREACHED, strategy="calendar"), ab(BREACHED, hybrid="scheduled_and_breach")):
        answer = decision(made)
        assert answer.trigger == "none"
        assert "A has drifted +6.00 points" in said(answer)
        assert "B has drifted -6.00 points" in said(answer)
        assert "scheduled days only" in said(answer)


def test_manual_says_so_and_still_shows_the_drift() -> None:
    answer = decision(ab(BREACHED, strategy="manual"))
    assert "strategy is manual" in said(answer)
    assert "A has drifted +6.00 points" in said(answer)


def test_the_zone_fires_outside_and_not_at_its_edge() -> None:
    settings: dict[str, Any] = {"strategy": "no_trade_zone", "no_trade_zone": {"A": ("0.593", "0.719")}}
    assert decision(ab("A 719 @ 1, B 281 @ 1", **settings)).trigger == "none"
    outside = decision(ab("A 720 @ 1, B 280 @ 1", **settings))
    assert outside.trigger == "no_trade_zone"
    assert said(outside) == "A is outside its no-trade zone: 72% against 59.3% - 71.9%."


def test_the_strategy_of_the_zone_without_a_zone_is_told() -> None:
    answer = decision(ab(BREACHED, strategy="no_trade_zone"))
    assert answer.trigger == "none"
    assert [finding.rule for finding in answer.findings] == ["no_zone"]


# --- groups -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "trigger"),
    [
        ("A 3150 @ 1, B 3149 @ 1, C 3701 @ 1", "none"),  # groups at 2.99 points
        ("A 3150 @ 1, B 3150 @ 1, C 3700 @ 1", "group_drift"),  # 3.00
        ("A 3499 @ 1, B 2501 @ 1, C 4000 @ 1", "none"),  # assets at 4.99
        ("A 3500 @ 1, B 2500 @ 1, C 4000 @ 1", "drift"),  # 5.00
        ("A 3600 @ 1, B 2800 @ 1, C 3600 @ 1", "drift"),  # both levels
    ],
)
def test_either_level_fires_at_its_threshold(held: str, trigger: str) -> None:
    made = situation(policy("stocks: A 30, B 30; bonds: C 40", threshold="0.05", group_threshold="0.03"), held)
    assert decision(made).trigger == trigger


def test_every_breach_of_both_levels_is_a_reason() -> None:
    made = situation(
        policy("stocks: A 30, B 30; bonds: C 40", threshold="0.05", group_threshold="0.03"),
        "A 36 @ 1, B 30 @ 1, C 34 @ 1",
    )
    answer = said(decision(made))
    for text in ("A has drifted +6.00", "C has drifted -6.00", "Group stocks has", "Group bonds has"):
        assert text in answer


def test_a_group_that_holds_says_by_how_much() -> None:
    made = situation(policy("s: A 60; b: B 40", group_threshold="0.03"), "A 6299 @ 1, B 3701 @ 1")
    assert "the largest drift is 2.99 points (s) and the threshold is 3 points" in said(decision(made))


# --- scheduled days and what is worth trading -------------------------------------------------------------------------


def test_a_scheduled_day_without_anything_worth_trading_is_not_due() -> None:
    answer = decision(ab("A 61 @ 1, B 39 @ 1", min_trade="2"), SCHEDULED)
    assert (answer.rebalance, answer.trigger) == (False, "none")
    assert "Nothing is worth trading: the largest amount to a goal is ₩1" in said(answer)
    assert decision(ab("A 61 @ 1, B 39 @ 1", min_trade="1"), SCHEDULED).trigger == "scheduled"


def test_worth_trading_is_at_least_one_share() -> None:
    """1,000 won off target: not worth it in shares of 1,001 won, worth it in shares of 1,000."""
    assert decision(ab("A 61 @ 1000, B 39 @ 1000"), SCHEDULED).trigger == "scheduled"
    wanted = policy("A 60, B 40")
    held = "A 61 @ 1001, B 39 @ 1001"
    made = situation(wanted, held)
    drift = measure_drift(*made)
    assert worth_trading(wanted, drift, ideal_goals(wanted, drift))
    half = ideal_goals(wanted, drift, fraction=Decimal("0.5"))
    assert not worth_trading(wanted, drift, half)
    parts = policy("A 60, B 40", accounts={"main": {"fractional": True}})
    assert worth_trading(parts, measure_drift(parts, made.holdings, made.prices), half)


@pytest.mark.parametrize(
    "assets",
    [{"A": {"never_sell": True}, "B": {"never_buy": True}}, {"A": {"never_sell": "true"}, "B": {"never_buy": "yes"}}],
)
def test_what_cannot_be_traded_is_not_worth_trading(assets: dict[str, dict[str, object]]) -> None:
    assert decision(ab(CALM, assets=assets), SCHEDULED).trigger == "none"


def test_a_holding_outside_the_policy_is_never_worth_trading_by_itself() -> None:
    made = situation(policy("A 99, cash 1", threshold="0.05"), "A 99 @ 1, X 1 @ 1")
    assert decision(made, SCHEDULED).trigger == "none"


# --- the longest interval ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "trigger"), [(0, "none"), (180, "none"), (181, "max_interval"), (-5, "none")])
def test_day_180_is_not_too_long_and_day_181_is(days: int, trigger: str) -> None:
    made = ab(CALM, hybrid="breach_or_max_interval", max_interval_days=180)
    assert decision(made, last_rebalance=UNSCHEDULED - timedelta(days=days)).trigger == trigger


def test_without_a_recorded_rebalance_the_interval_never_fires_and_a_finding_says_so() -> None:
    answer = decision(ab(CALM, hybrid="breach_or_max_interval"))
    assert answer.trigger == "none"
    assert [finding.rule for finding in answer.findings] == ["no_recorded_rebalance"]
    assert "No rebalance is recorded" in said(answer)
    assert decision(ab(CALM)).findings == ()


# --- what outranks the strategy ---------------------------------------------------------------------------------------


def test_force_and_cash_flows_are_always_planned_and_keep_the_other_reasons() -> None:
    for fact, trigger in (("forced", "manual"), ("cash_flow", "cash_flow")):
        facts: dict[str, Any] = {fact: True}
        answer = decision(document_000(), **facts)
        assert (answer.rebalance, answer.trigger) == (True, trigger)
        assert "the largest drift is 3.64 points" in said(answer)
    assert decision(document_000(), forced=True, cash_flow=True).trigger == "cash_flow"


# --- the volatility switch --------------------------------------------------------------------------------------------


def switched(action: str, held: str = BREACHED) -> Situation:
    return ab(held, volatility={"above": "0.25", "action": action, "widen_by": "1.5"}, check_frequency="weekly")


@pytest.mark.parametrize("action", ["none", "widen", "delay"])
def test_at_the_level_the_switch_is_off_and_says_so(action: str) -> None:
    answer = decision(switched(action), volatility=Decimal("0.25"))
    assert answer.trigger == "drift"
    assert "not above 25%" in said(answer)


def test_above_the_level_with_the_action_none_the_decision_only_says_so() -> None:
    answer = decision(switched("none"), volatility=Decimal("0.3"))
    assert answer.trigger == "drift"
    assert "Realised volatility is 30% a year, above 25%: the policy changes nothing." in said(answer)


def test_above_the_level_bands_are_widened() -> None:
    answer = decision(switched("widen"), volatility=Decimal("0.3"))
    assert answer.trigger == "none"  # 6 points are inside 7.5
    assert "the threshold is 7.5 points" in said(answer)
    assert decision(switched("widen", "A 675 @ 1, B 325 @ 1"), volatility=Decimal("0.3")).trigger == "drift"


def test_bands_are_never_widened_twice() -> None:
    made = switched("widen", "A 675 @ 1, B 325 @ 1")
    drift = measure_drift(*made, widen=Decimal("1.5"))
    answer = decide(made.policy, drift, (), on=UNSCHEDULED, volatility=Decimal("0.3"))
    assert answer.trigger == "drift"


def test_above_the_level_trading_waits_for_the_next_check() -> None:
    answer = decision(switched("delay"), volatility=Decimal("0.3"))
    assert (answer.rebalance, answer.trigger, answer.delayed_until) == (False, "none", date(2026, 3, 9))
    assert decision(switched("delay"), volatility=Decimal("0.3"), cash_flow=True).trigger == "cash_flow"
    assert decision(switched("delay"), volatility=Decimal("0.3"), forced=True).trigger == "manual"
    assert decision(switched("delay", CALM), volatility=Decimal("0.3")).delayed_until is None


def test_a_switch_that_cannot_be_judged_is_told() -> None:
    answer = decision(switched("delay"))
    assert answer.trigger == "drift"
    assert [finding.rule for finding in answer.findings] == ["volatility_unknown"]


# --- how it reads -----------------------------------------------------------------------------------------------------


def test_a_drift_just_under_the_threshold_never_reads_as_the_threshold() -> None:
    assert "the largest drift is 4.9990 points" in said(decision(ab("A 64999 @ 1, B 35001 @ 1")))
    assert "is 4.99 points" in said(decision(ab("A 6499 @ 1, B 3501 @ 1")))


def test_a_breach_at_the_edge_reads_as_one() -> None:
    answer = decision(ab("A 65 @ 1, B 35 @ 1"))
    assert answer.reasons[1].en == (
        "A has drifted +5.00 points to 65% against a target of 60%, at the edge of its band 55% - 65%."
    )
    assert answer.reasons[1].ko == "A: 현재 65%, 목표 60%, 편차 +5.00%p로 허용 범위 55% - 65%의 경계에 닿았습니다."


@pytest.mark.parametrize(
    ("kind", "threshold", "text"),
    [
        ("relative", "0.10", "the threshold is 10% of the target"),
        ("smaller_of", "0.05", "the threshold is the smaller of 5 points and 25% of the target"),
    ],
)
def test_the_threshold_of_each_kind_in_words(kind: str, threshold: str, text: str) -> None:
    assert text in said(decision(ab(CALM, kind=kind, threshold=threshold)))


def test_the_json_of_a_decision() -> None:
    shown = decision(document_000()).to_dict("en")
    assert json.loads(json.dumps(shown)) == shown
    assert list(shown) == ["rebalance", "trigger", "reasons", "next_date", "delayed_until"]
    assert (shown["next_date"], shown["delayed_until"]) == ("2026-04-01", None)


def test_a_notebook_shows_the_reasons_in_the_language_of_the_policy() -> None:
    assert "정기 점검일이 아닙니다" in decision(document_000())._repr_html_()


# --- what always holds ------------------------------------------------------------------------------------------------


@given(
    policies(),
    QUANTITIES,
    PRICES,
    st.integers(1, 10**9),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.sampled_from([s for s in Strategy if s != Strategy.NO_TRADE_ZONE]),
    st.none() | st.integers(0, 400),
)
def test_a_decision_is_due_exactly_when_it_names_a_trigger_and_always_says_why(
    wanted: Policy, quantities: list[int], prices: list[int], cash: int, on: date, strategy: Strategy, days: int | None
) -> None:
    rules = wanted.rebalancing.model_copy(update={"strategy": strategy})
    made = situation(wanted.model_copy(update={"rebalancing": rules}), line(quantities, prices, cash))
    last = None if days is None else on - timedelta(days=days)
    answer = decision(made, on, last_rebalance=last)
    assert answer.rebalance == (answer.trigger != "none")
    assert answer.reasons
    assert answer.next_date is None or answer.next_date > on
    breached = {asset.code for asset in measure_drift(*made).breaches}
    assert all(f"{code} has drifted" in said(answer) for code in breached)
