"""The paper broker: an account in a file, filled at the prices it is given.

An order fills at once and completely at the reference price moved against it by the slippage, rounded to the tick
towards the reference price, so that a fill never costs more than the slippage a plan stated. A limit that the
reference price does not reach rests in the book until it is cancelled. Sells add cash, buys take it, commission is
rounded up for each order, and neither cash nor shares can become negative.

Nothing is written before the first order or transfer: until then the account reads as its seed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from rebalance_kit.brokers import paper_ledger as ledger
from rebalance_kit.brokers.base import (
    Answer,
    BrokerOrder,
    Capabilities,
    Identity,
    Mode,
    OrderList,
    OrderRow,
    Reply,
    Snapshot,
)
from rebalance_kit.brokers.paper_fills import Terms, commission_on, fill_amount, worst_cost
from rebalance_kit.costs import Exchange
from rebalance_kit.errors import StorageError
from rebalance_kit.holdings.model import Holdings, Position
from rebalance_kit.money import ZERO, exact_sum, plain, show_money
from rebalance_kit.orders import WHOLE_UNIT, Shares, Side, shares_of, show_shares, units_of
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.storage import open_database, read_database, storage_errors, transaction
from rebalance_kit.words import Text

FILE_NAME = "paper.sqlite"


class PaperBroker:
    """One account of the paper broker in a portfolio folder.

    `seed` are the holdings that the account is opened with, once; later seeds are ignored. Only where corporate actions
    made them of `before`, an account that still holds exactly what `before` says is put on their terms: a real broker
    does that by itself, and doing it twice is impossible, as it then holds something else. `terms` has every code
    that may be traded. `session` is the date that orders belong to, `clock` gives the time of an order. Waiting
    dividends are kept apart unless `dividends_are_cash`, as a policy that counts them plans. Orders are in whole units
    of `unit` shares; exchanges are charged in the `base_currency`.
    """

    quiet_period = timedelta(0)  # `place` has either committed or never will once the process that called is gone
    instant = True
    file_name = FILE_NAME

    def __init__(
        self,
        folder: Path,
        account: str,
        *,
        seed: Holdings,
        prices: PriceBook,
        terms: Mapping[str, Terms],
        session: date,
        clock: Callable[[], datetime],
        dividends_are_cash: bool = False,
        before: Holdings | None = None,
        unit: Decimal = WHOLE_UNIT,
        base_currency: str = "KRW",
    ) -> None:
        self._path = folder / self.file_name
        self._account = account
        self._seed = seed.only(account)
        self._before = None if before is None else before.only(account)
        self._prices = prices
        self._terms = terms
        self._clock = clock
        self._dividends_are_cash = dividends_are_cash
        self._unit = unit
        self._base_currency = base_currency
        self.capabilities = Capabilities(fractional=unit != WHOLE_UNIT, us=True)
        self.session = session
        self.identity = Identity("paper", Mode.PAPER, account, account)

    def snapshot(self) -> Snapshot:
        """Positions and cash, now. StorageError when the file cannot be read."""
        books = self._books()
        held = {p.code: self._free_shares(books, p.code) for p in books.positions}
        free = {c.currency: c.amount for c in books.cash if c.kind == "cash"}
        return Snapshot(
            account=self._account,
            as_of=self._clock(),
            positions=books.positions,
            cash=books.cash,
            sellable=tuple(sorted(held.items())),
            spendable=tuple(sorted((k, v - books.reserved_cash.get(k, ZERO)) for k, v in free.items())),
        )

    def order_list(self, session: date) -> OrderList:
        """Every order of a session. The list of a file is always complete."""
        with self._reading() as database:
            rows = ledger.read_orders(database, self._account, session) if database else ()
        return OrderList(rows, complete=True)

    def place(self, order: BrokerOrder) -> Reply:
        """Fill, rest or refuse an order; UNKNOWN when the file failed while it was written."""
        try:
            with self._writing() as database:
                books = ledger.read_books(database, self._account)
                refused = self._refusal(order, books)
                if refused is not None:
                    return Reply(Answer.REJECTED, refused)
                return Reply(Answer.ACCEPTED, Text("accepted", "접수되었습니다"), self._enter(database, order))
        except StorageError as error:
            return Reply(Answer.UNKNOWN, Text(error.message("en"), error.message("ko")))

    def cancel(self, number: str) -> Reply:
        """Cancel an order that rests. Repeating it changes nothing."""
        with self._writing() as database:
            known = ledger.cancel_order(database, self._account, number)
        if not known:
            return Reply(Answer.REJECTED, Text(f"there is no order {number}", f"주문 {number}이(가) 없습니다"))
        return Reply(Answer.ACCEPTED, Text("cancelled", "취소되었습니다"), number)

    def take_over(self, held: Holdings) -> None:
        """Hold from now on what a person says. HoldingsError for what no account can have, StorageError."""
        with self._writing() as database:
            ledger.take_over(database, self._account, held.only(self._account))

    def transfer(self, transfer_id: str, currency: str, amount: Decimal) -> Reply:
        """Pay in (positive) or out (negative), once for each id. REJECTED when the cash is not there."""
        row = (transfer_id, self._account, currency, ledger.minor_units(amount, currency), self._clock().isoformat())
        try:
            with self._writing() as database:
                if database.execute("SELECT 1 FROM transfer WHERE transfer_id = ?", row[:1]).fetchone() is None:
                    database.execute("INSERT INTO transfer VALUES (?, ?, ?, ?, ?)", row)
                    ledger.move_cash(database, self._account, currency, amount)
        except sqlite3.IntegrityError:
            return Reply(Answer.REJECTED, Text("there is not that much cash", "현금이 모자랍니다"))
        return Reply(Answer.ACCEPTED, Text("transferred", "이체되었습니다"), transfer_id)

    def transferred(self, transfer_id: str) -> bool:
        """Whether a transfer was made."""
        with self._reading() as database:
            if database is None:
                return False
            found = database.execute("SELECT 1 FROM transfer WHERE transfer_id = ?", (transfer_id,)).fetchone()
            return found is not None

    def exchange(self, exchange_id: str, line: Exchange) -> Reply:
        """Change cash of one currency into another, once for each id. REJECTED when the cash is not there."""
        try:
            with self._writing() as database:
                ledger.write_exchange(database, self._account, exchange_id, line, self._base_currency, self._clock())
        except sqlite3.IntegrityError:
            return Reply(Answer.REJECTED, Text("there is not that much cash", "현금이 모자랍니다"))
        return Reply(Answer.ACCEPTED, Text("exchanged", "환전되었습니다"), exchange_id)

    def exchanged(self, exchange_id: str) -> bool:
        """Whether an exchange was made."""
        with self._reading() as database:
            if database is None:
                return False
            found = database.execute("SELECT 1 FROM exchange WHERE exchange_id = ?", (exchange_id,)).fetchone()
            return found is not None

    def _free_shares(self, books: ledger.Books, code: str) -> Shares:
        """Shares that no open order has reserved, in whole units."""
        held = (p.quantity for p in books.positions if p.code == code)
        free = exact_sum((*held, books.reserved_shares.get(code, ZERO).copy_negate()))
        return shares_of(units_of(free, self._unit), self._unit)

    def _refusal(self, order: BrokerOrder, books: ledger.Books) -> Text | None:
        """Why an order is refused; None if it is not."""
        quote = self._prices.quote(order.code)
        if quote is None or order.code not in self._terms or quote.currency != order.currency:
            return Text(f"{order.code} cannot be traded here", f"{order.code}은(는) 거래할 수 없습니다")
        whole = shares_of(units_of(Decimal(order.quantity), self._unit), self._unit)
        if order.quantity <= 0 or order.quantity != whole:
            least = plain(self._unit)
            return Text(f"an order is for whole units of {least} shares", f"주문은 {least}주 단위여야 합니다")
        if order.side is Side.SELL:
            free = self._free_shares(books, order.code)
            said = show_shares(free)
            return None if order.quantity <= free else Text(f"{said} shares can be sold", f"{said}주를 팔 수 있습니다")
        cash = sum((c.amount for c in books.cash if (c.currency, c.kind) == (order.currency, "cash")), ZERO)
        free_cash = cash - books.reserved_cash.get(order.currency, ZERO)
        need = worst_cost(order, quote.price, self._terms[order.code])
        if need <= free_cash:
            return None
        need_text, free_text = show_money(need, order.currency), show_money(free_cash, order.currency)
        return Text(f"{need_text} needed, {free_text} there", f"{need_text}이 필요하고 {free_text}이 있습니다")

    def _enter(self, database: sqlite3.Connection, order: BrokerOrder) -> str:
        """Write an order, and its fill if it fills; the number it got."""
        terms, now = self._terms[order.code], self._clock()
        amount = self._fill_amount(order)
        filled = amount is not None
        row = OrderRow(
            number="",
            placed_at=now,
            code=order.code,
            side=order.side,
            quantity=order.quantity,
            limit_price=order.limit_price,
            currency=order.currency,
            filled=order.quantity if filled else shares_of(0, self._unit),
            filled_amount=amount or ZERO,
            commission=commission_on(amount or ZERO, terms, order.currency),
            live=not filled,
        )
        number = ledger.write_order(database, self._account, self.session, order.client_id, row)
        if row.filled:
            quote = self._prices.quote(order.code)
            ledger.book_fill(database, self._account, row, quote.name if quote else None)
        return number

    def _fill_amount(self, order: BrokerOrder, /) -> Decimal | None:
        """What an order trades for now; None if it rests."""
        return fill_amount(order, self._prices.price(order.code), self._terms[order.code])

    def _books(self) -> ledger.Books:
        with self._reading() as database:
            if database is None or not ledger.is_open(database, self._account):
                books = ledger.Books(self._seed.positions, self._seed.cash, {}, {})
            else:
                books = self._restated(ledger.read_books(database, self._account))
        return replace(books, cash=ledger.as_cash(books.cash)) if self._dividends_are_cash else books

    def _restated(self, books: ledger.Books) -> ledger.Books:
        """The books after the corporate actions between `before` and the seed; the same books when they have them."""
        before = self._before
        if before is None or before.positions == self._seed.positions or books.reserved_shares or books.reserved_cash:
            return books
        if _shares(books.positions) != _shares(before.positions):
            return books
        return replace(
            books, positions=self._seed.positions, cash=ledger.with_more(books.cash, self._account, self._paid())
        )

    def _paid(self) -> dict[str, Decimal]:
        """The cash that corporate actions brought, by currency."""
        rows = [*self._seed.cash, *(replace(row, amount=-row.amount) for row in (self._before or self._seed).cash)]
        paid: dict[str, Decimal] = {}
        for row in rows:
            paid[row.currency] = exact_sum((paid.get(row.currency, ZERO), row.amount))
        return {currency: amount for currency, amount in paid.items() if amount}

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        database = read_database(self._path, ledger.MIGRATIONS)
        if database is None:
            yield None
            return
        try:
            with storage_errors(self._path):
                database.execute("BEGIN")  # one moment for all that is read
                yield database
        finally:
            database.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        database = open_database(self._path, ledger.MIGRATIONS)
        try:
            with storage_errors(self._path), transaction(database):
                ledger.open_account(database, self._account, self._seed, self._clock())
                books = ledger.read_books(database, self._account)
                if self._restated(books) is not books:
                    ledger.restate(database, self._account, self._seed.positions, self._paid())
                if self._dividends_are_cash:
                    ledger.dividends_to_cash(database, self._account)
                yield database
        finally:
            database.close()


def _shares(positions: Iterable[Position]) -> dict[str, Decimal]:
    return {position.code: position.quantity for position in positions if position.quantity}
