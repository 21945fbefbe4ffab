"""From policy, holdings, prices and goals to the problem of `problem.py`: who may trade, what cash may be spent."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.cashflow import cash_goals
from rebalance_kit.costs import cost_rates
from rebalance_kit.drift import AssetDrift, Drift
from rebalance_kit.errors import RuleError, UsageError
from rebalance_kit.goals import Goal, minimum_trade, within_deadband
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import ZERO, exact_sum, minor_unit, product
from rebalance_kit.orders import share_unit, units_of
from rebalance_kit.planner.plan import PlanOptions
from rebalance_kit.planner.problem import Asset, Problem, Terms, state
from rebalance_kit.planner.taxing import NO_TAXES, Taxes
from rebalance_kit.policy.model import Policy
from rebalance_kit.policy.placing import for_flow, may_hold, paid_account
from rebalance_kit.prices.model import PriceBook, missing_price
from rebalance_kit.tax.schedule import SharedTax, TaxSchedule
from rebalance_kit.words import Text


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a plan is made from: the inputs of `make_plan` with the accounts that it trades on.

    `account` is the one that is looked at; a household has several `accounts`, and `at` looks at each. `paid` is the
    account of a deposit or withdrawal. Without them everything is about `account`.
    """

    policy: Policy
    holdings: Holdings
    prices: PriceBook
    drift: Drift
    options: PlanOptions
    account: str
    accounts: tuple[str, ...] = ()
    paid: str = ""
    taxes: Taxes = NO_TAXES

    def at(self, account: str) -> Case:
        """The same with the eyes on one account."""
        return replace(self, account=account)

    @property
    def unit(self) -> Decimal:
        """The smallest part of a share that the account trades."""
        return share_unit(self.policy, self.account)

    @property
    def exchanges(self) -> bool:
        """May the account that is looked at exchange cash, and is there another currency?"""
        return self.policy.rebalancing.cash.exchange and len(self.currencies) > 1

    @property
    def planned(self) -> tuple[str, ...]:
        """Every account that the plan trades on, sorted."""
        return self.accounts or (self.account,)

    @property
    def own_flow(self) -> Decimal:
        """What is paid into (or out of) the account that is looked at."""
        return self.flow if self.account == (self.paid or self.account) else ZERO

    @property
    def flow(self) -> Decimal:
        """What is paid in (positive) or out, in the base currency."""
        return exact_sum((self.options.contribute or ZERO, (self.options.withdraw or ZERO).copy_negate()))

    @property
    def total(self) -> Decimal:
        """The value that is being invested: what is there, and what is paid in or out."""
        return exact_sum((self.drift.total_value, self.flow))

    @property
    def minimum(self) -> Decimal:
        """The minimum trade in the base currency."""
        return minimum_trade(self.policy, self.total)

    def may_buy(self, code: str) -> bool:
        """Does anything forbid buying: the policy, the account, or what was asked for?"""
        asset = self.policy.asset(code)
        if asset is None or asset.never_buy or self.options.withdraw is not None or self.rests(code):
            return False
        return may_hold(self.policy, asset, self.account) and not self.apart

    def may_sell(self, code: str) -> bool:
        """Does anything forbid selling: the policy, or what was asked for?"""
        asset = self.policy.asset(code)
        buying_only = self.options.contribute is not None or self.options.no_sell
        if asset is None or asset.never_sell or buying_only or self.apart:
            return False
        return not self.rests(code)

    @property
    def apart(self) -> bool:
        """Is it an account that a deposit into, or a withdrawal from, another one leaves alone?"""
        return bool(self.flow) and not self.own_flow

    def rests(self, code: str) -> bool:
        """Is the asset within the deadband? It then rests, unless money comes in or goes out (definition 8)."""
        deadband = self.policy.rebalancing.deadband
        return not self.flow and within_deadband(self.drift, self.drift.asset(code), deadband)

    def floor_of_cash(self, currency: str) -> Decimal:
        """Cash that stays in the account: the larger of the policy's and the account's buffer, in the base currency."""
        if currency != self.policy.base_currency:
            return ZERO
        rule = self.policy.accounts.get(self.account)
        return max(self.policy.rebalancing.cash.buffer, rule.cash_buffer if rule else ZERO)

    def cash(self, currency: str) -> Decimal:
        """Cash of the account before any order, with what is paid in or out. Dividends count where the policy says."""
        counts_dividends = self.policy.rebalancing.cash.dividends == "count"
        rows = (
            row.amount
            for row in self.holdings.cash
            if (row.account, row.currency) == (self.account, currency) and (row.kind == "cash" or counts_dividends)
        )
        return exact_sum((*rows, self.own_flow if currency == self.policy.base_currency else ZERO))

    @property
    def currencies(self) -> tuple[str, ...]:
        """Every currency of the account's cash and of what may be traded, and the base currency."""
        cash = {row.currency for row in self.holdings.cash if row.account == self.account}
        traded = {row.currency for row in self.drift.assets if row.price is not None}
        return tuple(sorted({self.policy.base_currency, *cash, *traded}))


def planned_accounts(policy: Policy, holdings: Holdings, account: str | None) -> tuple[str, ...]:
    """The accounts that a plan trades on, sorted: the one that was asked for, else all that hold something."""
    return (account,) if account is not None else tuple(sorted(holdings.accounts or policy.accounts))


def only_account(policy: Policy, holdings: Holdings, options: PlanOptions) -> str:
    """The account of what is planned for one account alone. UsageError when several are held and none was chosen."""
    accounts = planned_accounts(policy, holdings, options.account)
    if len(accounts) > 1:
        names = ", ".join(accounts)
        raise UsageError(
            "account_not_chosen",
            where="account",
            wrong=Text(f"there are several accounts: {names}", f"여러 계좌가 있습니다: {names}"),
            expected=Text("one account to plan", "계획할 계좌 하나"),
            fix=Text(f"choose one, such as --account {accounts[0]}", f"--account {accounts[0]}처럼 하나를 골라 주세요"),
        )
    return accounts[0]


