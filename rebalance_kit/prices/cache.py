"""What the web has said already, in one SQLite file: closes with the moment at which they were told, and the questions
that they answered.

A close of a session that has ended does not change. A question is answered from the file when an earlier one, asked
after its last day or a few hours ago, covers it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from rebalance_kit.money import plain
from rebalance_kit.prices.instruments import Instrument
from rebalance_kit.prices.model import FxRate, Quote
from rebalance_kit.prices.sources import Fetched, PriceSource, Span
from rebalance_kit.storage import open_database, storage_errors, transaction

FRESH = timedelta(hours=6)
MIGRATIONS = (
    """
CREATE TABLE price (
    source TEXT NOT NULL, code TEXT NOT NULL, day TEXT NOT NULL, price TEXT NOT NULL, currency TEXT NOT NULL,
    fetched_at TEXT NOT NULL,
    PRIMARY KEY (source, code, day)
) STRICT;
CREATE TABLE asked (
    source TEXT NOT NULL, code TEXT NOT NULL, start TEXT NOT NULL, last TEXT NOT NULL, fetched_at TEXT NOT NULL,
    PRIMARY KEY (source, code, start, last)
) STRICT;
""",
)


class CachedSource:
    """A source whose answers are kept in a file. StorageError when the file cannot be read or written."""

    def __init__(self, source: PriceSource, path: Path) -> None:
        self._source = source
        self._path = path

    @property
    def name(self) -> str:
        """The name of the source behind."""
        return self._source.name

    def serves(self, instrument: Instrument) -> bool:
        """What the source behind serves."""
        return self._source.serves(instrument)

    def closes(self, wanted: Sequence[Instrument], span: Span) -> Fetched:
        """The closes, from the file where it has them."""
        with closing(self._open()) as database, storage_errors(self._path):
            known = [one for one in wanted if self._answered(database, one.code, span)]
            open_questions = [one for one in wanted if one not in known]
            told = self._source.closes(open_questions, span) if open_questions else Fetched()
            rows = [(q.code, q.as_of, q.price, q.currency, q.at) for q in told.quotes]
            self._keep(database, rows, [one.code for one in open_questions], span)
            quotes = [quote for one in known for quote in self._quotes(database, one, span)]
        missing = [one.code for one in known if one.code not in {quote.code for quote in quotes}]
        return Fetched((*quotes, *told.quotes), missing=(*missing, *told.missing))

    def rates(self, pairs: Sequence[tuple[str, str]], span: Span) -> Fetched:
        """The rates, from the file where it has them."""
        with closing(self._open()) as database, storage_errors(self._path):
            known = [pair for pair in pairs if self._answered(database, "/".join(pair), span)]
            open_questions = [pair for pair in pairs if pair not in known]
            told = self._source.rates(open_questions, span) if open_questions else Fetched()
            rows = [(rate.pair, rate.as_of, rate.rate, rate.quote, rate.at) for rate in told.rates]
            self._keep(database, rows, ["/".join(pair) for pair in open_questions], span)
            rates = [rate for pair in known for rate in self._rates(database, pair, span)]
        missing = ["/".join(pair) for pair in known if pair not in {(r.base, r.quote) for r in rates}]
        return Fetched((), (*rates, *told.rates), (*missing, *told.missing))

    def _open(self) -> sqlite3.Connection:
        with storage_errors(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
        return open_database(self._path, MIGRATIONS)

    def _answered(self, database: sqlite3.Connection, code: str, span: Span) -> bool:
        """Whether an earlier question covers this one and was late enough."""
        found = database.execute(
            "SELECT fetched_at FROM asked WHERE source = ? AND code = ? AND start <= ? AND last >= ?",
            (self.name, code, span.start.isoformat(), span.end.isoformat()),
        ).fetchall()
        moments = [datetime.fromisoformat(moment) for (moment,) in found]
        return any(at.astimezone(UTC).date() > span.end or span.now - at < FRESH for at in moments if at <= span.now)

    def _keep(
        self,
        database: sqlite3.Connection,
        rows: Iterable[tuple[str, date, Decimal, str, datetime | None]],
        asked: Iterable[str],
        span: Span,
    ) -> None:
        now = span.now.isoformat()
        with transaction(database):
            database.executemany(
                "INSERT OR REPLACE INTO price VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (self.name, code, day.isoformat(), plain(price), currency, (at or span.now).isoformat())
                    for code, day, price, currency, at in rows
                ],
            )
            database.executemany(
                "INSERT OR REPLACE INTO asked VALUES (?, ?, ?, ?, ?)",
                [(self.name, code, span.start.isoformat(), span.end.isoformat(), now) for code in asked],
            )

    def _quotes(self, database: sqlite3.Connection, one: Instrument, span: Span) -> list[Quote]:
        return [
            Quote(one.code, Decimal(price), currency, date.fromisoformat(day), self.name, one.name, at=at)
            for day, price, currency, at in self._rows(database, one.code, span)
        ]

    def _rates(self, database: sqlite3.Connection, pair: tuple[str, str], span: Span) -> list[FxRate]:
        return [
            FxRate(*pair, Decimal(price), date.fromisoformat(day), self.name, at)
            for day, price, _, at in self._rows(database, "/".join(pair), span)
        ]

    def _rows(self, database: sqlite3.Connection, code: str, span: Span) -> list[tuple[str, str, str, datetime]]:
        found = database.execute(
            "SELECT day, price, currency, fetched_at FROM price"
            " WHERE source = ? AND code = ? AND day BETWEEN ? AND ? ORDER BY day",
            (self.name, code, span.start.isoformat(), span.end.isoformat()),
        ).fetchall()
        return [(day, price, currency, datetime.fromisoformat(at)) for day, price, currency, at in found]
