"""A request that no plan can meet: what binds, and the nearest request, which plans while one unit more does not."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebalance_kit.errors import KitError
from rebalance_kit.planner.infeasible import largest
from tests.make import Situation, document_000, policy, situation
from tests.make_plan import made_plan

MONEY = r"[₩$]([\d,.]*\d)"


def refused(made: Situation, **asked: Any) -> KitError:
    with pytest.raises(KitError) as told:
        made_plan(made, **asked)
    return told.value


def plans(made: Situation, **asked: Any) -> bool:
    try:
        plan = made_plan(made, **asked)
    except KitError:
        return False
    return plan.certificate.valid


def number(error: KitError, before: str) -> Decimal:
    """The number that the message names after some words."""
    found = re.search(before + " " + MONEY, error.message("en")) or re.search(
        before + r" ([\d.]*\d)", error.message("en")
    )
    assert found is not None, error.message("en")
    return Decimal(found[1].replace(",", ""))


HELD = "A 10 @ 100, B 3 @ 100"
THREE = "A 10 @ 100, B 3 @ 100, C 4 @ 100"
WITHDRAWALS: dict[str, tuple[Situation, str, str]] = {
    "more than selling everything brings after costs": (
        situation(policy("A 50, B 50", fee="0.01"), HELD), "1299", "leaves ₩12 too little",
    ),
    "more than there is": (situation("A 50, B 50", HELD), "5000", "more than what may be sold"),
    "a list keeps the largest position": (
        situation(policy("A 50, B 50", fee="0.01", assets={"A": {"never_sell": True}}), HELD), "299",
        "never_sell keeps A",
    ),
    "a list keeps more than the rest is worth": (
        situation(policy("A 50, B 50", assets={"A": {"never_sell": True}}), HELD), "500", "more than what may be sold",
    ),
    "the buffer stays": (situation(policy("A 50, B 50", buffer="500"), HELD), "1000", "the buffer keeps ₩500"),
    "one order": (
        situation(policy("A 50, B 30, C 20", constraints={"max_orders": 1}), THREE), "1200", r"max_orders \(1\)",
    ),
    "two orders of seven assets": (document_000(constraints={"max_orders": 2}), "9000000", r"max_orders \(2\)"),
    "dollars that are not exchanged": (
        situation(policy("A 50, U 50", assets={"U": {"currency": "USD"}}, cash={"exchange": False}),
                  "A 10 @ 100, U 10 @ 1 USD, USD/KRW 100"), "1500", "leaves ₩500 too little",
    ),
    "dollars that are exchanged at a cost": (
        situation(policy("A 50, U 50", assets={"U": {"currency": "USD"}}, costs={"fx_spread": "0.01"}),
                  "A 10 @ 100, U 10 @ 1 USD, USD/KRW 100"), "2000", "",
    ),
    "several accounts": (
        situation(policy("A 50, B 50", accounts={"x": {}, "y": {}}), "x: A 10 @ 100; y: B 20 @ 100"), "1500", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("made", "asked", "said"), WITHDRAWALS.values(), ids=WITHDRAWALS)
def test_the_largest_withdrawal_plans_and_one_won_more_does_not(made: Situation, asked: str, said: str) -> None:
    error = refused(made, withdraw=asked)
    assert re.search(said, error.message("en"))
    assert error.message("ko") != error.message("en")
    most = number(error, "at most")
    assert most < Decimal(asked)
    assert plans(made, withdraw=str(most))
    assert not plans(made, withdraw=str(most + 1))


BUFFERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "larger than wealth": ("A 10 @ 100, B 3 @ 100, cash KRW 100", "5000", {"force": True}),
    "with a withdrawal": ("A 10 @ 100, B 3 @ 100, cash KRW 100", "5000", {"withdraw": "10"}),
    "with a deposit": ("A 10 @ 100, B 3 @ 100, cash KRW 100", "5000", {"contribute": "10"}),
    "without a sale": ("A 10 @ 100, B 3 @ 100, cash KRW 100", "5000", {"force": True, "no_sell": True}),
}


@pytest.mark.parametrize(("held", "buffer", "asked"), BUFFERS.values(), ids=BUFFERS)
@pytest.mark.parametrize("fee", ["0", "0.01"])
def test_the_largest_buffer_plans_and_one_won_more_does_not(
    held: str, buffer: str, asked: dict[str, Any], fee: str
) -> None:
    def made(kept: str) -> Situation:
        return situation(policy("A 50, B 50", buffer=kept, fee=fee), held)

    error = refused(made(buffer), **asked)
    assert "the buffer keeps ₩5,000" in error.message("en")
    most = number(error, "a buffer of at most")
    assert plans(made(str(most)), **asked)
    assert not plans(made(str(most + 1)), **asked)


def test_the_buffer_of_an_account_counts_too() -> None:
    def made(kept: str) -> Situation:
        return situation(policy("A 100", accounts={"main": {"cash_buffer": kept}}), "A 3 @ 100, cash KRW 7")

    most = number(refused(made("400"), force=True), "a buffer of at most")
    assert most == 307
    assert plans(made("307"), force=True)


@pytest.mark.parametrize("asked", ["1200", "1400", "1699"])
def test_the_smallest_cap_on_orders_plans_and_one_fewer_does_not(asked: str) -> None:
    def made(orders: int) -> Situation:
        return situation(policy("A 50, B 30, C 20", constraints={"max_orders": orders}), THREE)

    least = int(number(refused(made(1), withdraw=asked), "raise max_orders to"))
    assert plans(made(least), withdraw=asked)
    assert not plans(made(least - 1), withdraw=asked)


def test_the_smallest_cap_on_turnover_plans_and_a_basis_point_less_does_not() -> None:
    def made(share: Decimal) -> Situation:
        return situation(policy("A 50, B 30, C 20", constraints={"max_turnover": str(share)}), THREE)

    least = number(refused(made(Decimal("0.1")), withdraw="500"), "raise max_turnover to")
    assert plans(made(least), withdraw="500")
    assert not plans(made(least - Decimal("0.0001")), withdraw="500")


def test_a_currency_that_is_short_for_good_is_told_how_much() -> None:
    wanted = policy("A 50, U 50", assets={"U": {"currency": "USD"}}, cash={"exchange": False})
    made = situation(wanted, "A 10 @ 100, U 1 @ 2 USD, cash USD -5, USD/KRW 100")
    error = refused(made, force=True)
    assert "$3.00 too little" in error.message("en")
    assert "pay in or exchange $3.00 first" in error.message("en")


def test_where_nothing_is_due_the_refusal_is_a_finding() -> None:
    made = situation(policy("A 50, B 50", buffer="5000"), "A 10 @ 100, B 10 @ 100")
    plan = made_plan(made)
    assert plan.orders == ()
    told = next(finding for finding in plan.findings if finding.rule == "cash_cannot_be_raised")
    assert "a buffer of at most ₩2,000" in told.message.en


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(1, 12), st.integers(50, 900), st.booleans()), min_size=1, max_size=3),
    fee=st.sampled_from(["0", "0.003", "0.05"]),
    orders=st.sampled_from([None, 1, 2]),
    cash=st.integers(0, 400),
)
def test_every_refused_withdrawal_names_the_largest(
    rows: list[tuple[int, int, bool]], fee: str, orders: int | None, cash: int
) -> None:
    codes = "ABC"[: len(rows)]
    shares = {1: ["100"], 2: ["60", "40"], 3: ["50", "30", "20"]}[len(rows)]
    wanted = policy(
        ", ".join(f"{code} {share}" for code, share in zip(codes, shares, strict=True)),
        fee=fee,
        assets={code: {"never_sell": kept} for code, (_, _, kept) in zip(codes, rows, strict=True)},
        constraints={} if orders is None else {"max_orders": orders},
    )
    held = ", ".join(f"{code} {count} @ {price}" for code, (count, price, _) in zip(codes, rows, strict=True))
    made = situation(wanted, f"{held}, cash KRW {cash}")
    total = sum(count * price for count, price, _ in rows) + cash
    error = refused(made, withdraw=str(total + 1))
    most = number(error, "at most") if "at most" in error.message("en") else 0
    assert most == 0 or plans(made, withdraw=str(most))
    assert not plans(made, withdraw=str(most + 1))


@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 60))
def test_the_search_finds_the_edge_from_any_guess(high: int, edge: int, guess: int) -> None:
    found = largest(lambda n: n <= edge, high, guess=guess) if edge < high else None
    assert found == (edge if edge < high else None)
