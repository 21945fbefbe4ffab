"""What makes a price doubtful: zero, too old, a jump as a split or a merger makes it, far from the fund's own value.

Severity `error` means that no plan must be made on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from rebalance_kit.money import ONE, exact_sum, plain, product, ratio, show_percent
from rebalance_kit.policy.settings import PriceSettings
from rebalance_kit.prices.model import FxRate, Quote
from rebalance_kit.prices.splits import SplitRatio, looks_like_a_split
from rebalance_kit.words import Finding, Text

OLD_AFTER_DAYS = 7  # without `max_age`: the longest that exchanges stay closed is shorter
JUMP_WITHIN_DAYS = 10  # a close further back says nothing about a jump
SPLIT_WITHIN_DAYS = 100  # but between the day of the quantities and a later close a split may stand for a season


def zero(newest: Mapping[str, Quote], judged: Collection[str]) -> Iterator[Finding]:
    """A newest price of zero, as halted and unlisted assets are printed."""
    for code, quote in newest.items():
        if quote.price == 0 and code in judged:
            message = Text(
                f"the price of {code} on {quote.as_of} is 0 ({quote.source}), so it has no price",
                f"{quote.as_of} {code}의 가격이 0이어서({quote.source}) 가격이 없는 것으로 봅니다",
            )
            yield Finding("zero_price", "error", message, code)


def old(
    settings: PriceSettings,
    on: date,
    quotes: Mapping[str, Quote],
    rates: Mapping[str, FxRate],
    judged: Collection[str],
) -> Iterator[Finding]:
    """Older than the policy's `max_age`: an error for each. Without a limit, older than a week: one warning for all."""
    days = {code: quote.as_of for code, quote in quotes.items() if code in judged}
    days |= {rate.pair: rate.as_of for rate in rates.values()}
    unlimited = {}
    for name, day in days.items():
        age, limit = (on - day).days, settings.max_age_of(name)
        if limit is None:
            unlimited[name] = age
        elif age > limit:
            message = Text(
                f"the price of {name} is {age} days old ({day}); the policy allows {limit}",
                f"{name}의 가격이 {age}일 전({day}) 것입니다; 정책은 {limit}일까지 허용합니다",
            )
            yield Finding("stale_price", "error", message, name)
    aged = {name: age for name, age in unlimited.items() if age > OLD_AFTER_DAYS}
    if aged:
        english = ", ".join(f"{name} {age} days" for name, age in aged.items())
        korean = ", ".join(f"{name} {age}일" for name, age in aged.items())
        message = Text(f"prices older than a week: {english}", f"일주일이 넘은 가격: {korean}")
        yield Finding("old_prices", "warning", message)


def jumps(
    settings: PriceSettings,
    history: Mapping[str, tuple[Quote, ...]],
    judged: Collection[str],
    held_as_of: date | None,
    explained: Collection[tuple[str, date]],
) -> Iterator[Finding]:
    """Changes of a price that nothing recorded explains: of the newest close, and of every close since the day of the
    quantities. One that is like a split is named so; else the newest must be within `max_jump` (catalogue F26)."""
    recorded: dict[str, list[date]] = {}
    for code, day in explained:
        recorded.setdefault(code, []).append(day)
    for code, closes in history.items():
        if code not in judged:
            continue
        for before, now in _changes(closes, held_as_of):
            newest = now is closes[-1]
            if any(before.as_of < day <= now.as_of for day in recorded.get(code, ())):
                continue
            like = looks_like_a_split(before.price, now.price)
            if like is not None:
                yield _like_a_split(before, now, like)
            elif newest and _recent(before, now) and _far(before.price, now.price, settings.max_jump):
                yield _jump(before, now)


def nav_gaps(settings: PriceSettings, quotes: Mapping[str, Quote], judged: Collection[str]) -> Iterator[Finding]:
    """A fund whose price is further from its net asset value of the same day than `max_nav_gap` (괴리율)."""
    for code, quote in quotes.items():
        nav = quote.nav
        if code not in judged or not nav or not _far(nav, quote.price, settings.max_nav_gap):
            continue
        gap = exact_sum((ratio(quote.price, nav), -ONE))
        shown, limit = f"{'+' if gap > 0 else ''}{show_percent(gap, 2)}", show_percent(settings.max_nav_gap, 1)
        price = plain(quote.price)
        message = Text(
            f"the price of {code} on {quote.as_of} is {price}, its NAV {plain(nav)}: a gap of {shown}, above {limit};"
            " an order now trades away from what the fund is worth",
            f"{quote.as_of} {code}의 가격은 {price}, NAV는 {plain(nav)}로 괴리율 {shown}이(가) 한도 {limit}을(를)"
            " 넘습니다. 지금 주문하면 순자산가치와 다른 값에 거래하게 됩니다",
        )
        yield Finding("nav_gap", "warning", message, code)


def _changes(closes: Sequence[Quote], held_as_of: date | None) -> Iterator[tuple[Quote, Quote]]:
    """The newest change if it is recent, and every change since the day of the quantities, oldest first."""
    for before, now in pairwise(closes):
        newest = now is closes[-1] and _recent(before, now)
        since = held_as_of is not None and now.as_of > held_as_of
        if newest or (since and now.as_of - before.as_of <= timedelta(days=SPLIT_WITHIN_DAYS)):
            yield before, now


def _recent(before: Quote, now: Quote) -> bool:
    return now.as_of - before.as_of <= timedelta(days=JUMP_WITHIN_DAYS)


def _far(base: Decimal, price: Decimal, share: Decimal) -> bool:
    return abs(price - base) > product(base, share)


def _like_a_split(before: Quote, now: Quote, like: SplitRatio) -> Finding:
    message = Text(
        f"the price of {now.code} went {_change(before, now)}, as a {like} split makes it, and no split of the"
        " quantity is recorded; write it into corporate_actions.csv, or `none` if there was none",
        f"{now.code}의 가격이 {_change(before, now)}로 바뀌어 {like} 분할(병합)로 보이는데 수량이 바뀐 기록이 없습니다;"
        " corporate_actions.csv에 그 내용을 적거나, 그런 일이 없었다면 none으로 적어 주세요",
    )
    return Finding("looks_like_a_split", "error", message, now.code)


def _jump(before: Quote, now: Quote) -> Finding:
    change = _change(before, now)
    message = Text(
        f"the price of {now.code} jumped: {change}; was there a corporate action? Write it into corporate_actions.csv,"
        " or `none` if there was none",
        f"{now.code}의 가격이 크게 바뀌었습니다: {change}; 액면분할이나 합병 같은 일이 있었는지 확인하여"
        " corporate_actions.csv에 적거나, 없었다면 none으로 적어 주세요",
    )
    return Finding("price_jump", "error", message, now.code)


def _change(before: Quote, now: Quote) -> str:
    return f"{plain(before.price)} ({before.as_of}) → {plain(now.price)} ({now.as_of})"
