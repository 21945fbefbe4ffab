"""Prices by which the trigger judges: the mean of the newest closes, and a proxy's changes."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit import open_portfolio
from rebalance_kit.drift import judged_drift, measure_drift
from rebalance_kit.goals import ideal_goals
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.book import price_book
from rebalance_kit.prices.model import PriceBook, Quote
from rebalance_kit.samples import sample_folder
from rebalance_kit.trigger import decide
from tests.make import ON, holdings, policy

TWO = "A0000A 60, B0000B 40"
HELD = holdings("A0000A 60, B0000B 40")


def closes(code: str, prices: list[int], last: date = ON) -> list[Quote]:
    days = [last - timedelta(days=i) for i in range(len(prices))]
    return [
        Quote(code, Decimal(price), "KRW", day, "prices.csv") for day, price in zip(days, prices[::-1], strict=True)
    ]


def book(quotes: list[Quote], **settings: object) -> tuple[Policy, PriceBook]:
    wanted = policy(TWO, strategy="threshold", prices=settings)
    return wanted, price_book(wanted, ON, quotes)


def test_without_settings_the_newest_price_judges() -> None:
    _, prices = book(closes("A0000A", [100, 200]))
    assert prices.judged == {}
    assert prices.for_decision() == prices


def test_the_mean_of_the_newest_closes_judges_and_the_newest_price_stays() -> None:
    _, prices = book(closes("A0000A", [100, 101, 103]) + closes("B0000B", [7]), smoothing_days=3)
    assert set(prices.judged) == {"A0000A"}  # one close is its own mean
    assert prices.price("A0000A") == 103
    assert prices.for_decision().value("A0000A", Decimal(3)) == 304
    (found,) = prices.findings
    assert (found.rule, found.severity, found.code) == ("judged_price", "info", "A0000A")
    assert found.message.en.endswith("A0000A 101.33 instead of 103 (the mean of 3 from 2026-03-02 on)")


def test_closes_of_another_season_do_not_smooth() -> None:
    old = closes("A0000A", [50, 50], ON - timedelta(days=90))
    _, prices = book(old + closes("A0000A", [100, 110]), smoothing_days=4)
    assert prices.judged["A0000A"].price == 105
    _, prices = book(old, smoothing_days=4)
    assert prices.judged == {}


def test_a_proxy_carries_an_old_price_on() -> None:
    """Priced at 1,000 when the proxy was at 50; the proxy is at 55 now: 1,100."""
    quotes = closes("A0000A", [1000], date(2026, 2, 1)) + closes("B0000B", [50], date(2026, 1, 30))
    quotes += closes("B0000B", [52, 55])
    _, prices = book(quotes, proxy={"A0000A": "B0000B"})
    assert prices.judged["A0000A"].price == 1100
    assert prices.judged["A0000A"].source == "last price carried on by B0000B"
    assert prices.price("A0000A") == 1000
    told = [finding.message.en for finding in prices.findings if finding.rule == "judged_price"]
    assert told[0].endswith("A0000A 1100 instead of 1000 (carried on by B0000B to 2026-03-04)")


def test_a_proxy_and_a_mean_together() -> None:
    quotes = closes("A0000A", [1000], date(2026, 3, 2)) + closes("B0000B", [50, 52, 54])
    _, prices = book(quotes, proxy={"A0000A": "B0000B"}, smoothing_days=3)
    assert prices.judged["A0000A"].price == (1000 + 1040 + 1080) / 3
    assert prices.judged["A0000A"].source == "mean of 3 carried on by B0000B"


def test_a_proxy_that_is_no_newer_changes_nothing() -> None:
    _, prices = book(closes("A0000A", [1000]) + closes("B0000B", [50, 52]), proxy={"A0000A": "B0000B"})
    assert prices.judged == {}
    assert prices.findings == ()


def test_a_proxy_without_a_price_to_start_from_says_so() -> None:
    quotes = closes("A0000A", [1000], date(2026, 2, 27)) + closes("B0000B", [50])
    _, prices = book(quotes, proxy={"A0000A": "B0000B"})
    assert prices.judged == {}
    assert [(f.rule, f.severity, f.code) for f in prices.findings] == [("no_proxy_price", "warning", "A0000A")]


def test_a_transient_quote_does_not_trigger_and_a_lasting_one_does() -> None:
    """60/40; the last close alone would put A at 65.2 %, the mean of five leaves it at 61.2 %."""
    for spike, due in (([100, 100, 100, 100, 125], False), ([125] * 5, True)):
        wanted, prices = book(closes("A0000A", spike) + closes("B0000B", [100] * 5), smoothing_days=5)
        drift = measure_drift(wanted, HELD, prices)
        assert drift.asset("A0000A").breached
        judged = judged_drift(wanted, drift, HELD, prices)
        goals = ideal_goals(wanted, drift)
        assert decide(wanted, judged, goals, on=ON).rebalance is due
        assert sum(goal.value for goal in goals) == drift.total_value  # goals are at the newest price


def test_the_judged_drift_keeps_the_prices_at_which_one_trades() -> None:
    wanted, prices = book(closes("A0000A", [100, 200]) + closes("B0000B", [100]), smoothing_days=2)
    drift = measure_drift(wanted, HELD, prices)
    judged = judged_drift(wanted, drift, HELD, prices)
    assert judged.asset("A0000A").price == 200
    assert judged.asset("A0000A").value == 60 * 150
    assert judged.total_value == 60 * 150 + 40 * 100
    assert judged.findings == drift.findings


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=12), st.integers(1, 12))
def test_the_judged_price_is_the_exact_mean(prices: list[int], days: int) -> None:
    _, made = book(closes("A0000A", prices), smoothing_days=days)
    mean = Fraction(sum(prices[-days:]), len(prices[-days:]))
    price = made.for_decision().price("A0000A")
    assert abs(Fraction(price) - mean) <= mean * Fraction(1, 10**27)
    assert ("A0000A" in made.judged) == (mean != prices[-1])


# In a portfolio folder


def folder(tmp_path: Path, spikes: list[str]) -> Path:
    """The sample with KODEX 200 at other closes on its last days, and a mean of five for the decision."""
    place = tmp_path / "growth"
    shutil.copytree(sample_folder() / "growth", place)
    rules = place / "portfolio.yaml"
    rules.write_text(rules.read_text(encoding="utf-8") + "\n  prices: {smoothing_days: 5}\n", encoding="utf-8")
    rows = [f"2026-03-{5 + i:02d},16800,{spike},10000,10000,50000,32000,12500" for i, spike in enumerate(spikes)]
    with (place / "prices.csv").open("a", encoding="utf-8") as prices:
        prices.write("\n".join(rows) + "\n")
    return place


def test_a_spike_alone_orders_nothing_and_says_by_what_it_was_judged(tmp_path: Path) -> None:
    """KODEX 200 at 65,000 is 21.7 % of the portfolio, past its 20 %; at the mean of five it is 16.5 %."""
    opened = open_portfolio(folder(tmp_path, ["51000", "65000"]), on="2026-03-06")
    drift = opened.drift()
    assert drift.asset("069500").breached
    (told,) = (finding for finding in drift.findings if finding.rule == "judged_price")
    assert "069500 46567 instead of 65000 (the mean of 5 from 2026-02-27 on)" in told.message.en
    plan = opened.plan()
    assert (plan.decision.rebalance, plan.orders) == (False, ())
    assert plan.drift == drift


def test_a_lasting_change_orders_at_the_newest_price_and_passes_every_check(tmp_path: Path) -> None:
    """The last close is back inside the band, the mean of five is not: due, and the checks know why."""
    opened = open_portfolio(folder(tmp_path, ["51000", "65000", "65000", "65000", "55500"]), on="2026-03-09")
    assert not opened.drift().asset("069500").breached
    plan = opened.plan()
    assert (plan.decision.rebalance, plan.decision.trigger) == (True, "drift")
    assert all(order.reference_price == opened.prices.price(order.code) for order in plan.orders)
    assert plan.orders
    assert opened.run(plan).result.status == "DRY_RUN"
