"""Wrong plans that add up: a forger changes the orders and works out everything else again. Each is caught by name.

`forged` recomputes amounts, costs, tax, cash, weights, totals and the id for the changed orders and exchanges, so that
only the rule that is broken can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rebalance_kit.checks import PlanBlocked
from rebalance_kit.costs import Exchange, commission, exchanged, slippage
from rebalance_kit.errors import RuleError
from rebalance_kit.execution import history
from rebalance_kit.money import product
from rebalance_kit.orders import Order, Shares, Side
from rebalance_kit.planner import make
from rebalance_kit.planner.certificate import CHECKS, certify
from rebalance_kit.planner.identity import plan_id
from rebalance_kit.planner.plan import Certificate, Plan
from rebalance_kit.planner.stating import Case, case_of
from rebalance_kit.planner.taxing import estimated, plan_tax, tax_of, taxes_of
from tests.make import ON, Situation, policy, situation
from tests.make_plan import made_plan
from tests.make_run import Desk

ADDS_UP = {"amounts", "after", "totals", "value_conserved", "plan_id", "known_assets", "drift", "goals"}
D = Decimal


class Forger(NamedTuple):
    """A plan and what it was made from."""

    made: Situation
    plan: Plan
    case: Case

    def order(self, code: str, change: Shares, account: str = "") -> Order:
        """An order that the planner would write for such a change."""
        like = next((order for order in self.plan.orders if order.code == code), None)
        row, price = self.plan.drift.asset(code), self.made.prices.price(code)
        amount = product(price, abs(D(change)))
        found = like or replace(self.plan.orders[0], code=code, name=row.name, currency=row.currency)
        return replace(
            found,
            account=account or found.account,
            side=Side.BUY if change > 0 else Side.SELL,
            quantity=change if change > 0 else -change,
            limit_price=price,
            reference_price=price,
            rate=self.made.prices.rate(row.currency),
            amount=amount,
            commission=commission(self.made.policy, code, amount, row.currency),
            slippage=slippage(self.made.policy, code, amount, row.currency),
        )

    def line(self, amount: str, currency: str = "USD", account: str = "main") -> Exchange:
        """An exchange at the book's rate."""
        spread, rate = self.made.policy.costs.fx_spread, self.made.prices.rate(currency)
        return exchanged(account, "KRW", currency, D(amount), rate=rate, spread=spread)

    def instead(self, code: str, change: Shares | None) -> tuple[Order, ...]:
        """The plan's orders with another one for a code; None: with none."""
        rest = [order for order in self.plan.orders if order.code != code]
        orders = rest if change is None else [*rest, self.order(code, change)]
        return tuple(sorted(orders, key=lambda order: (order.side is Side.BUY, order.account, order.code)))


def forger(made: Situation, **asked: Any) -> Forger:
    plan = made_plan(made, **asked)
    assert plan.certificate.valid, [check for check in plan.certificate.checks if not check.holds]
    case = case_of(made.policy, made.holdings, made.prices, plan.drift, plan.options)
    return Forger(made, plan, case)


def forged(by: Forger, orders: Sequence[Order], exchanges: Sequence[Exchange] | None = None) -> Plan:
    """The plan with other orders and exchanges, and everything else as it follows from them."""
    made, plan = by.made, by.plan
    lines = plan.exchanges if exchanges is None else tuple(exchanges)
    taxes = taxes_of(made.policy, made.holdings, made.prices, ON, None, accounts=by.case.planned)
    try:
        taxed, tax = estimated(taxes, tuple(orders), ON)
    except RuleError:  # more is sold than is held: there is no tax of that
        taxed, tax = tuple(orders), None
    cash = make.cash_after(by.case, taxed, lines)
    after, _ = make._after(by.case, taxed, cash)
    summary = make._summary(by.case, taxed, after, cash, tax_of(tax))
    named = plan_id(made.policy, made.holdings, made.prices, plan.options, taxed, ", ".join(by.case.planned), ON, lines)
    ignoring = None if plan.tax is None else plan.tax.ignoring_tax
    return replace(
        plan,
        plan_id=named,
        orders=taxed,
        exchanges=lines,
        after=after,
        tax=plan_tax(tax, ignoring),
        summary=replace(summary, fx_cost=make.fx_cost(lines)),
    )


