"""The planner's door: goals in money become whole-share orders, with their cost, their proof and their certificate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from rebalance_kit.costs import Exchange
from rebalance_kit.drift import Drift
from rebalance_kit.errors import RuleError, UsageError
from rebalance_kit.goals import Goal
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import (
    ONE,
    ZERO,
    Rounding,
    as_decimal,
    exact_sum,
    minor_unit,
    round_fraction,
)
from rebalance_kit.orders import Order, Side
from rebalance_kit.planner import telling
from rebalance_kit.planner.benefit import weigh
from rebalance_kit.planner.certificate import certify
from rebalance_kit.planner.identity import plan_id
from rebalance_kit.planner.infeasible import no_plan, too_large
from rebalance_kit.planner.judged import distance, largest_drift
from rebalance_kit.planner.ordering import exchanges_of, orders_of
from rebalance_kit.planner.plan import AfterRow, Certificate, Optimality, Plan, PlanOptions, Summary
from rebalance_kit.planner.plan_tax import IgnoringTax
from rebalance_kit.planner.proposed import ProposedCounts, proposed_solution
from rebalance_kit.planner.raising import can_raise
from rebalance_kit.planner.solve import NoPlan, Solution, solve
from rebalance_kit.planner.stating import Case, case_of, flow_goals, is_household, problem_of, require_prices
from rebalance_kit.planner.taxing import NO_TAXES, estimated, findings_of, ignoring_tax, plan_tax, tax_of, taxes_of
from rebalance_kit.policy.model import CashRule, Method, Policy
from rebalance_kit.prices.instruments import Instruments
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.trigger import Decision
from rebalance_kit.words import Finding, Text

if TYPE_CHECKING:
    from rebalance_kit.planner.household_solve import HouseholdSolution

    Found = Solution | HouseholdSolution | ProposedCounts

GAP_UNIT = Decimal("0.0001")  # bp


def make_plan(
    policy: Policy,
    holdings: Holdings,
    prices: PriceBook,
    drift: Drift,
    decision: Decision,
    goals: Sequence[Goal],
    options: PlanOptions,
    *,
    on: date,
    household: Holdings | None = None,
    instruments: Instruments | None = None,
) -> Plan:
    """The best whole-share plan for `goals` (definition 9), with its certificate.

    `household` are the holdings of every account of the taxpayer, where `holdings` are those of one; `instruments` say
    what each asset is where the policy does not.

    It follows the decision: when nothing is due there are no orders, and `ideal` shows those it would have. Raises
    RuleError when a price is missing or must not be used, and when something is due but no plan keeps the cash that has
    to stay. Several accounts are planned together, as a household, unless one of them was asked for.
    """
    case = case_of(policy, holdings, prices, drift, options)
    require_prices(case)
    taxes = taxes_of(policy, household or holdings, prices, on, instruments, accounts=case.planned)
    case = replace(case, taxes=taxes)
    solution, told = _solved_if_possible(case, goals, due=decision.rebalance)
    wanted, tax = estimated(taxes, () if solution is None else orders_of(case, solution, goals, on), on)
    exchanges = () if solution is None else exchanges_of(case, solution)
    weighed = weigh(case, wanted, decision, tax=tax_of(tax), other_cost=fx_cost(exchanges))
    wanted, decision = weighed.orders, weighed.decision
    orders, tax = (wanted, tax) if decision.rebalance else estimated(taxes, (), on)
    exchanges = exchanges if decision.rebalance else ()
    cash = cash_after(case, orders, exchanges)
    after, total = _after(case, orders, cash)
    plan = Plan(
        plan_id=plan_id(policy, holdings, prices, options, orders, ", ".join(case.planned), on, exchanges),
        drift=drift,
        decision=decision,
        options=options,
        method=_method(policy, options),
        cash_rule=_cash_rule(policy, options),
        goals=tuple(goals),
        orders=orders,
        ideal=() if decision.rebalance else wanted,
        summary=replace(_summary(case, orders, after, cash, tax_of(tax)), fx_cost=fx_cost(exchanges)),
        after=after,
        optimality=_optimality(case, solution),
        certificate=Certificate(()),  # until the plan is whole and can be re-proved
        findings=(
            *telling.findings(case, goals, orders, after, decision, total),
            *_household_findings(case),
            *told,
            *findings_of(taxes, tax, orders),
            *weighed.findings,
        ),
        language=policy.language,
        tax=plan_tax(tax, _ignoring(case, goals, orders, exchanges, after, on) if decision.rebalance else None),
        benefit=weighed.benefit,
        exchanges=exchanges,
    )
    proof = certify(policy, holdings, prices, plan, on=on, household=household, instruments=instruments)
    return replace(plan, certificate=proof)


def _household_findings(case: Case) -> tuple[Finding, ...]:
    if not is_household(case):
        return ()
    from rebalance_kit.planner.household import household_findings

    return tuple(household_findings(case))


class Wanted(NamedTuple):
    """The orders of a plan and the exchanges that pay for them."""

    orders: tuple[Order, ...]
    exchanges: tuple[Exchange, ...]


def wanted_orders(case: Case, goals: Sequence[Goal], on: date) -> Wanted:
    """What the best plan trades, with its tax. Raises RuleError when the cash cannot be raised."""
    solution = _solved(case, goals)
    orders = estimated(case.taxes, orders_of(case, solution, goals, on), on)[0]
    return Wanted(orders, exchanges_of(case, solution))


def _solved_if_possible(case: Case, goals: Sequence[Goal], *, due: bool) -> tuple[Found | None, tuple[Finding, ...]]:
    """When nothing is due, that no plan would be possible is a finding, not a failure."""
    try:
        return _solved(case, goals), ()
    except RuleError as error:
        if due:
            raise
        said = Text(error.message("en"), error.message("ko"))
        return None, (Finding(error.code, "warning", said),)


def _solved(case: Case, goals: Sequence[Goal]) -> Found:
    try:
        return _solution(case, goals)
    except NoPlan as none:
        seen = case if none.account is None else case.at(none.account)
        raise no_plan(seen, none, lambda other: _plans(other, goals)) from None


def _solution(case: Case, goals: Sequence[Goal]) -> Found:
    if case.options.proposed is not None:
        return proposed_solution(case)
    if is_household(case):
        from rebalance_kit.planner.household import solved_household  # with HiGHS and numpy behind it

        return solved_household(case, goals)
    if case.options.instant:
        from rebalance_kit.planner.instant import solve_instantly  # with numpy behind it

        return solve_instantly(problem_of(case, goals))
    return solve(problem_of(case, goals))


def wanted_goals(
    policy: Policy, holdings: Holdings, prices: PriceBook, drift: Drift, options: PlanOptions
) -> tuple[Goal, ...]:
    """The goals of a deposit or withdrawal. Raises as `cash_goals`; a withdrawal of more than there is is told the
    largest that plans."""
    try:
        return flow_goals(policy, holdings, drift, options)
    except UsageError as error:
        if error.code != "withdrawal_too_large":
            raise
        case = case_of(policy, holdings, prices, drift, options)
        require_prices(case)
        raise too_large(case, error, lambda other: _plans(other, ())) from None


def _plans(case: Case, goals: Sequence[Goal]) -> bool:
    """Whether a changed request has a plan; tax binds nothing. A deposit or withdrawal has goals of its own."""
    try:
        wanted = flow_goals(case.policy, case.holdings, case.drift, case.options) if case.flow else goals
        bare = replace(case, taxes=NO_TAXES)
        known = None if is_household(case) else can_raise(problem_of(bare, wanted))
        if known is None:
            _solution(bare, wanted)
    except (NoPlan, RuleError, UsageError):
        return False
    return known is not False


def _ignoring(
    case: Case,
    goals: Sequence[Goal],
    orders: Sequence[Order],
    exchanges: Sequence[Exchange],
    after: Sequence[AfterRow],
    on: date,
) -> IgnoringTax | None:
    """The plan that would be best if tax weighed nothing; None where nothing is known of tax, or time is short."""
    if case.taxes.case is None or case.options.instant:
        return None
    others, rows, exchanged = orders, after, exchanges
    if case.taxes.matter and case.policy.rebalancing.tax_weight:
        untaxed = replace(case, taxes=NO_TAXES)
        solution = _solved(untaxed, goals)
        others, exchanged = orders_of(untaxed, solution, goals, on), exchanges_of(untaxed, solution)
        rows = _after(case, others, cash_after(case, others, exchanged))[0]
    summary = _summary(case, others, rows, ZERO, None)
    costs = (summary.commission, summary.slippage, fx_cost(exchanged))
    near, other = (distance(case.policy, goals, {r.code: r.value for r in each}) for each in (after, rows))
    nearer = exact_sum((near, other.copy_negate()))
    same = [(o.account, o.code, o.change) for o in others] == [(o.account, o.code, o.change) for o in orders]
    return ignoring_tax(case.taxes, others, on, costs, nearer, same=same)


def _after(case: Case, orders: Sequence[Order], cash: Decimal) -> tuple[tuple[AfterRow, ...], Decimal]:
    """Every asset after the orders at the reference prices, and the total that is left after costs."""
    changes: dict[str, Decimal] = {}
    for order in orders:
        changes[order.code] = exact_sum((changes.get(order.code, ZERO), order.change))
    held = {row.code: exact_sum((row.quantity, changes.get(row.code, ZERO))) for row in case.drift.assets}
    values = {
        row.code: case.prices.value(row.code, held[row.code]) if row.price is not None else ZERO
        for row in case.drift.assets
    }
    total = exact_sum((*values.values(), cash))
    rows = []
    for row in case.drift.assets:
        weight = Fraction(values[row.code]) / Fraction(total) if total else Fraction(0)
        drift = as_decimal(weight - Fraction(row.target_weight))
        rows.append(AfterRow(row.code, held[row.code], values[row.code], as_decimal(weight), drift))
    return tuple(rows), total


def cash_after(case: Case, orders: Sequence[Order], exchanges: Sequence[Exchange] = ()) -> Decimal:
    """All counted cash after the orders, the exchanges and the deposit or withdrawal, in the base currency."""
    others = [row.value for row in case.drift.cash if row.counted and row.account not in case.planned]
    return exact_sum((*others, *(_own_cash_after(case.at(name), orders, exchanges) for name in case.planned)))


def _own_cash_after(case: Case, orders: Sequence[Order], exchanges: Sequence[Exchange]) -> Decimal:
    """The counted cash of the account that is looked at, after its orders, in the base currency."""
    left: dict[str, Decimal] = dict.fromkeys(case.currencies, ZERO)
    for balance in case.drift.cash:
        if balance.counted and balance.account == case.account:
            left[balance.currency] = exact_sum((left[balance.currency], balance.amount))
    for order in orders:
        if order.account == case.account:
            left[order.currency] = exact_sum((left[order.currency], order_spend(order).copy_negate()))
    base = case.policy.base_currency
    lines = [line for line in exchanges if line.account == case.account]
    for currency in left if lines else ():
        left[currency] = exact_sum((left[currency], *(line.moved(currency, base) for line in lines)))
    left[base] = exact_sum((left[base], case.own_flow))
    return exact_sum(case.prices.in_base(amount, currency) for currency, amount in left.items() if amount)


def fx_cost(exchanges: Sequence[Exchange]) -> Decimal:
    """What exchanges cost, in the base currency."""
    return exact_sum(line.cost for line in exchanges)


def order_spend(order: Order) -> Decimal:
    """What an order takes out of the account's cash, costs included; negative for a sale."""
    signed = order.amount if order.side is Side.BUY else order.amount.copy_negate()
    return exact_sum((signed, order.commission, order.slippage))


