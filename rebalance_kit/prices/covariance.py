"""How assets have moved together: the covariance of their returns, from the closes in the price book.

The simple returns r = close / close before - 1 over the last `window` common days of all codes, in the base currency
where the exchange rates of those days are known, else in their own. The sample covariance is scaled to a year by the
returns that a year of this history has (about 252 of daily closes, 52 of weekly ones). Simple returns, because those of
a portfolio are exactly the weighted sum of those of its assets, so that w'C w is the variance of what is held. Exact
integers throughout: returns in parts of 10^12, the rest without rounding.

Source: J. C. Hull, Options, Futures, and Other Derivatives, chapter on estimating volatilities and correlations.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from math import lcm
from operator import mul

from rebalance_kit.prices.model import FxRate, PriceBook

MIN_RETURNS = 20  # fewer say nothing
DAYS_A_YEAR = Fraction(36525, 100)
PARTS = 10**12
Ratio = tuple[int, int]


@dataclass(frozen=True, slots=True)
class HistoricCovariance:
    """Yearly covariances of the returns from `first` to `last`; `own_currency` names the codes whose exchange rate was
    held fixed. `rows` are the returns of each code less their mean, times the number of returns, in parts of 10^12."""

    first: date
    last: date
    returns: int
    rows: Mapping[str, tuple[int, ...]]
    own_currency: tuple[str, ...] = ()

    def times(self, amounts: Mapping[str, Fraction]) -> dict[str, Fraction]:
        """C x for the codes of `amounts`: the covariance of each with the portfolio of these amounts."""
        whole = lcm(*(amount.denominator for amount in amounts.values()))
        held = [0] * self.returns
        for code, amount in amounts.items():
            factor = int(amount * whole)
            if factor:
                held = [sum_ + factor * value for sum_, value in zip(held, self.rows[code], strict=True)]
        scale = self._a_year / (whole * (PARTS * self.returns) ** 2 * (self.returns - 1))
        return {code: sum(map(mul, self.rows[code], held)) * scale for code in amounts}

    @property
    def _a_year(self) -> Fraction:
        """Returns in a year."""
        return Fraction(self.returns) * DAYS_A_YEAR / (self.last - self.first).days


def covariance(book: PriceBook, codes: Collection[str], window: int) -> HistoricCovariance | None:
    """The covariance of `codes` over their last `window` common returns; None with fewer than 20 of them."""
    days = _common_days(book, codes)[-window - 1 :]
    if not codes or len(days) <= MIN_RETURNS:
        return None
    fixed: list[str] = []
    rows = {code: _centred(_values(book, code, days, fixed)) for code in sorted(codes)}
    return HistoricCovariance(days[0], days[-1], len(days) - 1, rows, tuple(fixed))


def without_history(book: PriceBook, codes: Collection[str]) -> tuple[str, ...]:
    """The codes that have too few closes for a covariance, sorted."""
    return tuple(sorted(code for code in codes if len(book.history.get(code, ())) <= MIN_RETURNS))


def _common_days(book: PriceBook, codes: Collection[str]) -> list[date]:
    known = [{quote.as_of for quote in book.history.get(code, ())} for code in codes]
    return sorted(set.intersection(*known)) if known else []


def _values(book: PriceBook, code: str, days: Sequence[date], fixed: list[str]) -> list[Ratio]:
    """The closes of a code on the days, in the base currency where the rates of the days are known; as (above, below)
    of exact fractions, which is several times faster than fractions themselves."""
    closes = {quote.as_of: quote for quote in book.history[code]}
    currency = closes[days[-1]].currency
    prices = [closes[day].price.as_integer_ratio() for day in days]
    if currency == book.base_currency:
        return prices
    rates = book.rate_history.get(currency, ())
    if len(rates) < 2 or rates[0].as_of > days[0]:
        fixed.append(code)
        return prices
    known = (_rate(rates, day) for day in days)
    return [(above * up, below * down) for (above, below), (up, down) in zip(prices, known, strict=True)]


def _rate(rates: Sequence[FxRate], day: date) -> Ratio:
    place = bisect_right(rates, day, key=lambda rate: rate.as_of)
    return rates[place - 1].rate.as_integer_ratio()


def _centred(values: Sequence[Ratio]) -> tuple[int, ...]:
    """(r_i - mean) x n in parts of 10^12, whole numbers whose sum is exactly zero."""
    returns = [up * below * PARTS // (down * above) for (above, below), (up, down) in pairwise(values)]
    total, count = sum(returns), len(returns)
    return tuple(value * count - total for value in returns)
