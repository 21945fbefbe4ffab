"""Rules about the right moment: a policy past its cooldown, no ex-dividend day near, clocks that agree, the year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from rebalance_kit.brokers.base import Mode
from rebalance_kit.checks.facts import Facts
from rebalance_kit.checks.table import Broken, Rule
from rebalance_kit.money import show_money
from rebalance_kit.words import Text

CLOCK_LIMIT = timedelta(seconds=5)
_DAY = timedelta(days=1)


def cooldown(facts: Facts) -> Iterator[Broken]:
    """R05: real money follows a policy only `cooldown_days` after it was approved; paper and rehearsals need not wait
    (source document 000: a rule is not changed in a mood)."""
    rule = facts.policy.governance
    if facts.identity.mode is not Mode.REAL or rule.approved_on is None:
        return
    opens = rule.approved_on + timedelta(days=rule.cooldown_days)
    if facts.session < opens:
        yield Broken(
            Rule.COOLDOWN,
            Text(f"the policy was approved on {rule.approved_on} and may trade from {opens}",
                 f"{rule.approved_on}에 승인된 정책이라 {opens}부터 거래할 수 있습니다"),
            Text("wait, or trade by the rule that was approved before",
                 "기다리거나 전에 승인된 규칙으로 거래해 주세요"),
        )  # fmt: skip


def ex_date(facts: Facts) -> Iterator[Broken]:
    """R23: no rebalance near an ex-dividend day, where the policy asks for that. Deposits and withdrawals are not
    delayed."""
    limits = facts.policy.rebalancing.constraints
    if not limits.avoid_ex_dividend_dates or facts.flow:
        return
    window = timedelta(days=limits.ex_dividend_days)
    near = {code: day for code, day in sorted(facts.ex_dates) if abs(day - facts.session) <= window}
    for code in sorted({order.code for order in facts.plan.orders} & near.keys()):
        opens = near[code] + window + _DAY
        yield Broken(
            Rule.EX_DATE,
            Text(f"{code} goes ex-dividend on {near[code]}, within {limits.ex_dividend_days} days",
                 f"{code}의 배당락일이 {near[code]}로 {limits.ex_dividend_days}일 안에 있습니다"),
            Text(f"wait until {opens}", f"{opens}까지 기다려 주세요"),
            code,
        )  # fmt: skip


def clock(facts: Facts) -> Iterator[Broken]:
    """R26: orders are matched to the broker's list by their times."""
    if facts.clock_off is not None and abs(facts.clock_off) > CLOCK_LIMIT:
        seconds = round(abs(facts.clock_off).total_seconds())
        yield Broken(
            Rule.CLOCK,
            Text(f"this computer's clock is {seconds} seconds off the broker's",
                 f"이 컴퓨터의 시계가 증권사와 {seconds}초 다릅니다"),
            Text("set the clock by the network", "시계를 네트워크에 맞춰 주세요"),
        )  # fmt: skip


def tax(facts: Facts) -> Iterator[Broken]:
    """R27: the plan is the first of the year that makes its gains owe tax (Korea: the yearly deduction is used up)."""
    year = facts.plan.tax
    if year is None or year.year_to_date_before.tax > 0 or year.year_to_date_after.tax <= 0:
        return
    owed = show_money(year.year_to_date_after.tax, facts.policy.base_currency)
    yield Broken(
        Rule.TAX,
        Text(f"with this plan the year begins to owe tax ({owed})", f"이 계획부터 올해 세금이 생깁니다({owed})"),
        Text("see `rebalance harvest` for what would avoid it", "`rebalance harvest`에서 줄일 방법을 확인해 주세요"),
    )  # fmt: skip
