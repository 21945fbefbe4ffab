"""Fetched prices into prices.csv: what is there stays, what is not there is added.

The file becomes a long table, so that each price can say its source and its moment; a wide one is turned into it. Every
row keeps its cells, also those of columns that the program does not use, and a price that is there already wins over
one that is fetched: two different ones are a finding.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from rebalance_kit.money import ONE, exact_sum, plain, ratio, show_percent
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.files import LONG_FIELDS, PriceFile, price_table, read_price_document
from rebalance_kit.prices.model import FxRate, Quote
from rebalance_kit.prices.splits import looks_like_a_split
from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Finding, Text

COLUMNS = ("date", "code", "price", "currency", "nav", "source", "fetched_at")
SAME_WITHIN = Decimal("0.001")  # sources round; more than that is another price
SHOWN = 3  # days that a message about differences names


@dataclass(frozen=True, slots=True)
class NewPrice:
    """One row that the file does not have: a close, or a rate under the code of its pair."""

    day: date
    code: str
    price: Decimal
    currency: str
    source: str
    at: datetime | None = None
    nav: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """The new bytes (None: nothing to add), what they add, how many fetched prices were there already, and findings."""

    data: bytes | None
    added: tuple[NewPrice, ...]
    already: int
    findings: tuple[Finding, ...]


def merge_prices(document: Document | None, policy: Policy, quotes: Iterable[Quote], rates: Iterable[FxRate]) -> Merged:
    """What prices.csv becomes. PriceError when the file that is there cannot be read: nothing is written over it."""
    there = read_price_document(document, policy, date.max) if document else PriceFile()
    known = {(q.code, q.as_of): q.price for q in there.quotes if q.dated}
    known |= {(r.pair, r.as_of): r.rate for r in there.rates}
    fetched = [NewPrice(q.as_of, q.code, q.price, q.currency, q.source, q.at, q.nav) for q in quotes]
    fetched += [NewPrice(r.as_of, r.pair, r.rate, r.quote, r.source, r.at) for r in rates]
    new = {(row.code, row.day): row for row in fetched if (row.code, row.day) not in known}
    added = tuple(sorted(new.values(), key=lambda row: (row.day, row.code)))
    both = [(row, known[row.code, row.day]) for row in fetched if (row.code, row.day) in known]
    findings = tuple(_differences(both))
    if not added:
        return Merged(None, (), len(both), findings)
    rows = [*_kept(document, there), *map(_cells, added)]
    return Merged(_written(document, rows), added, len(both), findings)


def _kept(document: Document | None, there: PriceFile) -> Iterator[dict[str, str]]:
    """The rows of the file as it is, by column; of a wide file, a row for each of its prices."""
    if document is None:
        return
    table = price_table(document)
    if "code" not in table.columns:
        yield from _of_wide(there)
        return
    headings = table.grid.heading.cells
    own = {index: field for field, index in table.columns.items() if field in LONG_FIELDS}
    for row in table.rows:
        cells = {own.get(i, headings[i] or f"column {i + 1}"): cell for i, cell in enumerate(row.cells)}
        for field in ("price", "nav"):  # one spelling of numbers in the whole file, whatever the old one was
            number = table.optional_number(row, field)
            cells |= {field: "" if number is None else plain(number)} if field in cells else {}
        yield cells


def _of_wide(there: PriceFile) -> Iterator[dict[str, str]]:
    for quote in there.quotes:
        day = quote.as_of.isoformat() if quote.dated else ""
        nav = "" if quote.nav is None else plain(quote.nav)
        yield {"date": day, "code": quote.code, "price": plain(quote.price), "currency": quote.currency, "nav": nav}
    for rate in there.rates:
        cells = {"date": rate.as_of.isoformat(), "code": rate.pair, "price": plain(rate.rate), "currency": rate.quote}
        yield cells if rate.as_of != date.max else {**cells, "date": ""}


def _cells(row: NewPrice) -> dict[str, str]:
    return {
        "date": row.day.isoformat(),
        "code": row.code,
        "price": plain(row.price),
        "currency": row.currency,
        "nav": "" if row.nav is None else plain(row.nav),
        "source": row.source,
        "fetched_at": row.at.isoformat(timespec="seconds") if row.at else "",
    }


def _written(document: Document | None, rows: Sequence[dict[str, str]]) -> bytes:
    """The table with the comment lines that stood above it."""
    names = dict.fromkeys((*COLUMNS, *(name for row in rows for name in row)))
    text = io.StringIO(newline="")
    for line in document.text.splitlines() if document else ():
        if not line.startswith("#"):
            break
        text.write(line + "\n")
    table = csv.DictWriter(text, list(names), restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()


def _differences(both: Sequence[tuple[NewPrice, Decimal]]) -> Iterator[Finding]:
    """Prices of one day that the file and the source state differently, one finding for each code."""
    apart: dict[str, list[tuple[NewPrice, Decimal]]] = {}
    for row, price in both:
        if price and abs(exact_sum((ratio(row.price, price), -ONE))) > SAME_WITHIN:
            apart.setdefault(row.code, []).append((row, price))
    for code, rows in sorted(apart.items()):
        like = {looks_like_a_split(price, row.price) for row, price in rows}
        (split,) = like if len(like) == 1 else (None,)
        shown = "; ".join(_pair(row, price) for row, price in rows[:SHOWN]) + ("; ..." if len(rows) > SHOWN else "")
        if split is not None:
            message = Text(
                f"{rows[0][0].source} now states the past of {code} differently, as after a {split} split: {shown};"
                " write the split into corporate_actions.csv",
                f"{rows[0][0].source}의 {code} 과거 가격이 {split} 분할(병합) 뒤처럼 바뀌었습니다: {shown};"
                " corporate_actions.csv에 그 내용을 적어 주세요",
            )
            yield Finding("looks_like_a_split", "error", message, code)
            continue
        message = Text(
            f"prices of {code} differ and the file's were kept on {len(rows)} days: {shown}",
            f"{code}의 가격이 다른 날이 {len(rows)}일 있어 파일의 가격을 그대로 두었습니다: {shown}",
        )
        yield Finding("price_disagreement", "warning", message, code)


def _pair(row: NewPrice, price: Decimal) -> str:
    gap = show_percent(exact_sum((ratio(row.price, price), -ONE)), 2)
    return f"{row.day} {plain(price)} / {plain(row.price)} ({gap})"
