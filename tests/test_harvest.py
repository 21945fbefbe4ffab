"""Harvesting: losses and gains in Korea, losses without wash sales in the United States, and why not the rest."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.errors import RuleError
from rebalance_kit.holdings.model import Position
from rebalance_kit.policy.model import Costs, Policy
from rebalance_kit.tax.estimate import estimate
from rebalance_kit.tax.harvest import harvest
from rebalance_kit.tax.harvest_model import Candidate, Harvest
from rebalance_kit.tax.model import Purchase, Sale
from tests.make import policy
from tests.make_tax import AMERICAN, EQUITY, ON, OTHER, OVERSEAS, OVERSEAS_IN_WON, PTP, Taxed, taxed


def korean(text: str = "A 100", *, asset: dict[str, str] = OVERSEAS_IN_WON, fee: str = "0", **tax: object) -> Policy:
    codes = [item.split()[0] for item in text.split(", ")]
    return policy(text, assets=dict.fromkeys(codes, asset), fee=fee, tax=tax)


def american(text: str = "A 100", *, assets: dict[str, Any] | None = None, **tax: object) -> Policy:
    codes = [item.split()[0] for item in text.split(", ")]
    described: dict[str, Any] = dict.fromkeys(codes, AMERICAN)
    accounts = {"main": {}, "ira": {"type": "ira"}}
    return policy(
        text,
        assets=described | (assets or {}),
        base_currency="USD",
        fee="0",
        accounts=accounts,
        tax={"jurisdiction": "US", "other_income": "100000", **tax},
    )


def harvested(situation: Taxed, *, planned: tuple[Purchase, ...] = ()) -> Harvest:
    return harvest(situation.policy, situation.holdings, situation.prices, on=situation.on, planned=planned)


def actions(made: Harvest) -> dict[str, tuple[str, int]]:
    """lot id -> (action, shares)."""
    return {row.lot_id: (str(row.action), int(row.quantity)) for row in made.candidates}


def only(made: Harvest) -> Candidate:
    (row,) = made.candidates
    return row


# Korea: losses


def test_a_loss_offsets_the_gains_of_the_year() -> None:
    made = harvested(taxed(korean(realised_gain_ytd="10000000"), "A a 2025-01-03 10 @ 1000000", "A 700000"))
    row = only(made)
    assert str(row.action) == "harvest_loss"
    assert [row.gain, row.tax_saved, row.cost] == [Decimal(-3_000_000), Decimal(660_000), Decimal(0)]
    assert row.gain_pct == Decimal("-0.3")
    assert row.rebuy_from == ON
    assert [made.realised_gain_ytd, made.deduction_left] == [Decimal(10_000_000), Decimal(0)]


def test_no_more_loss_is_realised_than_there_are_gains_to_offset() -> None:
    made = harvested(taxed(korean(realised_gain_ytd="3000000"), "A a 2025-01-03 10 @ 1000000", "A 700000"))
    assert actions(made) == {"a": ("harvest_loss", 2)}
    assert only(made).tax_saved == 110_000


def test_the_deepest_loss_comes_first_and_what_is_left_says_so() -> None:
    two = korean("A 50, B 50", realised_gain_ytd="4500000")
    made = harvested(taxed(two, "A a 2025-01-03 10 @ 1000000, B b 2025-01-03 10 @ 1000000", "A 900000, B 800000"))
    assert actions(made) == {"a": ("none", 10), "b": ("harvest_loss", 10)}
    assert made.candidates[0].reason.en == "this year's realised gains are already offset"


@pytest.mark.parametrize(("price", "action"), [(950_000, "none"), (949_999, "harvest_loss")])
def test_the_threshold_of_document_001_is_strict(price: int, action: str) -> None:
    made = harvested(taxed(korean(realised_gain_ytd="10000000"), "A a 2025-01-03 10 @ 1000000", f"A {price}"))
    assert str(only(made).action) == action


def test_another_threshold_can_be_stated() -> None:
    stated = korean(realised_gain_ytd="10000000", harvest_loss_pct="-0.4")
    made = harvested(taxed(stated, "A a 2025-01-03 10 @ 1000000", "A 700000"))
    assert only(made).reason.en == "the loss is not deeper than -40.0%"


def test_without_realised_gains_a_loss_is_of_no_use() -> None:
    row = only(harvested(taxed(korean(realised_gain_ytd="2500000"), "A a 2025-01-03 10 @ 1000000", "A 700000")))
    assert str(row.action) == "none"
    assert "not carried forward" in row.reason.en


def test_fifo_keeps_a_loss_behind_a_gain_waiting() -> None:
    bought = "A old 2024-01-03 10 @ 500000, A new 2025-01-03 10 @ 1000000"
    made = harvested(taxed(korean(realised_gain_ytd="10000000"), bought, "A 700000"))
    assert actions(made) == {"old": ("none", 10), "new": ("none", 10)}
    assert made.candidates[1].reason.en == "the lots before it would have to be sold first"


def test_a_moving_average_is_one_lot() -> None:
    bought = "A old 2024-01-03 10 @ 500000, A new 2025-01-03 10 @ 1000000"
    stated = korean(realised_gain_ytd="10000000", lot_method="moving_average")
    made = harvested(taxed(stated, bought, "A 700000"))
    assert actions(made) == {"average": ("harvest_loss", 20)}
    assert made.tax_saved == 220_000


# Korea: gains


def test_gains_are_harvested_up_to_what_is_left_of_the_deduction() -> None:
    made = harvested(taxed(korean(realised_gain_ytd="500000"), "A a 2025-01-03 10 @ 1000000", "A 1300000"))
    row = only(made)
    assert actions(made) == {"a": ("harvest_gain", 6)}
    assert [row.gain, row.tax_saved] == [Decimal(1_800_000), Decimal(396_000)]
    assert made.deduction_left == 2_000_000


def test_the_whole_deduction_is_worth_22_percent_of_it() -> None:
    made = harvested(taxed(korean(), "A a 2025-01-03 100 @ 1000000", "A 1100000"))
    assert actions(made) == {"a": ("harvest_gain", 25)}
    assert made.tax_saved == 550_000


def test_a_loss_realised_before_makes_room() -> None:
    made = harvested(taxed(korean(realised_gain_ytd="-1000000"), "A a 2025-01-03 100 @ 1000000", "A 1100000"))
    assert made.deduction_left == 3_500_000
    assert actions(made) == {"a": ("harvest_gain", 35)}


def test_one_share_that_gains_too_much_stays() -> None:
    row = only(harvested(taxed(korean(realised_gain_ytd="2400000"), "A a 2025-01-03 1 @ 1000000", "A 1200000")))
    assert row.reason.en == "one share gains more than what is left of the deduction"


def test_the_highest_gain_share_trades_least_money() -> None:
    two = korean("A 50, B 50")
    made = harvested(taxed(two, "A a 2025-01-03 10 @ 1000000, B b 2025-01-03 10 @ 1000000", "A 1100000, B 1300000"))
    assert actions(made) == {"a": ("harvest_gain", 1), "b": ("harvest_gain", 8)}


def test_a_round_trip_that_costs_more_than_it_saves_is_left() -> None:
    made = harvested(taxed(korean(fee="0.0025"), "A a 2025-01-03 10 @ 1000000", "A 1010000"))
    row = only(made)
    assert str(row.action) == "none"
    assert row.cost == 10 * 1_010_000 * Decimal("0.005")
    assert row.reason.en == "it would save ₩22,000 of tax and cost ₩50,500"


def test_without_a_stated_commission_document_000s_table_counts() -> None:
    plain = policy("A 100", assets={"A": OVERSEAS_IN_WON}).model_copy(update={"costs": Costs()})
    made = harvested(taxed(plain, "A a 2025-01-03 10 @ 1000000", "A 1100000"))
    assert only(made).cost == 10 * 1_100_000 * Decimal("0.005")
    assert "cost_us_commission" in {rule.id for rule in made.rules}


def test_a_later_tax_can_be_weighed_in() -> None:
    later = korean(realised_gain_ytd="10000000", overrides={"harvest_later_tax_share": "1"})
    row = only(harvested(taxed(later, "A a 2025-01-03 10 @ 1000000", "A 700000")))
    assert str(row.action) == "none"


def test_ten_million_in_one_year_or_two() -> None:
    made = harvested(taxed(korean(), "A a 2025-01-03 10 @ 1000000", "A 2000000"))
    assert made.split is not None
    document = made.to_dict()
    assert document["year_split"] == {
        "gain": "10000000",
        "this_year": "2500000",
        "next_year": "7500000",
        "tax_in_one_year": "1650000",
        "tax_over_two_years": "1100000",
    }


def test_near_the_turn_of_the_year_the_next_deduction_counts() -> None:
    late = taxed(korean(realised_gain_ytd="9000000"), "A a 2025-01-03 10 @ 1000000", "A 1100000", on=date(2025, 12, 30))
    made = harvested(late)
    assert [made.realised_gain_ytd, made.deduction_left] == [Decimal(0), Decimal(2_500_000)]
    rules = {finding.rule for finding in made.findings}
    assert {"tax_year_uncertain", "next_tax_year"} <= rules


# Korea: what cannot be harvested says why


@pytest.mark.parametrize(
    ("asset", "kind", "why"),
    [
        (EQUITY, "taxable", "exempt"),
        (OTHER, "taxable", "counts for nothing outside an ISA"),
        (OTHER, "isa", "an ISA nets its gains and losses by itself"),
        (OTHER, "pension", "nothing is taxed inside the account"),
    ],
)
def test_what_cannot_be_harvested_says_why(asset: dict[str, str], kind: str, why: str) -> None:
    made = policy("A 100", assets={"A": asset}, accounts={"main": {"type": kind}})
    row = only(harvested(taxed(made, "A a 2025-01-03 10 @ 1000000", "A 700000")))
    assert str(row.action) == "none"
    assert why in row.reason.en
    assert row.gain == -3_000_000


def test_a_partnership_pays_ten_percent_of_its_proceeds_as_a_cost() -> None:
    made = korean(asset={**PTP, "currency": "KRW"}, realised_gain_ytd="10000000")
    row = only(harvested(taxed(made, "A a 2025-01-03 10 @ 1000000", "A 700000")))
    assert row.cost == 700_000
    assert str(row.action) == "none"


def test_an_unknown_cost_is_a_row_of_its_own() -> None:
    position = Position("main", "A", Decimal(10), "KRW")
    row = only(harvested(taxed(korean(), "", "A 700000", held_too=(position,))))
    assert row.gain is None
    assert row.reason.en == "the cost is not known"


def test_a_missing_price_is_refused() -> None:
    situation = taxed(korean("A 50, B 50"), "A a 2025-01-03 10 @ 1, B b 2025-01-03 10 @ 1", "A 2")
    with pytest.raises(RuleError, match="no price for B"):
        harvested(situation)


def test_a_dollar_loss_that_is_a_won_gain_is_no_loss_to_harvest() -> None:
    situation = taxed(
        korean(asset=OVERSEAS, realised_gain_ytd="10000000"),
        "A a 2023-01-05 10 @ 200 USD",
        "A 190 USD, USD/KRW 1450",
        rates="2023-01-10 1200",
    )
    row = only(harvested(situation))
    assert row.gain == 355_000
    assert str(row.action) == "none"


@given(
    st.integers(-5, 30),
    st.lists(st.tuples(st.integers(1, 40), st.integers(1, 300), st.integers(1, 300)), min_size=1, max_size=4),
)
def test_harvesting_never_owes_tax_and_saves_what_it_says(realised: int, rows: list[tuple[int, int, int]]) -> None:
    codes = "ABCD"[: len(rows)]
    text = ", ".join(f"{code} {25 if len(rows) == 4 else 100 // len(rows)}" for code in codes)
    missing = 100 - sum(int(item.split()[1]) for item in text.split(", "))
    wanted = korean(f"{text}, cash {missing}" if missing else text, realised_gain_ytd=str(realised * 10**6))
    bought = ", ".join(f"{c} {c} 2025-01-03 {q} @ {cost * 10_000}" for c, (q, cost, _) in zip(codes, rows, strict=True))
    now = ", ".join(f"{code} {price * 10_000}" for code, (_, _, price) in zip(codes, rows, strict=True))
    situation = taxed(wanted, bought, now)
    made = harvested(situation)
    sales = [Sale(row.account, row.code, row.quantity, situation.prices.price(row.code), "KRW") for row in made.actions]
    owed = estimate(sales, situation.holdings, situation.policy, situation.prices, on=ON).tax
    assert owed <= 0
    losses = sum((row.tax_saved for row in made.actions if str(row.action) == "harvest_loss"), Decimal(0))
    assert abs(owed + losses) <= len(rows)
    assert made.tax_saved <= Decimal("0.22") * max(made.deduction_left, Decimal(max(0, realised)) * 10**6) + len(rows)


# United States


def test_a_loss_is_harvested_and_may_be_bought_again_after_31_days() -> None:
    row = only(harvested(taxed(american(), "A a 2024-01-03 10 @ 200", "A 100")))
    assert str(row.action) == "harvest_loss"
    assert [row.gain, row.tax_saved] == [Decimal(-1000), Decimal(220)]
    assert row.rebuy_from == ON + timedelta(days=31)
    assert row.blocked_until is None
    assert row.conflicts == ()


def test_the_replacement_is_the_users_pair() -> None:
    paired = american(assets={"A": {**AMERICAN, "replacement": "B"}})
    assert only(harvested(taxed(paired, "A a 2024-01-03 10 @ 200", "A 100"))).replacement == "B"


def test_four_of_ten_shares_are_washed_and_the_first_legal_day_is_told() -> None:
    made = harvested(taxed(american(), "A old 2024-01-03 10 @ 200, A new 2026-02-20 4 @ 100", "A 100"))
    old = next(row for row in made.candidates if row.lot_id == "old")
    assert str(old.action) == "harvest_loss"
    assert old.tax_saved == 600 * Decimal("0.22")
    assert [conflict.en for conflict in old.conflicts] == ["4 bought on 2026-02-20 in main"]
    assert old.blocked_until == date(2026, 2, 20) + timedelta(days=31)
    assert old.reason.en == "the loss of 6 of 10 shares counts; name the lot to the broker"


@pytest.mark.parametrize(("days", "action"), [(29, "none"), (30, "none"), (31, "harvest_loss"), (32, "harvest_loss")])
def test_a_purchase_30_days_ago_washes_and_31_days_ago_does_not(days: int, action: str) -> None:
    """A harvester with a window that ends a day early allows day 30; day 31 is the first legal one."""
    bought = ON - timedelta(days=days)
    made = harvested(taxed(american(), f"A old 2024-01-03 10 @ 200, A new {bought} 10 @ 90", "A 100"))
    old = next(row for row in made.candidates if row.lot_id == "old")
    assert str(old.action) == action
    assert (old.blocked_until is None) == (action == "harvest_loss")
    if action == "none":
        assert old.blocked_until == bought + timedelta(days=31)
        assert old.reason.en == "the whole loss would be washed"


def test_a_sole_lot_bought_ten_days_ago_is_free() -> None:
    """fava_investor flags it; Rev. Rul. 56-602 does not."""
    row = only(harvested(taxed(american(), "A a 2026-02-22 10 @ 200", "A 100")))
    assert str(row.action) == "harvest_loss"
    assert row.conflicts == ()


def test_a_planned_purchase_is_a_conflict() -> None:
    soon = ON + timedelta(days=12)
    situation = taxed(american(), "A a 2024-01-03 10 @ 200", "A 100")
    row = only(harvested(situation, planned=(Purchase("ira", "A", Decimal(10), soon),)))
    assert str(row.action) == "none"
    assert row.blocked_until == soon + timedelta(days=31)
    assert "lost for good" in row.conflicts[0].en


def test_identical_things_conflict_across_accounts() -> None:
    same = american("A 50, B 50", assets={"A": {**AMERICAN, "identical_to": ["B"]}})
    made = harvested(taxed(same, "A a 2024-01-03 10 @ 200, ira: B b 2026-02-22 10 @ 50", "A 100, B 50"))
    row = next(row for row in made.candidates if row.code == "A")
    assert str(row.action) == "none"
    assert len(row.conflicts) == 1


def test_losses_beyond_the_years_use_are_not_harvested_for_nothing() -> None:
    """A first loss of 4,000 leaves nothing of the 3,000 for a second."""
    two = american("A 50, B 50")
    made = harvested(taxed(two, "A a 2024-01-03 10 @ 600, B b 2024-01-03 10 @ 300", "A 200, B 150"))
    assert actions(made) == {"a": ("harvest_loss", 10), "b": ("none", 10)}
    second = made.candidates[1]
    assert "carried forward" in second.reason.en
    assert made.tax_saved == 660


def test_a_gain_says_when_it_becomes_long_term() -> None:
    made = harvested(taxed(american(), "A new 2025-12-01 10 @ 50, A old 2024-01-03 10 @ 50", "A 100"))
    reasons = {row.lot_id: (row.reason.en, row.days_to_long_term) for row in made.candidates}
    assert reasons == {"new": ("a gain, long-term in 273 days", 273), "old": ("a gain, long-term already", 0)}


def test_an_ira_is_left_alone() -> None:
    row = only(harvested(taxed(american(), "ira: A a 2024-01-03 10 @ 200", "A 100")))
    assert row.reason.en == "nothing is taxed inside the account"


def test_one_account_is_shown_and_all_are_looked_at() -> None:
    situation = taxed(american(), "A a 2024-01-03 10 @ 200, ira: A b 2026-02-22 10 @ 90", "A 100")
    made = harvest(
        situation.policy, situation.holdings.only("main"), situation.prices, on=ON, household=situation.holdings
    )
    assert [row.account for row in made.candidates] == ["main"]
    assert str(only(made).action) == "none"


# the result


def test_the_document_has_every_key_of_the_interface() -> None:
    made = harvested(taxed(korean(), "A a 2025-01-03 10 @ 1000000", "A 1100000"))
    document: Any = made.to_dict("ko")
    assert {"as_of", "rules_dated", "realised_gain_ytd", "deduction_left", "candidates"} <= document.keys()
    (row,) = document["candidates"]
    assert {"account", "code", "lot_id", "quantity", "gain", "gain_pct", "action", "tax_saved", "cost", "conflicts",
            "blocked_until", "replacement", "reason"} <= row.keys()  # fmt: skip
    assert [row["quantity"], row["gain"], row["action"], row["tax_saved"]] == [10, "1000000", "harvest_gain", "220000"]
    assert "공제" in row["reason"]


def test_a_table_and_a_notebook_display() -> None:
    made = harvested(taxed(korean(), "A a 2025-01-03 10 @ 1000000", "A 1100000"))
    table = made.table()
    assert list(table["action"]) == ["harvest_gain"]
    assert list(table["tax_saved"]) == [Decimal(220_000)]
    assert "deduction left ₩2,500,000" in made._repr_html_()
    assert "estimate, not advice" in made._repr_html_()


def test_a_plan_that_forbids_harvesting_does_not_silence_the_question() -> None:
    off = policy("A 100", assets={"A": OVERSEAS_IN_WON}, constraints={"tax_loss_harvesting": "false"})
    assert len(harvested(taxed(off, "A a 2025-01-03 10 @ 1000000", "A 1100000")).actions) == 1
