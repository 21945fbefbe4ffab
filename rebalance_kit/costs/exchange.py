"""Exchanging cash between the base currency and another one within an account: what it takes, brings and costs.

The rate is that of the price book, in base-currency units for one unit of the other currency. What is paid for is
rounded up to the minor unit, what is received down, and the cost (the spread's share of the amount) up: an exchange
never brings more than it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from rebalance_kit.money import Rounding, exact_sum, plain, product, round_money, show_money
from rebalance_kit.words import Text


@dataclass(frozen=True, slots=True)
class Exchange:
    """An exchange line of a plan: `sold` leaves the account and `bought` arrives, each in its currency.

    One of the two is the base currency. `rate` is base-currency units for one unit of the other, `cost` is in the base
    currency and taken from its cash besides.
    """

    account: str
    sold_currency: str
    sold: Decimal
    bought_currency: str
    bought: Decimal
    rate: Decimal
    cost: Decimal

    def moved(self, currency: str, base: str) -> Decimal:
        """What it does to the account's cash of a currency, the cost included."""
        parts = [self.sold.copy_negate()] if currency == self.sold_currency else []
        parts += [self.bought] if currency == self.bought_currency else []
        parts += [self.cost.copy_negate()] if currency == base else []
        return exact_sum(parts)

    def said(self, base: str) -> Text:
        """The line in words, with its rate and cost."""
        sold, bought = show_money(self.sold, self.sold_currency), show_money(self.bought, self.bought_currency)
        rate, cost = f"{self.rate:,f}", show_money(self.cost, base)
        return Text(
            f"Exchange {sold} for {bought} (at {rate}, cost {cost})",
            f"{sold} → {bought} 환전(환율 {rate}, 비용 {cost})",
        )

    def to_dict(self) -> dict[str, object]:
        """The line as JSON."""
        return {
            "account": self.account,
            "sold_currency": self.sold_currency,
            "sold": plain(self.sold),
            "bought_currency": self.bought_currency,
            "bought": plain(self.bought),
            "rate": plain(self.rate),
            "cost": plain(self.cost),
        }


def exchanged(account: str, base: str, currency: str, amount: Decimal, *, rate: Decimal, spread: Decimal) -> Exchange:
    """The exchange that buys `amount` of `currency` with base money (negative: sells it for base money)."""
    size = abs(amount)
    cost = round_money(product(size, rate, spread), base, Rounding.UP)
    if amount > 0:
        paid = round_money(product(size, rate), base, Rounding.UP)
        return Exchange(account, base, paid, currency, size, rate, cost)
    received = round_money(product(size, rate), base, Rounding.DOWN)
    return Exchange(account, currency, size, base, received, rate, cost)
