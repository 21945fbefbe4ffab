"""What kind of thing a row of a statement is, from its symbol and its description: an option, a bond, or a share."""

from __future__ import annotations

import re
from enum import Enum

from rebalance_kit.words import Text

_MONTH = r"(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
_OPTION_SYMBOLS = tuple(
    re.compile(pattern)
    for pattern in (
        r"-?[A-Z]{1,6}[0-9]?[0-9]{6}[CP][0-9]+(\.[0-9]+)?",  # Fidelity: -AAPL260116C150
        r"-?[A-Z.]{1,6}[0-9]? *[0-9]{6}[CP][0-9]{8}",  # the OCC's own 21 characters
        r"\S+ [0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4} [0-9.,]+ [CP]",  # Schwab: AAPL 01/16/2026 150.00 C
        rf"\S+ [0-9]{{1,2}}{_MONTH}[0-9]{{2}} [0-9.]+ [CP]",  # Interactive Brokers: AAPL 16JAN26 150 C
        rf"\S+ {_MONTH} [0-9]{{1,2}} '?[0-9]{{2,4}} \$?[0-9.,]+ (CALL|PUT)\b.*",  # E*TRADE: AAPL Jan 16 '26 $150 Call
    )
)
_OPTION_NAMES = re.compile(
    rf"(CALL|PUT) .*|.*\b{_MONTH} [0-9]{{1,2}} [0-9]{{2,4}} \$[0-9.,]+ (CALL|PUT)\b.*|.* \$[0-9.,]+ (CALL|PUT)\b.*"
)
_CUSIP = re.compile(r"[0-9]{3}[0-9A-Z]{5}[0-9]")
_RATE_OR_DATE = re.compile(r"[0-9.]+ ?%|\b[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}\b")
_BOND_WORDS = re.compile(
    r"\b(TREAS(URY|URIES)?|T-?BILLS?|BILLS?|CDS?|CTFS?|CERTIFICATES? OF DEPOSIT|MUNI(CIPAL)?|STRIPS|ZERO CPN)\b"
)
_WEAK_BOND_WORDS = re.compile(r"\b(NOTES?|BONDS?|BDS?|NTS?|DEBENTURES?|TIPS|COUPON|CPN|GO|REV)\b")
_FUND_WORDS = re.compile(r"\b(FUNDS?|FDS?|ETF|MONEY MARKET|MM|MMKT|INDEX|IDX|POOL|PORTFOLIO|PORT|TRUST|TR)\b")
_TICKER = re.compile(r"[A-Z]{1,5}([./-][A-Z]{1,3})?")


class Kind(Enum):
    """Things of value in a statement that a rebalance of shares and funds leaves out; the rule of their finding."""

    OPTION = "option_skipped"
    BOND = "bond_skipped"
    PENDING = "pending_skipped"
    OTHER = "row_skipped"
    TOTAL = "total_row"

    @property
    def text(self) -> Text:
        """What the row is."""
        return _WORDS[self]


_WORDS = {
    Kind.OPTION: Text("an option", "옵션"),
    Kind.BOND: Text("a bond, bill or certificate of deposit", "채권 또는 예금증서"),
    Kind.PENDING: Text("activity that is not settled yet", "아직 결제되지 않은 거래"),
    Kind.OTHER: Text("not a share or a fund that is read here", "여기서 읽는 주식이나 펀드가 아님"),
    Kind.TOTAL: Text("a total of other rows", "다른 행의 합계"),
}


def is_option(symbol: str, description: str = "") -> bool:
    """Whether a symbol is an option's, or a description says CALL or PUT with a strike."""
    text = symbol.strip().upper()
    if text.isalpha():
        return False
    if any(pattern.fullmatch(text) for pattern in _OPTION_SYMBOLS):
        return True
    return bool(_OPTION_NAMES.fullmatch(description.strip().upper()))


def is_cusip(symbol: str) -> bool:
    """Whether a symbol looks like a CUSIP: three digits, five digits or letters, a check digit."""
    return bool(_CUSIP.fullmatch(symbol.strip().upper()))


def is_bond(symbol: str, description: str = "") -> bool:
    """Whether a row without an exchange's symbol describes a bond: a word for one, with a coupon or a maturity where
    the word alone could be a fund's."""
    if _TICKER.fullmatch(symbol.strip()):
        return False
    text = (description if is_cusip(symbol) else f"{symbol} {description}").upper()
    if _BOND_WORDS.search(text):
        return bool(_RATE_OR_DATE.search(text)) or not _FUND_WORDS.search(text)
    return bool(_WEAK_BOND_WORDS.search(text) and _RATE_OR_DATE.search(text))
