"""Whose tax it is, and each position as the tax law sees it: its class, and its lots in the currency of the tax."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.errors import RuleError
from rebalance_kit.holdings.model import Holdings, Position
from rebalance_kit.policy.choices import AccountType, TaxClass
from rebalance_kit.policy.model import AccountRule, Policy
from rebalance_kit.prices.instruments import HeldName, Instrument, Instruments, instruments
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.tax import doubts
from rebalance_kit.tax.lots import LotMethod, TaxLot, at_average_cost, sale_order, total_quantity
from rebalance_kit.tax.open_lots import in_base_currency, open_lots
from rebalance_kit.tax.rules import RuleBook, rule_book
from rebalance_kit.tax.settlement import overseas_settlement
from rebalance_kit.words import Finding, Text, same

_CURRENCIES = {"KR": "KRW", "US": "USD"}
OVERSEAS = frozenset({TaxClass.OVERSEAS_LISTED, TaxClass.US_PTP, TaxClass.US})
_KOREAN_METHODS = frozenset({LotMethod.FIFO, LotMethod.MOVING_AVERAGE})


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that a tax figure depends on. `holdings` are those of every account of the taxpayer; `last_day` is the
    broker's last day on which an overseas sale counts this year, None while nobody has said it."""

    policy: Policy
    holdings: Holdings
    prices: PriceBook
    on: date
    instruments: Instruments
    rules: RuleBook
    last_day: date | None = None

    @property
    def american(self) -> bool:
        return self.policy.tax.jurisdiction == "US"

    def settled(self, traded: date) -> date:
        """The day whose exchange rate the law wants: of settlement in Korea, of the trade in the United States."""
        return traded if self.american else overseas_settlement(traded, self.rules)

    def account_type(self, account: str) -> AccountType:
        """What kind of account it is; an account that the policy does not describe is taxable."""
        return self.policy.accounts.get(account, AccountRule()).type

    def instrument(self, code: str) -> Instrument:
        """What an asset is; of one that nobody describes, what its holdings say."""
        known = self.instruments.get(code)
        if known is not None:
            return known
        currency = next((p.currency for p in self.holdings.positions if p.code == code), self.policy.base_currency)
        return instruments(self.policy, {}, (HeldName(code, currency),))[code]


def tax_case(
    policy: Policy,
    holdings: Holdings,
    prices: PriceBook,
    on: date,
    assets: Instruments | None = None,
    last_day: date | None = None,
) -> Case:
    """The case. Raises RuleError `tax_currency` when the base currency is not that of the tax, PolicyError for an
    override of no rule."""
    currency = _CURRENCIES[policy.tax.jurisdiction]
    if policy.base_currency != currency:
        raise _wrong_currency(policy, currency)
    names = [HeldName(p.code, p.currency, p.name) for p in holdings.positions]
    known = assets or instruments(policy, {}, names)
    return Case(policy, holdings, prices, on, known, rule_book(policy), last_day)


@dataclass(frozen=True, slots=True)
class TaxPosition:
    """One asset in one account. `lots` are in the base currency and in the order in which `method` sells them; what is
    held beyond them has no known cost (`uncovered` shares)."""

    account: str
    code: str
    account_type: AccountType
    tax_class: TaxClass
    currency: str
    quantity: Fraction
    lots: tuple[TaxLot, ...]
    method: LotMethod
    findings: tuple[Finding, ...] = ()

    @property
    def uncovered(self) -> Fraction:
        return max(Fraction(0), self.quantity - total_quantity(self.lots))


def tax_positions(case: Case) -> tuple[TaxPosition, ...]:
    """Every position that is held, by account and code."""
    return tuple(tax_position(case, p.account, p.code) for p in case.holdings.positions)


def tax_position(case: Case, account: str, code: str) -> TaxPosition:
    """One position. What is doubtful about its class, method, lots and rates is in its findings."""
    found: list[Finding] = []
    tax_class = _tax_class(case, code, found)
    method = _method(case, code, tax_class, found)
    position = _position(case, account, code)
    lots = in_base_currency(open_lots(case.holdings, position, found), code, case.prices, case.settled, found)
    if case.american and method is LotMethod.MOVING_AVERAGE:
        # The average is of the cost alone: holding periods go by FIFO (Treas. Reg. 1.1012-1(e)).
        lots, method = at_average_cost(lots), LotMethod.FIFO
    ordered = sale_order(lots, method)
    return TaxPosition(
        account, code, case.account_type(account), tax_class, position.currency, Fraction(position.quantity), ordered,
        method, tuple(found),
    )  # fmt: skip


def booking_method(case: Case, code: str) -> LotMethod | None:
    """How sales of an asset are booked; None where the lots that a sale leaves depend on more (the American average:
    costs are those of all, holding periods those of each)."""
    method = _method(case, code, _tax_class(case, code, []), [])
    return None if case.american and method is LotMethod.MOVING_AVERAGE else method


def _position(case: Case, account: str, code: str) -> Position:
    for position in case.holdings.positions:
        if (position.account, position.code) == (account, code):
            return position
    return Position(account, code, Decimal(0), case.instrument(code).currency)


def _tax_class(case: Case, code: str, found: list[Finding]) -> TaxClass:
    """The class that the rules of the jurisdiction use; what nobody states is guessed upwards and said."""
    instrument = case.instrument(code)
    stated = instrument.tax_class
    if case.american:
        if instrument.exchange == "XKRX":
            found.append(doubts.foreign_fund(code))
        return TaxClass.US
    if stated is TaxClass.US:
        return TaxClass.OVERSEAS_LISTED
    if stated is not None:
        return stated
    guess = TaxClass.KR_OTHER if instrument.exchange == "XKRX" else TaxClass.OVERSEAS_LISTED
    found.append(doubts.class_unknown(code, guess))
    return guess


def _method(case: Case, code: str, tax_class: TaxClass, found: list[Finding]) -> LotMethod:
    """KR: moving average for kr_other, FIFO or moving average for overseas; US: any, FIFO where none is stated.

    `specific` is HIFO as long as no lots are named.
    """
    stated = case.policy.tax.lot_method
    wanted = LotMethod(stated) if stated else LotMethod.FIFO
    if case.american:
        if wanted is LotMethod.SPECIFIC:
            found.append(doubts.lots_to_name(code))
            return LotMethod.HIFO
        if wanted is LotMethod.MOVING_AVERAGE and "collectible" in (case.instrument(code).asset_class or "").lower():
            found.append(doubts.average_not_allowed(code))  # Treas. Reg. 1.1012-1(e): regulated investment companies
            return LotMethod.FIFO
        return wanted
    if tax_class is TaxClass.KR_OTHER:
        return LotMethod.MOVING_AVERAGE
    if wanted in _KOREAN_METHODS:
        return wanted
    if tax_class in OVERSEAS:
        found.append(doubts.method_not_korean(code, wanted))
    return LotMethod.FIFO


def _wrong_currency(policy: Policy, currency: str) -> RuleError:
    where = policy.tax.jurisdiction
    return RuleError(
        "tax_currency",
        where=same("tax.jurisdiction"),
        wrong=Text(f"the base currency is {policy.base_currency}, and {where} is taxed in {currency}",
                   f"기준 통화는 {policy.base_currency}인데 {where} 세금은 {currency}로 계산합니다"),
        expected=Text(f"the base currency {currency}", f"기준 통화 {currency}"),
        fix=Text("correct tax.jurisdiction or base_currency in portfolio.yaml",
                 "portfolio.yaml의 tax.jurisdiction이나 base_currency를 고쳐 주세요"),
    )  # fmt: skip
