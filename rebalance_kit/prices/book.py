"""Which price counts on a day, and whether it can be trusted.

Of every code the newest quote not after the day counts; of two on the same day the one given later, so that
prices.csv, given after the statement, wins if it is not older. What makes a price doubtful is a finding: a price of
zero, one that is too old, one that jumped as a split would make it jump, two sources that disagree. Findings of
severity `error` are those on which a plan must not be made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from rebalance_kit.errors import PriceError
from rebalance_kit.money import ONE, plain, product, ratio
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.codes import Codes
from rebalance_kit.prices.model import FxRate, PriceBook, Quote
from rebalance_kit.textfile.cells import CellError
from rebalance_kit.words import Finding, Severity, Text, same

OLD_AFTER_DAYS = 7  # without `max_age`: the longest that exchanges stay closed is shorter
JUMP_WITHIN_DAYS = 10  # a close further back says nothing about a jump
DISAGREE_ABOVE = Decimal("0.01")  # reliability catalogue F31


def price_book(
    policy: Policy,
    on: date,
    quotes: Iterable[Quote],
    rates: Iterable[FxRate] = (),
    *,
    wanted: Collection[str] | None = None,
    findings: Iterable[Finding] = (),
) -> PriceBook:
    """The prices of `on`, with their history and what is doubtful about them.

    Later quotes win over earlier ones of the same day. `wanted` limits the judgement of age and jumps to the codes that
    matter (held or targeted; by default every code). `findings` are those of the files, kept in the book.
    Raises PriceError for a negative price and for a quote in another currency than the policy's.
    """
    codes = Codes.of(policy)
    by_day: dict[str, dict[date, Quote]] = {}
    found = list(findings)
    for quote in quotes:
        _check(codes, quote)
        if quote.as_of <= on:
            days = by_day.setdefault(quote.code, {})
            if quote.as_of in days:
                found += _disagreement(days[quote.as_of], quote)
            days[quote.as_of] = quote
    dated = {code: tuple(days[day] for day in sorted(days)) for code, days in sorted(by_day.items())}
    newest = {code: closes[-1] for code, closes in dated.items()}
    history = {code: tuple(quote for quote in closes if quote.price > 0) for code, closes in dated.items()}
    judged = set(newest) if wanted is None else set(wanted)
    chosen = _rates(policy.base_currency, on, rates)
    found += _zero(newest, judged)
    found += _old(policy, on, newest, chosen, judged)
    found += _jumps(policy, history, judged)
    found += _settings(policy)
    usable = {code: quote for code, quote in newest.items() if quote.price > 0}
    return PriceBook(policy.base_currency, on, usable, chosen, history, tuple(dict.fromkeys(found)))


def _check(codes: Codes, quote: Quote) -> None:
    try:
        codes.currency(quote.code, quote.currency)
    except CellError as problem:
        raise PriceError(
            problem.code, where=same(quote.source), wrong=problem.wrong, expected=problem.expected, fix=problem.fix
        ) from problem
    if quote.price < 0:
        raise PriceError(
            "bad_price",
            where=same(quote.source),
            wrong=Text(
                f"the price of {quote.code} is {plain(quote.price)}",
                f"{quote.code}의 가격이 {plain(quote.price)}입니다",
            ),
            expected=Text("a price above zero", "0보다 큰 가격"),
            fix=Text("correct the price", "가격을 고쳐 주세요"),
        )


def _rates(base: str, on: date, rates: Iterable[FxRate]) -> dict[str, FxRate]:
    """The newest rate into the base currency for each currency; a rate out of it is turned round."""
    chosen: dict[str, FxRate] = {}
    for rate in rates:
        into = rate if rate.quote == base else _turned(rate) if rate.base == base else None
        if into is None or into.as_of > on:
            continue
        if into.base not in chosen or into.as_of >= chosen[into.base].as_of:
            chosen[into.base] = into
    return dict(sorted(chosen.items()))


def _turned(rate: FxRate) -> FxRate:
    return FxRate(rate.quote, rate.base, ratio(ONE, rate.rate), rate.as_of, f"1 / {rate.pair} ({rate.source})")


def _disagreement(first: Quote, second: Quote) -> Iterable[Finding]:
    """Two dated prices of one day that differ by more than 1 %, unless the earlier source has none."""
    gap = abs(first.price - second.price)
    if not (first.dated and second.dated and first.price) or gap <= product(first.price, DISAGREE_ABOVE):
        return
    prices = f"{plain(first.price)} ({first.source}), {plain(second.price)} ({second.source})"
    message = Text(
        f"two prices of {first.code} on {first.as_of} differ by more than 1%: {prices}",
        f"{first.as_of} {first.code}의 두 가격이 1% 넘게 다릅니다: {prices}",
    )
    yield Finding("price_disagreement", "error", message, first.code)


def _zero(newest: Mapping[str, Quote], judged: Collection[str]) -> Iterable[Finding]:
    for code, quote in newest.items():
        if quote.price == 0 and code in judged:
            message = Text(
                f"the price of {code} on {quote.as_of} is 0 ({quote.source}), so it has no price",
                f"{quote.as_of} {code}의 가격이 0이어서({quote.source}) 가격이 없는 것으로 봅니다",
            )
            yield Finding("zero_price", "error", message, code)


def _old(
    policy: Policy, on: date, newest: Mapping[str, Quote], rates: Mapping[str, FxRate], judged: Collection[str]
) -> Iterable[Finding]:
    """Older than the policy's `max_age`: an error for each. Without a `max_age`, older than a week: one warning."""
    days = {code: quote.as_of for code, quote in newest.items() if code in judged and quote.price > 0}
    days |= {rate.pair: rate.as_of for rate in rates.values()}
    ages = {name: (on - day).days for name, day in days.items()}
    limit = policy.prices.max_age
    if limit is not None:
        for name, age in ages.items():
            if age > limit:
                message = Text(
                    f"the price of {name} is {age} days old ({days[name]}); the policy allows {limit}",
                    f"{name}의 가격이 {age}일 전({days[name]}) 것입니다; 정책은 {limit}일까지 허용합니다",
                )
                yield Finding("stale_price", "error", message, name)
        return
    old = {name: age for name, age in ages.items() if age > OLD_AFTER_DAYS}
    if old:
        english = ", ".join(f"{name} {age} days" for name, age in old.items())
        korean = ", ".join(f"{name} {age}일" for name, age in old.items())
        yield Finding(
            "old_prices", "warning", Text(f"prices older than a week: {english}", f"일주일이 넘은 가격: {korean}")
        )


