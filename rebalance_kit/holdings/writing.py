"""holdings.csv and lots.csv as the program writes them: what is read from them is what was written, to the digit.

One row for a position or an amount of cash, in order of account and code, so that the same holdings always give the
same bytes. A price of what is no longer held is kept in a row of quantity 0 (a price is never lost in silence).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from rebalance_kit.errors import HoldingsError
from rebalance_kit.holdings.columns import cash_kind, is_total
from rebalance_kit.holdings.lots import read_lot_document
from rebalance_kit.holdings.model import Cash, HoldingsFile, Lot, Position
from rebalance_kit.holdings.summary import newest_quotes
from rebalance_kit.holdings.table import read_holdings_table
from rebalance_kit.money import plain, product
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.model import Quote
from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Finding, Text, same

HOLDINGS_FILE = "holdings.csv"
LOTS_FILE = "lots.csv"
COLUMNS = ("date", "account", "code", "name", "quantity", "price", "value", "currency", "cost")
LOT_COLUMNS = ("account", "code", "lot_id", "date", "quantity", "cost", "currency", "tax_base")

CashRow = tuple[Cash, date | None]


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes into the two files. `days` is the day of the quantities of an account, where the file told it;
    `values` what a position is worth by the file."""

    positions: tuple[Position, ...] = ()
    cash: tuple[Cash, ...] = ()
    lots: tuple[Lot, ...] = ()
    quotes: Mapping[str, Quote] = field(default_factory=dict)
    values: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    days: Mapping[str, date] = field(default_factory=dict)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that hold something, sorted."""
        return tuple(sorted({p.account for p in self.positions} | {c.account for c in self.cash}))

    def without(self, accounts: Iterable[str]) -> Contents:
        """The contents without some accounts; lots stay, for `joined` decides about them."""
        gone = set(accounts)
        return Contents(
            tuple(p for p in self.positions if p.account not in gone),
            tuple(c for c in self.cash if c.account not in gone),
            self.lots,
            self.quotes,
            {key: value for key, value in self.values.items() if key[0] not in gone},
            {account: day for account, day in self.days.items() if account not in gone},
        )


def contents_of(file: HoldingsFile) -> Contents:
    """What one file holds."""
    held = file.holdings
    days = dict.fromkeys(held.accounts, held.as_of) if held.as_of else {}
    return Contents(
        held.positions,
        held.cash,
        held.lots,
        newest_quotes(file),
        dict(file.values),
        {account: day for account, day in days.items() if day},
    )


def joined(parts: Sequence[tuple[str, Contents]]) -> tuple[Contents, tuple[Finding, ...]]:
    """Several contents as one, each with the name of its file; a later price of one day wins, which is a finding.

    Lots of a position replace what there was for it. Raises HoldingsError when two files hold the same position or
    the same cash of one account: adding them up or choosing between them would be a guess.
    """
    seen: dict[tuple[str, str], str] = {}
    for name, part in parts:
        keys = [(p.account, p.code) for p in part.positions] + [
            (c.account, f"{c.kind} {c.currency}") for c in part.cash
        ]
        for key in keys:
            if seen.setdefault(key, name) != name:
                raise _held_twice(key, seen[key], name)
    quotes: dict[str, Quote] = {}
    findings = []
    for _, part in parts:
        for code, quote in part.quotes.items():
            known = quotes.get(code)
            if known and known.as_of == quote.as_of and known.price != quote.price:
                findings.append(_two_prices(known, quote))
            if known is None or quote.as_of >= known.as_of:
                quotes[code] = quote
    lots: dict[tuple[str, str], list[Lot]] = {}
    for _, part in parts:
        own: dict[tuple[str, str], list[Lot]] = {}
        for lot in part.lots:
            own.setdefault((lot.account, lot.code), []).append(lot)
        lots |= own
    whole = Contents(
        tuple(p for _, part in parts for p in part.positions),
        tuple(c for _, part in parts for c in part.cash),
        tuple(lot for each in lots.values() for lot in each),
        quotes,
        {key: value for _, part in parts for key, value in part.values.items()},
        {account: day for _, part in parts for account, day in part.days.items()},
    )
    return whole, tuple(findings)


def holdings_csv(contents: Contents) -> bytes:
    """The bytes of holdings.csv. HoldingsError for a code that would be read as cash or as a total."""
    return _csv(COLUMNS, _holding_rows(contents))


def lots_csv(lots: Iterable[Lot]) -> bytes:
    """The bytes of lots.csv."""
    ordered = sorted(lots, key=lambda t: (t.account, t.code, t.date, t.lot_id))
    return _csv(LOT_COLUMNS, (_lot_row(lot) for lot in ordered))


def refuse_changed(contents: Contents, policy: Policy | None, on: date) -> None:
    """Read back what would be written; HoldingsError when it is not to the digit what it should be."""
    written = Document(HOLDINGS_FILE, holdings_csv(contents), HoldingsError)
    again = contents_of(read_holdings_table(written, policy, on))
    kept = sorted(contents.positions, key=_by_code)
    for before, after in ((kept, again.positions), (sorted(contents.cash, key=_by_currency), again.cash)):
        if list(before) != list(after):
            raise _not_kept(next(str(b) for b, a in _pairs(before, after) if b != a))
    lots = read_lot_document(Document(LOTS_FILE, lots_csv(contents.lots), HoldingsError), policy)
    if list(lots) != sorted(contents.lots, key=lambda t: (t.account, t.code, t.date, t.lot_id)):
        raise _not_kept(LOTS_FILE)


def _pairs(before: Sequence[object], after: Sequence[object]) -> Iterator[tuple[object, object]]:
    for i in range(max(len(before), len(after))):
        yield (before[i] if i < len(before) else None), (after[i] if i < len(after) else None)


def _by_code(position: Position) -> tuple[str, str]:
    return position.account, position.code


def _by_currency(cash: Cash) -> tuple[str, str, str]:
    return cash.account, cash.currency, cash.kind


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows(rows)
    return text.getvalue().encode()


def _holding_rows(contents: Contents) -> Iterator[tuple[str, ...]]:
    held = {position.code for position in contents.positions}
    for position in sorted(contents.positions, key=_by_code):
        if cash_kind(position.code) or is_total(position.code):
            raise _reserved(position)
        yield _row(position, contents)
    for code in sorted(set(contents.quotes) - held):
        quote = contents.quotes[code]
        account = next(iter(contents.accounts), "")
        yield _row(Position(account, code, Decimal(0), quote.currency, quote.name), contents)
    for cash in sorted(contents.cash, key=_by_currency):
        code = "DIVIDENDS" if cash.kind == "dividends" else "CASH"
        day = contents.days.get(cash.account)
        yield (day.isoformat() if day else "", cash.account, code, "", plain(cash.amount), "", "", cash.currency, "")


def _row(position: Position, contents: Contents) -> tuple[str, ...]:
    quote = contents.quotes.get(position.code)
    day = quote.as_of if quote and quote.dated else contents.days.get(position.account)
    value = contents.values.get((position.account, position.code))
    if quote and value == product(quote.price, position.quantity):
        value = None  # it follows
    return (
        day.isoformat() if day else "",
        position.account,
        position.code,
        position.name or "",
        plain(position.quantity),
        plain(quote.price) if quote else "",
        "" if value is None else plain(value),
        position.currency,
        "" if position.cost is None else plain(position.cost),
    )


def _lot_row(lot: Lot) -> tuple[str, ...]:
    tax_base = "" if lot.tax_base is None else plain(lot.tax_base)
    return (lot.account, lot.code, lot.lot_id, lot.date.isoformat(), plain(lot.quantity), plain(lot.cost),
            lot.currency, tax_base)  # fmt: skip


def _two_prices(first: Quote, second: Quote) -> Finding:
    message = Text(
        f"{second.code} costs {plain(first.price)} in {first.source} and {plain(second.price)} in {second.source}"
        " on the same day: the latter is kept",
        f"같은 날 {second.code}의 가격이 {first.source}에는 {plain(first.price)}, {second.source}에는"
        f" {plain(second.price)}입니다: 뒤의 것을 씁니다",
    )
    return Finding("price_differs", "warning", message, second.code)


def _held_twice(key: tuple[str, str], first: str, second: str) -> HoldingsError:
    account, what = key
    return HoldingsError(
        "held_twice",
        where=same(second),
        wrong=Text(f"{what} of account {account} stands in {first} too",
                   f"{account} 계좌의 {what}이(가) {first}에도 있습니다"),
        expected=Text("files of different accounts, or of different holdings of one",
                      "서로 다른 계좌의 파일, 또는 한 계좌의 서로 다른 보유 내역"),
        fix=Text("leave one file out, or import them one by one and name each account with --account",
                 "한 파일을 빼거나, 하나씩 --account로 계좌를 정해 가져와 주세요"),
    )  # fmt: skip


def _reserved(position: Position) -> HoldingsError:
    code = position.code
    return HoldingsError(
        "reserved_code",
        where=same(HOLDINGS_FILE),
        wrong=Text(f"the code {code} of account {position.account} would be read as cash or a total",
                   f"{position.account} 계좌의 코드 {code}은(는) 현금이나 합계로 읽힙니다"),
        expected=Text("a code that is no word of the table", "표의 낱말이 아닌 코드"),
        fix=Text("write the row by hand under another code", "다른 코드로 직접 적어 주세요"),
    )  # fmt: skip


def _not_kept(what: str) -> HoldingsError:
    return HoldingsError(
        "not_kept_exactly",
        where=same(HOLDINGS_FILE),
        wrong=Text(f"{what[:200]} would not be read back as it is", f"{what[:200]}을(를) 그대로 다시 읽을 수 없습니다"),
        expected=Text("holdings that the file can keep to the digit", "파일에 그대로 남길 수 있는 보유 내역"),
        fix=Text(
            "keep the broker's own file and give it with --holdings", "증권사 파일을 그대로 두고 --holdings로 주세요"
        ),
    )
