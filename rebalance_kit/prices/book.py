"""Which price counts on a day, and whether it can be trusted.

Of every code the newest quote not after the day counts; of two on the same day the one given later, so that
prices.csv, given after the statement, wins if it is not older. What makes a price doubtful is a finding: a price of
zero, one that is too old, one that jumped as a split would make it jump, two sources that disagree. Findings of
severity `error` are those on which a plan must not be made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal

from rebalance_kit.errors import PriceError
from rebalance_kit.money import ONE, plain, product, ratio
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices import doubts
from rebalance_kit.prices.codes import Codes
from rebalance_kit.prices.judged import judged_prices
from rebalance_kit.prices.model import FxRate, PriceBook, Quote
from rebalance_kit.textfile.cells import CellError
from rebalance_kit.words import Finding, Text, same

DISAGREE_ABOVE = Decimal("0.01")  # reliability catalogue F31


def price_book(
    policy: Policy,
    on: date,
    quotes: Iterable[Quote],
    rates: Iterable[FxRate] = (),
    *,
    wanted: Collection[str] | None = None,
    findings: Iterable[Finding] = (),
    held_as_of: date | None = None,
    explained: Collection[tuple[str, date]] = (),
) -> PriceBook:
    """The prices of `on`, with their history and what is doubtful about them.

    Later quotes win over earlier ones of the same day. `wanted` limits the judgement of age and jumps to the codes that
    matter (held or targeted; by default every code). `findings` are those of the files, kept in the book. `held_as_of`
    is the day of the quantities, where their file names it; `explained` are (code, day) of corporate actions that
    somebody has recorded: a jump of the price to that day is no riddle.
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
    past_rates = _rates(policy.base_currency, on, rates)
    chosen = {currency: known[-1] for currency, known in past_rates.items()}
    judged_by = judged_prices(policy.prices, on, history, judged)
    usable = {code: quote for code, quote in newest.items() if quote.price > 0}
    found += doubts.zero(newest, judged)
    found += doubts.old(policy.prices, on, usable, chosen, judged)
    found += doubts.jumps(policy.prices, history, judged, held_as_of, explained)
    found += doubts.nav_gaps(policy.prices, usable, judged)
    found += judged_by.findings
    return PriceBook(
        policy.base_currency,
        on,
        usable,
        chosen,
        history,
        tuple(dict.fromkeys(found)),
        judged_by.quotes,
        past_rates,
    )


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


def _rates(base: str, on: date, rates: Iterable[FxRate]) -> dict[str, tuple[FxRate, ...]]:
    """The rates into the base currency up to a day, one for each day, oldest first; a rate out of it is turned round.

    Of two rates of one day the one given later counts.
    """
    known: dict[str, dict[date, FxRate]] = {}
    for rate in rates:
        into = rate if rate.quote == base else _turned(rate) if rate.base == base else None
        if into is None or into.as_of > on:
            continue
        known.setdefault(into.base, {})[into.as_of] = into
    return {currency: tuple(days[day] for day in sorted(days)) for currency, days in sorted(known.items())}


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
