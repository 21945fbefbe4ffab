"""The prices by which the trigger judges, where those are not the newest ones (source document 003).

    proxy           an asset that is rarely priced: its last price, carried on by the changes of another asset's price
    smoothing_days  the mean of the newest closes, so that a transient quote does not trigger a rebalance

Only the decision whether a rebalance is due looks at them. Values, goals and orders use the newest price of the asset
itself (definition 9): nobody can trade at a mean.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.money import Rounding, as_decimal, minor_unit, plain, product, round_fraction
from rebalance_kit.policy.settings import PriceSettings
from rebalance_kit.prices.model import Quote
from rebalance_kit.words import Finding, Text

Closes = Mapping[str, tuple[Quote, ...]]
Series = list[tuple[date, Fraction]]


@dataclass(frozen=True, slots=True)
class JudgedPrices:
    """A quote for each code that is judged by another price than its newest, and what a person should know of it."""

    quotes: Mapping[str, Quote]
    findings: tuple[Finding, ...] = ()


def judged_prices(settings: PriceSettings, on: date, history: Closes, codes: Collection[str]) -> JudgedPrices:
    """The prices for the decision on `on`, of `codes`. `history` is every usable close of a code, oldest first."""
    quotes: dict[str, Quote] = {}
    told: list[tuple[str, Text]] = []
    findings: list[Finding] = []
    for code, closes in history.items():
        if not closes or code not in codes:
            continue
        series, carried = _series(closes, history.get(settings.proxy.get(code, ""), ()))
        if code in settings.proxy and carried is None:
            findings.append(_no_proxy(code, settings.proxy[code], closes[-1].as_of))
        used = _window(series, settings.smoothing_days or 1, on)
        price = sum((price for _, price in used), Fraction(0)) / len(used)
        newest = closes[-1]
        if price != Fraction(newest.price):
            quotes[code] = replace(newest, price=as_decimal(price), source=_source(settings, code, len(used), carried))
            told.append((code, _judged_by(settings, newest, price, used, carried=bool(carried))))
    return JudgedPrices(quotes, (*findings, *_told(told)))


def _series(own: Sequence[Quote], proxy: Sequence[Quote]) -> tuple[Series, int | None]:
    """The closes of an asset carried on by its proxy, and for how many days (None: the proxy has no price to start).

    Each later close of the proxy moves the asset's last price by as much as the proxy moved since that day.
    """
    series = [(quote.as_of, Fraction(quote.price)) for quote in own]
    last_day, last = series[-1]
    start = next((quote.price for quote in reversed(proxy) if quote.as_of <= last_day), None)
    if start is None:
        return series, None
    later = [(quote.as_of, last * Fraction(quote.price) / Fraction(start)) for quote in proxy if quote.as_of > last_day]
    return series + later, len(later)


def _window(series: Series, count: int, on: date) -> Series:
    """The newest `count` prices, none of them from another season: weekends and holidays need no more than twice the
    days and a week."""
    oldest = on - timedelta(days=2 * count + 7)
    recent = [(day, price) for day, price in series[-count:] if day >= oldest]
    return recent or series[-1:]


def _source(settings: PriceSettings, code: str, count: int, carried: int | None) -> str:
    carrier = f" carried on by {settings.proxy[code]}" if carried else ""
    return f"mean of {count}{carrier}" if count > 1 else f"last price{carrier}"


def _judged_by(settings: PriceSettings, newest: Quote, price: Fraction, used: Series, *, carried: bool) -> Text:
    unit = product(minor_unit(newest.currency), Decimal("0.01"))
    shown, real = plain(round_fraction(price, unit, Rounding.HALF_UP)), plain(newest.price)
    how = Text(f"the mean of {len(used)} from {used[0][0]} on", f"{used[0][0]}부터 {len(used)}개의 평균")
    proxy = settings.proxy.get(newest.code)
    if carried and len(used) == 1:
        how = Text(f"carried on by {proxy} to {used[-1][0]}", f"{used[-1][0]}까지 {proxy}의 변화율로 이음")
    elif carried:
        how = Text(f"{how.en}, carried on by {proxy}", f"{how.ko}, {proxy}의 변화율로 이음")
    return Text(f"{newest.code} {shown} instead of {real} ({how.en})", f"{newest.code} {real} 대신 {shown} ({how.ko})")


def _told(told: Sequence[tuple[str, Text]]) -> Iterator[Finding]:
    if told:
        english, korean = "; ".join(text.en for _, text in told), "; ".join(text.ko for _, text in told)
        message = Text(
            f"whether a rebalance is due is judged by averaged or carried prices, orders use the newest: {english}",
            f"리밸런싱 여부는 평균하거나 이어 계산한 가격으로 판단하고 주문에는 최신 가격을 씁니다: {korean}",
        )
        yield Finding("judged_price", "info", message, told[0][0] if len(told) == 1 else None)


def _no_proxy(code: str, proxy: str, day: date) -> Finding:
    message = Text(
        f"{proxy} has no price of {day} or before, so it cannot carry on the price of {code}",
        f"{proxy}의 {day} 또는 그 이전 가격이 없어 {code}의 가격을 이어 계산할 수 없습니다",
    )
    return Finding("no_proxy_price", "warning", message, code)
