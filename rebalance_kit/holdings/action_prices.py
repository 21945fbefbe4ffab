"""Prices of before a corporate action on the terms of after it, so that the past of a price can be compared.

prices.csv holds prices as they were traded. Many downloads are adjusted for splits already; such a series shows no jump
at the split and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.holdings.corporate_actions import Action, ActionKind
from rebalance_kit.money import Rounding, as_decimal, plain, round_fraction
from rebalance_kit.prices.model import Quote
from rebalance_kit.words import Finding, Text

PLAIN_RATIO = Fraction(3, 2)  # a smaller ratio cannot be told from a day of the market
COMPARE_WITHIN = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class AdjustedQuotes:
    """The quotes in their order, and what was done to them."""

    quotes: tuple[Quote, ...]
    findings: tuple[Finding, ...] = ()


def adjust_quotes(quotes: Iterable[Quote], actions: Iterable[Action], on: date) -> AdjustedQuotes:
    """The quotes of days before each action on its terms: prices times old/new after a split, less the spun part after
    a spin-off, under the new code after a change of code. Actions after `on` change nothing."""
    adjusted = tuple(quotes)
    found: list[Finding] = []
    for action in sorted((a for a in actions if a.date <= on), key=lambda a: a.date):
        if action.kind is ActionKind.CODE_CHANGE:
            adjusted = tuple(_renamed(quote, action) for quote in adjusted)
            continue
        factor = _factor(action)
        if factor is None:
            continue
        already = _adjusted_sources(adjusted, action, factor)
        before = [q for q in adjusted if _is_before(q, action)]
        if any(q.source not in already for q in before):
            found.append(_say(action, factor))
        adjusted = tuple(
            _scaled(q, factor) if _is_before(q, action) and q.source not in already else q for q in adjusted
        )
        found += (_left_alone(action, source) for source in sorted(already))
    return AdjustedQuotes(adjusted, tuple(found))


def explained(actions: Iterable[Action]) -> frozenset[tuple[str, date]]:
    """(code, day) of the actions after which a jump of the price is to be expected. A split or a spin-off is not among
    them: once its prices are adjusted, what is left of a jump is as doubtful as any other."""
    known = (ActionKind.NONE, ActionKind.MERGER)
    return frozenset((action.code, action.date) for action in actions if action.kind in known)


def _factor(action: Action) -> Fraction | None:
    """What a price of before is multiplied by; None when the action does not rescale the asset's own price."""
    if action.is_split:
        return 1 / action.ratio
    if action.kind is ActionKind.SPIN_OFF:
        return 1 - action.spun_share
    return None


def _is_before(quote: Quote, action: Action) -> bool:
    return quote.code == action.code and quote.as_of < action.date


def _renamed(quote: Quote, action: Action) -> Quote:
    return replace(quote, code=action.new_code or quote.code) if _is_before(quote, action) else quote


def _scaled(quote: Quote, factor: Fraction) -> Quote:
    return replace(
        quote,
        price=_times(quote.price, factor),
        nav=quote.nav and _times(quote.nav, factor),
        tax_base=quote.tax_base and _times(quote.tax_base, factor),
    )


def _times(price: Decimal, factor: Fraction) -> Decimal:
    return as_decimal(Fraction(price) * factor)


def _adjusted_sources(quotes: Sequence[Quote], action: Action, factor: Fraction) -> frozenset[str]:
    """The sources whose last price of before already goes with the first one of after."""
    if 1 / PLAIN_RATIO < factor < PLAIN_RATIO:
        return frozenset()
    mine = sorted((q for q in quotes if q.code == action.code and q.price > 0), key=lambda q: q.as_of)
    after = [q for q in mine if q.as_of >= action.date]
    last: dict[str, Quote] = {q.source: q for q in mine if q.as_of < action.date}
    found = set()
    for source, before in last.items():
        own = [q for q in after if q.source == source] or after
        if own and own[0].as_of - before.as_of <= COMPARE_WITHIN:
            change = Fraction(own[0].price) / Fraction(before.price)
            # As traded the change is near the factor, adjusted it is near one: the geometric middle divides them.
            if (change * change > factor) if factor < 1 else (change * change < factor):
                found.add(source)
    return frozenset(found)


def _say(action: Action, factor: Fraction) -> Finding:
    times = f"{factor.numerator}/{factor.denominator}"
    if factor.denominator > 10**6:
        times = plain(round_fraction(factor, Decimal("0.000001"), Rounding.HALF_UP))
    message = Text(
        f"prices of {action.code} before {action.date} were multiplied by {times} for the {action.name.en}",
        f"{action.name.ko} 때문에 {action.date} 이전 {action.code} 가격에 {times}을(를) 곱했습니다",
    )
    return Finding("prices_adjusted", "info", message, action.code)


def _left_alone(action: Action, source: str) -> Finding:
    message = Text(
        f"prices of {action.code} in {source} have the {action.name.en} of {action.date} already and were left alone",
        f"{source}의 {action.code} 가격에는 {action.date} 주식 수 변경이 이미 반영되어 있어 그대로 두었습니다",
    )
    return Finding("prices_already_adjusted", "info", message, action.code)