def is_household(case: Case) -> bool:
    """Is the plan one of several accounts, or do assets stand for each other? Then nothing separates by asset."""
    return len(case.planned) > 1 or bool(case.policy.interchangeable_groups())


def flow_goals(policy: Policy, holdings: Holdings, drift: Drift, options: PlanOptions) -> tuple[Goal, ...]:
    """The goals of a deposit or withdrawal. Raises as `cash_goals`."""
    flow = (options.contribute or ZERO) - (options.withdraw or ZERO)
    seen = flow_policy(policy, holdings, options)
    return cash_goals(seen, drift, flow, options.cash_rule or policy.rebalancing.cash.rule)


def flow_policy(policy: Policy, holdings: Holdings, options: PlanOptions) -> Policy:
    """The policy as a deposit or withdrawal sees it. Of several accounts one pays or is paid: what it may not hold, or
    does not hold, takes no part."""
    accounts = planned_accounts(policy, holdings, options.account)
    if len(accounts) < 2:
        return policy
    paid = paid_account(policy, accounts)
    held = [row.code for row in holdings.positions if row.account == paid and row.quantity > 0]
    return for_flow(policy, paid, held, buys=options.contribute is not None)


def case_of(policy: Policy, holdings: Holdings, prices: PriceBook, drift: Drift, options: PlanOptions) -> Case:
    """The case of a plan: the account that was asked for, the only one held, or all of them as a household."""
    accounts = planned_accounts(policy, holdings, options.account)
    paid = paid_account(policy, accounts)
    return Case(policy, holdings, prices, drift, options, paid, accounts, paid)


def require_prices(case: Case) -> None:
    """RuleError for a targeted or held asset without a price, and for a price that must not be planned on."""
    missing = [row.code for row in case.drift.assets if row.price is None and _matters(row)]
    if missing:
        raise missing_price(missing)
    for finding in case.prices.findings:
        if finding.severity == "error":
            raise RuleError(
                finding.rule,
                where=Text("prices", "가격"),
                wrong=Text(_clause(finding.message.en), _clause(finding.message.ko)),
                expected=Text("prices that a plan may rest on", "계획의 바탕이 될 수 있는 가격"),
                fix=Text("correct the price or give a newer one", "가격을 바로잡거나 새 가격을 적어 주세요"),
            )


def problem_of(case: Case, goals: Iterable[Goal]) -> Problem:
    """The problem in exact numbers. Assets that the policy does not name are left out: nobody decided to trade them."""
    by_code = {goal.code: goal for goal in goals}
    listed = [row for row in case.drift.assets if case.policy.asset(row.code) and row.price is not None]
    traded = set(case.currencies) if case.exchanges else {row.currency for row in listed}
    if case.flow:
        traded.add(case.policy.base_currency)  # what is paid out must be there, what stays too, whatever is traded
    schedules = case.taxes.at(case.account) if case.policy.rebalancing.tax_weight else {}
    assets = tuple(_asset(case, row, by_code[row.code], schedules.get(row.code)) for row in listed)
    return state(assets, _terms(case, traded, case.taxes.shared if schedules else None))


def _asset(case: Case, row: AssetDrift, goal: Goal, tax: TaxSchedule | None) -> Asset:
    rule = case.policy.asset(row.code)
    rates = cost_rates(case.policy, row.code)
    holds = case.holdings.quantity(row.code, case.account)
    held, unit = units_of(holds, case.unit), Fraction(case.unit)
    low, high = (rule.min, rule.max) if rule else (None, None)
    return Asset(
        code=row.code,
        currency=row.currency,
        held=held,
        fraction=Fraction(holds) / unit - held,
        price=Fraction(case.prices.price(row.code)),
        rate=Fraction(case.prices.rate(row.currency)),
        goal=Fraction(goal.value),
        commission=Fraction(rates.commission),
        slippage=Fraction(rates.slippage),
        floor=None if low is None else Fraction(product(low, case.total)),
        ceiling=None if high is None else Fraction(product(high, case.total)),
        may_buy=case.may_buy(row.code),
        may_sell=case.may_sell(row.code),
        tax=tax,
        unit=unit,
    )


def _terms(case: Case, traded: Collection[str], shared: SharedTax | None) -> Terms:
    settings = case.policy.rebalancing
    limits = settings.constraints
    return Terms(
        base_currency=case.policy.base_currency,
        units={currency: Fraction(minor_unit(currency)) for currency in case.currencies},
        available={c: Fraction(case.cash(c)) - Fraction(case.floor_of_cash(c)) for c in sorted(traded)},
        total=Fraction(case.total),
        minimum=Fraction(case.minimum),
        squared=settings.deviation == "squared",
        cash_price=Fraction(settings.cash_price),
        order_price=Fraction(settings.order_price),
        max_orders=limits.max_orders,
        max_turnover=None if limits.max_turnover is None else Fraction(product(limits.max_turnover, case.total)),
        shared=shared,
        tax_weight=Fraction(settings.tax_weight),
        spread=Fraction(case.policy.costs.fx_spread) if case.exchanges else None,
        rates={c: Fraction(case.prices.rate(c)) for c in case.currencies} if case.exchanges else {},
    )


def _matters(row: AssetDrift) -> bool:
    return row.quantity != 0 or row.target_weight != 0


def _clause(sentence: str) -> str:
    return sentence.rstrip(". ")
