"""The rows of a Korean statement, read into one `Statement`: what holds for every broker is decided here.

A broker's module says how its table is known and what is its own; a row is an asset with a code or a name, cash, a
total, or something that is left out and named. Names are matched (`holdings.names`), and all that cannot be are
refused together. Amounts of assets that trade abroad are won or foreign money: the numbers must say which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from rebalance_kit.holdings.columns import cash_kind
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.names import Match, NameBook, Names
from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.korean_accounts import Accounts
from rebalance_kit.holdings.statements.korean_cells import currency_in, currency_named, krx_code, number_in
from rebalance_kit.holdings.statements.korean_facts import Facts, facts_of, is_label
from rebalance_kit.holdings.statements.korean_foreign import Amounts, foreign_amounts
from rebalance_kit.holdings.statements.korean_kinds import is_abroad, is_cash, is_total_text, left_out
from rebalance_kit.holdings.statements.korean_refusals import Unmatched, bad_price, names_unmatched
from rebalance_kit.holdings.statements.korean_sums import Sums
from rebalance_kit.holdings.statements.korean_table import Fits, Sheet, others_for, sheets_of
from rebalance_kit.holdings.statements.reconcile import explains
from rebalance_kit.holdings.statements.securities import Kind
from rebalance_kit.holdings.statements.tables import only_first, refuse_extra
from rebalance_kit.money import Rounding, product, round_money
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.reading import refuse_symbol
from rebalance_kit.textfile.cells import literal
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.textfile.table import Table
from rebalance_kit.words import Finding, Text

_NOTE = Text("a note, not a holding", "안내 문구")
_HEADING = Text("the headings once more", "반복된 제목 행")


@dataclass(frozen=True, slots=True)
class Broker:
    """What is a broker's own: its registered name, how its headings are known, and what its file means.

    `kind` is the treatment of the account of a file that names none, `account` its name where a person has said it;
    `home` is the currency of what names none; `won_abroad` says that even the amounts of assets abroad are printed in
    won, with the rate beside them; `columns` are headings that a person has named.
    """

    form: str
    fits: Fits
    wanted: Text
    kind: str | None = None
    won_abroad: bool = False
    home: str = "KRW"
    account: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


def read_korean(document: Document, policy: Policy | None, on: date, broker: Broker, names: Names) -> HoldingsFile:
    """The holdings of a document of a broker. Raises HoldingsError or PriceError with the place, and for names that
    cannot be matched."""
    sheets = sheets_of(document, broker.fits, broker.columns)
    if not sheets:
        raise document.no_table(broker.wanted)
    statement = Statement(document, policy, on, broker.form)
    book, sums = names.book(policy), Sums(statement)
    readers = [_Reader(statement, sheet, broker, book, sums) for sheet in sheets]
    facts = facts_of([row for reader in readers for row in (*reader.sheet.above, *reader.notes())])
    facts.account = facts.account or broker.account
    for reader in readers:
        reader.read(facts)
    unmatched = [each for reader in readers for each in reader.unmatched]
    if unmatched:
        raise names_unmatched(sheets[0].table, unmatched, names)
    sums.facts(facts, readers[-1].accounts)
    sums.tell()
    return statement.build()


@dataclass(slots=True)
class _Reader:
    statement: Statement
    sheet: Sheet
    broker: Broker
    book: NameBook
    sums: Sums
    accounts: Accounts = field(init=False)
    unmatched: list[Unmatched] = field(default_factory=list)

    @property
    def table(self) -> Table:
        return self.sheet.table

    def notes(self) -> list[Row]:
        """The rows of the table that are no holdings."""
        return [row for row in self.table.rows if self._is_note(row)]

    def read(self, facts: Facts) -> None:
        """Hand the rows to the statement; names that stand for nothing are kept in `unmatched`."""
        rows = [row for row in self.table.rows if not self._is_note(row)]
        assets = [row for row in rows if not self._is_total(row)]
        self.accounts = Accounts(self.statement, self.table, facts, self.broker.kind, assets)
        self._read_days(assets, facts)
        self._note_other_quantities(rows)
        for row in rows:
            self._row(row)
        for row in self.notes():
            self.statement.skip(row, Kind.TOTAL, " ".join(filter(None, row.cells))[:60], reason=self._why(row))

    def _is_note(self, row: Row) -> bool:
        """A row without any number of a holding and without a code, a label with its number, the headings again."""
        if row.cells == self.table.grid.heading.cells:
            return True
        code = self.table.text(row, "code")
        if not code and is_label(next((cell for cell in row.cells if cell), "")):
            return True
        numbers = any(self.table.text(row, name) for name in ("quantity", "price", "value", "cost", "average cost"))
        return not numbers and (only_first(row) is not None or not code)

    def _why(self, row: Row) -> Text:
        return _HEADING if row.cells == self.table.grid.heading.cells else _NOTE

    def _is_total(self, row: Row) -> bool:
        if literal(self.table.text(row, "code")):
            return is_total_text(literal(self.table.text(row, "code")))
        first = next((cell for cell in row.cells if cell), "")
        return any(is_total_text(text) for text in (first, self.table.text(row, "name")) if text)

    def _read_days(self, rows: Sequence[Row], facts: Facts) -> None:
        """The day of the file: the latest of its rows, else the one around its table."""
        days = {day for row in rows if (day := self.table.optional_date(row, "date"))}
        candidates = (*days, self.statement.as_of, None if days else facts.as_of)
        self.statement.as_of = max((day for day in candidates if day), default=None)
        self.statement.taken_at = facts.taken_at if self.statement.as_of == facts.as_of else None
        if len(days) > 1:
            self.statement.note(
                "several_days",
                f"the rows are of {len(days)} days, {min(days)} to {max(days)}: all count as of the last",
                f"행의 날짜가 {min(days)}부터 {max(days)}까지 {len(days)}가지입니다: 모두 마지막 날로 봅니다",
                warn=True,
            )

    def _row(self, row: Row) -> None:
        table = self.table
        if self._is_total(row):
            self.sums.total(row, next((cell for cell in row.cells if cell), ""), number_in(table, row, "value"))
            return
        refuse_extra(table, row)
        account = self.accounts.of(row)
        name, code, kind = table.text(row, "name"), literal(table.text(row, "code")), self.sheet.kind(row)
        quantity, price, value = (number_in(table, row, each) for each in ("quantity", "price", "value"))
        currency = currency_in(table, row)
        named_cash = not code and is_cash(name or kind, kind, quantity, price, value) and not self._is_listed(name)
        if named_cash or cash_kind(code):
            self._cash(row, account, name or kind or code, currency, quantity, value)
            return
        abroad = currency not in (None, self.broker.home) or (currency is None and is_abroad(kind))
        found = code or self._code_of(row, name, kind, account, value, currency, abroad=abroad)
        if found is not None:
            self._position(row, account, found, name, currency or ("USD" if abroad else self.broker.home))

    def _is_listed(self, name: str) -> bool:
        return isinstance(self.book.find(name), Match)

    def _code_of(
        self,
        row: Row,
        name: str,
        kind: str,
        account: str,
        value: Decimal | None,
        currency: str | None,
        *,
        abroad: bool,
    ) -> str | None:
        """The code that the row's name stands for; None when the row is left out, or its name is refused later."""
        match = self.book.find(name, foreign=abroad)
        if isinstance(match, Match):
            by = f" ({match.by} in {self.book.names.source})" if match.by else ""
            by_ko = f"({self.book.names.source}의 {match.by})" if match.by else ""
            message = Text(
                f"{name} in line {row.line} is taken as {match.code}{by}",
                f"{row.line}행의 {name}을(를) {match.code}{by_ko}(으)로 봅니다",
            )
            self.statement.findings.append(Finding("name_matched", "info", message, match.code))
            return match.code
        what = left_out(name, kind)
        if what is None:
            self.unmatched.append(Unmatched(row, name, match))
            return None
        own = currency or self.broker.home
        self.statement.skip(row, what, name, account=account, value=value, currency=own)
        self.sums.add(account, value, own)
        return None

    def _cash(
        self, row: Row, account: str, name: str, currency: str | None, quantity: Decimal | None, value: Decimal | None
    ) -> None:
        own = currency or currency_named(name) or ("USD" if is_abroad(name) else self.broker.home)
        amount = value if value is not None else quantity
        if own != self.broker.home and quantity is not None:
            amount = quantity  # beside it stands what it is worth in won
        if amount is None:
            amount = self.table.number(row, "value" if self.sheet.has("value") else "quantity")
        at_home = own != self.broker.home and value is not None and value != amount
        shown = (value, self.broker.home) if at_home else (amount, own)
        self.sums.cash(row, account, name, amount, own, shown=shown)

    def _position(self, row: Row, account: str, code: str, name: str, currency: str) -> None:
        table, statement = self.table, self.statement
        if currency == "KRW":
            code = krx_code(code, name, self.book, row.line, statement.findings)
        quantity = number_in(table, row, "quantity")
        if quantity is None:
            quantity = table.number(row, "quantity")
        if currency == self.broker.home:
            for each in ("price", "value", "cost", "average cost"):
                refuse_symbol(table, row, each, currency)
            value = number_in(table, row, "value")
            price, cost = self._price(row, quantity, value), self._cost(row, quantity)
            amounts = Amounts(price, value, cost, (value if value is not None else _times(price, quantity), currency))
        else:
            amounts = foreign_amounts(statement, table, row, quantity, currency, in_won=self.broker.won_abroad)
        held = statement.hold(row, account, code, quantity, currency, name=name, price=amounts.price,
                              value=amounts.value, cost=amounts.cost)  # fmt: skip
        self.sums.add(account, *amounts.shown)
        if held is not None:
            self._say_more(row, held, name)

    def _price(self, row: Row, quantity: Decimal, value: Decimal | None) -> Decimal | None:
        """The price. A minus before it tells that it fell, where the value proves that; else it is refused."""
        price = number_in(self.table, row, "price")
        if price is None or price >= 0:
            return price
        if value is None or not explains(-price, quantity, value, self.broker.home):
            raise bad_price(self.table, row, price)
        return -price

    def _cost(self, row: Row, quantity: Decimal) -> Decimal | None:
        """The total cost, else the cost of a share times the shares, rounded half up; None when it is not told."""
        cost = number_in(self.table, row, "cost")
        if cost is None:
            share = number_in(self.table, row, "average cost")
            cost = None if share is None else round_money(product(share, quantity), self.broker.home, Rounding.HALF_UP)
        return cost if cost is None or cost >= 0 else None

    def _say_more(self, row: Row, code: str, name: str) -> None:
        credit = self.table.text(row, "credit")
        if credit and not any(word in credit for word in ("현금", "보통", "일반", "자기")) and credit not in "-00":
            self.statement.note(
                "bought_on_credit",
                f"{code} in line {row.line} is held on credit ({credit}): the loan is not in the file",
                f"{row.line}행의 {code}은(는) 신용 잔고({credit})입니다: 대출금은 파일에 없습니다",
                warn=True,
                code=code,
            )
        disagreement = self.book.disagreement(code, name, row.line)
        if disagreement is not None:
            self.statement.findings.append(disagreement)

    def _note_other_quantities(self, rows: Sequence[Row]) -> None:
        """Says so when another column for the quantity tells another one (settled and executed balances differ)."""
        own = self.table.columns.get("quantity")
        for other in others_for(self.sheet, "quantity"):
            lines = [row.line for row in rows if own is not None and _differ(row, own, other)]
            if lines:
                heading = self.table.grid.heading.cells
                listed = ", ".join(map(str, lines))
                self.statement.note(
                    "other_quantity",
                    f"{heading[own or 0]} was read, though {heading[other]} differs in line {listed}",
                    f"{heading[own or 0]} 열을 읽었습니다. {heading[other]} 열은 {listed}행에서 다릅니다",
                    warn=True,
                )


def _times(price: Decimal | None, quantity: Decimal) -> Decimal | None:
    return None if price is None else product(price, quantity)


def _differ(row: Row, first: int, second: int) -> bool:
    cells = [row.cells[i] if i < len(row.cells) else "" for i in (first, second)]
    return bool(cells[1]) and cells[0] != cells[1]
