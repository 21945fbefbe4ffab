"""A statement put together from its rows: positions, lots, cash, prices, what was left out, and whether it adds up.

Every broker's module reads its own layout into the calls of one `Statement`; what must hold for all of them is decided
here: no short positions, no price that the row's own value contradicts, no difference from a printed total in silence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from rebalance_kit.errors import InputError
from rebalance_kit.holdings.merge import Entry, merged_cash, merged_positions, quotes_of
from rebalance_kit.holdings.model import (
    UNNAMED_ACCOUNT,
    Cash,
    Holdings,
    HoldingsFile,
    Lot,
    Position,
    SkippedRow,
    StatementAccount,
    UndatedLot,
)
from rebalance_kit.holdings.statements.accounts import account_kind, policy_accounts
from rebalance_kit.holdings.statements.codes import statement_code
from rebalance_kit.holdings.statements.reconcile import Total, check_totals, judge_prices
from rebalance_kit.holdings.statements.securities import Kind
from rebalance_kit.money import Rounding, exact_sum, minor_unit, plain, round_money
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.codes import Codes
from rebalance_kit.prices.model import FxRate
from rebalance_kit.prices.reading import undated_prices
from rebalance_kit.textfile.cells import CellError, quoted, shown
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.words import Finding, Text


@dataclass(slots=True)
class Statement:
    """Gathers what a document says. `form` is the registered name of the reader."""

    document: Document
    policy: Policy | None
    on: date
    form: str
    as_of: date | None = None
    taken_at: datetime | None = None
    base_currency: str | None = None
    findings: list[Finding] = field(default_factory=list)
    codes: Codes = field(init=False)
    _accounts: dict[str, tuple[StatementAccount, int]] = field(default_factory=dict)
    _entries: list[Entry] = field(default_factory=list)
    _lots: list[Lot] = field(default_factory=list)
    _undated: list[UndatedLot] = field(default_factory=list)
    _skipped: list[SkippedRow] = field(default_factory=list)
    _totals: list[Total] = field(default_factory=list)
    _rates: list[FxRate] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.codes = Codes.of(self.policy)

    def account(self, key: str, name: str | None = None, *, line: int = 0, kind: str | None = None) -> str:
        """Makes an account known by its number, or by its name where it has none; gives back what to call it."""
        key = key or name or UNNAMED_ACCOUNT
        key = shown(key, len(key))
        if key not in self._accounts:
            account = StatementAccount(key, name or None, kind or account_kind(name or key))
            self._accounts[key] = account, line
        return key

    def hold(
        self,
        row: Row,
        account: str,
        symbol: str,
        quantity: Decimal,
        currency: str,
        *,
        name: str | None = None,
        price: Decimal | None = None,
        value: Decimal | None = None,
        cost: Decimal | None = None,
    ) -> str | None:
        """A position of one row; the code it goes by, or None when the symbol is none and the row was left out.

        Raises HoldingsError for a short position and for a code in another currency than the policy's.
        """
        try:
            code = statement_code(self.codes, symbol, currency, row.line, self.findings)
            if code is not None:
                currency = self.codes.currency(code, currency)
        except CellError as problem:
            raise self.located(problem, row) from problem
        if code is None:
            what = symbol or name or ""
            self.skip(row, Kind.OTHER, what, account=account, value=value, currency=currency)
            return None
        if quantity < 0:
            raise self._short(row, code, quantity)
        entry = Entry(row, "asset", account, code, quantity, currency, name or None, price, cost, value=value)
        self._entries.append(entry)
        return code

    def lot(
        self,
        row: Row,
        account: str,
        code: str,
        lot_id: str,
        day: date | None,
        quantity: Decimal,
        cost: Decimal | None,
        currency: str,
    ) -> None:
        """One purchase behind a position; without its day it is shown but no tax rule can use it."""
        if cost is None or quantity <= 0:
            self.note(
                "lot_not_read",
                f"the lot of {code} in line {row.line} has no cost or no shares and is not read",
                f"{row.line}행 {code}의 매수 로트는 금액이나 수량이 없어 읽지 않았습니다",
                warn=True,
                code=code,
            )
        elif day is None:
            self._undated.append(UndatedLot(account, code, lot_id, quantity, cost, currency))
        else:
            self._lots.append(Lot(account, code, lot_id, day, quantity, cost, currency))

    def cash(self, row: Row, account: str, currency: str, amount: Decimal) -> None:
        """Money; negative is money owed (a margin loan)."""
        self._entries.append(Entry(row, "cash", account, "", amount, currency))

    def rate(self, base: str, quote: str, rate: Decimal) -> None:
        """Units of `quote` for one `base`."""
        day = self.as_of or self.on
        self._rates.append(FxRate(base, quote, rate, day, self.document.name))

    def rate_of(self, base: str, quote: str) -> Decimal | None:
        """The rate of a pair that the file printed so far, None when it printed none."""
        return next((rate.rate for rate in self._rates if (rate.base, rate.quote) == (base, quote)), None)

    def skip(
        self,
        row: Row,
        kind: Kind,
        what: str = "",
        *,
        account: str | None = None,
        value: Decimal | None = None,
        currency: str | None = None,
        reason: Text | None = None,
    ) -> None:
        """A row that was understood and is no holding. One of value is a finding of its own."""
        what = shown(what, 80)
        self._skipped.append(SkippedRow(row.line, reason or kind.text, what, account, value, currency))
        if kind is not Kind.TOTAL:
            self.findings.append(_left_out(self.document, row, kind, what, value, currency, reason))

    def total(self, row: Row, account: str | None, amount: Decimal, currency: str, what: Text | None = None) -> None:
        """A total that the file prints: of one account, or of all of them (None)."""
        self._totals.append(Total(row.line, account, amount, currency, what))

    def note(self, rule: str, english: str, korean: str, *, warn: bool = False, code: str | None = None) -> None:
        """A finding."""
        self.findings.append(Finding(rule, "warning" if warn else "info", Text(english, korean), code))

    def located(self, problem: CellError, row: Row, column: str | None = None) -> InputError:
        """What is wrong with a cell, with its place."""
        return self.document.problem(
            problem.code, wrong=problem.wrong, expected=problem.expected, fix=problem.fix, line=row.line, column=column
        )

    def build(self) -> HoldingsFile:
        """The holdings of the statement. Raises HoldingsError when an account is not the policy's."""
        names, taken = policy_accounts(self.document, self.policy, self._accounts)
        agreed, checks = check_totals(self._totals, self._entries, self._skipped, self._rates)
        entries, judged = judge_prices(self._entries, agreed)
        found = [*self.document.findings, *self.findings, *taken, *judged, *checks, *self._dates(entries)]
        if any(key != name for key, name in names.items()):
            entries = [replace(entry, account=names.get(entry.account, entry.account)) for entry in entries]
        positions, values = merged_positions(self.document, entries, found)
        cash = self._spendable(merged_cash(entries, found), found)
        lots = tuple(replace(lot, account=names.get(lot.account, lot.account)) for lot in self._lots)
        undated = tuple(replace(lot, account=names.get(lot.account, lot.account)) for lot in self._undated)
        found += _check_lots(positions, (*lots, *undated))
        if undated:
            found.append(_lots_undated(undated))
        held = Holdings(positions, cash, lots, self.as_of, self.document.name, tuple(dict.fromkeys(found)))
        return HoldingsFile(
            held,
            quotes_of(self.document, entries, self.on, as_of=self.as_of),
            rates=tuple(self._rates),
            skipped=tuple(sorted(self._skipped, key=lambda row: row.line)),
            format=self.form,
            sha256=self.document.sha256,
            accounts=tuple(self._described(names)),
            taken_at=self.taken_at,
            base_currency=self.base_currency,
            values=values,
            undated_lots=undated,
        )

    def _described(self, names: dict[str, str]) -> Iterable[StatementAccount]:
        printed = {total.account: total for total in self._totals if total.account is not None}
        for key, (account, _) in self._accounts.items():
            total = printed.get(key)
            printed_total = (total.amount, total.currency) if total else (None, None)
            yield StatementAccount(names[key], account.name, account.kind, *printed_total)

    def _dates(self, entries: Iterable[Entry]) -> Iterable[Finding]:
        if self.as_of is None:
            undated = len({entry.code for entry in entries if entry.price is not None})
            if undated:
                yield undated_prices(self.document.name, undated, self.on)
        elif self.as_of > self.on:
            message = Text(
                f"{self.document.name} is of {self.as_of}, after {self.on}, the day of the question",
                f"{self.document.name} 파일의 날짜 {self.as_of}이(가) 기준일 {self.on}보다 뒤입니다",
            )
            yield Finding("statement_after_on", "warning", message)

    def _spendable(self, cash: Iterable[Cash], found: list[Finding]) -> tuple[Cash, ...]:
        """Cash in whole minor units where something will be planned with it; every digit where there is no policy."""
        if self.policy is None:
            return tuple(cash)
        kept = []
        for money in cash:
            whole = round_money(money.amount, money.currency, Rounding.FLOOR)
            if whole != money.amount:
                found.append(_rounded(money, whole))
            kept.append(Cash(money.account, money.currency, whole, money.kind))
        return tuple(kept)

    def _short(self, row: Row, code: str, quantity: Decimal) -> InputError:
        return self.document.problem(
            "short_position",
            wrong=Text(f"{code} is held short ({quoted(plain(quantity))})",
                       f"{code}은(는) 공매도 포지션입니다({quoted(plain(quantity))})"),
            expected=Text("positions that are owned; short positions are not read",
                          "보유한 종목(공매도는 다루지 않습니다)"),
            fix=Text("close the short position, or remove its row",
                     "공매도 포지션을 정리하거나 그 행을 지워 주세요"),
            line=row.line,
        )  # fmt: skip


