"""What a row of a Korean statement is: cash, a share or fund of an exchange, or something that is left out."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from rebalance_kit.holdings.statements.securities import Kind

_TOTAL = re.compile(
    r"(?:.{0,12})?(?:합계|총계|소계|총합|총합계)(?:\(.*\))?|계|total|subtotal|grandtotal|sum", re.IGNORECASE
)
_SUBTOTAL = re.compile(r"소계|subtotal", re.IGNORECASE)
_CASH = re.compile(
    r"예수금|예탁금|대기자금|대기성|현금성|고유계정|MMDA|(?<![A-Za-z])(?:RP|CMA|MMW)(?![A-Za-z])", re.IGNORECASE
)
_CASH_ALONE = re.compile(r"(원화|외화|달러|미국달러|USD|KRW)?\s*(현금|현금잔고|현금잔액)(\s*\(.*\))?", re.IGNORECASE)
_LIKE_CASH = re.compile(r"(?<![A-Za-z])(?:RP|CMA|MMW)(?![A-Za-z])|발행어음|대기성|현금성|고유계정|MMDA", re.IGNORECASE)
_LISTED = re.compile(r"주식|ETF|ETN|리츠|REIT|보통주|우선주|상장지수", re.IGNORECASE)
_BONDS = re.compile(r"채권|국채|회사채|사채|(?<![A-Za-z])(?:CP|CD)(?![A-Za-z])|통안")
_OPTIONS = re.compile(r"옵션|워런트|(?<![A-Za-z])ELW(?![A-Za-z])|신주인수권|콜|풋")
_OTHERS = re.compile(
    r"펀드|수익증권|투자신탁|신탁|증권자투자|(?<![A-Za-z])(?:ELS|DLS|ELB|DLB|MMF|WRAP|GIC)(?![A-Za-z])|랩|발행어음|예금|적금"
    r"|보험|저축은행|금현물계좌|이율보증|선물",
    re.IGNORECASE,
)
_ACCOUNTS = (
    (r"(?<![A-Za-z])ISA(?![A-Za-z])|개인종합자산", "isa"),
    (r"(?<![A-Za-z])IRP(?![A-Za-z])|퇴직|(?<![A-Za-z])DC(?![A-Za-z])", "irp"),
    (r"연금", "pension"),
    (r"위탁|종합|일반|주식|(?<![A-Za-z])CMA(?![A-Za-z])|해외", "taxable"),
)


@lru_cache(maxsize=4096)
def is_total_text(text: str) -> bool:
    """Whether a cell says that its row adds up others: 합계, 총 계, 국내주식 소계, [합계]."""
    return bool(_TOTAL.fullmatch(re.sub(r"[\s\[\]<>:*]", "", text)))


def is_subtotal_text(text: str) -> bool:
    """Whether it adds up only some of them."""
    return bool(_SUBTOTAL.search(text))


def is_cash(name: str, kind: str, quantity: Decimal | None, price: Decimal | None, value: Decimal | None) -> bool:
    """Whether a row without a code is money: by its name, and for a bare 현금 by its numbers, which are no shares."""
    if _is_called_cash(name, kind):
        return True
    return "현금" in name and (quantity in (None, value) or price in (None, 0, 1))


@lru_cache(maxsize=4096)
def _is_called_cash(name: str, kind: str) -> bool:
    if _CASH.search(name) or _CASH_ALONE.fullmatch(name.strip()):
        return True
    return bool(_CASH.search(kind)) and not _LISTED.search(kind)


def is_like_cash(name: str) -> bool:
    """Whether money is lent overnight or parked (RP, CMA) rather than a deposit."""
    return bool(_LIKE_CASH.search(name))


def is_abroad(kind: str) -> bool:
    """Whether the words for a row's kind say that it trades abroad."""
    return "해외" in kind or "외화" in kind or "미국" in kind


def left_out(name: str, kind: str) -> Kind | None:
    """What a row is that names no listed asset: a bond, an option, a fund or a deposit; None when no word says so."""
    if kind and _LISTED.search(kind):
        return None
    for pattern, what in ((_BONDS, Kind.BOND), (_OPTIONS, Kind.OPTION), (_OTHERS, Kind.OTHER)):
        if pattern.search(kind):
            return what
    for pattern, what in ((_OTHERS, Kind.OTHER), (_BONDS, Kind.BOND)):
        if pattern.search(name):
            return what
    return None


@lru_cache(maxsize=256)
def account_type(text: str) -> str | None:
    """The tax treatment that the name of a Korean account tells, None when it tells none."""
    return next((kind for pattern, kind in _ACCOUNTS if re.search(pattern, text, re.IGNORECASE)), None)
