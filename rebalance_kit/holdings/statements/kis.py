"""The domestic balance of Korea Investment's API (`inquire-balance`, real and mock): one page, or all of them.

Cash is `prvs_rcdl_excc_amt`, the deposit two days on, in which every executed trade is settled: today's deposit
(`dnca_tot_amt`) still holds the money of unsettled purchases. The reply must agree with itself: the values of the rows
are `scts_evlu_amt`, and with that cash they are `tot_evlu_amt`. A position sold out today stays at 0 for two days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.kis_pages import (
    Json,
    Page,
    amount,
    at,
    line_of,
    lines_of_rows,
    needed,
    pages_of,
    refuse_failure,
)
from rebalance_kit.holdings.statements.reconcile import compare
from rebalance_kit.money import ZERO, exact_sum, plain
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Text

_SECURITIES = Text("the value of the securities (scts_evlu_amt)", "유가증권평가금액(scts_evlu_amt)")
_COST = Text("the cost of the securities (pchs_amt_smtl_amt)", "매입금액합계(pchs_amt_smtl_amt)")
_EVERYTHING = Text("the total value (tot_evlu_amt)", "총평가금액(tot_evlu_amt)")
WANTED = Text("a balance of the KIS API (inquire-balance JSON)", "한국투자증권 API의 잔고 JSON(inquire-balance)")


@dataclass(frozen=True, slots=True)
class Kis:
    """A domestic balance of one account at Korea Investment."""

    name: str = "kis"
    wanted: Text = WANTED

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when the replies have the keys of a domestic balance, or are errors of the API."""
        pages = pages_of(document)
        return Confidence.CERTAIN if pages and any(_is_balance(page) for page in pages) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of the account."""
        pages = pages_of(document)
        if pages is None:
            raise document.no_table(self.wanted)
        refuse_failure(document, pages)
        if not any(_is_balance(page) for page in pages):
            raise document.no_table(self.wanted)
        return _Reader(Statement(document, policy, on, self.name), pages, lines_of_rows(document)).read()


def _is_balance(page: Page) -> bool:
    failed = "output1" not in page.body and str(page.body.get("rt_cd")).strip() != "0"
    rows, totals = page.rows("output1"), page.rows("output2")
    return failed or any("hldg_qty" in row for row in rows) or any("dnca_tot_amt" in total for total in totals)


@dataclass(slots=True)
class _Reader:
    statement: Statement
    pages: Sequence[Page]
    lines: Iterator[int]
    seen: list[Json] = field(default_factory=list)
    values: list[Decimal] = field(default_factory=list)
    costs: list[Decimal] = field(default_factory=list)

    def read(self) -> HoldingsFile:
        numbers = {page.account for page in self.pages if page.account}
        account = self.statement.account(numbers.pop() if len(numbers) == 1 else "", kind="taxable")
        for page in self.pages:
            for row in page.rows("output1"):
                self._row(row, account, next(self.lines))
        totals = next((total for page in self.pages for total in page.rows("output2")), None)
        if totals is not None:
            self._totals(totals, account)
        if self.pages[-1].more:
            self.statement.note(
                "more_pages",
                "the reply goes on: give the files of all its pages together",
                "응답이 이어집니다: 모든 페이지의 파일을 함께 주세요",
                warn=True,
            )
        return self.statement.build()

    def _row(self, row: Json, account: str, line: int) -> None:
        document = self.statement.document
        if row in self.seen:
            self.statement.note(
                "repeated_row",
                f"{row.get('pdno')} in line {line} repeats a row of another page and is read once",
                f"{line}행의 {row.get('pdno')}은(는) 다른 페이지에 있는 행이어서 한 번만 읽었습니다",
            )
            return
        self.seen.append(row)
        quantity = needed(document, row, "hldg_qty", line)
        price, value, cost = (amount(document, row, key, line) for key in ("prpr", "evlu_amt", "pchs_amt"))
        code, name = str(row.get("pdno", "")).strip(), str(row.get("prdt_name", "")).strip()
        held = self.statement.hold(
            at(line), account, code, quantity, "KRW", name=name, price=price, value=value, cost=cost
        )
        self.values.append(value or ZERO)
        self.costs.append(cost or ZERO)
        loan = amount(document, row, "loan_amt", line)
        if held and loan:
            self.statement.note(
                "bought_on_credit",
                f"{code} in line {line} is held on credit: a loan of {plain(loan)}",
                f"{line}행의 {code}은(는) 신용 잔고입니다: 대출금 {plain(loan)}",
                warn=True,
                code=code,
            )

    def _totals(self, totals: Json, account: str) -> None:
        statement, document = self.statement, self.statement.document
        cash = amount(document, totals, "prvs_rcdl_excc_amt", 1)
        deposit = amount(document, totals, "dnca_tot_amt", 1)
        if cash is None:
            cash = deposit
        elif deposit is not None and deposit != cash:
            statement.note(
                "unsettled_trades",
                f"cash is the deposit two days on, {plain(cash)}; today's, {plain(deposit)}, has trades to settle",
                f"현금은 D+2 예수금 {plain(cash)}입니다. 오늘 예수금 {plain(deposit)}에는 결제 전 거래가 있습니다",
            )
        if cash is not None:
            statement.cash(at(line_of(document, "prvs_rcdl_excc_amt")), account, "KRW", cash)
        for key, what, found in (
            ("scts_evlu_amt", _SECURITIES, self.values),
            ("pchs_amt_smtl_amt", _COST, self.costs),
        ):
            printed = amount(document, totals, key, 1)
            if printed is not None:
                line = line_of(document, key)
                statement.findings.append(compare(line, what, exact_sum(found), printed, "KRW"))
        self._everything(totals, account)

    def _everything(self, totals: Json, account: str) -> None:
        statement, document = self.statement, self.statement.document
        everything = amount(document, totals, "tot_evlu_amt", 1)
        if everything is not None:
            statement.total(at(line_of(document, "tot_evlu_amt")), account, everything, "KRW", _EVERYTHING)
        for key, english, korean in (
            ("cma_evlu_amt", "money in a CMA is not counted as cash", "CMA 평가금액은 현금으로 세지 않습니다"),
            ("tot_loan_amt", "a loan is not taken off", "대출금은 빼지 않았습니다"),
        ):
            found = amount(document, totals, key, 1)
            if found:
                statement.note(key, f"{english}: {plain(found)} KRW", f"{korean}: {plain(found)} KRW", warn=True)
