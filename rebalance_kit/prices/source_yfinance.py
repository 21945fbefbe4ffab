"""US closes and exchange rates from Yahoo, read by yfinance.

yfinance answers with a frame whose columns are (what, symbol) and whose index are days. Its closes are adjusted for
splits up to now (not for dividends, with `auto_adjust=False`); the splits that it reports beside them turn them back
into what was traded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rebalance_kit.money import as_decimal
from rebalance_kit.prices.instruments import Instrument
from rebalance_kit.prices.model import FxRate, Quote
from rebalance_kit.prices.sources import (
    Fetched,
    Span,
    exact,
    exact_rate,
    has_ended,
    is_past,
    library,
    patiently,
    source_failed,
)

if TYPE_CHECKING:
    import pandas as pd

Download = Callable[[list[str], date, date], "pd.DataFrame"]
LARGEST_DENOMINATOR = 1000  # of a split's ratio, which Yahoo gives as a binary number: 0.3333 is one for three


def _download(symbols: list[str], start: date, after: date) -> pd.DataFrame:
    answer: Any = library("yfinance").download(
        symbols,
        start=start.isoformat(),
        end=after.isoformat(),
        auto_adjust=False,
        actions=True,
        progress=False,
        threads=False,
        group_by="column",
        multi_level_index=True,
    )
    frame: pd.DataFrame = answer
    return frame


class YFinance:
    """Assets on US exchanges, and currencies. `download` stands in for the library's own function in tests."""

    name = "yfinance"

    def __init__(self, download: Download = _download) -> None:
        self._download = download

    def serves(self, instrument: Instrument) -> bool:
        """US listings only: Korean codes need a suffix for the market, which a code does not tell."""
        return instrument.exchange == "XNYS"

    def closes(self, wanted: Sequence[Instrument], span: Span) -> Fetched:
        """The closes of US assets, as traded."""
        symbols = {instrument.code: symbol(instrument.code) for instrument in wanted}
        frame = self._frame(list(symbols.values()), span)
        quotes = []
        for one in wanted:
            rows = list(_as_traded(_column(frame, "Close", symbols[one.code]), _splits(frame, symbols[one.code])))
            prices = [(day, exact(float(price), one.currency)) for day, price in rows]
            quotes += [
                Quote(one.code, price, one.currency, day, self.name, one.name, at=span.now)
                for day, price in prices
                if price is not None and span.start <= day <= span.end and has_ended(one.exchange, day, span.now)
            ]
        there = {quote.code for quote in quotes}
        return Fetched(tuple(quotes), missing=tuple(code for code in symbols if code not in there))

    def rates(self, pairs: Sequence[tuple[str, str]], span: Span) -> Fetched:
        """The daily rates of currency pairs, of days that are over."""
        symbols = {pair: f"{pair[1]}=X" if pair[0] == "USD" else f"{pair[0]}{pair[1]}=X" for pair in pairs}
        frame = self._frame(list(symbols.values()), span)
        rates = []
        for (base, quote), name in symbols.items():
            for day, number in _column(frame, "Close", name):
                rate = exact_rate(number)
                if rate is not None and span.start <= day <= span.end and is_past(day, span.now):
                    rates.append(FxRate(base, quote, rate, day, self.name, span.now))
        there = {(rate.base, rate.quote) for rate in rates}
        return Fetched(
            (), tuple(rates), tuple(f"{base}/{quote}" for base, quote in symbols if (base, quote) not in there)
        )

    def _frame(self, symbols: list[str], span: Span) -> pd.DataFrame:
        """What Yahoo knows up to now: a split of after `end` has changed the closes of before it too."""
        if not symbols:
            raise ValueError("nothing was asked for")
        after = span.now.astimezone(UTC).date() + timedelta(days=1)
        frame = patiently(self.name, lambda: self._download(symbols, span.start, after))
        if frame.empty:
            raise source_failed(self.name, f"an empty answer for {', '.join(symbols)}")
        return frame


def symbol(code: str) -> str:
    """Yahoo's spelling of a code: BRK.B and BRK/B are BRK-B there."""
    return code.replace(".", "-").replace("/", "-").replace(" ", "-")


def _column(frame: pd.DataFrame, what: str, name: str) -> list[tuple[date, float]]:
    """The numbers of one symbol by day; none when the frame does not have it."""
    if (what, name) not in frame.columns:
        return []
    series: Any = frame[(what, name)]
    return [(stamp.date(), float(number)) for stamp, number in series.items() if number == number]


def _splits(frame: pd.DataFrame, name: str) -> dict[date, Fraction]:
    column = _column(frame, "Stock Splits", name)
    return {day: Fraction(Decimal(str(n))).limit_denominator(LARGEST_DENOMINATOR) for day, n in column if n > 0}


def _as_traded(closes: list[tuple[date, float]], splits: dict[date, Fraction]) -> Iterator[tuple[date, Decimal]]:
    """Closes times every later split; newest first."""
    factor = Fraction(1)
    for day, close in reversed(closes):
        yield day, as_decimal(Fraction(Decimal(str(close))) * factor)
        factor *= splits.get(day, Fraction(1))
