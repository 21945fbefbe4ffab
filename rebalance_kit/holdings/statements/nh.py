"""NH Investment's balance (Namuh, QV): the account's number in each row, average costs and the day of the query."""

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
    "nh",
    headings("계좌번호", "종목코드", "종목명", "잔고수량", "매입단가", any_of=("조회일자", "조회일", "기준일자")),
    Text(
        "NH Investment's balance (계좌번호, 종목코드, 종목명, 잔고수량, 매입단가, 조회일자)",
        "NH투자증권 잔고(계좌번호, 종목코드, 종목명, 잔고수량, 매입단가, 조회일자)",
    ),
)


@dataclass(frozen=True)
class Nh:
    """The holdings of one or more accounts at NH Investment."""

    names: Names = NO_LISTING
    name: str = "nh"
    wanted: Text = BROKER.wanted

    def recognise(self, document: Document) -> Confidence:
        """CERTAIN when the headings are NH's words for quantity, cost and day."""
        return Confidence.CERTAIN if knows(document, BROKER.fits) else Confidence.NO

    def read(self, document: Document, policy: Policy | None, on: date) -> HoldingsFile:
        """The holdings of the account."""
        return read_korean(document, policy, on, BROKER, self.names)