def broken(made: Situation, plan: Plan) -> set[str]:
    proof = certify(made.policy, made.holdings, made.prices, plan, on=ON)
    return {check.name for check in proof.checks if not check.holds}


def won(
    allocation: str = "A 50, B 50", held: str = "A 10 @ 100, B 2 @ 100, cash KRW 100", **settings: Any
) -> Situation:
    return situation(policy(allocation, **settings), held)


def dollars(**settings: Any) -> Situation:
    rules = policy("A 40, U 60", assets={"U": {"currency": "USD"}}, costs={"fx_spread": "0.01"}, **settings)
    return situation(rules, "A 30, U 2; cash KRW 6000, cash USD 3", "A 100, U 5 USD, USD/KRW 100")


def two_accounts() -> Situation:
    rules = policy("A 50, B 50", accounts={"x": {}, "y": {}})
    return situation(rules, "x: A 10 @ 100, cash KRW 500; y: B 20 @ 100, cash KRW 100")


Forge = Callable[[Forger], tuple[Sequence[Order], Sequence[Exchange] | None]]
FORCED: dict[str, Any] = {"force": True}

FORGED: dict[str, tuple[Situation, dict[str, Any], Forge, str]] = {
    "half a share": (won(), FORCED, lambda by: (by.instead("A", D("-2.5")), None), "whole_units"),
    "a ten-thousandth of a share": (
        won(accounts={"main": {"fractional": True}}), FORCED, lambda by: (by.instead("A", D("-2.0001")), None),
        "whole_units",
    ),
    "more than is held": (won(), FORCED, lambda by: (by.instead("A", -11), None), "no_oversell"),
    "more than the cash": (won(), FORCED, lambda by: (by.instead("B", 9), None), "cash"),
    "into the buffer": (won(buffer="90"), FORCED, lambda by: (by.instead("B", 5), None), "cash"),
    "into the buffer of the account": (
        won(accounts={"main": {"cash_buffer": "90"}}), FORCED, lambda by: (by.instead("B", 5), None), "cash",
    ),
    "a withdrawal that no sale pays": (won(), {"withdraw": "700"}, lambda by: (by.instead("A", -1), None), "cash"),
    "the cash of another account": (
        two_accounts(), FORCED, lambda by: ((by.order("A", 3, "y"),), None), "cash",
    ),
    "another account": (won(), FORCED, lambda by: ((by.order("A", -2, "isa"),), None), "accounts"),
    "below the minimum": (won(min_trade="200"), FORCED, lambda by: (by.instead("B", 1), None), "minimum_trade"),
    "a buy of what is never bought": (
        won("A 40, B 30, C 30", "A 10 @ 100, B 2 @ 100, C 1 @ 100", assets={"C": {"never_buy": True}}), FORCED,
        lambda by: (by.instead("C", 1), None), "permitted",
    ),
    "a sale of what is never sold": (
        won("A 20, B 60, C 20", "A 10 @ 100, B 2 @ 100, C 5 @ 100", assets={"C": {"never_sell": True}}), FORCED,
        lambda by: (by.instead("C", -1), None), "permitted",
    ),
    "a sale in a deposit": (won(), {"contribute": "500"}, lambda by: (by.instead("A", -1), None), "permitted"),
    "a buy in a withdrawal": (won(), {"withdraw": "500"}, lambda by: (by.instead("B", 1), None), "permitted"),
    "a sale without selling": (
        won(), {"force": True, "no_sell": True}, lambda by: (by.instead("A", -1), None), "permitted",
    ),
    "a trade within the deadband": (
        won("A 40, B 30, C 30", "A 10 @ 100, B 2 @ 100, C 5 @ 100", deadband="0.05"), FORCED,
        lambda by: (by.instead("C", 1), None), "permitted",
    ),
    "an asset that the account may not hold": (
        won("A 40, B 30, C 30", "A 10 @ 100, B 2 @ 100, C 1 @ 100", accounts={"main": {}, "isa": {"type": "isa"}},
            assets={"C": {"accounts": ["isa"]}}), FORCED, lambda by: (by.instead("C", 1), None), "permitted",
    ),
    "risk assets above the share of an IRP": (
        won("A 60, B 40", "A 5 @ 100, B 5 @ 100", accounts={"main": {"type": "irp"}},
            assets={"A": {"risk_asset": True}, "B": {"risk_asset": False}}), FORCED,
        lambda by: ((by.order("B", -3), by.order("A", 3)), None), "risk_share",
    ),
    "a band that one more share would reach": (
        won("A 50 [..55], B 50", "A 8 @ 100, B 2 @ 100"), FORCED,
        lambda by: ((by.order("A", -1), by.order("B", 1)), None), "bands",
    ),
    "a band that nothing was done about": (
        won("A 50, B 50 [45..]", "A 8 @ 100, B 2 @ 100"), FORCED, lambda by: (by.instead("B", None), None), "bands",
    ),
    "one order too many": (
        won("A 40, B 30, C 30", "A 10 @ 100, B 2 @ 100, C 1 @ 100", constraints={"max_orders": 2}), FORCED,
        lambda by: ((by.order("A", -3), by.order("B", 1), by.order("C", 1)), None), "caps",
    ),
    "too much turnover": (
        won(constraints={"max_turnover": "0.2"}), FORCED, lambda by: ((by.order("A", -3), by.order("B", 3)), None),
        "caps",
    ),
    "an exchange that is too small": (
        dollars(), FORCED, lambda by: (by.plan.orders, [by.line(str(by.plan.exchanges[0].bought - 1))]), "cash",
    ),
    "dollars without an exchange": (dollars(), FORCED, lambda by: (by.plan.orders, ()), "cash"),
    "an exchange that is too large for the won": (
        dollars(), FORCED, lambda by: (by.plan.orders, [by.line("90")]), "cash",
    ),
    "an exchange that nobody allows": (
        dollars(cash={"exchange": False}), FORCED, lambda by: ((by.order("U", 1),), [by.line("10")]), "exchanges",
    ),
    "an exchange without need": (
        dollars(), FORCED, lambda by: ((by.order("A", 1),), [by.line("10")]), "exchanges",
    ),
    "an exchange at another rate": (
        dollars(), FORCED,
        lambda by: (by.plan.orders, [replace(by.plan.exchanges[0], rate=D(99), sold=by.plan.exchanges[0].bought * 99)]),
        "exchanges",
    ),
    "an exchange at no cost": (
        dollars(), FORCED, lambda by: (by.plan.orders, [replace(by.plan.exchanges[0], cost=D(0))]), "exchanges",
    ),
    "an exchange in two parts": (
        dollars(), FORCED,
        lambda by: (by.plan.orders, [by.line("1"), by.line(str(by.plan.exchanges[0].bought - 1))]), "exchanges",
    ),
    "a fraction of a cent": (
        dollars(), FORCED, lambda by: (by.plan.orders, [by.line(str(by.plan.exchanges[0].bought + D("0.001")))]),
        "exchanges",
    ),
    "an exchange in another account": (
        dollars(), FORCED, lambda by: (by.plan.orders, [replace(by.plan.exchanges[0], account="isa")]), "accounts",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("made", "asked", "forge", "caught_by"), FORGED.values(), ids=FORGED)
def test_a_forged_plan_is_caught_by_name(made: Situation, asked: dict[str, Any], forge: Forge, caught_by: str) -> None:
    by = forger(made, **asked)
    plan = forged(by, *forge(by))
    found = broken(made, plan)
    assert caught_by in found
    if caught_by not in ("accounts", "exchanges"):
        assert not found & ADDS_UP  # it adds up: nothing but the rule tells


@pytest.mark.parametrize("asked", [FORCED, {"contribute": "1000"}, {"withdraw": "300"}])
@pytest.mark.parametrize("made", [won(), dollars(), two_accounts()], ids=["won", "dollars", "two accounts"])
def test_the_forgers_tools_are_honest(made: Situation, asked: dict[str, Any]) -> None:
    """With the planner's own orders nothing is broken: what catches the forgeries is what was changed."""
    by = forger(made, **asked)
    assert broken(made, forged(by, by.plan.orders)) == set()


def test_every_claim_has_a_forgery() -> None:
    caught = {caught_by for _, _, _, caught_by in FORGED.values()}
    elsewhere = {  # in tests/test_certificate.py, tests/test_tax_plans and tests/test_benefit
        "known_assets", "one_side", "amounts", "limits", "drift", "due", "goals", "after", "totals", "value_conserved",
        "plan_id", "taxes", "lots", "benefit", "paid_account",
    }  # fmt: skip
    assert caught | elsewhere == set(CHECKS)


def bands_said(made: Situation, **asked: Any) -> str:
    proof = made_plan(made, **asked).certificate
    assert proof.valid
    return next(check.detail.en for check in proof.checks if check.name == "bands")


BANDS: dict[str, tuple[Situation, dict[str, Any], str]] = {
    "kept": (won("A 50 [45..55], B 50", "A 8 @ 100, B 2 @ 100"), FORCED, "(0)"),
    "a list": (
        won("A 50 [..55], B 50", "A 8 @ 100, B 2 @ 100", assets={"A": {"never_sell": True}}), FORCED,
        "A max: never_sell",
    ),
    "no cash": (
        won("A 50, B 50 [45..]", "A 8 @ 100, B 2 @ 100", assets={"A": {"never_sell": True}}), FORCED, "B min: cash",
    ),
    "the kind of plan": (
        won("A 50 [..55], B 50", "A 8 @ 100, B 2 @ 100"), {"contribute": "100"}, "A max: only purchases",
    ),
    "a share too large": (
        won("A 50 [49..51], B 50", "A 2 @ 1000, B 3 @ 500, cash KRW 500"), FORCED, "(0)",
    ),
    "nothing due": (
        won("A 50 [..70], B 50", "A 8 @ 100, B 2 @ 100", strategy="manual"), {}, "A max: nothing is due",
    ),
    "a cap": (
        won("A 40 [..45], B 30 [25..], C 30 [25..]", "A 10 @ 100, B 1 @ 100, C 1 @ 100", constraints={"max_orders": 2}),
        FORCED, "min: ",
    ),
    "the minimum": (
        won("A 50 [..54], B 50", "A 11 @ 100, B 9 @ 100", min_trade="900"), FORCED, "A max: minimum trade",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("made", "asked", "said"), BANDS.values(), ids=BANDS)
def test_the_certificate_says_which_bands_are_out_of_reach_and_why(
    made: Situation, asked: dict[str, Any], said: str
) -> None:
    assert said in bands_said(made, **asked)


# ---- execution ----


def test_a_certificate_without_a_check_proves_nothing() -> None:
    assert not Certificate(()).valid


@pytest.mark.parametrize("forge", ["more than the cash", "below the minimum", "half a share"])
def test_execution_refuses_a_plan_without_a_valid_certificate(tmp_path: Path, forge: str) -> None:
    made, asked, change, _ = FORGED[forge]
    by = forger(made, **asked)
    plan = forged(by, *change(by))
    proved = replace(plan, certificate=certify(made.policy, made.holdings, made.prices, plan, on=ON))
    desk = Desk(tmp_path, made, proved)
    with pytest.raises(PlanBlocked, match="R28 the certificate does not hold"):
        desk.run()
    with pytest.raises(PlanBlocked, match="R28"):
        desk.run(plan=replace(by.plan, certificate=Certificate(())))
    assert history.runs(tmp_path) == ()
    assert desk.broker().snapshot().positions == made.holdings.positions
