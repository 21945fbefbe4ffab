"""Hanwha Investment's domestic balance: two columns without a heading, then name, quantity and amounts, the code last.

Codes are text such as 0052D0, sometimes behind an apostrophe or with the A of the market before them.
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

BROKER = Broker(
    "hanwha",
    headings("종목명", "보유수량", "매입단가", "종목코드", any_of=("잔고비중(%)", "잔고비중")),
    Text(
        "Hanwha Investment's domestic balance (종목명, 보유수량, 매입단가, 현재가, 평가금액, 잔고비중(%), 종목코드)",
        "한화투자증권 국내 잔고(종목명, 보유수량, 매입단가, 현재가, 평가금액, 잔고비중(%), 종목코드)",
    ),
)


@dataclass(frozen=True)
class Hanwha:
    """The domestic holdings of one account at Hanwha Investment."""

    names: Names = NO_LISTING
    name: str = "hanwha"
    wanted: Text = BROKER.wanted

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when the share of the balance (잔고비중) stands among the headings."""
        return Confidence.CERTAIN if knows(document, BROKER.fits) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of the account."""
        return read_korean(document, policy, on, BROKER, self.names)
