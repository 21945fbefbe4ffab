"""What has to hold for the accounts of a plan: who may trade in it, and the share of risk assets that the law caps.

Each function yields a fault for everything that does not hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.money import as_decimal, show_percent
from rebalance_kit.planner.evidence import Evidence, cash_rows
from rebalance_kit.policy.placing import RISK_SHARE, has_risk_cap, is_risk_asset


def paid(evidence: Evidence) -> Iterator[str]:
    """A deposit or withdrawal is of one account, and leaves the others alone."""
    if not evidence.flow:
        return
    for order in evidence.plan.orders:
        if order.account != evidence.paid:
            yield f"{order.code}: {order.account}, not {evidence.paid}"


def risk_share(evidence: Evidence) -> Iterator[str]:
    """After the plan at most 70 % of an IRP is in risk assets; where it was more before, it has not become more."""
    for account in evidence.accounts:
        if not has_risk_cap(evidence.policy, account):
            continue
        if all(order.account != account for order in evidence.plan.orders):
            continue
        before, _ = _worth(evidence, account, planned=False)
        after, rest = _worth(evidence, account, planned=True)
        total = after + rest + _cash(evidence, account)
        if after > max(RISK_SHARE * total, before):
            yield f"{account}: {show_percent(as_decimal(after / total if total else Fraction(1)), 2)} > 70%"


def risk_figures(evidence: Evidence) -> str:
    """The share of risk assets of every account that has a cap."""
    shown = []
    for account in evidence.accounts:
        if has_risk_cap(evidence.policy, account):
            risk, rest = _worth(evidence, account, planned=True)
            total = risk + rest + _cash(evidence, account)
            shown.append(f"{account} {show_percent(as_decimal(risk / total if total else Fraction(0)), 2)}")
    return ", ".join(shown) or "0"


def _worth(evidence: Evidence, account: str, *, planned: bool) -> tuple[Fraction, Fraction]:
    """The risk assets of an account and its other assets, exact, in the base currency. What the policy does not name
    counts as risk."""
    quantities = {p.code: Fraction(p.quantity) for p in evidence.holdings.positions if p.account == account}
    if planned:
        for order in evidence.plan.orders:
            if order.account == account:
                quantities[order.code] = quantities.get(order.code, Fraction(0)) + Fraction(order.change)
    sums = [Fraction(0), Fraction(0)]
    for code, quantity in quantities.items():
        if quantity:
            asset, quote = evidence.policy.asset(code), evidence.prices.quotes[code]
            worth = quantity * Fraction(quote.price) * Fraction(evidence.prices.rate(quote.currency))
            sums[asset is not None and not is_risk_asset(asset)] += worth
    return sums[0], sums[1]


def _cash(evidence: Evidence, account: str) -> Fraction:
    """All cash of an account after the plan: dividends that wait are part of what the account is worth."""
    found = Fraction(0)
    for (name, currency), amount in cash_rows(evidence).items():
        if name == account and amount:
            found += Fraction(amount) * Fraction(evidence.prices.rate(currency))
    if evidence.policy.rebalancing.cash.dividends == "count":
        return found
    for row in evidence.holdings.cash:
        if row.account == account and row.kind != "cash" and row.amount != Decimal(0):
            found += Fraction(row.amount) * Fraction(evidence.prices.rate(row.currency))
    return found
