"""Balances abroad of Korea Investment's API: `inquire-balance` without cash, `inquire-present-balance` with it.

The quantity of the second is the executed one (`ccld_qty_smtl1`). The deposit in won that it repeats belongs to the
domestic balance and is not counted here.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    lines_of_rows,
    needed,
    pages_of,
    refuse_failure,
)
from rebalance_kit.money import MINOR_DIGITS, plain
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Text


@dataclass(frozen=True, slots=True)
class _Keys:
    """What one of the two replies calls things."""

    code: str
    name: str
    quantity: str
    price: str
    value: str
    cost: str
    currency: str


_BALANCE = _Keys("ovrs_pdno", "ovrs_item_name", "ovrs_cblc_qty", "now_pric2", "ovrs_stck_evlu_amt", "frcr_pchs_amt1",
                 "tr_crcy_cd")  # fmt: skip
_PRESENT = _Keys("pdno", "prdt_name", "ccld_qty_smtl1", "ovrs_now_pric1", "frcr_evlu_amt2", "frcr_pchs_amt",
                 "buy_crcy_cd")  # fmt: skip


WANTED = Text("a balance abroad of the KIS API (overseas JSON)", "한국투자증권 API의 해외 잔고 JSON")


@dataclass(frozen=True, slots=True)
class KisOverseas:
    """A balance abroad of one account at Korea Investment."""

    name: str = "kis_overseas"
    wanted: Text = WANTED

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when the rows or the totals have the keys of a balance abroad."""
        pages = pages_of(document)
        return Confidence.CERTAIN if pages and any(_is_abroad(page) for page in pages) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of the account."""
        pages = pages_of(document)
        if pages is None:
            raise document.no_table(self.wanted)
        refuse_failure(document, pages)
        statement = Statement(document, policy, on, self.name)
        numbers = {page.account for page in pages if page.account}
        account = statement.account(numbers.pop() if len(numbers) == 1 else "", kind="taxable")
        lines, seen = lines_of_rows(document), set()
        for page in pages:
            for row in page.rows("output1"):
                line = next(lines)
                keys = _BALANCE if "ovrs_pdno" in row else _PRESENT
                known = str(row.get(keys.code, "")).strip(), str(row.get("ovrs_excg_cd", "")).strip()
                if known[0] and known not in seen:  # a page ends with blank rows, and exchanges repeat each other
                    seen.add(known)
                    _read_row(statement, row, keys, account, line)
        _read_cash(statement, pages[0], account)
        return statement.build()


def _is_abroad(page: Page) -> bool:
    return any("ovrs_pdno" in row or "ccld_qty_smtl1" in row for row in page.rows("output1")) or any(
        "frcr_dncl_amt_2" in row or "ovrs_tot_pfls" in row for row in page.rows("output2")
    )


def _read_row(statement: Statement, row: Json, keys: _Keys, account: str, line: int) -> None:
    document = statement.document
    quantity = needed(document, row, keys.quantity, line)
    price, value, cost = (_amount(document, row, key, line) for key in (keys.price, keys.value, keys.cost))
    currency = _currency(document, str(row.get(keys.currency, "")).strip(), line)
    rate = amount(document, row, "bass_exrt", line)
    if rate and statement.rate_of(currency, "KRW") is None:
        statement.rate(currency, "KRW", _bare(rate))
    code, name = str(row[keys.code]).strip(), str(row.get(keys.name, "")).strip()
    statement.hold(at(line), account, code, _bare(quantity), currency, name=name, price=price,
                   value=value, cost=cost)  # fmt: skip


def _read_cash(statement: Statement, page: Page, account: str) -> None:
    document = statement.document
    for row in page.rows("output2"):
        money = amount(document, row, "frcr_dncl_amt_2", 1)
        if money is None:
            continue
        currency = _currency(document, str(row.get("crcy_cd", "")).strip(), 1)
        statement.cash(at(1), account, currency, _bare(money))
        rate = amount(document, row, "frst_bltn_exrt", 1)
        if rate and statement.rate_of(currency, "KRW") is None:
            statement.rate(currency, "KRW", _bare(rate))
    for row in page.rows("output3"):
        won = amount(document, row, "dncl_amt", 1)
        if won:
            statement.note(
                "won_not_counted",
                f"the deposit in won, {plain(won)}, belongs to the domestic balance and is not counted here",
                f"원화 예수금 {plain(won)}은(는) 국내 잔고에 속하므로 여기서는 세지 않습니다",
            )


def _currency(document: Document, code: str, line: int) -> str:
    if code in MINOR_DIGITS:
        return code
    raise document.problem(
        "unknown_currency",
        wrong=Text(f"'{code}' is not a known currency", f"'{code}'은(는) 알 수 없는 통화입니다"),
        expected=Text(f"one of {', '.join(MINOR_DIGITS)}", f"{', '.join(MINOR_DIGITS)} 가운데 하나"),
        fix=Text("keep the reply as the API gave it", "API가 준 응답을 그대로 저장해 주세요"),
        line=line,
    )


def _amount(document: Document, row: Json, key: str, line: int) -> Decimal | None:
    found = amount(document, row, key, line)
    return None if found is None else _bare(found)


def _bare(number: Decimal) -> Decimal:
    """A number without the zeros that the API fills its fields with."""
    return Decimal(plain(number))
