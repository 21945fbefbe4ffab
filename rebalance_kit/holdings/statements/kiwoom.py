"""Kiwoom's balance: by the number of its account with average costs (매입평균가), or as its trading program shows it.

The trading program writes the A of the market before the code (A005930), and the deposit above the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.names import NO_LISTING, Names
from rebalance_kit.holdings.statements.base import Confidence
from rebalance_kit.holdings.statements.korean_rows import Broker, read_korean
from rebalance_kit.holdings.statements.korean_table import headings, knows
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Text

_BY_ACCOUNT = headings("계좌번호", "종목코드", "종목명", "보유수량", "매입평균가")
_ON_SCREEN = headings("종목번호", "종목명", "보유수량", "매입가", any_of=("가능수량", "매매가능수량", "현재가"))


def _fits(found: frozenset[str]) -> bool:
    return _BY_ACCOUNT(found) or _ON_SCREEN(found)


BROKER = Broker(
    "kiwoom",
    _fits,
    Text(
        "Kiwoom's balance (계좌번호, 종목코드, 종목명, 보유수량, 매입평균가, 기준일자)",
        "키움증권 잔고(계좌번호, 종목코드, 종목명, 보유수량, 매입평균가, 기준일자)",
    ),
)


@dataclass(frozen=True)
class Kiwoom:
    """The holdings of one or more accounts at Kiwoom."""

    names: Names = NO_LISTING
    name: str = "kiwoom"
    wanted: Text = BROKER.wanted

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when the headings are Kiwoom's words for code, quantity and cost."""
        return Confidence.CERTAIN if knows(document, BROKER.fits) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of the account."""
        return read_korean(document, policy, on, BROKER, self.names)
