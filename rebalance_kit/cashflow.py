"""Where a deposit goes and where a withdrawal comes from: three named rules, exact (definition 11).

With values v, a deposit C and goals T_i = w_i x (sum v + C), the shortfall of an asset is s_i = max(0, T_i - v_i), and

    proportional     x_i = C x s_i / sum s
    water_filling    x_i = max(0, k T_i - v_i)       the lowest relative weight first; smallest worst relative gap
    least_squares    x_i = max(0, T_i - v_i - m)     the largest gap in money first; smallest sum of squares

with k and m such that sum x = C. A withdrawal mirrors them (what is most over its goal is sold first), and what has a
target of zero is sold before anything else. Everything is a rational number until the last step, which splits the
amount by largest remainder, so that the parts always sum to it.

"The parts sum to the amount" asks who takes part. The targets are scaled to sum to one over the assets that do: cash
and whatever the policy does not name are left as they are. An asset that may not be bought takes no part in a deposit,
and one that may not be sold takes none in a withdrawal. A withdrawal is paid out in the base currency: where plans
exchange no money (`cash.exchange: false`, or several accounts), assets of other currencies take part only where those
of the base currency are not worth enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.drift import Drift, units_of
from rebalance_kit.errors import RuleError, UsageError
from rebalance_kit.goals import Goal, minimum_trade
from rebalance_kit.money import (
    ZERO,
    Rounding,
    as_decimal,
    exact_sum,
    minor_unit,
    round_fraction,
    show_money,
    split_exactly,
)
from rebalance_kit.policy.model import CashRule, Policy
from rebalance_kit.words import Text

NOTHING = Fraction(0)
Amounts = Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class RuleSplit:
    """One rule's answer: (code, signed amount) in the base currency for every asset of the policy, in its order, and
    the largest |goal - value| / goal that the exact split leaves on the wrong side of a goal."""

    rule: CashRule
    amounts: tuple[tuple[str, Decimal], ...]
    worst_relative_gap: Decimal

    def amount(self, code: str) -> Decimal:
        """The part of one asset; zero for an asset that takes no part."""
        return dict(self.amounts).get(code, ZERO)


@dataclass(frozen=True, slots=True)
class CashRules:
    """The three rules side by side. `smallest_no_sell_deposit` restores every target without a sale; None when a held
    asset of target zero can only be sold."""

    amount: Decimal
    rules: tuple[RuleSplit, ...]
    smallest_no_sell_deposit: Decimal | None


def cash_rules(policy: Policy, drift: Drift, amount: Decimal) -> CashRules:
    """The three rules for a deposit of `amount` (negative: a withdrawal), in base currency.

    Raises UsageError for zero, an amount finer than the currency's unit, or a withdrawal of more than the assets are
    worth; RuleError when no asset may take part.
    """
    splits = tuple(split_cash(policy, drift, amount, rule) for rule in CashRule)
    return CashRules(amount, splits, smallest_no_sell_deposit(policy, drift))


def split_cash(policy: Policy, drift: Drift, amount: Decimal, rule: CashRule) -> RuleSplit:
    """One rule's split of `amount`. Raises as `cash_rules` does. A group whose assets may stand for each other takes
    part as one asset, and its part is spread over them."""
    units = units_of(policy, drift)
    if units is not None:
        whole = split_cash(units.policy, units.drift, amount, rule)
        parts = units.spread(dict(whole.amounts))
        return replace(whole, amounts=tuple((asset.code, parts.get(asset.code, ZERO)) for asset in policy.assets))
    unit = minor_unit(drift.base_currency)
    _check_amount(amount, unit, drift.base_currency)
    values, weights = _taking_part(policy, drift, amount)
    if amount > 0:
        exact = deposit(values, weights, Fraction(amount), rule)
        parts = split_exactly(amount, exact, unit)
    else:
        _check_enough(values, amount, drift.base_currency)
        exact = {code: -part for code, part in withdrawal(values, weights, Fraction(-amount), rule).items()}
        taken = split_exactly(-amount, {code: -part for code, part in exact.items()}, unit)
        parts = {code: -part if part else ZERO for code, part in taken.items()}
    gap = _worst_gap(values, weights, exact, Fraction(amount))
    amounts = tuple((asset.code, parts.get(asset.code, ZERO)) for asset in policy.assets)
    return RuleSplit(rule, amounts, as_decimal(gap))


def cash_goals(policy: Policy, drift: Drift, amount: Decimal, rule: CashRule) -> tuple[Goal, ...]:
    """The goal of every asset of `drift` when `amount` arrives (negative: leaves): its value plus the rule's part.

    Raises as `cash_rules` does.
    """
    split = dict(split_cash(policy, drift, amount, rule).amounts)
    least = minimum_trade(policy, exact_sum((drift.total_value, amount)))
    goals = []
    for asset in drift.assets:
        part = split.get(asset.code, ZERO)
        goals.append(Goal(asset.code, exact_sum((asset.value, part)), part, 0 < abs(part) < least))
    return tuple(goals)


def smallest_no_sell_deposit(policy: Policy, drift: Drift) -> Decimal | None:
    """The smallest deposit after which every asset of the policy can be at its target without a sale: max v_i / w_i -
    sum v, rounded up to the currency's unit. None when an asset of target zero is held, or one that is too small may
    not be bought."""
    units = units_of(policy, drift)
    if units is not None:
        return smallest_no_sell_deposit(units.policy, units.drift)
    values = {asset.code: Fraction(asset.value) for asset in drift.assets if policy.asset(asset.code)}
    weights = _scaled({asset.code: Fraction(asset.target) for asset in policy.assets if asset.code in values})
    if not weights or any(value and not weights[code] for code, value in values.items()):
        return None
    total = max(values[code] / weight for code, weight in weights.items() if weight)
    blocked = (asset for asset in policy.assets if asset.never_buy and asset.code in values)
    if any(values[asset.code] < weights[asset.code] * total for asset in blocked):
        return None
    return round_fraction(total - sum(values.values()), minor_unit(drift.base_currency), Rounding.CEILING)


def deposit(values: Amounts, weights: Amounts, amount: Fraction, rule: CashRule) -> dict[str, Fraction]:
    """The exact parts of a deposit, by code: never negative, none for a weight of zero, summing to `amount`.

    `values` and `weights` have the same codes; the weights sum to one. Needs sum(values) + amount > 0.
    """
    total = sum(values.values()) + amount
    goals = {code: weight * total for code, weight in weights.items()}
    if rule is CashRule.PROPORTIONAL:
        return _in_proportion({code: max(NOTHING, goals[code] - values[code]) for code in goals}, amount)
    if rule is CashRule.WATER_FILLING:
        wanted = {code: goal for code, goal in goals.items() if goal}
        return _pour(wanted, {code: values[code] for code in wanted}, amount, values)
    gaps = {code: goal - values[code] for code, goal in goals.items() if goal}
    return _pour(dict.fromkeys(gaps, Fraction(1)), {code: -gap for code, gap in gaps.items()}, amount, values)


def withdrawal(values: Amounts, weights: Amounts, amount: Fraction, rule: CashRule) -> dict[str, Fraction]:
    """The exact parts (not negative) of a withdrawal, by code, summing to `amount` <= sum(values).

    What has a weight of zero goes first: split by value under `proportional`, else the largest first.
    """
    unwanted = {code: value for code, value in values.items() if not weights[code]}
    first = min(amount, sum(unwanted.values(), NOTHING))
    parts = dict.fromkeys(values, NOTHING)
    if first:
        proportional = rule is CashRule.PROPORTIONAL
        parts |= _in_proportion(unwanted, first) if proportional else _drain(_ones(unwanted), unwanted, first)
    if rest := amount - first:
        total = sum(values.values()) - amount
        goals = {code: weights[code] * total for code in values if weights[code]}
        parts |= _sell_down({code: values[code] for code in goals}, goals, rest, rule)
    return parts


def _sell_down(values: Amounts, goals: Amounts, amount: Fraction, rule: CashRule) -> dict[str, Fraction]:
    if rule is CashRule.PROPORTIONAL:
        return _in_proportion({code: max(NOTHING, values[code] - goals[code]) for code in goals}, amount)
    if rule is CashRule.WATER_FILLING and any(goals.values()):
        return _drain(goals, values, amount)
    return _drain(_ones(goals), {code: values[code] - goals[code] for code in goals}, amount)


def _ones(codes: Amounts) -> dict[str, Fraction]:
    return dict.fromkeys(codes, Fraction(1))


def _in_proportion(shares: Amounts, amount: Fraction) -> dict[str, Fraction]:
    whole = sum(shares.values(), NOTHING)
    return {code: amount * share / whole for code, share in shares.items()}


def _pour(widths: Amounts, bottoms: Amounts, amount: Fraction, codes: Amounts) -> dict[str, Fraction]:
    """Pour `amount` into vessels of these widths and bottoms: x_i = max(0, level x width - bottom), sum x = amount."""
    level = _level(widths, bottoms, amount)
    poured = {code: max(NOTHING, level * widths[code] - bottoms[code]) for code in widths}
    return {code: poured.get(code, NOTHING) for code in codes}


def _drain(widths: Amounts, tops: Amounts, amount: Fraction) -> dict[str, Fraction]:
    """The mirror: x_i = max(0, top - level x width), sum x = amount."""
    return _pour(widths, {code: -top for code, top in tops.items()}, amount, tops)


def _level(widths: Amounts, bottoms: Amounts, amount: Fraction) -> Fraction:
    """The level at which the vessels hold `amount`: sort by where each starts to fill, then prefix sums."""
    width, filled = NOTHING, NOTHING
    order = sorted(widths, key=lambda code: (bottoms[code] / widths[code], code))
    for place, code in enumerate(order):
        width += widths[code]
        filled += bottoms[code]
        level = (amount + filled) / width
        if place + 1 == len(order) or level <= bottoms[order[place + 1]] / widths[order[place + 1]]:
            return level
    raise ValueError("no vessel to pour into")


def _taking_part(policy: Policy, drift: Drift, amount: Decimal) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    """Values and scaled weights of the assets that take part in a flow."""
    buying = amount > 0
    blocked = {asset.code: asset.never_buy if buying else asset.never_sell for asset in policy.assets}
    rows = [row for row in drift.assets if not blocked.get(row.code, True)]
    at_home = [row for row in rows if row.currency == drift.base_currency]
    paid_at_home = not buying and not policy.rebalancing.cash.exchange
    if paid_at_home and sum((Fraction(row.value) for row in at_home), NOTHING) >= -Fraction(amount):
        rows = at_home
    values = {row.code: Fraction(row.value) for row in rows}
    targets = {asset.code: Fraction(asset.target) for asset in policy.assets if asset.code in values}
    if buying and not any(targets.values()):
        raise RuleError(
            "nothing_to_buy",
            where=Text("policy", "정책"),
            wrong=Text("every asset has a target of zero or may not be bought",
                       "모든 종목의 목표가 0이거나 매수 금지입니다"),
            expected=Text("an asset that the deposit can go to", "입금액을 넣을 수 있는 종목"),
            fix=Text("give an asset a target or lift its never_buy",
                     "목표 비중을 주거나 never_buy를 풀어 주세요"),
        )  # fmt: skip
    return values, _scaled(targets) if any(targets.values()) else targets


def _scaled(targets: Amounts) -> dict[str, Fraction]:
    whole = sum(targets.values(), NOTHING)
    return {code: target / whole for code, target in targets.items()} if whole else {}


def _worst_gap(values: Amounts, weights: Amounts, parts: Amounts, amount: Fraction) -> Fraction:
    total = sum(values.values(), NOTHING) + amount
    sign = 1 if amount > 0 else -1
    gaps = [
        sign * (weights[code] * total - values[code] - parts[code]) / (weights[code] * total)
        for code in values
        if weights[code] and total
    ]
    return max((gap for gap in gaps if gap > 0), default=NOTHING)


def _check_amount(amount: Decimal, unit: Decimal, currency: str) -> None:
    if amount.is_finite() and amount and Fraction(amount) % Fraction(unit) == 0:
        return
    raise UsageError(
        "bad_amount",
        where=Text("amount", "금액"),
        wrong=Text(f"{amount} cannot be split", f"{amount}은(는) 나눌 수 없습니다"),
        expected=Text(f"an amount other than zero in whole units of {unit} {currency}",
                      f"0이 아니고 {unit} {currency} 단위로 떨어지는 금액"),
        fix=Text("round the amount", "금액을 맞춰 주세요"),
    )  # fmt: skip


def _check_enough(values: Amounts, amount: Decimal, currency: str) -> None:
    worth = sum(values.values(), NOTHING)
    if -amount <= worth:
        return
    most = show_money(round_fraction(worth, minor_unit(currency), Rounding.FLOOR), currency)
    raise UsageError(
        "withdrawal_too_large",
        where=Text("amount", "금액"),
        wrong=Text(f"a withdrawal of {show_money(-amount, currency)} is more than what may be sold is worth",
                   f"출금액 {show_money(-amount, currency)}이(가) 팔 수 있는 자산보다 큽니다"),
        expected=Text(f"at most {most}", f"{most} 이하"),
        fix=Text("withdraw less", "출금액을 줄여 주세요"),
    )  # fmt: skip
