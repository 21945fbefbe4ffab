"""What a request that no plan can meet is told: what binds, and the nearest request that does plan.

The nearest request is found by trying: `plans` says of a changed case whether a plan exists, and a bisection on whole
minor units (or orders) leaves the last one that has a plan beside the first one that has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from rebalance_kit.errors import RuleError, UsageError
from rebalance_kit.money import MINOR_DIGITS, ONE, Rounding, minor_unit, plain, product, round_fraction, show_money
from rebalance_kit.planner.solve import NoPlan
from rebalance_kit.planner.stating import Case
from rebalance_kit.words import Text

Plans = Callable[[Case], bool]


class Fix(NamedTuple):
    """What to do; the Korean verb stands apart, as it differs before an "or"."""

    en: str
    ko: str
    ko_or: str
    ko_do: str


TURNOVER_STEPS = 10_000  # a cap on turnover is found to a basis point


def no_plan(case: Case, none: NoPlan, plans: Plans) -> RuleError:
    """The refusal of a request, with what binds and the nearest request that plans."""
    if none.currency is None:
        return _caps(case, plans)
    currency = none.currency
    short = _short(none, currency)
    fixes = list(nearest(case, currency, short, plans))
    return RuleError(
        "cash_cannot_be_raised",
        where=_where(case, currency),
        wrong=_too_little(case, currency, short),
        expected=_stays(case, currency),
        fix=_either(fixes),
    )


def _less(most: Decimal, currency: str) -> Fix:
    said = show_money(most, currency)
    return Fix(f"withdraw at most {said}", f"출금을 {said} 이하로", "줄이거나", "줄여 주세요")


def _either(fixes: Sequence[Fix]) -> Text:
    ko = [f"{fix.ko} {fix.ko_or}" for fix in fixes[:-1]] + [f"{fixes[-1].ko} {fixes[-1].ko_do}"]
    return Text(", or ".join(fix.en for fix in fixes), " ".join(ko))


def nearest(case: Case, currency: str, short: Decimal, plans: Plans) -> Iterator[Fix]:
    """The nearest requests that plan: a smaller withdrawal, a smaller buffer, or money from outside."""
    base = case.policy.base_currency
    unit = minor_unit(base)
    found = False
    if case.options.withdraw is not None:
        guess = case.options.withdraw - short if currency == base else None
        most = largest_withdrawal(case, plans, guess)
        if most is not None:
            found = True
            yield _less(most, base)
    floor = case.floor_of_cash(base)
    if floor > 0 and (not found or case.options.withdraw is None):
        buffer = largest(lambda units: plans(with_buffer(case, product(Decimal(units), unit))), units_in(floor, base))
        if buffer is not None:
            found = True
            said = show_money(product(Decimal(buffer), unit), base)
            yield Fix(f"keep a buffer of at most {said}", f"남길 현금을 {said} 이하로", "줄이거나", "줄여 주세요")
    if not found:
        said = show_money(short, currency)
        yield Fix(f"pay in or exchange {said} first", f"먼저 {said}을(를) 입금하거나", "환전하거나", "환전해 주세요")


def too_large(case: Case, error: UsageError, plans: Plans) -> UsageError:
    """A withdrawal of more than there is, with the largest that plans."""
    most = largest_withdrawal(case, plans)
    if most is None:
        return error
    said = show_money(most, case.policy.base_currency)
    expected = Text(f"at most {said}", f"{said} 이하")
    return UsageError(error.code, where=error.where, wrong=error.wrong, expected=expected, fix=error.fix)


def largest_withdrawal(case: Case, plans: Plans, guess: Decimal | None = None) -> Decimal | None:
    """The largest withdrawal below the one that was asked for that plans; None when not even the smallest does."""
    asked, base = case.options.withdraw, case.policy.base_currency
    if asked is None:
        return None
    unit = minor_unit(base)

    def with_plan(units: int) -> bool:
        options = replace(case.options, withdraw=product(Decimal(units), unit))
        return units > 0 and plans(replace(case, options=options))

    begin = None if guess is None else max(1, units_in(guess, base))
    most = largest(with_plan, units_in(asked, base), low=1, guess=begin)
    return None if most is None else product(Decimal(most), unit)


def largest(holds: Callable[[int], bool], high: int, low: int = 0, guess: int | None = None) -> int | None:
    """The largest n below `high`, where it does not hold, that holds while n + 1 does not; None if `low` does not.

    It gallops from `guess`, so that a good guess costs a few trials.
    """
    if high <= low or not holds(low):
        return None
    if guess is not None and low < guess < high:
        low, high = _bracket(holds, low, guess, high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _bracket(holds: Callable[[int], bool], low: int, guess: int, high: int) -> tuple[int, int]:
    step, up = 1, holds(guess)
    low, high = (guess, high) if up else (low, guess)
    while high - low > 1:
        trial = min(guess + step, high - 1) if up else max(guess - step, low + 1)
        if holds(trial) is not up:
            return (low, trial) if up else (trial, high)
        low, high = (trial, high) if up else (low, trial)
        step *= 4
    return low, high


def with_buffer(case: Case, buffer: Decimal) -> Case:
    """The case with no more than this kept in cash."""
    policy = case.policy
    cash = policy.rebalancing.cash
    cash = cash.model_copy(update={"buffer": min(cash.buffer, buffer)})
    accounts = {
        name: rule.model_copy(update={"cash_buffer": min(rule.cash_buffer, buffer)})
        for name, rule in policy.accounts.items()
    }
    rebalancing = policy.rebalancing.model_copy(update={"cash": cash})
    return replace(case, policy=policy.model_copy(update={"rebalancing": rebalancing, "accounts": accounts}))


def with_caps(case: Case, **caps: object) -> Case:
    """The case with other caps."""
    rebalancing = case.policy.rebalancing
    limits = rebalancing.constraints.model_copy(update=caps)
    changed = rebalancing.model_copy(update={"constraints": limits})
    return replace(case, policy=case.policy.model_copy(update={"rebalancing": changed}))


def units_in(amount: Decimal, currency: str) -> int:
    """An amount in whole minor units, rounded down."""
    return int(amount.scaleb(MINOR_DIGITS[currency]))


def _caps(case: Case, plans: Plans) -> RuleError:
    limits = case.policy.rebalancing.constraints
    named = [("max_orders", limits.max_orders), ("max_turnover", limits.max_turnover)]
    stated = [f"{name} ({value})" for name, value in named if value is not None]
    fixes = list(_other_caps(case, plans))
    most = largest_withdrawal(case, plans) if limits.max_turnover is None or not fixes else None
    if most is not None:
        fixes.append(_less(most, case.policy.base_currency))
    fixes = fixes or [Fix("raise the caps", "한도를", "늘리거나", "늘려 주세요")]
    both, both_ko = " and ".join(stated), ", ".join(stated)
    return RuleError(
        "caps_leave_no_plan",
        where=Text("rebalancing.constraints", "rebalancing.constraints"),
        wrong=Text(f"no plan keeps {both} and the cash", f"{both_ko}과(와) 현금을 함께 지키는 계획이 없습니다"),
        expected=Text("caps that allow the cash to be raised", "필요한 현금을 마련할 수 있는 한도"),
        fix=_either(fixes),
    )


def _other_caps(case: Case, plans: Plans) -> Iterator[Fix]:
    """The smallest cap on orders that plans with the one on turnover, or the smallest on turnover without one on orders
    (or with it)."""
    limits = case.policy.rebalancing.constraints
    if limits.max_orders is not None:
        most = len(case.policy.assets) * len(case.planned)
        fewest = next((n for n in range(limits.max_orders + 1, most + 1) if plans(with_caps(case, max_orders=n))), None)
        if fewest is not None:
            yield Fix(f"raise max_orders to {fewest}", f"max_orders를 {fewest}(으)로", "올리거나", "올려 주세요")
    if limits.max_turnover is not None:
        share = _smallest_turnover(case, limits.max_turnover, plans)
        if share is not None:
            said = plain(share)
            yield Fix(f"raise max_turnover to {said}", f"max_turnover를 {said}(으)로", "올리거나", "올려 주세요")


def _smallest_turnover(case: Case, stated: Decimal, plans: Plans) -> Decimal | None:
    step = ONE / TURNOVER_STEPS

    def too_small(steps: int) -> bool:
        return not plans(with_caps(case, max_turnover=product(Decimal(steps), step)))

    last = largest(too_small, TURNOVER_STEPS, low=int(stated / step)) if not too_small(TURNOVER_STEPS) else None
    return None if last is None else product(Decimal(last + 1), step)


def _short(none: NoPlan, currency: str) -> Decimal:
    return product(round_fraction(none.missing, ONE, Rounding.CEILING), minor_unit(currency))


def _stays(case: Case, currency: str) -> Text:
    stays = show_money(case.floor_of_cash(currency), currency)
    return Text(f"{stays} or more after every order", f"모든 주문 뒤에 {stays} 이상")


def _too_little(case: Case, currency: str, short: Decimal) -> Text:
    """What falls short, and what binds: assets that may not be sold, the buffer, the withdrawal."""
    missing = show_money(short, currency)
    reasons = list(_binding(case, currency))
    why = f" ({'; '.join(text.en for text in reasons)})" if reasons else ""
    why_ko = f"({', '.join(text.ko for text in reasons)})" if reasons else ""
    if not short:
        return Text(
            f"selling everything that may be sold leaves too little{why}",
            f"팔 수 있는 것을 다 팔아도 현금이 모자랍니다{why_ko}",
        )
    return Text(
        f"selling everything that may be sold leaves {missing} too little{why}",
        f"팔 수 있는 것을 다 팔아도 {missing}이(가) 모자랍니다{why_ko}",
    )


def _binding(case: Case, currency: str) -> Iterator[Text]:
    listed, rested = _held_back(case, currency)
    if listed:
        names = ", ".join(listed)
        yield Text(f"never_sell keeps {names}", f"매도 금지: {names}")
    if rested:
        names = ", ".join(rested)
        yield Text(f"the deadband keeps {names}", f"무거래 구간 안: {names}")
    if case.options.contribute is not None or case.options.no_sell:
        yield Text("this plan only buys", "매수만 하는 계획")
    floor = case.floor_of_cash(currency)
    if floor:
        yield Text(f"the buffer keeps {show_money(floor, currency)}", f"남길 현금 {show_money(floor, currency)}")


def _held_back(case: Case, currency: str) -> tuple[Sequence[str], Sequence[str]]:
    """The assets held in a currency that a list, or the deadband, keeps from being sold."""
    listed, rested = [], []
    for row in case.drift.assets:
        asset = case.policy.asset(row.code)
        if row.currency != currency or not case.holdings.quantity(row.code, case.account) or asset is None:
            continue
        if asset.never_sell:
            listed.append(row.code)
        elif case.rests(row.code):
            rested.append(row.code)
    return listed, rested


def _where(case: Case, currency: str) -> Text:
    if len(case.planned) == 1:
        return Text(f"cash in {currency}", f"{currency} 현금")
    return Text(f"cash in {currency} of account {case.account}", f"{case.account} 계좌의 {currency} 현금")
