"""The ticket broker: an order list that a person types in at any broker, and the fills that they bring back.

Nothing is sent from here. An order that is placed rests in a private file until a person says what became of it, so no
time-out ends it: the run stays open, its list of sells first, and the buys follow when the sells have been entered.
What a fills file says of an order is all that was ever filled of it: entering a file twice changes nothing.
"""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from rebalance_kit.brokers import paper_ledger as ledger
from rebalance_kit.brokers.base import Answer, BrokerOrder, Identity, Mode, OrderRow, Reply
from rebalance_kit.brokers.paper import PaperBroker
from rebalance_kit.costs import Exchange
from rebalance_kit.errors import HoldingsError
from rebalance_kit.money import ZERO, Rounding, exact_sum, plain, round_money
from rebalance_kit.orders import Shares, Side, shares_of, show_shares, units_of
from rebalance_kit.storage import write_atomically
from rebalance_kit.words import Language, Text

NAME = "ticket"
LIST_FILE = "ticket.csv"
COLUMNS = ("code", "side", "quantity", "price", "commission", "ordered", "limit_price", "currency", "name")

_WAITING = Text(
    "type the orders of ticket.csv in at your broker, then enter the fills: rebalance fills",
    "ticket.csv의 주문을 증권사에 입력한 뒤 체결을 적어 주세요: rebalance fills",
)
_TITLE = Text("To type in at the broker:", "증권사에 입력할 주문:")
_MARKET = Text("at the market", "시장가")
_SIDES = {Side.SELL: Text("SELL", "매도"), Side.BUY: Text("BUY", "매수")}


@dataclass(frozen=True, slots=True)
class TicketFill:
    """All that was filled of the order for a code and side: `amount` is price x quantity, `line` where that stands."""

    code: str
    side: Side
    quantity: Decimal
    amount: Decimal
    commission: Decimal
    line: str


