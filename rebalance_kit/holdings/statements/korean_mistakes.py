"""Korean files that people hand over for a list of holdings: journals, profits, daily returns, orders, price histories.

Each is told by headings that no list of holdings has, in one row or in two, and refused with what it is, the days that
it covers and what to download instead: purchases and sales do not say what was held before them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from rebalance_kit.errors import InputError
from rebalance_kit.holdings.statements.korean_table import heading_rows
from rebalance_kit.textfile.cells import CellError, read_date
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.textfile.table import normal
from rebalance_kit.words import Text


class _Mistake(NamedTuple):
    """A kind of file, by its headings."""

    fits: Callable[[frozenset[str]], bool]
    what: Text
    fix: Text


_BALANCE = Text(
    "download the balance (잔고, 보유 종목) of the same program instead",
    "같은 프로그램의 [잔고](보유 종목) 화면에서 내려받아 주세요",
)


def _with(*wanted: str, least: int = 0, among: tuple[str, ...] = ()) -> Callable[[frozenset[str]], bool]:
    """Headings that are all there, and at least so many of some others."""
    all_of, some = frozenset(map(normal, wanted)), frozenset(map(normal, among))
    return lambda found: all_of <= found and len(found & some) >= least


def _is_journal(found: frozenset[str]) -> bool:
    if any(name.startswith(("기간중매수", "기간중매도")) for name in found):
        return True
    sold = found & set(map(normal, ("매도수량", "매도단가", "매도금액", "매도평균가")))
    gains = found & set(map(normal, ("실현손익", "매매손익", "손익금액", "처분손익", "매매손익금액")))
    return bool(sold and gains) and not found & set(map(normal, ("평가금액", "현재가")))


_MISTAKES: tuple[_Mistake, ...] = (
    _Mistake(
        _is_journal,
        Text("a trading journal (매매일지, 실현손익)", "매매일지(실현손익) 파일"),
        _BALANCE,
    ),
    _Mistake(
        _with("예탁자산", least=2, among=("손익", "누적손익", "누적손익(손익합계)", "입금", "출금", "입금액", "출금액",
                                      "매수금", "유가증권평가금")),
        Text("the daily returns of an account (계좌수익률)", "일별 계좌수익률 파일"),
        _BALANCE,
    ),
    _Mistake(
        _with(least=2, among=("체결수량", "체결단가", "체결금액", "체결가", "주문번호", "주문수량", "주문단가",
                              "미체결수량", "원주문번호")),
        Text("a list of orders", "주문·체결 내역 파일"),
        _BALANCE,
    ),
    _Mistake(
        _with(least=2, among=("거래금액", "정산금액", "거래수량", "거래단가", "거래구분", "거래종류", "거래명", "적요",
                              "입금액", "출금액", "거래후잔고", "예수금잔액", "제세금", "거래내용")),
        Text("a list of transactions (거래내역)", "거래내역 파일"),
        _BALANCE,
    ),
    _Mistake(
        _with("시가", "고가", "저가"),
        Text("a history of prices", "시세(가격) 파일"),
        Text("put it into prices.csv (date, code, price), and give the balance (잔고) here",
             "이 파일은 prices.csv(date, code, price)로 쓰고, 여기에는 잔고 파일을 주세요"),
    ),
    _Mistake(
        _with("open", "high", "low"),
        Text("a history of prices", "시세(가격) 파일"),
        Text("put it into prices.csv (date, code, price), and give the positions here",
             "이 파일은 prices.csv(date, code, price)로 쓰고, 여기에는 잔고 파일을 주세요"),
    ),
)  # fmt: skip


def korean_refusal(document: Document) -> InputError | None:
    """Why a document can hold no positions, None when it may."""
    for delimiter, row, found in heading_rows(document):
        for mistake in _MISTAKES:
            if mistake.fits(found):
                return _refused(document, mistake, delimiter, row)
    return None


def _refused(document: Document, mistake: _Mistake, delimiter: str, row: Row) -> InputError:
    days = _days(document, delimiter, row.line)
    period = Text("", "")
    if days:
        first, last = min(days), max(days)
        period = (
            Text(f" from {first} to {last}", f"({first}~{last})") if first < last else Text(f" of {last}", f"({last})")
        )
    return document.problem(
        "not_holdings",
        wrong=Text(f"the file is {mistake.what.en}{period.en}, which does not say what is held",
                   f"보유 종목이 아니라 {mistake.what.ko}입니다{period.ko}"),
        expected=Text("a list of what is held (잔고): names or codes, and quantities",
                      "보유 종목 목록(잔고): 종목명이나 종목코드와 수량"),
        fix=mistake.fix,
        line=row.line,
    )  # fmt: skip


def _days(document: Document, delimiter: str, after: int) -> set[date]:
    """The days in the first cells of the rows below the headings."""
    days = set()
    for row in document.rows(delimiter):
        if row.line > after and row.cells[0]:
            try:
                days.add(read_date(row.cells[0]))
            except CellError:
                continue
    return days
