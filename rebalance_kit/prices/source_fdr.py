"""Korean closes from Naver and exchange rates from Yahoo, read by FinanceDataReader.

pykrx reads the exchange's own data, but since 27 December 2025 those need a login, and it does not run with pandas 3;
FinanceDataReader needs neither. Naver's closes are adjusted for splits up to now and do not say by which; the splits
that corporate_actions.csv names turn them back into what was traded (to the won that Naver has rounded to).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rebalance_kit.money import as_decimal
from rebalance_kit.prices.instruments import Instrument
from rebalance_kit.prices.model import FxRate, Quote
from rebalance_kit.prices.sources import Fetched, Span, exact, exact_rate, has_ended, is_past, library, patiently

if TYPE_CHECKING:
    import pandas as pd

Read = Callable[[str, date, date], "pd.DataFrame"]
Splits = Mapping[str, Sequence[tuple[date, Fraction]]]  # code -> (first day on the new terms, new shares for one old)


def _read(name: str, start: date, end: date) -> pd.DataFrame:
    with redirect_stdout(io.StringIO()):  # the library prints that a symbol is unknown; standard output is ours
        answer: Any = library("FinanceDataReader").DataReader(name, start.isoformat(), end.isoformat())
    frame: pd.DataFrame = answer
    return frame


class FinanceDataReader:
    """Assets on the Korea Exchange, and currencies. `read` stands in for the library's own function in tests."""

    name = "FinanceDataReader"

    def __init__(self, splits: Splits | None = None, read: Read = _read) -> None:
        self._splits = splits or {}
        self._read = read

    def serves(self, instrument: Instrument) -> bool:
        """Korean listings only."""
        return instrument.exchange == "XKRX"

    def closes(self, wanted: Sequence[Instrument], span: Span) -> Fetched:
        """The closes of Korean assets, as traded."""
        quotes: list[Quote] = []
        missing = []
        for one in wanted:
            found = [
                Quote(one.code, price, one.currency, day, self.name, one.name, at=span.now)
                for day, close in self._closes(one.code, span)
                if (price := exact(float(self._as_traded(one.code, day, close)), one.currency)) is not None
                and has_ended(one.exchange, day, span.now)
            ]
            quotes += found
            missing += [] if found else [one.code]
        return Fetched(tuple(quotes), missing=tuple(missing))

    def rates(self, pairs: Sequence[tuple[str, str]], span: Span) -> Fetched:
        """The daily rates of currency pairs, of days that are over."""
        rates: list[FxRate] = []
        missing = []
        for base, quote in pairs:
            found = [
                FxRate(base, quote, rate, day, self.name, span.now)
                for day, number in self._closes(f"{base}/{quote}", span)
                if (rate := exact_rate(number)) is not None and is_past(day, span.now)
            ]
            rates += found
            missing += [] if found else [f"{base}/{quote}"]
        return Fetched((), tuple(rates), tuple(missing))

    def _closes(self, name: str, span: Span) -> list[tuple[date, float]]:
        frame = patiently(self.name, lambda: self._read(name, span.start, span.end))
        if frame.empty or "Close" not in frame.columns:
            return []
        series: Any = frame["Close"]
        rows = ((stamp.date(), float(number)) for stamp, number in series.items() if number == number)
        return [(day, number) for day, number in rows if span.start <= day <= span.end]

    def _as_traded(self, code: str, day: date, close: float) -> Decimal:
        price = Fraction(Decimal(str(close)))
        for first, ratio in self._splits.get(code, ()):
            if day < first:
                price *= ratio
        return as_decimal(price)