class TicketBroker(PaperBroker):
    """One account that a person trades for, opened with the holdings of the folder. Its money is real. `names` are what
    the orders of the list are called, by code; everything else is the paper broker's."""

    file_name = "ticket.sqlite"

    def __init__(self, *values: Any, names: Mapping[str, str], **named: Any) -> None:
        super().__init__(*values, **named)
        self._names = names
        self.identity = Identity(NAME, Mode.REAL, self._account, self._account)

    @property
    def waiting(self) -> Text:
        """What a person is to do while orders rest."""
        return _WAITING

    def exchange(self, exchange_id: str, line: Exchange) -> Reply:
        """REJECTED: what an exchange by hand brings is not known here."""
        what = f"{line.sold_currency} -> {line.bought_currency}"
        says = Text(f"exchange {what} at the broker", f"{what} 환전은 증권사에서 직접 해 주세요")
        return Reply(Answer.REJECTED, says, exchange_id)

    def open_orders(self) -> tuple[OrderRow, ...]:
        """What a person has still to say something about, by number."""
        with self._reading() as database:
            return ledger.read_orders(database, self._account, live_only=True) if database else ()

    def enter(self, fills: Iterable[TicketFill], *, close: bool = False) -> None:
        """Book what was filled. `close`: nothing more will come, and what is left of every order is withdrawn.

        Raises HoldingsError for a fill of no order, of more than was ordered, or of less than was entered before.
        """
        with self._writing() as database:
            rows = ledger.read_orders(database, self._account)
            for fill in fills:
                self._enter_fill(database, _order_of(fill, rows), fill)
            for row in ledger.read_orders(database, self._account, live_only=True) if close else ():
                ledger.cancel_order(database, self._account, row.number)

    @property
    def listed(self) -> bool:
        """Whether there is a list from before."""
        return (self._path.parent / LIST_FILE).exists()

    def write_list(self) -> None:
        """Write the open orders to `ticket.csv`, ready for the fills to be put in. StorageError if the disk refuses."""
        out = io.StringIO()
        table = csv.writer(out, lineterminator="\n")
        table.writerow(COLUMNS)
        for row in self.open_orders():
            limit = "" if row.limit_price is None else plain(row.limit_price)
            table.writerow((row.code, row.side.value, "", "", "", plain(Decimal(row.quantity)), limit, row.currency,
                            self._name(row.code)))  # fmt: skip
        write_atomically(self._path.parent / LIST_FILE, out.getvalue().encode("utf-8-sig"))

    def list_text(self, language: Language) -> str:
        """The open orders as lines with tabs, to be read or copied."""
        lines = [_TITLE.of(language)]
        for row in self.open_orders():
            limit = _MARKET.of(language) if row.limit_price is None else f"{plain(row.limit_price)} {row.currency}"
            left = show_shares(shares_of(units_of(ledger.left(row), self._unit), self._unit))
            lines.append("\t".join((_SIDES[row.side].of(language), row.code, left, limit, self._name(row.code))))
        return "\n".join(lines)

    # ---- inside ----

    def _fill_amount(self, _: BrokerOrder, /) -> Decimal | None:
        return None  # a person says what became of it

    def _name(self, code: str) -> str:
        return self._names.get(code, "")

    def _enter_fill(self, database: sqlite3.Connection, row: OrderRow, fill: TicketFill) -> None:
        done = self._whole(fill.quantity, fill.line)
        fill = replace(
            fill,
            amount=round_money(fill.amount, row.currency, Rounding.HALF_UP),
            commission=round_money(fill.commission, row.currency, Rounding.HALF_UP),
        )
        more = exact_sum((Decimal(done), Decimal(row.filled).copy_negate()))
        amount = exact_sum((fill.amount, row.filled_amount.copy_negate()))
        fee = exact_sum((fill.commission, (row.commission or ZERO).copy_negate()))
        if more > ledger.left(row) or min(more, amount, fee) < 0 or (not more and (amount or fee)):
            raise _bad_fill(fill, row)
        if not more:
            return
        added = replace(row, filled=shares_of(units_of(more, self._unit), self._unit), filled_amount=amount,
                        commission=fee)  # fmt: skip
        ledger.book_fill(database, self._account, added, self._name(row.code) or None)
        ledger.fill_order(database, self._account, replace(row, filled=done, filled_amount=fill.amount,
                                                           commission=fill.commission))  # fmt: skip

    def _whole(self, quantity: Decimal, line: str) -> Shares:
        whole = shares_of(units_of(quantity, self._unit), self._unit)
        if whole != quantity:
            raise _bad(line, Text(f"{plain(quantity)} shares", f"{plain(quantity)}주"),
                       Text(f"whole units of {plain(self._unit)}", f"{plain(self._unit)}주 단위"))  # fmt: skip
        return whole


def _order_of(fill: TicketFill, rows: Iterable[OrderRow]) -> OrderRow:
    """The order that a fill is of: the open one, else the last one."""
    own = sorted((row for row in rows if (row.code, row.side) == (fill.code, fill.side)), key=lambda row: row.number)
    found = next((row for row in own if row.live), own[-1] if own else None)
    if found is None:
        raise _bad(fill.line, Text(f"there is no order {fill.side} {fill.code}", f"{fill.code} 주문이 없습니다"),
                   Text("an order of ticket.csv", "ticket.csv에 있는 주문"))  # fmt: skip
    return found


def _bad_fill(fill: TicketFill, row: OrderRow) -> HoldingsError:
    said, ordered, before = plain(fill.quantity), plain(Decimal(row.quantity)), plain(Decimal(row.filled))
    return _bad(
        fill.line,
        Text(f"{said} of {ordered} shares of {fill.code} filled, where {before} were entered before",
             f"{fill.code} {ordered}주 가운데 {said}주 체결, 앞서 적은 체결은 {before}주"),
        Text("all that was filled of the order so far, no more than was ordered",
             "그 주문에서 지금까지 체결된 전부(주문 수량 이하)"),
    )  # fmt: skip


def _bad(line: str, wrong: Text, expected: Text) -> HoldingsError:
    fix = Text("correct the row and enter the file again", "행을 고쳐 다시 입력해 주세요")
    return HoldingsError("bad_fill", where=line, wrong=wrong, expected=expected, fix=fix)