def _left_out(
    document: Document,
    row: Row,
    kind: Kind,
    what: str,
    value: Decimal | None,
    currency: str | None,
    reason: Text | None,
) -> Finding:
    worth = "" if value is None else f" ({plain(value)}{f' {currency}' if currency else ''})"
    why = reason or kind.text
    message = Text(
        f"line {row.line} of {document.name} was left out: {what + worth + ', ' if what else ''}{why.en}",
        f"{document.name} {row.line}행은 읽지 않았습니다: {what + worth + ', ' if what else ''}{why.ko}",
    )
    return Finding(kind.value, "warning" if value else "info", message)


def _rounded(money: Cash, whole: Decimal) -> Finding:
    unit = minor_unit(money.currency)
    message = Text(
        f"cash of {plain(money.amount)} {money.currency} counts as {plain(whole)}: less than {unit} cannot be spent",
        f"현금 {plain(money.amount)} {money.currency} 가운데 {plain(whole)}만 셉니다: {unit} 미만은 쓸 수 없습니다",
    )
    return Finding("cash_rounded", "info", message)


def _check_lots(positions: Iterable[Position], lots: Iterable[Lot | UndatedLot]) -> Iterable[Finding]:
    """A finding for every position whose lots do not add up to it; a position without lots has none to check."""
    bought: dict[tuple[str, str], list[Decimal]] = {}
    for lot in lots:
        bought.setdefault((lot.account, lot.code), []).append(lot.quantity)
    held = {(position.account, position.code): position.quantity for position in positions}
    for (account, code), quantities in bought.items():
        found, owned = exact_sum(quantities), held.get((account, code), Decimal(0))
        if found != owned:
            message = Text(
                f"the lots of {code} in account {account} add up to {plain(found)}, but {plain(owned)} are held",
                f"{account} 계좌 {code}의 매수 로트는 {plain(found)}주인데 보유 수량은 {plain(owned)}주입니다",
            )
            yield Finding("lots_mismatch", "warning", message, code)


def _lots_undated(lots: Iterable[UndatedLot]) -> Finding:
    codes = ", ".join(dict.fromkeys(lot.code for lot in lots))
    message = Text(
        f"lots of {codes} have no date of purchase: no tax rule can use them",
        f"{codes}의 매수 로트에 매수일이 없어 세금 계산에 쓰지 않습니다",
    )
    return Finding("undated_lots", "warning", message)