def _jumps(policy: Policy, history: Mapping[str, tuple[Quote, ...]], judged: Collection[str]) -> Iterable[Finding]:
    """A price further from the close before it than `max_jump`: what a split or a merger looks like."""
    limit = policy.prices.max_jump
    for code, closes in history.items():
        if code not in judged or len(closes) < 2:
            continue
        before, now = closes[-2], closes[-1]
        recent = now.as_of - before.as_of <= timedelta(days=JUMP_WITHIN_DAYS)
        if recent and abs(now.price - before.price) > product(before.price, limit):
            change = f"{plain(before.price)} ({before.as_of}) → {plain(now.price)} ({now.as_of})"
            message = Text(
                f"the price of {code} jumped: {change}; was there a corporate action?",
                f"{code}의 가격이 크게 바뀌었습니다: {change}; 액면분할이나 합병 같은 일이 있었는지 확인해 주세요",
            )
            yield Finding("price_jump", _JUMP_SEVERITY, message, code)


_JUMP_SEVERITY: Severity = "error"  # reliability catalogue F26: no plan on a price that a split may have changed


def _settings(policy: Policy) -> Iterable[Finding]:
    """A key that is read but not applied must not look applied."""
    given = {"proxy": bool(policy.prices.proxy), "smoothing_days": policy.prices.smoothing_days is not None}
    for key, is_set in given.items():
        if is_set:
            message = Text(
                f"prices.{key} is read but not applied: closes are used as they are",
                f"prices.{key}은(는) 아직 적용하지 않고 종가를 그대로 씁니다",
            )
            yield Finding("setting_not_applied", "warning", message)
