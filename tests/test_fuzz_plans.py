"""Random portfolios in every mode: certificates hold, and the order in which things are told changes nothing."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalance_kit.errors import RuleError
from tests.benchmarks.fuzz_plans import main, randoms, sketch, tried
from tests.make import policy, situation
from tests.make_plan import made_plan


@given(st.integers(0, 10**9))
@settings(max_examples=80, deadline=None)
def test_a_certificate_holds_and_no_plan_depends_on_the_order_of_its_inputs(seed: int) -> None:
    one = tried(Random(seed))
    assert one.faults == ()


def test_a_deposit_that_stays_below_the_buffer_is_refused_where_nothing_of_its_currency_trades() -> None:
    foreign = {code: {"currency": "USD", "exchange": "XNYS"} for code in "AB"}
    wanted = policy("A 60, B 40", assets=foreign, buffer="1000000", cash={"exchange": False})
    made = situation(wanted, "main: A 10, B 10, cash USD 50", "A 100 USD, B 50 USD, USD/KRW 1400")
    with pytest.raises(RuleError) as caught:
        made_plan(made, contribute="658626")
    assert caught.value.code == "cash_cannot_be_raised"
    assert made_plan(made, contribute="1000000").certificate.valid


def test_every_mode_is_drawn() -> None:
    drawn = {feature for random in randoms(400, 0) for feature in sketch(random).features}
    assert drawn >= {
        "full", "fraction", "halfway", "band_edge", "breached_only", "contribute", "withdraw", "no sales", "deadband",
        "max orders", "max turnover", "min and max", "two currencies", "lists", "unlisted", "dividends",
    }  # fmt: skip


def test_the_campaign_prints_its_figures(capsys: object) -> None:
    assert main(5, 3) == 0
