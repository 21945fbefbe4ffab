"""Every pre-trade rule broken once on purpose, the limits at -1 / 0 / +1, and no other way to checked orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalance_kit.brokers.base import Mode, OrderList, OrderRow
from rebalance_kit.cashflow import cash_goals
from rebalance_kit.checks import CheckedOrders, Facts, PlanBlocked, Rule, broken_rules, check_plan, rule_table
from rebalance_kit.drift import measure_drift
from rebalance_kit.errors import KitError
from rebalance_kit.goals import ideal_goals
from rebalance_kit.holdings.model import Cash, Position
from rebalance_kit.orders import Order, Side
from rebalance_kit.planner.make import make_plan
from rebalance_kit.planner.plan import Plan, PlanOptions
from rebalance_kit.prices.model import Quote
from rebalance_kit.trigger import decide
from rebalance_kit.words import same
from tests.make import ON, Situation, document_000, document_001, policy, situation
from tests.make_run import Desk, order, paper_desk, plan

NOWHERE = Path("nowhere")  # nothing is written: a paper account reads as its seed
FREE = {"max_order_share": "1", "max_turnover": "1"}


def facts_of(made: Situation, wanted: str | None = None, *, typed: str | None = None, **options: Any) -> Facts:
    return paper_desk(NOWHERE, made, wanted, **options).facts(typed=typed)


@pytest.fixture
def facts() -> Facts:
    """Source document 000, forced: a plan that breaks no rule."""
    return facts_of(document_000(), options=PlanOptions(force=True))


def codes(facts: Facts) -> set[str]:
    return {broken.rule.code for broken in broken_rules(facts)}


def blocking(facts: Facts) -> set[str]:
    return {broken.rule.code for broken in broken_rules(facts) if broken.blocks}


def with_orders(facts: Facts, *changed: Order) -> Facts:
    return replace(facts, plan=replace(facts.plan, orders=changed))


def changing(facts: Facts, **changes: Any) -> Facts:
    """The facts with the first order changed."""
    first, *others = facts.plan.orders
    return with_orders(facts, replace(first, **changes), *others)


def row(facts: Facts, **changes: Any) -> OrderRow:
    made = OrderRow("n-1", facts.snapshot.as_of, "360750", Side.SELL, 1, None, "KRW", 0, Decimal(0), None, True)
    return replace(made, **changes)


# ---- the gate ----


def test_a_good_plan_passes_and_its_orders_are_apart(facts: Facts) -> None:
    checked = check_plan(facts)
    assert {made.side for made in checked.sells} == {Side.SELL}
    assert {made.side for made in checked.buys} == {Side.BUY}
    assert len(checked.sells) + len(checked.buys) == len(facts.plan.orders)
    assert checked.acknowledged == ()


def test_only_the_gate_makes_checked_orders(facts: Facts) -> None:
    checked = check_plan(facts)
    with pytest.raises(TypeError, match="only check_plan"):
        CheckedOrders("p", "main", (), (), (), facts, (), seal=object())
    with pytest.raises((TypeError, ValueError)):
        replace(checked, sells=(), seal=None)
    with pytest.raises(AttributeError):
        checked.sells = ()  # type: ignore[misc]  # frozen


def test_every_broken_rule_is_named_not_the_first(facts: Facts) -> None:
    bad = replace(facts, mode=None, stopped=True, typed="x", earlier_run="r-1")
    with pytest.raises(PlanBlocked) as told:
        check_plan(bad)
    assert told.value.exit_code == 3
    assert {broken.rule for broken in told.value.broken} == {Rule.MODE, Rule.KILL_SWITCH, Rule.APPROVED, Rule.ONCE}
    for code in ("R01", "R03", "R04", "R21"):
        assert code in told.value.message("en")
        assert code in told.value.message("ko")


def test_one_broken_rule_is_the_errors_code(facts: Facts) -> None:
    with pytest.raises(PlanBlocked) as told:
        check_plan(replace(facts, stopped=True))
    assert told.value.code == "kill_switch"


def test_the_rules_are_pure(facts: Facts) -> None:
    assert broken_rules(facts) == broken_rules(facts)


def test_the_table_has_every_rule_once() -> None:
    for table in (rule_table("en"), rule_table("ko")):
        assert sum(line.startswith("| R") for line in table.splitlines()) == len(Rule)
    assert len({rule.code for rule in Rule}) == len(Rule)


# ---- each rule, broken ----

BREAK: dict[str, Callable[[Facts], Facts]] = {
    "R01": lambda f: replace(f, mode=Mode.REAL),
    "R02": lambda f: changing(f, account="other"),
    "R03": lambda f: replace(f, stopped=True),
    "R04": lambda f: replace(f, typed="another"),
    "R06": lambda f: replace(f, snapshot=replace(f.snapshot, cash=(Cash("main", "KRW", Decimal(1)),))),
    "R07": lambda f: replace(f, typed=f.plan.plan_id, closed=tuple((o.code, same("shut")) for o in f.plan.orders)),
    "R09": lambda f: changing(f, limit_price=f.plan.orders[0].reference_price * Decimal("1.04")),
    "R11": lambda f: changing(f, quantity=f.plan.orders[0].quantity + 4),  # and the cash stays idle
    "R13": lambda f: changing(f, quantity=31),
    "R14": lambda f: with_orders(f, *(made for made in f.plan.orders if made.side is Side.BUY)),
    "R15": lambda f: changing(f, quantity=1, amount=Decimal(50_000)),
    "R18": lambda f: changing(f, code="999999"),
    "R19": lambda f: with_orders(f, *f.plan.orders, replace(f.plan.orders[0], side=Side.BUY)),
    "R20": lambda f: replace(f, unresolved=frozenset({("360750", Side.SELL)})),
    "R21": lambda f: replace(f, earlier_run="run-1"),
    "R22": lambda f: changing(f, rate=Decimal(2)),
    "R24": lambda f: replace(f, snapshot=replace(f.snapshot, positions=f.snapshot.positions * 2)),
    "R28": lambda f: replace(f, plan=replace(f.plan, certificate=plan(document_000(), "", valid=False).certificate)),
}


@pytest.mark.parametrize("code", sorted(BREAK))
def test_a_broken_rule_is_found(facts: Facts, code: str) -> None:
    assert codes(facts) == set()
    assert code in codes(BREAK[code](facts))


def test_the_approved_policy_is_the_only_one() -> None:
    made = document_000(governance={"approved": "0" * 64})
    assert codes(facts_of(made, options=PlanOptions(force=True))) == {"R04"}


def test_a_position_that_the_plan_did_not_know_is_found(facts: Facts) -> None:
    more = (*facts.snapshot.positions, Position("main", "ZZZ", Decimal(1), "KRW"))
    assert "R06" in codes(replace(facts, snapshot=replace(facts.snapshot, positions=more)))


@pytest.mark.parametrize(("age", "broken"), [(2, False), (3, False), (4, True)])
def test_prices_may_be_as_old_as_the_policy_says(age: int, broken: bool) -> None:
    made = document_000(prices={"max_age": 3})
    old = {code: replace(quote, as_of=ON - timedelta(days=age)) for code, quote in made.prices.quotes.items()}
    facts = facts_of(made._replace(prices=replace(made.prices, quotes=old)), options=PlanOptions(force=True))
    assert ("R08" in codes(facts)) is broken


@pytest.mark.parametrize(("limit", "broken"), [("51500", False), ("51501", True), ("48500", False), ("48499", True)])
def test_a_limit_is_within_three_percent(facts: Facts, limit: str, broken: bool) -> None:
    assert ("R09" in codes(changing(facts, limit_price=Decimal(limit)))) is broken


@pytest.mark.parametrize(("days", "before", "found"), [(1, "43000", True), (1, "44000", False), (30, "20000", False)])
def test_a_price_that_jumped_within_a_week_is_acknowledged(facts: Facts, days: int, before: str, found: bool) -> None:
    earlier = Quote("091230", Decimal(before), "KRW", ON - timedelta(days=days), "prices.csv")
    now = facts.prices.quotes["091230"]
    jumped = replace(facts, prices=replace(facts.prices, history={"091230": (earlier, now)}))
    assert ("R09" in codes(jumped)) is found
    assert blocking(jumped) == set()
    assert len(check_plan(jumped).acknowledged) == found


# ---- R10 to R12: where the plan leads ----


def test_without_a_breach_only_the_calendar_a_person_or_cash_can_trade() -> None:
    made = document_000()
    assert codes(facts_of(made, trigger="drift")) == {"R10"}
    for trigger in ("scheduled", "max_interval"):
        assert codes(facts_of(made, trigger=trigger)) == set()
    assert codes(facts_of(made, options=PlanOptions(force=True), trigger="manual")) == set()


def test_after_a_breach_a_full_rebalance_may_trade_what_is_inside_its_band() -> None:
    made = situation(policy("A 60, B 30, C 10", threshold="0.05"), "main: A 66 @ 10000, B 26 @ 10000, C 8 @ 10000")
    assert codes(facts_of(made, "SELL A 6, BUY B 4, BUY C 2", trigger="drift")) == set()
    assert codes(facts_of(made, "SELL A 4, SELL C 2, BUY B 6", trigger="drift")) == {"R11"}


@pytest.mark.parametrize(("shares", "broken"), [(5, True), (6, False), (8, False), (9, True)])
def test_an_asset_lands_within_one_point_or_one_share_of_its_goal(shares: int, broken: bool) -> None:
    # 100 shares of 10,000 in all: one point is one share; the goal of A is 60, of B 40.
    made = situation(policy("A 60, B 40", constraints=FREE), "main: A 67 @ 10000, B 33 @ 10000; cash KRW 0")
    facts = facts_of(made, f"SELL A {shares}, BUY B {shares}", options=PlanOptions(force=True))
    assert ("R11" in codes(facts)) is broken


def test_what_the_policy_holds_back_need_not_land() -> None:
    held = "main: A 80 @ 10000, B 20 @ 10000; cash KRW 0"
    for assets in ({"A": {"never_sell": True}}, {"B": {"never_buy": True}, "A": {"never_sell": True}}):
        made = situation(policy("A 60, B 40", assets=assets), held)
        assert "R11" not in codes(facts_of(made, "", options=PlanOptions(force=True)))
    made = situation(policy("A 60, B 40", min_trade="250000"), held)
    assert "R11" not in codes(facts_of(made, "", options=PlanOptions(force=True)))
    made = situation(policy("A 60, B 40"), held)
    assert "R11" not in codes(facts_of(made, "", options=PlanOptions(no_sell=True)))
    assert "R11" in codes(facts_of(made, "", options=PlanOptions(force=True)))


def test_a_buffer_may_keep_buys_short_of_their_goal() -> None:
    rules = policy("A 50, B 50", buffer="200000", constraints=FREE)
    made = situation(rules, "main: A 40; cash KRW 600000", "A 10000, B 10000")
    assert codes(facts_of(made, "BUY B 40", options=PlanOptions(force=True))) == set()
    assert codes(facts_of(made, "BUY B 30", options=PlanOptions(force=True))) == {"R11"}


def test_an_unfilled_buffer_is_filled_although_the_distance_grows() -> None:
    made = situation(policy("A 50, B 50", buffer="100000"), "main: A 50 @ 10000, B 50 @ 10000; cash KRW 0")
    facts = facts_of(made, "SELL A 5, SELL B 5", options=PlanOptions(force=True))
    assert codes(facts) == set()


def test_an_explicit_band_may_pull_a_plan_past_its_goal() -> None:
    made = situation(
        policy("A 60 [55..65], B 40", method="fraction", fraction="0.1", constraints=FREE),
        "main: A 80 @ 10000, B 20 @ 10000; cash KRW 0",
    )
    assert codes(facts_of(made, "SELL A 15, BUY B 2", options=PlanOptions(force=True))) == set()
    assert codes(facts_of(made, "SELL A 25, BUY B 2", options=PlanOptions(force=True))) == {"R11"}


def test_the_total_distance_must_fall_and_no_asset_moves_away_by_a_share() -> None:
    made = situation(policy("A 60, B 40", constraints=FREE), "main: A 67 @ 10000, B 33 @ 10000; cash KRW 0")
    assert "R12" in codes(facts_of(made, "BUY A 1, SELL B 1", options=PlanOptions(force=True)))
    assert "R12" not in codes(facts_of(made, "SELL A 7, BUY B 7", options=PlanOptions(force=True)))


def test_a_deposit_may_dilute_what_is_underweight() -> None:
    facts = facts_of(document_001(), options=PlanOptions(contribute=Decimal(1_000_000)), trigger="cash_flow")
    assert codes(facts) == set()


# ---- limits at -1 / 0 / +1 ----


@pytest.mark.parametrize(("minimum", "broken"), [(99_999, False), (100_000, False), (100_001, True)])
def test_the_minimum_trade_is_inclusive(minimum: int, broken: bool) -> None:
    made = document_000(min_trade=str(minimum))
    orders = "SELL 360750 20, SELL 091230 8, BUY 305080 25, BUY 305720 9, BUY 319640 8"
    assert ("R15" in codes(facts_of(made, orders, options=PlanOptions(force=True)))) is broken


def test_selling_out_is_exempt_from_the_minimum() -> None:
    made = situation(policy("A 100, B 0", min_trade="100000"), "main: A 100 @ 10000, B 5 @ 10000; cash KRW 60000")
    sells_out = "SELL B 5, BUY A 11"
    assert codes(facts_of(made, sells_out, options=PlanOptions(force=True))) == set()
    assert "R15" in codes(facts_of(made, "SELL B 4, BUY A 10", options=PlanOptions(force=True)))


@pytest.mark.parametrize(("shares", "broken"), [(9, False), (10, False), (11, True)])
def test_an_order_is_at_most_a_tenth_of_the_account(shares: int, broken: bool) -> None:
    made = situation("A 50, B 50", "main: A 61 @ 10000, B 39 @ 10000; cash KRW 0")
    found = blocking(facts_of(made, f"SELL A {shares}, BUY B {shares}", options=PlanOptions(force=True)))
    assert ("R16" in found) is broken


@pytest.mark.parametrize(("cap", "broken"), [("0.20", True), ("0.22", False)])
def test_turnover_is_capped(cap: str, broken: bool) -> None:
    made = situation(
        policy("A 50, B 50", constraints={"max_order_share": "1", "max_turnover": cap}),
        "main: A 61 @ 10000, B 39 @ 10000; cash KRW 0",
    )
    found = blocking(facts_of(made, "SELL A 11, BUY B 11", options=PlanOptions(force=True)))
    assert ("R17" in found) is broken


def test_the_last_month_counts_and_is_acknowledged(facts: Facts) -> None:
    tired = replace(facts, recent_turnover=Decimal(3_000_000))
    assert codes(tired) == {"R17"}
    assert blocking(tired) == set()


def test_too_many_orders_are_blocked() -> None:
    made = document_000(constraints={"max_orders": 4})
    assert blocking(facts_of(made, options=PlanOptions(force=True))) == {"R17"}


def test_first_investing_from_cash_is_acknowledged_not_blocked() -> None:
    made = situation("A 60, B 40", "main: A 0 @ 10000, B 0 @ 10000; cash KRW 1000000")
    facts = facts_of(made, "BUY A 60, BUY B 40", options=PlanOptions(force=True))
    assert codes(facts) == {"R16", "R17"}
    assert blocking(facts) == set()
    assert [broken.finding().severity for broken in check_plan(facts).acknowledged] == ["warning"] * 3


def test_cash_may_fall_to_the_buffer_and_not_below() -> None:
    def codes_with(buffer: int) -> set[str]:
        made = situation(policy("A 100", buffer=str(buffer)), "main: A 1 @ 10000; cash KRW 50000")
        return codes(facts_of(made, "BUY A 3", options=PlanOptions(force=True)))

    assert "R14" not in codes_with(19_999)
    assert "R14" not in codes_with(20_000)
    assert "R14" in codes_with(20_001)


def test_lists_and_accounts_of_the_policy_hold(facts: Facts) -> None:
    assets = {"360750": {"never_sell": True}, "305080": {"never_buy": True}, "305720": {"accounts": ("pension",)}}
    accounts: dict[str, dict[str, str]] = {"main": {}, "pension": {}}
    strict = document_000(assets=assets, accounts=accounts).policy
    listed = replace(facts, policy=strict)
    broken = {found.asset for found in broken_rules(listed) if found.rule is Rule.UNIVERSE}
    assert broken == {"360750", "305080", "305720"}


def test_a_reversal_within_days_is_acknowledged(facts: Facts) -> None:
    for days, found in ((5, True), (6, False)):
        recent = (("360750", Side.BUY, ON - timedelta(days=days)),)
        assert ("R19" in codes(replace(facts, recent=recent))) is found
        assert blocking(replace(facts, recent=recent)) == set()
    same_way = (("360750", Side.SELL, ON),)
    assert codes(replace(facts, recent=same_way)) == set()


def test_open_and_foreign_orders_block(facts: Facts) -> None:
    def listing(*rows: OrderRow, owned: frozenset[str] = frozenset({"n-1"})) -> set[str]:
        return codes(replace(facts, orders=OrderList(rows, complete=True), owned=owned))

    assert listing(row(facts)) == {"R20"}  # ours, open, the same code
    assert listing(row(facts, live=False)) == set()
    assert listing(row(facts, code="069500")) == set()  # open, but another code
    assert listing(row(facts, live=False), owned=frozenset()) == {"R20"}  # another program's
    assert listing(row(facts, live=False, channel="other"), owned=frozenset()) == set()  # placed by phone


def test_currencies_must_agree() -> None:
    made = situation("VOO 100", "main: VOO 10 @ 500; cash KRW 1000")
    facts = facts_of(made, "SELL VOO 1", options=PlanOptions(force=True))
    dollars = policy("VOO 100", assets={"VOO": {"currency": "USD"}})
    assert "R22" in codes(replace(facts, policy=dollars))


@given(shares=st.lists(st.integers(1, 400), min_size=3, max_size=3), cash=st.integers(0, 3_000_000))
def test_a_rounded_plan_breaks_no_rule_but_the_caps(shares: list[int], cash: int) -> None:
    held = ", ".join(
        f"{code} {n} @ {price}" for code, n, price in zip("ABC", shares, (9_990, 4_500, 12_345), strict=True)
    )
    made = situation(policy("A 50, B 30, C 20", constraints=FREE, slippage="0.001"), f"main: {held}; cash KRW {cash}")
    facts = facts_of(made, options=PlanOptions(force=True))
    assert codes(facts) <= {"R17", "R11"}
    if "R11" in codes(facts):  # rounding down leaves what the exact planner would have bought: a real undershoot
        assert facts.cash_after("KRW") >= 4_500


@settings(max_examples=60, deadline=None)
@given(
    shares=st.lists(st.integers(1, 400), min_size=3, max_size=3),
    cash=st.sampled_from([0, 12_345, 300_000, 1_500_000]),
    buffer=st.sampled_from(["0", "100000"]),
    minimum=st.sampled_from(["0", "50000", "500000"]),
    method=st.sampled_from(["full", "halfway", "band_edge", "breached_only"]),
    deviation=st.sampled_from(["absolute", "squared"]),
    lists=st.sampled_from([{}, {"A": {"never_sell": True}}, {"B": {"never_buy": True}}]),
    flow=st.sampled_from([0, 0, 1_000_000, -50_000]),
)
def test_no_plan_of_the_planner_is_blocked(
    shares: list[int], cash: int, buffer: str, minimum: str, method: str, deviation: str, lists: Any, flow: int
) -> None:
    """The checks ask of others what the planner keeps: whatever holds its orders back, its own plans pass."""
    rules = policy("A 50 [40..60], B 30, C 20", constraints=FREE, slippage="0.001", fee="0.00015", buffer=buffer,
                   min_trade=minimum, method=method, deviation=deviation, assets=lists)  # fmt: skip
    held = ", ".join(
        f"{code} {n} @ {price}" for code, n, price in zip("ABC", shares, (9_990, 4_500, 12_345), strict=True)
    )
    made = situation(rules, f"main: {held}; cash KRW {cash}")
    amount = Decimal(flow)
    options = PlanOptions(
        contribute=amount if flow > 0 else None, withdraw=-amount if flow < 0 else None, force=not flow
    )
    try:
        drift = measure_drift(rules, made.holdings, made.prices, deposit=max(amount, Decimal(0)))
        goals = cash_goals(rules, drift, amount, rules.rebalancing.cash.rule) if flow else ideal_goals(rules, drift)
        decision = decide(rules, drift, goals, on=ON, forced=not flow, cash_flow=bool(flow))
        wanted = make_plan(rules, made.holdings, made.prices, drift, decision, goals, options, on=ON)
    except KitError:
        return  # a withdrawal or a buffer that cannot be raised
    assert blocking(Desk(NOWHERE, made, wanted).facts()) <= {"R17"}


@given(extra=st.integers(-3, 400), code=st.sampled_from(["A", "B", "C", "D", "069500"]), side=st.sampled_from(Side))
def test_no_order_that_the_account_cannot_bear_gets_through(extra: int, code: str, side: Side) -> None:
    made = situation(policy("A 50, B 30, C 20", constraints=FREE), "main: A 60 @ 10000, B 25 @ 10000, C 15 @ 10000")
    facts = facts_of(made, "SELL A 10, BUY B 5, BUY C 5", options=PlanOptions(force=True))
    first = replace(
        order(made, Side.SELL, "A", 10), code=code, side=side, quantity=extra, amount=Decimal(10_000 * extra)
    )
    bad = with_orders(facts, first)
    try:
        checked = check_plan(bad)
    except PlanBlocked:
        return
    sold = {made.code: made.quantity for made in checked.sells}
    assert all(0 < quantity <= facts.snapshot.quantity(code) for code, quantity in sold.items())
    assert all(made.code in "ABC" for made in (*checked.sells, *checked.buys))
    assert facts.cash_after("KRW") >= 0


def test_the_plan_is_judged_from_what_the_broker_holds(facts: Facts) -> None:
    """A plan that lies about what is held lands elsewhere than it says."""
    made = document_000()
    drift = measure_drift(made.policy, made.holdings, made.prices)
    lie: Plan = replace(facts.plan, drift=drift)
    fewer = tuple(replace(p, quantity=p.quantity - 1) for p in facts.snapshot.positions)
    assert "R06" in codes(replace(facts, plan=lie, snapshot=replace(facts.snapshot, positions=fewer)))
