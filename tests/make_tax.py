"""Statements for tests of tax: what is held with its lots, what it is worth, and which exchange rates there were.

situation = taxed(
    policy("VOO 100", assets={"VOO": OVERSEAS}),
    "VOO a 2023-05-02 10 @ 200 USD, VOO b 2024-05-02 5 @ 250 USD",      lots: code, name, day, shares @ price of one
    "VOO 190 USD, USD/KRW 1450",                                       prices now
    rates="2023-05-04 1200, 2024-05-03 1300",                          dollars in won, on days
)
situation.estimate("sell 10 VOO")
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rebalance_kit.holdings.model import Holdings, Lot, Position
from rebalance_kit.money import exact_sum
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.book import price_book
from rebalance_kit.prices.model import FxRate, PriceBook, Quote
from rebalance_kit.tax.case import Case, tax_case
from rebalance_kit.tax.estimate import estimate
from rebalance_kit.tax.model import Purchase, Sale, TaxEstimate

ON = date(2026, 3, 4)
EQUITY = {"tax_class": "kr_equity", "exchange": "XKRX"}
OTHER = {"tax_class": "kr_other", "exchange": "XKRX"}
OVERSEAS = {"tax_class": "overseas_listed", "exchange": "XNYS"}
OVERSEAS_IN_WON = {**OVERSEAS, "currency": "KRW"}  # where the exchange rate does not matter
PTP = {"tax_class": "us_ptp", "exchange": "XNYS"}
AMERICAN = {"tax_class": "us", "exchange": "XNYS"}

_LOT = re.compile(
    r"(?:(?P<account>\w+): )?(?P<code>\S+) (?P<name>\S+) (?P<day>\d{4}-\d\d-\d\d) (?P<quantity>[\d.]+)"
    r" @ (?P<price>[\d_.]+)(?: (?P<currency>[A-Z]{3}))?(?: base (?P<base>[\d.]+))?"
)
_PRICE = re.compile(r"(?P<code>\S+) (?P<price>[\d_.]+)(?: (?P<currency>[A-Z]{3}))?(?: base (?P<base>[\d.]+))?")
_SALE = re.compile(r"sell (?P<quantity>[\d.]+) (?P<code>\S+)(?: at (?P<price>[\d_.]+))?(?: in (?P<account>\w+))?")


@dataclass(frozen=True)
class Taxed:
    """A taxpayer on a day."""

    policy: Policy
    holdings: Holdings
    prices: PriceBook
    on: date

    def case(self, *, last_day: date | None = None) -> Case:
        return tax_case(self.policy, self.holdings, self.prices, self.on, None, last_day)

    def sales(self, text: str) -> list[Sale]:
        """`sell 10 VOO, sell 5 VOO at 210 in other`: at today's price in account main unless it says otherwise."""
        return [self._sale(item.strip()) for item in text.split(",")]

    def estimate(self, text: str, *, purchases: tuple[Purchase, ...] = (), last_day: date | None = None) -> TaxEstimate:
        """The estimate of sales written as one line."""
        return estimate(
            self.sales(text), self.holdings, self.policy, self.prices, on=self.on, purchases=purchases,
            last_day=last_day,
        )  # fmt: skip

    def _sale(self, item: str) -> Sale:
        found = _SALE.fullmatch(item)
        assert found, item
        quote = self.prices.quotes[found["code"]]
        price = Decimal(found["price"]) if found["price"] else quote.price
        return Sale(found["account"] or "main", found["code"], Decimal(found["quantity"]), price, quote.currency)


def lots(text: str, currency: str) -> tuple[Lot, ...]:
    """Lots of `VOO a 2023-05-02 10 @ 200 USD base 190`; `base` is the taxable base of one share."""
    made = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        row = _LOT.fullmatch(item)
        assert row, item
        quantity = Decimal(row["quantity"])
        made.append(
            Lot(
                row["account"] or "main", row["code"], row["name"], date.fromisoformat(row["day"]), quantity,
                quantity * Decimal(row["price"]), row["currency"] or currency,
                Decimal(row["base"]) if row["base"] else None,
            )
        )  # fmt: skip
    return tuple(made)


def held(owned: tuple[Lot, ...]) -> Holdings:
    """Positions that are exactly their lots."""
    keys = sorted({(lot.account, lot.code, lot.currency) for lot in owned})
    positions = [
        Position(
            account, code, exact_sum(t.quantity for t in owned if (t.account, t.code) == (account, code)), currency
        )
        for account, code, currency in keys
    ]
    return Holdings(tuple(positions), lots=owned)


def taxed(
    wanted: Policy, bought: str, now: str, *, rates: str = "", on: date = ON, held_too: tuple[Position, ...] = ()
) -> Taxed:
    """A taxpayer: what was bought, and what it is worth on `on`. `held_too` are positions without lots."""
    base = wanted.base_currency
    owned = held(lots(bought, base))
    quotes, known = [], []
    for item in now.split(","):
        row = _PRICE.fullmatch(item.strip())
        assert row, item
        if "/" in row["code"]:
            known.append(FxRate("USD", "KRW", Decimal(row["price"]), on, "test"))
        else:
            tax_base = Decimal(row["base"]) if row["base"] else None
            quotes.append(
                Quote(row["code"], Decimal(row["price"]), row["currency"] or base, on, "test", tax_base=tax_base)
            )
    for item in filter(None, rates.split(",")):
        day, rate = item.split()
        known.append(FxRate("USD", "KRW", Decimal(rate), date.fromisoformat(day), "test"))
    everything = Holdings((*owned.positions, *held_too), lots=owned.lots)
    return Taxed(wanted, everything, price_book(wanted, on, quotes, known), on)
