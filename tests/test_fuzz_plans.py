"""Random portfolios in every mode: certificates hold, and the order in which things are told changes nothing."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.benchmarks.fuzz_plans import main, randoms, sketch, tried


@given(st.integers(0, 10**9))
@settings(max_examples=80, deadline=None)
def test_a_certificate_holds_and_no_plan_depends_on_the_order_of_its_inputs(seed: int) -> None:
    one = tried(Random(seed))
    assert one.faults == ()


def test_every_mode_is_drawn() -> None:
    drawn = {feature for random in randoms(400, 0) for feature in sketch(random).features}
    assert drawn >= {
        "full", "fraction", "halfway", "band_edge", "breached_only", "contribute", "withdraw", "no sales", "deadband",
        "max orders", "max turnover", "min and max", "two currencies", "lists", "unlisted", "dividends",
    }  # fmt: skip


def test_the_campaign_prints_its_figures(capsys: object) -> None:
    assert main(5, 3) == 0
