"""A sale to be taxed, and what its tax is estimated to be: values with their JSON, table and notebook display."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from rebalance_kit.frames import frame, html_table
from rebalance_kit.money import ZERO, exact_sum, plain, show_money
from rebalance_kit.orders import Order, Side
from rebalance_kit.policy.choices import TaxClass
from rebalance_kit.tax.records import RULES_DATED, Rule, describe
from rebalance_kit.words import Finding, Language, Text

if TYPE_CHECKING:
    import pandas as pd

TABLE_COLUMNS = ("account", "code", "tax_class", "quantity", "gain", "taxable", "tax", "lots")
STATEMENT = Text(
    f"Every tax figure is an estimate, not advice, by rules as they were read on {RULES_DATED}.",
    f"모든 세금은 {RULES_DATED} 기준으로 확인한 규칙에 따른 추정치이며 세무 자문이 아닙니다.",
)
_HEADINGS = (
    Text("Code", "코드"),
    Text("Account", "계좌"),
    Text("Shares", "수량"),
    Text("Gain", "손익"),
    Text("Taxable", "과세 대상"),
    Text("Tax", "예상 세금"),
    Text("Lots", "매수 로트"),
)
_UNKNOWN = Text("unknown", "알 수 없음")
_CAPTION = Text("Tax estimate", "예상 세금")


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale that is planned or done: `price` of a share and `fees` in `currency`.

    `lots` names the lots (lot id, shares) where a person chooses them; empty: the booking method decides. `redeemed`:
    the fund was liquidated and paid out, nobody chose to sell. `retained` is what earlier distributions of the shares
    left untaxed (kr_other: 과세유보금), in all.
    """

    account: str
    code: str
    quantity: Decimal
    price: Decimal
    currency: str
    fees: Decimal = ZERO
    lots: tuple[tuple[str, Decimal], ...] = ()
    redeemed: bool = False
    retained: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase that is planned: what may wash a loss (United States)."""

    account: str
    code: str
    quantity: Decimal
    day: date


def sales_of(orders: Iterable[Order]) -> tuple[Sale, ...]:
    """The sales among orders, at their reference prices and with their commission."""
    return tuple(
        Sale(o.account, o.code, Decimal(o.quantity), o.reference_price, o.currency, o.commission,
             tuple((name, Decimal(shares)) for name, shares in o.lots))
        for o in orders if o.side is Side.SELL
    )  # fmt: skip


def purchases_of(orders: Iterable[Order], day: date) -> tuple[Purchase, ...]:
    """The purchases among orders, as made on a day."""
    return tuple(Purchase(o.account, o.code, Decimal(o.quantity), day) for o in orders if o.side is Side.BUY)


@dataclass(frozen=True, slots=True)
class LotUse:
    """What a sale takes of a lot. `gain` is in the base currency, before any wash sale; `long_term` is None in
    Korea."""

    lot_id: str
    quantity: Decimal
    gain: Decimal
    bought: date | None = None
    long_term: bool | None = None


@dataclass(frozen=True, slots=True)
class SaleTax:
    """The tax of one sale, in the base currency.

    `gain` and `tax` are None when the cost is not known. `taxable` is the part of the gain that counts (a loss is
    negative where losses count). `tax` is what this sale adds to the tax of the year, its share of what is taxed
    together included; negative: it saves tax. `withheld` of it is kept back at the sale.
    """

    sale: Sale
    tax_class: TaxClass
    gain: Decimal | None
    taxable: Decimal
    tax: Decimal | None
    withheld: Decimal = ZERO
    lots: tuple[LotUse, ...] = ()
    disallowed: Decimal = ZERO

    def to_dict(self) -> dict[str, object]:
        """The sale as JSON."""
        return {
            "account": self.sale.account,
            "code": self.sale.code,
            "quantity": plain(self.sale.quantity),
            "tax_class": str(self.tax_class),
            "gain": _or_null(self.gain),
            "taxable": plain(self.taxable),
            "tax": _or_null(self.tax),
            "withheld": plain(self.withheld),
            "disallowed": plain(self.disallowed),
            "lots": [{"lot_id": lot.lot_id, "quantity": plain(lot.quantity)} for lot in self.lots],
        }


@dataclass(frozen=True, slots=True)
class YearToDate:
    """The tax year so far: gains realised (negative: a loss), financial income (Korea), and the tax on both."""

    realised_gain: Decimal
    financial_income: Decimal
    tax: Decimal

    def to_dict(self) -> dict[str, str]:
        """The year as JSON."""
        return {
            "realised_gain": plain(self.realised_gain),
            "financial_income": plain(self.financial_income),
            "tax": plain(self.tax),
        }


@dataclass(frozen=True, slots=True, repr=False)
class TaxEstimate:
    """What some sales add to the tax of the year, which rules said so, and what is uncertain about it."""

    on: date
    base_currency: str
    sales: tuple[SaleTax, ...]
    year_to_date_before: YearToDate
    year_to_date_after: YearToDate
    rules: tuple[Rule, ...]
    uncertain: tuple[Finding, ...]
    language: Language = "en"

    @property
    def tax(self) -> Decimal:
        """The tax of all sales together; those whose cost is unknown are left out (`complete` is False)."""
        return exact_sum(sale.tax for sale in self.sales if sale.tax is not None)

    @property
    def complete(self) -> bool:
        """Whether the tax of every sale is known."""
        return all(sale.tax is not None for sale in self.sales)

    def to_dict(self, language: Language | None = None) -> dict[str, object]:
        """The estimate as JSON: money and quantities are strings."""
        shown = language or self.language
        return {
            "statement": STATEMENT.of(shown),
            "rules_dated": RULES_DATED.isoformat(),
            "tax": plain(self.tax),
            "sales": [sale.to_dict() for sale in self.sales],
            "year_to_date_before": self.year_to_date_before.to_dict(),
            "year_to_date_after": self.year_to_date_after.to_dict(),
            "rules": [line.of(shown) for line in describe(self.rules)],
            "uncertain": [finding.to_dict(shown) for finding in self.uncertain],
        }

    def table(self) -> pd.DataFrame:
        """One row per sale: account, code, tax_class, quantity (shares), gain, taxable and tax (base currency, Decimal;
        None when the cost is unknown), lots (lot id and shares)."""
        rows = [
            {
                "account": row.sale.account, "code": row.sale.code, "tax_class": str(row.tax_class),
                "quantity": row.sale.quantity, "gain": row.gain, "taxable": row.taxable, "tax": row.tax,
                "lots": _lots(row),
            }
            for row in self.sales
        ]  # fmt: skip
        return frame(rows, TABLE_COLUMNS)

    def __repr__(self) -> str:
        return f"<TaxEstimate {self.on}: {show_money(self.tax, self.base_currency)}>"

    def _repr_html_(self) -> str:
        words, base = self.language, self.base_currency
        unknown = _UNKNOWN.of(words)

        def money(amount: Decimal | None) -> str:
            return unknown if amount is None else show_money(amount, base)

        rows = [
            [row.sale.code, row.sale.account, plain(row.sale.quantity), money(row.gain), money(row.taxable),
             money(row.tax), _lots(row)]
            for row in self.sales
        ]  # fmt: skip
        caption = f"{_CAPTION.of(words)} | {self.on} | {money(self.tax)}"
        notes = [STATEMENT.of(words), *(finding.message.of(words) for finding in self.uncertain)]
        notes += [line.of(words) for line in describe(self.rules)]
        return html_table(caption, [heading.of(words) for heading in _HEADINGS], rows, notes)


def _lots(row: SaleTax) -> str:
    return ", ".join(f"{lot.lot_id} {plain(lot.quantity)}" for lot in row.lots)


def _or_null(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
