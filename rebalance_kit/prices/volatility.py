"""How much the portfolio has been moving: realised volatility, for definition 6.

The value of the portfolio at today's quantities and exchange rates on every day for which all its closes are known;
u_i = ln(S_i / S_(i-1)) over the last `window_days` returns; the sample standard deviation of u, times the square root
of 252 trading days. Source: J. C. Hull, Options, Futures, and Other Derivatives, "Estimating volatility from historical
data". Exchange rates are held fixed because their history is not in the book: the figure is that of the assets in
their own currencies. Decimal throughout, in a context of its own, so that the answer is the same on every machine.
"""

from __future__ import annotations

import decimal
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

from rebalance_kit.money import ZERO, exact_sum, product
from rebalance_kit.prices.model import PriceBook

TRADING_DAYS = Decimal(252)
MIN_RETURNS = 20
_CONTEXT = decimal.Context(prec=28, rounding=decimal.ROUND_HALF_EVEN)


def realised_volatility(book: PriceBook, quantities: Mapping[str, Decimal], window_days: int) -> Decimal | None:
    """Yearly volatility (0.25 = 25 %) over the last `window_days` daily returns, at fixed quantities.

    None with fewer than 20 returns, or than the window if that is shorter: too few to speak of volatility.
    """
    values = _values(book, {code: quantity for code, quantity in quantities.items() if quantity}, window_days + 1)
    returns = _log_returns(values)
    if len(returns) < max(2, min(MIN_RETURNS, window_days)):
        return None
    return _CONTEXT.multiply(_sample_deviation(returns), _CONTEXT.sqrt(TRADING_DAYS))


def _values(book: PriceBook, quantities: Mapping[str, Decimal], count: int) -> list[Decimal]:
    """The portfolio's value in the base currency on the last `count` days on which each held code has a close."""
    closes: dict[str, dict[date, Decimal]] = {}
    for code in quantities:
        closes[code] = {quote.as_of: quote.price for quote in book.history.get(code, ())}
    if not closes:
        return []
    days = sorted(set.intersection(*(set(by_day) for by_day in closes.values())))[-count:]
    weights = {code: product(quantities[code], _rate(book, code)) for code in closes}
    return [exact_sum(product(weights[code], closes[code][day]) for code in closes) for day in days]


def _rate(book: PriceBook, code: str) -> Decimal:
    history = book.history.get(code)
    return book.rate(history[-1].currency) if history else ZERO


def _log_returns(values: Sequence[Decimal]) -> list[Decimal]:
    logs = [_CONTEXT.ln(value) for value in values]
    return [_CONTEXT.subtract(now, before) for before, now in pairwise(logs)]


def _sample_deviation(returns: Sequence[Decimal]) -> Decimal:
    count = Decimal(len(returns))
    mean = _CONTEXT.divide(_sum(returns), count)
    squares = [_CONTEXT.power(_CONTEXT.subtract(value, mean), 2) for value in returns]
    return _CONTEXT.sqrt(_CONTEXT.divide(_sum(squares), count - 1))


def _sum(values: Sequence[Decimal]) -> Decimal:
    total = ZERO
    for value in values:
        total = _CONTEXT.add(total, value)
    return total
