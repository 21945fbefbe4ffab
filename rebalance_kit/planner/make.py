"""The planner's door: goals in money become whole-share orders, with their cost, their proof and their certificate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from rebalance_kit.costs import commission, slippage
from rebalance_kit.drift import AssetDrift, Drift
from rebalance_kit.errors import RuleError
from rebalance_kit.goals import Goal
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import (
    ONE,
    ZERO,
    Rounding,
    as_decimal,
    exact_sum,
    minor_unit,
    product,
    round_fraction,
    show_money,
)
from rebalance_kit.orders import Order, Side, cash_reason, drift_reason, instrument_of, limit_price
from rebalance_kit.planner import telling
from rebalance_kit.planner.benefit import weigh
from rebalance_kit.planner.certificate import certify
from rebalance_kit.planner.identity import plan_id
from rebalance_kit.planner.plan import AfterRow, Certificate, Optimality, Plan, PlanOptions, Summary
from rebalance_kit.planner.plan_tax import IgnoringTax
from rebalance_kit.planner.solve import NoPlan, Solution, solve
from rebalance_kit.planner.stating import Case, case_of, is_household, problem_of, require_prices
from rebalance_kit.planner.taxing import NO_TAXES, estimated, findings_of, ignoring_tax, plan_tax, tax_of, taxes_of
from rebalance_kit.policy.model import CashRule, Method, Policy
from rebalance_kit.prices.instruments import Instruments
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.trigger import Decision
from rebalance_kit.words import Finding, Text

if TYPE_CHECKING:
    from rebalance_kit.planner.household_solve import HouseholdSolution

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
    wanted, tax = estimated(taxes, () if solution is None else _orders(case, solution, goals, on), on)
    weighed = weigh(case, wanted, decision, tax=tax_of(tax))
    wanted, decision = weighed.orders, weighed.decision
    orders, tax = (wanted, tax) if decision.rebalance else estimated(taxes, (), on)
    cash = cash_after(case, orders)
    after, total = _after(case, orders, cash)
    plan = Plan(
        plan_id=plan_id(policy, holdings, prices, options, orders, ", ".join(case.planned), on),
        drift=drift,
        decision=decision,
        options=options,
        method=_method(policy, options),
        cash_rule=_cash_rule(policy, options),
        goals=tuple(goals),
        orders=orders,
        ideal=() if decision.rebalance else wanted,
        summary=_summary(case, orders, after, cash, tax_of(tax)),
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
        tax=plan_tax(tax, _ignoring(case, goals, orders, after, on) if decision.rebalance else None),
        benefit=weighed.benefit,
    )
    proof = certify(policy, holdings, prices, plan, on=on, household=household, instruments=instruments)
    return replace(plan, certificate=proof)


def _household_findings(case: Case) -> tuple[Finding, ...]:
    if not is_household(case):
        return ()
    from rebalance_kit.planner.household import household_findings

    return tuple(household_findings(case))


def wanted_orders(case: Case, goals: Sequence[Goal], on: date) -> tuple[Order, ...]:
    """The orders alone of the best plan, with their tax. Raises RuleError when the cash cannot be raised."""
    return estimated(case.taxes, _orders(case, _solved(case, goals), goals, on), on)[0]


def _solved_if_possible(
    case: Case, goals: Sequence[Goal], *, due: bool
) -> tuple[Solution | HouseholdSolution | None, tuple[Finding, ...]]:
    """When nothing is due, that no plan would be possible is a finding, not a failure."""
    try:
        return _solved(case, goals), ()
    except RuleError as error:
        if due:
            raise
        said = Text(error.message("en"), error.message("ko"))
        return None, (Finding(error.code, "warning", said),)


def _solved(case: Case, goals: Sequence[Goal]) -> Solution | HouseholdSolution:
    try:
        if is_household(case):
            from rebalance_kit.planner.household import solved_household  # with HiGHS and numpy behind it

            return solved_household(case, goals)
        if case.options.instant:
            from rebalance_kit.planner.instant import solve_instantly  # with numpy behind it

            return solve_instantly(problem_of(case, goals))
        return solve(problem_of(case, goals))
    except NoPlan as none:
        raise _no_plan(case if none.account is None else case.at(none.account), none) from None


def _orders(case: Case, solution: Solution | HouseholdSolution, goals: Sequence[Goal], on: date) -> tuple[Order, ...]:
    """The orders that lead to the counts: sells first, then by account and code."""
    by_code = {goal.code: goal for goal in goals}
    moves = []
    for account in case.planned:
        counts, own = solution.at(account), case.at(account)
        for row in case.drift.assets:
            change = counts.get(row.code, 0) - int(case.holdings.quantity(row.code, account))
            if row.code in counts and change:
                moves.append(_order(own, row, change, by_code[row.code], on))
    return tuple(sorted(moves, key=lambda order: (order.side is Side.BUY, order.account, order.code)))


def _ignoring(
    case: Case, goals: Sequence[Goal], orders: Sequence[Order], after: Sequence[AfterRow], on: date
) -> IgnoringTax | None:
    """The plan that would be best if tax weighed nothing; None where nothing is known of tax."""
    if case.taxes.case is None:
        return None
    others, rows = orders, after
    if case.taxes.matter and case.policy.rebalancing.tax_weight:
        untaxed = replace(case, taxes=NO_TAXES)
        others = _orders(untaxed, _solved(untaxed, goals), goals, on)
        rows = _after(case, others, cash_after(case, others))[0]
    summary = _summary(case, others, rows, ZERO, None)
    nearer = exact_sum((_distance(goals, after), _distance(goals, rows).copy_negate()))
    same = [(o.account, o.code, o.change) for o in others] == [(o.account, o.code, o.change) for o in orders]
    return ignoring_tax(case.taxes, others, on, (summary.commission, summary.slippage), nearer, same=same)


def _distance(goals: Sequence[Goal], after: Sequence[AfterRow]) -> Decimal:
    """How far everything is from its goal, in the base currency."""
    values = {row.code: row.value for row in after}
    return exact_sum(abs(exact_sum((goal.value, values[goal.code].copy_negate()))) for goal in goals)


def _order(case: Case, row: AssetDrift, change: int, goal: Goal, on: date) -> Order:
    side = Side.BUY if change > 0 else Side.SELL
    price = case.prices.price(row.code)
    amount = product(price, Decimal(abs(change)))
    return Order(
        account=case.account,
        code=row.code,
        name=row.name,
        side=side,
        quantity=abs(change),
        limit_price=_limit(case, row.code, side, price, on),
        reference_price=price,
        currency=row.currency,
        rate=case.prices.rate(row.currency),
        amount=amount,
        commission=commission(case.policy, row.code, amount, row.currency),
        slippage=slippage(case.policy, row.code, amount, row.currency),
        reason=_reason(case, row, goal),
    )


def _limit(case: Case, code: str, side: Side, price: Decimal, on: date) -> Decimal | None:
    asset, settings = case.policy.asset(code), case.policy.rebalancing.orders
    if asset is None:
        raise KeyError(code)
    instrument = instrument_of(asset, case.policy.exchange_of(asset))
    return limit_price(side, price, style=settings.style, tolerance=settings.tolerance, instrument=instrument, on=on)


def _reason(case: Case, row: AssetDrift, goal: Goal) -> Text:
    if case.flow:
        return cash_reason(goal.amount, case.flow, case.policy.base_currency, row.target_weight, row.current_weight)
    return drift_reason(row.target_weight, row.current_weight, row.drift)


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


def cash_after(case: Case, orders: Sequence[Order]) -> Decimal:
    """All counted cash after the orders and the deposit or withdrawal, in the base currency."""
    others = [row.value for row in case.drift.cash if row.counted and row.account not in case.planned]
    return exact_sum((*others, *(_own_cash_after(case.at(account), orders) for account in case.planned)))


def _own_cash_after(case: Case, orders: Sequence[Order]) -> Decimal:
    """The counted cash of the account that is looked at, after its orders, in the base currency."""
    left: dict[str, Decimal] = dict.fromkeys(case.currencies, ZERO)
    for balance in case.drift.cash:
        if balance.counted and balance.account == case.account:
            left[balance.currency] = exact_sum((left[balance.currency], balance.amount))
    for order in orders:
        if order.account == case.account:
            left[order.currency] = exact_sum((left[order.currency], order_spend(order).copy_negate()))
    base = case.policy.base_currency
    left[base] = exact_sum((left[base], case.own_flow))
    return exact_sum(case.prices.in_base(amount, currency) for currency, amount in left.items() if amount)


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
        max_drift_after=_largest_drift(case, after, cash),
    )


def _largest_drift(case: Case, after: Sequence[AfterRow], cash: Decimal) -> Decimal:
    """The largest drift that is left: of an asset, or of a group that is judged instead of its assets."""
    values = {row.code: row.value for row in after}
    total = exact_sum((*values.values(), cash))
    alone = {row.code for row in case.drift.assets if not row.stands_in}
    drifts = [abs(row.drift) for row in after if row.code in alone]
    for name, members in case.policy.interchangeable_groups().items():
        value = exact_sum(values[asset.code] for asset in members)
        weight = Fraction(value) / Fraction(total) if total else Fraction(0)
        drifts.append(abs(as_decimal(weight - Fraction(case.drift.group(name).target_weight))))
    return max(drifts, default=ZERO)


def _method(policy: Policy, options: PlanOptions) -> Method:
    if options.method is not None:
        return options.method
    return Method.FRACTION if options.fraction not in (None, ONE) else policy.rebalancing.method


def _cash_rule(policy: Policy, options: PlanOptions) -> CashRule | None:
    if options.contribute is None and options.withdraw is None:
        return None
    return options.cash_rule or policy.rebalancing.cash.rule


def _no_plan(case: Case, none: NoPlan) -> RuleError:
    if none.currency is None:
        return RuleError(
            "caps_leave_no_plan",
            where=Text("rebalancing.constraints", "rebalancing.constraints"),
            wrong=Text(
                "no plan keeps max_orders and max_turnover", "max_orders와 max_turnover를 지키는 계획이 없습니다"
            ),
            expected=Text("caps that allow the cash to be raised", "필요한 현금을 마련할 수 있는 한도"),
            fix=Text("raise the caps", "한도를 늘려 주세요"),
        )
    currency = none.currency
    short = product(round_fraction(none.missing, ONE, Rounding.CEILING), minor_unit(currency))
    stays, missing = show_money(case.floor_of_cash(currency), currency), show_money(short, currency)
    return RuleError(
        "cash_cannot_be_raised",
        where=_where(case, currency),
        wrong=Text(
            f"selling everything that may be sold leaves {missing} too little",
            f"팔 수 있는 것을 다 팔아도 {missing}이(가) 모자랍니다",
        ),
        expected=Text(f"{stays} or more after every order", f"모든 주문 뒤에 {stays} 이상"),
        fix=Text(
            f"withdraw or keep {missing} less, or exchange money into {currency} first",
            f"출금액이나 남길 현금을 {missing} 줄이거나 먼저 {currency}(으)로 환전해 주세요",
        ),
    )


def _where(case: Case, currency: str) -> Text:
    if len(case.planned) == 1:
        return Text(f"cash in {currency}", f"{currency} 현금")
    return Text(f"cash in {currency} of account {case.account}", f"{case.account} 계좌의 {currency} 현금")


def _optimality(case: Case, solution: Solution | HouseholdSolution | None) -> Optimality:
    if solution is None or solution.proven:
        return Optimality("optimal", ZERO)
    unit = Fraction(10_000) / (Fraction(case.total) or 1)
    base_units = solution.gap * Fraction(minor_unit(case.policy.base_currency))
    return Optimality("gap", round_fraction(base_units * unit, GAP_UNIT, Rounding.CEILING))
