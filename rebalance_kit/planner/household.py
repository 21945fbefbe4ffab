"""Several accounts under one set of targets: the case as a household, and its solution.

Money is never moved between accounts. Each account buys what its list and type allow, an IRP keeps its share of risk
assets, and what holding an asset in an account costs a year (`drag`) decides where it goes when all else is equal. A
deposit or withdrawal is of one account and leaves the others alone.

Imported only when a plan has several accounts or a group whose assets may stand for each other: the solver behind it
needs HiGHS and numpy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from rebalance_kit.costs import cost_rates
from rebalance_kit.goals import Goal
from rebalance_kit.money import minor_unit, product
from rebalance_kit.orders import units_of
from rebalance_kit.planner.household_figures import state_household
from rebalance_kit.planner.household_problem import Holding, Household, RiskCap, Shared, Whole
from rebalance_kit.planner.household_solve import HouseholdSolution, solve_household
from rebalance_kit.planner.problem import Asset
from rebalance_kit.planner.stating import Case
from rebalance_kit.policy.placing import has_risk_cap, is_risk_asset, yearly_drag
from rebalance_kit.words import Finding, Text


def solved_household(case: Case, goals: Iterable[Goal]) -> HouseholdSolution:
    """The best plan that is found for all accounts together, with its gap. Raises NoHouseholdPlan."""
    return solve_household(household_of(case, goals), prove=case.options.prove)


def household_of(case: Case, goals: Iterable[Goal]) -> Household:
    """The case in exact numbers. Assets that the policy does not name are left out: nobody decided to trade them."""
    unit_of = units(case)
    wanted: dict[str, Fraction] = {}
    for goal in goals:
        if goal.code in unit_of:
            name = unit_of[goal.code]
            wanted[name] = wanted.get(name, Fraction(0)) + Fraction(goal.value)
    holdings = list(_holdings(case, unit_of))
    present = {one.asset.code for one in holdings}
    wholes = [_whole(case, code, unit_of[code]) for code in sorted(present)]
    named = {whole.unit for whole in wholes}
    return state_household(holdings, wholes, _shared(case, {u: v for u, v in wanted.items() if u in named}, holdings))


def units(case: Case) -> dict[str, str]:
    """What deviates together, by code: the asset itself, or its interchangeable group."""
    groups = case.policy.interchangeable_groups()
    inside = {asset.code: f"~{name}" for name, members in groups.items() for asset in members}
    priced = [row.code for row in case.drift.assets if row.price is not None]
    return {asset.code: inside.get(asset.code, asset.code) for asset in case.policy.assets if asset.code in priced}


def _holdings(case: Case, codes: Iterable[str]) -> Iterator[Holding]:
    several = len(case.planned) > 1
    for account in case.planned:
        own = case.at(account)
        for code in codes:
            asset, held = case.policy.asset(code), case.holdings.quantity(code, account)
            if asset is None or not (held or own.may_buy(code)):
                continue
            drag = Fraction(yearly_drag(case.policy, asset, account)) if several else Fraction(0)
            yield Holding(account, _asset(own, code), is_risk_asset(asset), drag)


def _asset(case: Case, code: str) -> Asset:
    row, rates = case.drift.asset(code), cost_rates(case.policy, code)
    holds, unit = case.holdings.quantity(code, case.account), Fraction(case.unit)
    held = units_of(holds, case.unit)
    weighs = case.policy.rebalancing.tax_weight
    return Asset(
        code=code,
        currency=row.currency,
        held=held,
        fraction=Fraction(holds) / unit - held,
        price=Fraction(case.prices.price(code)),
        rate=Fraction(case.prices.rate(row.currency)),
        goal=Fraction(0),
        commission=Fraction(rates.commission),
        slippage=Fraction(rates.slippage),
        may_buy=case.may_buy(code),
        may_sell=case.may_sell(code),
        tax=case.taxes.at(case.account).get(code) if weighs else None,
        unit=unit,
    )


def _whole(case: Case, code: str, unit: str) -> Whole:
    asset = case.policy.asset(code)
    low, high = (asset.min, asset.max) if asset else (None, None)
    return Whole(
        code,
        unit,
        floor=None if low is None else Fraction(product(low, case.total)),
        ceiling=None if high is None else Fraction(product(high, case.total)),
    )


def _shared(case: Case, goals: dict[str, Fraction], holdings: list[Holding]) -> Shared:
    settings, base = case.policy.rebalancing, case.policy.base_currency
    limits = settings.constraints
    used = {(one.account, one.asset.currency) for one in holdings}
    if case.flow < 0:
        used.add((case.paid or case.account, base))  # what is paid out must be there, whatever is traded
    available = {}
    for account, currency in sorted(used):
        own = case.at(account)
        available[account, currency] = Fraction(own.cash(currency)) - Fraction(own.floor_of_cash(currency))
    exchanging = [account for account in case.planned if case.at(account).exchanges and not case.at(account).apart]
    for account in exchanging:
        own = case.at(account)
        used |= {(account, base)} | {(account, c) for c in own.currencies if own.cash(c)}
    for account, currency in sorted(used - set(available)):
        own = case.at(account)
        available[account, currency] = Fraction(own.cash(currency)) - Fraction(own.floor_of_cash(currency))
    currencies = {base} | {currency for _, currency in used}
    return Shared(
        base_currency=base,
        units={currency: Fraction(minor_unit(currency)) for currency in sorted(currencies)},
        available={key: amount for key, amount in available.items() if _binds(case, key, amount)},
        goals=goals,
        total=Fraction(case.total),
        minimum=Fraction(case.minimum),
        squared=settings.deviation == "squared",
        cash_price=Fraction(settings.cash_price),
        order_price=Fraction(settings.order_price),
        max_orders=limits.max_orders,
        max_turnover=None if limits.max_turnover is None else Fraction(product(limits.max_turnover, case.total)),
        spreads=dict.fromkeys(exchanging, Fraction(case.policy.costs.fx_spread)),
        rates={currency: Fraction(case.prices.rate(currency)) for currency in currencies},
        tax=case.taxes.shared,
        tax_weight=Fraction(settings.tax_weight) if case.taxes.matter else Fraction(0),
        caps=tuple(risk_cap(case, account) for account in case.planned if has_risk_cap(case.policy, account)),
    )


def _binds(case: Case, key: tuple[str, str], amount: Fraction) -> bool:
    """A budget binds, unless the account is short of its buffer and left alone: nobody asked it to raise anything."""
    return amount >= 0 or not case.at(key[0]).apart


def risk_cap(case: Case, account: str) -> RiskCap:
    """What an account is worth, its risk assets, and those of them that are not traded; before costs, exact."""
    value = before = apart = Fraction(0)
    for position in case.holdings.positions:
        if position.account != account or not position.quantity:
            continue
        rate = Fraction(case.prices.rate(case.prices.quotes[position.code].currency))
        worth = Fraction(case.prices.price(position.code)) * Fraction(position.quantity) * rate
        asset = case.policy.asset(position.code)
        value += worth
        if asset is None or is_risk_asset(asset):
            before += worth
            apart += worth if asset is None else 0
    for cash in case.holdings.cash:
        if cash.account == account and cash.amount:
            value += Fraction(cash.amount) * Fraction(case.prices.rate(cash.currency))
    return RiskCap(account, value + Fraction(case.at(account).own_flow), before, apart)


def household_findings(case: Case) -> Iterator[Finding]:
    """What was taken for granted: the account of a deposit or withdrawal, and which assets are risk assets."""
    if len(case.planned) > 1 and case.flow:
        word = Text("deposit goes to", "입금은") if case.flow > 0 else Text("withdrawal is paid from", "출금은")
        particle = "(으)로 들어갑니다" if case.flow > 0 else "에서 나갑니다"
        yield Finding(
            "paid_account",
            "info",
            Text(
                f"The {word.en} {case.paid}, the first taxable account; another can be named with --account.",
                f"{word.ko} 첫 일반 계좌 {case.paid}{particle}. 다른 계좌는 --account로 정할 수 있습니다.",
            ),
        )
    guessed = [asset.name for asset in case.policy.assets if asset.risk_asset is None]
    capped = [account for account in case.planned if has_risk_cap(case.policy, account)]
    if guessed and capped:
        names, accounts = ", ".join(guessed), ", ".join(capped)
        yield Finding(
            "risk_asset_guessed",
            "warning",
            Text(
                f"The 70 % of risk assets in {accounts} rests on a guess from the asset class for {names}; "
                "say `risk_asset: true` or `false` for each.",
                f"{accounts}의 위험자산 70 % 한도를 따질 때 {names}은(는) 자산군으로 짐작했습니다. "
                "종목마다 `risk_asset: true` 또는 `false`를 적어 주세요.",
            ),
        )