def _summary(
    case: Case, orders: Sequence[Order], after: Sequence[AfterRow], cash: Decimal, tax: Decimal | None
) -> Summary:
    def in_base(amounts: Sequence[tuple[Decimal, str]]) -> Decimal:
        return exact_sum(case.prices.in_base(amount, currency) for amount, currency in amounts)

    return Summary(
        turnover=in_base([(order.amount, order.currency) for order in orders]),
        commission=in_base([(order.commission, order.currency) for order in orders]),
        slippage=in_base([(order.slippage, order.currency) for order in orders]),
        tax=tax,
        cash_before=case.drift.cash_value,
        cash_after=cash,
        max_drift_before=case.drift.max_drift,
        max_drift_after=largest_drift(case.policy, case.drift, {row.code: row.value for row in after}, cash),
    )


def _method(policy: Policy, options: PlanOptions) -> Method:
    if options.method is not None:
        return options.method
    return Method.FRACTION if options.fraction not in (None, ONE) else policy.rebalancing.method


def _cash_rule(policy: Policy, options: PlanOptions) -> CashRule | None:
    if options.contribute is None and options.withdraw is None:
        return None
    return options.cash_rule or policy.rebalancing.cash.rule


def _optimality(case: Case, solution: Found | None) -> Optimality:
    if solution is None or solution.proven:
        return Optimality("optimal", ZERO)
    unit = Fraction(10_000) / (Fraction(case.total) or 1)
    base_units = solution.gap * Fraction(minor_unit(case.policy.base_currency))
    return Optimality("gap", round_fraction(base_units * unit, GAP_UNIT, Rounding.CEILING))
