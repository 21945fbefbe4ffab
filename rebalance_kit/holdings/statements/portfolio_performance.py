"""Portfolio Performance's statement of assets as CSV, in German or English: one row for each security and account.

German files have semicolons and decimal commas, which the numbers prove. A security goes by its ticker, else by
its ISIN, else by its WKN; a row that names none (a category, a cash account, a note) is left out and named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rebalance_kit.holdings.columns import is_total
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.moments import last_date
from rebalance_kit.holdings.statements.securities import Kind
from rebalance_kit.holdings.statements.tables import UNKNOWN, heading_row, names, refuse_extra, tables_in
from rebalance_kit.money import Rounding, product, round_money
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.codes import read_currency
from rebalance_kit.textfile.cells import CellError, prove_style, read_number
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.textfile.table import Layout, Table, has_columns, normal
from rebalance_kit.words import Text

LAYOUT = Layout(
    fields={
        "isin": ("ISIN",),
        "quantity": ("Stück", "Bestand", "Anzahl", "Shares", "Shares Held"),
        "name": ("Name", "Wertpapiername", "Wertpapier", "Security Name", "Security"),
        "symbol": ("Ticker-Symbol", "Ticker Symbol", "Symbol", "Ticker"),
        "wkn": ("WKN",),
        "price": ("Kurs", "Aktueller Kurs", "Letzter Kurs", "Quote", "Latest Quote", "Current Quote", "Price"),
        "value": ("Marktwert", "Aktueller Wert", "Market Value", "Current Value"),
        "currency": ("Währung", "Currency", "Wertpapierwährung", "Security Currency"),
        "account": ("Depot", "Securities Account", "Portfolio", "Konto", "Account"),
        "cost": ("Einstandswert", "Kaufwert", "Purchase Value", "Cost Value"),
        "average cost": ("Einstandskurs", "Kaufkurs", "Einstandspreis", "Purchase Price", "Cost per Share"),
        "date": ("Datum", "Kursdatum", "Datum Kurs", "Date of Quote", "Quote Date"),
    },
    required=("isin", "quantity", "name"),
    numbers=frozenset({"quantity", "price", "value", "cost", "average cost"}),
    wanted=Text("Portfolio Performance's statement of assets (CSV)", "포트폴리오 퍼포먼스 자산 명세(CSV)"),
)
_OWN_WORDS = frozenset(map(normal, ("WKN", "Stück", "Bestand", "Marktwert", "Wertpapiername", "Ticker-Symbol")))
_TRADES = frozenset(map(normal, ("Typ", "Type", "Buchungswährung", "Transaction Currency", "Gebühren", "Fees")))
_MONEY = re.compile(r"(?:(?P<before>[A-Z]{3})\s+)?(?P<amount>[^A-Z]*?)(?:\s+(?P<after>[A-Z]{3}))?")
_GERMAN_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")


@dataclass(frozen=True, slots=True)
class PortfolioPerformance:
    """The statement of assets of Portfolio Performance."""

    name: str = "portfolio_performance"
    wanted: Text = LAYOUT.wanted

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when the columns are the program's and none is a transaction's."""
        return Confidence.CERTAIN if heading_row(document, _is_heading) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of every securities account in the file."""
        found = heading_row(document, _is_heading)
        if found is None:
            raise document.no_table(self.wanted)
        statement = Statement(document, policy, on, self.name)
        for _, table in tables_in(document, found[0], LAYOUT):
            reader = _Reader(statement, _styled(table))
            for row in table.rows:
                reader.read(row)
        return statement.build()


def _is_heading(cells: Sequence[str]) -> bool:
    found = names(cells)
    return has_columns(cells, LAYOUT) and bool(found & _OWN_WORDS) and not found & _TRADES


def _styled(table: Table) -> Table:
    """The table with the style of its numbers proved without the currencies that may stand beside them."""
    indexes = [index for field, index in table.columns.items() if field in LAYOUT.numbers]
    cells = (row.cells[i] for row in table.grid.rows for i in indexes if i < len(row.cells))
    return Table(table.grid, table.columns, prove_style(map(_bare, cells), table.grid.delimiter))


def _bare(cell: str) -> str:
    found = _MONEY.fullmatch(cell)
    amount = found["amount"] if found else cell
    return amount if any(char.isdigit() for char in amount) else ""


@dataclass(slots=True)
class _Reader:
    statement: Statement
    table: Table

    def read(self, row: Row) -> None:
        """One row: a security in one account, or something that is left out."""
        table, statement = self.table, self.statement
        refuse_extra(table, row)
        labels = [self._said(row, field) for field in ("symbol", "isin", "wkn")]
        name = table.text(row, "name")
        if is_total(name) or name.casefold() == "summe":
            statement.skip(row, Kind.TOTAL, name)
            return
        account = statement.account(table.text(row, "account"), line=row.line)
        if not any(labels) or not self._said(row, "quantity"):
            statement.skip(row, Kind.OTHER, name, account=account, reason=_NO_SECURITY)
            return
        quantity, _ = self._money(row, "quantity")
        price, of_price = self._money(row, "price")
        value, of_value = self._money(row, "value")
        currency = self._currency(row) or of_price or of_value or self._home()
        if currency is None:
            raise self._no_currency(row)
        if of_value not in (None, currency):  # the value is converted into another currency than the price's
            value = None
        cost = self._cost(row, quantity, currency)
        if quantity is None:
            raise table.located(CellError("not_a_number", wrong=Text("the number is missing", "숫자가 없습니다"),
                expected=_NUMBER, fix=_EXPORT_AGAIN), row, "quantity")  # fmt: skip
        symbol = self._symbol(labels)
        statement.as_of = max(filter(None, (statement.as_of, self._day(row))), default=None)
        statement.hold(row, account, symbol, quantity, currency, name=name, price=price, value=value, cost=cost)

    def _symbol(self, labels: Iterable[str]) -> str:
        """The label that the policy knows, else the first: ticker, ISIN, WKN."""
        said = [label for label in labels if label]
        return next((label for label in said if label in self.statement.codes.known), said[0])

    def _said(self, row: Row, field: str) -> str:
        text = self.table.text(row, field)
        return "" if text.casefold() in UNKNOWN else text

    def _money(self, row: Row, field: str) -> tuple[Decimal | None, str | None]:
        """The number of a cell and the currency that stands beside it (`USD 1.234,50`)."""
        text = self._said(row, field)
        if not text:
            return None, None
        found = _MONEY.fullmatch(text)
        amount = found["amount"] if found and any(char.isdigit() for char in found["amount"]) else text
        try:
            beside = (found["before"] or found["after"]) if found else None
            return read_number(amount, self.table.style), read_currency(beside or "")
        except CellError as problem:
            raise self.table.located(problem, row, field) from problem

    def _cost(self, row: Row, quantity: Decimal | None, currency: str) -> Decimal | None:
        cost, of_cost = self._money(row, "cost")
        if cost is None and quantity is not None:
            share, of_cost = self._money(row, "average cost")
            cost = None if share is None else round_money(product(share, quantity), currency, Rounding.HALF_UP)
        return cost if of_cost in (None, currency) and (cost is None or cost >= 0) else None

    def _currency(self, row: Row) -> str | None:
        try:
            return read_currency(self._said(row, "currency"))
        except CellError as problem:
            raise self.table.located(problem, row, "currency") from problem

    def _home(self) -> str | None:
        policy = self.statement.policy
        return policy.base_currency if policy else None

    def _day(self, row: Row) -> date | None:
        text = self.table.text(row, "date")
        found = _GERMAN_DATE.fullmatch(text)
        try:
            return date(int(found[3]), int(found[2]), int(found[1])) if found else last_date(text)
        except ValueError:
            return None

    def _no_currency(self, row: Row) -> Exception:
        return self.statement.document.problem(
            "no_currency",
            wrong=Text("the row names no currency", "행에 통화가 없습니다"),
            expected=Text("a column Währung (Currency)", "통화 열(Währung, Currency)"),
            fix=Text("show the currency column in the table and export it again",
                     "표에 통화 열을 보이게 하고 다시 내보내 주세요"),
            line=row.line,
        )  # fmt: skip


_NO_SECURITY = Text("it names no security with a quantity", "수량이 있는 종목이 아님")
_NUMBER = Text("a number such as 1234.5 or 1,234.5", "1234.5나 1,234.5 같은 숫자")
_EXPORT_AGAIN = Text("export the table again", "표를 다시 내보내 주세요")
