"""What an analyst holds in a notebook: one object, a few questions."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

import rebalance_kit as rk
from rebalance_kit.errors import RuleError, UsageError

GROWTH = Path(__file__).parents[1] / "portfolios" / "growth"
SCHEDULED, UNSCHEDULED = "2026-04-01", "2026-03-04"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return rk.write_sample(tmp_path / "growth")


def test_the_decision_of_another_day_needs_no_second_opening() -> None:
    portfolio = rk.open_portfolio(GROWTH, on=UNSCHEDULED)
    assert not portfolio.decide().rebalance
    assert portfolio.decide(on=SCHEDULED).trigger == "scheduled"
    assert portfolio.on.isoformat() == UNSCHEDULED


def test_other_weights_are_a_what_if_and_must_sum_to_one() -> None:
    portfolio = rk.open_portfolio(GROWTH, on=UNSCHEDULED)
    wanted = {"360750": Decimal("0.25"), "069500": Decimal("0.25")}
    assert portfolio.drift(targets=wanted).asset("360750").target_weight == Decimal("0.25")
    assert portfolio.policy.asset("360750").target == Decimal("0.35")  # type: ignore[union-attr]  # it is in the policy
    with pytest.raises(UsageError, match="sum to 1"):
        portfolio.drift(targets={"360750": Decimal("0.25")})


@pytest.mark.parametrize("options", [{"contribute": 1, "withdraw": 1}, {"withdraw": 1, "no_sell": True}])
def test_options_that_contradict_each_other_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        rk.open_portfolio(GROWTH, on=UNSCHEDULED).plan(**options)  # type: ignore[arg-type]  # meant wrong


def test_the_worker_executes_what_a_notebook_submits_and_only_once(copy: Path) -> None:
    portfolio = rk.open_portfolio(copy, on=SCHEDULED)
    plan = portfolio.plan()
    with pytest.raises(UsageError, match=plan.plan_id):
        portfolio.submit(plan, yes="another")
    first = portfolio.submit(plan, yes=plan.plan_id)
    assert first.status == "SUCCESS"
    second = portfolio.submit(plan, yes=plan.plan_id)
    assert second.result.run_id == first.result.run_id
    assert len(portfolio.history().runs) == 1


def test_a_plan_whose_prices_moved_is_not_executed(copy: Path) -> None:
    portfolio = rk.open_portfolio(copy, on=SCHEDULED)
    plan = portfolio.plan()
    holdings = copy / "holdings.csv"
    text = holdings.read_text(encoding="utf-8")
    holdings.write_text(
        text.replace("2026-03-04,main,091230,TIGER 반도체,30,", "2026-03-04,main,091230,TIGER 반도체,31,"),
        encoding="utf-8",
    )
    with pytest.raises(RuleError, match="planned again"):
        portfolio.submit(plan, yes=plan.plan_id)
    assert portfolio.history().runs == ()
