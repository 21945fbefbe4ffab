"""What is held: accounts, positions, lots and cash, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from rebalance_kit.money import exact_sum
from rebalance_kit.prices.model import FxRate, Quote
from rebalance_kit.words import Finding, Text

CashKind = Literal["cash", "dividends"]

UNNAMED_ACCOUNT = "main"  # of a file that names none, and the account of a policy that lists none


@dataclass(frozen=True, slots=True)
class Position:
    """`quantity` shares of `code` in one account. `cost` is the total purchase cost in `currency`, None if unknown."""

    account: str
    code: str
    quantity: Decimal
    currency: str
    name: str | None = None
    cost: Decimal | None = None

    @property
    def whole_shares(self) -> int:
        """The shares that a whole-share account can sell: the fraction stays."""
        return int(self.quantity)


@dataclass(frozen=True, slots=True)
class Cash:
    """Money in one account and currency. `dividends` waits to be reinvested (definition 1)."""

    account: str
    currency: str
    amount: Decimal
    kind: CashKind = "cash"


@dataclass(frozen=True, slots=True)
class Lot:
    """One purchase. `cost` is the total cost in `currency`; `tax_base` the taxable base per share (과표기준가)."""

    account: str
    code: str
    lot_id: str
    date: date
    quantity: Decimal
    cost: Decimal
    currency: str
    tax_base: Decimal | None = None


@dataclass(frozen=True, slots=True)
class UndatedLot:
    """One purchase whose day the file does not tell: shown, but no lot that a tax rule could use."""

    account: str
    code: str
    lot_id: str
    quantity: Decimal
    cost: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything held, sorted so that the order of a file's rows never matters."""

    positions: tuple[Position, ...]
    cash: tuple[Cash, ...] = ()
    lots: tuple[Lot, ...] = ()
    as_of: date | None = None
    source: str = "holdings.csv"
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", tuple(sorted(self.positions, key=lambda p: (p.account, p.code))))
        object.__setattr__(self, "cash", tuple(sorted(self.cash, key=lambda c: (c.account, c.currency, c.kind))))
        object.__setattr__(self, "lots", tuple(sorted(self.lots, key=lambda t: (t.account, t.code, t.date, t.lot_id))))

    @property
    def accounts(self) -> tuple[str, ...]:
        """The names of the accounts that hold something, sorted."""
        return tuple(sorted({p.account for p in self.positions} | {c.account for c in self.cash}))

    def only(self, account: str) -> Holdings:
        """The holdings of one account."""
        return replace(
            self,
            positions=tuple(p for p in self.positions if p.account == account),
            cash=tuple(c for c in self.cash if c.account == account),
            lots=tuple(t for t in self.lots if t.account == account),
        )

    def quantity(self, code: str, account: str | None = None) -> Decimal:
        """Shares of `code` held, in one account or in all of them."""
        held = (p.quantity for p in self.positions if p.code == code and account in (None, p.account))
        return exact_sum(held)

    def quantities(self) -> dict[str, Decimal]:
        """Shares of every code held, over all accounts, sorted by code."""
        held: dict[str, list[Decimal]] = {}
        for position in self.positions:
            held.setdefault(position.code, []).append(position.quantity)
        return {code: exact_sum(held[code]) for code in sorted(held)}

    def cash_of(self, account: str, currency: str) -> Decimal:
        """Spendable cash (dividends that wait are not spendable)."""
        rows = (c.amount for c in self.cash if (c.account, c.currency, c.kind) == (account, currency, "cash"))
        return exact_sum(rows)


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row of a file that was understood and left out, and why.

    `what` is what the row calls the thing; `value` what the file says it is worth, in `currency`, where it is something
    of value (an option, a bond): it counts in the file's own total though not in the holdings.
    """

    line: int
    reason: Text
    what: str = ""
    account: str | None = None
    value: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class StatementAccount:
    """An account as a file describes it. `account` is what positions and cash call it: its number, else its name.

    `kind` is a usual word for its tax treatment (taxable, ira, roth, sep_ira, simple_ira, rollover_ira, hsa, 401k,
    403b, 457, 529, custodial, trust), None where the file does not tell. `total` is the total that the file prints.
    """

    account: str
    name: str | None = None
    kind: str | None = None
    total: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class HoldingsFile:
    """What one file says: holdings (with findings), the prices and exchange rates it prints, the rows left out.

    `format` is the registered name of the reader; `sha256` the hash of the bytes that were read. `accounts` describes
    the accounts where the file does; `taken_at` is the moment it was made, with its zone, where the file prints one;
    `base_currency` that of a statement which names its own; `values` what a position is worth by the file, by
    (account, code) and in the position's currency: the value it prints, else price x quantity, else no entry.
    """

    holdings: Holdings
    quotes: tuple[Quote, ...] = ()
    rates: tuple[FxRate, ...] = ()
    skipped: tuple[SkippedRow, ...] = ()
    format: str = "table"
    sha256: str = ""
    accounts: tuple[StatementAccount, ...] = ()
    taken_at: datetime | None = None
    base_currency: str | None = None
    values: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    undated_lots: tuple[UndatedLot, ...] = ()

    @property
    def account_types(self) -> dict[str, str]:
        """The kind of every account whose kind the file tells."""
        return {account.account: account.kind for account in self.accounts if account.kind}


def average_cost(position: Position) -> Fraction | None:
    """Cost per share, exact; None when the cost is unknown or nothing is held."""
    if position.cost is None or position.quantity == 0:
        return None
    return Fraction(position.cost) / Fraction(position.quantity)
