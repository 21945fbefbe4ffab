"""The rules about the right moment, and the files and settings that they read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rebalance_kit.brokers.base import Mode
from rebalance_kit.checks import Facts, broken_rules
from rebalance_kit.errors import PolicyError, PriceError
from rebalance_kit.planner.plan_tax import PlanTax
from rebalance_kit.policy.hashing import policy_hash
from rebalance_kit.policy.loading import policy_from_text
from rebalance_kit.prices.ex_dates import read_ex_dates
from rebalance_kit.tax.model import YearToDate
from tests.folders import rebalance
from tests.make import ON, document_000
from tests.make_run import paper_desk

EX_DATES = "date,code\n2026-03-09,069500\n"


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    return paper_desk(tmp_path, document_000()).facts()


def ruled(facts: Facts, **sections: Any) -> Facts:
    """The facts with other settings of the policy."""
    policy = facts.policy
    for name, changes in sections.items():
        if name == "constraints":
            limits = policy.rebalancing.constraints.model_copy(update=changes)
            rules = policy.rebalancing.model_copy(update={"constraints": limits})
            policy = policy.model_copy(update={"rebalancing": rules})
        else:
            policy = policy.model_copy(update={name: getattr(policy, name).model_copy(update=changes)})
    return replace(facts, policy=policy)


def said(facts: Facts, code: str) -> list[str]:
    return [broken.says.en for broken in broken_rules(facts) if broken.rule.code == code]


# ---- R05 ----


@pytest.mark.parametrize(("days", "broken"), [(0, True), (6, True), (7, False), (30, False)])
def test_real_money_waits_for_the_cooldown(facts: Facts, days: int, broken: bool) -> None:
    real = replace(facts, identity=replace(facts.identity, mode=Mode.REAL), mode=Mode.REAL)
    approved = ruled(real, governance={"approved_on": facts.session - timedelta(days=days)})
    assert bool(said(approved, "R05")) is broken
    assert said(replace(approved, identity=facts.identity), "R05") == []


def test_the_day_of_the_approval_is_read_and_changes_no_hash() -> None:
    text = "portfolio:\n  allocation:\n    all:\n      assets: [{code: '069500', target: 1}]\n"
    dated = policy_from_text(text + "  governance: {approved_on: 2026-04-01}\n", "p.yaml")
    assert dated.governance.approved_on == date(2026, 4, 1)
    assert policy_hash(dated) == policy_hash(policy_from_text(text, "p.yaml"))
    for wrong in ("soon", "2026-02-30", "20260401"):
        with pytest.raises(PolicyError, match="a day such as 2026-04-01"):
            policy_from_text(text + f"  governance: {{approved_on: {wrong}}}\n", "p.yaml")


# ---- R23 ----


@pytest.mark.parametrize(("days", "broken"), [(-8, False), (-7, True), (0, True), (7, True), (8, False)])
def test_a_rebalance_waits_near_an_ex_dividend_day(facts: Facts, days: int, broken: bool) -> None:
    code = facts.plan.orders[0].code
    near = replace(facts, ex_dates=((code, facts.session + timedelta(days=days)),))
    found = said(ruled(near, constraints={"avoid_ex_dividend_dates": True}), "R23")
    assert bool(found) is broken
    assert said(near, "R23") == []  # the policy does not ask for it


def test_a_deposit_is_not_delayed(facts: Facts) -> None:
    code = facts.plan.orders[0].code
    near = ruled(replace(facts, ex_dates=((code, facts.session),)), constraints={"avoid_ex_dividend_dates": True})
    options = replace(near.plan.options, contribute=Decimal(1))
    assert said(replace(near, plan=replace(near.plan, options=options)), "R23") == []


def test_the_file_of_ex_dividend_days(tmp_path: Path) -> None:
    file = tmp_path / "ex_dividends.csv"
    policy = document_000().policy
    file.write_text(EX_DATES + "2026-03-09,069500\n", encoding="utf-8")
    assert read_ex_dates(file, policy) == (("069500", date(2026, 3, 9)),)
    file.write_text("배당락일,종목코드\n2026-03-09,069500\n", encoding="cp949")
    assert read_ex_dates(file, policy) == (("069500", date(2026, 3, 9)),)
    for wrong in ("date,code\n,069500\n", "date,code\n2026-03-09,69500\n", "day\n1\n"):
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(PriceError, match=r"ex_dividends\.csv"):
            read_ex_dates(file, policy)


def test_a_run_near_an_ex_dividend_day_is_blocked_with_the_day_it_may_happen(tmp_path: Path) -> None:
    folder = tmp_path / "growth"
    assert rebalance("demo", folder).code == 0
    policy = folder / "portfolio.yaml"
    assert "avoid_ex_dividend_dates: true" in policy.read_text(encoding="utf-8")
    (folder / "ex_dividends.csv").write_text("date,code\n2026-04-03,360750\n", encoding="utf-8")
    ran = rebalance("run", folder, "--on", "2026-04-01", "--language", "en")
    assert ran.code == 3
    assert "R23 360750 goes ex-dividend on 2026-04-03" in ran.err
    assert "2026-04-11" in ran.err


# ---- R26, R27 ----


@pytest.mark.parametrize(("seconds", "broken"), [(None, False), (5, False), (6, True), (-90, True)])
def test_clocks_must_agree(facts: Facts, seconds: int | None, broken: bool) -> None:
    off = None if seconds is None else timedelta(seconds=seconds)
    assert bool(said(replace(facts, clock_off=off), "R26")) is broken


def test_beginning_to_owe_tax_is_acknowledged_not_blocked(facts: Facts) -> None:
    def year(tax: int) -> YearToDate:
        return YearToDate(Decimal(0), Decimal(0), Decimal(tax))

    def taxed(before: int, after: int) -> Facts:
        found = PlanTax(year(before), year(after), Decimal(0), None, ())
        return replace(facts, plan=replace(facts.plan, tax=found))

    assert [b.blocks for b in broken_rules(taxed(0, 1000)) if b.rule.code == "R27"] == [False]
    assert said(taxed(0, 0), "R27") == said(taxed(500, 1000), "R27") == []
    assert facts.plan.drift.as_of == ON
