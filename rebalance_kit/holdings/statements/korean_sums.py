"""Whether the rows of a Korean statement add up to what it prints, and which of its deposits is the cash.

Rows of 소계 and 합계 are compared with the rows above them, at their last digit; labels around the table
(총평가금액, 추정예탁자산) with everything that was read. Several views of one deposit are never added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.korean_accounts import Accounts
from rebalance_kit.holdings.statements.korean_facts import Facts, Said, best_deposit, deposit_view, plain_label
from rebalance_kit.holdings.statements.korean_kinds import is_like_cash, is_subtotal_text
from rebalance_kit.holdings.statements.reconcile import agrees, compare
from rebalance_kit.holdings.statements.securities import Kind
from rebalance_kit.money import ZERO, exact_sum, plain, product
from rebalance_kit.textfile.document import Row
from rebalance_kit.words import Finding, Text, same

_SUM = Text("the total", "합계")
_NO_RANK = -1  # of what is no view of a deposit


@dataclass(frozen=True, slots=True)
class _Part:
    """What a row is worth as printed. `rank` tells a view of the deposit from what is no deposit."""

    account: str
    value: Decimal | None
    currency: str
    rank: int = _NO_RANK
    is_cash: bool = False
    row: Row | None = None
    amount: Decimal = ZERO
    own: str = "KRW"
    name: str = ""


@dataclass(slots=True)
class Sums:
    """Gathers what the rows print."""

    statement: Statement
    parts: list[_Part] = field(default_factory=list)
    since: int = 0  # the first part after the last total

    def add(self, account: str, value: Decimal | None, currency: str) -> None:
        """What a row that is no cash is worth, as the file prints it."""
        self.parts.append(_Part(account, value, currency))

    def cash(
        self, row: Row, account: str, name: str, amount: Decimal, currency: str, shown: tuple[Decimal | None, str]
    ) -> None:
        """A row of cash; whether it counts is known when all of them are."""
        view = None if is_like_cash(name) else deposit_view(plain_label(name))
        if is_like_cash(name):
            self.statement.note(
                "counted_as_cash",
                f"{name} in line {row.line} counts as cash: {plain(amount)} {currency}",
                f"{row.line}행의 {name} {plain(amount)} {currency}을(를) 현금으로 봅니다",
            )
        rank = _NO_RANK if view is None else view
        self.parts.append(_Part(account, *shown, rank, True, row, amount, currency, name))

    def total(self, row: Row, label: str, printed: Decimal | None) -> None:
        """A row that adds up rows above it: those since the last such row, or all of them."""
        self.statement.skip(row, Kind.TOTAL, label)
        recent, everything = _counted(self.parts[self.since :]), _counted(self.parts)
        self.since = len(self.parts)
        if printed is None:
            self._say_unchecked(row.line, label, "")
            return
        choices = [recent, everything] if is_subtotal_text(label) else [everything, recent]
        self._check(Said(label, printed, row.line), choices)

    def facts(self, facts: Facts, accounts: Accounts) -> None:
        """The deposit and the totals that stand around the table."""
        self._deposit(facts.deposits, accounts)
        assets = [part for part in _counted(self.parts) if not part.is_cash]
        for said in facts.securities:
            self._check(said, [assets, _counted(self.parts)])
        for said in facts.everything:
            self._check(said, [_counted(self.parts)])

    def tell(self) -> None:
        """Hands the cash to the statement, each deposit once."""
        counted = _counted(self.parts)
        for part in self.parts:
            if part.is_cash and part.row is not None:
                if part in counted:
                    self.statement.cash(part.row, part.account, part.own, part.amount)
                else:
                    self._say_view(part)

    def _deposit(self, said: Sequence[Said], accounts: Accounts) -> None:
        best = best_deposit(said)
        if best is None:
            return
        rows = [part for part in _counted(self.parts) if part.is_cash and part.own == "KRW"]
        deposits = [part for part in rows if part.rank != _NO_RANK]
        if deposits:
            found = exact_sum(part.amount for part in deposits)
            if found != best.amount:
                self._say_twice(best, found)
            return
        account = accounts.only
        if account is None:
            self._say_unassigned(best)
            return
        for each in said:
            rank = 0 if each is best else 1
            self.parts.append(_Part(account, each.amount, "KRW", rank, True, Row(each.line, (each.label,)), each.amount,
                                    "KRW", each.label))  # fmt: skip

    def _check(self, said: Said, choices: Sequence[Sequence[_Part]]) -> None:
        """Compare a total with each choice of rows that it may add up; the first is the likeliest."""
        found = [(*self._sum(parts, currency), currency) for parts in choices for currency in [_currency(parts)]]
        agreed = next((each for each in found if agrees(each[0], said.amount)), None)
        amount, complete, currency = agreed or found[0]
        what = same(said.label) if said.label else _SUM
        if agreed or complete:
            self.statement.findings.append(compare(said.line, what, amount, said.amount, currency))
        else:
            self._say_unchecked(said.line, said.label, f" {plain(said.amount)}")

    def _sum(self, parts: Iterable[_Part], currency: str) -> tuple[Decimal, bool]:
        """What the parts add up to in a currency, and whether that is all of them."""
        amounts, complete = [], True
        for part in parts:
            rate = Decimal(1) if part.currency == currency else self.statement.rate_of(part.currency, currency)
            if part.value is None or rate is None:
                complete = False
            else:
                amounts.append(product(part.value, rate))
        return exact_sum(amounts), complete

    def _say_unchecked(self, line: int, label: str, amount: str) -> None:
        self.statement.findings.append(
            Finding(
                "total_unchecked",
                "warning" if amount else "info",
                Text(
                    f"{label}{amount} in line {line} was not compared with the rows: some value is not printed",
                    f"{line}행의 {label}{amount}은(는) 평가금액이 없는 행이 있어 확인하지 못했습니다",
                ),
            )
        )

    def _say_view(self, part: _Part) -> None:
        line = part.row.line if part.row else 0
        self.statement.note(
            "cash_view",
            f"{part.name} in line {line}, {plain(part.amount)} {part.own}, is another view of the deposit and is not"
            " added to it",
            f"{line}행의 {part.name} {plain(part.amount)} {part.own}은(는) 같은 예수금의 다른 표시여서 더하지 않습니다",
        )

    def _say_twice(self, said: Said, found: Decimal) -> None:
        self.statement.note(
            "cash_differs",
            f"{said.label} in line {said.line} is {plain(said.amount)}, but the rows of cash add up to {plain(found)}:"
            " the rows are used",
            f"{said.line}행의 {said.label}은(는) {plain(said.amount)}인데 현금 행의 합 {plain(found)}과(와) 다릅니다",
            warn=True,
        )

    def _say_unassigned(self, said: Said) -> None:
        self.statement.note(
            "cash_unassigned",
            f"{said.label} in line {said.line}, {plain(said.amount)}, names no account and is not counted",
            f"{said.line}행의 {said.label} {plain(said.amount)}은(는) 어느 계좌인지 알 수 없어 세지 않습니다",
            warn=True,
        )


def _counted(parts: Sequence[_Part]) -> list[_Part]:
    """The parts without the lesser views of one deposit."""
    best: dict[tuple[str, str], int] = {}
    for part in parts:
        if part.rank != _NO_RANK:
            key = part.account, part.own
            best[key] = min(part.rank, best.get(key, part.rank))
    return [part for part in parts if part.rank in (_NO_RANK, best.get((part.account, part.own)))]


def _currency(parts: Sequence[_Part]) -> str:
    """What a total of some rows is in: their currency, and won where they have several."""
    own = {part.currency for part in parts}
    return own.pop() if len(own) == 1 else "KRW"
