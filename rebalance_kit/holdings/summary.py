"""What was read of one file, told back: accounts, positions, cash in each currency, totals, rows left out and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from rebalance_kit.holdings.model import Cash, HoldingsFile, Lot, Position, StatementAccount, UndatedLot
from rebalance_kit.money import Rounding, exact_sum, plain, product, round_money
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.model import Quote
from rebalance_kit.words import Finding, Language

Dict = dict[str, object]


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """A position with the price and the value that the file has for it, and the purchases behind it."""

    position: Position
    price: Decimal | None
    value: Decimal | None
    lots: tuple[Lot | UndatedLot, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """One account. `read` is what its positions and cash add up to in `currency`, None where a value or a rate is
    missing; `printed` is the total that the file prints for it. `fractional` accounts hold parts of shares."""

    account: str
    name: str | None
    kind: str | None
    currency: str
    positions: tuple[HeldPosition, ...]
    cash: tuple[Cash, ...]
    read: Decimal | None
    printed: Decimal | None
    fractional: bool

    @property
    def total(self) -> Decimal | None:
        """The account's total: the printed one, else what was read."""
        return self.read if self.printed is None else self.printed

    def to_dict(self) -> Dict:
        """The account of `import --json`."""
        return {
            "account": self.account,
            "name": self.name,
            "type": self.kind,
            "positions": [_position(held, fractional=self.fractional) for held in self.positions],
            "cash": [{"currency": c.currency, "amount": plain(c.amount), "kind": c.kind} for c in self.cash],
            "currency": self.currency,
            "total": _text(self.total),
            "read": _text(self.read),
            "printed_total": _text(self.printed),
        }


@dataclass(frozen=True, slots=True)
class FileSummary:
    """One file as it was read. `extra` are findings about it beside those of the reader."""

    name: str
    file: HoldingsFile
    accounts: tuple[AccountSummary, ...]
    extra: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that a person should know about the file."""
        return (*self.file.holdings.findings, *self.extra)

    def to_dict(self, language: Language) -> Dict:
        """The file of `import --json`."""
        held = self.file.holdings
        return {
            "file": self.name,
            "format": self.file.format,
            "as_of": held.as_of.isoformat() if held.as_of else None,
            "taken_at": self.file.taken_at.isoformat() if self.file.taken_at else None,
            "base_currency": self.file.base_currency,
            "accounts": [account.to_dict() for account in self.accounts],
            "fx": [
                {"pair": rate.pair, "rate": plain(rate.rate), "as_of": rate.as_of.isoformat(), "source": rate.source}
                for rate in self.file.rates
            ],
            "skipped": [
                {"row": row.line, "reason": row.reason.of(language), "what": row.what, "account": row.account,
                 "value": _text(row.value), "currency": row.currency}
                for row in self.file.skipped
            ],
            "findings": [finding.to_dict(language) for finding in self.findings],
        }  # fmt: skip


def summarise(name: str, file: HoldingsFile, policy: Policy | None) -> FileSummary:
    """The summary of a file called `name`, with the accounts as the policy has them where there is one."""
    described = {account.account: account for account in file.accounts}
    names = dict.fromkeys((*described, *file.holdings.accounts))
    return FileSummary(name, file, tuple(_account(file, described.get(each), each, policy) for each in names))


def newest_quotes(file: HoldingsFile) -> dict[str, Quote]:
    """The newest price of each code in a file."""
    newest: dict[str, Quote] = {}
    for quote in file.quotes:
        if quote.code not in newest or quote.as_of > newest[quote.code].as_of:
            newest[quote.code] = quote
    return newest


def _account(file: HoldingsFile, said: StatementAccount | None, name: str, policy: Policy | None) -> AccountSummary:
    held, quotes = file.holdings.only(name), newest_quotes(file)
    positions = tuple(_held(file, position, quotes) for position in held.positions)
    printed = said.total if said else None
    currency = (said.currency if said else None) or _currency(file, positions, held.cash, policy)
    rule = policy.accounts.get(name) if policy else None
    parts = any(p.quantity != p.quantity.to_integral_value() for p in held.positions)
    return AccountSummary(
        account=name,
        name=said.name if said else None,
        kind=said.kind if said else None,
        currency=currency,
        positions=positions,
        cash=held.cash,
        read=_worth(file, positions, held.cash, currency),
        printed=printed,
        fractional=parts or bool(rule and rule.fractional),
    )


def _held(file: HoldingsFile, position: Position, quotes: Mapping[str, Quote]) -> HeldPosition:
    key = position.account, position.code
    quote = quotes.get(position.code)
    lots: list[Lot | UndatedLot] = [t for t in file.holdings.lots if (t.account, t.code) == key]
    lots += [t for t in file.undated_lots if (t.account, t.code) == key]
    return HeldPosition(position, quote.price if quote else None, file.values.get(key), tuple(lots))


def _currency(
    file: HoldingsFile, positions: tuple[HeldPosition, ...], cash: tuple[Cash, ...], policy: Policy | None
) -> str:
    """The currency to add an account up in: the only one, else the file's own, the policy's, that of a rate."""
    own = {held.position.currency for held in positions} | {each.currency for each in cash}
    if len(own) == 1:
        return own.pop()
    quoted = next((rate.quote for rate in file.rates), None)
    return file.base_currency or (policy.base_currency if policy else None) or quoted or "KRW"


def _worth(
    file: HoldingsFile, positions: tuple[HeldPosition, ...], cash: tuple[Cash, ...], currency: str
) -> Decimal | None:
    """What positions and cash add up to, each rounded to the minor unit of the currency it is turned into."""
    amounts = [(held.value, held.position.currency) for held in positions]
    amounts += [(each.amount, each.currency) for each in cash]
    turned = [_into(file, value, own, currency) for value, own in amounts]
    known = [value for value in turned if value is not None]
    return exact_sum(known) if len(known) == len(turned) else None


def _into(file: HoldingsFile, value: Decimal | None, own: str, currency: str) -> Decimal | None:
    if value is None or own == currency:
        return value
    rate = next((rate.rate for rate in file.rates if (rate.base, rate.quote) == (own, currency)), None)
    return None if rate is None else round_money(product(value, rate), currency, Rounding.HALF_UP)


def _position(held: HeldPosition, *, fractional: bool) -> Dict:
    position = held.position
    return {
        "code": position.code,
        "name": position.name,
        "quantity": _quantity(position.quantity, fractional=fractional),
        "price": _text(held.price),
        "value": _text(held.value),
        "cost": _text(position.cost),
        "currency": position.currency,
        "lots": list(_lots(held, fractional=fractional)),
    }


def _lots(held: HeldPosition, *, fractional: bool) -> Iterator[Dict]:
    for lot in held.lots:
        yield {
            "lot_id": lot.lot_id,
            "date": lot.date.isoformat() if isinstance(lot, Lot) else None,
            "quantity": _quantity(lot.quantity, fractional=fractional or lot.quantity % 1 != 0),
            "cost": plain(lot.cost),
        }


def _quantity(quantity: Decimal, *, fractional: bool) -> int | str:
    return plain(quantity) if fractional else int(quantity)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)
