"""Interactive Brokers' Flex query as XML: open positions with their lots, cash per currency, rates into the base.

An attribute that a query leaves out is missing, not zero: the currency must be there, the rest may be. A position is
its SUMMARY or, where a query asks for lots alone, the sum of its LOT rows. Only the newest report date is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.statements.accounts import account_kind
from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.elements import Element, elements
from rebalance_kit.holdings.statements.ibkr_refusals import no_currency, no_positions
from rebalance_kit.holdings.statements.reconcile import compare, rate_slack
from rebalance_kit.holdings.statements.securities import Kind
from rebalance_kit.money import exact_sum, product
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.codes import read_currency
from rebalance_kit.textfile.cells import CellError, read_number
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.words import Text

_WANTED = Text("Interactive Brokers' Flex query (XML)", "인터랙티브 브로커스 Flex 조회(XML)")
_MARKS = re.compile(r"<(FlexQueryResponse|FlexStatementResponse|FlexStatements?|OpenPositions?)\b")
_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_SHARES = frozenset({"", "STK", "FUND", "ETF", "CRYPTO"})
_KINDS = {"OPT": Kind.OPTION, "FOP": Kind.OPTION, "FSFOP": Kind.OPTION, "WAR": Kind.OPTION, "IOPT": Kind.OPTION,
          "BOND": Kind.BOND, "BILL": Kind.BOND}  # fmt: skip


@dataclass(frozen=True, slots=True)
class IbkrFlex:
    """A Flex query of Interactive Brokers."""

    name: str = "ibkr_flex"
    wanted: Text = _WANTED

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when the first element is one of a Flex query."""
        start = document.data[:512].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")
        if not start.startswith(b"<"):
            return Confidence.NO
        return Confidence.CERTAIN if _MARKS.search(document.text[:4096]) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of every account in the query. Raises HoldingsError for shorts and without positions."""
        found = elements(document)
        if any(element.tag == "FlexStatementResponse" for element in found):
            raise _not_ready(document)
        reader = _Reader(Statement(document, policy, on, self.name), found)
        return reader.read()


@dataclass(slots=True)
class _Asset:
    """The rows of one asset in one account."""

    summary: list[Element] = field(default_factory=list)
    lots: list[Element] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    statement: Statement
    found: Sequence[Element]
    month_first: bool | None = None
    worth: dict[str, list[tuple[str, Decimal | None]]] = field(default_factory=dict)
    rates: dict[str, Decimal] = field(default_factory=dict)

    def read(self) -> HoldingsFile:
        """Everything of the query."""
        statement = self.statement
        if not any(element.tag in ("OpenPositions", "OpenPosition") for element in self.found):
            raise no_positions(statement.document)
        self.month_first = _month_first(self.found)
        self._accounts()
        newest = self._newest()
        self._rates()
        self._positions(newest)
        self._cash()
        base = statement.base_currency
        if base:
            for currency, rate in self.rates.items():
                statement.rate(currency, base, rate)
        self._net()
        return statement.build()

    def _accounts(self) -> None:
        bases = set()
        for element in self.found:
            if element.tag == "AccountInformation":
                said = element.attributes
                number = self._account_of(element)
                kind = account_kind(f"{said.get('customerType', '')} {said.get('accountType', '')}".strip())
                self.statement.account(number, said.get("acctAlias") or None, line=element.line, kind=kind)
                bases.add(said.get("currency") or said.get("baseCurrency") or "")
        bases.discard("")
        if len(bases) == 1:
            self.statement.base_currency = self._currency(bases.pop(), self.found[0])

    def _newest(self) -> date | None:
        """The newest day of the positions, else the end of the query's period: that of the statement."""
        days = [day for element in self.found if element.tag == "OpenPosition" and (day := self._day(element))]
        ends = [day for element in self.found if element.tag == "FlexStatement"
                and (day := self._date(element.attributes.get("toDate", "")))]  # fmt: skip
        newest = max(days, default=None)
        self.statement.as_of = newest or max(ends, default=None)
        return newest

    def _positions(self, newest: date | None) -> None:
        assets: dict[tuple[str, str, str], _Asset] = {}
        older = 0
        for element in self.found:
            if element.tag != "OpenPosition":
                continue
            day = self._day(element)
            if newest and day and day < newest:
                older += 1
                continue
            symbol = element.attributes.get("symbol") or element.attributes.get("isin") or ""
            key = self._account_of(element), symbol, self._currency_of(element)
            asset = assets.setdefault(key, _Asset())
            is_lot = element.attributes.get("levelOfDetail", "").upper() == "LOT"
            (asset.lots if is_lot else asset.summary).append(element)
        for (account, symbol, currency), asset in assets.items():
            self._asset(self.statement.account(account, line=_first(asset).line), symbol, currency, asset)
        if older:
            self.statement.note(
                "older_positions",
                f"positions of earlier report dates that were not read: {older}",
                f"더 이른 기준일이라 읽지 않은 보유 종목: {older}개",
            )

    def _asset(self, account: str, symbol: str, currency: str, asset: _Asset) -> None:
        first = _first(asset)
        rows = asset.summary or asset.lots
        value = self._sum(rows, "positionValue")
        quantity = self._sum(rows, "position", "quantity")
        self.worth.setdefault(account, []).append((currency, value))
        row, said = _row(first), first.attributes
        category = said.get("assetCategory", "").upper()
        if category not in _SHARES:
            kind = _KINDS.get(category, Kind.OTHER)
            self.statement.skip(row, kind, symbol, account=account, value=value, currency=currency)
            return
        if quantity is None:
            quantity = self._number(first, "position", required=True)
        code = self.statement.hold(
            row,
            account,
            symbol,
            quantity if quantity is not None else Decimal(0),
            currency,
            name=said.get("description"),
            price=self._number(first, "markPrice"),
            value=value,
            cost=self._sum(rows, "costBasisMoney"),
        )
        if code is not None:
            self._lots(account, code, currency, asset.lots)

    def _lots(self, account: str, code: str, currency: str, lots: Iterable[Element]) -> None:
        used: dict[str, int] = {}
        for number, element in enumerate(lots, 1):
            said = element.attributes
            opened = said.get("openDateTime") or said.get("holdingPeriodDateTime") or ""
            lot_id = said.get("originatingTransactionID") or opened.replace(";", " ") or str(number)
            used[lot_id] = used.get(lot_id, 0) + 1
            lot_id += f" #{used[lot_id]}" if used[lot_id] > 1 else ""
            quantity = self._number(element, "position", required=True) or Decimal(0)
            cost = self._number(element, "costBasisMoney")
            self.statement.lot(_row(element), account, code, lot_id, self._date(opened), quantity, cost, currency)

    def _cash(self) -> None:
        balances: dict[tuple[str, str, str], tuple[Element, Decimal]] = {}
        for element in self.found:
            if element.tag == "CashReportCurrency":
                money = self._number(element, "endingCash")
                money = money if money is not None else self._number(element, "endingSettledCash")
                if money is not None:
                    key = (
                        self._account_of(element),
                        element.attributes.get("currency", ""),
                        element.attributes.get("model", ""),
                    )
                    balances[key] = element, money
        accounts = {account for account, currency, _ in balances if currency != _SUMMARY}
        for (account, label, _), (element, money) in balances.items():
            if label == _SUMMARY and account in accounts:
                continue
            currency = self.statement.base_currency if label == _SUMMARY else self._currency(label, element)
            if currency is None:
                raise no_currency(self.statement.document, element.line)
            name = self.statement.account(account, line=element.line)
            self.worth.setdefault(name, []).append((currency, money))
            if money:
                self.statement.cash(_row(element), name, currency, money)
        if not balances:
            self.statement.note("cash_not_read", "the query has no CashReport with endingCash, so no cash was read",
                                "조회에 CashReport의 endingCash가 없어 현금을 읽지 못했습니다", warn=True)  # fmt: skip

    def _rates(self) -> None:
        """Conversion rates of the newest day, and those beside the positions."""
        base = self.statement.base_currency
        dated: dict[str, tuple[date, Decimal]] = {}
        for element in self.found:
            said = element.attributes
            if element.tag == "ConversionRate" and base and said.get("toCurrency") == base:
                self._rate(dated, said.get("fromCurrency", ""), self._number(element, "rate"), self._day(element))
            elif element.tag == "OpenPosition" and base:
                self._rate(dated, said.get("currency", ""), self._number(element, "fxRateToBase"), self._day(element))
        self.rates = {currency: rate for currency, (_, rate) in dated.items() if currency != base}

    def _rate(self, dated: dict[str, tuple[date, Decimal]], text: str, rate: Decimal | None, day: date | None) -> None:
        try:
            currency = read_currency(text)
        except CellError:  # a rate into a currency that nothing here settles in
            return
        when = day or date.min
        if currency and rate is not None and rate > 0 and (currency not in dated or dated[currency][0] < when):
            dated[currency] = when, rate

    def _net(self) -> None:
        """The net asset value without accruals, against positions and cash."""
        base = self.statement.base_currency
        newest: dict[str, tuple[date, Element]] = {}
        for element in self.found:
            if element.tag == "EquitySummaryByReportDateInBase":
                account, day = self._account_of(element), self._day(element) or date.min
                if account not in newest or newest[account][0] <= day:
                    newest[account] = day, element
        for account, (_, element) in newest.items():
            whole = self._number(element, "total")
            if whole is None or base is None:
                continue
            accrued = [
                self._number(element, name)
                for name in element.attributes
                if "ccrual" in name and not name.endswith(("Long", "Short"))
            ]
            own = exact_sum([whole, *(part.copy_negate() for part in accrued if part is not None)])
            found, slack = [], Fraction(1, 50)
            for currency, value in self.worth.get(account, []):
                rate = Decimal(1) if currency == base else self.rates.get(currency)
                if value is None or rate is None:
                    break
                found.append(product(value, rate))
                slack += Fraction(0) if currency == base else rate_slack(value, rate)
            else:
                what = Text("the net asset value without accruals", "미수 금액을 뺀 순자산")
                self.statement.findings.append(compare(element.line, what, exact_sum(found), own, base, slack))

    def _account_of(self, element: Element) -> str:
        """The account of an element: its own, else that of the statement around it."""
        around: Element | None = element
        while around is not None:
            if said := around.attributes.get("accountId"):
                return said
            around = self.found[around.parent] if around.parent >= 0 else None
        return ""

    def _currency_of(self, element: Element) -> str:
        text = element.attributes.get("currency") or element.attributes.get("currencyPrimary") or ""
        if text:
            return self._currency(text, element)
        base = self.statement.base_currency
        if base and self._number(element, "fxRateToBase") == 1:
            return base
        raise no_currency(self.statement.document, element.line)

    def _currency(self, text: str, element: Element) -> str:
        try:
            currency = read_currency(text)
        except CellError as problem:
            raise self.statement.located(problem, _row(element), "currency") from problem
        if currency is None:
            raise no_currency(self.statement.document, element.line)
        return currency

    def _number(self, element: Element, *names: str, required: bool = False) -> Decimal | None:
        text = next((element.attributes[name] for name in names if element.attributes.get(name)), "")
        if not text and not required:
            return None
        try:
            return read_number(text)
        except CellError as problem:
            raise self.statement.located(problem, _row(element), names[0]) from problem

    def _sum(self, rows: Iterable[Element], *names: str) -> Decimal | None:
        numbers = [self._number(element, *names) for element in rows]
        known = [number for number in numbers if number is not None]
        return exact_sum(known) if len(known) == len(numbers) else None

    def _day(self, element: Element) -> date | None:
        return self._date(element.attributes.get("reportDate", ""))

    def _date(self, text: str) -> date | None:
        try:
            if found := _DATE.match(text):
                return date(int(found[1]), int(found[2]), int(found[3]))
            if (found := _SLASHED.match(text)) and self.month_first is not None:
                first, second = int(found[1]), int(found[2])
                month, day = (first, second) if self.month_first else (second, first)
                return date(int(found[3]), month, day)
        except ValueError:
            return None
        return None


_SUMMARY = "BASE_SUMMARY"


def _month_first(found: Iterable[Element]) -> bool | None:
    """Whether dates with slashes have the month first, if some date of the query proves it; else None."""
    pairs = [(int(date_[1]), int(date_[2])) for element in found for text in element.attributes.values()
             if (date_ := _SLASHED.match(text))]  # fmt: skip
    if any(first > 12 for first, _ in pairs):
        return False
    return True if any(second > 12 for _, second in pairs) else None


def _first(asset: _Asset) -> Element:
    return (asset.summary or asset.lots)[0]


def _row(element: Element) -> Row:
    return Row(element.line, ())


def _not_ready(document: Document) -> Exception:
    return document.problem(
        "not_ready",
        wrong=Text("the file is the service's answer to a request, not the statement",
                   "명세서가 아니라 요청에 대한 응답 파일입니다"),
        expected=Text("a FlexQueryResponse with OpenPositions", "OpenPositions가 있는 FlexQueryResponse"),
        fix=Text("fetch the statement with the reference code once it is ready",
                 "명세서가 준비되면 참조 코드로 다시 내려받아 주세요"),
    )  # fmt: skip
