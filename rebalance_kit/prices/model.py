"""What a holding is worth: quotes, exchange rates and the book that answers for them on one date.

A position's value is rounded half up to the minor unit of its own currency, then of the base currency, and only
`PriceBook.value` does it, so that drift, plan, certificate and checks agree to the won.
"""

from __future__ import annotations

import decimal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from rebalance_kit.errors import RuleError
from rebalance_kit.money import ONE, Rounding, plain, product, round_money
from rebalance_kit.words import Finding, Text

_SHOWN = decimal.Context(prec=10, rounding=decimal.ROUND_HALF_EVEN)  # digits of a rate that people are shown


@dataclass(frozen=True, slots=True)
class Quote:
    """A price of one share in `currency` as of a day; `dated` is False when the file named no day (definition 27).

    `nav` is the net asset value of a fund's share on that day, `at` the moment at which the source was asked,
    `tax_base` the taxable base of a Korean fund's share (과표기준가), each where it is known.
    """

    code: str
    price: Decimal
    currency: str
    as_of: date
    source: str
    name: str | None = None
    dated: bool = True
    nav: Decimal | None = None
    at: datetime | None = None
    tax_base: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FxRate:
    """Units of `quote` currency for one unit of `base` currency: base USD, quote KRW, rate 1380.5.

    `at` is the moment at which the source was asked, where it is known.
    """

    base: str
    quote: str
    rate: Decimal
    as_of: date
    source: str
    at: datetime | None = None

    @property
    def pair(self) -> str:
        return f"{self.base}/{self.quote}"

    @property
    def note(self) -> str:
        """The rate with its day, its source and, where it is known, the moment: it reads the same in any language."""
        moment = f", {self.at.isoformat(timespec='minutes')}" if self.at else ""
        return f"{self.pair} {plain(_SHOWN.create_decimal(self.rate))}  |  {self.as_of}  |  {self.source}{moment}"

    def to_dict(self) -> dict[str, object]:
        """The rate as JSON; it is a string, `fetched_at` null where the moment is not known."""
        return {
            "pair": self.pair,
            "rate": plain(self.rate),
            "as_of": self.as_of.isoformat(),
            "source": self.source,
            "fetched_at": self.at.isoformat() if self.at else None,
        }


@dataclass(frozen=True, slots=True)
class PriceBook:
    """The newest usable quote of each code on `on`, the rates into the base currency, and the closes before.

    `history[code]` is every close up to `on`, oldest first. `judged` holds, where it is another than the newest, the
    price by which the trigger judges (`prices.judged`). `rate_history[currency]` is every rate into the base currency
    up to `on`, oldest first. Read with `quote`, `price`, `rate`, `value`.
    """

    base_currency: str
    on: date
    quotes: Mapping[str, Quote]
    rates: Mapping[str, FxRate] = field(default_factory=dict)
    history: Mapping[str, tuple[Quote, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    judged: Mapping[str, Quote] = field(default_factory=dict)
    rate_history: Mapping[str, tuple[FxRate, ...]] = field(default_factory=dict)

    def for_decision(self) -> PriceBook:
        """The book by which the trigger judges: averaged and proxy prices in place of the newest ones."""
        return replace(self, quotes={**self.quotes, **self.judged})

    def quote(self, code: str) -> Quote | None:
        """The quote of a code, or None when no price of it is known."""
        return self.quotes.get(code)

    def price(self, code: str) -> Decimal:
        """The price of a code in its own currency. RuleError `missing_price` when there is none."""
        return self._known(code).price

    def rate(self, currency: str) -> Decimal:
        """Units of the base currency for one unit of `currency`. RuleError `missing_rate` when there is none."""
        if currency == self.base_currency:
            return ONE
        if currency in self.rates:
            return self.rates[currency].rate
        raise missing_rate(currency, self.base_currency)

    def value(self, code: str, quantity: Decimal) -> Decimal:
        """What `quantity` shares are worth in the base currency. RuleError when a price or a rate is missing."""
        quote = self._known(code)
        return self.in_base(product(quote.price, quantity), quote.currency)

    def in_base(self, amount: Decimal, currency: str) -> Decimal:
        """An amount in the base currency, rounded half up at both minor units."""
        own = round_money(amount, currency, Rounding.HALF_UP)
        return round_money(product(own, self.rate(currency)), self.base_currency, Rounding.HALF_UP)

    def missing(self, codes: Iterable[str]) -> tuple[str, ...]:
        """The codes among `codes` that have no quote, sorted."""
        return tuple(sorted(code for code in set(codes) if code not in self.quotes))

    def _known(self, code: str) -> Quote:
        if code not in self.quotes:
            raise missing_price((code,))
        return self.quotes[code]


def missing_price(codes: Iterable[str]) -> RuleError:
    """The refusal for codes that have no price."""
    names = ", ".join(codes)
    return RuleError(
        "missing_price",
        where=Text("prices", "가격"),
        wrong=Text(f"no price for {names}", f"{names}의 가격이 없습니다"),
        expected=Text("a price above zero for every held and every targeted asset",
                      "보유하거나 목표로 정한 모든 종목의 0보다 큰 가격"),
        fix=Text("add it to prices.csv or to the price column of holdings.csv",
                 "prices.csv나 holdings.csv의 가격 열에 적어 주세요"),
    )  # fmt: skip


def missing_rate(currency: str, base: str) -> RuleError:
    """The refusal for a currency that has no rate."""
    return RuleError(
        "missing_rate",
        where=Text("prices", "가격"),
        wrong=Text(f"no exchange rate for {currency}/{base}", f"{currency}/{base} 환율이 없습니다"),
        expected=Text(f"the {base} for one {currency}", f"1 {currency}의 {base} 값"),
        fix=Text(f"add a row with the code {currency}/{base} to prices.csv",
                 f"prices.csv에 코드 {currency}/{base}인 행을 적어 주세요"),
    )  # fmt: skip
