"""The books of the paper account in one SQLite file: cash in whole minor units, shares, orders, transfers, exchanges.

The quantities of an order are counted in its `unit`: a share, or a thousandth where parts of shares are traded.

The file itself refuses negative cash and negative shares. Each function works inside a transaction of its caller.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from rebalance_kit.brokers.base import OrderRow
from rebalance_kit.costs import Exchange
from rebalance_kit.errors import HoldingsError
from rebalance_kit.holdings.model import Cash, CashKind, Holdings, Position
from rebalance_kit.money import MINOR_DIGITS, ZERO, Rounding, exact_sum, plain, product, ratio, round_money
from rebalance_kit.orders import PART_UNIT, WHOLE_UNIT, Side, shares_of, units_of
from rebalance_kit.words import Text, same

MIGRATIONS = (
    """
CREATE TABLE account (
    account TEXT PRIMARY KEY, seed_hash TEXT NOT NULL, source TEXT NOT NULL, seeded_at TEXT NOT NULL,
    series TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE cash (
    account TEXT NOT NULL REFERENCES account, currency TEXT NOT NULL, kind TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (account, currency, kind)
) STRICT;
CREATE TABLE position (
    account TEXT NOT NULL REFERENCES account, code TEXT NOT NULL, currency TEXT NOT NULL, name TEXT,
    shares INTEGER NOT NULL CHECK (shares >= 0), fraction TEXT NOT NULL, cost TEXT,
    PRIMARY KEY (account, code)
) STRICT;
CREATE TABLE placed (
    number INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL REFERENCES account, session TEXT NOT NULL,
    placed_at TEXT NOT NULL, client_id TEXT NOT NULL, code TEXT NOT NULL, currency TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')), quantity INTEGER NOT NULL CHECK (quantity > 0),
    limit_price TEXT, filled INTEGER NOT NULL CHECK (filled BETWEEN 0 AND quantity),
    amount INTEGER NOT NULL CHECK (amount >= 0), commission INTEGER NOT NULL CHECK (commission >= 0),
    live INTEGER NOT NULL CHECK (live IN (0, 1))
) STRICT;
CREATE TABLE transfer (
    transfer_id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account, currency TEXT NOT NULL,
    amount INTEGER NOT NULL, made_at TEXT NOT NULL
) STRICT;
""",
    """
ALTER TABLE placed ADD COLUMN unit TEXT NOT NULL DEFAULT '1' CHECK (unit IN ('1', '0.001'));
CREATE TABLE exchange (
    exchange_id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account,
    sold_currency TEXT NOT NULL, sold INTEGER NOT NULL CHECK (sold > 0),
    bought_currency TEXT NOT NULL CHECK (bought_currency <> sold_currency), bought INTEGER NOT NULL CHECK (bought >= 0),
    cost INTEGER NOT NULL CHECK (cost >= 0), cost_currency TEXT NOT NULL, made_at TEXT NOT NULL
) STRICT;
""",
)


@dataclass(frozen=True, slots=True)
class Books:
    """One account as the ledger holds it, with what open orders have reserved."""

    positions: tuple[Position, ...]
    cash: tuple[Cash, ...]
    reserved_shares: dict[str, Decimal]
    reserved_cash: dict[str, Decimal]


def seed_hash(seed: Holdings) -> str:
    """What the account was opened with, as a hash that does not depend on the order of rows."""
    rows = [[p.code, plain(p.quantity), p.currency] for p in seed.positions]
    rows += [[c.kind, plain(c.amount), c.currency] for c in seed.cash]
    return hashlib.sha256(json.dumps(sorted(rows)).encode()).hexdigest()


def is_open(database: sqlite3.Connection, account: str) -> bool:
    """Whether the account has been seeded."""
    return database.execute("SELECT 1 FROM account WHERE account = ?", (account,)).fetchone() is not None


def open_account(database: sqlite3.Connection, account: str, seed: Holdings, now: datetime) -> None:
    """Seed the account, once. HoldingsError for holdings that an account cannot have."""
    if is_open(database, account):
        return
    # A book that was thrown away and begun again must not give out the old order numbers a second time.
    row = (account, seed_hash(seed), seed.source, now.isoformat(), secrets.token_hex(3))
    database.execute("INSERT INTO account VALUES (?, ?, ?, ?, ?)", row)
    _fill(database, account, seed)


def _fill(database: sqlite3.Connection, account: str, seed: Holdings) -> None:
    for money in seed.cash:
        amount = minor_units(money.amount, money.currency)
        if amount < 0:
            raise _cannot_open(f"{money.currency} {plain(money.amount)}")
        database.execute("INSERT INTO cash VALUES (?, ?, ?, ?)", (account, money.currency, money.kind, amount))
    for held in seed.positions:
        if held.quantity < 0:
            raise _cannot_open(f"{held.code} {plain(held.quantity)}")
        _write_position(database, account, held)


def read_books(database: sqlite3.Connection, account: str) -> Books:
    """Everything in the account."""
    positions = database.execute("SELECT * FROM position WHERE account = ? ORDER BY code", (account,)).fetchall()
    cash = database.execute("SELECT * FROM cash WHERE account = ? ORDER BY currency, kind", (account,)).fetchall()
    shares: dict[str, Decimal] = {}
    money: dict[str, Decimal] = {}
    for row in read_orders(database, account, live_only=True):
        if row.side is Side.SELL:
            shares[row.code] = exact_sum((shares.get(row.code, ZERO), left(row)))
        else:
            reserve = product(row.limit_price or ZERO, left(row))
            money[row.currency] = money.get(row.currency, ZERO) + round_money(reserve, row.currency, Rounding.UP)
    return Books(
        positions=tuple(_position(account, row) for row in positions if row[4] or Decimal(row[5])),
        cash=tuple(Cash(account, currency, major_units(n, currency), _kind(kind)) for _, currency, kind, n in cash),
        reserved_shares=shares,
        reserved_cash=money,
    )


def left(row: OrderRow) -> Decimal:
    """What of an order is not filled."""
    return exact_sum((Decimal(row.quantity), Decimal(row.filled).copy_negate()))


def restate(
    database: sqlite3.Connection, account: str, positions: Iterable[Position], paid: Mapping[str, Decimal]
) -> None:
    """Replace the positions by those after a corporate action, and add the cash that it paid by currency."""
    database.execute("DELETE FROM position WHERE account = ?", (account,))
    for held in positions:
        _write_position(database, account, held)
    for currency, amount in paid.items():
        move_cash(database, account, currency, amount)


def take_over(database: sqlite3.Connection, account: str, held: Holdings) -> None:
    """Replace what the account holds by what a person says. HoldingsError for what no account can have."""
    database.execute("DELETE FROM position WHERE account = ?", (account,))
    database.execute("DELETE FROM cash WHERE account = ?", (account,))
    _fill(database, account, held)


def with_more(cash: tuple[Cash, ...], account: str, paid: Mapping[str, Decimal]) -> tuple[Cash, ...]:
    """The cash with more of some currencies."""
    left = dict(paid)
    rows = [
        replace(row, amount=exact_sum((row.amount, left.pop(row.currency, ZERO)))) if row.kind == "cash" else row
        for row in cash
    ]
    return (*rows, *(Cash(account, currency, amount) for currency, amount in left.items()))


def read_orders(
    database: sqlite3.Connection, account: str, session: date | None = None, *, live_only: bool = False
) -> tuple[OrderRow, ...]:
    """The order list, by number."""
    found = database.execute(
        "SELECT series, number, placed_at, code, side, quantity, limit_price, currency, filled, amount, commission,"
        " live, unit FROM placed JOIN account USING (account)"
        " WHERE account = ? AND (? IS NULL OR session = ?) AND (live OR NOT ?) ORDER BY number",
        (account, session and session.isoformat(), session and session.isoformat(), live_only),
    )
    return tuple(
        OrderRow(
            number=f"{series}-{number:06d}",
            placed_at=datetime.fromisoformat(placed_at),
            code=code,
            side=Side(side),
            quantity=shares_of(quantity, Decimal(unit)),
            limit_price=Decimal(limit) if limit else None,
            currency=currency,
            filled=shares_of(filled, Decimal(unit)),
            filled_amount=major_units(amount, currency),
            commission=major_units(commission, currency),
            live=bool(live),
        )
        for (series, number, placed_at, code, side, quantity, limit, currency, filled, amount, commission, live,
             unit) in found
    )  # fmt: skip


def write_order(database: sqlite3.Connection, account: str, session: date, client_id: str, row: OrderRow) -> str:
    """Enter an order into the list; the number it got."""
    unit = WHOLE_UNIT if isinstance(row.quantity, int) else PART_UNIT
    limit = None if row.limit_price is None else plain(row.limit_price)
    amount = minor_units(row.filled_amount, row.currency)
    commission = minor_units(row.commission or ZERO, row.currency)
    entered = database.execute(
        "INSERT INTO placed (account, session, placed_at, client_id, code, currency, side, quantity, limit_price,"
        " filled, amount, commission, live, unit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (account, session.isoformat(), row.placed_at.isoformat(), client_id, row.code, row.currency, row.side.value,
         units_of(Decimal(row.quantity), unit), limit, units_of(Decimal(row.filled), unit), amount, commission,
         int(row.live), plain(unit)),
    )  # fmt: skip
    series = database.execute("SELECT series FROM account WHERE account = ?", (account,)).fetchone()[0]
    return f"{series}-{entered.lastrowid:06d}"


def fill_order(database: sqlite3.Connection, account: str, row: OrderRow) -> None:
    """Write into the list what an order has filled by now, altogether; a full fill ends it."""
    unit = WHOLE_UNIT if isinstance(row.quantity, int) else PART_UNIT
    database.execute(
        "UPDATE placed SET filled = ?, amount = ?, commission = ?, live = (live AND quantity > ?)"
        " WHERE account = ? AND number = CAST(? AS INTEGER)",
        (units_of(Decimal(row.filled), unit), minor_units(row.filled_amount, row.currency),
         minor_units(row.commission or ZERO, row.currency), units_of(Decimal(row.filled), unit), account,
         row.number.partition("-")[2]),
    )  # fmt: skip


def cancel_order(database: sqlite3.Connection, account: str, number: str) -> bool:
    """Take what is left of an order out of the book; False for a number that this account never gave out."""
    series, _, count = number.partition("-")
    changed = database.execute(
        "UPDATE placed SET live = 0 WHERE account = ? AND number = CAST(? AS INTEGER)"
        " AND EXISTS (SELECT 1 FROM account WHERE account = placed.account AND series = ?)",
        (account, count, series),
    )
    return changed.rowcount == 1


def book_fill(database: sqlite3.Connection, account: str, row: OrderRow, name: str | None) -> None:
    """Move cash and shares for a filled order. sqlite3.IntegrityError if either would become negative."""
    charge = row.commission or ZERO
    change = row.filled_amount - charge if row.side is Side.SELL else -row.filled_amount - charge
    move_cash(database, account, row.currency, change)
    before = _one_position(database, account, row.code) or Position(account, row.code, ZERO, row.currency, name, ZERO)
    _write_position(database, account, after_fill(before, row))


def after_fill(before: Position, row: OrderRow) -> Position:
    """A position after a fill; its cost follows the moving average and knows no commission."""
    shares = Decimal(row.filled)
    if row.side is Side.BUY:
        cost = None if before.cost is None else before.cost + row.filled_amount
        return replace(before, quantity=exact_sum((before.quantity, shares)), cost=cost)
    kept = exact_sum((before.quantity, shares.copy_negate()))
    if before.cost is None or before.quantity == 0:
        return replace(before, quantity=kept)
    cost = round_money(ratio(product(before.cost, kept), before.quantity), before.currency, Rounding.HALF_UP)
    return replace(before, quantity=kept, cost=cost)


def move_cash(database: sqlite3.Connection, account: str, currency: str, amount: Decimal) -> None:
    """Add to (or take from) spendable cash. sqlite3.IntegrityError if it would become negative."""
    database.execute("INSERT OR IGNORE INTO cash VALUES (?, ?, 'cash', 0)", (account, currency))
    database.execute(
        "UPDATE cash SET amount = amount + ? WHERE account = ? AND currency = ? AND kind = 'cash'",
        (minor_units(amount, currency), account, currency),
    )


def write_exchange(
    database: sqlite3.Connection, account: str, exchange_id: str, line: Exchange, base: str, now: datetime
) -> None:
    """Make an exchange unless it was made before. sqlite3.IntegrityError if cash would become negative."""
    if database.execute("SELECT 1 FROM exchange WHERE exchange_id = ?", (exchange_id,)).fetchone() is not None:
        return
    sold, bought = (minor_units(line.sold, line.sold_currency), minor_units(line.bought, line.bought_currency))
    row = (exchange_id, account, line.sold_currency, sold, line.bought_currency, bought,
           minor_units(line.cost, base), base, now.isoformat())  # fmt: skip
    database.execute("INSERT INTO exchange VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    for currency in (line.bought_currency, line.sold_currency):
        move_cash(database, account, currency, line.moved(currency, base))


def dividends_to_cash(database: sqlite3.Connection, account: str) -> None:
    """Make waiting dividends spendable."""
    waiting = database.execute(
        "SELECT currency, amount FROM cash WHERE account = ? AND kind = 'dividends' AND amount > 0", (account,)
    ).fetchall()
    for currency, amount in waiting:
        move_cash(database, account, currency, major_units(amount, currency))
    database.execute("DELETE FROM cash WHERE account = ? AND kind = 'dividends'", (account,))


def as_cash(rows: tuple[Cash, ...]) -> tuple[Cash, ...]:
    """The same money with waiting dividends as spendable cash."""
    sums: dict[tuple[str, str], Decimal] = {}
    for row in rows:
        key = row.account, row.currency
        sums[key] = exact_sum((sums.get(key, ZERO), row.amount))
    return tuple(Cash(account, currency, amount) for (account, currency), amount in sorted(sums.items()))


def minor_units(amount: Decimal, currency: str) -> int:
    """An amount in whole minor units. HoldingsError when it is not whole."""
    units = amount.scaleb(MINOR_DIGITS[currency])
    if units != int(units):
        raise _cannot_open(f"{currency} {plain(amount)}")
    return int(units)


def major_units(units: int, currency: str) -> Decimal:
    """Minor units as an amount."""
    return Decimal(units).scaleb(-MINOR_DIGITS[currency])


def _one_position(database: sqlite3.Connection, account: str, code: str) -> Position | None:
    row = database.execute("SELECT * FROM position WHERE account = ? AND code = ?", (account, code)).fetchone()
    return _position(account, row) if row else None


def _position(account: str, row: tuple[str, str, str, str | None, int, str, str | None]) -> Position:
    _, code, currency, name, shares, fraction, cost = row
    return Position(account, code, shares + Decimal(fraction), currency, name, Decimal(cost) if cost else None)


def _write_position(database: sqlite3.Connection, account: str, held: Position) -> None:
    shares = int(held.quantity) if held.quantity >= 0 else -1  # -1: the CHECK of the table refuses it
    fraction = plain(held.quantity - shares)
    cost = None if held.cost is None else plain(held.cost)
    values = (account, held.code, held.currency, held.name, shares, fraction, cost)
    database.execute("INSERT OR REPLACE INTO position VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def _kind(text: str) -> CashKind:
    return "dividends" if text == "dividends" else "cash"


def _cannot_open(what: str) -> HoldingsError:
    return HoldingsError(
        "paper_seed",
        where=same("paper.sqlite"),
        wrong=Text(f"{what} cannot be in a paper account", f"{what}은(는) 모의 계좌에 둘 수 없습니다"),
        expected=Text("no negative amounts and cash in whole minor units",
                      "음수가 아니고 최소 화폐 단위로 떨어지는 금액"),
        fix=Text("correct the row in holdings.csv", "holdings.csv의 해당 행을 고쳐 주세요"),
    )  # fmt: skip
