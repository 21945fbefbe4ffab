"""Asking the web for the prices that a portfolio needs, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from rebalance_kit.frames import frame, html_table
from rebalance_kit.money import plain
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.files import PriceFile
from rebalance_kit.prices.instruments import Instrument
from rebalance_kit.prices.merging import Merged, NewPrice, merge_prices
from rebalance_kit.prices.sources import Fetched, PriceSource, Span
from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Finding, Language, Text

if TYPE_CHECKING:
    import pandas as pd

TABLE_COLUMNS = ("code", "name", "source", "added", "first", "last", "price", "currency")
OVERLAP = timedelta(days=10)  # asked for again, so that a source that has restated the past is noticed
FIRST_TIME = timedelta(days=400)  # a year of closes and some, when there are none yet


@dataclass(frozen=True, slots=True)
class UpdatedCode:
    """What came for one asset or currency pair: rows that are new, their days, and the newest of their prices."""

    code: str
    name: str
    source: str
    added: int
    first: date | None = None
    last: date | None = None
    price: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class PriceUpdate:
    """What the web said for the days `start` to `end`. `data` are the bytes that prices.csv becomes, None when nothing
    is new; `written` says that it was."""

    portfolio: str
    start: date
    end: date
    codes: tuple[UpdatedCode, ...]
    already: int
    findings: tuple[Finding, ...]
    data: bytes | None
    written: bool = False
    language: Language = "en"

    @property
    def added(self) -> int:
        """How many rows are new."""
        return sum(code.added for code in self.codes)

    def to_dict(self, language: Language | None = None) -> dict[str, object]:
        """The update as JSON; prices are strings."""
        return {
            "portfolio": self.portfolio,
            "from": self.start.isoformat(),
            "to": self.end.isoformat(),
            "prices": [_code_dict(code) for code in self.codes],
            "added": self.added,
            "already": self.already,
            "written": self.written,
            "findings": [finding.to_dict(language or self.language) for finding in self.findings],
        }

    def table(self) -> pd.DataFrame:
        """One row per asset or pair, indexed by `code`: name, source, added (rows), first and last (days), price (the
        newest, in `currency`)."""
        rows = [{column: getattr(code, column) for column in TABLE_COLUMNS} for code in self.codes]
        return frame(rows, TABLE_COLUMNS, index="code")

    def __repr__(self) -> str:
        return f"<PriceUpdate {self.portfolio} {self.start}..{self.end}: {self.added} new>"

    def _repr_html_(self) -> str:
        rows = [["" if cell is None else str(cell) for cell in _code_dict(code).values()] for code in self.codes]
        notes = [finding.message.of(self.language) for finding in self.findings]
        return html_table(repr(self)[1:-1], TABLE_COLUMNS, rows, notes)


def start_for(there: PriceFile, codes: Iterable[str], end: date) -> date:
    """The first day to ask for: a little before the oldest of the newest closes, else a year and some back."""
    newest: dict[str, date] = {}
    days = [(q.code, q.as_of) for q in there.quotes if q.dated] + [(r.pair, r.as_of) for r in there.rates]
    for code, day in days:
        newest[code] = max(day, newest.get(code, day))
    known = [newest.get(code) for code in codes]
    if not known or None in known:
        return end - FIRST_TIME
    return min(day for day in known if day is not None) - OVERLAP


def fetch_prices(
    policy: Policy,
    wanted: Sequence[Instrument],
    sources: Sequence[PriceSource],
    span: Span,
    document: Document | None,
) -> PriceUpdate:
    """Ask the first source that serves it for each asset, and the first source for the currencies; merge the answers
    into the bytes of prices.csv. Nothing is written here. KitError when a source fails: no half of an answer is kept.
    """
    by_source = {source.name: [one for one in wanted if _first(sources, one) is source] for source in sources}
    answers = [source.closes(by_source[source.name], span) for source in sources if by_source[source.name]]
    pairs = sorted({(one.currency, policy.base_currency) for one in wanted if one.currency != policy.base_currency})
    answers += [sources[0].rates(pairs, span)] if pairs else []
    told = Fetched(
        tuple(quote for answer in answers for quote in answer.quotes),
        tuple(rate for answer in answers for rate in answer.rates),
        tuple(code for answer in answers for code in answer.missing),
    )
    merged = merge_prices(document, policy, told.quotes, told.rates)
    unserved = [one.code for one in wanted if _first(sources, one) is None]
    names = {one.code: one.name for one in wanted} | {f"{base}/{quote}": f"{base}/{quote}" for base, quote in pairs}
    findings = (*_missing(told.missing, span), *_unserved(unserved), *merged.findings)
    return PriceUpdate(
        portfolio=policy.name,
        start=span.start,
        end=span.end,
        codes=tuple(_updated(names, told, merged)),
        already=merged.already,
        findings=findings,
        data=merged.data,
        language=policy.language,
    )


def _first(sources: Sequence[PriceSource], one: Instrument) -> PriceSource | None:
    return next((source for source in sources if source.serves(one)), None)


def _updated(names: dict[str, str], told: Fetched, merged: Merged) -> Iterator[UpdatedCode]:
    source = {quote.code: quote.source for quote in told.quotes} | {rate.pair: rate.source for rate in told.rates}
    rows: dict[str, list[NewPrice]] = {}
    for row in merged.added:
        rows.setdefault(row.code, []).append(row)
    for code, name in names.items():
        new = rows.get(code, [])
        if not new:
            yield UpdatedCode(code, name, source.get(code, ""), 0)
            continue
        last = new[-1]
        yield UpdatedCode(code, name, last.source, len(new), new[0].day, last.day, last.price, last.currency)


def _missing(codes: Sequence[str], span: Span) -> Iterator[Finding]:
    for code in codes:
        message = Text(
            f"no close of {code} from {span.start} to {span.end} came; check the code, or write its price by hand",
            f"{span.start}부터 {span.end}까지 {code}의 종가를 받지 못했습니다;"
            " 코드를 확인하거나 가격을 직접 적어 주세요",
        )
        yield Finding("no_web_price", "warning", message, code)


def _unserved(codes: Sequence[str]) -> Iterator[Finding]:
    if codes:
        names = ", ".join(codes)
        message = Text(f"the chosen source does not know {names}", f"고른 출처에는 {names}이(가) 없습니다")
        yield Finding("not_served", "warning", message, codes[0] if len(codes) == 1 else None)


def _code_dict(code: UpdatedCode) -> dict[str, object]:
    return {
        "code": code.code,
        "name": code.name,
        "source": code.source,
        "added": code.added,
        "first": code.first.isoformat() if code.first else None,
        "last": code.last.isoformat() if code.last else None,
        "price": None if code.price is None else plain(code.price),
        "currency": code.currency,
    }
